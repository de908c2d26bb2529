//! What can go wrong with a log? What was attempted, where, and how to mend it.

use crate::log::block::{Flaw, TooLarge};
use crate::log::chain::Head;
use crate::log::segment;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Why the log cannot do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogError {
    /// Another process has it.
    #[error("{} is held by {}: two processes must not write one log; stop the other first", lock.display(), owner(holder))]
    Locked {
        /// The lock file.
        lock: PathBuf,
        /// What its owner wrote into it: a process id, or nothing.
        holder: String,
    },
    /// A file could not be read or written.
    #[error("cannot {doing} {}", file.display())]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// On which file.
        file: PathBuf,
        /// Why it failed; shared, so that later appends can repeat it.
        #[source]
        source: Arc<io::Error>,
    },
    /// A file of another version of the format.
    #[error("{} has format {found}, and this program knows format {}; use the version of Ringfence that wrote it", file.display(), segment::FORMAT)]
    Version {
        /// Which file.
        file: PathBuf,
        /// Its format.
        found: u32,
    },
    /// A file that the log needs is not there.
    #[error("{} is missing: the records from position {position} on cannot be read; put it back from a copy", file.display())]
    Missing {
        /// Which file.
        file: PathBuf,
        /// The first position that is lost without it.
        position: u64,
    },
    /// Bytes that were written are not there any more as they were.
    #[error("{} is damaged at byte {offset}, position {position}: {flaw}; put it back from a copy", file.display())]
    Damaged {
        /// Which file.
        file: PathBuf,
        /// The first bad byte, or where what contains it begins.
        offset: u64,
        /// The first position that cannot be trusted.
        position: u64,
        /// What is wrong.
        flaw: FileFlaw,
    },
    /// A file is there that the log does not know.
    #[error("{} holds records that the log's table of segments does not know: files of two logs were mixed, or an old table was put back", file.display())]
    Unknown {
        /// Which file.
        file: PathBuf,
    },
    /// An append failed before; what became of it is not known until the log is opened again.
    #[error("nothing can be appended since an earlier write failed; open the log again once that is mended")]
    Poisoned(#[source] Box<LogError>),
    /// More than one append takes.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// A position that the log has not reached.
    #[error("position {position} is beyond the end of the log, {end}")]
    Beyond {
        /// What was asked for.
        position: u64,
        /// Where the log ends.
        end: u64,
    },
    /// A position whose records were retired.
    #[error("position {position} was retired: the log now begins at {anchor}")]
    Retired {
        /// What was asked for.
        position: u64,
        /// Where the log begins.
        anchor: u64,
    },
    /// The log ends before a head that was exported.
    #[error("the log ends at position {end}, and a head of it was exported at {}: records after {end} were lost or removed", head.position)]
    Shortened {
        /// The exported head.
        head: Head,
        /// Where the log ends.
        end: u64,
    },
    /// The log has another head at the position of one that was exported.
    #[error("the log was rewritten before position {}: a head exported there has hash {}, the log now has {found}", head.position, head.hash)]
    Rewritten {
        /// The exported head.
        head: Head,
        /// The hash that the log has there.
        found: crate::log::hash::Hash,
    },
}

/// What is wrong with a file of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FileFlaw {
    /// A block.
    #[error(transparent)]
    Block(#[from] Flaw),
    /// The beginning of a segment.
    #[error("the header of the segment was changed or cut off")]
    Segment,
    /// A segment that begins elsewhere than the one before ends.
    #[error("the segment does not follow on the one before it")]
    Order,
    /// The table of segments.
    #[error("the table of segments was changed or cut off")]
    Table,
}

impl LogError {
    /// The first position that cannot be read, where the error is about one.
    pub fn position(&self) -> Option<u64> {
        match self {
            LogError::Missing { position, .. }
            | LogError::Damaged { position, .. }
            | LogError::Beyond { position, .. }
            | LogError::Retired { position, .. } => Some(*position),
            LogError::Shortened { end, .. } => Some(*end),
            LogError::Locked { .. }
            | LogError::Io { .. }
            | LogError::Version { .. }
            | LogError::Unknown { .. }
            | LogError::Poisoned(_)
            | LogError::TooLarge(_)
            | LogError::Rewritten { .. } => None,
        }
    }
}

fn owner(holder: &str) -> String {
    match holder.trim() {
        "" => "another process".to_owned(),
        id => format!("process {id}"),
    }
}
