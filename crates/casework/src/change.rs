//! What can people do? Every change of casework, as the log holds it: fields are added, never renamed.

use crate::case::{CaseState, File, Link, Subject};
use crate::settings::Settings;
use ringfence_domain::words::{AppealOutcome, Verdict, VerdictMethod};
use ringfence_domain::{DecisionKind, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How a person judges an item.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// What the customer is answered; none where an appeal leaves the answer as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionKind>,
    /// What it really was, where that was found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// How that was found out; `investigation` where nothing is said, `appeal` for appeals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<VerdictMethod>,
    /// For an appeal: whether the decision stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<AppealOutcome>,
    /// Why, in codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reason_codes: Vec<String>,
    /// Why, in words; no personal data.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What people found out about something that a case links.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// About what: a request, an account, a member of staff, a ring.
    pub subject: Subject,
    /// What it is.
    pub verdict: Verdict,
    /// How it was found.
    pub method: VerdictMethod,
    /// For a request: what the customer is answered from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionKind>,
}

/// A change of casework.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "did", rename_all = "snake_case")]
pub enum Change {
    /// The queue is worked like this from here on.
    Settings {
        /// All of it.
        settings: Settings,
    },
    /// Somebody can do what these skills are for; all skills where there is none.
    Skills {
        /// Who.
        user: String,
        /// Which.
        skills: BTreeSet<String>,
    },
    /// Somebody takes an item, and nobody else has it until then.
    Claimed {
        /// Which.
        item: u64,
        /// Until when.
        until: Timestamp,
        /// Whether they may judge what another judged before.
        #[serde(default)]
        senior: bool,
    },
    /// Somebody gives an item back.
    Released {
        /// Which.
        item: u64,
    },
    /// Somebody judged what they had claimed.
    Judged {
        /// Which.
        item: u64,
        /// How.
        judgement: Judgement,
    },
    /// Somebody judged several at once, after seeing what it would do.
    JudgedAll {
        /// Which.
        items: Vec<u64>,
        /// How.
        judgement: Judgement,
        /// The hash of what was seen.
        preview: String,
        /// Whether they may judge what another judged before.
        #[serde(default)]
        senior: bool,
    },
    /// An item is taken into a case.
    Attached {
        /// Which.
        item: u64,
        /// Into which.
        case: u64,
    },
    /// A case is opened.
    CaseOpened {
        /// Its number: the next one.
        case: u64,
        /// What it is called; no personal data.
        title: String,
        /// What gave rise to it.
        from: Subject,
        /// Why.
        why: String,
    },
    /// Something belongs to a case.
    Linked {
        /// Which.
        case: u64,
        /// What.
        link: Link,
    },
    /// Something does not belong to a case after all.
    Unlinked {
        /// Which.
        case: u64,
        /// What.
        subject: Subject,
        /// Why.
        why: String,
    },
    /// Two cases are one.
    Merged {
        /// The one that ends.
        case: u64,
        /// The one that goes on.
        into: u64,
        /// Why.
        why: String,
    },
    /// A note on a case.
    Noted {
        /// Which.
        case: u64,
        /// The note; no personal data.
        text: String,
    },
    /// A file is part of a case; its content is kept under its hash.
    Filed {
        /// Which.
        case: u64,
        /// Which file.
        file: File,
    },
    /// Something is to be done.
    TaskAdded {
        /// In which case.
        case: u64,
        /// Its number within the case: the next one.
        task: u32,
        /// What.
        title: String,
        /// By whom, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assignee: Option<String>,
        /// Until when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Timestamp>,
    },
    /// Somebody else is to do it, or at another time.
    TaskMoved {
        /// In which case.
        case: u64,
        /// Which.
        task: u32,
        /// By whom.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assignee: Option<String>,
        /// Until when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Timestamp>,
    },
    /// It is done, or not to be done any more.
    TaskEnded {
        /// In which case.
        case: u64,
        /// Which.
        task: u32,
        /// Whether it was done.
        done: bool,
    },
    /// Somebody works a case; nobody where none is named.
    Assigned {
        /// Which.
        case: u64,
        /// Who.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assignee: Option<String>,
    },
    /// A case moves on.
    Moved {
        /// Which.
        case: u64,
        /// To where: `open`, `investigating` or `waiting`.
        to: CaseState,
        /// Why.
        why: String,
    },
    /// What people found out is recorded.
    Found {
        /// In which case.
        case: u64,
        /// What.
        finding: Finding,
    },
    /// A case ends.
    Closed {
        /// Which.
        case: u64,
        /// How it ended, in words.
        summary: String,
    },
    /// A case goes on.
    Reopened {
        /// Which.
        case: u64,
        /// Why.
        why: String,
    },
    /// Nothing that the case links may be deleted.
    HoldSet {
        /// Which.
        case: u64,
        /// Its number within the case: the next one.
        hold: u32,
        /// Why: the matter, the court, the letter.
        why: String,
    },
    /// A hold ends.
    HoldLifted {
        /// Of which case.
        case: u64,
        /// Which.
        hold: u32,
        /// Why.
        why: String,
    },
}

impl Change {
    /// What was done, in the word that the log uses.
    pub fn word(&self) -> &'static str {
        match self {
            Change::Settings { .. } => "casework_settings",
            Change::Skills { .. } => "casework_skills",
            Change::Claimed { .. } => "item_claimed",
            Change::Released { .. } => "item_released",
            Change::Judged { .. } => "item_judged",
            Change::JudgedAll { .. } => "items_judged",
            Change::Attached { .. } => "item_attached",
            Change::CaseOpened { .. } => "case_opened",
            Change::Linked { .. } => "case_linked",
            Change::Unlinked { .. } => "case_unlinked",
            Change::Merged { .. } => "case_merged",
            Change::Noted { .. } => "case_noted",
            Change::Filed { .. } => "case_filed",
            Change::TaskAdded { .. } => "task_added",
            Change::TaskMoved { .. } => "task_moved",
            Change::TaskEnded { .. } => "task_ended",
            Change::Assigned { .. } => "case_assigned",
            Change::Moved { .. } => "case_moved",
            Change::Found { .. } => "case_found",
            Change::Closed { .. } => "case_closed",
            Change::Reopened { .. } => "case_reopened",
            Change::HoldSet { .. } => "hold_set",
            Change::HoldLifted { .. } => "hold_lifted",
        }
    }
    /// The items that it names.
    pub fn items(&self) -> &[u64] {
        match self {
            Change::Claimed { item, .. }
            | Change::Released { item }
            | Change::Judged { item, .. }
            | Change::Attached { item, .. } => std::slice::from_ref(item),
            Change::JudgedAll { items, .. } => items,
            Change::Settings { .. }
            | Change::Skills { .. }
            | Change::CaseOpened { .. }
            | Change::Linked { .. }
            | Change::Unlinked { .. }
            | Change::Merged { .. }
            | Change::Noted { .. }
            | Change::Filed { .. }
            | Change::TaskAdded { .. }
            | Change::TaskMoved { .. }
            | Change::TaskEnded { .. }
            | Change::Assigned { .. }
            | Change::Moved { .. }
            | Change::Found { .. }
            | Change::Closed { .. }
            | Change::Reopened { .. }
            | Change::HoldSet { .. }
            | Change::HoldLifted { .. } => &[],
        }
    }
    /// The cases that it names: their histories show it.
    pub fn cases(&self) -> Vec<u64> {
        match self {
            Change::Merged { case, into, .. } => vec![*case, *into],
            Change::Attached { case, .. }
            | Change::CaseOpened { case, .. }
            | Change::Linked { case, .. }
            | Change::Unlinked { case, .. }
            | Change::Noted { case, .. }
            | Change::Filed { case, .. }
            | Change::TaskAdded { case, .. }
            | Change::TaskMoved { case, .. }
            | Change::TaskEnded { case, .. }
            | Change::Assigned { case, .. }
            | Change::Moved { case, .. }
            | Change::Found { case, .. }
            | Change::Closed { case, .. }
            | Change::Reopened { case, .. }
            | Change::HoldSet { case, .. }
            | Change::HoldLifted { case, .. } => vec![*case],
            Change::Settings { .. }
            | Change::Skills { .. }
            | Change::Claimed { .. }
            | Change::Released { .. }
            | Change::Judged { .. }
            | Change::JudgedAll { .. } => Vec::new(),
        }
    }
}
