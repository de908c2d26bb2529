//! What became of a bad line? It is set aside with its number, the fault, the remedy and its text.

use crate::open::FileError;
use crate::write::EventWriter;
use ringfence_domain::Refusal;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Bytes of a bad line that are kept: enough to find and mend it.
pub const RAW_BYTES_MAX: usize = 4_096;
/// Most bad lines that are written; the rest are counted. A million lines are no longer read by people.
pub const REJECTS_MAX: u64 = 1_000_000;

/// Writes `NAME.rejects.jsonl`; the file is made with its first line.
#[derive(Debug)]
pub struct RejectWriter {
    path: PathBuf,
    writer: Option<EventWriter>,
    keep_raw: bool,
    rejects: u64,
}

#[derive(Serialize)]
struct Reject<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    pointer: &'a str,
    reason: &'a str,
    remedy: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a str>,
}

impl RejectWriter {
    /// Rejects beside `path`: `events.jsonl.zst` gets `events.rejects.jsonl`. With `keep_raw` false (where personal
    /// values are tokenised) the text of a bad line is left out: nobody has tokenised it.
    pub fn beside(path: &Path, keep_raw: bool) -> Self {
        Self { path: rejects_name(path), writer: None, keep_raw, rejects: 0 }
    }

    /// Where the bad lines go.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many there were so far.
    pub fn count(&self) -> u64 {
        self.rejects
    }

    /// Sets one line aside. `file` says which, where several are read.
    pub fn write(&mut self, file: Option<&Path>, refusal: &Refusal, raw: &[u8]) -> Result<(), FileError> {
        self.rejects += 1;
        if self.rejects > REJECTS_MAX {
            return Ok(());
        }
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self.writer.insert(EventWriter::create(&self.path)?),
        };
        let Refusal { line, pointer, reason, remedy } = refusal;
        let raw = self.keep_raw.then(|| String::from_utf8_lossy(&raw[..raw.len().min(RAW_BYTES_MAX)]));
        let file = file.map(|path| path.to_string_lossy());
        let reject =
            Reject { file: file.as_deref(), line: *line, pointer, reason, remedy, raw: raw.as_deref() };
        writer.write_with(|out| {
            serde_json::to_writer(out, &reject)
                .expect("texts and a number serialise, and a Vec takes all bytes");
        })
    }

    /// Ends the file; the path and the count where there was a bad line.
    pub fn finish(self) -> Result<Option<(PathBuf, u64)>, FileError> {
        let Self { path, writer, keep_raw: _, rejects } = self;
        match writer {
            Some(writer) => writer.finish().map(|_| Some((path, rejects))),
            None => Ok(None),
        }
    }
}

fn rejects_name(path: &Path) -> PathBuf {
    let name = path.file_name().map_or_else(|| "events".into(), |name| name.to_string_lossy());
    let mut stem = name.as_ref();
    for ending in [".zst", ".zstd", ".gz", ".jsonl", ".csv"] {
        stem = stem.strip_suffix(ending).unwrap_or(stem);
    }
    path.with_file_name(format!("{stem}.rejects.jsonl"))
}
