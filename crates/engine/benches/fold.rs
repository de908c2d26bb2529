//! How fast is the fold? The built-in catalogue over a simulated marketplace, from JSON lines and from the packed log.
//!
//! `cargo bench -p ringfence-engine --bench fold [-- ACCOUNTS DAYS ROUNDS]`

use ringfence_domain::codec::{Decoder, encode};
use ringfence_domain::{Currency, Event, EventType, Money, Timestamp};
use ringfence_features::foresee::BATCH_FACTS;
use ringfence_features::kind::Kind;
use ringfence_features::packed::{PackReader, PackWriter, empty_fact};
use ringfence_features::{Folder, Plan};
use std::sync::Arc;
use std::time::Instant;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn convert(money: Money, _: Timestamp) -> Option<i64> {
    Some(money.amount)
}

#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    events: u64,
}

impl ringfence_simulate::EventSink for Lines {
    fn event(&mut self, event: &Event) -> std::io::Result<()> {
        encode(event, &mut self.bytes);
        self.bytes.push(b'\n');
        self.events += 1;
        Ok(())
    }
}

struct Nothing;
impl ringfence_simulate::TruthSink for Nothing {
    fn record(&mut self, _: &ringfence_simulate::TruthRecord) -> std::io::Result<()> {
        Ok(())
    }
}

/// Seconds of CPU that this process has used, where the system tells; otherwise wall time is all there is.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    Some((fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?) / 100.0)
}

/// Runs `work`; its result and the seconds of CPU that it took.
fn seconds<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let (cpu, start) = (cpu_seconds(), Instant::now());
    let result = work();
    let wall = start.elapsed().as_secs_f64();
    (result, cpu.zip(cpu_seconds()).map_or(wall, |(a, b)| b - a).max(1e-9))
}

fn measure<T>(what: &str, events: u64, work: impl FnOnce() -> T) -> T {
    let (result, used) = seconds(work);
    println!("{what:<44} {used:>8.2} s {:>12.0} events/s of CPU", events as f64 / used);
    result
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).filter_map(|a| a.parse::<u32>().ok());
    let (accounts, days) = (numbers.next().unwrap_or(20_000), numbers.next().unwrap_or(400));
    let rounds = numbers.next().unwrap_or(3);
    let mut lines = Lines::default();
    let scenario = ringfence_simulate::Scenario::default();
    ringfence_simulate::simulate(&scenario, 1, accounts, days, &mut lines, &mut Nothing)?;
    let events = lines.events;
    println!(
        "{accounts} accounts, {days} days: {events} events, {:.1} MB of JSON lines",
        lines.bytes.len() as f64 / 1e6
    );
    let decoder = Decoder::new(ringfence_domain::codec::Limits::default());
    measure("decode JSON lines", events, || {
        lines
            .bytes
            .split(|b| *b == b'\n')
            .filter(|l| !l.is_empty())
            .filter(|l| decoder.decode(l).is_ok())
            .count()
    });
    let plan = Arc::new(Plan::builtin());
    println!("catalogue: {} features", plan.schema.columns.len());
    let mut folder = Folder::new(plan.clone());
    let mut packed = Vec::new();
    let json = measure("decode, fold, vectors: JSON lines", events, || -> Result<f64, String> {
        let mut check = 0.0;
        for (position, line) in lines.bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()).enumerate() {
            let event = decoder.decode(line).map_err(|e| e.to_string())?;
            if let Some(fact) = folder.flatten(&event, position as u64, &convert) {
                check += step(&mut folder, &fact);
            }
        }
        Ok(check)
    })?;
    let state = folder;
    {
        let mut folder = Folder::new(plan.clone());
        let mut writer = PackWriter::new(Currency::USD, &mut packed);
        for (position, line) in lines.bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()).enumerate() {
            let event = decoder.decode(line)?;
            if let Some(fact) = folder.flatten(&event, position as u64, &convert) {
                writer.push(&fact, event.id.as_str(), &folder.state().names, &mut packed);
                folder.fold_clock(&fact);
            }
        }
        writer.flush(&mut packed);
    }
    println!("packed log: {:.1} MB", packed.len() as f64 / 1e6);
    measure("read the packed log", events, || read(&packed, None))?;
    // The machine's speed differs from second to second: each round is measured beside decoding, which hardly waits
    // for memory, and the ratio is what compares between versions.
    let mut ratios = Vec::new();
    let mut best: f64 = 0.0;
    for _ in 0..rounds {
        let some = lines.bytes.len() / 4;
        let (decoded, decode) = seconds(|| {
            let lines = lines.bytes[..some].split(|b| *b == b'\n').filter(|l| !l.is_empty());
            lines.filter(|l| decoder.decode(l).is_ok()).count()
        });
        let (again, fold) = seconds(|| read(&packed, Some(Folder::new(plan.clone()))));
        assert_eq!(json.to_bits(), again?.to_bits(), "both paths give the same vectors");
        let (decode, fold) = (decoded as f64 / decode, events as f64 / fold);
        best = best.max(fold);
        ratios.push(fold / decode);
        println!(
            "{:<44} {fold:>12.0} events/s of CPU, {:.2} × decoding",
            "fold, vectors: packed log",
            fold / decode
        );
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "best {best:.0} events/s; median {:.2} × decoding",
        ratios.get(ratios.len() / 2).unwrap_or(&f64::NAN)
    );
    let s = state.state();
    let total: usize = s.memory_report().iter().map(|p| p.1).sum();
    println!("requests: {}, unknown orders: {}", s.entities(Kind::Refund), s.stats.unknown_orders);
    println!(
        "memory: {:.1} MB, {:.0} bytes an account in all",
        total as f64 / 1e6,
        total as f64 / s.entities(Kind::Account) as f64
    );
    for (part, bytes) in s.memory_report() {
        println!("  {part:<28} {:>8.2} MB", bytes as f64 / 1e6);
    }
    Ok(())
}

fn step(folder: &mut Folder, fact: &ringfence_features::fact::Fact) -> f64 {
    if fact.event_type == EventType::RefundRequested {
        let sum = folder.vector(fact).iter().filter(|v| !v.is_nan()).sum::<f64>();
        folder.complete(fact);
        sum
    } else {
        folder.fold(fact);
        0.0
    }
}

fn read(packed: &[u8], mut folder: Option<Folder>) -> Result<f64, String> {
    let mut reader = PackReader::new(packed).map_err(|e| e.to_string())?;
    let mut names = ringfence_features::kind::Names::default();
    let mut facts = vec![empty_fact(); BATCH_FACTS];
    let mut check = 0.0;
    loop {
        let names = folder.as_mut().map_or(&mut names, Folder::names_mut);
        let Some(mut block) = reader.next_block(names).map_err(|e| e.to_string())? else { return Ok(check) };
        loop {
            let n = reader.read_many(&mut block, &mut facts).map_err(|e| e.to_string())?;
            if n == 0 {
                break;
            }
            if let Some(folder) = &mut folder {
                folder.foresee(&facts[..n]);
                for fact in &facts[..n] {
                    check += step(folder, fact);
                }
            }
        }
    }
}
