//! Is nothing that was acknowledged lost, and no decision changed, when the service is killed again and again under load?
//!
//! `cargo test --release -p ringfence --test torture -- --ignored --nocapture` kills it 200 times and prints a table;
//! `RINGFENCE_KILLS` sets another number. The plain test kills it 3 times.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Callers at once.
const CALLERS: u64 = 8;
/// A service is killed after at most so long under load.
const LIFE_MS_MAX: u64 = 700;

/// A service in a process of its own.
struct Running {
    child: Child,
    address: String,
    token: Option<String>,
    ready_ms: u128,
    compared: u64,
}

impl Running {
    fn start(data: &Path) -> Running {
        let start = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_ringfence"))
            .args(["--json", "serve", "--listen", "127.0.0.1:0", "--snapshot-every", "1s", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the service starts");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        // The whole object: it is printed over several lines, or over one.
        let told = loop {
            let read = out.read_line(&mut line).expect("its output is text");
            if let Ok(told) = serde_json::from_str::<serde_json::Value>(&line) {
                break told;
            }
            if read == 0 {
                let mut why = String::new();
                let mut errors = child.stderr.take().expect("its errors");
                std::io::Read::read_to_string(&mut errors, &mut why).expect("text");
                panic!("the service did not start: {why}");
            }
        };
        // Whatever it says later must not fill the pipe.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        let mut errors = child.stderr.take().expect("its errors");
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
        Running {
            child,
            address: told["address"].as_str().expect("an address").to_owned(),
            token: told["set_up"].as_str().map(str::to_owned),
            ready_ms: start.elapsed().as_millis(),
            compared: told["decisions_compared"].as_u64().unwrap_or_default(),
        }
    }
    fn kill(mut self) {
        // SIGKILL on Unix: no handler runs, nothing is flushed.
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }
}

/// What was acknowledged: event by id, and decision by refund.
#[derive(Default)]
struct Acknowledged {
    events: BTreeMap<String, String>,
    decisions: BTreeMap<String, Vec<u8>>,
}

fn event(n: u64, kind: &str, data: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{kind}{n}","source":"torture","type":"{kind}","time":"2023-05-20T10:00:00Z","data":{data}}}"#
    )
}
fn order(n: u64) -> String {
    event(
        n,
        "order.placed",
        &format!(
            r#"{{"order":"O{n}","account":"A{}","lines":[{{"line":1,"quantity":1}}],"total":{{"amount":5000,"currency":"USD"}}}}"#,
            n % 50
        ),
    )
}
fn request(n: u64) -> String {
    event(
        n,
        "refund.requested",
        &format!(
            r#"{{"refund":"R{n}","order":"O{n}","account":"A{}","lines":[{{"line":1,"quantity":1}}],"amount":{{"amount":{},"currency":"USD"}},"reason":"damaged","channel":"chat"}}"#,
            n % 50,
            1_000 + n % 9_000
        ),
    )
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(20)))
        .http_status_as_error(false)
        .build()
        .into()
}

/// The body of an answer of 200; `None` where nothing was acknowledged.
fn post(agent: &ureq::Agent, address: &str, path: &str, key: &str, body: &str) -> Option<Vec<u8>> {
    let media = if path == "/v1/setup" { "application/json" } else { "application/cloudevents+json" };
    let asked = agent.post(format!("{address}{path}")).header("content-type", media);
    let mut answer = asked.header("authorization", format!("Bearer {key}")).send(body).ok()?;
    if answer.status() != 200 {
        return None;
    }
    answer.body_mut().read_to_vec().ok()
}

fn load(address: &str, key: &str, next: &AtomicU64, stop: &AtomicBool, acknowledged: &Mutex<Acknowledged>) {
    let agent = agent();
    while !stop.load(Ordering::Acquire) {
        let n = next.fetch_add(1, Ordering::Relaxed);
        let (order, request) = (order(n), request(n));
        if post(&agent, address, "/v1/events", key, &order).is_some() {
            acknowledged.lock().expect("a lock").events.insert(format!("O{n}"), order);
        }
        if let Some(decision) = post(&agent, address, "/v1/refunds/decide", key, &request) {
            let mut held = acknowledged.lock().expect("a lock");
            held.events.insert(format!("R{n}"), request);
            held.decisions.insert(format!("R{n}"), decision);
        }
    }
}

/// A small generator, so that a run can be repeated.
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn torture(kills: u64) {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let acknowledged = Arc::new(Mutex::new(Acknowledged::default()));
    let next = Arc::new(AtomicU64::new(0));
    let mut seed = 0x9e37_79b9_7f4a_7c15;
    let running = Running::start(&data);
    let token = running.token.clone().expect("a first start");
    let body = format!(
        r#"{{"token":"{token}","name":"torture","password":"mauve lantern quarry","with_key":true}}"#
    );
    let admin = post(&agent(), &running.address, "/v1/setup", "", &body).expect("an admin");
    let admin: serde_json::Value = serde_json::from_slice(&admin).expect("JSON");
    let wanted = r#"{"name":"torture","role":"integration"}"#;
    let made = agent()
        .post(format!("{}/v1/keys", running.address))
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {}", admin["key"]["secret"].as_str().expect("a secret")))
        .send(wanted)
        .and_then(|mut answer| answer.body_mut().read_to_vec())
        .expect("a key");
    let made: serde_json::Value = serde_json::from_slice(&made).expect("JSON");
    let key = made["secret"].as_str().expect("a secret").to_owned();
    running.kill();
    let (mut slowest_ms, mut compared) = (0, 0);
    for _ in 0..kills {
        let running = Running::start(&data);
        slowest_ms = slowest_ms.max(running.ready_ms);
        compared += running.compared;
        let stop = Arc::new(AtomicBool::new(false));
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let (address, key, next) = (running.address.clone(), key.clone(), next.clone());
                let (stop, acknowledged) = (stop.clone(), acknowledged.clone());
                std::thread::spawn(move || load(&address, &key, &next, &stop, &acknowledged))
            })
            .collect();
        std::thread::sleep(Duration::from_millis(random(&mut seed) % LIFE_MS_MAX));
        running.kill();
        stop.store(true, Ordering::Release);
        for caller in callers {
            caller.join().expect("no panic");
        }
    }
    let last = Running::start(&data);
    compared += last.compared;
    let held = acknowledged.lock().expect("a lock");
    let agent = agent();
    let (mut lost, mut changed) = (0, 0);
    for (name, event) in &held.events {
        let Some(receipt) = post(&agent, &last.address, "/v1/events", &key, event) else {
            lost += 1;
            continue;
        };
        let receipt: serde_json::Value = serde_json::from_slice(&receipt).expect("JSON");
        lost += u64::from(receipt["status"] != "duplicate");
        if let Some(decision) = held.decisions.get(name) {
            let again = post(&agent, &last.address, "/v1/refunds/decide", &key, event);
            changed += u64::from(again.as_deref() != Some(decision));
        }
    }
    let (events, decisions) = (held.events.len(), held.decisions.len());
    drop(held);
    last.kill();
    println!(
        "| kill -9 under load | events acknowledged | lost | decisions acknowledged | changed | compared in restarts | slowest restart |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|");
    println!("| {kills} | {events} | {lost} | {decisions} | {changed} | {compared} | {slowest_ms} ms |");
    assert!(decisions > 0, "nothing was decided: the run shows nothing");
    assert_eq!((lost, changed), (0, 0));
}

#[test]
fn what_was_acknowledged_survives_a_few_kills() {
    torture(3);
}

#[test]
#[ignore = "takes minutes: the figure of the README"]
fn what_was_acknowledged_survives_many_kills() {
    let kills = std::env::var("RINGFENCE_KILLS").ok().and_then(|n| n.parse().ok());
    torture(kills.unwrap_or(200));
}
