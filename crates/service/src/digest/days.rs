//! What happened to the money, day by day? Asked for, at risk, paid, stopped, back, found to be abuse.
//!
//! Days are those of the events, UTC. Amounts are in the reporting currency, by the rates that the log holds. A standing
//! decision counts: what was denied and is paid after an appeal is not stopped any more, from that day on.

use crate::core::Control;
use crate::core::control::KeptRates;
use crate::digest::keep::{Batch, DigestError, Kept, Progress};
use crate::digest::touch::Thing;
use ringfence_domain::rates::Rates;
use ringfence_domain::words::{Condition, DecidedBy, SubjectKind, Verdict, Word};
use ringfence_domain::{Body, Decision, DecisionKind, Event, Money, Timestamp};
use ringfence_store::log::Reader;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

/// Days that are kept: somewhat more than two years.
pub const DAYS_MAX: usize = 800;

/// A count and an amount in minor units of the reporting currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Sum {
    /// How many.
    pub count: i64,
    /// How much.
    pub minor: i64,
}

impl Sum {
    fn add(&mut self, minor: i64) {
        self.count += 1;
        self.minor = self.minor.saturating_add(minor);
    }
    fn take(&mut self, minor: i64) {
        self.count -= 1;
        self.minor = self.minor.saturating_sub(minor);
    }
    /// Both added.
    pub fn and(self, other: Sum) -> Sum {
        Sum { count: self.count + other.count, minor: self.minor.saturating_add(other.minor) }
    }
}

/// What happened on one day.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Day {
    /// Refund requests.
    pub asked: Sum,
    /// What paying them all at once was expected to lose.
    pub at_risk: Sum,
    /// Money that went back.
    pub paid: Sum,
    /// Requests whose standing decision became a denial; those that did not stay one are taken off.
    pub stopped: Sum,
    /// Requests whose goods came back whole.
    pub back: Sum,
    /// Requests that people found to be abuse.
    pub abuse: Sum,
    /// First decisions, by their code.
    pub decisions: [u32; DecisionKind::ALL.len()],
    /// Scores of first decisions, by tenths.
    pub scores: [u32; 10],
    /// Decisions by people.
    pub by_people: u32,
    /// Appeals.
    pub appeals: u32,
}

/// Days, oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Days(BTreeMap<i64, Day>);

impl Days {
    /// As they were kept.
    pub(super) fn kept(days: impl IntoIterator<Item = (i64, Day)>) -> Days {
        Days(days.into_iter().collect())
    }
    fn of(&mut self, at: Timestamp) -> &mut Day {
        let day = at.day();
        if !self.0.contains_key(&day) && self.0.len() >= DAYS_MAX {
            self.0.pop_first();
        }
        self.0.entry(day).or_default()
    }
    /// The newest, oldest first, those without anything between them too.
    pub fn newest(&self, most: usize) -> Vec<(i64, Day)> {
        let Some((&last, _)) = self.0.last_key_value() else { return Vec::new() };
        let first = last.saturating_sub(most as i64 - 1);
        (first..=last).map(|day| (day, self.0.get(&day).cloned().unwrap_or_default())).collect()
    }
}

/// What is known of a refund's money.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Refund {
    /// Asked for, minor units of the reporting currency.
    pub minor: i64,
    /// The decision that stands, as its code.
    pub stands: Option<u8>,
    /// Paid, minor units of the reporting currency.
    pub paid_minor: i64,
    /// Whether the goods came back whole.
    pub back: bool,
    /// Whether people found it to be abuse.
    pub abuse: bool,
}

/// Takes records in; what they add up to is written with [`Folding::commit`].
pub(super) struct Folding {
    kept: Kept,
    shown: Arc<RwLock<Days>>,
    days: Days,
    /// Days changed since the last commit.
    changed: BTreeSet<i64>,
    seal: Option<(u64, String)>,
    rates: Rates,
    /// Refund and time of the last request: its decision comes next.
    asked: Option<(String, Timestamp)>,
    /// What came in since the last commit.
    new: Batch,
}

impl Folding {
    pub(super) fn new(
        kept: Kept,
        shown: Arc<RwLock<Days>>,
        rates: Rates,
        seal: Option<(u64, String)>,
    ) -> Folding {
        let days = shown.read().unwrap_or_else(PoisonError::into_inner).clone();
        Folding {
            kept,
            shown,
            days,
            changed: BTreeSet::new(),
            seal,
            rates,
            asked: None,
            new: Batch::default(),
        }
    }
    fn day(&mut self, at: Timestamp) -> &mut Day {
        self.changed.insert(at.day());
        self.days.of(at)
    }
    pub(super) fn touched(&mut self, thing: Thing, id: &str, position: u64) {
        self.new.places.push((thing, id.to_owned(), position));
    }
    pub(super) fn linked(&mut self, account: &str, thing: Thing, id: &str) {
        self.new.links.insert((account.to_owned(), thing, id.to_owned()));
    }
    fn minor(&self, money: Money, at: Timestamp) -> i64 {
        self.rates.convert(money, at).unwrap_or_default()
    }
    fn refund(&mut self, refund: &str) -> Result<&mut Refund, DigestError> {
        if !self.new.refunds.contains_key(refund) {
            let known = self.kept.refund(refund)?.unwrap_or_default();
            self.new.refunds.insert(refund.to_owned(), known);
        }
        Ok(self.new.refunds.get_mut(refund).expect("put there"))
    }
    /// The decision that stands from now on.
    fn stands(&mut self, refund: &str, kind: DecisionKind, at: Timestamp) -> Result<(), DigestError> {
        let known = self.refund(refund)?;
        let before = known.stands.replace(kind.code());
        let minor = known.minor;
        let denied = |code: Option<u8>| code == Some(DecisionKind::Deny.code());
        let day = self.day(at);
        match (denied(before), kind == DecisionKind::Deny) {
            (false, true) => day.stopped.add(minor),
            (true, false) => day.stopped.take(minor),
            (true, true) | (false, false) => {}
        }
        Ok(())
    }
    pub(super) fn decision(&mut self, decision: &Decision) -> Result<(), DigestError> {
        // The day of the request, as for what was asked; by the clock of its arrival where the two came apart.
        let asked = self.asked.take().filter(|(refund, _)| refund == decision.refund.as_str());
        let at = asked.map_or(decision.decided_at, |(_, at)| at);
        let risk = self.minor(decision.expected_loss, at);
        let day = self.day(at);
        if risk > 0 {
            day.at_risk.add(risk);
        }
        day.decisions[decision.decision.code() as usize] += 1;
        if decision.score.is_finite() {
            day.scores[((decision.score * 10.0) as usize).min(9)] += 1;
        }
        self.stands(decision.refund.as_str(), decision.decision, at)
    }
    pub(super) fn event(&mut self, event: &Event) -> Result<(), DigestError> {
        let at = event.time;
        match &event.body {
            Body::RefundRequested(e) => {
                let minor = self.minor(e.amount, at);
                self.refund(e.refund.as_str())?.minor = minor;
                self.new.orders.insert(e.order.as_str().to_owned(), e.refund.as_str().to_owned());
                self.asked = Some((e.refund.as_str().to_owned(), at));
                self.day(at).asked.add(minor);
            }
            Body::RefundDecided(e) => {
                self.stands(e.refund.as_str(), e.decision, at)?;
                if matches!(e.by, DecidedBy::Staff(_)) {
                    self.day(at).by_people += 1;
                }
            }
            Body::RefundPaid(e) => {
                let minor = self.minor(e.amount, at);
                let known = self.refund(e.refund.as_str())?;
                known.paid_minor = known.paid_minor.saturating_add(minor);
                self.day(at).paid.add(minor);
            }
            Body::ReturnInspected(e) if matches!(e.condition, Condition::AsNew | Condition::Used) => {
                let named = e.refund.as_ref().map(|refund| refund.as_str().to_owned());
                let Some(refund) = named.map_or_else(|| self.refund_of(e.order.as_str()), |r| Ok(Some(r)))?
                else {
                    return Ok(());
                };
                let known = self.refund(&refund)?;
                if !std::mem::replace(&mut known.back, true) {
                    let minor = known.minor;
                    self.day(at).back.add(minor);
                }
            }
            Body::VerdictRecorded(e) if e.subject.kind == SubjectKind::Refund => {
                let abuse = match e.verdict {
                    Verdict::Abuse | Verdict::PolicyAbuse => true,
                    Verdict::Legitimate | Verdict::Insider | Verdict::Compromised => false,
                };
                let known = self.refund(e.subject.id.as_str())?;
                let minor = known.minor;
                match (std::mem::replace(&mut known.abuse, abuse), abuse) {
                    (false, true) => self.day(at).abuse.add(minor),
                    (true, false) => self.day(at).abuse.take(minor),
                    (true, true) | (false, false) => {}
                }
            }
            Body::AppealOpened(_) => self.day(at).appeals += 1,
            // What else happens moves no money.
            _ => {}
        }
        Ok(())
    }
    fn refund_of(&self, order: &str) -> Result<Option<String>, DigestError> {
        match self.new.orders.get(order) {
            Some(refund) => Ok(Some(refund.clone())),
            None => self.kept.refund_of(order),
        }
    }
    pub(super) fn control(&mut self, control: &Control) {
        if let Control::Versions { rates: Some(rates), .. } | Control::Rates { rates } = control
            && let Ok(rates) = rates.rates()
        {
            self.rates = rates;
        }
    }
    /// Writes what came in, all of it or nothing, and shows it.
    pub(super) fn commit(&mut self, next: u64, reader: &Reader, whole: bool) -> Result<(), DigestError> {
        let head = reader.head();
        if whole && head.position == next {
            self.seal = Some((head.position, head.hash.to_string()));
        }
        let progress = Progress { next, rates: Some(KeptRates::of(&self.rates)), seal: self.seal.clone() };
        let days: Vec<(i64, Day)> =
            self.changed.iter().filter_map(|day| Some((*day, self.days.0.get(day)?.clone()))).collect();
        self.kept.write(&self.new, &days, &progress)?;
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        shown.0.extend(days);
        while shown.0.len() > DAYS_MAX {
            shown.0.pop_first();
        }
        drop(shown);
        self.changed.clear();
        self.new = Batch::default();
        Ok(())
    }
}
