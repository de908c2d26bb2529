//! What goods does a word mean? Learned from the catalogue and from what the shop's own customers wrote about their orders.

use crate::posts::record::Record;
use std::collections::{BTreeMap, BTreeSet};

/// Orders with a word from which on it can be learned what it means.
const ORDERS_MIN: f64 = 8.0;
/// So many times likelier than usual a category has to be where a word stands that tells of goods.
const LIFT_MIN: f64 = 3.0;
/// What a word weighs in a category of whose catalogue it is, in orders.
const CATALOGUE_WEIGHT: f64 = 5.0;
/// Added to every count, so that nothing is impossible.
const SMOOTHING: f64 = 0.2;

/// Words that tell of goods.
#[derive(Clone, Debug, Default)]
pub(crate) struct Goods {
    /// By word: how often it is used for each category.
    of_word: BTreeMap<u32, BTreeMap<u32, f64>>,
    /// By category: all uses of such words.
    uses: BTreeMap<u32, f64>,
    by_text: BTreeMap<String, u32>,
}

impl Goods {
    /// Learns from a record.
    pub(crate) fn learn(record: &Record) -> Goods {
        let mut counts: BTreeMap<u32, BTreeMap<u32, f64>> = BTreeMap::new();
        let mut orders: BTreeMap<u32, f64> = BTreeMap::new();
        for order in record.order_facts.values().filter(|o| !o.words.is_empty() && !o.lines.is_empty()) {
            let categories: BTreeSet<u32> = order.lines.iter().map(|l| l.1).collect();
            let part = 1.0 / categories.len() as f64;
            for &category in &categories {
                *orders.entry(category).or_default() += part;
                for &word in &order.words {
                    *counts.entry(word).or_default().entry(category).or_default() += part;
                }
            }
        }
        for &(word, category) in &record.catalogue_words {
            *counts.entry(word).or_default().entry(category).or_default() += CATALOGUE_WEIGHT;
        }
        let total: f64 = orders.values().sum();
        let usual = |category: u32| {
            (orders.get(&category).copied().unwrap_or(0.0) + 1.0) / (total + record.categories.len() as f64)
        };
        let named: BTreeSet<u32> = record.catalogue_words.iter().map(|w| w.0).collect();
        counts.retain(|word, by_category| {
            let all: f64 = by_category.values().sum();
            let lift = by_category.iter().map(|(c, n)| n / all / usual(*c)).fold(0.0, f64::max);
            named.contains(word) || (all >= ORDERS_MIN && lift >= LIFT_MIN)
        });
        let mut uses: BTreeMap<u32, f64> = BTreeMap::new();
        for by_category in counts.values() {
            for (category, n) in by_category {
                *uses.entry(*category).or_default() += n;
            }
        }
        let by_text = counts.keys().map(|w| (record.words.text(*w).to_owned(), *w)).collect();
        Goods { of_word: counts, uses, by_text }
    }

    /// The word among these that says most: the one used least.
    pub(crate) fn telling(&self, words: &[String]) -> Option<u32> {
        let known = words.iter().filter_map(|w| self.by_text.get(w).copied());
        let used = |word: &u32| self.of_word[word].values().sum::<f64>();
        known.min_by(|a, b| used(a).total_cmp(&used(b)).then(a.cmp(b)))
    }

    /// How likely somebody who writes about goods of these categories uses this word.
    pub(crate) fn word_in(&self, word: u32, categories: &[u32]) -> Option<f64> {
        if categories.is_empty() {
            return None;
        }
        let by_category = &self.of_word[&word];
        let vocabulary = self.of_word.len() as f64;
        let sum: f64 = categories
            .iter()
            .map(|c| {
                let uses = self.uses.get(c).copied().unwrap_or(0.0);
                (by_category.get(c).copied().unwrap_or(0.0) + SMOOTHING) / (uses + SMOOTHING * vocabulary)
            })
            .sum();
        Some(sum / categories.len() as f64)
    }

    /// Those of these words that tell of goods.
    pub(crate) fn among<'a>(&'a self, words: &'a BTreeSet<u32>) -> impl Iterator<Item = u32> + 'a {
        words.iter().copied().filter(|w| self.of_word.contains_key(w))
    }
    /// How many such words there are.
    pub(crate) fn len(&self) -> usize {
        self.of_word.len()
    }
}
