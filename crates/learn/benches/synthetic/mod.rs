//! Which data do the benchmarks use? Requests with flags, counts, unknowns and skewed amounts; the target is known.

use ringfence_learn::bins::Matrix;
use ringfence_learn::boost::sigmoid;
use ringfence_learn::chance::Chance;

/// A matrix of `rows` × `inputs` and its target, about an eighth of it abuse.
pub(crate) fn synthetic(rows: usize, inputs: usize, seed: u64) -> (Matrix, Vec<f32>) {
    let mut chance = Chance::new(seed, 42);
    let mut columns = vec![Vec::with_capacity(rows); inputs];
    let mut target = Vec::with_capacity(rows);
    for _ in 0..rows {
        let mut log_odds = -5.2;
        for (j, column) in columns.iter_mut().enumerate() {
            let u = chance.unit();
            let x = match j % 5 {
                0 => f64::from(u8::from(u < 0.1)),
                1 => (u * 12.0).floor(),
                2 if u < 0.3 => f64::NAN,
                2 => u,
                _ => -libm::log(1.0 - u) * 10.0,
            };
            if j < 15 && !x.is_nan() {
                let w = ((j * 7) % 5) as f64 * 0.25 - 0.35;
                log_odds += match j % 5 {
                    0 => 3.0 * w * x,
                    1 => 2.0 * w * (x / 6.0 - 1.0).abs(),
                    2 => 2.0 * w * x,
                    _ => w * (x / 10.0).min(3.0),
                };
            }
            column.push(x as f32);
        }
        let at = |j: usize| columns[j.min(inputs - 1)].last().copied().unwrap_or(0.0) as f64;
        log_odds += 2.0 * at(3).min(20.0) / 20.0 * at(5);
        target.push(f32::from(u8::from(chance.unit() < sigmoid(log_odds))));
    }
    (Matrix::new(columns, rows), target)
}
