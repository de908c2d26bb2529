//! What is in a file, whatever its compression? A buffered reader whose memory and expansion are bounded.

use crate::encoding::Encoding;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes read from the disk, and decompressed, at a time.
const BUFFER_BYTES: usize = 256 * 1024;
/// Largest window of a Zstandard file as a power of two: 128 MiB, what `zstd -d` takes without being asked.
pub const ZSTD_WINDOW_LOG_MAX: u32 = 27;
/// Most decompressed bytes for one compressed byte. Event files reach 10 to 60; a file that promises more than
/// this was made to fill a disk.
pub const EXPANSION_MAX: u64 = 1_000;
/// Decompressed bytes before [`EXPANSION_MAX`] counts: a small file may be uniform by chance.
pub const EXPANSION_FREE_BYTES: u64 = 64 << 20;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}", path.display())]
pub struct FileError {
    /// What was attempted: `open`, `create`, `write`, `rename`.
    pub doing: &'static str,
    /// On which file.
    pub path: PathBuf,
    /// Why it failed.
    #[source]
    pub source: io::Error,
}

impl FileError {
    pub(crate) fn new(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self { doing, path: path.to_owned(), source }
    }
}

/// Bytes of a file that have been read so far, shared with whoever shows progress.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// Compressed bytes read so far.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
    pub(crate) fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Opens a file for buffered reading, decompressed as its name promises.
pub fn open(path: &Path) -> Result<Box<dyn BufRead + Send>, FileError> {
    open_with_progress(path, &Progress::default())
}

/// Like [`open`], and counts the compressed bytes in `progress`.
pub fn open_with_progress(path: &Path, progress: &Progress) -> Result<Box<dyn BufRead + Send>, FileError> {
    let fail = |e| FileError::new("open", path, e);
    let file = File::open(path).map_err(fail)?;
    if file.metadata().map_err(fail)?.is_dir() {
        return Err(fail(io::Error::new(
            io::ErrorKind::IsADirectory,
            "this is a folder; name the files in it",
        )));
    }
    decompressed(file, Encoding::of(path), progress).map_err(fail)
}

/// Decompresses any reader.
pub fn decompressed(
    reader: impl Read + Send + 'static,
    encoding: Encoding,
    progress: &Progress,
) -> io::Result<Box<dyn BufRead + Send>> {
    let compressed = Progress::default();
    let counted = Counted { reader, here: compressed.clone(), all: progress.clone() };
    let counted = BufReader::with_capacity(BUFFER_BYTES, counted);
    let bounded = |reader: Box<dyn Read + Send>| {
        let bounded = Bounded { reader, compressed, bytes: 0 };
        Box::new(BufReader::with_capacity(BUFFER_BYTES, bounded)) as Box<dyn BufRead + Send>
    };
    Ok(match encoding {
        Encoding::Plain => Box::new(counted),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(counted)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            bounded(Box::new(decoder))
        }
        Encoding::Gzip => bounded(Box::new(flate2::bufread::MultiGzDecoder::new(counted))),
    })
}

/// Counts what is read from the file.
struct Counted<R> {
    reader: R,
    here: Progress,
    all: Progress,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.here.add(read as u64);
        self.all.add(read as u64);
        Ok(read)
    }
}

/// Stops a file that expands beyond reason.
struct Bounded<R> {
    reader: R,
    compressed: Progress,
    bytes: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.bytes += read as u64;
        let allowed = self.compressed.bytes().saturating_mul(EXPANSION_MAX).max(EXPANSION_FREE_BYTES);
        if self.bytes > allowed {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!(
                    "{} compressed bytes expand to more than {} bytes: this is no event file; decompress it yourself if you trust it",
                    self.compressed.bytes(),
                    self.bytes
                ),
            ));
        }
        Ok(read)
    }
}
