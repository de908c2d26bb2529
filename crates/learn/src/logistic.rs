//! How far does a line go? L2-regularised logistic regression, the plain model to compare with.

use crate::bins::Matrix;
use crate::boost::{Rows, sigmoid};
use rayon::prelude::*;

/// Rows it learns from at most, evenly spaced in time: past this its figures no longer move.
const ROWS_MAX: usize = 40_000;

/// Steps of accelerated gradient descent.
const STEPS: usize = 150;

/// A logistic regression over standardised inputs; unknown inputs count as the mean and have a term of their own.
#[derive(Clone, Debug)]
pub struct Logistic {
    mean: Vec<f64>,
    scale: Vec<f64>,
    /// Weight of the standardised input and of "is unknown", by input.
    weights: Vec<[f64; 2]>,
    intercept: f64,
}

impl Logistic {
    /// Fits by Nesterov's accelerated gradient with the step that the curvature allows.
    pub fn fit(rows: Rows<'_>, l2: f64) -> Logistic {
        let eligible: Vec<u32> =
            (0..rows.matrix.rows() as u32).filter(|&r| rows.weight[r as usize] > 0.0).collect();
        let chosen: Vec<u32> =
            eligible.iter().copied().step_by(eligible.len().div_ceil(ROWS_MAX).max(1)).collect();
        let matrix = rows.matrix.take(&chosen);
        let (n, width) = (chosen.len(), matrix.width());
        let (mean, scale): (Vec<f64>, Vec<f64>) = (0..width).map(|i| moments(matrix.column(i))).unzip();
        let mut model = Logistic { mean, scale, weights: vec![[0.0; 2]; width], intercept: 0.0 };
        let columns: Vec<Vec<[f32; 2]>> = (0..width)
            .into_par_iter()
            .map(|i| matrix.column(i).iter().map(|&x| model.terms(i, x).map(|t| t as f32)).collect())
            .collect();
        let weight: Vec<f64> = chosen.iter().map(|&r| f64::from(rows.weight[r as usize])).collect();
        let target: Vec<f64> = chosen.iter().map(|&r| f64::from(rows.target[r as usize])).collect();
        let total: f64 = weight.iter().sum::<f64>().max(1e-9);
        // The curvature is at most ¼ of the largest eigenvalue of XᵀX/n, found by power iteration, plus the penalty.
        let step = 1.0 / (0.25 * largest_eigenvalue(&columns, &weight, total) + l2 / total);
        let mut ahead = model.clone();
        for t in 0..STEPS {
            let mut raw = vec![ahead.intercept; n];
            for (column, w) in columns.iter().zip(&ahead.weights) {
                for (sum, x) in raw.iter_mut().zip(column) {
                    *sum += w[0] * f64::from(x[0]) + w[1] * f64::from(x[1]);
                }
            }
            let slope: Vec<f64> = (0..n).map(|i| weight[i] * (sigmoid(raw[i]) - target[i]) / total).collect();
            let gradients: Vec<[f64; 2]> = columns.par_iter().map(|c| project(c, &slope)).collect();
            let before = model.clone();
            model.intercept = ahead.intercept - step * slope.iter().sum::<f64>();
            for ((w, a), g) in model.weights.iter_mut().zip(&ahead.weights).zip(&gradients) {
                for k in 0..2 {
                    w[k] = a[k] - step * (g[k] + l2 / total * a[k]);
                }
            }
            let momentum = t as f64 / (t as f64 + 3.0);
            ahead.intercept = model.intercept + momentum * (model.intercept - before.intercept);
            for ((a, w), b) in ahead.weights.iter_mut().zip(&model.weights).zip(&before.weights) {
                for k in 0..2 {
                    a[k] = w[k] + momentum * (w[k] - b[k]);
                }
            }
        }
        model
    }
    /// The raw score (log-odds) of each row.
    pub fn raw(&self, matrix: &Matrix) -> Vec<f64> {
        let mut raw = vec![self.intercept; matrix.rows()];
        for (i, w) in self.weights.iter().enumerate() {
            for (sum, &x) in raw.iter_mut().zip(matrix.column(i)) {
                let terms = self.terms(i, x);
                *sum += w[0] * terms[0] + w[1] * terms[1];
            }
        }
        raw
    }

    fn terms(&self, input: usize, x: f32) -> [f64; 2] {
        if x.is_nan() {
            [0.0, 1.0]
        } else {
            [((f64::from(x) - self.mean[input]) / self.scale[input]).clamp(-5.0, 5.0), 0.0]
        }
    }
}

fn moments(column: &[f32]) -> (f64, f64) {
    let known = || column.iter().filter(|x| !x.is_nan()).map(|&x| f64::from(x));
    let n = known().count().max(1) as f64;
    let mean = known().sum::<f64>() / n;
    let variance = known().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    (mean, if variance > 1e-18 { variance.sqrt() } else { 1.0 })
}

fn project(column: &[[f32; 2]], slope: &[f64]) -> [f64; 2] {
    column
        .iter()
        .zip(slope)
        .fold([0.0; 2], |s, (x, g)| [s[0] + f64::from(x[0]) * g, s[1] + f64::from(x[1]) * g])
}

fn largest_eigenvalue(columns: &[Vec<[f32; 2]>], weight: &[f64], total: f64) -> f64 {
    let mut v = vec![[1.0f64; 2]; columns.len()];
    let mut intercept = 1.0;
    let mut value = 1.0;
    for _ in 0..12 {
        let norm = (v.iter().flatten().map(|x| x * x).sum::<f64>() + intercept * intercept).sqrt().max(1e-12);
        v.iter_mut().flatten().for_each(|x| *x /= norm);
        intercept /= norm;
        let mut along = vec![intercept; weight.len()];
        for (column, v) in columns.iter().zip(&v) {
            for (sum, x) in along.iter_mut().zip(column) {
                *sum += v[0] * f64::from(x[0]) + v[1] * f64::from(x[1]);
            }
        }
        for (a, w) in along.iter_mut().zip(weight) {
            *a *= w / total;
        }
        v = columns.par_iter().map(|c| project(c, &along)).collect();
        intercept = along.iter().sum();
        value = (v.iter().flatten().map(|x| x * x).sum::<f64>() + intercept * intercept).sqrt();
    }
    value * 1.2 // Power iteration comes from below.
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::metrics::Ranking;

    #[test]
    fn it_finds_a_line_and_the_meaning_of_unknown() {
        let mut chance = Chance::new(8, 8);
        let n = 8_000;
        let (mut a, mut b, mut y) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..n {
            let (x, unknown) = (chance.unit() * 4.0, chance.unit() < 0.3);
            a.push(x as f32);
            b.push(if unknown { f32::NAN } else { chance.unit() as f32 });
            y.push(f32::from(u8::from(
                chance.unit() < sigmoid(1.5 * x - 4.0 + if unknown { 1.0 } else { 0.0 }),
            )));
        }
        let matrix = Matrix::new(vec![a, b], n);
        let model = Logistic::fit(Rows { matrix: &matrix, target: &y, weight: &vec![1.0; n] }, 1.0);
        let slope = model.weights[0][0] / model.scale[0];
        assert!((slope - 1.5).abs() < 0.15 && (model.weights[1][1] - 1.0).abs() < 0.2, "{model:?}");
        let target: Vec<bool> = y.iter().map(|&y| y > 0.5).collect();
        let auc = Ranking::new(&model.raw(&matrix), &target).auc(&vec![1.0; n]).unwrap();
        assert!(auc > 0.83, "{auc}");
    }
}
