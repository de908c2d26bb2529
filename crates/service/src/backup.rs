//! How is a service's folder copied while it runs, and put back? Whole, proved, and never over another.
//!
//! Snapshots are copied first and the log after them, so that no snapshot is ahead of the log; versions, keys and webhooks
//! last, so that whatever the log names is there. The log's last block may be half written in the copy: it is
//! then as after a crash, and nothing before it is missing.

use crate::casework::files::FOLDER as FILES_FOLDER;
use crate::files::{self, FileError};
use crate::library::VERSIONS_FOLDER;
use crate::webhooks::WEBHOOKS_FOLDER;
use ringfence_store::log::{Head, LogError, Verified, verify};
use ringfence_store::{LOG_FOLDER, SNAPSHOTS_FOLDER};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file that says what a backup holds.
pub const MANIFEST: &str = "backup.json";
/// Files of a service's folder beside its folders.
const FILES: [&str; 4] = [
    crate::access::keys::KEYS_FILE,
    crate::access::users::USERS_FILE,
    crate::follow::FOLLOWED,
    crate::pseudonyms::PSEUDONYMS_FILE,
];

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Where the log begins.
    pub anchor: Head,
    /// Where it ends: everything before is in the backup.
    pub head: Head,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Why there is no backup, or nothing was put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The log, or its copy.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is something already.
    #[error("{} is there and not empty; name a new folder: nothing is written over", .0.display())]
    NotEmpty(PathBuf),
    /// There is no log to copy.
    #[error("{} holds no log; name the folder that `serve --data` has", .0.display())]
    NoLog(PathBuf),
    /// The copy is not what its manifest says.
    #[error(
        "the backup ends at position {found}, and its manifest says {expected}, or its hash is another: it was changed or cut \
         off; take an older one"
    )]
    Other {
        /// As it is.
        found: u64,
        /// As it was made.
        expected: u64,
    },
}

fn fail(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File(FileError { doing, path, source })
}

fn empty(path: &Path) -> Result<(), BackupError> {
    match std::fs::read_dir(path) {
        Ok(mut entries) => match entries.next() {
            Some(_) => Err(BackupError::NotEmpty(path.to_owned())),
            None => Ok(()),
        },
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(fail("list", path)(e)),
    }
}

/// Counts what is copied.
#[derive(Default)]
struct Copying {
    files: u64,
    bytes: u64,
}

impl Copying {
    fn file(&mut self, from: &Path, to: &Path) -> Result<(), BackupError> {
        let bytes = match std::fs::copy(from, to) {
            Ok(bytes) => bytes,
            // Snapshots are pruned, segments retired: what is gone by now is not needed.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(fail("copy", from)(e)),
        };
        std::fs::File::open(to).and_then(|file| file.sync_all()).map_err(fail("sync", to))?;
        self.files += 1;
        self.bytes += bytes;
        Ok(())
    }
    fn folder(&mut self, from: &Path, to: &Path) -> Result<(), BackupError> {
        if !from.exists() {
            return Ok(());
        }
        std::fs::create_dir_all(to).map_err(fail("create", to))?;
        let mut entries: Vec<_> = std::fs::read_dir(from)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(fail("list", from))?;
        // The table of segments before the segments that it names.
        entries.sort_by_key(|entry| (entry.file_name() != "segments.json", entry.file_name()));
        for entry in entries {
            let (name, path) = (entry.file_name(), entry.path());
            let text = name.to_string_lossy();
            if path.is_dir() {
                self.folder(&path, &to.join(&name))?;
            } else if !text.ends_with(".part") && text != "lock" {
                self.file(&path, &to.join(&name))?;
            }
        }
        #[cfg(unix)]
        std::fs::File::open(to).and_then(|folder| folder.sync_all()).map_err(fail("sync", to))?;
        Ok(())
    }
    fn all(&mut self, from: &Path, to: &Path) -> Result<(), BackupError> {
        for folder in [SNAPSHOTS_FOLDER, LOG_FOLDER, VERSIONS_FOLDER, WEBHOOKS_FOLDER, FILES_FOLDER] {
            self.folder(&from.join(folder), &to.join(folder))?;
        }
        for file in FILES {
            self.file(&from.join(file), &to.join(file))?;
        }
        Ok(())
    }
}

/// Copies the folder of a service, running or not, into a new folder, and proves the copied log.
pub fn backup(data: &Path, to: &Path, progress: &mut dyn FnMut(u64)) -> Result<Manifest, BackupError> {
    if !data.join(LOG_FOLDER).exists() {
        return Err(BackupError::NoLog(data.to_owned()));
    }
    empty(to)?;
    std::fs::create_dir_all(to).map_err(fail("create", to))?;
    let mut copying = Copying::default();
    copying.all(data, to)?;
    let Verified { anchor, head, .. } = verify(&to.join(LOG_FOLDER), progress)?;
    let manifest = Manifest { anchor, head, files: copying.files, bytes: copying.bytes };
    files::write_json(&to.join(MANIFEST), &manifest)?;
    Ok(manifest)
}

/// Puts a backup back into a new folder, after proving that it is what was made.
pub fn restore(from: &Path, data: &Path, progress: &mut dyn FnMut(u64)) -> Result<Manifest, BackupError> {
    let manifest: Option<Manifest> = files::read_json(&from.join(MANIFEST))?;
    let manifest = manifest.ok_or_else(|| BackupError::NoLog(from.to_owned()))?;
    empty(data)?;
    let Verified { head, .. } = verify(&from.join(LOG_FOLDER), progress)?;
    if head != manifest.head {
        return Err(BackupError::Other { found: head.position, expected: manifest.head.position });
    }
    std::fs::create_dir_all(data).map_err(fail("create", data))?;
    Copying::default().all(from, data)?;
    Ok(manifest)
}
