//! How long does each page of the workbench take on a large shop?
//!
//! `cargo bench -p ringfence --bench pages -- --accounts 1000000 --days 30 --cases 100000`
//!
//! A simulated shop is taken in, cases are opened about its accounts, and every page is asked for over a kept connection,
//! about things drawn evenly from the shop, by one person at a time. A time is from the request's first byte to the
//! answer's last, so it holds what the server and this machine's loopback take. The goal is 100 ms. At the end the service
//! is stopped in good order and started again: the goal is 10 s with 10 M events (`--accounts 200000 --days 365`).

mod served;

use hdrhistogram::Histogram;
use serde_json::{Value, json};
use served::{Connection, Running};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// What is asked for.
struct Asked {
    accounts: u64,
    days: u64,
    cases: u64,
    rounds: usize,
    /// Where the simulated shop is kept, and taken from the next time.
    folder: Option<PathBuf>,
}

fn asked() -> Asked {
    let mut asked = Asked { accounts: 20_000, days: 60, cases: 1_000, rounds: 50, folder: None };
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    while let Some(name) = args.next() {
        let value = args.next().unwrap_or_else(|| panic!("{name} needs a value"));
        let number = || value.parse::<u64>().unwrap_or_else(|_| panic!("{name} {value}: write a number"));
        match name.as_str() {
            "--accounts" => asked.accounts = number(),
            "--days" => asked.days = number(),
            "--cases" => asked.cases = number(),
            "--rounds" => asked.rounds = number() as usize,
            "--folder" => asked.folder = Some(value.into()),
            _ => panic!("{name} is not known; see the head of benches/pages.rs"),
        }
    }
    asked
}

/// Evenly spread ids of a shop.
#[derive(Default)]
struct Ids {
    refunds: Vec<String>,
    accounts: Vec<String>,
}

/// What stands in the simulated events, thinned to a few thousand.
fn ids(events: &Path) -> Ids {
    let file = std::fs::File::open(events).expect("the simulated events");
    let lines = BufReader::new(zstd::Decoder::new(file).expect("a zstd file")).lines();
    let mut ids = Ids::default();
    for line in lines {
        let line = line.expect("text");
        if !line.contains(r#""refund.requested""#) {
            continue;
        }
        let event: Value = serde_json::from_str(&line).expect("JSON");
        let text = |name: &str| event["data"][name].as_str().expect("an id").to_owned();
        ids.refunds.push(text("refund"));
        ids.accounts.push(text("account"));
    }
    let step = ids.refunds.len().div_ceil(4_000).max(1);
    let thin = |all: Vec<String>| all.into_iter().step_by(step).collect();
    Ids { refunds: thin(ids.refunds), accounts: thin(ids.accounts) }
}

/// A person who may see everything, as their browser asks.
struct Person {
    connection: Connection,
    headers: String,
}

impl Person {
    async fn sign_in(address: &str, admin: &str) -> Person {
        let mut connection = Connection::open(address).await;
        let media = "application/json";
        let roles = ["analyst", "investigator", "supervisor", "auditor", "admin"];
        let body = json!({ "name": "pages", "roles": roles }).to_string();
        let (status, made) = connection.ask("POST", "/v1/users", media, admin, body.as_bytes()).await;
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&made));
        let made: Value = serde_json::from_slice(&made).expect("JSON");
        let body = json!({ "token": made["token"], "password": "mauve lantern quarry" }).to_string();
        let headers = format!("content-type: {media}\r\n");
        let (status, head, told) = connection.send("POST", "/v1/password", &headers, body.as_bytes()).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&told));
        let told: Value = serde_json::from_slice(&told).expect("JSON");
        let cookie = head.lines().find_map(|l| l.strip_prefix("set-cookie: ")).expect("a session");
        let cookie = cookie.split(';').next().expect("a pair").to_owned();
        let csrf = told["csrf"].as_str().expect("a token");
        let headers = format!("cookie: {cookie}\r\nsec-fetch-site: same-origin\r\nx-csrf-token: {csrf}\r\n");
        Person { connection, headers }
    }
    async fn post(&mut self, path: &str, body: &Value) -> Value {
        let headers = format!("{}content-type: application/json\r\n", self.headers);
        let (status, _, told) =
            self.connection.send("POST", path, &headers, body.to_string().as_bytes()).await;
        assert!(status < 300, "{path}: {status} {}", String::from_utf8_lossy(&told));
        serde_json::from_slice(&told).expect("JSON")
    }
    async fn page(&mut self, path: &str) -> usize {
        let headers = format!("{}accept: text/html\r\n", self.headers);
        let (status, _, told) = self.connection.send("GET", path, &headers, b"").await;
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&told));
        told.len()
    }
}

/// Waits until the service took the file of events.
async fn taken(data: &Path) {
    let noted = data.join("followed.json");
    loop {
        if std::fs::read_to_string(&noted).is_ok_and(|text| text.contains("events.jsonl.zst")) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Has the shop taken in and the cases opened.
async fn fill(asked: &Asked, data: &Path, person: &mut Person, ids: &Ids) {
    let start = Instant::now();
    taken(data).await;
    eprintln!("events taken in {:.0} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    for n in 0..asked.cases {
        let id = &ids.accounts[n as usize % ids.accounts.len()];
        let body = json!({ "title": format!("Refunds of one hand, {n}"), "why": "Three parcels said not to have come.",
            "from": { "kind": "account", "id": id } });
        person.post("/v1/cases", &body).await;
    }
    let took = start.elapsed().as_secs_f64();
    eprintln!("{} cases opened in {took:.0} s, each durable", asked.cases);
}

async fn run(asked: &Asked, data: &Path, running: &Running, ids: &Ids) {
    let mut first = Connection::open(&running.address).await;
    let admin = served::set_up(&mut first, running).await;
    let mut person = Person::sign_in(&running.address, &admin).await;
    fill(asked, data, &mut person, ids).await;
    let pages: [(&str, &dyn Fn(usize) -> String); 16] = [
        ("Today", &|_| "/today".into()),
        ("Queue", &|_| "/queue".into()),
        ("Request", &|n| format!("/requests/{}", ids.refunds[n * 7 % ids.refunds.len()])),
        ("Account", &|n| format!("/accounts/{}", ids.accounts[n * 7 % ids.accounts.len()])),
        ("Search, found", &|n| format!("/search?q={}", ids.accounts[n * 7 % ids.accounts.len()])),
        ("Search, nothing", &|n| format!("/search?q=nothing{n}")),
        ("Cases", &|_| "/cases".into()),
        ("Case", &|n| format!("/cases/{}", 1 + n as u64 * 7 % asked.cases.max(1))),
        ("Rings", &|_| "/rings".into()),
        ("Staff board", &|_| "/staff".into()),
        ("Posts", &|_| "/posts".into()),
        ("Rules", &|_| "/rules".into()),
        ("Models", &|_| "/models".into()),
        ("Drift", &|_| "/drift".into()),
        ("Audit", &|_| "/audit".into()),
        ("Settings", &|_| "/settings".into()),
    ];
    println!(
        "{} accounts, {} days, {} cases; {} times each\n",
        asked.accounts, asked.days, asked.cases, asked.rounds
    );
    println!("| page | p50, ms | p95, ms | most, ms | bytes |\n|---|--:|--:|--:|--:|");
    for (name, path) in pages {
        let mut times = Histogram::<u64>::new_with_bounds(1, 600_000_000, 3).expect("bounds of a histogram");
        let mut bytes = 0;
        for n in 0..asked.rounds {
            let start = Instant::now();
            bytes = bytes.max(person.page(&path(n)).await);
            times.saturating_record(start.elapsed().as_micros() as u64);
        }
        let ms = |q: f64| times.value_at_quantile(q) as f64 / 1_000.0;
        println!("| {name} | {:.1} | {:.1} | {:.1} | {bytes} |", ms(0.5), ms(0.95), ms(1.0));
    }
}

fn main() {
    let asked = asked();
    let kept = tempfile::tempdir().expect("a folder");
    let shop = asked.folder.clone().unwrap_or_else(|| kept.path().join("shop"));
    let events = shop.join("events.jsonl.zst");
    if !events.exists() {
        let mut simulate = Command::new(env!("CARGO_BIN_EXE_ringfence"));
        simulate.args(["simulate", "--seed", "1", "--accounts", &asked.accounts.to_string()]);
        simulate.args(["--days", &asked.days.to_string(), "--out"]).arg(&shop);
        assert!(simulate.status().expect("simulate runs").success());
    }
    // The truth stays where it is: the service follows a folder with the events alone.
    let (inbox, data) = (kept.path().join("inbox"), kept.path().join("data"));
    std::fs::create_dir(&inbox).expect("a folder");
    std::fs::copy(&events, inbox.join("events.jsonl.zst")).expect("copied");
    let ids = ids(&events);
    let follow: [&OsStr; 2] = ["--follow".as_ref(), inbox.as_os_str()];
    let running = Running::start(&data, &follow);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(run(&asked, &data, &running, &ids));
    running.stop();
    let start = Instant::now();
    let again = Running::start(&data, &follow);
    println!(
        "\nstopped and started again in {:.1} s, from the snapshot of record {}: {} records taken back",
        start.elapsed().as_secs_f64(),
        again.told["snapshot"],
        again.told["records_replayed"]
    );
    again.kill();
}
