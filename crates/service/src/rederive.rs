//! Does a decision come out again, and what was it made from? The log folded up to its request, beside the live path.

use crate::core::{CoreError, Replay};
use crate::past::{At, History, PastError};
use ringfence_domain::Decision;
use ringfence_domain::vector::{Column, ColumnKind};
use ringfence_store::log::Record;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// Events that are shown with a decision: more than its reasons name.
const EVENTS_MAX: usize = 64;

/// One column of a request's vector.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Feature {
    /// Its name in the catalogue.
    pub name: String,
    /// What it says.
    pub about: String,
    /// Its number; missing where it is not known.
    pub value: Option<f64>,
    /// Its word, for a category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
}

/// An event behind a decision.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Behind {
    /// Its place in the log.
    pub position: u64,
    /// When it was recorded.
    pub recorded: String,
    /// The event, as the log holds it.
    pub event: serde_json::Value,
}

/// A decision that was made again.
#[derive(Debug)]
pub struct Rederived {
    /// As answered: the bytes of the log.
    pub recorded: Vec<u8>,
    /// As it comes out now.
    pub rederived: Vec<u8>,
    /// Where the decision stands in the log.
    pub position: u64,
    /// The vector of its request.
    pub vector: Vec<Feature>,
    /// The events that its reasons name, and the request itself, in the order of the log.
    pub events: Vec<Behind>,
    /// Position of the snapshot from which it was folded, if any.
    pub snapshot: Option<u64>,
    /// Records folded.
    pub records: u64,
}

impl History {
    /// Folds the log up to the request whose decision stands at `position`, and decides again.
    ///
    /// # Errors
    /// Where the log does not reach back far enough, or a decision before it comes out differently.
    pub fn rederive(&self, position: u64) -> Result<Rederived, PastError> {
        let broken = |what: &str| CoreError::Record { position, what: what.to_owned() };
        let asked_at = position.checked_sub(1).ok_or_else(|| broken("no request before a decision"))?;
        let At { mut core, snapshot, records, .. } =
            self.at(asked_at, &mut |_, _| {})?.ok_or_else(|| broken("the log is empty"))?;
        core.keep_vectors();
        let mut replay = Replay::new(self.decoder(), self);
        core.replay(&mut replay, asked_at, &self.reader.record(asked_at)?)?;
        let rederived =
            replay.expected().ok_or_else(|| broken("what stands before a decision is no request"))?.to_vec();
        let recorded = self.reader.record(position)?.payload.into_owned();
        let vector = features(&core.schema().columns, core.last_vector());
        let decision: Decision = serde_json::from_slice(&recorded)
            .map_err(|e| CoreError::Record { position, what: e.to_string() })?;
        let named: BTreeSet<&str> =
            decision.reasons.iter().flat_map(|r| &r.events).map(String::as_str).collect();
        let ids = core.engine().event_ids();
        let found = (0..ids.len() as u64).filter(|n| ids.get(*n).is_some_and(|id| named.contains(id)));
        let mut places: BTreeSet<u64> =
            found.filter_map(|n| core.event_places().get(n)).take(EVENTS_MAX).collect();
        places.insert(asked_at);
        let mut events = Vec::with_capacity(places.len());
        for place in places {
            events.push(behind(place, &self.reader.record(place)?)?);
        }
        Ok(Rederived { recorded, rederived, position, vector, events, snapshot, records: records + 1 })
    }
}

fn features(columns: &[Column], kept: &crate::core::KeptVector) -> Vec<Feature> {
    let word = |at: usize| kept.words.iter().find(|(column, _)| *column == at).map(|(_, word)| word.clone());
    let feature = |(at, (column, value)): (usize, (&Column, &f64))| Feature {
        name: column.name.clone(),
        about: column.about.clone(),
        // The number of a category is a hash of its word: it says nothing.
        value: Some(*value).filter(|v| v.is_finite() && column.kind != ColumnKind::Category),
        word: word(at),
    };
    columns.iter().zip(&kept.values).enumerate().map(feature).collect()
}

fn behind(position: u64, record: &Record<'_>) -> Result<Behind, CoreError> {
    let event = serde_json::from_slice(&record.payload)
        .map_err(|e| CoreError::Record { position, what: e.to_string() })?;
    let mut recorded = String::new();
    record.recorded.write(&mut recorded).expect("a String takes all text");
    Ok(Behind { position, recorded, event })
}
