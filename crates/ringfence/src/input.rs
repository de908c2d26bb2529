//! How are event files read? In order, with faults set aside in a reject file and told at the end.

use crate::commands::Context;
use crate::failure::{At, Failure};
use crate::packed;
use crate::print;
use crate::progress::Progress;
use crate::time::moment;
use ringfence_domain::codec::RawLines;
use ringfence_domain::config::Config;
use ringfence_domain::tokens::{TokenKey, Tokeniser};
use ringfence_domain::{Decoder, Event, Refusal, Timestamp};
use ringfence_store::LOG_FOLDER;
use ringfence_store::log::{Log, Options, RecordKind};
use ringfence_store::open::{Progress as BytesRead, open_with_progress};
use ringfence_store::{EventStream, Item, ReadError, RejectWriter};
use serde::Serialize;
use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Where the key of tokens is read from: it must not stand in a file that is shared.
const TOKEN_KEY: &str = "RINGFENCE_TOKEN_KEY";
/// Faults that a fold tells in full; the reject file has them all.
const FAULTS_TOLD: usize = 3;

/// A fault of a line.
#[derive(Serialize, Debug, Clone)]
pub(crate) struct Fault {
    file: String,
    line: u64,
    pointer: String,
    reason: String,
    remedy: String,
}

/// A line of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    file: &'a Path,
    line: u64,
}

impl Place<'_> {
    /// A fault of this line.
    pub(crate) fn fault(&self, pointer: &str, reason: &str, remedy: &str) -> Fault {
        Fault {
            file: self.file.display().to_string(),
            line: self.line,
            pointer: pointer.to_owned(),
            reason: reason.to_owned(),
            remedy: remedy.to_owned(),
        }
    }
    /// What the codec refused in this line.
    pub(crate) fn refused(&self, refusal: &Refusal) -> Fault {
        self.fault(&refusal.pointer, &refusal.reason, &refusal.remedy)
    }
}

/// The faults as lines for people, and how many more there are.
pub(crate) fn faults_in_words(faults: &[Fault], total: u64) -> String {
    let mut out = String::new();
    for Fault { file, line, pointer, reason, remedy } in faults {
        let pointer = if pointer.is_empty() { "the whole line" } else { pointer };
        let _ = writeln!(out, "{file}:{line}: {pointer}: {reason}\n  help: {remedy}");
    }
    let more = total.saturating_sub(faults.len() as u64);
    if more > 0 {
        let _ = writeln!(out, "… and {} more", print::count(more));
    }
    out
}

/// The decoder of the deployment: its limits, and its tokens where it configures them.
pub(crate) fn decoder(context: &Context) -> Result<Decoder, Failure> {
    // Files may be of any time: the clock of this machine says nothing about them.
    let decoder = Decoder::new(context.config.limits(None));
    Ok(match tokeniser(&context.config)? {
        Some(tokens) => decoder.with_tokens(tokens),
        None => decoder,
    })
}

/// What turns personal values into tokens, where the deployment configures it; its key is in the environment.
pub(crate) fn tokeniser(config: &Config) -> Result<Option<Tokeniser>, Failure> {
    if config.tokens.is_empty() {
        return Ok(None);
    }
    let text = std::env::var(TOKEN_KEY).map_err(|_| {
        Failure::new("the configuration replaces values by tokens, and there is no key", TOKEN_KEY)
            .help("make one with `openssl rand -hex 32`, keep it for good, and export it under this name")
    })?;
    let key = TokenKey::from_hex(&text).at(TOKEN_KEY)?;
    Ok(Some(Tokeniser::new(key, config.tokens.iter().copied())))
}

/// Reads every line with its bytes, good or bad, on this thread: for a check.
pub(crate) fn read_raw(
    files: &[PathBuf],
    context: &Context,
    label: &str,
    mut take: impl FnMut(Place, &[u8], Result<Event, &Refusal>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    packed::refuse(files)?;
    let decoder = decoder(context)?;
    let read = BytesRead::default();
    let total = files.iter().filter_map(|f| f.metadata().ok()).map(|m| m.len()).sum();
    let mut progress = Progress::new(label, Some(total));
    for file in files {
        let reader = open_with_progress(file, &read).map_err(|e| Failure::io(e.doing, file, &e.source))?;
        let mut lines = RawLines::new(reader, decoder.limits().line_bytes_max);
        let mut before = 0;
        loop {
            let line = match lines.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(error) => return Err(broken(file, before, &error)),
            };
            before = line.number;
            let place = Place { file, line: line.number };
            match decoder.decode_line(line) {
                Ok(event) => take(place, line.bytes, Ok(event))?,
                Err(refusal) => take(place, line.bytes, Err(&refusal))?,
            }
            if line.number % 4_096 == 0 {
                progress.set(read.bytes());
            }
        }
    }
    Ok(())
}

fn broken(file: &Path, line: u64, error: &std::io::Error) -> Failure {
    let place = format!("{}:{line}", file.display());
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        return Failure::new("the file breaks off after this line", place).help("it was cut: copy it again");
    }
    Failure::new(format!("cannot read on after this line: {error}"), place)
}

/// What was read for a fold.
#[derive(Serialize, Debug, Clone, Default)]
pub(crate) struct Read {
    /// Events folded.
    pub(crate) events: u64,
    /// Of them of a type that the contract does not know.
    pub(crate) unknown_type: u64,
    /// Lines set aside.
    pub(crate) refused: u64,
    /// Events that came again with the same content and were passed over.
    pub(crate) repeated: u64,
    /// Where the lines set aside are.
    pub(crate) rejects: Option<PathBuf>,
    /// Seconds for reading and folding.
    pub(crate) seconds: f64,
}

/// Reads events in order and hands each to `take`; bad lines go to a reject file beside the first file.
pub(crate) fn fold(
    files: &[PathBuf],
    context: &Context,
    label: &str,
    mut take: impl FnMut(Event) -> Result<(), Failure>,
) -> Result<Read, Failure> {
    let Some(first) = files.first() else {
        return Err(Failure::usage("there is no event file to read", "--events"));
    };
    packed::refuse(files)?;
    let decoder = decoder(context)?;
    let mut rejects = RejectWriter::beside(first, !decoder.tokenises());
    let mut told = Vec::new();
    let mut stream = EventStream::open(files, &decoder);
    let mut progress = Progress::new(label, Some(stream.progress().1));
    let mut items = 0u64;
    while let Some(item) = stream.next() {
        match item.map_err(|e| unreadable(&e))? {
            Item::Event { event, .. } => take(event)?,
            Item::Refused { file, refusal, raw } => {
                if told.len() < FAULTS_TOLD {
                    let place = Place { file: &files[file], line: refusal.line.unwrap_or(0) };
                    told.push(place.refused(&refusal));
                }
                let several = (files.len() > 1).then_some(files[file].as_path());
                rejects
                    .write(several, &refusal, &raw)
                    .map_err(|e| Failure::io(e.doing, &e.path, &e.source))?;
            }
        }
        items += 1;
        if items.is_multiple_of(4_096) {
            progress.set(stream.progress().0);
        }
    }
    let counts = stream.counts();
    let set_aside = rejects.finish().map_err(|e| Failure::io(e.doing, &e.path, &e.source))?;
    if let Some((path, count)) = &set_aside {
        eprint!("{}", faults_in_words(&told, *count));
        eprintln!("{} bad lines were set aside in {}", print::count(*count), path.display());
    }
    Ok(Read {
        events: counts.events,
        unknown_type: counts.unknown_type,
        refused: counts.refused,
        repeated: counts.repeated,
        rejects: set_aside.map(|s| s.0),
        seconds: progress.seconds(),
    })
}

/// The events that a command looks back on.
#[derive(clap::Args, Debug)]
pub(crate) struct Past {
    /// Event files, in the order of their arrival.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    events: Vec<PathBuf>,
    /// Only what had arrived by then is used: a day, or a time as in 2023-09-01T00:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    as_of: Option<Timestamp>,
}

impl Past {
    /// Hands over each of them.
    pub(crate) fn fold(&self, context: &Context, take: impl FnMut(&Event)) -> Result<Read, Failure> {
        fold_until(&self.events, self.as_of, context, "read", take)
    }
}

/// Reads events in order and hands over those that had arrived by `as_of`.
pub(crate) fn fold_until(
    files: &[PathBuf],
    as_of: Option<Timestamp>,
    context: &Context,
    label: &str,
    mut take: impl FnMut(&Event),
) -> Result<Read, Failure> {
    let mut newest = Timestamp::MIN;
    fold(files, context, label, |event| {
        newest = newest.max(event.time);
        let arrival = event.recorded.unwrap_or(newest);
        if as_of.is_none_or(|until| arrival <= until) {
            take(&event);
        }
        Ok(())
    })
}

/// Reads the events of a service's log in order and hands each to `take`.
pub(crate) fn fold_log(
    data: &Path,
    context: &Context,
    label: &str,
    mut take: impl FnMut(Event) -> Result<(), Failure>,
) -> Result<Read, Failure> {
    let folder = data.join(LOG_FOLDER);
    if !folder.is_dir() {
        return Err(Failure::new("this is not the folder of a service: it has no log", data.display())
            .help("give the folder that `ringfence serve --data` was started with"));
    }
    let log = Log::open(&folder, Options::default()).at(folder.display())?;
    let anchor = log.anchor().position;
    if anchor > 0 {
        let what = format!("the log begins at position {anchor}: what came before has been retired");
        return Err(Failure::new(what, folder.display()).help(
            "a replay needs every event from the first on: restore the retired segments from a backup",
        ));
    }
    // Personal values were made tokens before they were logged.
    let decoder = Decoder::new(context.config.limits(None));
    let mut progress = Progress::new(label, Some(log.head().position));
    let mut read = Read::default();
    for record in log.read(anchor).at(folder.display())? {
        let (position, record) = record.at(folder.display())?;
        if position % 4_096 == 0 {
            progress.set(position);
        }
        if record.kind != RecordKind::Event {
            continue;
        }
        let mut event = decoder
            .decode(&record.payload)
            .map_err(|refusal| Failure::new(refusal, format!("{}, record {position}", folder.display())))?;
        event.recorded = event.recorded.or(Some(record.recorded));
        read.events += 1;
        read.unknown_type += u64::from(event.body.event_type().is_none());
        take(event)?;
    }
    read.seconds = progress.seconds();
    Ok(read)
}

fn unreadable(error: &ReadError) -> Failure {
    match error {
        ReadError::Open(e) => Failure::io(e.doing, &e.path, &e.source),
        ReadError::Truncated { path, line } => {
            Failure::new("the file breaks off after this line", format!("{}:{line}", path.display()))
                .help("it was cut: copy it again")
        }
        ReadError::Read { path, line, source } => Failure::new(
            format!("cannot read on after this line: {source}"),
            format!("{}:{line}", path.display()),
        ),
        ReadError::Thread => Failure::new(error, error.source().map_or(String::new(), ToString::to_string)),
    }
}
