//! Was this record in the log that has this head? A proof that needs neither the log nor the other records.
//!
//! The path goes from the record to the root in its block's header, from that block to the root in the header of the
//! head's block, and ends in the head: some hundred bytes for each doubling of the log.

use crate::log::block::{HEADER_BYTES, Header, Unpacker};
use crate::log::chain::Head;
use crate::log::error::LogError;
use crate::log::hash::{Hash, from_hex, hex};
use crate::log::reader::Reader;
use crate::log::record::Record;
use crate::log::segment::SegmentFile;
use crate::log::{Log, tree};
use serde::{Deserialize, Serialize};

/// Most hashes of a path: a tree with more leaves than 2⁶⁴ is none.
const PATH_MAX: usize = 64;

/// Why a proof cannot be made, or proves nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ProofError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The head is older than the record.
    #[error("the record at position {position} came after the head at position {}; sign a later head", head.position)]
    HeadBefore {
        /// Of the record.
        position: u64,
        /// The head.
        head: Head,
    },
    /// The head is inside a block.
    #[error("position {0} is inside a block; only the head at the end of an append can be proved against")]
    InsideBlock(u64),
    /// The proof is not one of this record against this head.
    #[error("the proof does not lead from this record to this head: one of the three was changed")]
    Invalid,
}

/// Shows that a record was at a position of the log that has a certain head; JSON.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionProof {
    /// Of the record.
    pub position: u64,
    /// The head that it leads to.
    pub head: Head,
    /// From the record to the root in its block's header.
    pub record_path: Vec<Hash>,
    /// Header of its block, hexadecimal.
    pub block: String,
    /// From its block to the root in the header of the head's block; empty where that is the same.
    pub block_path: Vec<Hash>,
    /// Header of the head's block, hexadecimal.
    pub last_block: String,
}

impl Log {
    /// Makes the proof that the record at `position` is part of the log with head `head`; see [`Reader::prove`].
    ///
    /// # Errors
    /// As there.
    pub fn prove(&self, position: u64, head: &Head) -> Result<InclusionProof, ProofError> {
        self.reader().prove(&[position], head)?.pop().ok_or(ProofError::Invalid)
    }
}

/// A record that is to be proved, with what is known of its block.
struct OfBlock {
    header: Header,
    /// Its records that are asked for, with the way to the root of each.
    paths: Vec<(u64, Vec<Hash>)>,
}

impl Reader {
    /// Makes the proofs that the records at `positions`, ascending, are part of the log with head `head`, which may be an
    /// earlier one of this log. Reads the headers of all blocks once and holds a hash of each: 32 bytes a block.
    ///
    /// # Errors
    /// Where a position is not in the log or not before the head, or the log cannot be read.
    pub fn prove(&self, positions: &[u64], head: &Head) -> Result<Vec<InclusionProof>, ProofError> {
        let (Some(first), Some(last)) = (positions.first(), positions.last()) else { return Ok(Vec::new()) };
        if *last >= head.position {
            return Err(ProofError::HeadBefore { position: *last, head: *head });
        }
        let anchor = self.anchor().position;
        if *first < anchor {
            return Err(LogError::Retired { position: *first, anchor }.into());
        }
        self.verify_against(head)?;
        let (_, before) = SegmentFile::open(self.folder(), anchor)?;
        let mut steps = self.steps(anchor, None)?;
        let (mut hashes, mut found, mut rest) = (Vec::new(), Vec::new(), positions);
        while let Some(header) = steps.next_header() {
            let header = header?;
            if header.end() > head.position {
                return Err(ProofError::InsideBlock(head.position));
            }
            let (here, after) = rest.split_at(rest.partition_point(|at| *at < header.end()));
            rest = after;
            if !here.is_empty() {
                let records = steps.block(&header, &mut Unpacker::default())?.record_hashes();
                let way = |at: &u64| {
                    let path = tree::path(&tree::Frontier::default(), &records, at - header.first);
                    Some((*at, path?))
                };
                let paths = here.iter().map(way).collect::<Option<_>>().ok_or(ProofError::Invalid)?;
                found.push(OfBlock { header, paths });
            }
            if header.end() == head.position {
                return found.into_iter().try_fold(Vec::new(), |mut proofs, of| {
                    let same = of.header.index == header.index;
                    let block_path = if same {
                        Some(Vec::new())
                    } else {
                        tree::path(&before.tree, &hashes, of.header.index)
                    };
                    let block_path = block_path.ok_or(ProofError::Invalid)?;
                    proofs.extend(of.paths.into_iter().map(|(position, record_path)| InclusionProof {
                        position,
                        head: *head,
                        record_path,
                        block: hex(&of.header.encode()),
                        block_path: block_path.clone(),
                        last_block: hex(&header.encode()),
                    }));
                    Ok(proofs)
                });
            }
            hashes.push(header.hash());
        }
        Err(LogError::Beyond { position: *last, end: self.head().position }.into())
    }
}

impl InclusionProof {
    /// Whether `record` was at [`InclusionProof::position`] of the log that has `head`, which the caller trusts: because
    /// its signature holds.
    ///
    /// # Errors
    /// [`ProofError::Invalid`] where not.
    pub fn check(&self, record: &Record<'_>, head: &Head) -> Result<(), ProofError> {
        self.check_hash(record.hash(), head)
    }

    /// The same of a record of which only the hash is known ([`Record::hash`]): because its content is not for everybody.
    ///
    /// # Errors
    /// [`ProofError::Invalid`] where not.
    pub fn check_hash(&self, record: Hash, head: &Head) -> Result<(), ProofError> {
        if self.leads(record, head).unwrap_or(false) { Ok(()) } else { Err(ProofError::Invalid) }
    }

    fn leads(&self, record: Hash, head: &Head) -> Option<bool> {
        let InclusionProof { position, head: own_head, record_path, block, block_path, last_block } = self;
        if own_head != head || record_path.len() > PATH_MAX || block_path.len() > PATH_MAX {
            return Some(false);
        }
        let header = |text: &str| Header::decode(&from_hex::<HEADER_BYTES>(text)?).ok();
        let (block, last) = (header(block)?, header(last_block)?);
        let at = position.checked_sub(block.first)?;
        let in_block = tree::leads_to(record_path, record, at, u64::from(block.count), block.records_root);
        let in_log = if block == last {
            block_path.is_empty()
        } else {
            tree::leads_to(block_path, block.hash(), block.index, last.index, last.blocks_root)
        };
        let in_head = last.hash() == head.hash && last.end() == head.position;
        Some(in_block && in_log && in_head)
    }
}
