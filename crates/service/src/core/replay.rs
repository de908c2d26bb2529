//! How does the log bring the core back? Record by record, through every promotion; each decision is compared.

use crate::core::control::Control;
use crate::core::{Core, CoreError, Part, Prepared, Taken, Versioned};
use ringfence_domain::codec::Decoder;
use ringfence_domain::dedupe::ContentKey;
use ringfence_domain::rates::Rates;
use ringfence_domain::{Body, Versions};
use ringfence_engine::Engine;
use ringfence_features::Plan;
use ringfence_store::log::{Record, RecordKind};
use std::fmt::Debug;
use std::sync::Arc;

/// What a replay needs beside the records that it is shown: given by whoever has files.
pub trait Past: Debug {
    /// The content of versions that the log names.
    ///
    /// # Errors
    /// Where a part is not there any more.
    fn versioned(&self, versions: &Versions, rates: &Rates) -> Result<Versioned, CoreError>;
    /// The engine of another catalogue after every record of the log before `until`.
    ///
    /// # Errors
    /// Where the log cannot be read from its beginning.
    fn rebuilt(&self, plan: &Arc<Plan>, until: u64) -> Result<Engine<Rates>, CoreError>;
}

/// What a replay of the log carries from record to record.
#[derive(Debug)]
pub struct Replay<'a> {
    decoder: Decoder,
    past: &'a dyn Past,
    expected: Option<(String, Arc<[u8]>)>,
    /// Decisions that came out as they were answered.
    pub compared: u64,
}

impl<'a> Replay<'a> {
    /// At its start. `decoder` without tokens: the log holds them already.
    pub fn new(decoder: Decoder, past: &'a dyn Past) -> Replay<'a> {
        Replay { decoder, past, expected: None, compared: 0 }
    }
    /// Whether the last record was a whole answer.
    pub fn whole(&self) -> bool {
        self.expected.is_none()
    }
    /// The decision that came out for the request before, until its record is compared.
    pub fn expected(&self) -> Option<&[u8]> {
        self.expected.as_ref().map(|(_, bytes)| &**bytes)
    }
}

impl Core {
    /// Takes a record of the log back, and compares the decision that it holds with the one that comes out.
    pub fn replay(
        &mut self,
        replay: &mut Replay<'_>,
        position: u64,
        record: &Record<'_>,
    ) -> Result<(), CoreError> {
        let broken = |what: String| CoreError::Record { position, what };
        if position != self.next {
            return Err(broken(format!("position {} was expected", self.next)));
        }
        match (record.kind, replay.expected.take()) {
            (RecordKind::Event, None) => {
                let event = replay.decoder.decode(&record.payload).map_err(|e| broken(e.to_string()))?;
                let refund = match &event.body {
                    Body::RefundRequested(r) => r.refund.as_str().to_owned(),
                    _ => String::new(),
                };
                let mut made = Vec::new();
                let key = ContentKey::of(&event, &mut self.scratch);
                match self.take(event, key, Vec::new(), record.recorded, &mut made) {
                    Taken::Accepted { .. } => {}
                    Taken::Decided { decision, .. } => {
                        // The decision's own record comes next and counts itself.
                        self.next -= 1;
                        replay.expected = Some((refund, decision));
                    }
                    other => return Err(broken(format!("it was taken once and is now {other:?}"))),
                }
            }
            (RecordKind::Decision, Some((refund, expected))) => {
                if *record.payload != *expected {
                    return Err(CoreError::Differs { refund, position });
                }
                replay.compared += 1;
                self.next += 1;
            }
            (RecordKind::Control, None) => {
                let control: Control =
                    serde_json::from_slice(&record.payload).map_err(|e| broken(e.to_string()))?;
                let prepared = self.prepared(replay.past, position, &control)?;
                self.apply(position, record.recorded, &control, prepared);
                self.next += 1;
            }
            (kind, expected) => {
                let after = if expected.is_some() { "a refund request" } else { "no refund request" };
                return Err(broken(format!("a record of kind {kind:?} after {after}")));
            }
        }
        Ok(())
    }
    /// What a promotion needs.
    fn prepared(
        &self,
        past: &dyn Past,
        position: u64,
        control: &Control,
    ) -> Result<Option<Prepared>, CoreError> {
        let Control::Promoted { versions, .. } = control else { return Ok(None) };
        let versioned = past.versioned(versions, &self.rates)?;
        let same = versions.get(Part::Features.as_str()) == self.versions.get(Part::Features.as_str());
        let rebuilt = if same { None } else { Some(past.rebuilt(&versioned.plan, position)?) };
        Prepared::new(versioned, rebuilt).map(Some)
    }
}
