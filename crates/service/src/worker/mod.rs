//! Who applies events, and when is an answer given? One thread decides, one makes durable, in this order (INV-3).
//!
//! The deciding thread takes whatever waits, up to a block, and hands the records on; the writing thread appends them as
//! one group commit and only then answers. While one block is being synced the next is decided. Both queues are bounded:
//! when they are full, the door says so instead of waiting. After a failed append nothing is answered any more: the log
//! is opened again at the next start, and what it holds is the truth.

use crate::core::{Core, CoreError, Replay, Taken, Versioned};
use ringfence_domain::codec::{Decoder, Limits};
use ringfence_domain::{Event, Timestamp, Versions};
use ringfence_store::log::{Head, Log, LogError, Options, Record};
use ringfence_store::snapshots::{SnapshotError, Snapshots};
use ringfence_store::{LOG_FOLDER, SNAPSHOTS_FOLDER};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot};

/// Jobs that may wait: beyond, callers are told to come again. At 20,000 a second this is a fifth of a second.
const JOBS_MAX: usize = 4_096;
/// Events that are decided before their records are handed on: a block of some hundred kilobytes.
const BLOCK_EVENTS_MAX: usize = 1_024;
/// Blocks that may wait for the disk while the next is decided.
const BLOCKS_MAX: usize = 4;

/// An event as it arrived.
#[derive(Debug)]
pub struct Arrived {
    /// The event, its personal values tokens by now.
    pub event: Event,
    /// Its bytes, as the log shall hold them.
    pub payload: Vec<u8>,
}

/// What became of an event, once it is durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Receipt {
    /// New.
    Accepted {
        /// Position in the log.
        position: u64,
    },
    /// A new refund request, and its decision.
    Decided {
        /// Position in the log.
        position: u64,
        /// The decision as JSON.
        decision: Arc<[u8]>,
    },
    /// Seen before; for a refund request, the decision that it got.
    Duplicate {
        /// The decision as JSON.
        decision: Option<Arc<[u8]>>,
    },
    /// Its id was seen with other content.
    OtherContent,
    /// It cannot be weighed, and why.
    Refused(String),
}

enum Job {
    Take { events: Vec<Arrived>, reply: oneshot::Sender<Vec<Receipt>> },
    Decision { refund: String, reply: oneshot::Sender<Option<Arc<[u8]>>> },
    Snapshot { reply: oneshot::Sender<Result<Head, String>> },
}

/// What the writing thread has to do.
enum Write {
    Block { records: Vec<Record<'static>>, answers: Vec<(Vec<Taken>, oneshot::Sender<Vec<Receipt>>)> },
    Read { position: u64, reply: oneshot::Sender<Option<Arc<[u8]>>> },
    Snapshot { position: u64, state: Vec<u8>, reply: oneshot::Sender<Result<Head, String>> },
}

/// Why nothing was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotTaken {
    /// Too much waits.
    #[error("more events wait than can be decided at once; come again")]
    Busy,
    /// The service is stopping or has lost its disk.
    #[error("the service does not take events any more")]
    Closed,
}

/// Counters of the worker, for metrics and health.
#[derive(Debug, Default)]
pub struct Counts {
    /// Events applied since the log began.
    pub events: AtomicU64,
    /// Records in the log.
    pub records: AtomicU64,
    /// Decisions answered since the start.
    pub decisions: AtomicU64,
    /// Duplicates told since the start.
    pub duplicates: AtomicU64,
    /// Events refused since the start: other content, no rate.
    pub refused: AtomicU64,
    /// Group commits since the start.
    pub commits: AtomicU64,
    /// Microseconds spent in group commits since the start.
    pub commit_micros: AtomicU64,
    /// Jobs that wait.
    pub waiting: AtomicU64,
    /// Whether an append failed: nothing is answered any more.
    pub failed: AtomicBool,
    /// What the disk said.
    pub failure: Mutex<String>,
}

/// What bringing the state back took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Restart {
    /// Position of the snapshot from which it went on, if any.
    pub snapshot: Option<u64>,
    /// Records taken back after it.
    pub records: u64,
    /// Decisions that were compared with the record, all alike.
    pub compared: u64,
    /// Snapshots passed over because they are damaged.
    pub passed_over: usize,
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The snapshots.
    #[error(transparent)]
    Snapshots(#[from] SnapshotError),
    /// The state.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// A thread cannot be started.
    #[error("start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Hands jobs to the worker; cheap to clone.
#[derive(Clone, Debug)]
pub struct Worker {
    jobs: mpsc::Sender<Job>,
    counts: Arc<Counts>,
    versions: Arc<Versions>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Job::Take { .. } => "Take",
            Job::Decision { .. } => "Decision",
            Job::Snapshot { .. } => "Snapshot",
        })
    }
}

/// The running threads; [`Running::join`] waits until all that was taken is durable.
#[derive(Debug)]
pub struct Running {
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Running {
    /// Waits for both threads. They end when the last [`Worker`] is dropped.
    pub fn join(self) {
        for thread in self.threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

/// Opens the log in `dir`, brings the state back from it, and starts both threads.
pub fn start(
    dir: &Path,
    versioned: &Versioned,
    limits: &Limits,
    clock: fn() -> Timestamp,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Worker, Running, Restart), StartError> {
    let mut log = Log::open(&dir.join(LOG_FOLDER), Options::default())?;
    let snapshots = Snapshots::open(&dir.join(SNAPSHOTS_FOLDER))?;
    let latest = snapshots.latest(&log)?;
    let mut restart = Restart { passed_over: latest.passed_over.len(), ..Restart::default() };
    let mut core = match &latest.snapshot {
        Some(snapshot) => {
            restart.snapshot = Some(snapshot.head.position);
            Core::restore(versioned, &snapshot.state)?
        }
        None => Core::new(versioned)?,
    };
    drop(latest);
    let end = log.head().position;
    // The log holds what was let in: limits of today must not shut out what was taken under those of yesterday.
    let limits = Limits { time_max: None, ..limits.clone() };
    let mut replay = Replay::new(Decoder::new(limits));
    for record in log.read(core.next())? {
        let (position, record) = record?;
        core.replay(&mut replay, position, &record)?;
        restart.records += 1;
        if position % 4_096 == 0 {
            progress(position, end);
        }
    }
    restart.compared = replay.compared;
    let mut first = Vec::new();
    core.announce(clock(), &mut first);
    if !first.is_empty() {
        log.append(&first)?;
    }
    let counts = Arc::new(Counts::default());
    counts.events.store(core.events(), Ordering::Relaxed);
    counts.records.store(core.next(), Ordering::Relaxed);
    let versions = Arc::new(core.versions().clone());
    let (jobs, inbox) = mpsc::channel(JOBS_MAX);
    let (blocks, outbox) = sync_channel(BLOCKS_MAX);
    let deciding = {
        let counts = counts.clone();
        move || decide(core, inbox, &blocks, clock, &counts)
    };
    let writing = {
        let counts = counts.clone();
        move || write(log, &snapshots, &outbox, &counts)
    };
    let threads = vec![
        std::thread::Builder::new().name("decide".into()).spawn(deciding)?,
        std::thread::Builder::new().name("write".into()).spawn(writing)?,
    ];
    Ok((Worker { jobs, counts, versions }, Running { threads }, restart))
}

fn decide(
    mut core: Core,
    mut inbox: mpsc::Receiver<Job>,
    blocks: &SyncSender<Write>,
    clock: fn() -> Timestamp,
    counts: &Counts,
) {
    while let Some(first) = inbox.blocking_recv() {
        let mut records = Vec::new();
        let mut answers = Vec::new();
        let mut events = 0;
        let mut job = Some(first);
        while let Some(next) = job {
            match next {
                Job::Take { events: arrived, reply } => {
                    events += arrived.len();
                    let now = clock();
                    let taken = arrived.into_iter().map(|a| core.take(a.event, a.payload, now, &mut records));
                    let taken: Vec<Taken> = taken.collect();
                    answers.push((taken, reply));
                }
                Job::Decision { refund, reply } => match core.decided_at(&refund) {
                    // It may stand in the block that is being made: that one goes first.
                    Some(position) => {
                        flush(&mut records, &mut answers, blocks);
                        send(blocks, Write::Read { position, reply });
                    }
                    None => drop(reply.send(None)),
                },
                Job::Snapshot { reply } => {
                    flush(&mut records, &mut answers, blocks);
                    send(blocks, Write::Snapshot { position: core.next(), state: core.snapshot(), reply });
                }
            }
            job = if events < BLOCK_EVENTS_MAX { inbox.try_recv().ok() } else { None };
        }
        flush(&mut records, &mut answers, blocks);
        counts.events.store(core.events(), Ordering::Relaxed);
        counts.waiting.store(inbox.len() as u64, Ordering::Relaxed);
        if counts.failed.load(Ordering::Acquire) {
            return;
        }
    }
}

fn flush(
    records: &mut Vec<Record<'static>>,
    answers: &mut Vec<(Vec<Taken>, oneshot::Sender<Vec<Receipt>>)>,
    blocks: &SyncSender<Write>,
) {
    if !answers.is_empty() {
        send(blocks, Write::Block { records: std::mem::take(records), answers: std::mem::take(answers) });
    }
}

/// The writing thread ends only after this one, or when the disk failed: then what is sent is dropped, and with it
/// everyone's reply.
fn send(blocks: &SyncSender<Write>, write: Write) {
    drop(blocks.send(write));
}

fn write(mut log: Log, snapshots: &Snapshots, outbox: &Receiver<Write>, counts: &Counts) {
    while let Ok(next) = outbox.recv() {
        match next {
            Write::Block { records, answers } => {
                let start = std::time::Instant::now();
                if let Err(e) = log.append(&records) {
                    *counts.failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = e.to_string();
                    counts.failed.store(true, Ordering::Release);
                    return;
                }
                counts.commits.fetch_add(1, Ordering::Relaxed);
                counts.commit_micros.fetch_add(start.elapsed().as_micros() as u64, Ordering::Relaxed);
                counts.records.store(log.head().position, Ordering::Relaxed);
                for (taken, reply) in answers {
                    let receipts = taken.into_iter().map(|t| receipt(t, &log, counts)).collect();
                    // Whoever went away does not want the answer; what it answers is durable.
                    drop(reply.send(receipts));
                }
            }
            Write::Read { position, reply } => drop(reply.send(payload(&log, position))),
            Write::Snapshot { position, state, reply } => {
                let written = snapshots.write(&log, position, &state).map_err(|e| e.to_string());
                let kept = written.and_then(|head| {
                    snapshots.prune(SNAPSHOTS_KEPT).map(|_| head).map_err(|e| e.to_string())
                });
                drop(reply.send(kept));
            }
        }
    }
}

/// Snapshots that are kept: one, and one more in case it is damaged.
const SNAPSHOTS_KEPT: usize = 2;

fn receipt(taken: Taken, log: &Log, counts: &Counts) -> Receipt {
    let count = |c: &AtomicU64| c.fetch_add(1, Ordering::Relaxed);
    match taken {
        Taken::Accepted { position } => Receipt::Accepted { position },
        Taken::Decided { position, decision } => {
            count(&counts.decisions);
            Receipt::Decided { position, decision }
        }
        Taken::Duplicate { answered_at } => {
            count(&counts.duplicates);
            Receipt::Duplicate { decision: answered_at.and_then(|position| payload(log, position)) }
        }
        Taken::OtherContent => {
            count(&counts.refused);
            Receipt::OtherContent
        }
        Taken::Refused(why) => {
            count(&counts.refused);
            Receipt::Refused(why)
        }
    }
}

fn payload(log: &Log, position: u64) -> Option<Arc<[u8]>> {
    let (_, record) = log.read(position).ok()?.next()?.ok()?;
    Some(record.payload.as_ref().into())
}

impl Worker {
    /// Its counters.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }
    /// What decides.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }
    fn closed(&self) -> bool {
        self.counts.failed.load(Ordering::Acquire)
    }
    /// Takes events, all in one group commit, and answers once they are durable.
    ///
    /// # Errors
    /// Where too much waits already, or the service is stopping.
    pub async fn take(&self, events: Vec<Arrived>) -> Result<Vec<Receipt>, NotTaken> {
        let (reply, answer) = oneshot::channel();
        self.submit(Job::Take { events, reply })?;
        answer.await.map_err(|_| NotTaken::Closed)
    }
    /// The decision on a refund as JSON, if there is one.
    pub async fn decision(&self, refund: String) -> Result<Option<Arc<[u8]>>, NotTaken> {
        let (reply, answer) = oneshot::channel();
        self.submit(Job::Decision { refund, reply })?;
        answer.await.map_err(|_| NotTaken::Closed)
    }
    /// Writes a snapshot of everything taken so far.
    pub async fn snapshot(&self) -> Result<Result<Head, String>, NotTaken> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Job::Snapshot { reply }).await.map_err(|_| NotTaken::Closed)?;
        answer.await.map_err(|_| NotTaken::Closed)
    }
    fn submit(&self, job: Job) -> Result<(), NotTaken> {
        if self.closed() {
            return Err(NotTaken::Closed);
        }
        self.jobs.try_send(job).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => NotTaken::Busy,
            mpsc::error::TrySendError::Closed(_) => NotTaken::Closed,
        })
    }
}
