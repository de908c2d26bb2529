//! Where does it stay? The durable log, snapshots, event files and rejects.
//!
//! Event files are JSON lines, plain or compressed, read with bounded memory and written whole or not at all. The
//! [`log`] keeps what was received and answered; [`snapshots`] bound the time of a restart.

pub mod encoding;
pub mod folder;
pub mod log;
mod merge;
pub mod open;
pub mod rejects;
pub mod snapshots;
pub mod stream;
#[cfg(feature = "testing")]
pub mod testing;
pub mod write;

pub use encoding::Encoding;
pub use folder::{DiskFolder, Folder, StoredFile};
pub use log::{Head, Log, LogError, Options, Record, RecordKind};
pub use open::{FileError, open};
pub use rejects::RejectWriter;
pub use snapshots::{Snapshot, SnapshotError, Snapshots};
pub use stream::{EventStream, Item, ReadError};
pub use write::EventWriter;

/// The folder of the log in a service's folder.
pub const LOG_FOLDER: &str = "log";
/// The folder of the snapshots beside it.
pub const SNAPSHOTS_FOLDER: &str = "snapshots";
