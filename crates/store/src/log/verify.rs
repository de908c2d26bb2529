//! Is everything in order, complete and as it was written? Every hash of every record, from the anchor to the end.

use crate::folder::{DiskFolder, Folder};
use crate::log::block::{Block, Flaw, HEADER_BYTES, Header, Unpacker};
use crate::log::chain::{Chain, Head};
use crate::log::error::{FileFlaw, LogError};
use crate::log::open::{Dropped, unfinished};
use crate::log::reader::{Known, Reader};
use crate::log::segment::{SEGMENT_HEADER_BYTES, SegmentFile};
use crate::log::table::{self, Table};
use serde::Serialize;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A log that is whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Verified {
    /// Where it begins.
    pub anchor: Head,
    /// Where it ends. Compare it with one that was kept elsewhere: a log that was cut off behind a block looks whole.
    pub head: Head,
    /// Blocks in between.
    pub blocks: u64,
    /// Bytes of its segments.
    pub bytes: u64,
    /// Bytes at its end of an append that is not finished: one that a crash cut short, or that goes on right now.
    pub unfinished_bytes: u64,
}

/// Proves the log in folder `path`, without changing or locking it; `progress` is told how far it is.
///
/// # Errors
/// Where a file is missing or damaged, with the first position that cannot be trusted
/// ([`LogError::position`]); where one cannot be read; where segments are retired meanwhile.
pub fn verify(path: &Path, progress: &mut dyn FnMut(u64)) -> Result<Verified, LogError> {
    Ok(prove(&folder_of(path)?, progress)?.0)
}

/// The same, with a reader of what was proved: also beside a service that goes on writing.
///
/// # Errors
/// As [`verify`].
pub fn verified(path: &Path, progress: &mut dyn FnMut(u64)) -> Result<(Verified, Reader), LogError> {
    let folder = folder_of(path)?;
    let (verified, segments) = prove(&folder, progress)?;
    let known = Known::new(verified.anchor, segments, verified.head);
    Ok((verified, Reader::new(folder, Arc::new(Mutex::new(known)))))
}

fn folder_of(path: &Path) -> Result<Arc<dyn Folder>, LogError> {
    let folder = DiskFolder::existing(path);
    let folder =
        folder.map_err(|e| LogError::Io { doing: "open", file: path.to_owned(), source: Arc::new(e) })?;
    Ok(Arc::new(folder))
}

/// [`verify`] in any folder.
pub fn verify_in(folder: &Arc<dyn Folder>, progress: &mut dyn FnMut(u64)) -> Result<Verified, LogError> {
    Ok(prove(folder, progress)?.0)
}

/// With the first positions of the segments.
fn prove(folder: &Arc<dyn Folder>, progress: &mut dyn FnMut(u64)) -> Result<(Verified, Vec<u64>), LogError> {
    let missing = || LogError::Missing { file: folder.path().join(table::NAME), position: 0 };
    let table = Table::read(folder.as_ref())?.ok_or_else(missing)?;
    let mut verifying =
        Verifying { chain: None, blocks: 0, bytes: 0, dropped: None, unpacker: Unpacker::default() };
    for (i, first) in table.segments.iter().enumerate() {
        let (segment, before) = SegmentFile::open(folder, *first)?;
        let expected = match &verifying.chain {
            Some(chain) => *chain == before,
            None => before.head() == table.anchor,
        };
        if !expected {
            let position = verifying.chain.map_or(*first, |chain| chain.position);
            return Err(segment.damaged(0, position, FileFlaw::Order));
        }
        verifying.chain = Some(before);
        verifying.segment(segment, i + 1 == table.segments.len(), progress)?;
    }
    let Verifying { chain, blocks, bytes, dropped, unpacker: _ } = verifying;
    let head = chain.as_ref().map_or(table.anchor, Chain::head);
    let unfinished_bytes = dropped.map_or(0, |dropped| dropped.bytes);
    Ok((Verified { anchor: table.anchor, head, blocks, bytes, unfinished_bytes }, table.segments))
}

struct Verifying {
    chain: Option<Chain>,
    blocks: u64,
    bytes: u64,
    dropped: Option<Dropped>,
    unpacker: Unpacker,
}

impl Verifying {
    fn segment(
        &mut self,
        mut segment: SegmentFile,
        last: bool,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), LogError> {
        let chain = self.chain.as_mut().expect("it was set to the chain up to this segment");
        let length = segment.len()?;
        let mut offset = SEGMENT_HEADER_BYTES as u64;
        while offset < length {
            match sound_block(&mut segment, offset, chain, &mut self.unpacker)? {
                Ok(block) => {
                    chain.push(block.header());
                    offset += block.header().block_bytes() as u64;
                    self.blocks += 1;
                    progress(chain.position);
                }
                Err(flaw) if last && unfinished(&mut segment, offset, length, chain, flaw)? => {
                    self.dropped = Some(Dropped { position: chain.position, bytes: length - offset });
                    break;
                }
                Err(flaw) => return Err(segment.damaged(offset, chain.position, flaw)),
            }
        }
        self.bytes += offset;
        Ok(())
    }
}

fn sound_block(
    segment: &mut SegmentFile,
    offset: u64,
    chain: &Chain,
    unpacker: &mut Unpacker,
) -> Result<Result<Block, Flaw>, LogError> {
    let header = match Header::decode(segment.bytes(offset, HEADER_BYTES)?) {
        Ok(header) if chain.precedes(&header) => header,
        Ok(_) => return Ok(Err(Flaw::Chain)),
        Err(flaw) => return Ok(Err(flaw)),
    };
    let block = unpacker.decode(segment.bytes(offset, header.block_bytes())?);
    Ok(block.and_then(|block| if block.fits_records_root() { Ok(block) } else { Err(Flaw::Records) }))
}
