//! How good were decisions? The figures of the model card on any labels.

use crate::commands::Context;
use crate::failure::{At, Failure};
use crate::labels::{self, JudgeOptions, Judgement};
use crate::print;
use ringfence_learn::dataset::Dataset;
use ringfence_learn::evaluate::{EvaluateSettings, Evaluation, Figure, Figures, evaluate};
use ringfence_report::text;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Judges decisions by labels: ranking, money, calibration, rings, decisions by what the requests were.
///
/// Labels are JSON lines {"refund","label"} with label abuse, policy_abuse or legitimate; a simulation's truth.jsonl is
/// one. Decisions without a label count as legitimate.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence evaluate --decisions decisions.jsonl --labels truth.jsonl\n  \
    ringfence evaluate --decisions decisions.jsonl --labels truth.jsonl --vectors features.parquet --budget 200 --json")]
pub(crate) struct Args {
    /// What `score` wrote.
    #[arg(long, value_name = "FILE")]
    decisions: PathBuf,
    /// What the requests were.
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Requests that people can review [default: 1 % of the decisions].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    budget: Option<u64>,
    /// What `replay --out` wrote from the same events: exact amounts and accounts, and the past refund rate as a
    /// baseline.
    #[arg(long, value_name = "FILE.parquet")]
    vectors: Option<PathBuf>,
    /// Leave out decisions without a label.
    #[arg(long)]
    only_labelled: bool,
    /// Let test purchases take part.
    #[arg(long)]
    test_purchases: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let decisions = labels::decisions(&args.decisions)?;
    let known = labels::read(&args.labels)?;
    let dataset = args.vectors.as_deref().map(read_vectors).transpose()?;
    let options = JudgeOptions { test_purchases: args.test_purchases, only_labelled: args.only_labelled };
    let judgement = labels::judge(&decisions, &known, dataset.as_ref(), options);
    if judgement.rows.len() as u64 == judgement.unlabelled {
        return Err(Failure::new("no decision is on a refund of the labels", args.labels.display())
            .help("give labels and decisions of the same events"));
    }
    let settings = EvaluateSettings { budget: args.budget, ..EvaluateSettings::default() };
    let evaluation = evaluate(&judgement.rows, &judgement.baselines, &settings);
    if context.json {
        print::json(&evaluation)?;
    } else {
        print::out(&words(&evaluation, &judgement))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads what `replay --out` wrote.
pub(crate) fn read_vectors(path: &std::path::Path) -> Result<Dataset, Failure> {
    let file = std::fs::File::open(path).map_err(|e| Failure::io("open the vectors", path, &e))?;
    Dataset::read(file).at(path.display())
}

fn words(e: &Evaluation, judgement: &Judgement) -> String {
    let [abuse, policy, legitimate, unknown] = e.labels;
    let mut out = format!(
        "{}\n{} abuse, {} policy abuse, {} legitimate, {} without a label (taken for legitimate)\n",
        print::headline(&format!("{} decisions", print::count(e.rows))),
        print::count(abuse),
        print::count(policy),
        print::count(legitimate),
        print::count(unknown),
    );
    if judgement.left_out > 0 {
        let _ = writeln!(out, "{} test purchases were left out", print::count(judgement.left_out));
    }
    out.push('\n');
    out.push_str(&figures_table(e));
    out.push_str("In brackets: 95 % of the bootstrap over days.\n\n");
    let rows = e.decisions.iter().map(|(name, c)| {
        vec![name.clone(), print::count(c.legitimate), print::count(c.policy_abuse), print::count(c.abuse)]
    });
    out.push_str(&print::table(&["decision", ">legitimate", ">policy abuse", ">abuse"], rows));
    if let Some(share) = e.honest_paid_fast {
        let _ = writeln!(
            out,
            "{} of the honest requests were paid at once or at the first scan",
            text::share(share)
        );
    }
    out
}

/// The figures of the model beside those of the baselines.
pub(crate) fn figures_table(e: &Evaluation) -> String {
    let all: Vec<&Figures> = std::iter::once(&e.model).chain(&e.baselines).collect();
    let names: Vec<String> = all.iter().map(|f| format!(">{}", f.name)).collect();
    let columns: Vec<&str> = std::iter::once("figure").chain(names.iter().map(String::as_str)).collect();
    let reviewed = format!("{} requests reviewed", print::count(e.budget_rows.round() as u64));
    let rows = figure_rows(&reviewed)
        .into_iter()
        .map(|(name, of)| std::iter::once(name).chain(all.iter().map(|f| of(f))).collect());
    print::table(&columns, rows)
}

type Show = fn(&Figures) -> String;

/// The figures by name, each with how it is shown.
pub(crate) fn figure_rows(reviewed: &str) -> Vec<(String, Show)> {
    vec![
        ("average precision".into(), |f| shown(f.average_precision, false)),
        ("ROC-AUC".into(), |f| shown(f.auc, false)),
        ("recall at 1 % false positives".into(), |f| shown(f.recall_at_fpr_1, true)),
        (format!("precision, {reviewed}"), |f| shown(f.precision_at_budget, true)),
        (format!("abuse found, {reviewed}"), |f| shown(f.recall_at_budget, true)),
        (format!("abused money found, {reviewed}"), |f| shown(f.money_at_budget, true)),
        ("rings met by the review".into(), |f| {
            f.rings.map_or("–".into(), |r| format!("{} of {}", text::share(r.first_hit_recall), r.rings))
        }),
        ("calibration error (ECE)".into(), |f| f.ece.map_or("–".into(), |v| text::decimal(v, 4))),
        ("Brier".into(), |f| f.brier.map_or("–".into(), |v| text::decimal(v, 4))),
    ]
}

fn shown(figure: Option<Figure>, share: bool) -> String {
    let Some(Figure { value, low, high }) = figure else { return "–".into() };
    let one = |v: f64| if share { text::share(v) } else { text::decimal(v, 3) };
    match (low, high) {
        (Some(low), Some(high)) => format!("{} ({}–{})", one(value), one(low), one(high)),
        (Some(_), None) | (None, Some(_) | None) => one(value),
    }
}
