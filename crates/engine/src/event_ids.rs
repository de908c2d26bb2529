//! Which event stands at a position of the log? Ids of events, for the evidence behind a reason.

use serde::{Deserialize, Serialize};

/// The ids of all events, by position.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventIds {
    bytes: Vec<u8>,
    ends: Vec<u64>,
}

impl EventIds {
    /// Notes the id of the event at the next position.
    pub fn push(&mut self, id: &str) {
        self.bytes.extend_from_slice(id.as_bytes());
        self.ends.push(self.bytes.len() as u64);
    }
    /// Events noted.
    pub fn len(&self) -> usize {
        self.ends.len()
    }
    /// Whether none is noted.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
    /// The id of the event at `position`; `None` beyond the log.
    pub fn get(&self, position: u64) -> Option<&str> {
        let i = usize::try_from(position).ok()?;
        let end = *self.ends.get(i)? as usize;
        let start = if i == 0 { 0 } else { self.ends[i - 1] as usize };
        Some(std::str::from_utf8(&self.bytes[start..end]).expect("only whole ids were put in"))
    }
    /// Bytes held.
    pub fn memory_bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 8
    }
}
