//! How does the queue do? What waits, how long, and what was done in time.

use crate::item::Kind;
use ringfence_domain::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the figures need of an item.
#[derive(Clone, PartialEq, Debug)]
pub struct Aged {
    /// What is to be done.
    pub kind: Kind,
    /// Who can do it.
    pub skill: String,
    /// When it came.
    pub opened: Timestamp,
    /// When the customer must have heard by.
    pub due: Timestamp,
    /// When it is to be done by the deployment's own measure.
    pub target: Timestamp,
    /// Minutes that it takes.
    pub minutes: f64,
    /// When it was judged; none where it waits.
    pub done: Option<Timestamp>,
    /// Whether somebody has it.
    pub claimed: bool,
}

/// Figures of some items.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// Items that nobody has.
    pub waiting: u64,
    /// Items that somebody has.
    pub claimed: u64,
    /// Minutes of work in both.
    pub minutes: f64,
    /// Of both, those whose customer should have heard by now.
    pub overdue: u64,
    /// Age of the oldest of both, minutes.
    pub oldest_minutes: Option<i64>,
    /// Age that half of them have at least, minutes.
    pub median_minutes: Option<i64>,
    /// Items judged in the time that is looked at.
    pub done: u64,
    /// Of them, share whose customer could hear in time; none where none was judged.
    pub in_time: Option<f64>,
    /// Of them, share done within the deployment's own measure.
    pub within_sla: Option<f64>,
}

/// The whole queue, and its parts.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Statistics {
    /// All of it.
    pub all: Figures,
    /// By kind.
    pub kinds: BTreeMap<Kind, Figures>,
    /// By skill.
    pub skills: BTreeMap<String, Figures>,
}

fn figures<'a>(items: impl Iterator<Item = &'a Aged>, now: Timestamp) -> Figures {
    let mut out = Figures::default();
    let (mut in_time, mut within) = (0_u64, 0_u64);
    let mut ages: Vec<i64> = Vec::new();
    for item in items {
        if let Some(done) = item.done {
            out.done += 1;
            in_time += u64::from(done <= item.due);
            within += u64::from(done <= item.target);
            continue;
        }
        *(if item.claimed { &mut out.claimed } else { &mut out.waiting }) += 1;
        out.minutes += item.minutes;
        out.overdue += u64::from(item.due < now);
        ages.push(now.since(item.opened).0 / 60_000);
    }
    ages.sort_unstable();
    out.oldest_minutes = ages.last().copied();
    out.median_minutes = ages.get(ages.len() / 2).copied();
    let share = |n: u64| (out.done > 0).then(|| n as f64 / out.done as f64);
    (out.in_time, out.within_sla) = (share(in_time), share(within));
    out
}

/// The figures of these items now.
pub fn statistics(items: &[Aged], now: Timestamp) -> Statistics {
    let mut kinds: BTreeMap<Kind, Vec<&Aged>> = BTreeMap::new();
    let mut skills: BTreeMap<String, Vec<&Aged>> = BTreeMap::new();
    for item in items {
        kinds.entry(item.kind).or_default().push(item);
        skills.entry(item.skill.clone()).or_default().push(item);
    }
    Statistics {
        all: figures(items.iter(), now),
        kinds: kinds.into_iter().map(|(k, of)| (k, figures(of.into_iter(), now))).collect(),
        skills: skills.into_iter().map(|(k, of)| (k, figures(of.into_iter(), now))).collect(),
    }
}
