//! What happened to each order, and when? Records by event time, in UTC, with their source.

use crate::redact::Masks;
use crate::rows::Rows;
use crate::view::View;
use crate::words::sentence;
use ringfence_domain::Timestamp;

/// A line of a timeline.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// The order.
    pub order: String,
    /// When it happened, as its sender says.
    pub at: Timestamp,
    /// When it arrived here.
    pub arrived: Timestamp,
    /// Who sent it.
    pub source: String,
    /// The record.
    pub record: u64,
    /// What it says.
    pub says: String,
}

/// The timelines of all orders.
pub fn entries(view: &View<'_>, masks: &mut Masks) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (order, records) in view.by_order() {
        entries.extend(records.into_iter().map(|cited| Entry {
            order: order.to_owned(),
            at: cited.time(),
            arrived: cited.recorded,
            source: cited.source().to_owned(),
            record: cited.at,
            says: sentence(cited, masks),
        }));
    }
    entries
}

/// The exhibit.
pub fn csv(entries: &[Entry]) -> Vec<u8> {
    let mut rows = Rows::new();
    rows.push(&["order", "time_utc", "arrived_utc", "source", "record", "what"]);
    for e in entries {
        let Entry { order, at, arrived, source, record, says } = e;
        rows.push(&[
            order.as_str(),
            &at.to_string(),
            &arrived.to_string(),
            source,
            &record.to_string(),
            says,
        ]);
    }
    rows.into_bytes()
}
