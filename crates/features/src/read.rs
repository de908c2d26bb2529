//! What does a request see of the things that it leads to? The columns of windows, lifetime cells and distinct counts.

use crate::history::{Back, Sums};
use crate::kind::{Id, Kind, NO_ID};
use crate::path::{KeyPath, Keys};
use crate::plan::{CellOp, How, Plan, ReadGroup, Span};
use crate::state::{Entity, Hits, State};
use ringfence_domain::Duration;
use smallvec::SmallVec;
use std::hint::black_box;

/// Room that is used again from request to request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    /// Totals at a group's cutoffs.
    cells: Vec<(f64, f64)>,
    sums: Sums,
    /// What the request itself adds to the streams of the group's things.
    own: Sums,
}

/// The accounts behind a path: all of a cluster, its others, or the thing itself.
pub(crate) fn members(state: &State, path: KeyPath, id: Id) -> SmallVec<[Id; 8]> {
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

/// Fills the columns that are read of things; the others stay as they are.
pub(crate) fn read_windows(
    plan: &Plan,
    state: &State,
    keys: &Keys,
    hits: &Hits,
    now: i64,
    scratch: &mut Scratch,
    vector: &mut [f64],
) {
    // As in `foresee`: all groups' things are asked of the memory before the first is read.
    let things = || {
        let ends = plan.groups.iter().map(|g| (g.path.kind(), keys.id(g.path)));
        ends.filter_map(|(kind, id)| state.entity(kind, id))
    };
    black_box(things().fold(0, |x, e| x ^ e.history.entries().len()));
    black_box(things().fold(0, |x, e| x ^ e.ahead()));
    black_box(things().fold(0, |x, e| x ^ e.history.ahead()));
    for group in &plan.groups {
        let id = keys.id(group.path);
        if id == NO_ID {
            continue;
        }
        let kind = group.path.kind();
        let members = members(state, group.path, id);
        let reader = Reader {
            plan,
            state,
            kind,
            now,
            first: members[..].first().copied().unwrap_or(NO_ID),
            entities: members.iter().filter_map(|&m| state.entity(kind, m)).collect(),
            own_cells: (hits.cells.iter())
                .filter(|h| h.0 == kind && members.contains(&h.1))
                .map(|h| (h.2, h.4))
                .collect(),
            hits,
        };
        reader.own(&members, &mut scratch.own);
        reader.read(group, scratch, vector);
    }
}

/// Reads one group's columns.
struct Reader<'a> {
    plan: &'a Plan,
    state: &'a State,
    hits: &'a Hits,
    kind: Kind,
    now: i64,
    /// The thing itself, where the path leads to one.
    first: Id,
    entities: SmallVec<[&'a Entity; 8]>,
    /// Lifetime cells that the request itself changes, and by what.
    own_cells: SmallVec<[(u16, f64); 16]>,
}

impl Reader<'_> {
    /// What the request itself adds to the streams: events and the sum of their values.
    fn own(&self, members: &[Id], own: &mut Sums) {
        own.clear();
        for &(kind, id, mask, value) in &self.hits.entries {
            if kind == self.kind && members.contains(&id) {
                own.add(mask, 1.0, value);
            }
        }
    }
    fn read(&self, group: &ReadGroup, scratch: &mut Scratch, vector: &mut [f64]) {
        let kind = self.kind as usize;
        let (masks, layout) = (&self.state.combos[kind].masks, &self.plan.layouts[kind]);
        let Scratch { cells, sums, own } = scratch;
        cells.clear();
        cells.resize(group.cells, (0.0, 0.0));
        if !group.offsets.is_empty() {
            let back = Back { now: self.now, offsets: &group.offsets, mask: group.mask };
            for entity in &self.entities {
                entity.history.scan(back, masks, layout, sums, |i, sums| {
                    for &(stream, cell) in &group.cutoffs[i] {
                        let cell = &mut cells[cell as usize];
                        cell.0 += sums.count[stream as usize];
                        cell.1 += sums.sum[stream as usize];
                    }
                });
            }
        }
        let added = |stream: u8| (own.count[stream as usize], own.sum[stream as usize]);
        for read in &group.reads {
            let own = |stream: u8| if read.own { added(stream) } else { (0.0, 0.0) };
            let span = |s: &Span| {
                let start = cells[s.start as usize];
                let end = s.end.map_or((0.0, 0.0), |e| cells[e as usize]);
                let own = own(s.stream);
                (start.0 - end.0 + own.0, start.1 - end.1 + own.1)
            };
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
                    self.extreme(*stream, *from_ms, *to_ms, *largest, own(*stream))
                }
                How::Rank { stream, from_ms, to_ms } => self.rank(*stream, *from_ms, *to_ms, added(*stream)),
                How::Entropy { stream, from_ms, to_ms } => {
                    self.entropy(*stream, *from_ms, *to_ms, own(*stream))
                }
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
    fn extreme(&self, stream: u8, from_ms: i64, to_ms: i64, largest: bool, own: (f64, f64)) -> f64 {
        let kind = self.kind as usize;
        let (masks, layout) = (&self.state.combos[kind].masks, &self.plan.layouts[kind]);
        let mut best = f64::NAN;
        let mut take = |v: f64| best = if largest { best.max(v) } else { best.min(v) };
        for entity in &self.entities {
            let found =
                entity.history.extremes(self.now - from_ms, self.now - to_ms, stream as usize, masks, layout);
            if let Some((low, high)) = found {
                take(if largest { high } else { low });
            }
        }
        if own.0 > 0.0 {
            take(own.1);
        }
        best
    }
    /// Values of a stream in a window, event by event; `None` where the window reaches into what is kept as totals only.
    fn singly(&self, stream: u8, from_ms: i64, to_ms: i64) -> Option<impl Iterator<Item = f64>> {
        let masks = &self.state.combos[self.kind as usize].masks;
        let from = self.now - from_ms;
        let to = self.now - to_ms;
        self.entities.iter().all(|e| e.history.kept_singly(from)).then(|| {
            let windows = self.entities.iter().flat_map(move |e| e.history.within(from, to));
            windows.filter(move |e| masks[e.combo()] >> stream & 1 == 1).map(|e| e.value)
        })
    }
    fn rank(&self, stream: u8, from_ms: i64, to_ms: i64, (own, value): (f64, f64)) -> f64 {
        if own == 0.0 {
            return f64::NAN;
        }
        let Some(values) = self.singly(stream, from_ms, to_ms) else { return f64::NAN };
        let (mut n, mut below) = (0.0, 0.0);
        for v in values {
            n += 1.0;
            below += if v < value {
                1.0
            } else if v == value {
                0.5
            } else {
                0.0
            };
        }
        divide(below, n)
    }
    fn entropy(&self, stream: u8, from_ms: i64, to_ms: i64, own: (f64, f64)) -> f64 {
        let Some(values) = self.singly(stream, from_ms, to_ms) else { return f64::NAN };
        let mut codes: SmallVec<[u64; 64]> = values.map(f64::to_bits).collect();
        if own.0 > 0.0 {
            codes.push(own.1.to_bits());
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
        let known = self.entities.first().and_then(|e| e.distincts.get(set as usize));
        let mut count = known.map_or(0.0, |d| d.count(from));
        if own {
            let mut added: SmallVec<[Id; 2]> = SmallVec::new();
            for &(k, i, s, what) in &self.hits.sets {
                if k == self.kind && i == self.first && s == set && !added.contains(&what) {
                    added.push(what);
                    count += known.map_or(1.0, |d| d.added_by(what, from));
                }
            }
        }
        count
    }
    fn cell(&self, cell: u16, op: CellOp, own: bool) -> f64 {
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
        for entity in &self.entities {
            entity.cells.get(cell as usize).iter().for_each(|&&v| take(v));
        }
        if own {
            self.own_cells.iter().filter(|c| c.0 == cell).for_each(|c| take(c.1));
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
