//! Which damages does the matter claim? The lines of its file, and those that follow from the records.

use crate::damages::{Basis, Claim, Claimed, DamagesError, Pieces, Unit};
use crate::records::Cited;
use crate::spec::Spec;
use crate::view::View;
use crate::when::Moment;
use ringfence_domain::event::Line;
use ringfence_domain::rates::{Rate, Rates, divided_half_away_from_zero};
use ringfence_domain::{Body, Money};
use std::collections::{BTreeMap, BTreeSet};

/// The claim; none where the file asks for none.
///
/// # Errors
/// Where its currency is not the reporting one, or the ring's fee is no percentage.
pub fn claim(spec: &Spec, view: &View<'_>, rates: &Rates) -> Result<Option<Claim>, DamagesError> {
    let Some(wanted) = &spec.damages else { return Ok(None) };
    let currency = wanted.currency.unwrap_or(rates.reporting());
    if currency != rates.reporting() {
        return Err(DamagesError::BadRate(format!(
            "damages in {currency} need rates into it, and the configured ones are into {}; set reporting_currency and its rates, or \
             claim in {}",
            rates.reporting(),
            rates.reporting()
        )));
    }
    let mut lines = Vec::new();
    let facts = Facts::of(view);
    if wanted.refunds_paid || wanted.ring_fee.is_some() {
        let fee = wanted.ring_fee.as_ref().map(|fee| percent(&fee.percent).map(|p| (p, fee))).transpose()?;
        for (number, paid) in facts.paid.iter().enumerate() {
            let shares = facts.shares(paid, spec, &wanted.shares);
            let line = |basis, amount, about| Claimed {
                id: None,
                basis,
                amount,
                on: Moment(paid.cited.time()),
                about,
                exhibit: format!("record {}", paid.cited.at),
                refund: Some(paid.refund.to_owned()),
                units: Vec::new(),
                partial: paid.parts > 1,
                joint_and_several: wanted.joint_and_several,
                shares: shares.clone(),
            };
            if wanted.refunds_paid {
                let made = line(Basis::Refund, paid.amount, format!("refund {} as paid", paid.refund));
                let id = Some(format!("P{}", number + 1));
                lines.push(Claimed { id, units: facts.units(paid.refund), ..made });
            }
            if let Some((percent, fee)) = &fee {
                let about = format!("{} % of refund {}: {}", fee.percent, paid.refund, fee.because);
                let amount = Money { amount: part(paid.amount.amount, *percent), ..paid.amount };
                lines.push(Claimed {
                    id: Some(format!("F{}", number + 1)),
                    ..line(Basis::RingFee, amount, about)
                });
            }
        }
    }
    lines.extend(wanted.line.iter().cloned());
    let used: BTreeSet<_> = lines.iter().map(|l| l.amount.currency).collect();
    let rates = rates
        .entries()
        .filter(|(c, _, _)| used.contains(c))
        .map(|(c, from, rate)| (c, from, rate.to_string()));
    Ok(Some(Claim {
        currency,
        rates: rates.collect(),
        interest: wanted.interest.clone(),
        defendants: spec.defendant.iter().map(|d| d.id.clone()).collect(),
        pieces: facts.pieces,
        lines,
    }))
}

/// A percentage as a fraction of whole numbers.
fn percent(text: &str) -> Result<(i128, i128), DamagesError> {
    let (digits, decimals) = Rate::parse(text).map_err(|e| DamagesError::BadRate(e.to_string()))?.parts();
    let scale = 10_u128.pow(decimals);
    if decimals > 6 || digits > 100 * scale {
        let what = format!(
            "a ring's fee of {text} percent is above 100 or has more than 6 decimals; write it as in \"30\""
        );
        return Err(DamagesError::BadRate(what));
    }
    Ok((digits as i128, 100 * scale as i128))
}

fn part(amount: i64, (digits, by): (i128, i128)) -> i64 {
    // A hundredth of what fits, times at most a hundred.
    divided_half_away_from_zero(i128::from(amount) * digits, by) as i64
}

struct Paid<'a> {
    refund: &'a str,
    amount: Money,
    cited: &'a Cited,
    /// Payments of the refund.
    parts: usize,
}

#[derive(Default)]
struct Facts<'a> {
    paid: Vec<Paid<'a>>,
    asked: BTreeMap<&'a str, (&'a str, &'a str, &'a [Line])>,
    /// Orders that the shop's own investigators placed.
    tests: BTreeSet<&'a str>,
    pieces: Pieces,
}

impl<'a> Facts<'a> {
    fn of(view: &View<'a>) -> Facts<'a> {
        let mut facts = Facts::default();
        let mut parts: BTreeMap<&str, usize> = BTreeMap::new();
        for cited in view.cited {
            match cited.event().map(|event| &event.body) {
                Some(Body::RefundPaid(e)) => {
                    *parts.entry(e.refund.as_str()).or_default() += 1;
                    facts.paid.push(Paid { refund: e.refund.as_str(), amount: e.amount, cited, parts: 0 });
                }
                Some(Body::TestPurchaseRegistered(e)) => {
                    facts.tests.insert(e.order.as_str());
                }
                Some(Body::RefundRequested(e)) => {
                    facts.asked.insert(e.refund.as_str(), (e.order.as_str(), e.account.as_str(), &e.lines));
                }
                Some(Body::OrderPlaced(e)) if view.subjects.orders.contains(e.order.as_str()) => {
                    facts.pieces.extend(e.lines.iter().map(|l| (e.order.to_string(), l.line, l.quantity)));
                }
                _ => {}
            }
        }
        // What was paid back on a test purchase the shop paid to itself: no loss. What the test cost is a line of its own.
        let Facts { paid, asked, tests, .. } = &mut facts;
        paid.retain(|paid| asked.get(paid.refund).is_none_or(|(order, _, _)| !tests.contains(order)));
        for paid in &mut facts.paid {
            paid.parts = parts[paid.refund];
        }
        facts
    }
    /// The pieces that a refund is for; all of the order where it names none.
    fn units(&self, refund: &str) -> Vec<Unit> {
        let Some((order, _, lines)) = self.asked.get(refund) else { return Vec::new() };
        let unit = |line, quantity| Unit { order: (*order).to_owned(), line, quantity };
        if lines.is_empty() {
            let of = self.pieces.iter().filter(|(of, _, _)| of == order);
            return of.map(|(_, line, quantity)| unit(*line, *quantity)).collect();
        }
        lines.iter().map(|l| unit(l.line, l.quantity)).collect()
    }
    fn shares(
        &self,
        paid: &Paid<'_>,
        spec: &Spec,
        otherwise: &BTreeMap<String, u64>,
    ) -> BTreeMap<String, u64> {
        let account = self.asked.get(paid.refund).map_or("", |(_, account, _)| account);
        let own = spec.defendant.iter().filter(|d| d.accounts.iter().any(|a| a == account));
        let own: BTreeMap<String, u64> = own.map(|d| (d.id.clone(), 1)).collect();
        if own.is_empty() { otherwise.clone() } else { own }
    }
}
