//! Is the attribution right? Simulated shops with abusers, thieving and careless drivers, and paid staff, whose truth nobody
//! but this file reads.
//!
//! `cargo bench -p ringfence-leads --bench attribution [-- SEEDS ACCOUNTS DAYS]`. For each scenario and seed, at the end of the
//! log: honest accounts that rank above the abusers, at equal recall, beside ranking by past refund rate and by claims an
//! order; drivers, beside ranking by claims a parcel; how honest the probabilities are. Recalls and thresholds are those below
//! and the defaults, whatever comes out.
//!
//! An account is *abusive* if it made at least one abusive request that its holder, or a ring for its holder, asked for. Not
//! counted either way: accounts whose only wrong is policy abuse, or whose abuse was the work of staff or of a stolen staff
//! account. All others are honest, those whose account was taken over included.

mod ranks;

use ranks::{Calibration, Ranking};
use ringfence_domain::rates::Rates;
use ringfence_domain::{Body, Currency, Duration, Event};
use ringfence_leads::attribution::{
    AsOf, Attribution, Cause, ClaimShares, Culprit, Record, RequestFigures, Settings, attribute,
};
use ringfence_simulate::{
    Actor, DEFAULT, DriverNature, EventSink, HARDER, Kind, Label, RefundTruth, Scenario, TruthRecord,
    TruthSink,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Shares of the abusive accounts at which lists are compared.
const RECALLS: [f64; 4] = [0.10, 0.25, 0.50, 0.75];
/// How often the figures of requests are inferred anew.
const EVERY: Duration = Duration::days(30);

/// For so many seeds of a scenario: it takes a run a month.
const AS_OF_SEEDS: u64 = 1;

struct Gather {
    record: Record,
    rates: Rates,
    as_of: Option<AsOf>,
    figures: Vec<RequestFigures>,
    /// By account: orders, requests, claims about a delivery.
    counts: BTreeMap<String, [f64; 3]>,
    /// The past refund rate of its account by request, before it.
    past: BTreeMap<String, f64>,
    as_of_seconds: f64,
}

impl EventSink for Gather {
    fn event(&mut self, event: &Event) -> std::io::Result<()> {
        self.record.see(event, &self.rates);
        if let Some(as_of) = &mut self.as_of {
            let start = Instant::now();
            self.figures.extend(as_of.see(event, &self.rates));
            self.as_of_seconds += start.elapsed().as_secs_f64();
        }
        match &event.body {
            Body::OrderPlaced(e) => self.counts.entry(e.account.to_string()).or_default()[0] += 1.0,
            Body::RefundRequested(e) => {
                let counts = self.counts.entry(e.account.to_string()).or_default();
                self.past.insert(e.refund.to_string(), counts[1] / counts[0].max(1.0));
                counts[1] += 1.0;
                let about_delivery = e.reason != ringfence_domain::words::ClaimReason::ChangedMind;
                counts[2] += f64::from(u8::from(about_delivery));
            }
            _ => {}
        }
        Ok(())
    }
}

#[derive(Default)]
struct Truth {
    refunds: BTreeMap<String, RefundTruth>,
    drivers: BTreeMap<String, DriverNature>,
}

impl TruthSink for Truth {
    fn record(&mut self, record: &TruthRecord) -> std::io::Result<()> {
        match record {
            TruthRecord::Refund(refund) => {
                self.refunds.insert(refund.refund.to_string(), refund.clone());
            }
            TruthRecord::Driver { driver, nature } => {
                self.drivers.insert(driver.to_string(), *nature);
            }
            _ => {}
        }
        Ok(())
    }
}

/// What an account is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Holder {
    Honest,
    /// Policy abuse, or abuse by staff's hands: not counted.
    Between,
    Abusive,
}

impl Truth {
    fn culprit(refund: &RefundTruth) -> Culprit {
        match (refund.label, refund.actor) {
            (Label::Abuse, Actor::Staff) => Culprit::Staff,
            (Label::Abuse, _) if refund.kind == Kind::PhishedStaff => Culprit::Staff,
            (Label::Abuse, _) => Culprit::Buyer,
            (_, Actor::Driver) => Culprit::Driver,
            _ => Culprit::Nobody,
        }
    }
    fn holders(&self) -> BTreeMap<&str, Holder> {
        let mut holders = BTreeMap::new();
        for refund in self.refunds.values() {
            let is = match (refund.label, refund.actor) {
                (Label::Abuse, Actor::Buyer | Actor::Refunder) => Holder::Abusive,
                (Label::Abuse, _) if refund.kind == Kind::AccountTakeover => Holder::Honest,
                (Label::Abuse | Label::PolicyAbuse, _) => Holder::Between,
                (Label::Legitimate, _) => Holder::Honest,
            };
            let holder = holders.entry(refund.account.as_str()).or_insert(Holder::Honest);
            *holder = is.max(*holder);
        }
        holders
    }
    /// Honest accounts from whom a driver took something.
    fn robbed(&self) -> BTreeSet<&str> {
        let robbed = self.refunds.values().filter(|r| r.kind == Kind::DriverTheft);
        robbed.map(|r| r.account.as_str()).collect()
    }
}

/// Sums over all shops.
#[derive(Default)]
struct Sums {
    /// Honest accounts above, by recall and ranking: attribution, the same without verdicts, past refund rate, claims an order.
    wrong: [[f64; 4]; RECALLS.len()],
    calibration: BTreeMap<Culprit, Calibration>,
    leads: usize,
    leads_right: usize,
    thieves: usize,
    thieves_found: usize,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).filter_map(|a| a.parse::<u32>().ok());
    let (seeds, accounts, days) =
        (numbers.next().unwrap_or(5), numbers.next().unwrap_or(30_000), numbers.next().unwrap_or(365));
    let settings = Settings::default();
    println!("{accounts} accounts, {days} days, {settings:?}");
    let mut sums = Sums::default();
    for (name, text) in [("default", DEFAULT), ("harder", HARDER)] {
        for seed in 1..=u64::from(seeds) {
            shop(name, text, seed, accounts, days, &settings, &mut sums)?;
        }
    }
    summary(&sums);
    Ok(())
}

fn shop(
    name: &str,
    text: &str,
    seed: u64,
    accounts: u32,
    days: u32,
    settings: &Settings,
    sums: &mut Sums,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut truth = Truth::default();
    let mut gather = Gather {
        record: Record::default(),
        rates: Rates::new(Currency::USD),
        as_of: (seed <= AS_OF_SEEDS).then(|| AsOf::new(EVERY, settings)),
        figures: Vec::new(),
        counts: BTreeMap::new(),
        past: BTreeMap::new(),
        as_of_seconds: 0.0,
    };
    ringfence_simulate::simulate(&Scenario::parse(text)?, seed, accounts, days, &mut gather, &mut truth)?;
    let start = Instant::now();
    let attribution = attribute(&gather.record, settings);
    let run = attribution.run();
    println!("\n{name}, seed {seed}: {run:?}, {:.2} s", start.elapsed().as_secs_f64());

    let any = |attribution: &Attribution<'_>| -> BTreeMap<String, f64> {
        attribution.accounts().into_iter().map(|p| (p.id, p.any)).collect()
    };
    let without = attribute(&gather.record, &Settings { verdicts: false, ..*settings });
    for_accounts(&truth, &gather, &[any(&attribution), any(&without)], sums);

    let mut patterns: BTreeMap<String, [f64; 3]> = BTreeMap::new();
    for cause in [Cause::Kept, Cause::Strayed] {
        for person in attribution.drivers(cause) {
            let figures = patterns.entry(person.id.clone()).or_default();
            figures[0] = figures[0].max(person.above(settings.ratio_of_interest));
            figures[1] = figures[1].max(person.ratio);
            figures[2] = person.claims as f64 / person.exposure.max(1.0);
        }
    }
    let leads = attribution.driver_leads(Currency::USD);
    for_drivers(&truth, &patterns, &leads.iter().map(|l| l.driver.as_str()).collect::<Vec<_>>(), sums);
    if std::env::var_os("RINGFENCE_SHOW").is_some() {
        for lead in &leads {
            println!("    {:?} {:?} {:?}", truth.drivers.get(&lead.driver), lead.driver, lead.why);
        }
    }

    for claim in attribution.claims() {
        let Some(refund) = truth.refunds.get(&claim.refund) else { continue };
        let is = Truth::culprit(refund);
        let ClaimShares { buyer, driver, staff, nobody, .. } = claim;
        let shares = [
            (Culprit::Buyer, buyer),
            (Culprit::Driver, driver),
            (Culprit::Staff, staff),
            (Culprit::Nobody, nobody),
        ];
        for (culprit, share) in shares {
            sums.calibration.entry(culprit).or_default().add(share, is == culprit);
        }
    }

    if seed > AS_OF_SEEDS {
        return Ok(());
    }
    let late = truth
        .refunds
        .values()
        .map(|r| r.requested_at)
        .max()
        .map(|end| end.plus(Duration(-Duration::days(i64::from(days) / 3).0)));
    let of_last_third = gather.figures.iter().filter_map(|f| {
        let refund = truth.refunds.get(&f.refund).filter(|r| Some(r.requested_at) >= late)?;
        Some((f, refund.label == Label::Abuse))
    });
    let requests: Vec<_> = of_last_third.collect();
    let ranking = |score: &dyn Fn(&RequestFigures) -> f64| {
        Ranking::new(requests.iter().map(|(f, abuse)| (score(f), *abuse)))
    };
    println!(
        "  requests of the last third, from what was known before each (inferred monthly, {:.0} s in all): average precision \
         {:.3} by buyer + staff share, {:.3} by the account's rate, {:.3} by past refund rate",
        gather.as_of_seconds,
        ranking(&|f| f.buyer + f.staff).average_precision(),
        ranking(&|f| f.account_ratio).average_precision(),
        ranking(&|f| gather.past[&f.refund]).average_precision(),
    );
    Ok(())
}

/// A score by account and its orders, requests and claims about a delivery.
type Score<'s> = &'s dyn Fn(&str, &[f64; 3]) -> f64;

fn for_accounts(truth: &Truth, gather: &Gather, any: &[BTreeMap<String, f64>; 2], sums: &mut Sums) {
    let holders = truth.holders();
    let robbed = truth.robbed();
    let holder = |account: &str| holders.get(account).copied().unwrap_or(Holder::Honest);
    let scores: [(&str, Score<'_>); 4] = [
        ("attribution", &|account, _| any[0].get(account).copied().unwrap_or(0.0)),
        ("attribution without verdicts", &|account, _| any[1].get(account).copied().unwrap_or(0.0)),
        ("past refund rate", &|_, [orders, requests, _]| requests / orders.max(1.0)),
        ("claims an order", &|_, [orders, _, claims]| claims / orders.max(1.0)),
    ];
    for (n, (name, score)) in scores.into_iter().enumerate() {
        let counted = gather.counts.iter().filter(|(a, _)| holder(a) != Holder::Between);
        let ranking = Ranking::new(counted.map(|(a, c)| (score(a, c), holder(a) == Holder::Abusive)));
        let strict =
            Ranking::new(gather.counts.iter().map(|(a, c)| (score(a, c), holder(a) == Holder::Abusive)));
        let wrong = RECALLS.map(|recall| ranking.wrong_at(recall));
        for (sum, wrong) in sums.wrong.iter_mut().zip(wrong) {
            sum[n] += wrong;
        }
        let threshold = ranking.threshold(0.5);
        let victims = gather.counts.iter().filter(|(a, c)| {
            robbed.contains(a.as_str()) && holder(a) == Holder::Honest && score(a, c) >= threshold
        });
        println!(
            "  accounts by {name}: AUC {:.3}, average precision {:.3} of {:.3}; honest ones above at recall 10, 25, 50, 75 %: {:.0} \
             {:.0} {:.0} {:.0}, policy abusers counted as honest {:.0} {:.0} {:.0} {:.0}; of {} robbed by a driver, {} above at \
             recall 50 %",
            ranking.auc(),
            ranking.average_precision(),
            ranking.base(),
            wrong[0],
            wrong[1],
            wrong[2],
            wrong[3],
            strict.wrong_at(RECALLS[0]),
            strict.wrong_at(RECALLS[1]),
            strict.wrong_at(RECALLS[2]),
            strict.wrong_at(RECALLS[3]),
            robbed.iter().filter(|a| holder(a) == Holder::Honest).count(),
            victims.count(),
        );
    }
}

fn for_drivers(truth: &Truth, figures: &BTreeMap<String, [f64; 3]>, leads: &[&str], sums: &mut Sums) {
    let nature = |driver: &str| truth.drivers.get(driver).copied().unwrap_or(DriverNature::Honest);
    for (name, which) in [("attribution", 0), ("claims a parcel", 2)] {
        let of = |bad: &dyn Fn(DriverNature) -> bool| {
            Ranking::new(figures.iter().map(|(d, f)| (f[which] + 1e-9 * f[1], bad(nature(d)))))
        };
        let (thieves, all) = (of(&|n| n == DriverNature::Thief), of(&|n| n != DriverNature::Honest));
        println!(
            "  drivers by {name}: thieves AUC {:.3}, average precision {:.3} of {:.3}; thieves, wrong doors and lazy ones {:.3}, {:.3} \
             of {:.3}",
            thieves.auc(),
            thieves.average_precision(),
            thieves.base(),
            all.auc(),
            all.average_precision(),
            all.base()
        );
    }
    let count = |n: DriverNature| {
        let found = leads.iter().filter(|d| nature(d) == n).count();
        (found, figures.keys().filter(|d| nature(d) == n).count())
    };
    let [honest, thief, wrong_door, lazy] =
        [DriverNature::Honest, DriverNature::Thief, DriverNature::WrongDoor, DriverNature::Lazy].map(count);
    println!(
        "  drivers as leads: {} thieves of {}, {} wrong doors of {}, {} lazy of {}, {} honest of {}",
        thief.0, thief.1, wrong_door.0, wrong_door.1, lazy.0, lazy.1, honest.0, honest.1
    );
    sums.leads += leads.len();
    sums.leads_right += leads.len() - honest.0;
    sums.thieves += thief.1;
    sums.thieves_found += thief.0;
}

fn summary(sums: &Sums) {
    println!("\nhonest accounts above, over all shops (goal: at most half of those of the past refund rate)");
    println!(
        "| recall | attribution | without verdicts | past refund rate | claims an order | of the past refund rate's | of claims' |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (recall, [ours, without, rate, claims]) in RECALLS.iter().zip(sums.wrong) {
        println!(
            "| {recall} | {ours:.0} | {without:.0} | {rate:.0} | {claims:.0} | {:.3}, {:.3} | {:.3}, {:.3} |",
            ours / rate,
            without / rate,
            ours / claims,
            without / claims
        );
    }
    println!(
        "\ndrivers as leads: {} of {} right (goal for the false-discovery rate: 0.10); {} of {} thieves found",
        sums.leads_right, sums.leads, sums.thieves_found, sums.thieves
    );
    println!(
        "\ncalibration of the shares over all claims: in each tenth the mean share → how often it was so (claims)"
    );
    for (culprit, calibration) in &sums.calibration {
        println!("  {culprit:?}: {calibration}");
    }
}
