//! Where does it stay? Event files and packed logs.
//!
//! Event files are JSON lines, plain or compressed, read with bounded memory and written whole or not at all.

pub mod encoding;
pub mod open;
pub mod rejects;
pub mod stream;
pub mod write;

pub use encoding::Encoding;
pub use open::{FileError, open};
pub use rejects::RejectWriter;
pub use stream::{EventStream, Item, ReadError};
pub use write::EventWriter;
