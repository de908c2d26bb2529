//! What does the past say about each request? Folds events and writes each request's vector as of its moment.

use crate::commands::Context;
use crate::failure::Failure;
use crate::history::{self, Source, Vectors};
use crate::input::Read;
use crate::print;
use ringfence_engine::Labels;
use ringfence_features::Plan;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Folds events into features; reports events, seconds, events per second, peak memory; writes each refund request's
/// vector as of its moment.
///
/// Bad lines are set aside in a reject file beside the first event file, and told.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence replay --events events.jsonl.zst --out vectors.parquet\n  \
    ringfence replay --events events.jsonl --features mine.toml --out vectors.parquet --json\n  \
    ringfence replay --data shop --out vectors.parquet")]
pub(crate) struct Args {
    /// Event files, in the order of their arrival, or one packed log.
    #[arg(long, required_unless_present = "data", num_args = 1.., value_name = "FILE")]
    events: Vec<PathBuf>,
    /// The folder of a service that is not running, instead of event files: its log is replayed.
    #[arg(long, conflicts_with = "events", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Feature catalogue [default: the built-in one].
    #[arg(long, value_name = "FILE.toml")]
    features: Option<PathBuf>,
    /// Where the vectors go, as Parquet; without it the events are only folded.
    #[arg(long, value_name = "FILE.parquet")]
    out: Option<PathBuf>,
}

/// What a replay found.
#[derive(Serialize, Debug)]
pub(crate) struct Replayed {
    /// What was read.
    #[serde(flatten)]
    pub(crate) read: Read,
    /// Events per second, reading and decoding included.
    pub(crate) events_per_second: f64,
    /// Refund requests.
    pub(crate) requests: u64,
    /// Of them with a verdict.
    pub(crate) requests_with_verdict: u64,
    /// Refund requests passed over for want of a rate.
    pub(crate) requests_without_rate: u64,
    /// Features of the catalogue.
    pub(crate) features: usize,
    /// Hash of the catalogue.
    pub(crate) catalogue: String,
    /// Bytes that the engine's state holds.
    pub(crate) state_bytes: u64,
    /// The state by part.
    pub(crate) state_parts: Vec<(String, u64)>,
    /// Largest memory that the process has held, where the system tells.
    pub(crate) peak_memory_bytes: Option<u64>,
    /// Where the vectors are.
    pub(crate) out: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let plan = history::plan(args.features.as_deref())?;
    let source = match &args.data {
        Some(data) => Source::Data(data),
        None => Source::Files(&args.events),
    };
    let (replayed, _, _) = replay(source, &plan, args.out.as_deref(), context)?;
    if context.json {
        print::json(&replayed)?;
    } else {
        print::out(&words(&replayed))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Replays events; the vectors are kept where `out` is given.
pub(crate) fn replay(
    source: Source<'_>,
    plan: &Arc<Plan>,
    out: Option<&Path>,
    context: &Context,
) -> Result<(Replayed, Vectors, Labels), Failure> {
    let mut engines = [history::engine(plan, context, None)];
    let mut vectors = Vectors::new(context.config.rates.reporting());
    let mut requests = 0;
    let pass = history::pass(source, context, "replay", &mut engines, |_, request| {
        requests += 1;
        if out.is_some() {
            vectors.push(request);
        }
        Ok(())
    })?;
    vectors.settle(&pass.labels);
    if let Some(path) = out {
        vectors.write(plan, path)?;
    }
    let parts = engines[0].folder().state().memory_report();
    let replayed = Replayed {
        events_per_second: pass.read.events as f64 / pass.read.seconds.max(1e-9),
        requests,
        requests_with_verdict: pass.labels.len() as u64,
        requests_without_rate: pass.no_rate,
        features: plan.schema.columns.len(),
        catalogue: plan.schema.hash.clone(),
        state_bytes: parts.iter().map(|p| p.1 as u64).sum(),
        state_parts: parts.into_iter().map(|(name, bytes)| (name, bytes as u64)).collect(),
        peak_memory_bytes: peak_memory(),
        out: out.map(Path::to_owned),
        read: pass.read,
    };
    Ok((replayed, vectors, pass.labels))
}

/// Largest resident memory so far, as Linux tells it.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1_024)
}

fn words(r: &Replayed) -> String {
    let mut rows = vec![
        vec!["events".to_owned(), print::count(r.read.events)],
        vec!["of unknown type".to_owned(), print::count(r.read.unknown_type)],
        vec!["passed over as repeated".to_owned(), print::count(r.read.repeated)],
        vec!["lines set aside".to_owned(), print::count(r.read.refused)],
        vec!["refund requests".to_owned(), print::count(r.requests)],
        vec!["of them with a verdict".to_owned(), print::count(r.requests_with_verdict)],
        vec!["features".to_owned(), r.features.to_string()],
        vec!["seconds".to_owned(), format!("{:.2}", r.read.seconds)],
        vec!["events per second".to_owned(), print::count(r.events_per_second as u64)],
        vec!["memory of the state".to_owned(), print::bytes(r.state_bytes)],
    ];
    rows.extend(r.peak_memory_bytes.map(|b| vec!["peak memory".to_owned(), print::bytes(b)]));
    let mut out = print::table(&["replay", ">"], rows);
    if let Some(path) = &r.out {
        out.push_str(&format!("\nvectors  {}\n", path.display()));
    }
    out
}
