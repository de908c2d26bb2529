//! How is a pack made? Read, recorded in the log, assembled, written as one.

use super::source;
use crate::commands::log::now;
use crate::commands::{Context, read_text, write_file};
use crate::failure::{At, Failure};
use crate::print;
use crate::time::moment;
use ringfence_domain::Timestamp;
use ringfence_evidence::canonical::sha256_hex;
use ringfence_evidence::leads::Leads;
use ringfence_evidence::manifest::{MANIFEST, Tool};
use ringfence_evidence::{Files, Gather, Inputs, Noted, Origin, Purpose, Spec, assemble, zip};
use ringfence_service::core::{Control, Principal};
use ringfence_store::log::{HeadKey, LogError};
use ringfence_store::{LOG_FOLDER, Log, Options, Record, RecordKind};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Makes a pack: report, exhibits, proofs, damages, drafts of certifications; signed with the key of the log.
///
/// The matter is described in a file; see docs/guides/evidence.md. That the pack is made is recorded in the log first, for
/// which the service must be stopped; --unrecorded makes one beside a running service, and the pack says so.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  ringfence evidence export --data /var/lib/ringfence --spec matter.toml --purpose court --key log.key --out pack.zip\n  \
                  ringfence rings --events events.jsonl.zst --json > leads.jsonl\n  \
                  ringfence evidence export --events events.jsonl.zst --leads leads.jsonl --spec matter.toml --purpose counsel --out pack/"
)]
pub(super) struct Args {
    /// The folder of the service.
    #[arg(long, value_name = "DIR", required_unless_present = "events", conflicts_with = "events")]
    data: Option<PathBuf>,
    /// Event files instead of a log, in the order of their arrival: the pack says that there is no chain.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    events: Vec<PathBuf>,
    /// What the matter is: names, refunds, accounts, defendants, damages (TOML).
    #[arg(long, value_name = "FILE")]
    spec: PathBuf,
    /// For whom: what is shown, masked or left out.
    #[arg(long, value_parser = purpose, value_name = "court|counsel|law_enforcement|insurer|internal")]
    purpose: Purpose,
    /// Leads, as `rings`, `insiders` and `posts` print them with --json.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    leads: Vec<PathBuf>,
    /// The private key, as `log keygen` wrote it; without it the pack is not signed.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// When it is made, instead of now: for making the same pack again.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<Timestamp>,
    /// Does not record the export in the log.
    #[arg(long, conflicts_with = "events")]
    unrecorded: bool,
    /// Where to write it: a file that ends in .zip, or a folder that is not there or empty.
    #[arg(long, value_name = "OUT")]
    out: PathBuf,
}

fn purpose(text: &str) -> Result<Purpose, String> {
    let found = Purpose::ALL.into_iter().find(|p| p.as_str() == text);
    let words: Vec<&str> = Purpose::ALL.iter().map(|p| p.as_str()).collect();
    found.ok_or_else(|| format!("it is one of {}", words.join(", ")))
}

/// What was made.
#[derive(Serialize)]
struct Made<'a> {
    pack: &'a Path,
    files: usize,
    bytes: usize,
    records: usize,
    signed: bool,
    manifest_sha256: String,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    free(&args.out)?;
    let spec = Spec::parse(&read_text(&args.spec, "read the matter")?).at(args.spec.display())?;
    let mut leads = Leads::default();
    for path in &args.leads {
        let read = leads.read(&read_text(path, "read the leads")?);
        read.map_err(|(line, what)| Failure::new(what, format!("{}:{line}", path.display())))?;
    }
    let key = match &args.key {
        Some(path) => Some(HeadKey::parse(&read_text(path, "read the key")?).at(path.display())?),
        None => None,
    };
    let made_at = args.at.map_or_else(now, Ok)?;
    let mut gather = Gather::new(&spec, &leads);
    let (origin, noted) = match &args.data {
        Some(data) => {
            let noted = if args.unrecorded {
                Noted::Not("the person who made it asked for that".to_owned())
            } else {
                Noted::At(record(data, &spec, args.purpose)?)
            };
            let proved = source::of_log(data, &mut gather, context)?;
            let signed = key.as_ref().map(|key| Box::new(key.sign(proved.head, made_at)));
            (Origin::Log { anchor: proved.anchor, head: proved.head, signed }, noted)
        }
        None => {
            let files = source::of_files(&args.events, &mut gather, context)?;
            (Origin::Files(files), Noted::Not("it was made from files of events".to_owned()))
        }
    };
    let files = assemble(&Inputs {
        spec: &spec,
        purpose: args.purpose,
        made_at,
        tool: Tool { name: "Ringfence".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        origin,
        gathered: &gather,
        leads: &leads,
        rates: &context.config.rates,
        noted,
        key: key.as_ref(),
    });
    let files = files.at(args.spec.display())?;
    write(&args.out, &files)?;
    told(args, context, &files, gather.cited.len(), key.is_some())
}

fn told(
    args: &Args,
    context: &Context,
    files: &Files,
    records: usize,
    signed: bool,
) -> Result<ExitCode, Failure> {
    let made = Made {
        pack: &args.out,
        files: files.len(),
        bytes: files.values().map(Vec::len).sum(),
        records,
        signed,
        manifest_sha256: sha256_hex(&files[MANIFEST]),
    };
    if context.json {
        print::json(&made)?;
    } else {
        let signed = if signed { "signed" } else { "NOT signed (give --key)" };
        print::out(&format!(
            "{}\n{} files, {}, {} records, {signed}\nSHA-256 of the manifest {}\nCheck it with `ringfence evidence verify {}`.\n",
            print::headline(&format!("The pack is in {}.", made.pack.display())),
            made.files,
            print::bytes(made.bytes as u64),
            print::count(records as u64),
            made.manifest_sha256,
            made.pack.display()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Appends to the log that a pack is made, before it is: so that it is in the chain of custody of this one and all later ones.
fn record(data: &Path, spec: &Spec, purpose: Purpose) -> Result<u64, Failure> {
    let folder = data.join(LOG_FOLDER);
    if !folder.is_dir() {
        return Err(Failure::new("this is not the folder of a service: it has no log", data.display())
            .help("give the folder that `ringfence serve --data` was started with"));
    }
    let mut log = match Log::open(&folder, Options::default()) {
        Err(LogError::Locked { .. }) => {
            return Err(Failure::new(
                "the service is running, and only it can record the export",
                folder.display(),
            )
            .help(
                "stop it for the export, or give --unrecorded: the pack then says that it was not recorded",
            ));
        }
        other => other.at(folder.display())?,
    };
    let by = Principal { id: "cli".into(), name: "the command line".into(), role: None, user: None };
    let detail = BTreeMap::from([("purpose".to_owned(), purpose.as_str().to_owned())]);
    let did = Control::Noted { did: "evidence_exported".into(), subject: spec.matter.clone(), detail, by };
    let payload = Cow::Owned(did.bytes());
    let record = Record { kind: RecordKind::Control, recorded: now()?, payload };
    Ok(log.append(&[record]).at(folder.display())?.start)
}

/// Whether the pack is to be one file.
fn is_archive(out: &Path) -> bool {
    out.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip"))
}

/// Nothing is written over: a pack that was given away must not change.
fn free(out: &Path) -> Result<(), Failure> {
    let taken = if is_archive(out) {
        out.exists()
    } else {
        std::fs::read_dir(out).map_or(out.exists(), |mut entries| entries.next().is_some())
    };
    if taken {
        return Err(Failure::usage("there is something already", out.display())
            .help("name a new place: packs are not written over"));
    }
    Ok(())
}

fn write(out: &Path, files: &Files) -> Result<(), Failure> {
    if is_archive(out) {
        return write_file(out, &zip(files));
    }
    for (name, bytes) in files {
        write_file(&out.join(name), bytes)?;
    }
    Ok(())
}
