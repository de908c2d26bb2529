//! How long are records kept? Whole old segments are retired; the anchor keeps what the rest of the chain hangs on.

use crate::folder::Folder;
use crate::log::Log;
use crate::log::chain::Head;
use crate::log::error::LogError;
use crate::log::reader;
use crate::log::segment::{self, SegmentFile, failed};
use crate::log::table::Table;
use ringfence_domain::Timestamp;
use serde::Serialize;

/// Which records may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Before {
    /// Those before this position.
    Position(u64),
    /// Those recorded before this time.
    Recorded(Timestamp),
}

/// What was retired.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Retired {
    /// Segments.
    pub segments: u64,
    /// Records.
    pub records: u64,
    /// Where the log begins now.
    pub anchor: Head,
}

impl Log {
    /// Removes the segments that hold only records of which `before` is true; never the last segment.
    ///
    /// What is retired can be read and folded no more: take a snapshot behind it first. Heads and proofs of what stays
    /// keep their worth.
    ///
    /// # Errors
    /// Where the disk fails; what could not be removed is removed when the log is opened next.
    pub fn retire(&mut self, before: Before) -> Result<Retired, LogError> {
        self.refuse_if_poisoned()?;
        let mut anchor = self.anchor();
        let mut segments = 0;
        for next in &self.table.segments[1..] {
            let (_, chain) = SegmentFile::open(&self.folder, *next)?;
            let may_go = match before {
                Before::Position(position) => chain.position <= position,
                Before::Recorded(time) => chain.latest < Some(time),
            };
            if !may_go {
                break;
            }
            segments += 1;
            anchor = chain.head();
        }
        let records = anchor.position - self.anchor().position;
        if segments > 0 {
            self.remove_segments(segments, anchor)?;
        }
        Ok(Retired { segments: segments as u64, records, anchor })
    }

    fn remove_segments(&mut self, segments: usize, anchor: Head) -> Result<(), LogError> {
        let (gone, kept) = self.table.segments.split_at(segments);
        let (gone, kept) = (gone.to_vec(), kept.to_vec());
        let table = Table { format: self.table.format, anchor, segments: kept };
        // The anchor first: a segment that is gone without it would be missing.
        let written = table.write(self.folder.as_ref());
        written.map_err(|e| self.poison(e))?;
        reader::held(&self.known).retire(anchor, table.segments.clone());
        self.table = table;
        let folder: &dyn Folder = self.folder.as_ref();
        for name in gone.into_iter().map(segment::name) {
            folder.remove(&name).map_err(|e| failed(folder, "remove", &name, e))?;
        }
        folder.sync().map_err(|e| failed(folder, "sync", ".", e))
    }
}
