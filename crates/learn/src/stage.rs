//! What would have been learned at a time? Encodings, weights, trees and calibration from what was known then.

use crate::bins::Matrix;
use crate::boost::{BoostSettings, Boosted, Rows};
use crate::calibrate::{CalibrationChoice, calibrate};
use crate::calibrating::Calibrating;
use crate::dataset::{Dataset, Label};
use crate::encode::encode;
use crate::model::{Encoding, Input};
use crate::score::input_of;
use crate::settings::TrainSettings;
use crate::split::Parts;
use crate::trainer::TrainerError;
use crate::weights::{FULLY, Propensity, Unlabelled, targets};
use ringfence_domain::vector::ColumnKind;
use serde::{Deserialize, Serialize};

/// Least rows that are abuse, and that are not, for a model that means anything.
pub const ROWS_OF_A_KIND_MIN: usize = 20;

/// What was learned at a time.
pub struct Stage {
    /// What the trees compare.
    pub inputs: Vec<Input>,
    /// The trees.
    pub boosted: Boosted,
    /// From raw score to probability.
    pub calibration: CalibrationChoice,
    /// The settings of the trees that were chosen.
    pub chosen: BoostSettings,
    /// What is to be known about how it was learned.
    pub notes: StageNotes,
    /// The rows that taught, as inputs, with targets and weights: what baselines learn from.
    pub fit: (Matrix, Vec<f32>, Vec<f32>),
}

/// What is to be known about how a model was learned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StageNotes {
    /// Rows that taught, stopped and calibrated.
    pub rows: [u64; 3],
    /// Matured rows by what was known of them: abuse, policy abuse, legitimate, nothing.
    pub labels: [u64; 4],
    /// Whether labelled rows were weighted against the bias of investigation.
    pub propensity_used: bool,
    /// What rows without a label were taken for, after all.
    pub unlabelled: String,
    /// Best validation log-loss by candidate settings of the trees.
    pub candidates: Vec<(String, f64)>,
    /// Trees kept.
    pub trees: u64,
}

/// What is known of rows, as the target sees it.
pub fn known(dataset: &Dataset, rows: &[u32], parts: &Parts, settings: &TrainSettings) -> Vec<Option<bool>> {
    let label = |&r: &u32| dataset.rows()[r as usize].label(parts.cut);
    rows.iter().map(|r| label(r).map(|l| settings.target.holds(l))).collect()
}

/// The usable columns: those that a model may use, without the excluded.
fn columns(dataset: &Dataset, settings: &TrainSettings) -> Vec<usize> {
    let usable =
        |(_, c): &(usize, &ringfence_domain::vector::Column)| c.model && !settings.exclude.contains(&c.name);
    dataset.schema().columns.iter().enumerate().filter(usable).map(|(i, _)| i).collect()
}

/// The inputs of rows, by tables that were made before.
pub fn matrix(dataset: &Dataset, rows: &[u32], inputs: &[Input]) -> Matrix {
    let columns = inputs
        .iter()
        .map(|input| {
            let at = dataset.schema().index(&input.column).expect("inputs are made from this schema");
            let column = dataset.column(at);
            let read = |&r: &u32| match &input.encoding {
                Encoding::Number => input_of(f64::from(column[r as usize])),
                Encoding::Rate(table) | Encoding::Count(table) => table.number(column[r as usize]),
            };
            rows.iter().map(read).collect()
        })
        .collect();
    Matrix::new(columns, rows.len())
}

/// Makes the inputs from teaching rows, and the matrix of those rows with their out-of-fold numbers.
pub(crate) fn fit_inputs(
    dataset: &Dataset,
    rows: &[u32],
    known: &[Option<bool>],
    settings: &TrainSettings,
) -> (Vec<Input>, Matrix) {
    // Rates are over what people found; where nothing is found legitimate, over all rows.
    let both = [true, false].iter().all(|kind| known.contains(&Some(*kind)));
    let unlabelled = if both { Unlabelled::Ignored } else { FULLY };
    let (target, weight) = targets(known, &vec![1.0; rows.len()], unlabelled);
    let (mut inputs, mut matrix) = (Vec::new(), Vec::new());
    for at in columns(dataset, settings) {
        let column = &dataset.schema().columns[at];
        let numbers: Vec<f32> = rows.iter().map(|&r| dataset.column(at)[r as usize]).collect();
        let mut add = |encoding: Encoding, numbers: Vec<f32>| {
            inputs.push(Input { column: column.name.clone(), encoding });
            matrix.push(numbers);
        };
        match column.kind {
            ColumnKind::Number | ColumnKind::Flag => {
                add(Encoding::Number, numbers.into_iter().map(|x| input_of(f64::from(x))).collect());
            }
            ColumnKind::Category => {
                let encoded = encode(&numbers, &target, &weight, &settings.encode);
                add(Encoding::Rate(encoded.rates), encoded.fit_rates);
                if settings.encode.counts {
                    add(Encoding::Count(encoded.counts), encoded.fit_counts);
                }
            }
        }
    }
    (inputs, Matrix::new(matrix, rows.len()))
}

fn monotone(inputs: &[Input], settings: &TrainSettings) -> Vec<i8> {
    let of = |input: &Input| match input.encoding {
        Encoding::Number => settings.monotone.get(&input.column).copied().unwrap_or(0),
        Encoding::Rate(_) | Encoding::Count(_) => 0,
    };
    if settings.monotone.is_empty() { Vec::new() } else { inputs.iter().map(of).collect() }
}

/// Learns from `parts`; `given` are settings of the trees chosen before, otherwise candidates are compared.
pub fn learn(
    dataset: &Dataset,
    parts: &Parts,
    settings: &TrainSettings,
    given: Option<&BoostSettings>,
) -> Result<Stage, TrainerError> {
    let known_of = |rows: &[u32]| known(dataset, rows, parts, settings);
    let (fit_known, stop_known) = (known_of(&parts.fit), known_of(&parts.validation));
    let (inputs, fit) = fit_inputs(dataset, &parts.fit, &fit_known, settings);
    let stop = matrix(dataset, &parts.validation, &inputs);
    let labelled: Vec<bool> = fit_known.iter().map(Option::is_some).collect();
    let propensity = if settings.weights.propensity {
        Propensity::fit(&fit, &labelled, settings.boost.seed)
    } else {
        Propensity::fit(&fit, &vec![true; labelled.len()], settings.boost.seed)
    };
    let inverse = |m: &Matrix| propensity.weights(m, settings.weights.weight_max);
    let in_training = usable(settings.weights.unlabelled, &[&fit_known, &stop_known]);
    let (fit_target, fit_weight) = targets(&fit_known, &inverse(&fit), in_training);
    let (stop_target, stop_weight) = targets(&stop_known, &inverse(&stop), in_training);
    let fit_rows = Rows { matrix: &fit, target: &fit_target, weight: &fit_weight };
    let stop_rows = Rows { matrix: &stop, target: &stop_target, weight: &stop_weight };
    let directions = monotone(&inputs, settings);

    let candidates = match given {
        Some(given) => vec![given.clone()],
        None => settings.candidates(fit.rows() * fit.width()),
    };
    let mut compared = Vec::new();
    let mut best: Option<(f64, Boosted, BoostSettings)> = None;
    for candidate in candidates {
        let boosted = settings.trainer.grow(fit_rows, Some(stop_rows), &directions, &candidate)?;
        let loss = boosted.history.iter().copied().fold(f64::INFINITY, f64::min);
        let name = format!(
            "{} leaves, leaf weight ≥ {}, l2 {}",
            candidate.leaves_max, candidate.leaf_weight_min, candidate.l2
        );
        compared.push((name, loss));
        if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
            best = Some((loss, boosted, candidate));
        }
    }
    let (_, boosted, chosen) = best.expect("there is at least one candidate");

    let points = Calibrating { dataset, parts, settings, propensity: &propensity, monotone: &directions };
    let (points, in_calibration) = points.points(&inputs, &boosted, &chosen)?;
    let notes = StageNotes {
        rows: [parts.fit.len() as u64, parts.validation.len() as u64, parts.calibration.len() as u64],
        labels: count_labels(dataset, parts),
        propensity_used: propensity.is_used(),
        unlabelled: format!("{} in training, {} in calibration", words(in_training), words(in_calibration)),
        candidates: compared,
        trees: boosted.trees.len() as u64,
    };
    let calibration = calibrate(&points);
    Ok(Stage { inputs, boosted, calibration, chosen, notes, fit: (fit, fit_target, fit_weight) })
}

/// Learns once more from all rows, with as many trees as were found right, and keeps the calibration.
pub fn learn_again(
    dataset: &Dataset,
    parts: &Parts,
    settings: &TrainSettings,
    stage: Stage,
) -> Result<Stage, TrainerError> {
    let all = Parts { fit: parts.all(), validation: Vec::new(), calibration: Vec::new(), cut: parts.cut };
    let all_known = known(dataset, &all.fit, &all, settings);
    let (inputs, fit) = fit_inputs(dataset, &all.fit, &all_known, settings);
    let labelled: Vec<bool> = all_known.iter().map(|k| k.is_some() || !settings.weights.propensity).collect();
    let propensity = Propensity::fit(&fit, &labelled, settings.boost.seed);
    let in_training = usable(settings.weights.unlabelled, &[&all_known]);
    let inverse = propensity.weights(&fit, settings.weights.weight_max);
    let (target, weight) = targets(&all_known, &inverse, in_training);
    let chosen = BoostSettings { trees_max: stage.boosted.trees.len(), ..stage.chosen.clone() };
    let directions = monotone(&inputs, settings);
    let history = stage.boosted.history.clone();
    let rows = Rows { matrix: &fit, target: &target, weight: &weight };
    let boosted = Boosted { history, ..settings.trainer.grow(rows, None, &directions, &chosen)? };
    Ok(Stage { inputs, boosted, fit: (fit, target, weight), ..stage })
}

/// What unlabelled rows must be taken for: where labels are of one kind only, they are the other.
pub(crate) fn usable(wanted: Unlabelled, parts: &[&Vec<Option<bool>>]) -> Unlabelled {
    let one_kind = parts.iter().any(|known| !known.contains(&Some(false)) || !known.contains(&Some(true)));
    if one_kind { FULLY } else { wanted }
}

fn words(unlabelled: Unlabelled) -> String {
    match unlabelled {
        Unlabelled::Ignored => "left out".to_owned(),
        FULLY => "legitimate".to_owned(),
        Unlabelled::PresumedLegitimate(share) => {
            format!("legitimate with {share} times the weight of the labelled ones")
        }
    }
}

fn count_labels(dataset: &Dataset, parts: &Parts) -> [u64; 4] {
    let mut counts = [0; 4];
    for row in parts.all() {
        let at = match dataset.rows()[row as usize].label(parts.cut) {
            Some(Label::Abuse) => 0,
            Some(Label::PolicyAbuse) => 1,
            Some(Label::Legitimate) => 2,
            None => 3,
        };
        counts[at] += 1;
    }
    counts
}
