//! What is left after `kill -9`?

use crate::Result;
use crate::client::{Client, EVENT};
use crate::load::prepare;
use crate::server::{Keys, Server};
use crate::shop::{self, Chance};
use ringfence_domain::Timestamp;
use std::path::Path;
use std::time::{Duration, Instant};

/// Accounts that the service knows beforehand.
const ACCOUNTS: u64 = 2_000;
/// Connections under which it is killed.
const CONNECTIONS: u64 = 8;

/// A request, and the decision that was answered.
type Answered = (String, Vec<u8>);

pub(crate) fn run(rounds: u64, model: Option<&Path>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::start(folder.path(), model)?;
    let keys = server.keys()?;
    prepare(&server, &keys, ACCOUNTS)?;
    let (mut chance, mut restarts) = (Chance(7), Vec::new());
    let (mut acknowledged, mut lost, mut changed) = (0, 0, 0);
    for round in 0..rounds {
        let lanes: Vec<_> = (0..CONNECTIONS)
            .map(|lane| {
                let (address, key) = (server.address.clone(), keys.shop.clone());
                std::thread::spawn(move || until_cut(&address, &key, round * CONNECTIONS + lane))
            })
            .collect();
        std::thread::sleep(Duration::from_secs_f64(0.02 + 0.8 * chance.unit()));
        server.kill()?;
        let mut answered = Vec::new();
        for lane in lanes {
            answered.extend(lane.join().map_err(|_| "a connection's thread panicked")?);
        }
        let start = Instant::now();
        server = Server::start(folder.path(), None)?;
        restarts.push(start.elapsed().as_secs_f64());
        let (l, c) = ask_again(&server, &keys, &answered)?;
        (acknowledged, lost, changed) = (acknowledged + answered.len(), lost + l, changed + c);
        eprintln!("round {}: {} acknowledged, {l} lost, {c} changed", round + 1, answered.len());
    }
    restarts.sort_by(f64::total_cmp);
    let events = server.counter(&keys, "ringfence_events_total")?;
    println!(
        "| kills | decisions acknowledged | lost | changed | restart median s | restart longest s | events at the end |"
    );
    println!("|---|---|---|---|---|---|---|");
    println!(
        "| {rounds} | {acknowledged} | {lost} | {changed} | {:.2} | {:.2} | {events:.0} |",
        restarts.get(restarts.len() / 2).unwrap_or(&f64::NAN),
        restarts.last().unwrap_or(&f64::NAN)
    );
    server.kill()?;
    if lost + changed > 0 { Err("what was acknowledged did not stand".into()) } else { Ok(()) }
}

/// Asks for decisions until the connection breaks.
fn until_cut(address: &str, key: &str, lane: u64) -> Vec<Answered> {
    let (mut answered, mut chance) = (Vec::new(), Chance(lane));
    let Ok(mut client) = Client::connect(address, key) else { return answered };
    for n in 0u64.. {
        let mut body = String::new();
        let time = Timestamp::from_millis(1_767_225_600_000 + n as i64).expect("a time of this century");
        shop::request(&mut body, chance.zipf(ACCOUNTS), &format!("{lane}-{n}"), time);
        match client.post("/v1/refunds/decide", EVENT, body.as_bytes()) {
            Ok(answer) if answer.status == 200 => answered.push((body, answer.body)),
            Ok(_) => {}
            Err(_) => break,
        }
    }
    answered
}

/// How many of these the service does not know any more, and how many it decides otherwise. A lost request would be
/// decided anew: it shows by an event more.
fn ask_again(server: &Server, keys: &Keys, answered: &[Answered]) -> Result<(usize, usize)> {
    let events = || server.counter(keys, "ringfence_events_total");
    let (before, mut changed) = (events()?, 0);
    let mut client = Client::connect(&server.address, &keys.shop)?;
    for (request, decision) in answered {
        let again = client.post("/v1/refunds/decide", EVENT, request.as_bytes())?;
        changed += usize::from(again.status != 200 || again.body != *decision);
    }
    Ok(((events()? - before) as usize, changed))
}
