//! What does a disk do at the worst moment? A folder in memory that crashes and fails on demand.
//!
//! What was written and not synced is kept apart. A crash applies any subset of it, in sectors and in any order, and any
//! first part of the changes of names, as journals of file systems do. A sync that fails forgets what it should have
//! written, though reading still shows it, as operating systems do.

use crate::folder::{Folder, Guard, Held, StoredFile};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

/// How a call fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// With an input/output error, once; a write has done nothing, a sync has lost what it should have made durable.
    Broken,
    /// A write does half and then fails with an input/output error, once.
    HalfWritten,
    /// No space is left until [`Disk::mend`]: a write does half, a new file cannot be made.
    Full,
}

/// A disk with one folder. Its clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    files: Vec<File>,
    /// Names as they are seen, and as a crash would leave them.
    names: BTreeMap<String, usize>,
    names_durable: BTreeMap<String, usize>,
    names_pending: Vec<NameChange>,
    /// Grows with each crash: what was opened before fails.
    life: u64,
    locked: bool,
    /// Changing calls until a fault, and which.
    fault: Option<(u64, Fault)>,
}

#[derive(Debug, Default)]
struct File {
    bytes: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

#[derive(Debug)]
enum NameChange {
    Create(String, usize),
    Rename(String, String),
    Remove(String),
}

/// What is to become of the changes of one kind in a crash.
enum Fate {
    None,
    All,
    First(usize),
    Any,
}

fn fate(choose: &mut dyn FnMut(u64) -> u64, changes: usize) -> Fate {
    match choose(4) {
        0 => Fate::None,
        1 => Fate::All,
        2 => Fate::First(choose(changes as u64 + 1) as usize),
        _ => Fate::Any,
    }
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Change::Write { offset, bytes } => {
                let end = offset + bytes.len();
                to.resize(to.len().max(end), 0);
                to[*offset..end].copy_from_slice(bytes);
            }
            Change::Length(length) => to.resize(*length, 0),
        }
    }
}

impl NameChange {
    fn apply(&self, to: &mut BTreeMap<String, usize>) {
        match self {
            NameChange::Create(name, file) => drop(to.insert(name.clone(), *file)),
            NameChange::Rename(from, name) => {
                if let Some(file) = to.remove(from) {
                    to.insert(name.clone(), file);
                }
            }
            NameChange::Remove(name) => drop(to.remove(name)),
        }
    }
}

impl Disk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the changing call after `calls` others fail.
    pub fn fail_after(&self, calls: u64, fault: Fault) {
        self.state().fault = Some((calls, fault));
    }

    /// No more faults.
    pub fn mend(&self) {
        self.state().fault = None;
    }

    /// Power is lost. `choose(n)` gives a number below n and so decides what reaches the disk; locks are gone, and files
    /// that were open fail.
    pub fn crash(&self, choose: &mut dyn FnMut(u64) -> u64) {
        let state = &mut *self.state();
        for file in &mut state.files {
            let fate = fate(choose, file.pending.len());
            for (i, change) in file.pending.drain(..).enumerate() {
                let reaches = match fate {
                    Fate::None => false,
                    Fate::All => true,
                    Fate::First(n) => i < n,
                    Fate::Any => choose(2) == 1,
                };
                if reaches {
                    change.apply(&mut file.durable);
                }
            }
            file.bytes.clone_from(&file.durable);
        }
        let kept = choose(state.names_pending.len() as u64 + 1) as usize;
        for change in state.names_pending.drain(..).take(kept) {
            change.apply(&mut state.names_durable);
        }
        state.names.clone_from(&state.names_durable);
        state.life += 1;
        state.locked = false;
        state.fault = None;
    }

    /// The bytes of a file.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.state();
        state.names.get(name).map(|file| state.files[*file].bytes.clone())
    }
}

impl State {
    /// Counts a changing call; how it is to fail, if it is.
    fn fault(&mut self) -> Option<Fault> {
        match self.fault {
            None => None,
            Some((0, Fault::Full)) => Some(Fault::Full),
            Some((0, fault)) => {
                self.fault = None;
                Some(fault)
            }
            Some((calls, fault)) => {
                self.fault = Some((calls - 1, fault));
                None
            }
        }
    }

    fn find(&self, name: &str) -> io::Result<usize> {
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn change_name(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.names_pending.push(change);
    }
}

fn broken() -> io::Error {
    io::Error::other("input/output error (by the test)")
}

fn failure(fault: Fault) -> io::Error {
    match fault {
        Fault::Broken | Fault::HalfWritten => broken(),
        Fault::Full => io::ErrorKind::StorageFull.into(),
    }
}

#[derive(Debug)]
struct Lock {
    disk: Disk,
    life: u64,
}

impl Held for Lock {}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.life == self.life {
            state.locked = false;
        }
    }
}

impl Folder for Disk {
    fn path(&self) -> &Path {
        Path::new("disk")
    }
    fn lock(&self, _: &str) -> io::Result<Result<Guard, String>> {
        let mut state = self.state();
        if state.locked {
            return Ok(Err("1".to_owned()));
        }
        state.locked = true;
        Ok(Ok(Box::new(Lock { disk: self.clone(), life: state.life })))
    }
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }
    fn open(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        let state = self.state();
        Ok(Box::new(OpenFile { disk: self.clone(), file: state.find(name)?, life: state.life }))
    }
    fn open_to_write(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        self.open(name)
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        let mut state = self.state();
        if let Some(fault) = state.fault() {
            return Err(failure(fault));
        }
        let file = state.files.len();
        state.files.push(File::default());
        state.change_name(NameChange::Create(name.to_owned(), file));
        Ok(Box::new(OpenFile { disk: self.clone(), file, life: state.life }))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.find(from)?;
        if let Some(fault) = state.fault() {
            return Err(failure(fault));
        }
        state.change_name(NameChange::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.find(name)?;
        // A full disk lets files be removed.
        if let Some(fault) = state.fault().filter(|fault| *fault != Fault::Full) {
            return Err(failure(fault));
        }
        state.change_name(NameChange::Remove(name.to_owned()));
        Ok(())
    }
    fn sync(&self) -> io::Result<()> {
        let mut state = self.state();
        if let Some(fault) = state.fault().filter(|fault| *fault != Fault::Full) {
            return Err(failure(fault));
        }
        state.names_pending.clear();
        state.names_durable = state.names.clone();
        Ok(())
    }
}

#[derive(Debug)]
struct OpenFile {
    disk: Disk,
    file: usize,
    life: u64,
}

impl OpenFile {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.disk.state();
        if state.life == self.life { work(&mut state) } else { Err(broken()) }
    }

    fn write(file: &mut File, bytes: &[u8], offset: u64) {
        let mut offset = offset as usize;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (sector, after) = rest.split_at(rest.len().min(SECTOR_BYTES - offset % SECTOR_BYTES));
            let change = Change::Write { offset, bytes: sector.to_vec() };
            change.apply(&mut file.bytes);
            file.pending.push(change);
            offset += sector.len();
            rest = after;
        }
    }
}

impl StoredFile for OpenFile {
    fn len(&self) -> io::Result<u64> {
        self.with(|state| Ok(state.files[self.file].bytes.len() as u64))
    }
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.with(|state| {
            let bytes = state.files[self.file].bytes.get(offset as usize..).unwrap_or_default();
            let read = bytes.len().min(buffer.len());
            buffer[..read].copy_from_slice(&bytes[..read]);
            Ok(read)
        })
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.with(|state| {
            let fault = state.fault();
            let file = &mut state.files[self.file];
            match fault {
                None => Self::write(file, bytes, offset),
                Some(Fault::Broken) => {}
                Some(Fault::HalfWritten | Fault::Full) => {
                    Self::write(file, &bytes[..bytes.len() / 2], offset)
                }
            }
            fault.map_or(Ok(()), |fault| Err(failure(fault)))
        })
    }
    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.with(|state| {
            // A full disk lets files be cut.
            if let Some(fault) = state.fault().filter(|fault| *fault != Fault::Full) {
                return Err(failure(fault));
            }
            let file = &mut state.files[self.file];
            let change = Change::Length(bytes as usize);
            change.apply(&mut file.bytes);
            file.pending.push(change);
            Ok(())
        })
    }
    fn sync(&self) -> io::Result<()> {
        self.with(|state| {
            let fault = state.fault().filter(|fault| *fault != Fault::Full);
            let file = &mut state.files[self.file];
            // After a failure the system takes what it could not write for written: a later sync does not make it good.
            let pending = std::mem::take(&mut file.pending);
            match fault {
                Some(fault) => Err(failure(fault)),
                None => {
                    for change in pending {
                        change.apply(&mut file.durable);
                    }
                    Ok(())
                }
            }
        })
    }
}
