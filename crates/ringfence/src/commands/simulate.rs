//! What would a shop and a ring do? Writes what the shop sees, and the truth apart.

use crate::commands::{Context, read_text};
use crate::failure::{At, Failure};
use crate::print;
use crate::progress::Progress;
use ringfence_domain::Event;
use ringfence_report::text;
use ringfence_simulate::{
    EventSink, Realism, Scenario, SimulateError, Summary, TruthRecord, TruthSink, simulate,
};
use ringfence_store::{EventWriter, FileError};
use serde::Serialize;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Simulates a marketplace: writes `events.jsonl.zst` (what a shop sees) and, apart, `truth.jsonl` (who did what).
///
/// The same seed, scenario and size give the same bytes on every machine. The truth is for `evaluate` only; nothing
/// else reads it.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence simulate --seed 7 --accounts 20000 --days 365 --out shop\n  \
    ringfence simulate --scenario harder --out harder")]
pub(crate) struct Args {
    /// Where chance begins.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Customers [default: what the scenario was written for].
    #[arg(long, value_name = "N")]
    accounts: Option<u32>,
    /// Days from the scenario's start [default: what the scenario was written for].
    #[arg(long, value_name = "N")]
    days: Option<u32>,
    /// `default`, `harder`, `small`, or a scenario file.
    #[arg(long, default_value = "default", value_name = "FILE")]
    scenario: String,
    /// Folder for the two files.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// A marketplace that was written.
#[derive(Debug)]
pub(crate) struct Simulated {
    /// What was asked for.
    pub(crate) seed: u64,
    /// Customers.
    pub(crate) accounts: u32,
    /// Days.
    pub(crate) days: u32,
    /// What a shop sees.
    pub(crate) events: PathBuf,
    /// Who did what.
    pub(crate) truth: PathBuf,
    /// In numbers.
    pub(crate) summary: Summary,
    /// How real its rates and lags are.
    pub(crate) realism: Vec<Likeness>,
    /// Seconds for simulating and writing.
    pub(crate) seconds: f64,
}

/// One measured quantity beside what is published.
#[derive(Serialize, Debug, Clone)]
pub(crate) struct Likeness {
    /// What was measured.
    pub(crate) quantity: String,
    /// What came out; `None` where nothing of the kind happened.
    pub(crate) simulated: Option<f64>,
    /// Least that counts as like it.
    pub(crate) low: f64,
    /// Most.
    pub(crate) high: f64,
    /// Whether it is within.
    pub(crate) within: bool,
    /// Whether it is a share.
    pub(crate) share: bool,
    /// Where the range comes from.
    pub(crate) source: String,
}

impl Likeness {
    /// A number of this quantity as people read it.
    pub(crate) fn shown(&self, value: f64) -> String {
        if self.share { text::share(value) } else { text::plain(value) }
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let scenario = scenario(&args.scenario)?;
    let accounts = args.accounts.unwrap_or(scenario.accounts());
    let days = args.days.unwrap_or(scenario.days());
    let done = write(&scenario, args.seed, accounts, days, &args.out)?;
    if context.json {
        print::json(&Told::of(&done))?;
    } else {
        print::out(&words(&done))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A built-in scenario by its name, or one from a file.
pub(crate) fn scenario(name: &str) -> Result<Scenario, Failure> {
    match name {
        "default" => Ok(Scenario::default()),
        "harder" => Ok(Scenario::harder()),
        "small" => Ok(Scenario::small()),
        file => {
            let text = read_text(Path::new(file), "read the scenario")?;
            Scenario::parse(&text).map_err(|e| {
                let failure = Failure::new(&e.message, format!("{file}:{}:{}", e.line, e.column));
                match e.help {
                    Some(help) => failure.help(help),
                    None => failure,
                }
            })
        }
    }
}

/// Simulates into a folder.
pub(crate) fn write(
    scenario: &Scenario,
    seed: u64,
    accounts: u32,
    days: u32,
    out: &Path,
) -> Result<Simulated, Failure> {
    let (events_path, truth_path) = (out.join("events.jsonl.zst"), out.join("truth.jsonl"));
    let create =
        |path: &Path| EventWriter::create(path).map_err(|e| Failure::io(e.doing, &e.path, &e.source));
    let (mut events, mut truth) = (create(&events_path)?, create(&truth_path)?);
    let mut progress = Progress::new("simulate", None);
    let io = |e: FileError| std::io::Error::new(e.source.kind(), e);
    let realism = RefCell::new(Realism::default());
    let summary = simulate(
        scenario,
        seed,
        accounts,
        days,
        &mut |event: &Event| {
            progress.advance(1);
            realism.borrow_mut().event(event)?;
            events.write(event).map_err(io)
        },
        &mut |record: &TruthRecord| {
            realism.borrow_mut().record(record)?;
            truth
                .write_with(|out| {
                    serde_json::to_writer(out, record)
                        .expect("a record serialises, and a Vec takes all bytes");
                })
                .map_err(io)
        },
    )
    .map_err(|error| match error {
        SimulateError::Size { what, .. } => Failure::usage(error, format!("--{what}")),
        SimulateError::Sink(_) => Failure::new(error, out.display()),
    })?;
    events.finish().at(events_path.display())?;
    truth.finish().at(truth_path.display())?;
    let seconds = progress.seconds();
    let realism = likeness(&realism.into_inner());
    Ok(Simulated { seed, accounts, days, events: events_path, truth: truth_path, summary, realism, seconds })
}

fn likeness(realism: &Realism) -> Vec<Likeness> {
    let one = |within: bool, quantity: &str, numbers: [f64; 3], source: &str, share: bool| Likeness {
        quantity: quantity.to_owned(),
        simulated: Some(numbers[0]).filter(|v| v.is_finite()),
        low: numbers[1],
        high: numbers[2],
        within,
        share,
        source: source.to_owned(),
    };
    let checks = realism.checks();
    checks
        .iter()
        .map(|c| one(c.ok(), c.quantity, [c.simulated, c.low, c.high], c.source, c.percent))
        .collect()
}

/// The result for programs.
#[derive(Serialize)]
struct Told<'a> {
    seed: u64,
    accounts: u32,
    days: u32,
    events: u64,
    orders: u64,
    requests: u64,
    verdicts: u64,
    ring_requests: u64,
    events_by_type: &'a std::collections::BTreeMap<String, u64>,
    realism: &'a [Likeness],
    seconds: f64,
    events_file: &'a Path,
    truth_file: &'a Path,
}

impl<'a> Told<'a> {
    fn of(done: &'a Simulated) -> Told<'a> {
        let s = &done.summary;
        Told {
            seed: done.seed,
            accounts: done.accounts,
            days: done.days,
            events: s.events,
            orders: s.orders,
            requests: s.requests,
            verdicts: s.verdicts,
            ring_requests: s.ring_refunds,
            events_by_type: &s.events_by_type,
            realism: &done.realism,
            seconds: done.seconds,
            events_file: &done.events,
            truth_file: &done.truth,
        }
    }
}

fn words(done: &Simulated) -> String {
    let s = &done.summary;
    let per_second = s.events as f64 / done.seconds.max(1e-9);
    let mut out = format!(
        "{}\n{} accounts over {} days, seed {}: {} orders, {} refund requests ({} by rings), {} verdicts\n",
        print::headline(&format!("{} events", print::count(s.events))),
        print::count(u64::from(done.accounts)),
        done.days,
        done.seed,
        print::count(s.orders),
        print::count(s.requests),
        print::count(s.ring_refunds),
        print::count(s.verdicts),
    );
    out.push_str(&format!("in {:.1} s, {} events/s\n\n", done.seconds, print::count(per_second as u64)));
    out.push_str(&format!(
        "what a shop sees  {}\nwho did what      {}\n",
        done.events.display(),
        done.truth.display()
    ));
    out
}
