//! How does a test write its events? One after the other, in the form of the contract.

use ringfence_domain::{Decoder, Event};
use serde_json::{Value, json};

/// Makes events, each with an id of its own.
pub(crate) struct Pen {
    decoder: Decoder,
    events: u64,
}

impl Default for Pen {
    fn default() -> Pen {
        Pen { decoder: Decoder::new(ringfence_domain::codec::Limits::default()), events: 0 }
    }
}

impl Pen {
    /// An event at a minute of a day, counted from the first of 2024 in months of 28 days.
    pub(crate) fn event(&mut self, kind: &str, day: u64, minute: u64, data: &Value) -> Event {
        self.events += 1;
        let (month, day, hour) = (1 + day / 28, 1 + day % 28, minute / 60 % 24);
        let time = format!("2024-{month:02}-{day:02}T{hour:02}:{:02}:00Z", minute % 60);
        let event = json!({"specversion": "1.0", "id": format!("e{}", self.events), "source": "test", "type": kind,
                           "time": time, "data": data});
        self.decoder.decode(event.to_string().as_bytes()).unwrap_or_else(|e| panic!("{e}"))
    }
}
