//! What is the score of one vector? The trees' sum, bit for bit as in training, in microseconds.
//!
//! `Forest` finds the leaves; their values are added in the order of the trees, rounded as the trainer rounds.
//!
//! This file never uses a clock, a thread, chance or a hash map (INV-1).

use crate::calibrate::Calibration;
use crate::forest::Forest;
use crate::model::{Encoding, Model, ModelError, Sum};
use crate::shap::{Shapley, ShapleyScratch};
use crate::tree::{Branch, Tree};
use ringfence_domain::vector::Schema;

/// Numbers are held within this, so that a threshold always parts them; far beyond any amount or count.
pub const INPUT_MAX: f32 = 1e38;

/// A model made ready for scoring. Cheap to share: it never changes.
#[derive(Clone, Debug)]
pub struct Scorer {
    columns: usize,
    inputs: Vec<Source>,
    /// Column of each input.
    column_of: Vec<u32>,
    forest: Forest,
    /// Values of the leaves, tree by tree.
    values: Vec<f64>,
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

/// Where an input comes from.
#[derive(Clone, Debug)]
struct Source {
    column: u32,
    encoding: Encoding,
}

/// Room for scoring one vector at a time; holds the last explanation.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    raw: f64,
    inputs: Vec<f32>,
    numbers: Vec<f32>,
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
            forest: Forest::new(&model.trees, inputs.len()),
            values: Vec::new(),
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
        scorer.take_leaves(&model.trees);
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
        self.forest.find(&scratch.inputs, &mut scratch.numbers, &mut scratch.leaves);
        scratch.raw = self.add_up(&scratch.leaves);
        scratch.raw
    }
    /// The score, and what each column did to it on the paths that the vector took (Saabas 2014): at each split the mean
    /// of the training rows below it changes, and the change is put down to the split's column. Cheap; unlike Shapley
    /// values it favours splits near the leaves.
    pub fn explain_path(&self, vector: &[f64], scratch: &mut Scratch) -> Explained {
        self.raw(vector, scratch);
        self.explain_last_path(scratch)
    }
    /// [`Scorer::explain_path`] of the vector that was scored last with this room, without scoring it again.
    pub fn explain_last_path(&self, scratch: &mut Scratch) -> Explained {
        scratch.attributions.clear();
        scratch.attributions.resize(self.columns, 0.0);
        for &leaf in &scratch.leaves {
            let range =
                self.step_starts[leaf as usize] as usize..self.step_starts[leaf as usize + 1] as usize;
            for &(column, change) in &self.steps[range] {
                scratch.attributions[column as usize] += change;
            }
        }
        self.in_probability(scratch.raw, &mut scratch.attributions)
    }
    /// The score, and each column's exact Shapley value; the path's where paths are too long for the exact rule
    /// (imported models with more than 64 different inputs on a path). A category's rate and count are summed.
    pub fn explain_exact(&self, vector: &[f64], scratch: &mut Scratch) -> Explained {
        self.raw(vector, scratch);
        self.explain_last_exact(scratch)
    }
    /// [`Scorer::explain_exact`] of the vector that was scored last with this room, without scoring it again.
    pub fn explain_last_exact(&self, scratch: &mut Scratch) -> Explained {
        let Some(shapley) = &self.shapley else { return self.explain_last_path(scratch) };
        let Scratch { raw, inputs, attributions, shapley: room, .. } = scratch;
        attributions.clear();
        attributions.resize(self.columns, 0.0);
        shapley.add_to(inputs, room, |input, value| {
            attributions[self.column_of[input as usize] as usize] += value;
        });
        self.in_probability(*raw, attributions)
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

    fn add_up(&self, leaves: &[u32]) -> f64 {
        match self.sum {
            Sum::F64 => leaves.iter().fold(self.base, |sum, &leaf| sum + self.values[leaf as usize]),
            Sum::F32 => {
                let base = self.base as f32;
                f64::from(leaves.iter().fold(base, |sum, &leaf| sum + self.values[leaf as usize] as f32))
            }
        }
    }

    fn take_leaves(&mut self, trees: &[Tree]) {
        for tree in trees {
            for (leaf, steps) in tree.leaves().iter().zip(steps_of(tree)) {
                self.values.push(leaf.value);
                let steps = steps.into_iter();
                self.steps.extend(steps.map(|(input, change)| (self.inputs[input as usize].column, change)));
                self.step_starts.push(self.steps.len() as u32);
            }
        }
    }
}

/// A column's number as an input: rounded to 32 bits (vectors are already) and held within [`INPUT_MAX`].
#[inline]
pub fn input_of(x: f64) -> f32 {
    (x as f32).clamp(-INPUT_MAX, INPUT_MAX)
}

/// By leaf: input and change of the mean at each split above it, joined by input.
fn steps_of(tree: &Tree) -> Vec<Vec<(u32, f64)>> {
    let means = tree.means();
    let mut by_leaf = vec![Vec::new(); tree.leaves().len()];
    let mut open: Vec<(Branch, Vec<(u32, f64)>)> = vec![(tree.root(), Vec::new())];
    while let Some((branch, steps)) = open.pop() {
        let at = match branch {
            Branch::Leaf(leaf) => {
                by_leaf[leaf as usize] = steps;
                continue;
            }
            Branch::Split(split) => split as usize,
        };
        let split = &tree.splits()[at];
        for to in [split.left, split.right] {
            let change = tree.mean_of(to, &means).value - means[at].value;
            let mut steps = steps.clone();
            match steps.iter_mut().find(|(input, _)| *input == split.input) {
                Some((_, sum)) => *sum += change,
                None => steps.push((split.input, change)),
            }
            open.push((to, steps));
        }
    }
    by_leaf
}
