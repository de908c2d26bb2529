//! What is shown of an item? What a person needs to judge it, and nothing by which a control or a second review could be
//! told from the others: no score, no decision of the machine, no earlier judgement while it is open.

use ringfence_casework::{Item, Judgement, Kind, State};
use ringfence_domain::words::ClaimReason;
use ringfence_domain::{Money, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

/// How far an item is, as it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Nobody has it.
    Waiting,
    /// Somebody has it.
    Claimed,
    /// Judged.
    Done,
    /// Decided elsewhere.
    Settled,
}

/// An item of the queue.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct ItemView {
    /// Its number.
    pub id: u64,
    /// What is to be done.
    pub kind: Kind,
    /// Who can do it.
    pub skill: String,
    /// The refund.
    pub refund: String,
    /// The account.
    pub account: String,
    /// The order; empty where it is not known.
    pub order: String,
    /// What is asked for.
    pub amount: Option<Money>,
    /// Why the customer asks.
    pub reason: Option<ClaimReason>,
    /// Reason codes of the machine, strongest first: what to look at.
    pub reason_codes: Vec<String>,
    /// When it came.
    pub opened: Timestamp,
    /// When the customer must have heard by.
    pub due: Timestamp,
    /// When it is to be done by the deployment's own measure.
    pub target: Timestamp,
    /// Minutes that such an item takes.
    pub minutes: f64,
    /// How far it is.
    pub progress: Progress,
    /// Who has it, or did it.
    pub by: Option<String>,
    /// Until when the claim holds.
    pub until: Option<Timestamp>,
    /// When it was done.
    pub done: Option<Timestamp>,
    /// How it was judged; hidden while another judges it again.
    pub judgement: Option<Judgement>,
    /// The case that it was taken into.
    pub case: Option<u64>,
}

impl ItemView {
    /// Of an item as it is now.
    pub fn of(item: &Item, now: Timestamp) -> ItemView {
        let (mut by, mut until, mut done, mut judgement) = (None, None, None, None);
        let progress = match &item.state {
            State::Claimed { by: holder, until: end, .. } if *end > now => {
                (by, until) = (Some(holder.clone()), Some(*end));
                Progress::Claimed
            }
            State::Waiting | State::Claimed { .. } => Progress::Waiting,
            State::Done { by: judge, at, judgement: how } => {
                (by, done) = (Some(judge.clone()), Some(*at));
                judgement = Some(how.clone()).filter(|_| !item.sealed);
                Progress::Done
            }
            State::Settled { by: other, at } => {
                (by, done) = (Some(other.clone()).filter(|by| !by.is_empty()), Some(*at));
                Progress::Settled
            }
        };
        ItemView {
            id: item.id,
            kind: item.kind,
            skill: item.skill.clone(),
            refund: item.asked.refund.clone(),
            account: item.asked.account.clone(),
            order: item.asked.order.clone(),
            amount: item.asked.amount,
            reason: item.asked.reason,
            reason_codes: item.asked.reason_codes.clone(),
            opened: item.opened,
            due: item.due,
            target: item.target,
            minutes: item.minutes,
            progress,
            by,
            until,
            done,
            judgement,
            case: item.case,
        }
    }
}
