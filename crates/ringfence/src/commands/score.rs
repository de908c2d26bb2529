//! What do we answer each request, and why? Replays everything, writes the decisions from a time on.

use crate::commands::Context;
use crate::deciding::Deciding;
use crate::failure::Failure;
use crate::history::{self, Source};
use crate::input::Read;
use crate::packed;
use crate::print;
use crate::time::moment;
use ringfence_domain::words::Word;
use ringfence_domain::{DecisionKind, Timestamp};
use ringfence_store::EventWriter;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// Answers each refund request with an explained decision, as it would have been answered at its time.
///
/// Without a model the policy decides by its rules and its prior.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  ringfence score --events events.jsonl.zst --model model.json --from 2023-09-01 --out decisions.jsonl\n  \
    ringfence score --events events.jsonl.zst --policy rules-only --out decisions.jsonl"
)]
pub(crate) struct Args {
    /// Event files, in the order of their arrival.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    events: Vec<PathBuf>,
    #[command(flatten)]
    deciding: Deciding,
    /// Requests from then on are written: a day, or a time as in 2023-09-01T00:00:00Z [default: all].
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<Timestamp>,
    /// Where the decisions go, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// What was decided.
#[derive(Serialize, Debug)]
struct Scored {
    #[serde(flatten)]
    read: Read,
    decisions: u64,
    by_decision: BTreeMap<&'static str, u64>,
    out: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    // Amounts are answered in the currency of the request; a packed log has them in the reporting currency only.
    packed::refuse(&args.events)?;
    let model = args.deciding.model()?;
    let (plan, decider) = args.deciding.ready(model.as_ref(), context)?;
    let mut engines = [history::engine(&plan, context, Some(decider))];
    let io = |e: ringfence_store::FileError| Failure::io(e.doing, &e.path, &e.source);
    let mut out = EventWriter::create(&args.out).map_err(io)?;
    let mut by_decision = BTreeMap::new();
    let pass = history::pass(Source::Files(&args.events), context, "score", &mut engines, |_, request| {
        let wanted = args.from.is_none_or(|from| request.time >= from);
        let Some(decision) = request.decision.as_ref().filter(|_| wanted) else { return Ok(()) };
        *by_decision.entry(decision.decision.as_str()).or_insert(0u64) += 1;
        out.write_with(|line| {
            serde_json::to_writer(line, decision).expect("a decision serialises, and a Vec takes all bytes");
        })
        .map_err(io)
    })?;
    out.finish().map_err(io)?;
    let scored =
        Scored { read: pass.read, decisions: by_decision.values().sum(), by_decision, out: args.out.clone() };
    if context.json {
        print::json(&scored)?;
    } else {
        print::out(&words(&scored))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn words(scored: &Scored) -> String {
    let of = |kind: &DecisionKind| scored.by_decision.get(kind.as_str()).copied().unwrap_or(0);
    let all = scored.decisions.max(1) as f64;
    let rows = DecisionKind::ALL.iter().filter(|k| of(k) > 0).map(|k| {
        vec![k.as_str().to_owned(), print::count(of(k)), ringfence_report::text::share(of(k) as f64 / all)]
    });
    format!(
        "{}\n{}\nfrom {} events in {:.1} s\n\ndecisions  {}\n",
        print::headline(&format!("{} decisions", print::count(scored.decisions))),
        print::table(&["decision", ">requests", ">share"], rows),
        print::count(scored.read.events),
        scored.read.seconds,
        scored.out.display()
    )
}
