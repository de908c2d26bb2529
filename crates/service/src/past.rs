//! What was the state at any position? From the nearest snapshot and the log, beside the live path.

use crate::core::{Control, Core, CoreError, Past, Replay, Versioned, follow::Follower};
use crate::library::Library;
use ringfence_domain::Versions;
use ringfence_domain::codec::{Decoder, Limits};
use ringfence_domain::rates::Rates;
use ringfence_engine::Engine;
use ringfence_features::Plan;
use ringfence_store::log::{Head, Reader, RecordKind};
use ringfence_store::{LogError, SnapshotError, Snapshots};
use std::sync::Arc;

/// Snapshots that are kept: one, and one more in case it is damaged.
pub const SNAPSHOTS_KEPT: usize = 2;

/// Why a state of the past is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The snapshots.
    #[error(transparent)]
    Snapshots(#[from] SnapshotError),
    /// The state.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// The beginning of the log is gone.
    #[error(
        "the log begins at position {anchor}: what came before was retired, and no snapshot that this program can read \
         reaches back far enough"
    )]
    Retired {
        /// Where the log begins.
        anchor: u64,
    },
}

/// Log, snapshots and versions, read only.
#[derive(Clone, Debug)]
pub struct History {
    /// The log.
    pub reader: Reader,
    /// The snapshots.
    pub snapshots: Snapshots,
    /// The content of versions.
    pub library: Library,
    /// Rates of the configuration, for logs of programs that did not record theirs.
    pub rates: Rates,
    /// The log holds what was let in: limits of today must not shut out what was taken under those of yesterday.
    limits: Limits,
}

/// A core at a position.
#[derive(Debug)]
pub struct At {
    /// The core.
    pub core: Core,
    /// Position of the snapshot from which it came, if any.
    pub snapshot: Option<u64>,
    /// Snapshots that could not be used.
    pub passed_over: usize,
    /// Records folded after it.
    pub records: u64,
    /// Decisions that came out as recorded.
    pub compared: u64,
}

impl History {
    /// Of these.
    pub fn new(
        reader: Reader,
        snapshots: Snapshots,
        library: Library,
        rates: Rates,
        limits: &Limits,
    ) -> History {
        History { reader, snapshots, library, rates, limits: Limits { time_max: None, ..limits.clone() } }
    }
    /// A decoder of what the log holds.
    pub fn decoder(&self) -> Decoder {
        Decoder::new(self.limits.clone())
    }
    /// The versions with which the log begins.
    pub fn first_versions(&self) -> Result<Option<Versions>, PastError> {
        if let Some(record) = self.reader.read(0)?.next() {
            let (position, record) = record?;
            if record.kind == RecordKind::Control {
                let control: Control = serde_json::from_slice(&record.payload)
                    .map_err(|e| CoreError::Record { position, what: e.to_string() })?;
                if let Control::Versions { versions, .. } = control {
                    return Ok(Some(versions));
                }
            }
        }
        Ok(None)
    }
    /// The state after every record before `until`, each decision compared on the way. `None` where the log is empty.
    pub fn at(&self, until: u64, progress: &mut dyn FnMut(u64, u64)) -> Result<Option<At>, PastError> {
        let anchor = self.reader.anchor().position;
        let mut passed_over = 0;
        let mut before = until;
        let (mut core, snapshot) = loop {
            let latest = self.snapshots.nearest(&self.reader, before)?;
            passed_over += latest.passed_over.len();
            match latest.snapshot {
                Some(found) => match Core::restore(&found.state, self) {
                    Ok(core) => break (core, Some(found.head.position)),
                    // Of an earlier program: the log has it all, where it still begins at its beginning.
                    Err(CoreError::Snapshot(_)) if found.head.position > 0 => {
                        passed_over += 1;
                        before = found.head.position - 1;
                    }
                    Err(e) => return Err(e.into()),
                },
                None if anchor > 0 => return Err(PastError::Retired { anchor }),
                None => {
                    let Some(versions) = self.first_versions()? else { return Ok(None) };
                    break (Core::new(&self.library.versioned(&versions, &self.rates)?)?, None);
                }
            }
        };
        let mut replay = Replay::new(self.decoder(), self);
        let mut records = 0;
        for record in self.reader.read(core.next())? {
            let (position, record) = record?;
            if position >= until {
                break;
            }
            core.replay(&mut replay, position, &record)?;
            records += 1;
            if position % 4_096 == 0 {
                progress(position, until);
            }
        }
        let compared = replay.compared;
        Ok(Some(At { core, snapshot, passed_over, records, compared }))
    }
    /// Writes a snapshot of everything that is durable by now, beside the live path. On the way every decision since the
    /// last one is compared with its record.
    pub fn snapshot(&self) -> Result<Option<Head>, PastError> {
        let Some(at) = self.at(self.reader.head().position, &mut |_, _| {})? else { return Ok(None) };
        let state = at.core.snapshot();
        let head = self.snapshots.write_beside(&self.reader, at.core.next(), &state)?;
        self.snapshots.prune(SNAPSHOTS_KEPT)?;
        Ok(Some(head))
    }
    /// An engine by another catalogue, folded from the beginning of the log to its end by now.
    pub fn follower(&self, plan: &Arc<Plan>) -> Follower {
        let engine = Engine::new(plan.clone(), self.rates.reporting(), self.rates.clone(), None);
        Follower::new(engine, self.decoder(), 0)
    }
}

impl Past for History {
    fn versioned(&self, versions: &Versions, rates: &Rates) -> Result<Versioned, CoreError> {
        self.library.versioned(versions, rates)
    }
    fn rebuilt(&self, plan: &Arc<Plan>, until: u64) -> Result<Engine<Rates>, CoreError> {
        let fail = |e: LogError| {
            CoreError::Content(format!("the state of another catalogue comes from the whole log: {e}"))
        };
        let mut follower = self.follower(plan);
        for record in self.reader.read(0).map_err(fail)? {
            let (position, record) = record.map_err(fail)?;
            if position >= until {
                break;
            }
            follower.fold(position, &record)?;
        }
        Ok(follower.into_engine())
    }
}
