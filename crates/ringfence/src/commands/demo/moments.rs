//! What does an event say in words? For the timeline of a case.

use ringfence_domain::event::{RefundRequested, VerdictRecorded};
use ringfence_domain::words::{DecidedBy, Direction, ScanStatus, SubjectKind};
use ringfence_domain::{Body, Event, Timestamp};

/// Letters of a message that a timeline quotes.
const QUOTE_MAX: usize = 160;

/// Something that happened around a case.
#[derive(Clone, Debug)]
pub(crate) struct Happened {
    /// When.
    pub(crate) at: Timestamp,
    /// What.
    pub(crate) what: String,
    /// More about it.
    pub(crate) note: String,
    /// Whether a reason of the decision names it.
    pub(crate) cited: bool,
    /// Whether it belongs to the case itself, not only to its evidence.
    pub(crate) own: bool,
    /// Whether it is a refund request.
    pub(crate) request: bool,
}

/// The refund that an event is about.
pub(crate) fn refund_of(event: &Event) -> Option<&str> {
    match &event.body {
        Body::RefundRequested(e) => Some(e.refund.as_str()),
        Body::RefundDecided(e) => Some(e.refund.as_str()),
        Body::RefundPaid(e) => Some(e.refund.as_str()),
        Body::AppealOpened(e) => Some(e.refund.as_str()),
        Body::AppealResolved(e) => Some(e.refund.as_str()),
        Body::VerdictRecorded(e) if e.subject.kind == SubjectKind::Refund => Some(e.subject.id.as_str()),
        _ => None,
    }
}

/// The order that an event is about.
pub(crate) fn order_of(event: &Event) -> Option<&str> {
    match &event.body {
        Body::OrderPlaced(e) => Some(e.order.as_str()),
        Body::ParcelScanned(e) => Some(e.order.as_str()),
        Body::ReturnAuthorised(e) => Some(e.order.as_str()),
        Body::ReturnReceived(e) => Some(e.order.as_str()),
        Body::ReturnInspected(e) => Some(e.order.as_str()),
        Body::ItemRestocked(e) => Some(e.order.as_str()),
        Body::ContactOpened(e) => e.order.as_ref().map(|o| o.as_str()),
        Body::StaffActed(e) => e.order.as_ref().map(|o| o.as_str()),
        Body::RefundRequested(e) => Some(e.order.as_str()),
        Body::ChargebackOpened(e) => Some(e.order.as_str()),
        Body::TestPurchaseRegistered(e) => Some(e.order.as_str()),
        _ => None,
    }
}

/// The contact that an event is about.
pub(crate) fn contact_of(event: &Event) -> Option<&str> {
    match &event.body {
        Body::ContactOpened(e) => Some(e.contact.as_str()),
        Body::MessagePosted(e) => Some(e.contact.as_str()),
        Body::RefundRequested(e) => e.contact.as_ref().map(|c| c.as_str()),
        _ => None,
    }
}

/// The event in words; nothing for what says nothing to a reader.
pub(crate) fn happened(event: &Event, cited: bool, own: bool) -> Option<Happened> {
    let (what, note) = words(&event.body)?;
    let request = matches!(event.body, Body::RefundRequested(_));
    Some(Happened { at: event.time, what, note, cited, own, request })
}

fn words(body: &Body) -> Option<(String, String)> {
    let some = |what: &str, note: String| Some((what.to_owned(), note));
    match body {
        Body::AccountOpened(e) => some("Account opened", format!("account {}", e.account.as_str())),
        Body::AccountClosed(e) => some("Account closed", format!("account {}", e.account.as_str())),
        Body::IdentifierSeen(e) => {
            some(&format!("New {} seen", e.kind), format!("account {}", e.account.as_str()))
        }
        Body::SessionStarted(e) => {
            let who = e.account.as_ref().map(|a| format!("account {}", a.as_str()));
            let who = who.or_else(|| e.staff.as_ref().map(|s| format!("staff {}", s.as_str())));
            let device = if e.new_device == Some(true) { ", from a new device" } else { "" };
            some("Session started", format!("{}{device}", who.unwrap_or_default()))
        }
        Body::OrderPlaced(e) => some(
            "Order placed",
            format!("order {} by account {}, {}", e.order.as_str(), e.account.as_str(), e.total),
        ),
        Body::ParcelScanned(e) => scan(e),
        Body::ReturnAuthorised(e) => some("Return authorised", format!("order {}", e.order.as_str())),
        Body::ReturnReceived(e) => {
            let lane = e.lane.map_or(String::new(), |l| format!(", lane {l}"));
            let weight = e.weight_g.map_or(String::new(), |w| format!(", {w} g"));
            some("Return recorded as received", format!("by staff {}{lane}{weight}", e.staff.as_str()))
        }
        Body::ReturnInspected(e) => {
            some("Return inspected", format!("condition: {}", e.condition.to_string().replace('_', " ")))
        }
        Body::ItemRestocked(_) => some("Goods restocked", String::new()),
        Body::ContactOpened(e) => {
            let assigned = e.assigned.map_or(String::new(), |a| format!(", {a}"));
            some(
                "Contact opened",
                format!("by account {} through {}{assigned}", e.account.as_str(), e.channel),
            )
        }
        Body::MessagePosted(e) => {
            let mut text: String = e.text.chars().take(QUOTE_MAX).collect();
            if text.len() < e.text.len() {
                text.push('…');
            }
            some(&format!("Message of the {}", e.author), format!("“{text}”"))
        }
        Body::StaffActed(e) => some(
            &format!("Staff {}", e.action.to_string().replace('_', " ")),
            format!("staff {}", e.staff.as_str()),
        ),
        Body::RefundRequested(e) => request(e),
        Body::RefundDecided(e) => {
            let by = match &e.by {
                DecidedBy::Engine => "automatically".to_owned(),
                DecidedBy::Staff(staff) => format!("by staff {}", staff.as_str()),
            };
            some(&format!("What the shop did then: {}", e.decision.to_string().replace('_', " ")), by)
        }
        Body::RefundPaid(e) => some("Refund paid by the shop", e.amount.to_string()),
        Body::ChargebackOpened(e) => some("Chargeback opened", format!("{}, {}", e.reason, e.amount)),
        Body::VerdictRecorded(e) => verdict(e),
        Body::TestPurchaseRegistered(_) => some("Registered as a test purchase", String::new()),
        Body::AppealOpened(_) => some("Appeal opened", String::new()),
        Body::AppealResolved(e) => some("Appeal resolved", e.outcome.to_string()),
        Body::ItemListed(_)
        | Body::ContactClosed(_)
        | Body::StaffJoined(_)
        | Body::PostCollected(_)
        | Body::LeadRaised(_)
        | Body::LeadWithdrawn(_)
        | Body::Unknown { .. } => None,
    }
}

fn scan(e: &ringfence_domain::event::ParcelScanned) -> Option<(String, String)> {
    let what = match e.status {
        ScanStatus::Delivered => "delivered",
        ScanStatus::Exception => "exception",
        ScanStatus::Lost => "lost",
        ScanStatus::ReturnedToSender => "returned to sender",
        ScanStatus::Accepted => "accepted by the carrier",
        // Scans on the way say nothing that these do not.
        ScanStatus::LabelCreated | ScanStatus::InTransit | ScanStatus::OutForDelivery => return None,
    };
    let way = match e.direction {
        Direction::Outbound => "Parcel",
        Direction::Return => "Return parcel",
    };
    let mut note = format!("carrier {}", e.carrier.as_str());
    if let Some(proof) = &e.proof {
        let has = |is: Option<bool>, word: &'static str| is.filter(|b| *b).map(|_| word);
        let shown =
            [has(proof.photo, "photo"), has(proof.signature, "signature"), has(proof.otp, "password")];
        for word in shown.into_iter().flatten() {
            note.push_str(", ");
            note.push_str(word);
        }
        if let Some(distance) = proof.distance_m {
            note.push_str(&format!(", {distance:.0} m from the address"));
        }
    }
    if let Some(weight) = e.weight_g {
        note.push_str(&format!(", {weight} g"));
    }
    Some((format!("{way} {what}"), note))
}

fn request(e: &RefundRequested) -> Option<(String, String)> {
    let reason = e.reason.to_string().replace('_', " ");
    let note = format!("“{reason}”, {}, by account {} through {}", e.amount, e.account.as_str(), e.channel);
    Some(("Refund requested".to_owned(), note.replace("self_service", "self service")))
}

fn verdict(e: &VerdictRecorded) -> Option<(String, String)> {
    let verdict = e.verdict.to_string().replace('_', " ");
    Some((
        format!("Verdict: {verdict}"),
        format!(
            "by {}, on {} {}",
            e.method.to_string().replace('_', " "),
            e.subject.kind,
            e.subject.id.as_str()
        ),
    ))
}
