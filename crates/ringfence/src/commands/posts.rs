//! Which refunds are boasted of in public? Posts matched to refunds, with probabilities, evidence and what speaks against it.

mod page;
mod truth;

use crate::commands::{Context, read_text, write_file};
use crate::failure::{At, Failure};
use crate::input;
use crate::print;
use crate::time::moment;
use ringfence_domain::{Body, Timestamp};
use ringfence_leads::posts::{Findings, Handle, Match, Names, Record, Settings, Silence, Unmatched, posts};
use ringfence_report::text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Public posts matched to the refunds that they boast of, with a probability that accounts for chance.
///
/// A match is a reason to look, not an accusation. The shop's names and misspellings are in the configuration under
/// `retailer`: `names`, those of other shops `others`. With --json a line for each match, handle and unmatched post.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence import telegram result.json --out posts.jsonl\n  \
    ringfence posts --events events.jsonl.zst posts.jsonl --report posts.html\n  \
    ringfence posts --events events.jsonl.zst posts.jsonl --as-of 2023-09-01 --all --json")]
pub(crate) struct Args {
    /// Event files, those of the shop and those of the posts, in the order of their arrival.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    events: Vec<PathBuf>,
    /// Only what had arrived by then is used: a day, or a time as in 2023-09-01T00:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    as_of: Option<Timestamp>,
    /// Also matches below a probability of 0.9.
    #[arg(long)]
    all: bool,
    /// Rings whose refunds are known, one a line, as `ringfence rings --json` prints them: handles are tied to them.
    #[arg(long, value_name = "FILE")]
    rings: Option<PathBuf>,
    /// A page with the matrix of matches, totals by handle, and what stays unmatched.
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// The truth of a simulation, to measure the matches by; never used to find them.
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
}

/// A line of the result.
#[derive(Serialize)]
#[serde(tag = "record", rename_all = "snake_case")]
enum Line<'a> {
    Match(&'a Match),
    Handle(&'a Handle),
    Unmatched(&'a Unmatched),
    Measured(&'a truth::Measured),
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let names = Names::new(&context.config.retailer_names, &context.config.other_retailers);
    if names.is_empty() {
        eprintln!(
            "warning: the shop's own names are not configured, so no post names it: set [retailer] names in ringfence.toml"
        );
    }
    let rings = args.rings.as_deref().map(rings).transpose()?.unwrap_or_default();
    let truth = args.truth.as_deref().map(truth::Truth::read).transpose()?;
    let (mut record, mut newest) = (Record::default(), Timestamp::MIN);
    input::fold(&args.events, context, "read", |event| {
        newest = newest.max(event.time);
        // Posts mostly come in a file of their own, behind the shop's: they were public from their own time on.
        let is_post = matches!(event.body, Body::PostCollected(_));
        let arrival = event.recorded.unwrap_or(if is_post { event.time } else { newest });
        if args.as_of.is_none_or(|until| arrival <= until) {
            record.see(&event);
        }
        Ok(())
    })?;
    let settings = Settings::default();
    let found = posts(&record, &names, &rings, &settings);
    let measured = truth.map(|truth| truth.measure(&found));
    if let Some(path) = &args.report {
        write_file(path, page::page(&found, &settings, measured.as_ref()).as_bytes())?;
    }
    let matches: Vec<&Match> = found.matches.iter().filter(|m| args.all || m.stands).collect();
    if context.json {
        for one in matches {
            print::json_line(&Line::Match(one))?;
        }
        for handle in &found.handles {
            print::json_line(&Line::Handle(handle))?;
        }
        for one in &found.unmatched {
            print::json_line(&Line::Unmatched(one))?;
        }
        if let Some(measured) = &measured {
            print::json_line(&Line::Measured(measured))?;
        }
    } else {
        print::out(&words(&found, &matches, &settings, measured.as_ref()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The ring of each refund. Of two rings that claim one refund the first, which is the stronger lead, has it.
fn rings(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    #[derive(Deserialize)]
    struct Ring {
        ring: String,
        refunds: Vec<String>,
    }
    let mut found = BTreeMap::new();
    for (n, line) in read_text(path, "read the rings")?.lines().enumerate().filter(|l| !l.1.trim().is_empty())
    {
        let ring: Ring = serde_json::from_str(line)
            .at(format!("{}:{}", path.display(), n + 1))
            .map_err(|f| f.help("write one ring a line, as {\"ring\":\"K1\",\"refunds\":[\"R1\",\"R2\"]}"))?;
        for refund in ring.refunds {
            found.entry(refund).or_insert_with(|| ring.ring.clone());
        }
    }
    Ok(found)
}

/// Handles that are listed in words; all are in the JSON.
const HANDLES_TOLD: usize = 20;

fn words(
    found: &Findings,
    matches: &[&Match],
    settings: &Settings,
    measured: Option<&truth::Measured>,
) -> String {
    let mut out = String::new();
    for one in matches {
        let head = format!(
            "{}  {}  {} by {}  {}",
            text::share(one.probability),
            one.refund,
            one.post,
            one.handle,
            one.money
        );
        let _ = writeln!(out, "{}", print::headline(&head));
        for line in &one.why {
            let _ = writeln!(out, "  {line}");
        }
    }
    let told = found.handles.iter().filter(|h| h.matched > 0 || h.boasts > 1).take(HANDLES_TOLD);
    let rows: Vec<Vec<String>> = told
        .map(|h| {
            let rings = h.rings.iter().map(|r| format!("{} ({:.1} of {:.1})", r.ring, r.matches, r.of));
            vec![
                h.handle.clone(),
                print::count(h.boasts),
                print::count(h.matched),
                format!("{:.1}", h.expected),
                page::totals(h, |t| t.claimed),
                page::totals(h, |t| t.matched),
                rings.collect::<Vec<_>>().join(", "),
            ]
        })
        .collect();
    if !rows.is_empty() {
        let columns = ["handle", ">boasts", ">matched", ">expected", ">claimed", ">matched money", "rings"];
        let _ = writeln!(out, "\n{}", print::table(&columns, rows));
    }
    let because = |why: Silence| found.unmatched.iter().filter(|u| u.because == why).count() as u64;
    let _ = writeln!(
        out,
        "{} posts, {} boasts after those told again; {} refunds. Unmatched: {} about other shops, {} no boasts, {} without an \
         amount, {} with an amount of no refund, {} unclear.",
        print::count(found.posts),
        print::count(found.boasts),
        print::count(found.refunds),
        because(Silence::OtherShop),
        because(Silence::NoBoast),
        because(Silence::NoAmount),
        because(Silence::NoRefund),
        because(Silence::Unclear),
    );
    if let Some(m) = measured {
        let _ = writeln!(
            out,
            "By the truth: {} of {} matches right, precision {:.3}, recall {:.3} of {} boasts, calibration error {:.3}.",
            m.right, m.said, m.precision, m.recall, m.boasts, m.calibration_error
        );
    }
    let _ = writeln!(
        out,
        "\nA match stands from a probability of {} on. It is a reason to look, not an accusation.",
        settings.stands_min
    );
    out
}
