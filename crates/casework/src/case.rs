//! What is investigated? A case: what it links, who works it, what is to be done, what must be kept, how it ended.

use crate::change::Finding;
use ringfence_domain::Timestamp;
use ringfence_domain::words::SubjectKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a case can be about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A refund request, by its refund.
    Request,
    /// An account.
    Account,
    /// An order.
    Order,
    /// A ring, by the id of its lead.
    Ring,
    /// A member of staff.
    Staff,
    /// A public post.
    Post,
    /// Another case, by its number.
    Case,
    /// A matter of the shop's own: a court's file number, a ticket.
    Matter,
}

impl About {
    /// All of them.
    pub const ALL: [About; 8] = [
        About::Request,
        About::Account,
        About::Order,
        About::Ring,
        About::Staff,
        About::Post,
        About::Case,
        About::Matter,
    ];
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            About::Request => "request",
            About::Account => "account",
            About::Order => "order",
            About::Ring => "ring",
            About::Staff => "staff",
            About::Post => "post",
            About::Case => "case",
            About::Matter => "matter",
        }
    }
    /// Of a word.
    pub fn parse(word: &str) -> Option<About> {
        About::ALL.into_iter().find(|about| about.as_str() == word)
    }
    /// What a verdict about it is about.
    pub fn subject(self) -> Option<SubjectKind> {
        match self {
            About::Request => Some(SubjectKind::Refund),
            About::Account => Some(SubjectKind::Account),
            About::Staff => Some(SubjectKind::Staff),
            About::Ring => Some(SubjectKind::Ring),
            About::Order | About::Post | About::Case | About::Matter => None,
        }
    }
}

/// One thing that a case is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// What it is.
    pub kind: About,
    /// Its id.
    #[schemars(length(min = 1, max = 256))]
    pub id: String,
}

/// Something that belongs to a case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// What.
    #[serde(flatten)]
    pub subject: Subject,
    /// Why.
    pub why: String,
}

/// A link with who made it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Linked {
    /// What, and why.
    #[serde(flatten)]
    pub link: Link,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A file of a case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct File {
    /// SHA-256 of its content, hexadecimal: the content is kept under it.
    pub sha256: String,
    /// Its name.
    pub name: String,
    /// Its media type, of a short list.
    pub media_type: String,
    /// Its length.
    pub bytes: u64,
}

/// A file with who brought it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Filed {
    /// Which.
    #[serde(flatten)]
    pub file: File,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// How far a task is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// To be done.
    Open,
    /// Done.
    Done,
    /// Not to be done any more.
    Dropped,
    /// To be done in the case that this one was merged into.
    Moved,
}

/// Something to be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// Its number within the case, from 1.
    pub id: u32,
    /// What.
    pub title: String,
    /// By whom.
    pub assignee: Option<String>,
    /// Until when.
    pub due: Option<Timestamp>,
    /// How far it is.
    pub state: TaskState,
    /// Who asked for it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Who ended it, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<By>,
}

/// Who, and when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct By {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Who, when and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Because {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

/// A legal hold: nothing that the case links may be deleted while it stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Hold {
    /// Its number within the case, from 1.
    pub id: u32,
    /// The case in which it was set, where that was another that was merged into this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Who set it, and why.
    pub set: Because,
    /// Who lifted it, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted: Option<Because>,
}

/// What was found out, with who recorded it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// What.
    #[serde(flatten)]
    pub finding: Finding,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// How far a case is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// Nobody has begun.
    Open,
    /// Somebody works it.
    Investigating,
    /// It waits for somebody else: the carrier, the police, a court.
    Waiting,
    /// It has ended.
    Closed,
    /// It goes on in another case.
    Merged,
}

impl CaseState {
    /// All states.
    pub const ALL: [CaseState; 5] =
        [CaseState::Open, CaseState::Investigating, CaseState::Waiting, CaseState::Closed, CaseState::Merged];
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            CaseState::Open => "open",
            CaseState::Investigating => "investigating",
            CaseState::Waiting => "waiting",
            CaseState::Closed => "closed",
            CaseState::Merged => "merged",
        }
    }
    /// Of a word.
    pub fn parse(word: &str) -> Option<CaseState> {
        CaseState::ALL.into_iter().find(|state| state.as_str() == word)
    }
    /// Whether it can still be worked.
    pub fn live(self) -> bool {
        match self {
            CaseState::Open | CaseState::Investigating | CaseState::Waiting => true,
            CaseState::Closed | CaseState::Merged => false,
        }
    }
}

/// A case.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Case {
    /// Its number, from 1.
    pub id: u64,
    /// What it is called.
    pub title: String,
    /// What gave rise to it.
    pub from: Subject,
    /// Who opened it, and why.
    pub opened: Because,
    /// How far it is.
    pub state: CaseState,
    /// Who works it.
    pub assignee: Option<String>,
    /// The case that it goes on in.
    pub successor: Option<u64>,
    /// The cases that go on in this one, also through others.
    pub absorbed: Vec<u64>,
    /// What belongs to it, in the order of linking.
    pub links: Vec<Linked>,
    /// Items of the queue that were taken into it.
    pub items: Vec<u64>,
    /// Files.
    pub files: Vec<Filed>,
    /// Tasks.
    pub tasks: Vec<Task>,
    /// Legal holds, lifted ones too.
    pub holds: Vec<Hold>,
    /// What was found out.
    pub found: Vec<Found>,
    /// How it ended.
    pub closed: Option<Because>,
    /// How many notes its history has.
    pub notes: u32,
    /// When it changed last.
    pub updated: Timestamp,
}

impl Case {
    /// Whether a hold stands.
    pub fn held(&self) -> bool {
        self.holds.iter().any(|hold| hold.lifted.is_none())
    }
    /// Tasks that are to be done.
    pub fn open_tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.state == TaskState::Open)
    }
    /// Whether something belongs to it.
    pub fn links(&self, subject: &Subject) -> bool {
        self.links.iter().any(|linked| linked.link.subject == *subject)
    }
}
