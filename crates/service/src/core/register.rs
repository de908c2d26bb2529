//! What is proposed, approved, tried and listed? What the control records of the log add up to, beside the engine.

use crate::core::control::{Control, Principal};
use crate::core::people::Said;
use ringfence_domain::{Timestamp, Versions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Proposals that are remembered; older ones stay in the log.
pub const PROPOSALS_MAX: usize = 1_000;
/// Entries of all lists and suppressions together: some hundred bytes each.
pub const ENTRIES_MAX: usize = 200_000;

/// What became of a proposal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Nobody has approved it yet.
    Proposed,
    /// Approved; its state is being made ready, and it decides as soon as it is.
    Approved {
        /// Who.
        #[serde(rename = "approved_by")]
        by: Principal,
        /// When.
        #[serde(rename = "approved_at")]
        at: Timestamp,
        /// Whether proposer and approver may be one.
        single_approver: bool,
    },
    /// It decides from a position on.
    Promoted {
        /// Who approved it.
        #[serde(rename = "approved_by")]
        by: Principal,
        /// When it began to decide.
        #[serde(rename = "promoted_at")]
        at: Timestamp,
        /// Requests from this position of the log on are decided by it.
        position: u64,
    },
    /// It was not approved.
    Rejected {
        /// Who.
        #[serde(rename = "rejected_by")]
        by: Principal,
        /// When.
        #[serde(rename = "rejected_at")]
        at: Timestamp,
        /// Why.
        #[serde(rename = "rejected_why")]
        why: String,
    },
}

/// Versions that somebody wants to decide.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Proposal {
    /// Its number: its position in the log.
    pub id: u64,
    /// All three parts.
    pub versions: Versions,
    /// What decided when it was made.
    pub base: Versions,
    /// Why.
    pub why: String,
    /// Who.
    pub by: Principal,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    #[serde(flatten)]
    pub state: State,
}

/// A shadow run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ShadowRun {
    /// Where it was started.
    pub position: u64,
    /// What decides beside.
    pub versions: Versions,
    /// Requests are compared from this position on.
    pub from: u64,
    /// Who started it.
    pub by: Principal,
    /// When.
    pub at: Timestamp,
}

/// Who put an entry on a list, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// Why.
    pub why: String,
    /// Who.
    pub by: Principal,
    /// When.
    pub at: Timestamp,
}

/// All of it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Register {
    /// Proposals by number.
    pub proposals: BTreeMap<u64, Proposal>,
    /// The shadow run, if there is one.
    pub shadow: Option<ShadowRun>,
    /// Whose entries the lists and suppressions hold.
    pub origins: BTreeMap<u64, Origin>,
    /// What people said of leads.
    #[serde(default)]
    pub said: Said,
}

/// Why a change is refused; nothing was recorded.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Denied {
    /// There is no such thing.
    #[error("there is no {0}")]
    Unknown(String),
    /// Not as things stand.
    #[error("{0}")]
    Conflict(String),
    /// Another must do it.
    #[error(
        "{0} asked for this, and another must agree; a deployment with one operator starts with --allow-single-approver"
    )]
    SecondPerson(String),
    /// Who proposed or approves is not known as a person.
    #[error(
        "two persons are needed, and a key of nobody stands for none: propose and approve signed in, or with keys of your own; a \
         deployment with one operator starts with --allow-single-approver"
    )]
    NoPerson,
    /// There are too many.
    #[error("{0}")]
    TooMany(String),
    /// A value is out of range.
    #[error("{0}")]
    Invalid(String),
}

/// Four eyes are those of two persons: a second key of the same one has none of its own.
pub(super) fn two_persons(proposer: &Principal, approver: &Principal) -> Result<(), Denied> {
    match (&proposer.user, &approver.user) {
        (Some(one), Some(other)) if one == other => Err(Denied::SecondPerson(approver.name.clone())),
        (Some(_), Some(_)) => Ok(()),
        (None, _) | (_, None) => Err(Denied::NoPerson),
    }
}

impl Register {
    /// The proposal that is approved and does not decide yet.
    pub fn approved(&self) -> Option<&Proposal> {
        self.proposals.values().find(|p| matches!(p.state, State::Approved { .. }))
    }
    /// Whether a change may be recorded as things stand. `live` is what decides.
    pub fn check(&self, control: &Control, live: &Versions) -> Result<(), Denied> {
        match control {
            Control::Proposed { versions, .. } if versions == live => {
                Err(Denied::Conflict("these versions decide already".into()))
            }
            Control::Approved { proposal, by, single_approver } => {
                let found = self.open(*proposal)?;
                if !single_approver {
                    two_persons(&found.by, by)?;
                }
                if let Some(other) = self.approved() {
                    let what =
                        format!("proposal {} was approved and is being made ready; wait for it", other.id);
                    return Err(Denied::Conflict(what));
                }
                if found.base != *live {
                    let what = "other versions decide now than when this was proposed; propose it again";
                    return Err(Denied::Conflict(what.into()));
                }
                Ok(())
            }
            Control::Rejected { proposal, .. } => {
                let found = self.known(*proposal)?;
                match found.state {
                    State::Proposed | State::Approved { .. } => Ok(()),
                    State::Promoted { .. } | State::Rejected { .. } => {
                        Err(Denied::Conflict("this proposal is settled already".into()))
                    }
                }
            }
            Control::Promoted { proposal, .. } => match self.known(*proposal)?.state {
                State::Approved { .. } => Ok(()),
                _ => Err(Denied::Conflict("this proposal is not approved".into())),
            },
            Control::ShadowStarted { .. } if self.shadow.is_some() => {
                Err(Denied::Conflict("a shadow run goes on already; end it first".into()))
            }
            Control::ShadowEnded { .. } if self.shadow.is_none() => Err(Denied::Unknown("shadow run".into())),
            Control::Listed { .. } | Control::Suppressed { .. } if self.origins.len() >= ENTRIES_MAX => Err(
                Denied::TooMany(format!("there are {ENTRIES_MAX} entries already; remove those of no use")),
            ),
            Control::Unlisted { entry, .. } if !self.origins.contains_key(entry) => {
                Err(Denied::Unknown(format!("entry {entry}")))
            }
            Control::UnmaskingAsked { .. }
            | Control::UnmaskingSettled { .. }
            | Control::StaffReviewed { .. }
            | Control::MatchJudged { .. } => self.said.check(control),
            Control::Versions { .. }
            | Control::Rates { .. }
            | Control::Proposed { .. }
            | Control::ShadowStarted { .. }
            | Control::ShadowEnded { .. }
            | Control::Listed { .. }
            | Control::Suppressed { .. }
            | Control::Unlisted { .. }
            | Control::Casework { .. }
            | Control::Noted { .. } => Ok(()),
        }
    }
    fn known(&self, id: u64) -> Result<&Proposal, Denied> {
        self.proposals.get(&id).ok_or_else(|| Denied::Unknown(format!("proposal {id}")))
    }
    fn open(&self, id: u64) -> Result<&Proposal, Denied> {
        let found = self.known(id)?;
        match found.state {
            State::Proposed => Ok(found),
            State::Approved { .. } | State::Promoted { .. } | State::Rejected { .. } => {
                Err(Denied::Conflict("this proposal is settled already".into()))
            }
        }
    }
    /// Takes a control record in.
    pub(crate) fn apply(&mut self, position: u64, at: Timestamp, control: &Control) {
        match control {
            Control::Proposed { versions, base, why, by } => {
                let (versions, base, why, by) = (versions.clone(), base.clone(), why.clone(), by.clone());
                let proposal = Proposal { id: position, versions, base, why, by, at, state: State::Proposed };
                self.proposals.insert(position, proposal);
                if self.proposals.len() > PROPOSALS_MAX {
                    self.proposals.pop_first();
                }
            }
            Control::Approved { proposal, by, single_approver } => {
                let by = by.clone();
                self.settle(*proposal, |_| State::Approved { by, at, single_approver: *single_approver });
            }
            Control::Rejected { proposal, why, by } => {
                let (why, by) = (why.clone(), by.clone());
                self.settle(*proposal, |_| State::Rejected { by, at, why });
            }
            Control::Promoted { proposal, .. } => {
                self.settle(*proposal, |before| {
                    let by = match before {
                        State::Approved { by, .. } => by.clone(),
                        _ => Principal::service(),
                    };
                    State::Promoted { by, at, position }
                });
                // What was compared with is no longer what decides.
                self.shadow = None;
            }
            Control::ShadowStarted { versions, from, by } => {
                let (versions, by) = (versions.clone(), by.clone());
                self.shadow = Some(ShadowRun { position, versions, from: *from, by, at });
            }
            Control::ShadowEnded { .. } => self.shadow = None,
            Control::Listed { why, by, .. } | Control::Suppressed { why, by, .. } => {
                self.origins.insert(position, Origin { why: why.clone(), by: by.clone(), at });
            }
            Control::Unlisted { entry, .. } => {
                self.origins.remove(entry);
            }
            Control::UnmaskingAsked { .. }
            | Control::UnmaskingSettled { .. }
            | Control::StaffReviewed { .. }
            | Control::MatchJudged { .. } => self.said.apply(position, at, control),
            Control::Versions { .. }
            | Control::Rates { .. }
            | Control::Casework { .. }
            | Control::Noted { .. } => {}
        }
    }
    fn settle(&mut self, id: u64, state: impl FnOnce(&State) -> State) {
        if let Some(proposal) = self.proposals.get_mut(&id) {
            proposal.state = state(&proposal.state);
        }
    }
}
