//! Who is told of decisions and alerts? Endpoints, each with a secret, a thread, and how far it is along the log.
//!
//! - [`message`]: what is said; [`sign`]: how the receiver knows that it is ours; [`target`]: where it may go;
//! - [`progress`]: what was sent, waits, or was given up; [`mod@deliver`]: the thread that sends.
//!
//! A message is about one record of the log, so that nothing but positions is kept: whatever happens to the service,
//! each endpoint goes on where it was and hears of every record at least once, mostly in the order of the log.

pub mod deliver;
pub mod message;
pub mod progress;
pub mod sign;
pub mod target;

use crate::feed::Feed;
use crate::files;
use crate::webhooks::deliver::{Delivering, Status};
use crate::webhooks::message::Wants;
use crate::webhooks::progress::{Dead, Progress};
use crate::webhooks::target::TargetError;
use ringfence_domain::{Duration, Timestamp};
use ringfence_store::log::Reader;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most endpoints of one deployment: each has a thread.
pub const ENDPOINTS_MAX: usize = 20;
/// The folder in a service's folder.
pub const WEBHOOKS_FOLDER: &str = "webhooks";
/// How long an old secret signs beside the new one.
pub const ROTATION: Duration = Duration(86_400_000);

/// A secret, until when it signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Secret {
    pub(crate) secret: String,
    pub(crate) until: Option<Timestamp>,
}

/// An endpoint as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    #[serde(flatten)]
    pub(crate) endpoint: Endpoint,
    pub(crate) secrets: Vec<Secret>,
}

/// An endpoint as it is shown: without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Endpoint {
    /// Names it.
    pub id: String,
    /// Where messages go.
    pub url: String,
    /// What it wants to hear of.
    #[serde(default)]
    pub wants: Wants,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it answered 410: it wants to hear nothing more.
    #[serde(default)]
    pub gone: bool,
}

/// Why an endpoint is not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Its address.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// There are too many.
    #[error("there are {ENDPOINTS_MAX} endpoints already; remove those of no use")]
    TooMany,
    /// There is none of that name.
    #[error("there is no endpoint {0}")]
    Unknown(String),
    /// A file.
    #[error(transparent)]
    File(#[from] files::FileError),
    /// A thread.
    #[error("start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// The endpoints of a deployment, and the threads that tell them.
#[derive(Debug)]
pub struct Webhooks {
    dir: PathBuf,
    /// Whether addresses inside are allowed.
    private: bool,
    reader: Reader,
    feed: Arc<Feed>,
    clock: fn() -> Timestamp,
    running: Mutex<BTreeMap<String, Arc<Delivering>>>,
}

impl Webhooks {
    /// The endpoints in the service's folder, each going on where it was.
    pub fn open(
        dir: &Path,
        private: bool,
        reader: Reader,
        feed: Arc<Feed>,
        clock: fn() -> Timestamp,
    ) -> Result<Webhooks, WebhookError> {
        let dir = dir.join(WEBHOOKS_FOLDER);
        let create = |source| files::FileError { doing: "create", path: dir.clone(), source };
        std::fs::create_dir_all(&dir).map_err(create)?;
        let webhooks = Webhooks { dir, private, reader, feed, clock, running: Mutex::default() };
        let kept: Vec<Kept> = files::read_json(&webhooks.file())?.unwrap_or_default();
        for kept in kept {
            let progress = files::read_json(&webhooks.progress(&kept.endpoint.id))?;
            // Without its progress it begins where it was made to begin: twice is better than never.
            webhooks.begin(kept, progress.unwrap_or_default())?;
        }
        Ok(webhooks)
    }
    fn file(&self) -> PathBuf {
        self.dir.join("endpoints.json")
    }
    fn progress(&self, id: &str) -> PathBuf {
        self.dir.join(format!("{id}.progress.json"))
    }
    fn held(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Delivering>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn begin(&self, kept: Kept, progress: Progress) -> Result<(), WebhookError> {
        let id = kept.endpoint.id.clone();
        let file = self.progress(&id);
        let delivering = Delivering::new(kept, progress, file, self.private, self.clock);
        Delivering::start(&delivering, self.reader.clone(), self.feed.clone())?;
        self.held().insert(id, delivering);
        Ok(())
    }
    fn write(&self) -> Result<(), WebhookError> {
        let kept: Vec<Kept> = self.held().values().map(|d| d.kept()).collect();
        Ok(files::write_json(&self.file(), &kept)?)
    }
    /// Makes an endpoint that hears of records from `from` on; its secret, which is shown once.
    pub fn make(&self, url: &str, wants: Wants, from: u64) -> Result<(Endpoint, String), WebhookError> {
        target::check(url, self.private)?;
        if self.held().len() >= ENDPOINTS_MAX {
            return Err(WebhookError::TooMany);
        }
        let endpoint = Endpoint {
            id: crate::access::secret::random_hex::<8>(),
            url: url.to_owned(),
            wants,
            created_at: (self.clock)(),
            gone: false,
        };
        let secret = sign::new_secret();
        let secrets = vec![Secret { secret: secret.clone(), until: None }];
        let progress = Progress { next: from, ..Progress::default() };
        files::write_json(&self.progress(&endpoint.id), &progress)?;
        self.begin(Kept { endpoint: endpoint.clone(), secrets }, progress)?;
        self.write()?;
        Ok((endpoint, secret))
    }
    fn found(&self, id: &str) -> Result<Arc<Delivering>, WebhookError> {
        self.held().get(id).cloned().ok_or_else(|| WebhookError::Unknown(id.to_owned()))
    }
    /// All endpoints, and how far they are.
    pub fn list(&self) -> Vec<Status> {
        let running: Vec<Arc<Delivering>> = self.held().values().cloned().collect();
        let end = self.reader.head().position;
        running.iter().map(|d| d.status(end)).collect()
    }
    /// Ends an endpoint.
    pub fn remove(&self, id: &str) -> Result<Endpoint, WebhookError> {
        let gone = self.held().remove(id).ok_or_else(|| WebhookError::Unknown(id.to_owned()))?;
        gone.end();
        self.write()?;
        // Whatever cannot be removed names an endpoint that is not there any more.
        let _ = std::fs::remove_file(self.progress(id));
        Ok(gone.kept().endpoint)
    }
    /// Gives an endpoint a new secret; the old one signs beside it for a day.
    pub fn rotate(&self, id: &str) -> Result<(Endpoint, String), WebhookError> {
        let found = self.found(id)?;
        let secret = sign::new_secret();
        let now = (self.clock)();
        found.change(|kept| {
            kept.secrets.retain(|s| s.until.is_none_or(|until| until > now));
            for old in &mut kept.secrets {
                old.until = old.until.or(Some(now.plus(ROTATION)));
            }
            kept.secrets.insert(0, Secret { secret: secret.clone(), until: None });
        });
        self.write()?;
        Ok((found.kept().endpoint, secret))
    }
    /// What an endpoint was not told.
    pub fn dead(&self, id: &str) -> Result<Vec<Dead>, WebhookError> {
        Ok(self.found(id)?.dead())
    }
    /// Tells an endpoint again: of all dead letters where no positions are named. How many.
    pub fn replay(&self, id: &str, positions: Option<Vec<u64>>) -> Result<usize, WebhookError> {
        Ok(self.found(id)?.replay(positions))
    }
}
