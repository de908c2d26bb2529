//! What would another policy have done? Two policies on the same history: decisions that differ, money, reviewers' load.

use crate::commands::{Context, write_file};
use crate::failure::{At, Failure};
use crate::history::{self, Source};
use crate::labels::{self, Labels};
use crate::print;
use crate::time::moment;
use ringfence_decide::Policy;
use ringfence_decide::backtest::{Answered, Backtest, Comparison};
use ringfence_domain::truth::Truth;
use ringfence_domain::words::Verdict;
use ringfence_domain::{Currency, Decision, Money, Timestamp};
use ringfence_engine::Situation;
use ringfence_features::Plan;
use ringfence_learn::dataset::Label;
use ringfence_learn::model::Model;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

pub(crate) mod page;

/// Compares two policies on the same history: decisions that differ, money, false positives, reviewers' load.
///
/// What a request was comes from `--labels`, otherwise from the verdicts in the events; money is counted on requests
/// whose truth is known. Both policies are judged with the cost figures of the first, or the policy that believes most
/// in itself would win.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  ringfence backtest --events events.jsonl.zst --model model.json --policy rules-only --policy default\n  \
    ringfence backtest --events events.jsonl.zst --model model.json --policy default --policy mine.toml \\\n    \
    --labels truth.jsonl --from 2023-09-01 --html backtest.html"
)]
pub(crate) struct Args {
    /// Event files, in the order of their arrival, or one packed log.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    events: Vec<PathBuf>,
    /// The two policies: `default`, `rules-only`, or a policy file.
    #[arg(long, required = true, value_name = "FILE.toml")]
    policy: Vec<String>,
    /// What `train` wrote; without it the policies decide by rules and prior.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Feature catalogue [default: the built-in one].
    #[arg(long, value_name = "FILE.toml")]
    features: Option<PathBuf>,
    /// What the requests were, as JSON lines {"refund","label"}.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Requests from then on are compared [default: all].
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<Timestamp>,
    /// Where a report goes, as HTML.
    #[arg(long, value_name = "FILE.html")]
    html: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let [a, b] = args.policy.as_slice() else {
        let what = format!("two policies are compared, {} were given", args.policy.len());
        return Err(Failure::usage(what, "--policy").help("write --policy default --policy mine.toml"));
    };
    let plan = history::plan(args.features.as_deref())?;
    let policies = [(history::policy(a)?, a.as_str()), (history::policy(b)?, b.as_str())];
    let model = args.model.as_deref().map(|path| history::model(path).map(|m| (m, path))).transpose()?;
    let labels = args.labels.as_deref().map(labels::read).transpose()?;
    let answers =
        answer(&args.events, &plan, model.as_ref().map(|(m, p)| (m, *p)), &policies, args.from, context)?;
    let comparison = compare(&answers, &policies, labels.as_ref())?;
    if let Some(path) = &args.html {
        write_file(path, page::page(&comparison).render().as_bytes())?;
    }
    if context.json {
        print::json(&comparison)?;
    } else {
        print::out(&words(&comparison, args.html.as_deref()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A request as both policies answered it.
pub(crate) struct Answer {
    /// Amount, reason, goods.
    pub(crate) situation: Situation,
    /// What the verdicts in the events say it was.
    pub(crate) verdict: Option<Truth>,
    /// The first policy's decision.
    pub(crate) a: Decision,
    /// The second policy's decision.
    pub(crate) b: Decision,
}

/// Answers every request from `from` on with both policies, in one pass over the events.
pub(crate) fn answer(
    events: &[PathBuf],
    plan: &Arc<Plan>,
    model: Option<(&Model, &Path)>,
    policies: &[(Policy, &str); 2],
    from: Option<Timestamp>,
    context: &Context,
) -> Result<Vec<Answer>, Failure> {
    let reporting = context.config.rates.reporting();
    let mut engines = Vec::new();
    for (policy, name) in policies {
        let decider = history::decider(plan, model, policy, name, reporting)?;
        engines.push(history::engine(plan, context, Some(decider)));
    }
    let mut answers: Vec<Answer> = Vec::new();
    let mut first = None;
    let pass = history::pass(Source::Files(events), context, "decide", &mut engines, |index, request| {
        if from.is_some_and(|from| request.time < from) {
            return Ok(());
        }
        let Some(decision) = request.decision.clone() else { return Ok(()) };
        match index {
            0 => first = Some(decision),
            _ => {
                if let Some(a) = first.take() {
                    // The reviews before it are each policy's own: the comparison counts them itself.
                    let situation = Situation { reviews_last_24h: 0, ..request.situation };
                    answers.push(Answer { situation, verdict: None, a, b: decision });
                }
            }
        }
        Ok(())
    })?;
    for answer in &mut answers {
        let verdicts = pass.labels.verdicts(answer.a.refund.as_str());
        answer.verdict = verdicts.iter().max_by_key(|v| v.1).and_then(|v| truth_of(v.0));
    }
    Ok(answers)
}

fn truth_of(verdict: Verdict) -> Option<Truth> {
    Label::of(verdict).map(Truth::from)
}

/// Compares the answers; labels go before verdicts.
pub(crate) fn compare(
    answers: &[Answer],
    policies: &[(Policy, &str); 2],
    labels: Option<&Labels>,
) -> Result<Comparison, Failure> {
    let mut backtest = Backtest::new(&policies[0].0, &policies[1].0).at("--policy")?;
    for answer in answers {
        let labelled = labels.map(|l| l.get(answer.a.refund.as_str()).and_then(|l| l.label).map(Truth::from));
        backtest.add(&Answered {
            refund: answer.a.refund.as_str().to_owned(),
            arrived_at: answer.a.decided_at,
            situation: answer.situation,
            truth: labelled.unwrap_or(answer.verdict),
            a: answer.a.decision,
            b: answer.b.decision,
            score_a: answer.a.score,
            score_b: answer.b.score,
        });
    }
    Ok(backtest.finish())
}

/// Minor units as people read them.
pub(crate) fn money(minor: i64, currency: Currency) -> String {
    Money { amount: minor, currency }.to_string()
}

type Show = fn(&ringfence_decide::backtest::Side, Currency) -> String;

/// The figures of a comparison by name.
pub(crate) fn figures() -> Vec<(&'static str, Show)> {
    vec![
        ("total cost", |s, c| money(s.outcome.total_cost_minor, c)),
        ("  lost to abusers", |s, c| money(s.outcome.lost_to_abuse_minor, c)),
        ("  reviews and other handling", |s, c| money(s.outcome.handling_minor, c)),
        ("  cost with honest customers", |s, c| money(s.outcome.honest_cost_minor, c)),
        ("saved against paying everything", |s, c| money(s.saved_against_paying_everything_minor, c)),
        ("abusive requests paid at once", |s, _| of(s.outcome.abuse_paid_at_once, s.outcome.abuse)),
        ("honest requests paid at once or on scan", |s, _| {
            of(s.outcome.honest_paid_at_once + s.outcome.honest_paid_on_scan, s.outcome.honest)
        }),
        ("honest requests slowed", |s, _| of(s.outcome.honest_slowed, s.outcome.honest)),
        ("honest requests denied", |s, _| of(s.outcome.honest_denied, s.outcome.honest)),
        ("reviews", |s, _| print::count(s.load.reviews)),
        ("reviewers' hours", |s, _| print::count(s.load.hours.round() as u64)),
        ("most reviews on a day", |s, _| print::count(s.load.max_per_day)),
        ("days over the review capacity", |s, _| print::count(s.load.days_over_capacity)),
    ]
}

fn of(n: u64, all: u64) -> String {
    let share = ringfence_report::text::share(n as f64 / (all as f64).max(1.0));
    format!("{} ({share})", print::count(n))
}

fn words(c: &Comparison, html: Option<&Path>) -> String {
    let mut out = format!(
        "{}\n{} of {} requests are answered differently, over {}\nthe truth is known of {}; money counts those\n\n",
        print::headline(&format!("`{}` against `{}`", c.a.policy, c.b.policy)),
        print::count(c.differ),
        print::count(c.requests),
        money(c.differ_amount_minor, c.currency),
        print::count(c.labelled),
    );
    let (a, b) = (format!(">{}", c.a.policy), format!(">{}", c.b.policy));
    let rows = figures()
        .into_iter()
        .map(|(name, show)| vec![name.to_owned(), show(&c.a, c.currency), show(&c.b, c.currency)]);
    out.push_str(&print::table(&["figure", &a, &b], rows));
    let verb = if c.b_saves_minor < 0 { "costs more by" } else { "saves" };
    out.push_str(&format!(
        "\n`{}` {verb} {} against `{}`, by the cost figures of `{}`\n",
        c.b.policy,
        money(c.b_saves_minor.abs(), c.currency),
        c.a.policy,
        c.a.policy
    ));
    if !c.examples.is_empty() {
        let rows = c.examples.iter().take(EXAMPLES_PRINTED).map(|e| {
            let truth = e.truth.map_or("unknown", Truth::as_str);
            vec![
                e.refund.clone(),
                money(e.amount_minor, c.currency),
                e.a.to_string(),
                e.b.to_string(),
                truth.to_owned(),
            ]
        });
        out.push_str("\nThe dearest that differ:\n");
        out.push_str(&print::table(&["refund", ">amount", &c.a.policy, &c.b.policy, "truth"], rows));
    }
    if let Some(path) = html {
        out.push_str(&format!("\nreport  {}\n", path.display()));
    }
    out
}

/// Requests that differ and are printed; the report and `--json` have more.
const EXAMPLES_PRINTED: usize = 10;
