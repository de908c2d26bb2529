//! What is remembered? One value a key `(kind, id)`: history, lifetime cells, distinct sets; and the facts one hop away.

use crate::cluster::Clusters;
use crate::distinct::Distinct;
use crate::history::{Entry, History};
use crate::kind::{Id, Kind, Names};
use crate::leads::Leads;
use crate::linked::Linked;
use crate::plan::{CellOp, Plan};
use hashbrown::HashMap;
use ringfence_domain::grow::Chunked;
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

/// All that is remembered of one thing: one line of the cache, and what it points to.
#[repr(align(64))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    pub(crate) history: History,
    pub(crate) cells: Box<[f64]>,
    pub(crate) distincts: Box<[Distinct]>,
}

impl Entity {
    /// Something of all that it points to, to have it read.
    #[inline]
    pub(crate) fn ahead(&self) -> usize {
        let cell = self.cells.first().map_or(0, |c| c.to_bits());
        let set = self.distincts.first().map_or(0, |d| u64::from(d.sampled()));
        self.history.first_ahead() ^ (cell ^ set) as usize
    }
}

/// Combinations of streams by number, so that an entry names one in 20 bits.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Combos {
    pub(crate) masks: Vec<u64>,
    #[serde(skip)]
    index: HashMap<u64, u32, FxBuildHasher>,
}

impl Combos {
    #[inline]
    fn number(&mut self, mask: u64) -> u32 {
        if let Some(&n) = self.index.get(&mask) {
            return n;
        }
        let n = self.masks.len() as u32;
        self.masks.push(mask);
        self.index.insert(mask, n);
        n
    }
    fn reindex(&mut self) {
        self.index = self.masks.iter().enumerate().map(|(i, &m)| (m, i as u32)).collect();
    }
}

/// Counts of what was folded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Events folded.
    pub events: u64,
    /// Events that named an order that no `order.placed` had announced.
    pub unknown_orders: u64,
    /// Events older than the newest by more than [`crate::history::LATENESS_MAX`]: windows ending there may miss what had expired.
    pub late_beyond_bound: u64,
}

/// Everything that the past left behind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// Identifiers by number.
    pub names: Names,
    /// Facts one hop away.
    pub linked: Linked,
    /// Accounts that belong together.
    pub clusters: Clusters,
    /// What is suspected.
    pub leads: Leads,
    /// What was folded.
    pub stats: Stats,
    pub(crate) entities: Vec<Chunked<Entity>>,
    pub(crate) combos: Vec<Combos>,
    /// The latest event time seen, ms.
    pub(crate) newest: i64,
}

/// What an event adds to the things that it names: computed from the state before it, then written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hits {
    pub(crate) entries: Vec<(Kind, Id, u64, f64)>,
    pub(crate) cells: Vec<(Kind, Id, u16, CellOp, f64)>,
    pub(crate) sets: Vec<(Kind, Id, u16, Id)>,
    /// What the plan of the event's type reads: scratch.
    pub(crate) read: Vec<f64>,
}

impl Hits {
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.cells.clear();
        self.sets.clear();
    }
}

/// How a lifetime cell takes a value at a time; both in the order of arrival.
fn apply(op: CellOp, cell: &mut f64, value: f64) {
    match op {
        CellOp::Count => *cell = if cell.is_nan() { 1.0 } else { *cell + 1.0 },
        CellOp::Sum => *cell = if cell.is_nan() { value } else { *cell + value },
        CellOp::Min | CellOp::FirstTime => *cell = cell.min(value),
        CellOp::Max | CellOp::LastTime => *cell = cell.max(value),
        CellOp::FirstValue => {
            if cell.is_nan() {
                *cell = value;
            }
        }
        CellOp::LastValue => *cell = value,
    }
}

impl State {
    /// The state before the first event.
    pub fn new(plan: &Plan) -> State {
        let mut names = Names::default();
        for (kind, text) in &plan.constants.texts {
            names.intern(*kind, text);
        }
        for (name, _) in &plan.attributes {
            names.intern(Kind::Attribute, name);
        }
        State {
            names,
            linked: Linked::default(),
            clusters: Clusters::default(),
            leads: Leads::default(),
            stats: Stats::default(),
            entities: vec![Chunked::default(); Kind::COUNT],
            combos: vec![Combos::default(); Kind::COUNT],
            newest: i64::MIN,
        }
    }
    #[inline]
    pub(crate) fn entity(&self, kind: Kind, id: Id) -> Option<&Entity> {
        self.entities[kind as usize].get(id as usize)
    }
    #[inline]
    fn entity_mut(&mut self, kind: Kind, id: Id) -> &mut Entity {
        self.entities[kind as usize].reach(id as usize, Entity::default)
    }
    /// Writes what an event adds.
    #[inline]
    pub(crate) fn commit(&mut self, plan: &Plan, hits: &Hits, time: i64, position: u64) {
        for &(kind, id, mask, value) in &hits.entries {
            let combo = self.combos[kind as usize].number(mask);
            let entity = self.entities[kind as usize].reach(id as usize, Entity::default);
            let entry = Entry::new(time, combo, value, position);
            entity.history.push(entry, &self.combos[kind as usize].masks, &plan.layouts[kind as usize]);
        }
        for &(kind, id, cell, op, value) in &hits.cells {
            let entity = self.entity_mut(kind, id);
            if entity.cells.is_empty() {
                entity.cells = vec![f64::NAN; plan.cells[kind as usize].len()].into_boxed_slice();
            }
            apply(op, &mut entity.cells[cell as usize], value);
        }
        for &(kind, id, set, what) in &hits.sets {
            let oldest_kept = time.saturating_sub(plan.distinct_horizon_ms[kind as usize]);
            let entity = self.entity_mut(kind, id);
            if entity.distincts.is_empty() {
                entity.distincts =
                    vec![Distinct::default(); plan.distincts[kind as usize]].into_boxed_slice();
            }
            entity.distincts[set as usize].see(what, time, oldest_kept);
        }
        self.stats.events += 1;
        if time < self.newest.saturating_sub(crate::history::LATENESS_MAX.0) {
            self.stats.late_beyond_bound += 1;
        }
        self.newest = self.newest.max(time);
    }
    /// The value of every key as bytes: what a shared store would hold.
    pub fn values(&self) -> std::collections::BTreeMap<(Kind, Id), Vec<u8>> {
        let encode = |v: &Entity| postcard::to_stdvec(v).expect("writing to memory cannot fail");
        let mut values = std::collections::BTreeMap::new();
        for &kind in Kind::ALL {
            for id in 0..self.names.of(kind).len() as Id {
                let kept = self.entity(kind, id).filter(|e| **e != Entity::default());
                let mut bytes = kept.map(encode).unwrap_or_default();
                for number in self.linked.facts_of(kind, id) {
                    bytes.extend(number.to_le_bytes());
                }
                bytes.extend(self.leads.value(kind, id));
                values.insert((kind, id), bytes);
            }
        }
        values
    }
    /// Things remembered of a kind.
    pub fn entities(&self, kind: Kind) -> usize {
        self.names.of(kind).len()
    }
    /// Bytes held by the entities of a kind: histories, cells, distinct sets.
    pub fn entity_bytes(&self, kind: Kind) -> usize {
        let table = &self.entities[kind as usize];
        table.capacity() * size_of::<Entity>()
            + table
                .iter()
                .map(|e| {
                    e.history.memory_bytes()
                        + e.cells.len() * 8
                        + e.distincts.iter().map(|d| size_of::<Distinct>() + d.memory_bytes()).sum::<usize>()
                })
                .sum::<usize>()
    }
    /// Bytes held in all, by part: entities by kind, then facts, names, clusters.
    pub fn memory_report(&self) -> Vec<(String, usize)> {
        let mut parts: Vec<_> =
            Kind::ALL.iter().map(|&k| (format!("windows of {}", k.as_str()), self.entity_bytes(k))).collect();
        parts.push(("facts one hop away".into(), self.linked.memory_bytes()));
        parts.push(("identifiers".into(), self.names.memory_bytes()));
        parts.push(("clusters".into(), self.clusters.memory_bytes()));
        parts.push(("leads".into(), self.leads.memory_bytes()));
        parts.retain(|p| p.1 > 0);
        parts
    }
    /// Restores what a snapshot leaves out.
    pub(crate) fn reindex(&mut self) {
        self.combos.iter_mut().for_each(Combos::reindex);
        let distincts =
            self.entities.iter_mut().flat_map(Chunked::iter_mut).flat_map(|e| e.distincts.iter_mut());
        distincts.for_each(Distinct::reindex);
    }
}
