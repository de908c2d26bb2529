//! What can be on which list?

use ringfence_domain::tokens::TokenKind;
use ringfence_engine::List;
use ringfence_features::kind::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListName {
    /// Not to be slowed down without findings.
    Allow,
    /// Not to be paid by the machine.
    Deny,
    /// To be looked at.
    Watch,
}

impl From<ListName> for List {
    fn from(name: ListName) -> List {
        match name {
            ListName::Allow => List::Allow,
            ListName::Deny => List::Deny,
            ListName::Watch => List::Watch,
        }
    }
}

/// What can be on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Listable {
    /// An account.
    Account,
    /// A device, of the request or of its order.
    Device,
    /// A delivery address.
    Address,
    /// A payment instrument, of the request or of its order.
    Payment,
    /// The account's e-mail address.
    Email,
    /// The account's phone number.
    Phone,
    /// An IP address, of the request or of its order.
    Ip,
}

impl Listable {
    const ALL: [Listable; 7] = [
        Listable::Account,
        Listable::Device,
        Listable::Address,
        Listable::Payment,
        Listable::Email,
        Listable::Phone,
        Listable::Ip,
    ];
    /// Its kind as the engine knows it.
    pub(super) fn kind(self) -> Kind {
        match self {
            Listable::Account => Kind::Account,
            Listable::Device => Kind::Device,
            Listable::Address => Kind::Address,
            Listable::Payment => Kind::Payment,
            Listable::Email => Kind::Email,
            Listable::Phone => Kind::Phone,
            Listable::Ip => Kind::Ip,
        }
    }
    /// Its kind where values become tokens at the door; accounts never do.
    pub(super) fn token(self) -> Option<TokenKind> {
        match self {
            Listable::Account => None,
            Listable::Device => Some(TokenKind::Device),
            Listable::Address => Some(TokenKind::Address),
            Listable::Payment => Some(TokenKind::Payment),
            Listable::Email => Some(TokenKind::Email),
            Listable::Phone => Some(TokenKind::Phone),
            Listable::Ip => Some(TokenKind::Ip),
        }
    }
    /// That of a kind.
    pub(super) fn of(kind: Kind) -> Option<Listable> {
        Listable::ALL.into_iter().find(|l| l.kind() == kind)
    }
}
