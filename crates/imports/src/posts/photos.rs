//! Which picture was shown? The SHA-256 of its file, where the export has it beside itself.

use ringfence_domain::id::Sha256Hex;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// Largest picture that is hashed: a screenshot has a few megabytes.
pub(super) const PHOTO_BYTES_MAX: u64 = 64 << 20;

/// The folder of an export, or none.
#[derive(Clone, Debug, Default)]
pub struct Photos {
    folder: Option<PathBuf>,
}

impl Photos {
    /// No pictures are looked for.
    pub fn none() -> Photos {
        Photos::default()
    }
    /// Pictures stand in the folder of this export.
    pub fn beside(export: &Path) -> Photos {
        let folder = export.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf);
        Photos { folder: Some(folder) }
    }

    /// The hash of a picture by the name that the export gives it; `None` where it is not there, too large, or outside of the
    /// export's folder: a name in an export is no reason to read any other file of this machine.
    pub(super) fn hash(&self, name: &str) -> Option<Sha256Hex> {
        let folder = self.folder.as_ref()?;
        let name = Path::new(name);
        let inside = name.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        if !inside {
            return None;
        }
        let path = folder.join(name).canonicalize().ok()?;
        if !path.starts_with(folder.canonicalize().ok()?) || !path.is_file() {
            return None;
        }
        let mut file = File::open(path).ok()?.take(PHOTO_BYTES_MAX + 1);
        let mut hasher = Sha256::new();
        let bytes = io::copy(&mut file, &mut hasher).ok()?;
        if bytes > PHOTO_BYTES_MAX {
            return None;
        }
        let mut hex = String::with_capacity(64);
        for byte in hasher.finalize() {
            write!(hex, "{byte:02x}").ok()?;
        }
        Some(Sha256Hex::new(&hex).expect("64 digits are an identifier"))
    }
}
