//! Is the simulated shop like a real one? Its rates and lags beside the published figures.
//!
//! Measured from the stream and the truth, not from the scenario: what comes out counts. A row outside its range is
//! shown as such; the figures do not all agree with each other, and the last column says where we know that they clash.

use crate::truth::{Kind, Label, TruthRecord, TruthSink};
use crate::{EventSink, Seasons};
use ringfence_domain::id::{AccountId, OrderId, ParcelId, RefundId};
use ringfence_domain::words::{ClaimReason, DecidedBy, Direction, ScanStatus, SubjectKind, Verdict};
use ringfence_domain::{Body, DecisionKind, Event, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

/// One measured quantity beside what is published.
#[derive(Clone, PartialEq, Debug)]
pub struct Check {
    /// What was measured.
    pub quantity: &'static str,
    /// What came out; NaN where nothing of the kind happened.
    pub simulated: f64,
    /// Least that counts as like it.
    pub low: f64,
    /// Most.
    pub high: f64,
    /// Where the range comes from.
    pub source: &'static str,
    /// Shown as a percentage.
    pub percent: bool,
}

impl Check {
    /// Within the range.
    pub fn ok(&self) -> bool {
        (self.low..=self.high).contains(&self.simulated)
    }
    fn number(&self, value: f64) -> String {
        match (self.percent, value.is_nan()) {
            (_, true) => "–".into(),
            (true, _) => format!("{:.2} %", value * 100.0),
            (false, _) if value.abs() >= 100.0 => format!("{value:.0}"),
            (false, _) => format!("{value:.2}"),
        }
    }
}

/// What is kept of an order.
struct OrderSeen {
    at: Timestamp,
    cents: i64,
    delivered: Option<Timestamp>,
}

struct RequestSeen {
    order: OrderId,
    account: AccountId,
    reason: ClaimReason,
    cents: i64,
    at: Timestamp,
    label: Option<Label>,
    kind: Option<Kind>,
}

/// Collects events and truth, then compares. Memory grows with orders and requests: it is a report, not a service.
#[derive(Default)]
pub struct Realism {
    orders: BTreeMap<OrderId, OrderSeen>,
    requests: BTreeMap<RefundId, RequestSeen>,
    lines: BTreeMap<String, [f64; 2]>,
    parcels: BTreeMap<ParcelId, [bool; 2]>,
    staff_answers: BTreeMap<RefundId, bool>,
    verdicts: BTreeMap<RefundId, (Timestamp, Verdict)>,
    first: Option<Timestamp>,
}

/// Is it a claim about what the shop or the carrier did, as far as the stream tells?
fn is_claim(reason: ClaimReason) -> bool {
    crate::requests::is_claim(reason)
}

impl EventSink for Realism {
    fn event(&mut self, event: &Event) -> std::io::Result<()> {
        self.see(event);
        Ok(())
    }
}

impl TruthSink for Realism {
    fn record(&mut self, record: &TruthRecord) -> std::io::Result<()> {
        if let TruthRecord::Refund(t) = record {
            let seen = RequestSeen {
                order: t.order.clone(),
                account: t.account.clone(),
                reason: ClaimReason::Other,
                cents: t.amount.amount,
                at: t.requested_at,
                label: Some(t.label),
                kind: Some(t.kind),
            };
            // The truth of a request may be told before or after the request is seen.
            let entry = self.requests.entry(t.refund.clone()).or_insert(seen);
            (entry.label, entry.kind) = (Some(t.label), Some(t.kind));
        }
        Ok(())
    }
}

impl Realism {
    fn see(&mut self, event: &Event) {
        match &event.body {
            Body::OrderPlaced(e) => {
                self.first.get_or_insert(event.time);
                for line in &e.lines {
                    if let Some(category) = &line.category {
                        self.lines.entry(category.to_string()).or_default()[0] += 1.0;
                    }
                }
                let seen = OrderSeen { at: event.time, cents: e.total.amount, delivered: None };
                self.orders.insert(e.order.clone(), seen);
            }
            Body::ParcelScanned(e) if e.direction == Direction::Outbound => {
                let [accepted, moved] = self.parcels.entry(e.parcel.clone()).or_default();
                *accepted |= e.status == ScanStatus::Accepted;
                *moved |= e.status == ScanStatus::Delivered;
                if let (ScanStatus::Delivered, Some(order)) = (e.status, self.orders.get_mut(&e.order)) {
                    order.delivered = order.delivered.max(Some(event.time));
                }
            }
            Body::RefundRequested(e) => {
                if !is_claim(e.reason) {
                    for line in &e.lines {
                        if let Some(category) = &line.category {
                            self.lines.entry(category.to_string()).or_default()[1] += 1.0;
                        }
                    }
                }
                let seen = RequestSeen {
                    order: e.order.clone(),
                    account: e.account.clone(),
                    reason: e.reason,
                    cents: e.amount.amount,
                    at: event.time,
                    label: None,
                    kind: None,
                };
                let entry = self.requests.entry(e.refund.clone()).or_insert(seen);
                entry.reason = e.reason;
            }
            Body::RefundDecided(e) => {
                if let DecidedBy::Staff(_) = e.by {
                    let open = matches!(
                        e.decision,
                        DecisionKind::Review | DecisionKind::StepUp | DecisionKind::CarrierTrace
                    );
                    if !open {
                        self.staff_answers.insert(e.refund.clone(), e.decision != DecisionKind::Deny);
                    }
                }
            }
            Body::VerdictRecorded(e) if e.subject.kind == SubjectKind::Refund => {
                if let Ok(refund) = RefundId::new(e.subject.id.as_str()) {
                    self.verdicts.insert(refund, (event.time, e.verdict));
                }
            }
            _ => {}
        }
    }

    /// All comparisons.
    pub fn checks(&self) -> Vec<Check> {
        let mut out = Vec::new();
        let mut add = |quantity, simulated: f64, low: f64, high: f64, source, percent| {
            out.push(Check { quantity, simulated, low, high, source, percent });
        };
        self.sales(&mut add);
        self.returns(&mut add);
        self.claims(&mut add);
        self.carriers(&mut add);
        self.labels(&mut add);
        out
    }

    fn sales(&self, add: &mut impl FnMut(&'static str, f64, f64, f64, &'static str, bool)) {
        let mut logs: Vec<f64> =
            self.orders.values().map(|o| libm::log(o.cents.max(1) as f64 / 100.0)).collect();
        logs.sort_by(f64::total_cmp);
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        let var = logs.iter().map(|l| (l - mean) * (l - mean)).sum::<f64>() / logs.len() as f64;
        let median = quantile(&logs, 0.5).exp();
        add("basket, median $", median, 55.0, 75.0, "domain §5: 65 (estimate)", false);
        add("basket, sigma of the logarithm", var.sqrt(), 0.8, 1.0, "domain §5: 0.9 (estimate)", false);
    }

    fn returns(&self, add: &mut impl FnMut(&'static str, f64, f64, f64, &'static str, bool)) {
        let returns: Vec<&RequestSeen> = self.requests.values().filter(|r| !is_claim(r.reason)).collect();
        let orders: BTreeSet<&OrderId> = returns.iter().map(|r| &r.order).collect();
        let rate = orders.len() as f64 / self.orders.len() as f64;
        add("orders with a return", rate, 0.17, 0.22, "domain §5: 19.3 %", true);
        for (name, quantity, low, high) in [
            ("apparel", "lines returned, apparel", 0.25, 0.40),
            ("electronics", "lines returned, electronics", 0.08, 0.15),
            ("beauty", "lines returned, beauty", 0.04, 0.12),
        ] {
            let [sold, back] = self.lines.get(name).copied().unwrap_or([f64::NAN, f64::NAN]);
            add(quantity, back / sold, low, high, "domain §5", true);
        }
        let mut lags: Vec<f64> = returns
            .iter()
            .filter_map(|r| self.orders.get(&r.order).map(|o| r.at.since(o.at).as_days()))
            .collect();
        lags.sort_by(f64::total_cmp);
        // Half to double of the real shop's lag: it had no window, no parcels to wait for, and other goods.
        for (p, quantity, real) in [
            (0.10, "return lag p10, days", 0.8),
            (0.25, "return lag p25, days", 4.1),
            (0.50, "return lag p50, days", 9.9),
            (0.75, "return lag p75, days", 25.0),
            (0.90, "return lag p90, days", 70.0),
            (0.99, "return lag p99, days", 234.0),
        ] {
            let source = "UCI Online Retail, ½ to 2 times";
            add(quantity, quantile(&lags, p), real / 2.0, real * 2.0, source, false);
        }
        let mut by_account: BTreeMap<&AccountId, f64> = BTreeMap::new();
        for r in &returns {
            *by_account.entry(&r.account).or_insert(0.0) += 1.0;
        }
        let mut counts: Vec<f64> = by_account.into_values().collect();
        counts.sort_by(|a, b| b.total_cmp(a));
        let top = |share: f64| {
            let n = (counts.len() as f64 * share) as usize;
            counts[..n].iter().sum::<f64>() / counts.iter().sum::<f64>()
        };
        add("returns made by the top 11 % of returners", top(0.11), 0.2, 0.4, "domain §2: 24 %", true);
    }

    fn claims(&self, add: &mut impl FnMut(&'static str, f64, f64, f64, &'static str, bool)) {
        let claims: Vec<&RequestSeen> = self.requests.values().filter(|r| is_claim(r.reason)).collect();
        let sales: i64 = self.orders.values().map(|o| o.cents).sum();
        let money = |of: &[&RequestSeen]| of.iter().map(|r| r.cents).sum::<i64>() as f64;
        let bad: Vec<&RequestSeen> =
            claims.iter().copied().filter(|r| r.label == Some(Label::Abuse)).collect();
        add(
            "claims, share of sales value",
            money(&claims) / sales as f64,
            0.01,
            0.02,
            "domain §5: 1–2 %",
            true,
        );
        let share = bad.len() as f64 / claims.len() as f64;
        add("abusive, share of claims", share, 0.07, 0.14, "domain §5: about 10 %", true);
        let share = money(&bad) / money(&claims);
        add("abusive, share of the claims' money", share, 0.20, 0.32, "domain §5: about a quarter", true);
        let rate = |test: &dyn Fn(&RequestSeen) -> bool| {
            let all: Vec<_> = claims.iter().filter(|r| test(r)).collect();
            all.iter().filter(|r| r.label == Some(Label::Abuse)).count() as f64 / all.len() as f64
        };
        let days = |r: &RequestSeen| {
            let order = self.orders.get(&r.order)?;
            order.delivered.map(|d| r.at.since(d).as_days())
        };
        let soon = rate(&|r| days(r).is_some_and(|d| d <= 7.0)) / rate(&|r| days(r).is_some_and(|d| d > 7.0));
        let dear = |r: &RequestSeen| self.orders.get(&r.order).is_some_and(|o| o.cents > 100_000);
        let clash = "domain §5: 1.33; clashes with the money share";
        add(
            "abuse, claims within 7 days against later",
            soon,
            0.8,
            1.8,
            "domain §5: 1.20, few are later",
            false,
        );
        add(
            "abuse, orders over $1,000 against others",
            rate(&dear) / rate(&|r| !dear(r)),
            1.1,
            8.0,
            clash,
            false,
        );
        let of = |reason| rate(&move |r: &RequestSeen| r.reason == reason);
        let ratio = of(ClaimReason::NotReceived) / of(ClaimReason::MissingItem);
        add(
            "abuse, not received against missing item",
            ratio,
            0.8,
            2.2,
            "domain §5: 1.25, few are missing items",
            false,
        );
        let peak = |r: &&&RequestSeen| self.orders.get(&r.order).is_some_and(|o| Seasons::is_peak(o.at));
        let year: Vec<&&RequestSeen> = claims.iter().filter(|r| self.in_first_year(r)).collect();
        let share = year.iter().filter(|r| peak(r)).count() as f64 / year.len() as f64;
        add("claims from November–December orders", share, 0.28, 0.38, "domain §5: a third", true);
    }

    fn in_first_year(&self, request: &RequestSeen) -> bool {
        let order = self.orders.get(&request.order);
        order.zip(self.first).is_some_and(|(o, first)| o.at.since(first).as_days() < 365.0)
    }

    fn carriers(&self, add: &mut impl FnMut(&'static str, f64, f64, f64, &'static str, bool)) {
        let moved: Vec<&[bool; 2]> = self.parcels.values().filter(|p| p[1]).collect();
        let missing = moved.iter().filter(|p| !p[0]).count() as f64 / moved.len() as f64;
        add("parcels without an origin scan", missing, 0.005, 0.03, "domain §5: 0.5–3 % (estimate)", true);
        let of = |kinds: &[Kind]| {
            self.requests.values().filter(|r| r.kind.is_some_and(|k| kinds.contains(&k))).count() as f64
        };
        let (theft, wrong) = (of(&[Kind::PorchTheft, Kind::DriverTheft]), of(&[Kind::Misdelivery]));
        let (lost, early) = (of(&[Kind::LostParcel]), of(&[Kind::EarlyScan]));
        let all = theft + wrong + lost + early;
        let rate = all / self.orders.len() as f64;
        let source = "domain §5: 0.5 %, sweep 0.25–1.5 (estimate)";
        add("true claims of non-receipt, share of orders", rate, 0.0025, 0.015, source, true);
        add("of them theft", theft / all, 0.40, 0.60, "domain §5: 50 %", true);
        add("of them misdelivery", wrong / all, 0.17, 0.33, "domain §5: 25 %", true);
        add("of them lost", lost / all, 0.13, 0.27, "domain §5: 20 %", true);
        add("of them early scan", early / all, 0.02, 0.09, "domain §5: 5 % (estimate)", true);
    }

    fn labels(&self, add: &mut impl FnMut(&'static str, f64, f64, f64, &'static str, bool)) {
        let claims = |id: &&RefundId| self.requests.get(*id).is_some_and(|r| is_claim(r.reason));
        let answered: Vec<&RefundId> = self.staff_answers.keys().filter(claims).collect();
        let yes = answered.iter().filter(|id| self.staff_answers[**id]).count() as f64;
        let approval = yes / answered.len() as f64;
        add("approved, of claims that staff decided", approval, 0.80, 0.95, "domain §5: about 90 %", true);
        let returns = self.requests.iter().filter(|(_, r)| !is_claim(r.reason));
        let (mut all, mut policy, mut confirmed, mut money) = (0.0, 0.0, 0.0, 0.0);
        for (id, r) in returns {
            all += 1.0;
            policy += f64::from(u8::from(r.label == Some(Label::PolicyAbuse)));
            if self.verdicts.get(id).is_some_and(|v| v.1 == Verdict::Abuse) {
                confirmed += 1.0;
                money += r.cents as f64 / 100.0;
            }
        }
        add("policy abuse, share of returns", policy / all, 0.05, 0.10, "domain §5: 5–10 %", true);
        let source = "domain §5: < 0.1 %; this shop looks more closely";
        add("confirmed fraud, share of returns", confirmed / all, 0.0, 0.005, source, true);
        add("confirmed fraud in returns, mean $", money / confirmed, 150.0, 500.0, "domain §5: 261", false);
        let bad: Vec<_> = self.requests.iter().filter(|(_, r)| r.label == Some(Label::Abuse)).collect();
        let found = |(id, _): &&(&RefundId, &RequestSeen)| {
            self.verdicts.get(*id).is_some_and(|v| v.1 == Verdict::Abuse)
        };
        let share = bad.iter().filter(found).count() as f64 / bad.len() as f64;
        add(
            "abusive requests with a verdict against them",
            share,
            0.2,
            0.6,
            "estimate: labels are scarce",
            true,
        );
        let mut delays: Vec<f64> = self
            .verdicts
            .iter()
            .filter_map(|(id, v)| self.requests.get(id).map(|r| v.0.since(r.at).as_days()))
            .collect();
        delays.sort_by(f64::total_cmp);
        add(
            "verdict, median days after the request",
            quantile(&delays, 0.5),
            5.0,
            60.0,
            "estimate: labels are late",
            false,
        );
    }

    /// The comparisons as a text table.
    pub fn table(&self) -> String {
        Table(&self.checks()).to_string()
    }
}

/// The value at `p` of sorted numbers; NaN of none.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    match sorted.len() {
        0 => f64::NAN,
        n => sorted[((n - 1) as f64 * p) as usize],
    }
}

struct Table<'a>(&'a [Check]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<46} {:>10}  {:<19}  {:<8} source", "quantity", "simulated", "range", "")?;
        for c in self.0 {
            let mut range = String::new();
            write!(range, "{} – {}", c.number(c.low), c.number(c.high))?;
            let word = if c.ok() { "ok" } else { "outside" };
            writeln!(
                f,
                "{:<46} {:>10}  {range:<19}  {word:<8} {}",
                c.quantity,
                c.number(c.simulated),
                c.source
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_shows_its_range_and_whether_it_holds() {
        let check = Check { quantity: "q", simulated: 0.25, low: 0.1, high: 0.2, source: "s", percent: true };
        let text = Table(&[check.clone(), Check { simulated: 0.15, ..check }]).to_string();
        assert!(text.contains("25.00 %  10.00 % – 20.00 %    outside"), "{text}");
        assert!(text.contains("15.00 %  10.00 % – 20.00 %    ok"), "{text}");
    }
    #[test]
    fn an_empty_stream_has_no_figures_and_no_panic() {
        let realism = Realism::default();
        assert!(realism.checks().iter().all(|c| c.simulated.is_nan() || c.simulated == 0.0));
        assert!(realism.table().contains("outside"));
    }
}
