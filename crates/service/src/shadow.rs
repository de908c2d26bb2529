//! What would other versions have answered? A second engine follows the log beside the live one, and is compared.
//!
//! It reads what is durable, in a thread of its own: the live path neither waits for it nor sees it. Its report is a
//! function of the log and the candidate, so that a restart takes the run up again and comes to the same figures.

use crate::core::follow::{Beside, Follower};
use crate::core::register::ShadowRun;
use crate::core::versions::Part;
use crate::core::{CoreError, Versioned};
use crate::feed::{Along, Feed};
use crate::past::{History, PastError};
use ringfence_decide::strictness;
use ringfence_domain::{Currency, Decision, DecisionKind, Versions};
use ringfence_store::log::{Record, RecordKind};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Requests that are told one by one: the dearest of those that differ.
pub const EXAMPLES_MAX: usize = 50;
/// How long it waits for the log to grow before it looks whether it should end.
const WAIT: Duration = Duration::from_millis(200);

/// How a shadow run stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The state is being brought to where the comparison begins.
    Starting,
    /// Requests are compared.
    Comparing,
    /// It was ended, or versions were promoted.
    Ended,
    /// It cannot go on.
    Failed(String),
}

/// Requests that were answered so by what decides and otherwise by the candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// As answered.
    pub from: DecisionKind,
    /// As the candidate would have answered.
    pub to: DecisionKind,
    /// How many.
    pub requests: u64,
    /// Their amounts together, minor units of the reporting currency.
    pub amount_minor: i64,
}

/// A request that is answered differently.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Example {
    /// Which.
    pub refund: String,
    /// Its amount, minor units of the reporting currency.
    pub amount_minor: i64,
    /// As answered.
    pub from: DecisionKind,
    /// As the candidate would have answered.
    pub to: DecisionKind,
    /// The score then.
    pub score: f64,
    /// The candidate's score.
    pub score_beside: f64,
    /// Where the decision stands in the log.
    pub position: u64,
}

/// Both sides of a figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Both {
    /// Of what decides.
    pub live: i64,
    /// Of the candidate.
    pub candidate: i64,
}

/// What came out so far.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// How it stands.
    pub stage: Stage,
    /// What decides beside.
    pub versions: Versions,
    /// Requests are compared from this position of the log on.
    pub from: u64,
    /// Compared up to this position.
    pub position: u64,
    /// Records that are durable and not compared yet.
    pub behind: u64,
    /// Of the amounts.
    #[schemars(with = "String")]
    pub currency: Currency,
    /// Requests compared.
    pub requests: u64,
    /// Of them, answered differently.
    pub differ: u64,
    /// The amounts of those, minor units.
    pub differ_amount_minor: i64,
    /// Requests that the candidate answers with more friction.
    pub stricter: u64,
    /// Requests that it answers with less.
    pub milder: u64,
    /// Requests paid at once.
    pub paid_at_once: Both,
    /// Their amounts, minor units.
    pub paid_at_once_minor: Both,
    /// Requests that a person decides.
    pub reviews: Both,
    /// From → to, most requests first.
    pub changes: Vec<Change>,
    /// The dearest, dearest first.
    pub examples: Vec<Example>,
}

impl Report {
    fn new(run: &ShadowRun, currency: Currency) -> Report {
        Report {
            stage: Stage::Starting,
            versions: run.versions.clone(),
            from: run.from,
            position: 0,
            behind: 0,
            currency,
            requests: 0,
            differ: 0,
            differ_amount_minor: 0,
            stricter: 0,
            milder: 0,
            paid_at_once: Both::default(),
            paid_at_once_minor: Both::default(),
            reviews: Both::default(),
            changes: Vec::new(),
            examples: Vec::new(),
        }
    }
    /// Adds a request: as it was answered, and as the candidate would have.
    fn add(&mut self, position: u64, live: &Decision, beside: &Decision, amount_minor: i64) {
        self.requests += 1;
        let pays = |decision| i64::from(strictness(decision) == 0);
        let reviews = |decision| i64::from(decision == DecisionKind::Review);
        let (from, to) = (live.decision, beside.decision);
        for (both, of) in [
            (&mut self.paid_at_once, (pays(from), pays(to))),
            (&mut self.paid_at_once_minor, (pays(from) * amount_minor, pays(to) * amount_minor)),
            (&mut self.reviews, (reviews(from), reviews(to))),
        ] {
            both.live = both.live.saturating_add(of.0);
            both.candidate = both.candidate.saturating_add(of.1);
        }
        if from == to {
            return;
        }
        self.differ += 1;
        self.differ_amount_minor = self.differ_amount_minor.saturating_add(amount_minor);
        self.stricter += u64::from(strictness(to) > strictness(from));
        self.milder += u64::from(strictness(to) < strictness(from));
        match self.changes.iter_mut().find(|c| c.from == from && c.to == to) {
            Some(change) => {
                change.requests += 1;
                change.amount_minor = change.amount_minor.saturating_add(amount_minor);
            }
            None => self.changes.push(Change { from, to, requests: 1, amount_minor }),
        }
        self.changes.sort_by(|a, b| b.requests.cmp(&a.requests).then((a.from, a.to).cmp(&(b.from, b.to))));
        let refund = live.refund.as_str().to_owned();
        let (score, score_beside) = (live.score, beside.score);
        let at = self.examples.partition_point(|e| e.amount_minor >= amount_minor);
        if at < EXAMPLES_MAX {
            let example = Example { refund, amount_minor, from, to, score, score_beside, position };
            self.examples.insert(at, example);
            self.examples.truncate(EXAMPLES_MAX);
        }
    }
}

#[derive(Debug)]
struct Held {
    run: ShadowRun,
    report: Arc<Mutex<Report>>,
    ends: Arc<AtomicBool>,
}

/// The shadow run of a service, or its last one.
#[derive(Debug, Default)]
pub struct Shadow(Mutex<Option<Held>>);

impl Shadow {
    /// Starts a run that the log has recorded; one that goes on is ended.
    pub fn start(
        &self,
        run: &ShadowRun,
        versioned: Versioned,
        history: History,
        feed: Arc<Feed>,
    ) -> std::io::Result<()> {
        let report = Arc::new(Mutex::new(Report::new(run, versioned.rates.reporting())));
        let ends = Arc::new(AtomicBool::new(false));
        let going = Going { run: run.clone(), versioned, report: report.clone(), ends: ends.clone() };
        self.end();
        std::thread::Builder::new().name("shadow".into()).spawn(move || going.run(&history, feed))?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Held { run: run.clone(), report, ends });
        Ok(())
    }
    /// Ends the run; its report stays.
    pub fn end(&self) {
        if let Some(run) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            run.ends.store(true, Ordering::Release);
        }
    }
    /// The run, or the last one, with its report.
    pub fn report(&self) -> Option<(ShadowRun, Report)> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let run = held.as_ref()?;
        let report = run.report.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Some((run.run.clone(), report))
    }
}

struct Going {
    run: ShadowRun,
    versioned: Versioned,
    report: Arc<Mutex<Report>>,
    ends: Arc<AtomicBool>,
}

impl Going {
    fn told(&self, tell: impl FnOnce(&mut Report)) {
        tell(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
    }
    fn run(self, history: &History, feed: Arc<Feed>) {
        let stage = match self.compare(history, feed) {
            Ok(()) => Stage::Ended,
            Err(e) => Stage::Failed(e.to_string()),
        };
        self.told(|report| report.stage = stage);
    }
    /// The state at the position from which requests are compared.
    fn begin(&self, history: &History, feed: Arc<Feed>) -> Result<(Follower, Along), PastError> {
        let features = Part::Features.as_str();
        let same = |versions: &Versions| versions.get(features) == self.run.versions.get(features);
        let at = history.at(self.run.from, &mut |_, _| {})?;
        if let Some(at) = at.filter(|at| same(at.core.versions())) {
            let next = at.core.next();
            let follower = Follower::new(at.core.into_engine(), history.decoder(), next);
            return Ok((follower, Along::new(feed, history.reader.clone(), next)));
        }
        let mut follower = history.follower(&self.versioned.plan);
        let mut along = Along::new(feed, history.reader.clone(), 0);
        while along.position() < self.run.from && !self.ends.load(Ordering::Acquire) {
            let until = self.run.from;
            along.some(|position, record| -> Result<(), PastError> {
                if position < until {
                    follower.fold(position, record)?;
                }
                Ok(())
            })?;
        }
        // A batch may have gone beyond; it is read again from there.
        let along = Along::new(along.feed().clone(), history.reader.clone(), self.run.from);
        Ok((follower, along))
    }
    fn compare(&self, history: &History, feed: Arc<Feed>) -> Result<(), PastError> {
        let (decider, _) = self.versioned.decider()?;
        let (mut follower, mut along) = self.begin(history, feed)?;
        follower.decide_with(decider);
        self.told(|report| report.stage = Stage::Comparing);
        let mut pending: Option<Beside> = None;
        while !self.ends.load(Ordering::Acquire) && !along.closed() {
            let start = Instant::now();
            let mut answers = Vec::new();
            let seen = along.some(|position, record| -> Result<(), PastError> {
                if let Some(beside) = pending.take() {
                    answers.push((position, answer(position, record)?, beside));
                }
                pending = follower.fold(position, record)?;
                Ok(())
            })?;
            let behind = along.behind();
            self.told(|report| {
                for (position, live, Beside { decision, amount_minor }) in answers {
                    if let Some(beside) = decision {
                        report.add(position, &live, &beside, amount_minor);
                    }
                }
                report.position = along.position();
                report.behind = behind;
            });
            if seen == 0 {
                along.wait(WAIT);
            } else if behind > 0 {
                // Half of a processor at most while it catches up: the live path comes first.
                std::thread::sleep(start.elapsed());
            }
        }
        Ok(())
    }
}

/// The recorded decision that follows on a request.
fn answer(position: u64, record: &Record<'_>) -> Result<Decision, CoreError> {
    let broken = |what: String| CoreError::Record { position, what };
    match record.kind {
        RecordKind::Decision => serde_json::from_slice(&record.payload).map_err(|e| broken(e.to_string())),
        RecordKind::Event | RecordKind::Control => {
            Err(broken("a decision was expected after a refund request".into()))
        }
    }
}
