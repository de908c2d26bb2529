//! What did the attribution know when a request came? Figures a request, from nothing later (INV-4).

use crate::attribution::Settings;
use crate::attribution::causes::{Cause, Culprit};
use crate::attribution::figures::by_culprit;
use crate::attribution::graph::{Edge, Graph, UNKNOWN};
use crate::attribution::infer::Fit;
use crate::attribution::record::Record;
use ringfence_domain::rates::Rates;
use ringfence_domain::{Body, Duration, Event, Timestamp};
use serde::Serialize;

/// What is known of a request on its arrival.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequestFigures {
    /// The request.
    pub refund: String,
    /// Probabilities of the culprits, as in [`crate::attribution::ClaimShares`].
    pub buyer: f64,
    /// See `buyer`.
    pub driver: f64,
    /// See `buyer`.
    pub staff: f64,
    /// See `buyer`.
    pub nobody: f64,
    /// The account's rate of lies against the mean of all.
    pub account_ratio: f64,
    /// The highest rate of the drivers in question against the mean of all; 1 where none is known.
    pub driver_ratio: f64,
    /// The highest rate of the members of staff in question against the mean of all; 1 where none is known.
    pub staff_ratio: f64,
}

/// Goes along the log and infers anew from time to time; between, requests are seen with the rates of the last time and the
/// traits of their own moment.
#[derive(Debug)]
pub struct AsOf {
    record: Record,
    fit: Option<Fit>,
    every: Duration,
    next: Option<Timestamp>,
    arrival: Option<Timestamp>,
    settings: Settings,
}

impl AsOf {
    /// Infers anew as often as stated; the first time, so long after the first event.
    pub fn new(every: Duration, settings: &Settings) -> AsOf {
        let record = Record::default();
        AsOf { record, fit: None, every, next: None, arrival: None, settings: *settings }
    }

    /// Notes an event, in the order of the log. For a refund request: what was known of it on its arrival, once something was.
    pub fn see(&mut self, event: &Event, rates: &Rates) -> Option<RequestFigures> {
        let arrival = self.arrival.max(Some(event.recorded.unwrap_or(event.time))).expect("just put there");
        self.arrival = Some(arrival);
        let next = *self.next.get_or_insert_with(|| arrival.plus(self.every));
        if arrival >= next {
            self.fit = Some(Fit::new(Graph::new(&self.record, self.settings.verdicts)));
            self.next = Some(arrival.plus(self.every));
        }
        self.record.see(event, rates);
        let Body::RefundRequested(request) = &event.body else { return None };
        self.figures(request.refund.as_str())
    }

    fn figures(&self, id: &str) -> Option<RequestFigures> {
        let fit = self.fit.as_ref()?;
        let refund = self.record.refund(id)?;
        let asked = self.record.request(refund)?;
        let (family, values, edges) = fit.graph.look(&self.record, refund, asked, self.settings.verdicts);
        let shares = fit.shares_of(&fit.tables.ln_likely(family, &values), &edges);
        let sums = by_culprit(edges.iter().map(|e| e.cause).zip(shares));
        let ratio = |culprit: Culprit| {
            let of = edges.iter().filter(|e: &&Edge| e.cause.culprit() == culprit && e.unit != UNKNOWN);
            let ratios = of.map(|e| fit.rate_of(e.cause, e.unit) / fit.beliefs[e.cause as usize].mean());
            ratios.max_by(f64::total_cmp).unwrap_or(1.0)
        };
        Some(RequestFigures {
            refund: id.to_owned(),
            buyer: sums[Culprit::Buyer as usize],
            driver: sums[Culprit::Driver as usize],
            staff: sums[Culprit::Staff as usize],
            nobody: sums[Culprit::Nobody as usize],
            account_ratio: ratio(Cause::Buyer.culprit()),
            driver_ratio: ratio(Culprit::Driver),
            staff_ratio: ratio(Culprit::Staff),
        })
    }
}
