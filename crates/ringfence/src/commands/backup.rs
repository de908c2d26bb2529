//! How is a service's folder kept safe, and put back? Copied while it runs, proved, and put into a new folder.

use crate::commands::Context;
use crate::failure::{At, Failure};
use crate::print;
use crate::progress::Progress;
use ringfence_service::backup::{self, Manifest};
use std::path::PathBuf;
use std::process::ExitCode;

/// Copies the folder of a service, also while it runs, and proves the copied log.
///
/// The copy holds everything that was durable when its log was copied. Keep it elsewhere; it holds hashes of keys and the
/// secrets of webhooks.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence backup --data shop --to /backups/shop-2026-06-01")]
pub(crate) struct BackupArgs {
    /// The folder that `serve --data` has.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// A new folder for the copy.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// Puts a backup into a new folder, after proving that it is whole.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence restore --from /backups/shop-2026-06-01 --data shop")]
pub(crate) struct RestoreArgs {
    /// What `backup` made.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// A new folder for `serve --data`.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Runs `backup`.
pub(crate) fn run(args: &BackupArgs, context: &Context) -> Result<ExitCode, Failure> {
    let mut progress = Progress::new("proved", None);
    let made = backup::backup(&args.data, &args.to, &mut |position| progress.set(position));
    drop(progress);
    told(&made.at(args.data.display())?, "The backup is whole.", context)
}

/// Runs `restore`.
pub(crate) fn run_restore(args: &RestoreArgs, context: &Context) -> Result<ExitCode, Failure> {
    let mut progress = Progress::new("proved", None);
    let put = backup::restore(&args.from, &args.data, &mut |position| progress.set(position));
    drop(progress);
    told(&put.at(args.from.display())?, "The backup is whole and was put back.", context)
}

fn told(manifest: &Manifest, headline: &str, context: &Context) -> Result<ExitCode, Failure> {
    if context.json {
        print::json(manifest)?;
    } else {
        let Manifest { anchor, head, files, bytes } = manifest;
        let mut out = format!("{}\n", print::headline(headline));
        out += &format!(
            "{} records, positions {} to {}, in {} files of {} bytes\nhead {}\n",
            print::count(head.position - anchor.position),
            anchor.position,
            head.position,
            print::count(*files),
            print::count(*bytes),
            head.hash
        );
        print::out(&out)?;
    }
    Ok(ExitCode::SUCCESS)
}
