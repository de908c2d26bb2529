//! What is to be investigated next? A budget over decided requests, spent on money, on learning, and a part by chance.

use crate::commands::Context;
use crate::failure::Failure;
use crate::labels;
use crate::print;
use ringfence_domain::{Currency, Decision, Money};
use ringfence_learn::review::{Because, Candidate, Pick, ReviewSettings, plan};
use ringfence_report::text;
use std::path::PathBuf;
use std::process::ExitCode;

/// Picks what to investigate next: where most money is found and most is learned, and a part by chance.
///
/// Going down the scores finds more of what is known already. Each pick has the probability with which it was to be picked:
/// sums over reviewed requests, each divided by it, are right on average for all. With --json one pick a line.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence review-plan --decisions decisions.jsonl --budget 50\n  \
    ringfence review-plan --decisions decisions.jsonl --budget 50 --random 0.2 --seed 7 --json")]
pub(crate) struct Args {
    /// What `score` wrote.
    #[arg(long, value_name = "FILE")]
    decisions: PathBuf,
    /// Requests that people have time for.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    budget: u32,
    /// The share of them that is drawn by chance, from 0 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.15, value_parser = share)]
    random: f64,
    /// Of the draw: another one each time, and noted, so that it can be repeated.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|e| format!("{e}"))?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("a share lies within 0 and 1".to_owned()) }
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let decisions = labels::decisions(&args.decisions)?;
    let candidates: Vec<Candidate> = decisions.iter().filter_map(candidate).collect();
    let left_out = decisions.len() - candidates.len();
    if candidates.is_empty() {
        return Err(Failure::new("no decision has a score", args.decisions.display())
            .help("decide with a model: `ringfence score --model …`"));
    }
    if left_out > 0 {
        eprintln!(
            "{} decisions without a score or money at stake were left out",
            print::count(left_out as u64)
        );
    }
    let own = ReviewSettings::of(args.budget as usize);
    let settings = ReviewSettings { random_share: args.random, seed: args.seed, ..own };
    let picks = plan(&candidates, &settings);
    if context.json {
        for pick in &picks {
            print::json_line(pick)?;
        }
    } else {
        print::out(&words(&picks, candidates.len(), context.config.rates.reporting()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What may be reviewed: a decision with a score and money at stake.
fn candidate(decision: &Decision) -> Option<Candidate> {
    // The expected loss is score × amount.
    let probability = Some(decision.score).filter(|p| *p > 0.0)?;
    let amount_minor = (decision.expected_loss.amount as f64 / probability).round() as i64;
    let refund = decision.refund.as_str().to_owned();
    Some(Candidate {
        group: decision.cluster.clone().unwrap_or_else(|| refund.clone()),
        refund,
        probability,
        amount_minor,
        looked_at: 0,
    })
}

fn words(picks: &[Pick], of: usize, currency: Currency) -> String {
    let because = |pick: &Pick| match pick.because {
        Because::Money => "money",
        Because::Learning => "learning",
        Because::Chance => "chance",
    };
    let rows = picks.iter().map(|pick| {
        let worth = Money { amount: pick.worth.round() as i64, currency };
        vec![
            pick.refund.clone(),
            because(pick).to_owned(),
            worth.to_string(),
            text::decimal(pick.propensity, 4),
        ]
    });
    let mut out = print::table(&["refund", "because of", ">worth", ">propensity"], rows);
    out.push_str(&format!(
        "\n{} of {} requests\n",
        print::count(picks.len() as u64),
        print::count(of as u64)
    ));
    out
}
