//! Which of a few? The closed vocabularies of the contract.

use crate::id::{IdError, PaymentToken, StaffId};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;

/// A closed vocabulary: every word has a text and a small stable code, its position in [`Word::TEXTS`].
pub trait Word: Copy + Sized + 'static {
    /// The texts, in the order of the codes.
    const TEXTS: &'static [&'static str];
    /// All words, in the order of the codes.
    const ALL: &'static [Self];
    /// This word's code: its index in [`Word::ALL`].
    fn code(self) -> u8;
}

/// The valid word that is nearest to `wrong`, where one is near enough to be meant: for "did you mean".
///
/// A third of the letters of the longer word may be wrong, and two in any case, but never all: enough for slips, too little
/// for other words. Capitals do not count; a missing prefix up to a point (`amount` for `data.amount`) counts as one slip, and
/// so does an end too much or too little (`boolean` for `bool`). Of equally near words the first by the alphabet is meant.
pub fn nearest<'w>(wrong: &str, valid: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let wrong = wrong.to_lowercase();
    let length = wrong.chars().count();
    valid
        .into_iter()
        .map(|word| (slips(&wrong, &word.to_lowercase()), word))
        .filter(|(slips, word)| {
            let longer = length.max(word.chars().count());
            *slips <= (longer / 3).max(2) && *slips < longer
        })
        .min()
        .map(|(_, word)| word)
}

/// A word that begins with another of so many letters is taken for a form of it (`boolean` for `bool`).
const BEGUN_LETTERS_MIN: usize = 3;

fn slips(wrong: &str, word: &str) -> usize {
    let begun = |long: &str, short: &str| short.len() >= BEGUN_LETTERS_MIN && long.starts_with(short);
    if wrong != word && (begun(wrong, word) || begun(word, wrong)) {
        return 1;
    }
    let whole = strsim::damerau_levenshtein(wrong, word);
    match word.rsplit_once('.') {
        Some((_, last)) if !wrong.contains('.') => whole.min(strsim::damerau_levenshtein(wrong, last) + 1),
        _ => whole,
    }
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[$vdoc])* #[doc = concat!("`", $text, "`")] #[serde(rename = $text)] $variant,)+
        }
        impl Word for $name {
            const TEXTS: &'static [&'static str] = &[$($text),+];
            const ALL: &'static [Self] = &[$($name::$variant),+];
            #[inline]
            fn code(self) -> u8 { self as u8 }
        }
        impl $name {
            /// The word as the contract writes it.
            pub fn as_str(self) -> &'static str { <Self as Word>::TEXTS[self as usize] }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.as_str()) }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|w| w.as_str() == text)
                    .ok_or_else(|| format!("`{text}` is not one of {}", Self::TEXTS.join(", ")))
            }
        }
    )*};
}

words! {
    /// What an `identifier.seen` names.
    IdentifierKind { Device = "device", Address = "address", Payment = "payment", Email = "email", Phone = "phone", Ip = "ip", }
    /// What a deployment may have replaced by tokens at the door.
    TokenKind {
        Email = "email", Phone = "phone", Address = "address", Payment = "payment",
        Device = "device", Ip = "ip", Account = "account",
    }
    /// How a session was authenticated.
    Auth { Password = "password", Otp = "otp", Sso = "sso", Passkey = "passkey", Recovery = "recovery", }
    /// Which way a parcel goes.
    Direction { Outbound = "outbound", Return = "return", }
    /// What a carrier's scan says.
    ScanStatus {
        LabelCreated = "label_created", Accepted = "accepted", InTransit = "in_transit",
        OutForDelivery = "out_for_delivery", Delivered = "delivered", Exception = "exception",
        Lost = "lost", ReturnedToSender = "returned_to_sender",
    }
    /// How a return was taken in.
    Lane { Scanned = "scanned", Bulk = "bulk", InStore = "in_store", }
    /// What an inspection found.
    Condition { AsNew = "as_new", Used = "used", Damaged = "damaged", WrongItem = "wrong_item", Empty = "empty", Missing = "missing", }
    /// How a contact came in.
    ContactChannel { Chat = "chat", Phone = "phone", Email = "email", Web = "web", }
    /// How a contact came to its member of staff.
    Assigned { Routed = "routed", Searched = "searched", Transferred = "transferred", }
    /// Who wrote a message.
    Author { Customer = "customer", Agent = "agent", Bot = "bot", }
    /// A staff member's role.
    Role { Agent = "agent", Supervisor = "supervisor", Returns = "returns", Warehouse = "warehouse", }
    /// What a member of staff did.
    Action {
        LookedUp = "looked_up", OverrodePolicy = "overrode_policy", MarkedReturned = "marked_returned",
        IssuedConcession = "issued_concession", ChangedContactDetails = "changed_contact_details",
        ChangedInstrument = "changed_instrument", ResetCredentials = "reset_credentials", Reopened = "reopened",
    }
    /// Why a customer asks for money back.
    ClaimReason {
        NotReceived = "not_received", MissingItem = "missing_item", EmptyPackage = "empty_package",
        Damaged = "damaged", Defective = "defective", WrongItem = "wrong_item",
        NotAsDescribed = "not_as_described", ChangedMind = "changed_mind", Late = "late", Other = "other",
    }
    /// Where a refund was asked for.
    RequestChannel { SelfService = "self_service", Chat = "chat", Phone = "phone", Email = "email", InStore = "in_store", }
    /// Why a bank takes money back.
    ChargebackReason {
        NotReceived = "not_received", NotAsDescribed = "not_as_described",
        CreditNotProcessed = "credit_not_processed", Fraud = "fraud", Other = "other",
    }
    /// What a verdict is about.
    SubjectKind { Refund = "refund", Account = "account", Staff = "staff", Ring = "ring", }
    /// What people found.
    Verdict { Abuse = "abuse", PolicyAbuse = "policy_abuse", Legitimate = "legitimate", Insider = "insider", Compromised = "compromised", }
    /// How they found it.
    VerdictMethod {
        Inspection = "inspection", Investigation = "investigation", TestPurchase = "test_purchase",
        Admission = "admission", Chargeback = "chargeback", Appeal = "appeal",
    }
    /// How an appeal ended.
    AppealOutcome { Upheld = "upheld", Overturned = "overturned", }
    /// What a lead is about.
    LeadKind { Ring = "ring", Staff = "staff", Driver = "driver", Post = "post", Script = "script", }
    /// Who may belong to a lead.
    MemberKind { Account = "account", Staff = "staff", Driver = "driver", Handle = "handle", }
    /// What ties the accounts of a lead.
    TieKind {
        Device = "device", Ip = "ip", Address = "address", Payment = "payment", Email = "email", Phone = "phone",
        Instrument = "instrument", Document = "document", Script = "script", Staff = "staff",
        StaffSession = "staff_session",
    }
    /// What a lead on staff looks like.
    LeadPattern { Bribed = "bribed", Phished = "phished", Unclear = "unclear", }
    /// Why a lead is withdrawn.
    WithdrawalReason {
        Stopped = "stopped", NotSupported = "not_supported", Merged = "merged", Overturned = "overturned",
    }
    /// Where a post was found.
    Platform { Telegram = "telegram", Discord = "discord", Reddit = "reddit", Nulled = "nulled", Other = "other", }
}

/// Texts that are one of a few reserved words or an identifier.
macro_rules! word_or_id {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ } or $other:ident($id:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Debug)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// An identifier.
            $other($id),
        }
        impl $name {
            /// The text as the contract writes it.
            pub fn as_str(&self) -> &str {
                match self { $($name::$variant => $text,)+ $name::$other(id) => id.as_str() }
            }
            /// Whether `text` is one of the words rather than an identifier.
            pub fn is_word(text: &str) -> bool {
                matches!(text, $($text)|+)
            }
        }
        impl TryFrom<&str> for $name {
            type Error = IdError;
            fn try_from(text: &str) -> Result<Self, IdError> {
                match text { $($text => Ok($name::$variant),)+ other => <$id>::new(other).map($name::$other) }
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.serialize_str(self.as_str()) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                struct V;
                impl de::Visitor<'_> for V {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("a string: ", $("`", $text, "`, ",)+ "or an identifier"))
                    }
                    fn visit_str<E: de::Error>(self, v: &str) -> Result<$name, E> {
                        $name::try_from(v).map_err(E::custom)
                    }
                }
                d.deserialize_str(V)
            }
        }
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> { stringify!($name).into() }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string", "minLength": 1, "maxLength": crate::id::ID_BYTES_MAX,
                    "description": concat!($("`", $text, "`, ",)+ "or an identifier"),
                })
            }
        }
    )*};
}

word_or_id! {
    /// What the money goes back to.
    Instrument {
        /// The instrument that paid.
        Original = "original",
        /// A gift card.
        GiftCard = "gift_card",
        /// Credit with the shop.
        StoreCredit = "store_credit",
    } or Token(PaymentToken);
    /// Who decided.
    DecidedBy {
        /// Ringfence itself.
        Engine = "engine",
    } or Staff(StaffId);
}

#[cfg(test)]
mod nearest_tests {
    use super::nearest;

    #[test]
    fn slips_find_their_word_and_other_words_find_none() {
        let check = |wrong: &str, expect: Option<&str>| {
            let valid = ["not_received", "data.amount", "late", "ip", "damaged", "defective", "order.total"];
            assert_eq!(nearest(wrong, valid), expect, "{wrong}");
        };
        check("not_recieved", Some("not_received"));
        check("Not_Received", Some("not_received"));
        check("not_recvd", Some("not_received"));
        check("amount", Some("data.amount"));
        check("amonut", Some("data.amount"));
        check("lat", Some("late"));
        check("damged", Some("damaged"));
        check("defective_item", Some("defective"));
        check("def", Some("defective"));
        check("reported_lost", None);
        check("x", None);
        check("", None);
    }

    #[test]
    fn of_equally_near_words_the_first_by_the_alphabet_is_meant() {
        assert_eq!(nearest("cat", ["hat", "bat", "rat"]), Some("bat"));
    }
}
