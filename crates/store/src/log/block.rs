//! What is one group commit on the disk? A block: a header that commits to everything, the records, an end mark.
//!
//! | bytes | what (numbers little-endian) |
//! |--:|---|
//! | 0–3 | `RFB1` |
//! | 4 | coding of the body: 0 as it is, 1 Zstandard |
//! | 5–7 | 0 |
//! | 8–11 | number of records |
//! | 12–15 | bytes of the body as stored |
//! | 16–19 | bytes of the records |
//! | 20–23 | 0 |
//! | 24–31 | position of the first record |
//! | 32–39 | number of the block |
//! | 40–47 | latest time of a record in it, ms |
//! | 48–79 | hash of the block before |
//! | 80–111 | root of the tree over the records' hashes |
//! | 112–143 | root of the tree over the hashes of all blocks before |
//! | 144–175 | hash of the body as stored |
//! | 176–207 | hash of bytes 0–175: the hash of the block |
//! | 208… | body, then `RFB.` |

use crate::log::chain::Chain;
use crate::log::hash::Hash;
use crate::log::record::{self, OVERHEAD_BYTES, PAYLOAD_BYTES_MAX, Record};
use crate::log::tree;
use ringfence_domain::Timestamp;
use std::fmt;
use std::io;

/// Most records of a block: a larger group gains nothing, and a proof's path stays short.
pub const BLOCK_RECORDS_MAX: usize = 65_536;
/// Most bytes of a block's records: what a reader must hold at once.
pub const BLOCK_BYTES_MAX: usize = 64 << 20;
/// Bytes of a header.
pub const HEADER_BYTES: usize = 208;
/// Smallest body that is compressed: below, the frame of Zstandard eats the gain.
const COMPRESSED_FROM_BYTES: usize = 512;

const MAGIC: [u8; 4] = *b"RFB1";
/// Without a zero byte: a block whose last bytes never reached the disk does not end in it.
const END: [u8; 4] = *b"RFB.";
const PLAIN: u8 = 0;
const ZSTD: u8 = 1;

/// What is wrong with bytes that should be a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Flaw {
    /// They end before the block does.
    #[error("the block is cut off")]
    Cut,
    /// They do not begin like a block.
    #[error("no block begins here")]
    NoBlock,
    /// The header is not what its hash was taken of.
    #[error("the header of the block was changed")]
    Header,
    /// The header has values that no version writes.
    #[error("the header of the block makes no sense")]
    Meaning,
    /// The body is not what the header says.
    #[error("the records of the block were changed")]
    Body,
    /// The body does not hold what the header says.
    #[error("the records of the block do not fit its header")]
    Records,
    /// The end mark is missing.
    #[error("the end of the block was changed")]
    End,
    /// It is whole, and does not follow on the one before.
    #[error("the block does not follow on the one before it")]
    Chain,
}

/// The header of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// Whether the body is compressed.
    pub compressed: bool,
    /// Its records.
    pub count: u32,
    /// Bytes of the body as stored.
    pub stored_bytes: u32,
    /// Bytes of the records.
    pub record_bytes: u32,
    /// Position of its first record.
    pub first: u64,
    /// Number of the block, from 0.
    pub index: u64,
    /// The latest time of a record in it.
    pub latest: Timestamp,
    /// Hash of the block before.
    pub previous: Hash,
    /// Root of the tree over its records' hashes.
    pub records_root: Hash,
    /// Root of the tree over the hashes of all blocks before.
    pub blocks_root: Hash,
    /// Hash of the body as stored.
    pub body_hash: Hash,
}

const HASHED: usize = HEADER_BYTES - Hash::BYTES;

impl Header {
    /// The header as it is stored, with its hash.
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let Header {
            compressed,
            count,
            stored_bytes,
            record_bytes,
            first,
            index,
            latest,
            previous,
            records_root,
            blocks_root,
            body_hash,
        } = self;
        let mut out = [0; HEADER_BYTES];
        let mut put = |at: usize, bytes: &[u8]| out[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &MAGIC);
        put(4, &[if *compressed { ZSTD } else { PLAIN }]);
        put(8, &count.to_le_bytes());
        put(12, &stored_bytes.to_le_bytes());
        put(16, &record_bytes.to_le_bytes());
        put(24, &first.to_le_bytes());
        put(32, &index.to_le_bytes());
        put(40, &latest.millis().to_le_bytes());
        put(48, &previous.0);
        put(80, &records_root.0);
        put(112, &blocks_root.0);
        put(144, &body_hash.0);
        let hash = Hash::of(&[&out[..HASHED]]);
        out[HASHED..].copy_from_slice(&hash.0);
        out
    }

    /// Reads a header.
    pub fn decode(bytes: &[u8]) -> Result<Header, Flaw> {
        let bytes = bytes.get(..HEADER_BYTES).ok_or(Flaw::Cut)?;
        if bytes[..4] != MAGIC {
            return Err(Flaw::NoBlock);
        }
        if Hash::of(&[&bytes[..HASHED]]).0 != bytes[HASHED..] {
            return Err(Flaw::Header);
        }
        let header = Header {
            compressed: match bytes[4] {
                PLAIN => false,
                ZSTD => true,
                _ => return Err(Flaw::Meaning),
            },
            count: u32::from_le_bytes(at(bytes, 8)),
            stored_bytes: u32::from_le_bytes(at(bytes, 12)),
            record_bytes: u32::from_le_bytes(at(bytes, 16)),
            first: u64::from_le_bytes(at(bytes, 24)),
            index: u64::from_le_bytes(at(bytes, 32)),
            latest: Timestamp::from_millis(i64::from_le_bytes(at(bytes, 40))).ok_or(Flaw::Meaning)?,
            previous: Hash(at(bytes, 48)),
            records_root: Hash(at(bytes, 80)),
            blocks_root: Hash(at(bytes, 112)),
            body_hash: Hash(at(bytes, 144)),
        };
        let sized = (1..=BLOCK_RECORDS_MAX).contains(&(header.count as usize))
            && header.record_bytes as usize <= BLOCK_BYTES_MAX
            && header.stored_bytes <= header.record_bytes
            && (header.compressed || header.stored_bytes == header.record_bytes);
        let counted = header.first.checked_add(u64::from(header.count)).is_some() && header.index < u64::MAX;
        // Whatever else would not be written back the same is not ours.
        if sized && counted && header.encode() == bytes { Ok(header) } else { Err(Flaw::Meaning) }
    }

    /// The hash of the block.
    pub fn hash(&self) -> Hash {
        Hash(at(&self.encode(), HASHED))
    }
    /// Position after its last record.
    pub fn end(&self) -> u64 {
        self.first + u64::from(self.count)
    }
    /// Bytes of the whole block on the disk.
    pub fn block_bytes(&self) -> usize {
        HEADER_BYTES + self.stored_bytes as usize + END.len()
    }
}

/// `N` bytes at this place; the caller knows that they are there.
pub(crate) fn at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

/// A block whose bytes are those that its header names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    header: Header,
    body: Vec<u8>,
}

impl Block {
    /// Reads the block at the beginning of `bytes`.
    ///
    /// Holds no more memory than [`BLOCK_BYTES_MAX`], whatever the bytes say.
    pub fn decode(bytes: &[u8]) -> Result<Block, Flaw> {
        Unpacker::default().decode(bytes)
    }
    /// Its header.
    pub fn header(&self) -> &Header {
        &self.header
    }
    /// Its records, in order.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        // All were decoded once, when the block was read.
        record::decode(&self.body).map_while(|record| record)
    }
    /// Its records with their positions.
    pub fn positions(&self) -> impl Iterator<Item = (u64, Record<'_>)> {
        (self.header.first..).zip(self.records())
    }
    /// The hashes of its records.
    pub fn record_hashes(&self) -> Vec<Hash> {
        self.records().map(|record| record.hash()).collect()
    }
    /// Whether the tree over its records has the root that the header names.
    pub fn fits_records_root(&self) -> bool {
        tree::root(self.records().map(|record| record.hash())) == self.header.records_root
    }
}

/// The stored body of a block that begins `bytes`, compared with its hash and its end mark.
pub(crate) fn stored_body<'a>(header: &Header, bytes: &'a [u8]) -> Result<&'a [u8], Flaw> {
    let bytes = bytes.get(HEADER_BYTES..header.block_bytes()).ok_or(Flaw::Cut)?;
    let (stored, end) = bytes.split_at(header.stored_bytes as usize);
    if Hash::of(&[stored]) != header.body_hash {
        return Err(Flaw::Body);
    }
    if end == END { Ok(stored) } else { Err(Flaw::End) }
}

/// Why records cannot become a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TooLarge {
    /// Too many.
    #[error(
        "{0} records in one append are more than the {BLOCK_RECORDS_MAX} that a block can hold; append them in several"
    )]
    Records(usize),
    /// Together too long.
    #[error(
        "{0} bytes in one append are more than the {BLOCK_BYTES_MAX} that a block can hold; append them in several"
    )]
    Bytes(usize),
    /// One is too long.
    #[error("a payload of {0} bytes is longer than the {PAYLOAD_BYTES_MAX} that a record can have")]
    Payload(usize),
}

/// Makes blocks of records; keeps the compressor, which is costly to make, from one to the next.
#[derive(Default)]
pub(crate) struct Packer {
    compressor: Option<zstd::bulk::Compressor<'static>>,
    body: Vec<u8>,
}

impl fmt::Debug for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packer").finish_non_exhaustive()
    }
}

impl Packer {
    /// With this level of Zstandard; uncompressed without.
    pub(crate) fn new(level: Option<i32>) -> io::Result<Packer> {
        let compressor = level.map(zstd::bulk::Compressor::new).transpose()?;
        Ok(Packer { compressor, body: Vec::new() })
    }

    /// Writes the block of `records`, of which there is at least one, that follows on `chain` to `out`.
    pub(crate) fn encode(
        &mut self,
        chain: &Chain,
        records: &[Record<'_>],
        out: &mut Vec<u8>,
    ) -> Result<Header, TooLarge> {
        let bytes = fits(records)?;
        self.body.clear();
        for record in records {
            record.encode(&mut self.body);
        }
        let compressor = self.compressor.as_mut().filter(|_| bytes >= COMPRESSED_FROM_BYTES);
        let compressed = compressor.and_then(|c| c.compress(&self.body).ok()).filter(|c| c.len() < bytes);
        let stored = compressed.as_deref().unwrap_or(&self.body);
        let header = Header {
            compressed: compressed.is_some(),
            count: records.len() as u32,
            stored_bytes: stored.len() as u32,
            record_bytes: bytes as u32,
            first: chain.position,
            index: chain.tree.leaves(),
            latest: records.iter().map(|r| r.recorded).max().expect("there is at least one record"),
            previous: chain.hash,
            records_root: tree::root(records.iter().map(Record::hash)),
            blocks_root: chain.tree.root(),
            body_hash: Hash::of(&[stored]),
        };
        out.clear();
        out.extend(header.encode());
        out.extend_from_slice(stored);
        out.extend(END);
        Ok(header)
    }
}

/// Bytes of the records' encoding, where a block can hold them.
fn fits(records: &[Record<'_>]) -> Result<usize, TooLarge> {
    if records.len() > BLOCK_RECORDS_MAX {
        return Err(TooLarge::Records(records.len()));
    }
    if let Some(long) = records.iter().find(|record| record.payload.len() > PAYLOAD_BYTES_MAX) {
        return Err(TooLarge::Payload(long.payload.len()));
    }
    let bytes = records.iter().map(|record| record.payload.len() + OVERHEAD_BYTES).sum();
    if bytes > BLOCK_BYTES_MAX { Err(TooLarge::Bytes(bytes)) } else { Ok(bytes) }
}

/// Reads blocks; keeps the decompressor from one to the next.
#[derive(Default)]
pub(crate) struct Unpacker(Option<zstd::bulk::Decompressor<'static>>);

impl fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unpacker").finish_non_exhaustive()
    }
}

impl Unpacker {
    /// Reads the block at the beginning of `bytes`; see [`Block::decode`].
    pub(crate) fn decode(&mut self, bytes: &[u8]) -> Result<Block, Flaw> {
        let header = Header::decode(bytes)?;
        let stored = stored_body(&header, bytes)?;
        let body = if header.compressed {
            self.decompress(stored, header.record_bytes as usize).ok_or(Flaw::Records)?
        } else {
            stored.to_vec()
        };
        let block = Block { header, body };
        let mut count = 0;
        let mut latest = None;
        for record in record::decode(&block.body) {
            latest = latest.max(Some(record.ok_or(Flaw::Records)?.recorded));
            count += 1;
        }
        let fits = block.body.len() == header.record_bytes as usize
            && count == header.count
            && latest == Some(header.latest);
        if fits { Ok(block) } else { Err(Flaw::Records) }
    }

    fn decompress(&mut self, stored: &[u8], bytes: usize) -> Option<Vec<u8>> {
        let decompressor = match &mut self.0 {
            Some(decompressor) => decompressor,
            None => self.0.insert(zstd::bulk::Decompressor::new().ok()?),
        };
        decompressor.decompress(stored, bytes).ok()
    }
}
