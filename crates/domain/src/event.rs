//! What can happen? Every event of the contract as a type.

use crate::codec::{
    ATTRIBUTE_TEXT_BYTES_MAX, ATTRIBUTES_MAX, DOCUMENTS_MAX, LEAD_MEMBERS_MAX, LEAD_TIES_MAX, LEAD_WORDS_MAX,
    LINES_MAX, REASON_CODES_MAX, TEXT_BYTES_MAX, VERSIONS_MAX,
};
use crate::decision::DecisionKind;
// The vocabulary of the contract, nearly all of which the events use.
#[allow(clippy::wildcard_imports)]
use crate::id::*;
use crate::lead::{LeadMember, LeadTie};
use crate::money::Money;
use crate::time::Timestamp;
#[allow(clippy::wildcard_imports)]
use crate::words::*;
use compact_str::CompactString;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use std::collections::BTreeMap;
use std::fmt;

/// A merchant's own field.
#[derive(Clone, PartialEq, Debug, JsonSchema)]
#[serde(untagged)]
pub enum AttributeValue {
    /// `true` or `false`.
    Bool(bool),
    /// A finite number.
    Number(f64),
    /// A text.
    Text(#[schemars(with = "String", length(max = ATTRIBUTE_TEXT_BYTES_MAX))] CompactString),
}

impl Serialize for AttributeValue {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(b) => s.serialize_bool(*b),
            Self::Number(n) if !n.is_finite() => Err(ser::Error::custom("an attribute is a finite number")),
            Self::Number(n) => s.serialize_f64(*n),
            Self::Text(text) => s.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for AttributeValue {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl de::Visitor<'_> for V {
            type Value = AttributeValue;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a number, true or false")
            }
            fn visit_bool<E: de::Error>(self, v: bool) -> Result<AttributeValue, E> {
                Ok(AttributeValue::Bool(v))
            }
            fn visit_i64<E: de::Error>(self, v: i64) -> Result<AttributeValue, E> {
                Ok(AttributeValue::Number(v as f64))
            }
            fn visit_u64<E: de::Error>(self, v: u64) -> Result<AttributeValue, E> {
                Ok(AttributeValue::Number(v as f64))
            }
            fn visit_f64<E: de::Error>(self, v: f64) -> Result<AttributeValue, E> {
                Ok(AttributeValue::Number(v))
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<AttributeValue, E> {
                Ok(AttributeValue::Text(CompactString::from(v)))
            }
        }
        d.deserialize_any(V)
    }
}

/// A merchant's own fields by name: flat, in the order of their names.
pub type Attributes = BTreeMap<String, AttributeValue>;

/// A line of an order when it is placed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// Its number within the order, from 1 by custom.
    pub line: u32,
    /// The article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// Its category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Pieces, at least 1.
    #[schemars(range(min = 1))]
    pub quantity: u32,
    /// Price of one piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Money>,
}

/// Where a return is to go.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Destination {
    /// Postal code of the return address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<Label>,
    /// The site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
}

/// What shows that a parcel was handed over.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Proof {
    /// A photo was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<bool>,
    /// Somebody signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<bool>,
    /// A one-time password was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp: Option<bool>,
    /// Metres between the scan and the address, at least 0.
    #[schemars(range(min = 0.0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f64>,
}

/// Whom or what a verdict is about.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// What it is.
    pub kind: SubjectKind,
    /// Its id.
    pub id: SubjectId,
}

/// Defines a struct an event type (required fields; then optional ones), `EventType` and `Body`.
macro_rules! events {
    ($(
        $(#[$doc:meta])*
        $text:literal $name:ident { $($(#[$rdoc:meta])* $req:ident: $rty:ty),* ; $($(#[$odoc:meta])* $opt:ident: $oty:ty),* $(,)? }
    )*) => {
        $(
            #[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
            // The fields are those of the contract, under its names; only what it leaves open is documented.
            #[allow(missing_docs)]
            $(#[$doc])*
            pub struct $name {
                $($(#[$rdoc])* pub $req: $rty,)*
                $($(#[$odoc])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $opt: Option<$oty>,)*
                /// The merchant's own fields.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                #[schemars(extend("maxProperties" = ATTRIBUTES_MAX))]
                pub attributes: Option<Attributes>,
            }
        )*

        /// The event types of the contract.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum EventType { $(#[doc = concat!("`", $text, "`")] $name,)* }

        impl Word for EventType {
            const TEXTS: &'static [&'static str] = &[$($text),*];
            const ALL: &'static [Self] = &[$(EventType::$name),*];
            #[inline]
            fn code(self) -> u8 { self as u8 }
        }

        /// What happened.
        ///
        /// The variants differ in size; boxing the large ones would cost an allocation an event on the way in.
        #[derive(Clone, PartialEq, Debug)]
        #[allow(clippy::large_enum_variant)]
        pub enum Body {
            $(#[doc = concat!("`", $text, "`")] $name($name),)*
            /// A type that the contract does not know: kept, counted, ignored.
            Unknown {
                /// The CloudEvents `type`.
                event_type: CompactString,
                /// The `data` as it came, JSON.
                data: Box<str>,
            },
        }

        impl Body {
            /// The type, `None` where it is unknown.
            pub fn event_type(&self) -> Option<EventType> {
                match self { $(Body::$name(_) => Some(EventType::$name),)* Body::Unknown { .. } => None }
            }
            /// The merchant's own fields.
            pub fn attributes(&self) -> Option<&Attributes> {
                match self { $(Body::$name(e) => e.attributes.as_ref(),)* Body::Unknown { .. } => None }
            }
        }

        impl Body {
            /// Reads the `data` of an event of the given type.
            pub(crate) fn deserialize_data<'de, D: Deserializer<'de>>(
                event_type: EventType,
                d: D,
            ) -> Result<Body, D::Error> {
                match event_type { $(EventType::$name => $name::deserialize(d).map(Body::$name),)* }
            }
            /// Writes the `data`; that of an unknown type is JSON already and written as a text.
            pub(crate) fn serialize_data<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                match self { $(Body::$name(e) => e.serialize(s),)* Body::Unknown { data, .. } => data.serialize(s) }
            }
            /// The CloudEvents `type`.
            pub fn type_name(&self) -> &str {
                match self { $(Body::$name(_) => $text,)* Body::Unknown { event_type, .. } => event_type }
            }
        }

        impl EventType {
            /// The type of a CloudEvents `type`.
            pub fn parse(text: &str) -> Option<EventType> {
                match text { $($text => Some(EventType::$name),)* _ => None }
            }
        }

        /// Does something with the Rust type of every event type: `for_each_event!(m)` calls `m!(Name, "text")` for each.
        #[macro_export]
        macro_rules! for_each_event {
            ($m:ident) => { $( $m!($name, $text); )* };
        }
    };
}

events! {
    /// An account was opened.
    "account.opened" AccountOpened { account: AccountId; country: Label, email: EmailToken, phone: PhoneToken }
    /// An account was closed.
    "account.closed" AccountClosed { account: AccountId; reason: Label }
    /// An account was seen with an identifier.
    "identifier.seen" IdentifierSeen { account: AccountId, kind: IdentifierKind, value: IdentifierToken; }
    /// A session began; exactly one of `account` and `staff` is there.
    #[schemars(extend("oneOf" = [{ "required": ["account"] }, { "required": ["staff"] }]))]
    "session.started" SessionStarted {
        session: SessionId;
        /// The customer.
        account: AccountId,
        /// Or the member of staff.
        staff: StaffId,
        device: DeviceToken, ip: IpToken, asn: Label, country: Label, auth: Auth,
        /// Not seen with this person before, as the shop says.
        new_device: bool
    }
    /// An article is offered.
    "item.listed" ItemListed { sku: Sku; category: Category, unit_price: Money, weight_g: u64, serialised: bool }
    /// An order was placed.
    "order.placed" OrderPlaced {
        order: OrderId, account: AccountId, #[schemars(length(max = LINES_MAX))] lines: Vec<Line>, total: Money;
        address: AddressToken, payment: PaymentToken, device: DeviceToken, ip: IpToken,
        seller: SellerId, warehouse: SiteId, promised_by: Timestamp
    }
    /// A carrier scanned a parcel.
    "parcel.scanned" ParcelScanned {
        parcel: ParcelId, order: OrderId, direction: Direction, carrier: CarrierId, status: ScanStatus;
        refund: RefundId, weight_g: u64, postal_code: Label, site: SiteId, service: Label, driver: DriverId, proof: Proof
    }
    /// A return was allowed and its label issued.
    "return.authorised" ReturnAuthorised {
        order: OrderId, #[schemars(length(max = LINES_MAX))] lines: Vec<Line>;
        refund: RefundId, parcel: ParcelId, carrier: CarrierId, service: Label, destination: Destination
    }
    /// Somebody recorded that a return came in: a record, to be reconciled with the parcel.
    "return.received" ReturnReceived {
        order: OrderId, #[schemars(length(max = LINES_MAX))] lines: Vec<Line>, staff: StaffId;
        refund: RefundId, parcel: ParcelId, station: StationId, lane: Lane, weight_g: u64, serial_match: bool
    }
    /// A return was inspected.
    "return.inspected" ReturnInspected { order: OrderId, #[schemars(length(max = LINES_MAX))] lines: Vec<Line>, condition: Condition; refund: RefundId, staff: StaffId }
    /// A returned piece is for sale again.
    "item.restocked" ItemRestocked { order: OrderId, line: u32; staff: StaffId }
    /// A customer turned to customer service.
    "contact.opened" ContactOpened {
        contact: ContactId, account: AccountId, channel: ContactChannel;
        order: OrderId, staff: StaffId, queue: QueueId, assigned: Assigned, authenticated: bool
    }
    /// A message in a contact.
    "message.posted" MessagePosted { contact: ContactId, author: Author, #[schemars(length(max = TEXT_BYTES_MAX))] text: String; staff: StaffId }
    /// A contact was closed.
    "contact.closed" ContactClosed { contact: ContactId; outcome: Label }
    /// A member of staff began or changed role.
    "staff.joined" StaffJoined {
        staff: StaffId, role: Role;
        site: SiteId, team: Label, queue: QueueId, shift: Label, approval_limit: Money
    }
    /// A member of staff did something.
    "staff.acted" StaffActed {
        staff: StaffId, action: Action;
        order: OrderId, account: AccountId, refund: RefundId, contact: ContactId, session: SessionId
    }
    /// A customer asks for money back.
    "refund.requested" RefundRequested {
        refund: RefundId, order: OrderId, account: AccountId, #[schemars(length(max = LINES_MAX))] lines: Vec<Line>, amount: Money,
        reason: ClaimReason, channel: RequestChannel;
        contact: ContactId, staff: StaffId, device: DeviceToken, ip: IpToken, instrument: Instrument,
        /// SHA-256 of what the customer handed in.
        #[schemars(length(max = DOCUMENTS_MAX))]
        documents: Vec<Sha256Hex>
    }
    /// A refund request was decided; of several the latest stands.
    "refund.decided" RefundDecided {
        refund: RefundId, decision: DecisionKind, by: DecidedBy;
        #[serde(rename = "override")]
        overridden: bool,
        #[schemars(length(max = REASON_CODES_MAX))]
        reason_codes: Vec<CompactText>,
        #[schemars(range(min = 0.0, max = 1.0))]
        score: f64,
        #[schemars(extend("maxProperties" = VERSIONS_MAX))]
        versions: BTreeMap<String, String>
    }
    /// Money went back.
    "refund.paid" RefundPaid { refund: RefundId, amount: Money; instrument: Instrument }
    /// A bank takes money back.
    "chargeback.opened" ChargebackOpened { order: OrderId, amount: Money, reason: ChargebackReason; network_code: Label }
    /// People found out what it was.
    "verdict.recorded" VerdictRecorded { subject: Subject, verdict: Verdict, method: VerdictMethod; }
    /// An order of an investigator's own: whatever touches it is known to be bad.
    "test_purchase.registered" TestPurchaseRegistered { order: OrderId; }
    /// A customer appeals.
    "appeal.opened" AppealOpened { refund: RefundId, account: AccountId; }
    /// An appeal was resolved.
    "appeal.resolved" AppealResolved { refund: RefundId, account: AccountId, outcome: AppealOutcome; }
    /// A public post was collected.
    "post.collected" PostCollected {
        post: PostId, platform: Platform, channel: Handle, author: Handle, #[schemars(length(max = TEXT_BYTES_MAX))] text: String;
        posted_at: Timestamp, #[schemars(length(max = DOCUMENTS_MAX))] images: Vec<Sha256Hex>
    }
    /// A reason to look at a group or a person, never a verdict. A later `as_of` of the same lead replaces what was said
    /// before, the same `as_of` adds to it: a lead of more members than one event may name comes in several.
    "lead.raised" LeadRaised {
        /// The same for as long as it is the same ring, person or script.
        lead: LeadId,
        kind: LeadKind,
        /// It rests on what had arrived by then.
        as_of: Timestamp,
        /// That there is anything to it.
        #[schemars(range(min = 0.0, max = 1.0))]
        probability: f64,
        /// The largest share of wrong ones among such leads that is to be expected.
        #[schemars(range(min = 0.0, max = 1.0))]
        fdr: f64,
        /// What found it, with its version.
        method: Label,
        #[schemars(length(max = LEAD_MEMBERS_MAX))]
        members: Vec<LeadMember>,
        #[schemars(length(max = LEAD_MEMBERS_MAX))]
        refunds: Vec<RefundId>,
        /// The sum of all its refunds.
        money: Money;
        #[schemars(length(max = LEAD_TIES_MAX))]
        ties: Vec<LeadTie>,
        /// Members of whom people found abuse.
        confirmed: u32,
        /// What was seen, in words.
        #[schemars(length(max = LEAD_WORDS_MAX))]
        why: Vec<String>,
        /// What speaks against it, and what was not looked at.
        #[schemars(length(max = LEAD_WORDS_MAX))]
        against: Vec<String>,
        /// Its first request.
        from: Timestamp,
        /// Its last request.
        to: Timestamp,
        /// Of staff: what it looks like.
        pattern: LeadPattern
    }
    /// A lead does not stand any more.
    "lead.withdrawn" LeadWithdrawn {
        lead: LeadId, kind: LeadKind, as_of: Timestamp, reason: WithdrawalReason;
        /// Of a merged one: the lead that goes on.
        into: LeadId,
        #[schemars(length(max = LEAD_WORDS_MAX))]
        why: Vec<String>
    }
}

/// A short text in a list.
pub type CompactText = String;

impl EventType {
    /// The CloudEvents `type`.
    pub fn as_str(self) -> &'static str {
        Self::TEXTS[self as usize]
    }
}

/// One event: what happened, when, and how it is known.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// Unique within its source.
    pub id: EventId,
    /// Who sent it.
    pub source: Source,
    /// Event time.
    pub time: Timestamp,
    /// Arrival time, where the sender recorded it.
    pub recorded: Option<Timestamp>,
    /// What happened.
    pub body: Body,
}
