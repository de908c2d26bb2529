//! What is the engine's state along the log, beside the live one? Events and changes folded, nothing answered.
//!
//! A follower with another catalogue is how a catalogue is promoted; one with another model or policy is a shadow run.

use crate::core::CoreError;
use crate::core::control::Control;
use ringfence_domain::Decision;
use ringfence_domain::codec::Decoder;
use ringfence_domain::rates::Rates;
use ringfence_engine::{Applied, Decider, Engine, Entry, Suppression};
use ringfence_store::log::{Record, RecordKind};

/// What a control record changes in an engine; the rates, where it sets them.
pub(crate) fn change_engine(engine: &mut Engine<Rates>, position: u64, control: &Control) -> Option<Rates> {
    match control {
        Control::Versions { rates: Some(rates), .. } | Control::Rates { rates } => {
            // What the log holds was checked when it was written.
            let rates = rates.rates().ok()?;
            engine.set_convert(rates.clone());
            return Some(rates);
        }
        Control::Listed { list, kind, value, until, why: _, by: _ } => {
            let entry = Entry { list: *list, kind: *kind, value: value.clone(), until: *until };
            engine.lists_mut().add(position, entry);
        }
        Control::Suppressed { rule, of, until, why: _, by: _ } => {
            let suppression = Suppression { rule: rule.clone(), of: of.clone(), until: *until };
            engine.lists_mut().suppress(position, suppression);
        }
        Control::Unlisted { entry, .. } => {
            engine.lists_mut().remove(*entry);
        }
        Control::Versions { rates: None, .. }
        | Control::Proposed { .. }
        | Control::Approved { .. }
        | Control::Rejected { .. }
        | Control::Promoted { .. }
        | Control::ShadowStarted { .. }
        | Control::ShadowEnded { .. }
        | Control::UnmaskingAsked { .. }
        | Control::UnmaskingSettled { .. }
        | Control::StaffReviewed { .. }
        | Control::MatchJudged { .. }
        | Control::Casework { .. }
        | Control::Noted { .. } => {}
    }
    None
}

/// What a follower makes of a refund request.
#[derive(Debug)]
pub struct Beside {
    /// Its own decision.
    pub decision: Option<Decision>,
    /// The amount in minor units of the reporting currency.
    pub amount_minor: i64,
}

/// An engine that folds the records of the log.
#[derive(Debug)]
pub struct Follower {
    engine: Engine<Rates>,
    decoder: Decoder,
    next: u64,
}

impl Follower {
    /// `engine` has folded every record before `next`.
    pub fn new(engine: Engine<Rates>, decoder: Decoder, next: u64) -> Follower {
        Follower { engine, decoder, next }
    }
    /// Position of the record that comes next.
    pub fn next(&self) -> u64 {
        self.next
    }
    /// The engine.
    pub fn engine(&self) -> &Engine<Rates> {
        &self.engine
    }
    /// Decides from the next request on.
    pub fn decide_with(&mut self, decider: Decider) {
        self.engine.set_decider(decider);
    }
    /// The engine alone.
    pub fn into_engine(self) -> Engine<Rates> {
        self.engine
    }
    /// Engine and decoder.
    pub fn into_parts(self) -> (Engine<Rates>, Decoder) {
        (self.engine, self.decoder)
    }
    /// Folds the next record; what it makes of a request.
    pub fn fold(&mut self, position: u64, record: &Record<'_>) -> Result<Option<Beside>, CoreError> {
        let broken = |what: String| CoreError::Record { position, what };
        if position != self.next {
            return Err(broken(format!("position {} was expected", self.next)));
        }
        self.next += 1;
        match record.kind {
            RecordKind::Decision => {}
            RecordKind::Control => {
                let control = serde_json::from_slice(&record.payload).map_err(|e| broken(e.to_string()))?;
                change_engine(&mut self.engine, position, &control);
            }
            RecordKind::Event => {
                let mut event = self.decoder.decode(&record.payload).map_err(|e| broken(e.to_string()))?;
                event.recorded = event.recorded.or(Some(record.recorded));
                if let Applied::Request(request) =
                    self.engine.apply(&event).map_err(|e| broken(e.to_string()))?
                {
                    let amount_minor = request.situation.amount_minor;
                    return Ok(Some(Beside { decision: request.decision, amount_minor }));
                }
            }
        }
        Ok(None)
    }
}
