//! What would another policy have done with the same requests? Two sets of decisions, compared.

use crate::cost::Situation;
use crate::ledger::{Ledger, Outcome};
use crate::policy::{DECISIONS, Policy};
use ringfence_domain::truth::Truth;
use ringfence_domain::words::Word;
use ringfence_domain::{Currency, DecisionKind, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// Most requests that are told one by one: the dearest of those that differ.
pub const EXAMPLES_MAX: usize = 100;

/// A request of the past with both decisions.
#[derive(Clone, PartialEq, Debug)]
pub struct Answered {
    /// Which request.
    pub refund: String,
    /// When it arrived.
    pub arrived_at: Timestamp,
    /// Amount, reason, goods.
    pub situation: Situation,
    /// What it was, where that is known: from a truth file or from matured verdicts.
    pub truth: Option<Truth>,
    /// The decision of the first policy.
    pub a: DecisionKind,
    /// The decision of the second policy.
    pub b: DecisionKind,
    /// The score that the first policy saw.
    pub score_a: f64,
    /// The score that the second policy saw.
    pub score_b: f64,
}

/// Compares two policies; requests are added in any order.
#[derive(Clone, Debug)]
pub struct Backtest<'a> {
    a: &'a Policy,
    b: &'a Policy,
    ledger_a: Ledger<'a>,
    ledger_b: Ledger<'a>,
    everything: Ledger<'a>,
    requests: u64,
    labelled: u64,
    differ: u64,
    differ_amount: f64,
    matrix: [[u64; DECISIONS]; DECISIONS],
    /// Requests and reviews of both policies, by day since 1970.
    days: BTreeMap<i64, DayLoad>,
    examples: Vec<Example>,
}

/// Two policies on the same history; money in minor units of `currency`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Comparison {
    /// Of all amounts.
    pub currency: Currency,
    /// Requests in all.
    pub requests: u64,
    /// Requests whose truth is known; money is counted on them alone.
    pub labelled: u64,
    /// Requests that the policies answer differently.
    pub differ: u64,
    /// Amounts of those requests.
    pub differ_amount_minor: i64,
    /// The decisions in the order of the rows and columns of `matrix`.
    pub order: Vec<DecisionKind>,
    /// Requests by decision of the first policy (row) and of the second (column).
    pub matrix: [[u64; DECISIONS]; DECISIONS],
    /// The first policy.
    pub a: Side,
    /// The second policy.
    pub b: Side,
    /// What paying everything at once would have cost.
    pub paying_everything: Outcome,
    /// Total cost of the first policy less that of the second: what the second saves.
    pub b_saves_minor: i64,
    /// Reviews by day.
    pub days: Vec<DayLoad>,
    /// The dearest requests that are answered differently, dearest first.
    pub examples: Vec<Example>,
}

/// One policy of a comparison.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Side {
    /// Its name.
    pub policy: String,
    /// Its content hash.
    pub hash: String,
    /// What its decisions cost.
    pub outcome: Outcome,
    /// Total cost of paying everything less that of this policy.
    pub saved_against_paying_everything_minor: i64,
    /// What it asks of reviewers.
    pub load: Load,
}

/// Reviewers' load, by calendar day (UTC) from the first request to the last.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Load {
    /// Reviews in all.
    pub reviews: u64,
    /// Reviews that people can do in a day.
    pub capacity_per_day: u32,
    /// Reviews a day on average, days without any included.
    pub mean_per_day: f64,
    /// Reviews of the busiest day.
    pub max_per_day: u64,
    /// Days with more reviews than people can do.
    pub days_over_capacity: u64,
    /// Hours of an expert in all.
    pub hours: f64,
}

/// Requests and reviews of one day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Default)]
pub struct DayLoad {
    /// Days since 1970-01-01, UTC.
    pub day: i64,
    /// Requests that arrived.
    pub requests: u64,
    /// Reviews of the first policy.
    pub reviews_a: u64,
    /// Reviews of the second policy.
    pub reviews_b: u64,
}

/// A request that the policies answer differently.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Example {
    /// Which request.
    pub refund: String,
    /// Its amount.
    pub amount_minor: i64,
    /// The decision of the first policy.
    pub a: DecisionKind,
    /// The decision of the second policy.
    pub b: DecisionKind,
    /// What it was, where that is known.
    pub truth: Option<Truth>,
}

impl<'a> Backtest<'a> {
    /// Compares `a` with `b`. Both are judged with the figures of `a`; see [`crate::ledger`].
    ///
    /// # Errors
    /// Where the policies are of different currencies: their amounts cannot be compared.
    pub fn new(a: &'a Policy, b: &'a Policy) -> Result<Self, String> {
        if a.currency != b.currency {
            return Err(format!(
                "policy `{}` is in {} and policy `{}` in {}; write both in the reporting currency",
                a.name, a.currency, b.name, b.currency
            ));
        }
        Ok(Self {
            a,
            b,
            ledger_a: Ledger::new(a),
            ledger_b: Ledger::new(a),
            everything: Ledger::new(a),
            requests: 0,
            labelled: 0,
            differ: 0,
            differ_amount: 0.0,
            matrix: [[0; DECISIONS]; DECISIONS],
            days: BTreeMap::new(),
            examples: Vec::new(),
        })
    }

    /// Adds a request.
    pub fn add(&mut self, request: &Answered) {
        let Answered { refund, arrived_at, situation, truth, a, b, score_a, score_b } = request;
        self.requests += 1;
        self.matrix[usize::from(a.code())][usize::from(b.code())] += 1;
        let day = self.days.entry(arrived_at.day()).or_default();
        day.requests += 1;
        day.reviews_a += u64::from(*a == DecisionKind::Review);
        day.reviews_b += u64::from(*b == DecisionKind::Review);
        if a != b {
            self.differ += 1;
            self.differ_amount += situation.amount_minor.max(0) as f64;
            let example = Example {
                refund: refund.clone(),
                amount_minor: situation.amount_minor,
                a: *a,
                b: *b,
                truth: *truth,
            };
            self.keep(example);
        }
        if let Some(truth) = truth {
            self.labelled += 1;
            self.ledger_a.add(*a, *score_a, situation, *truth);
            self.ledger_b.add(*b, *score_b, situation, *truth);
            self.everything.add(DecisionKind::InstantRefund, *score_a, situation, *truth);
        }
    }

    /// Keeps the dearest examples; of equal ones those with the smaller ids, so that the order of adding is no matter.
    fn keep(&mut self, example: Example) {
        let dearer = |e: &Example| (std::cmp::Reverse(e.amount_minor), e.refund.clone());
        let at = self.examples.partition_point(|kept| dearer(kept) <= dearer(&example));
        if at < EXAMPLES_MAX {
            self.examples.insert(at, example);
            self.examples.truncate(EXAMPLES_MAX);
        }
    }

    /// The comparison of all that was added.
    pub fn finish(self) -> Comparison {
        let days = every_day(&self.days);
        let everything = self.everything.outcome();
        let side = |policy: &Policy, ledger: &Ledger<'_>, reviews: fn(&DayLoad) -> u64| {
            let outcome = ledger.outcome();
            Side {
                policy: policy.name.clone(),
                hash: policy.hash.clone(),
                saved_against_paying_everything_minor: everything.total_cost_minor - outcome.total_cost_minor,
                outcome,
                load: load(policy, &days, reviews),
            }
        };
        let a = side(self.a, &self.ledger_a, |day| day.reviews_a);
        let b = side(self.b, &self.ledger_b, |day| day.reviews_b);
        Comparison {
            currency: self.a.currency,
            requests: self.requests,
            labelled: self.labelled,
            differ: self.differ,
            differ_amount_minor: self.differ_amount.round() as i64,
            order: DecisionKind::ALL.to_vec(),
            matrix: self.matrix,
            b_saves_minor: a.outcome.total_cost_minor - b.outcome.total_cost_minor,
            a,
            b,
            paying_everything: everything,
            days,
            examples: self.examples,
        }
    }
}

/// Most days in a comparison: 60 years; a stray time must not make a list of all days since 1990.
const DAYS_MAX: i64 = 21_915;

/// The days from the first to the last, those without requests included where they are not too many.
fn every_day(days: &BTreeMap<i64, DayLoad>) -> Vec<DayLoad> {
    let (Some((first, _)), Some((last, _))) = (days.first_key_value(), days.last_key_value()) else {
        return Vec::new();
    };
    let filled = |day| DayLoad { day, ..days.get(&day).copied().unwrap_or_default() };
    if last - first < DAYS_MAX {
        (*first..=*last).map(filled).collect()
    } else {
        days.keys().copied().map(filled).collect()
    }
}

fn load(policy: &Policy, days: &[DayLoad], reviews: fn(&DayLoad) -> u64) -> Load {
    let capacity = policy.review.per_day;
    let total: u64 = days.iter().map(reviews).sum();
    Load {
        reviews: total,
        capacity_per_day: capacity,
        mean_per_day: if days.is_empty() { 0.0 } else { total as f64 / days.len() as f64 },
        max_per_day: days.iter().map(reviews).max().unwrap_or(0),
        days_over_capacity: days.iter().filter(|day| reviews(day) > u64::from(capacity)).count() as u64,
        hours: total as f64 * policy.review.minutes / 60.0,
    }
}
