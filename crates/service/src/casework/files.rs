//! Where does the content of files stay? In the data folder under its SHA-256, durable before anything names it.
//!
//! The database and the log hold hashes only; the same content is kept once, whatever it is called.

use crate::access::secret::{hex, random_hex};
use crate::casework::{CaseworkError, Denied};
use crate::files::FileError;
use ringfence_casework::limits::{FILE_BYTES_MAX, MEDIA_TYPES};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder within the data folder.
pub const FOLDER: &str = "files";

/// The first bytes of some media types: what says that it is a picture is one.
const BEGINNINGS: &[(&str, &[u8])] = &[
    ("application/pdf", b"%PDF-"),
    ("application/zip", b"PK"),
    ("image/gif", b"GIF8"),
    ("image/jpeg", b"\xff\xd8\xff"),
    ("image/png", b"\x89PNG\r\n\x1a\n"),
    ("image/webp", b"RIFF"),
];

/// Whether a file may be kept: of the list, of a size, and what it says.
pub(super) fn check(media_type: &str, content: &[u8]) -> Result<(), Denied> {
    if !MEDIA_TYPES.contains(&media_type) {
        let what = format!("files of type `{media_type}` are not taken; one of: {}", MEDIA_TYPES.join(", "));
        return Err(Denied::Invalid(what));
    }
    if content.is_empty() || content.len() > FILE_BYTES_MAX {
        return Err(Denied::Invalid(format!("a file has 1 to {FILE_BYTES_MAX} bytes")));
    }
    let beginning = BEGINNINGS.iter().find(|(of, _)| *of == media_type);
    if beginning.is_some_and(|(_, bytes)| !content.starts_with(bytes)) {
        return Err(Denied::Invalid(format!("the content is no `{media_type}`; name its true type")));
    }
    let text = media_type.starts_with("text/") || media_type == "application/json";
    if text && std::str::from_utf8(content).is_err() {
        return Err(Denied::Invalid("a text is UTF-8".into()));
    }
    Ok(())
}

/// The content of files.
#[derive(Clone, Debug)]
pub struct Files {
    folder: PathBuf,
}

impl Files {
    pub(super) fn new(dir: &Path) -> Files {
        Files { folder: dir.join(FOLDER) }
    }
    fn path(&self, sha256: &str) -> PathBuf {
        // Two digits a folder: a few hundred files each at a hundred thousand.
        self.folder.join(&sha256[..2]).join(sha256)
    }
    /// Keeps content; its SHA-256.
    pub(super) fn keep(&self, content: &[u8]) -> Result<String, FileError> {
        let sha256 = hex(&Sha256::digest(content));
        let path = self.path(&sha256);
        let fail = |doing, path: &Path| {
            let path = path.to_owned();
            move |source| FileError { doing, path, source }
        };
        if path.exists() {
            return Ok(sha256);
        }
        let folder = path.parent().expect("it has two folders above").to_owned();
        std::fs::create_dir_all(&folder).map_err(fail("create", &folder))?;
        // Another name each time: two people may bring the same file at once.
        let part = path.with_extension(format!("{}.part", random_hex::<4>()));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let write = || -> std::io::Result<()> {
            let mut file = options.open(&part)?;
            file.write_all(content)?;
            file.sync_all()?;
            std::fs::rename(&part, &path)?;
            #[cfg(unix)]
            for folder in [folder.as_path(), self.folder.as_path()] {
                std::fs::File::open(folder)?.sync_all()?;
            }
            Ok(())
        };
        write().map_err(fail("write", &path))?;
        Ok(sha256)
    }
    /// Content, proved to be what the hash says.
    pub(super) fn read(&self, sha256: &str) -> Result<Vec<u8>, CaseworkError> {
        let path = self.path(sha256);
        let content =
            std::fs::read(&path).map_err(|source| FileError { doing: "read", path: path.clone(), source })?;
        if hex(&Sha256::digest(&content)) != sha256 {
            let source = std::io::Error::other("its content is not what was filed; restore it from a backup");
            return Err(FileError { doing: "trust", path, source }.into());
        }
        Ok(content)
    }
}
