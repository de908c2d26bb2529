//! What do the records say of the matter, put in order? Which record is about which order, and shorthands for the exhibits.

use crate::gather::{Background, Subjects};
use crate::leads::Leads;
use crate::records::{Cited, Says};
use ringfence_domain::words::SubjectKind;
use ringfence_domain::{Body, Event};
use std::collections::BTreeMap;

/// Everything that exhibits are made from.
#[derive(Debug)]
pub struct View<'a> {
    /// The records, in the order of the log.
    pub cited: &'a [Cited],
    /// What the matter is about.
    pub subjects: &'a Subjects,
    /// How common things are.
    pub background: &'a Background,
    /// Leads.
    pub leads: &'a Leads,
    /// Orders of refunds.
    refunds: BTreeMap<&'a str, &'a str>,
    /// Orders of contacts.
    contacts: BTreeMap<&'a str, &'a str>,
}

impl<'a> View<'a> {
    /// Puts the records in order.
    pub fn new(
        cited: &'a [Cited],
        subjects: &'a Subjects,
        background: &'a Background,
        leads: &'a Leads,
    ) -> View<'a> {
        let (mut refunds, mut contacts) = (BTreeMap::new(), BTreeMap::new());
        for event in cited.iter().filter_map(Cited::event) {
            match &event.body {
                Body::RefundRequested(e) => {
                    refunds.insert(e.refund.as_str(), e.order.as_str());
                    if let Some(contact) = &e.contact {
                        contacts.insert(contact.as_str(), e.order.as_str());
                    }
                }
                Body::ContactOpened(e) => {
                    if let Some(order) = &e.order {
                        contacts.insert(e.contact.as_str(), order.as_str());
                    }
                }
                _ => {}
            }
        }
        View { cited, subjects, background, leads, refunds, contacts }
    }
    /// The order that a refund is about.
    pub fn order_of_refund(&self, refund: &str) -> Option<&'a str> {
        self.refunds.get(refund).copied()
    }
    /// The order that a record is about.
    pub fn order_of(&self, cited: &'a Cited) -> Option<&'a str> {
        match &cited.says {
            Says::Event(event) => self.order_of_event(event),
            Says::Decision(decision) => self.order_of_refund(decision.refund.as_str()),
            Says::Control(_) => None,
        }
    }
    fn order_of_event(&self, event: &'a Event) -> Option<&'a str> {
        let refund = |id: &str| self.order_of_refund(id);
        let contact = |id: &str| self.contacts.get(id).copied();
        match &event.body {
            Body::OrderPlaced(e) => Some(e.order.as_str()),
            Body::ParcelScanned(e) => Some(e.order.as_str()),
            Body::ReturnAuthorised(e) => Some(e.order.as_str()),
            Body::ReturnReceived(e) => Some(e.order.as_str()),
            Body::ReturnInspected(e) => Some(e.order.as_str()),
            Body::ItemRestocked(e) => Some(e.order.as_str()),
            Body::ContactOpened(e) => contact(e.contact.as_str()),
            Body::MessagePosted(e) => contact(e.contact.as_str()),
            Body::ContactClosed(e) => contact(e.contact.as_str()),
            Body::StaffActed(e) => e
                .order
                .as_ref()
                .map(|o| o.as_str())
                .or_else(|| refund(e.refund.as_ref()?.as_str()))
                .or_else(|| contact(e.contact.as_ref()?.as_str())),
            Body::RefundRequested(e) => Some(e.order.as_str()),
            Body::RefundDecided(e) => refund(e.refund.as_str()),
            Body::RefundPaid(e) => refund(e.refund.as_str()),
            Body::ChargebackOpened(e) => Some(e.order.as_str()),
            Body::TestPurchaseRegistered(e) => Some(e.order.as_str()),
            Body::AppealOpened(e) => refund(e.refund.as_str()),
            Body::AppealResolved(e) => refund(e.refund.as_str()),
            Body::VerdictRecorded(e) if e.subject.kind == SubjectKind::Refund => {
                refund(e.subject.id.as_str())
            }
            Body::VerdictRecorded(_)
            | Body::AccountOpened(_)
            | Body::AccountClosed(_)
            | Body::IdentifierSeen(_)
            | Body::SessionStarted(_)
            | Body::ItemListed(_)
            | Body::StaffJoined(_)
            | Body::PostCollected(_)
            | Body::LeadRaised(_)
            | Body::LeadWithdrawn(_)
            | Body::Unknown { .. } => None,
        }
    }
    /// The records of each order of the matter, by event time.
    pub fn by_order(&self) -> BTreeMap<&'a str, Vec<&'a Cited>> {
        let mut orders: BTreeMap<&str, Vec<&Cited>> = BTreeMap::new();
        for cited in self.cited {
            if let Some(order) = self.order_of(cited).filter(|order| self.subjects.orders.contains(*order)) {
                orders.entry(order).or_default().push(cited);
            }
        }
        for of in orders.values_mut() {
            of.sort_by_key(|cited| (cited.time(), cited.at));
        }
        orders
    }
}

/// Names of records, at most so many.
pub fn records(of: &[u64]) -> String {
    const TOLD: usize = 6;
    let told: Vec<String> = of.iter().take(TOLD).map(ToString::to_string).collect();
    let more = of.len().saturating_sub(TOLD);
    if more == 0 { told.join(" ") } else { format!("{} and {more} more", told.join(" ")) }
}
