//! How are event files kept for folding again and again? Packed: without the parsing that most of a replay is.

use crate::commands::Context;
use crate::failure::Failure;
use crate::input::{self, Read};
use crate::print;
use ringfence_domain::{Body, Event};
use ringfence_features::fact::Convert;
use ringfence_features::packed::PackWriter;
use ringfence_features::{Folder, Plan};
use serde::Serialize;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Packs event files into a binary log that replays without parsing.
///
/// A packed log holds what features read, identifiers, and money in the reporting currency. `replay`, `train` and
/// `backtest` take it in place of event files, with any catalogue. The event files stay the truth: keep them, and pack
/// again when rates or the version of Ringfence change.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence pack events.jsonl.zst --out shop.rfpack\n  \
    ringfence replay --events shop.rfpack --features mine.toml --out vectors.parquet")]
pub(crate) struct Args {
    /// Event files, in the order of their arrival.
    #[arg(required = true, value_name = "FILE")]
    events: Vec<PathBuf>,
    /// Where the packed log goes.
    #[arg(long, value_name = "FILE.rfpack")]
    out: PathBuf,
}

/// A packed log that was written.
#[derive(Serialize, Debug)]
#[allow(clippy::struct_field_names)] // the names of the JSON
struct Packed {
    #[serde(flatten)]
    read: Read,
    /// Events in the log.
    packed: u64,
    /// Refund requests passed over for want of a rate.
    requests_without_rate: u64,
    /// Bytes of the log.
    bytes: u64,
    out: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let packed = pack(&args.events, &args.out, context)?;
    if context.json {
        print::json(&packed)?;
    } else {
        print::out(&words(&packed))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Blocks gathered before they go to the disk, bytes.
const GATHERED: usize = 1 << 20;

fn pack(files: &[PathBuf], out: &Path, context: &Context) -> Result<Packed, Failure> {
    let rates = &context.config.rates;
    let mut sink = Sink::create(out)?;
    let mut folder = Folder::new(Arc::new(Plan::builtin()));
    let mut writer = PackWriter::with_rates(rates.reporting(), rates.fingerprint(), &mut sink.gathered);
    let (mut position, mut no_rate) = (0, 0);
    let read = input::fold(files, context, "pack", |event| {
        if !has_rate(&event, rates) {
            no_rate += 1;
            return Ok(());
        }
        if let Some(fact) = folder.flatten(&event, position, rates) {
            writer.push(&fact, event.id.as_str(), &folder.state().names, &mut sink.gathered);
            folder.fold_clock(&fact);
            position += 1;
        }
        sink.flush(GATHERED)
    })?;
    writer.flush(&mut sink.gathered);
    let bytes = sink.finish()?;
    if no_rate > 0 {
        eprintln!("warning: {} refund requests without a rate were passed over", print::count(no_rate));
    }
    Ok(Packed { read, packed: position, requests_without_rate: no_rate, bytes, out: out.to_owned() })
}

/// As the engine: nobody can weigh a request whose money has no rate.
fn has_rate(event: &Event, rates: &impl Convert) -> bool {
    match &event.body {
        Body::RefundRequested(request) => rates.convert(request.amount, event.time).is_some(),
        _ => true,
    }
}

/// A file that has its name only when it is whole.
struct Sink {
    path: PathBuf,
    part: PathBuf,
    file: File,
    gathered: Vec<u8>,
    bytes: u64,
    whole: bool,
}

impl Sink {
    fn create(path: &Path) -> Result<Sink, Failure> {
        let no_name = || Failure::usage("this is not the name of a file", path.display());
        let mut name = path.file_name().ok_or_else(no_name)?.to_owned();
        name.push(".part");
        let part = path.with_file_name(name);
        let fail = |e: std::io::Error| Failure::io("create", path, &e);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(fail)?;
        }
        let file = File::create(&part).map_err(fail)?;
        Ok(Sink { path: path.to_owned(), part, file, gathered: Vec::new(), bytes: 0, whole: false })
    }
    /// Writes what was gathered, where it is as much as `least`.
    fn flush(&mut self, least: usize) -> Result<(), Failure> {
        if self.gathered.len() < least {
            return Ok(());
        }
        self.bytes += self.gathered.len() as u64;
        let written = self.file.write_all(&self.gathered);
        self.gathered.clear();
        written.map_err(|e| Failure::io("write", &self.path, &e))
    }
    fn finish(mut self) -> Result<u64, Failure> {
        self.flush(0)?;
        let done = self.file.sync_all().and_then(|()| std::fs::rename(&self.part, &self.path));
        done.map_err(|e| Failure::io("write", &self.path, &e))?;
        self.whole = true;
        Ok(self.bytes)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if !self.whole {
            // Half a log is worth nothing; that it cannot be removed changes nothing about the failure.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

fn words(p: &Packed) -> String {
    let mut rows = vec![
        vec!["events packed".to_owned(), print::count(p.packed)],
        vec!["of unknown type, left out".to_owned(), print::count(p.read.unknown_type)],
        vec!["passed over as repeated".to_owned(), print::count(p.read.repeated)],
        vec!["lines set aside".to_owned(), print::count(p.read.refused)],
        vec!["seconds".to_owned(), format!("{:.2}", p.read.seconds)],
        vec!["size".to_owned(), print::bytes(p.bytes)],
    ];
    if p.packed > 0 {
        rows.push(vec!["bytes an event".to_owned(), format!("{:.1}", p.bytes as f64 / p.packed as f64)]);
    }
    format!("{}\npacked log  {}\n", print::table(&["pack", ">"], rows), p.out.display())
}
