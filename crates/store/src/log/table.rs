//! Which segments make up the log, and where does it begin? A small JSON file that is replaced whole.
//!
//! It is what tells a segment that is missing from one that was retired, and a folder that lost its segments from an
//! empty one.

use crate::folder::{self, Folder};
use crate::log::chain::Head;
use crate::log::error::{FileFlaw, LogError};
use crate::log::hash::Hash;
use crate::log::segment::{FORMAT, failed};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::io;

/// Its file.
pub(crate) const NAME: &str = "segments.json";
/// Most bytes of the table: 20 digits a segment allow for 700,000 of them.
const BYTES_MAX: u64 = 16 << 20;

/// The segments of a log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Table {
    /// Version of the log's files.
    pub(crate) format: u32,
    /// Where the log begins: its genesis, or the end of what was retired.
    pub(crate) anchor: Head,
    /// First positions of its segments, ascending; the first is the anchor's.
    pub(crate) segments: Vec<u64>,
}

/// The table and the hash of its text.
#[derive(Serialize, Deserialize)]
struct Checked<'a> {
    #[serde(borrow)]
    table: &'a RawValue,
    blake3: Hash,
}

/// Only the version, for a table that this program cannot read.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl Table {
    /// The last segment: the one that is appended to.
    pub(crate) fn last(&self) -> u64 {
        *self.segments.last().expect("a table names at least one segment: it was checked when it was read")
    }

    /// Writes the table in the place of the one before; durable on return.
    pub(crate) fn write(&self, folder: &dyn Folder) -> Result<(), LogError> {
        let write = || -> io::Result<()> {
            let table = RawValue::from_string(serde_json::to_string(self)?)?;
            let blake3 = Hash::of(&[table.get().as_bytes()]);
            let mut text = serde_json::to_vec(&Checked { table: &table, blake3 })?;
            text.push(b'\n');
            folder::write_whole(folder, NAME, &[&text])
        };
        write().map_err(|e| failed(folder, "write", NAME, e))
    }

    /// Reads the table; `None` where there is none.
    pub(crate) fn read(folder: &dyn Folder) -> Result<Option<Table>, LogError> {
        let damaged = || LogError::Damaged {
            file: folder.path().join(NAME),
            offset: 0,
            position: 0,
            flaw: FileFlaw::Table,
        };
        let bytes = match folder::read_whole(folder, NAME, BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(failed(folder, "read", NAME, e)),
        };
        let checked: Checked<'_> = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
        if Hash::of(&[checked.table.get().as_bytes()]) != checked.blake3 {
            return Err(damaged());
        }
        let Version { format } = serde_json::from_str(checked.table.get()).map_err(|_| damaged())?;
        if format != FORMAT {
            return Err(LogError::Version { file: folder.path().join(NAME), found: format });
        }
        let table: Table = serde_json::from_str(checked.table.get()).map_err(|_| damaged())?;
        let ascending = table.segments.is_sorted_by(|a, b| a < b);
        if ascending && table.segments.first() == Some(&table.anchor.position) {
            Ok(Some(table))
        } else {
            Err(damaged())
        }
    }
}
