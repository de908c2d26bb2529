//! Who may read while the log is written? Readers: handles that always see as far as the log is durable.
//!
//! A reader takes no lock of the folder and never waits for the writer. Beside the table of segments it holds **marks**:
//! where in its segment a block begins, about one for every [`MARK_EVERY_BYTES`], so that a record is found without
//! walking its segment from the beginning. Marks are noted while blocks are appended or walked, and can always be
//! found again: they are not part of the log.

use crate::folder::Folder;
use crate::log::block::{self, Header};
use crate::log::chain::{Head, hash_inside};
use crate::log::error::LogError;
use crate::log::read::{Blocks, Records, Start, Steps};
use crate::log::record::Record;
use crate::log::tree;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of a segment between two marks: what is walked to find a record is no more than this and one block.
pub const MARK_EVERY_BYTES: u64 = 64 << 10;

/// Where a block begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Mark {
    segment: u64,
    offset: u64,
}

/// What readers know of a log: as far as it is durable.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) anchor: Head,
    /// First positions of the segments, ascending.
    pub(crate) segments: Vec<u64>,
    pub(crate) end: Head,
    /// By the position of the block's first record.
    marks: BTreeMap<u64, Mark>,
}

impl Known {
    pub(crate) fn new(anchor: Head, segments: Vec<u64>, end: Head) -> Known {
        Known { anchor, segments, end, marks: BTreeMap::new() }
    }
    /// Notes where a block begins, unless a mark is near before it.
    pub(crate) fn mark(&mut self, position: u64, segment: u64, offset: u64) {
        let near = self.marks.range(..=position).next_back();
        let near = near.is_some_and(|(_, m)| m.segment == segment && offset < m.offset + MARK_EVERY_BYTES);
        if !near {
            self.marks.insert(position, Mark { segment, offset });
        }
    }
    /// Forgets what was retired.
    pub(crate) fn retire(&mut self, anchor: Head, segments: Vec<u64>) {
        self.marks = self.marks.split_off(&anchor.position);
        self.anchor = anchor;
        self.segments = segments;
    }
}

/// What a log and its readers share.
pub(crate) type Shared = Arc<Mutex<Known>>;

pub(crate) fn held(known: &Shared) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a log that is open for appending; cheap to clone, and safe to use from any thread.
#[derive(Clone, Debug)]
pub struct Reader {
    folder: Arc<dyn Folder>,
    known: Shared,
}

impl Reader {
    pub(crate) fn new(folder: Arc<dyn Folder>, known: Shared) -> Reader {
        Reader { folder, known }
    }
    pub(crate) fn folder(&self) -> &Arc<dyn Folder> {
        &self.folder
    }
    /// Where the log ends by now: all before it is durable.
    pub fn head(&self) -> Head {
        held(&self.known).end
    }
    /// Where the log begins.
    pub fn anchor(&self) -> Head {
        held(&self.known).anchor
    }
    /// The blocks that hold the records from position `from` on, as far as the log goes by now; the first may begin
    /// before it.
    ///
    /// # Errors
    /// Where the position lies before the anchor or behind the end.
    pub fn blocks(&self, from: u64) -> Result<Blocks, LogError> {
        Ok(Blocks::new(self.steps(from, None)?, from))
    }
    /// The records from position `from` on, with their positions.
    ///
    /// # Errors
    /// Where the position lies before the anchor or behind the end.
    pub fn read(&self, from: u64) -> Result<Records, LogError> {
        Ok(Records::new(self.blocks(from)?))
    }
    /// The record at `position`, found from the nearest mark.
    ///
    /// # Errors
    /// Where the log has no such position, or it cannot be read.
    pub fn record(&self, position: u64) -> Result<Record<'static>, LogError> {
        let steps = self.steps(position, Some(2 * MARK_EVERY_BYTES as usize))?;
        let beyond = || LogError::Beyond { position, end: self.head().position };
        let block = Blocks::new(steps, position).next().ok_or_else(beyond)??;
        let found = block.positions().find(|(at, _)| *at == position).map(|(_, record)| record.into_owned());
        found.ok_or_else(beyond)
    }
    /// The head that the log had at any position, also inside a block.
    ///
    /// # Errors
    /// Where the position lies before the anchor or behind the end, or the segment cannot be read.
    pub fn head_at(&self, position: u64) -> Result<Head, LogError> {
        let mut steps = self.steps(position, None)?;
        let (anchor, end) = (self.anchor(), self.head());
        for known in [end, anchor] {
            if known.position == position {
                return Ok(known);
            }
        }
        while let Some(header) = steps.next_header() {
            let header: Header = header?;
            if header.first == position {
                return Ok(Head { position, hash: header.previous });
            }
            if header.end() > position {
                let block = steps.block(&header, &mut block::Unpacker::default())?;
                let before = (position - header.first) as usize;
                let root = tree::root(block.records().take(before).map(|record| record.hash()));
                return Ok(Head { position, hash: hash_inside(header.previous, position, root) });
            }
        }
        Err(LogError::Beyond { position, end: end.position })
    }
    /// Compares the log with a head of it that was exported; see [`crate::Log::verify_against`].
    ///
    /// # Errors
    /// As there.
    pub fn verify_against(&self, head: &Head) -> Result<(), LogError> {
        let end = self.head().position;
        if head.position > end {
            return Err(LogError::Shortened { head: *head, end });
        }
        let found = self.head_at(head.position)?.hash;
        if found == head.hash { Ok(()) } else { Err(LogError::Rewritten { head: *head, found }) }
    }
    /// A walk over the headers from the last mark before `from`.
    pub(crate) fn steps(&self, from: u64, read_ahead: Option<usize>) -> Result<Steps, LogError> {
        let known = held(&self.known);
        let end = known.end.position;
        if from > end {
            return Err(LogError::Beyond { position: from, end });
        }
        let Some(before) = known.segments.partition_point(|first| *first <= from).checked_sub(1) else {
            return Err(LogError::Retired { position: from, anchor: known.anchor.position });
        };
        let segments = known.segments[before..].to_vec();
        let mark = known.marks.range(..=from).next_back();
        let mark = mark.filter(|(_, mark)| mark.segment == segments[0]);
        let start = mark.map(|(position, mark)| Start { position: *position, offset: mark.offset });
        drop(known);
        Ok(Steps::new(self.folder.clone(), segments, end)
            .starting(start)
            .noting(self.known.clone())
            .reading_ahead(read_ahead))
    }
}
