//! How long does training take? 500,000 × 150 on this machine, beside the target of 60 s, and what it found.
//!
//! `cargo bench -p ringfence-learn --bench training [-- ROWS INPUTS TREES]`

mod synthetic;

use ringfence_learn::boost::{BoostSettings, Rows, boost};
use ringfence_learn::metrics::Ranking;
use ringfence_learn::settings::TrainSettings;
use std::time::Instant;

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let at = |i: usize, default: usize| numbers.get(i).copied().unwrap_or(default);
    let (rows, inputs, trees) = (at(0, 500_000), at(1, 150), at(2, 500));
    let (matrix, target) = synthetic::synthetic(rows, inputs, 7);
    let (test, test_target) = synthetic::synthetic(50_000, inputs, 8);
    let (stop, stop_target) = synthetic::synthetic(rows / 10, inputs, 9);
    println!("| rows | inputs | settings | trees | seconds | CPU seconds | target | held-out AUC | AP |");
    println!("|---|---|---|---|---|---|---|---|---|");
    let all =
        BoostSettings { trees_max: trees, row_share: 1.0, input_share: 1.0, ..BoostSettings::default() };
    let own = BoostSettings { trees_max: trees, ..BoostSettings::default() };
    let large =
        TrainSettings { boost: own.clone(), ..TrainSettings::default() }.candidates(rows * inputs)[0].clone();
    for (name, settings, early) in [
        ("as `train` does with so many rows", &large, true),
        ("learning rate 0.05, all trees", &own, false),
        ("the same, every row and input for every tree", &all, false),
    ] {
        let weight = vec![1.0; rows];
        let stop_weight = vec![1.0; stop_target.len()];
        let fit = Rows { matrix: &matrix, target: &target, weight: &weight };
        let until = Rows { matrix: &stop, target: &stop_target, weight: &stop_weight };
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let model = boost(fit, early.then_some(until), &[], settings);
        let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        let hits: Vec<bool> = test_target.iter().map(|&y| y > 0.5).collect();
        let ranking = Ranking::new(&model.raw(&test), &hits);
        let ones = vec![1.0; hits.len()];
        println!(
            "| {rows} | {inputs} | {name} | {} | {seconds:.1} | {cpu:.1} | 60 | {:.4} | {:.4} |",
            model.trees.len(),
            ranking.auc(&ones).unwrap_or(0.0),
            ranking.average_precision(&ones).unwrap_or(0.0),
        );
    }
}

/// Processor time of this process so far, from Linux's process table; 0 elsewhere. On a busy machine half of it is what two
/// free cores would take.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: f64 = stat.split(' ').skip(13).take(2).filter_map(|t| t.parse::<f64>().ok()).sum();
    ticks / 100.0
}
