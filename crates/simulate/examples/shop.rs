//! What does a simulated shop look like? Writes events and truth as JSON lines: `shop SCENARIO SEED ACCOUNTS DAYS DIR`.

use ringfence_domain::codec;
use ringfence_simulate::{EventSink, Realism, Scenario, TruthRecord, TruthSink, simulate};
use std::fs::{File, create_dir_all};
use std::io::{BufWriter, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [scenario, seed, accounts, days, dir] = args.as_slice() else {
        return Err("usage: shop default|harder|small|FILE SEED ACCOUNTS DAYS DIR".into());
    };
    let scenario = match scenario.as_str() {
        "default" => Scenario::default(),
        "harder" => Scenario::harder(),
        "small" => Scenario::small(),
        file => Scenario::parse(&std::fs::read_to_string(file)?)?,
    };
    create_dir_all(dir)?;
    let mut events = BufWriter::new(File::create(format!("{dir}/events.jsonl"))?);
    let mut truth = BufWriter::new(File::create(format!("{dir}/truth.jsonl"))?);
    let mut line = Vec::new();
    let seen = std::cell::RefCell::new(Realism::default());
    let started = std::time::Instant::now();
    let summary = simulate(
        &scenario,
        seed.parse()?,
        accounts.parse()?,
        days.parse()?,
        &mut |event: &ringfence_domain::Event| {
            line.clear();
            codec::encode(event, &mut line);
            line.push(b'\n');
            seen.borrow_mut().event(event)?;
            events.write_all(&line)
        },
        &mut |record: &TruthRecord| {
            serde_json::to_writer(&mut truth, record)?;
            seen.borrow_mut().record(record)?;
            truth.write_all(b"\n")
        },
    )?;
    events.flush()?;
    truth.flush()?;
    let seconds = started.elapsed().as_secs_f64();
    println!("{summary:#?}");
    println!("{}", seen.borrow().table());
    println!("{seconds:.2} s, {:.0} events/s", summary.events as f64 / seconds);
    Ok(())
}
