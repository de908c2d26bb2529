//! What else than events changes the service? Control records: who changed what, in the log beside the events.
//!
//! A control record takes effect where it stands: what comes before it was decided without, what comes after with it.
//! So a replay passes through every change, and the log is the audit trail. Their JSON is a format of the log: fields are
//! added, never renamed.

use crate::access::Role;
use ringfence_casework::Change;
use ringfence_domain::rates::{Rate, Rates};
use ringfence_domain::words::Verdict;
use ringfence_domain::{Currency, Timestamp, Versions};
use ringfence_engine::List;
use ringfence_features::kind::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest reason that people give for a change, bytes.
pub const WHY_BYTES_MAX: usize = 2_000;

/// Who did something: a system by its key, or a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Principal {
    /// Its id in the list of keys or users; `service` where nobody asked.
    pub id: String,
    /// The key's name then; of a person nothing but the id, for the log never forgets.
    pub name: String,
    /// The role in which it acted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub role: Option<Role>,
    /// The person, whether by a session or by one of several keys; none where it is a system.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user: Option<String>,
}

impl Principal {
    /// The service itself.
    pub fn service() -> Principal {
        Principal { id: "service".into(), name: "the service".into(), role: None, user: None }
    }
}

/// Dated rates, as text that loses nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeptRates {
    reporting: Currency,
    rates: Vec<(Currency, Timestamp, String)>,
}

impl KeptRates {
    /// Of these rates.
    pub fn of(rates: &Rates) -> KeptRates {
        let entries = rates.entries().map(|(currency, from, rate)| (currency, from, rate.to_string()));
        KeptRates { reporting: rates.reporting(), rates: entries.collect() }
    }
    /// As rates again.
    pub fn rates(&self) -> Result<Rates, String> {
        let mut out = Rates::new(self.reporting);
        for (currency, from, rate) in &self.rates {
            out.set(*currency, *from, Rate::parse(rate).map_err(|e| e.to_string())?);
        }
        Ok(out)
    }
}

/// What a control record says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "control", rename_all = "snake_case")]
pub enum Control {
    /// The first versions and rates of the log.
    Versions {
        /// What decides.
        versions: Versions,
        /// Rates; missing in logs of earlier programs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rates: Option<KeptRates>,
    },
    /// Other rates from here on.
    Rates {
        /// All of them.
        rates: KeptRates,
    },
    /// Somebody wants other versions to decide.
    Proposed {
        /// Which ones: all three parts.
        versions: Versions,
        /// What decided then.
        base: Versions,
        /// Why.
        why: String,
        /// Who.
        by: Principal,
    },
    /// Somebody else agrees.
    Approved {
        /// Position of the proposal.
        proposal: u64,
        /// Who.
        by: Principal,
        /// Whether the configuration lets one person do both.
        single_approver: bool,
    },
    /// Somebody does not agree, or takes the proposal back.
    Rejected {
        /// Position of the proposal.
        proposal: u64,
        /// Why.
        why: String,
        /// Who.
        by: Principal,
    },
    /// From here on these versions decide.
    Promoted {
        /// Position of the proposal.
        proposal: u64,
        /// All three parts.
        versions: Versions,
    },
    /// From here on other versions decide beside, without effect.
    ShadowStarted {
        /// All three parts.
        versions: Versions,
        /// Requests are compared from this position on.
        from: u64,
        /// Who.
        by: Principal,
    },
    /// The shadow run ends.
    ShadowEnded {
        /// Who.
        by: Principal,
    },
    /// An identifier is on a list; the record's position is the entry's number.
    Listed {
        /// Which list.
        list: List,
        /// Kind of the identifier.
        kind: Kind,
        /// The identifier, as events name it.
        value: String,
        /// Until when, if not for ever.
        until: Option<Timestamp>,
        /// Why.
        why: String,
        /// Who.
        by: Principal,
    },
    /// A rule does not bind; the record's position is the suppression's number.
    Suppressed {
        /// The rule.
        rule: String,
        /// For requests that name this; for all without.
        of: Option<(Kind, String)>,
        /// Until when.
        until: Timestamp,
        /// Why.
        why: String,
        /// Who.
        by: Principal,
    },
    /// An entry or a suppression is taken away.
    Unlisted {
        /// Its number.
        entry: u64,
        /// Why.
        why: String,
        /// Who.
        by: Principal,
    },
    /// Somebody wants to know who a member of staff is; the record's position is the request's number.
    UnmaskingAsked {
        /// The pseudonym.
        staff: String,
        /// Why.
        why: String,
        /// Who.
        by: Principal,
    },
    /// Somebody else agrees that the name is shown, or does not.
    UnmaskingSettled {
        /// Position of the request.
        asked: u64,
        /// Whether it is shown.
        granted: bool,
        /// Why.
        why: String,
        /// Who.
        by: Principal,
        /// Whether the configuration lets one person do both.
        single_approver: bool,
    },
    /// Somebody said what they found of a member of staff; the verdict itself is an event.
    StaffReviewed {
        /// The pseudonym.
        staff: String,
        /// What was found.
        verdict: Verdict,
        /// Who.
        by: Principal,
    },
    /// People said whether a post is about a refund.
    MatchJudged {
        /// The post.
        post: String,
        /// The refund.
        refund: String,
        /// Whether it is.
        holds: bool,
        /// Why.
        why: String,
        /// Who.
        by: Principal,
    },
    /// Somebody changed casework: items of the queue, cases.
    Casework {
        /// What.
        change: Change,
        /// Who.
        by: Principal,
    },
    /// Something was done that changes no decision: keys, reads of personal data, webhooks, snapshots.
    Noted {
        /// What was done: a word that stays.
        did: String,
        /// To what.
        subject: String,
        /// More about it; never a secret, never a person's data.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        detail: BTreeMap<String, String>,
        /// Who.
        by: Principal,
    },
}

impl Control {
    /// As the log holds it.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("controls are texts, numbers and maps of texts")
    }
    /// What it says, in the word that the log uses; for a note, what was done.
    pub fn word(&self) -> &str {
        match self {
            Control::Versions { .. } => "versions",
            Control::Rates { .. } => "rates",
            Control::Proposed { .. } => "proposed",
            Control::Approved { .. } => "approved",
            Control::Rejected { .. } => "rejected",
            Control::Promoted { .. } => "promoted",
            Control::ShadowStarted { .. } => "shadow_started",
            Control::ShadowEnded { .. } => "shadow_ended",
            Control::Listed { .. } => "listed",
            Control::Suppressed { .. } => "suppressed",
            Control::Unlisted { .. } => "unlisted",
            Control::UnmaskingAsked { .. } => "unmasking_asked",
            Control::UnmaskingSettled { granted: true, .. } => "unmasking_granted",
            Control::UnmaskingSettled { granted: false, .. } => "unmasking_refused",
            Control::StaffReviewed { .. } => "staff_reviewed",
            Control::MatchJudged { .. } => "match_judged",
            Control::Casework { change, .. } => change.word(),
            Control::Noted { did, .. } => did,
        }
    }
    /// Who did it, where somebody did.
    pub fn by(&self) -> Option<&Principal> {
        match self {
            Control::Versions { .. } | Control::Rates { .. } | Control::Promoted { .. } => None,
            Control::Proposed { by, .. }
            | Control::Approved { by, .. }
            | Control::Rejected { by, .. }
            | Control::ShadowStarted { by, .. }
            | Control::ShadowEnded { by }
            | Control::Listed { by, .. }
            | Control::Suppressed { by, .. }
            | Control::Unlisted { by, .. }
            | Control::UnmaskingAsked { by, .. }
            | Control::UnmaskingSettled { by, .. }
            | Control::StaffReviewed { by, .. }
            | Control::MatchJudged { by, .. }
            | Control::Casework { by, .. }
            | Control::Noted { by, .. } => Some(by),
        }
    }
    /// What was done, without more.
    pub fn noted(did: &str, subject: impl Into<String>, by: Principal) -> Control {
        Control::Noted { did: did.into(), subject: subject.into(), detail: BTreeMap::new(), by }
    }
}
