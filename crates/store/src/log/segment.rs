//! In which file is a record? The log is cut into segments: a header with the chain up to it, then blocks.
//!
//! | bytes of the header | what (numbers little-endian) |
//! |--:|---|
//! | 0–7 | `RFLOGSEG` |
//! | 8–11 | format |
//! | 12–15 | peaks of the tree over all blocks before |
//! | 16–23 | position of the first record |
//! | 24–31 | number of the first block |
//! | 32–39 | latest time of a record before, ms; the smallest number for none |
//! | 40–71 | hash of the block before |
//! | 72–… | the peaks, largest first; then 0 |
//! | 4064–4095 | hash of bytes 0–4063 |

use crate::folder::{Folder, StoredFile};
use crate::log::block::at;
use crate::log::chain::Chain;
use crate::log::error::{FileFlaw, LogError};
use crate::log::hash::Hash;
use crate::log::tree::Frontier;
use ringfence_domain::Timestamp;
use std::io;
use std::sync::Arc;

/// The version of everything that the log writes.
pub const FORMAT: u32 = 1;
/// Bytes of the header of a segment: room for a peak for each bit of the number of blocks.
pub const SEGMENT_HEADER_BYTES: usize = 4_096;

const MAGIC: [u8; 8] = *b"RFLOGSEG";
const PEAKS_FROM: usize = 72;
const HASHED: usize = SEGMENT_HEADER_BYTES - Hash::BYTES;
const NO_TIME: i64 = i64::MIN;
const ENDING: &str = ".segment";

/// The name of the segment that begins at this position.
pub(crate) fn name(first: u64) -> String {
    format!("{first:020}{ENDING}")
}

/// The position that a file's name says, if it is that of a segment.
pub(crate) fn position_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(ENDING)?;
    (digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// The header of the segment that follows on this chain.
pub(crate) fn encode(before: &Chain) -> Vec<u8> {
    let Chain { position, hash, tree, latest } = before;
    let mut out = vec![0; SEGMENT_HEADER_BYTES];
    let mut put = |at: usize, bytes: &[u8]| out[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &MAGIC);
    put(8, &FORMAT.to_le_bytes());
    put(12, &(tree.peaks().len() as u32).to_le_bytes());
    put(16, &position.to_le_bytes());
    put(24, &tree.leaves().to_le_bytes());
    put(32, &latest.map_or(NO_TIME, Timestamp::millis).to_le_bytes());
    put(40, &hash.0);
    for (i, peak) in tree.peaks().iter().enumerate() {
        put(PEAKS_FROM + i * Hash::BYTES, &peak.0);
    }
    let hash = Hash::of(&[&out[..HASHED]]);
    out[HASHED..].copy_from_slice(&hash.0);
    out
}

/// What the bytes of a segment's header are not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoSegment {
    /// Changed, cut off, or never a segment.
    Damaged,
    /// Of another format.
    Version(u32),
}

/// Reads the header of a segment: the chain up to it.
///
/// Every format keeps the first 12 bytes and the hash at the end, so that an older program can tell a newer file from
/// a damaged one.
pub fn decode(bytes: &[u8]) -> Result<Chain, NoSegment> {
    let bytes = bytes.get(..SEGMENT_HEADER_BYTES).ok_or(NoSegment::Damaged)?;
    if bytes[..8] != MAGIC || Hash::of(&[&bytes[..HASHED]]).0 != bytes[HASHED..] {
        return Err(NoSegment::Damaged);
    }
    let format = u32::from_le_bytes(at(bytes, 8));
    if format != FORMAT {
        return Err(NoSegment::Version(format));
    }
    let peaks = bytes[PEAKS_FROM..HASHED].chunks_exact(Hash::BYTES).map(|peak| Hash(at(peak, 0)));
    let peaks = peaks.take(u32::from_le_bytes(at(bytes, 12)) as usize).collect();
    let latest = match i64::from_le_bytes(at(bytes, 32)) {
        NO_TIME => None,
        ms => Some(Timestamp::from_millis(ms).ok_or(NoSegment::Damaged)?),
    };
    let tree = Frontier::from_peaks(u64::from_le_bytes(at(bytes, 24)), peaks).ok_or(NoSegment::Damaged)?;
    Ok(Chain { position: u64::from_le_bytes(at(bytes, 16)), hash: Hash(at(bytes, 40)), tree, latest })
}

/// Bytes read ahead: one call for many small blocks.
const READ_AHEAD_BYTES: usize = 1 << 20;

/// A segment that is read from its beginning to its end.
#[derive(Debug)]
pub(crate) struct SegmentFile {
    folder: Arc<dyn Folder>,
    name: String,
    file: Box<dyn StoredFile>,
    /// What was read, and where in the file that begins.
    buffer: Vec<u8>,
    from: u64,
    read_ahead: usize,
}

impl SegmentFile {
    /// Opens the segment that begins at `first`, and reads its header.
    pub(crate) fn open(folder: &Arc<dyn Folder>, first: u64) -> Result<(SegmentFile, Chain), LogError> {
        let name = name(first);
        let missing = || LogError::Missing { file: folder.path().join(&name), position: first };
        let file = folder.open(&name).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => missing(),
            _ => failed(folder.as_ref(), "open", &name, e),
        })?;
        let mut segment = SegmentFile {
            folder: folder.clone(),
            name,
            file,
            buffer: Vec::new(),
            from: 0,
            read_ahead: SEGMENT_HEADER_BYTES,
        };
        let header = segment.bytes(0, SEGMENT_HEADER_BYTES)?;
        match decode(header) {
            Ok(before) if before.position == first => {
                segment.read_ahead = READ_AHEAD_BYTES;
                Ok((segment, before))
            }
            Ok(_) => Err(segment.damaged(0, first, FileFlaw::Order)),
            Err(NoSegment::Damaged) => Err(segment.damaged(0, first, FileFlaw::Segment)),
            Err(NoSegment::Version(found)) => {
                Err(LogError::Version { file: segment.folder.path().join(&segment.name), found })
            }
        }
    }

    /// Up to `length` bytes at `offset`; fewer at the end of the file.
    pub(crate) fn bytes(&mut self, offset: u64, length: usize) -> Result<&[u8], LogError> {
        let ahead = |from: u64, have: usize| {
            offset.checked_sub(from).filter(|skip| skip + length as u64 <= have as u64).map(|s| s as usize)
        };
        let skip = match ahead(self.from, self.buffer.len()) {
            Some(skip) => skip,
            None => {
                self.buffer.resize(length.max(self.read_ahead), 0);
                let read = self.file.read_at(&mut self.buffer, offset);
                let read = read.map_err(|e| failed(self.folder.as_ref(), "read", &self.name, e))?;
                self.buffer.truncate(read);
                self.from = offset;
                0
            }
        };
        let end = self.buffer.len().min(skip + length);
        Ok(&self.buffer[skip..end])
    }

    /// So many bytes are read at a time from now on.
    pub(crate) fn read_ahead(&mut self, bytes: usize) {
        self.read_ahead = bytes;
    }

    /// Its length in bytes.
    pub(crate) fn len(&self) -> Result<u64, LogError> {
        self.file.len().map_err(|e| failed(self.folder.as_ref(), "measure", &self.name, e))
    }

    /// The error that says where this segment is damaged.
    pub(crate) fn damaged(&self, offset: u64, position: u64, flaw: impl Into<FileFlaw>) -> LogError {
        LogError::Damaged { file: self.folder.path().join(&self.name), offset, position, flaw: flaw.into() }
    }
}

/// The error of a call on a file.
pub(crate) fn failed(folder: &dyn Folder, doing: &'static str, name: &str, source: io::Error) -> LogError {
    LogError::Io { doing, file: folder.path().join(name), source: Arc::new(source) }
}
