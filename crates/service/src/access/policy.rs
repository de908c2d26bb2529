//! What may each role do? One table; what is not in it is denied.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a caller is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A system of the shop: sends events and asks for decisions. Never a person.
    Integration,
    /// Looks at requests and decisions.
    Analyst,
    /// Works cases.
    Investigator,
    /// Decides on what needs two.
    Supervisor,
    /// Reads everything, changes nothing.
    Auditor,
    /// Runs the deployment.
    Admin,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 6] =
        [Role::Integration, Role::Analyst, Role::Investigator, Role::Supervisor, Role::Auditor, Role::Admin];
    /// Its word in the API and in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Integration => "integration",
            Role::Analyst => "analyst",
            Role::Investigator => "investigator",
            Role::Supervisor => "supervisor",
            Role::Auditor => "auditor",
            Role::Admin => "admin",
        }
    }
}

/// What an endpoint needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Permission {
    /// Open to anyone: health, the API's description, signing in.
    Anyone,
    /// Ask who one is, and sign out.
    BeKnown,
    /// Change one's own password and keys.
    OwnAccount,
    /// Send events and get decisions.
    Send,
    /// Read decisions.
    ReadDecisions,
    /// Read what a decision was made from: events of customers.
    ReadEvidence,
    /// Read leads on rings, drivers, scripts and posts.
    ReadLeads,
    /// Read leads on members of staff.
    ReadStaffLeads,
    /// Say what was found of leads, and ask for names of staff.
    JudgeLeads,
    /// Read lists and suppressions.
    ReadLists,
    /// Change lists.
    ManageLists,
    /// Read versions, proposals and shadow runs.
    ReadVersions,
    /// Upload, try and propose versions.
    Propose,
    /// Approve versions that somebody else proposed; suppress rules.
    Approve,
    /// Read the head of the log, metrics.
    ReadOperations,
    /// Read who did what.
    ReadAudit,
    /// Take snapshots.
    Operate,
    /// Make and revoke keys of systems; revoke those of people.
    ManageKeys,
    /// Make, change and remove users.
    ManageUsers,
    /// Make and watch webhooks.
    ManageWebhooks,
    /// Read the queue.
    ReadQueue,
    /// Claim and judge items of the queue.
    WorkQueue,
    /// Read cases.
    ReadCases,
    /// Open, change and close cases.
    WorkCases,
    /// Make packs of evidence of cases.
    ExportEvidence,
    /// Read whether reviewers agree.
    ReadQuality,
    /// Judge a second time, merge cases, lift legal holds, say what people can do.
    Supervise,
}

/// The policy table: what each role may do.
pub fn allowed(role: Role, permission: Permission) -> bool {
    use Permission::{
        Anyone, Approve, BeKnown, ExportEvidence, JudgeLeads, ManageKeys, ManageLists, ManageUsers,
        ManageWebhooks, Operate, OwnAccount, Propose, ReadAudit, ReadCases, ReadDecisions, ReadEvidence,
        ReadLeads, ReadLists, ReadOperations, ReadQuality, ReadQueue, ReadStaffLeads, ReadVersions, Send,
        Supervise, WorkCases, WorkQueue,
    };
    match role {
        Role::Integration => matches!(permission, Anyone | BeKnown | Send | ReadDecisions),
        Role::Analyst => matches!(
            permission,
            Anyone
                | BeKnown
                | OwnAccount
                | ReadDecisions
                | ReadEvidence
                | ReadLeads
                | ReadLists
                | ReadVersions
                | Propose
                | ReadQueue
                | WorkQueue
                | ReadCases
        ),
        Role::Investigator => matches!(
            permission,
            Anyone
                | BeKnown
                | OwnAccount
                | ReadDecisions
                | ReadEvidence
                | ReadLeads
                | JudgeLeads
                | ReadStaffLeads
                | ReadLists
                | ManageLists
                | ReadVersions
                | ReadQueue
                | ReadCases
                | WorkCases
                | ExportEvidence
        ),
        Role::Supervisor => matches!(
            permission,
            Anyone
                | BeKnown
                | OwnAccount
                | ReadDecisions
                | ReadEvidence
                | ReadLeads
                | JudgeLeads
                | ReadStaffLeads
                | ReadLists
                | ManageLists
                | ReadVersions
                | Propose
                | Approve
                | ReadOperations
                | ReadQueue
                | WorkQueue
                | ReadCases
                | WorkCases
                | ExportEvidence
                | ReadQuality
                | Supervise
        ),
        Role::Auditor => matches!(
            permission,
            Anyone
                | BeKnown
                | OwnAccount
                | ReadDecisions
                | ReadEvidence
                | ReadLeads
                | ReadStaffLeads
                | ReadLists
                | ReadVersions
                | ReadOperations
                | ReadAudit
                | ReadQueue
                | ReadCases
                | ReadQuality
        ),
        Role::Admin => matches!(
            permission,
            Anyone
                | BeKnown
                | OwnAccount
                | ReadDecisions
                | ReadVersions
                | Propose
                | Approve
                | ReadOperations
                | ReadAudit
                | Operate
                | ManageKeys
                | ManageUsers
                | ManageWebhooks
        ),
    }
}
