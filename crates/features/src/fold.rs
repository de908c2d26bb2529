//! What does an event change, and what does a request see? The fold over the log, and the as-of vector.
//!
//! A vector is taken from the state before its own request is folded in; what the request itself would add is counted
//! on top where the feature says so (INV-4).

use crate::fact::{Convert, Fact, SlotType, at, flatten};
use crate::kind::{Id, Kind, NO_ID};
use crate::linked::Block;
use crate::path::{KeyPath, Keys};
use crate::plan::{CellOp, ColumnSource, ExprUnit, How, Plan, ReadGroup, Span};
use crate::scope::{Place, Values};
use crate::state::{Entity, Hits, State};
use ringfence_domain::vector::category_code;
use ringfence_domain::{Duration, Event, EventType};
use ringfence_expr::Slot;
use smallvec::SmallVec;
use std::sync::Arc;

/// Version of the snapshot's layout; another one is refused.
pub const SNAPSHOT_FORMAT: u32 = 1;

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
    keys: Option<Keys>,
    hits: Hits,
    vector: Vec<f64>,
    cells: Vec<(f64, f64)>,
}

impl Folder {
    /// A folder at the start of a log.
    pub fn new(plan: Arc<Plan>) -> Folder {
        let state = State::new(&plan);
        Self::with_state(plan, state)
    }
    fn with_state(plan: Arc<Plan>, state: State) -> Folder {
        let vector = vec![f64::NAN; plan.schema.columns.len()];
        Folder { plan, state, keys: None, hits: Hits::default(), vector, cells: Vec::new() }
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
    /// Folds a fact whose vector nobody asks for.
    #[inline]
    pub fn fold(&mut self, fact: &Fact) {
        self.prepare(fact);
        self.finish(fact);
    }
    /// The things that a fact touches, from the state before it (INV-5).
    #[inline]
    fn prepare(&mut self, fact: &Fact) {
        let keys = Keys::resolve(fact, &self.state.linked);
        let mut hits = std::mem::take(&mut self.hits);
        hits.clear();
        collect(&self.plan, &self.state, fact, &keys, &mut hits);
        self.hits = hits;
        self.keys = Some(keys);
    }
    /// The keys of every value that folding a fact may change, known before it is folded (INV-5).
    pub fn touched(&mut self, fact: &Fact) -> std::collections::BTreeSet<(Kind, Id)> {
        self.prepare(fact);
        let keys = self.keys.take().expect("prepared just before");
        let mut touched: std::collections::BTreeSet<(Kind, Id)> = fact.ids().collect();
        let ends = KeyPath::ALL.iter().map(|&path| (path.kind(), keys.id(path)));
        touched.extend(ends.filter(|key| key.1 != NO_ID));
        touched
    }
    /// The as-of vector of a refund request, from the state before it is folded. Call [`Folder::complete`] next.
    pub fn vector(&mut self, fact: &Fact) -> &[f64] {
        self.prepare(fact);
        let mut vector = std::mem::take(&mut self.vector);
        let mut cells = std::mem::take(&mut self.cells);
        self.fill(fact, &mut vector, &mut cells);
        self.vector = vector;
        self.cells = cells;
        &self.vector
    }
    /// The vector that was taken last.
    pub fn last_vector(&self) -> &[f64] {
        &self.vector
    }
    /// Folds the request whose vector was taken last.
    pub fn complete(&mut self, fact: &Fact) {
        assert!(self.keys.is_some(), "a vector is taken before its request is completed");
        self.finish(fact);
    }
    #[inline]
    fn finish(&mut self, fact: &Fact) {
        let keys = self.keys.take().expect("prepared just before");
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
    fn values<'a>(&'a self, fact: &'a Fact, keys: &'a Keys, vector: &'a [f64]) -> Values<'a> {
        let account = keys.id(KeyPath::Account);
        let cluster = if account == NO_ID { (0, 0) } else { self.state.clusters.size(account) };
        Values { fact, keys, linked: &self.state.linked, cluster, vector }
    }
    fn fill(&self, fact: &Fact, vector: &mut [f64], cells: &mut Vec<(f64, f64)>) {
        vector.fill(f64::NAN);
        let keys = self.keys.as_ref().expect("prepared just before");
        for group in &self.plan.groups {
            let id = keys.id(group.path);
            if id == NO_ID {
                continue;
            }
            let members = members(&self.state, group.path, id);
            Reader {
                plan: &self.plan,
                state: &self.state,
                hits: &self.hits,
                now: fact.time,
                group,
                members: &members,
            }
            .read(vector, cells);
        }
        for column in 0..self.plan.columns.len() {
            if let ColumnSource::Expr { program, text_of, unit } = &self.plan.columns[column] {
                let values = self.values(fact, keys, vector);
                let value = match (unit, text_of) {
                    (ExprUnit::Days, _) => program.eval(|s| values.get(s)) / Duration::DAY.0 as f64,
                    (ExprUnit::Text, Some((slot, slot_type))) => {
                        self.text(*slot_type, values.get(*slot)).map_or(f64::NAN, category_code)
                    }
                    (ExprUnit::Number | ExprUnit::Text, _) => program.eval(|s| values.get(s)),
                };
                vector[column] = f64::from(value as f32);
            }
        }
    }
    fn text(&self, slot_type: SlotType, value: f64) -> Option<&str> {
        match slot_type {
            _ if value.is_nan() => None,
            SlotType::Id(kind) => Some(self.state.names.of(kind).text(value as Id)),
            SlotType::Word(words) => Some(words[value as usize]),
            SlotType::Number | SlotType::Flag | SlotType::Money | SlotType::Time => None,
        }
    }
    /// The text of a category column of the vector that was taken last, before [`Folder::complete`].
    pub fn word(&self, fact: &Fact, column: usize) -> Option<&str> {
        let ColumnSource::Expr { text_of: Some((slot, slot_type)), .. } = &self.plan.columns[column] else {
            return None;
        };
        let keys = self.keys.as_ref()?;
        self.text(*slot_type, self.values(fact, keys, &self.vector).get(*slot))
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
                    match Place::of(slot) {
                        Place::Feature(i) => self.evidence(fact, i, most, out),
                        place => self.fact_evidence(fact, keys, slot, place, out),
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
    fn fact_evidence(&self, fact: &Fact, keys: &Keys, slot: Slot, place: Place, out: &mut Vec<u64>) {
        let Place::Linked(block, field) = place else { return };
        let Some(position) = block.facts()[field].evidence else { return };
        let at = Place::Linked(block, position).slot();
        let values = self.values(fact, keys, &self.vector);
        let (value, position) = (values.get(slot), values.get(at));
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
fn effect_time(fact: &Fact) -> i64 {
    if fact.event_type == EventType::VerdictRecorded { fact.time.max(fact.arrival) } else { fact.time }
}

/// The accounts behind a path: all of a cluster, its others, or the thing itself.
fn members(state: &State, path: KeyPath, id: Id) -> SmallVec<[Id; 8]> {
    let all = match path {
        KeyPath::Cluster | KeyPath::Neighbours => state.clusters.members(id),
        _ => &[],
    };
    match path {
        KeyPath::Neighbours => all.iter().copied().filter(|&m| m != id).collect(),
        _ if all.is_empty() => SmallVec::from_slice(&[id]),
        _ => SmallVec::from_slice(all),
    }
}

/// What a fact adds to the things that it names, read from the state before it.
#[inline]
fn collect(plan: &Plan, state: &State, fact: &Fact, keys: &Keys, hits: &mut Hits) {
    let type_plan = &plan.types[fact.event_type as usize];
    if type_plan.groups.is_empty() {
        return;
    }
    let account = keys.id(KeyPath::Account);
    let cluster = if account == NO_ID { (0, 0) } else { state.clusters.size(account) };
    let values = Values { fact, keys, linked: &state.linked, cluster, vector: &[] };
    let passed: SmallVec<[bool; 64]> =
        type_plan.filters.iter().map(|f| f.eval_bool(|s| values.get(s))).collect();
    let numbers: SmallVec<[f64; 16]> = type_plan.values.iter().map(|v| v.eval(|s| values.get(s))).collect();
    let pass = |filters: &[u16]| filters.iter().all(|&f| passed[f as usize]);
    let time = effect_time(fact) as f64;
    for group in &type_plan.groups {
        let id = keys.id(group.path);
        if id == NO_ID {
            continue;
        }
        let kind = group.path.kind();
        let first = hits.entries.len();
        let mut plain = 0u64;
        for lane in &group.lanes {
            let value = lane.value.map_or(f64::NAN, |v| numbers[v as usize]);
            if lane.value.is_some() && value.is_nan() {
                continue;
            }
            let mask = lane.hits.iter().filter(|h| pass(&h.filters)).fold(0, |m, h| m | 1 << h.bit);
            match lane.value {
                None => plain |= mask,
                Some(_) if mask != 0 => hits.entries.push((kind, id, mask, value)),
                Some(_) => {}
            }
        }
        if plain != 0 {
            match hits.entries.get_mut(first) {
                Some(entry) => entry.2 |= plain,
                None => hits.entries.push((kind, id, plain, 0.0)),
            }
        }
        for cell in &group.cells {
            if !pass(&cell.filters) {
                continue;
            }
            let value = match cell.op {
                CellOp::Count => 1.0,
                CellOp::FirstTime | CellOp::LastTime => time,
                CellOp::Sum | CellOp::Min | CellOp::Max | CellOp::FirstValue | CellOp::LastValue => {
                    cell.value.map_or(f64::NAN, |v| numbers[v as usize])
                }
            };
            if !value.is_nan() {
                hits.cells.push((kind, id, cell.cell, cell.op, value));
            }
        }
        for set in &group.distincts {
            let what = values.get(set.what);
            if !what.is_nan() && pass(&set.filters) {
                hits.sets.push((kind, id, set.set, what as Id));
            }
        }
    }
}

/// Reads one group's columns.
struct Reader<'a> {
    plan: &'a Plan,
    state: &'a State,
    hits: &'a Hits,
    now: i64,
    group: &'a ReadGroup,
    members: &'a [Id],
}

impl Reader<'_> {
    fn entities(&self) -> impl Iterator<Item = &Entity> {
        let kind = self.group.path.kind();
        self.members.iter().filter_map(move |&m| self.state.entity(kind, m))
    }
    /// What the request itself adds to a stream: events and the sum of their values.
    fn own(&self, stream: u8) -> (f64, f64) {
        let kind = self.group.path.kind();
        let mut total = (0.0, 0.0);
        for &(k, id, mask, value) in &self.hits.entries {
            if k == kind && mask >> stream & 1 == 1 && self.members.contains(&id) {
                total.0 += 1.0;
                total.1 += value;
            }
        }
        total
    }
    fn read(&self, vector: &mut [f64], cells: &mut Vec<(f64, f64)>) {
        let kind = self.group.path.kind() as usize;
        let (masks, layout) = (&self.state.combos[kind].masks, &self.plan.layouts[kind]);
        cells.clear();
        cells.resize(self.group.cells, (0.0, 0.0));
        if !self.group.offsets.is_empty() {
            for entity in self.entities() {
                entity.history.scan(
                    self.now,
                    &self.group.offsets,
                    self.group.mask,
                    masks,
                    layout,
                    |i, sums| {
                        for &(stream, cell) in &self.group.cutoffs[i] {
                            let cell = &mut cells[cell as usize];
                            cell.0 += sums.count[stream as usize];
                            cell.1 += sums.sum[stream as usize];
                        }
                    },
                );
            }
        }
        for read in &self.group.reads {
            let span = |s: &Span| self.span(*s, cells, read.own);
            let value = match &read.how {
                How::Count(s) => span(s).0,
                How::Sum(s) => span(s).1,
                How::Mean(s) => divide(span(s).1, span(s).0),
                How::Ratio(over, under) => divide(span(over).0, span(under).0),
                How::Rate(s, days) => span(s).0 / days,
                How::Trend(newer, whole) => {
                    let (newer, whole) = (span(newer).0, span(whole).0);
                    divide(2.0 * newer - whole, whole)
                }
                How::Extreme { stream, from_ms, to_ms, largest } => {
                    self.extreme(*stream, *from_ms, *to_ms, *largest, read.own)
                }
                How::Rank { stream, from_ms, to_ms } => self.rank(*stream, *from_ms, *to_ms),
                How::Entropy { stream, from_ms, to_ms } => self.entropy(*stream, *from_ms, *to_ms, read.own),
                How::Distinct { set, window_ms } => self.distinct(*set, *window_ms, read.own),
                How::Cell { cell, op } => self.cell(*cell, *op, read.own),
                How::CellRatio { over, under } => {
                    let op = self.plan.cells[kind][*over as usize];
                    divide(self.cell(*over, op, read.own), self.cell(*under, CellOp::Count, read.own))
                }
                How::Last { time, value, window_ms } => {
                    let at = self.cell(*time, CellOp::LastTime, false);
                    if window_ms.is_some_and(|w| at <= (self.now - w) as f64) {
                        f64::NAN
                    } else {
                        self.cell(*value, CellOp::LastValue, false)
                    }
                }
                How::Since { time, window_ms } => {
                    let age = self.now as f64 - self.cell(*time, CellOp::LastTime, false);
                    if age.is_nan() || window_ms.is_some_and(|w| age >= w as f64) {
                        f64::NAN
                    } else {
                        // An event that came late may lie after the request's own time.
                        age.max(0.0) / Duration::DAY.0 as f64
                    }
                }
            };
            vector[read.column as usize] = f64::from(value as f32);
        }
    }
    fn span(&self, s: Span, cells: &[(f64, f64)], own: bool) -> (f64, f64) {
        let start = cells[s.start as usize];
        let end = s.end.map_or((0.0, 0.0), |e| cells[e as usize]);
        let own = if own { self.own(s.stream) } else { (0.0, 0.0) };
        (start.0 - end.0 + own.0, start.1 - end.1 + own.1)
    }
    fn extreme(&self, stream: u8, from_ms: i64, to_ms: i64, largest: bool, own: bool) -> f64 {
        let kind = self.group.path.kind() as usize;
        let (masks, layout) = (&self.state.combos[kind].masks, &self.plan.layouts[kind]);
        let mut best = f64::NAN;
        let mut take = |v: f64| best = if largest { best.max(v) } else { best.min(v) };
        for entity in self.entities() {
            let found =
                entity.history.extremes(self.now - from_ms, self.now - to_ms, stream as usize, masks, layout);
            if let Some((low, high)) = found {
                take(if largest { high } else { low });
            }
        }
        if own && self.own(stream).0 > 0.0 {
            take(self.own(stream).1);
        }
        best
    }
    fn rank(&self, stream: u8, from_ms: i64, to_ms: i64) -> f64 {
        let (own, value) = self.own(stream);
        if own == 0.0 {
            return f64::NAN;
        }
        let masks = &self.state.combos[self.group.path.kind() as usize].masks;
        let (mut n, mut below) = (0.0, 0.0);
        for entity in self.entities() {
            for e in entity.history.within(self.now - from_ms, self.now - to_ms) {
                if masks[e.combo()] >> stream & 1 == 1 {
                    n += 1.0;
                    below += if e.value < value {
                        1.0
                    } else if e.value == value {
                        0.5
                    } else {
                        0.0
                    };
                }
            }
        }
        divide(below, n)
    }
    fn entropy(&self, stream: u8, from_ms: i64, to_ms: i64, own: bool) -> f64 {
        let masks = &self.state.combos[self.group.path.kind() as usize].masks;
        let mut codes: SmallVec<[u64; 64]> = SmallVec::new();
        for entity in self.entities() {
            let window = entity.history.within(self.now - from_ms, self.now - to_ms);
            codes.extend(window.filter(|e| masks[e.combo()] >> stream & 1 == 1).map(|e| e.value.to_bits()));
        }
        if own && self.own(stream).0 > 0.0 {
            codes.push(self.own(stream).1.to_bits());
        }
        if codes.is_empty() {
            return f64::NAN;
        }
        codes.sort_unstable();
        let n = codes.len() as f64;
        codes
            .chunk_by(|a, b| a == b)
            .map(|same| {
                let p = same.len() as f64 / n;
                -p * libm::log2(p)
            })
            .fold(0.0, |sum, part| sum + part)
    }
    fn distinct(&self, set: u16, window_ms: Option<i64>, own: bool) -> f64 {
        let from = window_ms.map_or(i64::MIN, |w| self.now - w);
        let (kind, id) = (self.group.path.kind(), self.members[0]);
        let known = self.state.entity(kind, id).and_then(|e| e.distincts.get(set as usize));
        let mut count = known.map_or(0.0, |d| d.count(from));
        if own {
            let mut added: SmallVec<[Id; 2]> = SmallVec::new();
            for &(k, i, s, what) in &self.hits.sets {
                if k == kind && i == id && s == set && !added.contains(&what) {
                    added.push(what);
                    count += known.map_or(1.0, |d| d.added_by(what, from));
                }
            }
        }
        count
    }
    fn cell(&self, cell: u16, op: CellOp, own: bool) -> f64 {
        let kind = self.group.path.kind();
        let mut total = f64::NAN;
        let mut take = |v: f64| {
            if v.is_nan() {
                return;
            }
            total = match op {
                CellOp::Count | CellOp::Sum if total.is_nan() => v,
                CellOp::Count | CellOp::Sum => total + v,
                CellOp::Min | CellOp::FirstTime => total.min(v),
                CellOp::Max | CellOp::LastTime => total.max(v),
                CellOp::FirstValue if !total.is_nan() => total,
                CellOp::FirstValue | CellOp::LastValue => v,
            };
        };
        for entity in self.entities() {
            entity.cells.get(cell as usize).iter().for_each(|&&v| take(v));
        }
        if own {
            for &(k, id, c, _, value) in &self.hits.cells {
                if k == kind && c == cell && self.members.contains(&id) {
                    take(value);
                }
            }
        }
        match op {
            CellOp::Count | CellOp::Sum if total.is_nan() => 0.0,
            _ => total,
        }
    }
}

/// `a / b`; NaN where `b` is nothing.
fn divide(a: f64, b: f64) -> f64 {
    if b == 0.0 { f64::NAN } else { a / b }
}
