//! What is the score of one vector? The trees' sum, bit for bit as in training, in microseconds.
//!
//! QuickScorer (Lucchese et al., SIGIR 2015): each tree has a word of bits, a bit a leaf. Every split that a vector does
//! not pass to the left clears the leaves on its left; the lowest bit left is the leaf it ends in. Splits are sorted by
//! input and threshold over all trees, so that one pass over a sorted list per input replaces walking from root to leaf
//! with its unforeseeable branches. Trees of more than 64 leaves (imported ones) are walked.
//!
//! This file never uses a clock, a thread, chance or a hash map (INV-1).

use crate::calibrate::Calibration;
use crate::model::{Encoding, Model, ModelError, Sum};
use crate::shap::{Shapley, ShapleyScratch};
use crate::tree::{Branch, Tree};
use ringfence_domain::vector::Schema;

/// Leaves that a word of bits holds.
const LEAVES_MAX: usize = 64;

/// Numbers are held within this, so that a threshold always parts them; far beyond any amount or count.
pub const INPUT_MAX: f32 = 1e38;

/// A model made ready for scoring. Cheap to share: it never changes.
#[derive(Clone, Debug)]
pub struct Scorer {
    columns: usize,
    inputs: Vec<Source>,
    /// Column of each input.
    column_of: Vec<u32>,
    /// By input: its splits in `cuts`, and those in `missing`.
    blocks: Vec<Block>,
    cuts: Cuts,
    /// Masks of splits that send the unknown right, by input.
    missing: Vec<(u32, u64)>,
    /// By tree: where its leaves start.
    leaf_starts: Vec<u32>,
    /// Values of the leaves, left to right, tree by tree.
    values: Vec<f64>,
    /// Trees that are walked: their index and form; `None` where none is.
    walked: Vec<(usize, Tree)>,
    /// For walked trees: number of each leaf from left to right.
    walked_order: Vec<Vec<u32>>,
    base: f64,
    sum: Sum,
    calibration: Calibration,
    expectation: f64,
    /// By leaf: its steps in `steps`.
    step_starts: Vec<u32>,
    /// What each split on the way to a leaf changed: column, change of the mean.
    steps: Vec<(u32, f64)>,
    shapley: Option<Shapley>,
}

/// Splits in the order of input and threshold, as arrays side by side.
#[derive(Clone, Debug, Default)]
struct Cuts {
    threshold: Vec<f32>,
    /// Tree, and a mask without the leaves left of the split.
    mask: Vec<(u32, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    cuts: (u32, u32),
    missing: (u32, u32),
}

/// Where an input comes from.
#[derive(Clone, Debug)]
struct Source {
    column: u32,
    encoding: Encoding,
}

/// Room for scoring one vector at a time; holds the last explanation.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    inputs: Vec<f32>,
    bits: Vec<u64>,
    leaves: Vec<u32>,
    attributions: Vec<f64>,
    shapley: ShapleyScratch,
}

impl Scratch {
    /// The last explanation by column of the schema, in probability points; see [`Explained`].
    pub fn attributions(&self) -> &[f64] {
        &self.attributions
    }
}

/// A score and what it was explained from; the parts are in [`Scratch::attributions`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Explained {
    /// The trees' sum, in log-odds before calibration.
    pub raw: f64,
    /// Calibrated probability.
    pub probability: f64,
    /// Raw score expected of a training row: where the parts start.
    pub expected_raw: f64,
    /// The probability that stands for `expected_raw`; with all parts it sums to `probability`.
    pub expected_probability: f64,
}

impl Scorer {
    /// Checks that the model fits the schema, and prepares it.
    pub fn compile(model: &Model, schema: &Schema) -> Result<Scorer, ModelError> {
        model.fits(schema)?;
        let inputs: Vec<Source> = model
            .inputs
            .iter()
            .map(|input| {
                let column = schema.index(&input.column).expect("fits() found every column") as u32;
                Source { column, encoding: input.encoding.clone() }
            })
            .collect();
        let mut scorer = Scorer {
            columns: schema.columns.len(),
            blocks: Vec::new(),
            cuts: Cuts::default(),
            missing: Vec::new(),
            leaf_starts: vec![0],
            values: Vec::new(),
            walked: Vec::new(),
            walked_order: Vec::new(),
            base: model.base,
            sum: model.sum,
            calibration: model.calibration.calibration.clone(),
            expectation: model.expectation(),
            step_starts: vec![0],
            steps: Vec::new(),
            shapley: Shapley::new(&model.trees),
            column_of: inputs.iter().map(|source| source.column).collect(),
            inputs,
        };
        scorer.lay_out(&model.trees);
        Ok(scorer)
    }
    /// How many columns a vector has.
    pub fn columns(&self) -> usize {
        self.columns
    }
    /// The calibrated probability, 0–1.
    pub fn score(&self, vector: &[f64], scratch: &mut Scratch) -> f64 {
        self.calibration.probability(self.raw(vector, scratch))
    }
    /// The trees' sum before calibration, the same bits as the trainer's.
    pub fn raw(&self, vector: &[f64], scratch: &mut Scratch) -> f64 {
        self.read_inputs(vector, &mut scratch.inputs);
        self.find_leaves(scratch);
        self.add_up(&scratch.leaves)
    }
    /// The score, and what each column did to it on the paths that the vector took (Saabas 2014): at each split the mean
    /// of the training rows below it changes, and the change is put down to the split's column. Cheap; unlike Shapley
    /// values it favours splits near the leaves.
    pub fn explain_path(&self, vector: &[f64], scratch: &mut Scratch) -> Explained {
        let raw = self.raw(vector, scratch);
        scratch.attributions.clear();
        scratch.attributions.resize(self.columns, 0.0);
        for &leaf in &scratch.leaves {
            let range =
                self.step_starts[leaf as usize] as usize..self.step_starts[leaf as usize + 1] as usize;
            for &(column, change) in &self.steps[range] {
                scratch.attributions[column as usize] += change;
            }
        }
        self.in_probability(raw, &mut scratch.attributions)
    }
    /// The score, and each column's exact Shapley value; the path's where paths are too long for the exact rule
    /// (imported models with more than 64 different inputs on a path). A category's rate and count are summed.
    pub fn explain_exact(&self, vector: &[f64], scratch: &mut Scratch) -> Explained {
        let Some(shapley) = &self.shapley else { return self.explain_path(vector, scratch) };
        let raw = self.raw(vector, scratch);
        let Scratch { inputs, attributions, shapley: room, .. } = scratch;
        attributions.clear();
        attributions.resize(self.columns, 0.0);
        shapley.add_to(inputs, room, |input, value| {
            attributions[self.column_of[input as usize] as usize] += value;
        });
        self.in_probability(raw, attributions)
    }
    /// The raw score of a training row on average.
    pub fn expected_raw(&self) -> f64 {
        self.expectation
    }
    /// The calibrated probability of a raw score.
    pub fn probability(&self, raw: f64) -> f64 {
        self.calibration.probability(raw)
    }

    /// Turns parts of the raw score into parts of the probability. The way from the expectation to the score is shared in
    /// proportion to the raw parts, so signs and order stay and the parts still add up; where the score is as expected,
    /// the slope of the curve takes the place of the ratio.
    fn in_probability(&self, raw: f64, parts: &mut [f64]) -> Explained {
        let probability = self.calibration.probability(raw);
        let expected_probability = self.calibration.probability(self.expectation);
        let way = raw - self.expectation;
        let factor = if way.abs() > 1e-6 {
            (probability - expected_probability) / way
        } else {
            (self.calibration.probability(raw + 1e-3) - self.calibration.probability(raw - 1e-3)) / 2e-3
        };
        for part in parts {
            *part *= factor;
        }
        Explained { raw, probability, expected_raw: self.expectation, expected_probability }
    }

    fn read_inputs(&self, vector: &[f64], inputs: &mut Vec<f32>) {
        assert_eq!(vector.len(), self.columns, "a vector has a number for every column of its schema");
        inputs.clear();
        inputs.extend(self.inputs.iter().map(|source| {
            let x = vector[source.column as usize];
            match &source.encoding {
                Encoding::Number => input_of(x),
                Encoding::Rate(table) | Encoding::Count(table) => table.number(x as f32),
            }
        }));
    }

    /// Finds the leaf of each tree, numbered over all trees.
    fn find_leaves(&self, scratch: &mut Scratch) {
        let Scratch { inputs, bits, leaves, .. } = scratch;
        let trees = self.leaf_starts.len() - 1;
        bits.clear();
        bits.resize(trees, u64::MAX);
        let bits = bits.as_mut_slice();
        for (&x, block) in inputs.iter().zip(&self.blocks) {
            if x.is_nan() {
                for &(tree, mask) in &self.missing[block.missing.0 as usize..block.missing.1 as usize] {
                    bits[tree as usize] &= mask;
                }
                continue;
            }
            let range = block.cuts.0 as usize..block.cuts.1 as usize;
            let masks = &self.cuts.mask[range.clone()];
            for (&threshold, &(tree, mask)) in self.cuts.threshold[range].iter().zip(masks) {
                if threshold > x {
                    break;
                }
                bits[tree as usize] &= mask;
            }
        }
        leaves.clear();
        leaves.extend(bits.iter().zip(&self.leaf_starts).map(|(b, start)| start + b.trailing_zeros()));
        for ((tree, form), order) in self.walked.iter().zip(&self.walked_order) {
            let leaf = form.leaf_of(|i| inputs[i as usize]);
            leaves[*tree] = self.leaf_starts[*tree] + order[leaf];
        }
    }

    fn add_up(&self, leaves: &[u32]) -> f64 {
        match self.sum {
            Sum::F64 => leaves.iter().fold(self.base, |sum, &leaf| sum + self.values[leaf as usize]),
            Sum::F32 => {
                let base = self.base as f32;
                f64::from(leaves.iter().fold(base, |sum, &leaf| sum + self.values[leaf as usize] as f32))
            }
        }
    }

    fn lay_out(&mut self, trees: &[Tree]) {
        // Input, threshold, tree, mask; and input, tree, mask for the unknown.
        let mut cuts: Vec<(u32, f32, u32, u64)> = Vec::new();
        let mut missing: Vec<(u32, u32, u64)> = Vec::new();
        for (index, tree) in trees.iter().enumerate() {
            let walk = Walk::new(tree);
            for &leaf in &walk.left_to_right {
                self.values.push(tree.leaves()[leaf as usize].value);
                let steps = walk.steps[leaf as usize].iter();
                self.steps.extend(steps.map(|&(input, change)| (self.inputs[input as usize].column, change)));
                self.step_starts.push(self.steps.len() as u32);
            }
            self.leaf_starts.push(self.values.len() as u32);
            if tree.leaves().len() > LEAVES_MAX {
                let mut order = vec![0; tree.leaves().len()];
                for (number, &leaf) in walk.left_to_right.iter().enumerate() {
                    order[leaf as usize] = number as u32;
                }
                self.walked.push((index, tree.clone()));
                self.walked_order.push(order);
                continue;
            }
            for (split, &(from, to)) in tree.splits().iter().zip(&walk.left_leaves) {
                let mask = !(((1u64 << (to - from)) - 1) << from);
                cuts.push((split.input, split.threshold, index as u32, mask));
                if !split.missing_left {
                    missing.push((split.input, index as u32, mask));
                }
            }
        }
        cuts.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        missing.sort_by_key(|m| (m.0, m.1));
        for input in 0..self.inputs.len() as u32 {
            let range = |less: usize, up_to: usize| (less as u32, up_to as u32);
            self.blocks.push(Block {
                cuts: range(cuts.partition_point(|c| c.0 < input), cuts.partition_point(|c| c.0 <= input)),
                missing: range(
                    missing.partition_point(|m| m.0 < input),
                    missing.partition_point(|m| m.0 <= input),
                ),
            });
        }
        self.cuts.threshold = cuts.iter().map(|c| c.1).collect();
        self.cuts.mask = cuts.iter().map(|c| (c.2, c.3)).collect();
        self.missing = missing.iter().map(|m| (m.1, m.2)).collect();
    }
}

/// A column's number as an input: rounded to 32 bits (vectors are already) and held within [`INPUT_MAX`].
#[inline]
pub fn input_of(x: f64) -> f32 {
    (x as f32).clamp(-INPUT_MAX, INPUT_MAX)
}

/// A tree seen from the left.
struct Walk {
    /// Leaves as they stand from left to right.
    left_to_right: Vec<u32>,
    /// By split: the leaves under its left branch, as a range of positions from the left.
    left_leaves: Vec<(usize, usize)>,
    /// By leaf: input and change of the mean at each split above it, joined by input.
    steps: Vec<Vec<(u32, f64)>>,
}

impl Walk {
    fn new(tree: &Tree) -> Walk {
        let means = tree.means();
        let mut walk = Walk {
            left_to_right: Vec::new(),
            left_leaves: vec![(0, 0); tree.splits().len()],
            steps: vec![Vec::new(); tree.leaves().len()],
        };
        // Depth first with an explicit stack: a branch to enter, or a split whose left branch is done.
        enum Step {
            Enter(Branch, Vec<(u32, f64)>),
            LeftDone(usize),
        }
        let mut open = vec![Step::Enter(tree.root(), Vec::new())];
        while let Some(step) = open.pop() {
            match step {
                Step::LeftDone(split) => walk.left_leaves[split].1 = walk.left_to_right.len(),
                Step::Enter(Branch::Leaf(leaf), steps) => {
                    walk.left_to_right.push(leaf);
                    walk.steps[leaf as usize] = steps;
                }
                Step::Enter(Branch::Split(s), steps) => {
                    let at = s as usize;
                    let split = &tree.splits()[at];
                    walk.left_leaves[at].0 = walk.left_to_right.len();
                    let below = |to: Branch| {
                        let change = tree.mean_of(to, &means).value - means[at].value;
                        let mut steps = steps.clone();
                        match steps.iter_mut().find(|(input, _)| *input == split.input) {
                            Some((_, sum)) => *sum += change,
                            None => steps.push((split.input, change)),
                        }
                        Step::Enter(to, steps)
                    };
                    open.push(below(split.right));
                    open.push(Step::LeftDone(at));
                    open.push(below(split.left));
                }
            }
        }
        walk
    }
}
