//! How fast is a shop written? Events a second on one core: simulated only, and encoded as JSON lines.

use ringfence_domain::{Event, encode};
use ringfence_simulate::{Scenario, TruthRecord, simulate};
use std::time::Instant;

fn main() {
    let scenario = Scenario::default();
    println!(
        "{:<24} {:>10} {:>9} {:>12} {:>10}",
        "default scenario", "events", "seconds", "events/s", "MB/s"
    );
    for accounts in [5_000, 20_000] {
        row(&scenario, accounts, false);
        row(&scenario, accounts, true);
    }
}

fn row(scenario: &Scenario, accounts: u32, encoded: bool) {
    let mut line = Vec::with_capacity(4_096);
    let mut bytes = 0_u64;
    let started = Instant::now();
    let mut events = |event: &Event| {
        if encoded {
            line.clear();
            encode(event, &mut line);
            bytes += line.len() as u64 + 1;
        }
        Ok(())
    };
    let summary =
        simulate(scenario, 1, accounts, scenario.days(), &mut events, &mut |_: &TruthRecord| Ok(()))
            .expect("these sinks do not fail");
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{:<24} {:>10} {:>9.2} {:>12.0} {:>10.0}",
        format!("{accounts} accounts{}", if encoded { ", JSON" } else { "" }),
        summary.events,
        seconds,
        summary.events as f64 / seconds,
        bytes as f64 / seconds / 1e6,
    );
}
