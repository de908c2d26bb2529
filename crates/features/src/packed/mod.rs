//! How are many events kept for folding again and again? Facts in compact blocks: the packed log.
//!
//! A packed log is derived from an event file and may be thrown away: the JSON lines stay the truth. It holds what the
//! fold reads (identifiers as numbers with their texts, money in the reporting currency), the ids of the events for
//! evidence, and a checksum a block.
//!
//! Layout, little endian: `RFPACK01`, then blocks of `u32 length, 8 bytes of BLAKE3, payload`. The first payload is the
//! head: 3 letters of the reporting currency, 8 bytes that stand for the slots of all event types ([`schema`]), 8 bytes
//! that stand for the rates by which money was converted. Each later payload: new identifiers, facts, event ids.

mod read;
mod write;

pub use read::{Block, PackReader, empty_fact};
pub use write::PackWriter;

use crate::fact::slots;
use ringfence_domain::EventType;
use ringfence_domain::words::Word;

/// First bytes of a packed log of this version.
pub const MAGIC: &[u8; 8] = b"RFPACK01";

/// Facts a block: about 256 KiB, so that a damaged byte costs little and a block fits the cache.
pub const BLOCK_FACTS: usize = 4_096;

/// Why a packed log cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackedError {
    /// Not a packed log, or of another version.
    #[error("this is not a packed log of this version; pack the event file again")]
    Magic,
    /// Written with other slots.
    #[error(
        "this packed log was written by a program whose events have other fields; pack the event file again"
    )]
    Schema,
    /// Cut off.
    #[error(
        "the packed log ends inside block {block} (byte {offset}), {facts} events are whole; pack the event file again"
    )]
    Truncated {
        /// Block, from 0.
        block: usize,
        /// Byte offset of the block.
        offset: usize,
        /// Events before it.
        facts: u64,
    },
    /// Changed.
    #[error(
        "block {block} of the packed log (byte {offset}) was changed: its checksum differs; pack the event file again"
    )]
    Checksum {
        /// Block, from 0.
        block: usize,
        /// Byte offset of the block.
        offset: usize,
    },
    /// Whole, but not what this program writes.
    #[error(
        "block {block} of the packed log holds what no version writes ({what}); pack the event file again"
    )]
    Malformed {
        /// Block, from 0.
        block: usize,
        /// What was met.
        what: &'static str,
    },
}

/// Stands for the slots of all event types: their names, what they hold, and the words of closed vocabularies. A log with
/// others would be misread.
pub fn schema() -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    for event_type in EventType::ALL {
        hasher.update(format!("{event_type:?}\n").as_bytes());
        for slot in slots(*event_type) {
            hasher.update(format!("{} {:?}\n", slot.name, slot.slot_type).as_bytes());
        }
    }
    let mut out = [0; 8];
    out.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    out
}
