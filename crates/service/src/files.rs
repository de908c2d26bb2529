//! How are the service's small files kept? As JSON, replaced whole, readable by the owner only.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Why a file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{doing} {}: {source}", path.display())]
pub struct FileError {
    /// What was tried.
    pub doing: &'static str,
    /// Of what.
    pub path: PathBuf,
    /// What the system said.
    pub source: std::io::Error,
}

/// Reads a file; `None` where there is none.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FileError> {
    let fail = |doing| move |source| FileError { doing, path: path.to_owned(), source };
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(fail("read")(e)),
    };
    let value = serde_json::from_slice(&bytes).map_err(std::io::Error::other);
    value.map(Some).map_err(fail("understand (restore it from a backup)"))
}

/// Writes a file whole or not at all, durable on return.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), FileError> {
    let part = path.with_extension("part");
    let bytes = serde_json::to_vec_pretty(value).expect("what the service keeps serialises");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = || -> std::io::Result<()> {
        let mut file = options.open(&part)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&part, path)?;
        #[cfg(unix)]
        if let Some(folder) = path.parent() {
            std::fs::File::open(folder)?.sync_all()?;
        }
        Ok(())
    };
    write().map_err(|source| FileError { doing: "write", path: path.to_owned(), source })
}
