//! Is a lead the same lead from run to run, and does it not flicker? Findings by hand against the leads of the log.
#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.

use ringfence_domain::codec::{Decoder, LEAD_MEMBERS_MAX, Limits};
use ringfence_domain::event::{Subject, VerdictRecorded};
use ringfence_domain::id::{AccountId, EventId, Label, RefundId, Source, SubjectId};
use ringfence_domain::lead::{LeadMember, LeadTie};
use ringfence_domain::words::{LeadKind, MemberKind, SubjectKind, TieKind, Verdict, VerdictMethod};
use ringfence_domain::{Body, Currency, Duration, Event, Money, Timestamp, encode};
use ringfence_leads::log::{Book, Finding, Step, Thresholds, events, step};
use std::ops::Range;

fn day(n: i64) -> Timestamp {
    Timestamp::parse("2023-03-01T00:00:00Z").unwrap().plus(Duration::days(n))
}

/// A ring of accounts and refunds with these numbers, tied by one device.
fn ring(accounts: Range<usize>, refunds: Range<usize>, device: &str) -> Finding {
    let member = |n: usize| LeadMember {
        kind: MemberKind::Account,
        id: SubjectId::new(&format!("A{n}")).unwrap(),
        probability: 0.9,
        since: None,
        refunds: None,
        money: None,
    };
    let tie = LeadTie {
        kind: TieKind::Device,
        value: device.to_owned(),
        probability: 0.99,
        accounts: accounts.clone().map(|n| AccountId::new(&format!("A{n}")).unwrap()).collect(),
        since: None,
        shared_by: Some(accounts.len() as u32),
        orders: Some(0),
    };
    Finding {
        kind: LeadKind::Ring,
        name: format!("ring-R{}", refunds.start),
        method: Label::new("test/1").unwrap(),
        probability: 0.95,
        fdr: 0.05,
        stands: true,
        stopped: false,
        members: accounts.map(member).collect(),
        refunds: refunds.clone().map(|n| RefundId::new(&format!("R{n}")).unwrap()).collect(),
        money: Money::new(refunds.len() as i64 * 10_000, Currency::USD).unwrap(),
        ties: vec![tie],
        confirmed: Some(0),
        why: vec!["seen".to_owned()],
        against: Vec::new(),
        span: None,
        pattern: None,
    }
}

/// Runs day after day; what each told, as `raised ring-R1`.
fn check(runs: &[Vec<Finding>], expect: &[&[&str]]) -> Book {
    let mut book = Book::default();
    for (n, findings) in runs.iter().enumerate() {
        let told = run(&mut book, findings, n as i64);
        assert_eq!(told, expect[n], "run {n}");
    }
    book
}

fn run(book: &mut Book, findings: &[Finding], n: i64) -> Vec<String> {
    let changes = step(book, findings, &[LeadKind::Ring], &Thresholds::default());
    let mut told = Vec::new();
    for event in events(&changes, day(n)) {
        told.push(match &event.body {
            Body::LeadRaised(e) => format!("raised {}", e.lead),
            Body::LeadWithdrawn(e) => format!("{} {}", e.reason, e.lead),
            other => panic!("{other:?}"),
        });
        // As the log would have it: written and read again.
        let mut line = Vec::new();
        encode(&event, &mut line);
        let read = Decoder::new(Limits::default()).decode(&line).unwrap();
        assert_eq!(read, event);
        book.see(&read, 0);
    }
    told
}

#[test]
fn a_ring_that_grows_and_changes_its_devices_stays_one_lead() {
    let book = check(
        &[
            vec![ring(0..5, 10..16, "D1")],
            vec![ring(0..5, 10..16, "D1")],
            // An earlier request comes to light: the finding has another name.
            vec![ring(0..8, 9..20, "D1")],
            // New devices, half of the accounts new; then the old ones are gone from sight.
            vec![ring(3..12, 14..26, "D2")],
            vec![ring(6..15, 18..32, "D3")],
        ],
        &[&["raised ring-R10"], &[], &["raised ring-R10"], &["raised ring-R10"], &["raised ring-R10"]],
    );
    let lead = book.lead("ring-R10").unwrap();
    assert!(lead.open() && lead.opened == day(0) && lead.as_of == day(4));
    assert_eq!((lead.members.len(), lead.refunds.len(), lead.ties.len()), (9, 14, 1));
    let steps: Vec<Step> = lead.history.iter().map(|m| m.step).collect();
    assert_eq!(steps, [Step::Raised, Step::Changed, Step::Changed, Step::Changed]);
}

#[test]
fn other_people_are_another_lead() {
    check(
        &[vec![ring(0..5, 10..16, "D1")], vec![ring(0..5, 10..16, "D1"), ring(20..25, 50..56, "D1")]],
        &[&["raised ring-R10"], &["raised ring-R50"]],
    );
}

#[test]
fn a_ring_that_splits_goes_on_in_the_larger_part_and_the_other_is_new() {
    let book = check(
        &[vec![ring(0..12, 10..30, "D1")], vec![ring(0..4, 10..15, "D1"), ring(4..12, 15..30, "D2")]],
        &[&["raised ring-R10"], &["raised ring-R10-2", "raised ring-R10"]],
    );
    assert_eq!(book.lead("ring-R10").unwrap().members.len(), 8);
}

#[test]
fn rings_that_merge_go_on_in_the_larger_one_and_say_so() {
    let book = check(
        &[vec![ring(0..4, 10..15, "D1"), ring(4..12, 15..30, "D2")], vec![ring(0..12, 10..30, "D1")]],
        &[&["raised ring-R10", "raised ring-R15"], &["raised ring-R15", "merged ring-R10"]],
    );
    let state = serde_json::to_value(book.lead("ring-R10").unwrap()).unwrap();
    assert_eq!((state["state"].as_str(), state["into"].as_str()), (Some("withdrawn"), Some("ring-R15")));
}

#[test]
fn a_ring_that_stops_is_withdrawn_once_and_raised_again_when_it_goes_on() {
    let stopped = || Finding { stopped: true, ..ring(0..5, 10..16, "D1") };
    let book = check(
        &[vec![ring(0..5, 10..16, "D1")], vec![stopped()], vec![stopped()], vec![ring(0..6, 10..18, "D1")]],
        &[&["raised ring-R10"], &["stopped ring-R10"], &[], &["raised ring-R10"]],
    );
    assert_eq!(book.lead("ring-R10").unwrap().opened, day(0));
}

#[test]
fn one_that_had_stopped_before_anybody_looked_is_told_and_closed_at_once() {
    let stopped = || Finding { stopped: true, ..ring(0..5, 10..16, "D1") };
    check(&[vec![stopped()], vec![stopped()]], &[&["raised ring-R10", "stopped ring-R10"], &[]]);
}

#[test]
fn a_lead_does_not_flicker_at_the_edge() {
    let at = |probability: f64, stands: bool| Finding { probability, stands, ..ring(0..5, 10..16, "D1") };
    check(
        &[
            vec![at(0.79, true)],
            vec![at(0.9, false)],
            vec![at(0.81, true)],
            // Below what opens a lead, and beyond the false-discovery rate: it stays all the same.
            vec![at(0.78, false)],
            vec![at(0.77, true)],
            vec![at(0.51, false)],
            vec![at(0.49, false)],
            vec![at(0.7, false)],
            vec![],
        ],
        &[
            &[],
            &[],
            &["raised ring-R10"],
            &[],
            &[],
            &["raised ring-R10"],
            &["not_supported ring-R10"],
            &[],
            &[],
        ],
    );
}

#[test]
fn what_is_not_found_any_more_is_withdrawn_and_other_kinds_are_left_alone() {
    let mut staff = ring(0..1, 70..80, "");
    (staff.kind, staff.name) = (LeadKind::Staff, "staff-S1".into());
    let mut book =
        check(&[vec![ring(0..5, 10..16, "D1"), staff]], &[&["raised ring-R10", "raised staff-S1"]]);
    assert_eq!(run(&mut book, &[], 1), ["not_supported ring-R10"]);
    assert!(book.lead("staff-S1").unwrap().open());
}

#[test]
fn what_people_found_legitimate_stays_withdrawn_until_it_has_grown_by_half() {
    let mut book = check(&[vec![ring(0..5, 10..20, "D1")]], &[&["raised ring-R10"]]);
    let verdict = Event {
        id: EventId::new("v").unwrap(),
        source: Source::new("s").unwrap(),
        time: day(0),
        recorded: None,
        body: Body::VerdictRecorded(VerdictRecorded {
            subject: Subject { kind: SubjectKind::Ring, id: SubjectId::new("ring-R10").unwrap() },
            verdict: Verdict::Legitimate,
            method: VerdictMethod::Investigation,
            attributes: None,
        }),
    };
    book.see(&verdict, 0);
    assert_eq!(run(&mut book, &[ring(0..5, 10..20, "D1")], 1), ["overturned ring-R10"]);
    assert_eq!(run(&mut book, &[ring(0..5, 10..24, "D1")], 2), [""; 0]);
    assert_eq!(run(&mut book, &[ring(0..6, 10..26, "D1")], 3), ["raised ring-R10"]);
}

#[test]
fn a_lead_larger_than_an_event_comes_in_several_that_add_up() {
    let n = LEAD_MEMBERS_MAX * 2 + 7;
    let mut large = ring(0..n, 0..n + 500, "D1");
    let mut second = large.ties[0].clone();
    second.value = "D2".into();
    large.ties.push(second);
    let mut book = Book::default();
    let told = run(&mut book, &[large.clone()], 0);
    // Three by its members and four by its ties.
    assert_eq!(told, ["raised ring-R0"; 4]);
    let lead = book.lead("ring-R0").unwrap();
    assert_eq!((lead.members.len(), lead.refunds.len()), (n, n + 500));
    let links: usize = lead.ties.iter().map(|t| t.accounts.len()).sum();
    assert_eq!(links, 2 * n);
    assert_eq!(lead.history.len(), 1);
    assert_eq!(run(&mut book, &[large], 1), [""; 0], "nothing has changed");
}

#[test]
fn a_lead_of_the_log_is_a_graph() {
    let book = check(&[vec![ring(0..5, 10..16, "D1")]], &[&["raised ring-R10"]]);
    let graph = book.lead("ring-R10").unwrap().graph();
    assert_eq!((graph.nodes.len(), graph.links.len()), (6, 5));
    assert_eq!(graph.nodes[5].shared_by, Some(5));
}
