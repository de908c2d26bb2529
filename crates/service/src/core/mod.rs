//! What becomes of an event? Duplicates are told, the engine applies it, and what the log must hold is written down.
//!
//! The core takes no file, network, thread or clock: the records that it makes are made durable by its caller before
//! anyone is answered (INV-3), and the same records bring it back to the same state.
//!
//! - [`control`]: what else than events changes it, and who did it; [`register`]: what that adds up to;
//! - [`versions`]: what it decides with; [`replay`]: how the log brings it back;
//! - [`follow`]: the engine alone, along the log: for another catalogue, and for shadow runs;
//! - [`places`]: where in the log events and control records stand.

pub mod control;
pub mod follow;
pub mod places;
pub mod register;
pub mod replay;
pub mod versions;

pub use control::{Control, Principal};
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
use ringfence_store::log::{Record, RecordKind};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Version of the core's own part of a snapshot: 2 with rates, the register and places.
const FORMAT: u32 = 2;

/// Why a core cannot be brought up.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// Catalogue, model and policy do not fit each other.
    #[error("{0}")]
    Versions(String),
    /// A snapshot does not fit.
    #[error("{0}")]
    Snapshot(String),
    /// A record of the log is not what this program writes.
    #[error(
        "record {position} of the log cannot be read back: {what}; `ringfence log verify` tells whether the log was changed"
    )]
    Record {
        /// Position in the log.
        position: u64,
        /// What is wrong.
        what: String,
    },
    /// The log is decided with other versions than this start names.
    #[error(
        "this log is decided with {part} {live}, and this start names {part} {named}. A log that lives changes what decides \
         by promotion: start without --{part}, upload the file (POST /v1/versions/{part}), propose and approve it \
         (POST /v1/promotions)"
    )]
    OtherVersions {
        /// Which part.
        part: &'static str,
        /// As the log says.
        live: String,
        /// As started.
        named: String,
    },
    /// The content of a version is not there.
    #[error("{0}")]
    Content(String),
    /// The engine does not come to the recorded decision: an alarm.
    #[error(
        "the decision on refund {refund} (record {position}) comes out differently than it was answered; the answer stands \
         in the log, but this program or its machine is not the one that gave it: do not go on"
    )]
    Differs {
        /// The refund.
        refund: String,
        /// Position of the decision in the log.
        position: u64,
    },
}

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
    /// Whether the vector of each request is kept until the next.
    keep_vector: bool,
    vector: KeptVector,
    scratch: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    format: u32,
    next: u64,
    announced: bool,
    versions: Versions,
    rates: KeptRates,
    seen: Vec<(u64, u64)>,
    answered: BTreeMap<u64, u64>,
    decided: BTreeMap<String, u64>,
    /// JSON: its types have forms that the snapshot's own format cannot hold.
    register: Vec<u8>,
    events: Places,
    controls: Places,
    engine: Vec<u8>,
}

/// The beginning of a snapshot: what is needed to read the rest.
#[derive(Deserialize)]
struct Head {
    format: u32,
    _next: u64,
    _announced: bool,
    versions: Versions,
    rates: KeptRates,
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
            keep_vector: false,
            vector: KeptVector::default(),
            scratch: Vec::new(),
        })
    }
    /// As it was when the snapshot was taken; `past` gives the content of its versions.
    pub fn restore(bytes: &[u8], past: &dyn Past) -> Result<Core, CoreError> {
        let broken = |what: String| CoreError::Snapshot(what);
        let (format, _): (u32, _) = postcard::take_from_bytes(bytes).map_err(|e| broken(e.to_string()))?;
        if format != FORMAT {
            return Err(broken(format!("the snapshot has format {format}, this program reads {FORMAT}")));
        }
        let (head, _): (Head, _) = postcard::take_from_bytes(bytes).map_err(|e| broken(e.to_string()))?;
        debug_assert_eq!(head.format, FORMAT);
        let v = past.versioned(&head.versions, &head.rates.rates().map_err(broken)?)?;
        let (decider, versions) = v.decider()?;
        let kept: Kept = postcard::from_bytes(bytes).map_err(|e| broken(e.to_string()))?;
        let (plan, reporting) = (v.plan.clone(), v.rates.reporting());
        let engine = Engine::restore(&kept.engine, plan, reporting, v.rates.clone(), Some(decider))
            .map_err(|e| broken(e.to_string()))?;
        Ok(Core {
            engine,
            seen: kept.seen.into_iter().map(|(id, content)| ContentKey { id, content }).collect(),
            answered: kept.answered,
            decided: kept.decided,
            next: kept.next,
            versions,
            rates: v.rates,
            announced: kept.announced,
            register: serde_json::from_slice(&kept.register).map_err(|e| broken(e.to_string()))?,
            events: kept.events,
            controls: kept.controls,
            keep_vector: false,
            vector: KeptVector::default(),
            scratch: Vec::new(),
        })
    }
    /// The whole state as bytes; the same state gives the same bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        let kept = Kept {
            format: FORMAT,
            next: self.next,
            announced: self.announced,
            versions: self.versions.clone(),
            rates: KeptRates::of(&self.rates),
            seen: self.seen.entries().into_iter().map(|k| (k.id, k.content)).collect(),
            answered: self.answered.clone(),
            decided: self.decided.clone(),
            register: serde_json::to_vec(&self.register).expect("the register is texts and numbers"),
            events: self.events.clone(),
            controls: self.controls.clone(),
            engine: self.engine.snapshot(),
        };
        postcard::to_stdvec(&kept).expect("writing to memory cannot fail")
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
    /// Takes an event that arrived now, with its bytes as the log shall hold them; its records go to `records`.
    pub fn take(
        &mut self,
        mut event: Event,
        payload: Vec<u8>,
        now: Timestamp,
        records: &mut Vec<Record<'static>>,
    ) -> Taken {
        let key = ContentKey::of(&event, &mut self.scratch);
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
