//! What is left after a crash? All that was acknowledged; of a last append that was not, all or nothing.
//!
//! Only the last block of the last segment can be unfinished, because each append waits for the disk. Bytes at the end
//! that are no block are therefore either an append that nobody was told of, which is dropped, or damage, which is
//! refused. They are told apart so: an unfinished append ends early, or has parts that never reached the disk and read as
//! zero; and nothing was appended after it.

use crate::folder::{Folder, PART};
use crate::log::block::{self, Flaw, HEADER_BYTES, Header, Packer};
use crate::log::chain::Chain;
use crate::log::error::LogError;
use crate::log::reader::Known;
use crate::log::segment::{self, FORMAT, SEGMENT_HEADER_BYTES, SegmentFile, failed};
use crate::log::table::{self, Table};
use crate::log::{Log, Options};
use std::sync::{Arc, Mutex};

/// The file that a process locks.
const LOCK: &str = "lock";
/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;
/// Bytes looked through at a time for blocks behind a bad one.
const SEARCH_BYTES: usize = 1 << 20;

/// An append that a crash cut short, and that nobody was told of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dropped {
    /// Position that its first record would have had; the next append begins there.
    pub position: u64,
    /// Bytes of it that were found.
    pub bytes: u64,
}

/// Opens the log in `folder`, or begins one where there is none.
pub(crate) fn open(folder: Arc<dyn Folder>, options: Options) -> Result<Log, LogError> {
    let fail = |doing, name: &str, e| failed(folder.as_ref(), doing, name, e);
    let lock = folder.lock(LOCK).map_err(|e| fail("lock", LOCK, e))?;
    let lock = lock.map_err(|holder| LogError::Locked { lock: folder.path().join(LOCK), holder })?;
    let names = folder.list().map_err(|e| fail("list", ".", e))?;
    for part in names.iter().filter(|name| name.ends_with(PART)) {
        folder.remove(part).map_err(|e| fail("remove", part, e))?;
    }
    let table = match Table::read(folder.as_ref())? {
        Some(table) => table,
        None => begin(folder.as_ref(), &names)?,
    };
    settle(folder.as_ref(), &table, &names)?;
    for first in &table.segments {
        SegmentFile::open(&folder, *first)?;
    }
    let (mut segment, mut chain) = SegmentFile::open(&folder, table.last())?;
    let Tail { end, last_block, dropped } = scan(&mut segment, &mut chain)?;
    let name = segment::name(table.last());
    let file = folder.open_to_write(&name).map_err(|e| fail("open", &name, e))?;
    if dropped.is_some() {
        file.set_len(end).map_err(|e| fail("shorten", &name, e))?;
    }
    // A block that is read back may still be in memory only, and where a sync failed once the system believes it
    // written. It is written again, so that what is built on it is durable with it.
    if let Some((offset, bytes)) = last_block {
        let bytes = segment.bytes(offset, bytes)?;
        file.write_at(bytes, offset).map_err(|e| fail("write", &name, e))?;
    }
    file.sync().map_err(|e| fail("sync", &name, e))?;
    table.write(folder.as_ref())?;
    let known = Known::new(table.anchor, table.segments.clone(), chain.head());
    Ok(Log {
        known: Arc::new(Mutex::new(known)),
        packer: Packer::new(options.zstd_level).map_err(|e| fail("compress into", &name, e))?,
        folder,
        options,
        _lock: lock,
        table,
        chain,
        file,
        offset: end,
        bytes: Vec::new(),
        poison: None,
        dropped,
    })
}

/// Makes the first segment and the table.
fn begin(folder: &dyn Folder, names: &[String]) -> Result<Table, LogError> {
    let chain = Chain::genesis();
    let first = segment::name(0);
    for name in names.iter().filter(|name| segment::position_of(name).is_some()) {
        let file = folder.open(name).map_err(|e| failed(folder, "open", name, e))?;
        let length = file.len().map_err(|e| failed(folder, "measure", name, e))?;
        // The header alone is what a crash in this function leaves; with records, the table was lost.
        if *name != first || length > SEGMENT_HEADER_BYTES as u64 {
            return Err(LogError::Missing { file: folder.path().join(table::NAME), position: 0 });
        }
    }
    create_segment(folder, &chain)?;
    let table = Table { format: FORMAT, anchor: chain.head(), segments: vec![0] };
    table.write(folder)?;
    Ok(table)
}

/// Makes the segment that follows on `chain`; durable on return.
pub(crate) fn create_segment(folder: &dyn Folder, chain: &Chain) -> Result<(), LogError> {
    let name = segment::name(chain.position);
    let create = || {
        let file = folder.create(&name)?;
        file.write_at(&segment::encode(chain), 0)?;
        file.sync()?;
        folder.sync()
    };
    create().map_err(|e| failed(folder, "create", &name, e))
}

/// Finishes what a crash left half done beside the table: removes retired segments, and one that was never used.
fn settle(folder: &dyn Folder, table: &Table, names: &[String]) -> Result<(), LogError> {
    for name in names {
        let Some(first) = segment::position_of(name).filter(|first| !table.segments.contains(first)) else {
            continue;
        };
        let length = folder.open(name).and_then(|file| file.len());
        let length = length.map_err(|e| failed(folder, "measure", name, e))?;
        if first >= table.anchor.position && length > SEGMENT_HEADER_BYTES as u64 {
            return Err(LogError::Unknown { file: folder.path().join(name) });
        }
        folder.remove(name).map_err(|e| failed(folder, "remove", name, e))?;
    }
    Ok(())
}

/// Where a segment ends.
#[derive(Debug)]
pub(crate) struct Tail {
    /// After its last whole block.
    pub(crate) end: u64,
    /// Offset and bytes of that block.
    pub(crate) last_block: Option<(u64, usize)>,
    /// What comes after.
    pub(crate) dropped: Option<Dropped>,
}

/// Walks the last segment; `chain` is the one up to it and then the one up to its end.
fn scan(segment: &mut SegmentFile, chain: &mut Chain) -> Result<Tail, LogError> {
    let length = segment.len()?;
    let (mut end, mut last_block) = (SEGMENT_HEADER_BYTES as u64, None);
    while end < length {
        match whole_block(segment, end, chain)? {
            Ok(header) => {
                chain.push(&header);
                last_block = Some((end, header.block_bytes()));
                end += header.block_bytes() as u64;
            }
            Err(flaw) if unfinished(segment, end, length, chain, flaw)? => {
                let dropped = Some(Dropped { position: chain.position, bytes: length - end });
                return Ok(Tail { end, last_block, dropped });
            }
            Err(flaw) => return Err(segment.damaged(end, chain.position, flaw)),
        }
    }
    Ok(Tail { end, last_block, dropped: None })
}

/// The header of the block at `offset` where all its bytes are those that were written.
fn whole_block(
    segment: &mut SegmentFile,
    offset: u64,
    chain: &Chain,
) -> Result<Result<Header, Flaw>, LogError> {
    let header = match Header::decode(segment.bytes(offset, HEADER_BYTES)?) {
        Ok(header) if chain.precedes(&header) => header,
        Ok(_) => return Ok(Err(Flaw::Chain)),
        Err(flaw) => return Ok(Err(flaw)),
    };
    let bytes = segment.bytes(offset, header.block_bytes())?;
    Ok(block::stored_body(&header, bytes).map(|_| header))
}

/// Whether what begins at `offset` and is no block is an append that was cut short, and not damage.
pub(crate) fn unfinished(
    segment: &mut SegmentFile,
    offset: u64,
    length: u64,
    chain: &Chain,
    flaw: Flaw,
) -> Result<bool, LogError> {
    if later_block(segment, offset, length, chain)? {
        return Ok(false);
    }
    match flaw {
        Flaw::Cut => Ok(true),
        // The header is whole, so it says where the block ends; what follows would be a later append.
        Flaw::Body | Flaw::End => {
            let header = Header::decode(segment.bytes(offset, HEADER_BYTES)?);
            let end = header.map_or(length, |header| offset + header.block_bytes() as u64);
            Ok(end == length && has_lost_sector(segment, offset, end)?)
        }
        Flaw::NoBlock | Flaw::Header => has_lost_sector(segment, offset, length),
        Flaw::Chain | Flaw::Meaning | Flaw::Records => Ok(false),
    }
}

/// Whether the header of a later block stands anywhere behind `offset`.
fn later_block(segment: &mut SegmentFile, offset: u64, length: u64, chain: &Chain) -> Result<bool, LogError> {
    let mut from = offset + 1;
    while from < length {
        let bytes = segment.bytes(from, SEARCH_BYTES + HEADER_BYTES)?;
        let later = (0..bytes.len().min(SEARCH_BYTES)).any(|at| {
            bytes[at] == b'R' && Header::decode(&bytes[at..]).is_ok_and(|h| h.index > chain.tree.leaves())
        });
        if later {
            return Ok(true);
        }
        from += SEARCH_BYTES as u64;
    }
    Ok(false)
}

/// Whether a sector's share of these bytes is all zero. No block has such a one: it begins and ends with letters, and
/// its records are text or compressed.
fn has_lost_sector(segment: &mut SegmentFile, from: u64, to: u64) -> Result<bool, LogError> {
    let mut at = from;
    while at < to {
        let sector_end = (at / SECTOR_BYTES as u64 + 1) * SECTOR_BYTES as u64;
        let share = (sector_end.min(to) - at) as usize;
        if segment.bytes(at, share)?.iter().all(|byte| *byte == 0) {
            return Ok(true);
        }
        at += share as u64;
    }
    Ok(false)
}
