//! How long do the lists take with 100,000 cases and as many items? In SQLite, and in PostgreSQL where it is installed.
//!
//! `cargo bench -p ringfence-casestore` prints a table; `-- 10000` with another number of cases.

use ringfence_casestore::read::{CaseFilter, ItemFilter, Items};
use ringfence_casestore::testing::{Cluster, file};
use ringfence_casestore::{Place, Progress, Store};
use ringfence_casework::case::{About, Link, Subject};
use ringfence_casework::worth::plan;
use ringfence_casework::{Asked, Change, Fact, Judgement, Settings, Stamp};
use ringfence_domain::words::ClaimReason;
use ringfence_domain::{Currency, DecisionKind, Duration, Money, Timestamp};
use std::time::Instant;

/// Cases and items.
const CASES: u64 = 100_000;
/// Facts of a transaction, as the service takes them.
const FACTS: usize = 4_096;
/// Reads of each kind.
const READS: u64 = 200;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds as i64 * 1_000).expect("a time")
}

fn asked(n: u64) -> Asked {
    let amount = 1_000 + (n * 7_919 % 100_000) as i64;
    Asked {
        refund: format!("R{n}"),
        account: format!("A{}", n % 30_000),
        order: format!("O{n}"),
        amount: Some(Money { amount, currency: Currency::USD }),
        amount_reporting: amount,
        reason: Some(ClaimReason::NotReceived),
        decision: DecisionKind::Review,
        score: (n % 97) as f64 / 97.0,
        reason_codes: vec!["delivered_with_photo".into(), "repeat_claims".into()],
        cluster: None,
        decided_at: at(n),
        respond_by: at(n + 86_400),
        position: n,
    }
}

/// What becomes of the n-th request: an item, a case with links, a task and a note; nine of ten are done.
fn facts(n: u64) -> Vec<(Fact, &'static str)> {
    let subject = |kind, id: String| Subject { kind, id };
    let why = || "the same device as three refused claims".to_owned();
    let change = |change| (Fact::Changed(change), "ann");
    let mut facts = vec![(Fact::Answered(asked(n)), "")];
    if !n.is_multiple_of(10) {
        facts.push(change(Change::Claimed { item: n, until: at(n + 1_800), senior: false }));
        let judgement = Judgement { decision: Some(DecisionKind::Deny), ..Judgement::default() };
        facts.push(change(Change::Judged { item: n, judgement }));
    }
    let from = subject(About::Request, format!("R{n}"));
    facts.push(change(Change::CaseOpened { case: n, title: format!("request R{n}"), from, why: why() }));
    let link = Link { subject: subject(About::Account, format!("A{}", n % 30_000)), why: why() };
    facts.push(change(Change::Linked { case: n, link }));
    facts.push(change(Change::Noted { case: n, text: why() }));
    let (title, assignee) = ("ask the carrier".to_owned(), Some(format!("u{}", n % 20)));
    facts.push(change(Change::TaskAdded { case: n, task: 1, title, assignee, due: Some(at(n)) }));
    if n.is_multiple_of(50) {
        facts.push(change(Change::HoldSet { case: n, hold: 1, why: why() }));
    }
    if !n.is_multiple_of(10) {
        facts.push(change(Change::TaskEnded { case: n, task: 1, done: true }));
        facts.push(change(Change::Closed { case: n, summary: why() }));
    }
    facts
}

async fn fill(store: &Store, cases: u64) -> (u64, f64) {
    let begun = Instant::now();
    let settings = Settings { salt: "s".into(), second_share: 0.0, ..Settings::default() };
    let mut waiting = vec![(Fact::Changed(Change::Settings { settings }), "", 0)];
    let mut position = 0;
    for n in 1..=cases {
        waiting.extend(facts(n).into_iter().map(|(fact, by)| (fact, by, n)));
        if waiting.len() < FACTS && n < cases {
            continue;
        }
        let mut batch = store.begin().await.expect("a transaction");
        for (fact, by, second) in waiting.drain(..) {
            let stamp = Stamp { position, at: at(second), by: by.into() };
            batch.fold(&fact, &stamp).await.expect("folded");
            position += 1;
        }
        batch.finish(&Progress { next: position, ..Progress::default() }).await.expect("written");
    }
    (position, begun.elapsed().as_secs_f64())
}

struct Row {
    what: &'static str,
    median_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

async fn time<F: Future<Output = usize>>(what: &'static str, read: impl Fn(u64) -> F) -> Row {
    let mut times = Vec::new();
    for n in 0..READS {
        let begun = Instant::now();
        std::hint::black_box(read(n).await);
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let of = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    Row { what, median_ms: of(0.5), p99_ms: of(0.99), max_ms: of(1.0) }
}

async fn measure(place: &Place, name: &str, cases: u64) {
    let store = Store::open(place).await.expect("opened");
    let (facts, seconds) = fill(&store, cases).await;
    println!(
        "\n{name}: {cases} cases and items, {facts} facts folded in {seconds:.1} s ({:.0}/s)",
        facts as f64 / seconds
    );
    println!("{:<46} {:>10} {:>10} {:>10}", "read", "median ms", "p99 ms", "max ms");
    let (now, s) = (at(cases), &store);
    let items = |items, after: bool| {
        move |n: u64| async move {
            let filter = ItemFilter { items, ..ItemFilter::default() };
            let from =
                after.then(|| ringfence_casestore::read::After(((cases - n * 13 % cases) * 1_000) as i64, n));
            s.items(&filter, from, 50, now).await.expect("a page").0.len()
        }
    };
    let cases_of = |filter: fn(u64) -> CaseFilter| {
        move |n: u64| async move { s.cases(&filter(n), None, 50).await.expect("a page").0.len() }
    };
    let rows = [
        time("queue, first page of 50", items(Items::Free, false)).await,
        time("queue, a page from the middle", items(Items::Free, true)).await,
        time("judged items, first page", items(Items::Done, false)).await,
        time("plan of the day over 2,000 waiting", |_| async {
            let waiting = s.waiting("general", now, 2_000).await.expect("read");
            plan(&waiting, 400.0, now).len()
        })
        .await,
        time("an item", |n| async move { s.item(n * 401 % cases + 1).await.expect("read").map_or(0, |_| 1) })
            .await,
        time("items of an account", |n| async move {
            s.items_of_account(&format!("A{}", n * 31 % 30_000)).await.expect("read").len()
        })
        .await,
        time("cases, first page of 50", cases_of(|_| CaseFilter::default())).await,
        time("cases that can be worked", cases_of(|_| CaseFilter { live: true, ..CaseFilter::default() }))
            .await,
        time("cases under a legal hold", cases_of(|_| CaseFilter { held: true, ..CaseFilter::default() }))
            .await,
        time("a case", |n| async move { s.case(n * 401 % cases + 1).await.expect("read").map_or(0, |_| 1) })
            .await,
        time("a case's history", |n| async move {
            let case = s.case(n * 401 % cases + 1).await.expect("read").expect("there");
            s.entries(&case, None, 50).await.expect("read").len()
        })
        .await,
        time("cases of an account", |n| async move {
            let subject = Subject { kind: About::Account, id: format!("A{}", n * 31 % 30_000) };
            s.cases_of(&subject).await.expect("read").len()
        })
        .await,
        time("whether an account is held", |n| async move {
            let subject = Subject { kind: About::Account, id: format!("A{}", n * 31 % 30_000) };
            s.held_by(&subject).await.expect("read").len()
        })
        .await,
        time("somebody's open tasks", |n| async move {
            s.tasks(Some(&format!("u{}", n % 20)), 50).await.expect("read").len()
        })
        .await,
        time("figures of the queue, 28 days", |_| async {
            s.groups(now.plus(Duration(-28 * 86_400_000)), now).await.expect("read").0.len()
        })
        .await,
    ];
    for Row { what, median_ms, p99_ms, max_ms } in rows {
        println!("{what:<46} {median_ms:>10.2} {p99_ms:>10.2} {max_ms:>10.2}");
    }
    store.close().await;
}

#[tokio::main]
async fn main() {
    let cases = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(CASES);
    let folder = tempfile::tempdir().expect("a folder");
    measure(&file(folder.path(), "casework.sqlite"), "SQLite", cases).await;
    if let Some(cluster) = Cluster::start() {
        measure(&cluster.database("casework"), "PostgreSQL (fsync off)", cases).await;
    }
}
