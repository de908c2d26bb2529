//! Does it hold for other seeds, too? The demo of each, its figures beside the baselines and the goals.

use crate::commands::Context;
use crate::commands::demo::{Args, Demo, prepare, run_one, story};
use crate::failure::Failure;
use crate::print;
use ringfence_report::text;
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

/// Least by which average precision has to be above that of the better baseline.
const AVERAGE_PRECISION_ABOVE: f64 = 0.15;
/// Largest calibration error.
const ECE: f64 = 0.02;
/// Least share of the honest requests that are paid at once or at the first scan.
const HONEST_PAID: f64 = 0.85;

/// One seed's figures.
#[derive(Serialize, Debug, Clone)]
#[allow(clippy::struct_field_names)] // the names of the JSON
struct Seed {
    seed: u64,
    events: u64,
    requests_held_out: u64,
    average_precision: f64,
    average_precision_rules_only: f64,
    average_precision_past_refund_rate: f64,
    average_precision_above_best_baseline: f64,
    ece: f64,
    honest_paid_at_once_or_on_scan: f64,
    money_found_at_1_percent: f64,
    money_found_at_1_percent_best_baseline: f64,
    seconds: f64,
    report: PathBuf,
}

/// A goal, and whether each seed meets it.
#[derive(Serialize, Debug)]
#[allow(clippy::struct_field_names)] // the names of the JSON
struct Goal {
    figure: &'static str,
    goal: f64,
    at_least: bool,
    met: Vec<bool>,
}

/// All seeds.
#[derive(Serialize, Debug)]
#[allow(clippy::struct_field_names)] // the names of the JSON
struct Seeds<'a> {
    scenario: &'a str,
    accounts: u32,
    days: u32,
    seeds: Vec<Seed>,
    goals: Vec<Goal>,
    all_met: bool,
}

/// Runs the demo of each seed in a folder of its own, one after the other.
pub(super) fn run(args: &Args, seeds: &[u64], context: &Context) -> Result<ExitCode, Failure> {
    prepare(&args.out)?;
    let mut rows = Vec::new();
    for &seed in seeds {
        eprintln!("seed {seed}");
        let one = Args { seed, seeds: None, out: args.out.join(format!("seed-{seed}")), ..args.clone() };
        prepare(&one.out)?;
        rows.push(figures(&run_one(&one, context)?));
    }
    let goals = goals(&rows);
    let all_met = goals.iter().all(|g| g.met.iter().all(|m| *m));
    let Args { scenario, accounts, days, .. } = args;
    let all = Seeds { scenario, accounts: *accounts, days: *days, seeds: rows, goals, all_met };
    if context.json {
        print::json(&all)?
    } else {
        print::out(&words(&all))?
    }
    Ok(ExitCode::SUCCESS)
}

fn figures(demo: &Demo) -> Seed {
    let e = &demo.evaluation;
    let baseline = |name: &str| {
        let found = e.baselines.iter().find(|b| b.name == name);
        found.map_or(f64::NAN, |b| story::value(b.average_precision))
    };
    let (rules, past) = (baseline("rules only"), baseline("past refund rate"));
    let average_precision = story::value(e.model.average_precision);
    let money = e.baselines.iter().map(|b| story::value(b.money_at_budget));
    Seed {
        seed: demo.simulated.seed,
        events: demo.checked.events,
        requests_held_out: e.rows,
        average_precision,
        average_precision_rules_only: rules,
        average_precision_past_refund_rate: past,
        average_precision_above_best_baseline: average_precision - rules.max(past),
        ece: e.model.ece.unwrap_or(f64::NAN),
        honest_paid_at_once_or_on_scan: e.honest_paid_fast.unwrap_or(f64::NAN),
        money_found_at_1_percent: story::value(e.model.money_at_budget),
        money_found_at_1_percent_best_baseline: money.fold(0.0, f64::max),
        seconds: demo.steps.iter().map(|s| s.1).sum(),
        report: demo.files.report.clone(),
    }
}

fn goals(seeds: &[Seed]) -> Vec<Goal> {
    let goal = |figure, goal: f64, at_least: bool, of: fn(&Seed) -> f64| Goal {
        figure,
        goal,
        at_least,
        met: seeds.iter().map(|s| if at_least { of(s) >= goal } else { of(s) <= goal }).collect(),
    };
    vec![
        goal("average_precision_above_best_baseline", AVERAGE_PRECISION_ABOVE, true, |s| {
            s.average_precision_above_best_baseline
        }),
        goal("ece", ECE, false, |s| s.ece),
        goal("honest_paid_at_once_or_on_scan", HONEST_PAID, true, |s| s.honest_paid_at_once_or_on_scan),
    ]
}

type Show = fn(&Seed) -> String;

fn words(all: &Seeds) -> String {
    let three = |v: f64| text::decimal(v, 3);
    let rows: [(&str, Option<usize>, String, Show); 10] = [
        ("requests held out", None, "–".into(), |s| print::count(s.requests_held_out)),
        ("average precision of abuse", None, "–".into(), |s| text::decimal(s.average_precision, 3)),
        ("  rules only", None, "–".into(), |s| text::decimal(s.average_precision_rules_only, 3)),
        ("  past refund rate", None, "–".into(), |s| {
            text::decimal(s.average_precision_past_refund_rate, 3)
        }),
        ("  above the better of them", Some(0), format!("≥ {}", three(AVERAGE_PRECISION_ABOVE)), |s| {
            text::decimal(s.average_precision_above_best_baseline, 3)
        }),
        ("calibration error (ECE)", Some(1), format!("≤ {}", three(ECE)), |s| text::decimal(s.ece, 4)),
        ("honest paid at once or on scan", Some(2), format!("≥ {}", text::share(HONEST_PAID)), |s| {
            text::share(s.honest_paid_at_once_or_on_scan)
        }),
        ("abused money found, 1 % reviewed", None, "–".into(), |s| text::share(s.money_found_at_1_percent)),
        ("  best baseline", None, "–".into(), |s| text::share(s.money_found_at_1_percent_best_baseline)),
        ("seconds", None, "–".into(), |s| text::decimal(s.seconds, 1)),
    ];
    let names: Vec<String> = all.seeds.iter().map(|s| format!(">seed {}", s.seed)).collect();
    let columns: Vec<&str> = ["held-out last third", ">goal"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .chain(["result"])
        .collect();
    let rows = rows.into_iter().map(|(name, goal, wanted, show)| {
        let met = goal.map(|at| &all.goals[at].met);
        let result = met.map_or(String::new(), |m| match m.iter().filter(|m| !**m).count() {
            0 => "met".to_owned(),
            missed => format!("missed by {missed} of {}", m.len()),
        });
        let seeds = all.seeds.iter().map(show);
        [name.to_owned(), wanted].into_iter().chain(seeds).chain([result]).collect()
    });
    let mut out = format!(
        "\n{}\n{} accounts over {} days, scenario `{}`; every seed learns from its first two thirds only\n\n",
        print::headline(&format!("{} simulated marketplaces", all.seeds.len())),
        print::count(u64::from(all.accounts)),
        all.days,
        all.scenario,
    );
    out.push_str(&print::table(&columns, rows));
    out.push('\n');
    for seed in &all.seeds {
        out.push_str(&format!("report of seed {:<4} {}\n", seed.seed, seed.report.display()));
    }
    out
}
