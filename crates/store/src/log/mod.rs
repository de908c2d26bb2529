//! What was received and answered, in which order, for ever? The durable log (INV-3, INV-LOG-1 to INV-LOG-6).
//!
//! The caller gathers records and appends them as one **block**, a group commit: when [`Log::append`] returns, they are
//! on the disk, and whoever sent them may be answered. Each block names the hash of the one before, so that the **head**,
//! a position and a hash, commits to everything before it; a signed head that is kept elsewhere shows any later change.
//! Blocks lie in **segments**, files that are retired whole; the **anchor** is where the log then begins.
//!
//! There is no thread, no clock and no waiting here: grouping and threads belong to the caller. Folders of the file
//! system are [`DiskFolder`]; whatever else keeps the promises of [`Folder`] can stand in for tests.

pub mod block;
pub mod chain;
pub mod error;
pub mod hash;
mod open;
pub mod proof;
mod read;
pub mod reader;
pub mod record;
pub mod retention;
pub mod segment;
pub mod signed;
mod table;
pub mod tree;
pub mod verify;

pub use block::{BLOCK_BYTES_MAX, BLOCK_RECORDS_MAX, Block};
pub use chain::Head;
pub use error::LogError;
pub use hash::Hash;
pub use open::Dropped;
pub use proof::{InclusionProof, ProofError};
pub use read::{Blocks, Records};
pub use reader::Reader;
pub use record::{PAYLOAD_BYTES_MAX, Record, RecordKind};
pub use retention::{Before, Retired};
pub use signed::{HeadKey, KeyError, PublicKey, SignedHead};
pub use verify::{Verified, verified, verify};

use crate::folder::{DiskFolder, Folder, Guard, StoredFile};
use crate::log::block::Packer;
use crate::log::chain::Chain;
use crate::log::reader::{Shared, held};
use crate::log::segment::{SEGMENT_HEADER_BYTES, failed};
use crate::log::table::Table;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// How a log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Bytes after which a new segment begins. A segment is what is retired at once and what is looked through when the
    /// log is opened; 128 MiB take a fraction of a second.
    pub segment_bytes: u64,
    /// Level of Zstandard for the records of a block; `None` for none. 1 costs least time.
    pub zstd_level: Option<i32>,
}

impl Default for Options {
    fn default() -> Options {
        Options { segment_bytes: 128 << 20, zstd_level: Some(1) }
    }
}

/// A log that is open for appending; its folder is held against other processes until it is dropped.
#[derive(Debug)]
pub struct Log {
    folder: Arc<dyn Folder>,
    options: Options,
    _lock: Guard,
    table: Table,
    /// What readers see of it.
    known: Shared,
    chain: Chain,
    /// The last segment, and where its next block goes.
    file: Box<dyn StoredFile>,
    offset: u64,
    packer: Packer,
    /// The block that is being written; kept for its memory.
    bytes: Vec<u8>,
    poison: Option<LogError>,
    dropped: Option<Dropped>,
}

impl Log {
    /// Opens the log in folder `path`, or begins one where there is none.
    ///
    /// Looks through the last segment; what lies in earlier ones is compared when it is read or verified.
    ///
    /// # Errors
    /// Where another process has it, a file is missing, damaged or of another version, or the disk fails. Nothing is
    /// changed then that could not be read before.
    pub fn open(path: &Path, options: Options) -> Result<Log, LogError> {
        let folder = DiskFolder::create(path);
        let folder = folder.map_err(|e| LogError::Io {
            doing: "create",
            file: path.to_owned(),
            source: Arc::new(e),
        })?;
        Log::open_in(Arc::new(folder), options)
    }

    /// The same in any folder.
    pub fn open_in(folder: Arc<dyn Folder>, options: Options) -> Result<Log, LogError> {
        open::open(folder, options)
    }

    /// What opening found of an append that a crash had cut short, and dropped.
    pub fn dropped(&self) -> Option<Dropped> {
        self.dropped
    }

    /// Where the log ends: all of it is durable.
    pub fn head(&self) -> Head {
        self.chain.head()
    }

    /// Where the log begins: at 0, or at the end of what was retired.
    pub fn anchor(&self) -> Head {
        self.table.anchor
    }

    /// Appends records as one block and returns their positions; they are durable then. No records, no block.
    ///
    /// # Errors
    /// Where the disk fails: none of the records counts as appended, and nothing more can be appended until the log is
    /// opened again, because only that finds out what reached the disk. Reading goes on. Records that are too many or
    /// too long are refused without harm.
    pub fn append(&mut self, records: &[Record<'_>]) -> Result<Range<u64>, LogError> {
        self.refuse_if_poisoned()?;
        let first = self.chain.position;
        if records.is_empty() {
            return Ok(first..first);
        }
        let header = self.packer.encode(&self.chain, records, &mut self.bytes)?;
        let written = self.write_block();
        written.map_err(|e| self.poison(e))?;
        let offset = self.offset;
        self.offset += self.bytes.len() as u64;
        self.chain.push(&header);
        let mut known = held(&self.known);
        known.mark(first, self.table.last(), offset);
        known.end = self.chain.head();
        Ok(first..self.chain.position)
    }

    fn write_block(&mut self) -> Result<(), LogError> {
        let used = self.offset > SEGMENT_HEADER_BYTES as u64;
        if used && self.offset + self.bytes.len() as u64 > self.options.segment_bytes {
            self.begin_segment()?;
        }
        let write = self.file.write_at(&self.bytes, self.offset).map_err(|e| ("write", e));
        let write = write.and_then(|()| self.file.sync().map_err(|e| ("sync", e)));
        write.map_err(|(doing, e)| failed(self.folder.as_ref(), doing, &segment::name(self.table.last()), e))
    }

    fn begin_segment(&mut self) -> Result<(), LogError> {
        let name = segment::name(self.chain.position);
        open::create_segment(self.folder.as_ref(), &self.chain)?;
        self.file =
            self.folder.open_to_write(&name).map_err(|e| failed(self.folder.as_ref(), "open", &name, e))?;
        self.offset = SEGMENT_HEADER_BYTES as u64;
        self.table.segments.push(self.chain.position);
        self.table.write(self.folder.as_ref())?;
        held(&self.known).segments.push(self.chain.position);
        Ok(())
    }

    fn refuse_if_poisoned(&self) -> Result<(), LogError> {
        match &self.poison {
            Some(first) => Err(LogError::Poisoned(Box::new(first.clone()))),
            None => Ok(()),
        }
    }

    fn poison(&mut self, error: LogError) -> LogError {
        self.poison = Some(error.clone());
        error
    }

    /// A handle that reads the log while it is written.
    pub fn reader(&self) -> Reader {
        Reader::new(self.folder.clone(), self.known.clone())
    }

    /// The blocks that hold the records from position `from` on; the first may begin before it.
    ///
    /// # Errors
    /// Where the position lies before the anchor or behind the end.
    pub fn blocks(&self, from: u64) -> Result<Blocks, LogError> {
        self.reader().blocks(from)
    }

    /// The records from position `from` on, with their positions.
    ///
    /// # Errors
    /// Where the position lies before the anchor or behind the end.
    pub fn read(&self, from: u64) -> Result<Records, LogError> {
        self.reader().read(from)
    }

    /// The head that the log had at any position, also inside a block. Reads headers from the nearest mark on.
    ///
    /// # Errors
    /// Where the position lies before the anchor or behind the end, or the segment cannot be read.
    pub fn head_at(&self, position: u64) -> Result<Head, LogError> {
        self.reader().head_at(position)
    }

    /// Compares the log with a head of it that was exported; it holds up to there what it held then.
    ///
    /// This reads headers. [`verify()`] proves that the records are those of the headers.
    ///
    /// # Errors
    /// [`LogError::Shortened`] and [`LogError::Rewritten`] where it is not the same log any more;
    /// [`LogError::Retired`] where the head is older than the anchor.
    pub fn verify_against(&self, head: &Head) -> Result<(), LogError> {
        self.reader().verify_against(head)
    }

    /// Proves that the whole log is what was written; see [`verify()`].
    pub fn verify(&self, progress: &mut dyn FnMut(u64)) -> Result<Verified, LogError> {
        verify::verify_in(&self.folder, progress)
    }
}
