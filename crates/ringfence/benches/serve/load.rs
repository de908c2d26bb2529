//! How many a second, and how soon?

use crate::Result;
use crate::client::{Client, EVENT, LINES};
use crate::server::{Keys, Server};
use crate::shop::{self, Chance};
use hdrhistogram::Histogram;
use ringfence_domain::Timestamp;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What is measured.
pub(crate) struct Plan {
    pub(crate) model: Option<PathBuf>,
    pub(crate) accounts: u64,
    pub(crate) rates: Vec<u64>,
    pub(crate) seconds: u64,
    pub(crate) connections: usize,
}

/// Accounts in a post of the preparation.
const ACCOUNTS_A_POST: u64 = 2_000;
/// Longest answer that is told apart, µs.
const LATENCY_MAX: u64 = 120_000_000;

/// What the connections saw.
struct Seen {
    latency: Histogram<u64>,
    answered: u64,
    told_to_wait: u64,
    failed: u64,
    seconds: f64,
}

pub(crate) fn run(plan: &Plan) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), plan.model.as_deref())?;
    let keys = server.keys()?;
    let start = Instant::now();
    prepare(&server, &keys, plan.accounts)?;
    let took = start.elapsed().as_secs_f64();
    println!(
        "{} accounts, {} events before, taken as JSON lines in {took:.1} s ({:.0} events/s); {} connections",
        plan.accounts,
        3 * plan.accounts,
        3.0 * plan.accounts as f64 / took,
        plan.connections
    );
    println!(
        "| load | answered/s | p50 ms | p99 ms | p99.9 ms | max ms | 429 | failed | commits/s | ms a commit | disk's share |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    let mut answered = 0;
    let loads = std::iter::once(None).chain(plan.rates.iter().copied().map(Some));
    for (number, rate) in loads.enumerate() {
        let before = commits(&server, &keys)?;
        let seen = measure(&server, &keys, plan, rate, number)?;
        let after = commits(&server, &keys)?;
        let (count, micros) = (after.0 - before.0, after.1 - before.1);
        let ms = |q: f64| seen.latency.value_at_quantile(q) as f64 / 1e3;
        println!(
            "| {} | {:.0} | {:.2} | {:.2} | {:.2} | {:.1} | {} | {} | {:.0} | {:.2} | {:.0} % |",
            rate.map_or_else(|| "closed loop".to_owned(), |r| format!("{r}/s, open loop")),
            seen.answered as f64 / seen.seconds,
            ms(0.5),
            ms(0.99),
            ms(0.999),
            seen.latency.max() as f64 / 1e3,
            seen.told_to_wait,
            seen.failed,
            count / seen.seconds,
            micros / 1e3 / count.max(1.0),
            100.0 * micros / 1e6 / seen.seconds
        );
        answered += seen.answered;
    }
    let (events, decisions) = (
        server.counter(&keys, "ringfence_events_total")?,
        server.counter(&keys, "ringfence_decisions_total")?,
    );
    server.kill()?;
    let start = Instant::now();
    let again = Server::start(folder.path(), None)?;
    let took = start.elapsed().as_secs_f64();
    let after = again.counter(&keys, "ringfence_events_total")?;
    println!(
        "\n{answered} decisions acknowledged, {decisions:.0} counted; killed and started again in {took:.1} s from {}: {} records \
         taken back, {} decisions came out as they were answered, {} events lost",
        again.started["snapshot"]
            .as_u64()
            .map_or_else(|| "the beginning".to_owned(), |p| format!("the snapshot at {p}")),
        again.started["records_replayed"],
        again.started["decisions_compared"],
        events - after
    );
    again.kill()
}

fn commits(server: &Server, keys: &Keys) -> Result<(f64, f64)> {
    let count = server.counter(keys, "ringfence_commits_total")?;
    Ok((count, server.counter(keys, "ringfence_commit_microseconds_total")?))
}

/// The moment of the events: the machine's, so that requests are of now.
fn now() -> Result<Timestamp> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(Timestamp::from_millis(since.as_millis() as i64).ok_or("the clock is wrong")?)
}

/// Lets the service know the accounts.
pub(crate) fn prepare(server: &Server, keys: &Keys, accounts: u64) -> Result<()> {
    let (mut client, now) = (Client::connect(&server.address, &keys.shop)?, now()?);
    let mut lines = String::new();
    for first in (0..accounts).step_by(ACCOUNTS_A_POST as usize) {
        lines.clear();
        for i in first..(first + ACCOUNTS_A_POST).min(accounts) {
            shop::account(&mut lines, i, now);
        }
        let answer = client.post("/v1/events", LINES, lines.as_bytes())?;
        let text = String::from_utf8_lossy(&answer.body);
        if answer.status != 200 || text.contains("\"refused\"") {
            return Err(format!("{}: {}", answer.status, text.chars().take(400).collect::<String>()).into());
        }
    }
    Ok(())
}

fn measure(server: &Server, keys: &Keys, plan: &Plan, rate: Option<u64>, number: usize) -> Result<Seen> {
    let begin = Instant::now() + Duration::from_millis(50);
    let length = Duration::from_secs(plan.seconds);
    let lanes = (0..plan.connections).map(|lane| {
        let client = Client::connect(&server.address, &keys.shop)?;
        // Each connection has every n-th request of the schedule.
        let every = rate.map(|r| Duration::from_secs_f64(plan.connections as f64 / r as f64));
        let first = rate.map_or(Duration::ZERO, |r| Duration::from_secs_f64(lane as f64 / r as f64));
        let accounts = plan.accounts;
        Ok(std::thread::spawn(move || {
            run_lane(client, accounts, begin + first, begin + length, every, (number * 1_000 + lane) as u64)
        }))
    });
    let lanes: Vec<_> = lanes.collect::<Result<_>>()?;
    let mut all = Seen { latency: histogram()?, answered: 0, told_to_wait: 0, failed: 0, seconds: 0.0 };
    for lane in lanes {
        let seen = lane.join().map_err(|_| "a connection's thread panicked")??;
        all.latency.add(&seen.latency)?;
        all.answered += seen.answered;
        all.told_to_wait += seen.told_to_wait;
        all.failed += seen.failed;
    }
    all.seconds = begin.elapsed().as_secs_f64();
    Ok(all)
}

fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, LATENCY_MAX, 3)?)
}

fn run_lane(
    mut client: Client,
    accounts: u64,
    first: Instant,
    end: Instant,
    every: Option<Duration>,
    lane: u64,
) -> Result<Seen> {
    let mut seen = Seen { latency: histogram()?, answered: 0, told_to_wait: 0, failed: 0, seconds: 0.0 };
    let (mut chance, mut body) = (Chance(lane + 1), String::new());
    let mut due = first;
    for n in 0u64.. {
        if due >= end {
            break;
        }
        if let Some(early) = due.checked_duration_since(Instant::now()) {
            std::thread::sleep(early);
        }
        body.clear();
        shop::request(&mut body, chance.zipf(accounts), &format!("{lane}-{n}"), now()?);
        let answer = client.post("/v1/refunds/decide", EVENT, body.as_bytes())?;
        seen.latency.saturating_record(due.elapsed().as_micros() as u64);
        match answer.status {
            200 => seen.answered += 1,
            429 => seen.told_to_wait += 1,
            _ => seen.failed += 1,
        }
        due = every.map_or_else(Instant::now, |every| due + every);
    }
    Ok(seen)
}
