//! How long does one score take? Score, path attribution and exact Shapley values at 500 trees × 31 leaves, one vector at
//! a time on one core, beside their targets and beside plainly walking the trees.

mod synthetic;

use ringfence_domain::vector::{Column, ColumnKind, Schema};
use ringfence_learn::boost::{BoostSettings, Rows, boost};
use ringfence_learn::model::{Encoding, Input, Model, Provenance, Sum};
use ringfence_learn::score::{Scorer, Scratch};
use std::hint::black_box;
use std::time::Instant;

const INPUTS: usize = 150;

fn model(schema: &Schema) -> Model {
    let (matrix, target) = synthetic::synthetic(40_000, INPUTS, 7);
    let settings = BoostSettings { leaf_weight_min: 1.0, ..BoostSettings::default() };
    let weight = vec![1.0; target.len()];
    let boosted = boost(Rows { matrix: &matrix, target: &target, weight: &weight }, None, &[], &settings);
    let inputs = schema.columns.iter().map(|c| Input { column: c.name.clone(), encoding: Encoding::Number });
    let provenance = Provenance {
        trainer: "ringfence".to_owned(),
        code: String::new(),
        data: String::new(),
        from: None,
        to: None,
        labels_until: None,
        settings: serde_json::Value::Null,
    };
    Model::imported(schema, provenance, inputs.collect(), Sum::F64, boosted.base, boosted.trees)
        .expect("the trees were trained on this schema")
}

/// Microseconds of this thread's processor per vector: the best of several rounds, since other work on the machine only
/// ever adds.
fn time(vectors: &[Vec<f64>], mut one: impl FnMut(&[f64]) -> f64) -> f64 {
    (0..15)
        .map(|_| {
            let (start, cpu) = (Instant::now(), cpu_seconds());
            for vector in vectors {
                black_box(one(black_box(vector)));
            }
            let seconds = cpu.zip(cpu_seconds()).map(|(from, to)| to - from);
            seconds.unwrap_or_else(|| start.elapsed().as_secs_f64()) * 1e6 / vectors.len() as f64
        })
        .fold(f64::INFINITY, f64::min)
}

/// Seconds that this thread has run on a processor, from Linux's scheduler; `None` elsewhere.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split(' ').next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

fn main() {
    let column = |i: usize| Column {
        name: format!("f{i}"),
        kind: ColumnKind::Number,
        about: String::new(),
        reason: "other".to_owned(),
        model: true,
    };
    let schema = Schema { columns: (0..INPUTS).map(column).collect(), hash: "bench".to_owned() };
    let model = model(&schema);
    let leaves =
        model.trees.iter().map(|t| t.leaves().len()).sum::<usize>() as f64 / model.trees.len() as f64;
    let scorer = Scorer::compile(&model, &schema).expect("the model fits its schema");
    let (matrix, _) = synthetic::synthetic(1_000, INPUTS, 99);
    let vectors: Vec<Vec<f64>> =
        (0..matrix.rows()).map(|r| matrix.row(r).iter().map(|&x| f64::from(x)).collect()).collect();
    let mut scratch = Scratch::default();
    let walk = |v: &[f64]| {
        model
            .trees
            .iter()
            .fold(model.base, |sum, tree| sum + tree.leaves()[tree.leaf_of(|i| v[i as usize] as f32)].value)
    };
    for v in &vectors {
        assert_eq!(walk(v).to_bits(), scorer.raw(v, &mut scratch).to_bits(), "the scorer is exact");
    }
    println!(
        "{} trees, {leaves:.1} leaves on average, {INPUTS} inputs, one vector at a time, one core",
        model.trees.len()
    );
    println!("| what | µs | target |");
    println!("|---|---|---|");
    println!("| walking the trees one by one | {:.2} | – |", time(&vectors, walk));
    println!("| score | {:.2} | 12 |", time(&vectors, |v| scorer.score(v, &mut scratch)));
    println!(
        "| score and path attribution | {:.2} | 40 |",
        time(&vectors, |v| scorer.explain_path(v, &mut scratch).probability)
    );
    println!(
        "| score and exact Shapley values | {:.2} | 500 |",
        time(&vectors, |v| scorer.explain_exact(v, &mut scratch).probability)
    );
}
