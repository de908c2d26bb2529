//! Where is the digest kept? In a folder of sorted runs (fjall): places by thing, refunds, and how far it is.
//!
//! A batch of records is written whole or not at all, so that what a loss of power takes away is digested again.

use crate::core::control::KeptRates;
use crate::digest::days::{DAYS_MAX, Day, Days, Refund};
use crate::digest::touch::Thing;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use ringfence_store::LogError;
use ringfence_store::log::{Head, Reader};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// Format of the folder; another one is begun anew.
const FORMAT: u32 = 1;
/// Memory for what was read, bytes.
const CACHE_BYTES: u64 = 32 << 20;
/// Memory for what is not in a run yet, bytes.
const MEMTABLE_BYTES: u64 = 16 << 20;
/// Bytes that are written before they are in runs; read again after a loss of power.
const JOURNAL_BYTES: u64 = 64 << 20;

/// Why pages cannot be shown what they ask for.
#[derive(Debug, thiserror::Error)]
pub enum DigestError {
    /// The folder.
    #[error(
        "the folder `digest`: {0}; stop the service and remove the folder, it is made again from the log"
    )]
    Kept(#[from] fjall::Error),
    /// What the folder holds.
    #[error(
        "the folder `digest` holds what this program does not read: {0}; remove it, it is made again from the log"
    )]
    Read(#[from] serde_json::Error),
    /// Somebody else has the folder.
    #[error("the folder `digest` is locked by another process; one service a folder")]
    Locked,
    /// The folder could not be emptied.
    #[error("empty the folder `digest`: {0}")]
    Empty(std::io::Error),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A record of the log.
    #[error("record {position} of the log: {what}")]
    Record {
        /// Where it stands.
        position: u64,
        /// What is wrong with it.
        what: String,
    },
    /// A thread cannot be started.
    #[error("start a thread: {0}")]
    Thread(std::io::Error),
}

/// How far the digest is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Position of the record that comes next.
    pub(super) next: u64,
    /// The rates at `next`.
    pub(super) rates: Option<KeptRates>,
    /// A position, and the hash of the log's chain there: tells this log from another.
    #[serde(default)]
    pub(super) seal: Option<(u64, String)>,
}

/// The folder.
#[derive(Clone)]
pub(super) struct Kept {
    database: Database,
    places: Keyspace,
    refunds: Keyspace,
    orders: Keyspace,
    links: Keyspace,
    days: Keyspace,
    meta: Keyspace,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

/// Ends an id within a key: ids have no control characters, so that what begins alike stands together.
const END: u8 = 0;

/// What the keys about a thing begin with: its kind and its id.
fn key_of(thing: Thing, id: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(id.len() + 10);
    key.push(thing as u8);
    key.extend(id.as_bytes());
    key.push(END);
    key
}

/// What one batch of records adds.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Things with the places of records about them.
    pub(super) places: Vec<(Thing, String, u64)>,
    /// Accounts with what they were seen with.
    pub(super) links: BTreeSet<(String, Thing, String)>,
    /// Refunds that changed.
    pub(super) refunds: HashMap<String, Refund>,
    /// The refund of an order's last request.
    pub(super) orders: HashMap<String, String>,
}

impl Kept {
    pub(super) fn open(path: &Path, reader: &Reader) -> Result<Kept, DigestError> {
        let kept = Kept::at(path)?;
        if kept.of(reader)? {
            return Ok(kept);
        }
        drop(kept);
        std::fs::remove_dir_all(path).map_err(DigestError::Empty)?;
        Kept::at(path)
    }
    fn at(path: &Path) -> Result<Kept, DigestError> {
        let database = Database::builder(path)
            .cache_size(CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES)
            .worker_threads(1)
            .open()
            .map_err(|e| if matches!(e, fjall::Error::Locked) { DigestError::Locked } else { e.into() })?;
        let keyspace = |name| {
            database.keyspace(name, || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES))
        };
        let (places, refunds, orders) = (keyspace("places")?, keyspace("refunds")?, keyspace("orders")?);
        let (links, days, meta) = (keyspace("links")?, keyspace("days")?, keyspace("meta")?);
        Ok(Kept { database, places, refunds, orders, links, days, meta })
    }
    /// Whether the folder is of this log and this program.
    fn of(&self, reader: &Reader) -> Result<bool, DigestError> {
        let Some(format) = self.meta.get("format")? else { return Ok(self.meta.get("progress")?.is_none()) };
        if format.as_ref() != FORMAT.to_le_bytes() {
            return Ok(false);
        }
        let Ok(progress) = self.progress() else { return Ok(false) };
        let (anchor, end) = (reader.anchor().position, reader.head().position);
        if progress.next > end {
            return Ok(false);
        }
        // A log that was cut off before the seal cannot be compared; then it begins anew.
        match progress.seal {
            Some((position, hash)) if position >= anchor => {
                Ok(reader.head_at(position).is_ok_and(|Head { hash: found, .. }| found.to_string() == hash))
            }
            Some(_) => Ok(false),
            None => Ok(true),
        }
    }
    pub(super) fn progress(&self) -> Result<Progress, DigestError> {
        let kept = self.meta.get("progress")?;
        Ok(kept.map(|bytes| serde_json::from_slice(&bytes)).transpose()?.unwrap_or_default())
    }
    /// The newest days.
    pub(super) fn days(&self) -> Result<Days, DigestError> {
        let mut days = Vec::new();
        for found in self.days.iter().rev().take(DAYS_MAX) {
            let (day, totals) = found.into_inner()?;
            let day = <[u8; 8]>::try_from(day.as_ref()).map(i64::from_be_bytes).unwrap_or_default();
            days.push((day, serde_json::from_slice(&totals)?));
        }
        Ok(Days::kept(days))
    }
    pub(super) fn write(
        &self,
        new: &Batch,
        days: &[(i64, Day)],
        progress: &Progress,
    ) -> Result<(), DigestError> {
        let mut batch = self.database.batch();
        for (thing, id, position) in &new.places {
            let mut key = key_of(*thing, id);
            key.extend(position.to_be_bytes());
            batch.insert(&self.places, key, [].as_slice());
        }
        for (account, thing, id) in &new.links {
            let both = [(Thing::Account, account, *thing, id), (*thing, id, Thing::Account, account)];
            for (one, its, other, others) in both {
                let mut key = key_of(one, its);
                key.push(other as u8);
                key.extend(others.as_bytes());
                batch.insert(&self.links, key, [].as_slice());
            }
        }
        for (refund, known) in &new.refunds {
            batch.insert(&self.refunds, refund.as_str(), serde_json::to_vec(known)?);
        }
        for (order, refund) in &new.orders {
            batch.insert(&self.orders, order.as_str(), refund.as_str());
        }
        for (day, totals) in days {
            batch.insert(&self.days, day.to_be_bytes(), serde_json::to_vec(totals)?);
        }
        batch.insert(&self.meta, "format", FORMAT.to_le_bytes());
        batch.insert(&self.meta, "progress", serde_json::to_vec(progress)?);
        Ok(batch.durability(Some(PersistMode::Buffer)).commit()?)
    }
    pub(super) fn refund(&self, refund: &str) -> Result<Option<Refund>, DigestError> {
        Ok(self.refunds.get(refund)?.map(|bytes| serde_json::from_slice(&bytes)).transpose()?)
    }
    pub(super) fn refund_of(&self, order: &str) -> Result<Option<String>, DigestError> {
        Ok(self.orders.get(order)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }
    pub(super) fn places(
        &self,
        thing: Thing,
        id: &str,
        before: u64,
        most: usize,
    ) -> Result<Vec<u64>, DigestError> {
        let about = key_of(thing, id);
        let end = [about.as_slice(), before.to_be_bytes().as_slice()].concat();
        let mut places = Vec::new();
        for found in self.places.range(about.clone()..end).rev().take(most) {
            let key = found.key()?;
            let at = key.get(about.len()..).and_then(|rest| <[u8; 8]>::try_from(rest).ok());
            places.extend(at.map(u64::from_be_bytes));
        }
        Ok(places)
    }
    /// The ids of a kind that begin so, in their order.
    pub(super) fn ids(&self, thing: Thing, beginning: &str, most: usize) -> Result<Vec<String>, DigestError> {
        let mut ids = Vec::new();
        let mut from = key_of(thing, beginning);
        from.pop();
        let begins = from.clone();
        while ids.len() < most {
            let Some(found) = self.places.range(from.clone()..).next() else { break };
            let key = found.key()?;
            let Some(rest) = key.strip_prefix(begins.as_slice()) else { break };
            let Some(end) = rest.iter().position(|byte| *byte == END) else { break };
            let id = &key[1..begins.len() + end];
            ids.push(String::from_utf8_lossy(id).into_owned());
            // Beyond all places of this one.
            from = key[..begins.len() + end].to_vec();
            from.push(END + 1);
        }
        Ok(ids)
    }
    /// What a thing was seen with: accounts of an identifier, or identifiers of an account.
    pub(super) fn linked(
        &self,
        thing: Thing,
        id: &str,
        other: Thing,
        most: usize,
    ) -> Result<Vec<String>, DigestError> {
        let mut about = key_of(thing, id);
        about.push(other as u8);
        let mut linked = Vec::new();
        for found in self.links.prefix(&about).take(most) {
            let key = found.key()?;
            linked.push(String::from_utf8_lossy(&key[about.len()..]).into_owned());
        }
        Ok(linked)
    }
}
