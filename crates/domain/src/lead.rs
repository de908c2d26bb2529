//! What does an event say of a lead? Who belongs to it, how far, and what ties them.
//!
//! A lead is not a verdict (INV-8): every member and every tie has a probability, and the event says what speaks against it.

use crate::codec::{LEAD_LINKS_MAX, LEAD_VALUE_BYTES_MAX};
use crate::id::{AccountId, SubjectId};
use crate::money::Money;
use crate::time::Timestamp;
use crate::words::{MemberKind, TieKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somebody who may belong to a lead.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LeadMember {
    /// What it is.
    pub kind: MemberKind,
    /// Its identifier, as other events name it.
    pub id: SubjectId,
    /// The probability that it belongs to the lead, if there is anything to it.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: f64,
    /// Its first request that is the lead's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Its requests that are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunds: Option<u32>,
    /// Their sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
}

/// Something that ties the accounts of a lead.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LeadTie {
    /// What it is.
    pub kind: TieKind,
    /// Its value, as other events name it; of a script what its texts have in common.
    #[schemars(length(max = LEAD_VALUE_BYTES_MAX))]
    pub value: String,
    /// The probability that it is the lead's and not shared by chance.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: f64,
    /// The accounts that it ties.
    #[schemars(length(max = LEAD_LINKS_MAX))]
    pub accounts: Vec<AccountId>,
    /// Since when it ties each of them, in the same order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = LEAD_LINKS_MAX))]
    pub since: Option<Vec<Timestamp>>,
    /// Accounts with a request under it, in the lead or not: the fewer, the more it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_by: Option<u32>,
    /// Of a machine: orders placed through it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders: Option<u32>,
}
