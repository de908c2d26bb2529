//! How do event files come in without HTTP? A folder is followed: each file is taken once, its events once.
//!
//! A file counts as finished when its name does not end in `.part` or `.tmp` and it did not change for a moment: write
//! under such a name and rename. What was taken is noted beside the log after the last event of a file is durable; a
//! crash before that takes the file again, and its events, which are known by then, change nothing. Files are never
//! changed or removed.

use crate::door::Door;
use crate::files;
use crate::worker::{NotTaken, Receipt, Worker};
use ringfence_domain::Refusal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How often the folder is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a file must not have changed.
const QUIET: Duration = Duration::from_secs(2);
/// Lines that are taken at once.
const LINES_MAX: usize = 500;
/// Bytes of lines that are taken at once, and a line more.
const LINES_BYTES_MAX: usize = 4 << 20;
/// Files that are remembered; beyond, the oldest names are taken as new, and their events change nothing.
const FILES_MAX: usize = 100_000;
/// The file in the service's folder that says what was taken.
pub const FOLLOWED: &str = "followed.json";

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenFile {
    /// Its size then: a file that grew is taken again.
    pub bytes: u64,
    /// New events.
    pub accepted: u64,
    /// Events seen before.
    pub duplicates: u64,
    /// Lines that are no events, or cannot be weighed; they are in `<name>.rejects.jsonl` beside the log.
    pub refused: u64,
}

/// Follows a folder.
#[derive(Debug)]
pub struct Following {
    folder: PathBuf,
    data: PathBuf,
    taken: BTreeMap<String, TakenFile>,
}

impl Following {
    /// Of `folder`, remembering in `data` what was taken.
    pub fn new(folder: &Path, data: &Path) -> Result<Following, files::FileError> {
        let taken = files::read_json(&data.join(FOLLOWED))?.unwrap_or_default();
        Ok(Following { folder: folder.to_owned(), data: data.to_owned(), taken })
    }
    /// Takes what comes until the service stops.
    pub fn run(mut self, worker: &Worker, door: &Door) {
        while !worker.feed().closed() {
            match self.look(worker, door, SystemTime::now()) {
                Ok(()) => {}
                Err(FollowError::NotTaken(NotTaken::Closed)) => return,
                Err(e) => worker.tell(format!("follow {}: {e}", self.folder.display())),
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
    /// Takes every file that is finished and was not taken, by name.
    pub fn look(&mut self, worker: &Worker, door: &Door, now: SystemTime) -> Result<(), FollowError> {
        for (name, bytes) in self.finished(now)? {
            if self.taken.get(&name).is_some_and(|taken| taken.bytes == bytes) {
                continue;
            }
            let mut taken = self.take(&name, worker, door)?;
            taken.bytes = bytes;
            self.taken.insert(name, taken);
            while self.taken.len() > FILES_MAX {
                self.taken.pop_first();
            }
            files::write_json(&self.data.join(FOLLOWED), &self.taken)?;
        }
        Ok(())
    }
    fn finished(&self, now: SystemTime) -> std::io::Result<Vec<(String, u64)>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let (name, about) = (entry.file_name().to_string_lossy().into_owned(), entry.metadata()?);
            let events = [".jsonl", ".jsonl.zst", ".jsonl.gz"].iter().any(|ending| name.ends_with(ending));
            let quiet = about.modified().ok().and_then(|at| now.duration_since(at).ok());
            if about.is_file() && events && quiet.is_some_and(|quiet| quiet >= QUIET) {
                found.push((name, about.len()));
            }
        }
        found.sort();
        Ok(found)
    }
    fn take(&self, name: &str, worker: &Worker, door: &Door) -> Result<TakenFile, FollowError> {
        let path = self.folder.join(name);
        let mut reader = ringfence_store::open(&path)?;
        let mut taken = TakenFile::default();
        let mut rejects = Rejects { path: self.data.join(format!("{name}.rejects.jsonl")), file: None };
        let (mut first, mut lines) = (1, Vec::new());
        loop {
            let mut batch = 0;
            lines.clear();
            while batch < LINES_MAX && lines.len() < LINES_BYTES_MAX {
                // A line that is too long is refused by the door; what has no end is cut here.
                let limit = door.limits().batch_bytes_max as u64;
                let read = std::io::Read::take(&mut reader, limit).read_until(b'\n', &mut lines)?;
                if read == 0 {
                    break;
                }
                batch += 1;
            }
            if batch == 0 {
                return Ok(taken);
            }
            let mut events = Vec::new();
            for checked in door.lines(&lines, first) {
                match checked {
                    Ok(arrived) => events.push(arrived),
                    Err(refusal) => {
                        taken.refused += 1;
                        rejects.write(&refusal)?;
                    }
                }
            }
            for receipt in worker.take_blocking(events)? {
                match receipt {
                    Receipt::Accepted { .. } | Receipt::Decided { .. } => taken.accepted += 1,
                    Receipt::Duplicate { .. } => taken.duplicates += 1,
                    Receipt::OtherContent => {
                        taken.refused += 1;
                        let what = "an event with this source and id has another content";
                        rejects.write(&Refusal::new("", what, "give a new event a new id"))?;
                    }
                    Receipt::Refused(why) => {
                        taken.refused += 1;
                        rejects.write(&Refusal::new("", why, ""))?;
                    }
                }
            }
            first += batch as u64;
        }
    }
}

/// What was not taken, a line each; made with the first.
struct Rejects {
    path: PathBuf,
    file: Option<std::fs::File>,
}

impl Rejects {
    fn write(&mut self, refusal: &Refusal) -> std::io::Result<()> {
        if self.file.is_none() {
            self.file = Some(std::fs::File::create(&self.path)?);
        }
        let told = serde_json::json!({
            "line": refusal.line, "pointer": refusal.pointer, "reason": refusal.reason, "remedy": refusal.remedy,
        });
        self.file.as_mut().map_or(Ok(()), |file| writeln!(file, "{told}"))
    }
}

/// Why a file was not taken; it is tried again.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// Too much waits, or the service stops.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    /// The file.
    #[error(transparent)]
    Open(#[from] ringfence_store::FileError),
    /// Reading or writing.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// What is remembered.
    #[error(transparent)]
    File(#[from] files::FileError),
}
