//! Are posts matched to the right refunds, and are the probabilities true? Simulated shops, whose truth nobody but this file reads.
//!
//! `cargo bench -p ringfence-leads --bench posts [-- SEEDS ACCOUNTS DAYS]`: for each scenario and seed the matches at the end of the
//! log beside the truth, and two baselines: the refund with the nearest amount of the two weeks before, and the only refund of
//! the month before whose amount lies within one percent. Thresholds are the defaults.

use ringfence_domain::{Body, Duration, Event, Timestamp};
use ringfence_leads::posts::{Names, Record, Settings, extract, posts};
use ringfence_simulate::{DEFAULT, HARDER, PostAbout, Scenario, TruthRecord, TruthSink};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// What the shop sees, once for us and once for the baselines.
#[derive(Default)]
struct Gather {
    record: Record,
    refunds: Vec<(Timestamp, i64, String)>,
    posts: Vec<(String, Timestamp, String)>,
}

impl ringfence_simulate::EventSink for Gather {
    fn event(&mut self, event: &Event) -> std::io::Result<()> {
        self.record.see(event);
        match &event.body {
            Body::RefundPaid(e) => {
                self.refunds.push((event.time, e.amount.amount, e.refund.as_str().to_owned()));
            }
            Body::PostCollected(e) => {
                let at = e.posted_at.unwrap_or(event.time);
                self.posts.push((e.post.as_str().to_owned(), at, e.text.clone()));
            }
            _ => {}
        }
        Ok(())
    }
}

/// By post: what it is about, and which refund.
#[derive(Default)]
struct Truth {
    posts: BTreeMap<String, (PostAbout, Option<String>)>,
    repeats: BTreeSet<String>,
}

impl TruthSink for Truth {
    fn record(&mut self, record: &TruthRecord) -> std::io::Result<()> {
        if let TruthRecord::Post { post, matches, about, repeats, .. } = record {
            let refund = matches.as_ref().map(|r| r.as_str().to_owned());
            self.posts.insert(post.as_str().to_owned(), (*about, refund));
            if repeats.is_some() {
                self.repeats.insert(post.as_str().to_owned());
            }
        }
        Ok(())
    }
}

impl Truth {
    fn right(&self, post: &str, refund: &str) -> bool {
        self.posts.get(post).is_some_and(|p| p.1.as_deref() == Some(refund))
    }
}

/// Right ones among those that were said, and among those that there are.
#[derive(Clone, Copy, Default)]
struct Tally {
    said: usize,
    right: usize,
    of: usize,
}

impl Tally {
    fn of(pairs: impl Iterator<Item = (String, String)>, truth: &Truth, of: usize) -> Tally {
        let pairs: Vec<_> = pairs.collect();
        Tally { said: pairs.len(), right: pairs.iter().filter(|(p, r)| truth.right(p, r)).count(), of }
    }
    fn add(&mut self, other: Tally) {
        self.said += other.said;
        self.right += other.right;
        self.of += other.of;
    }
    fn precision(self) -> f64 {
        self.right as f64 / self.said.max(1) as f64
    }
    fn recall(self) -> f64 {
        self.right as f64 / self.of.max(1) as f64
    }
}

/// Predicted probabilities and what came true, in tenths.
#[derive(Default)]
struct Calibration([(f64, f64, f64); 10]);

impl Calibration {
    fn add(&mut self, predicted: f64, came_true: bool) {
        let bin = &mut self.0[((predicted * 10.0) as usize).min(9)];
        bin.0 += 1.0;
        bin.1 += predicted;
        bin.2 += f64::from(u8::from(came_true));
    }
    fn error(&self) -> f64 {
        let all: f64 = self.0.iter().map(|b| b.0).sum();
        self.0.iter().map(|b| (b.1 - b.2).abs()).sum::<f64>() / all.max(1.0)
    }
    fn bins(&self) -> String {
        let shown = self.0.iter().filter(|b| b.0 > 0.0);
        shown.map(|b| format!("{:.2}→{:.2} ({})", b.1 / b.0, b.2 / b.0, b.0)).collect::<Vec<_>>().join(", ")
    }
}

/// For each post that names an amount, what a baseline makes of it.
fn baseline(
    gather: &Gather,
    names: &Names,
    pick: impl Fn(i64, Timestamp) -> Option<String>,
) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (post, at, text) in &gather.posts {
        let claims = extract(text, *at, names);
        let ours = claims.shops.own.is_some() || claims.shops.other.is_none();
        if let (true, Some(amount)) = (ours, claims.amounts.first()) {
            found.extend(pick(amount.hundredths, *at).map(|refund| (post.clone(), refund)));
        }
    }
    found
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).filter_map(|a| a.parse::<u32>().ok());
    let (seeds, accounts, days) =
        (numbers.next().unwrap_or(5), numbers.next().unwrap_or(30_000), numbers.next().unwrap_or(365));
    let settings = Settings { told_min: 0.01, ..Settings::default() };
    println!("{accounts} accounts, {days} days; matches at a probability of {} or more", settings.stands_min);
    println!(
        "| scenario | seed | posts | true boasts | refunds | stands | right | precision | recall | ECE | nearest amount: precision, recall | only within 1 %: precision, recall | posts/s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (name, text) in [("default", DEFAULT), ("harder", HARDER)] {
        let (mut ours, mut nearest, mut only) = (Tally::default(), Tally::default(), Tally::default());
        let mut all = Calibration::default();
        for seed in 1..=u64::from(seeds) {
            let scenario = Scenario::parse(text)?;
            let (mut gather, mut truth) = (Gather::default(), Truth::default());
            ringfence_simulate::simulate(&scenario, seed, accounts, days, &mut gather, &mut truth)?;
            let names = Names::new(
                &["Northwind".to_owned(), "NorthWnd".to_owned(), "north wind".to_owned()],
                &["Bigbox", "Shoply", "Marktplatz", "Outletcity"].map(str::to_owned),
            );
            let boasts = truth
                .posts
                .iter()
                .filter(|(post, (about, _))| *about == PostAbout::Refund && !truth.repeats.contains(*post))
                .count();
            let start = Instant::now();
            let found = posts(&gather.record, &names, &BTreeMap::new(), &settings);
            let seconds = start.elapsed().as_secs_f64();
            let standing = found.matches.iter().filter(|m| m.stands);
            let us = Tally::of(standing.map(|m| (m.post.clone(), m.refund.clone())), &truth, boasts);
            let mut calibration = Calibration::default();
            for m in &found.matches {
                let came_true = truth.right(&m.post, &m.refund);
                calibration.add(m.probability, came_true);
                all.add(m.probability, came_true);
            }
            let within = |at: Timestamp, days: i64| {
                let from = at.plus(Duration::days(-days));
                gather.refunds.iter().filter(move |r| r.0 <= at && r.0 >= from)
            };
            let near = baseline(&gather, &names, |amount, at| {
                within(at, 14).min_by_key(|r| ((r.1 - amount).abs(), at.since(r.0).0)).map(|r| r.2.clone())
            });
            let alone = baseline(&gather, &names, |amount, at| {
                let mut close = within(at, 30).filter(|r| (r.1 - amount).abs() * 100 <= amount);
                close.next().filter(|_| close.next().is_none()).map(|r| r.2.clone())
            });
            let near = Tally::of(near.into_iter(), &truth, boasts);
            let alone = Tally::of(alone.into_iter(), &truth, boasts);
            println!(
                "| {name} | {seed} | {} | {boasts} | {} | {} | {} | {:.3} | {:.3} | {:.3} | {:.3}, {:.3} | {:.3}, {:.3} | {:.0} |",
                found.posts,
                found.refunds,
                us.said,
                us.right,
                us.precision(),
                us.recall(),
                calibration.error(),
                near.precision(),
                near.recall(),
                alone.precision(),
                alone.recall(),
                found.posts as f64 / seconds
            );
            if std::env::var_os("RINGFENCE_SHOW").is_some() {
                for m in found.matches.iter().filter(|m| m.stands && !truth.right(&m.post, &m.refund)) {
                    println!("    WRONG {:?} {:#?}", truth.posts.get(&m.post), m);
                }
            }
            ours.add(us);
            nearest.add(near);
            only.add(alone);
        }
        println!(
            "\n{name}: precision {:.3} (goal ≥ 0.95) of {} matches, recall {:.3}; nearest amount {:.3}, {:.3}; only one within 1 % {:.3}, {:.3}",
            ours.precision(),
            ours.said,
            ours.recall(),
            nearest.precision(),
            nearest.recall(),
            only.precision(),
            only.recall()
        );
        println!(
            "{name}: calibration error {:.3}; predicted→came true (pairs): {}\n",
            all.error(),
            all.bins()
        );
    }
    Ok(())
}
