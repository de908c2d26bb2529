//! Who abuses together? Leads on rings, with what ties them, what would split them and what speaks against.

pub(crate) mod page;

use crate::commands::{Context, write_file};
use crate::failure::Failure;
use crate::input::Past;
use crate::looking::{self, Looks};
use crate::print;
use ringfence_leads::log::Methods;
use ringfence_leads::rings::{Lead, Record, Settings, rings};
use ringfence_report::text;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Leads on rings: refund requests of accounts that look unrelated, with one hand behind them.
///
/// A lead is a reason to look, not an accusation. With --json one lead a line.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence rings --events events.jsonl.zst --report rings.html\n  \
    ringfence rings --events events.jsonl.zst --as-of 2023-09-01 --all --json\n  \
    ringfence rings --events events.jsonl.zst --every 7d --findings rings.jsonl")]
pub(crate) struct Args {
    #[command(flatten)]
    past: Past,
    #[command(flatten)]
    looks: Looks,
    /// Also groups that are small, of little money, or beyond the stated false-discovery rate.
    #[arg(long)]
    all: bool,
    /// Also some groups picked at random, marked as controls, for a blind review that measures the leads.
    #[arg(long)]
    controls: bool,
    /// Writes a page with each ring as a graph.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let rates = &context.config.rates;
    let mut record = Record::default();
    let settings = Settings { controls: args.controls, ..Settings::default() };
    let methods = Methods { insiders: None, drivers: None, ..Methods::default() };
    looking::past(&args.looks, &args.past, methods, context, |event| record.see(event, rates))?;
    print::passed_over(record.without_rate());
    let found = rings(&record, rates.reporting(), &settings);
    let leads: Vec<&Lead> = found.iter().filter(|l| args.all || l.stands || l.control).collect();
    if let Some(report) = &args.report {
        write_file(report, page::page(&leads, &settings).render().as_bytes())?;
        eprintln!("report  {}", report.display());
    }
    if context.json {
        for lead in leads {
            print::json_line(lead)?;
        }
    } else {
        print::out(&words(&leads, &settings))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Identifiers told of one ring; the others are in the JSON.
const IDENTIFIERS_TOLD: usize = 6;

/// What a lead is in a line.
pub(crate) fn head(lead: &Lead) -> String {
    let looks = match (lead.control, lead.closed) {
        (true, _) => "control, picked at random",
        (_, true) => "stopped",
        (_, false) => "active",
    };
    format!(
        "{}  {}  {} accounts  {} in {} refunds  {looks}, {} to {}",
        lead.ring,
        print::probability(lead.probability),
        lead.accounts.len(),
        lead.money,
        lead.refunds.len(),
        print::day(lead.from),
        print::day(lead.to)
    )
}

fn words(leads: &[&Lead], settings: &Settings) -> String {
    if leads.is_empty() {
        return "no leads: nothing that unrelated accounts share looks like one hand\n".to_owned();
    }
    let mut out = String::new();
    for lead in leads {
        let _ = writeln!(out, "{}", print::headline(&head(lead)));
        for line in &lead.why {
            let _ = writeln!(out, "  {line}");
        }
        if !lead.staff.is_empty() {
            let _ = writeln!(out, "  staff to look at (see `insiders`): {}", lead.staff.join(", "));
        }
        let more = lead.identifiers.len().saturating_sub(IDENTIFIERS_TOLD);
        if more > 0 {
            let _ = writeln!(out, "  {more} more identifiers: --json");
        }
    }
    let _ = writeln!(
        out,
        "\nOf these leads {} are expected to be no ring. A lead is a reason to look, not an accusation.",
        text::share(settings.fdr)
    );
    out
}
