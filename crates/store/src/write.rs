//! When does a written file exist? Only when it is whole: it gets its name at [`EventWriter::finish`].

use crate::encoding::Encoding;
use crate::open::FileError;
use flate2::write::GzEncoder;
use ringfence_domain::{Event, encode};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Level of Zstandard: 1 writes about twice as fast as the default 3 and makes files about 10 % larger.
pub const ZSTD_LEVEL: i32 = 1;
/// Level of gzip: likewise the fast end.
const GZIP_LEVEL: u32 = 3;
/// Bytes gathered before they go to the disk.
const BUFFER_BYTES: usize = 256 * 1024;
/// Bytes of lines gathered before they are compressed: the compressor is called once for many lines.
const LINES_BYTES: usize = 64 * 1024;

/// Writes JSON lines, compressed as the file's name promises, under a temporary name (`.NAME.part`).
///
/// Dropped before [`EventWriter::finish`], it removes the temporary file and leaves what was there before.
#[derive(Debug)]
pub struct EventWriter {
    path: PathBuf,
    partial: PathBuf,
    sink: Option<Sink>,
    lines: Vec<u8>,
    written: Written,
}

/// What a finished file holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Written {
    /// Lines.
    pub lines: u64,
    /// Bytes before compression.
    pub bytes: u64,
}

#[derive(Debug)]
enum Sink {
    Plain(BufWriter<File>),
    Zstd(ZstdSink),
    Gzip(GzEncoder<BufWriter<File>>),
}

struct ZstdSink(zstd::stream::write::Encoder<'static, BufWriter<File>>);

impl std::fmt::Debug for ZstdSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Zstd")
    }
}

impl EventWriter {
    /// Begins a file; its folder is made where it is missing.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        Self::with_level(path, ZSTD_LEVEL)
    }

    /// Begins a file with another level of Zstandard (1 fastest to 19 smallest).
    pub fn with_level(path: &Path, zstd_level: i32) -> Result<Self, FileError> {
        let partial = partial_name(path)?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| FileError::new("create the folder of", path, e))?;
        }
        let fail = |e| FileError::new("create", path, e);
        let file = BufWriter::with_capacity(BUFFER_BYTES, File::create(&partial).map_err(fail)?);
        let sink = match Encoding::of(path) {
            Encoding::Plain => Sink::Plain(file),
            Encoding::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(file, zstd_level).map_err(fail)?;
                encoder.include_checksum(true).map_err(fail)?;
                Sink::Zstd(ZstdSink(encoder))
            }
            Encoding::Gzip => Sink::Gzip(GzEncoder::new(file, flate2::Compression::new(GZIP_LEVEL))),
        };
        let lines = Vec::with_capacity(2 * LINES_BYTES);
        Ok(Self { path: path.to_owned(), partial, sink: Some(sink), lines, written: Written::default() })
    }

    /// Writes one event as one line.
    pub fn write(&mut self, event: &Event) -> Result<(), FileError> {
        self.write_with(|out| encode(event, out))
    }

    /// Writes one line that is JSON already, without its end.
    pub fn write_line(&mut self, json: &[u8]) -> Result<(), FileError> {
        self.write_with(|out| out.extend_from_slice(json))
    }

    /// Writes one line: `append` adds it to the buffer, without its end.
    pub fn write_with(&mut self, append: impl FnOnce(&mut Vec<u8>)) -> Result<(), FileError> {
        let before = self.lines.len();
        append(&mut self.lines);
        self.lines.push(b'\n');
        self.written.lines += 1;
        self.written.bytes += (self.lines.len() - before) as u64;
        if self.lines.len() >= LINES_BYTES { self.flush_lines() } else { Ok(()) }
    }

    /// Ends the file, makes it durable and gives it its name.
    pub fn finish(mut self) -> Result<Written, FileError> {
        self.flush_lines()?;
        let sink = self.sink.take().expect("only finish takes the sink, and it takes self");
        close(sink).map_err(|e| FileError::new("write", &self.path, e))?;
        fs::rename(&self.partial, &self.path).map_err(|e| FileError::new("rename", &self.path, e))?;
        Ok(self.written)
    }

    fn flush_lines(&mut self) -> Result<(), FileError> {
        let sink = self.sink.as_mut().expect("only finish takes the sink, and it takes self");
        let result = match sink {
            Sink::Plain(out) => out.write_all(&self.lines),
            Sink::Zstd(out) => out.0.write_all(&self.lines),
            Sink::Gzip(out) => out.write_all(&self.lines),
        };
        self.lines.clear();
        result.map_err(|e| FileError::new("write", &self.path, e))
    }
}

impl Drop for EventWriter {
    fn drop(&mut self) {
        if self.sink.take().is_some() {
            // Nothing more can be done about a temporary file that cannot be removed.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

fn close(sink: Sink) -> io::Result<()> {
    let file = match sink {
        Sink::Plain(out) => out,
        Sink::Zstd(out) => out.0.finish()?,
        Sink::Gzip(out) => out.finish()?,
    };
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

fn partial_name(path: &Path) -> Result<PathBuf, FileError> {
    let Some(name) = path.file_name() else {
        let e = io::Error::new(io::ErrorKind::InvalidInput, "the path names no file");
        return Err(FileError::new("create", path, e));
    };
    let mut partial = std::ffi::OsString::from(".");
    partial.push(name);
    partial.push(".part");
    Ok(path.with_file_name(partial))
}
