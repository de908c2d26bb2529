//! Are the rings right, and are they found in time? Simulated shops, whose truth nobody but this file reads.
//!
//! `cargo bench -p ringfence-leads --bench rings [-- SEEDS ACCOUNTS DAYS EVERY FIRST]`: for each scenario and seed the leads
//! at the end of the log beside the truth. With EVERY above 0 the leads are also looked for each so many days, to see how long
//! after a ring's fifth request its first lead comes. Seeds begin at FIRST. Thresholds are the defaults.

mod cpu;

use ringfence_domain::rates::Rates;
use ringfence_domain::words::Verdict;
use ringfence_domain::{Body, Currency, Duration, Event, Timestamp};
use ringfence_leads::rings::{Lead, Record, Settings, rings};
use ringfence_simulate::{DEFAULT, HARDER, RefundTruth, Scenario, TruthRecord, TruthSink};
use std::collections::{BTreeMap, BTreeSet};

/// Takes the events, and looks for leads every few days.
struct Gather {
    record: Record,
    rates: Rates,
    every: Option<Duration>,
    next: Option<Timestamp>,
    /// When, and the refunds of each lead.
    looks: Vec<(Timestamp, Vec<Vec<String>>)>,
    /// Refunds and accounts of which people found abuse, with the first time.
    verdicts: BTreeMap<String, Timestamp>,
}

fn standing(record: &Record) -> Vec<Lead> {
    rings(record, Currency::USD, &Settings::default()).into_iter().filter(|l| l.stands).collect()
}

impl ringfence_simulate::EventSink for Gather {
    fn event(&mut self, event: &Event) -> std::io::Result<()> {
        if let (Some(every), Some(newest)) = (self.every, self.record.newest()) {
            let next = *self.next.get_or_insert(newest.plus(every));
            if newest >= next {
                let refunds = standing(&self.record).into_iter().map(|l| l.refunds).collect();
                self.looks.push((newest, refunds));
                self.next = Some(newest.plus(every));
            }
        }
        if let Body::VerdictRecorded(e) = &event.body
            && e.verdict == Verdict::Abuse
        {
            self.verdicts.entry(e.subject.id.to_string()).or_insert(event.time);
        }
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

/// The true ring of most of a lead's accounts, if it is that of at least half of them.
fn ring_of<'a>(lead: &Lead, truth: &'a Truth) -> Option<&'a str> {
    let mut of: BTreeMap<&str, usize> = BTreeMap::new();
    for account in &lead.accounts {
        for (ring, _) in truth.rings.iter().filter(|(_, r)| r.0.contains(account)) {
            *of.entry(ring).or_default() += 1;
        }
    }
    let (ring, n) = of.into_iter().max_by_key(|x| x.1)?;
    (n * 2 >= lead.accounts.len()).then_some(ring)
}

/// Days from each ring's fifth request to its first lead, endless where there is none; how many of the rings had no verdict of
/// abuse on any of their requests and accounts at that time.
fn days_to_lead(truth: &Truth, gather: &Gather) -> (Vec<f64>, usize) {
    let (mut days, mut unseen) = (Vec::new(), 0);
    for (ring, (accounts, _)) in &truth.rings {
        let own = truth.refunds.values().filter(|r| r.ring.as_ref() == Some(ring));
        let mut at: Vec<Timestamp> = own.map(|r| r.requested_at).collect();
        at.sort_unstable();
        let Some(fifth) = at.get(4) else { continue };
        let is_of =
            |refund: &String| truth.refunds.get(refund).is_some_and(|r| r.ring.as_ref() == Some(ring));
        let first = gather
            .looks
            .iter()
            .find(|(_, leads)| leads.iter().any(|l| l.iter().filter(|r| is_of(r)).count() * 2 >= l.len()));
        let refunds = truth.refunds.values().filter(|r| r.ring.as_ref() == Some(ring));
        let named = refunds.map(|r| r.refund.as_str()).chain(accounts.iter().map(String::as_str));
        let verdict = named.filter_map(|n| gather.verdicts.get(n)).min();
        unseen += usize::from(first.is_some_and(|(at, _)| verdict.is_none_or(|verdict| verdict > at)));
        days.push(first.map_or(f64::INFINITY, |(at, _)| at.since(*fifth).as_days().max(0.0)));
    }
    (days, unseen)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Of several shops.
#[derive(Default)]
struct Sum {
    rings: usize,
    found: usize,
    leads: usize,
    wrong: usize,
    accounts: usize,
    listed: usize,
    right: usize,
    days: Vec<f64>,
    /// Rings that had no verdict when their first lead came.
    unseen: usize,
    /// Rings of at least [`LARGE`] accounts, and those found.
    large: [usize; 2],
}

/// Accounts of a ring that has to be found.
const LARGE: usize = 8;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).filter_map(|a| a.parse::<u32>().ok());
    let (seeds, accounts, days) =
        (numbers.next().unwrap_or(5), numbers.next().unwrap_or(30_000), numbers.next().unwrap_or(365));
    let every = numbers.next().filter(|days| *days > 0).map(|days| Duration::days(i64::from(days)));
    let first = u64::from(numbers.next().unwrap_or(1));
    let show = std::env::var_os("RINGFENCE_SHOW").is_some();
    println!("{accounts} accounts, {days} days, false-discovery rate {}", Settings::default().fdr);
    println!(
        "| scenario | seed | rings | found | leads | wrong | accounts in rings | listed | precision | recall | days to a lead, median | s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (name, text) in [("default", DEFAULT), ("harder", HARDER)] {
        let mut sum = Sum::default();
        for seed in first..first + u64::from(seeds) {
            let scenario = Scenario::parse(text)?;
            let (record, rates) = (Record::default(), Rates::new(Currency::USD));
            let mut gather =
                Gather { record, rates, every, next: None, looks: Vec::new(), verdicts: BTreeMap::new() };
            let mut truth = Truth::default();
            ringfence_simulate::simulate(&scenario, seed, accounts, days, &mut gather, &mut truth)?;
            let start = cpu::seconds();
            let leads = standing(&gather.record);
            let seconds = cpu::seconds() - start;
            let in_rings: BTreeSet<&str> =
                truth.rings.values().flat_map(|r| &r.0).map(String::as_str).collect();
            let listed: BTreeSet<&str> = leads.iter().flat_map(|l| &l.accounts).map(String::as_str).collect();
            let right = listed.intersection(&in_rings).count();
            let found: BTreeSet<&str> = leads.iter().filter_map(|l| ring_of(l, &truth)).collect();
            let wrong = leads.iter().filter(|l| ring_of(l, &truth).is_none()).count();
            let (to_lead, unseen) = days_to_lead(&truth, &gather);
            let large = |ring: &&String| truth.rings[*ring].0.len() >= LARGE;
            sum.large[0] += truth.rings.keys().filter(large).count();
            sum.large[1] += truth.rings.keys().filter(large).filter(|r| found.contains(r.as_str())).count();
            sum.unseen += unseen;
            if show {
                tell(&leads, &truth, &listed);
            }
            println!(
                "| {name} | {seed} | {} | {} | {} | {wrong} | {} | {} | {:.3} | {:.3} | {:.1} | {seconds:.2} |",
                truth.rings.len(),
                found.len(),
                leads.len(),
                in_rings.len(),
                listed.len(),
                right as f64 / listed.len().max(1) as f64,
                right as f64 / in_rings.len().max(1) as f64,
                if every.is_some() { median(to_lead.clone()) } else { f64::NAN }
            );
            (sum.rings, sum.found) = (sum.rings + truth.rings.len(), sum.found + found.len());
            (sum.leads, sum.wrong) = (sum.leads + leads.len(), sum.wrong + wrong);
            (sum.accounts, sum.listed, sum.right) =
                (sum.accounts + in_rings.len(), sum.listed + listed.len(), sum.right + right);
            sum.days.extend(to_lead);
        }
        println!(
            "\n{name}: {} of {} rings of at least {LARGE} accounts found (goal all); {} had no verdict when their first lead came (goal \
             half)",
            sum.large[1], sum.large[0], sum.unseen
        );
        println!(
            "{name}: precision of accounts {:.3} (goal 0.95), recall {:.3} (goal 0.80), {} of {} rings found (goal all), {} of {} \
             leads wrong (goal 1 in 20), median days from the fifth request to the lead {:.1} (goal 14)\n",
            sum.right as f64 / sum.listed.max(1) as f64,
            sum.right as f64 / sum.accounts.max(1) as f64,
            sum.found,
            sum.rings,
            sum.wrong,
            sum.leads,
            if every.is_some() { median(sum.days) } else { f64::NAN }
        );
    }
    Ok(())
}

fn tell(leads: &[Lead], truth: &Truth, listed: &BTreeSet<&str>) {
    for lead in leads {
        let ties = lead.identifiers.iter().chain(&lead.staff_ties);
        let ties: Vec<String> =
            ties.map(|i| format!("{:?}:{}:{:.2}", i.kind, i.accounts.len(), i.probability)).collect();
        let accounts = lead.accounts.len();
        println!(
            "    {} {:.4} {accounts} accounts, {:?} {ties:?}",
            lead.ring,
            lead.probability,
            ring_of(lead, truth)
        );
        for (refund, t) in
            lead.refunds.iter().map(|r| (r, &truth.refunds[r])).filter(|(_, t)| t.ring.is_none())
        {
            println!("        WRONG {refund} {:?}", t.kind);
        }
    }
    for (ring, (accounts, style)) in &truth.rings {
        let hit = accounts.iter().filter(|a| listed.contains(a.as_str())).count();
        println!("    TRUE {ring} {style} {} accounts, {hit} listed", accounts.len());
    }
}
