//! How is a record told in a sentence? For timelines: plainly, with nothing but what it says.

use crate::purpose::Field;
use crate::records::{Cited, Says};
use crate::redact::Masks;
use ringfence_domain::event::Proof;
use ringfence_domain::{Body, Event};
use serde_json::Value;

/// What a record says, in a sentence.
pub fn sentence(cited: &Cited, masks: &mut Masks) -> String {
    match &cited.says {
        Says::Event(event) => of_event(event, masks),
        Says::Decision(decision) => {
            let score = if masks.shows(Field::Score) {
                format!(" (score {:.2}, a lead and not proof)", decision.score)
            } else {
                String::new()
            };
            format!(
                "The engine answered refund {}: {}{score}.",
                decision.refund,
                plain(decision.decision.as_str())
            )
        }
        Says::Control(control) => {
            let text = |key: &str| control.get(key).and_then(Value::as_str).unwrap_or_default();
            let did = if text("did").is_empty() { text("control") } else { text("did") };
            format!("{} {}", plain(did), text("subject")).trim().to_owned()
        }
    }
}

/// A word of the contract as plain words.
pub fn plain(word: &str) -> String {
    word.replace('_', " ")
}

fn maybe(prefix: &str, value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| format!("{prefix}{}", value.to_string()))
}

fn proof(proof: &Proof) -> String {
    let mut parts = Vec::new();
    for (name, value) in
        [("photo", proof.photo), ("signature", proof.signature), ("one-time password", proof.otp)]
    {
        match value {
            Some(true) => parts.push(format!("with {name}")),
            Some(false) => parts.push(format!("without {name}")),
            None => {}
        }
    }
    if let Some(metres) = proof.distance_m {
        parts.push(format!("{metres:.0} m from the address"));
    }
    if parts.is_empty() { String::new() } else { format!(", {}", parts.join(", ")) }
}

fn lines(lines: &[ringfence_domain::event::Line]) -> String {
    match lines {
        [] => "all lines".to_owned(),
        _ => {
            let each: Vec<String> =
                lines.iter().map(|l| format!("{} of line {}", l.quantity, l.line)).collect();
            each.join(", ")
        }
    }
}

fn of_event(event: &Event, masks: &mut Masks) -> String {
    let mut account = |id: &str| masks.name(Field::Account, id);
    match &event.body {
        Body::AccountOpened(e) => format!("Account {} was opened.", account(e.account.as_str())),
        Body::AccountClosed(e) => {
            format!("Account {} was closed{}.", account(e.account.as_str()), maybe(": ", e.reason.as_ref()))
        }
        Body::IdentifierSeen(e) => {
            let account = account(e.account.as_str());
            format!(
                "Account {account} was seen with {} {}.",
                e.kind,
                masks.name(Field::Identifier, e.value.as_str())
            )
        }
        Body::SessionStarted(e) => {
            let who = match (&e.account, &e.staff) {
                (Some(id), _) => format!("account {}", masks.name(Field::Account, id.as_str())),
                (None, Some(id)) => format!("member of staff {}", masks.name(Field::Staff, id.as_str())),
                (None, None) => "somebody".to_owned(),
            };
            let device = e.device.as_ref().map(|d| masks.name(Field::Identifier, d.as_str()));
            let new = if e.new_device == Some(true) { ", not seen with this person before" } else { "" };
            let session = masks.name(Field::Session, e.session.as_str());
            format!(
                "Session {session} of {who} began{}{}{new}.",
                maybe(" on device ", device),
                maybe(", by ", e.auth)
            )
        }
        Body::ItemListed(e) => {
            format!(
                "Article {} was offered{}.",
                e.sku,
                e.weight_g.map_or_else(String::new, |g| format!(", {g} g"))
            )
        }
        Body::OrderPlaced(e) => {
            let account = account(e.account.as_str());
            format!(
                "Account {account} placed order {} for {}{}.",
                e.order,
                e.total,
                maybe(", promised by ", e.promised_by)
            )
        }
        Body::ParcelScanned(e) => format!(
            "Carrier {} scanned {} parcel {}: {}{}{}{}.",
            e.carrier,
            e.direction,
            e.parcel,
            plain(e.status.as_str()),
            e.weight_g.map_or_else(String::new, |g| format!(", {g} g")),
            maybe(", driver ", e.driver.as_ref().map(|d| masks.name(Field::Driver, d.as_str()))),
            e.proof.as_ref().map(proof).unwrap_or_default()
        ),
        Body::ReturnAuthorised(e) => {
            format!("A return was authorised: {}{}.", lines(&e.lines), maybe(", parcel ", e.parcel.as_ref()))
        }
        Body::ReturnReceived(e) => format!(
            "Member of staff {} recorded a return as received: {}{}{}{}.",
            masks.name(Field::Staff, e.staff.as_str()),
            lines(&e.lines),
            maybe(", parcel ", e.parcel.as_ref()),
            maybe(", lane ", e.lane.map(|l| plain(l.as_str()))),
            e.weight_g.map_or_else(String::new, |g| format!(", {g} g"))
        ),
        Body::ReturnInspected(e) => {
            format!("The return was inspected: {} ({}).", plain(e.condition.as_str()), lines(&e.lines))
        }
        Body::ItemRestocked(e) => format!("Line {} was put back into stock.", e.line),
        Body::ContactOpened(e) => {
            let account = account(e.account.as_str());
            format!(
                "Account {account} turned to customer service by {} (contact {}){}{}.",
                e.channel,
                e.contact,
                maybe(", member of staff ", e.staff.as_ref().map(|s| masks.name(Field::Staff, s.as_str()))),
                maybe(", ", e.assigned)
            )
        }
        Body::MessagePosted(e) => {
            format!("The {} wrote: {}", e.author, masks.name(Field::Text, &e.text))
        }
        Body::ContactClosed(e) => {
            format!("Contact {} was closed{}.", e.contact, maybe(": ", e.outcome.as_ref()))
        }
        Body::StaffJoined(e) => format!(
            "Member of staff {} is {}{}{}.",
            masks.name(Field::Staff, e.staff.as_str()),
            e.role,
            maybe(", queue ", e.queue.as_ref()),
            maybe(", approval limit ", e.approval_limit)
        ),
        Body::StaffActed(e) => format!(
            "Member of staff {} {}{}.",
            masks.name(Field::Staff, e.staff.as_str()),
            plain(e.action.as_str()),
            maybe(" in session ", e.session.as_ref().map(|s| masks.name(Field::Session, s.as_str())))
        ),
        Body::RefundRequested(e) => {
            let account = account(e.account.as_str());
            format!(
                "Account {account} asked for {} back (refund {}): {}, by {}, {}{}.",
                e.amount,
                e.refund,
                plain(e.reason.as_str()),
                plain(e.channel.as_str()),
                lines(&e.lines),
                maybe(", device ", e.device.as_ref().map(|d| masks.name(Field::Identifier, d.as_str())))
            )
        }
        Body::RefundDecided(e) => {
            let by = match &e.by {
                ringfence_domain::words::DecidedBy::Engine => "the engine".to_owned(),
                ringfence_domain::words::DecidedBy::Staff(id) => {
                    format!("member of staff {}", masks.name(Field::Staff, id.as_str()))
                }
            };
            let over = if e.overridden == Some(true) { ", overriding the policy" } else { "" };
            format!("Refund {} was decided by {by}: {}{over}.", e.refund, plain(e.decision.as_str()))
        }
        Body::RefundPaid(e) => {
            let to = e.instrument.as_ref().map(|i| match i {
                ringfence_domain::words::Instrument::Token(t) => masks.name(Field::Identifier, t.as_str()),
                word => plain(word.as_str()),
            });
            format!("{} was paid for refund {}{}.", e.amount, e.refund, maybe(", to ", to))
        }
        Body::ChargebackOpened(e) => {
            format!("The bank took back {}: {}.", e.amount, plain(e.reason.as_str()))
        }
        Body::VerdictRecorded(e) => format!(
            "People found by {}: {} {}.",
            plain(e.method.as_str()),
            e.subject.kind,
            plain(e.verdict.as_str())
        ),
        Body::TestPurchaseRegistered(e) => {
            format!("Order {} is a test purchase of an investigator.", e.order)
        }
        Body::AppealOpened(e) => format!("The decision on refund {} was appealed.", e.refund),
        Body::AppealResolved(e) => format!("The appeal on refund {} was {}.", e.refund, e.outcome),
        Body::PostCollected(e) => format!(
            "A post on {} by {} was collected.",
            e.platform,
            masks.name(Field::Handle, e.author.as_str())
        ),
        Body::LeadRaised(e) => format!("Lead {} was raised: a reason to look, not proof.", e.lead),
        Body::LeadWithdrawn(e) => format!("Lead {} was withdrawn.", e.lead),
        Body::Unknown { event_type, .. } => format!("An event of the type {event_type}."),
    }
}
