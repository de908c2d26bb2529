//! What is claimed as damages, from whom, and does it add up? Lines, their sum and each defendant's share.
//!
//! Everything is whole minor units of one currency: an amount in another is converted at the rate of its day, a half is
//! rounded away from zero, and what a defendant's share leaves over goes to the largest remainders, so that shares add up
//! to their line and lines to the total, to the cent. Nothing is counted twice ([`twice`]).

mod interest;
mod share;
mod table;
pub mod twice;

pub use interest::{DayCount, Interest, RATE_DECIMALS_MAX, RATE_PERCENT_MAX};
pub use share::shared;
pub use table::{csv, decimal};
pub use twice::{Pieces, Unit};

use crate::when::Moment;
use ringfence_domain::rates::Rates;
use ringfence_domain::{Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most lines of a schedule: a court reads none with more.
pub const LINES_MAX: usize = 100_000;
/// Most defendants.
pub const DEFENDANTS_MAX: usize = 500;
/// Largest weight of a share.
pub const WEIGHT_MAX: u64 = 1_000_000;

/// What kind of recovery a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// What the shop lost.
    Actual,
    /// What the others gained.
    Disgorgement,
    /// What a law sets.
    Statutory,
}

impl Class {
    /// All of them.
    pub const ALL: [Class; 3] = [Class::Actual, Class::Disgorgement, Class::Statutory];
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Actual => "actual",
            Class::Disgorgement => "disgorgement",
            Class::Statutory => "statutory",
        }
    }
}

/// What a line is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Money that was paid back.
    Refund,
    /// The value of goods that did not come back.
    Goods,
    /// Freight to the customer.
    FreightOut,
    /// Freight back.
    FreightBack,
    /// Goods that were sent again.
    Replacement,
    /// Work on the return.
    Processing,
    /// Goods that came back worth less.
    Markdown,
    /// What the bank charges for a chargeback.
    ChargebackFee,
    /// Credits and gifts to the customer.
    Concession,
    /// Finding it out.
    Investigation,
    /// Mending what let it happen.
    Remediation,
    /// What has come back since: it is taken off.
    Recovered,
    /// What a ring took for its service.
    RingFee,
    /// What members of staff were paid.
    Bribe,
    /// What a law sets.
    Statutory,
}

impl Basis {
    /// The kind of recovery that it belongs to.
    pub fn class(self) -> Class {
        match self {
            Basis::Refund
            | Basis::Goods
            | Basis::FreightOut
            | Basis::FreightBack
            | Basis::Replacement
            | Basis::Processing
            | Basis::Markdown
            | Basis::ChargebackFee
            | Basis::Concession
            | Basis::Investigation
            | Basis::Remediation
            | Basis::Recovered => Class::Actual,
            Basis::RingFee | Basis::Bribe => Class::Disgorgement,
            Basis::Statutory => Class::Statutory,
        }
    }
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Basis::Refund => "refund paid",
            Basis::Goods => "value of goods",
            Basis::FreightOut => "freight out",
            Basis::FreightBack => "freight back",
            Basis::Replacement => "replacement",
            Basis::Processing => "processing",
            Basis::Markdown => "markdown",
            Basis::ChargebackFee => "chargeback fee",
            Basis::Concession => "concession",
            Basis::Investigation => "investigation",
            Basis::Remediation => "remediation",
            Basis::Recovered => "recovered (taken off)",
            Basis::RingFee => "fee of the ring",
            Basis::Bribe => "bribe",
            Basis::Statutory => "statutory",
        }
    }
}

/// A line as it is asked for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claimed {
    /// Its name; given by number where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What it is for.
    pub basis: Basis,
    /// How much: above zero, also where it is taken off.
    pub amount: Money,
    /// When the loss fell: the day of its rate, and from which interest runs.
    pub on: Moment,
    /// In words.
    #[serde(default)]
    pub about: String,
    /// What shows it: an exhibit or a record.
    pub exhibit: String,
    /// The refund that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<String>,
    /// The pieces that it is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<Unit>,
    /// Whether it is one of several part payments for the same pieces.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// Whether each defendant answers for the whole of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joint_and_several: bool,
    /// Defendants and the weights of their shares.
    pub shares: BTreeMap<String, u64>,
}

/// All that a schedule is computed from.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The currency of the schedule.
    pub currency: Currency,
    /// Rates into it that were used: currency, from when, how much one unit is worth.
    pub rates: Vec<(Currency, Timestamp, String)>,
    /// Interest before judgment.
    pub interest: Option<Interest>,
    /// Those who are to pay.
    pub defendants: Vec<String>,
    /// Pieces of each line of an order, as far as they are known: order, line, pieces.
    pub pieces: Pieces,
    /// The lines.
    pub lines: Vec<Claimed>,
}

/// A defendant's share of a line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Share {
    /// Who.
    pub defendant: String,
    /// Of the amount, minor units of the schedule's currency.
    pub amount: i64,
    /// Of the interest.
    pub interest: i64,
}

/// A line as it is computed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// Its name.
    pub id: String,
    /// What kind of recovery.
    pub class: Class,
    /// What it is for.
    pub basis: Basis,
    /// In words.
    pub about: String,
    /// What shows it.
    pub exhibit: String,
    /// When the loss fell.
    pub on: Timestamp,
    /// As it fell.
    pub original: Money,
    /// The rate of that day; none in the currency of the schedule.
    pub rate: Option<String>,
    /// In minor units of the schedule's currency; below zero where it is taken off.
    pub amount: i64,
    /// Days for which interest runs.
    pub days: i64,
    /// Interest.
    pub interest: i64,
    /// Whether each defendant answers for the whole of it.
    pub joint_and_several: bool,
    /// Each defendant's share, in the order of the defendants.
    pub shares: Vec<Share>,
}

/// A sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Sum {
    /// Of amounts.
    pub amount: i64,
    /// Of interest.
    pub interest: i64,
}

/// What a defendant answers for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Owed {
    /// Who.
    pub defendant: String,
    /// The own shares.
    pub share: Sum,
    /// The most that can be asked of this one: own shares, and the whole of lines for which each answers.
    pub at_most: Sum,
}

/// The schedule.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Schedule {
    /// The currency.
    pub currency: Currency,
    /// The lines.
    pub lines: Vec<Line>,
    /// By class, in the order of [`Class::ALL`].
    pub classes: Vec<(Class, Sum)>,
    /// By defendant.
    pub owed: Vec<Owed>,
    /// Of all lines.
    pub total: Sum,
}

/// Why there is no schedule.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DamagesError {
    /// Too much of it.
    #[error("{0} {1} are more than the {2} that a schedule has; split the matter")]
    TooMany(usize, &'static str, usize),
    /// Not above zero.
    #[error("line {0} has no amount above zero; what came back is a line with the basis `recovered`")]
    Amount(String),
    /// No rate.
    #[error(
        "line {line} is in {currency}, and no rate into {into} is known on {on}; add one to the configuration under [[rate]]"
    )]
    Rate {
        /// The line.
        line: String,
        /// Its currency.
        currency: Currency,
        /// That of the schedule.
        into: Currency,
        /// Its day.
        on: Timestamp,
    },
    /// A rate that is none.
    #[error("{0}")]
    BadRate(String),
    /// Shares of nobody.
    #[error("line {0} is shared among nobody; give it `shares`, as in shares = {{ D1 = 1 }}")]
    NoShares(String),
    /// A share of somebody unknown.
    #[error(
        "line {0} names the defendant `{1}`, who is not in the list; add a [[defendant]] or mend the name"
    )]
    Stranger(String, String),
    /// Two defendants, or two lines, of one name.
    #[error("{0} `{1}` is there twice; give each a name of its own")]
    Named(&'static str, String),
    /// A weight out of range.
    #[error("a share of line {0} has the weight {1}; weights are whole numbers from 1 to {WEIGHT_MAX}")]
    Weight(String, u64),
    /// The sum is beyond what is kept exactly.
    #[error("the sum at line {0} is beyond 2^53 − 1 minor units; check the units of its amount")]
    Overflow(String),
    /// Interest that cannot be.
    #[error("{0}")]
    Interest(String),
    /// Counted twice.
    #[error(transparent)]
    Twice(#[from] twice::Twice),
}

/// Computes the schedule.
///
/// # Errors
/// Where it cannot be, or would count something twice; the line is named.
pub fn schedule(claim: &Claim) -> Result<Schedule, DamagesError> {
    let Claim { currency, rates, interest, defendants, pieces, lines } = claim;
    within(lines.len(), "lines", LINES_MAX)?;
    within(defendants.len(), "defendants", DEFENDANTS_MAX)?;
    if let Some(name) = repeated(defendants.iter().map(String::as_str)) {
        return Err(DamagesError::Named("the defendant", name));
    }
    let named: Vec<(String, &Claimed)> = lines
        .iter()
        .enumerate()
        .map(|(i, line)| (line.id.clone().unwrap_or_else(|| format!("L{}", i + 1)), line))
        .collect();
    if let Some(name) = repeated(named.iter().map(|(id, _)| id.as_str())) {
        return Err(DamagesError::Named("the line", name));
    }
    twice::check(&named, pieces)?;
    let rates = dated(*currency, rates)?;
    if let Some(interest) = interest {
        interest.check().map_err(DamagesError::Interest)?;
    }
    let computed: Vec<Line> = named
        .into_iter()
        .map(|(id, line)| computed(id, line, &rates, interest.as_ref(), defendants))
        .collect::<Result<_, _>>()?;
    summed(*currency, computed, defendants)
}

fn within(count: usize, what: &'static str, max: usize) -> Result<(), DamagesError> {
    if count > max { Err(DamagesError::TooMany(count, what, max)) } else { Ok(()) }
}

fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name)).map(str::to_owned)
}

fn dated(into: Currency, entries: &[(Currency, Timestamp, String)]) -> Result<Rates, DamagesError> {
    let mut rates = Rates::new(into);
    for (currency, from, text) in entries {
        let rate = ringfence_domain::rates::Rate::parse(text);
        rates.set(*currency, *from, rate.map_err(|e| DamagesError::BadRate(e.to_string()))?);
    }
    Ok(rates)
}

fn computed(
    id: String,
    line: &Claimed,
    rates: &Rates,
    interest: Option<&Interest>,
    defendants: &[String],
) -> Result<Line, DamagesError> {
    if line.amount.amount <= 0 {
        return Err(DamagesError::Amount(id));
    }
    let on = line.on.0;
    let converted = rates.convert(line.amount, on).ok_or_else(|| DamagesError::Rate {
        line: id.clone(),
        currency: line.amount.currency,
        into: rates.reporting(),
        on,
    })?;
    let sign = if line.basis == Basis::Recovered { -1 } else { 1 };
    let amount = converted * sign;
    let (days, owed) = match interest.filter(|i| i.classes.contains(&line.basis.class())) {
        Some(interest) => interest.on(amount, on).ok_or_else(|| DamagesError::Overflow(id.clone()))?,
        None => (0, 0),
    };
    let weights = weights(&id, line, defendants)?;
    let parts = shared(amount, &weights).into_iter().zip(shared(owed, &weights));
    let shares = defendants.iter().zip(parts).zip(&weights).filter(|(_, weight)| **weight > 0);
    let shares = shares.map(|((defendant, (amount, interest)), _)| Share {
        defendant: defendant.clone(),
        amount,
        interest,
    });
    Ok(Line {
        class: line.basis.class(),
        basis: line.basis,
        about: line.about.clone(),
        exhibit: line.exhibit.clone(),
        on,
        original: line.amount,
        rate: rates.at(line.amount.currency, on).map(|rate| rate.to_string()),
        amount,
        days,
        interest: owed,
        joint_and_several: line.joint_and_several,
        shares: shares.collect(),
        id,
    })
}

/// The weight of each defendant, in their order.
fn weights(id: &str, line: &Claimed, defendants: &[String]) -> Result<Vec<u64>, DamagesError> {
    if line.shares.is_empty() {
        return Err(DamagesError::NoShares(id.to_owned()));
    }
    for (name, weight) in &line.shares {
        if !defendants.contains(name) {
            return Err(DamagesError::Stranger(id.to_owned(), name.clone()));
        }
        if !(1..=WEIGHT_MAX).contains(weight) {
            return Err(DamagesError::Weight(id.to_owned(), *weight));
        }
    }
    Ok(defendants.iter().map(|d| line.shares.get(d).copied().unwrap_or(0)).collect())
}

fn summed(currency: Currency, lines: Vec<Line>, defendants: &[String]) -> Result<Schedule, DamagesError> {
    let mut total = Sum::default();
    let mut classes: Vec<(Class, Sum)> = Class::ALL.map(|class| (class, Sum::default())).to_vec();
    let mut owed: Vec<Owed> = defendants
        .iter()
        .map(|d| Owed { defendant: d.clone(), share: Sum::default(), at_most: Sum::default() })
        .collect();
    for line in &lines {
        let over = || DamagesError::Overflow(line.id.clone());
        let whole = Sum { amount: line.amount, interest: line.interest };
        total.add(whole).ok_or_else(over)?;
        let class = classes.iter_mut().find(|(class, _)| *class == line.class);
        class.map_or(Some(()), |(_, sum)| sum.add(whole)).ok_or_else(over)?;
        for share in &line.shares {
            let own = Sum { amount: share.amount, interest: share.interest };
            let Some(of) = owed.iter_mut().find(|of| of.defendant == share.defendant) else { continue };
            of.share.add(own).ok_or_else(over)?;
            of.at_most.add(if line.joint_and_several { whole } else { own }).ok_or_else(over)?;
        }
    }
    Ok(Schedule { currency, lines, classes, owed, total })
}

impl Sum {
    /// Adds; `None` beyond what JSON keeps exactly.
    fn add(&mut self, other: Sum) -> Option<()> {
        let kept = |a: i64, b: i64| {
            a.checked_add(b).filter(|sum| sum.unsigned_abs() <= ringfence_domain::money::AMOUNT_MAX as u64)
        };
        *self =
            Sum { amount: kept(self.amount, other.amount)?, interest: kept(self.interest, other.interest)? };
        Some(())
    }
    /// Amount and interest together.
    pub fn all(self) -> i64 {
        self.amount + self.interest
    }
}
