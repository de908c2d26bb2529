//! What becomes of an event? Duplicates are told, the engine applies it, and what the log must hold is written down.
//!
//! The core takes no file, network, thread or clock: the records that it makes are made durable by its caller before
//! anyone is answered (INV-3), and the same records bring it back to the same state.
//!
//! - [`control`]: what else than events changes it, and who did it; [`register`]: what that adds up to;
//! - [`people`]: what people said of leads;
//! - [`versions`]: what it decides with; [`replay`]: how the log brings it back, or a snapshot;
//! - [`follow`]: the engine alone, along the log: for another catalogue, and for shadow runs;
//! - [`places`]: where in the log events and control records stand.

pub mod control;
mod error;
pub mod follow;
pub mod people;
pub mod places;
pub mod register;
pub mod replay;
mod snapshot;
pub mod versions;

pub use control::{Control, Principal};
pub use error::CoreError;
pub use register::Denied;
pub use replay::{Past, Replay};
pub use versions::{Part, Versioned};

use crate::core::control::KeptRates;
use crate::core::follow::change_engine;
use crate::core::places::Places;
use crate::core::register::Register;
use ringfence_domain::dedupe::{ContentKey, Dedupe, Seen};
use ringfence_domain::rates::Rates;
use ringfence_domain::vector::Schema;
use ringfence_domain::{Decision, Event, Timestamp, Versions};
use ringfence_engine::{Applied, Decider, Engine};
use ringfence_leads::log::Book;
use ringfence_store::log::{Record, RecordKind};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What became of one event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Taken {
    /// New: it is in the log at this position.
    Accepted {
        /// Position in the log.
        position: u64,
    },
    /// New, a refund request: event and decision are in the log.
    Decided {
        /// Position of the event in the log.
        position: u64,
        /// The decision as JSON: the bytes that the log holds.
        decision: Arc<[u8]>,
    },
    /// Seen before with the same content; nothing changed. For a refund request, where its decision stands.
    Duplicate {
        /// Position of the decision in the log.
        answered_at: Option<u64>,
    },
    /// Seen before with other content: refused.
    OtherContent,
    /// It cannot be weighed: refused, and why.
    Refused(String),
}

/// What makes a promotion ready: compiled beside the live path.
#[derive(Debug)]
pub struct Prepared {
    /// What decides from then on.
    pub versioned: Versioned,
    decider: Decider,
    versions: Versions,
    /// The state by another catalogue, after every record so far.
    pub rebuilt: Option<Engine<Rates>>,
}

impl Prepared {
    /// Of these versions, whose parts fit each other.
    pub fn new(versioned: Versioned, rebuilt: Option<Engine<Rates>>) -> Result<Prepared, CoreError> {
        let (decider, versions) = versioned.decider()?;
        Ok(Prepared { versioned, decider, versions, rebuilt })
    }
}

/// The vector of a request, where it was asked to be kept.
#[derive(Clone, Debug, Default)]
pub struct KeptVector {
    /// One number a column.
    pub values: Vec<f64>,
    /// The words of category columns.
    pub words: Vec<(usize, String)>,
}

/// Engine, what was seen, and what was answered.
#[derive(Debug)]
pub struct Core {
    engine: Engine<Rates>,
    seen: Dedupe,
    /// Position of the decision by key of its request's event.
    answered: BTreeMap<u64, u64>,
    /// Position of the first decision by refund.
    decided: BTreeMap<String, u64>,
    /// Position that the next record gets.
    next: u64,
    versions: Versions,
    rates: Rates,
    announced: bool,
    register: Register,
    events: Places,
    controls: Places,
    leads: Book,
    /// Whether the vector of each request is kept until the next.
    keep_vector: bool,
    vector: KeptVector,
    scratch: Vec<u8>,
}

impl Core {
    /// Before the first record.
    pub fn new(v: &Versioned) -> Result<Core, CoreError> {
        let (decider, versions) = v.decider()?;
        let engine = Engine::new(v.plan.clone(), v.rates.reporting(), v.rates.clone(), Some(decider));
        Ok(Core {
            engine,
            seen: Dedupe::new(),
            answered: BTreeMap::new(),
            decided: BTreeMap::new(),
            next: 0,
            versions,
            rates: v.rates.clone(),
            announced: false,
            register: Register::default(),
            events: Places::default(),
            controls: Places::default(),
            leads: Book::default(),
            keep_vector: false,
            vector: KeptVector::default(),
            scratch: Vec::new(),
        })
    }
    /// Position that the next record gets: the length of the log, once all records that were made are durable.
    pub fn next(&self) -> u64 {
        self.next
    }
    /// Events applied.
    pub fn events(&self) -> u64 {
        self.engine.position()
    }
    /// What decides.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }
    /// The rates.
    pub fn rates(&self) -> &Rates {
        &self.rates
    }
    /// What is proposed, tried and listed.
    pub fn register(&self) -> &Register {
        &self.register
    }
    /// The engine.
    pub fn engine(&self) -> &Engine<Rates> {
        &self.engine
    }
    /// The engine alone.
    pub fn into_engine(self) -> Engine<Rates> {
        self.engine
    }
    /// The columns of vectors.
    pub fn schema(&self) -> &Schema {
        &self.engine.folder().plan().schema
    }
    /// Where in the log the events stand.
    pub fn event_places(&self) -> &Places {
        &self.events
    }
    /// Where in the log the control records stand.
    pub fn control_places(&self) -> &Places {
        &self.controls
    }
    /// The leads that the log holds.
    pub fn leads(&self) -> &Book {
        &self.leads
    }
    /// Keeps the vector of each request until the next.
    pub fn keep_vectors(&mut self) {
        self.keep_vector = true;
    }
    /// The vector of the last request, where vectors are kept.
    pub fn last_vector(&self) -> &KeptVector {
        &self.vector
    }
    /// Where the first decision on a refund stands in the log.
    pub fn decided_at(&self, refund: &str) -> Option<u64> {
        self.decided.get(refund).copied()
    }
    /// Says in the log what decides from here on, where it does not say so yet: the first versions, and other rates.
    pub fn announce(&mut self, rates: &Rates, now: Timestamp, records: &mut Vec<Record<'static>>) {
        if !self.announced {
            self.rates = rates.clone();
            self.engine.set_convert(rates.clone());
            let rates = Some(KeptRates::of(rates));
            self.record(&Control::Versions { versions: self.versions.clone(), rates }, now, None, records);
        } else if self.rates.fingerprint() != rates.fingerprint() {
            self.record(&Control::Rates { rates: KeptRates::of(rates) }, now, None, records);
        }
    }
    fn push(
        &mut self,
        records: &mut Vec<Record<'static>>,
        kind: RecordKind,
        recorded: Timestamp,
        payload: Vec<u8>,
    ) -> u64 {
        records.push(Record { kind, recorded, payload: Cow::Owned(payload) });
        self.next += 1;
        self.next - 1
    }
    /// Takes a change that was asked for now; its record goes to `records`. A promotion comes prepared.
    pub fn control(
        &mut self,
        control: &Control,
        prepared: Option<Prepared>,
        now: Timestamp,
        records: &mut Vec<Record<'static>>,
    ) -> Result<u64, Denied> {
        self.register.check(control, &self.versions)?;
        if let Control::Promoted { versions, .. } = control {
            let fits = prepared.as_ref().is_some_and(|p| {
                let rebuilt = p.rebuilt.as_ref().is_none_or(|e| e.position() == self.engine.position());
                p.versions == *versions && rebuilt && (p.rebuilt.is_some() || self.same_catalogue(versions))
            });
            if !fits {
                let what = "the state for these versions is not of this position of the log";
                return Err(Denied::Conflict(what.into()));
            }
        }
        Ok(self.record(control, now, prepared, records))
    }
    fn same_catalogue(&self, versions: &Versions) -> bool {
        let part = Part::Features.as_str();
        versions.get(part) == self.versions.get(part)
    }
    fn record(
        &mut self,
        control: &Control,
        now: Timestamp,
        prepared: Option<Prepared>,
        records: &mut Vec<Record<'static>>,
    ) -> u64 {
        let position = self.push(records, RecordKind::Control, now, control.bytes());
        self.apply(position, now, control, prepared);
        position
    }
    /// What a control record does, live and in a replay.
    fn apply(&mut self, position: u64, at: Timestamp, control: &Control, prepared: Option<Prepared>) {
        self.controls.push(position);
        self.announced = true;
        self.register.apply(position, at, control);
        if let Some(rates) = change_engine(&mut self.engine, position, control) {
            self.rates = rates;
        }
        if let Some(Prepared { decider, versions, rebuilt, versioned: _ }) = prepared {
            match rebuilt {
                Some(engine) => self.engine.take_over(engine, decider),
                None => self.engine.set_decider(decider),
            }
            self.versions = versions;
        }
    }
    /// Takes an event that arrived now, with its key and its bytes as the log shall hold them; its records go to `records`.
    pub fn take(
        &mut self,
        mut event: Event,
        key: ContentKey,
        payload: Vec<u8>,
        now: Timestamp,
        records: &mut Vec<Record<'static>>,
    ) -> Taken {
        match self.seen.peek(key) {
            Seen::New => {}
            Seen::Same => return Taken::Duplicate { answered_at: self.answered.get(&key.id).copied() },
            Seen::Different => return Taken::OtherContent,
        }
        event.recorded = event.recorded.or(Some(now));
        let decision = match self.engine.apply(&event) {
            Ok(Applied::Request(request)) => {
                if self.keep_vector {
                    self.vector =
                        KeptVector { values: request.vector.to_vec(), words: request.words.to_vec() };
                }
                request.decision
            }
            Ok(Applied::Folded | Applied::Unknown) => None,
            Err(e) => return Taken::Refused(e.to_string()),
        };
        self.seen.see(key);
        let position = self.push(records, RecordKind::Event, now, payload);
        self.events.push(position);
        self.leads.see(&event, position);
        let Some(decision) = decision else { return Taken::Accepted { position } };
        let bytes = decision_json(&decision);
        let at = self.push(records, RecordKind::Decision, now, bytes.clone());
        self.answered.insert(key.id, at);
        self.decided.entry(decision.refund.as_str().to_owned()).or_insert(at);
        Taken::Decided { position, decision: bytes.into() }
    }
}

/// A decision as the log holds it and as it is answered.
pub(crate) fn decision_json(decision: &Decision) -> Vec<u8> {
    serde_json::to_vec(decision).expect("a decision serialises")
}
