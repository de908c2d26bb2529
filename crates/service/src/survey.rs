//! What do all members of staff, all posts and the latest requests look like by now? Figures that no event holds.
//!
//! The log holds the leads; a funnel plot also needs everybody who is none, a list of posts those that stay unmatched, and
//! drift the vectors of the last weeks. They are computed beside the live path from the whole log, one survey at a time, at
//! most half of a processor, and kept until the next. The same log gives the same survey.

use crate::core::CoreError;
use crate::core::control::Control;
use crate::core::follow::change_engine;
use crate::past::{History, PastError};
use ringfence_domain::vector::ColumnKind;
use ringfence_domain::{Duration, Timestamp};
use ringfence_engine::{Applied, Engine, Request};
use ringfence_features::Plan;
use ringfence_leads::insiders::{self, Unit};
use ringfence_leads::posts::{self, Names};
use ringfence_learn::dataset::{Dataset, RowMeta};
use ringfence_learn::drift::{Drift, drift};
use ringfence_learn::model::Model;
use ringfence_store::log::RecordKind;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Requests of so long, up to the newest one, stand for today.
pub const DRIFT_OF: Duration = Duration::days(30);
/// Fewer requests say nothing of drift.
pub const DRIFT_MIN: usize = 200;
/// Requests that stand for today at most, the newest ones.
const DRIFT_MAX: usize = 100_000;
/// Records between two reports of progress.
const STRIDE: u64 = 2_048;

/// What a survey rests on beside the log.
#[derive(Clone, Debug)]
pub struct Basis {
    /// The catalogue that decides.
    pub plan: Arc<Plan>,
    /// The model that decides, if any.
    pub model: Option<Model>,
    /// The shop's own names, for posts.
    pub names: Names,
    /// The ring of each refund, as the log has it.
    pub rings: BTreeMap<String, String>,
}

/// What came out.
#[derive(Debug)]
pub struct Survey {
    /// Everything before this position of the log is in it.
    pub position: u64,
    /// The newest event's time.
    pub as_of: Option<Timestamp>,
    /// Leads with random controls among them.
    pub staff: Vec<insiders::Lead>,
    /// Every figure of everybody with enough occasions.
    pub units: Vec<(String, Unit)>,
    /// Posts and refunds.
    pub posts: posts::Findings,
    /// How far the requests of today are from those of training; none without a model or with too few requests.
    pub drift: Option<Vec<Drift>>,
    /// Requests that stand for today.
    pub recent: usize,
}

/// How a survey stands.
#[derive(Clone, Debug)]
pub enum State {
    /// None was made since the start.
    None,
    /// Under way, up to this position of so many.
    Running(u64, u64),
    /// There is one.
    Done,
    /// The last one could not be made.
    Failed(String),
}

#[derive(Debug)]
struct Held {
    state: State,
    survey: Option<Arc<Survey>>,
}

/// The survey of a service.
#[derive(Debug)]
pub struct Surveys(Arc<Mutex<Held>>);

impl Default for Surveys {
    fn default() -> Surveys {
        Surveys(Arc::new(Mutex::new(Held { state: State::None, survey: None })))
    }
}

impl Surveys {
    /// How it stands, and the latest that there is.
    pub fn latest(&self) -> (State, Option<Arc<Survey>>) {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (held.state.clone(), held.survey.clone())
    }
    /// Makes another one; nothing happens where one is under way.
    pub fn start(&self, basis: Basis, history: History) -> std::io::Result<()> {
        let held = self.0.clone();
        {
            let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
            if matches!(held.state, State::Running(..)) {
                return Ok(());
            }
            held.state = State::Running(0, history.reader.head().position);
        }
        let run = move || {
            let mut progress = |done, all| {
                held.lock().unwrap_or_else(PoisonError::into_inner).state = State::Running(done, all);
            };
            let made = make(&basis, &history, &mut progress);
            let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
            match made {
                Ok(survey) => (held.state, held.survey) = (State::Done, Some(Arc::new(survey))),
                Err(e) => held.state = State::Failed(e.to_string()),
            }
        };
        std::thread::Builder::new().name("survey".into()).spawn(run).map(drop)
    }
}

fn make(basis: &Basis, history: &History, progress: &mut dyn FnMut(u64, u64)) -> Result<Survey, PastError> {
    let anchor = history.reader.anchor().position;
    if anchor > 0 {
        return Err(PastError::Retired { anchor });
    }
    let until = history.reader.head().position;
    let mut rates = history.rates.clone();
    let mut engine = Engine::new(basis.plan.clone(), rates.reporting(), rates.clone(), None);
    let (mut staff, mut said) = (insiders::Record::default(), posts::Record::default());
    let (mut recent, mut newest) = (Recent::default(), None::<Timestamp>);
    let decoder = history.decoder();
    let mut since = Instant::now();
    for record in history.reader.read(0)? {
        let (position, record) = record?;
        if position >= until {
            break;
        }
        let broken = |what: String| CoreError::Record { position, what };
        match record.kind {
            RecordKind::Decision => {}
            RecordKind::Control => {
                let control: Control =
                    serde_json::from_slice(&record.payload).map_err(|e| broken(e.to_string()))?;
                rates = change_engine(&mut engine, position, &control).unwrap_or(rates);
            }
            RecordKind::Event => {
                let mut event = decoder.decode(&record.payload).map_err(|e| broken(e.to_string()))?;
                event.recorded = event.recorded.or(Some(record.recorded));
                newest = newest.max(Some(event.time));
                staff.see(&event, &rates);
                said.see(&event);
                // Vectors are asked for by drift alone.
                if basis.model.is_some()
                    && let Applied::Request(request) =
                        engine.apply(&event).map_err(|e| broken(e.to_string()))?
                {
                    recent.push(&request);
                }
            }
        }
        if position % STRIDE == 0 {
            progress(position, until);
            // Half of a processor at most: the live path comes first.
            std::thread::sleep(since.elapsed());
            since = Instant::now();
        }
    }
    let settings = insiders::Settings { controls: true, ..insiders::Settings::default() };
    let found = insiders::insiders(&staff, rates.reporting(), &settings);
    let posts = posts::posts(&said, &basis.names, &basis.rings, &posts::Settings::default());
    let rows = recent.rows.len();
    let drift =
        basis.model.as_ref().filter(|_| rows >= DRIFT_MIN).map(|model| recent.drift(model, &basis.plan));
    Ok(Survey {
        position: until,
        as_of: newest,
        staff: found.leads,
        units: found.units,
        posts,
        drift,
        recent: rows,
    })
}

/// The latest requests.
#[derive(Default)]
struct Recent {
    rows: VecDeque<(Timestamp, Vec<f32>)>,
}

impl Recent {
    fn push(&mut self, request: &Request) {
        let vector: Vec<f32> = request.vector.iter().map(|x| *x as f32).collect();
        self.rows.push_back((request.time, vector));
        while self.rows.front().is_some_and(|(at, _)| request.time.since(*at) > DRIFT_OF)
            || self.rows.len() > DRIFT_MAX
        {
            self.rows.pop_front();
        }
    }
    fn drift(&self, model: &Model, plan: &Plan) -> Vec<Drift> {
        let mut dataset = Dataset::new(plan.schema.clone());
        for (at, vector) in &self.rows {
            let row = RowMeta {
                refund: String::new(),
                account: String::new(),
                order: String::new(),
                position: 0,
                requested_at: *at,
                amount_minor: 0,
                currency: ringfence_domain::Currency::USD,
                test_purchase: false,
                verdicts: Vec::new(),
            };
            let numbers: Vec<f64> = vector.iter().map(|x| f64::from(*x)).collect();
            dataset.push(row, &numbers);
        }
        let rows: Vec<u32> = (0..self.rows.len() as u32).collect();
        let moved = drift(model, &dataset, &rows);
        let numbers =
            |name: &str| plan.schema.columns.iter().any(|c| c.name == name && c.kind != ColumnKind::Category);
        moved.into_iter().filter(|d| numbers(&d.column)).collect()
    }
}
