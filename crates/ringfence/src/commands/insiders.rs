//! Which members of staff are worth a review? Leads with figures, what they rest on and what speaks against them.

mod page;

use crate::commands::{Context, write_file};
use crate::failure::Failure;
use crate::input::Past;
use crate::looking::{self, Looks};
use crate::print;
use ringfence_leads::insiders::{Lead, Pattern, Record, Settings, insiders};
use ringfence_leads::log::Methods;
use ringfence_report::text;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Leads on staff: figures out of line with those of the peers in the same situations, held to a false-discovery rate.
///
/// A lead is a reason to look, not an accusation. Names stay as they are in the events: send tokens. With --json one lead a
/// line.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence insiders --events events.jsonl.zst --report insiders.html\n  \
    ringfence insiders --events events.jsonl.zst --as-of 2023-09-01 --all --json\n  \
    ringfence insiders --events events.jsonl.zst --every 7d --findings staff.jsonl")]
pub(crate) struct Args {
    #[command(flatten)]
    past: Past,
    #[command(flatten)]
    looks: Looks,
    /// Also those with one kind of evidence, or with little money: above the stated false-discovery rate.
    #[arg(long)]
    all: bool,
    /// Also some picked at random, marked as controls, for a blind review that measures the leads.
    #[arg(long)]
    controls: bool,
    /// Writes a page with a funnel plot for each family of figures.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let rates = &context.config.rates;
    let mut record = Record::default();
    let settings = Settings { controls: args.controls, ..Settings::default() };
    let methods = Methods { rings: None, drivers: None, ..Methods::default() };
    looking::past(&args.looks, &args.past, methods, context, |event| record.see(event, rates))?;
    print::passed_over(record.without_rate);
    let found = insiders(&record, rates.reporting(), &settings);
    let leads: Vec<&Lead> = found.leads.iter().filter(|l| args.all || l.stands || l.control).collect();
    if let Some(report) = &args.report {
        write_file(report, page::page(&leads, &found.units, &settings).render().as_bytes())?;
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

fn words(leads: &[&Lead], settings: &Settings) -> String {
    if leads.is_empty() {
        return "no leads: nobody's figures are out of line in two kinds of evidence\n".to_owned();
    }
    let mut out = String::new();
    for lead in leads {
        let looks = match (lead.control, lead.pattern) {
            (true, _) => "control, picked at random".to_owned(),
            (_, Pattern::Bribed) => "looks bribed".to_owned(),
            (_, Pattern::Phished) => "looks phished: the account, not the person".to_owned(),
            (_, Pattern::Unclear) => "pattern unclear".to_owned(),
        };
        let probability = text::share(lead.probability);
        let head = format!(
            "{}  {probability}  {looks}  {} in {} refunds",
            lead.staff,
            lead.money,
            lead.refunds.len()
        );
        let _ = writeln!(out, "{}", print::headline(&head));
        for line in &lead.why {
            let _ = writeln!(out, "  {line}");
        }
    }
    let _ = writeln!(
        out,
        "\nEach family of figures is held to a false-discovery rate of {}; a lead has at least {} kinds of evidence. It is a \
         reason to look, not an accusation.",
        text::share(settings.fdr),
        settings.kinds_min
    );
    out
}
