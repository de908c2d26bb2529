//! What is one piece of work? A request or an appeal that waits for a person, who has it, and how it ended.

use crate::change::Judgement;
use ringfence_domain::words::ClaimReason;
use ringfence_domain::{DecisionKind, Money, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Decide on a request.
    Review,
    /// See to a photo, a one-time password, a signed statement.
    StepUp,
    /// Ask the carrier.
    CarrierTrace,
    /// Decide on an appeal.
    Appeal,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 4] = [Kind::Review, Kind::StepUp, Kind::CarrierTrace, Kind::Appeal];
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Review => "review",
            Kind::StepUp => "step_up",
            Kind::CarrierTrace => "carrier_trace",
            Kind::Appeal => "appeal",
        }
    }
    /// Of a word.
    pub fn parse(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
    /// The work that a decision can make.
    pub fn of(decision: DecisionKind) -> Option<Kind> {
        match decision {
            DecisionKind::Review => Some(Kind::Review),
            DecisionKind::StepUp => Some(Kind::StepUp),
            DecisionKind::CarrierTrace => Some(Kind::CarrierTrace),
            DecisionKind::InstantRefund
            | DecisionKind::RefundOnScan
            | DecisionKind::RefundOnReceipt
            | DecisionKind::RefundAfterInspection
            | DecisionKind::KeepItem
            | DecisionKind::Replace
            | DecisionKind::StoreCredit
            | DecisionKind::PartialRefund
            | DecisionKind::Deny => None,
        }
    }
}

/// A request as it was decided first: what the log says of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Asked {
    /// The refund.
    pub refund: String,
    /// The account.
    pub account: String,
    /// The order; empty where it is not known.
    #[serde(default)]
    pub order: String,
    /// What is asked for; none where the request is not known.
    pub amount: Option<Money>,
    /// The same in minor units of the reporting currency; 0 where there is no rate.
    pub amount_reporting: i64,
    /// Why the customer asks.
    pub reason: Option<ClaimReason>,
    /// What was answered.
    pub decision: DecisionKind,
    /// Probability of abuse, 0–1.
    pub score: f64,
    /// Reason codes, strongest first.
    #[serde(default)]
    pub reason_codes: Vec<String>,
    /// Accounts that it is connected with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// When it was decided, in event time.
    pub decided_at: Timestamp,
    /// When the customer must have heard by.
    pub respond_by: Timestamp,
    /// Where the decision stands in the log.
    pub position: u64,
}

/// How far an item is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Nobody has it.
    Waiting,
    /// Somebody has it, and nobody else, until the claim ends.
    Claimed {
        /// Who.
        by: String,
        /// Since when.
        since: Timestamp,
        /// From then on it waits again.
        until: Timestamp,
    },
    /// Judged.
    Done {
        /// By whom.
        by: String,
        /// When.
        at: Timestamp,
        /// As what.
        judgement: Judgement,
    },
    /// It was decided elsewhere before anybody here did.
    Settled {
        /// By whom.
        by: String,
        /// When.
        at: Timestamp,
    },
}

/// A piece of work.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Item {
    /// Its number, from 1 in the order of their opening.
    pub id: u64,
    /// What is to be done.
    pub kind: Kind,
    /// Who can do it.
    pub skill: String,
    /// The request.
    pub asked: Asked,
    /// When it came.
    pub opened: Timestamp,
    /// When the customer must have heard by.
    pub due: Timestamp,
    /// When it is to be done by the deployment's own measure.
    pub target: Timestamp,
    /// Minutes that it takes a person.
    pub minutes: f64,
    /// What a thousand minutes on such items save, in minor units of the reporting currency.
    pub worth: i64,
    /// A random control: never shown to whoever works it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub control: bool,
    /// The item that it judges a second time: never shown to whoever works it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_of: Option<u64>,
    /// Somebody judges it again and must not know how it was judged: until then its judgement is shown to nobody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// Who must not do it: they decided before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_by: Vec<String>,
    /// The case that it was taken into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<u64>,
    /// How often it changed: what a preview showed is told apart from what is there by it.
    pub revision: u32,
    /// How far it is.
    #[serde(flatten)]
    pub state: State,
}

impl Item {
    /// Whether it waits for somebody, also one whose claim has ended.
    pub fn free(&self, now: Timestamp) -> bool {
        match &self.state {
            State::Waiting => true,
            State::Claimed { until, .. } => *until <= now,
            State::Done { .. } | State::Settled { .. } => false,
        }
    }
    /// Whether it is still to be done.
    pub fn open(&self) -> bool {
        matches!(self.state, State::Waiting | State::Claimed { .. })
    }
    /// Who has it now.
    pub fn holder(&self, now: Timestamp) -> Option<&str> {
        match &self.state {
            State::Claimed { by, until, .. } if *until > now => Some(by),
            State::Claimed { .. } | State::Waiting | State::Done { .. } | State::Settled { .. } => None,
        }
    }
    /// How it was judged.
    pub fn judged(&self) -> Option<(&str, Timestamp, &Judgement)> {
        match &self.state {
            State::Done { by, at, judgement } => Some((by, *at, judgement)),
            State::Waiting | State::Claimed { .. } | State::Settled { .. } => None,
        }
    }
    /// What the machine proposes: nothing where it asked for a person.
    pub fn proposal(&self) -> Option<DecisionKind> {
        Some(self.asked.decision).filter(|decision| *decision != DecisionKind::Review)
    }
}
