//! Who applies events, and when is an answer given? One thread decides, one makes durable, in this order (INV-3).
//!
//! The deciding thread takes whatever waits, up to a block, and hands the records on; the writing thread appends them as
//! one group commit and only then answers. While one block is being synced the next is decided. Both queues are bounded:
//! when they are full, the door says so instead of waiting. After a failed append nothing is answered any more: the log
//! is opened again at the next start, and what it holds is the truth.
//!
//! `start`: how both begin; `threads`: what they do.

pub mod start;
mod threads;

pub use start::start;

use crate::core::{Control, Core, CoreError, Denied, Prepared, Taken};
use crate::feed::Feed;
use crate::library::LibraryError;
use crate::past::{History, PastError};
use ringfence_domain::dedupe::ContentKey;
use ringfence_domain::{Event, encode};
use ringfence_store::SnapshotError;
use ringfence_store::log::{Head, LogError, Record};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// Jobs that may wait: beyond, callers are told to come again. At 20,000 a second this is a fifth of a second.
const JOBS_MAX: usize = 4_096;

/// An event as it arrived.
#[derive(Debug)]
pub struct Arrived {
    /// The event, its personal values tokens by now.
    pub event: Event,
    /// Its bytes, as the log shall hold them.
    pub payload: Vec<u8>,
    /// By what it is known again: made at the door, where many threads are, and not by the one that decides.
    pub key: ContentKey,
}

impl Arrived {
    /// An event of the service's own making.
    pub fn made(event: Event) -> Arrived {
        let mut payload = Vec::new();
        encode(&event, &mut payload);
        let key = ContentKey::of(&event, &mut Vec::new());
        Arrived { event, payload, key }
    }
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

/// What is done once everything before it is durable.
type Then = Box<dyn FnOnce() + Send>;

/// A change that is asked for; a promotion comes prepared.
#[derive(Debug)]
pub struct Change {
    /// What.
    pub control: Control,
    /// What a promotion needs.
    pub prepared: Option<Box<Prepared>>,
}

impl From<Control> for Change {
    fn from(control: Control) -> Change {
        Change { control, prepared: None }
    }
}

/// The positions of records that changes made, or why the first of them that was refused was.
pub type Changed = Result<Vec<u64>, Denied>;

enum Job {
    Take {
        events: Vec<Arrived>,
        reply: oneshot::Sender<Vec<Receipt>>,
    },
    Change {
        changes: Vec<Change>,
        reply: oneshot::Sender<Changed>,
    },
    /// A change, and the events that follow from it.
    ChangeWith {
        control: Box<Control>,
        events: Vec<Arrived>,
        reply: oneshot::Sender<Result<u64, Denied>>,
    },
    /// Looks at the state; what it returns is done once what it saw is durable.
    Look(Box<dyn FnOnce(&Core) -> Then + Send>),
    Snapshot {
        reply: oneshot::Sender<Result<Head, String>>,
    },
}

/// Who is answered once a block is durable.
enum Answer {
    Events(Vec<Taken>, oneshot::Sender<Vec<Receipt>>),
    Then(Then),
}

/// What the writing thread has to do.
enum Write {
    Block {
        records: Vec<Record<'static>>,
        answers: Vec<Answer>,
    },
    Snapshot {
        position: u64,
        state: Vec<u8>,
        reply: oneshot::Sender<Result<Head, String>>,
    },
    /// Says when everything before it is durable.
    Barrier(SyncSender<()>),
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
    /// Control records since the start: changes, and reads of personal data.
    pub controls: AtomicU64,
    /// Whether an append failed: nothing is answered any more.
    pub failed: AtomicBool,
    /// What the disk said.
    pub failure: Mutex<String>,
    /// What failed last beside the live path: a snapshot, a rebuilt state.
    pub beside: Mutex<String>,
}

impl Counts {
    /// Tells the operator of something that failed beside the live path.
    pub fn tell(&self, what: String) {
        let mut beside = self.beside.lock().unwrap_or_else(PoisonError::into_inner);
        // Once, where it is tried again and again.
        if *beside != what {
            tracing::error!("{what}");
        }
        *beside = what;
    }
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
    /// What was before.
    #[error(transparent)]
    Past(#[from] PastError),
    /// The content of versions.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// A thread cannot be started.
    #[error("start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Hands jobs to the worker; cheap to clone.
#[derive(Clone, Debug)]
pub struct Worker {
    jobs: mpsc::Sender<Job>,
    counts: Arc<Counts>,
    feed: Arc<Feed>,
    history: History,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Job::Take { .. } => "Take",
            Job::Change { .. } => "Change",
            Job::ChangeWith { .. } => "ChangeWith",
            Job::Look(_) => "Look",
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

impl Worker {
    /// Its counters.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }
    /// What became durable last.
    pub fn feed(&self) -> &Arc<Feed> {
        &self.feed
    }
    /// Log, snapshots and versions, to be read beside it.
    pub fn history(&self) -> &History {
        &self.history
    }
    /// Tells the operator of something that failed beside the live path.
    pub fn tell(&self, what: String) {
        self.counts.tell(what);
    }
    /// Its counters, for who must not keep it from ending.
    pub fn counts_handle(&self) -> Arc<Counts> {
        self.counts.clone()
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
    /// The same for threads that are none of the connections'; they wait their turn.
    pub fn take_blocking(&self, events: Vec<Arrived>) -> Result<Vec<Receipt>, NotTaken> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let (reply, answer) = oneshot::channel();
        self.jobs.blocking_send(Job::Take { events, reply }).map_err(|_| NotTaken::Closed)?;
        answer.blocking_recv().map_err(|_| NotTaken::Closed)
    }
    /// Records changes, in one group commit where all are allowed; answers once they are durable. Those before one that
    /// is refused stand.
    ///
    /// # Errors
    /// Where too much waits already, or the service is stopping.
    pub async fn change(&self, changes: Vec<Change>) -> Result<Changed, NotTaken> {
        let (reply, answer) = oneshot::channel();
        self.submit(Job::Change { changes, reply })?;
        answer.await.map_err(|_| NotTaken::Closed)
    }
    /// The same for threads that are none of the connections'; they wait their turn.
    pub fn change_blocking(&self, changes: Vec<Change>) -> Result<Changed, NotTaken> {
        let (reply, answer) = oneshot::channel();
        self.jobs.blocking_send(Job::Change { changes, reply }).map_err(|_| NotTaken::Closed)?;
        answer.blocking_recv().map_err(|_| NotTaken::Closed)
    }
    /// Records a change and the events that follow from it, all in one group commit: after a crash either all are there or
    /// none. The change's position.
    ///
    /// # Errors
    /// Where too much waits already, or the service is stopping.
    pub async fn change_with(
        &self,
        control: Control,
        events: Vec<Arrived>,
    ) -> Result<Result<u64, Denied>, NotTaken> {
        let (reply, answer) = oneshot::channel();
        self.submit(Job::ChangeWith { control: Box::new(control), events, reply })?;
        answer.await.map_err(|_| NotTaken::Closed)
    }
    /// Looks at the state between two events; answers once what was seen is durable. `look` is short: nobody is decided
    /// meanwhile.
    ///
    /// # Errors
    /// Where too much waits already, or the service is stopping.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Core) -> T + Send + 'static,
    ) -> Result<T, NotTaken> {
        let (reply, answer) = oneshot::channel();
        let job = move |core: &Core| -> Then {
            let seen = look(core);
            Box::new(move || drop(reply.send(seen)))
        };
        self.submit(Job::Look(Box::new(job)))?;
        answer.await.map_err(|_| NotTaken::Closed)
    }
    /// The decision on a refund as JSON, if there is one, with its position in the log.
    pub async fn decision(&self, refund: String) -> Result<Option<(u64, Arc<[u8]>)>, NotTaken> {
        let Some(position) = self.look(move |core| core.decided_at(&refund)).await? else { return Ok(None) };
        let reader = self.history.reader.clone();
        let read = tokio::task::spawn_blocking(move || reader.record(position)).await;
        match read {
            Ok(Ok(record)) => Ok(Some((position, record.payload.as_ref().into()))),
            // What the log says is decided can always be read, unless its disk failed.
            Ok(Err(_)) | Err(_) => Err(NotTaken::Closed),
        }
    }
    /// Writes a snapshot of everything taken so far, at once: nobody is decided meanwhile. For the end of a service;
    /// [`History::snapshot`] is beside the live path.
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
