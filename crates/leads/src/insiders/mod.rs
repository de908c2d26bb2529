//! Which members of staff are worth a review? Observed against expected, many tests held to a false-discovery rate.
//!
//! For each family of figures the others' behaviour in the same situation gives what is to be expected of a person; how
//! much honest people differ widens the null (gamma-Poisson); each family is held to a false-discovery rate (Benjamini and
//! Hochberg). A lead needs two kinds of evidence, since one alone is what an honest specialist or a bad day looks like, and
//! enough money. It says *bribed*, *phished* or *unclear*. There are no figures of idle time or productivity.

mod affinity;
mod expect;
mod families;
mod record;

pub use families::{Evidence, Family, Unit};
pub(crate) use families::{Excess, excess, records_out_of_line};
pub use record::Record;

use crate::control::{self, hash};
use families::NEAR;
use ringfence_domain::{Currency, Money, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What is a lead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Largest false-discovery rate within a family.
    pub fdr: f64,
    /// Least kinds of evidence.
    pub kinds_min: usize,
    /// Least sum of the refunds that it rests on, minor units of the reporting currency.
    pub money_min: i64,
    /// Whether some who are no lead are added at random, so that a blind review can measure the leads.
    pub controls: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { fdr: 0.10, kinds_min: 2, money_min: 50_000, controls: false }
    }
}

/// What it looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Ordinary sessions, with favours for some.
    Bribed,
    /// Somebody else acted through the account.
    Phished,
    /// Not to be told.
    Unclear,
}

/// A figure that a lead rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FamilyFigure {
    /// Which.
    pub family: Family,
    /// Hits.
    pub observed: u64,
    /// Hits to be expected.
    pub expected: f64,
    /// Least false-discovery rate at which it is reported.
    pub q_value: f64,
}

/// A member of staff to be reviewed. Not an accusation: see `why`, which also says what speaks against it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lead {
    /// Who.
    pub staff: String,
    /// The probability that the figures are out of line by more than half: that of the second of two kinds of evidence.
    pub probability: f64,
    /// What it looks like.
    pub pattern: Pattern,
    /// The families within the false-discovery rate, strongest first.
    pub families: Vec<FamilyFigure>,
    /// The refunds behind them.
    pub refunds: Vec<String>,
    /// Their sum.
    pub money: Money,
    /// For people: what was seen, and what speaks against it.
    pub why: Vec<String>,
    /// Whether it is no lead but was picked at random, for a blind review.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub control: bool,
    /// Whether it stands above the stated false-discovery rate; others are told only on request.
    #[serde(skip)]
    pub stands: bool,
}

/// All that was looked at.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Everybody with a figure within the rate, the leads first, best first.
    pub leads: Vec<Lead>,
    /// Every figure of everybody with enough occasions, for a funnel plot: (member of staff, figure).
    pub units: Vec<(String, Unit)>,
}

/// Looks at everybody.
pub fn insiders(record: &Record, reporting: Currency, settings: &Settings) -> Findings {
    let units = families::units(record);
    let mut by_staff: BTreeMap<u32, Vec<&Unit>> = BTreeMap::new();
    for unit in units.iter().filter(|u| u.q_value <= settings.fdr && u.observed as f64 > u.expected) {
        by_staff.entry(unit.staff).or_default().push(unit);
    }
    let mut leads: Vec<Lead> = by_staff
        .into_iter()
        .map(|(staff, mut found)| {
            found.sort_by(|a, b| a.q_value.total_cmp(&b.q_value).then(a.family.cmp(&b.family)));
            lead(record, staff, &found, reporting, settings)
        })
        .collect();
    leads.sort_by(|a, b| {
        let order = b.stands.cmp(&a.stands).then(b.probability.total_cmp(&a.probability));
        order.then(b.money.amount.cmp(&a.money.amount)).then_with(|| a.staff.cmp(&b.staff))
    });
    if settings.controls {
        leads.extend(controls(record, &units, &leads, reporting));
    }
    let units = units.into_iter().map(|u| (record.staff.text(u.staff).to_owned(), u)).collect();
    Findings { leads, units }
}

/// Some of those with figures of whom none is out of line, in an order that has nothing to do with the figures: that of a
/// hash of the name and of what was found, so that it is another one each time and the same for the same events.
fn controls(record: &Record, units: &[Unit], leads: &[Lead], reporting: Currency) -> Vec<Lead> {
    let known: BTreeSet<&str> = leads.iter().map(|l| l.staff.as_str()).collect();
    let salt: u64 = units.iter().fold(0, |salt, u| hash(salt, &u.observed.to_le_bytes()));
    let others: BTreeSet<u32> = units.iter().map(|u| u.staff).collect();
    let mut others: Vec<(u64, &str)> = others
        .into_iter()
        .map(|staff| record.staff.text(staff))
        .filter(|staff| !known.contains(staff))
        .map(|staff| (hash(salt, staff.as_bytes()), staff))
        .collect();
    others.sort_unstable();
    let standing = leads.iter().filter(|l| l.stands).count();
    others.truncate(control::count(standing));
    let control = |(_, staff): (u64, &str)| Lead {
        staff: staff.to_owned(),
        probability: 0.0,
        pattern: Pattern::Unclear,
        families: Vec::new(),
        refunds: Vec::new(),
        money: Money { amount: 0, currency: reporting },
        why: vec!["picked at random for a blind review: none of the figures is out of line".to_owned()],
        control: true,
        stands: false,
    };
    others.into_iter().map(control).collect()
}

fn lead(record: &Record, staff: u32, found: &[&Unit], reporting: Currency, settings: &Settings) -> Lead {
    let mut best: BTreeMap<Evidence, f64> = BTreeMap::new();
    for unit in found {
        let probability = best.entry(unit.family.evidence()).or_default();
        *probability = probability.max(unit.probability);
    }
    let mut kinds: Vec<f64> = best.values().copied().collect();
    kinds.sort_by(|a, b| b.total_cmp(a));
    let refunds: BTreeSet<u32> = found.iter().flat_map(|u| u.refunds.iter().copied()).collect();
    let amount = refunds.iter().filter_map(|r| record.asked.get(r)).map(|a| a.amount).sum();
    let pattern = pattern(record, staff, &best, found);
    let mut why: Vec<String> = found.iter().map(|u| in_words(u)).collect();
    why.extend(against(record, staff, pattern, kinds.len() < settings.kinds_min));
    Lead {
        staff: record.staff.text(staff).to_owned(),
        probability: kinds.get(1).or(kinds.first()).copied().unwrap_or(0.0),
        pattern,
        families: found
            .iter()
            .map(|u| FamilyFigure {
                family: u.family,
                observed: u.observed,
                expected: u.expected,
                q_value: u.q_value,
            })
            .collect(),
        refunds: refunds.iter().map(|&r| record.refunds.text(r).to_owned()).collect(),
        money: Money { amount, currency: reporting },
        why,
        control: false,
        stands: kinds.len() >= settings.kinds_min && amount >= settings.money_min,
    }
}

/// Phished where the sessions are out of line and what was paid in them is, or at least half of the decisions behind the lead
/// were taken in them; bribed where the sessions are in order.
fn pattern(record: &Record, staff: u32, kinds: &BTreeMap<Evidence, f64>, found: &[&Unit]) -> Pattern {
    if found.iter().any(|u| u.family == Family::PaidInOddSession) {
        return Pattern::Phished;
    }
    let refunds: BTreeSet<u32> = found.iter().flat_map(|u| u.refunds.iter().copied()).collect();
    if !kinds.contains_key(&Evidence::Session) {
        return if kinds.len() > 1 { Pattern::Bribed } else { Pattern::Unclear };
    }
    let odd: Vec<Timestamp> =
        record.acts.iter().filter(|a| a.staff == staff && a.odd_session).map(|a| a.at).collect();
    let decided = record.taken.iter().filter(|t| t.staff == staff && refunds.contains(&t.refund));
    let (mut all, mut in_odd) = (0, 0);
    for taken in decided {
        all += 1;
        in_odd += usize::from(odd.iter().any(|&at| at.since(taken.at).0.abs() <= NEAR.0));
    }
    if in_odd * 2 >= all { Pattern::Phished } else { Pattern::Unclear }
}

fn in_words(u: &Unit) -> String {
    format!(
        "{}: {} of {} where {:.1} were to be expected of the peers ({:.1} times as many after shrinkage, 90 % within {:.1} to \
         {:.1}; false-discovery rate {:.3})",
        u.family.about(),
        u.observed,
        u.trials,
        u.expected,
        u.ratio,
        u.interval[0],
        u.interval[1],
        u.q_value
    )
}

/// What speaks against a lead, or limits it.
fn against(record: &Record, staff: u32, pattern: Pattern, one_kind: bool) -> Vec<String> {
    let mut out = Vec::new();
    if one_kind {
        out.push(
            "against: only one kind of evidence; an honest specialist or a bad day can look like this"
                .to_owned(),
        );
    }
    let role = record.person(staff).role;
    if role.is_none() {
        out.push("against: no role is known, so that the peers may be the wrong ones".to_owned());
    }
    if pattern == Pattern::Phished {
        let odd = record.acts.iter().filter(|a| a.staff == staff && a.odd_session).map(|a| a.at);
        let (from, to) = (odd.clone().min(), odd.max());
        if let (Some(from), Some(to)) = (from, to) {
            out.push(format!("the account may not have been its owner's between {from} and {to}: the person may be a victim"));
        }
    }
    out.push("not looked at: what was agreed by word of mouth, tasks outside the queue, systems that send no events".to_owned());
    out
}
