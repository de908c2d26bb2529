//! Is a pack what was made and signed? Read from a folder or an archive, checked without a network.

use crate::commands::{Context, read_text};
use crate::failure::{At, Failure};
use crate::print;
use ringfence_evidence::container::{FILES_MAX, Files, PACK_BYTES_MAX, unzip};
use ringfence_evidence::verify::{Fault, Report, verify};
use ringfence_store::log::PublicKey;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Checks a pack on any machine, without a network, and names what was changed.
///
/// Ends with status 1 where anything is not as it was signed.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  ringfence evidence verify pack.zip --key log.key.pub\n  ringfence evidence verify pack/ --json"
)]
pub(super) struct Args {
    /// The pack: a folder or a .zip file.
    #[arg(value_name = "PACK")]
    pack: PathBuf,
    /// The public key that it must be signed with; have it from elsewhere than from the pack.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let key = match &args.key {
        Some(path) => Some(read_text(path, "read the public key")?.parse::<PublicKey>().at(path.display())?),
        None => None,
    };
    let (files, broken) = read(&args.pack)?;
    let mut report = verify(&files, key.as_ref());
    report.faults.extend(broken);
    report.faults.sort();
    if context.json {
        print::json(&report)?;
    } else {
        print::out(&words(&report))?;
    }
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn words(report: &Report) -> String {
    let mut out = String::new();
    if report.holds() {
        out.push_str(&format!("{}\n", print::headline("The pack holds.")));
    } else {
        out.push_str(&format!("{}\n", print::headline("The pack does NOT hold.")));
        for Fault { file, what } in &report.faults {
            out.push_str(&format!("  {file}: {what}\n"));
        }
        if !report.held.is_empty() {
            out.push_str("What does hold:\n");
        }
    }
    for line in &report.held {
        out.push_str(&format!("  {line}\n"));
    }
    for note in &report.notes {
        out.push_str(&format!("note: {note}\n"));
    }
    out
}

/// The files of a pack, and what is wrong with the archive that they came in.
fn read(pack: &Path) -> Result<(Files, Option<Fault>), Failure> {
    if pack.is_dir() {
        let mut files = Files::new();
        folder(pack, "", &mut files)?;
        return Ok((files, None));
    }
    let length = std::fs::metadata(pack).map_err(|e| Failure::io("read the pack", pack, &e))?.len();
    if length > 2 * PACK_BYTES_MAX as u64 {
        return Err(Failure::new(
            format!("{} bytes are more than a pack has", print::count(length)),
            pack.display(),
        ));
    }
    let bytes = std::fs::read(pack).map_err(|e| Failure::io("read the pack", pack, &e))?;
    let (files, error) = unzip(&bytes);
    if files.is_empty() {
        let what = error.map_or("it is empty".to_owned(), |e| e.to_string());
        return Err(Failure::new(format!("this is no archive of a pack: {what}"), pack.display())
            .help("give the folder or the .zip that `ringfence evidence export` wrote"));
    }
    let name = pack.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    Ok((files, error.map(|error| Fault { file: name, what: error.to_string() })))
}

/// Reads a folder with those in it; links are not followed.
fn folder(path: &Path, name: &str, files: &mut Files) -> Result<(), Failure> {
    let fail = |e: std::io::Error| Failure::io("read the pack", path, &e);
    for entry in std::fs::read_dir(path).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let kind = entry.file_type().map_err(fail)?;
        let own = entry.file_name().to_string_lossy().into_owned();
        let inner = if name.is_empty() { own } else { format!("{name}/{own}") };
        if kind.is_dir() {
            folder(&entry.path(), &inner, files)?;
        } else if kind.is_file() {
            if files.len() >= FILES_MAX {
                return Err(Failure::new(format!("more than {FILES_MAX} files are no pack"), path.display()));
            }
            let path = entry.path();
            files.insert(inner, std::fs::read(&path).map_err(|e| Failure::io("read", &path, &e))?);
        } else {
            return Err(Failure::new(
                "it is neither a file nor a folder, and a pack has nothing else",
                entry.path().display(),
            ));
        }
    }
    Ok(())
}
