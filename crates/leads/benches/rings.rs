//! Are the rings right? Simulated shops, whose truth nobody but this file reads.
//!
//! `cargo bench -p ringfence-leads --bench rings [-- SEEDS ACCOUNTS DAYS]`

use ringfence_domain::rates::Rates;
use ringfence_domain::{Currency, Event};
use ringfence_leads::rings::{Record, Settings, rings};
use ringfence_simulate::{DEFAULT, HARDER, RefundTruth, Scenario, TruthRecord, TruthSink};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

struct Gather {
    record: Record,
    rates: Rates,
}

impl ringfence_simulate::EventSink for Gather {
    fn event(&mut self, event: &Event) -> std::io::Result<()> {
        self.record.see(event, &self.rates);
        Ok(())
    }
}

#[derive(Default)]
struct Truth {
    refunds: BTreeMap<String, RefundTruth>,
    /// Accounts with a refund of it; its style.
    rings: BTreeMap<String, (BTreeSet<String>, String)>,
}
impl TruthSink for Truth {
    fn record(&mut self, record: &TruthRecord) -> std::io::Result<()> {
        match record {
            TruthRecord::Refund(r) => {
                self.refunds.insert(r.refund.to_string(), r.clone());
            }
            TruthRecord::Ring { ring, style, accounts, .. } => {
                let accounts = accounts.iter().map(ToString::to_string).collect();
                self.rings.insert(ring.clone(), (accounts, format!("{style:?}")));
            }
            _ => {}
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).filter_map(|a| a.parse::<u32>().ok());
    let (seeds, accounts, days) =
        (numbers.next().unwrap_or(5), numbers.next().unwrap_or(30_000), numbers.next().unwrap_or(365));
    let show = std::env::var_os("RINGFENCE_SHOW").is_some();
    println!(
        "| scenario | seed | rings | found | leads | false | accounts in rings | listed | precision | recall | s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for (name, text) in [("default", DEFAULT), ("harder", HARDER)] {
        for seed in 1..=u64::from(seeds) {
            let scenario = Scenario::parse(text)?;
            let mut gather = Gather { record: Record::default(), rates: Rates::new(Currency::USD) };
            let mut truth = Truth::default();
            ringfence_simulate::simulate(&scenario, seed, accounts, days, &mut gather, &mut truth)?;
            let start = Instant::now();
            let all = rings(&gather.record, Currency::USD, &Settings::default());
            let seconds = start.elapsed().as_secs_f64();
            let leads: Vec<_> = all.iter().filter(|l| l.stands).collect();
            if show {
                for l in all.iter().filter(|l| !l.stands && l.accounts.len() > 2) {
                    let of: Vec<&str> =
                        l.refunds.iter().filter_map(|r| truth.refunds[r].ring.as_deref()).collect();
                    let days: BTreeSet<i64> =
                        l.refunds.iter().map(|r| truth.refunds[r].requested_at.day()).collect();
                    println!(
                        "    BELOW p {:.3} accounts {} days {} rings {of:?} {:?} {:?}",
                        l.probability,
                        l.accounts.len(),
                        days.len(),
                        l.identifiers
                            .iter()
                            .map(|i| format!("{:?}:{}:{:.2}", i.kind, i.accounts.len(), i.probability))
                            .collect::<Vec<_>>(),
                        l.staff_ties
                            .iter()
                            .map(|i| format!(
                                "{:?}:{}:{}:{:.2}",
                                i.family,
                                i.value,
                                i.accounts.len(),
                                i.probability
                            ))
                            .collect::<Vec<_>>()
                    );
                }
            }
            let in_rings: BTreeSet<&str> =
                truth.rings.values().flat_map(|r| &r.0).map(String::as_str).collect();
            let listed: BTreeSet<&str> = leads.iter().flat_map(|l| &l.accounts).map(String::as_str).collect();
            let right = listed.intersection(&in_rings).count();
            let mut found = BTreeSet::new();
            let mut wrong = 0;
            for lead in &leads {
                let mut of: BTreeMap<&str, usize> = BTreeMap::new();
                for account in &lead.accounts {
                    for (ring, _) in truth.rings.iter().filter(|(_, r)| r.0.contains(account)) {
                        *of.entry(ring).or_default() += 1;
                    }
                }
                let best = of.iter().max_by_key(|x| x.1);
                match best {
                    Some((ring, n)) if n * 2 >= lead.accounts.len() => {
                        found.insert(*ring);
                    }
                    _ => wrong += 1,
                }
                if show {
                    let marks: Vec<String> = lead
                        .identifiers
                        .iter()
                        .map(|i| format!("{:?}:{}:{:.2}", i.kind, i.accounts.len(), i.probability))
                        .collect();
                    println!(
                        "    {} p {:.4} accounts {} of {of:?} {marks:?} staff {:?}",
                        lead.ring,
                        lead.probability,
                        lead.accounts.len(),
                        lead.staff
                    );
                }
            }
            if show {
                for (ring, (accounts, style)) in &truth.rings {
                    let hit = accounts.iter().filter(|a| listed.contains(a.as_str())).count();
                    println!("    TRUE {ring} {style} {} accounts, {hit} listed", accounts.len());
                }
                for lead in &leads {
                    for refund in &lead.refunds {
                        let t = &truth.refunds[refund];
                        if t.ring.is_none() {
                            println!("    WRONG {refund} {:?} in {}", t.kind, lead.ring);
                        }
                    }
                }
            }
            println!(
                "| {name} | {seed} | {} | {} | {} | {wrong} | {} | {} | {:.3} | {:.3} | {seconds:.2} |",
                truth.rings.len(),
                found.len(),
                leads.len(),
                in_rings.len(),
                listed.len(),
                right as f64 / listed.len().max(1) as f64,
                right as f64 / in_rings.len().max(1) as f64
            );
        }
    }
    Ok(())
}
