//! How long does one decision take? Vector, score, rules, policy, reasons and their events, on a simulated marketplace.
//!
//! `cargo bench -p ringfence-engine --bench decision [-- ACCOUNTS DAYS]`: a model of 500 trees is trained on the first half
//! of the requests, with the truth as target so that the later half gets the mix of answers of a live shop (what is
//! measured is time, not skill). A payment at once or on scan is explained by paths, all other answers by exact Shapley values: each has
//! its row. Beside them stands what the same requests take without a decider: the vector and the fold.

use ringfence_decide::{DEFAULT_POLICY, Policy, strictness};
use ringfence_domain::id::RefundId;
use ringfence_domain::vector::ColumnKind;
use ringfence_domain::{Body, Currency, DecisionKind, Event, Money, Timestamp};
use ringfence_engine::{Applied, Decider, Engine};
use ringfence_features::Plan;
use ringfence_learn::bins::Matrix;
use ringfence_learn::boost::{BoostSettings, Rows, boost};
use ringfence_learn::model::{Encoding, Input, Model, Provenance, Sum};
use ringfence_simulate::{Label, TruthRecord, TruthSink};
use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Rate = fn(Money, Timestamp) -> Option<i64>;

fn convert(money: Money, _: Timestamp) -> Option<i64> {
    Some(money.amount)
}

#[derive(Default)]
struct Kept(Vec<Event>);

impl ringfence_simulate::EventSink for Kept {
    fn event(&mut self, event: &Event) -> std::io::Result<()> {
        self.0.push(event.clone());
        Ok(())
    }
}

/// The abusive requests.
#[derive(Default)]
struct Abuses(BTreeSet<RefundId>);
impl TruthSink for Abuses {
    fn record(&mut self, record: &TruthRecord) -> std::io::Result<()> {
        if let TruthRecord::Refund(refund) = record
            && refund.label == Label::Abuse
        {
            self.0.insert(refund.refund.clone());
        }
        Ok(())
    }
}

fn engine(plan: &Arc<Plan>, decider: Option<Decider>) -> Engine<Rate> {
    Engine::new(plan.clone(), Currency::USD, convert as Rate, decider)
}

/// Microseconds that each request of the later half takes, and whether it was simply paid.
fn time(plan: &Arc<Plan>, decider: Option<Decider>, events: &[Event], from: usize) -> Vec<(f64, bool)> {
    let mut engine = engine(plan, decider);
    let mut times = Vec::new();
    for (i, event) in events.iter().enumerate() {
        let start = Instant::now();
        let applied = engine.apply(event).expect("one currency");
        let Applied::Request(request) = black_box(&applied) else { continue };
        let paid = request
            .decision
            .as_ref()
            .is_some_and(|d| strictness(d.decision) <= strictness(DecisionKind::RefundOnScan));
        drop(applied);
        if i >= from {
            times.push((start.elapsed().as_secs_f64() * 1e6, paid));
        }
    }
    times
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).filter_map(|a| a.parse::<u32>().ok());
    let (accounts, days) = (numbers.next().unwrap_or(10_000), numbers.next().unwrap_or(365));
    let (mut kept, mut abuses) = (Kept::default(), Abuses::default());
    let scenario = ringfence_simulate::Scenario::default();
    ringfence_simulate::simulate(&scenario, 1, accounts, days, &mut kept, &mut abuses)?;
    let events = kept.0;
    let half = events.len() / 2;
    let plan = Arc::new(Plan::builtin());
    let columns: Vec<usize> = (0..plan.schema.columns.len())
        .filter(|&c| plan.schema.columns[c].model && plan.schema.columns[c].kind != ColumnKind::Category)
        .collect();
    let mut rows: Vec<Vec<f32>> = vec![Vec::new(); columns.len()];
    let mut target = Vec::new();
    let mut first = engine(&plan, None);
    for event in &events[..half] {
        let Applied::Request(request) = first.apply(event)? else { continue };
        for (to, &column) in rows.iter_mut().zip(&columns) {
            to.push(request.vector[column] as f32);
        }
        target.push(f32::from(u8::from(abuses.0.contains(&request.asked.refund))));
    }
    let n = target.len();
    let matrix = Matrix::new(rows, n);
    let settings = BoostSettings { leaf_weight_min: 0.3, depth_max: 12, ..BoostSettings::default() };
    let weight = vec![1.0; n];
    let boosted = boost(Rows { matrix: &matrix, target: &target, weight: &weight }, None, &[], &settings);
    let inputs = columns
        .iter()
        .map(|&c| Input { column: plan.schema.columns[c].name.clone(), encoding: Encoding::Number });
    let provenance = Provenance {
        trainer: "ringfence".to_owned(),
        code: String::new(),
        data: String::new(),
        from: None,
        to: None,
        labels_until: None,
        settings: serde_json::Value::Null,
    };
    let model =
        Model::imported(&plan.schema, provenance, inputs.collect(), Sum::F64, boosted.base, boosted.trees)?;
    let leaves =
        model.trees.iter().map(|t| t.leaves().len()).sum::<usize>() as f64 / model.trees.len() as f64;
    let policy = Policy::parse(DEFAULT_POLICY)?;
    let decider = Decider::new(&plan.schema, Some(&model), &policy)?;
    let requests = events.iter().filter(|e| matches!(e.body, Body::RefundRequested(_))).count();
    println!(
        "{} events, {requests} requests, the later half timed; {} trees, {leaves:.1} leaves on average, {} features, one core",
        events.len(),
        model.trees.len(),
        plan.schema.columns.len()
    );
    println!("| what | requests | median µs | mean µs | 99 % µs | target |");
    println!("|---|---|---|---|---|---|");
    let alone = time(&plan, None, &events, half);
    print("vector and fold alone", &alone, "–");
    let decided = time(&plan, Some(decider), &events, half);
    print("the whole decision with reasons and events", &decided, "60");
    let (paid, others): (Vec<_>, Vec<_>) = decided.into_iter().partition(|(_, paid)| *paid);
    print("of them paid at once or on scan, explained by paths", &paid, "60");
    print("of them other answers, explained exactly", &others, "–");
    Ok(())
}

fn print(what: &str, times: &[(f64, bool)], target: &str) {
    let mut times: Vec<f64> = times.iter().map(|(time, _)| *time).collect();
    times.sort_by(f64::total_cmp);
    let at = |q: f64| times.get(((times.len().max(1) - 1) as f64 * q) as usize).copied().unwrap_or(f64::NAN);
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    println!("| {what} | {} | {:.1} | {mean:.1} | {:.1} | {target} |", times.len(), at(0.5), at(0.99));
}
