//! What becomes of an event? Duplicates are told, the engine applies it, and what the log must hold is written down.
//!
//! The core takes no file, network, thread or clock: the records that it makes are made durable by its caller before
//! anyone is answered (INV-3), and the same records bring it back to the same state.

use ringfence_decide::{DEFAULT_POLICY, Policy};
use ringfence_domain::codec::Decoder;
use ringfence_domain::dedupe::{ContentKey, Dedupe, Seen};
use ringfence_domain::rates::Rates;
use ringfence_domain::{Body, Decision, Event, Timestamp, Versions};
use ringfence_engine::{Applied, Decider, Engine};
use ringfence_features::Plan;
use ringfence_learn::model::Model;
use ringfence_store::log::{Record, RecordKind};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Version of the core's own part of a snapshot.
const FORMAT: u32 = 1;

/// What an engine decides with.
#[derive(Clone, Debug)]
pub struct Versioned {
    /// The catalogue.
    pub plan: Arc<Plan>,
    /// The model, if any.
    pub model: Option<Model>,
    /// The policy.
    pub policy: Policy,
    /// Rates into the reporting currency.
    pub rates: Rates,
}

impl Versioned {
    /// The built-in catalogue and policy, without a model.
    pub fn builtin() -> Versioned {
        let policy = Policy::parse(DEFAULT_POLICY).expect("the built-in policy is checked by a test");
        let rates = Rates::new(policy.currency);
        Versioned { plan: Arc::new(Plan::builtin()), model: None, policy, rates }
    }
}

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
    /// The log was decided with other versions.
    #[error(
        "the decisions of this log were made with {recorded}, and this start has {started}; start with the recorded {which}, \
         or begin another folder: a change of versions of a live log needs promotion"
    )]
    OtherVersions {
        /// What differs.
        which: String,
        /// As the log says.
        recorded: String,
        /// As started.
        started: String,
    },
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
    announced: bool,
    scratch: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    format: u32,
    next: u64,
    announced: bool,
    versions: Versions,
    seen: Vec<(u64, u64)>,
    answered: BTreeMap<u64, u64>,
    decided: BTreeMap<String, u64>,
    engine: Vec<u8>,
}

/// What a control record says.
#[derive(Serialize, Deserialize)]
#[serde(tag = "control", rename_all = "snake_case")]
enum Control {
    /// From here on these versions decide.
    Versions { versions: Versions },
}

fn decider(v: &Versioned) -> Result<(Decider, Versions), CoreError> {
    let decider = Decider::new(&v.plan.schema, v.model.as_ref(), &v.policy)
        .map_err(|e| CoreError::Versions(e.to_string()))?;
    if v.policy.currency != v.rates.reporting() {
        let (policy, reporting) = (v.policy.currency, v.rates.reporting());
        let what = format!("the policy is in {policy}, the reporting currency is {reporting}");
        return Err(CoreError::Versions(what));
    }
    let mut versions = decider.versions().clone();
    // Named also where there is none, so that a later start with one is told apart.
    versions.entry("model".into()).or_insert_with(|| "none".into());
    Ok((decider, versions))
}

impl Core {
    /// Before the first record.
    pub fn new(v: &Versioned) -> Result<Core, CoreError> {
        let (decider, versions) = decider(v)?;
        let engine = Engine::new(v.plan.clone(), v.rates.reporting(), v.rates.clone(), Some(decider));
        Ok(Core {
            engine,
            seen: Dedupe::new(),
            answered: BTreeMap::new(),
            decided: BTreeMap::new(),
            next: 0,
            versions,
            announced: false,
            scratch: Vec::new(),
        })
    }
    /// As it was when the snapshot was taken.
    pub fn restore(v: &Versioned, bytes: &[u8]) -> Result<Core, CoreError> {
        let (decider, versions) = decider(v)?;
        let kept: Kept = postcard::from_bytes(bytes).map_err(|e| CoreError::Snapshot(e.to_string()))?;
        if kept.format != FORMAT {
            let what = format!("the snapshot has format {}, this program reads {FORMAT}", kept.format);
            return Err(CoreError::Snapshot(what));
        }
        same_versions(&kept.versions, &versions)?;
        let (plan, reporting) = (v.plan.clone(), v.rates.reporting());
        let engine = Engine::restore(&kept.engine, plan, reporting, v.rates.clone(), Some(decider))
            .map_err(|e| CoreError::Snapshot(e.to_string()))?;
        Ok(Core {
            engine,
            seen: kept.seen.into_iter().map(|(id, content)| ContentKey { id, content }).collect(),
            answered: kept.answered,
            decided: kept.decided,
            next: kept.next,
            versions,
            announced: kept.announced,
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
            seen: self.seen.entries().into_iter().map(|k| (k.id, k.content)).collect(),
            answered: self.answered.clone(),
            decided: self.decided.clone(),
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
    /// Where the first decision on a refund stands in the log.
    pub fn decided_at(&self, refund: &str) -> Option<u64> {
        self.decided.get(refund).copied()
    }
    /// Says in the log which versions decide from here on, where it does not say so yet.
    pub fn announce(&mut self, now: Timestamp, records: &mut Vec<Record<'static>>) {
        if !self.announced {
            let control = Control::Versions { versions: self.versions.clone() };
            let bytes = serde_json::to_vec(&control).expect("a map of texts serialises");
            self.push(records, RecordKind::Control, now, bytes);
            self.announced = true;
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
            Ok(Applied::Request(request)) => request.decision,
            Ok(Applied::Folded | Applied::Unknown) => None,
            Err(e) => return Taken::Refused(e.to_string()),
        };
        self.seen.see(key);
        let position = self.push(records, RecordKind::Event, now, payload);
        let Some(decision) = decision else { return Taken::Accepted { position } };
        let bytes = decision_json(&decision);
        let at = self.push(records, RecordKind::Decision, now, bytes.clone());
        self.answered.insert(key.id, at);
        self.decided.entry(decision.refund.as_str().to_owned()).or_insert(at);
        Taken::Decided { position, decision: bytes.into() }
    }
    /// Takes a record of the log back, and compares the decision that it holds with the one that comes out.
    pub fn replay(
        &mut self,
        replay: &mut Replay,
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
                match self.take(event, Vec::new(), record.recorded, &mut made) {
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
                match control {
                    Control::Versions { versions } => same_versions(&versions, &self.versions)?,
                }
                self.announced = true;
                self.next += 1;
            }
            (kind, expected) => {
                let after = if expected.is_some() { "a refund request" } else { "no refund request" };
                return Err(broken(format!("a record of kind {kind:?} after {after}")));
            }
        }
        Ok(())
    }
}

/// What a replay of the log carries from record to record.
#[derive(Debug)]
pub struct Replay {
    decoder: Decoder,
    expected: Option<(String, Arc<[u8]>)>,
    /// Decisions that came out as they were answered.
    pub compared: u64,
}

impl Replay {
    /// At its start. `decoder` without tokens: the log holds them already.
    pub fn new(decoder: Decoder) -> Replay {
        Replay { decoder, expected: None, compared: 0 }
    }
    /// Whether the last record was a whole answer.
    pub fn whole(&self) -> bool {
        self.expected.is_none()
    }
}

/// A decision as the log holds it and as it is answered.
fn decision_json(decision: &Decision) -> Vec<u8> {
    serde_json::to_vec(decision).expect("a decision serialises")
}

fn same_versions(recorded: &Versions, started: &Versions) -> Result<(), CoreError> {
    for (which, is) in started {
        let was = recorded.get(which).map_or("none", |v| v.as_str());
        if was != is.as_str() {
            return Err(CoreError::OtherVersions {
                which: which.clone(),
                recorded: format!("{which} {was}"),
                started: is.clone(),
            });
        }
    }
    Ok(())
}
