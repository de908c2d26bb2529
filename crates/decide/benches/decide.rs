//! How long does a decision take, beyond its vector and its score?
//!
//! The default policy with further rules up to 20, 220 columns, 150 of them with an attribution.

use ringfence_decide::{Ask, DEFAULT_POLICY, Explain, Plan, Policy};
use ringfence_domain::id::RefundId;
use ringfence_domain::vector::{Column, ColumnKind, Schema};
use ringfence_domain::words::{ClaimReason, RequestChannel};
use ringfence_domain::{Currency, Money, Timestamp, Versions};
use std::hint::black_box;
use std::time::Instant;

const RULES: usize = 20;
const COLUMNS: usize = 220;
const ATTRIBUTIONS: usize = 150;
const VECTORS: usize = 64;

/// Columns that the default policy names; the others are called `f0` and so on.
const NAMED: &[(&str, ColumnKind)] = &[
    ("amount", ColumnKind::Number),
    ("amount_share_of_order", ColumnKind::Number),
    ("earlier_share_of_order", ColumnKind::Number),
    ("document_accounts", ColumnKind::Number),
    ("denied_delivery_proven", ColumnKind::Flag),
    ("account_known_abuser", ColumnKind::Flag),
    ("received_without_scan", ColumnKind::Flag),
    ("serial_mismatch", ColumnKind::Flag),
    ("inspection_bad", ColumnKind::Flag),
    ("reported_lost", ColumnKind::Flag),
    ("charged_back", ColumnKind::Flag),
    ("claimed_before_delivery", ColumnKind::Flag),
    ("received_lane", ColumnKind::Category),
    ("lead_on_device", ColumnKind::Number),
    ("lead_on_document", ColumnKind::Number),
    ("lead_on_payment", ColumnKind::Number),
];

struct Behind;

impl Explain for Behind {
    fn attributions(&mut self, out: &mut Vec<(usize, f64)>) {
        out.extend((0..ATTRIBUTIONS).map(|at| (at, ((at * 37 % 101) as f64 - 50.0) / 200.0)));
    }
    fn events(&mut self, column: usize, out: &mut Vec<String>) {
        out.push(format!("e-{column:06}"));
    }
}

fn schema() -> Schema {
    let codes = ringfence_decide::reasons::all();
    let others = (NAMED.len()..COLUMNS).map(|at| (format!("f{at}"), ColumnKind::Number));
    let named = NAMED.iter().map(|(name, kind)| ((*name).to_owned(), *kind));
    let columns = named.chain(others).enumerate().map(|(at, (name, kind))| Column {
        about: format!("what {name} tells, last 90 days"),
        reason: codes[at % codes.len()].code.to_string(),
        name,
        kind,
        model: true,
    });
    Schema { columns: columns.collect(), hash: String::new() }
}

fn with_more_rules(mut text: String) -> Policy {
    let given = text.matches("[[rule]]").count();
    for at in given..RULES {
        let (a, b, c) = (20 + at * 7 % 200, 20 + at * 11 % 200, 20 + at * 13 % 200);
        // All three are read, and it never matches: what follows from a match is measured apart.
        let when = format!("f{a} >= 0 && f{b} < 1000 && f{c} > 1000");
        let rule =
            format!("name = \"r{at}\"\nwhen = \"{when}\"\nabout = \"A rule.\"\nat_least = \"step_up\"");
        text.extend(["\n[[rule]]\n", &rule, "\n"]);
    }
    Policy::parse(&text).expect("the rules are well formed")
}

fn ask(score: f64) -> Ask {
    Ask {
        refund: RefundId::new("R17").expect("an identifier"),
        position: 4_711,
        arrived_at: Timestamp::parse("2023-03-01T12:34:56.789Z").expect("a time"),
        amount: Money::new(65_000, Currency::USD).expect("an amount"),
        amount_reporting_minor: 65_000,
        reporting: Currency::USD,
        reason: ClaimReason::NotReceived,
        channel: RequestChannel::Chat,
        score,
        goods_returnable: false,
        reviews_last_24h: 3,
        listed: ringfence_decide::Listed::default(),
        cluster: None,
        versions: ["features", "model", "policy"]
            .map(|part| (part.to_owned(), "0".repeat(64)))
            .into_iter()
            .collect::<Versions>(),
    }
}

/// Median of many short runs, in nanoseconds a call: on a machine with other work most of them are undisturbed.
fn nanoseconds(mut call: impl FnMut(usize)) -> f64 {
    const ROUNDS: usize = 100;
    let mut runs: Vec<f64> = (0..401)
        .map(|_| {
            let start = Instant::now();
            (0..ROUNDS).for_each(&mut call);
            start.elapsed().as_secs_f64() * 1e9 / ROUNDS as f64
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    runs[runs.len() / 2]
}

fn main() {
    let (schema, policy) = (schema(), with_more_rules(DEFAULT_POLICY.to_owned()));
    let plan = Plan::compile(&policy, &schema).expect("the rules fit the columns");
    let quiet = DEFAULT_POLICY.replace("for_payments = true", "for_payments = false");
    let quiet = with_more_rules(quiet);
    let quiet = Plan::compile(&quiet, &schema).expect("the rules fit the columns");
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 % 1_000.0
    };
    let vectors: Vec<Vec<f64>> = (0..VECTORS)
        .map(|_| (0..COLUMNS).map(|at| if at < NAMED.len() { 0.0 } else { next() }).collect())
        .collect();
    let (honest, likely) = (ask(0.01), ask(0.83));
    let vector = |round: usize| &vectors[round % VECTORS];
    println!("{:<64}{:>10}", format!("{RULES} rules, {COLUMNS} columns, {ATTRIBUTIONS} attributions"), "ns");
    let row = |name: &str, ns: f64| println!("{name:<64}{ns:>10.0}");
    row(
        "rules alone",
        nanoseconds(|round| {
            black_box(plan.rule_points(&honest, vector(round)));
        }),
    );
    row(
        "decision, paid, no reasons",
        nanoseconds(|round| {
            black_box(quiet.decide(&honest, vector(round), &mut Behind));
        }),
    );
    row(
        "decision, paid, reasons with texts and events",
        nanoseconds(|round| {
            black_box(plan.decide(&honest, vector(round), &mut Behind));
        }),
    );
    row(
        "decision, reviewed, reasons with texts and events",
        nanoseconds(|round| {
            black_box(plan.decide(&likely, vector(round), &mut Behind));
        }),
    );
    row(
        "request cloned (the part of a decision that is copying)",
        nanoseconds(|_| {
            black_box(honest.clone());
        }),
    );
}
