//! How are files folded while they are read? A second thread decompresses and decodes; several files are brought into the
//! order of arrival (`merge`).

use crate::merge::{Head, Next, first};
use crate::open::{FileError, Progress, open_with_progress};
use crate::rejects::RAW_BYTES_MAX;
use ringfence_domain::codec::RawLines;
use ringfence_domain::dedupe::{ContentKey, Dedupe, Seen};
use ringfence_domain::{Body, Decoder, Event, Refusal, encode};
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Lines handed over at a time: a hand-over costs some microseconds, shared by that many lines.
const BATCH_LINES_MAX: usize = 512;
/// Bytes of lines handed over at a time: very long lines go in smaller batches.
const BATCH_BYTES_MAX: usize = 1 << 20;
/// Batches that may wait for the caller: about 10 MiB. More would only hide a slow caller.
const BATCHES_WAITING_MAX: usize = 4;

/// One line of a file, read.
///
/// An event is larger than a refusal; boxing it would cost an allocation an event.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)]
pub enum Item {
    /// An event.
    Event {
        /// Index of its file among those that were given.
        file: usize,
        /// Its line, from 1.
        line: u64,
        /// The event.
        event: Event,
    },
    /// A line that was refused.
    Refused {
        /// Index of its file among those that were given.
        file: usize,
        /// Why, and which line.
        refusal: Refusal,
        /// The line as it came, cut at [`crate::rejects::RAW_BYTES_MAX`].
        raw: Box<[u8]>,
    },
}

/// A file that could not be read to its end; what came before has been handed over.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It could not be opened.
    #[error(transparent)]
    Open(#[from] FileError),
    /// It breaks off: a compressed file without its end.
    #[error("{} breaks off after line {line}: the file was cut; the lines before were read, copy it again for the rest", path.display())]
    Truncated {
        /// Which file.
        path: PathBuf,
        /// The last whole line.
        line: u64,
    },
    /// It cannot be read further.
    #[error("{} cannot be read after line {line}; the lines before were read", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// The last whole line.
        line: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The reading thread ended by a fault of this program.
    #[error("the reading thread ended early: this is a fault of Ringfence, please report it")]
    Thread,
}

/// What was read so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Events handed over.
    pub events: u64,
    /// Of them of a type that the contract does not know.
    pub unknown_type: u64,
    /// Lines refused.
    pub refused: u64,
    /// Events that came again with the same id and content, and were passed over.
    pub repeated: u64,
}

/// Events of several files in the order of their arrival, decoded on a second thread.
///
/// An iterator: a refused line is an item; a file that cannot be read further is an error, after which the next file
/// follows. Dropping it ends the thread.
#[derive(Debug)]
pub struct EventStream {
    batches: Option<Receiver<Batch>>,
    batch: std::vec::IntoIter<Result<Item, ReadError>>,
    thread: Option<JoinHandle<()>>,
    counts: Counts,
    progress: Progress,
    bytes_total: u64,
}

#[derive(Default)]
struct Batch {
    items: Vec<Result<Item, ReadError>>,
    repeated: u64,
}

impl EventStream {
    /// Begins to read `paths` with a copy of `decoder`: one after the other, but for files whose events have a
    /// `recordedtime`, which are woven in by it.
    ///
    /// An event that comes again under its source and id is passed over where its content is the same and refused
    /// where it is not; see [`ringfence_domain::dedupe`] for the memory that this takes.
    pub fn open(paths: &[PathBuf], decoder: &Decoder) -> EventStream {
        let (sender, batches) = sync_channel(BATCHES_WAITING_MAX);
        let progress = Progress::default();
        let bytes_total = paths.iter().filter_map(|path| path.metadata().ok()).map(|m| m.len()).sum();
        let mut reading = Reading {
            decoder: decoder.clone(),
            progress: progress.clone(),
            sender,
            batch: Batch::default(),
            batch_bytes: 0,
            dedupe: Dedupe::new(),
            scratch: Vec::new(),
        };
        let paths = paths.to_vec();
        let thread = std::thread::spawn(move || {
            // An error of the channel says that the caller has gone: then there is nobody left to read for.
            let _ = reading.files(&paths);
        });
        EventStream {
            batches: Some(batches),
            batch: Vec::new().into_iter(),
            thread: Some(thread),
            counts: Counts::default(),
            progress,
            bytes_total,
        }
    }

    /// What was handed over so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Bytes read from the disk so far, and in all files together.
    pub fn progress(&self) -> (u64, u64) {
        (self.progress.bytes(), self.bytes_total)
    }

    fn next_batch(&mut self) -> Option<Result<Item, ReadError>> {
        while let Ok(Batch { items, repeated }) = self.batches.as_ref()?.recv() {
            self.counts.repeated += repeated;
            self.batch = items.into_iter();
            if let Some(item) = self.batch.next() {
                return Some(item);
            }
        }
        self.batches = None;
        let panicked = self.thread.take().is_some_and(|thread| thread.join().is_err());
        panicked.then_some(Err(ReadError::Thread))
    }
}

impl Iterator for EventStream {
    type Item = Result<Item, ReadError>;
    fn next(&mut self) -> Option<Self::Item> {
        let item = match self.batch.next() {
            Some(item) => item,
            None => self.next_batch()?,
        };
        match &item {
            Ok(Item::Event { event, .. }) => {
                self.counts.events += 1;
                self.counts.unknown_type += u64::from(matches!(event.body, Body::Unknown { .. }));
            }
            Ok(Item::Refused { .. }) => self.counts.refused += 1,
            Err(_) => {}
        }
        Some(item)
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        // Closing the channel first lets the thread end at its next batch.
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The caller has dropped the stream.
struct Gone;

/// The reading thread.
struct Reading {
    decoder: Decoder,
    progress: Progress,
    sender: SyncSender<Batch>,
    batch: Batch,
    batch_bytes: usize,
    dedupe: Dedupe,
    scratch: Vec<u8>,
}

impl Reading {
    fn files(&mut self, paths: &[PathBuf]) -> Result<(), Gone> {
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let opened = open_with_progress(path, &self.progress);
            let lines = opened.map(|reader| RawLines::new(reader, self.decoder.limits().line_bytes_max));
            files.push(match lines {
                Ok(lines) => Some(lines),
                Err(e) => {
                    self.push(Err(e.into()), 0)?;
                    None
                }
            });
        }
        let mut heads: Vec<Head> = paths.iter().map(|_| Head::new()).collect();
        loop {
            for (file, head) in heads.iter_mut().enumerate().filter(|(_, head)| head.wants()) {
                if let Some(next) = self.next_of(file, &paths[file], &mut files[file])? {
                    head.give(next);
                }
            }
            let Some(file) = first(&heads) else { return self.send() };
            if let Some(next) = heads[file].take() {
                self.event(file, next)?;
            }
        }
    }

    /// The next event of a file; lines that are refused on the way, and where it breaks off, are told.
    fn next_of(
        &mut self,
        file: usize,
        path: &Path,
        lines: &mut Option<RawLines<impl BufRead>>,
    ) -> Result<Option<Next>, Gone> {
        let Some(open) = lines else { return Ok(None) };
        loop {
            match open.next_line() {
                Ok(Some(line)) => match self.decoder.decode_line(line) {
                    Ok(event) => {
                        return Ok(Some(Next { event, line: line.number, bytes: line.bytes.len() }));
                    }
                    Err(refusal) => {
                        let raw = line.bytes[..line.bytes.len().min(RAW_BYTES_MAX)].into();
                        self.push(Ok(Item::Refused { file, refusal, raw }), line.bytes.len())?;
                    }
                },
                Ok(None) => {
                    *lines = None;
                    return Ok(None);
                }
                Err(source) => {
                    let error = broken(path, open.number(), source);
                    *lines = None;
                    self.push(Err(error), 0)?;
                    return Ok(None);
                }
            }
        }
    }

    fn event(&mut self, file: usize, Next { event, line, bytes }: Next) -> Result<(), Gone> {
        let refusal = match self.dedupe.see(ContentKey::of(&event, &mut self.scratch)) {
            Seen::New => return self.push(Ok(Item::Event { file, line, event }), bytes),
            Seen::Same => {
                self.batch.repeated += 1;
                return Ok(());
            }
            Seen::Different => Refusal::new(
                "/id",
                format!("the id `{}` of source `{}` was seen with other content", event.id, event.source),
                "give every event an id of its own; a correction is a further event",
            )
            .at_line(line),
        };
        // As it was understood: its line has been passed by.
        let mut raw = Vec::new();
        encode(&event, &mut raw);
        raw.truncate(RAW_BYTES_MAX);
        self.push(Ok(Item::Refused { file, refusal, raw: raw.into() }), bytes)
    }

    fn push(&mut self, item: Result<Item, ReadError>, bytes: usize) -> Result<(), Gone> {
        self.batch.items.push(item);
        self.batch_bytes += bytes;
        if self.batch.items.len() >= BATCH_LINES_MAX || self.batch_bytes >= BATCH_BYTES_MAX {
            return self.send();
        }
        Ok(())
    }

    fn send(&mut self) -> Result<(), Gone> {
        let next = Batch { items: Vec::with_capacity(BATCH_LINES_MAX), repeated: 0 };
        self.batch_bytes = 0;
        self.sender.send(std::mem::replace(&mut self.batch, next)).map_err(|_| Gone)
    }
}

fn broken(path: &Path, line: u64, source: io::Error) -> ReadError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::UnexpectedEof => ReadError::Truncated { path, line },
        _ => ReadError::Read { path, line, source },
    }
}
