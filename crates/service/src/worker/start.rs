//! How does a service begin? The log is opened, the state comes back from it, and both threads run.

use crate::core::versions::{Part, difference};
use crate::core::{Core, CoreError};
use crate::feed::Feed;
use crate::library::{Given, Library};
use crate::past::{At, History};
use crate::worker::threads::{Deciding, Writing};
use crate::worker::{Counts, JOBS_MAX, Restart, Running, StartError, Worker};
use ringfence_domain::codec::Limits;
use ringfence_domain::rates::Rates;
use ringfence_domain::{Timestamp, Versions};
use ringfence_store::log::{Log, Options};
use ringfence_store::snapshots::Snapshots;
use ringfence_store::{LOG_FOLDER, SNAPSHOTS_FOLDER};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use tokio::sync::mpsc;

/// Blocks that may wait for the disk while the next is decided.
const BLOCKS_MAX: usize = 4;

/// Opens the log in `dir`, brings the state back from it, and starts both threads.
pub fn start(
    dir: &Path,
    given: &Given,
    rates: &Rates,
    limits: &Limits,
    clock: fn() -> Timestamp,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Worker, Running, Restart), StartError> {
    let mut log = Log::open(&dir.join(LOG_FOLDER), Options::default())?;
    let snapshots = Snapshots::open(&dir.join(SNAPSHOTS_FOLDER))?;
    let library = Library::open(dir)?;
    let named = library.keep(given)?;
    let history = History::new(log.reader(), snapshots.clone(), library, rates.clone(), limits);
    let mut restart = Restart::default();
    let mut core = match history.at(u64::MAX, progress)? {
        Some(At { core, snapshot, passed_over, records, compared }) => {
            restart = Restart { snapshot, records, compared, passed_over };
            core
        }
        None => {
            let versions = history.library.first(given)?;
            Core::new(&history.library.versioned(&versions, rates)?)?
        }
    };
    same(core.versions(), &named)?;
    if core.rates().reporting() != rates.reporting() {
        let (log, started) = (core.rates().reporting(), rates.reporting());
        let what = format!(
            "this log counts in {log}, and the configuration reports in {started}: all sums would mix; keep \
             reporting_currency = \"{log}\", or begin another folder"
        );
        return Err(CoreError::Versions(what).into());
    }
    let mut first = Vec::new();
    core.announce(rates, clock(), &mut first);
    if !first.is_empty() {
        log.append(&first)?;
    }
    let counts = Arc::new(Counts::default());
    counts.events.store(core.events(), Ordering::Relaxed);
    counts.records.store(core.next(), Ordering::Relaxed);
    let feed = Arc::new(Feed::new(core.next()));
    let (jobs, inbox) = mpsc::channel(JOBS_MAX);
    let (blocks, outbox) = sync_channel(BLOCKS_MAX);
    let deciding = Deciding { core, inbox, blocks, clock, counts: counts.clone(), feed: feed.clone() };
    let deciding = deciding.with_decoder(history.decoder());
    let writing = Writing { log, snapshots, outbox, counts: counts.clone(), feed: feed.clone() };
    let threads = vec![
        std::thread::Builder::new().name("decide".into()).spawn(move || deciding.run())?,
        std::thread::Builder::new().name("write".into()).spawn(move || writing.run())?,
    ];
    Ok((Worker { jobs, counts, feed, history }, Running { threads }, restart))
}

/// What a start names must be what decides: other versions come by promotion.
fn same(live: &Versions, named: &Versions) -> Result<(), CoreError> {
    let known: Versions = Part::ALL
        .iter()
        .filter_map(|part| named.get(part.as_str()).map(|v| (part.as_str().to_owned(), v.clone())))
        .collect();
    let whole: Versions =
        live.iter().map(|(part, v)| (part.clone(), known.get(part).unwrap_or(v).clone())).collect();
    match difference(live, &whole) {
        None => Ok(()),
        Some((part, live, named)) => Err(CoreError::OtherVersions {
            part: part.as_str(),
            live: live.to_owned(),
            named: named.to_owned(),
        }),
    }
}
