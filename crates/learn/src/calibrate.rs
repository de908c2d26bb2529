//! What probability does a raw score stand for? A strictly rising curve, fitted on held-out time.
//!
//! Three families compete on later rows of the calibration time: Platt's sigmoid (1999), beta calibration (Kull, Silva
//! Filho and Flach, AISTATS 2017) and isotonic regression by pooling adjacent violators (Zadrozny and Elkan, KDD 2002),
//! here joined by lines in log-odds and drawn towards Platt's curve where blocks are small, so that it never ties two
//! different scores and never says 0 or 1.

use crate::boost::{log_loss, logit, sigmoid};
use serde::{Deserialize, Serialize};

/// Pseudo-rows by which a block of the isotonic curve is drawn towards Platt's: a block of 20 rows keeps four fifths.
const ISOTONIC_PRIOR_ROWS: f64 = 5.0;

/// Least weight of an isotonic block: below it the curve follows noise.
const ISOTONIC_BLOCK_MIN: f64 = 20.0;

/// Least slope of a curve in log-odds: keeps it strictly rising where the score tells nothing.
const SLOPE_MIN: f64 = 1e-3;

/// Newton steps at most; convergence takes below ten.
const NEWTON_STEPS_MAX: usize = 50;

/// A strictly rising curve from the raw score (log-odds) to a probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum Calibration {
    /// The raw score is the log-odds already.
    Identity,
    /// Log-odds = slope × raw + intercept.
    Platt {
        /// Above 0.
        slope: f64,
        /// Any.
        intercept: f64,
    },
    /// Log-odds = a × ln s − b × ln(1 − s) + c with s the logistic of the raw score.
    Beta {
        /// Above 0.
        a: f64,
        /// Above 0.
        b: f64,
        /// Any.
        c: f64,
    },
    /// Log-odds by lines through points, and with `slope` past both ends.
    Isotonic {
        /// Raw scores, strictly ascending; at least one.
        raw: Vec<f64>,
        /// Log-odds there, strictly ascending.
        log_odds: Vec<f64>,
        /// Above 0.
        slope: f64,
    },
}

/// One row of the calibration time.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Raw score.
    pub raw: f64,
    /// 0 or 1, or a probability between.
    pub target: f64,
    /// ≥ 0.
    pub weight: f64,
}

impl Calibration {
    /// The calibrated probability, strictly between 0 and 1 for raw scores within ±30.
    pub fn probability(&self, raw: f64) -> f64 {
        sigmoid(self.log_odds(raw))
    }
    /// The calibrated log-odds.
    pub fn log_odds(&self, raw: f64) -> f64 {
        match self {
            Calibration::Identity => raw,
            Calibration::Platt { slope, intercept } => slope * raw + intercept,
            Calibration::Beta { a, b, c } => {
                // ln s = −softplus(−raw), ln(1 − s) = −softplus(raw).
                b * log_loss(raw, 0.0) - a * log_loss(raw, 1.0) + c
            }
            Calibration::Isotonic { raw: xs, log_odds, slope } => {
                let after = xs.partition_point(|&x| x <= raw);
                if after == 0 {
                    return log_odds[0] + slope * (raw - xs[0]);
                }
                if after == xs.len() {
                    return log_odds[after - 1] + slope * (raw - xs[after - 1]);
                }
                let share = (raw - xs[after - 1]) / (xs[after] - xs[after - 1]);
                log_odds[after - 1] + share * (log_odds[after] - log_odds[after - 1])
            }
        }
    }
    /// What is wrong with the numbers, if anything: a curve must rise and be finite.
    pub fn fault(&self) -> Option<String> {
        let rises = |xs: &[f64]| xs.windows(2).all(|w| w[0] < w[1]) && xs.iter().all(|x| x.is_finite());
        let good = match self {
            Calibration::Identity => true,
            Calibration::Platt { slope, intercept } => {
                *slope > 0.0 && slope.is_finite() && intercept.is_finite()
            }
            Calibration::Beta { a, b, c } => *a > 0.0 && *b > 0.0 && [a, b, c].iter().all(|x| x.is_finite()),
            Calibration::Isotonic { raw, log_odds, slope } => {
                !raw.is_empty()
                    && raw.len() == log_odds.len()
                    && rises(raw)
                    && rises(log_odds)
                    && *slope > 0.0
                    && slope.is_finite()
            }
        };
        (!good)
            .then(|| "the calibration does not rise strictly or holds numbers that are not finite".to_owned())
    }
    /// Its name in cards.
    pub fn name(&self) -> &'static str {
        match self {
            Calibration::Identity => "none",
            Calibration::Platt { .. } => "platt",
            Calibration::Beta { .. } => "beta",
            Calibration::Isotonic { .. } => "isotonic",
        }
    }
}

/// What was chosen, and how the families did on the later rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationChoice {
    /// The curve, fitted on all points.
    pub calibration: Calibration,
    /// Weighted log-loss on the later half, by family, of curves fitted on the earlier half.
    pub held_out: Vec<(String, f64)>,
}

type Fit = fn(&[Point]) -> Calibration;

/// Fits every family on the earlier half of `points` (which are in the order of time), takes the one with the least
/// log-loss on the later half, and fits it again on all.
pub fn calibrate(points: &[Point]) -> CalibrationChoice {
    let (early, late) = points.split_at(points.len() / 2);
    let families: [(&str, Fit); 3] = [("platt", fit_platt), ("beta", fit_beta), ("isotonic", fit_isotonic)];
    if !both_classes(points) {
        return CalibrationChoice { calibration: Calibration::Identity, held_out: Vec::new() };
    }
    let mut held_out = Vec::new();
    let mut best: (f64, Fit) = (f64::INFINITY, fit_platt);
    if both_classes(early) && both_classes(late) {
        for (name, fit) in families {
            let loss = loss(&fit(early), late);
            held_out.push((name.to_owned(), loss));
            if loss < best.0 - 1e-6 {
                best = (loss, fit);
            }
        }
    }
    CalibrationChoice { calibration: best.1(points), held_out }
}

fn both_classes(points: &[Point]) -> bool {
    let mass = |yes: bool| -> f64 {
        points.iter().map(|p| p.weight * if yes { p.target } else { 1.0 - p.target }).sum()
    };
    mass(true) > 0.0 && mass(false) > 0.0
}

fn loss(calibration: &Calibration, points: &[Point]) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for p in points {
        sum += p.weight * log_loss(calibration.log_odds(p.raw), p.target);
        weight += p.weight;
    }
    sum / weight
}

/// Platt's sigmoid by Newton's method, with a weak pull towards slope 1.
pub fn fit_platt(points: &[Point]) -> Calibration {
    let rows = points.iter().map(|p| ([p.raw, 1.0, 0.0], p.target, p.weight));
    let [slope, intercept, _] = newton(&rows.collect::<Vec<_>>(), [1.0, 0.0, 0.0], 2);
    Calibration::Platt { slope: slope.max(SLOPE_MIN), intercept }
}

/// Beta calibration; where one side would fall, Platt's sigmoid instead.
pub fn fit_beta(points: &[Point]) -> Calibration {
    let rows =
        points.iter().map(|p| ([-log_loss(p.raw, 1.0), log_loss(p.raw, 0.0), 1.0], p.target, p.weight));
    let [a, b, c] = newton(&rows.collect::<Vec<_>>(), [1.0, 1.0, 0.0], 3);
    if a > SLOPE_MIN && b > SLOPE_MIN { Calibration::Beta { a, b, c } } else { fit_platt(points) }
}

/// Weighted logistic regression of at most three terms, drawn weakly to `start`.
fn newton(rows: &[([f64; 3], f64, f64)], start: [f64; 3], terms: usize) -> [f64; 3] {
    const PULL: f64 = 0.01;
    let mut w = start;
    for _ in 0..NEWTON_STEPS_MAX {
        let mut gradient = [0.0; 3];
        let mut hessian = [[0.0; 3]; 3];
        for k in 0..terms {
            gradient[k] = PULL * (w[k] - start[k]);
            hessian[k][k] = PULL;
        }
        for (x, y, weight) in rows {
            let p = sigmoid((0..terms).map(|k| w[k] * x[k]).sum());
            let h = weight * (p * (1.0 - p)).max(1e-9);
            for k in 0..terms {
                gradient[k] += weight * (p - y) * x[k];
                for j in 0..terms {
                    hessian[k][j] += h * x[k] * x[j];
                }
            }
        }
        let step = solve(hessian, gradient, terms);
        // A long step may leave the region where the quadratic holds: at most 5 in log-odds terms.
        let long = step.iter().fold(1.0f64, |m, s| m.max(s.abs() / 5.0));
        for k in 0..terms {
            w[k] -= step[k] / long;
        }
        if step.iter().all(|s| s.abs() < 1e-10) {
            break;
        }
    }
    w
}

/// Gaussian elimination with pivots; the matrix is positive definite.
fn solve(mut a: [[f64; 3]; 3], mut b: [f64; 3], n: usize) -> [f64; 3] {
    for i in 0..n {
        let pivot = (i..n).fold(i, |best, r| if a[r][i].abs() > a[best][i].abs() { r } else { best });
        a.swap(i, pivot);
        b.swap(i, pivot);
        for r in i + 1..n {
            let factor = a[r][i] / a[i][i];
            let above = a[i];
            for (x, y) in a[r].iter_mut().zip(above).skip(i) {
                *x -= factor * y;
            }
            b[r] -= factor * b[i];
        }
    }
    let mut x = [0.0; 3];
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|c| a[i][c] * x[c]).sum();
        x[i] = (b[i] - known) / a[i][i];
    }
    x
}

#[derive(Clone, Copy)]
struct Block {
    weight: f64,
    raw: f64,
    target: f64,
}

impl Block {
    fn with(self, other: Block) -> Block {
        let weight = self.weight + other.weight;
        let mix = |a: f64, b: f64| (a * self.weight + b * other.weight) / weight;
        Block { weight, raw: mix(self.raw, other.raw), target: mix(self.target, other.target) }
    }
}

/// Isotonic regression, smoothed.
pub fn fit_isotonic(points: &[Point]) -> Calibration {
    let platt = fit_platt(points);
    let Calibration::Platt { slope, .. } = platt else { return platt };
    let mut sorted: Vec<&Point> = points.iter().filter(|p| p.weight > 0.0).collect();
    sorted.sort_by(|a, b| a.raw.total_cmp(&b.raw));
    let mut blocks: Vec<Block> = Vec::new();
    for p in sorted {
        blocks.push(Block { weight: p.weight, raw: p.raw, target: p.target });
        pool(&mut blocks, |last, next| last.target >= next.target || last.weight < ISOTONIC_BLOCK_MIN);
    }
    // A last block that stayed small joins the one before it.
    if let [.., _, last] = blocks.as_slice()
        && last.weight < ISOTONIC_BLOCK_MIN
    {
        pool_last(&mut blocks);
    }
    for block in &mut blocks {
        let prior = platt.probability(block.raw);
        block.target = (block.target * block.weight + prior * ISOTONIC_PRIOR_ROWS)
            / (block.weight + ISOTONIC_PRIOR_ROWS);
    }
    let mut rising: Vec<Block> = Vec::new();
    for block in blocks {
        rising.push(block);
        pool(&mut rising, |last, next| last.target >= next.target - 1e-9 || last.raw >= next.raw - 1e-9);
    }
    Calibration::Isotonic {
        raw: rising.iter().map(|b| b.raw).collect(),
        log_odds: rising.iter().map(|b| logit(b.target.clamp(1e-9, 1.0 - 1e-9))).collect(),
        slope,
    }
}

/// Merges the last two blocks as long as they violate.
fn pool(blocks: &mut Vec<Block>, violates: impl Fn(&Block, &Block) -> bool) {
    while let [.., last, next] = blocks.as_slice() {
        if !violates(last, next) {
            break;
        }
        pool_last(blocks);
    }
}

fn pool_last(blocks: &mut Vec<Block>) {
    if let (Some(next), Some(last)) = (blocks.pop(), blocks.pop()) {
        blocks.push(last.with(next));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    /// Rows whose true log-odds are `truth(raw)`.
    fn drawn(n: usize, truth: impl Fn(f64) -> f64) -> Vec<Point> {
        let mut chance = Chance::new(3, 9);
        (0..n)
            .map(|_| {
                let raw = chance.unit() * 8.0 - 6.0;
                let target = f64::from(chance.unit() < sigmoid(truth(raw)));
                Point { raw, target, weight: 1.0 }
            })
            .collect()
    }

    #[test]
    fn platt_finds_slope_and_intercept() {
        let Calibration::Platt { slope, intercept } = fit_platt(&drawn(40_000, |raw| 0.6 * raw - 0.5)) else {
            panic!("not platt")
        };
        assert!((slope - 0.6).abs() < 0.03 && (intercept + 0.5).abs() < 0.06, "{slope} {intercept}");
    }

    #[test]
    fn every_family_is_close_to_the_truth_and_strictly_rises() {
        let points = drawn(40_000, |raw| 0.6 * raw - 0.5);
        for fit in [fit_platt, fit_beta, fit_isotonic] {
            let calibration = fit(&points);
            assert_eq!(calibration.fault(), None, "{calibration:?}");
            let mut last = -1.0;
            for i in -90..=60 {
                let raw = f64::from(i) / 10.0;
                let p = calibration.probability(raw);
                assert!(p > last, "{} ties at {raw}", calibration.name());
                last = p;
                if (-60..=20).contains(&i) {
                    assert!((p - sigmoid(0.6 * raw - 0.5)).abs() < 0.05, "{} {raw} {p}", calibration.name());
                }
            }
        }
    }

    #[test]
    fn a_bent_truth_is_left_to_the_family_that_bends() {
        let choice = calibrate(&drawn(40_000, |raw| if raw < -1.0 { -3.0 } else { raw * 2.0 }));
        assert_eq!(choice.calibration.name(), "isotonic", "{:?}", choice.held_out);
    }

    #[test]
    fn one_class_alone_changes_nothing() {
        let points: Vec<Point> =
            drawn(100, |_| -9.0).into_iter().map(|p| Point { target: 0.0, ..p }).collect();
        assert_eq!(calibrate(&points).calibration, Calibration::Identity);
    }

    #[test]
    fn few_rows_do_not_make_it_certain() {
        let points =
            [Point { raw: -1.0, target: 0.0, weight: 1.0 }, Point { raw: 1.0, target: 1.0, weight: 1.0 }];
        for fit in [fit_platt, fit_beta, fit_isotonic] {
            let p = fit(&points).probability(1.0);
            assert!(p > 0.4 && p < 0.999, "{p}");
        }
    }
}
