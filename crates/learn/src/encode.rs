//! What number stands for a word? How often requests with it were abuse in the training time, drawn to the mean.
//!
//! Smoothed target rates (Micci-Barreca, SIGKDD Explorations 2001): (abuse + m × mean) / (count + m). Training rows
//! get the rate over *earlier* training rows only, block by block of time (as CatBoost's ordered statistics do,
//! Prokhorenkova et al. 2018), so that a row's own label never tells on it; later rows get the rate over all of them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Words of a column that a model keeps at most, the most frequent first: 10,000 are 200 KB in the model file.
pub const WORDS_MAX: usize = 10_000;

/// Settings of category encoding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EncodeSettings {
    /// Rows of the overall mean that are mixed into each word's rate.
    pub mean_rows: f64,
    /// Blocks of time within the training time.
    pub blocks: usize,
    /// Whether how often a word was seen (the logarithm of 1 + count) is an input of its own.
    pub counts: bool,
}

impl Default for EncodeSettings {
    fn default() -> Self {
        Self { mean_rows: 50.0, blocks: 8, counts: true }
    }
}

/// A word's number, by its code; words that training did not see get `unseen`, unknown stays unknown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordTable {
    /// Codes ([`ringfence_domain::vector::category_code`]), strictly ascending.
    pub codes: Vec<u32>,
    /// The numbers, in the order of the codes.
    pub numbers: Vec<f32>,
    /// The number of a word that is not listed.
    pub unseen: f32,
}

impl WordTable {
    /// The number of a word given by its code; NaN for NaN.
    #[inline]
    pub fn number(&self, code: f32) -> f32 {
        if code.is_nan() {
            return f32::NAN;
        }
        self.codes.binary_search(&(code as u32)).map_or(self.unseen, |i| self.numbers[i])
    }
    /// What is wrong with a table that was read from a file, if anything.
    pub fn fault(&self) -> Option<&'static str> {
        if self.codes.len() != self.numbers.len() {
            return Some("codes and numbers differ in length");
        }
        if !self.codes.windows(2).all(|w| w[0] < w[1]) {
            return Some("codes are not strictly ascending");
        }
        (!self.numbers.iter().chain([&self.unseen]).all(|x| x.is_finite()))
            .then_some("a number is not finite")
    }
}

/// The rate and count tables of a column, and the training rows' own numbers.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// Word → smoothed rate.
    pub rates: WordTable,
    /// Word → ln(1 + count).
    pub counts: WordTable,
    /// Out-of-fold rates of the training rows.
    pub fit_rates: Vec<f32>,
    /// Out-of-fold counts of the training rows.
    pub fit_counts: Vec<f32>,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    weight: f64,
    abuse: f64,
    rows: f64,
}

/// Encodes a column of codes. Rows are in the order of time; those with weight 0 count as seen, not as labelled.
pub fn encode(codes: &[f32], target: &[f32], weight: &[f32], settings: &EncodeSettings) -> Encoded {
    let n = codes.len();
    let mut tallies: BTreeMap<u32, Tally> = BTreeMap::new();
    let mut all = Tally::default();
    let (mut fit_rates, mut fit_counts) = (Vec::with_capacity(n), Vec::with_capacity(n));
    let blocks = settings.blocks.max(2);
    for block in 0..blocks {
        let range = n * block / blocks..n * (block + 1) / blocks;
        for &code in &codes[range.clone()] {
            let tally = tallies.get(&(code as u32)).copied().unwrap_or_default();
            let unknown = code.is_nan();
            // The first block has no past: unknown, not a rate made of nothing.
            let known = !unknown && block > 0;
            fit_rates.push(if known { rate(tally, all, settings) } else { f32::NAN });
            let seen = tally.rows * n as f64 / range.start.max(1) as f64;
            fit_counts.push(if known { libm::log1p(seen) as f32 } else { f32::NAN });
        }
        for i in range {
            let (w, y) = (f64::from(weight[i]), f64::from(target[i]));
            all.weight += w;
            all.abuse += w * y;
            if !codes[i].is_nan() {
                let tally = tallies.entry(codes[i] as u32).or_default();
                tally.rows += 1.0;
                tally.weight += w;
                tally.abuse += w * y;
            }
        }
    }
    keep_most_frequent(&mut tallies);
    let table = |number: &dyn Fn(Tally) -> f32| WordTable {
        codes: tallies.keys().copied().collect(),
        numbers: tallies.values().map(|&t| number(t)).collect(),
        unseen: number(Tally::default()),
    };
    Encoded {
        rates: table(&|t| rate(t, all, settings)),
        counts: table(&|t| libm::log1p(t.rows) as f32),
        fit_rates,
        fit_counts,
    }
}

fn rate(tally: Tally, all: Tally, settings: &EncodeSettings) -> f32 {
    let mean = if all.weight > 0.0 { all.abuse / all.weight } else { 0.5 };
    ((tally.abuse + settings.mean_rows * mean) / (tally.weight + settings.mean_rows)) as f32
}

fn keep_most_frequent(tallies: &mut BTreeMap<u32, Tally>) {
    if tallies.len() <= WORDS_MAX {
        return;
    }
    let mut by_rows: Vec<(u32, f64)> = tallies.iter().map(|(&code, t)| (code, t.rows)).collect();
    by_rows.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    for (code, _) in &by_rows[WORDS_MAX..] {
        tallies.remove(code);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: EncodeSettings = EncodeSettings { mean_rows: 2.0, blocks: 2, counts: true };

    #[test]
    fn rates_are_drawn_to_the_mean() {
        // Word 7: two of three are abuse; word 9: none of one; overall 2 of 4.
        let got = encode(&[7.0, 7.0, 9.0, 7.0], &[1.0, 0.0, 0.0, 1.0], &[1.0; 4], &SETTINGS);
        assert_eq!(got.rates.number(7.0), (2.0 + 2.0 * 0.5) / 5.0);
        assert_eq!(got.rates.number(9.0), (2.0 * 0.5) / 3.0);
        assert_eq!(got.rates.number(1.0), 0.5);
        assert!(got.rates.number(f32::NAN).is_nan());
    }

    #[test]
    fn a_training_row_sees_earlier_labels_only() {
        let codes = [7.0, 7.0, 7.0, 7.0];
        let a = encode(&codes, &[1.0, 0.0, 0.0, 0.0], &[1.0; 4], &SETTINGS);
        let b = encode(&codes, &[1.0, 0.0, 1.0, 1.0], &[1.0; 4], &SETTINGS);
        assert!(a.fit_rates[0].is_nan() && a.fit_rates[1].is_nan());
        assert_eq!(a.fit_rates[2..], b.fit_rates[2..], "labels of a block show in its own rates");
        assert_eq!(a.fit_rates[2], 0.5);
    }

    #[test]
    fn rows_without_a_label_count_as_seen_only() {
        let got = encode(&[7.0, 7.0], &[0.0, 1.0], &[0.0, 1.0], &SETTINGS);
        assert_eq!(got.rates.number(7.0), (1.0 + 2.0) / 3.0);
        assert_eq!(got.counts.number(7.0), libm::log1p(2.0) as f32);
    }

    #[test]
    fn an_endless_vocabulary_is_cut_to_its_frequent_words() {
        let n = WORDS_MAX + 500;
        let codes: Vec<f32> = (0..n).map(|i| i as f32).chain([3.0; 5]).collect();
        let got = encode(&codes, &vec![0.0; n + 5], &vec![1.0; n + 5], &SETTINGS);
        assert_eq!(got.counts.codes.len(), WORDS_MAX);
        assert_eq!(got.counts.number(3.0), libm::log1p(6.0) as f32);
        assert_eq!(got.rates.fault(), None);
    }
}
