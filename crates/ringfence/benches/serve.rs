//! How many durable decisions a second does the service answer over HTTP, and how long does each take?
//!
//! `cargo bench -p ringfence --bench serve -- --rate 5000 --seconds 600 --accounts 1000000 --model model.json`
//!
//! The load is **open**: request n is due at n / rate, whether or not those before were answered, and its time counts from
//! then. So a pause of the service shows in every request that fell into it (no coordinated omission). `--rate 0` sends
//! as fast as the connections are answered, for the most that it does; its times say little. Accounts are drawn by Zipf's
//! law. At the end the service is killed and started again: every decision is compared with its record.

mod served;

use hdrhistogram::Histogram;
use served::{Connection, Running};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, mpsc};

/// What is asked for.
struct Asked {
    rate: f64,
    seconds: u64,
    accounts: u64,
    connections: usize,
    orders_before: u64,
    model: Option<PathBuf>,
    data: Option<PathBuf>,
}

fn asked() -> Asked {
    let mut asked = Asked {
        rate: 1_000.0,
        seconds: 5,
        accounts: 100_000,
        connections: 64,
        orders_before: 20_000,
        model: None,
        data: None,
    };
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    while let Some(name) = args.next() {
        let value = args.next().unwrap_or_else(|| panic!("{name} needs a value"));
        let number = || value.parse::<u64>().unwrap_or_else(|_| panic!("{name} {value}: write a number"));
        match name.as_str() {
            "--rate" => asked.rate = number() as f64,
            "--seconds" => asked.seconds = number(),
            "--accounts" => asked.accounts = number(),
            "--connections" => asked.connections = number() as usize,
            "--orders-before" => asked.orders_before = number(),
            "--model" => asked.model = Some(value.into()),
            "--data" => asked.data = Some(value.into()),
            _ => panic!("{name} is not known; see the head of benches/serve.rs"),
        }
    }
    asked
}

/// Zipf's law with exponent 1: the k-th account comes 1/k as often as the first.
fn account(accounts: u64, n: u64) -> u64 {
    let mut x = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let u = ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
    ((accounts as f64).powf(u) as u64).min(accounts - 1)
}

fn order(accounts: u64, n: u64) -> String {
    let account = account(accounts, n);
    format!(
        r#"{{"specversion":"1.0","id":"o{n}","source":"bench","type":"order.placed","time":"2023-05-01T10:00:00Z","data":{{"order":"O{n}","account":"A{account}","lines":[{{"line":1,"quantity":1}}],"total":{{"amount":5000,"currency":"USD"}},"device":"D{account}","payment":"P{account}"}}}}"#
    )
}

fn request(accounts: u64, n: u64) -> String {
    let account = account(accounts, n);
    let amount = 1_000 + n % 40_000;
    format!(
        r#"{{"specversion":"1.0","id":"r{n}","source":"bench","type":"refund.requested","time":"2023-05-20T10:00:00Z","data":{{"refund":"R{n}","order":"O{n}","account":"A{account}","lines":[{{"line":1,"quantity":1}}],"amount":{{"amount":{amount},"currency":"USD"}},"reason":"damaged","channel":"chat","device":"D{account}"}}}}"#
    )
}

/// Time of all processors since the machine started, and how much of it its host gave to others; Linux only.
fn processors() -> Option<(f64, f64)> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    let all: Vec<f64> =
        stat.lines().next()?.split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; guests are in user already.
    Some((all.iter().take(8).sum(), *all.get(7)?))
}

/// Times in µs, up to ten minutes; what is beyond counts as that.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 600_000_000, 3).expect("bounds of a histogram")
}

/// Commits and the time in them, µs.
async fn commits(connection: &mut Connection, admin: &str) -> (u64, u64) {
    let (_, body) = connection.ask("GET", "/metrics", "text/plain", admin, b"").await;
    let text = String::from_utf8_lossy(&body);
    let read = |name: &str| {
        let line = text.lines().find(|l| l.starts_with(name)).expect("a metric");
        line.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number")
    };
    (read("ringfence_commits_total "), read("ringfence_commit_microseconds_total "))
}

async fn run(asked: &Asked, running: &Running) {
    let address = running.address.clone();
    let mut first = Connection::open(&address).await;
    let admin = served::set_up(&mut first, running).await;
    let wanted = br#"{"name":"bench","role":"integration"}"#;
    let key = served::secret(&first.ask("POST", "/v1/keys", "application/json", &admin, wanted).await.1);
    for from in (0..asked.orders_before).step_by(1_000) {
        let to = (from + 1_000).min(asked.orders_before);
        let lines: Vec<String> = (from..to).map(|n| order(asked.accounts, n)).collect();
        let (status, _) =
            first.ask("POST", "/v1/events", "application/x-ndjson", &key, lines.join("\n").as_bytes()).await;
        assert_eq!(status, 200, "orders are taken");
    }
    let before = commits(&mut first, &admin).await;
    let machine_before = processors();
    let total = Arc::new(AtomicU64::new(0));
    let refused = Arc::new(AtomicU64::new(0));
    let (due, waiting) = mpsc::unbounded_channel::<(u64, Instant)>();
    let waiting = Arc::new(Mutex::new(waiting));
    let next = Arc::new(AtomicU64::new(0));
    let (accounts, open_load) = (asked.accounts, asked.rate > 0.0);
    let start = Instant::now();
    let end = start + Duration::from_secs(asked.seconds);
    let callers: Vec<_> = (0..asked.connections)
        .map(|_| {
            let (address, key, waiting, next) = (address.clone(), key.clone(), waiting.clone(), next.clone());
            let (total, refused) = (total.clone(), refused.clone());
            tokio::spawn(async move {
                let mut connection = Connection::open(&address).await;
                let mut times = histogram();
                loop {
                    let (n, due) = if open_load {
                        match waiting.lock().await.recv().await {
                            Some(job) => job,
                            None => return times,
                        }
                    } else if Instant::now() < end {
                        (next.fetch_add(1, Ordering::Relaxed), Instant::now())
                    } else {
                        return times;
                    };
                    let body = request(accounts, n);
                    let media = "application/cloudevents+json";
                    let (status, _) =
                        connection.ask("POST", "/v1/refunds/decide", media, &key, body.as_bytes()).await;
                    times.saturating_record(due.elapsed().as_micros() as u64);
                    if status == 200 { &total } else { &refused }.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    if open_load {
        let mut n = 0;
        while Instant::now() < end {
            let at = start.elapsed().as_secs_f64() * asked.rate;
            while (n as f64) < at {
                let scheduled = start + Duration::from_secs_f64(n as f64 / asked.rate);
                let _ = due.send((n, scheduled));
                n += 1;
            }
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
    }
    drop(due);
    let mut times = histogram();
    for caller in callers {
        times.add(caller.await.expect("no panic")).expect("histograms of one kind");
    }
    let took_s = start.elapsed().as_secs_f64();
    let after = commits(&mut first, &admin).await;
    let taken = machine_before.zip(processors()).map(|(a, b)| 100.0 * (b.1 - a.1) / (b.0 - a.0).max(1.0));
    let taken = taken.map_or("not known".to_owned(), |t| format!("{t:.0} %"));
    let (groups, micros) = (after.0 - before.0, after.1 - before.1);
    let ms = |q: f64| times.value_at_quantile(q) as f64 / 1_000.0;
    let done = total.load(Ordering::Relaxed);
    let asked_rate = if open_load { format!("{:.0}", asked.rate) } else { "all it takes".to_owned() };
    println!(
        "| asked, /s | decided, /s | refused | p50, ms | p99, ms | p99.9, ms | most, ms | decisions a group | a sync, ms | of the time in sync | of the machine taken by its host |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    println!(
        "| {asked_rate} | {:.0} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.1} | {:.2} | {:.0} % | {taken} |",
        done as f64 / took_s,
        refused.load(Ordering::Relaxed),
        ms(0.5),
        ms(0.99),
        ms(0.999),
        times.max() as f64 / 1_000.0,
        done as f64 / groups.max(1) as f64,
        micros as f64 / groups.max(1) as f64 / 1_000.0,
        100.0 * micros as f64 / 1e6 / took_s,
    );
}

fn main() {
    let asked = asked();
    let kept = tempfile::tempdir().expect("a folder");
    let data = asked.data.clone().unwrap_or_else(|| kept.path().join("data"));
    let model: Vec<&OsStr> = asked.model.iter().flat_map(|m| ["--model".as_ref(), m.as_os_str()]).collect();
    let running = Running::start(&data, &model);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(run(&asked, &running));
    running.kill();
    let start = Instant::now();
    let again = Running::start(&data, &[]);
    println!(
        "\nkilled and started again in {:.1} s: {} records taken back, {} decisions came out as they were answered",
        start.elapsed().as_secs_f64(),
        again.told["records_replayed"],
        again.told["decisions_compared"]
    );
    again.kill();
}
