//! What will the next facts read? Everything at once, so that the memory answers in parallel.
//!
//! A fold waits for memory more than it computes: each fact touches a handful of things that lie far apart. Reading the
//! same places for a batch of facts in tight loops, where no read waits for another, takes the time of a few waits
//! instead of hundreds. Nothing is changed and nothing depends on what is read: the fold gives the same bytes without it.

use crate::fact::{Fact, SlotType, slots};
use crate::kind::{Kind, NO_ID};
use crate::linked::Block;
use crate::plan::Plan;
use crate::state::State;
use ringfence_domain::EventType;
use std::hint::black_box;

/// Facts that are worth foreseeing together: what they read stays in the first-level cache until it is used.
pub const BATCH_FACTS: usize = 48;

/// Cache lines of a row of facts that are foreseen.
const ROW_LINES: usize = 2;

pub(crate) fn foresee(plan: &Plan, state: &State, facts: &[Fact]) {
    let things = || {
        facts.iter().flat_map(|fact| {
            let ahead = &plan.types[fact.event_type as usize].ahead;
            ahead
                .things
                .iter()
                .map(|&(slot, kind)| (kind, fact.id(usize::from(slot))))
                .filter(|t| t.1 != NO_ID)
        })
    };
    let rows = || {
        facts.iter().flat_map(|fact| {
            let ahead = &plan.types[fact.event_type as usize].ahead;
            ahead
                .rows
                .iter()
                .map(|&(slot, block)| (block, fact.id(usize::from(slot))))
                .filter(|t| t.1 != NO_ID)
        })
    };
    let mut seen = 0;
    for (kind, id) in things() {
        seen ^= state.entity(kind, id).map_or(0, |e| e.history.entries().len());
    }
    for (block, id) in rows() {
        seen ^= state.linked.row_number(block, id);
    }
    black_box(seen);
    let mut read = 0;
    for (kind, id) in things() {
        if let Some(e) = state.entity(kind, id) {
            read ^= e.history.entries().last().map_or(0, |e| e.position);
            read ^= e.cells.first().map_or(0, |c| c.to_bits());
            read ^= e.distincts.first().map_or(0, |d| u64::from(d.sampled()));
        }
    }
    for (block, id) in rows() {
        // A line of the cache holds eight numbers; what most events read of a row comes first in it.
        if let Some(row) = state.linked.row_of(block, id) {
            read ^= row.iter().step_by(8).take(ROW_LINES).fold(0, |x, v| x ^ v.to_bits());
        }
    }
    black_box(read);
    let mut read = 0;
    for (kind, id) in things() {
        if let Some(e) = state.entity(kind, id) {
            read ^= e.distincts.iter().fold(0, |x, d| x ^ d.newest());
        }
    }
    black_box(read);
}

/// What facts of one type read of the things that they name themselves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ahead {
    /// Slots of things with windows, cells or distinct sets.
    things: Vec<(u8, Kind)>,
    /// Slots of things with facts one hop away.
    rows: Vec<(u8, Block)>,
}

impl Ahead {
    /// `kinds` are those whose windows events of the type go into.
    pub(crate) fn new(event_type: EventType, kinds: &[Kind]) -> Ahead {
        let mut ahead = Ahead::default();
        for (slot, def) in slots(event_type).iter().enumerate() {
            let SlotType::Id(kind) = def.slot_type else { continue };
            if kinds.contains(&kind) {
                ahead.things.push((slot as u8, kind));
            }
            let blocks = Block::ALL.iter().filter(|b| b.kind() == kind);
            ahead.rows.extend(blocks.map(|&b| (slot as u8, b)));
        }
        ahead
    }
}
