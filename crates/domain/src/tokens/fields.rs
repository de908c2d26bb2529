//! Which fields hold which kind of personal value? Typed events by exhaustive match, raw JSON by the same table.

use super::{TokenKind, Tokeniser, leads};
use crate::codec::Refusal;
use crate::event::{Body, Event, EventType};
use crate::id::{
    AccountId, AddressToken, DeviceToken, EmailToken, IdentifierToken, IpToken, PaymentToken, PhoneToken,
    SubjectId,
};
use crate::words::{IdentifierKind, Instrument, SubjectKind};
use serde_json::Value;

/// A typed field that a token can replace.
pub(super) trait Tokenise {
    fn tokenise(&mut self, tokens: &Tokeniser, kind: TokenKind);
}

macro_rules! replace_ids {
    ($($name:ident)*) => {$(
        impl Tokenise for $name {
            fn tokenise(&mut self, tokens: &Tokeniser, kind: TokenKind) {
                *self = $name::new(&tokens.token(kind, self.as_str())).expect("a token keeps the rules of identifiers");
            }
        }
    )*};
}
replace_ids! { AccountId EmailToken PhoneToken AddressToken PaymentToken DeviceToken IpToken IdentifierToken SubjectId }

impl Tokenise for Instrument {
    fn tokenise(&mut self, tokens: &Tokeniser, kind: TokenKind) {
        match self {
            Instrument::Original | Instrument::GiftCard | Instrument::StoreCredit => {}
            Instrument::Token(token) => token.tokenise(tokens, kind),
        }
    }
}

impl<T: Tokenise> Tokenise for Option<T> {
    fn tokenise(&mut self, tokens: &Tokeniser, kind: TokenKind) {
        if let Some(value) = self {
            value.tokenise(tokens, kind);
        }
    }
}

/// The fields of each event type that hold personal values, by kind. One table for both ways.
macro_rules! personal_fields {
    ($($name:ident { $($field:ident: $kind:ident),* $(,)? })*) => {
        fn apply_fields(tokens: &Tokeniser, body: &mut Body) {
            match body {
                $(Body::$name(e) => {
                    $(if tokens.covers(TokenKind::$kind) { e.$field.tokenise(tokens, TokenKind::$kind); })*
                    let _ = e;
                })*
                Body::Unknown { .. } => {}
            }
        }
        fn fields(event_type: EventType) -> &'static [(&'static str, TokenKind)] {
            match event_type {
                $(EventType::$name => &[$((stringify!($field), TokenKind::$kind)),*],)*
            }
        }
    };
}

personal_fields! {
    AccountOpened { account: Account, email: Email, phone: Phone }
    AccountClosed { account: Account }
    IdentifierSeen { account: Account }
    SessionStarted { account: Account, device: Device, ip: Ip }
    ItemListed {}
    OrderPlaced { account: Account, address: Address, payment: Payment, device: Device, ip: Ip }
    ParcelScanned {}
    ReturnAuthorised {}
    ReturnReceived {}
    ReturnInspected {}
    ItemRestocked {}
    ContactOpened { account: Account }
    MessagePosted {}
    ContactClosed {}
    StaffJoined {}
    StaffActed { account: Account }
    RefundRequested { account: Account, device: Device, ip: Ip, instrument: Payment }
    RefundDecided {}
    RefundPaid { instrument: Payment }
    ChargebackOpened {}
    VerdictRecorded {}
    TestPurchaseRegistered {}
    AppealOpened { account: Account }
    AppealResolved { account: Account }
    PostCollected {}
    LeadRaised {}
    LeadWithdrawn {}
}

/// The kind of an `identifier.seen`'s value.
fn kind_of(kind: IdentifierKind) -> TokenKind {
    match kind {
        IdentifierKind::Device => TokenKind::Device,
        IdentifierKind::Address => TokenKind::Address,
        IdentifierKind::Payment => TokenKind::Payment,
        IdentifierKind::Email => TokenKind::Email,
        IdentifierKind::Phone => TokenKind::Phone,
        IdentifierKind::Ip => TokenKind::Ip,
    }
}

pub(super) fn apply(tokens: &Tokeniser, event: &mut Event) {
    apply_fields(tokens, &mut event.body);
    if let Body::LeadRaised(lead) = &mut event.body {
        leads::apply(tokens, lead);
    }
    // Two fields are of the kind that another field names.
    if let Body::IdentifierSeen(e) = &mut event.body
        && tokens.covers(kind_of(e.kind))
    {
        e.value.tokenise(tokens, kind_of(e.kind));
    }
    if let Body::VerdictRecorded(e) = &mut event.body
        && e.subject.kind == SubjectKind::Account
        && tokens.covers(TokenKind::Account)
    {
        e.subject.id.tokenise(tokens, TokenKind::Account);
    }
}

pub(super) fn apply_to_json(tokens: &Tokeniser, json: &str) -> Result<String, Refusal> {
    // What is not JSON has no fields; the caller's second reading says where it breaks off.
    let Ok(mut value) = serde_json::from_str::<Value>(json) else { return Ok(json.to_owned()) };
    let Some(event_type) = value.get("type").and_then(Value::as_str).and_then(EventType::parse) else {
        return Ok(json.to_owned());
    };
    let Some(Value::Object(data)) = value.get_mut("data") else { return Ok(json.to_owned()) };
    for (field, kind) in fields(event_type) {
        if let Some(value) = data.get_mut(*field) {
            replace_value(tokens, *kind, value, field)?;
        }
    }
    if event_type == EventType::LeadRaised {
        leads::apply_to_json(tokens, data)?;
    }
    let identifier_kind = data.get("kind").and_then(Value::as_str).and_then(|kind| kind.parse().ok());
    if let (EventType::IdentifierSeen, Some(kind)) = (event_type, identifier_kind)
        && let Some(value) = data.get_mut("value")
    {
        replace_value(tokens, kind_of(kind), value, "value")?;
    }
    if let (EventType::VerdictRecorded, Some(subject)) = (event_type, data.get_mut("subject"))
        && subject.get("kind").and_then(Value::as_str) == Some(SubjectKind::Account.as_str())
        && let Some(id) = subject.get_mut("id")
    {
        replace_value(tokens, TokenKind::Account, id, "subject/id")?;
    }
    Ok(value.to_string())
}

pub(super) fn replace_value(
    tokens: &Tokeniser,
    kind: TokenKind,
    value: &mut Value,
    field: &str,
) -> Result<(), Refusal> {
    if !tokens.covers(kind) {
        return Ok(());
    }
    match value {
        Value::Null => {}
        Value::String(text) if text.is_empty() => {}
        Value::String(text)
            if kind == TokenKind::Payment && Instrument::is_word(text) && field == "instrument" => {}
        Value::String(text) => *text = tokens.token(kind, text),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            return Err(Refusal::new(
                format!("/data/{field}"),
                "this field is replaced by a token and must be a string",
                "send the value as a JSON string",
            ));
        }
    }
    Ok(())
}
