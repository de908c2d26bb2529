//! What did people say of leads? Who asked for a name and who agreed, and which posts they hold to be about which refunds.

use crate::core::control::{Control, Principal};
use crate::core::register::{Denied, two_persons};
use ringfence_domain::words::Verdict;
use ringfence_domain::{Duration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A name that two people asked for is shown for so long; then it takes two again.
pub const UNMASKED_FOR: Duration = Duration::days(30);
/// Requests for names that are remembered; older ones stay in the log.
const UNMASKINGS_MAX: usize = 1_000;
/// Reviewed members of staff that are remembered.
const REVIEWS_MAX: usize = 20_000;
/// Judged matches that are remembered.
const MATCHES_MAX: usize = 100_000;

/// What became of a request for a name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Unmasked {
    /// Nobody else has said anything yet.
    Asked,
    /// Somebody else agreed: the name is shown until then.
    Granted {
        /// Who.
        #[serde(rename = "granted_by")]
        by: Principal,
        /// Until when.
        until: Timestamp,
    },
    /// Somebody did not.
    Refused {
        /// Who.
        #[serde(rename = "refused_by")]
        by: Principal,
        /// Why.
        #[serde(rename = "refused_why")]
        why: String,
    },
}

/// Somebody wants to know who a member of staff is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Unmasking {
    /// Its number: its position in the log.
    pub id: u64,
    /// The pseudonym. The name itself is not in the log's control records.
    pub staff: String,
    /// Why.
    pub why: String,
    /// Who.
    pub by: Principal,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    #[serde(flatten)]
    pub state: Unmasked,
}

/// What people hold of a match.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JudgedMatch {
    /// Whether the post is about the refund.
    pub holds: bool,
    /// Why.
    pub why: String,
    /// Who.
    pub by: Principal,
    /// When.
    pub at: Timestamp,
}

/// What somebody found of a member of staff.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// What.
    pub verdict: Verdict,
    /// Who.
    pub by: Principal,
    /// When.
    pub at: Timestamp,
}

/// What people said of leads so far.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Said {
    /// Requests for names, by number.
    pub unmaskings: BTreeMap<u64, Unmasking>,
    /// By post, then by refund; the latest word stands.
    pub matches: BTreeMap<String, BTreeMap<String, JudgedMatch>>,
    /// By pseudonym: what was found of a member of staff; the latest word stands.
    #[serde(default)]
    pub reviews: BTreeMap<String, Review>,
}

impl Said {
    /// Whether somebody may see who this is, at a moment.
    pub fn is_unmasked(&self, staff: &str, now: Timestamp) -> bool {
        self.unmaskings
            .values()
            .any(|u| u.staff == staff && matches!(u.state, Unmasked::Granted { until, .. } if now < until))
    }
    /// What was said of a match.
    pub fn of_match(&self, post: &str, refund: &str) -> Option<&JudgedMatch> {
        self.matches.get(post)?.get(refund)
    }
    pub(super) fn check(&self, control: &Control) -> Result<(), Denied> {
        match control {
            Control::UnmaskingAsked { staff, .. }
                if self.unmaskings.values().any(|u| u.staff == *staff && u.state == Unmasked::Asked) =>
            {
                Err(Denied::Conflict("somebody asked for this name already; settle that first".into()))
            }
            Control::UnmaskingSettled { asked, granted, by, single_approver, .. } => {
                let found = self.unmaskings.get(asked);
                let found = found.ok_or_else(|| Denied::Unknown(format!("request for a name {asked}")))?;
                if found.state != Unmasked::Asked {
                    return Err(Denied::Conflict("this request for a name is settled already".into()));
                }
                if *granted && !single_approver { two_persons(&found.by, by) } else { Ok(()) }
            }
            Control::MatchJudged { post, .. }
                if self.matches.len() >= MATCHES_MAX && !self.matches.contains_key(post) =>
            {
                Err(Denied::TooMany(format!("there are judged matches of {MATCHES_MAX} posts already")))
            }
            Control::StaffReviewed { staff, .. }
                if self.reviews.len() >= REVIEWS_MAX && !self.reviews.contains_key(staff) =>
            {
                Err(Denied::TooMany(format!("{REVIEWS_MAX} members of staff were reviewed already")))
            }
            _ => Ok(()),
        }
    }
    pub(super) fn apply(&mut self, position: u64, at: Timestamp, control: &Control) {
        match control {
            Control::UnmaskingAsked { staff, why, by } => {
                let (staff, why, by) = (staff.clone(), why.clone(), by.clone());
                let asked = Unmasking { id: position, staff, why, by, at, state: Unmasked::Asked };
                self.unmaskings.insert(position, asked);
                if self.unmaskings.len() > UNMASKINGS_MAX {
                    self.unmaskings.pop_first();
                }
            }
            Control::UnmaskingSettled { asked, granted, why, by, single_approver: _ } => {
                if let Some(found) = self.unmaskings.get_mut(asked) {
                    let by = by.clone();
                    found.state = if *granted {
                        Unmasked::Granted { by, until: at.plus(UNMASKED_FOR) }
                    } else {
                        Unmasked::Refused { by, why: why.clone() }
                    };
                }
            }
            Control::StaffReviewed { staff, verdict, by } => {
                let review = Review { verdict: *verdict, by: by.clone(), at };
                self.reviews.insert(staff.clone(), review);
            }
            Control::MatchJudged { post, refund, holds, why, by } => {
                let judged = JudgedMatch { holds: *holds, why: why.clone(), by: by.clone(), at };
                self.matches.entry(post.clone()).or_default().insert(refund.clone(), judged);
            }
            _ => {}
        }
    }
}
