//! What does each command do? One file a command, a few lines over the crates.

pub(crate) mod attribution;
pub(crate) mod backtest;
pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod evaluate;
pub(crate) mod evidence;
pub(crate) mod import;
pub(crate) mod insiders;
pub(crate) mod log;
pub(crate) mod pack;
pub(crate) mod posts;
pub(crate) mod replay;
pub(crate) mod returns;
pub(crate) mod review_plan;
pub(crate) mod rings;
pub(crate) mod score;
pub(crate) mod serve;
pub(crate) mod simulate;
pub(crate) mod train;

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use ringfence_domain::config::Config;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The configuration that is read where none is named.
const CONFIG: &str = "ringfence.toml";

/// What all commands know.
#[derive(Debug)]
pub(crate) struct Context {
    /// The deployment's configuration.
    pub(crate) config: Config,
    /// Whether the result is printed as JSON.
    pub(crate) json: bool,
}

/// Runs what was asked for.
pub(crate) fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let Cli { config, json, command } = cli;
    let context = Context { config: configuration(config)?, json };
    match command {
        Command::Demo(args) => demo::run(&args, &context),
        Command::Simulate(args) => simulate::run(&args, &context),
        Command::Import(args) => import::run(&args, &context),
        Command::Check(args) => check::run(&args, &context),
        Command::Pack(args) => pack::run(&args, &context),
        Command::Replay(args) => replay::run(&args, &context),
        Command::Train(args) => train::run(&args, &context),
        Command::Score(args) => score::run(&args, &context),
        Command::Evaluate(args) => evaluate::run(&args, &context),
        Command::Backtest(args) => backtest::run(&args, &context),
        Command::ReviewPlan(args) => review_plan::run(&args, &context),
        Command::Returns(args) => returns::run(&args, &context),
        Command::Rings(args) => rings::run(&args, &context),
        Command::Attribution(args) => attribution::run(&args, &context),
        Command::Insiders(args) => insiders::run(&args, &context),
        Command::Posts(args) => posts::run(&args, &context),
        Command::Serve(args) => serve::run(&args, &context),
        Command::Evidence(args) => evidence::run(&args, &context),
        Command::Log(args) => log::run(&args, &context),
        Command::Backup(args) => backup::run(&args, &context),
        Command::Restore(args) => backup::run_restore(&args, &context),
    }
}

fn configuration(path: Option<PathBuf>) -> Result<Config, Failure> {
    let path = match path {
        Some(path) => path,
        None if Path::new(CONFIG).exists() => PathBuf::from(CONFIG),
        None => return Ok(Config::default()),
    };
    let text = read_text(&path, "read the configuration")?;
    Config::parse(&text).map_err(|error| {
        let failure =
            Failure::new(&error.message, format!("{}:{}:{}", path.display(), error.line, error.column));
        match error.help {
            Some(help) => failure.help(help),
            None => failure,
        }
    })
}

/// Reads a small text file.
pub(crate) fn read_text(path: &Path, attempt: &str) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::io(attempt, path, &error))
}

/// Writes a whole file, beside its place first, so that a broken run leaves no half of it.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let fail = |error: std::io::Error| Failure::io("write", path, &error);
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(fail)?;
    }
    let no_name = || Failure::usage("this is not the name of a file", path.display());
    let mut name = path.file_name().ok_or_else(no_name)?.to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    std::fs::write(&part, bytes).map_err(fail)?;
    std::fs::rename(&part, path).map_err(fail)
}
