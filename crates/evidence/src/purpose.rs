//! Who is the pack for, and what may they see? One table: field class × purpose.

use serde::{Deserialize, Serialize};

/// What a pack is made for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To be filed with a court: seen by the parties, and often by the public.
    Court,
    /// For the shop's own lawyers.
    Counsel,
    /// For the police or a prosecutor.
    LawEnforcement,
    /// For an insurer.
    Insurer,
    /// For the shop's own investigators.
    Internal,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Purpose; 5] =
        [Purpose::Court, Purpose::Counsel, Purpose::LawEnforcement, Purpose::Insurer, Purpose::Internal];
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Court => "court",
            Purpose::Counsel => "counsel",
            Purpose::LawEnforcement => "law_enforcement",
            Purpose::Insurer => "insurer",
            Purpose::Internal => "internal",
        }
    }
    /// For whom, in words.
    pub fn words(self) -> &'static str {
        match self {
            Purpose::Court => "for filing with a court",
            Purpose::Counsel => "for counsel, privileged and confidential",
            Purpose::LawEnforcement => "for law enforcement",
            Purpose::Insurer => "for an insurer",
            Purpose::Internal => "for internal use, confidential",
        }
    }
}

/// What a field says, as far as it matters who sees it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// A customer's account.
    Account,
    /// A member of staff, or a user of this system.
    Staff,
    /// A device, address, payment instrument, e-mail, phone, IP: always a token.
    Identifier,
    /// What was written in a conversation.
    Text,
    /// Who posted in public, and where.
    Handle,
    /// A driver: a third person.
    Driver,
    /// A postal code.
    Place,
    /// A login.
    Session,
    /// What the machine thought: score, reasons, expected loss.
    Score,
    /// The merchant's own fields, of which we do not know what they say.
    Merchant,
    /// What investigators wrote in a case: notes, reasons, titles.
    Note,
}

impl Field {
    /// All of them.
    pub const ALL: [Field; 11] = [
        Field::Account,
        Field::Staff,
        Field::Identifier,
        Field::Text,
        Field::Handle,
        Field::Driver,
        Field::Place,
        Field::Session,
        Field::Score,
        Field::Merchant,
        Field::Note,
    ];
    /// Its word; also the beginning of the names that stand in for its values.
    pub fn as_str(self) -> &'static str {
        match self {
            Field::Account => "account",
            Field::Staff => "staff",
            Field::Identifier => "identifier",
            Field::Text => "text",
            Field::Handle => "handle",
            Field::Driver => "driver",
            Field::Place => "place",
            Field::Session => "session",
            Field::Score => "score",
            Field::Merchant => "merchant_field",
            Field::Note => "case_note",
        }
    }
}

/// What becomes of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// It is shown as it is.
    Shown,
    /// Another name stands in for it, the same one throughout the pack.
    Masked,
    /// It is not there.
    LeftOut,
}

/// The table.
pub fn treatment(field: Field, purpose: Purpose) -> Treatment {
    use Treatment::{LeftOut, Masked, Shown};
    match purpose {
        Purpose::Internal => Shown,
        Purpose::Counsel => match field {
            Field::Merchant => LeftOut,
            Field::Account
            | Field::Staff
            | Field::Identifier
            | Field::Text
            | Field::Handle
            | Field::Driver
            | Field::Place
            | Field::Session
            | Field::Score
            | Field::Note => Shown,
        },
        Purpose::LawEnforcement => match field {
            // A score proves nothing, and reads as if it did.
            Field::Score | Field::Merchant | Field::Note => LeftOut,
            Field::Account
            | Field::Staff
            | Field::Identifier
            | Field::Text
            | Field::Handle
            | Field::Driver
            | Field::Place
            | Field::Session => Shown,
        },
        Purpose::Court => match field {
            Field::Account | Field::Staff | Field::Text | Field::Handle | Field::Session => Shown,
            Field::Identifier | Field::Driver | Field::Place => Masked,
            Field::Score | Field::Merchant | Field::Note => LeftOut,
        },
        Purpose::Insurer => match field {
            Field::Account
            | Field::Staff
            | Field::Identifier
            | Field::Handle
            | Field::Driver
            | Field::Place
            | Field::Session => Masked,
            Field::Text | Field::Score | Field::Merchant | Field::Note => LeftOut,
        },
    }
}

/// Why, for the log of redactions.
pub fn because(field: Field) -> &'static str {
    match field {
        Field::Account => "customers are not named to this reader",
        Field::Staff => "members of staff are not named to this reader",
        Field::Identifier => "the token itself proves nothing to this reader; that it is the same one does",
        Field::Text => "private conversation",
        Field::Handle => "authors are not named to this reader",
        Field::Driver => "a third person",
        Field::Place => "says where a customer lives",
        Field::Session => "logins are not needed by this reader",
        Field::Score => "a score is a lead and not proof",
        Field::Merchant => "the merchant's own field: what it says is not known to the program",
        Field::Note => "what investigators wrote for each other; counsel decides whether it is given away",
    }
}
