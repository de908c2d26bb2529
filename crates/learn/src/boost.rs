//! How do trees learn together? Each next one from the gradients of the weighted log-loss, until held-out time stops it.
//!
//! Newton boosting (Friedman 2001; Chen and Guestrin 2016). Rows and inputs may be sampled per tree from a seed. The
//! exponential is `libm`'s and all sums have a fixed order: the same data and settings give the same bytes on every
//! machine and with any number of threads.

use crate::bins::{Bins, Matrix};
use crate::chance::Chance;
use crate::grow::{GrowSettings, Work, grow};
use crate::tree::{Branch, Tree};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Rows handed to a thread at once when gradients are computed.
const CHUNK_ROWS: usize = 16_384;

/// Settings of boosting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BoostSettings {
    /// Trees at most.
    pub trees_max: usize,
    /// Factor on each tree.
    pub learning_rate: f64,
    /// Leaves of a tree at most; 2–64.
    pub leaves_max: usize,
    /// Splits on a path at most; 1–16.
    pub depth_max: usize,
    /// Least sum of weight × p(1 − p) in a leaf: what keeps single customers from being memorised.
    pub leaf_weight_min: f64,
    /// L2 penalty on leaf values.
    pub l2: f64,
    /// Least fall of the loss for a split.
    pub gain_min: f64,
    /// Bins of an input at most; 2–254.
    pub bins_max: usize,
    /// Share of the rows that a tree sees, 0–1.
    pub row_share: f64,
    /// Share of the inputs that a tree may use, 0–1.
    pub input_share: f64,
    /// Rounds without a better validation log-loss after which training stops.
    pub patience: usize,
    /// Seed of the samples.
    pub seed: u64,
}

impl Default for BoostSettings {
    fn default() -> Self {
        Self {
            trees_max: 500,
            learning_rate: 0.05,
            leaves_max: 31,
            depth_max: 8,
            leaf_weight_min: 3.0,
            l2: 3.0,
            gain_min: 0.0,
            bins_max: 254,
            row_share: 0.7,
            input_share: 0.5,
            patience: 50,
            seed: 1,
        }
    }
}

/// Rows to learn from.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// Inputs.
    pub matrix: &'a Matrix,
    /// 0 or 1, or a probability between, by row.
    pub target: &'a [f32],
    /// Weight by row, ≥ 0.
    pub weight: &'a [f32],
}

/// Boosted trees: the raw score is `base` plus the leaves' values, added in the order of the trees.
#[derive(Clone, PartialEq, Debug)]
pub struct Boosted {
    /// Log-odds before the first tree.
    pub base: f64,
    /// In the order of their sum.
    pub trees: Vec<Tree>,
    /// Weighted validation log-loss after each tree, those past the best included.
    pub history: Vec<f64>,
}

impl Boosted {
    /// The raw score of each row of a matrix.
    pub fn raw(&self, matrix: &Matrix) -> Vec<f64> {
        (0..matrix.rows())
            .into_par_iter()
            .with_min_len(256)
            .map(|row| {
                self.trees.iter().fold(self.base, |sum, tree| {
                    sum + tree.leaves()[tree.leaf_of(|input| matrix.column(input as usize)[row])].value
                })
            })
            .collect()
    }
}

/// Weighted mean of the target, kept off 0 and 1.
fn mean(rows: &Rows<'_>) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (&y, &w) in rows.target.iter().zip(rows.weight) {
        sum += f64::from(y) * f64::from(w);
        weight += f64::from(w);
    }
    if weight > 0.0 { (sum / weight).clamp(1e-6, 1.0 - 1e-6) } else { 0.5 }
}

/// Logistic function.
pub fn sigmoid(raw: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-raw))
}

/// Inverse of [`sigmoid`].
pub fn logit(p: f64) -> f64 {
    libm::log(p / (1.0 - p))
}

/// Log-loss of a raw score, without overflow at either end.
pub fn log_loss(raw: f64, y: f64) -> f64 {
    raw.max(0.0) - raw * y + libm::log1p(libm::exp(-raw.abs()))
}

/// Trains on `fit`; `validation` stops it (without one, all `trees_max` are grown). `monotone` may be empty.
pub fn boost(
    fit: Rows<'_>,
    validation: Option<Rows<'_>>,
    monotone: &[i8],
    settings: &BoostSettings,
) -> Boosted {
    let bins = Bins::fit(fit.matrix, settings.bins_max);
    let grow_settings = GrowSettings {
        leaves_max: settings.leaves_max.clamp(2, 64),
        depth_max: settings.depth_max.clamp(1, 16),
        leaf_weight_min: settings.leaf_weight_min,
        l2: settings.l2,
        gain_min: settings.gain_min,
        learning_rate: settings.learning_rate,
        monotone: monotone.to_vec(),
    };
    let base = logit(mean(&fit));
    let mut raw = vec![base; bins.rows];
    let mut held_out = validation.map(|v| HeldOut::new(v, &bins, base));
    let mut gradients = vec![[0.0f32; 2]; bins.rows];
    let usable: Vec<u32> = (0..bins.cuts.len() as u32).filter(|&i| can_split(&bins, i)).collect();
    let eligible: Vec<u32> = (0..bins.rows as u32).filter(|&r| fit.weight[r as usize] > 0.0).collect();
    let mut chance = Chance::new(settings.seed, 1);
    let mut boosted = Boosted { base, trees: Vec::new(), history: Vec::new() };
    let mut best = (f64::INFINITY, 0);
    for round in 0..settings.trees_max {
        update_gradients(&mut gradients, &raw, &fit);
        let mut rows = sample(&eligible, settings.row_share, &mut chance);
        let inputs = sample_inputs(&usable, settings.input_share, &mut chance);
        let work = Work { bins: &bins, inputs: &inputs, gradients: &gradients, weights: fit.weight };
        let grown = grow(&work, &mut rows, &grow_settings);
        if grown.tree.splits().is_empty() && settings.row_share >= 1.0 && settings.input_share >= 1.0 {
            break; // Nothing is left to learn, and no other sample will come.
        }
        add(&mut raw, &grown.tree, &bins);
        boosted.trees.push(grown.tree);
        if let Some(held_out) = &mut held_out {
            let tree = boosted.trees.last().expect("a tree was just added");
            let loss = held_out.loss_with(tree);
            boosted.history.push(loss);
            if loss < best.0 - 1e-9 {
                best = (loss, round + 1);
            } else if round + 1 - best.1 >= settings.patience {
                break;
            }
        }
    }
    if held_out.is_some() {
        boosted.trees.truncate(best.1.max(1));
    }
    boosted
}

/// Whether an input can part the rows at all.
fn can_split(bins: &Bins, input: u32) -> bool {
    !bins.cuts[input as usize].is_empty() || bins.columns[input as usize].windows(2).any(|w| w[0] != w[1])
}

fn update_gradients(gradients: &mut [[f32; 2]], raw: &[f64], rows: &Rows<'_>) {
    gradients.par_chunks_mut(CHUNK_ROWS).enumerate().for_each(|(chunk, out)| {
        let start = chunk * CHUNK_ROWS;
        for (i, g) in out.iter_mut().enumerate() {
            let (p, w) = (sigmoid(raw[start + i]), f64::from(rows.weight[start + i]));
            *g = [
                ((p - f64::from(rows.target[start + i])) * w) as f32,
                ((p * (1.0 - p)).max(1e-9) * w) as f32,
            ];
        }
    });
}

fn sample(eligible: &[u32], share: f64, chance: &mut Chance) -> Vec<u32> {
    if share >= 1.0 {
        return eligible.to_vec();
    }
    eligible.iter().copied().filter(|_| chance.unit() < share).collect()
}

/// A share of the inputs, at least one, ascending.
fn sample_inputs(usable: &[u32], share: f64, chance: &mut Chance) -> Vec<u32> {
    let wanted = ((usable.len() as f64 * share).ceil() as usize).clamp(usable.len().min(1), usable.len());
    let mut pool = usable.to_vec();
    for i in 0..wanted {
        let j = i + chance.below(pool.len() - i);
        pool.swap(i, j);
    }
    pool.truncate(wanted);
    pool.sort_unstable();
    pool
}

/// Adds a tree to the raw scores of binned rows.
fn add(raw: &mut [f64], tree: &Tree, bins: &Bins) {
    let splits: Vec<(usize, u8, bool, Branch, Branch)> = tree
        .splits()
        .iter()
        .map(|s| {
            let last_left = bins.cuts[s.input as usize].last_left(s.threshold);
            (s.input as usize, last_left, s.missing_left, s.left, s.right)
        })
        .collect();
    raw.par_chunks_mut(CHUNK_ROWS).enumerate().for_each(|(chunk, out)| {
        for (i, sum) in out.iter_mut().enumerate() {
            let row = chunk * CHUNK_ROWS + i;
            let mut at = tree.root();
            while let Branch::Split(split) = at {
                let (input, last_left, missing_left, left, right) = splits[split as usize];
                let bin = bins.columns[input][row];
                let goes_left = if bin == 0 { missing_left } else { bin <= last_left };
                at = if goes_left { left } else { right };
            }
            if let Branch::Leaf(leaf) = at {
                *sum += tree.leaves()[leaf as usize].value;
            }
        }
    });
}

/// Later rows that tell when to stop.
struct HeldOut<'a> {
    rows: Rows<'a>,
    bins: Bins,
    raw: Vec<f64>,
}

impl<'a> HeldOut<'a> {
    fn new(rows: Rows<'a>, fit: &Bins, base: f64) -> Self {
        let bins = Bins::with_cuts(rows.matrix, &fit.cuts);
        Self { rows, raw: vec![base; bins.rows], bins }
    }
    /// Adds a tree; the weighted mean log-loss from then on.
    fn loss_with(&mut self, tree: &Tree) -> f64 {
        add(&mut self.raw, tree, &self.bins);
        let (mut sum, mut weight) = (0.0, 0.0);
        for ((&raw, &y), &w) in self.raw.iter().zip(self.rows.target).zip(self.rows.weight) {
            sum += f64::from(w) * log_loss(raw, f64::from(y));
            weight += f64::from(w);
        }
        if weight > 0.0 { sum / weight } else { 0.0 }
    }
}
