//! What does the log keep? Records: what was received and what was answered, with the time of its arrival.

use crate::log::hash::Hash;
use crate::log::tree;
use ringfence_domain::Timestamp;
use std::borrow::Cow;

/// Most bytes of one payload: far above any event, far below what would stall a group commit.
pub const PAYLOAD_BYTES_MAX: usize = 16 << 20;

/// Bytes of a record beside its payload: kind, time, length.
pub(crate) const OVERHEAD_BYTES: usize = 1 + 8 + 4;

/// What a record is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecordKind {
    /// An event, as the JSON bytes that were received (after personal values became tokens).
    Event,
    /// A decision that was answered.
    Decision,
    /// What changes the engine itself: another catalogue, model, policy or configuration.
    Control,
}

impl RecordKind {
    /// All kinds.
    pub const ALL: [RecordKind; 3] = [RecordKind::Event, RecordKind::Decision, RecordKind::Control];

    fn code(self) -> u8 {
        match self {
            RecordKind::Event => 1,
            RecordKind::Decision => 2,
            RecordKind::Control => 3,
        }
    }
    fn from_code(code: u8) -> Option<RecordKind> {
        RecordKind::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// One record. The log gives it its position.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record<'a> {
    /// What it is.
    pub kind: RecordKind,
    /// When it was recorded, by the caller's clock: the log has none.
    pub recorded: Timestamp,
    /// Its bytes; the log does not look into them.
    pub payload: Cow<'a, [u8]>,
}

impl Record<'_> {
    /// The same with bytes of its own.
    pub fn into_owned(self) -> Record<'static> {
        let Record { kind, recorded, payload } = self;
        Record { kind, recorded, payload: Cow::Owned(payload.into_owned()) }
    }

    /// Its hash, as a leaf of its block's tree.
    pub fn hash(&self) -> Hash {
        let head = self.head();
        tree::leaf(&[&head, &self.payload])
    }

    /// Appends it to the body of a block.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.head());
        out.extend_from_slice(&self.payload);
    }

    fn head(&self) -> [u8; OVERHEAD_BYTES] {
        let mut head = [0; OVERHEAD_BYTES];
        head[0] = self.kind.code();
        head[1..9].copy_from_slice(&self.recorded.millis().to_le_bytes());
        head[9..].copy_from_slice(&(self.payload.len() as u32).to_le_bytes());
        head
    }
}

/// The records in the body of a block, one after the other; stops at the first that is none.
pub(crate) fn decode(body: &[u8]) -> impl Iterator<Item = Option<Record<'_>>> {
    let mut rest = body;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let one = decode_one(rest);
        rest = one.as_ref().map_or(&[], |(_, after)| after);
        Some(one.map(|(record, _)| record))
    })
}

fn decode_one(bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<OVERHEAD_BYTES>()?;
    let [kind, t0, t1, t2, t3, t4, t5, t6, t7, l0, l1, l2, l3] = *head;
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    if length > PAYLOAD_BYTES_MAX {
        return None;
    }
    let (payload, rest) = rest.split_at_checked(length)?;
    let record = Record {
        kind: RecordKind::from_code(kind)?,
        recorded: Timestamp::from_millis(i64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]))?,
        payload: Cow::Borrowed(payload),
    };
    Some((record, rest))
}
