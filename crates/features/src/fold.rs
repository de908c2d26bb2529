//! What does an event change, and what does a request see? The fold over the log, and the as-of vector.
//!
//! A vector is taken from the state before its own request is folded in; what the request itself would add is counted
//! on top where the feature says so (INV-4).

use crate::collect::collect;
use crate::fact::{Convert, Fact, SlotType, at, flatten};
use crate::kind::{Id, Kind, NO_ID};
use crate::lead_fields::lead_of;
use crate::linked::Block;
use crate::path::{KeyPath, Keys, Route};
use crate::plan::{ColumnSource, ExprUnit, Plan};
use crate::read::{Scratch, members, read_windows};
use crate::scope::{Place, Values};
use crate::state::{Hits, State};
use ringfence_domain::vector::category_code;
use ringfence_domain::{Duration, Event, EventType};
use ringfence_expr::Slot;
use std::sync::Arc;

/// Version of the snapshot's layout, 3 with leads; another one is refused.
pub const SNAPSHOT_FORMAT: u32 = 3;

/// Why a snapshot cannot be restored.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Cut off, or not one.
    #[error("this is not a whole snapshot ({0}); replay the log instead")]
    Malformed(String),
    /// Written by another version.
    #[error(
        "this snapshot has format {0}, this program reads format {SNAPSHOT_FORMAT}; replay the log instead"
    )]
    Format(u32),
    /// Taken with another catalogue.
    #[error("this snapshot was taken with catalogue {0}, not {1}; replay the log to use another catalogue")]
    Catalogue(String, String),
}

/// Folds facts into state and takes vectors.
#[derive(Clone, Debug)]
pub struct Folder {
    plan: Arc<Plan>,
    state: State,
    /// Where the request leads whose vector was taken last, until it is completed.
    keys: Option<Keys>,
    hits: Hits,
    vector: Vec<f64>,
    scratch: Scratch,
    numbers: Vec<f64>,
}

impl Folder {
    /// A folder at the start of a log.
    pub fn new(plan: Arc<Plan>) -> Folder {
        let state = State::new(&plan);
        Self::with_state(plan, state)
    }
    fn with_state(plan: Arc<Plan>, state: State) -> Folder {
        let vector = vec![f64::NAN; plan.schema.columns.len()];
        Folder {
            plan,
            state,
            keys: None,
            hits: Hits::default(),
            vector,
            scratch: Scratch::default(),
            numbers: Vec::new(),
        }
    }
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
    /// The state.
    pub fn state(&self) -> &State {
        &self.state
    }
    /// The state, to give numbers to identifiers of a packed log.
    pub fn names_mut(&mut self) -> &mut crate::kind::Names {
        &mut self.state.names
    }
    /// The latest event time folded, ms; `None` before the first event.
    pub fn newest(&self) -> Option<i64> {
        Some(self.state.newest).filter(|&t| t != i64::MIN)
    }
    /// The event as numbers; `None` for an unknown type. Without a recorded arrival the latest time so far stands in.
    pub fn flatten<C: Convert>(&mut self, event: &Event, position: u64, convert: &C) -> Option<Fact> {
        let arrival = match event.recorded {
            Some(t) => t.millis(),
            None => self.state.newest.max(event.time.millis()),
        };
        flatten(event, arrival, position, &mut self.state.names, convert)
    }
    /// Moves the clock that stands in for missing arrival times, without folding: for packing.
    pub fn fold_clock(&mut self, fact: &Fact) {
        self.state.newest = self.state.newest.max(effect_time(fact));
    }
    /// Has the memory bring what the next facts will read; changes nothing. Worth it for [`crate::foresee::BATCH_FACTS`].
    #[inline]
    pub fn foresee(&self, facts: &[Fact]) {
        crate::foresee::foresee(&self.plan, &self.state, facts);
    }
    /// Folds a fact whose vector nobody asks for.
    #[inline]
    pub fn fold(&mut self, fact: &Fact) {
        let route = &self.plan.types[fact.event_type as usize].route;
        let keys = Keys::resolve(fact, &self.state.linked, route);
        collect(&self.plan, &self.state, fact, &keys, &mut self.hits);
        self.write(fact, &keys);
    }
    /// The keys of every value that folding a fact may change, known before it is folded (INV-5).
    pub fn touched(&self, fact: &Fact) -> std::collections::BTreeSet<(Kind, Id)> {
        let keys = Keys::resolve(fact, &self.state.linked, &Route::everywhere(fact.event_type));
        let mut touched: std::collections::BTreeSet<(Kind, Id)> = fact.ids().collect();
        let ends = KeyPath::ALL.iter().map(|&path| (path.kind(), keys.id(path)));
        touched.extend(ends.filter(|key| key.1 != NO_ID));
        // A lead reaches what it named before and what it names now.
        touched.extend(fact.named.iter().map(|n| (n.kind, n.id)));
        let leads = fact.ids().filter(|(kind, _)| *kind == Kind::Lead);
        touched.extend(leads.flat_map(|(_, lead)| self.state.leads.named_by(lead)));
        touched
    }
    /// The things that a fact leads to by at most one hop, whatever the catalogue reads: kind and identifier. A request
    /// that names an instrument of its own leads to that of its order too.
    pub fn reached(&self, fact: &Fact, mut each: impl FnMut(Kind, &str)) {
        let keys = Keys::resolve(fact, &self.state.linked, &Route::everywhere(fact.event_type));
        let order = keys.id(KeyPath::Order);
        let paid_with = crate::linked::f::Order::payment;
        let paid_with =
            if order == NO_ID { NO_ID } else { self.state.linked.id(Block::Order, order, paid_with) };
        let ends = KeyPath::ALL.iter().map(|&path| (path.kind(), keys.id(path)));
        for (kind, id) in ends.chain([(Kind::Payment, paid_with)]) {
            if let Some(text) = self.state.names.known(kind, id) {
                each(kind, text);
            }
        }
    }
    /// The as-of vector of a refund request, from the state before it is folded. Call [`Folder::complete`] next.
    pub fn vector(&mut self, fact: &Fact) -> &[f64] {
        let keys = Keys::resolve(fact, &self.state.linked, &self.plan.request_route);
        collect(&self.plan, &self.state, fact, &keys, &mut self.hits);
        self.fill(fact, &keys);
        self.keys = Some(keys);
        &self.vector
    }
    /// The vector that was taken last.
    pub fn last_vector(&self) -> &[f64] {
        &self.vector
    }
    /// Folds the request whose vector was taken last.
    pub fn complete(&mut self, fact: &Fact) {
        let keys = self.keys.take().expect("a vector is taken before its request is completed");
        self.write(fact, &keys);
    }
    #[inline]
    fn write(&mut self, fact: &Fact, keys: &Keys) {
        let effect = effect_time(fact);
        self.state.commit(&self.plan, &self.hits, effect, fact.position);
        let (order, account) = (keys.id(KeyPath::Order), keys.id(KeyPath::Account));
        if order != NO_ID
            && fact.event_type != EventType::OrderPlaced
            && self.state.linked.get(Block::Order, order, crate::linked::f::Order::placed_at).is_nan()
        {
            self.state.stats.unknown_orders += 1;
        }
        self.link(fact, account);
        self.state.linked.apply(fact, order, account);
        self.state.leads.apply(fact);
    }
    /// Joins the account with the identifiers that the event shows it with.
    fn link(&mut self, fact: &Fact, account: Id) {
        let clusters = &mut self.state.clusters;
        let mut see = |kind, slot: usize| clusters.see(kind, fact.id(slot), account);
        match fact.event_type {
            EventType::AccountOpened => {
                see(Kind::Email, at::AccountOpened::email);
                see(Kind::Phone, at::AccountOpened::phone);
            }
            EventType::IdentifierSeen => {
                see(Kind::Device, at::IdentifierSeen::device);
                see(Kind::Address, at::IdentifierSeen::address);
                see(Kind::Payment, at::IdentifierSeen::payment);
                see(Kind::Email, at::IdentifierSeen::email);
                see(Kind::Phone, at::IdentifierSeen::phone);
            }
            EventType::SessionStarted if fact.id(at::SessionStarted::account) != NO_ID => {
                see(Kind::Device, at::SessionStarted::device);
            }
            EventType::OrderPlaced => {
                see(Kind::Address, at::OrderPlaced::address);
                see(Kind::Payment, at::OrderPlaced::payment);
                see(Kind::Device, at::OrderPlaced::device);
            }
            EventType::RefundRequested => {
                see(Kind::Device, at::RefundRequested::device);
                see(Kind::Payment, at::RefundRequested::payment);
            }
            _ => {}
        }
    }
    fn values<'a>(&'a self, fact: &'a Fact, keys: &'a Keys) -> Values<'a> {
        Values { fact, keys, state: &self.state, vector: &self.vector }
    }
    fn fill(&mut self, fact: &Fact, keys: &Keys) {
        let Self { plan, state, hits, vector, scratch, numbers, .. } = self;
        vector.fill(f64::NAN);
        read_windows(plan, state, keys, hits, fact.time, scratch, vector);
        Values { fact, keys, state, vector: &[] }.gather(&plan.expr_places, numbers);
        for (column, source) in plan.columns.iter().enumerate() {
            if let ColumnSource::Expr { program, text_of, unit } = source {
                let get = |slot: Slot| {
                    let n = slot.0 as usize;
                    if n < numbers.len() { numbers[n] } else { vector[n - numbers.len()] }
                };
                let value = match (unit, text_of) {
                    (ExprUnit::Days, _) => program.eval(get) / Duration::DAY.0 as f64,
                    (ExprUnit::Text, Some((slot, slot_type))) => {
                        text(state, *slot_type, get(*slot)).map_or(f64::NAN, category_code)
                    }
                    (ExprUnit::Number | ExprUnit::Text, _) => program.eval(get),
                };
                vector[column] = f64::from(value as f32);
            }
        }
    }
    /// The text of a category column of the vector that was taken last, before [`Folder::complete`].
    pub fn word(&self, fact: &Fact, column: usize) -> Option<&str> {
        let ColumnSource::Expr { text_of: Some((slot, slot_type)), .. } = &self.plan.columns[column] else {
            return None;
        };
        let keys = self.keys.as_ref()?;
        text(&self.state, *slot_type, self.values(fact, keys).get(self.plan.expr_place(*slot)))
    }
    /// The cluster of a request's account, as a name that stays while it grows: `K` and its number.
    pub fn cluster(&self) -> Option<String> {
        let account = self.keys.as_ref()?.id(KeyPath::Account);
        if account == NO_ID { None } else { self.state.clusters.number(account).map(|n| format!("K{n}")) }
    }
    /// Whether the return of a request's order was recorded as received, as known before [`Folder::complete`].
    pub fn received(&self, fact: &Fact) -> bool {
        let order = fact.id(at::RefundRequested::order);
        !self.state.linked.get(Block::Return, order, crate::linked::f::Return::received_at).is_nan()
    }
    /// Log positions of the events behind a column of the vector that was taken last, newest first, at most `most`.
    pub fn evidence(&self, fact: &Fact, column: usize, most: usize, out: &mut Vec<u64>) {
        let Some(keys) = &self.keys else { return };
        match &self.plan.columns[column] {
            ColumnSource::Expr { program, .. } => {
                for &slot in program.slots() {
                    if out.len() >= most {
                        return;
                    }
                    match self.plan.expr_place(slot) {
                        Place::Feature(i) => self.evidence(fact, i, most, out),
                        place => self.fact_evidence(fact, keys, place, out),
                    }
                }
            }
            ColumnSource::Window => {
                let found = self
                    .plan
                    .groups
                    .iter()
                    .find_map(|g| g.reads.iter().find(|r| r.column as usize == column).map(|r| (g, r)));
                let Some((group, read)) = found else { return };
                let Some((stream, to_ms, from_ms)) = read.evidence else { return };
                let id = keys.id(group.path);
                if id == NO_ID {
                    return;
                }
                let kind = group.path.kind();
                let masks = &self.state.combos[kind as usize].masks;
                for member in members(&self.state, group.path, id) {
                    let Some(entity) = self.state.entity(kind, member) else { continue };
                    let window = entity.history.within(fact.time - from_ms, fact.time - to_ms);
                    let behind = window.filter(|e| masks[e.combo()] >> stream & 1 == 1).map(|e| e.position);
                    let room = most.saturating_sub(out.len());
                    out.extend(behind.take(room));
                }
            }
        }
        out.sort_unstable();
        out.dedup();
    }
    fn fact_evidence(&self, fact: &Fact, keys: &Keys, place: Place, out: &mut Vec<u64>) {
        if let Place::Lead(field) = place {
            out.extend(lead_of(&self.state, keys, field).map(|found| found.lead.position));
        }
        let Place::Linked(block, field) = place else { return };
        let Some(position) = block.facts()[field].evidence else { return };
        let values = self.values(fact, keys);
        let (value, position) = (values.get(place), values.get(Place::Linked(block, position)));
        if !value.is_nan() && !position.is_nan() {
            out.push(position as u64);
        }
    }
    /// The whole state as bytes: the same state gives the same bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        let head = (SNAPSHOT_FORMAT, self.plan.schema.hash.as_str());
        let bytes = postcard::to_stdvec(&head).expect("writing to memory cannot fail");
        postcard::to_extend(&self.state, bytes).expect("writing to memory cannot fail")
    }
    /// A folder as it was when the snapshot was taken.
    pub fn restore(plan: Arc<Plan>, bytes: &[u8]) -> Result<Folder, SnapshotError> {
        let malformed = |e: postcard::Error| SnapshotError::Malformed(e.to_string());
        let (format, rest): (u32, _) = postcard::take_from_bytes(bytes).map_err(malformed)?;
        if format != SNAPSHOT_FORMAT {
            return Err(SnapshotError::Format(format));
        }
        let (hash, rest): (String, _) = postcard::take_from_bytes(rest).map_err(malformed)?;
        if hash != plan.schema.hash {
            return Err(SnapshotError::Catalogue(hash, plan.schema.hash.clone()));
        }
        let mut state: State = postcard::from_bytes(rest).map_err(malformed)?;
        state.reindex();
        Ok(Self::with_state(plan, state))
    }
}

/// When an event takes its place in windows: its own time; a verdict the later of arrival and time (contract).
pub(crate) fn effect_time(fact: &Fact) -> i64 {
    if fact.event_type == EventType::VerdictRecorded { fact.time.max(fact.arrival) } else { fact.time }
}

/// The text that the number in a slot stands for.
fn text(state: &State, slot_type: SlotType, value: f64) -> Option<&str> {
    match slot_type {
        _ if value.is_nan() => None,
        SlotType::Id(kind) => Some(state.names.of(kind).text(value as Id)),
        SlotType::Word(words) => Some(words[value as usize]),
        SlotType::Number | SlotType::Flag | SlotType::Money | SlotType::Time => None,
    }
}
