//! Which moment does a person mean in a file? A day, as in 2023-03-01, or a time, as in 2023-03-01T12:34:56Z.

use ringfence_domain::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A day, which is its midnight UTC, or a time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Moment(pub Timestamp);

impl Moment {
    /// Its day.
    pub fn day_text(self) -> String {
        day_text(self.0)
    }
}

/// The day of a time, as in 2023-03-01.
pub fn day_text(at: Timestamp) -> String {
    let (year, month, day) = at.civil();
    format!("{year:04}-{month:02}-{day:02}")
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        let text = String::deserialize(deserializer)?;
        let whole = if text.len() == "2023-03-01".len() { format!("{text}T00:00:00Z") } else { text };
        Timestamp::parse(&whole).map(Moment).map_err(de::Error::custom)
    }
}
