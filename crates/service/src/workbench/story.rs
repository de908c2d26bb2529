//! What happened, in the order in which it did? Events and decisions of the log as moments of a timeline.
//!
//! What a customer or a clerk wrote is shown as they wrote it, escaped; identifiers are the tokens that the log holds.

use crate::digest::{Digest, DigestError, Found, Thing};
use crate::workbench::lang::{Lang, Texts, fill};
use crate::workbench::ui::{self, Moment, Tone};
use maud::{Markup, html};
use ringfence_domain::codec::Decoder;
use ringfence_domain::event::{Proof, RefundRequested};
use ringfence_domain::words::{Author, DecidedBy, IdentifierKind, ScanStatus, Verdict};
use ringfence_domain::{Body, Decision, DecisionKind, Duration, Event, Timestamp};
use ringfence_store::log::RecordKind;
use std::collections::BTreeMap;

/// Records of one kind that a request's page reads: a thing that is busier is cut off, and the page says so.
const OF_REFUND: usize = 60;
const OF_ORDER: usize = 120;
const OF_CONTACT: usize = 60;
const OF_ACCOUNT: usize = 80;
/// Contacts whose messages are read.
const CONTACTS_MAX: usize = 8;
/// Events behind reasons that are looked up.
const BEHIND_MAX: usize = 48;
/// How long before the order what the account did belongs to its story.
const BEFORE_ORDER: Duration = Duration(2 * Duration::DAY.0);
/// How long after the request.
const AFTER_REQUEST: Duration = Duration(30 * Duration::DAY.0);
/// Characters of a message that a timeline shows.
const MESSAGE_CHARS: usize = 400;

/// A record that was read.
#[derive(Clone, Debug)]
pub enum Told {
    /// An event.
    Event(Box<Event>),
    /// A decision of the engine.
    Decision(Box<Decision>),
}

/// One thing that happened, with its place in the log.
#[derive(Clone, Debug)]
pub struct Happened {
    /// Its place in the log.
    pub position: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub told: Told,
}

impl Happened {
    /// Of a record; `None` for a control record, or what an earlier program wrote and this one does not read.
    pub fn of(found: &Found, decoder: &Decoder) -> Option<Happened> {
        let position = found.position;
        match found.kind {
            RecordKind::Event => {
                let event = decoder.decode(&found.payload).ok()?;
                Some(Happened { position, at: event.time, told: Told::Event(Box::new(event)) })
            }
            RecordKind::Decision => {
                let decision: Decision = serde_json::from_slice(&found.payload).ok()?;
                Some(Happened { position, at: decision.decided_at, told: Told::Decision(Box::new(decision)) })
            }
            RecordKind::Control => None,
        }
    }
    /// The event, if it is one.
    pub fn body(&self) -> Option<&Body> {
        match &self.told {
            Told::Event(event) => Some(&event.body),
            Told::Decision(_) => None,
        }
    }
}

/// All that belongs to a request.
#[derive(Clone, Debug)]
pub struct Story {
    /// The request.
    pub request: RefundRequested,
    /// When it was made.
    pub at: Timestamp,
    /// The engine's decisions, first first.
    pub decisions: Vec<Decision>,
    /// What happened, first first.
    pub happened: Vec<Happened>,
    /// Places of the events that reasons name, by the event's id.
    pub behind: BTreeMap<String, u64>,
    /// Whether some of it was left out, because there is more than a page reads.
    pub cut: bool,
}

/// The story of a refund; `None` where there is no such request.
///
/// # Errors
/// Where the digest or the log cannot be read.
pub fn of_refund(digest: &Digest, decoder: &Decoder, refund: &str) -> Result<Option<Story>, DigestError> {
    let mut all: BTreeMap<u64, Happened> = BTreeMap::new();
    let mut cut = false;
    let mut read =
        |thing, id: &str, most, all: &mut BTreeMap<u64, Happened>| -> Result<Vec<u64>, DigestError> {
            let places = digest.places(thing, id, None, most)?;
            cut |= places.len() == most;
            let unread: Vec<u64> = places.iter().copied().filter(|at| !all.contains_key(at)).collect();
            for found in digest.records(&unread)? {
                if let Some(happened) = Happened::of(&found, decoder) {
                    all.insert(found.position, happened);
                }
            }
            Ok(places)
        };
    read(Thing::Refund, refund, OF_REFUND, &mut all)?;
    let asked = all.values().find_map(|happened| match happened.body() {
        Some(Body::RefundRequested(request)) if request.refund.as_str() == refund => {
            Some((request.clone(), happened.at))
        }
        _ => None,
    });
    let Some((request, at)) = asked else { return Ok(None) };
    read(Thing::Order, request.order.as_str(), OF_ORDER, &mut all)?;
    let contacts: Vec<String> = all
        .values()
        .filter_map(|happened| match happened.body() {
            Some(Body::ContactOpened(contact)) => Some(contact.contact.as_str().to_owned()),
            _ => None,
        })
        .chain(request.contact.iter().map(|contact| contact.as_str().to_owned()))
        .take(CONTACTS_MAX)
        .collect();
    for contact in contacts {
        read(Thing::Contact, &contact, OF_CONTACT, &mut all)?;
    }
    let placed = all.values().find_map(|happened| match happened.body() {
        Some(Body::OrderPlaced(order)) if order.order == request.order => Some(happened.at),
        _ => None,
    });
    // Of the account only what lies around: its page has the rest.
    let (from, until) = (placed.unwrap_or(at), at.plus(AFTER_REQUEST));
    let from = from.plus(Duration(-BEFORE_ORDER.0));
    let before: Vec<u64> = all.keys().copied().collect();
    read(Thing::Account, request.account.as_str(), OF_ACCOUNT, &mut all)?;
    all.retain(|position, happened| {
        let near = happened.at >= from && happened.at <= until;
        before.binary_search(position).is_ok() || near && of_the_account(happened)
    });
    let decisions: Vec<Decision> = all
        .values()
        .filter_map(|happened| match &happened.told {
            Told::Decision(decision) if decision.refund.as_str() == refund => Some((**decision).clone()),
            Told::Decision(_) | Told::Event(_) => None,
        })
        .collect();
    let behind = behind(digest, decoder, &decisions, &mut all)?;
    let mut happened: Vec<Happened> = all.into_values().collect();
    happened.sort_by_key(|happened| (happened.at, happened.position));
    Ok(Some(Story { request, at, decisions, happened, behind, cut }))
}

/// What an account does by itself: its other orders and requests are on its own page.
fn of_the_account(happened: &Happened) -> bool {
    matches!(
        happened.body(),
        Some(
            Body::SessionStarted(_)
                | Body::IdentifierSeen(_)
                | Body::StaffActed(_)
                | Body::AccountOpened(_)
                | Body::AccountClosed(_)
        )
    )
}

fn behind(
    digest: &Digest,
    decoder: &Decoder,
    decisions: &[Decision],
    all: &mut BTreeMap<u64, Happened>,
) -> Result<BTreeMap<String, u64>, DigestError> {
    let named = decisions.iter().flat_map(|decision| &decision.reasons).flat_map(|reason| &reason.events);
    let mut behind = BTreeMap::new();
    for id in named {
        if behind.len() >= BEHIND_MAX || behind.contains_key(id) {
            continue;
        }
        let places = digest.places(Thing::Event, id, None, 1)?;
        for found in digest.records(&places)? {
            behind.insert(id.clone(), found.position);
            if let Some(happened) = Happened::of(&found, decoder) {
                all.entry(found.position).or_insert(happened);
            }
        }
    }
    Ok(behind)
}

/// Where on its page something that happened stands.
pub fn anchor(position: u64) -> String {
    format!("e{position}")
}

fn link(path: &str, id: &str) -> String {
    let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
    // Paths write a space as %20.
    format!("{path}/{}", id.replace('+', "%20"))
}

/// The address of a request's page.
pub fn request_href(refund: &str) -> String {
    link("/requests", refund)
}

/// The address of an account's page.
pub fn account_href(account: &str) -> String {
    link("/accounts", account)
}

/// What happened, as a moment of a timeline.
pub fn moment(lang: Lang, happened: &Happened) -> Moment {
    let t = lang.texts();
    let (kind, title, detail, tone) = match &happened.told {
        Told::Decision(decision) => {
            let title = fill(t.story.engine_decided, &[("decision", t.words.decision(decision.decision))]);
            let detail = html! { (ui::probability(lang, decision.score)) };
            (t.story.kind_decision, html! { (title) }, Some(detail), ui::tone_of(decision.decision))
        }
        Told::Event(event) => {
            let (kind, title, detail, tone) = said(lang, t, &event.body);
            (kind, title, Some(detail).filter(|parts| !parts.is_empty()).map(|parts| joined(&parts)), tone)
        }
    };
    Moment { at: happened.at, kind: kind.to_owned(), title, detail, tone, anchor: anchor(happened.position) }
}

fn joined(parts: &[Markup]) -> Markup {
    html! { @for (at, part) in parts.iter().enumerate() { @if at > 0 { " · " } (part) } }
}

type Said = (&'static str, Markup, Vec<Markup>, Tone);

#[allow(clippy::too_many_lines)] // one arm an event type
fn said(lang: Lang, t: &Texts, body: &Body) -> Said {
    let s = &t.story;
    let text = |template: &str, places: &[(&str, &str)]| {
        let line = fill(template, places);
        html! { (line) }
    };
    let with = |template: &str, id: Option<&str>| id.map(|id| text(template, &[("id", id)]));
    let plain = |words: &str| html! { (words) };
    match body {
        Body::AccountOpened(e) => {
            let details = [
                with(s.email, e.email.as_ref().map(|v| v.as_str())),
                with(s.phone, e.phone.as_ref().map(|v| v.as_str())),
            ];
            (
                s.kind_account,
                text(s.account_opened, &[("account", e.account.as_str())]),
                details.into_iter().flatten().collect(),
                Tone::Plain,
            )
        }
        Body::AccountClosed(e) => {
            (s.kind_account, text(s.account_closed, &[("account", e.account.as_str())]), vec![], Tone::Watch)
        }
        Body::IdentifierSeen(e) => {
            let kind = identifier(t, e.kind);
            let places = [("kind", kind), ("value", e.value.as_str()), ("account", e.account.as_str())];
            (s.kind_account, text(s.identifier_seen, &places), vec![], Tone::Plain)
        }
        Body::SessionStarted(e) => {
            let title = match (&e.account, &e.staff) {
                (_, Some(staff)) => text(s.session_staff, &[("staff", staff.as_str())]),
                (account, None) => {
                    text(s.session_account, &[("account", account.as_ref().map_or("", |a| a.as_str()))])
                }
            };
            let new = e.new_device == Some(true);
            let details = [
                with(s.device, e.device.as_ref().map(|v| v.as_str())),
                with(s.ip, e.ip.as_ref().map(|v| v.as_str())),
                e.country.as_ref().map(|v| plain(v.as_str())),
                e.auth.map(|auth| text(s.through, &[("auth", auth.as_str())])),
                new.then(|| plain(s.new_device)),
            ];
            (
                s.kind_session,
                title,
                details.into_iter().flatten().collect(),
                if new { Tone::Watch } else { Tone::Plain },
            )
        }
        Body::ItemListed(e) => {
            (s.kind_other, text(s.item_listed, &[("sku", e.sku.as_str())]), vec![], Tone::Plain)
        }
        Body::OrderPlaced(e) => {
            let places = [("order", e.order.as_str()), ("amount", &ui::exact(lang, e.total))];
            let details = [
                Some(text(s.order_lines, &[("n", &e.lines.len().to_string())])),
                with(s.address, e.address.as_ref().map(|v| v.as_str())),
                with(s.payment, e.payment.as_ref().map(|v| v.as_str())),
                with(s.device, e.device.as_ref().map(|v| v.as_str())),
            ];
            (
                s.kind_order,
                text(s.order_placed, &places),
                details.into_iter().flatten().collect(),
                Tone::Plain,
            )
        }
        Body::ParcelScanned(e) => {
            let places = [("parcel", e.parcel.as_str()), ("status", t.words.scan(e.status))];
            let mut details = vec![plain(e.carrier.as_str()), plain(s.direction(e.direction))];
            details.extend(e.site.as_ref().map(|v| text(s.at_place, &[("place", v.as_str())])));
            details.extend(e.postal_code.as_ref().map(|v| plain(v.as_str())));
            details.extend(e.weight_g.map(|g| text(s.weight, &[("n", &ui::count(lang, g))])));
            details.extend(e.driver.as_ref().map(|v| text(s.driver, &[("id", v.as_str())])));
            details.extend(e.proof.as_ref().map(|proof| joined(&proofs(t, proof))));
            let tone = match e.status {
                ScanStatus::Delivered => Tone::Good,
                ScanStatus::Exception | ScanStatus::Lost | ScanStatus::ReturnedToSender => Tone::Bad,
                ScanStatus::LabelCreated
                | ScanStatus::Accepted
                | ScanStatus::InTransit
                | ScanStatus::OutForDelivery => Tone::Plain,
            };
            (s.kind_parcel, text(s.parcel_scanned, &places), details, tone)
        }
        Body::ReturnAuthorised(e) => {
            (s.kind_return, text(s.return_authorised, &[("order", e.order.as_str())]), vec![], Tone::Plain)
        }
        Body::ReturnReceived(e) => {
            let mut details: Vec<Markup> = e.lane.map(|lane| plain(s.lane(lane))).into_iter().collect();
            details.extend(e.weight_g.map(|g| text(s.weight, &[("n", &ui::count(lang, g))])));
            details.extend(
                e.serial_match.map(|fits| plain(if fits { s.serial_match } else { s.serial_differs })),
            );
            let tone = if e.serial_match == Some(false) { Tone::Bad } else { Tone::Plain };
            (s.kind_return, text(s.return_received, &[("staff", e.staff.as_str())]), details, tone)
        }
        Body::ReturnInspected(e) => {
            use ringfence_domain::words::Condition;
            let tone = match e.condition {
                Condition::AsNew | Condition::Used => Tone::Good,
                Condition::Damaged => Tone::Watch,
                Condition::WrongItem | Condition::Empty | Condition::Missing => Tone::Bad,
            };
            let details = with(s.for_staff, e.staff.as_ref().map(|v| v.as_str())).into_iter().collect();
            (
                s.kind_return,
                text(s.return_inspected, &[("condition", s.condition(e.condition))]),
                details,
                tone,
            )
        }
        Body::ItemRestocked(e) => {
            (s.kind_return, text(s.item_restocked, &[("line", &e.line.to_string())]), vec![], Tone::Good)
        }
        Body::ContactOpened(e) => {
            let places = [("contact", e.contact.as_str()), ("channel", s.contact(e.channel))];
            let details = [
                with(s.for_staff, e.staff.as_ref().map(|v| v.as_str())),
                e.assigned.map(|how| text(s.assigned, &[("how", s.assigned(how))])),
                with(s.queue, e.queue.as_ref().map(|v| v.as_str())),
            ];
            (
                s.kind_contact,
                text(s.contact_opened, &places),
                details.into_iter().flatten().collect(),
                Tone::Plain,
            )
        }
        Body::MessagePosted(e) => {
            let mut words: String = e.text.chars().take(MESSAGE_CHARS).collect();
            if words.len() < e.text.len() {
                words.push('…');
            }
            let class = if e.author == Author::Customer { "said" } else { "said ours" };
            let said = html! { span class=(class) { (words) } };
            (
                s.kind_contact,
                text(s.message_posted, &[("author", s.author(e.author))]),
                vec![said],
                Tone::Plain,
            )
        }
        Body::ContactClosed(e) => {
            (s.kind_contact, text(s.contact_closed, &[("contact", e.contact.as_str())]), vec![], Tone::Plain)
        }
        Body::StaffJoined(e) => {
            let places = [("staff", e.staff.as_str()), ("role", s.staff_role(e.role))];
            (s.kind_staff, text(s.staff_joined, &places), vec![], Tone::Plain)
        }
        Body::StaffActed(e) => {
            let places = [("staff", e.staff.as_str()), ("action", s.action(e.action))];
            (s.kind_staff, text(s.staff_acted, &places), vec![], Tone::Watch)
        }
        Body::RefundRequested(e) => {
            let amount = ui::exact(lang, e.amount);
            let line =
                [("refund", e.refund.as_str()), ("amount", &amount), ("reason", t.words.claim(e.reason))];
            let details = [
                Some(plain(s.channel(e.channel))),
                with(s.for_staff, e.staff.as_ref().map(|v| v.as_str())),
                with(s.device, e.device.as_ref().map(|v| v.as_str())),
            ];
            let line = fill(s.refund_requested, &line);
            let title = html! { a href=(request_href(e.refund.as_str())) { (line) } };
            (s.kind_request, title, details.into_iter().flatten().collect(), Tone::Watch)
        }
        Body::RefundDecided(e) => {
            let by = match &e.by {
                DecidedBy::Engine => s.engine,
                DecidedBy::Staff(staff) => staff.as_str(),
            };
            let places = [("by", by), ("decision", t.words.decision(e.decision))];
            let details =
                (e.overridden == Some(true)).then(|| plain(s.override_policy)).into_iter().collect();
            (s.kind_decision, text(s.refund_decided, &places), details, ui::tone_of(e.decision))
        }
        Body::RefundPaid(e) => (
            s.kind_money,
            text(s.refund_paid, &[("amount", &ui::exact(lang, e.amount))]),
            vec![],
            Tone::Plain,
        ),
        Body::ChargebackOpened(e) => {
            let places = [("amount", &*ui::exact(lang, e.amount)), ("reason", s.chargeback_reason(e.reason))];
            (s.kind_money, text(s.chargeback, &places), vec![], Tone::Bad)
        }
        Body::VerdictRecorded(e) => {
            let places = [("verdict", s.verdict(e.verdict)), ("method", s.method(e.method))];
            let tone = if e.verdict == Verdict::Legitimate { Tone::Good } else { Tone::Bad };
            (s.kind_verdict, text(s.verdict, &places), vec![], tone)
        }
        Body::TestPurchaseRegistered(_) => (s.kind_order, plain(s.test_purchase), vec![], Tone::Watch),
        Body::AppealOpened(_) => (s.kind_decision, plain(s.appeal_opened), vec![], Tone::Watch),
        Body::AppealResolved(e) => (
            s.kind_decision,
            text(s.appeal_resolved, &[("outcome", s.outcome(e.outcome))]),
            vec![],
            Tone::Plain,
        ),
        Body::PostCollected(_) => (s.kind_other, plain(s.post_collected), vec![], Tone::Plain),
        Body::Unknown { event_type, .. } => {
            (s.kind_other, text(s.unknown_event, &[("kind", event_type.as_str())]), vec![], Tone::Plain)
        }
    }
}

/// What kind an identifier is.
pub fn identifier(t: &Texts, kind: IdentifierKind) -> &'static str {
    let w = &t.account;
    match kind {
        IdentifierKind::Device => w.device,
        IdentifierKind::Address => w.address,
        IdentifierKind::Payment => w.payment,
        IdentifierKind::Email => w.email,
        IdentifierKind::Phone => w.phone,
        IdentifierKind::Ip => w.ip,
    }
}

/// What shows that a parcel was handed over.
pub fn proofs(t: &Texts, proof: &Proof) -> Vec<Markup> {
    let s = &t.story;
    let mut shown: Vec<Markup> = Vec::new();
    for (there, words) in [(proof.photo, s.photo), (proof.signature, s.signature), (proof.otp, s.otp)] {
        if there == Some(true) {
            shown.push(html! { (words) });
        }
    }
    if let Some(metres) = proof.distance_m {
        let line = fill(s.distance, &[("n", &format!("{metres:.0}"))]);
        shown.push(html! { (line) });
    }
    shown
}

/// Whether a decision pays, whatever it waits for.
pub fn pays(kind: DecisionKind) -> bool {
    ui::tone_of(kind) == Tone::Good
}
