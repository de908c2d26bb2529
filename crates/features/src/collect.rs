//! What does an event add to the things that it names? Read from the state before it, written later.

use crate::fact::Fact;
use crate::fold::effect_time;
use crate::kind::{Id, NO_ID};
use crate::path::Keys;
use crate::plan::{CellOp, Plan};
use crate::scope::Values;
use crate::state::{Hits, State};
use ringfence_expr::Slot;
use smallvec::SmallVec;

/// What a fact adds to the things that it names, read from the state before it.
#[inline]
pub(crate) fn collect(plan: &Plan, state: &State, fact: &Fact, keys: &Keys, hits: &mut Hits) {
    hits.clear();
    let type_plan = &plan.types[fact.event_type as usize];
    if type_plan.groups.is_empty() {
        return;
    }
    Values { fact, keys, state, vector: &[] }.gather(&type_plan.places, &mut hits.read);
    let read = &hits.read;
    let get = |slot: Slot| read[slot.0 as usize];
    let passed: SmallVec<[bool; 64]> = type_plan.filters.iter().map(|f| f.eval_bool(get)).collect();
    let numbers: SmallVec<[f64; 16]> = type_plan.values.iter().map(|v| v.eval(get)).collect();
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
            let what = get(set.what);
            if !what.is_nan() && pass(&set.filters) {
                hits.sets.push((kind, id, set.set, what as Id));
            }
        }
    }
}
