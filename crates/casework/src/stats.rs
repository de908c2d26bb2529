//! How does the queue do? What waits, how long, and what was done in time: counts of groups, added up.

use crate::item::Kind;
use ringfence_domain::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counts of the items of one kind and skill, as whoever holds them counts them.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// What is to be done.
    pub kind: Kind,
    /// Who can do it.
    pub skill: String,
    /// Items that nobody has.
    pub waiting: u64,
    /// Items that somebody has.
    pub claimed: u64,
    /// Minutes of work in both.
    pub minutes: f64,
    /// What doing both is expected to save, minor units of the reporting currency.
    pub saves: f64,
    /// Of both, those whose customer should have heard by now.
    pub overdue: u64,
    /// When the oldest of both came.
    pub oldest: Option<Timestamp>,
    /// Items judged in the time that is looked at.
    pub done: u64,
    /// Of them, those whose customer could hear in time.
    pub in_time: u64,
    /// Of them, those done within the deployment's own measure.
    pub within_sla: u64,
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
    /// What doing both is expected to save, minor units of the reporting currency.
    pub saves: f64,
    /// Of both, those whose customer should have heard by now.
    pub overdue: u64,
    /// Age of the oldest of both, minutes.
    pub oldest_minutes: Option<i64>,
    /// Age that half of them have at least, minutes; of the whole queue only.
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

fn minutes_old(opened: Timestamp, now: Timestamp) -> i64 {
    now.since(opened).0 / 60_000
}

fn figures<'a>(groups: impl Iterator<Item = &'a Group>, now: Timestamp) -> Figures {
    let mut out = Figures::default();
    let (mut in_time, mut within) = (0_u64, 0_u64);
    for group in groups {
        out.waiting += group.waiting;
        out.claimed += group.claimed;
        out.minutes += group.minutes;
        out.saves += group.saves;
        out.overdue += group.overdue;
        out.oldest_minutes = out.oldest_minutes.max(group.oldest.map(|opened| minutes_old(opened, now)));
        out.done += group.done;
        in_time += group.in_time;
        within += group.within_sla;
    }
    let share = |n: u64| (out.done > 0).then(|| n as f64 / out.done as f64);
    (out.in_time, out.within_sla) = (share(in_time), share(within));
    out
}

/// The figures of these groups now; `median` is when the item came that is older than half of those to be done.
pub fn statistics(groups: &[Group], median: Option<Timestamp>, now: Timestamp) -> Statistics {
    let kind = |kind: Kind| figures(groups.iter().filter(|g| g.kind == kind), now);
    let skill = |skill: &str| figures(groups.iter().filter(|g| g.skill == skill), now);
    Statistics {
        all: Figures {
            median_minutes: median.map(|opened| minutes_old(opened, now)),
            ..figures(groups.iter(), now)
        },
        kinds: groups.iter().map(|g| (g.kind, kind(g.kind))).collect(),
        skills: groups.iter().map(|g| (g.skill.clone(), skill(&g.skill))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_add_up_and_shares_are_of_what_was_done() {
        let at = |minutes: i64| Timestamp::from_millis(1_700_000_000_000 + minutes * 60_000).expect("a time");
        let group = |kind, skill: &str, waiting, oldest, done, in_time| Group {
            kind,
            skill: skill.into(),
            waiting,
            claimed: 1,
            minutes: 10.0,
            saves: 500.0,
            overdue: 0,
            oldest,
            done,
            in_time,
            within_sla: done,
        };
        let groups = [
            group(Kind::Review, "general", 3, Some(at(0)), 8, 6),
            group(Kind::Review, "couriers", 1, Some(at(40)), 0, 0),
            group(Kind::Appeal, "general", 0, None, 2, 0),
        ];
        let told = statistics(&groups, Some(at(30)), at(60));
        assert_eq!((told.all.waiting, told.all.claimed, told.all.done), (4, 3, 10));
        assert_eq!((told.all.oldest_minutes, told.all.median_minutes), (Some(60), Some(30)));
        assert_eq!((told.all.in_time, told.all.within_sla), (Some(0.6), Some(1.0)));
        assert_eq!(told.skills["couriers"].in_time, None, "nothing was done");
        assert_eq!((told.kinds[&Kind::Review].waiting, told.skills["general"].done), (4, 10));
        assert_eq!(statistics(&[], None, at(0)), Statistics::default());
    }
}
