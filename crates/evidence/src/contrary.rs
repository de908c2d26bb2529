//! What speaks against it? Contrary facts, other explanations and gaps, computed from the records: each thing that is looked
//! for is listed with what was found, also where that is nothing.

use crate::gather::Deliveries;
use crate::links::{COMMON_FROM, Links};
use crate::purpose::Field;
use crate::records::{Cited, Says};
use crate::redact::Masks;
use crate::rows::Rows;
use crate::view::{View, records};
use crate::words::plain;
use ringfence_domain::words::{
    AppealOutcome, ClaimReason, Condition, Direction, ScanStatus, SubjectKind, Verdict,
};
use ringfence_domain::{Body, Event, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Metres from the address from which on a delivery scan is told as far away.
pub const FAR_M: f64 = 50.0;
/// Deliveries from which on a driver's share of claims is told.
pub const DELIVERIES_MIN: usize = 20;
/// Hours after the event from which on an arrival is told as late.
pub const LATE_HOURS: i64 = 24;

/// What kind of thing it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// A fact that does not fit the claim of abuse.
    Contrary,
    /// Something else that would look the same.
    Other,
    /// What is not known.
    Gap,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::Contrary, Kind::Other, Kind::Gap];
    /// Its heading.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Contrary => "Contrary facts",
            Kind::Other => "Other explanations",
            Kind::Gap => "Gaps in the data",
        }
    }
    fn word(self) -> &'static str {
        match self {
            Kind::Contrary => "contrary_fact",
            Kind::Other => "other_explanation",
            Kind::Gap => "data_gap",
        }
    }
}

/// What is looked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Check {
    /// After the promised time.
    DeliveredLate,
    /// An exception or a loss on the way out.
    CarrierTrouble,
    /// Claimed as not received, and no scan against it.
    NotDelivered,
    /// A return moved.
    ReturnMoved,
    /// As new.
    InspectedWell,
    /// The right serial number.
    SerialMatched,
    /// A verdict.
    FoundLegitimate,
    /// An appeal.
    Overturned,
    /// Purchases that were kept.
    Unclaimed,
    /// No proof of delivery.
    WeakProof,
    /// Delivered elsewhere.
    FarAway,
    /// Claims on the same driver.
    DriverClaims,
    /// An office, a dormitory, a network.
    CommonIdentifier,
    /// A session from elsewhere.
    StaffNewDevice,
    /// A compromised account.
    PhishedStaff,
    /// No order.
    NoOrder,
    /// No payment.
    NoPayment,
    /// No finding.
    NoVerdict,
    /// No weight.
    NoWeights,
    /// No scan of a return.
    NoReturnScan,
    /// No session.
    StaffSession,
    /// Late records.
    LateArrival,
    /// Records that are gone.
    Retired,
    /// Values that are not kept.
    Tokens,
}

impl Check {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Check; 24] = [
        Check::DeliveredLate,
        Check::CarrierTrouble,
        Check::NotDelivered,
        Check::ReturnMoved,
        Check::InspectedWell,
        Check::SerialMatched,
        Check::FoundLegitimate,
        Check::Overturned,
        Check::Unclaimed,
        Check::WeakProof,
        Check::FarAway,
        Check::DriverClaims,
        Check::CommonIdentifier,
        Check::StaffNewDevice,
        Check::PhishedStaff,
        Check::NoOrder,
        Check::NoPayment,
        Check::NoVerdict,
        Check::NoWeights,
        Check::NoReturnScan,
        Check::StaffSession,
        Check::LateArrival,
        Check::Retired,
        Check::Tokens,
    ];
    /// Its kind and what is looked for, in words.
    pub fn words(self) -> (Kind, &'static str) {
        use Kind::{Contrary, Gap, Other};
        match self {
            Check::DeliveredLate => (Contrary, "delivered after the promised time"),
            Check::CarrierTrouble => (Contrary, "the carrier recorded an exception or a loss on the way out"),
            Check::NotDelivered => (Contrary, "claimed as not received, and no scan shows delivery"),
            Check::ReturnMoved => (Contrary, "a carrier moved a return"),
            Check::InspectedWell => (Contrary, "an inspection found the goods as new"),
            Check::SerialMatched => (Contrary, "the serial number of what came back matched"),
            Check::FoundLegitimate => (Contrary, "people found a request or account legitimate"),
            Check::Overturned => (Contrary, "an appeal overturned the decision"),
            Check::Unclaimed => (Contrary, "accounts kept other purchases without asking for money back"),
            Check::WeakProof => (Other, "delivered without photo, signature and one-time password"),
            Check::FarAway => (Other, "scanned as delivered far from the address"),
            Check::DriverClaims => {
                (Other, "the driver's deliveries are claimed as often or oftener elsewhere")
            }
            Check::CommonIdentifier => (Other, "an identifier in common is common also outside the matter"),
            Check::StaffNewDevice => (Other, "staff acted in a session on a device not seen before"),
            Check::PhishedStaff => (Other, "people found a member of staff's account compromised"),
            Check::NoOrder => (Gap, "the order itself is not recorded"),
            Check::NoPayment => (Gap, "no payment of the refund is recorded"),
            Check::NoVerdict => (Gap, "nobody has recorded a finding on the refund"),
            Check::NoWeights => (Gap, "no weight was measured on the way"),
            Check::NoReturnScan => (
                Gap,
                "a return is recorded as received, and no scan of a carrier shows it: a bulk lane, a return \
                                        in a shop or a missing scan look the same",
            ),
            Check::StaffSession => (Gap, "what staff did names no session"),
            Check::LateArrival => (Gap, "records arrived more than a day after what they tell"),
            Check::Retired => (Gap, "the beginning of the log was retired"),
            Check::Tokens => {
                (Gap, "identifiers are tokens: that they were read correctly at the door is not shown")
            }
        }
    }
}

/// Something that was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// What was looked for.
    pub check: Check,
    /// An order, account or the like.
    pub about: String,
    /// What was found.
    pub says: String,
    /// Records that show it.
    pub records: Vec<u64>,
}

/// The whole section.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Contrary {
    /// By check.
    pub findings: Vec<Finding>,
}

impl Contrary {
    /// How many findings there are of a check.
    pub fn count(&self, check: Check) -> usize {
        self.findings.iter().filter(|f| f.check == check).count()
    }
    fn found(&mut self, check: Check, about: &str, says: String, records: Vec<u64>) {
        self.findings.push(Finding { check, about: about.to_owned(), says, records });
    }
}

/// Looks for everything.
pub fn contrary(view: &View<'_>, links: &Links, retired: Option<u64>, masks: &mut Masks) -> Contrary {
    let mut out = Contrary::default();
    let by_order = view.by_order();
    for order in &view.subjects.orders {
        let of = Order::of(by_order.get(order.as_str()).map_or(&[][..], Vec::as_slice));
        of.look(order, view, masks, &mut out);
    }
    people(view, masks, &mut out);
    accounts(view, masks, &mut out);
    for link in links.links.iter().filter(|l| l.everywhere - l.accounts.len() >= COMMON_FROM) {
        let says = format!("{} {}: {}", link.kind, link.value, link.rarity());
        out.found(Check::CommonIdentifier, &link.kind, says, link.records.clone());
    }
    let late: Vec<u64> = view
        .cited
        .iter()
        .filter(|c| c.event().is_some() && c.recorded.since(c.time()).0 > LATE_HOURS * 3_600_000)
        .map(|c| c.at)
        .collect();
    if !late.is_empty() {
        let says = format!("{} records; the time they tell is their sender's", late.len());
        out.found(Check::LateArrival, "records", says, late);
    }
    if let Some(position) = retired.filter(|position| *position > 0) {
        let says = format!("records before position {position} are gone by the retention that was set");
        out.found(Check::Retired, "log", says, Vec::new());
    }
    let says =
        "the values behind the tokens are not in the log; equal tokens mean equal values as they were sent";
    out.found(Check::Tokens, "identifiers", says.to_owned(), Vec::new());
    out.findings.sort_by_key(|finding| finding.check);
    out
}

/// What the records of an order say.
#[derive(Default)]
struct Order<'a> {
    placed: Option<(u64, Option<Timestamp>)>,
    delivered: Vec<(u64, &'a Event)>,
    trouble: Vec<(u64, ScanStatus)>,
    returned: Vec<u64>,
    received: Vec<u64>,
    as_new: Vec<u64>,
    serial: Vec<u64>,
    overturned: Vec<u64>,
    asked: BTreeMap<&'a str, (u64, ClaimReason)>,
    paid: BTreeSet<&'a str>,
    weighed: bool,
    no_session: Vec<u64>,
}

impl<'a> Order<'a> {
    fn of(records: &[&'a Cited]) -> Order<'a> {
        let mut of = Order::default();
        for cited in records {
            let (Says::Event(event), at) = (&cited.says, cited.at) else { continue };
            match &event.body {
                Body::OrderPlaced(e) => of.placed = Some((at, e.promised_by)),
                Body::ParcelScanned(e) => {
                    of.weighed |= e.weight_g.is_some();
                    match (e.direction, e.status) {
                        (Direction::Outbound, ScanStatus::Delivered) => of.delivered.push((at, event)),
                        (
                            Direction::Outbound,
                            ScanStatus::Exception | ScanStatus::Lost | ScanStatus::ReturnedToSender,
                        ) => of.trouble.push((at, e.status)),
                        (Direction::Return, ScanStatus::LabelCreated) | (Direction::Outbound, _) => {}
                        (Direction::Return, _) => of.returned.push(at),
                    }
                }
                Body::ReturnReceived(e) => {
                    of.received.push(at);
                    if e.serial_match == Some(true) {
                        of.serial.push(at);
                    }
                }
                Body::ReturnInspected(e) if e.condition == Condition::AsNew => of.as_new.push(at),
                Body::AppealResolved(e) if e.outcome == AppealOutcome::Overturned => of.overturned.push(at),
                Body::RefundRequested(e) => {
                    of.asked.insert(e.refund.as_str(), (at, e.reason));
                }
                Body::RefundPaid(e) => {
                    of.paid.insert(e.refund.as_str());
                }
                Body::StaffActed(e) if e.session.is_none() => of.no_session.push(at),
                _ => {}
            }
        }
        of
    }

    fn look(&self, order: &str, view: &View<'_>, masks: &mut Masks, out: &mut Contrary) {
        let promised = self.placed.and_then(|(_, promised)| promised);
        for (at, event) in &self.delivered {
            if let Some(promised) = promised.filter(|promised| event.time > *promised) {
                let days = event.time.since(promised).as_days();
                let says =
                    format!("delivered {} UTC, promised by {promised}: {days:.1} days late", event.time);
                out.found(Check::DeliveredLate, order, says, vec![*at]);
            }
            let Body::ParcelScanned(scan) = &event.body else { continue };
            let proof = scan.proof.as_ref();
            let has = |value: Option<bool>| value == Some(true);
            if proof.is_none_or(|p| !has(p.photo) && !has(p.signature) && !has(p.otp)) {
                let says = format!("the scan of parcel {} carries none of the three", scan.parcel);
                out.found(Check::WeakProof, order, says, vec![*at]);
            }
            if let Some(metres) = proof.and_then(|p| p.distance_m).filter(|m| *m > FAR_M) {
                out.found(Check::FarAway, order, format!("{metres:.0} m from the address"), vec![*at]);
            }
            if let Some((driver, of)) =
                scan.driver.as_ref().and_then(|d| view.background.drivers.get_key_value(d.as_str()))
            {
                driver_claims(order, driver, of, view, *at, masks, out);
            }
        }
        for (at, status) in &self.trouble {
            out.found(Check::CarrierTrouble, order, format!("scan: {}", plain(status.as_str())), vec![*at]);
        }
        for (refund, (at, reason)) in &self.asked {
            if *reason == ClaimReason::NotReceived && self.delivered.is_empty() {
                let says = format!("refund {refund}: the claim is not contradicted by a scan");
                out.found(Check::NotDelivered, order, says, vec![*at]);
            }
            if view.subjects.refunds.contains(*refund) && !self.paid.contains(refund) {
                let says = format!("refund {refund}: whether and what was paid is not known from here");
                out.found(Check::NoPayment, order, says, vec![*at]);
            }
        }
        let mut listed = |check, what: &str, of: &[u64]| {
            if !of.is_empty() {
                out.found(check, order, what.to_owned(), of.to_vec());
            }
        };
        listed(Check::ReturnMoved, "scans of a return parcel", &self.returned);
        listed(Check::InspectedWell, "condition as new", &self.as_new);
        listed(Check::SerialMatched, "serial number matched", &self.serial);
        listed(Check::Overturned, "the appeal was overturned in the customer's favour", &self.overturned);
        listed(Check::StaffSession, "actions without a session", &self.no_session);
        if self.returned.is_empty() {
            listed(Check::NoReturnScan, "recorded as received", &self.received);
        }
        if self.placed.is_none() {
            out.found(Check::NoOrder, order, "named by other records only".to_owned(), Vec::new());
        }
        if !self.weighed {
            out.found(Check::NoWeights, order, "no scan carries a weight".to_owned(), Vec::new());
        }
    }
}

fn driver_claims(
    order: &str,
    driver: &str,
    of: &Deliveries,
    view: &View<'_>,
    at: u64,
    masks: &mut Masks,
    out: &mut Contrary,
) {
    let outside = |set: &BTreeSet<String>| set.difference(&view.subjects.orders).count();
    let (delivered, claimed) = (outside(&of.delivered), outside(&of.claimed));
    let all = view.background.not_received as f64 / (view.background.delivered as f64).max(1.0);
    let rate = claimed as f64 / (delivered as f64).max(1.0);
    if delivered >= DELIVERIES_MIN && claimed > 0 && rate >= all {
        let says = format!(
            "driver {}: {claimed} of {delivered} other deliveries were claimed as not received ({:.2} %), of all {:.2} %",
            masks.name(Field::Driver, driver),
            rate * 100.0,
            all * 100.0
        );
        out.found(Check::DriverClaims, order, says, vec![at]);
    }
}

/// What people found, and what sessions of staff look like.
fn people(view: &View<'_>, masks: &mut Masks, out: &mut Contrary) {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for cited in view.cited {
        match cited.event().map(|event| &event.body) {
            Some(Body::VerdictRecorded(e)) => {
                if e.subject.kind == SubjectKind::Refund {
                    known.insert(e.subject.id.as_str());
                }
                let field = match e.subject.kind {
                    SubjectKind::Account => Some(Field::Account),
                    SubjectKind::Staff => Some(Field::Staff),
                    SubjectKind::Refund | SubjectKind::Ring => None,
                };
                let id = e.subject.id.as_str();
                let about = field.map_or_else(|| id.to_owned(), |field| masks.name(field, id));
                let by = plain(e.method.as_str());
                match e.verdict {
                    Verdict::Legitimate => {
                        out.found(Check::FoundLegitimate, &about, format!("by {by}"), vec![cited.at]);
                    }
                    Verdict::Compromised => {
                        out.found(Check::PhishedStaff, &about, format!("by {by}"), vec![cited.at]);
                    }
                    Verdict::Abuse | Verdict::PolicyAbuse | Verdict::Insider => {}
                }
            }
            Some(Body::SessionStarted(e)) if e.new_device == Some(true) => {
                if let Some(staff) = &e.staff {
                    let says = "somebody else may have acted through the account".to_owned();
                    out.found(
                        Check::StaffNewDevice,
                        &masks.name(Field::Staff, staff.as_str()),
                        says,
                        vec![cited.at],
                    );
                }
            }
            _ => {}
        }
    }
    let without: Vec<&str> =
        view.subjects.refunds.iter().map(String::as_str).filter(|refund| !known.contains(refund)).collect();
    if !without.is_empty() {
        const TOLD: usize = 12;
        let told = without[..without.len().min(TOLD)].join(", ");
        let more = without.len().saturating_sub(TOLD);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        out.found(Check::NoVerdict, "refunds", format!("{}: {told}{more}", without.len()), Vec::new());
    }
}

/// What accounts kept.
fn accounts(view: &View<'_>, masks: &mut Masks, out: &mut Contrary) {
    for account in &view.subjects.accounts {
        let Some(past) = view.background.pasts.get(account) else { continue };
        let kept = past.orders.difference(&past.claimed).count();
        if kept > 0 {
            let opened =
                past.opened.map_or(String::new(), |at| format!("; opened {}", crate::when::day_text(at)));
            let says = format!("{kept} of {} orders without a request{opened}", past.orders.len());
            let of = view.cited.iter().filter(|c| match c.event().map(|event| &event.body) {
                Some(Body::OrderPlaced(e)) => {
                    e.account.as_str() == account && !past.claimed.contains(e.order.as_str())
                }
                _ => false,
            });
            let of = of.map(|c| c.at).collect();
            out.found(Check::Unclaimed, &masks.name(Field::Account, account), says, of);
        }
    }
}

/// The exhibit: each thing that was looked for, with each that was found.
pub fn csv(contrary: &Contrary) -> Vec<u8> {
    let mut rows = Rows::new();
    rows.push(&["kind", "looked_for", "about", "found", "records"]);
    for check in Check::ALL {
        let (kind, looked_for) = check.words();
        let mut found = contrary.findings.iter().filter(|f| f.check == check).peekable();
        if found.peek().is_none() {
            rows.push(&[kind.word(), looked_for, "", "nothing was found", ""]);
        }
        for f in found {
            rows.push(&[kind.word(), looked_for, &f.about, &f.says, &records(&f.records)]);
        }
    }
    rows.into_bytes()
}
