//! What are leads worth to decisions? The same model without them, with them as inputs, and with them as evidence beside its
//! score, on requests later than all it learned from.
//!
//! `cargo bench -p ringfence-engine --bench leads [-- ACCOUNTS DAYS EVERY SEED…]`: simulated shops of both scenarios; rings,
//! staff and drivers are looked for as of every EVERY days, and what was found arrives then, before training and after it.
//! Trained on the first two thirds of the time with the verdicts known by then, measured on the last third against the
//! truth, which nothing but the figures reads. Intervals are the middle 95 % of a bootstrap over days, of the difference
//! over the same days; how much a model differs that was trained with one input more is not in them.
//!
//! *Learned*: the lead features are inputs of the model, as in the built-in catalogue. *Beside*: those of what the request is made
//! with are evidence beside the score of a model without them, as a policy may have it. *Taught*: a request on which nobody found anything, and which a ring's lead
//! of at least 0.9 names by the time of training, teaches as abuse.

mod shop;

use ringfence_decide::{DEFAULT_POLICY, Policy};
use ringfence_domain::{Duration, Timestamp};
use ringfence_features::Plan;
use ringfence_learn::chance::Chance;
use ringfence_learn::dataset::Dataset;
use ringfence_learn::metrics::Ranking;
use ringfence_learn::score::{Scorer, Scratch};
use ringfence_learn::settings::TrainSettings;
use ringfence_learn::train::train;
use ringfence_simulate::{DEFAULT, HARDER, Scenario};
use shop::{Shop, shop, taught, vectors, with_leads};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Requests that people have time to look at.
const BUDGET: f64 = 0.01;
const DRAWS: usize = 400;

/// The requests of the last third, with what they were.
struct HeldOut {
    rows: Vec<usize>,
    abuse: Vec<bool>,
    amount: Vec<f64>,
    day: Vec<i64>,
}

fn held_out(dataset: &Dataset, shop: &Shop, until: Timestamp) -> HeldOut {
    let mut out = HeldOut { rows: vec![], abuse: vec![], amount: vec![], day: vec![] };
    for (n, row) in dataset.rows().iter().enumerate() {
        if row.requested_at <= until || row.test_purchase {
            continue;
        }
        out.rows.push(n);
        out.abuse.push(shop.truth.get(&row.refund).copied().unwrap_or_default());
        out.amount.push(row.amount_minor as f64);
        out.day.push(row.requested_at.millis() / Duration::DAY.0);
    }
    out
}

/// A lead teaches from this probability on.
const TEACHES_MIN: f64 = 0.9;

/// What a request is made with, and an operator keeps from buyer to buyer.
const MADE_WITH: [&str; 3] = ["lead_on_device", "lead_on_document", "lead_on_payment"];

/// Scores of the held-out requests, and the same with the leads as evidence beside them.
fn scores(
    dataset: &Dataset,
    rows: &[usize],
    until: Timestamp,
    learned: bool,
) -> Result<[Vec<f64>; 2], Box<dyn std::error::Error>> {
    let of_leads = dataset.schema().columns.iter().map(|c| c.name.clone()).filter(|n| n.starts_with("lead_"));
    let exclude = if learned { Vec::new() } else { of_leads.collect() };
    let trained = train(dataset, until, &TrainSettings { exclude, ..TrainSettings::default() })?;
    let scorer = Scorer::compile(&trained.model, dataset.schema())?;
    let mut scratch = Scratch::default();
    let evidence = MADE_WITH.map(|column| format!("[[evidence]]\ncolumn = \"{column}\"\n\n")).concat();
    let text = DEFAULT_POLICY.replacen("[review]", &(evidence + "[review]"), 1);
    let policy = ringfence_decide::Plan::compile(&Policy::parse(&text)?, dataset.schema())?;
    let alone: Vec<f64> = rows.iter().map(|&n| scorer.score(&dataset.vector(n), &mut scratch)).collect();
    let beside = rows.iter().zip(&alone).map(|(&n, s)| policy.score(*s, &dataset.vector(n))).collect();
    Ok([alone, beside])
}

/// Average precision, and the share of the abused money in the budget.
fn figures(ranking: &Ranking, of: &HeldOut, weight: &[f64]) -> [f64; 2] {
    let rows: f64 = weight.iter().sum();
    let all: f64 = weight
        .iter()
        .zip(&of.abuse)
        .zip(&of.amount)
        .filter(|((_, abuse), _)| **abuse)
        .map(|((w, _), a)| w * a)
        .sum();
    let found = ranking.at_budget(rows * BUDGET, weight, &of.amount).money;
    [ranking.average_precision(weight).unwrap_or(f64::NAN), found / all]
}

fn middle(mut of: Vec<f64>) -> (f64, f64) {
    of.sort_by(f64::total_cmp);
    let at = |share: f64| of[((of.len() - 1) as f64 * share).round() as usize];
    (at(0.025), at(0.975))
}

/// Without, with, the difference and its interval, of each figure.
fn compare(without: &Ranking, with: &Ranking, of: &HeldOut) -> [([f64; 2], (f64, f64)); 2] {
    let ones = vec![1.0; of.rows.len()];
    let (a, b) = (figures(without, of, &ones), figures(with, of, &ones));
    let days: Vec<i64> =
        of.day.iter().copied().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    let mut chance = Chance::new(1, 1);
    let mut differences = [Vec::new(), Vec::new()];
    for _ in 0..DRAWS {
        let mut drawn: BTreeMap<i64, f64> = BTreeMap::new();
        for _ in 0..days.len() {
            *drawn.entry(days[chance.below(days.len())]).or_default() += 1.0;
        }
        let weight: Vec<f64> = of.day.iter().map(|d| drawn.get(d).copied().unwrap_or_default()).collect();
        let (x, y) = (figures(without, of, &weight), figures(with, of, &weight));
        differences[0].push(y[0] - x[0]);
        differences[1].push((y[1] - x[1]) / x[1]);
    }
    let [ap, money] = differences;
    [([a[0], b[0]], middle(ap)), ([a[1], b[1]], middle(money))]
}

/// Of the held-out requests, by what they are made with: those abusive and all that a lead stands on.
fn reach(dataset: &Dataset, of: &HeldOut) -> String {
    let way = |name: &&str| {
        let column = dataset.column(dataset.schema().index(name)?);
        let named: Vec<usize> = (0..of.rows.len()).filter(|&i| !column[of.rows[i]].is_nan()).collect();
        let hit = named.iter().filter(|&&i| of.abuse[i]).count();
        Some(format!("{} {hit} of {}", name.trim_start_matches("lead_on_"), named.len()))
    };
    let told: Vec<String> = MADE_WITH.iter().filter_map(way).collect();
    format!("{}; {} abusive in all", told.join(", "), of.abuse.iter().filter(|a| **a).count())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let numbers: Vec<u32> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let at = |n: usize, default: u32| numbers.get(n).copied().unwrap_or(default);
    let (accounts, days, every) = (at(0, 12_000), at(1, 365), at(2, 1));
    let seeds = if numbers.len() > 3 { numbers[3..].to_vec() } else { vec![1, 2, 3] };
    let plan = Arc::new(Plan::builtin());
    println!("{accounts} accounts, {days} days, leads as of every {every} d, 1 % of the requests reviewed\n");
    println!("| scenario | seed | | AP | difference | money found | relative | named by a lead | looks, s |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for (name, text) in [("default", DEFAULT), ("harder", HARDER)] {
        let scenario = Scenario::parse(text)?;
        for &seed in &seeds {
            let shop = shop(&scenario, u64::from(seed), accounts, days)?;
            let until = shop.start.plus(Duration(i64::from(days) * Duration::DAY.0 * 2 / 3));
            let clock = Instant::now();
            let (events, looks) = with_leads(&shop.events, Duration::days(i64::from(every)));
            let seconds = clock.elapsed().as_secs_f64();
            let dataset = vectors(&plan, &events)?;
            let of = held_out(&dataset, &shop, until);
            let [without, beside] = scores(&dataset, &of.rows, until, false)?;
            let [learned, _] = scores(&dataset, &of.rows, until, true)?;
            let [taught, taught_beside] =
                scores(&taught(&dataset, &events, TEACHES_MIN), &of.rows, until, false)?;
            let without = Ranking::new(&without, &of.abuse);
            let ones = vec![1.0; of.rows.len()];
            let [ap, money] = figures(&without, &of, &ones);
            let named = reach(&dataset, &of);
            println!(
                "| {name} | {seed} | without | {ap:.3} | | {money:.3} | | {named} | {looks}, {seconds:.0} |"
            );
            let ways = [
                ("learned", learned),
                ("beside", beside),
                ("taught", taught),
                ("taught, and beside", taught_beside),
            ];
            for (what, scores) in ways {
                let [(ap, ap_in), (money, money_in)] =
                    compare(&without, &Ranking::new(&scores, &of.abuse), &of);
                println!(
                    "| {name} | {seed} | {what} | {:.3} | {:+.3} ({:+.3} to {:+.3}) | {:.3} | {:+.0} % ({:+.0} to {:+.0}) | | |",
                    ap[1],
                    ap[1] - ap[0],
                    ap_in.0,
                    ap_in.1,
                    money[1],
                    (money[1] / money[0] - 1.0) * 100.0,
                    money_in.0 * 100.0,
                    money_in.1 * 100.0
                );
            }
        }
    }
    Ok(())
}
