//! What was seen of refund requests, and of the orders, visits, parcels and conversations around them?

use crate::insiders;
use crate::numbers::Numbers;
use crate::parcels::moved;
use crate::sets::Members;
use ringfence_domain::event::{OrderPlaced, ParcelScanned, RefundRequested, SessionStarted};
use ringfence_domain::rates::Rates;
use ringfence_domain::words::{
    Author, ClaimReason, Condition, ContactChannel, Direction, IdentifierKind, Instrument, ScanStatus,
    SubjectKind, Verdict, VerdictMethod,
};
use ringfence_domain::{Body, Event, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What an identifier is. Two of different kinds never meet, whatever their values.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Is {
    Device,
    Network,
    Address,
    Payment,
    Email,
    Phone,
    Document,
    Instrument,
    Contact,
    Sku,
    Category,
}

/// Numbers for identifiers of all kinds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identifiers(Numbers);

impl Identifiers {
    fn of(&mut self, is: Is, value: &str) -> u32 {
        self.0.of(&format!("{}{value}", char::from(b'a' + is as u8)))
    }
    /// How many there are; their numbers are below it.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
    /// The value as it came.
    pub(crate) fn value(&self, identifier: u32) -> &str {
        &self.0.text(identifier)[1..]
    }
}

/// A refund request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) refund: u32,
    pub(crate) account: u32,
    pub(crate) order: u32,
    /// Minor units of the reporting currency.
    pub(crate) amount: i64,
    pub(crate) reason: ClaimReason,
    pub(crate) at: Timestamp,
    pub(crate) contact: Option<u32>,
    pub(crate) staff: Option<u32>,
    pub(crate) device: Option<u32>,
    pub(crate) network: Option<u32>,
    pub(crate) documents: Vec<u32>,
    pub(crate) instrument: Option<u32>,
    /// Requests of the account before this one.
    pub(crate) before: u32,
}

/// How delivery was shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) enum Shown {
    #[default]
    No,
    Scan,
    Photo,
    /// A signature or a code given at the door.
    Person,
}

/// The way of what came back, as far as it was seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Back {
    pub(crate) moved: bool,
    pub(crate) delivered: Option<Timestamp>,
    pub(crate) received: bool,
    /// Lightest weight by a carrier's scale.
    pub(crate) weight_g: Option<u64>,
    /// It went to another postal area, or by another service, than its label says.
    pub(crate) elsewhere: bool,
    /// Empty, missing or another thing, as inspected.
    pub(crate) wrong: bool,
    postal: Option<String>,
    service: Option<String>,
    parcels: BTreeSet<String>,
    /// A number that was never issued.
    pub(crate) other_number: bool,
}

/// An order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    pub(crate) account: u32,
    /// Unknown where other events name an order that was never announced.
    pub(crate) at: Option<Timestamp>,
    pub(crate) device: Option<u32>,
    pub(crate) network: Option<u32>,
    pub(crate) address: Option<u32>,
    /// Of its dearest line.
    pub(crate) category: Option<u32>,
    pub(crate) delivered: Option<Timestamp>,
    pub(crate) shown: Shown,
    /// Heaviest weight on the way out.
    pub(crate) weight_g: Option<u64>,
    pub(crate) back: Back,
}

/// A customer's session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    pub(crate) device: Option<u32>,
    pub(crate) network: Option<u32>,
    pub(crate) at: Timestamp,
}

/// What somebody wrote, or said on the phone.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) contact: u32,
    pub(crate) at: Timestamp,
    pub(crate) text: String,
}

/// What rings are found from, up to a moment.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// What the staff did; its numbers of accounts, orders, refunds and staff are those of everything here.
    pub(crate) staff: insiders::Record,
    pub(crate) identifiers: Identifiers,
    pub(crate) requests: Vec<Request>,
    pub(crate) orders: BTreeMap<u32, Order>,
    /// By account.
    pub(crate) visits: BTreeMap<u32, Vec<Visit>>,
    /// By identifier of a person (address, payment, e-mail, phone): the accounts.
    pub(crate) owners: BTreeMap<(Is, u32), Members>,
    pub(crate) said: Vec<Said>,
    pub(crate) test_orders: BTreeSet<u32>,
    /// By refund, the latest: whether it was abuse, and how that was found.
    pub(crate) verdicts: BTreeMap<u32, (bool, VerdictMethod)>,
    /// Accounts that people found to abuse.
    pub(crate) abusers: BTreeSet<u32>,
    /// Contacts in which an agent writes down what a caller says.
    calls: BTreeSet<u32>,
    categories: BTreeMap<u32, u32>,
    requests_of: BTreeMap<u32, u32>,
    newest: Option<Timestamp>,
}

impl Record {
    /// Notes what an event says; call it for every event in the order of the log, up to the moment of interest.
    pub fn see(&mut self, event: &Event, rates: &Rates) {
        self.staff.see(event, rates);
        self.newest = self.newest.max(Some(event.time));
        let at = event.time;
        match &event.body {
            Body::AccountOpened(e) => {
                self.own(Is::Email, e.account.as_str(), e.email.as_ref().map(|v| v.as_str()));
                self.own(Is::Phone, e.account.as_str(), e.phone.as_ref().map(|v| v.as_str()));
            }
            Body::IdentifierSeen(e) => {
                let is = match e.kind {
                    IdentifierKind::Address => Is::Address,
                    IdentifierKind::Payment => Is::Payment,
                    IdentifierKind::Email => Is::Email,
                    IdentifierKind::Phone => Is::Phone,
                    IdentifierKind::Device | IdentifierKind::Ip => return,
                };
                self.own(is, e.account.as_str(), Some(e.value.as_str()));
            }
            Body::ItemListed(e) => {
                if let Some(category) = &e.category {
                    let sku = self.identifiers.of(Is::Sku, e.sku.as_str());
                    let category = self.identifiers.of(Is::Category, category.as_str());
                    self.categories.insert(sku, category);
                }
            }
            Body::SessionStarted(e) => self.visit(e, at),
            Body::OrderPlaced(e) => self.order(e, at),
            Body::ParcelScanned(e) => self.scan(e, at),
            Body::ReturnAuthorised(e) => {
                let back = &mut self.order_mut(e.order.as_str()).back;
                back.postal = e
                    .destination
                    .as_ref()
                    .and_then(|d| d.postal_code.as_ref())
                    .map(|p| p.as_str().to_owned());
                back.service = e.service.as_ref().map(|s| s.as_str().to_owned());
                back.parcels.extend(e.parcel.as_ref().map(|p| p.as_str().to_owned()));
            }
            Body::ReturnReceived(e) => self.order_mut(e.order.as_str()).back.received = true,
            Body::ReturnInspected(e) => {
                let wrong =
                    matches!(e.condition, Condition::Empty | Condition::Missing | Condition::WrongItem);
                self.order_mut(e.order.as_str()).back.wrong |= wrong;
            }
            Body::ContactOpened(e) if e.channel == ContactChannel::Phone => {
                let contact = self.identifiers.of(Is::Contact, e.contact.as_str());
                self.calls.insert(contact);
            }
            Body::MessagePosted(e) => {
                let contact = self.identifiers.of(Is::Contact, e.contact.as_str());
                let noted = e.author == Author::Agent && self.calls.remove(&contact);
                if e.author == Author::Customer || noted {
                    self.said.push(Said { contact, at, text: e.text.clone() });
                }
            }
            Body::RefundRequested(e) => self.request(e, at, rates),
            Body::TestPurchaseRegistered(e) => {
                let order = self.staff.orders.of(e.order.as_str());
                self.test_orders.insert(order);
            }
            Body::VerdictRecorded(e) if e.subject.kind == SubjectKind::Refund => {
                let refund = self.staff.refunds.of(e.subject.id.as_str());
                self.verdicts.insert(refund, (e.verdict == Verdict::Abuse, e.method));
            }
            Body::VerdictRecorded(e) if e.subject.kind == SubjectKind::Account => {
                let account = self.staff.accounts.of(e.subject.id.as_str());
                if e.verdict == Verdict::Abuse {
                    self.abusers.insert(account);
                } else {
                    self.abusers.remove(&account);
                }
            }
            _ => {}
        }
    }

    /// What the staff did, for leads on insiders.
    pub fn staff(&self) -> &insiders::Record {
        &self.staff
    }

    /// Refund requests passed over for want of a rate.
    pub fn without_rate(&self) -> u64 {
        self.staff.without_rate
    }

    /// The time of the newest event.
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest
    }

    fn own(&mut self, is: Is, account: &str, value: Option<&str>) -> Option<u32> {
        let value = value?;
        let identifier = self.identifiers.of(is, value);
        let account = self.staff.accounts.of(account);
        self.owners.entry((is, identifier)).or_default().insert(account);
        Some(identifier)
    }
    fn order_mut(&mut self, order: &str) -> &mut Order {
        let order = self.staff.orders.of(order);
        self.orders.entry(order).or_default()
    }
    fn visit(&mut self, e: &SessionStarted, at: Timestamp) {
        let Some(account) = &e.account else { return };
        let account = self.staff.accounts.of(account.as_str());
        let device = e.device.as_ref().map(|v| self.identifiers.of(Is::Device, v.as_str()));
        let network = e.ip.as_ref().map(|v| self.identifiers.of(Is::Network, v.as_str()));
        self.visits.entry(account).or_default().push(Visit { device, network, at });
    }
    fn order(&mut self, e: &OrderPlaced, at: Timestamp) {
        let address = self.own(Is::Address, e.account.as_str(), e.address.as_ref().map(|v| v.as_str()));
        self.own(Is::Payment, e.account.as_str(), e.payment.as_ref().map(|v| v.as_str()));
        let device = e.device.as_ref().map(|v| self.identifiers.of(Is::Device, v.as_str()));
        let network = e.ip.as_ref().map(|v| self.identifiers.of(Is::Network, v.as_str()));
        let account = self.staff.accounts.of(e.account.as_str());
        let price =
            |l: &&ringfence_domain::event::Line| l.unit_price.map_or(0, |p| p.amount) * i64::from(l.quantity);
        let dearest = e.lines.iter().max_by_key(price);
        let category = dearest.and_then(|line| match (&line.category, &line.sku) {
            (Some(category), _) => Some(self.identifiers.of(Is::Category, category.as_str())),
            (None, Some(sku)) => {
                let sku = self.identifiers.of(Is::Sku, sku.as_str());
                self.categories.get(&sku).copied()
            }
            (None, None) => None,
        });
        let order = self.order_mut(e.order.as_str());
        (order.account, order.at, order.category) = (account, Some(at), category);
        (order.device, order.network, order.address) = (device, network, address);
    }
    fn scan(&mut self, e: &ParcelScanned, at: Timestamp) {
        let order = self.order_mut(e.order.as_str());
        if e.direction == Direction::Outbound {
            order.weight_g = order.weight_g.max(e.weight_g);
            if e.status == ScanStatus::Delivered {
                order.delivered = Some(at);
                let proof = e.proof.as_ref();
                let person = proof.is_some_and(|p| p.signature == Some(true) || p.otp == Some(true));
                let photo = proof.is_some_and(|p| p.photo == Some(true));
                let shown = match (person, photo) {
                    (true, _) => Shown::Person,
                    (false, true) => Shown::Photo,
                    (false, false) => Shown::Scan,
                };
                order.shown = order.shown.max(shown);
            }
            return;
        }
        let back = &mut order.back;
        if !moved(e.status) {
            return;
        }
        back.moved = true;
        back.other_number |= !back.parcels.is_empty() && !back.parcels.contains(e.parcel.as_str());
        back.weight_g = match (back.weight_g, e.weight_g) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let differs =
            |own: &Option<String>, seen: Option<&str>| matches!((own, seen), (Some(a), Some(b)) if a != b);
        back.elsewhere |= differs(&back.service, e.service.as_ref().map(|s| s.as_str()));
        if e.status == ScanStatus::Delivered {
            back.delivered = Some(at);
            back.elsewhere |= differs(&back.postal, e.postal_code.as_ref().map(|p| p.as_str()));
        }
    }
    fn request(&mut self, e: &RefundRequested, at: Timestamp, rates: &Rates) {
        let Some(amount) = rates.convert(e.amount, at) else { return };
        let account = self.staff.accounts.of(e.account.as_str());
        let before = self.requests_of.entry(account).or_default();
        *before += 1;
        let before = *before - 1;
        let instrument = match &e.instrument {
            Some(Instrument::Token(token)) => Some(self.identifiers.of(Is::Instrument, token.as_str())),
            _ => None,
        };
        let documents = e.documents.iter().flatten();
        let request = Request {
            refund: self.staff.refunds.of(e.refund.as_str()),
            account,
            order: self.staff.orders.of(e.order.as_str()),
            amount,
            reason: e.reason,
            at,
            contact: e.contact.as_ref().map(|v| self.identifiers.of(Is::Contact, v.as_str())),
            staff: e.staff.as_ref().map(|v| self.staff.staff.of(v.as_str())),
            device: e.device.as_ref().map(|v| self.identifiers.of(Is::Device, v.as_str())),
            network: e.ip.as_ref().map(|v| self.identifiers.of(Is::Network, v.as_str())),
            documents: documents.map(|v| self.identifiers.of(Is::Document, v.as_str())).collect(),
            instrument,
            before,
        };
        self.requests.push(request);
    }
}
