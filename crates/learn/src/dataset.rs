//! What is learned from? One row a refund request: its vector as of then, who asked, and what people found since.

use ringfence_domain::truth::Truth;
use ringfence_domain::vector::{Schema, category_code};
use ringfence_domain::words::Verdict;
use ringfence_domain::{Currency, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Words kept for showing at most: past it a vocabulary is no list that people read.
const WORDS_MAX: usize = 10_000;

/// What a refund request was found to be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// Fraud.
    Abuse,
    /// Against the shop's policy, short of fraud.
    PolicyAbuse,
    /// Honest.
    Legitimate,
}

impl From<Label> for Truth {
    fn from(label: Label) -> Truth {
        match label {
            Label::Abuse => Truth::Abuse,
            Label::PolicyAbuse => Truth::PolicyAbuse,
            Label::Legitimate => Truth::Legitimate,
        }
    }
}

impl Label {
    /// The word as the contract writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Label::Abuse => "abuse",
            Label::PolicyAbuse => "policy_abuse",
            Label::Legitimate => "legitimate",
        }
    }
    /// What a verdict on a refund says of it; verdicts on staff and on taken-over accounts say nothing.
    pub fn of(verdict: Verdict) -> Option<Label> {
        match verdict {
            Verdict::Abuse => Some(Label::Abuse),
            Verdict::PolicyAbuse => Some(Label::PolicyAbuse),
            Verdict::Legitimate => Some(Label::Legitimate),
            Verdict::Insider | Verdict::Compromised => None,
        }
    }
}

/// What a model is to find.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Abuse alone; policy abuse counts as not abuse.
    #[default]
    Abuse,
    /// Abuse and policy abuse.
    AbuseOrPolicyAbuse,
}

impl Target {
    /// Whether a label is what the model is to find.
    pub fn holds(self, label: Label) -> bool {
        match label {
            Label::Abuse => true,
            Label::PolicyAbuse => self == Target::AbuseOrPolicyAbuse,
            Label::Legitimate => false,
        }
    }
}

/// A verdict, and from when on it was known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KnownVerdict {
    /// What people found.
    pub verdict: Verdict,
    /// The later of its arrival and its own time.
    pub at: Timestamp,
}

/// Whose request a row is, apart from its vector.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RowMeta {
    /// The refund.
    pub refund: String,
    /// Whose account asked.
    pub account: String,
    /// For which order.
    pub order: String,
    /// Position of the request in the log.
    pub position: u64,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// How much, in minor units of `currency`.
    pub amount_minor: i64,
    /// The reporting currency.
    pub currency: Currency,
    /// Whether the shop's own investigators placed the order.
    pub test_purchase: bool,
    /// Every verdict on the request so far, in any order: which of them counts depends on when one asks.
    pub verdicts: Vec<KnownVerdict>,
}

impl RowMeta {
    /// The label as known at `until`: of the verdicts known by then the latest (of equally late ones the last listed).
    pub fn label(&self, until: Timestamp) -> Option<Label> {
        self.known(until).map(|(label, _)| label)
    }
    /// The same, and when it became known.
    pub fn known(&self, until: Timestamp) -> Option<(Label, Timestamp)> {
        let known = self.verdicts.iter().filter(|v| v.at <= until);
        known.max_by_key(|v| v.at).and_then(|v| Some((Label::of(v.verdict)?, v.at)))
    }
}

/// Rows in the order of the log, vectors as columns. Numbers are `f32`, which holds every number of a vector exactly.
#[derive(Clone, Debug)]
pub struct Dataset {
    schema: Schema,
    rows: Vec<RowMeta>,
    columns: Vec<Vec<f32>>,
    /// Words by their code, as far as they were given.
    words: BTreeMap<u32, String>,
}

impl Dataset {
    /// No rows yet.
    pub fn new(schema: Schema) -> Self {
        let columns = vec![Vec::new(); schema.columns.len()];
        Self { schema, rows: Vec::new(), columns, words: BTreeMap::new() }
    }
    /// Appends a row; `vector` is in the order of the schema.
    pub fn push(&mut self, meta: RowMeta, vector: &[f64]) {
        assert_eq!(vector.len(), self.columns.len(), "a vector has a number for every column of its schema");
        self.rows.push(meta);
        for (column, &x) in self.columns.iter_mut().zip(vector) {
            column.push(x as f32);
        }
    }
    /// Appends many rows given as columns; used by readers.
    pub(crate) fn extend(&mut self, rows: Vec<RowMeta>, columns: Vec<Vec<f32>>) {
        assert!(columns.iter().all(|c| c.len() == rows.len()), "columns of a row group have one length");
        self.rows.extend(rows);
        for (all, more) in self.columns.iter_mut().zip(columns) {
            all.extend(more);
        }
    }
    /// Keeps a word, so that its code can be shown as what it is; past `WORDS_MAX` further ones are not kept.
    pub fn learn_word(&mut self, word: &str) {
        if self.words.len() < WORDS_MAX {
            self.words.entry(category_code(word) as u32).or_insert_with(|| word.to_owned());
        }
    }
    /// The word of a category code, if it was kept.
    pub fn word(&self, code: f32) -> Option<&str> {
        self.words.get(&(code as u32)).map(String::as_str)
    }
    /// What the columns mean.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }
    /// The rows apart from their vectors.
    pub fn rows(&self) -> &[RowMeta] {
        &self.rows
    }
    /// One column of all rows; NaN is unknown.
    pub fn column(&self, index: usize) -> &[f32] {
        &self.columns[index]
    }
    /// The vector of a row.
    pub fn vector(&self, row: usize) -> Vec<f64> {
        self.columns.iter().map(|c| f64::from(c[row])).collect()
    }
    /// BLAKE3 over schema, rows and columns, hexadecimal: two models with one hash saw the same data.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.schema.hash.as_bytes());
        for row in &self.rows {
            let RowMeta {
                refund,
                account,
                order,
                position,
                requested_at,
                amount_minor,
                currency,
                test_purchase,
                verdicts,
            } = row;
            for text in [refund, account, order] {
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes());
            }
            hasher.update(&position.to_le_bytes());
            hasher.update(&requested_at.millis().to_le_bytes());
            hasher.update(&amount_minor.to_le_bytes());
            hasher.update(currency.as_str().as_bytes());
            hasher.update(&[u8::from(*test_purchase), verdicts.len().min(255) as u8]);
            for KnownVerdict { verdict, at } in verdicts {
                hasher.update(verdict.as_str().as_bytes());
                hasher.update(&at.millis().to_le_bytes());
            }
        }
        let mut bytes = Vec::new();
        for (column, numbers) in self.schema.columns.iter().zip(&self.columns) {
            hasher.update(column.name.as_bytes());
            bytes.clear();
            bytes.extend(numbers.iter().flat_map(|x| x.to_bits().to_le_bytes()));
            hasher.update(&bytes);
        }
        hasher.finalize().to_hex().to_string()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn at_day(day: i64) -> Timestamp {
        Timestamp::from_millis((19_000 + day) * 86_400_000).unwrap()
    }

    pub(crate) fn meta(i: usize, day: i64) -> RowMeta {
        RowMeta {
            refund: format!("R{i}"),
            account: format!("A{}", i % 7),
            order: format!("O{i}"),
            position: i as u64,
            requested_at: at_day(day),
            amount_minor: 1_000 + i as i64,
            currency: Currency::EUR,
            test_purchase: false,
            verdicts: Vec::new(),
        }
    }

    #[test]
    fn a_label_is_the_latest_verdict_known_by_then() {
        let check = |verdicts: &[(Verdict, i64)], until: i64, expect: Option<Label>| {
            let verdicts =
                verdicts.iter().map(|&(verdict, day)| KnownVerdict { verdict, at: at_day(day) }).collect();
            assert_eq!(RowMeta { verdicts, ..meta(1, 0) }.label(at_day(until)), expect);
        };
        let turned = [(Verdict::Legitimate, 9), (Verdict::Abuse, 3)];
        check(&turned, 2, None);
        check(&turned, 3, Some(Label::Abuse));
        check(&turned, 9, Some(Label::Legitimate));
        check(&[(Verdict::Abuse, 3), (Verdict::PolicyAbuse, 3)], 4, Some(Label::PolicyAbuse));
        check(&[(Verdict::Insider, 1)], 4, None);
    }
}
