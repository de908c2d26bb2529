//! How many were to be expected? The others' rate in the same situation, backed off to wider ones where few are like it.

use ringfence_domain::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// How many times an occasion could have led to a hit, and what for: one look at one member of staff.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    pub(crate) staff: u32,
    /// The situation from narrow to wide: each the number of a peer cell. All trials share an implied widest one.
    pub(crate) cells: [u64; 3],
    pub(crate) hit: bool,
    /// The refund that it was about.
    pub(crate) refund: Option<u32>,
    pub(crate) at: Timestamp,
}

/// Weight of the wider cell in the narrower: as many trials.
const BACK_OFF_TRIALS: f64 = 10.0;

#[derive(Clone, Copy, Default)]
struct Count {
    hits: f64,
    trials: f64,
}

impl Count {
    fn less(self, other: Count) -> Count {
        Count { hits: self.hits - other.hits, trials: self.trials - other.trials }
    }
    fn add(&mut self, hit: bool) {
        self.hits += f64::from(u8::from(hit));
        self.trials += 1.0;
    }
}

/// What one member of staff did on occasions of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) trials: u64,
    pub(crate) observed: u64,
    pub(crate) expected: f64,
}

/// What was to be expected.
pub(crate) struct Expected {
    /// By member of staff: trials, hits, and hits to be expected if they did as the others do in the same situations.
    pub(crate) tallies: BTreeMap<u32, Tally>,
    /// By trial: the chance of a hit among the others in the same situation.
    pub(crate) rates: Vec<f64>,
}

/// Expectations, cross-fitted: nobody's own trials take part in what is expected of them, nor do those of `apart`, who are
/// out of line themselves.
pub(crate) fn expected(trials: &[Trial], apart: &BTreeSet<u32>) -> Expected {
    // Level 3 is the whole; the key of an own count has the member of staff.
    let mut all: BTreeMap<(usize, u64), Count> = BTreeMap::new();
    let mut own: BTreeMap<(usize, u64, u32), Count> = BTreeMap::new();
    let levels = |t: &Trial| [(0, t.cells[0]), (1, t.cells[1]), (2, t.cells[2]), (3, 0)];
    for trial in trials {
        for (level, cell) in levels(trial) {
            if !apart.contains(&trial.staff) {
                all.entry((level, cell)).or_default().add(trial.hit);
                own.entry((level, cell, trial.staff)).or_default().add(trial.hit);
            }
        }
    }
    let mut rates: BTreeMap<([u64; 3], u32), f64> = BTreeMap::new();
    let mut found: BTreeMap<u32, Tally> = BTreeMap::new();
    let mut by_trial = Vec::with_capacity(trials.len());
    for trial in trials {
        let others = |(level, cell): (usize, u64)| {
            let of = all.get(&(level, cell)).copied().unwrap_or_default();
            of.less(own.get(&(level, cell, trial.staff)).copied().unwrap_or_default())
        };
        let [narrow, wide, wider, whole] = levels(trial).map(others);
        let rate = *rates.entry((trial.cells, trial.staff)).or_insert_with(|| {
            let whole = (whole.hits + 0.5) / (whole.trials + 1.0);
            [wider, wide, narrow].into_iter().fold(whole, |rate, cell| {
                (cell.hits + BACK_OFF_TRIALS * rate) / (cell.trials + BACK_OFF_TRIALS)
            })
        });
        let entry = found.entry(trial.staff).or_default();
        entry.trials += 1;
        entry.observed += u64::from(trial.hit);
        entry.expected += rate;
        by_trial.push(rate);
    }
    Expected { tallies: found, rates: by_trial }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trials(staff: u32, cell: u64, hits: usize, of: usize) -> Vec<Trial> {
        (0..of)
            .map(|i| Trial { staff, cells: [cell, cell, 0], hit: i < hits, refund: None, at: Timestamp::MIN })
            .collect()
    }

    #[test]
    fn what_is_expected_comes_from_the_others_in_the_same_cell() {
        // Cell 1 is one where half of the occasions are hits, cell 2 one where none is.
        let all = [trials(1, 1, 50, 100), trials(2, 1, 150, 300), trials(3, 2, 0, 300), trials(4, 2, 9, 30)]
            .concat();
        let found = expected(&all, &BTreeSet::new()).tallies;
        let ratio = |staff: u32| found[&staff].observed as f64 / found[&staff].expected;
        assert!((ratio(1) - 1.0).abs() < 0.1, "{}", ratio(1));
        assert!(ratio(4) > 4.0, "{}", ratio(4));
        // Who is known to be out of line is no peer.
        let without = expected(&all, &BTreeSet::from([2])).tallies;
        assert!(without[&1].expected < 0.5 * found[&1].expected, "{:?} {:?}", without[&1], found[&1]);
        // One's own hits make nobody's own expectation.
        assert!(found[&4].expected < 2.0, "{:?}", found[&4]);
    }
}
