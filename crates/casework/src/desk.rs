//! What lies on the desk? All items, cases and people's skills, or those of them that a change touches.

use crate::case::{About, Case};
use crate::change::Change;
use crate::item::{Asked, Item};
use crate::settings::Settings;
use ringfence_domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What the log says that matters here.
#[derive(Clone, PartialEq, Debug)]
pub enum Fact {
    /// The engine answered a request.
    Answered(Asked),
    /// A customer appeals.
    AppealOpened {
        /// The refund.
        refund: String,
        /// The account.
        account: String,
        /// The request, where it came before.
        asked: Option<Asked>,
    },
    /// An appeal was resolved elsewhere.
    AppealResolved {
        /// The refund.
        refund: String,
    },
    /// A request was decided by a person elsewhere.
    Decided {
        /// The refund.
        refund: String,
        /// By whom.
        by: String,
    },
    /// Somebody changed casework.
    Changed(Change),
}

/// Where in the log, when, and by whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// Position of the record.
    pub position: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// The person; empty where it was none.
    pub by: String,
}

/// What a fact touches.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Keys {
    /// Items by number.
    pub items: BTreeSet<u64>,
    /// Refunds, with all their items.
    pub refunds: BTreeSet<String>,
    /// Cases by number.
    pub cases: BTreeSet<u64>,
    /// People.
    pub users: BTreeSet<String>,
}

impl Keys {
    /// These too.
    pub fn add(&mut self, other: Keys) {
        let Keys { items, refunds, cases, users } = other;
        self.items.extend(items);
        self.refunds.extend(refunds);
        self.cases.extend(cases);
        self.users.extend(users);
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.refunds.is_empty() && self.cases.is_empty() && self.users.is_empty()
    }
}

/// What is remembered of a refund beside its items.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Refund {
    /// Who decided on it, here or elsewhere.
    pub deciders: Vec<String>,
    /// Its items.
    pub items: Vec<u64>,
}

/// What a person can do.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Person {
    /// Their skills; all where there is none.
    pub skills: BTreeSet<String>,
}

impl Person {
    /// Whether they can do what needs this skill.
    pub fn can(&self, skill: &str) -> bool {
        self.skills.is_empty() || self.skills.contains(skill)
    }
}

/// The latest true item: controls are mixed in beside it, so that nothing about them differs in kind.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Latest {
    /// Its worth.
    pub worth: i64,
    /// Its time to answer, in milliseconds.
    pub within_ms: i64,
}

/// What is counted and set for all.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct General {
    /// How the queue is worked.
    pub settings: Settings,
    /// Items so far.
    pub items: u64,
    /// Cases so far.
    pub cases: u64,
    /// The latest true item of a review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Latest>,
}

/// Items, cases and people; all, or those that were loaded.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Desk {
    /// What is counted and set for all.
    pub general: General,
    /// Items by number.
    pub items: BTreeMap<u64, Item>,
    /// Cases by number.
    pub cases: BTreeMap<u64, Case>,
    /// Refunds that people had to do with.
    pub refunds: BTreeMap<String, Refund>,
    /// People's skills.
    pub people: BTreeMap<String, Person>,
}

impl Desk {
    /// What a change touches when it is checked and when it is folded.
    pub fn keys_of(change: &Change, by: &str) -> Keys {
        let mut keys = Keys { items: change.items().iter().copied().collect(), ..Keys::default() };
        keys.cases.extend(change.cases());
        keys.users.insert(by.to_owned());
        if let Change::Skills { user, .. } = change {
            keys.users.insert(user.clone());
        }
        if let Change::Found { finding, .. } = change
            && finding.subject.kind == About::Request
        {
            keys.refunds.insert(finding.subject.id.clone());
        }
        keys
    }
    /// What a fact touches when it is folded.
    pub fn keys(fact: &Fact, by: &str) -> Keys {
        let of = |refund: &String| Keys { refunds: [refund.clone()].into(), ..Keys::default() };
        match fact {
            Fact::Answered(asked) => of(&asked.refund),
            Fact::AppealOpened { refund, .. }
            | Fact::AppealResolved { refund }
            | Fact::Decided { refund, .. } => of(refund),
            Fact::Changed(change) => Desk::keys_of(change, by),
        }
    }
    /// The refunds of some items: they are needed beside them, because what is done to an item is remembered of its refund.
    pub fn refunds_of(&self, items: &BTreeSet<u64>) -> BTreeSet<String> {
        items.iter().filter_map(|id| self.items.get(id)).map(|item| item.asked.refund.clone()).collect()
    }
    /// The case in which a case goes on: itself, where it was not merged.
    pub fn resolve(&self, mut case: u64) -> u64 {
        // Only live cases are merged into, so that this ends.
        while let Some(next) = self.cases.get(&case).and_then(|c| c.successor) {
            case = next;
        }
        case
    }
    /// Somebody's skills.
    pub fn person(&self, user: &str) -> Person {
        self.people.get(user).cloned().unwrap_or_default()
    }
}
