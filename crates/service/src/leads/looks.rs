//! Who looks for leads, and when? A thread beside the live path, as of every so often by arrival.
//!
//! It goes along the log. Once a moment of its schedule has passed and it has caught up, it reads the log again, far enough
//! back, and hands what changed to the worker like any other sender: as events, which are durable before anything depends
//! on them. What decides therefore depends on the log alone, whenever and on whatever machine it was looked (INV-1, INV-2).
//! Between two looks it holds nothing but its place; during one, what the methods need of the time that they look back.

use crate::feed::Along;
use crate::past::History;
use crate::worker::{Arrived, NotTaken, Receipt, Worker};
use ringfence_domain::{Duration, Event, Timestamp, encode};
use ringfence_leads::log::{Book, Looker, Methods, Schedule};
use ringfence_store::LogError;
use ringfence_store::log::RecordKind;

/// How often the thread sees whether the service stops.
const WAIT: std::time::Duration = std::time::Duration::from_secs(1);
/// Lead events of one group commit.
const EVENTS_MAX: usize = 256;
/// By so much the thread is nicer than the others: whoever waits for a decision comes first.
const NICE: i32 = 10;

/// When and how it is looked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Looks {
    /// How often, by arrival.
    pub every: Duration,
    /// So far back, which bounds what a look holds in memory.
    pub back: Duration,
    /// What is looked for.
    pub methods: Methods,
}

impl Default for Looks {
    fn default() -> Looks {
        Looks { every: Duration::DAY, back: Duration::days(365), methods: Methods::default() }
    }
}

/// Why a look came to nothing; the next one is taken all the same.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// What the log holds cannot be read.
    #[error("position {position}: {what}")]
    Record {
        /// Where.
        position: u64,
        /// What.
        what: String,
    },
    /// The service stops.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    /// An event about a lead was refused.
    #[error("an event about a lead was refused: {0}")]
    Refused(String),
}

/// What a look led to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Looked {
    /// What had arrived by then was seen.
    pub as_of: Timestamp,
    /// Events that were handed on.
    pub events: usize,
}

/// Looks until the service stops.
pub(crate) fn run(worker: &Worker, looks: &Looks) {
    // Without the right to it the thread is as nice as the others.
    let _ = rustix::process::nice(NICE);
    let history = worker.history().clone();
    let mut along =
        Along::new(worker.feed().clone(), history.reader.clone(), history.reader.anchor().position);
    let mut schedule = Schedule::new(looks.every);
    let decoder = history.decoder();
    let mut due: Option<(Timestamp, u64)> = None;
    while !along.closed() {
        let seen = along.some(|position, record| {
            if record.kind == RecordKind::Event {
                let decoded = decoder.decode(&record.payload);
                let mut event = decoded.map_err(|e| LookError::Record { position, what: e.to_string() })?;
                event.recorded = event.recorded.or(Some(record.recorded));
                // Of several moments the last: what was missed is seen with it.
                due = schedule.due(&event).map(|as_of| (as_of, position)).or(due);
            }
            Ok::<(), LookError>(())
        });
        match (seen, due) {
            (Ok(0), Some((as_of, until))) => {
                due = None;
                match look(worker, &history, looks, as_of, until) {
                    Ok(Looked { events, .. }) => tracing::info!(%as_of, events, "looked for leads"),
                    Err(LookError::NotTaken(NotTaken::Closed)) => return,
                    Err(e) => worker.tell(format!("leads as of {as_of}: {e}")),
                }
            }
            (Ok(0), None) => drop(along.wait(WAIT)),
            (Ok(_), _) => {}
            (Err(e), _) => {
                worker.tell(format!("leads: {e}"));
                std::thread::sleep(WAIT);
            }
        }
    }
}

/// Looks once, on what had arrived before the record at `until`; what changed is durable when it returns.
pub fn look(
    worker: &Worker,
    history: &History,
    looks: &Looks,
    as_of: Timestamp,
    until: u64,
) -> Result<Looked, LookError> {
    let decoder = history.decoder();
    let from = as_of.plus(Duration(-looks.back.0));
    let (mut looker, mut book) = (Looker::new(looks.methods, history.rates.clone()), Book::default());
    let mut newest = None;
    for record in history.reader.read(history.reader.anchor().position)? {
        let (position, record) = record?;
        if record.kind != RecordKind::Event {
            continue;
        }
        let mut event = decoder
            .decode(&record.payload)
            .map_err(|e| LookError::Record { position, what: e.to_string() })?;
        event.recorded = event.recorded.or(Some(record.recorded));
        // The leads of now, also those that were told since.
        book.see(&event, position);
        newest = newest.max(event.recorded);
        if position < until && newest.is_some_and(|newest| newest >= from) {
            looker.see(&event);
        }
    }
    let told = looker.look(&book, as_of);
    drop((looker, book));
    let events = told.len();
    for some in told.chunks(EVENTS_MAX) {
        for receipt in worker.take_blocking(some.iter().map(arrived).collect())? {
            match receipt {
                Receipt::Accepted { .. } | Receipt::Decided { .. } | Receipt::Duplicate { .. } => {}
                Receipt::OtherContent => {
                    let what = "its id was seen with another content".to_owned();
                    return Err(LookError::Refused(what));
                }
                Receipt::Refused(why) => return Err(LookError::Refused(why)),
            }
        }
    }
    Ok(Looked { as_of, events })
}

/// It arrives now, whatever it rests on.
fn arrived(event: &Event) -> Arrived {
    let event = Event { recorded: None, ..event.clone() };
    let mut payload = Vec::new();
    encode(&event, &mut payload);
    Arrived { event, payload }
}
