//! Has this event been seen? `(source, id)` identifies it; its content must then be the same.
//!
//! An event is kept as 16 bytes: 64 bits of a BLAKE3 of source and id, 64 bits of a BLAKE3 of its canonical
//! encoding. `recordedtime` is left out of the content: a second delivery arrives at another time.
//! Two of 10 million events share their first half with probability 3 in a million: then the later is
//! refused as "same id, other content" and nothing is lost silently.

use crate::codec;
use crate::event::Event;
use crate::grow::Shards;

/// What is kept of an event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ContentKey {
    /// 64 bits of BLAKE3 over `source` and `id`.
    pub id: u64,
    /// 64 bits of BLAKE3 over type, time and data as the codec writes them.
    pub content: u64,
}

impl ContentKey {
    /// The key of an event. `scratch` is overwritten; one buffer for many events saves an allocation each.
    pub fn of(event: &Event, scratch: &mut Vec<u8>) -> ContentKey {
        let Event { id, source, time, recorded: _, body } = event;
        scratch.clear();
        scratch.extend_from_slice(source.as_str().as_bytes());
        // Identifiers have no control characters, so that the zero byte separates without doubt.
        scratch.push(0);
        scratch.extend_from_slice(id.as_str().as_bytes());
        let id = hash64(scratch);
        scratch.clear();
        scratch.extend_from_slice(body.type_name().as_bytes());
        scratch.push(0);
        scratch.extend_from_slice(&time.millis().to_le_bytes());
        codec::encode_data(body, scratch);
        ContentKey { id, content: hash64(scratch) }
    }
}

fn hash64(bytes: &[u8]) -> u64 {
    let hash = blake3::hash(bytes);
    u64::from_le_bytes(*hash.as_bytes().first_chunk().expect("a BLAKE3 hash has 32 bytes"))
}

/// What a further event is to those before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// Not seen before.
    New,
    /// Seen with the same content: acknowledge it and change nothing.
    Same,
    /// Its id was seen with other content: refuse it.
    Different,
}

/// Remembers events. Memory: see [`Dedupe::bytes`]; between 20 and 39 bytes an event.
#[derive(Clone, Default)]
pub struct Dedupe {
    seen: Shards<ContentKey>,
}

/// The first half of a key is a hash already.
fn hash_of(key: &ContentKey) -> u64 {
    key.id
}

impl Dedupe {
    /// Remembers nothing yet.
    pub fn new() -> Self {
        Self::default()
    }
    /// Compares an event with those seen and remembers it if it is new.
    pub fn see(&mut self, key: ContentKey) -> Seen {
        let seen = self.peek(key);
        if seen == Seen::New {
            self.seen.insert_unique(key.id, key, hash_of);
        }
        seen
    }
    /// Compares an event with those seen, without remembering it.
    pub fn peek(&self, key: ContentKey) -> Seen {
        match self.seen.find(key.id, |k| k.id == key.id) {
            None => Seen::New,
            Some(known) if known.content == key.content => Seen::Same,
            Some(_) => Seen::Different,
        }
    }
    /// How many events are remembered.
    pub fn len(&self) -> usize {
        self.seen.len()
    }
    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
    /// Bytes of memory held: 16 an event and one of the table's own, over a load of 7/16 to 7/8.
    pub fn bytes(&self) -> usize {
        self.seen.memory_bytes()
    }
    /// All that is remembered, in ascending order: for a snapshot, the same on every machine.
    pub fn entries(&self) -> Vec<ContentKey> {
        let mut entries: Vec<_> = self.seen.iter().copied().collect();
        entries.sort_unstable();
        entries
    }
}

impl FromIterator<ContentKey> for Dedupe {
    fn from_iter<I: IntoIterator<Item = ContentKey>>(keys: I) -> Self {
        let mut dedupe = Self::new();
        for key in keys {
            dedupe.see(key);
        }
        dedupe
    }
}

impl std::fmt::Debug for Dedupe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dedupe({} events)", self.len())
    }
}
