//! What did the demo show? A story for the terminal, and its figures for programs.

use crate::commands::demo::cases::Case;
use crate::commands::demo::{Demo, money};
use crate::commands::evaluate::figure_rows;
use crate::commands::rings;
use crate::print;
use ringfence_learn::dataset::Label;
use ringfence_learn::evaluate::{Evaluation, Figure};
use ringfence_report::text;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Reasons of a case that the terminal shows; the report has all.
const REASONS_TOLD: usize = 3;
/// Leads of each kind that the terminal shows.
const LEADS_TOLD: usize = 3;
/// Figures of the evaluation that the terminal shows.
const FIGURES_TOLD: [&str; 5] =
    ["average precision", "abuse found", "abused money found", "precision,", "rings met"];

/// The demo's figures for programs.
#[derive(Serialize)]
pub(crate) struct DemoFigures<'a> {
    seed: u64,
    accounts: u32,
    days: u32,
    events: u64,
    requests: u64,
    cut: String,
    evaluation: &'a Evaluation,
    comparison: &'a ringfence_decide::backtest::Comparison,
    realism: &'a [crate::commands::simulate::Likeness],
    seconds: BTreeMap<&'a str, f64>,
    seconds_total: f64,
    peak_memory_bytes: Option<u64>,
    events_per_second_replayed: f64,
    cases: Vec<&'a str>,
    report: &'a Path,
}

/// The figures.
pub(crate) fn figures(demo: &Demo) -> DemoFigures<'_> {
    DemoFigures {
        seed: demo.simulated.seed,
        accounts: demo.simulated.accounts,
        days: demo.simulated.days,
        events: demo.checked.events,
        requests: demo.replayed.requests,
        cut: demo.cut.to_string(),
        evaluation: &demo.evaluation,
        comparison: &demo.comparison,
        realism: &demo.simulated.realism,
        seconds: demo.steps.iter().copied().collect(),
        seconds_total: demo.steps.iter().map(|s| s.1).sum(),
        peak_memory_bytes: demo.peak_memory,
        events_per_second_replayed: demo.replayed.events_per_second,
        cases: demo.cases.iter().map(|c| c.decision.refund.as_str()).collect(),
        report: &demo.files.report,
    }
}

/// The story.
pub(crate) fn story(demo: &Demo) -> String {
    let mut out = String::from("\n");
    simulated(demo, &mut out);
    found(demo, &mut out);
    saved(demo, &mut out);
    let _ = writeln!(out, "{}", print::headline("Three decisions, picked by rule, not by looks"));
    for case in &demo.cases {
        told(demo, case, &mut out);
    }
    leads(demo, &mut out);
    files(demo, &mut out);
    out
}

fn leads(demo: &Demo, out: &mut String) {
    let _ = writeln!(out, "\n{}", print::headline("Who is behind it"));
    for line in demo.leads.words() {
        let _ = writeln!(out, "{line}");
    }
    for lead in demo.leads.rings.iter().take(LEADS_TOLD) {
        let _ = writeln!(out, "  {}", rings::head(lead));
    }
    for lead in demo.leads.staff.iter().take(LEADS_TOLD) {
        let families: Vec<String> = lead.families.iter().map(|f| print::word(&f.family)).collect();
        let _ = writeln!(
            out,
            "  staff {}  {}  {}: {}",
            lead.staff,
            print::probability(lead.probability),
            print::word(&lead.pattern),
            families.join(", ")
        );
    }
}

fn simulated(demo: &Demo, out: &mut String) {
    let (s, c) = (&demo.simulated, &demo.checked);
    let refunds = demo.labels.values();
    let abuse = refunds.clone().filter(|l| l.label == Some(Label::Abuse)).count() as f64;
    let rings: std::collections::BTreeSet<&str> = refunds.clone().filter_map(|l| l.ring.as_deref()).collect();
    let _ = writeln!(out, "{}", print::headline("A simulated marketplace"));
    let _ = writeln!(
        out,
        "{} accounts over {} days, seed {}: {} events, {} orders, {} refund requests.\n\
         {} of the requests are abuse; {} rings stand behind {} of them. The shop found out about {} requests, late.",
        print::count(u64::from(s.accounts)),
        s.days,
        s.seed,
        print::count(c.events),
        print::count(s.summary.orders),
        print::count(demo.replayed.requests),
        text::share(abuse / (refunds.len() as f64).max(1.0)),
        rings.len(),
        print::count(s.summary.ring_refunds),
        print::count(demo.replayed.requests_with_verdict),
    );
    let within = s.realism.iter().filter(|l| l.within).count();
    let _ = writeln!(
        out,
        "{within} of {} rates and lags lie within what is published of real shops.\n",
        s.realism.len()
    );
}

fn found(demo: &Demo, out: &mut String) {
    let e = &demo.evaluation;
    let _ = writeln!(out, "{}", print::headline("What the model finds on requests that it has not seen"));
    let _ = writeln!(
        out,
        "Learned from verdicts known on {}; judged by the truth on the {} requests from then on.",
        print::day(demo.cut),
        print::count(e.rows)
    );
    let reviewed = format!("{} requests reviewed (1 %)", print::count(e.budget_rows.round() as u64));
    let all: Vec<_> = std::iter::once(&e.model).chain(&e.baselines).collect();
    let names: Vec<String> = all.iter().map(|f| format!(">{}", f.name)).collect();
    let columns: Vec<&str> = std::iter::once("").chain(names.iter().map(String::as_str)).collect();
    let told = figure_rows(&reviewed);
    let told = told.into_iter().filter(|(name, _)| FIGURES_TOLD.iter().any(|f| name.starts_with(f)));
    let rows =
        told.map(|(name, of)| std::iter::once(name).chain(all.iter().map(|f| short(&of(f)))).collect());
    out.push_str(&print::table(&columns, rows));
    if let Some(share) = e.honest_paid_fast {
        let _ = writeln!(
            out,
            "{} of the honest requests are paid at once or at the first scan.",
            text::share(share)
        );
    }
    if let Some(ece) = e.model.ece {
        let _ = writeln!(out, "The score comes true to within {} on average (ECE).", text::decimal(ece, 3));
    }
    out.push('\n');
}

/// A figure without its interval, which the report shows.
fn short(figure: &str) -> String {
    figure.split(" (").next().unwrap_or(figure).to_owned()
}

fn saved(demo: &Demo, out: &mut String) {
    let c = &demo.comparison;
    let _ = writeln!(out, "{}", print::headline("What it saves"));
    let rows = [
        ("pay everything at once", &c.paying_everything),
        ("rules only", &c.b.outcome),
        ("model and default policy", &c.a.outcome),
    ];
    let rows = rows.into_iter().map(|(name, o)| {
        [o.total_cost_minor, o.lost_to_abuse_minor, o.handling_minor, o.honest_cost_minor]
            .into_iter()
            .map(|minor| money::whole(demo, minor))
            .fold(vec![name.to_owned()], |mut row, cell| {
                row.push(cell);
                row
            })
    });
    out.push_str(&print::table(
        &["", ">cost", ">lost to abuse", ">reviews, traces", ">honest customers"],
        rows,
    ));
    let _ = writeln!(
        out,
        "Saved against paying everything: {}; against rules only: {}.\n",
        money::whole(demo, c.a.saved_against_paying_everything_minor),
        money::whole(demo, -c.b_saves_minor)
    );
}

fn told(demo: &Demo, case: &Case, out: &mut String) {
    let d = &case.decision;
    let _ = writeln!(
        out,
        "\n  {} {}: {} — {}",
        d.refund.as_str(),
        money::exact(demo, case.amount_minor),
        print::headline(d.decision.as_str()),
        case.role.words()
    );
    let _ = writeln!(
        out,
        "  score {}, expected loss {}; the truth: {} ({})",
        text::share(d.score),
        d.expected_loss,
        case.label.as_str().replace('_', " "),
        case.truth
    );
    for reason in d.reasons.iter().take(REASONS_TOLD) {
        let _ = writeln!(out, "    {:>7}  {}", points(reason.weight), reason.text);
    }
    if d.reasons.is_empty() {
        let _ = writeln!(out, "    nothing speaks against it");
    }
}

/// A weight in probability points.
pub(crate) fn points(weight: f64) -> String {
    if weight == 0.0 {
        // A rule binds the decision; it does not move the score.
        return "rule".to_owned();
    }
    let sign = if weight < 0.0 { "−" } else { "+" };
    format!("{sign}{} pp", text::decimal(weight.abs() * 100.0, 1))
}

/// The value of a figure, `None` as NaN.
pub(crate) fn value(figure: Option<Figure>) -> f64 {
    figure.map_or(f64::NAN, |f| f.value)
}

fn files(demo: &Demo, out: &mut String) {
    let total: f64 = demo.steps.iter().map(|s| s.1).sum();
    let memory =
        demo.peak_memory.map_or(String::new(), |b| format!(", at most {} of memory", print::bytes(b)));
    let _ = writeln!(out, "\n{}", print::headline("Files"));
    let rows: [(&str, &Path); 8] = [
        ("report, open this", &demo.files.report),
        ("rings, as graphs", &demo.files.rings),
        ("model card", &demo.learned.card_html),
        ("decisions", &demo.files.decisions),
        ("model", &demo.files.model),
        ("vectors", &demo.files.vectors),
        ("events", &demo.simulated.events),
        ("truth", &demo.simulated.truth),
    ];
    for (name, path) in rows {
        let _ = writeln!(out, "  {name:<18} {}", path.display());
    }
    let _ = writeln!(out, "\n{total:.0} s{memory}. The same steps by hand:\n{}", by_hand(demo));
}

/// What `simulate` takes where none is named.
const DEFAULT_SCENARIO: &str = "default";

/// The commands that do the same one by one.
pub(crate) fn by_hand(demo: &Demo) -> String {
    let events = demo.simulated.events.display();
    let truth = demo.simulated.truth.display();
    let cut = print::day(demo.cut);
    let out = demo.simulated.events.parent().unwrap_or(Path::new(".")).display();
    let scenario = match demo.scenario.as_str() {
        DEFAULT_SCENARIO => String::new(),
        name => format!("--scenario {name} "),
    };
    format!(
        "  ringfence simulate {scenario}--seed {} --accounts {} --days {} --out {out}\n  \
         ringfence check {events}\n  \
         ringfence replay --events {events} --out {out}/vectors.parquet\n  \
         ringfence train --events {events} --until {cut} --out {out}/model.json\n  \
         ringfence score --events {events} --model {out}/model.json --from {cut} --out {out}/decisions.jsonl\n  \
         ringfence evaluate --decisions {out}/decisions.jsonl --labels {truth} --vectors {out}/vectors.parquet\n  \
         ringfence backtest --events {events} --model {out}/model.json --policy default --policy rules-only --labels {truth} --from {cut}\n  \
         ringfence rings --events {events} --report {out}/rings.html\n  \
         ringfence insiders --events {events}\n",
        demo.simulated.seed, demo.simulated.accounts, demo.simulated.days
    )
}
