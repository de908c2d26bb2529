//! What can be proved, in a form that a court can check? Makes evidence packs, and checks them offline.

mod export;
mod source;
mod verify;

use crate::commands::Context;
use crate::failure::Failure;
use clap::Subcommand;
use std::process::ExitCode;

/// Makes a pack of evidence that a court can check, and checks one.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  ringfence evidence export --data /var/lib/ringfence --spec matter.toml --purpose counsel --key log.key --out pack.zip\n  \
                  ringfence evidence verify pack.zip --key log.key.pub"
)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    Export(export::Args),
    Verify(verify::Args),
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    match &args.what {
        What::Export(args) => export::run(args, context),
        What::Verify(args) => verify::run(args, context),
    }
}
