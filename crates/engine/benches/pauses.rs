//! How long does one event hold up those behind it? The longest pauses while a state grows to millions of things.
//!
//! `cargo bench -p ringfence-engine --bench pauses [-- EVENTS ACCOUNTS]`: orders and refund requests of accounts drawn by
//! Zipf's law, decoded before, each applied as the service does it without a model: seen before?, vector, fold. A table that
//! grows by moving all that it holds shows as a pause; what the machine takes for others does not, for of each event the
//! shortest of three runs counts.

use ringfence_domain::dedupe::{ContentKey, Dedupe};
use ringfence_domain::{Currency, Decoder, Event, Money, Timestamp};
use ringfence_engine::Engine;
use ringfence_features::Plan;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUNS: usize = 3;

fn convert(money: Money, _: Timestamp) -> Option<i64> {
    Some(money.amount)
}

/// Zipf's law with exponent 1: the k-th account comes 1/k as often as the first.
fn account(accounts: u64, n: u64) -> u64 {
    let mut x = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let u = ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
    ((accounts as f64).powf(u) as u64).min(accounts - 1)
}

/// Every second event asks back for the order of the one before.
fn events(count: u64, accounts: u64) -> Vec<Event> {
    let decoder = Decoder::default();
    let start = Timestamp::parse("2023-01-01T00:00:00Z").expect("a time").millis();
    let step = 86_400_000 * 100 / count as i64;
    let mut events = Vec::with_capacity(count as usize);
    for n in 0..count {
        let (order, at) = (n / 2, start + step * n as i64);
        let (account, time) = (account(accounts, order), Timestamp::from_millis(at).expect("a time"));
        let lines = r#""lines":[{"line":1,"quantity":1,"sku":"S1","category":"toys"}]"#;
        let who = format!(r#""order":"O{order}","account":"A{account}",{lines},"device":"D{account}""#);
        let (name, data) = if n % 2 == 0 {
            let total = 1_000 + order % 40_000;
            let more = format!(r#""payment":"P{account}","total":{{"amount":{total},"currency":"USD"}}"#);
            ("order.placed", format!("{who},{more}"))
        } else {
            let amount = r#""amount":{"amount":900,"currency":"USD"}"#;
            let why = r#""reason":"damaged","channel":"chat""#;
            ("refund.requested", format!(r#"{who},"refund":"R{order}",{amount},{why}"#))
        };
        let line = format!(
            r#"{{"specversion":"1.0","id":"e{n}","source":"bench","type":"{name}","time":"{time}","data":{{{data}}}}}"#
        );
        events.push(decoder.decode(line.as_bytes()).expect("an event of the contract"));
    }
    events
}

fn run(plan: &Arc<Plan>, events: &[Event], shortest: &mut [f32]) {
    let mut engine =
        Engine::new(plan.clone(), Currency::USD, convert as fn(Money, Timestamp) -> Option<i64>, None);
    let (mut seen, mut scratch) = (Dedupe::new(), Vec::new());
    for (event, shortest) in events.iter().zip(shortest) {
        let start = Instant::now();
        black_box(seen.see(ContentKey::of(event, &mut scratch)));
        black_box(engine.apply(event).expect("one currency"));
        *shortest = shortest.min(start.elapsed().as_secs_f32() * 1e6);
    }
}

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|a| a.parse::<u64>().ok());
    let (count, accounts) = (numbers.next().unwrap_or(1_000_000), numbers.next().unwrap_or(1_000_000));
    let events = events(count, accounts);
    let plan = Arc::new(Plan::builtin());
    let mut shortest = vec![f32::INFINITY; events.len()];
    for _ in 0..RUNS {
        run(&plan, &events, &mut shortest);
    }
    let mut longest: Vec<(f32, usize)> = shortest.iter().copied().zip(0..).collect();
    longest.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("{count} events, {accounts} accounts, the shortest of {RUNS} runs of each event");
    println!("| | µs |\n|--|--:|");
    for (name, q) in [("median", 0.5), ("99 %", 0.99), ("99.9 %", 0.999), ("99.99 %", 0.9999)] {
        println!("| {name} | {:.1} |", longest[((1.0 - q) * (events.len() - 1) as f64) as usize].0);
    }
    println!("\n| the longest, µs | at event |\n|--:|--:|");
    for (micros, n) in &longest[..12.min(longest.len())] {
        println!("| {micros:.0} | {n} |");
    }
    let total: f64 = shortest.iter().map(|s| f64::from(*s)).sum();
    println!("\n{:.0} events/s", events.len() as f64 / total * 1e6);
}
