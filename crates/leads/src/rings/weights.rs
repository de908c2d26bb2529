//! How much does a request look like the rings' by itself? A logistic regression on its traits, learned from what the marks say.
//!
//! Requests that a ring's marks tie are what the rings' look like; all others, most of them honest, are what others look like.
//! Some of the others are a ring's that nothing ties: that only makes the answer more careful. Traits that go together are not
//! counted twice, as they would be if their likelihood ratios were multiplied. Requests are compared within their kind of case,
//! so that a group of damaged goods is no ring because rings often claim damage.

use crate::rings::belief::{log_odds, probability};
use crate::rings::traits::{
    ABUSE, ACCOUNT, AMOUNT, BACK, CLEARED, NO_SCAN, NONE, NOT_YET, TEST_PURCHASE, THROUGH_TEST, Traits,
    VERDICT,
};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use std::collections::BTreeMap;

/// A family of traits, a kind of case and a value.
type Feature = (u8, u8, u16);

/// Of all kinds of case.
const ANY: u8 = u8::MAX;
/// What came back with what it was worth.
const BACK_AMOUNT: u8 = 101;

/// What a request weighs that nobody has called abuse after a while, before anything is learned.
const LN_NONE: f64 = -0.15;
/// What a verdict of abuse, and one of none, weighs before anything is learned: rings are investigated more than others.
const LN_ABUSE: f64 = 2.0;
const LN_CLEARED: f64 = -1.5;
/// An investigator's own order went through a ring: that is what it is for.
const LN_TEST_PURCHASE: f64 = 8.0;
/// What a verdict weighs at least, whatever the requests look like.
const VERDICT_MIN: f64 = 1.0;

/// Weights are drawn to nothing as by a belief of this precision (variance 1 ÷ 2).
const PRECISION: f64 = 2.0;
/// Other requests that are learned from at most; of more every so manieth.
const OTHERS_MAX: usize = 50_000;
/// A request whose marks make it a ring's with less than this is one of the others.
const TIED_MIN: f64 = 0.01;
/// Weight of all requests in the share of one kind of case: as many requests.
const CASE_BACK_OFF: f64 = 20.0;
const SWEEPS_MAX: u32 = 30;
/// Weights stand still when none moves by more.
const STILL: f64 = 0.01;
const STEP_MAX: f64 = 1.0;

/// By trait, in nats. Only looked up: there is no order in it.
#[derive(Clone, Debug)]
pub(crate) struct Weights(HashMap<Feature, f64, FxBuildHasher>);

impl Weights {
    /// Before anything is learned: only what people found out counts.
    pub(crate) fn first() -> Weights {
        let found = [(NONE, LN_NONE), (ABUSE, LN_ABUSE), (THROUGH_TEST, LN_ABUSE), (CLEARED, LN_CLEARED)];
        let found = found.into_iter().chain([(TEST_PURCHASE, LN_TEST_PURCHASE)]);
        Weights(found.map(|(value, weight)| ((VERDICT as u8, ANY, value), weight)).collect())
    }

    /// From how much each request is tied to rings by its marks. What was learned before is where the search begins: it ends
    /// at the same weights, sooner.
    pub(crate) fn learn(&self, traits: &[Traits], tied: &[f64]) -> Weights {
        let others = tied.iter().filter(|t| **t < TIED_MIN).count();
        let every = others.div_ceil(OTHERS_MAX).max(1);
        let mut nth = 0;
        let mut rows: Vec<Row> = Vec::new();
        let mut columns: HashMap<Feature, Vec<u32>, FxBuildHasher> = HashMap::default();
        for (traits, &tied) in traits.iter().zip(tied) {
            let mut weight = 1.0;
            if tied < TIED_MIN {
                nth += 1;
                if nth % every != 0 {
                    continue;
                }
                weight = every as f64;
            }
            for feature in features(traits) {
                columns.entry(feature).or_default().push(rows.len() as u32);
            }
            rows.push(Row { tied, weight, case: traits.case, odds: 0.0 });
        }
        if !start(&mut rows) {
            return Weights::first();
        }
        let columns: BTreeMap<Feature, Vec<u32>> = columns.into_iter().collect();
        let mut weights = fit(rows, &columns, self);
        // Whatever the requests look like: people who looked weigh at least that.
        let mut bound = |value: u16, low: f64, high: f64| {
            let weight = weights.entry((VERDICT as u8, ANY, value)).or_default();
            *weight = weight.clamp(low, high);
        };
        bound(ABUSE, VERDICT_MIN, f64::INFINITY);
        bound(THROUGH_TEST, LN_ABUSE, f64::INFINITY);
        bound(CLEARED, f64::NEG_INFINITY, -VERDICT_MIN);
        bound(TEST_PURCHASE, LN_TEST_PURCHASE, LN_TEST_PURCHASE);
        Weights(weights.into_iter().collect())
    }

    /// Of one request: the log-likelihood ratio.
    pub(crate) fn evidence(&self, traits: &Traits) -> f64 {
        features(traits).map(|f| self.of(f)).sum()
    }
    fn of(&self, feature: Feature) -> f64 {
        self.0.get(&feature).copied().unwrap_or(0.0)
    }
}

/// A request that is learned from.
struct Row {
    tied: f64,
    weight: f64,
    case: u8,
    odds: f64,
}

/// Sets each row to the odds of its kind of case, so that the weights say what tells rings within it. `false` where there is
/// nothing to learn from.
fn start(rows: &mut [Row]) -> bool {
    let mut cases: BTreeMap<u8, (f64, f64)> = BTreeMap::new();
    let (mut rings, mut all) = (0.0, 0.0);
    for row in rows.iter() {
        let case = cases.entry(row.case).or_default();
        *case = (case.0 + row.weight * row.tied, case.1 + row.weight);
        (rings, all) = (rings + row.weight * row.tied, all + row.weight);
    }
    if rings < 1.0 {
        return false;
    }
    for row in rows {
        let (of_rings, of_all) = cases[&row.case];
        let share = (of_rings + CASE_BACK_OFF * rings / all) / (of_all + CASE_BACK_OFF);
        row.odds = log_odds(share.clamp(1e-6, 0.9));
    }
    true
}

/// Coordinate-wise Newton steps: each weight in turn to where the ridge-penalised likelihood is largest.
fn fit(mut rows: Vec<Row>, columns: &BTreeMap<Feature, Vec<u32>>, first: &Weights) -> BTreeMap<Feature, f64> {
    let mut weights: BTreeMap<Feature, f64> = columns.keys().map(|f| (*f, first.of(*f))).collect();
    for (weight, column) in weights.values().zip(columns.values()) {
        for &n in column {
            rows[n as usize].odds += weight;
        }
    }
    for _ in 0..SWEEPS_MAX {
        let mut moved: f64 = 0.0;
        for (weight, column) in weights.values_mut().zip(columns.values()) {
            let (mut slope, mut curve) = (-PRECISION * *weight, PRECISION);
            for &n in column {
                let row = &rows[n as usize];
                let p = probability(row.odds);
                slope += row.weight * (row.tied - p);
                curve += row.weight * p * (1.0 - p);
            }
            let step = (slope / curve).clamp(-STEP_MAX, STEP_MAX);
            *weight += step;
            for &n in column {
                rows[n as usize].odds += step;
            }
            moved = moved.max(step.abs());
        }
        if moved < STILL {
            break;
        }
    }
    weights
}

fn features(traits: &Traits) -> impl Iterator<Item = Feature> {
    let (case, values) = (traits.case, traits.values);
    // That nobody looked yet says nothing, and a lane without scans neither.
    let silent = move |family: usize, value: u16| match family {
        BACK => value == NO_SCAN,
        VERDICT => value == NOT_YET,
        _ => false,
    };
    let by_family = values.into_iter().enumerate().filter(move |(family, value)| !silent(*family, *value));
    let by_family = by_family.map(move |(family, value)| {
        (family as u8, if matches!(family, VERDICT | ACCOUNT) { ANY } else { case }, value)
    });
    let dear =
        Some((BACK_AMOUNT, values[BACK] as u8, values[AMOUNT])).filter(|_| !silent(BACK, values[BACK]));
    by_family.chain([(AMOUNT as u8, ANY, values[AMOUNT])]).chain(dear)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(amount: u16, category: u16) -> Traits {
        let mut traits = Traits { case: 0, values: [0; crate::rings::traits::FAMILIES] };
        (traits.values[0], traits.values[AMOUNT], traits.values[VERDICT]) = (category, amount, NOT_YET);
        traits
    }

    #[test]
    fn what_always_goes_together_is_not_counted_twice() {
        // Of 1,000 requests 100 are dear; rings have 40 of those and 10 of the others. In the second shop dear goods are also
        // a category of their own.
        let shop = |category: u16| -> (Vec<Traits>, Vec<f64>) {
            let of = |n: usize| {
                let dear = n < 100;
                let tied = if dear { n < 40 } else { n < 110 };
                (
                    request(if dear { 20 } else { 9 }, if dear { category } else { 1 }),
                    f64::from(u8::from(tied)),
                )
            };
            (0..1_000).map(of).unzip()
        };
        let dear = |category: u16| {
            let (traits, tied) = shop(category);
            Weights::first().learn(&traits, &tied).evidence(&request(20, category))
        };
        let expected = libm::log((40.0 / 60.0) / (50.0 / 950.0));
        for found in [dear(1), dear(2)] {
            assert!((found - expected).abs() < 0.4, "{found} {expected}");
        }
    }

    #[test]
    fn nothing_is_learned_from_nothing_and_people_who_looked_count() {
        let mut cleared = request(9, 0);
        cleared.values[VERDICT] = CLEARED;
        let mut abuse = request(9, 0);
        abuse.values[VERDICT] = ABUSE;
        let traits = vec![request(9, 0), cleared, abuse];
        let weights = Weights::first().learn(&traits, &[0.0; 3]);
        assert!(weights.evidence(&traits[1]) <= -VERDICT_MIN && weights.evidence(&traits[2]) >= VERDICT_MIN);
    }
}
