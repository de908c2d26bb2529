//! How is an endpoint told? A thread of its own goes along the log, sends, and tries again; the live path never waits.

use crate::feed::{Along, Feed};
use crate::files;
use crate::webhooks::message::{self, Message};
use crate::webhooks::progress::{Dead, Progress, Waiting};
use crate::webhooks::target::Outside;
use crate::webhooks::{Endpoint, Kept, sign};
use ringfence_domain::Timestamp;
use ringfence_store::LogError;
use ringfence_store::log::Reader;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use ureq::Agent;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;

/// Messages that are sent at once to one endpoint.
const AT_ONCE: usize = 8;
/// How long a receiver may take: what it does with a message it does afterwards.
const TIMEOUT: Duration = Duration::from_secs(15);
/// How long the thread waits before it looks whether something is due or it should end.
const WAIT: Duration = Duration::from_millis(250);

/// An endpoint and how far it is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Status {
    /// The endpoint.
    #[serde(flatten)]
    pub(crate) endpoint: Endpoint,
    /// Records of the log before this one were looked at.
    pub(crate) position: u64,
    /// Records that are durable and were not.
    pub(crate) behind: u64,
    /// Messages that wait for another try.
    pub(crate) waiting: usize,
    /// Messages that were given up.
    pub(crate) dead: usize,
    /// Of them, those that are not listed any more for want of room.
    pub(crate) dropped: u64,
    /// Messages that arrived.
    pub(crate) delivered: u64,
    /// Tries that failed.
    pub(crate) failed: u64,
    /// What went wrong last.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) last_error: String,
}

/// An endpoint with its thread.
#[derive(Debug)]
pub struct Delivering {
    kept: Mutex<Kept>,
    progress: Mutex<Progress>,
    file: PathBuf,
    private: bool,
    clock: fn() -> Timestamp,
    ends: AtomicBool,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What became of one message.
enum Sent {
    Arrived,
    /// The endpoint wants nothing more.
    Gone,
    Failed(String),
}

impl Delivering {
    pub(super) fn new(
        kept: Kept,
        progress: Progress,
        file: PathBuf,
        private: bool,
        clock: fn() -> Timestamp,
    ) -> Arc<Delivering> {
        let (kept, progress) = (Mutex::new(kept), Mutex::new(progress));
        Arc::new(Delivering { kept, progress, file, private, clock, ends: AtomicBool::new(false) })
    }
    pub(super) fn start(this: &Arc<Delivering>, reader: Reader, feed: Arc<Feed>) -> std::io::Result<()> {
        let this = this.clone();
        std::thread::Builder::new().name("webhook".into()).spawn(move || this.run(&reader, feed)).map(drop)
    }
    pub(super) fn kept(&self) -> Kept {
        held(&self.kept).clone()
    }
    pub(super) fn change(&self, change: impl FnOnce(&mut Kept)) {
        change(&mut held(&self.kept));
    }
    pub(super) fn end(&self) {
        self.ends.store(true, Ordering::Release);
    }
    pub(super) fn dead(&self) -> Vec<Dead> {
        held(&self.progress).dead.iter().cloned().collect()
    }
    pub(super) fn replay(&self, positions: Option<Vec<u64>>) -> usize {
        let mut progress = held(&self.progress);
        let room = super::progress::WAITING_MAX.saturating_sub(progress.waiting.len());
        let mut positions =
            positions.unwrap_or_else(|| progress.dead.iter().map(|dead| dead.position).collect());
        positions.truncate(room);
        progress.replay(&positions, (self.clock)().millis());
        positions.len()
    }
    pub(super) fn status(&self, end: u64) -> Status {
        let endpoint = self.kept().endpoint;
        let Progress { next, waiting, dead, dropped, delivered, failed, last_error } = &*held(&self.progress);
        Status {
            endpoint,
            position: *next,
            behind: end.saturating_sub(*next),
            waiting: waiting.len(),
            dead: dead.len(),
            dropped: *dropped,
            delivered: *delivered,
            failed: *failed,
            last_error: last_error.clone(),
        }
    }
    fn run(&self, reader: &Reader, feed: Arc<Feed>) {
        let config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent(concat!("ringfence/", env!("CARGO_PKG_VERSION")))
            .build();
        let outside = Outside { private: self.private, inner: DefaultResolver::default() };
        let agent = Agent::with_parts(config, DefaultConnector::default(), outside);
        let from = held(&self.progress).next.max(reader.anchor().position);
        let mut along = Along::new(feed, reader.clone(), from);
        let mut written = held(&self.progress).clone();
        while !self.ends.load(Ordering::Acquire) && !along.closed() {
            let before = along.position();
            let batch = match self.batch(&mut along, reader) {
                Ok(batch) => batch,
                Err(e) => {
                    held(&self.progress).last_error = e.to_string();
                    std::thread::sleep(WAIT);
                    continue;
                }
            };
            let idle = batch.is_empty() && along.position() == before;
            self.send(&agent, batch);
            held(&self.progress).next = along.position();
            let progress = held(&self.progress).clone();
            if progress != written {
                // Where it cannot be written, messages are sent again after a restart.
                if let Err(e) = files::write_json(&self.file, &progress) {
                    held(&self.progress).last_error = e.to_string();
                }
                written = progress;
            }
            if idle && (along.behind() > 0 || !along.wait(WAIT)) {
                // Either nothing is there, or as much waits for another try as may.
                std::thread::sleep(WAIT / 10);
            }
        }
    }
    /// What is to be sent now: first what is due again, then what is new.
    fn batch(&self, along: &mut Along, reader: &Reader) -> Result<Vec<(Waiting, Message)>, LogError> {
        let wants = held(&self.kept).endpoint.wants.clone();
        if held(&self.kept).endpoint.gone {
            return Ok(Vec::new());
        }
        let now_ms = (self.clock)().millis();
        let due = held(&self.progress).due(now_ms, AT_ONCE);
        let mut batch = Vec::new();
        for waiting in due {
            // What was retired meanwhile cannot be told any more.
            if let Ok(record) = reader.record(waiting.position)
                && let Some(message) = message::message(waiting.position, &record, &wants)
            {
                batch.push((waiting, message));
            }
        }
        if !batch.is_empty() || !held(&self.progress).has_room(AT_ONCE) {
            return Ok(batch);
        }
        along.while_wanted::<LogError>(|position, record| {
            if let Some(message) = message::message(position, record, &wants) {
                batch.push((Waiting { position, tries: 0, due_ms: now_ms }, message));
            }
            Ok(batch.len() < AT_ONCE)
        })?;
        Ok(batch)
    }
    fn send(&self, agent: &Agent, batch: Vec<(Waiting, Message)>) {
        let Kept { endpoint, secrets } = self.kept();
        let now = (self.clock)();
        let live = secrets.iter().filter(|s| s.until.is_none_or(|until| until > now));
        let live: Vec<String> = live.map(|s| s.secret.clone()).collect();
        let sent: Vec<(Waiting, Sent)> = std::thread::scope(|scope| {
            let sending: Vec<_> = batch
                .into_iter()
                .map(|(waiting, message)| {
                    let (live, url) = (&live, &endpoint.url);
                    let sending = scope.spawn(move || post(agent, url, live, &message, now));
                    (waiting, sending)
                })
                .collect();
            let joined = sending.into_iter().map(|(waiting, sending)| {
                (waiting, sending.join().unwrap_or_else(|_| Sent::Failed("the sending thread failed".into())))
            });
            joined.collect()
        });
        let mut progress = held(&self.progress);
        for (Waiting { position, tries, .. }, sent) in sent {
            match sent {
                Sent::Arrived => progress.arrived(),
                Sent::Gone => {
                    held(&self.kept).endpoint.gone = true;
                    progress.failed(
                        position,
                        u32::MAX / 2,
                        "the endpoint answered 410: it is gone",
                        now.millis(),
                        0.0,
                    );
                }
                Sent::Failed(error) => {
                    progress.failed(position, tries + 1, &error, now.millis(), random());
                }
            }
        }
    }
}

/// Between 0 and 1.
fn random() -> f64 {
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    f64::from(u16::from_le_bytes(bytes)) / f64::from(u16::MAX)
}

fn post(agent: &Agent, url: &str, secrets: &[String], message: &Message, now: Timestamp) -> Sent {
    let timestamp_s = now.millis() / 1_000;
    let signatures =
        secrets.iter().filter_map(|s| sign::signature(s, &message.id, timestamp_s, &message.body));
    let answer = agent
        .post(url)
        .header("content-type", "application/cloudevents+json")
        .header("webhook-id", &message.id)
        .header("webhook-timestamp", timestamp_s.to_string())
        .header("webhook-signature", signatures.collect::<Vec<_>>().join(" "))
        .send(&message.body[..]);
    match answer {
        Ok(answer) if answer.status().is_success() => Sent::Arrived,
        Ok(answer) if answer.status().as_u16() == 410 => Sent::Gone,
        Ok(answer) => Sent::Failed(format!("it answered {}", answer.status().as_u16())),
        Err(e) => Sent::Failed(e.to_string()),
    }
}
