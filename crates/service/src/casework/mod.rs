//! How is casework run? The log is the truth, the tables follow it, and one writer at a time changes something.
//!
//! A change is checked against the tables, caught up to the end of the log, while nobody else changes anything; then it is
//! recorded, with the events that follow from it, in one group commit; then the tables are caught up again, and only
//! then is it answered. The tables are written from the log and from nowhere else, so that those of a running service and
//! those built again are the same by construction.
//!
//! - `follow`: the log's records as facts; `desk`: changes; [`queue`], [`cases`]: what people do and ask;
//! - [`view`]: what is shown of an item; [`files`]: where the content of files stays.

pub mod cases;
mod desk;
pub mod files;
mod follow;
pub mod queue;
pub mod view;

pub use ringfence_casestore::read::{After, CaseFilter, EntryRow, ItemFilter, Items, TaskRow};
pub use ringfence_casestore::{Place, StoreError};
pub use ringfence_casework::{Case, Change, Denied, Judgement, Kind};

use crate::core::Principal;
use crate::worker::{NotTaken, Worker};
use follow::Seeing;
use ringfence_casestore::Store;
use ringfence_casework::settings::Settings as How;
use ringfence_domain::Timestamp;
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

/// The file of the tables, where no server is configured.
pub const TABLES_FILE: &str = "casework.sqlite";
/// Threads that speak to the database: one follows the log, one answers.
const THREADS: usize = 2;
/// How long the tables may lag behind a busy log: facts are then taken many at a time.
const PAUSE: Duration = Duration::from_millis(20);

/// How casework is set up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The database; a file in the data folder where there is none.
    pub database: Option<Place>,
    /// How the queue is worked.
    pub how: How,
}

/// Why casework does not answer.
#[derive(Debug, thiserror::Error)]
pub enum CaseworkError {
    /// A change is not allowed.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The tables.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log takes nothing.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    /// The log.
    #[error(transparent)]
    Log(#[from] ringfence_store::LogError),
    /// A record of the log that this program does not understand.
    #[error("record {position} of the log: {what}")]
    Record {
        /// Which.
        position: u64,
        /// What is wrong.
        what: String,
    },
    /// A file.
    #[error(transparent)]
    File(#[from] crate::files::FileError),
    /// The database holds the tables of another log.
    #[error(
        "the casework tables in {place} are of another log; name another database, or drop the tables: they are built again \
         from the log"
    )]
    OtherLog {
        /// Where.
        place: String,
    },
    /// The service is stopping.
    #[error("the service is stopping")]
    Stopped,
    /// Threads cannot be started.
    #[error("start a thread: {0}")]
    Thread(std::io::Error),
}

/// What the tables are written with; one at a time.
struct Writer {
    along: crate::feed::Along,
    seeing: Seeing,
    progress: ringfence_casestore::Progress,
}

/// What the handle and the follower share.
struct Inner {
    worker: Worker,
    store: Store,
    writer: Mutex<Writer>,
    files: files::Files,
    clock: fn() -> Timestamp,
}

/// Casework of a running service.
pub struct Casework {
    inner: Arc<Inner>,
    /// Its own, so that no connection of a database hangs on the threads of whoever asks. None only while it is dropped.
    runtime: Option<Runtime>,
}

impl std::fmt::Debug for Casework {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Casework").finish_non_exhaustive()
    }
}

impl Drop for Casework {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Casework {
    /// Opens the tables, catches them up with the log in `dir`, and records how the queue is worked where that is new.
    ///
    /// # Errors
    /// Where the database cannot be reached, or holds the tables of another log.
    pub fn open(
        dir: &Path,
        settings: &Settings,
        worker: Worker,
        clock: fn() -> Timestamp,
    ) -> Result<Casework, CaseworkError> {
        settings.how.check()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("casework")
            .enable_all()
            .build()
            .map_err(CaseworkError::Thread)?;
        let place = settings.database.clone().unwrap_or_else(|| Place::File(dir.join(TABLES_FILE)));
        let (how, files) = (settings.how.clone(), files::Files::new(dir));
        let opening = async move {
            let inner = Arc::new(Inner::open(&place, worker, files, clock).await?);
            inner.settle(how).await?;
            Ok::<Arc<Inner>, CaseworkError>(inner)
        };
        // Waited for by a thread, because whoever opens may be a task of another runtime.
        let (done, wait) = std::sync::mpsc::channel();
        runtime.spawn(async move { drop(done.send(opening.await)) });
        let inner = match wait.recv() {
            Ok(Ok(inner)) => inner,
            Ok(Err(e)) => {
                runtime.shutdown_background();
                return Err(e);
            }
            Err(_) => {
                runtime.shutdown_background();
                return Err(CaseworkError::Stopped);
            }
        };
        runtime.spawn(follow(Arc::downgrade(&inner)));
        Ok(Casework { inner, runtime: Some(runtime) })
    }
    /// Does something on casework's own threads.
    async fn on<T, F>(&self, work: impl FnOnce(Arc<Inner>) -> F) -> Result<T, CaseworkError>
    where
        F: Future<Output = Result<T, CaseworkError>> + Send + 'static,
        T: Send + 'static,
    {
        let runtime = self.runtime.as_ref().ok_or(CaseworkError::Stopped)?;
        runtime.spawn(work(self.inner.clone())).await.map_err(|_| CaseworkError::Stopped)?
    }
    /// Catches the tables up with the log as it is now: what was taken before is in what is read after.
    pub async fn catch_up(&self) -> Result<(), CaseworkError> {
        self.on(|inner| async move {
            let mut writer = inner.writer.lock().await;
            inner.catch_up(&mut writer).await
        })
        .await
    }
    /// All rows of all tables, for comparison.
    pub async fn dump(&self) -> Result<Vec<String>, CaseworkError> {
        self.on(|inner| async move { Ok(inner.store.dump().await?) }).await
    }
}

/// The person who asks, as casework names them.
fn person(by: &Principal) -> String {
    by.user.clone().unwrap_or_default()
}

/// Keeps the tables up with the log until the service ends.
async fn follow(inner: Weak<Inner>) {
    let Some(mut grown) = inner.upgrade().map(|i| i.worker.feed().watch()) else { return };
    while grown.changed().await.is_ok() {
        let Some(inner) = inner.upgrade() else { return };
        if inner.worker.feed().closed() {
            return;
        }
        let mut writer = inner.writer.lock().await;
        if let Err(e) = inner.catch_up(&mut writer).await {
            inner.worker.tell(format!("casework does not follow the log: {e}"));
        }
        drop(writer);
        drop(inner);
        tokio::time::sleep(PAUSE).await;
    }
}
