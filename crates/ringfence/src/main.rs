//! Ringfence: from a shop's events to explained refund decisions. `ringfence help` lists the commands.
//!
//! | module | answers |
//! |---|---|
//! | [`charts`] | how do the figures of an evaluation look? |
//! | [`cli`] | which commands and options are there? |
//! | [`commands`] | what does each of them do? one file a command |
//! | [`deciding`] | what decides, as options name it? |
//! | [`failure`] | how is a failure told? |
//! | [`history`] | what does the engine make of event files? |
//! | [`input`] | how are event files read, with faults set aside? |
//! | [`labels`] | what were the requests really? |
//! | [`looking`] | how is a past history looked at again and again? |
//! | [`packed`] | how are packed logs met where event files are? |
//! | [`mod@print`] | how is a result printed, for people and for programs? |
//! | [`progress`] | how does one see that it is still at work? |
//! | [`time`] | which moment is meant on the command line? |

mod charts;
mod cli;
mod commands;
mod deciding;
mod failure;
mod history;
mod input;
mod labels;
mod looking;
mod packed;
mod print;
mod progress;
mod time;

use clap::Parser;
use std::process::ExitCode;

/// A third faster than the system's allocator on JSON intake.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
