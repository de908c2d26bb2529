//! What should a request count that nobody looked into? Ways to weigh labels, against a truth that training never sees.
//!
//! Each world has 30,000 requests, 6 % of them abuse. Investigators look where a noisy suspicion is high, and at a few
//! random others. Models learn from what was found, and meet later requests whose truth is known.
//! `cargo bench -p ringfence-learn --bench biased`

use ringfence_domain::vector::{Column, ColumnKind, Schema};
use ringfence_domain::words::Verdict;
use ringfence_domain::{Currency, Timestamp};
use ringfence_learn::boost::{BoostSettings, sigmoid};
use ringfence_learn::chance::Chance;
use ringfence_learn::dataset::{Dataset, KnownVerdict, RowMeta};
use ringfence_learn::metrics::{Ranking, calibration_bins, ece};
use ringfence_learn::score::{Scorer, Scratch};
use ringfence_learn::settings::TrainSettings;
use ringfence_learn::train::train;
use ringfence_learn::weights::{FULLY, Unlabelled, WeightSettings};

const ROWS: usize = 30_000;
const INPUTS: usize = 12;
const WORLDS: u64 = 3;

fn day(day: i64) -> Timestamp {
    Timestamp::from_millis((19_000 + day) * 86_400_000).expect("within the years of the contract")
}

/// How investigators choose: share looked into where suspicion is high, elsewhere, and at random.
#[derive(Clone, Copy)]
struct Choice {
    name: &'static str,
    suspicious: f64,
    random: f64,
    /// How much suspicion follows the truth beyond what the features show.
    insight: f64,
}

fn world(seed: u64, choice: Choice) -> (Dataset, Vec<bool>) {
    let column = |i: usize| Column {
        name: format!("x{i}"),
        kind: ColumnKind::Number,
        about: String::new(),
        reason: "other".to_owned(),
        model: true,
    };
    let schema = Schema { columns: (0..INPUTS).map(column).collect(), hash: "bench".to_owned() };
    let mut chance = Chance::new(seed, 3);
    let (mut dataset, mut truth) = (Dataset::new(schema), Vec::new());
    for i in 0..ROWS {
        let x: Vec<f64> = (0..INPUTS).map(|_| f64::from(chance.unit() as f32)).collect();
        let log_odds = -6.2 + 3.0 * x[0] + 2.5 * x[1] * x[2] + 2.0 * f64::from(u8::from(x[3] > 0.8)) + x[4];
        let abuse = chance.unit() < sigmoid(log_odds);
        // Investigators know x0 and x5 (an old rule that means little), and a hunch of their own.
        let hunch = choice.insight * f64::from(u8::from(abuse)) + chance.unit();
        let suspicious = 1.2 * x[0] + 0.8 * x[5] + hunch > 2.2;
        let looked = chance.unit() < if suspicious { choice.suspicious } else { 0.0 } + choice.random;
        let at = i as i64 * 300 / ROWS as i64;
        let verdict = if abuse { Verdict::Abuse } else { Verdict::Legitimate };
        let known = KnownVerdict { verdict, at: day(at + 3 + chance.below(20) as i64) };
        let meta = RowMeta {
            refund: format!("R{i}"),
            account: format!("A{}", chance.below(3_000)),
            order: format!("O{i}"),
            position: i as u64,
            requested_at: day(at),
            amount_minor: 1_000,
            currency: Currency::USD,
            test_purchase: false,
            verdicts: if looked { vec![known] } else { Vec::new() },
        };
        dataset.push(meta, &x);
        truth.push(abuse);
    }
    (dataset, truth)
}

/// AUC, average precision and ECE on the last 70 days, against the truth.
fn judge(dataset: &Dataset, truth: &[bool], weights: &WeightSettings) -> [f64; 3] {
    let mut settings = TrainSettings {
        weights: weights.clone(),
        search: false,
        boost: BoostSettings {
            leaves_max: 16,
            learning_rate: 0.08,
            trees_max: 300,
            ..BoostSettings::default()
        },
        ..TrainSettings::default()
    };
    settings.split.test_share = 0.0;
    let Ok(trained) = train(dataset, day(230), &settings) else { return [f64::NAN; 3] };
    let scorer = Scorer::compile(&trained.model, dataset.schema()).expect("trained on this schema");
    let mut scratch = Scratch::default();
    let later: Vec<usize> = (0..ROWS).filter(|&r| dataset.rows()[r].requested_at >= day(230)).collect();
    let scores: Vec<f64> = later.iter().map(|&r| scorer.score(&dataset.vector(r), &mut scratch)).collect();
    let target: Vec<bool> = later.iter().map(|&r| truth[r]).collect();
    let (ranking, ones) = (Ranking::new(&scores, &target), vec![1.0; later.len()]);
    [
        ranking.auc(&ones).unwrap_or(f64::NAN),
        ranking.average_precision(&ones).unwrap_or(f64::NAN),
        ece(&calibration_bins(&scores, &target, 15)),
    ]
}

fn main() {
    use Unlabelled::{Ignored, PresumedLegitimate};
    let way = |unlabelled, unlabelled_calibration, propensity| WeightSettings {
        unlabelled,
        unlabelled_calibration,
        propensity,
        ..WeightSettings::default()
    };
    let ways = [
        ("labelled only", way(Ignored, Ignored, false)),
        ("labelled only, inverse chance", way(Ignored, Ignored, true)),
        ("rest fully legitimate", way(FULLY, FULLY, false)),
        ("rest × 1", way(PresumedLegitimate(1.0), PresumedLegitimate(1.0), false)),
        (
            "rest × 0.2, calibrated with × 1 (default)",
            way(PresumedLegitimate(0.2), PresumedLegitimate(1.0), false),
        ),
        ("rest × 0.2, calibrated with × 2", way(PresumedLegitimate(0.2), PresumedLegitimate(2.0), false)),
        ("rest × 0.2, calibrated with × 4", way(PresumedLegitimate(0.2), PresumedLegitimate(4.0), false)),
        ("rest × 0.2, inverse chance, calibrated on labelled", way(PresumedLegitimate(0.2), Ignored, true)),
    ];
    let choices = [
        Choice { name: "features explain the choice", suspicious: 0.5, random: 0.01, insight: 0.0 },
        Choice { name: "hunches beyond the features", suspicious: 0.5, random: 0.01, insight: 0.5 },
        Choice { name: "few labels", suspicious: 0.12, random: 0.005, insight: 0.2 },
        Choice { name: "a tenth at random", suspicious: 0.5, random: 0.1, insight: 0.5 },
    ];
    println!("means of {WORLDS} worlds; AUC and AP (average precision): more is better, ECE: less");
    println!("| investigators | way | AUC | AP | ECE |\n|---|---|---|---|---|");
    for choice in choices {
        for (name, weights) in &ways {
            let mut sums = [0.0; 3];
            for seed in 0..WORLDS {
                let (dataset, truth) = world(seed + 1, choice);
                for (sum, figure) in sums.iter_mut().zip(judge(&dataset, &truth, weights)) {
                    *sum += figure / WORLDS as f64;
                }
            }
            println!("| {} | {name} | {:.4} | {:.4} | {:.4} |", choice.name, sums[0], sums[1], sums[2]);
        }
    }
}
