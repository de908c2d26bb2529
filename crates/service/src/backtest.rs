//! What would other versions have answered to all that was asked so far? Both on the same history, beside the live path.
//!
//! Two engines fold the log from its beginning, one with what decides now and one with the candidate; what requests turned
//! out to be comes from the verdicts in the log, and money counts on those. One job at a time, at most half of a processor,
//! a bounded number of requests; what it tells is a function of the log and both sets of versions, so that a job that a
//! restart ended can be asked for again.

use crate::core::control::{Control, Principal};
use crate::core::follow::change_engine;
use crate::core::{CoreError, Versioned};
use crate::past::{History, PastError};
use ringfence_decide::backtest::{Answered, Backtest, Comparison};
use ringfence_domain::{Decision, Timestamp, Versions};
use ringfence_engine::{Applied, Decider, Engine, Labels, Situation};
use ringfence_learn::dataset::Label;
use ringfence_store::log::RecordKind;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Requests that one back-test compares at most: some 300 bytes each until the verdicts are known.
pub const REQUESTS_MAX: usize = 2_000_000;
/// Records between two looks at whether it should end.
const STRIDE: u64 = 2_048;

/// How a back-test stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The log is folded.
    Running,
    /// The comparison is there.
    Done,
    /// Somebody ended it.
    Ended,
    /// It cannot go on.
    Failed(String),
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Asked {
    /// Its number: where it was asked for in the log.
    pub id: u64,
    /// What decided then.
    pub live: Versions,
    /// What it is compared with.
    pub candidate: Versions,
    /// Requests from then on are compared.
    pub from: Option<Timestamp>,
    /// Who asked.
    pub by: Principal,
    /// When.
    pub at: Timestamp,
}

/// A back-test and how it stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Report {
    /// What was asked for.
    pub asked: Asked,
    /// How it stands.
    pub stage: Stage,
    /// Folded up to this position.
    pub position: u64,
    /// It ends at this one.
    pub until: u64,
    /// Requests compared so far.
    pub requests: u64,
    /// What came out, once it is done: `a` is what decides, `b` the candidate.
    #[schemars(with = "Option<serde_json::Value>")]
    pub comparison: Option<Box<Comparison>>,
}

#[derive(Debug)]
struct Held {
    report: Arc<Mutex<Report>>,
    ends: Arc<AtomicBool>,
}

/// The back-test of a service, or its last one.
#[derive(Debug, Default)]
pub struct Backtests(Mutex<Option<Held>>);

impl Backtests {
    /// Starts one; `None` where another one runs.
    pub fn start(
        &self,
        asked: Asked,
        versioned: [Versioned; 2],
        history: History,
    ) -> std::io::Result<Option<Report>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let running =
            |held: &Held| held.report.lock().unwrap_or_else(PoisonError::into_inner).stage == Stage::Running;
        if held.as_ref().is_some_and(running) {
            return Ok(None);
        }
        let until = history.reader.head().position;
        let report =
            Report { asked, stage: Stage::Running, position: 0, until, requests: 0, comparison: None };
        let shared = Arc::new(Mutex::new(report.clone()));
        let ends = Arc::new(AtomicBool::new(false));
        let job =
            Job { versioned, from: report.asked.from, until, report: shared.clone(), ends: ends.clone() };
        std::thread::Builder::new().name("backtest".into()).spawn(move || job.run(&history))?;
        *held = Some(Held { report: shared, ends });
        Ok(Some(report))
    }
    /// Ends it; whether one was running.
    pub fn end(&self) -> bool {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().is_some_and(|held| {
            held.ends.store(true, Ordering::Release);
            held.report.lock().unwrap_or_else(PoisonError::into_inner).stage == Stage::Running
        })
    }
    /// The back-test, or the last one.
    pub fn report(&self) -> Option<Report> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().map(|held| held.report.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Drop for Backtests {
    fn drop(&mut self) {
        self.end();
    }
}

/// A request as both sides answered it.
struct Answer {
    situation: Situation,
    a: Decision,
    b: Decision,
}

struct Job {
    versioned: [Versioned; 2],
    from: Option<Timestamp>,
    until: u64,
    report: Arc<Mutex<Report>>,
    ends: Arc<AtomicBool>,
}

impl Job {
    fn told(&self, tell: impl FnOnce(&mut Report)) {
        tell(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
    }
    fn run(self, history: &History) {
        let (stage, comparison) = match self.compare(history) {
            Ok(Some(comparison)) => (Stage::Done, Some(Box::new(comparison))),
            Ok(None) => (Stage::Ended, None),
            Err(e) => (Stage::Failed(e.to_string()), None),
        };
        self.told(|report| (report.stage, report.comparison) = (stage, comparison));
    }
    /// Folds the log with both; `None` where it was ended.
    fn compare(&self, history: &History) -> Result<Option<Comparison>, PastError> {
        let anchor = history.reader.anchor().position;
        if anchor > 0 {
            return Err(PastError::Retired { anchor });
        }
        let mut engines = Vec::new();
        for versioned in &self.versioned {
            let (decider, _): (Decider, _) = versioned.decider()?;
            let rates = versioned.rates.clone();
            engines.push(Engine::new(versioned.plan.clone(), rates.reporting(), rates, Some(decider)));
        }
        let decoder = history.decoder();
        let (mut labels, mut answers) = (Labels::default(), Vec::new());
        let mut since = Instant::now();
        for record in history.reader.read(0)? {
            let (position, record) = record?;
            if position >= self.until {
                break;
            }
            let broken = |what: String| CoreError::Record { position, what };
            match record.kind {
                RecordKind::Decision => {}
                RecordKind::Control => {
                    let control: Control =
                        serde_json::from_slice(&record.payload).map_err(|e| broken(e.to_string()))?;
                    for engine in &mut engines {
                        change_engine(engine, position, &control);
                    }
                }
                RecordKind::Event => {
                    let mut event = decoder.decode(&record.payload).map_err(|e| broken(e.to_string()))?;
                    event.recorded = event.recorded.or(Some(record.recorded));
                    labels.see(&event);
                    let mut first: Option<Decision> = None;
                    for engine in &mut engines {
                        let applied = engine.apply(&event).map_err(|e| broken(e.to_string()))?;
                        let Applied::Request(request) = applied else { continue };
                        let wanted = self.from.is_none_or(|from| request.time >= from);
                        let Some(decision) = request.decision.filter(|_| wanted) else { continue };
                        match first.take() {
                            None => first = Some(decision),
                            Some(a) => {
                                // The reviews before it are each side's own: the comparison counts them itself.
                                let situation = Situation { reviews_last_24h: 0, ..request.situation };
                                answers.push(Answer { situation, a, b: decision });
                            }
                        }
                    }
                }
            }
            if answers.len() > REQUESTS_MAX {
                let what = format!(
                    "more than {REQUESTS_MAX} requests are too many for one back-test; say a later time to compare from"
                );
                return Err(CoreError::Content(what).into());
            }
            if position % STRIDE == 0 {
                if self.ends.load(Ordering::Acquire) {
                    return Ok(None);
                }
                self.told(|report| {
                    (report.position, report.requests) = (position, answers.len() as u64);
                });
                // Half of a processor at most: the live path comes first.
                std::thread::sleep(since.elapsed());
                since = Instant::now();
            }
        }
        let comparison = self.judged(&answers, &labels).map_err(CoreError::Versions)?;
        self.told(|report| (report.position, report.requests) = (self.until, answers.len() as u64));
        Ok(Some(comparison))
    }
    fn judged(&self, answers: &[Answer], labels: &Labels) -> Result<Comparison, String> {
        let [a, b] = &self.versioned;
        let mut backtest = Backtest::new(&a.policy, &b.policy)?;
        for Answer { situation, a, b } in answers {
            let verdicts = labels.verdicts(a.refund.as_str());
            let label = verdicts.iter().max_by_key(|v| v.1).and_then(|v| Label::of(v.0));
            backtest.add(&Answered {
                refund: a.refund.as_str().to_owned(),
                arrived_at: a.decided_at,
                situation: *situation,
                truth: label.map(Into::into),
                a: a.decision,
                b: b.decision,
                score_a: a.score,
                score_b: b.score,
            });
        }
        Ok(backtest.finish())
    }
}
