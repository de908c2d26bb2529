//! What is answered? A decision with score, reasons, versions and deadline.

use crate::id::RefundId;
use crate::money::Money;
use crate::time::Timestamp;
use crate::words::Word;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The twelve answers to a refund request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// Pay now.
    InstantRefund,
    /// Pay at the first carrier scan of the return.
    RefundOnScan,
    /// Pay when the return is received.
    RefundOnReceipt,
    /// Pay after the return has been inspected.
    RefundAfterInspection,
    /// Pay, and the customer keeps the goods.
    KeepItem,
    /// Send the goods again.
    Replace,
    /// Pay as credit with the shop.
    StoreCredit,
    /// Pay a part.
    PartialRefund,
    /// Ask the carrier what became of the parcel first.
    CarrierTrace,
    /// Ask the customer for a photo, a one-time password, a signed statement.
    StepUp,
    /// A person decides.
    Review,
    /// Do not pay.
    Deny,
}

impl Word for DecisionKind {
    const TEXTS: &'static [&'static str] = &[
        "instant_refund",
        "refund_on_scan",
        "refund_on_receipt",
        "refund_after_inspection",
        "keep_item",
        "replace",
        "store_credit",
        "partial_refund",
        "carrier_trace",
        "step_up",
        "review",
        "deny",
    ];
    const ALL: &'static [Self] = &[
        Self::InstantRefund,
        Self::RefundOnScan,
        Self::RefundOnReceipt,
        Self::RefundAfterInspection,
        Self::KeepItem,
        Self::Replace,
        Self::StoreCredit,
        Self::PartialRefund,
        Self::CarrierTrace,
        Self::StepUp,
        Self::Review,
        Self::Deny,
    ];
    fn code(self) -> u8 {
        self as u8
    }
}

impl DecisionKind {
    /// The word as the contract writes it.
    pub fn as_str(self) -> &'static str {
        Self::TEXTS[self as usize]
    }
}

impl std::fmt::Display for DecisionKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One reason for a decision, in words, with the events behind it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// A reason code of `docs/reasons.md`.
    pub code: String,
    /// The reason in a sentence, with this request's own numbers.
    pub text: String,
    /// Its part of the score, in probability points; negative where it speaks for the customer.
    pub weight: f64,
    /// Ids of the events that show it, earliest first.
    pub events: Vec<String>,
}

/// What produced a decision: content hashes by part (`features`, `model`, `policy`).
pub type Versions = BTreeMap<String, String>;

/// The answer to one refund request.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// Which request.
    pub refund: RefundId,
    /// The answer.
    pub decision: DecisionKind,
    /// Calibrated probability of abuse, 0–1.
    pub score: f64,
    /// Money expected to be lost by paying at once: probability × money at risk.
    pub expected_loss: Money,
    /// Strongest first.
    pub reasons: Vec<Reason>,
    /// Names of the rules that matched, in the policy's order.
    pub rules: Vec<String>,
    /// The cluster of connected accounts, where there is more than one account.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cluster: Option<String>,
    /// Content hashes of what decided.
    pub versions: Versions,
    /// Event time of the request's arrival, not a clock of the machine.
    pub decided_at: Timestamp,
    /// When the customer must have heard by.
    pub respond_by: Timestamp,
    /// Position of the request in the log, from 0.
    pub position: u64,
}
