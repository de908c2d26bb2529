//! How are single records of the log shown, so that each can be checked without the others?

use crate::canonical::canonical;
use crate::redact::Masks;
use ringfence_domain::{Decision, Event, Timestamp};
use ringfence_store::log::{Hash, InclusionProof, Record, RecordKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// A record that the pack rests on.
#[derive(Clone, Debug)]
pub struct Cited {
    /// Its position in the log; of files of events, the number of the event in the order of arrival, from 1.
    pub at: u64,
    /// What it is.
    pub kind: RecordKind,
    /// When it arrived.
    pub recorded: Timestamp,
    /// Its bytes.
    pub payload: Vec<u8>,
    /// That it is in the log; none where there is no chain.
    pub proof: Option<InclusionProof>,
    /// What it says.
    pub says: Says,
}

/// What a record says.
#[derive(Clone, Debug)]
pub enum Says {
    /// An event.
    Event(Box<Event>),
    /// A decision of the engine.
    Decision(Box<Decision>),
    /// A change or a note of the service.
    Control(Value),
}

impl Cited {
    /// The record as the log has it.
    pub fn record(&self) -> Record<'_> {
        Record { kind: self.kind, recorded: self.recorded, payload: Cow::Borrowed(&self.payload) }
    }
    /// When it happened: by the sender for an event, by the service for anything else.
    pub fn time(&self) -> Timestamp {
        match &self.says {
            Says::Event(event) => event.time,
            Says::Decision(decision) => decision.decided_at,
            Says::Control(_) => self.recorded,
        }
    }
    /// The event, if it is one.
    pub fn event(&self) -> Option<&Event> {
        match &self.says {
            Says::Event(event) => Some(event),
            Says::Decision(_) | Says::Control(_) => None,
        }
    }
    /// Who sent it.
    pub fn source(&self) -> &str {
        match &self.says {
            Says::Event(event) => event.source.as_str(),
            Says::Decision(_) => "ringfence (decision)",
            Says::Control(_) => "ringfence (service)",
        }
    }
}

/// The word of a kind of record.
pub fn kind_word(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Event => "event",
        RecordKind::Decision => "decision",
        RecordKind::Control => "control",
    }
}

fn kind_of(word: &str) -> Option<RecordKind> {
    RecordKind::ALL.into_iter().find(|kind| kind_word(*kind) == word)
}

/// A line of the exhibit of records: canonical JSON.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// Its position or number.
    pub record: u64,
    /// `event`, `decision` or `control`.
    pub kind: String,
    /// When it arrived.
    pub recorded: Timestamp,
    /// Its hash, as a leaf of its block's tree (BLAKE3).
    pub leaf: Hash,
    /// Its bytes as a text, where all of it may be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// What may be seen of it, where that is not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redacted: Option<Value>,
}

impl Shown {
    /// A record as the purpose of the masks sees it.
    pub fn of(cited: &Cited, masks: &mut Masks) -> Shown {
        let redacted = masks.record(cited.at, cited.kind, &cited.payload);
        let payload = match (&redacted, std::str::from_utf8(&cited.payload)) {
            (None, Ok(text)) => Some(text.to_owned()),
            (Some(_), _) | (None, Err(_)) => None,
        };
        Shown {
            record: cited.at,
            kind: kind_word(cited.kind).to_owned(),
            recorded: cited.recorded,
            leaf: cited.record().hash(),
            payload,
            redacted,
        }
    }
    /// Whether its bytes, as far as they are shown, have its hash.
    pub fn fits(&self) -> bool {
        match (&self.payload, kind_of(&self.kind)) {
            (Some(payload), Some(kind)) => {
                let payload = Cow::Borrowed(payload.as_bytes());
                Record { kind, recorded: self.recorded, payload }.hash() == self.leaf
            }
            (None, Some(_)) => true,
            (_, None) => false,
        }
    }
}

/// Values as lines of canonical JSON.
pub fn lines<T: Serialize>(values: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut out = Vec::new();
    for value in values {
        out.extend(canonical(&value));
        out.push(b'\n');
    }
    out
}
