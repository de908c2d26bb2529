//! How is a past history looked at again and again? As of every few days, so that the leads of each day are those of that day.

use crate::commands::Context;
use crate::failure::Failure;
use crate::input::{Past, Read};
use crate::print;
use ringfence_domain::{Duration, Event};
use ringfence_leads::log::{Book, Looker, Methods, Schedule};
use ringfence_store::{EventWriter, FileError};
use std::path::{Path, PathBuf};

/// Where the findings of the past go, and how often it is looked.
#[derive(clap::Args, Debug)]
pub(crate) struct Looks {
    /// Also writes the leads as events, as of every few days: to be given as one more event file to `train`, `score`,
    /// `replay` and the others, which weave them in by their arrival.
    #[arg(long, value_name = "FILE.jsonl")]
    pub(crate) findings: Option<PathBuf>,
    /// With --findings: looks this often.
    #[arg(long, value_name = "DURATION", default_value = "1d", value_parser = duration, requires = "findings")]
    every: Duration,
}

fn duration(text: &str) -> Result<Duration, String> {
    Duration::parse(text).map_err(|e| e.to_string())
}

/// Reads the past, and looks as often as asked; `see` gets every event too.
pub(crate) fn past(
    looks: &Looks,
    past: &Past,
    methods: Methods,
    context: &Context,
    mut see: impl FnMut(&Event),
) -> Result<Read, Failure> {
    let Some(path) = &looks.findings else { return past.fold(context, see) };
    let mut looking = Looking::new(looks.every, methods, context);
    let mut out = Findings::create(path)?;
    let mut failed = None;
    let read = past.fold(context, |event| {
        for told in looking.arrived(event) {
            if let Err(failure) = out.write(&told) {
                failed.get_or_insert(failure);
            }
        }
        see(event);
    })?;
    if let Some(failure) = failed {
        return Err(failure);
    }
    out.finish(looking.looks)?;
    Ok(read)
}

/// What was seen so far, and the leads that stand.
pub(crate) struct Looking {
    schedule: Schedule,
    looker: Looker,
    book: Book,
    /// Looks taken.
    pub(crate) looks: u64,
}

impl Looking {
    /// Before the first event.
    pub(crate) fn new(every: Duration, methods: Methods, context: &Context) -> Looking {
        let looker = Looker::new(methods, context.config.rates.clone());
        Looking { schedule: Schedule::new(every), looker, book: Book::default(), looks: 0 }
    }
    /// Takes the next event in the order of arrival; the lead events that arrive before it.
    pub(crate) fn arrived(&mut self, event: &Event) -> Vec<Event> {
        let mut told = Vec::new();
        if let Some(as_of) = self.schedule.due(event) {
            told = self.looker.look(&self.book, as_of);
            self.looks += 1;
        }
        for event in told.iter().chain([event]) {
            self.book.see(event, 0);
        }
        self.looker.see(event);
        told
    }
}

/// The file of findings: complete under its name, or not there.
struct Findings<'a> {
    path: &'a Path,
    writer: EventWriter,
    written: u64,
}

impl<'a> Findings<'a> {
    fn create(path: &'a Path) -> Result<Findings<'a>, Failure> {
        let writer = EventWriter::create(path).map_err(|e| not_written(&e))?;
        Ok(Findings { path, writer, written: 0 })
    }
    fn write(&mut self, event: &Event) -> Result<(), Failure> {
        self.written += 1;
        self.writer.write(event).map_err(|e| not_written(&e))
    }
    fn finish(self, looks: u64) -> Result<(), Failure> {
        self.writer.finish().map_err(|e| not_written(&e))?;
        eprintln!(
            "leads   {}: {} events of {} looks",
            self.path.display(),
            print::count(self.written),
            print::count(looks)
        );
        Ok(())
    }
}

fn not_written(e: &FileError) -> Failure {
    Failure::io(e.doing, &e.path, &e.source)
}
