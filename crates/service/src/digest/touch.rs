//! What is a record about? The things that it names, by which pages find it.

use crate::core::Control;
use crate::webhooks::message::alert;
use ringfence_domain::words::{DecidedBy, IdentifierKind, SubjectKind};
use ringfence_domain::{Body, Decision};

/// What a record can be about; the byte is a format of the folder.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Thing {
    /// A customer's account.
    Account = b'a',
    /// An order.
    Order = b'o',
    /// A refund.
    Refund = b'r',
    /// A contact.
    Contact = b'c',
    /// A member of staff.
    Staff = b's',
    /// A parcel.
    Parcel = b'p',
    /// A device.
    Device = b'd',
    /// An IP address.
    Ip = b'i',
    /// A postal address.
    Address = b'h',
    /// A payment instrument.
    Payment = b'y',
    /// An e-mail address.
    Email = b'e',
    /// A phone number.
    Phone = b't',
    /// Decisions with the same strongest reasons: their codes.
    Reasons = b'R',
    /// All decisions: the id is empty.
    Decisions = b'D',
    /// Control records of a word.
    Did = b'w',
    /// Control records of somebody: the user, or the key of a system.
    By = b'b',
    /// Alerts: the id is empty.
    Alert = b'!',
    /// A lead, by its id.
    Lead = b'l',
    /// An event, by its id.
    Event = b'E',
}

impl Thing {
    /// Identifiers that accounts may share.
    pub const IDENTIFIERS: [Thing; 6] =
        [Thing::Device, Thing::Payment, Thing::Address, Thing::Email, Thing::Phone, Thing::Ip];
    /// The word of the contract for an identifier; for other things a word of the pages' addresses.
    pub fn word(self) -> &'static str {
        match self {
            Thing::Account => "account",
            Thing::Order => "order",
            Thing::Refund => "refund",
            Thing::Contact => "contact",
            Thing::Staff => "staff",
            Thing::Parcel => "parcel",
            Thing::Device => "device",
            Thing::Ip => "ip",
            Thing::Address => "address",
            Thing::Payment => "payment",
            Thing::Email => "email",
            Thing::Phone => "phone",
            Thing::Reasons => "reasons",
            Thing::Decisions => "decisions",
            Thing::Did => "did",
            Thing::By => "by",
            Thing::Alert => "alert",
            Thing::Lead => "lead",
            Thing::Event => "event",
        }
    }
    fn of(kind: IdentifierKind) -> Thing {
        match kind {
            IdentifierKind::Device => Thing::Device,
            IdentifierKind::Address => Thing::Address,
            IdentifierKind::Payment => Thing::Payment,
            IdentifierKind::Email => Thing::Email,
            IdentifierKind::Phone => Thing::Phone,
            IdentifierKind::Ip => Thing::Ip,
        }
    }
}

/// Strongest reasons by which decisions are alike.
pub const ALIKE_REASONS: usize = 3;

/// The strongest reasons against the customer, in the order of their codes; empty where there is none.
pub fn reasons(decision: &Decision) -> String {
    let against = decision.reasons.iter().filter(|reason| reason.weight > 0.0);
    let mut codes: Vec<&str> = against.take(ALIKE_REASONS).map(|reason| reason.code.as_str()).collect();
    codes.sort_unstable();
    codes.join("+")
}

/// The things that an event names.
pub fn event<'a>(body: &'a Body, mut see: impl FnMut(Thing, &'a str)) {
    /// `name!(Thing: id, id?)`: each where it is there.
    macro_rules! see {
        ($($thing:ident: $id:expr),* $(; $($othing:ident: $oid:expr),*)?) => {
            $(see(Thing::$thing, $id.as_str());)*
            $($(if let Some(id) = &$oid { see(Thing::$othing, id.as_str()); })*)?
        };
    }
    match body {
        Body::AccountOpened(e) => {
            see!(Account: e.account; Email: e.email, Phone: e.phone);
        }
        Body::AccountClosed(e) => {
            see!(Account: e.account);
        }
        Body::IdentifierSeen(e) => {
            see!(Account: e.account);
            see(Thing::of(e.kind), e.value.as_str());
        }
        Body::SessionStarted(e) => {
            see!(; Account: e.account, Staff: e.staff, Device: e.device, Ip: e.ip);
        }
        Body::ItemListed(_) => {}
        Body::OrderPlaced(e) => {
            see!(Order: e.order, Account: e.account; Address: e.address, Payment: e.payment, Device: e.device, Ip: e.ip);
        }
        Body::ParcelScanned(e) => {
            see!(Parcel: e.parcel, Order: e.order; Refund: e.refund);
        }
        Body::ReturnAuthorised(e) => {
            see!(Order: e.order; Refund: e.refund, Parcel: e.parcel);
        }
        Body::ReturnReceived(e) => {
            see!(Order: e.order, Staff: e.staff; Refund: e.refund, Parcel: e.parcel);
        }
        Body::ReturnInspected(e) => {
            see!(Order: e.order; Refund: e.refund, Staff: e.staff);
        }
        Body::ItemRestocked(e) => {
            see!(Order: e.order; Staff: e.staff);
        }
        Body::ContactOpened(e) => {
            see!(Contact: e.contact, Account: e.account; Order: e.order, Staff: e.staff);
        }
        Body::MessagePosted(e) => {
            see!(Contact: e.contact; Staff: e.staff);
        }
        Body::ContactClosed(e) => {
            see!(Contact: e.contact);
        }
        Body::StaffJoined(e) => {
            see!(Staff: e.staff);
        }
        Body::StaffActed(e) => {
            see!(Staff: e.staff; Order: e.order, Account: e.account, Refund: e.refund, Contact: e.contact);
        }
        Body::RefundRequested(e) => {
            see!(Refund: e.refund, Order: e.order, Account: e.account; Contact: e.contact, Staff: e.staff, Device: e.device, Ip: e.ip);
        }
        Body::RefundDecided(e) => {
            see!(Refund: e.refund);
            if let DecidedBy::Staff(staff) = &e.by {
                see!(Staff: staff);
            }
        }
        Body::RefundPaid(e) => {
            see!(Refund: e.refund);
        }
        Body::ChargebackOpened(e) => {
            see!(Order: e.order);
        }
        Body::VerdictRecorded(e) => {
            let thing = match e.subject.kind {
                SubjectKind::Refund => Thing::Refund,
                SubjectKind::Account => Thing::Account,
                SubjectKind::Staff => Thing::Staff,
                SubjectKind::Ring => Thing::Lead,
            };
            see(thing, e.subject.id.as_str());
        }
        Body::TestPurchaseRegistered(e) => {
            see!(Order: e.order);
        }
        Body::AppealOpened(e) => {
            see!(Refund: e.refund, Account: e.account);
        }
        Body::AppealResolved(e) => {
            see!(Refund: e.refund, Account: e.account);
        }
        Body::PostCollected(_) | Body::Unknown { .. } => {}
    }
}

/// The things that a decision is about.
pub fn decision(decision: &Decision, mut see: impl FnMut(Thing, &str)) {
    see(Thing::Refund, decision.refund.as_str());
    see(Thing::Decisions, "");
    let reasons = reasons(decision);
    if !reasons.is_empty() {
        see(Thing::Reasons, &reasons);
    }
}

/// What a control record is about.
pub fn control(control: &Control, mut see: impl FnMut(Thing, &str)) {
    see(Thing::Did, control.word());
    if let Some(by) = control.by() {
        see(Thing::By, by.user.as_deref().unwrap_or(&by.id));
    }
    if alert(control).is_some() {
        see(Thing::Alert, "");
    }
}
