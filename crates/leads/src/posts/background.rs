//! How likely does a post say something without any refund behind it? Frequencies among the posts, smoothed.

use crate::posts::amounts::Amount;
use crate::posts::boasts::Boast;
use std::collections::BTreeMap;

/// Width of the kernel on the logarithm of amounts: a quarter up or down is about the same order.
const KERNEL: f64 = 0.25;
/// Share of amounts that are of any order from 5 to 10,000.
const ANY: f64 = 0.05;
/// Most amounts that make the density: past it more of them change nothing.
const AMOUNTS_MAX: usize = 2_000;

/// How likely a boast says what it says without any refund behind it.
#[derive(Clone, Debug)]
pub(crate) struct Chances {
    /// Of its amounts, for each hundredth around them.
    pub(crate) densities: Vec<f64>,
    pub(crate) word: f64,
    pub(crate) country: f64,
    pub(crate) days: f64,
}

/// What posts say, by itself.
pub(crate) struct Background {
    logs: Vec<f64>,
    words: BTreeMap<u32, f64>,
    countries: BTreeMap<String, f64>,
    days: BTreeMap<i64, f64>,
}

impl Background {
    pub(crate) fn new(boasts: &[Boast], words: usize) -> Background {
        let mut logs: Vec<f64> =
            boasts.iter().flat_map(|b| b.amounts.iter().map(|a| libm::log(a.hundredths as f64))).collect();
        logs.sort_by(f64::total_cmp);
        let step = logs.len().div_ceil(AMOUNTS_MAX).max(1);
        let logs = logs.into_iter().step_by(step).collect();
        let said_days = boasts.iter().filter_map(|b| b.claims.moments.took_days);
        Background {
            logs,
            words: shares(boasts.iter().filter_map(|b| b.word), words.max(1)),
            countries: shares(boasts.iter().filter_map(|b| b.claims.country.clone().map(|c| c.0)), 20),
            days: shares(said_days, 20),
        }
    }

    /// Density of amounts around this one, for each hundredth.
    fn density(&self, said: &Amount) -> f64 {
        let log = libm::log(said.hundredths as f64);
        let near: f64 = self
            .logs
            .iter()
            .map(|l| {
                let z = (log - l) / KERNEL;
                libm::exp(-0.5 * z * z)
            })
            .sum();
        let root = libm::sqrt(2.0 * core::f64::consts::PI) * KERNEL;
        let kernel = near / (root * self.logs.len().max(1) as f64);
        let any = 1.0 / libm::log(10_000.0 / 5.0);
        ((1.0 - ANY) * kernel + ANY * any) / said.hundredths as f64
    }

    /// How likely a boast says what it says, by itself.
    pub(crate) fn chances(&self, boast: &Boast) -> Chances {
        let country = boast.claims.country.as_ref().and_then(|(code, _)| self.countries.get(code));
        Chances {
            densities: boast.amounts.iter().map(|a| self.density(a)).collect(),
            word: boast.word.and_then(|w| self.words.get(&w)).copied().unwrap_or(1.0),
            country: country.copied().unwrap_or(1.0),
            days: boast.claims.moments.took_days.and_then(|d| self.days.get(&d)).copied().unwrap_or(1.0),
        }
    }
}

/// The share of each value; half a case is added for each of `kinds` values.
fn shares<T: Ord>(values: impl Iterator<Item = T>, kinds: usize) -> BTreeMap<T, f64> {
    let mut counts: BTreeMap<T, f64> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1.0;
    }
    let all = counts.values().sum::<f64>() + 0.5 * kinds as f64;
    counts.into_iter().map(|(value, n)| (value, (n + 0.5) / all)).collect()
}
