//! Which thing is meant? Opaque identifiers of 1–128 bytes, one type a kind of thing.

use compact_str::CompactString;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;

/// Longest identifier in bytes (contract): long enough for a UUID with a prefix or a hex SHA-512.
pub const ID_BYTES_MAX: usize = 128;

/// Why a text cannot be an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("an identifier has at least 1 byte; leave the field out if it is not known")]
    Empty,
    /// The text is longer than [`ID_BYTES_MAX`].
    #[error("an identifier has at most {ID_BYTES_MAX} bytes, this one has {0}; send a hash of it")]
    TooLong(usize),
    /// The text contains a control character.
    #[error("an identifier has no control characters")]
    Control,
    /// The text is a word with a meaning of its own in this field.
    #[error("`{0}` is a reserved word here and cannot be an identifier; choose another")]
    Reserved(&'static str),
}

/// Checks the rules that all identifiers share.
pub fn check(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > ID_BYTES_MAX {
        return Err(IdError::TooLong(text.len()));
    }
    if text.bytes().any(|b| b < 0x20 || b == 0x7f) {
        return Err(IdError::Control);
    }
    Ok(())
}

struct IdVisitor<T>(std::marker::PhantomData<T>);

impl<T: for<'a> TryFrom<&'a str, Error = IdError>> de::Visitor<'_> for IdVisitor<T> {
    type Value = T;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an identifier: a string of 1–{ID_BYTES_MAX} bytes")
    }
    fn visit_str<E: de::Error>(self, v: &str) -> Result<T, E> {
        T::try_from(v).map_err(E::custom)
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $(reserves $word:literal)*;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(CompactString);

        impl $name {
            /// Checks and wraps `text`.
            pub fn new(text: &str) -> Result<Self, IdError> {
                check(text)?;
                $(if text == $word { return Err(IdError::Reserved($word)); })*
                Ok(Self(CompactString::from(text)))
            }
            /// The identifier as it came.
            #[inline]
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl TryFrom<&str> for $name {
            type Error = IdError;
            fn try_from(text: &str) -> Result<Self, IdError> { Self::new(text) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{:?}", self.0) }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.serialize_str(&self.0) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                d.deserialize_str(IdVisitor::<$name>(std::marker::PhantomData))
            }
        }
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> { stringify!($name).into() }
            fn inline_schema() -> bool { true }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "minLength": 1, "maxLength": ID_BYTES_MAX })
            }
        }
    )*};
}

ids! {
    /// A customer's account.
    AccountId;
    /// An order.
    OrderId;
    /// A parcel: a tracking number.
    ParcelId;
    /// A refund request.
    RefundId;
    /// A conversation with customer service.
    ContactId;
    /// A member of staff; `engine` stands for the machine where either may decide.
    StaffId reserves "engine";
    /// A staff or customer session.
    SessionId;
    /// An article.
    Sku;
    /// A category of goods.
    Category;
    /// A seller on the marketplace.
    SellerId;
    /// A parcel carrier.
    CarrierId;
    /// A driver of a carrier.
    DriverId;
    /// A warehouse, hub, store or office.
    SiteId;
    /// A scanning or receiving station.
    StationId;
    /// A work queue of customer service.
    QueueId;
    /// A team, shift, service class, autonomous system, country code and the like: a short word of the shop's own.
    Label;
    /// A device, as a token.
    DeviceToken;
    /// A postal address, as a token.
    AddressToken;
    /// A payment instrument, as a token; the words of [`crate::words::Instrument`] are reserved.
    PaymentToken reserves "original" reserves "gift_card" reserves "store_credit";
    /// An e-mail address, as a token.
    EmailToken;
    /// A phone number, as a token.
    PhoneToken;
    /// An IP address, as a token.
    IpToken;
    /// The value of an `identifier.seen`, as a token of whichever kind it names.
    IdentifierToken;
    /// A SHA-256 as 64 hexadecimal digits, of a document or an image; the codec refuses another form.
    Sha256Hex;
    /// A public post.
    PostId;
    /// A public channel or the author in it.
    Handle;
    /// A lead: what `lead.raised` says of a group or a person.
    LeadId;
    /// The id of an event within its source.
    EventId;
    /// Who sent an event: a CloudEvents `source`.
    Source;
    /// The id of whatever a verdict is about.
    SubjectId;
}
