//! Are the leads on staff right? Simulated shops with bribed and with phished staff, whose truth nobody but this file reads.
//!
//! `cargo bench -p ringfence-leads --bench insiders [-- SEEDS ACCOUNTS DAYS FIRST]`: for each scenario and seed the leads at
//! the end of the log beside the truth, beside ranking by raw counts at equal length. Seeds begin at FIRST. Thresholds are the
//! defaults.

use ringfence_domain::rates::Rates;
use ringfence_domain::{Currency, Event};
use ringfence_leads::insiders::{Family, Record, Settings, insiders};
use ringfence_simulate::{DEFAULT, HARDER, Scenario, TruthRecord, TruthSink};
use std::collections::BTreeMap;
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

/// Pattern by member of staff.
#[derive(Default)]
struct Bad(BTreeMap<String, String>);
impl TruthSink for Bad {
    fn record(&mut self, record: &TruthRecord) -> std::io::Result<()> {
        if let TruthRecord::Staff { staff, pattern, .. } = record {
            self.0.insert(staff.as_str().to_owned(), pattern.clone());
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).filter_map(|a| a.parse::<u32>().ok());
    let (seeds, accounts, days) =
        (numbers.next().unwrap_or(5), numbers.next().unwrap_or(30_000), numbers.next().unwrap_or(365));
    let first = u64::from(numbers.next().unwrap_or(1));
    println!("{accounts} accounts, {days} days, false-discovery rate {} a family", Settings::default().fdr);
    println!(
        "| scenario | seed | bad staff | leads | right | wrong | pattern right | raw counts: right | s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let (mut all, mut right, mut wrong, mut told, mut bad_all, mut raw_all) = (0, 0, 0, 0, 0, 0);
    for (name, text) in [("default", DEFAULT), ("harder", HARDER)] {
        for seed in first..first + u64::from(seeds) {
            let scenario = Scenario::parse(text)?;
            let rates = Rates::new(Currency::USD);
            let mut gather = Gather { record: Record::default(), rates };
            let mut bad = Bad::default();
            ringfence_simulate::simulate(&scenario, seed, accounts, days, &mut gather, &mut bad)?;
            let start = Instant::now();
            let findings = insiders(&gather.record, Currency::USD, &Settings::default());
            let seconds = start.elapsed().as_secs_f64();
            let leads: Vec<_> = findings.leads.iter().filter(|l| l.stands).collect();
            let hits = leads.iter().filter(|l| bad.0.contains_key(&l.staff)).count();
            let pattern = leads
                .iter()
                .filter(|l| {
                    let said = format!("{:?}", l.pattern).to_lowercase();
                    bad.0.get(&l.staff) == Some(&said)
                })
                .count();
            // The baseline: whoever has most receipts without a parcel, or most searched contacts, as they stand.
            let mut raw: Vec<(u64, &str)> = findings
                .units
                .iter()
                .filter(|(_, u)| matches!(u.family, Family::ReceiptsWithoutParcel | Family::ContactsSearched))
                .map(|(staff, u)| (u.observed, staff.as_str()))
                .collect();
            raw.sort_by(|a, b| b.cmp(a));
            let raw = raw.iter().take(leads.len()).filter(|(_, s)| bad.0.contains_key(*s)).count();
            println!(
                "| {name} | {seed} | {} | {} | {hits} | {} | {pattern} | {raw} | {seconds:.2} |",
                bad.0.len(),
                leads.len(),
                leads.len() - hits
            );
            if std::env::var_os("RINGFENCE_SHOW").is_some() {
                for (staff, pattern) in &bad.0 {
                    for (who, u) in findings.units.iter().filter(|(who, _)| who == staff) {
                        println!(
                            "    {pattern} {who} {:?} {}/{} expected {:.2} p {:.1e} q {:.3}",
                            u.family, u.observed, u.trials, u.expected, u.p_value, u.q_value
                        );
                    }
                }
                for lead in &leads {
                    println!("    LEAD {} {:?} of {:?}", lead.staff, lead.pattern, bad.0.get(&lead.staff));
                }
                for lead in leads.iter().filter(|l| !bad.0.contains_key(&l.staff)) {
                    println!("    WRONG {} {:?} {:?}", lead.staff, lead.pattern, lead.families);
                }
            }
            (all, right, wrong) = (all + leads.len(), right + hits, wrong + leads.len() - hits);
            (told, bad_all, raw_all) = (told + pattern, bad_all + bad.0.len(), raw_all + raw);
        }
    }
    println!(
        "\nrealised false-discovery rate {:.2} (goal ≤ 0.10), recall {:.2} (goal ≥ 0.80), pattern told right in {:.2} of the \
         right leads (goal ≥ 0.90); raw counts at equal length: {:.2} right",
        wrong as f64 / f64::max(all as f64, 1.0),
        right as f64 / f64::max(bad_all as f64, 1.0),
        told as f64 / f64::max(right as f64, 1.0),
        raw_all as f64 / f64::max(all as f64, 1.0)
    );
    Ok(())
}
