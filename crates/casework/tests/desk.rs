//! Whatever people and machines do, in whatever order: does casework stay whole, and does a part of the desk do as well as
//! all of it?

use proptest::prelude::*;
use ringfence_casework::case::{About, Link, Subject, TaskState};
use ringfence_casework::desk::Keys;
use ringfence_casework::{CaseState, Change, Desk, Fact, Judgement, Settings, Stamp};
use ringfence_domain::words::{AppealOutcome, Verdict};
use ringfence_domain::{DecisionKind, Duration, Timestamp};
use std::collections::BTreeSet;

mod common;
use common::{asked, at};

const PEOPLE: [&str; 3] = ["ann", "bob", "cyn"];

fn subject(kind: About, id: u64) -> Subject {
    Subject { kind, id: id.to_string() }
}

/// Any step from three numbers: valid ones and others.
fn step(what: u8, a: u64, b: u64, desk: &Desk, now: Timestamp) -> Fact {
    let (item, case, other) = (a % 12 + 1, a % 5 + 1, b % 5 + 1);
    let refund = format!("R{}", a % 8);
    let why = || "because".to_owned();
    let verdict = [None, Some(Verdict::Abuse), Some(Verdict::Legitimate)][(b % 3) as usize];
    let decision = [DecisionKind::Deny, DecisionKind::InstantRefund][(a % 2) as usize];
    let judgement = |item: u64| match desk.items.get(&item).map(|i| i.kind) {
        Some(ringfence_casework::Kind::Appeal) => Judgement {
            outcome: Some(AppealOutcome::Overturned),
            decision: Some(DecisionKind::StoreCredit),
            verdict,
            ..Judgement::default()
        },
        _ => Judgement { decision: Some(decision), verdict, ..Judgement::default() },
    };
    let tasks = |case: u64| desk.cases.get(&case).map_or(0, |c| c.tasks.len()) as u64;
    let holds = |case: u64| desk.cases.get(&case).map_or(0, |c| c.holds.len()) as u64;
    let change = match what % 26 {
        0 | 1 => {
            let kinds = [DecisionKind::Review, DecisionKind::InstantRefund, DecisionKind::Deny];
            return Fact::Answered(asked(&format!("R{a}"), kinds[(b % 3) as usize], 0.4, 10_000));
        }
        2 => return Fact::AppealOpened { refund, account: "A1".into(), asked: None },
        3 => return Fact::AppealResolved { refund },
        4 => return Fact::Decided { refund, by: "shop-7".into() },
        5..=8 => Change::Claimed { item, until: now.plus(Duration(600_000)), senior: b.is_multiple_of(2) },
        9 => Change::Released { item },
        10..=12 => Change::Judged { item, judgement: judgement(item) },
        13 | 14 => {
            let title = format!("case {a}");
            Change::CaseOpened {
                case: desk.general.cases + 1,
                title,
                from: subject(About::Request, a % 8),
                why: why(),
            }
        }
        15 => Change::Linked { case, link: Link { subject: subject(About::Account, b % 4), why: why() } },
        16 => Change::Unlinked { case, subject: subject(About::Account, b % 4), why: why() },
        17 => Change::Merged { case, into: other, why: why() },
        18 => {
            Change::TaskAdded { case, task: tasks(case) as u32 + 1, title: why(), assignee: None, due: None }
        }
        19 => Change::TaskEnded { case, task: (b % 4) as u32, done: true },
        20 => Change::Closed { case, summary: why() },
        21 => Change::Reopened { case, why: why() },
        22 => Change::HoldSet { case, hold: holds(case) as u32 + 1, why: why() },
        23 => Change::HoldLifted { case, hold: (b % 3) as u32, why: why() },
        24 => Change::Attached { item, case },
        _ => Change::Moved { case, to: CaseState::ALL[(b % 5) as usize], why: why() },
    };
    Fact::Changed(change)
}

/// What holds cover.
fn held(desk: &Desk) -> BTreeSet<Subject> {
    let held = desk.cases.values().filter(|case| case.held());
    let links = held.flat_map(|case| case.links.iter().map(|l| l.link.subject.clone()));
    // Links between cases that become one have nothing to lead to any more.
    links.filter(|subject| subject.kind != About::Case).collect()
}

fn standing(desk: &Desk) -> usize {
    desk.cases.values().map(|case| case.holds.iter().filter(|h| h.lifted.is_none()).count()).sum()
}

fn check_whole(desk: &Desk) {
    for case in desk.cases.values() {
        assert_eq!(case.state == CaseState::Merged, case.successor.is_some(), "case {}", case.id);
        if case.state == CaseState::Merged {
            assert_eq!(case.open_tasks().count(), 0, "case {} was merged with open tasks", case.id);
            assert!(case.holds.is_empty() && case.links.is_empty() && case.items.is_empty());
            let end = &desk.cases[&desk.resolve(case.id)];
            assert!(end.successor.is_none() && end.absorbed.contains(&case.id));
        }
        if case.state == CaseState::Closed {
            assert_eq!(case.open_tasks().count(), 0, "case {} was closed with open tasks", case.id);
        }
        let ids: BTreeSet<u32> = case.tasks.iter().map(|t| t.id).collect();
        assert_eq!(ids.len(), case.tasks.len(), "numbers of tasks are their own");
        assert!(case.tasks.iter().all(|t| (t.state == TaskState::Open) == t.ended.is_none()));
        let json = serde_json::to_string(case).expect("it serialises");
        assert_eq!(&serde_json::from_str::<ringfence_casework::Case>(&json).expect("it reads"), case);
    }
    for item in desk.items.values() {
        if let Some((by, ..)) = item.judged() {
            assert!(!item.not_by.iter().any(|other| other == by), "item {} by one who must not", item.id);
        }
        if let Some(first) = item.second_of {
            let judge = desk.items[&first].judged().map(|(by, ..)| by.to_owned());
            assert!(judge.is_some_and(|judge| item.not_by.contains(&judge)));
            assert_eq!(desk.items[&first].sealed, item.open());
        }
        let json = serde_json::to_string(item).expect("it serialises");
        assert_eq!(&serde_json::from_str::<ringfence_casework::Item>(&json).expect("it reads"), item);
    }
}

/// The part of a desk that a fact names, as a store loads it.
fn part(desk: &Desk, keys: &Keys) -> Desk {
    let mut part = Desk { general: desk.general.clone(), ..Desk::default() };
    let mut item = |id: &u64| {
        if let Some(found) = desk.items.get(id) {
            part.items.insert(*id, found.clone());
        }
    };
    keys.items.iter().for_each(&mut item);
    let mut refunds = keys.refunds.clone();
    refunds.extend(desk.refunds_of(&keys.items));
    for id in &refunds {
        for id in desk.refunds.get(id).map(|r| r.items.clone()).unwrap_or_default() {
            item(&id);
        }
    }
    for id in &refunds {
        part.refunds.extend(desk.refunds.get(id).map(|r| (id.clone(), r.clone())));
    }
    part.cases.extend(keys.cases.iter().filter_map(|id| desk.cases.get(id).map(|c| (*id, c.clone()))));
    part.people
        .extend(keys.users.iter().filter_map(|id| desk.people.get(id).map(|p| (id.clone(), p.clone()))));
    part
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_casework_stays_whole_and_a_part_of_the_desk_does_as_well(
        steps in prop::collection::vec((0_u8..26, 0_u64..40, 0_u64..40, 0_usize..3, 0_i64..400), 1..120)
    ) {
        let settings = Settings { salt: "s".into(), control_share: 0.4, second_share: 0.4, ..Settings::default() };
        let mut desk = Desk::default();
        let mut now = at(0);
        let stamp = |position, at, by: &str| Stamp { position, at, by: by.into() };
        desk.fold(&Fact::Changed(Change::Settings { settings }), &stamp(0, now, ""));
        for (position, (what, a, b, who, seconds)) in (1..).zip(steps) {
            now = now.plus(Duration(seconds * 1_000));
            let by = PEOPLE[who];
            let fact = step(what, a, b, &desk, now);
            let (before, covered) = (standing(&desk), held(&desk));
            let keys = Desk::keys(&fact, by);
            let mut loaded = part(&desk, &keys);
            if let Fact::Changed(change) = &fact {
                let checked = desk.check(change, by, now);
                prop_assert_eq!(&loaded.check(change, by, now), &checked, "a part judges as the whole");
                if let Change::Claimed { item, .. } = change {
                    let holder = desk.items.get(item).and_then(|i| i.holder(now)).map(str::to_owned);
                    // One active claim an item.
                    prop_assert!(checked.is_err() || holder.is_none_or(|holder| holder == by));
                }
                if checked.is_err() {
                    continue;
                }
            }
            let stamp = stamp(position, now, by);
            desk.fold(&fact, &stamp);
            loaded.fold(&fact, &stamp);
            check_whole(&desk);
            prop_assert_eq!(&loaded.general, &desk.general);
            for (id, item) in &loaded.items {
                prop_assert_eq!(&desk.items[id], item);
            }
            for (id, case) in &loaded.cases {
                prop_assert_eq!(&desk.cases[id], case);
            }
            for (id, refund) in &loaded.refunds {
                prop_assert_eq!(&desk.refunds[id], refund);
            }
            let change = match &fact { Fact::Changed(change) => Some(change), _ => None };
            let expect = match change {
                Some(Change::HoldSet { .. }) => before + 1,
                Some(Change::HoldLifted { .. }) => before - 1,
                _ => before,
            };
            prop_assert_eq!(standing(&desk), expect, "holds end only by being lifted: {:?}", fact);
            if !matches!(change, Some(Change::HoldLifted { .. })) {
                prop_assert!(held(&desk).is_superset(&covered), "what is held stays held: {:?}", fact);
            }
        }
    }
}
