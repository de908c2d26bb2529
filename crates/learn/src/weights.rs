//! What does a row count that nobody looked into? Labels are scarce and lean to what was investigated.
//!
//! Investigators look where they suspect, so rows with a label are no sample of all rows. Where their suspicion rests on
//! what the features show, labelled rows alone teach the right probabilities; where it rests on more, labels hold more
//! abuse than the rest does at the same features, and presuming the rest legitimate with a small weight, as
//! positive-unlabelled learning does (Elkan and Noto, KDD 2008), ranks and calibrates better. Which of the two holds, the
//! data cannot tell; the defaults are those that did well in both (`cargo bench -p ringfence-learn --bench biased`).
//!
//! Average precision and ECE there, means of three worlds each (ECE when only the last rows calibrated; the bench prints it
//! as it is now):
//!
//! | | choice rests on features | hunches beyond them | few labels | a tenth at random |
//! |---|---|---|---|---|
//! | labelled rows only | .266 / .018 | .269 / .229 | .268 / .081 | .312 / .067 |
//! | rest fully legitimate | .217 / .074 | .282 / .057 | .227 / .078 | .296 / .051 |
//! | default: × 0.2, calibrated with × 1 | .270 / .035 | .305 / .056 | .272 / .024 | .317 / .015 |
//! | × 0.2, calibrated with × 2 | .270 / .047 | .305 / .021 | .272 / .033 | .317 / .022 |
//! | × 0.2, calibrated with × 4 | .270 / .058 | .305 / .021 | .272 / .048 | .317 / .042 |
//!
//! A tenth of the requests is abuse there. In the simulated marketplace it is 2 %, of 5 % of the requests it is known what
//! they were, and mostly because they looked bad; ECE of the held-out third, seeds 1 to 6 (the seeds of the README, 7 to 9,
//! took no part): × 1 .037 .042 .022 .003 .017 .011, × 2 .023 .024 .011 .007 .008 .012, × 4 .010 .009 .008 .011 .010 .014.
//! So no weight is right for both: which share of all abuse was found is not in the labels. The
//! default stays the one that errs least where much is left unfound; a shop that knows its share of abuse, from controls
//! picked at random, sets the weight so that the mean score is that share.
//!
//! On request each labelled row is weighted with the inverse of its chance of having been looked into (Horvitz and Thompson 1952; for learning under such a
//! selection Zadrozny, ICML 2004), estimated by a small boosted model of "has a label", and held below a limit, since
//! a few rows with tiny chances would otherwise decide everything. It cost accuracy in most of those simulations, and is
//! off by default.

use crate::bins::Matrix;
use crate::boost::{BoostSettings, Boosted, Rows, boost, sigmoid};
use serde::{Deserialize, Serialize};

/// Share of labelled rows from which on there is no selection to correct.
const LABELLED_NEARLY_ALL: f64 = 0.98;

/// What a matured row without a label is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unlabelled {
    /// Left out.
    Ignored,
    /// Legitimate; together such rows weigh this many times what the labelled rows weigh together, but none of them more
    /// than 1. A share of the labelled weight, and not a weight a row, since the fewer rows are looked into, the more
    /// abuse is among the rest.
    PresumedLegitimate(f64),
}

/// Every row without a label counts fully: where nobody writes down what was found legitimate.
pub const FULLY: Unlabelled = Unlabelled::PresumedLegitimate(1e12);

/// Settings of the weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WeightSettings {
    /// What a row without a label is taken for in training.
    pub unlabelled: Unlabelled,
    /// The same, in calibration.
    pub unlabelled_calibration: Unlabelled,
    /// Whether labelled rows are weighted with the inverse of their chance of a label.
    pub propensity: bool,
    /// Largest weight, as a multiple of the mean one.
    pub weight_max: f64,
}

impl Default for WeightSettings {
    fn default() -> Self {
        Self {
            unlabelled: Unlabelled::PresumedLegitimate(0.2),
            unlabelled_calibration: Unlabelled::PresumedLegitimate(1.0),
            propensity: false,
            weight_max: 20.0,
        }
    }
}

/// The chance of a label, as a model of the inputs.
#[derive(Clone, Debug)]
pub struct Propensity {
    model: Option<Boosted>,
    mean: f64,
}

impl Propensity {
    /// Learns which rows have a label.
    pub fn fit(matrix: &Matrix, labelled: &[bool], seed: u64) -> Propensity {
        let n = labelled.len().max(1) as f64;
        let mean = labelled.iter().filter(|&&l| l).count() as f64 / n;
        if !(0.0..LABELLED_NEARLY_ALL).contains(&mean) || mean == 0.0 {
            return Propensity { model: None, mean };
        }
        let target: Vec<f32> = labelled.iter().map(|&l| f32::from(u8::from(l))).collect();
        let settings = BoostSettings {
            trees_max: 60,
            learning_rate: 0.1,
            leaves_max: 8,
            depth_max: 4,
            leaf_weight_min: 20.0,
            l2: 10.0,
            bins_max: 64,
            seed,
            ..BoostSettings::default()
        };
        let rows = Rows { matrix, target: &target, weight: &vec![1.0; labelled.len()] };
        Propensity { model: Some(boost(rows, None, &[], &settings)), mean }
    }
    /// Stabilised inverse weights: mean chance ÷ own chance, at most `weight_max`.
    pub fn weights(&self, matrix: &Matrix, weight_max: f64) -> Vec<f32> {
        match &self.model {
            None => vec![1.0; matrix.rows()],
            Some(model) => {
                let raw = model.raw(matrix);
                raw.into_iter().map(|r| (self.mean / sigmoid(r)).min(weight_max) as f32).collect()
            }
        }
    }
    /// Whether there was a selection to correct.
    pub fn is_used(&self) -> bool {
        self.model.is_some()
    }
}

/// Target and weight of rows, from their labels (`None` = nobody looked).
pub fn targets(known: &[Option<bool>], inverse: &[f32], unlabelled: Unlabelled) -> (Vec<f32>, Vec<f32>) {
    let presumed = match unlabelled {
        Unlabelled::Ignored => 0.0,
        Unlabelled::PresumedLegitimate(share) => {
            let labelled: f64 =
                known.iter().zip(inverse).filter(|(k, _)| k.is_some()).map(|(_, &w)| f64::from(w)).sum();
            let others = known.iter().filter(|k| k.is_none()).count().max(1) as f64;
            (share * labelled / others).min(1.0) as f32
        }
    };
    known
        .iter()
        .zip(inverse)
        .map(|(known, &inverse)| match known {
            Some(abuse) => (f32::from(u8::from(*abuse)), inverse),
            None => (0.0, presumed),
        })
        .unzip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    #[test]
    fn inverse_weights_undo_the_selection() {
        // Rows with x = 1 are looked into in 40 % of the cases, others in 5 %; both kinds are equally many.
        let mut chance = Chance::new(4, 4);
        let x: Vec<f32> = (0..20_000).map(|i| (i % 2) as f32).collect();
        let labelled: Vec<bool> =
            x.iter().map(|&x| chance.unit() < if x > 0.5 { 0.4 } else { 0.05 }).collect();
        let matrix = Matrix::new(vec![x.clone()], x.len());
        let weights = Propensity::fit(&matrix, &labelled, 1).weights(&matrix, 50.0);
        let mass = |kind: f32| -> f64 {
            (0..x.len()).filter(|&i| labelled[i] && x[i] == kind).map(|i| f64::from(weights[i])).sum()
        };
        let ratio = mass(1.0) / mass(0.0);
        assert!((ratio - 1.0).abs() < 0.1, "{ratio}");
    }

    #[test]
    fn where_all_rows_have_a_label_every_weight_is_one() {
        let matrix = Matrix::new(vec![vec![1.0, 2.0, 3.0]], 3);
        let propensity = Propensity::fit(&matrix, &[true; 3], 1);
        assert_eq!(propensity.weights(&matrix, 9.0), [1.0; 3]);
    }

    #[test]
    fn no_weight_passes_the_limit() {
        let x: Vec<f32> = (0..5_000).map(|i| i as f32).collect();
        let labelled: Vec<bool> = (0..5_000).map(|i| i > 4_000).collect();
        let matrix = Matrix::new(vec![x], 5_000);
        let weights = Propensity::fit(&matrix, &labelled, 1).weights(&matrix, 3.0);
        assert!(weights.iter().all(|&w| w <= 3.0));
    }

    #[test]
    fn a_row_without_a_label_is_left_out_or_presumed_legitimate() {
        let known = [Some(true), None, Some(false)];
        let inverse = [2.0, 7.0, 0.5];
        assert_eq!(
            targets(&known, &inverse, Unlabelled::Ignored),
            (vec![1.0, 0.0, 0.0], vec![2.0, 0.0, 0.5])
        );
        let presumed = targets(&known, &inverse, Unlabelled::PresumedLegitimate(0.1));
        assert_eq!(presumed.1, [2.0, 0.25, 0.5]);
        assert_eq!(targets(&known, &inverse, FULLY).1, [2.0, 1.0, 0.5]);
    }
}
