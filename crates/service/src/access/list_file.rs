//! Where do users and keys stay? In one file each: read at the start, written whole at each change.

use crate::access::AccessError;
use crate::files::{read_json, write_json};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A list that is durable in its file.
#[derive(Debug)]
pub(super) struct ListFile<T> {
    path: PathBuf,
    held: Mutex<Vec<T>>,
}

impl<T: Serialize + DeserializeOwned> ListFile<T> {
    /// What the file holds; nothing where there is none yet.
    pub(super) fn open(path: PathBuf) -> Result<ListFile<T>, AccessError> {
        let held = read_json(&path)?.unwrap_or_default();
        Ok(ListFile { path, held: Mutex::new(held) })
    }
    /// The list as it is.
    pub(super) fn held(&self) -> MutexGuard<'_, Vec<T>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// Puts another list in its place, durable on return; nothing changes where it fails.
    pub(super) fn replace<R>(
        &self,
        plan: impl FnOnce(&[T]) -> Result<(R, Vec<T>), AccessError>,
    ) -> Result<R, AccessError> {
        let mut held = self.held();
        let (out, changed) = plan(&held)?;
        write_json(&self.path, &changed)?;
        *held = changed;
        Ok(out)
    }
}
