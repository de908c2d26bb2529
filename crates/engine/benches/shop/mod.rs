//! A simulated shop for benchmarks of what leads are worth: its events, its truth, its vectors.

#![allow(dead_code)] // Each benchmark uses a part of it.

use ringfence_domain::rates::Rates;
use ringfence_domain::words::{LeadKind, Verdict, WithdrawalReason};
use ringfence_domain::{Body, Currency, Duration, Event, Money, Timestamp};
use ringfence_engine::{Applied, Engine, Labels};
use ringfence_features::Plan;
use ringfence_leads::log::{Book, Looker, Methods, Schedule};
use ringfence_learn::dataset::{Dataset, KnownVerdict, RowMeta};
use ringfence_simulate::{Label, Scenario, TruthRecord, TruthSink};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a shop saw, and what it was.
pub(crate) struct Shop {
    pub(crate) events: Vec<Event>,
    /// By refund: whether it is abuse.
    pub(crate) truth: BTreeMap<String, bool>,
    pub(crate) start: Timestamp,
}

#[derive(Default)]
struct Truth(BTreeMap<String, bool>);
impl TruthSink for Truth {
    fn record(&mut self, record: &TruthRecord) -> std::io::Result<()> {
        if let TruthRecord::Refund(refund) = record {
            self.0.insert(refund.refund.to_string(), refund.label == Label::Abuse);
        }
        Ok(())
    }
}

pub(crate) fn shop(scenario: &Scenario, seed: u64, accounts: u32, days: u32) -> std::io::Result<Shop> {
    let (mut events, mut truth) = (Vec::new(), Truth::default());
    let mut keep = |event: &Event| {
        events.push(event.clone());
        Ok(())
    };
    ringfence_simulate::simulate(scenario, seed, accounts, days, &mut keep, &mut truth)
        .map_err(std::io::Error::other)?;
    let start = events.iter().map(|e| e.time).min().unwrap_or(Timestamp::MIN);
    Ok(Shop { events, truth: truth.0, start })
}

/// The events with the leads of every look woven in, each arriving at its look; how many looks there were.
pub(crate) fn with_leads(events: &[Event], every: Duration) -> (Vec<Event>, usize) {
    let mut looker = Looker::new(Methods::default(), Rates::new(Currency::USD));
    let (mut schedule, mut book, mut looks) = (Schedule::new(every), Book::default(), 0);
    let mut out = Vec::with_capacity(events.len());
    for event in events {
        if let Some(as_of) = schedule.due(event) {
            looks += 1;
            for told in looker.look(&book, as_of) {
                book.see(&told, 0);
                out.push(told);
            }
        }
        looker.see(event);
        book.see(event, 0);
        out.push(event.clone());
    }
    (out, looks)
}

fn convert(money: Money, _: Timestamp) -> Option<i64> {
    Some(money.amount)
}

/// The vector of every request as of its arrival, with the verdicts of the log.
pub(crate) fn vectors(plan: &Arc<Plan>, events: &[Event]) -> Result<Dataset, Box<dyn std::error::Error>> {
    let mut engine = Engine::new(plan.clone(), Currency::USD, convert, None);
    let mut labels = Labels::default();
    let mut rows: Vec<(RowMeta, Vec<f64>)> = Vec::new();
    for event in events {
        labels.see(event);
        let Applied::Request(request) = engine.apply(event)? else { continue };
        let meta = RowMeta {
            refund: request.asked.refund.to_string(),
            account: request.asked.account.to_string(),
            order: request.asked.order.to_string(),
            position: request.position,
            requested_at: request.time,
            amount_minor: request.situation.amount_minor,
            currency: Currency::USD,
            test_purchase: false,
            verdicts: Vec::new(),
        };
        rows.push((meta, request.vector.to_vec()));
    }
    let mut dataset = Dataset::new(plan.schema.clone());
    for (mut meta, vector) in rows {
        meta.test_purchase = labels.is_test_purchase(&meta.order);
        let known = labels.verdicts(&meta.refund).iter();
        meta.verdicts = known.map(|(verdict, at)| KnownVerdict { verdict: *verdict, at: *at }).collect();
        dataset.push(meta, &vector);
    }
    Ok(dataset)
}

/// The same rows; a request that a ring's lead of at least `least` names, and on which nobody found anything, counts as abuse
/// from the arrival of the lead on, until the lead is withdrawn other than for having stopped.
pub(crate) fn taught(dataset: &Dataset, events: &[Event], least: f64) -> Dataset {
    let mut said: BTreeMap<&str, Vec<KnownVerdict>> = BTreeMap::new();
    let mut of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for event in events {
        match &event.body {
            Body::LeadRaised(e) if e.kind == LeadKind::Ring => {
                let refunds: Vec<&str> = e.refunds.iter().map(|r| r.as_str()).collect();
                let verdict = if e.probability >= least { Verdict::Abuse } else { Verdict::Insider };
                for refund in &refunds {
                    said.entry(refund).or_default().push(KnownVerdict { verdict, at: event.time });
                }
                of.insert(e.lead.as_str(), refunds);
            }
            Body::LeadWithdrawn(e) if e.reason != WithdrawalReason::Stopped => {
                for refund in of.remove(e.lead.as_str()).unwrap_or_default() {
                    said.entry(refund)
                        .or_default()
                        .push(KnownVerdict { verdict: Verdict::Insider, at: event.time });
                }
            }
            _ => {}
        }
    }
    let mut out = Dataset::new(dataset.schema().clone());
    for (n, row) in dataset.rows().iter().enumerate() {
        let mut row = row.clone();
        if row.verdicts.is_empty() {
            row.verdicts = said.get(row.refund.as_str()).cloned().unwrap_or_default();
        }
        out.push(row, &dataset.vector(n));
    }
    out
}
