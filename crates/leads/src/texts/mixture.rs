//! Do these phrases come together more often than chance brings them? Two kinds of writers behind one table of counts.
//!
//! The table says how many accounts use which of up to ten phrases. Under *stock* people choose phrases independently but for
//! those that go with each other: a tree of pairwise dependencies (Chow and Liu, IEEE Trans. Inf. Theory 1968), so that the
//! opening, request and closing of a writing tool, or the fixed lines of a form, explain each other. Under *script* each
//! phrase is kept with a probability of its own. The shares of the two are fitted by expectation maximisation (Dempster,
//! Laird, Rubin 1977).
//!
//! How many accounts would have so many of the phrases if there were no script is asked of a stock fitted to everybody,
//! members included. Dependencies come into it unless the others show that there is none: fitted freely they would
//! explain the script itself.

/// Phrases of one table. All masks are enumerated, and a script of more phrases is known by its ten rarest.
pub(crate) const PHRASES_MAX: usize = 10;

/// Which phrases are there: a bit for each.
pub(crate) type Mask = u16;

/// Accounts by the phrases that they use.
pub(crate) struct Table {
    pub(crate) phrases: usize,
    /// Ascending by mask; how many accounts, which may be an estimate from a sample.
    pub(crate) cells: Vec<(Mask, f64)>,
}

impl Table {
    fn total(&self) -> f64 {
        self.cells.iter().map(|c| c.1).sum()
    }
}

/// How often phrases are there, and how often two of them.
struct Counts {
    total: f64,
    /// `pair[i][i]` is how often phrase i is there.
    pair: [[f64; PHRASES_MAX]; PHRASES_MAX],
}

impl Counts {
    fn of(phrases: usize, cells: impl Iterator<Item = (Mask, f64)>) -> Counts {
        let mut counts = Counts { total: 0.0, pair: [[0.0; PHRASES_MAX]; PHRASES_MAX] };
        for (mask, weight) in cells {
            counts.total += weight;
            for i in (0..phrases).filter(|i| mask >> i & 1 == 1) {
                for j in (0..phrases).filter(|j| mask >> j & 1 == 1) {
                    counts.pair[i][j] += weight;
                }
            }
        }
        counts
    }
    fn single(&self, i: usize) -> f64 {
        self.pair[i][i]
    }
    /// Whether two phrases are seen to be chosen independently: they could have met, and did not meet much more often.
    fn independent(&self, i: usize, j: usize) -> bool {
        let expected = self.single(i) * self.single(j) / self.total.max(1.0);
        expected >= MEETINGS_MIN && self.pair[i][j] <= LIFT_MAX * expected
    }
}

/// Meetings of two phrases to be expected by chance from which on their number says something.
const MEETINGS_MIN: f64 = 2.0;
/// Phrases that meet up to so many times as often as by chance are taken as independent.
const LIFT_MAX: f64 = 1.5;

/// A forest of dependencies between phrases.
#[derive(Clone, Debug)]
struct Tree {
    /// The phrase that each depends on, none for a root.
    parent: Vec<Option<usize>>,
    /// P(there | parent not there), P(there | parent there).
    there: Vec<[f64; 2]>,
}

/// Accounts' worth of belief in the overall share before a conditional share is counted.
const SMOOTHING: f64 = 1.0;

impl Tree {
    /// `free` says which pairs are independent.
    fn fit(phrases: usize, counts: &Counts, free: impl Fn(usize, usize) -> bool) -> Tree {
        let share = |i: usize| (counts.single(i) + 0.5) / (counts.total + 1.0);
        let weight = |i: usize, j: usize| if free(i, j) { 0.0 } else { information(counts, i, j) };
        let parent = spanning(phrases, weight);
        let there = (0..phrases)
            .map(|i| match parent[i] {
                None => [share(i); 2],
                Some(j) => {
                    let given = |n: f64, of: f64| (n + SMOOTHING * share(i)) / (of + SMOOTHING);
                    let (both, other) = (counts.pair[i][j], counts.single(j));
                    [given(counts.single(i) - both, counts.total - other), given(both, other)]
                }
            })
            .map(|p| p.map(|p| p.clamp(1e-12, 1.0 - 1e-12)))
            .collect();
        Tree { parent, there }
    }
    fn probability(&self, mask: Mask) -> f64 {
        let has = |i: usize| usize::from(mask >> i & 1);
        let term = |i: usize| {
            let there = self.there[i][self.parent[i].map_or(0, has)];
            if has(i) == 1 { there } else { 1.0 - there }
        };
        (0..self.parent.len()).map(term).product()
    }
}

/// Mutual information of two phrases, in nats.
fn information(counts: &Counts, i: usize, j: usize) -> f64 {
    let (total, a, b, both) = (counts.total, counts.single(i), counts.single(j), counts.pair[i][j]);
    let term = |n: f64, x: f64, y: f64| {
        if n > 0.0 && x > 0.0 && y > 0.0 { n / total * libm::log(n * total / (x * y)) } else { 0.0 }
    };
    let (not_a, not_b) = (total - a, total - b);
    term(both, a, b)
        + term(a - both, a, not_b)
        + term(b - both, not_a, b)
        + term(total - a - b + both, not_a, not_b)
}

/// The spanning forest of greatest weight (Prim): the parent of each. An edge without weight is none.
fn spanning(n: usize, weight: impl Fn(usize, usize) -> f64) -> Vec<Option<usize>> {
    let mut parent = vec![None; n];
    let mut best = vec![0.0; n];
    let mut inside = vec![false; n];
    for _ in 0..n {
        let outside = (0..n).filter(|i| !inside[*i]);
        let Some(next) = outside.reduce(|a, b| if best[b] > best[a] { b } else { a }) else { break };
        inside[next] = true;
        for i in (0..n).filter(|i| !inside[*i]) {
            let w = weight(i, next);
            if w > best[i] {
                (best[i], parent[i]) = (w, Some(next));
            }
        }
    }
    parent
}

/// A script keeps about 85 % of its phrases; believed as if seen on this many messages.
const KEEP: (f64, f64) = (0.85, 12.0);
/// Below it a phrase is not the script's.
const KEEP_MIN: f64 = 0.4;
const ROUNDS: usize = 12;
/// Who has so much of the phrases is taken for a writer of the script at first.
const FIRST: f64 = 0.6;

/// A share of the accounts that can be a script's: never none, never most.
fn share(accounts: f64, table: &Table) -> f64 {
    (accounts / table.total().max(1.0)).clamp(1e-9, 0.5)
}

/// Writers from the stock and writers from a script, fitted to a table.
pub(crate) struct Mixture {
    stock: Tree,
    /// The stock if there were no script: fitted to all.
    everybody: Tree,
    keep: Vec<f64>,
    /// Share of the accounts that write from the script.
    share: f64,
}

impl Mixture {
    /// Begins with those who have most of the phrases as the script's writers.
    pub(crate) fn fit(table: &Table) -> Mixture {
        let most = |mask: Mask| f64::from(mask.count_ones()) >= FIRST * table.phrases as f64;
        let others = Counts::of(table.phrases, table.cells.iter().copied().filter(|c| !most(c.0)));
        let first: f64 = table.cells.iter().filter(|c| most(c.0)).map(|c| c.1).sum();
        let stock = Tree::fit(table.phrases, &others, |i, j| others.independent(i, j));
        let mut mixture = Mixture {
            everybody: stock.clone(),
            stock,
            keep: vec![KEEP.0; table.phrases],
            share: share(first, table),
        };
        let mut others = others;
        for _ in 0..ROUNDS {
            others = mixture.round(table);
        }
        let everybody = Counts::of(table.phrases, table.cells.iter().copied());
        mixture.everybody = Tree::fit(table.phrases, &everybody, |i, j| others.independent(i, j));
        mixture
    }
    /// One round; returns what it takes for the others' counts.
    fn round(&mut self, table: &Table) -> Counts {
        let scripted: Vec<f64> = table.cells.iter().map(|(mask, n)| n * self.probability(*mask)).collect();
        let sum: f64 = scripted.iter().sum();
        for (i, keep) in self.keep.iter_mut().enumerate() {
            let kept: f64 = table
                .cells
                .iter()
                .zip(&scripted)
                .filter(|((mask, _), _)| mask >> i & 1 == 1)
                .map(|(_, s)| s)
                .sum();
            *keep = ((kept + KEEP.0 * KEEP.1) / (sum + KEEP.1)).clamp(KEEP_MIN, 0.99);
        }
        let rest = table.cells.iter().zip(&scripted).map(|((mask, n), s)| (*mask, n - s));
        let others = Counts::of(table.phrases, rest);
        self.stock = Tree::fit(table.phrases, &others, |i, j| others.independent(i, j));
        self.share = share(sum, table);
        others
    }
    fn script_probability(&self, mask: Mask) -> f64 {
        let term = |(i, keep): (usize, &f64)| if mask >> i & 1 == 1 { *keep } else { 1.0 - keep };
        self.keep.iter().enumerate().map(term).product()
    }
    /// The log-likelihood ratio that somebody who uses these phrases writes from the script, in nats.
    pub(crate) fn evidence(&self, mask: Mask) -> f64 {
        libm::log(self.script_probability(mask) / self.stock.probability(mask))
    }
    /// The probability of the same, with the script's share as prior.
    pub(crate) fn probability(&self, mask: Mask) -> f64 {
        let script = self.share * self.script_probability(mask);
        script / (script + (1.0 - self.share) * self.stock.probability(mask))
    }
    /// How often the script keeps a phrase.
    pub(crate) fn keeps(&self, phrase: usize) -> f64 {
        self.keep[phrase]
    }
    /// How many accounts would look as if they wrote from the script if there were none.
    pub(crate) fn expected(&self, table: &Table) -> f64 {
        let masks = (0..1u32 << table.phrases).map(|m| m as Mask);
        let members = masks.filter(|m| self.probability(*m) >= 0.5);
        members.map(|m| self.everybody.probability(m)).sum::<f64>() * table.total()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::normal::mix;
    use std::collections::BTreeMap;

    /// Accounts that draw each of five phrases from a pool of their own; some write with a tool, which ties three of them.
    fn honest(accounts: u64, salt: u64) -> Vec<Mask> {
        let unit = |a: u64, i: u64| (mix(salt << 40 | a << 8 | i) >> 11) as f64 / (1u64 << 53) as f64;
        (0..accounts)
            .map(|a| {
                let tool = unit(a, 9) < 0.2;
                let mut mask = 0;
                for (i, own) in [0.08, 0.1, 0.06, 0.0, 0.0].into_iter().enumerate() {
                    let with_tool = [0.33, 0.1, 0.06, 0.33, 0.33][i];
                    mask |= Mask::from(unit(a, i as u64) < if tool { with_tool } else { own }) << i;
                }
                mask
            })
            .collect()
    }
    fn members(mixture: &Mixture, t: &Table) -> f64 {
        t.cells.iter().filter(|c| mixture.probability(c.0) >= 0.5).map(|c| c.1).sum()
    }
    fn table(masks: &[Mask]) -> Table {
        let mut cells: BTreeMap<Mask, f64> = BTreeMap::new();
        for m in masks {
            *cells.entry(*m).or_default() += 1.0;
        }
        Table { phrases: 5, cells: cells.into_iter().collect() }
    }

    #[test]
    fn a_tree_gives_the_shares_it_was_fitted_to() {
        let t = table(&honest(20_000, 1));
        let counts = Counts::of(5, t.cells.iter().copied());
        let tree = Tree::fit(5, &counts, |i, j| counts.independent(i, j));
        let sum: f64 = (0..32).map(|m| tree.probability(m)).sum();
        assert!((sum - 1.0).abs() < 1e-9);
        // Of the tool's phrases any two go together; the tree knows.
        let both = t.cells.iter().filter(|c| c.0 & 0b11000 == 0b11000).map(|c| c.1).sum::<f64>() / 20_000.0;
        let said: f64 = (0..32).filter(|m| m & 0b11000 == 0b11000).map(|m| tree.probability(m)).sum();
        assert!((both - said).abs() < 0.004, "{both} {said}");
    }

    #[test]
    fn honest_people_with_a_writing_tool_are_expected() {
        for salt in 0..10 {
            let t = table(&honest(3_000, salt));
            let mixture = Mixture::fit(&t);
            let (observed, expected) = (members(&mixture, &t), mixture.expected(&t));
            assert!(observed <= 3.0 * expected + 6.0, "{observed} {expected}");
        }
    }

    #[test]
    fn a_script_stands_out_and_its_members_with_it() {
        let mut masks = honest(3_000, 1);
        masks.extend([0b11111; 12]);
        masks.extend([0b11101, 0b11110, 0b01111, 0b10111, 0b11011, 0b11101, 0b11110, 0b01111]);
        let t = table(&masks);
        let mixture = Mixture::fit(&t);
        let (observed, expected) = (members(&mixture, &t), mixture.expected(&t));
        assert!(observed >= 15.0 && expected < 2.0, "{observed} {expected}");
        assert!(mixture.probability(0b11111) > 0.95 && mixture.probability(0) < 1e-4);
        assert!(mixture.evidence(0b11111) > mixture.evidence(0b11011));
        assert!(mixture.keeps(0) > 0.7);
    }
}
