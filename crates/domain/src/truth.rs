//! What was it really? Truth labels of refund requests, as JSON lines, for evaluation only.

use crate::codec::Refusal;
use crate::id::RefundId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a request was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// Fraud.
    Abuse,
    /// Within the letter of the law, against the shop's policy.
    PolicyAbuse,
    /// An honest request.
    Legitimate,
}

impl Truth {
    /// The word as the contract writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Truth::Abuse => "abuse",
            Truth::PolicyAbuse => "policy_abuse",
            Truth::Legitimate => "legitimate",
        }
    }
}

/// One line of a label file: `{"refund":"R17","label":"abuse"}`; other fields are ignored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TruthLabel {
    /// Which request.
    pub refund: RefundId,
    /// What it was.
    pub label: Truth,
}

impl TruthLabel {
    /// Reads one line; `line` is its number, from 1, for the refusal.
    pub fn decode(json: &[u8], line: u64) -> Result<TruthLabel, Refusal> {
        crate::codec::decode_json(json).map_err(|refusal| refusal.at_line(line))
    }
    /// Appends the line without its end.
    pub fn encode(&self, out: &mut Vec<u8>) {
        serde_json::to_writer(out, self).expect("two strings serialise, and a Vec takes all bytes");
    }
}
