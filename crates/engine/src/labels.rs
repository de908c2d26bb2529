//! What became known of each request? Verdicts with the time from which they counted, and test purchases.

use ringfence_domain::words::{SubjectKind, Verdict, Word};
use ringfence_domain::{Body, Event, EventType, Timestamp};
use ringfence_features::fact::{Fact, at};
use ringfence_features::kind::{Kind, Names};
use std::collections::{BTreeMap, BTreeSet};

/// Verdicts on refund requests and the investigators' own orders, gathered from a log.
///
/// A verdict counts from the later of its arrival and its time (contract). A verdict on a ring says nothing of a single
/// refund, one on an account nothing of those of its requests that nobody looked at: both are left to features.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    newest: Option<Timestamp>,
    verdicts: BTreeMap<String, Vec<(Verdict, Timestamp)>>,
    test_orders: BTreeSet<String>,
}

impl Labels {
    /// Notes what an event says; call it for every event in the order of the log.
    pub fn see(&mut self, event: &Event) {
        // As in the fold: what nobody knows moves no clock.
        if event.body.event_type().is_none() {
            return;
        }
        let newest = self.newest.map_or(event.time, |n| n.max(event.time));
        self.newest = Some(newest);
        let arrival = event.recorded.unwrap_or(newest);
        match &event.body {
            Body::VerdictRecorded(v) if v.subject.kind == SubjectKind::Refund => {
                let known_at = event.time.max(arrival);
                self.verdicts
                    .entry(v.subject.id.as_str().to_owned())
                    .or_default()
                    .push((v.verdict, known_at));
            }
            Body::TestPurchaseRegistered(t) => {
                self.test_orders.insert(t.order.as_str().to_owned());
            }
            _ => {}
        }
    }
    /// Notes what a fact of a packed log says; `names` gave it its numbers.
    pub fn see_fact(&mut self, fact: &Fact, names: &Names) {
        let text = |kind: Kind, slot: usize| names.known(kind, fact.id(slot)).map(str::to_owned);
        match fact.event_type {
            EventType::VerdictRecorded => {
                let verdict = fact.slots[at::VerdictRecorded::verdict];
                let known_at = Timestamp::from_millis(fact.time.max(fact.arrival));
                if let Some(refund) = text(Kind::Refund, at::VerdictRecorded::refund)
                    && let Some(verdict) = Verdict::ALL.get(verdict as usize).filter(|_| !verdict.is_nan())
                    && let Some(known_at) = known_at
                {
                    self.verdicts.entry(refund).or_default().push((*verdict, known_at));
                }
            }
            EventType::TestPurchaseRegistered => {
                self.test_orders.extend(text(Kind::Order, at::TestPurchaseRegistered::order));
            }
            _ => {}
        }
    }
    /// The verdicts on a refund request, in the order of arrival.
    pub fn verdicts(&self, refund: &str) -> &[(Verdict, Timestamp)] {
        self.verdicts.get(refund).map_or(&[], Vec::as_slice)
    }
    /// Whether an order was placed by the shop's own investigators.
    pub fn is_test_purchase(&self, order: &str) -> bool {
        self.test_orders.contains(order)
    }
    /// Requests with a verdict.
    pub fn len(&self) -> usize {
        self.verdicts.len()
    }
    /// Whether no request has a verdict.
    pub fn is_empty(&self) -> bool {
        self.verdicts.is_empty()
    }
}
