//! Which commands and options are there?

use crate::commands;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Finds refund fraud in a shop's events and answers refund requests with explained decisions.
///
/// Start with `ringfence demo`: it runs the whole main job on a simulated marketplace.
#[derive(Parser, Debug)]
#[command(name = "ringfence", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Configuration: reporting currency, rates, tokens, limits [default: ringfence.toml where it exists].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Print the result as JSON on standard output instead of words.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Demo(commands::demo::Args),
    Simulate(commands::simulate::Args),
    Import(commands::import::Args),
    Check(commands::check::Args),
    Pack(commands::pack::Args),
    Replay(commands::replay::Args),
    Train(commands::train::Args),
    Score(commands::score::Args),
    Evaluate(commands::evaluate::Args),
    Backtest(commands::backtest::Args),
    ReviewPlan(commands::review_plan::Args),
    Returns(commands::returns::Args),
    Rings(commands::rings::Args),
    Attribution(commands::attribution::Args),
    Insiders(commands::insiders::Args),
    Posts(commands::posts::Args),
    Serve(Box<commands::serve::Args>),
    Evidence(commands::evidence::Args),
    Log(commands::log::Args),
    Backup(commands::backup::BackupArgs),
    Restore(commands::backup::RestoreArgs),
}
