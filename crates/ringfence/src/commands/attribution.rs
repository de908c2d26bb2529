//! Who is answerable for which claim? Drivers as leads, accounts and claims with why and what speaks against it.

mod page;

use crate::commands::{Context, write_file};
use crate::failure::Failure;
use crate::input::Past;
use crate::looking::{self, Looks};
use crate::print;
use ringfence_leads::attribution::{
    Attribution, ClaimShares, Culprit, DriverLead, Person, Record, Run, Settings, attribute,
};
use ringfence_leads::log::Methods;
use ringfence_report::text;
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Who is answerable for claims: buyer, driver, staff or nobody, inferred together.
///
/// A driver's thefts are not charged to the people on the route, nor an abuser's claims to the drivers. A share is a
/// probability, not an accusation. With --json one finding a line: `driver` (leads), `account`, `claim`, and `run` last.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence attribution --events events.jsonl.zst\n  \
    ringfence attribution --events events.jsonl.zst --as-of 2023-09-01 --top 50 --report attribution.html")]
pub(crate) struct Args {
    #[command(flatten)]
    past: Past,
    #[command(flatten)]
    looks: Looks,
    /// How many accounts and claims are shown.
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// Leave verdicts out, where there are any.
    #[arg(long)]
    without_verdicts: bool,
    /// Also write a page with a funnel plot of the drivers.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// What is shown of a claim.
#[derive(Serialize)]
pub(crate) struct ClaimFinding {
    #[serde(flatten)]
    shares: ClaimShares,
    /// The likeliest culprit's share lies within these with 90 %.
    within: [f64; 2],
    why: Vec<String>,
}

/// What is shown of an account.
#[derive(Serialize)]
pub(crate) struct AccountFinding {
    #[serde(flatten)]
    figures: Person,
    /// The ratio lies within these with 90 %.
    within: [f64; 2],
}

/// One line of JSON.
#[derive(Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
enum Line<'a> {
    Driver(&'a DriverLead),
    Account(&'a AccountFinding),
    Claim(&'a ClaimFinding),
    Run(&'a Run),
}

/// All that is shown.
pub(crate) struct Shown {
    leads: Vec<DriverLead>,
    accounts: Vec<AccountFinding>,
    claims: Vec<ClaimFinding>,
    run: Run,
    settings: Settings,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let rates = &context.config.rates;
    let mut record = Record::default();
    let settings = Settings { verdicts: !args.without_verdicts, ..Settings::default() };
    let methods = Methods { rings: None, insiders: None, drivers: Some(settings), ..Methods::default() };
    looking::past(&args.looks, &args.past, methods, context, |event| record.see(event, rates))?;
    print::passed_over(record.without_rate);
    let attribution = attribute(&record, &settings);
    let shown = Shown {
        leads: attribution.driver_leads(rates.reporting()),
        accounts: accounts(&attribution, args.top),
        claims: claims(&attribution, args.top),
        run: attribution.run(),
        settings,
    };
    if let Some(path) = &args.report {
        write_file(path, page::page(&attribution, &shown).render().as_bytes())?;
    }
    if context.json {
        lines(&shown)?;
    } else {
        print::out(&words(&shown, args.report.as_deref()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn accounts(attribution: &Attribution<'_>, top: usize) -> Vec<AccountFinding> {
    let mut accounts = attribution.accounts();
    accounts.retain(|a| a.claims > 0);
    accounts.sort_by(|a, b| {
        b.any.total_cmp(&a.any).then(b.answerable.total_cmp(&a.answerable)).then_with(|| a.id.cmp(&b.id))
    });
    accounts.truncate(top);
    accounts.into_iter().map(|a| AccountFinding { within: a.within(), figures: a }).collect()
}

/// Those that are most surely somebody's doing.
fn claims(attribution: &Attribution<'_>, top: usize) -> Vec<ClaimFinding> {
    let mut claims: Vec<ClaimShares> =
        attribution.claims().filter(|c| c.likeliest != Culprit::Nobody).collect();
    claims.sort_by(|a, b| a.nobody.total_cmp(&b.nobody).then_with(|| a.refund.cmp(&b.refund)));
    claims.truncate(top);
    let finding = |shares: ClaimShares| ClaimFinding {
        within: attribution.within(&shares.refund, shares.likeliest).expect("the claim is one of them"),
        why: attribution.why(&shares.refund),
        shares,
    };
    claims.into_iter().map(finding).collect()
}

fn lines(shown: &Shown) -> Result<(), Failure> {
    let leads = shown.leads.iter().map(Line::Driver);
    let all =
        leads.chain(shown.accounts.iter().map(Line::Account)).chain(shown.claims.iter().map(Line::Claim));
    for line in all.chain([Line::Run(&shown.run)]) {
        print::json_line(&line)?;
    }
    Ok(())
}

/// What a lead on a driver looks like, in words.
fn pattern(lead: &DriverLead) -> &'static str {
    match lead.pattern {
        ringfence_leads::attribution::Cause::Kept => "parcels look kept",
        _ => "parcels look astray or scanned too early",
    }
}

fn words(shown: &Shown, report: Option<&std::path::Path>) -> String {
    let mut out = String::new();
    let fdr = text::share(shown.settings.fdr);
    let _ = writeln!(out, "{}", print::headline("Drivers"));
    if shown.leads.is_empty() {
        let _ = writeln!(out, "no leads at a false-discovery rate of {fdr}");
    }
    for lead in &shown.leads {
        let DriverLead { driver, probability, money, refunds, .. } = lead;
        let probability = text::share(*probability);
        let _ = writeln!(
            out,
            "{driver}  {probability}  {}  {money} in {} requests",
            pattern(lead),
            refunds.len()
        );
        for line in &lead.why {
            let _ = writeln!(out, "  {line}");
        }
    }
    let _ = writeln!(out, "\n{}", print::headline("Accounts"));
    let row = |AccountFinding { figures: f, within: [low, high] }: &AccountFinding| {
        vec![
            f.id.clone(),
            text::share(f.any),
            format!("{:.1} of {}", f.answerable, f.claims),
            text::count(f.exposure),
            format!("{:.1} ({low:.1} to {high:.1})", f.ratio),
        ]
    };
    let columns = ["account", ">at least one", ">claims", ">orders", ">times the mean rate"];
    out.push_str(&print::table(&columns, shown.accounts.iter().map(row)));
    let _ = writeln!(out, "\n{}", print::headline("Claims"));
    for ClaimFinding { shares, within: [low, high], why } in &shown.claims {
        let [buyer, driver, staff, nobody] =
            [shares.buyer, shares.driver, shares.staff, shares.nobody].map(text::share);
        let _ = writeln!(
            out,
            "{}  of {}: buyer {buyer}, driver {driver}, staff {staff}, nobody {nobody} (likeliest within {} to {})",
            shares.refund,
            shares.account,
            text::share(*low),
            text::share(*high)
        );
        for line in why {
            let _ = writeln!(out, "  {line}");
        }
    }
    let Run { claims, sweeps, change, converged, .. } = shown.run;
    let ended = if converged { "converged" } else { "did not converge" };
    let _ = writeln!(
        out,
        "\n{} claims; {ended} after {sweeps} sweeps, the last change {change:.4}. Drivers are held to a false-discovery rate of \
         {fdr}. A share is a probability under the model and a reason to look, not an accusation.",
        text::count(claims as f64)
    );
    if let Some(path) = report {
        let _ = writeln!(out, "report: {}", path.display());
    }
    out
}
