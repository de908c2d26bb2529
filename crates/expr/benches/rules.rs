//! How long does a rule take, beside the `cel` crate's own interpreter?
//!
//! Both evaluate the same source over the same 200 values, 64 vectors in turn. `cel` is measured with a context
//! that is prepared once (its best case) and with the three names set for each vector (what a service would do).

use ringfence_expr::{Program, Scope, Slot, Type};
use std::hint::black_box;
use std::time::Instant;

/// Values in a vector, as many as a catalogue has.
const COLUMNS: usize = 200;
/// Vectors taken in turn, so that branches are not learnt by heart.
const VECTORS: usize = 64;

const RULES: &[(&str, &str)] = &[
    ("1 comparison", "f3 > 100.0"),
    ("3 comparisons, all read", "f3 > 0.0 && f50 < 1000.0 && f120 >= 0.0"),
    ("3 comparisons, first decides half", "f3 > 500.0 && f50 < 500.0 && f120 >= 500.0"),
    ("5 comparisons and `||`", "(f3 > 500.0 || f7 > 500.0) && (f50 < 500.0 || f51 < 500.0) && f120 >= 10.0"),
    ("arithmetic", "f3 / (f50 + 1.0) > 0.5 && f7 - f120 > 3.0"),
    ("list of 8", "f3 in [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]"),
];

struct Columns;

impl Scope for Columns {
    fn lookup(&self, path: &str) -> Option<(Slot, Type)> {
        let at: usize = path.strip_prefix('f')?.parse().ok()?;
        (at < COLUMNS).then_some((Slot(at as u32), Type::Number))
    }
    fn names(&self) -> Vec<String> {
        (0..COLUMNS).map(|at| format!("f{at}")).collect()
    }
    fn text_code(&mut self, _: Slot, _: &str) -> Result<f64, Vec<String>> {
        Ok(0.0)
    }
}

/// Whole numbers below 1,000 from a linear congruential generator.
fn vectors() -> Vec<Vec<f64>> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % 1_000) as f64
    };
    (0..VECTORS).map(|_| (0..COLUMNS).map(|_| next()).collect()).collect()
}

/// Median of 101 runs of `rounds` calls, in nanoseconds a call: on a machine with other work most are undisturbed.
fn nanoseconds(rounds: usize, mut call: impl FnMut(usize)) -> f64 {
    let mut runs: Vec<f64> = (0..101)
        .map(|_| {
            let start = Instant::now();
            (0..rounds).for_each(&mut call);
            start.elapsed().as_secs_f64() * 1e9 / rounds as f64
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    runs[runs.len() / 2]
}

fn main() {
    let vectors = vectors();
    println!("{:<36}{:>10}{:>16}{:>20}", "rule", "plan ns", "cel ns, ready", "cel ns, names set");
    for (name, source) in RULES {
        let plan = Program::compile(source, &mut Columns, Type::Bool).expect("the rules are well typed");
        let ours = nanoseconds(20_000, |round| {
            let vector = &vectors[round % VECTORS];
            black_box(plan.eval_bool(|Slot(at)| vector[at as usize]));
        });
        let program = cel::Program::compile(source).expect("the rules are CEL");
        let names: Vec<usize> = plan.slots().iter().map(|slot| slot.0 as usize).collect();
        let context_of = |vector: &[f64]| {
            let mut context = cel::Context::default();
            for at in &names {
                context.add_variable_from_value(format!("f{at}"), vector[*at]);
            }
            context
        };
        let contexts: Vec<cel::Context> = vectors.iter().map(|vector| context_of(vector)).collect();
        let ready = nanoseconds(1_000, |round| {
            black_box(program.execute(&contexts[round % VECTORS]).expect("it runs"));
        });
        let set = nanoseconds(100, |round| {
            black_box(program.execute(&context_of(&vectors[round % VECTORS])).expect("it runs"));
        });
        println!("{name:<36}{ours:>10.1}{ready:>16.0}{set:>20.0}");
        for vector in &vectors {
            let theirs = program.execute(&context_of(vector)).expect("it runs");
            let ours = plan.eval_bool(|Slot(at)| vector[at as usize]);
            assert_eq!(theirs, cel::Value::Bool(ours), "{source}");
        }
    }
}
