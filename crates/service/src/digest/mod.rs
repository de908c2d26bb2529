//! What do pages read? The log digested beside the live path: totals by day, and where the records about each thing stand.
//!
//! A thread follows the log and writes into a folder of its own; memory stays small however long the log is. What is there
//! can be thrown away at any time: it is made again from the log. No page reads the whole log, and deciding waits for
//! none of this.
//!
//! - [`touch`]: what a record is about; [`days`]: what it adds to its day; [`keep`]: where both are kept.

pub mod days;
pub mod keep;
pub mod touch;

pub use days::{Day, Refund};
pub use keep::DigestError;
pub use touch::Thing;

use crate::core::Control;
use crate::digest::days::Folding;
use crate::digest::keep::{Kept, Progress};
use crate::feed::Along;
use crate::worker::Worker;
use ringfence_domain::codec::Decoder;
use ringfence_domain::{Decision, Timestamp};
use ringfence_store::log::{Reader, Record, RecordKind};
use std::path::Path;
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;

/// Its folder in the folder of a service.
pub const FOLDER: &str = "digest";
/// How long the thread waits for records before it looks whether the service stops.
const WAIT: Duration = Duration::from_millis(500);
/// How long a page waits until what was durable when it was asked for is digested; then it shows what is there.
pub const LAG_MAX: Duration = Duration::from_millis(400);
/// Records that a page reads of one thing.
pub const RECORDS_MAX: usize = 400;

/// The log as pages read it; cheap to clone.
#[derive(Clone, Debug)]
pub struct Digest {
    kept: Kept,
    reader: Reader,
    days: Arc<RwLock<days::Days>>,
    reached: watch::Receiver<u64>,
}

/// A record with its place.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its place in the log.
    pub position: u64,
    /// When it was recorded.
    pub recorded: Timestamp,
    /// What it is.
    pub kind: RecordKind,
    /// Its bytes.
    pub payload: Vec<u8>,
}

impl Digest {
    /// Opens the folder and follows the log in a thread of its own; begins anew where the folder is of another log.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn open(dir: &Path, worker: &Worker) -> Result<(Digest, JoinHandle<()>), DigestError> {
        let history = worker.history();
        let reader = history.reader.clone();
        let kept = Kept::open(&dir.join(FOLDER), &reader)?;
        let Progress { next, rates, seal } = kept.progress()?;
        let next = next.max(reader.anchor().position);
        let days = Arc::new(RwLock::new(kept.days()?));
        let (told, reached) = watch::channel(next);
        let digest = Digest { kept: kept.clone(), reader: reader.clone(), days: days.clone(), reached };
        let along = Along::new(worker.feed().clone(), reader, next);
        let rates = rates.and_then(|kept| kept.rates().ok()).unwrap_or_else(|| history.rates.clone());
        let mut following = Following {
            along,
            decoder: history.decoder(),
            folding: Folding::new(kept, days, rates, seal),
            told,
        };
        let counts = worker.counts_handle();
        let run = move || {
            if let Err(e) = following.run() {
                counts.tell(format!("the pages show no more than was there by now: {e}"));
            }
        };
        let thread =
            std::thread::Builder::new().name("digest".into()).spawn(run).map_err(DigestError::Thread)?;
        Ok((digest, thread))
    }
    /// Waits until what is durable now is digested, at most [`LAG_MAX`]; how many records are behind then.
    pub async fn fresh(&self) -> u64 {
        let end = self.reader.head().position;
        let mut reached = self.reached.clone();
        let wait = reached.wait_for(|reached| *reached >= end);
        let _ = tokio::time::timeout(LAG_MAX, wait).await;
        end.saturating_sub(*self.reached.borrow())
    }
    /// How many records of the log it has not seen yet.
    pub fn behind(&self) -> u64 {
        self.reader.head().position.saturating_sub(*self.reached.borrow())
    }
    /// The newest days, oldest first.
    pub fn days(&self, most: usize) -> Vec<(i64, Day)> {
        self.days.read().unwrap_or_else(std::sync::PoisonError::into_inner).newest(most)
    }
    /// The places of records about a thing, newest first, only those before `before`.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn places(
        &self,
        thing: Thing,
        id: &str,
        before: Option<u64>,
        most: usize,
    ) -> Result<Vec<u64>, DigestError> {
        self.kept.places(thing, id, before.unwrap_or(u64::MAX), most.min(RECORDS_MAX))
    }
    /// Whether anything is known of a thing.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn knows(&self, thing: Thing, id: &str) -> Result<bool, DigestError> {
        Ok(!self.kept.places(thing, id, u64::MAX, 1)?.is_empty())
    }
    /// What is known of a refund's money.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn refund(&self, refund: &str) -> Result<Option<Refund>, DigestError> {
        self.kept.refund(refund)
    }
    /// The ids of a kind that begin so, in their order.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn ids(&self, thing: Thing, beginning: &str, most: usize) -> Result<Vec<String>, DigestError> {
        self.kept.ids(thing, beginning, most.min(RECORDS_MAX))
    }
    /// What a thing was seen with: the accounts of an identifier, or the identifiers of a kind of an account.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn linked(
        &self,
        thing: Thing,
        id: &str,
        other: Thing,
        most: usize,
    ) -> Result<Vec<String>, DigestError> {
        self.kept.linked(thing, id, other, most)
    }
    /// The records at these places, in the order given; those that were retired are left out.
    ///
    /// # Errors
    /// Where the log cannot be read.
    pub fn records(&self, places: &[u64]) -> Result<Vec<Found>, DigestError> {
        let anchor = self.reader.anchor().position;
        let read = |position: &u64| {
            let Record { kind, recorded, payload } = self.reader.record(*position)?;
            Ok(Found { position: *position, recorded, kind, payload: payload.into_owned() })
        };
        places.iter().filter(|position| **position >= anchor).map(read).collect()
    }
    /// The newest records about a thing, newest first.
    ///
    /// # Errors
    /// Where the folder or the log cannot be read.
    pub fn about(
        &self,
        thing: Thing,
        id: &str,
        before: Option<u64>,
        most: usize,
    ) -> Result<Vec<Found>, DigestError> {
        self.records(&self.places(thing, id, before, most)?)
    }
}

struct Following {
    along: Along,
    decoder: Decoder,
    folding: Folding,
    told: watch::Sender<u64>,
}

impl Following {
    fn run(&mut self) -> Result<(), DigestError> {
        loop {
            let Following { along, decoder, folding, .. } = self;
            let seen = along.some(|position, record| fold(folding, decoder, position, record))?;
            if seen > 0 {
                let (next, behind) = (along.position(), along.behind());
                folding.commit(next, along.reader(), behind == 0)?;
                self.told.send_replace(next);
            } else if self.along.closed() {
                return Ok(());
            } else {
                self.along.wait(WAIT);
            }
        }
    }
}

fn fold(
    folding: &mut Folding,
    decoder: &mut Decoder,
    position: u64,
    record: &Record<'_>,
) -> Result<(), DigestError> {
    let broken = |what: String| DigestError::Record { position, what };
    match record.kind {
        RecordKind::Event => {
            let event = decoder.decode(&record.payload).map_err(|e| broken(e.to_string()))?;
            let mut named: Vec<(Thing, &str)> = vec![(Thing::Event, event.id.as_str())];
            touch::event(&event.body, |thing, id| named.push((thing, id)));
            for (thing, id) in &named {
                folding.touched(*thing, id, position);
            }
            for (_, account) in named.iter().filter(|(thing, _)| *thing == Thing::Account) {
                for (thing, id) in named.iter().filter(|(thing, _)| Thing::IDENTIFIERS.contains(thing)) {
                    folding.linked(account, *thing, id);
                }
            }
            folding.event(&event)
        }
        RecordKind::Decision => {
            let decision: Decision =
                serde_json::from_slice(&record.payload).map_err(|e| broken(e.to_string()))?;
            touch::decision(&decision, |thing, id| folding.touched(thing, id, position));
            folding.decision(&decision)
        }
        RecordKind::Control => {
            let control: Control =
                serde_json::from_slice(&record.payload).map_err(|e| broken(e.to_string()))?;
            touch::control(&control, |thing, id| folding.touched(thing, id, position));
            folding.control(&control);
            Ok(())
        }
    }
}
