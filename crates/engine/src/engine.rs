//! What does an event lead to? The state of one log, and the decision on each refund request.

use crate::decider::Decider;
use crate::event_ids::EventIds;
use crate::lists::Lists;
use ringfence_decide::{Ask, Explain, Listed, Situation, Weighed};
use ringfence_domain::event::RefundRequested;
use ringfence_domain::id::{AccountId, OrderId, RefundId};
use ringfence_domain::words::{ClaimReason, RequestChannel, Word};
use ringfence_domain::{
    Body, Currency, Decision, DecisionKind, Duration, Event, EventType, Money, Timestamp,
};
use ringfence_features::fact::{Convert, Fact, at};
use ringfence_features::kind::{Kind, Names};
use ringfence_features::{Folder, Plan, SnapshotError};
use ringfence_learn::score::{Explained, Scorer, Scratch};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

/// Events behind one reason that are looked up: as many as a decision shows.
const EVENTS_A_COLUMN_MAX: usize = 8;

/// Version of the engine's own part of a snapshot: 2 with lists.
const FORMAT: u32 = 2;

/// Why an event could not be applied as it stands; the state is as if it had not come.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// A request is in a currency without a rate at its time.
    #[error(
        "no rate from {currency} to {reporting} is known at {at}; add a dated rate to the configuration and send the request again"
    )]
    NoRate {
        /// Currency of the request.
        currency: Currency,
        /// The reporting currency.
        reporting: Currency,
        /// Time of the request.
        at: Timestamp,
    },
    /// A fact is not one that an event makes: its packed log was not written by this program.
    #[error("the fact at position {position} is not one that an event makes; pack the event files again")]
    NoFact {
        /// Its position.
        position: u64,
    },
}

/// What became of an event.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // looked at once and dropped; never kept in numbers
pub enum Applied<'a> {
    /// Folded.
    Folded,
    /// Of an unknown type: kept by the log, without effect.
    Unknown,
    /// A refund request was folded; its vector and decision.
    Request(Request<'a>),
}

/// What a customer asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// The request.
    pub refund: RefundId,
    /// Who asks.
    pub account: AccountId,
    /// For which order.
    pub order: OrderId,
    /// How much; from a packed log in the reporting currency, otherwise as the event says it.
    pub amount: Money,
    /// Why.
    pub reason: ClaimReason,
    /// Where.
    pub channel: RequestChannel,
}

impl Asked {
    fn of(request: &RefundRequested) -> Asked {
        Asked {
            refund: request.refund.clone(),
            account: request.account.clone(),
            order: request.order.clone(),
            amount: request.amount,
            reason: request.reason,
            channel: request.channel,
        }
    }
    /// What a fact says; `None` where it lacks what every request has.
    fn of_fact(fact: &Fact, names: &Names, reporting: Currency) -> Option<Asked> {
        use at::RefundRequested as slot;
        let text = |kind: Kind, slot: usize| names.known(kind, fact.id(slot));
        let number = |slot: usize| Some(fact.slots[slot]).filter(|v| !v.is_nan());
        Some(Asked {
            refund: RefundId::new(text(Kind::Refund, slot::refund)?).ok()?,
            account: AccountId::new(text(Kind::Account, slot::account)?).ok()?,
            order: OrderId::new(text(Kind::Order, slot::order)?).ok()?,
            amount: Money::new(number(slot::amount)? as i64, reporting).ok()?,
            reason: *ClaimReason::ALL.get(number(slot::reason)? as usize)?,
            channel: *RequestChannel::ALL.get(number(slot::channel)? as usize)?,
        })
    }
}

/// A refund request as it was seen.
#[derive(Debug)]
pub struct Request<'a> {
    /// What was asked for.
    pub asked: Asked,
    /// Its time.
    pub time: Timestamp,
    /// Its place in the log.
    pub position: u64,
    /// What a decision depends on besides score and rules; the amount is in the reporting currency.
    pub situation: Situation,
    /// The as-of vector, in the order of the schema.
    pub vector: &'a [f64],
    /// The words of category columns: (column, word).
    pub words: &'a [(usize, String)],
    /// The decision, where the engine has a decider.
    pub decision: Option<Decision>,
    /// What each decision would have cost, in the order of the contract; empty without a decider.
    pub weighed: Vec<Weighed>,
}

/// The state of one log.
#[derive(Clone, Debug)]
pub struct Engine<C> {
    folder: Folder,
    convert: C,
    reporting: Currency,
    decider: Option<Decider>,
    ids: EventIds,
    position: u64,
    /// Arrival times of the requests sent to review, ms, oldest first; those of the last 24 hours.
    reviews: VecDeque<i64>,
    lists: Lists,
    words: Vec<(usize, String)>,
    scratch: Scratch,
}

/// The engine's own part of a snapshot.
#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
    position: u64,
    reviews: VecDeque<i64>,
    ids: EventIds,
    lists: Lists,
}

impl<C: Convert> Engine<C> {
    /// An engine before the first event. `convert` turns money into minor units of `reporting`.
    pub fn new(plan: Arc<Plan>, reporting: Currency, convert: C, decider: Option<Decider>) -> Engine<C> {
        Self::with_folder(Folder::new(plan), reporting, convert, decider)
    }
    fn with_folder(folder: Folder, reporting: Currency, convert: C, decider: Option<Decider>) -> Engine<C> {
        Engine {
            folder,
            convert,
            reporting,
            decider,
            ids: EventIds::default(),
            position: 0,
            reviews: VecDeque::new(),
            lists: Lists::default(),
            words: Vec::new(),
            scratch: Scratch::default(),
        }
    }
    /// The state.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }
    /// Events applied: the position of the next.
    pub fn position(&self) -> u64 {
        self.position
    }
    /// The ids of the events, by position.
    pub fn event_ids(&self) -> &EventIds {
        &self.ids
    }
    /// What people said beforehand.
    pub fn lists(&self) -> &Lists {
        &self.lists
    }
    /// The same, to change it: between events, as the log says.
    pub fn lists_mut(&mut self) -> &mut Lists {
        &mut self.lists
    }
    /// Decides with another model or policy from the next event on; the state stays.
    pub fn set_decider(&mut self, decider: Decider) {
        self.decider = Some(decider);
    }
    /// Converts money with other rates from the next event on.
    pub fn set_convert(&mut self, convert: C) {
        self.convert = convert;
    }
    /// Goes on with the state of `rebuilt`, which folded the same events with another catalogue; what was decided so
    /// far and what people said stays.
    ///
    /// # Panics
    /// Where `rebuilt` did not fold exactly the events of this engine.
    pub fn take_over(&mut self, rebuilt: Engine<C>, decider: Decider) {
        assert_eq!(rebuilt.position, self.position, "the rebuilt state must be of the same events");
        self.folder = rebuilt.folder;
        self.decider = Some(decider);
    }
    /// The numbers of identifiers, to read a packed log into.
    pub fn names_mut(&mut self) -> &mut Names {
        self.folder.names_mut()
    }
    /// Applies the next event of the log.
    ///
    /// # Errors
    /// A refund request in a currency without a rate is refused: nobody can weigh it.
    pub fn apply(&mut self, event: &Event) -> Result<Applied<'_>, EngineError> {
        if let Body::RefundRequested(request) = &event.body
            && self.convert.convert(request.amount, event.time).is_none()
        {
            let (currency, reporting, at) = (request.amount.currency, self.reporting, event.time);
            return Err(EngineError::NoRate { currency, reporting, at });
        }
        let position = self.next_position(event.id.as_str());
        let Some(fact) = self.folder.flatten(event, position, &self.convert) else {
            return Ok(Applied::Unknown);
        };
        match &event.body {
            Body::RefundRequested(request) => {
                let arrived_at = Timestamp::from_millis(fact.arrival).expect("checked by the codec");
                Ok(Applied::Request(self.request(Asked::of(request), event.time, arrived_at, &fact)))
            }
            _ => {
                self.folder.fold(&fact);
                Ok(Applied::Folded)
            }
        }
    }
    /// Has the memory bring what the next facts will read ([`Folder::foresee`]); changes nothing.
    pub fn foresee(&self, facts: &[Fact]) {
        self.folder.foresee(facts);
    }
    /// Applies the next fact of a packed log, whose names are this engine's ([`Engine::names_mut`]); `id` is the id of
    /// its event. The fact gets its position.
    ///
    /// # Errors
    /// A fact that no event makes is refused.
    pub fn apply_fact(&mut self, fact: &mut Fact, id: &str) -> Result<Applied<'_>, EngineError> {
        let no_fact = EngineError::NoFact { position: self.position };
        let (Some(time), Some(arrived_at)) =
            (Timestamp::from_millis(fact.time), Timestamp::from_millis(fact.arrival))
        else {
            return Err(no_fact);
        };
        if fact.event_type != EventType::RefundRequested {
            fact.position = self.next_position(id);
            self.folder.fold(fact);
            return Ok(Applied::Folded);
        }
        let asked = Asked::of_fact(fact, &self.folder.state().names, self.reporting).ok_or(no_fact)?;
        fact.position = self.next_position(id);
        Ok(Applied::Request(self.request(asked, time, arrived_at, fact)))
    }
    fn next_position(&mut self, id: &str) -> u64 {
        let position = self.position;
        self.position += 1;
        self.ids.push(id);
        position
    }
    fn request(&mut self, asked: Asked, time: Timestamp, arrived_at: Timestamp, fact: &Fact) -> Request<'_> {
        self.folder.vector(fact);
        self.words.clear();
        for (column, def) in self.folder.plan().schema.columns.iter().enumerate() {
            if def.kind == ringfence_domain::vector::ColumnKind::Category
                && let Some(word) = self.folder.word(fact, column)
            {
                self.words.push((column, word.to_owned()));
            }
        }
        while self.reviews.front().is_some_and(|&t| t <= fact.arrival - Duration::DAY.0) {
            self.reviews.pop_front();
        }
        let situation = Situation {
            amount_minor: fact.slots[at::RefundRequested::amount] as i64,
            reason: asked.reason,
            goods_returnable: goods_with_customer(asked.reason) && !self.folder.received(fact),
            reviews_last_24h: self.reviews.len() as u32,
        };
        let (decision, weighed) = match self.decide(&asked, &situation, arrived_at, fact) {
            Some((decision, weighed)) => (Some(decision), weighed),
            None => (None, Vec::new()),
        };
        if decision.as_ref().is_some_and(|d| d.decision == DecisionKind::Review) {
            self.reviews.push_back(fact.arrival);
        }
        self.folder.complete(fact);
        Request {
            asked,
            time,
            position: fact.position,
            situation,
            vector: self.folder.last_vector(),
            words: &self.words,
            decision,
            weighed,
        }
    }
    fn listed(&self, fact: &Fact, arrived_at: Timestamp) -> Listed {
        if self.lists.is_empty() {
            return Listed::default();
        }
        let mut met = self.lists.met(arrived_at);
        self.folder.reached(fact, |kind, id| met.see(kind, id));
        met.listed()
    }
    fn decide(
        &mut self,
        asked: &Asked,
        situation: &Situation,
        arrived_at: Timestamp,
        fact: &Fact,
    ) -> Option<(Decision, Vec<Weighed>)> {
        let decider = self.decider.as_ref()?;
        let vector = self.folder.last_vector();
        let score = decider.scorer.as_ref().map_or(f64::NAN, |s| s.score(vector, &mut self.scratch));
        let ask = Ask {
            refund: asked.refund.clone(),
            position: fact.position,
            arrived_at,
            amount: asked.amount,
            amount_reporting_minor: situation.amount_minor,
            reporting: self.reporting,
            reason: situation.reason,
            channel: asked.channel,
            score,
            goods_returnable: situation.goods_returnable,
            reviews_last_24h: situation.reviews_last_24h,
            listed: self.listed(fact, arrived_at),
            cluster: self.folder.cluster(),
            versions: decider.versions.clone(),
        };
        let mut behind = Behind {
            folder: &self.folder,
            fact,
            scorer: decider.scorer.as_ref(),
            ids: &self.ids,
            words: &self.words,
            scratch: &mut self.scratch,
        };
        Some(decider.policy.decide_with_costs(&ask, vector, &mut behind))
    }
    /// The engine's whole state as bytes; the same state gives the same bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        let head = Head {
            format: FORMAT,
            position: self.position,
            reviews: self.reviews.clone(),
            ids: self.ids.clone(),
            lists: self.lists.clone(),
        };
        let bytes = postcard::to_stdvec(&head).expect("writing to memory cannot fail");
        let mut out = (bytes.len() as u64).to_le_bytes().to_vec();
        out.extend(bytes);
        out.extend(self.folder.snapshot());
        out
    }
    /// An engine as it was when the snapshot was taken; `decider` may be another one.
    ///
    /// # Errors
    /// Where the bytes are not a whole snapshot of this version and of the plan's catalogue.
    pub fn restore(
        bytes: &[u8],
        plan: Arc<Plan>,
        reporting: Currency,
        convert: C,
        decider: Option<Decider>,
    ) -> Result<Engine<C>, SnapshotError> {
        let cut = || SnapshotError::Malformed("cut off in its head".into());
        let length =
            bytes.get(..8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes).ok_or_else(cut)?;
        let end = usize::try_from(length).ok().and_then(|l| l.checked_add(8)).ok_or_else(cut)?;
        let head = bytes.get(8..end).ok_or_else(cut)?;
        let head: Head = postcard::from_bytes(head).map_err(|e| SnapshotError::Malformed(e.to_string()))?;
        if head.format != FORMAT {
            return Err(SnapshotError::Format(head.format));
        }
        let folder = Folder::restore(plan, &bytes[end..])?;
        let mut engine = Self::with_folder(folder, reporting, convert, decider);
        engine.position = head.position;
        engine.reviews = head.reviews;
        engine.ids = head.ids;
        engine.lists = head.lists;
        engine.lists.reindex();
        Ok(engine)
    }
}

/// Whether the customer, by their own words, has the goods.
pub fn goods_with_customer(reason: ClaimReason) -> bool {
    match reason {
        ClaimReason::NotReceived | ClaimReason::MissingItem | ClaimReason::EmptyPackage => false,
        ClaimReason::Damaged
        | ClaimReason::Defective
        | ClaimReason::WrongItem
        | ClaimReason::NotAsDescribed
        | ClaimReason::ChangedMind
        | ClaimReason::Late
        | ClaimReason::Other => true,
    }
}

/// What is behind a score, looked up when the policy asks. The vector was scored last with this scratch.
struct Behind<'a> {
    folder: &'a Folder,
    fact: &'a Fact,
    scorer: Option<&'a Scorer>,
    ids: &'a EventIds,
    words: &'a [(usize, String)],
    scratch: &'a mut Scratch,
}

impl Behind<'_> {
    fn in_log_odds(&self, explained: Explained, out: &mut Vec<(usize, f64)>) {
        let (p, p0) = (clamp(explained.probability), clamp(explained.expected_probability));
        let difference = p - p0;
        let ratio =
            if difference.abs() < 1e-9 { 1.0 / (p * (1.0 - p)) } else { (logit(p) - logit(p0)) / difference };
        let parts = self.scratch.attributions().iter().enumerate();
        out.extend(parts.filter(|(_, a)| **a != 0.0).map(|(column, a)| (column, a * ratio)));
    }
}

fn clamp(p: f64) -> f64 {
    p.clamp(1e-6, 1.0 - 1e-6)
}
fn logit(p: f64) -> f64 {
    libm::log(p / (1.0 - p))
}

impl Explain for Behind<'_> {
    fn attributions(&mut self, out: &mut Vec<(usize, f64)>) {
        if let Some(scorer) = self.scorer {
            let explained = scorer.explain_last_path(self.scratch);
            self.in_log_odds(explained, out);
        }
    }
    fn attributions_exact(&mut self, out: &mut Vec<(usize, f64)>) {
        if let Some(scorer) = self.scorer {
            let explained = scorer.explain_last_exact(self.scratch);
            self.in_log_odds(explained, out);
        }
    }
    fn events(&mut self, column: usize, out: &mut Vec<String>) {
        let mut positions = Vec::new();
        self.folder.evidence(self.fact, column, EVENTS_A_COLUMN_MAX, &mut positions);
        if positions.is_empty() {
            positions.push(self.fact.position);
        }
        out.extend(positions.into_iter().filter_map(|p| self.ids.get(p)).map(str::to_owned));
    }
    fn word(&mut self, column: usize) -> Option<String> {
        self.words.iter().find(|(c, _)| *c == column).map(|(_, word)| word.clone())
    }
}
