//! How is an event file compressed? Its name says it.

use std::fmt;
use std::path::Path;

/// Compression of an event file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// `.jsonl`: none.
    Plain,
    /// `.jsonl.zst`: Zstandard.
    Zstd,
    /// `.jsonl.gz`: gzip, also of several members.
    Gzip,
}

impl Encoding {
    /// The compression that a file's name promises: `.zst`, `.gz`, and none for every other ending.
    pub fn of(path: &Path) -> Encoding {
        match path.extension().and_then(|e| e.to_str()) {
            Some("zst" | "zstd") => Encoding::Zstd,
            Some("gz") => Encoding::Gzip,
            Some(_) | None => Encoding::Plain,
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Encoding::Plain => "plain text",
            Encoding::Zstd => "Zstandard",
            Encoding::Gzip => "gzip",
        })
    }
}
