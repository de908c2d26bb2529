//! Which event stands at a position of the log? Ids of events, for the evidence behind a reason.

use ringfence_domain::grow::Texts;
use serde::{Deserialize, Serialize};

/// The ids of all events, by position.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventIds(Texts);

impl EventIds {
    /// Notes the id of the event at the next position.
    pub fn push(&mut self, id: &str) {
        self.0.push(id);
    }
    /// Events noted.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Whether none is noted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// The id of the event at `position`; `None` beyond the log.
    pub fn get(&self, position: u64) -> Option<&str> {
        self.0.get(usize::try_from(position).ok()?)
    }
    /// Bytes held.
    pub fn memory_bytes(&self) -> usize {
        self.0.memory_bytes()
    }
}
