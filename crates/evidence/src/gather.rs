//! Which records does the pack rest on, and against what background? Found in four passes over the same records.
//!
//! An event may name an order before it is placed, so each pass widens what the one before knew: requests, then orders
//! with what hangs on them, then identifiers, and at last the records themselves, with how common everything is.

use crate::leads::Leads;
use crate::records::{Cited, Says};
use crate::spec::Spec;
use ringfence_domain::event::RefundRequested;
use ringfence_domain::words::{ClaimReason, Direction, LeadKind, ScanStatus, SubjectKind};
use ringfence_domain::{Body, Event, Timestamp};
use ringfence_store::log::Record;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Passes that are needed; in the last one records are taken.
pub const PASSES: usize = 4;
/// Most records of a pack: more are no evidence for a person.
pub const CITED_MAX: usize = 100_000;

/// The pack would rest on too many records.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the pack would rest on more than {CITED_MAX} records; name fewer refunds or accounts, or a shorter period"
)]
pub struct TooMany;

/// What an identifier is: its kind and value.
pub type Identifier = (&'static str, String);

/// What is known of an account as a customer.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Past {
    /// When it was opened.
    pub opened: Option<Timestamp>,
    /// Orders.
    pub orders: BTreeSet<String>,
    /// Orders for which money was asked back.
    pub claimed: BTreeSet<String>,
}

/// How often a driver's deliveries are claimed.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Deliveries {
    /// Orders delivered.
    pub delivered: BTreeSet<String>,
    /// Of them claimed as not received.
    pub claimed: BTreeSet<String>,
}

/// How common things are in all records that were looked at.
#[derive(Clone, Debug, Default)]
pub struct Background {
    /// Records.
    pub records: u64,
    /// Accounts.
    pub accounts: BTreeSet<String>,
    /// By identifier, all accounts that were seen with it.
    pub spread: BTreeMap<Identifier, BTreeSet<String>>,
    /// Of the accounts of the matter.
    pub pasts: BTreeMap<String, Past>,
    /// Of the drivers of the matter.
    pub drivers: BTreeMap<String, Deliveries>,
    /// Outbound parcels that were delivered, by order.
    pub delivered: u64,
    /// Requests for goods not received.
    pub not_received: u64,
    /// Time of the first event and of the last.
    pub span: Option<(Timestamp, Timestamp)>,
}

/// What the matter is about, as far as it is known by now.
#[derive(Clone, Debug, Default)]
pub struct Subjects {
    /// Refunds.
    pub refunds: BTreeSet<String>,
    /// Orders.
    pub orders: BTreeSet<String>,
    /// Accounts.
    pub accounts: BTreeSet<String>,
    /// Staff who are named in the matter.
    pub staff: BTreeSet<String>,
    /// Staff who acted on its orders and refunds.
    pub acting: BTreeSet<String>,
    /// Contacts.
    pub contacts: BTreeSet<String>,
    /// Sessions in which staff acted.
    pub sessions: BTreeSet<String>,
    /// Articles.
    pub skus: BTreeSet<String>,
    /// Posts.
    pub posts: BTreeSet<String>,
    /// Rings.
    pub rings: BTreeSet<String>,
    /// Cases.
    pub cases: BTreeSet<u64>,
}

/// Gathers in passes.
#[derive(Clone, Debug)]
pub struct Gather {
    pass: usize,
    matter: String,
    /// Accounts whose requests in the period all belong to the matter.
    whole_accounts: BTreeSet<String>,
    whole_orders: BTreeSet<String>,
    period: (Option<Timestamp>, Option<Timestamp>),
    /// Posts that may be about a refund, by the leads: (refund, post).
    boasts: Vec<(String, String)>,
    /// What the matter is about.
    pub subjects: Subjects,
    /// How common things are.
    pub background: Background,
    /// The records.
    pub cited: Vec<Cited>,
}

impl Gather {
    /// Begins with what the file names, and the rings of the leads that it names.
    pub fn new(spec: &Spec, leads: &Leads) -> Gather {
        let set = |list: &[String]| list.iter().cloned().collect::<BTreeSet<_>>();
        let mut subjects = Subjects {
            refunds: set(&spec.refunds),
            orders: set(&spec.orders),
            accounts: set(&spec.accounts),
            staff: set(&spec.staff),
            posts: set(&spec.posts),
            rings: set(&spec.rings),
            cases: spec.cases.iter().copied().collect(),
            ..Subjects::default()
        };
        for ring in leads.rings.iter().filter(|r| subjects.rings.contains(&r.ring)) {
            subjects.refunds.extend(ring.refunds.iter().cloned());
            subjects.accounts.extend(ring.accounts.iter().cloned());
        }
        for defendant in &spec.defendant {
            subjects.accounts.extend(defendant.accounts.iter().cloned());
            subjects.staff.extend(defendant.staff.iter().cloned());
        }
        Gather {
            pass: 0,
            matter: spec.matter.clone(),
            whole_accounts: set(&spec.accounts),
            whole_orders: set(&spec.orders),
            boasts: leads.matches.iter().map(|m| (m.refund.clone(), m.post.clone())).collect(),
            period: (spec.from.map(|m| m.0), spec.until.map(|m| m.0)),
            subjects,
            background: Background::default(),
            cited: Vec::new(),
        }
    }
    /// Goes on to the next pass.
    pub fn next_pass(&mut self) {
        let of = &mut self.subjects;
        let boasts = self.boasts.iter().filter(|(refund, _)| of.refunds.contains(refund));
        of.posts.extend(boasts.map(|(_, post)| post.clone()));
        self.pass += 1;
    }
    /// Whether this is the pass in which records are taken.
    pub fn takes(&self) -> bool {
        self.pass + 1 == PASSES
    }

    /// Looks at an event, in each pass but the last.
    pub fn see(&mut self, event: &Event) {
        match self.pass {
            0 => self.requests(event),
            1 => self.orders(event),
            _ => self.identifiers(event),
        }
    }

    fn in_period(&self, at: Timestamp) -> bool {
        self.period.0.is_none_or(|from| at >= from) && self.period.1.is_none_or(|until| at <= until)
    }

    fn requests(&mut self, event: &Event) {
        let Body::RefundRequested(e) = &event.body else { return };
        let named = self.subjects.refunds.contains(e.refund.as_str())
            || self.whole_orders.contains(e.order.as_str())
            || (self.whole_accounts.contains(e.account.as_str()) && self.in_period(event.time));
        if named {
            self.subjects.refunds.insert(e.refund.to_string());
            self.subjects.orders.insert(e.order.to_string());
            self.subjects.accounts.insert(e.account.to_string());
            self.subjects.contacts.extend(e.contact.as_ref().map(ToString::to_string));
        }
    }

    fn orders(&mut self, event: &Event) {
        let of = &mut self.subjects;
        match &event.body {
            Body::OrderPlaced(e) if of.orders.contains(e.order.as_str()) => {
                of.accounts.insert(e.account.to_string());
                of.skus.extend(e.lines.iter().filter_map(|l| l.sku.as_ref()).map(ToString::to_string));
            }
            Body::ContactOpened(e) if e.order.as_ref().is_some_and(|o| of.orders.contains(o.as_str())) => {
                of.contacts.insert(e.contact.to_string());
            }
            Body::ParcelScanned(e) if of.orders.contains(e.order.as_str()) => {
                if let Some(driver) = &e.driver {
                    self.background.drivers.entry(driver.to_string()).or_default();
                }
            }
            Body::ReturnReceived(e) if of.orders.contains(e.order.as_str()) => {
                of.acting.insert(e.staff.to_string());
            }
            Body::RefundDecided(e) if of.refunds.contains(e.refund.as_str()) => {
                if let ringfence_domain::words::DecidedBy::Staff(staff) = &e.by {
                    of.acting.insert(staff.to_string());
                }
            }
            Body::StaffActed(e) if touches(of, event) => {
                of.acting.insert(e.staff.to_string());
                of.sessions.extend(e.session.as_ref().map(ToString::to_string));
            }
            _ => {}
        }
    }

    fn identifiers(&mut self, event: &Event) {
        if let (Some(account), found) = seen_with(event)
            && self.subjects.accounts.contains(account)
        {
            for (kind, value) in found {
                self.background.spread.entry((kind, value.to_owned())).or_default();
            }
        }
        if let Body::ParcelScanned(e) = &event.body
            && e.direction == Direction::Outbound
            && e.status == ScanStatus::Delivered
            && let Some(of) = e.driver.as_ref().and_then(|d| self.background.drivers.get_mut(d.as_str()))
        {
            of.delivered.insert(e.order.to_string());
        }
    }

    /// Looks at a record in the last pass, and takes it where the pack rests on it.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn take(&mut self, at: u64, record: &Record<'_>, says: Says) -> Result<(), TooMany> {
        self.background.records += 1;
        let cites = match &says {
            Says::Event(event) => {
                self.count(event);
                self.cites(event)
            }
            Says::Decision(decision) => self.subjects.refunds.contains(decision.refund.as_str()),
            Says::Control(control) => self.cites_control(control),
        };
        if cites {
            if self.cited.len() >= CITED_MAX {
                return Err(TooMany);
            }
            let (kind, recorded, payload) = (record.kind, record.recorded, record.payload.to_vec());
            self.cited.push(Cited { at, kind, recorded, payload, proof: None, says });
        }
        Ok(())
    }

    fn count(&mut self, event: &Event) {
        let background = &mut self.background;
        background.span =
            Some(background.span.map_or((event.time, event.time), |(first, last)| {
                (first.min(event.time), last.max(event.time))
            }));
        if let (Some(account), found) = seen_with(event) {
            if !background.accounts.contains(account) {
                background.accounts.insert(account.to_owned());
            }
            for (kind, value) in found {
                if let Some(accounts) = background.spread.get_mut(&(kind, value.to_owned())) {
                    accounts.insert(account.to_owned());
                }
            }
        }
        match &event.body {
            Body::AccountOpened(e) if self.subjects.accounts.contains(e.account.as_str()) => {
                background.pasts.entry(e.account.to_string()).or_default().opened = Some(event.time);
            }
            Body::OrderPlaced(e) if self.subjects.accounts.contains(e.account.as_str()) => {
                background.pasts.entry(e.account.to_string()).or_default().orders.insert(e.order.to_string());
            }
            Body::ParcelScanned(e)
                if e.direction == Direction::Outbound && e.status == ScanStatus::Delivered =>
            {
                background.delivered += 1;
            }
            Body::RefundRequested(e) => self.asked(e),
            _ => {}
        }
    }

    fn asked(&mut self, e: &RefundRequested) {
        let background = &mut self.background;
        if self.subjects.accounts.contains(e.account.as_str()) {
            background.pasts.entry(e.account.to_string()).or_default().claimed.insert(e.order.to_string());
        }
        if e.reason == ClaimReason::NotReceived {
            background.not_received += 1;
            for of in background.drivers.values_mut().filter(|of| of.delivered.contains(e.order.as_str())) {
                of.claimed.insert(e.order.to_string());
            }
        }
    }

    fn cites(&self, event: &Event) -> bool {
        let of = &self.subjects;
        let order = |id: &str| of.orders.contains(id);
        let refund = |id: &str| of.refunds.contains(id);
        let account = |id: &str| of.accounts.contains(id);
        let staff = |id: &str| of.staff.contains(id) || of.acting.contains(id);
        match &event.body {
            Body::AccountOpened(e) => account(e.account.as_str()),
            Body::AccountClosed(e) => account(e.account.as_str()),
            Body::IdentifierSeen(e) => account(e.account.as_str()),
            Body::SessionStarted(e) => {
                e.account.as_ref().is_some_and(|a| account(a.as_str()))
                    || of.sessions.contains(e.session.as_str())
            }
            Body::ItemListed(e) => of.skus.contains(e.sku.as_str()),
            Body::OrderPlaced(e) => order(e.order.as_str()) || account(e.account.as_str()),
            Body::ParcelScanned(e) => order(e.order.as_str()),
            Body::ReturnAuthorised(e) => order(e.order.as_str()),
            Body::ReturnReceived(e) => order(e.order.as_str()),
            Body::ReturnInspected(e) => order(e.order.as_str()),
            Body::ItemRestocked(e) => order(e.order.as_str()),
            Body::ContactOpened(e) => of.contacts.contains(e.contact.as_str()),
            Body::MessagePosted(e) => of.contacts.contains(e.contact.as_str()),
            Body::ContactClosed(e) => of.contacts.contains(e.contact.as_str()),
            Body::StaffJoined(e) => staff(e.staff.as_str()),
            Body::StaffActed(_) => touches(of, event),
            Body::RefundRequested(e) => refund(e.refund.as_str()) || account(e.account.as_str()),
            Body::RefundDecided(e) => refund(e.refund.as_str()),
            Body::RefundPaid(e) => refund(e.refund.as_str()),
            Body::ChargebackOpened(e) => order(e.order.as_str()),
            Body::VerdictRecorded(e) => match e.subject.kind {
                SubjectKind::Refund => refund(e.subject.id.as_str()),
                SubjectKind::Account => account(e.subject.id.as_str()),
                SubjectKind::Staff => staff(e.subject.id.as_str()),
                SubjectKind::Ring => of.rings.contains(e.subject.id.as_str()),
            },
            Body::TestPurchaseRegistered(e) => order(e.order.as_str()),
            Body::AppealOpened(e) => refund(e.refund.as_str()),
            Body::AppealResolved(e) => refund(e.refund.as_str()),
            Body::PostCollected(e) => of.posts.contains(e.post.as_str()),
            // What the machine suspected is no record of what happened, but that it was suspected, and when, is one.
            Body::LeadRaised(e) => {
                of.rings.contains(e.lead.as_str())
                    || (e.kind == LeadKind::Staff
                        && e.members.iter().any(|m| of.staff.contains(m.id.as_str())))
            }
            Body::LeadWithdrawn(e) => of.rings.contains(e.lead.as_str()),
            Body::Unknown { .. } => false,
        }
    }

    /// Who read, changed or exported something of the matter.
    fn cites_control(&self, control: &Value) -> bool {
        let of = &self.subjects;
        let case =
            |key: &str| control.get("change").and_then(|change| change.get(key)).and_then(Value::as_u64);
        // An export of a case names it in its details.
        let noted = control.get("detail").and_then(|d| d.get("case")).and_then(Value::as_str);
        let noted = noted.and_then(|case| case.parse().ok());
        let mut named = ["case", "into"].iter().filter_map(|key| case(key)).chain(noted);
        let of_case = named.any(|case| of.cases.contains(&case));
        of_case
            || ["subject", "value", "refund", "account", "person", "case"].iter().any(|key| {
                control.get(key).and_then(Value::as_str).is_some_and(|id| {
                    id == self.matter
                        || [
                            &of.refunds,
                            &of.orders,
                            &of.accounts,
                            &of.staff,
                            &of.acting,
                            &of.posts,
                            &of.rings,
                        ]
                        .iter()
                        .any(|set| set.contains(id))
                })
            })
    }
}

/// Whether what staff did touches the matter.
fn touches(of: &Subjects, event: &Event) -> bool {
    let Body::StaffActed(e) = &event.body else { return false };
    e.order.as_ref().is_some_and(|o| of.orders.contains(o.as_str()))
        || e.refund.as_ref().is_some_and(|r| of.refunds.contains(r.as_str()))
        || e.contact.as_ref().is_some_and(|c| of.contacts.contains(c.as_str()))
        || e.account.as_ref().is_some_and(|a| of.accounts.contains(a.as_str()))
}

/// The account that an event shows, and with which identifiers.
pub fn seen_with(event: &Event) -> (Option<&str>, Vec<(&'static str, &str)>) {
    fn some<'a>(found: &mut Vec<(&'static str, &'a str)>, kind: &'static str, value: Option<&'a str>) {
        found.extend(value.map(|value| (kind, value)));
    }
    let mut found = Vec::new();
    let account = match &event.body {
        Body::AccountOpened(e) => {
            some(&mut found, "email", e.email.as_ref().map(|v| v.as_str()));
            some(&mut found, "phone", e.phone.as_ref().map(|v| v.as_str()));
            Some(e.account.as_str())
        }
        Body::IdentifierSeen(e) => {
            found.push((e.kind.as_str(), e.value.as_str()));
            Some(e.account.as_str())
        }
        Body::SessionStarted(e) => {
            some(&mut found, "device", e.device.as_ref().map(|v| v.as_str()));
            some(&mut found, "ip", e.ip.as_ref().map(|v| v.as_str()));
            e.account.as_ref().map(|a| a.as_str())
        }
        Body::OrderPlaced(e) => {
            some(&mut found, "address", e.address.as_ref().map(|v| v.as_str()));
            some(&mut found, "payment", e.payment.as_ref().map(|v| v.as_str()));
            some(&mut found, "device", e.device.as_ref().map(|v| v.as_str()));
            some(&mut found, "ip", e.ip.as_ref().map(|v| v.as_str()));
            Some(e.account.as_str())
        }
        Body::RefundRequested(e) => {
            some(&mut found, "device", e.device.as_ref().map(|v| v.as_str()));
            some(&mut found, "ip", e.ip.as_ref().map(|v| v.as_str()));
            Some(e.account.as_str())
        }
        Body::AccountClosed(e) => Some(e.account.as_str()),
        Body::ContactOpened(e) => Some(e.account.as_str()),
        _ => None,
    };
    (account, found)
}
