//! Are the tables the same in SQLite and PostgreSQL, folded at once or in pieces, and read alike?

use ringfence_casestore::read::{After, CaseFilter, ItemFilter, Items};
use ringfence_casestore::testing::{Cluster, file};
use ringfence_casestore::{Place, Progress, Store, StoreError};
use ringfence_casework::case::{About, Link, Subject};
use ringfence_casework::stats::Group;
use ringfence_casework::{Asked, CaseState, Change, Desk, Fact, Item, Judgement, Kind, Settings, Stamp};
use ringfence_domain::words::{ClaimReason, Verdict};
use ringfence_domain::{Currency, DecisionKind, Duration, Money, Timestamp};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1_000).expect("a time")
}

fn asked(n: u64) -> Asked {
    Asked {
        refund: format!("R{n}"),
        account: format!("A{}", n % 7),
        order: format!("O'{n}"),
        amount: Some(Money { amount: 1_000 + n as i64 % 5, currency: Currency::EUR }),
        amount_reporting: 1_000 + n as i64 % 5,
        reason: Some(ClaimReason::Damaged),
        decision: if n.is_multiple_of(3) { DecisionKind::InstantRefund } else { DecisionKind::Review },
        score: 0.5,
        reason_codes: vec!["damaged".into()],
        cluster: None,
        decided_at: at(n as i64),
        respond_by: at(n as i64 + 86_400),
        position: n,
    }
}

fn subject(kind: About, id: &str) -> Subject {
    Subject { kind, id: id.into() }
}

/// A shop's day: items, judgements, appeals, cases.
fn facts() -> Vec<(Fact, Stamp)> {
    let settings =
        Settings { salt: "s".into(), control_share: 0.3, second_share: 0.5, ..Settings::default() };
    let mut facts = vec![(Fact::Changed(Change::Settings { settings }), "")];
    facts.extend((1..=40).map(|n| (Fact::Answered(asked(n)), "")));
    let why = || "because of „this“".to_owned();
    let judgement = |verdict| Judgement {
        decision: Some(DecisionKind::Deny),
        verdict: Some(verdict),
        note: "nothing was in the box; 100 % sure".into(),
        ..Judgement::default()
    };
    for item in 1..=12 {
        facts.push((Fact::Changed(Change::Claimed { item, until: at(9_000), senior: false }), "ann"));
        if item > 2 {
            let verdict = if item.is_multiple_of(2) { Verdict::Abuse } else { Verdict::Legitimate };
            facts.push((Fact::Changed(Change::Judged { item, judgement: judgement(verdict) }), "ann"));
        }
    }
    facts.push((Fact::AppealOpened { refund: "R4".into(), account: "A4".into(), asked: Some(asked(4)) }, ""));
    facts.push((Fact::Decided { refund: "R40".into(), by: "shop-7".into() }, ""));
    let change = |change| (Fact::Changed(change), "bob");
    for case in 1..=4 {
        let from = subject(About::Request, &format!("R{case}"));
        facts.push(change(Change::CaseOpened { case, title: format!("case {case}"), from, why: why() }));
        let link = Link { subject: subject(About::Account, "A1"), why: why() };
        facts.push(change(Change::Linked { case, link }));
        let (task, title) = (1, format!("ask {case}"));
        facts.push(change(Change::TaskAdded {
            case,
            task,
            title,
            assignee: Some("cyn".into()),
            due: Some(at(case as i64)),
        }));
    }
    facts.push(change(Change::HoldSet { case: 2, hold: 1, why: why() }));
    facts.push(change(Change::Noted { case: 2, text: why() }));
    facts.push(change(Change::Attached { item: 1, case: 2 }));
    facts.push(change(Change::TaskEnded { case: 3, task: 1, done: true }));
    facts.push(change(Change::Merged { case: 2, into: 1, why: why() }));
    facts.push(change(Change::Unlinked { case: 3, subject: subject(About::Account, "A1"), why: why() }));
    facts.push(change(Change::Skills { user: "dan".into(), skills: ["general".to_owned()].into() }));
    let stamped = facts.into_iter().zip(0..);
    stamped.map(|((fact, by), n)| (fact, Stamp { position: n, at: at(n as i64), by: by.into() })).collect()
}

async fn fold(store: &Store, facts: &[(Fact, Stamp)], pieces: usize) {
    for piece in facts.chunks(pieces) {
        let mut batch = store.begin().await.expect("a transaction");
        for (fact, stamp) in piece {
            batch.fold(fact, stamp).await.expect("folded");
        }
        let next = piece.last().expect("some").1.position + 1;
        batch.finish(&Progress { next, ..Progress::default() }).await.expect("written");
    }
}

/// The places to test with.
fn places(folder: &std::path::Path, cluster: Option<&Cluster>, name: &str) -> Vec<Place> {
    let mut places = vec![file(folder, &format!("{name}.sqlite"))];
    places.extend(cluster.map(|cluster| cluster.database(name)));
    places
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_are_the_same_in_both_databases_and_in_any_pieces() {
    let folder = tempfile::tempdir().expect("a folder");
    let cluster = Cluster::start();
    let facts = facts();
    let mut desk = Desk::default();
    for (fact, stamp) in &facts {
        desk.fold(fact, stamp);
    }
    let mut expect: Option<Vec<String>> = None;
    for pieces in [1, 7, 1_000] {
        for place in places(folder.path(), cluster.as_ref(), &format!("p{pieces}")) {
            let store = Store::open(&place).await.unwrap_or_else(|e| panic!("{place:?}: {e}"));
            fold(&store, &facts, pieces).await;
            let rows = store.dump().await.expect("rows");
            assert!(rows.len() > 80, "{}", rows.len());
            match &expect {
                None => expect = Some(rows),
                Some(expect) => assert_eq!(&rows, expect, "{place:?} in pieces of {pieces}"),
            }
            // And they are what a desk of everything has.
            for (id, item) in &desk.items {
                assert_eq!(store.item(*id).await.expect("read").as_ref(), Some(item));
            }
            for (id, case) in &desk.cases {
                assert_eq!(store.case(*id).await.expect("read").as_ref(), Some(case));
            }
            assert_eq!(store.general().await.expect("read"), desk.general);
            // What is not finished is not there.
            let mut batch = store.begin().await.expect("a transaction");
            let stamp = Stamp { position: 999, at: at(999), by: String::new() };
            batch.fold(&Fact::Answered(asked(100)), &stamp).await.expect("folded");
            drop(batch);
            assert_eq!(store.progress().await.expect("read").next, facts.len() as u64);
            store.close().await;
            // Opened again it is the same, and emptied it begins again.
            let store = Store::open(&place).await.expect("again");
            assert_eq!(Some(&store.dump().await.expect("rows")), expect.as_ref());
            store.clear().await.expect("emptied");
            assert_eq!(
                (store.progress().await.expect("read"), store.dump().await.expect("rows").len()),
                (Progress::default(), 1)
            );
            fold(&store, &facts, 13).await;
            assert_eq!(Some(&store.dump().await.expect("rows")), expect.as_ref());
            store.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_whole_in_order_and_in_pages() {
    let folder = tempfile::tempdir().expect("a folder");
    let cluster = Cluster::start();
    for place in places(folder.path(), cluster.as_ref(), "lists") {
        let store = Store::open(&place).await.expect("opened");
        fold(&store, &facts(), 1_000).await;
        let now = at(1_000);
        for (items, kind) in
            [(Items::Free, None), (Items::Open, None), (Items::Done, None), (Items::Open, Some(Kind::Appeal))]
        {
            let filter = ItemFilter { items, kind, ..ItemFilter::default() };
            let (whole, next) = store.items(&filter, None, 200, now).await.expect("a page");
            assert!(!whole.is_empty() && next.is_none(), "{filter:?}");
            let mut paged = Vec::new();
            let mut after: Option<After> = None;
            loop {
                let (page, next) = store.items(&filter, after, 3, now).await.expect("a page");
                assert!(page.len() <= 3);
                paged.extend(page);
                after = next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(paged, whole, "{place:?} {filter:?}");
            let sorted = match items {
                Items::Done => whole.is_sorted_by_key(|i| std::cmp::Reverse(i.judged().map(|(_, at, _)| at))),
                Items::Free | Items::Open => whole.is_sorted_by_key(|i| (std::cmp::Reverse(i.worth), i.id)),
            };
            assert!(sorted, "{filter:?}");
            assert!(whole.iter().all(|i| items != Items::Free || i.free(now)));
        }
        assert_eq!(store.claims("ann", now).await.expect("read").len(), 2);
        // Claims end by themselves.
        assert_eq!(store.claims("ann", at(9_001)).await.expect("read").len(), 0);
        let free = |now| {
            let store = store.clone();
            async move { store.waiting("general", now, 100).await.expect("read").len() }
        };
        assert_eq!(free(at(9_001)).await, free(now).await + 2);
        let (cases, _) = store.cases(&CaseFilter::default(), None, 10).await.expect("a page");
        assert_eq!(cases.len(), 4);
        assert!(cases.is_sorted_by_key(|c| (std::cmp::Reverse(c.updated), std::cmp::Reverse(c.id))));
        let count = |filter: CaseFilter| {
            let store = store.clone();
            async move { store.cases(&filter, None, 10).await.expect("a page").0.len() }
        };
        assert_eq!(count(CaseFilter { live: true, ..CaseFilter::default() }).await, 3);
        assert_eq!(count(CaseFilter { state: Some(CaseState::Merged), ..CaseFilter::default() }).await, 1);
        assert_eq!(count(CaseFilter { held: true, ..CaseFilter::default() }).await, 1);
        assert_eq!(count(CaseFilter { assignee: Some("bob".into()), ..CaseFilter::default() }).await, 0);
        // The hold went on in the case that the other was merged into, with what it covers.
        assert_eq!(store.held_by(&subject(About::Request, "R2")).await.expect("read"), [1]);
        assert_eq!(store.held_by(&subject(About::Request, "R3")).await.expect("read"), [0_u64; 0]);
        assert_eq!(store.held(About::Request, "", 10).await.expect("read"), ["R1", "R2"]);
        let of = store.cases_of(&subject(About::Account, "A1")).await.expect("read");
        assert_eq!(of.iter().map(|c| c.id).collect::<Vec<u64>>(), [4, 1]);
        let tasks = store.tasks(Some("cyn"), 10).await.expect("read");
        assert_eq!(tasks.iter().map(|t| (t.case, t.task)).collect::<Vec<_>>(), [(1, 1), (1, 2), (4, 1)]);
        let case = store.case(1).await.expect("read").expect("there");
        let history = store.entries(&case, None, 100).await.expect("read");
        assert!(history.is_sorted_by_key(|e| std::cmp::Reverse(e.position)));
        assert!(
            history.iter().any(|e| e.case == 2 && e.did == "case_noted"),
            "of the one that was merged too"
        );
        let older = store.entries(&case, Some(history[2].position), 1).await.expect("read");
        assert_eq!(older[0], history[3]);
        let looks = store.second_looks(at(0)).await.expect("read");
        assert_eq!(looks.len(), 0, "nobody judged a second time yet");
        assert!(!store.controls(at(0)).await.expect("read").is_empty());
        // Figures are counted by the database as they are from the items themselves.
        let list = |items| {
            let store = store.clone();
            async move {
                store
                    .items(&ItemFilter { items, ..ItemFilter::default() }, None, 200, now)
                    .await
                    .expect("a page")
                    .0
            }
        };
        let (open, done) = (list(Items::Open).await, list(Items::Done).await);
        let (groups, median) = store.groups(now.plus(Duration(-86_400_000)), now).await.expect("read");
        let sum = |count: fn(&Group) -> u64| groups.iter().map(count).sum::<u64>();
        let of = |is: &dyn Fn(&Item) -> bool| (open.iter().filter(|i| is(i)).count()) as u64;
        assert_eq!(sum(|g| g.waiting), of(&|i| i.free(now)));
        assert_eq!(sum(|g| g.claimed), of(&|i| !i.free(now)));
        assert_eq!(sum(|g| g.overdue), of(&|i| i.due < now));
        assert_eq!((sum(|g| g.done), done.len()), (10, 10));
        let saves: f64 = groups.iter().map(|g| g.saves).sum();
        let worth: f64 = open.iter().map(|i| i.worth as f64 * i.minutes / 1_000.0).sum();
        assert!(worth > 0.0 && (saves - worth).abs() < 1e-6 * worth, "{saves} is not {worth}");
        let judged = |due: fn(&Item) -> Timestamp| {
            done.iter().filter(|i| i.judged().is_some_and(|(_, at, _)| at <= due(i))).count() as u64
        };
        assert_eq!((sum(|g| g.in_time), sum(|g| g.within_sla)), (judged(|i| i.due), judged(|i| i.target)));
        let mut opened: Vec<Timestamp> = open.iter().map(|i| i.opened).collect();
        opened.sort();
        assert_eq!(median, Some(opened[opened.len() / 2]));
        assert_eq!(groups.iter().filter_map(|g| g.oldest).min(), opened.first().copied());
        let (later, _) = store.groups(at(500_000), at(500_000)).await.expect("read");
        assert_eq!(
            later.iter().map(|g| (g.done, g.claimed)).max(),
            Some((0, 0)),
            "long ago, and claims have ended"
        );
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_had_says_so_without_its_password() {
    let place = Place::server("postgres://rf:s3cret@127.0.0.1:1/none").expect("an address");
    let refused = Store::open(&place).await.expect_err("nobody listens");
    assert!(
        matches!(refused, StoreError::Database(_)) && !refused.to_string().contains("s3cret"),
        "{refused}"
    );
}
