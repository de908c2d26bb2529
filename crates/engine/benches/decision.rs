//! How long does one decision take? Vector, score, rules, policy, reasons and their events, on a simulated marketplace.
//!
//! `cargo bench -p ringfence-engine --bench decision [-- ACCOUNTS DAYS]`: a model of 500 trees is trained on the first half
//! of the requests, which is timed apart; the later half is decided. Its target is a rule with noise: what is measured is
//! time, not skill. Beside the target stands what the same requests take without a decider: the vector and the fold.

use ringfence_decide::{DEFAULT_POLICY, Policy};
use ringfence_domain::vector::ColumnKind;
use ringfence_domain::{Body, Currency, Event, Money, Timestamp};
use ringfence_engine::{Applied, Decider, Engine};
use ringfence_features::Plan;
use ringfence_learn::bins::Matrix;
use ringfence_learn::boost::{BoostSettings, Rows, boost};
use ringfence_learn::model::{Encoding, Input, Model, Provenance, Sum};
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

struct Nothing;
impl ringfence_simulate::TruthSink for Nothing {
    fn record(&mut self, _: &ringfence_simulate::TruthRecord) -> std::io::Result<()> {
        Ok(())
    }
}

fn engine(plan: &Arc<Plan>, decider: Option<Decider>) -> Engine<Rate> {
    Engine::new(plan.clone(), Currency::USD, convert as Rate, decider)
}

/// Microseconds that each request of the later half takes, ascending.
fn time(plan: &Arc<Plan>, decider: Option<Decider>, events: &[Event], from: usize) -> Vec<f64> {
    let mut engine = engine(plan, decider);
    let mut times = Vec::new();
    for (i, event) in events.iter().enumerate() {
        let start = Instant::now();
        let applied = engine.apply(event).expect("one currency");
        let request = matches!(black_box(&applied), Applied::Request(_));
        drop(applied);
        if request && i >= from {
            times.push(start.elapsed().as_secs_f64() * 1e6);
        }
    }
    times.sort_by(f64::total_cmp);
    times
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).filter_map(|a| a.parse::<u32>().ok());
    let (accounts, days) = (numbers.next().unwrap_or(10_000), numbers.next().unwrap_or(365));
    let mut kept = Kept::default();
    let scenario = ringfence_simulate::Scenario::default();
    ringfence_simulate::simulate(&scenario, 1, accounts, days, &mut kept, &mut Nothing)?;
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
        // A tenth of all, more of the dear ones, with a noise that keeps the trees deep.
        let noise = request.position.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let dear = request.situation.amount_minor > 20_000;
        target.push(f32::from(u8::from(noise % 100 < if dear { 25 } else { 6 })));
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
    println!("| what | median µs | mean µs | 99 % µs | target |");
    println!("|---|---|---|---|---|");
    for (what, decider, target) in [
        ("vector and fold alone", None, "–"),
        ("the whole decision with reasons and events", Some(decider), "60"),
    ] {
        let times = time(&plan, decider, &events, half);
        let at = |q: f64| times[((times.len() - 1) as f64 * q) as usize];
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        println!("| {what} | {:.1} | {mean:.1} | {:.1} | {target} |", at(0.5), at(0.99));
    }
    Ok(())
}
