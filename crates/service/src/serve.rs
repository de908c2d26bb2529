//! How does the service run? Opened from its folder, served until it is told to stop, and stopped with all answers given.

use crate::access::{Access, AccessError};
use crate::backtest::Backtests;
use crate::casework::{self, Casework, CaseworkError};
use crate::digest::{Digest, DigestError};
use crate::door::Door;
use crate::files::FileError;
use crate::follow::Following;
use crate::http::browser::Peer;
use crate::http::sign_in::HASHES_AT_ONCE;
use crate::http::{Shared, Web, router};
use crate::leads::looks::{self, Looks};
use crate::library::Given;
use crate::oidc::{self, Oidc};
use crate::promote;
use crate::pseudonyms::Pseudonyms;
use crate::shadow::Shadow;
use crate::survey::Surveys;
use crate::webhooks::{WebhookError, Webhooks};
use crate::workbench::live::LISTENERS_MAX;
use crate::worker::{self, Restart, Running, StartError, Worker};
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use ringfence_domain::Timestamp;
use ringfence_domain::config::Config;
use ringfence_domain::tokens::Tokeniser;
use ringfence_leads::posts::Names;
use ringfence_store::log::HeadKey;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// Why the service does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Log, snapshots or state.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Keys.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// What is remembered of a followed folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// Webhooks.
    #[error(transparent)]
    Webhooks(#[from] WebhookError),
    /// The log as pages read it.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// Casework.
    #[error(transparent)]
    Casework(#[from] CaseworkError),
    /// The key that signs packs of evidence.
    #[error("evidence_key {}: {what}; write one with `ringfence log keygen`", .path.display())]
    EvidenceKey {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The address cannot be listened on.
    #[error("listen on {address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// Serving ended.
    #[error("serve: {0}")]
    Serve(#[from] std::io::Error),
}

/// How a service is run.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Whether one person may propose and approve: for a deployment with one operator.
    pub single_approver: bool,
    /// How often a snapshot is written beside the live path, where the log has grown by `snapshot_records`.
    pub snapshot_every: Duration,
    /// Whether webhooks may go to private addresses and without encryption.
    pub private_webhooks: bool,
    /// Requests a second of one key, where it has no limit of its own; none for no limit.
    pub requests_per_second: Option<u32>,
    /// Records that make a new snapshot worth its while.
    pub snapshot_records: u64,
    /// Whether spans of requests are sent on.
    pub traces: bool,
    /// How browsers reach it.
    pub web: Web,
    /// Where people sign in beside the service's own passwords.
    pub oidc: Option<oidc::Settings>,
    /// When it is looked for leads; never where left out.
    pub looks: Option<Looks>,
    /// The file of the key that signs packs of evidence; without one they are not signed.
    pub evidence_key: Option<PathBuf>,
    /// How the queue is worked, and where casework is kept.
    pub casework: casework::Settings,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            single_approver: false,
            private_webhooks: false,
            requests_per_second: None,
            snapshot_every: Duration::from_mins(10),
            snapshot_records: 100_000,
            traces: false,
            web: Web::default(),
            oidc: None,
            looks: None,
            evidence_key: None,
            casework: casework::Settings::default(),
        }
    }
}

/// A service that is ready to listen.
#[derive(Debug)]
pub struct Service {
    shared: Arc<Shared>,
    running: Running,
    closing: Closing,
    settings: Settings,
    dir: PathBuf,
    /// Of the link through which the first administrator is made, where there is none yet.
    set_up_token: Option<String>,
    digesting: JoinHandle<()>,
    /// What bringing its state back took.
    pub restart: Restart,
}

/// Whoever follows the log ends when this is dropped: else they would keep the worker alive.
#[derive(Debug)]
struct Closing(Worker);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.feed().close();
    }
}

/// The key in a file, as `ringfence log keygen` writes it.
fn pack_key(path: &Path) -> Result<HeadKey, ServeError> {
    let failed = |what: String| ServeError::EvidenceKey { path: path.to_owned(), what };
    let text = std::fs::read_to_string(path).map_err(|e| failed(e.to_string()))?;
    HeadKey::parse(&text).map_err(|e| failed(e.to_string()))
}

impl Service {
    /// Brings the state in `dir` back; `given` is what the start names to decide with.
    pub fn open(
        dir: &Path,
        given: &Given,
        config: &Config,
        settings: Settings,
        tokens: Option<Tokeniser>,
        clock: fn() -> Timestamp,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Service, ServeError> {
        let door = Door::new(config, tokens, clock);
        let (worker, running, restart) =
            worker::start(dir, given, &config.rates, door.limits(), clock, progress)?;
        let (access, set_up_token) = Access::open(dir, clock())?;
        let closing = Closing(worker.clone());
        let (reader, feed) = (worker.history().reader.clone(), worker.feed().clone());
        let webhooks = Webhooks::open(dir, settings.private_webhooks, reader, feed, clock)?;
        let (digest, digesting) = Digest::open(dir, &worker)?;
        let casework = Casework::open(dir, &settings.casework, worker.clone(), clock)?;
        let pack_key = settings.evidence_key.as_deref().map(pack_key).transpose()?;
        let shared = Arc::new(Shared {
            digest,
            worker,
            door,
            access,
            web: settings.web.clone(),
            oidc: settings.oidc.clone().map(|settings| Arc::new(Oidc::new(settings))),
            hashing: Semaphore::new(HASHES_AT_ONCE),
            clock,
            shadow: Shadow::default(),
            backtests: Backtests::default(),
            surveys: Surveys::default(),
            names: Names::new(&config.retailer_names, &config.other_retailers),
            pseudonyms: Pseudonyms::open(dir)?,
            webhooks,
            casework,
            single_approver: settings.single_approver,
            requests_per_second: settings.requests_per_second,
            traces: settings.traces,
            rederiving: Semaphore::new(1),
            packing: Arc::new(Semaphore::new(1)),
            pack_key,
            snapshotting: Semaphore::new(1),
            listeners: Arc::new(Semaphore::new(LISTENERS_MAX)),
            stopping: watch::Sender::new(false),
        });
        let dir = dir.to_owned();
        Ok(Service { shared, running, closing, settings, dir, set_up_token, digesting, restart })
    }
    /// The token of the link through which the first administrator is made, where there is none; the service itself keeps
    /// its hash.
    pub fn set_up_token(&self) -> Option<&str> {
        self.set_up_token.as_deref()
    }
    /// What takes events, for doors other than HTTP.
    pub fn worker(&self) -> &Worker {
        &self.shared.worker
    }
    /// The log as pages read it.
    pub fn digest(&self) -> &Digest {
        &self.shared.digest
    }
    /// The queue and the cases, for callers other than HTTP.
    pub fn casework(&self) -> &Casework {
        &self.shared.casework
    }
    /// The endpoints.
    pub fn router(&self) -> axum::Router {
        router(self.shared.clone())
    }
    /// Takes the event files that appear in `folder`, in a thread of its own.
    pub fn follow(&self, folder: &Path) -> Result<(), ServeError> {
        let following = Following::new(folder, &self.dir)?;
        let shared = Arc::downgrade(&self.shared);
        let thread = std::thread::Builder::new().name("follow".into());
        let follow = move || {
            if let Some(shared) = shared.upgrade() {
                following.run(&shared.worker, &shared.door);
            }
        };
        Ok(thread.spawn(follow).map(drop)?)
    }
    /// Looks for leads as the settings say, in a thread of its own.
    fn look_for_leads(&self) -> Result<(), ServeError> {
        let Some(looks) = self.settings.looks else { return Ok(()) };
        let shared = Arc::downgrade(&self.shared);
        let thread = std::thread::Builder::new().name("leads".into());
        let look = move || {
            if let Some(shared) = shared.upgrade() {
                looks::run(&shared.worker, &looks);
            }
        };
        Ok(thread.spawn(look).map(drop)?)
    }
    /// Takes up what the log says is under way: a shadow run, a catalogue that was approved.
    pub async fn resume(&self) {
        if let Err(e) = promote::resume(&self.shared.worker).await {
            self.shared.worker.tell(e.to_string());
        }
        if let Err(problem) = self.shared.shadow_as_recorded().await {
            self.shared.worker.tell(problem.detail);
        }
    }
    /// Serves on `listener` until `stop` comes; then all that was taken is answered, a snapshot written, and the log closed.
    pub async fn run<L>(
        self,
        listener: L,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError>
    where
        L: Listener,
        L::Addr: std::fmt::Debug,
        Peer: for<'a> Connected<IncomingStream<'a, L>>,
    {
        self.resume().await;
        self.look_for_leads()?;
        let snapshots = tokio::spawn(snapshots(Arc::downgrade(&self.shared), self.settings.clone()));
        let router = self.router().into_make_service_with_connect_info::<Peer>();
        let stopping = self.shared.stopping.clone();
        let stop = async move {
            stop.await;
            stopping.send_replace(true);
        };
        axum::serve(listener, router).with_graceful_shutdown(stop).await?;
        tracing::info!("stopping: what was taken is answered, a snapshot is written");
        snapshots.abort();
        let written = self.shared.worker.snapshot().await;
        let Service { shared, running, closing, digesting, .. } = self;
        drop((shared, closing));
        let end = move || {
            running.join();
            digesting.join()
        };
        if let Err(panic) = tokio::task::spawn_blocking(end).await.map_err(std::io::Error::other)? {
            std::panic::resume_unwind(panic);
        }
        match written {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(what)) => {
                Err(ServeError::Serve(std::io::Error::other(format!("no snapshot was written: {what}"))))
            }
            // The disk failed before: readiness and the log's error said so.
            Err(_) => Err(ServeError::Serve(std::io::Error::other("the log could not be written any more"))),
        }
    }
}

/// Writes snapshots now and then, beside the live path, so that a restart is short.
async fn snapshots(shared: std::sync::Weak<Shared>, settings: Settings) {
    let mut last = 0;
    loop {
        tokio::time::sleep(settings.snapshot_every).await;
        let Some(shared) = shared.upgrade() else { return };
        let history = shared.worker.history().clone();
        let end = history.reader.head().position;
        if end < last + settings.snapshot_records {
            continue;
        }
        let Ok(_one) = shared.snapshotting.try_acquire() else { continue };
        let written = tokio::task::spawn_blocking(move || history.snapshot()).await;
        match written {
            Ok(Ok(_)) => {
                tracing::info!(position = end, "a snapshot was written");
                last = end;
            }
            Ok(Err(e)) => shared.worker.tell(format!("no snapshot was written: {e}")),
            Err(e) => shared.worker.tell(format!("no snapshot was written: {e}")),
        }
    }
}
