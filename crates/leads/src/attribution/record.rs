//! What is known of orders, parcels, returns and claims? Gathered from events in the order of the log; nothing is judged.

use crate::numbers::Numbers;
use ringfence_domain::event::{ParcelScanned, RefundRequested};
use ringfence_domain::rates::Rates;
use ringfence_domain::words::{
    Action, Assigned, ChargebackReason, ClaimReason, Condition, DecidedBy, Direction, Instrument, Lane,
    RequestChannel, ScanStatus, SubjectKind, Verdict,
};
use ringfence_domain::{Body, Event, Timestamp};
use std::collections::BTreeMap;

/// A line of an order: its number, its article, pieces.
pub(crate) type OrderLine = (u32, u32, u32);

/// What is known of an order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    pub(crate) account: Option<u32>,
    pub(crate) at: Option<Timestamp>,
    /// Minor units of the reporting currency.
    pub(crate) value: Option<i64>,
    pub(crate) lines: Vec<OrderLine>,
    /// Parcels on their way out.
    pub(crate) parcels: Vec<u32>,
    pub(crate) back: Option<Box<WayBack>>,
    /// Refund requests about it.
    pub(crate) requests: Vec<u32>,
    /// Conversations about it.
    pub(crate) talks: Vec<Timestamp>,
    /// What the bank took back, the first time.
    pub(crate) chargeback: Option<(Timestamp, ChargebackReason)>,
}

/// A parcel on its way out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Parcel {
    pub(crate) carrier: u32,
    pub(crate) driver: Option<u32>,
    pub(crate) area: Option<u32>,
    /// When it was scanned as delivered, the first time.
    pub(crate) delivered: Option<Timestamp>,
    pub(crate) in_hand: bool,
    pub(crate) photo: bool,
    pub(crate) distance_m: Option<f64>,
    /// The least that a scale showed.
    pub(crate) least_g: Option<u64>,
}

/// What is known of goods that go back.
#[derive(Clone, Debug, Default)]
pub(crate) struct WayBack {
    /// Postal area where they are to go.
    pub(crate) to: Option<u32>,
    pub(crate) moved: bool,
    pub(crate) delivered: Option<Timestamp>,
    pub(crate) delivered_in: Option<u32>,
    pub(crate) least_g: Option<u64>,
    pub(crate) receipt: Option<Receipt>,
    pub(crate) found: Option<(Timestamp, Condition)>,
    pub(crate) serial_match: Option<bool>,
    /// Somebody recorded it by looking the order up.
    pub(crate) by_hand: bool,
}

/// A record that goods came back: the latest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receipt {
    pub(crate) staff: u32,
    pub(crate) at: Timestamp,
    pub(crate) lane: Option<Lane>,
}

/// A refund request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) account: u32,
    pub(crate) order: u32,
    pub(crate) at: Timestamp,
    /// Minor units of the reporting currency.
    pub(crate) amount: i64,
    pub(crate) reason: ClaimReason,
    pub(crate) channel: RequestChannel,
    pub(crate) contact: Option<u32>,
    pub(crate) device: Option<u32>,
    pub(crate) documents: Vec<u32>,
    pub(crate) lines: Vec<u32>,
    pub(crate) instrument: Pay,
}

/// Where the money is to go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pay {
    Back,
    Credit,
    Elsewhere,
}

/// What became of a refund request; known before or after the request itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    /// Who decided last, and when.
    pub(crate) decided: Option<(Timestamp, u32)>,
    pub(crate) overridden: bool,
    pub(crate) verdict: Option<(Timestamp, Verdict)>,
}

/// Most accounts that are kept for a device or a document: more make no difference.
pub(crate) const SHARERS_MAX: usize = 4;

/// What the log says up to a moment, for [`crate::attribution::attribute`].
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub(crate) accounts: Numbers,
    pub(crate) drivers: Numbers,
    pub(crate) staff: Numbers,
    pub(crate) areas: Numbers,
    pub(crate) carriers: Numbers,
    pub(crate) refunds: Numbers,
    orders_by_id: Numbers,
    parcels_by_id: Numbers,
    devices: Numbers,
    documents: Numbers,
    contacts: Numbers,
    articles: Numbers,
    pub(crate) orders: Vec<Order>,
    pub(crate) parcels: Vec<Parcel>,
    /// By refund number; a decision may come before its request.
    pub(crate) asked: Vec<Option<Asked>>,
    pub(crate) outcomes: Vec<Outcome>,
    /// Grams of a piece by article.
    pub(crate) grams: BTreeMap<u32, u64>,
    /// How a contact came to whom.
    pub(crate) assigned: BTreeMap<u32, (Option<u32>, Option<Assigned>)>,
    /// When an account first ordered with a device.
    pub(crate) own_device: BTreeMap<(u32, u32), Timestamp>,
    /// Accounts that claimed from a device, or with a document: at most [`SHARERS_MAX`].
    pub(crate) claims_from: BTreeMap<u32, Vec<u32>>,
    pub(crate) hands_in: BTreeMap<u32, Vec<u32>>,
    /// Orders of an account, by time.
    pub(crate) orders_of: BTreeMap<u32, Vec<Timestamp>>,
    /// The latest event time.
    pub(crate) now: Option<Timestamp>,
    /// Refund requests passed over for want of a rate.
    pub without_rate: u64,
}

fn share(sharers: &mut Vec<u32>, account: u32) {
    if sharers.len() < SHARERS_MAX && !sharers.contains(&account) {
        sharers.push(account);
    }
}

fn at<T: Default + Clone>(list: &mut Vec<T>, n: u32) -> &mut T {
    let n = n as usize;
    if list.len() <= n {
        list.resize(n + 1, T::default());
    }
    &mut list[n]
}

impl Record {
    /// Notes what an event says; call it for every event in the order of the log, up to the moment of interest.
    pub fn see(&mut self, event: &Event, rates: &Rates) {
        self.now = self.now.max(Some(event.time));
        match &event.body {
            Body::ItemListed(e) => {
                let article = self.articles.of(e.sku.as_str());
                if let Some(grams) = e.weight_g {
                    self.grams.insert(article, grams);
                }
            }
            Body::OrderPlaced(e) => {
                let account = self.accounts.of(e.account.as_str());
                let lines: Vec<OrderLine> = e
                    .lines
                    .iter()
                    .filter_map(|l| Some((l.line, self.articles.of(l.sku.as_ref()?.as_str()), l.quantity)))
                    .collect();
                let value = rates.convert(e.total, event.time);
                let order = self.order(e.order.as_str());
                order.account = Some(account);
                order.at = Some(event.time);
                order.value = value;
                order.lines = lines;
                self.orders_of.entry(account).or_default().push(event.time);
                if let Some(device) = &e.device {
                    let device = self.devices.of(device.as_str());
                    let first = self.own_device.entry((account, device)).or_insert(event.time);
                    *first = event.time.min(*first);
                }
            }
            Body::ParcelScanned(e) => match e.direction {
                Direction::Outbound => self.on_its_way(e, event.time),
                Direction::Return => self.on_its_way_back(e, event.time),
            },
            Body::ReturnAuthorised(e) => {
                let to = e.destination.as_ref().and_then(|d| d.postal_code.as_ref());
                let to = to.map(|area| self.areas.of(area.as_str()));
                let back = self.back(e.order.as_str());
                back.to = to.or(back.to);
            }
            Body::ReturnReceived(e) => {
                let staff = self.staff.of(e.staff.as_str());
                let back = self.back(e.order.as_str());
                if back.receipt.is_none_or(|r| r.at <= event.time) {
                    back.receipt = Some(Receipt { staff, at: event.time, lane: e.lane });
                }
                back.least_g = back.least_g.into_iter().chain(e.weight_g).min();
                let both = |before: bool| e.serial_match.map_or(before, |now| before && now);
                back.serial_match = back.serial_match.map_or(e.serial_match, |before| Some(both(before)));
            }
            Body::ReturnInspected(e) => {
                let back = self.back(e.order.as_str());
                if back.found.is_none_or(|(when, _)| when <= event.time) {
                    back.found = Some((event.time, e.condition));
                }
            }
            Body::ContactOpened(e) => {
                let staff = e.staff.as_ref().map(|s| self.staff.of(s.as_str()));
                let contact = self.contacts.of(e.contact.as_str());
                self.assigned.insert(contact, (staff, e.assigned));
                if let Some(order) = &e.order {
                    self.order(order.as_str()).talks.push(event.time);
                }
            }
            Body::RefundRequested(e) => self.asked(e, event.time, rates),
            Body::RefundDecided(e) => {
                if let DecidedBy::Staff(staff) = &e.by {
                    let staff = self.staff.of(staff.as_str());
                    let outcome = self.outcome(e.refund.as_str());
                    if outcome.decided.is_none_or(|(when, _)| when <= event.time) {
                        outcome.decided = Some((event.time, staff));
                    }
                    outcome.overridden |= e.overridden == Some(true);
                }
            }
            Body::StaffActed(e) => {
                if let (Action::MarkedReturned, Some(order)) = (e.action, &e.order) {
                    self.back(order.as_str()).by_hand = true;
                }
            }
            Body::ChargebackOpened(e) => {
                let order = self.order(e.order.as_str());
                if order.chargeback.is_none_or(|(when, _)| event.time < when) {
                    order.chargeback = Some((event.time, e.reason));
                }
            }
            Body::VerdictRecorded(e) if e.subject.kind == SubjectKind::Refund => {
                let outcome = self.outcome(e.subject.id.as_str());
                if outcome.verdict.is_none_or(|(when, _)| when <= event.time) {
                    outcome.verdict = Some((event.time, e.verdict));
                }
            }
            _ => {}
        }
    }
    fn order(&mut self, id: &str) -> &mut Order {
        let n = self.orders_by_id.of(id);
        at(&mut self.orders, n)
    }
    fn back(&mut self, order: &str) -> &mut WayBack {
        self.order(order).back.get_or_insert_default()
    }
    fn outcome(&mut self, refund: &str) -> &mut Outcome {
        let n = self.refunds.of(refund);
        at(&mut self.outcomes, n)
    }
    fn on_its_way(&mut self, e: &ParcelScanned, when: Timestamp) {
        let (known, n) = (self.parcels_by_id.len(), self.parcels_by_id.of(e.parcel.as_str()));
        if n as usize == known {
            self.order(e.order.as_str()).parcels.push(n);
        }
        let carrier = self.carriers.of(e.carrier.as_str());
        let driver = e.driver.as_ref().map(|d| self.drivers.of(d.as_str()));
        let area = e.postal_code.as_ref().map(|a| self.areas.of(a.as_str()));
        let parcel = at(&mut self.parcels, n);
        parcel.carrier = carrier;
        parcel.least_g = parcel.least_g.into_iter().chain(e.weight_g).min();
        // Of several scans as delivered the first counts: what a driver says at the door.
        let delivered = e.status == ScanStatus::Delivered && parcel.delivered.is_none_or(|d| when < d);
        if delivered {
            parcel.delivered = Some(when);
            parcel.driver = driver.or(parcel.driver);
            parcel.area = area.or(parcel.area);
            if let Some(proof) = &e.proof {
                parcel.in_hand = proof.otp == Some(true) || proof.signature == Some(true);
                parcel.photo = proof.photo == Some(true);
                parcel.distance_m = proof.distance_m;
            }
        }
    }
    fn on_its_way_back(&mut self, e: &ParcelScanned, when: Timestamp) {
        let area = e.postal_code.as_ref().map(|a| self.areas.of(a.as_str()));
        let back = self.back(e.order.as_str());
        match e.status {
            ScanStatus::Delivered => {
                back.moved = true;
                if back.delivered.is_none_or(|d| d <= when) {
                    back.delivered = Some(when);
                    back.delivered_in = area;
                }
            }
            ScanStatus::Accepted | ScanStatus::InTransit | ScanStatus::OutForDelivery => back.moved = true,
            ScanStatus::LabelCreated
            | ScanStatus::Exception
            | ScanStatus::Lost
            | ScanStatus::ReturnedToSender => {}
        }
        back.least_g = back.least_g.into_iter().chain(e.weight_g).min();
    }
    fn asked(&mut self, e: &RefundRequested, when: Timestamp, rates: &Rates) {
        let Some(amount) = rates.convert(e.amount, when) else {
            self.without_rate += 1;
            return;
        };
        let account = self.accounts.of(e.account.as_str());
        let order = self.orders_by_id.of(e.order.as_str());
        let refund = self.refunds.of(e.refund.as_str());
        let device = e.device.as_ref().map(|d| self.devices.of(d.as_str()));
        let documents: Vec<u32> =
            e.documents.iter().flatten().map(|d| self.documents.of(d.as_str())).collect();
        if let Some(device) = device {
            share(self.claims_from.entry(device).or_default(), account);
        }
        for document in &documents {
            share(self.hands_in.entry(*document).or_default(), account);
        }
        let asked = Asked {
            account,
            order,
            at: when,
            amount,
            reason: e.reason,
            channel: e.channel,
            contact: e.contact.as_ref().map(|c| self.contacts.of(c.as_str())),
            device,
            documents,
            lines: e.lines.iter().map(|l| l.line).collect(),
            instrument: match &e.instrument {
                None | Some(Instrument::Original) => Pay::Back,
                Some(Instrument::GiftCard | Instrument::StoreCredit) => Pay::Credit,
                Some(Instrument::Token(_)) => Pay::Elsewhere,
            },
        };
        let order = at(&mut self.orders, order);
        if !order.requests.contains(&refund) {
            order.requests.push(refund);
        }
        // The event names the account; the order may not have been announced.
        order.account = order.account.or(Some(account));
        *at(&mut self.asked, refund) = Some(asked);
        at(&mut self.outcomes, refund);
    }
    /// The number of a refund request, where it has been seen.
    pub(crate) fn refund(&self, id: &str) -> Option<u32> {
        self.refunds.known(id).filter(|&n| self.request(n).is_some())
    }
    /// A refund request.
    pub(crate) fn request(&self, refund: u32) -> Option<&Asked> {
        self.asked.get(refund as usize)?.as_ref()
    }
}
