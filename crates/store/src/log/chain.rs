//! What ties the blocks together? Each names the hash of the one before, and the root of a tree over all before.

use crate::log::block::Header;
use crate::log::hash::Hash;
use crate::log::tree::Frontier;
use ringfence_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// What a chain begins with, in the place of the hash of a block before the first.
const GENESIS: &[u8] = b"ringfence log, format 1";

/// The end of the log, or of a part of it: how far it goes and the hash that commits to all of it.
///
/// Two logs with the same head hold the same records; one that was rewritten anywhere has another head from there on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Records so far: the position of the next.
    pub position: u64,
    /// Hash of the chain up to there.
    pub hash: Hash,
}

/// A chain up to the end of a block: all that the next block needs to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// Position of the next record.
    pub position: u64,
    /// Hash of the last block.
    pub hash: Hash,
    /// Tree over the hashes of all blocks; its leaves are the number of the next block.
    pub tree: Frontier,
    /// The latest time of a record so far.
    pub latest: Option<Timestamp>,
}

impl Chain {
    /// Before the first record.
    pub fn genesis() -> Chain {
        Chain { position: 0, hash: Hash::of(&[GENESIS]), tree: Frontier::default(), latest: None }
    }
    /// Where it ends.
    pub fn head(&self) -> Head {
        Head { position: self.position, hash: self.hash }
    }
    /// Goes on to the end of a block that follows.
    pub fn push(&mut self, header: &Header) {
        self.position = header.first + u64::from(header.count);
        self.hash = header.hash();
        self.tree.push(self.hash);
        self.latest = self.latest.max(Some(header.latest));
    }
    /// Whether the block follows on this chain, the tree over all blocks before it included.
    pub fn precedes(&self, header: &Header) -> bool {
        self.precedes_by_hash(header) && header.blocks_root == self.tree.root()
    }
    /// The same without the tree, which costs some hashes: the hash of the block before commits to it as well.
    pub fn precedes_by_hash(&self, header: &Header) -> bool {
        header.first == self.position && header.index == self.tree.leaves() && header.previous == self.hash
    }
}

/// The hash of the chain at a position inside a block: of the block before and the root of the records up to there.
pub(crate) fn hash_inside(previous: Hash, position: u64, records_root: Hash) -> Hash {
    const INSIDE: &[u8] = b"ringfence log, inside a block";
    Hash::of(&[INSIDE, &previous.0, &position.to_le_bytes(), &records_root.0])
}
