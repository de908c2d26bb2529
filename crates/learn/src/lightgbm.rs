//! How does LightGBM grow trees for us? Our rows and settings go in, its model text comes back through the importer.
//!
//! Only what both trainers mean alike is handed over. LightGBM's threads are not used (the crate's `openmp` is off) and
//! its `deterministic` is on: with one build of it, the same data and settings give the same trees.

use crate::bins::Matrix;
use crate::boost::{BoostSettings, Boosted, Rows, log_loss};
use crate::import_lightgbm::trees_of;
use crate::trainer::TrainerError;
use lightgbm3::{Booster, Dataset};
use serde_json::{Value, json};

/// Least rows of a leaf. Our own trainer has no such limit, LightGBM's default is 20.
const LEAF_ROWS_MIN: u32 = 1;

/// Grows trees with LightGBM, and keeps as many as do best on `validation` (without one, all).
pub fn boost(
    fit: Rows<'_>,
    validation: Option<Rows<'_>>,
    monotone: &[i8],
    settings: &BoostSettings,
) -> Result<Boosted, TrainerError> {
    let booster = train(fit, validation, monotone, settings)?;
    let text = booster.save_string().map_err(refused)?;
    let trees = trees_of(&text, fit.matrix.width()).map_err(|e| TrainerError::Refused(e.to_string()))?;
    let mut boosted = Boosted { base: 0.0, trees, history: Vec::new() };
    if let Some(rows) = validation {
        keep_best(&mut boosted, rows);
    }
    Ok(boosted)
}

fn refused(error: lightgbm3::Error) -> TrainerError {
    TrainerError::Refused(error.to_string())
}

fn train(
    fit: Rows<'_>,
    validation: Option<Rows<'_>>,
    monotone: &[i8],
    settings: &BoostSettings,
) -> Result<Booster, TrainerError> {
    let data = dataset(fit, None)?;
    let until = validation.map(|rows| dataset(rows, Some(&data))).transpose()?;
    Booster::train_with_valid(data, until, &parameters(monotone, settings)).map_err(refused)
}

fn dataset(rows: Rows<'_>, like: Option<&Dataset>) -> Result<Dataset, TrainerError> {
    let (flat, width) = (row_major(rows.matrix), rows.matrix.width() as i32);
    let mut data =
        Dataset::from_slice_with_reference(&flat, rows.target, width, true, like).map_err(refused)?;
    data.set_weights(rows.weight).map_err(refused)?;
    Ok(data)
}

fn row_major(matrix: &Matrix) -> Vec<f32> {
    (0..matrix.rows()).flat_map(|row| (0..matrix.width()).map(move |i| matrix.column(i)[row])).collect()
}

/// Our settings in LightGBM's words. `bins_max` and `gain_min` have no equal: LightGBM bins by itself, 255 at most.
fn parameters(monotone: &[i8], settings: &BoostSettings) -> Value {
    let mut parameters = json!({
        "objective": "binary",
        "metric": "binary_logloss",
        "num_iterations": settings.trees_max,
        "early_stopping_rounds": settings.patience,
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves_max.clamp(2, 64),
        "max_depth": settings.depth_max,
        "min_sum_hessian_in_leaf": settings.leaf_weight_min,
        "min_data_in_leaf": LEAF_ROWS_MIN,
        "lambda_l2": settings.l2,
        "bagging_fraction": settings.row_share,
        "bagging_freq": 1,
        "feature_fraction": settings.input_share,
        "feature_pre_filter": false,
        "seed": settings.seed,
        "deterministic": true,
        "force_row_wise": true,
        "verbosity": -1,
    });
    if !monotone.is_empty() {
        let directions: Vec<String> = monotone.iter().map(i8::to_string).collect();
        parameters["monotone_constraints"] = Value::String(directions.join(","));
    }
    parameters
}

/// Weighted log-loss on later rows after each tree; trees past the best are dropped.
fn keep_best(boosted: &mut Boosted, rows: Rows<'_>) {
    let mut raw = vec![boosted.base; rows.matrix.rows()];
    let total: f64 = rows.weight.iter().map(|&w| f64::from(w)).sum();
    for tree in &boosted.trees {
        let mut sum = 0.0;
        for (row, raw) in raw.iter_mut().enumerate() {
            *raw += tree.leaves()[tree.leaf_of(|i| rows.matrix.column(i as usize)[row])].value;
            sum += f64::from(rows.weight[row]) * log_loss(*raw, f64::from(rows.target[row]));
        }
        boosted.history.push(if total > 0.0 { sum / total } else { 0.0 });
    }
    let mut best = (f64::INFINITY, 0);
    for (i, &loss) in boosted.history.iter().enumerate() {
        if loss < best.0 - 1e-9 {
            best = (loss, i + 1);
        }
    }
    boosted.trees.truncate(best.1.max(1));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boost::sigmoid;
    use crate::chance::Chance;

    /// Rows whose log-odds rest on two inputs, of which one is sometimes unknown.
    fn world(seed: u64, rows: usize) -> (Matrix, Vec<f32>) {
        let mut chance = Chance::new(seed, 3);
        let (mut columns, mut target) = (vec![Vec::new(); 3], Vec::new());
        for _ in 0..rows {
            let x: [f32; 3] = std::array::from_fn(|_| chance.unit() as f32);
            let y = chance.unit() < sigmoid(6.0 * f64::from(x[0]) * f64::from(x[1]) - 3.0);
            let unknown = chance.unit() < 0.1;
            for (i, column) in columns.iter_mut().enumerate() {
                column.push(if unknown && i == 1 { f32::NAN } else { x[i] });
            }
            target.push(f32::from(u8::from(y)));
        }
        (Matrix::new(columns, rows), target)
    }

    #[test]
    fn our_scores_are_those_of_lightgbm() {
        let (matrix, target) = world(1, 3_000);
        let weight = vec![1.0; target.len()];
        let fit = Rows { matrix: &matrix, target: &target, weight: &weight };
        let settings = BoostSettings { trees_max: 40, ..BoostSettings::default() };
        let booster = train(fit, None, &[], &settings).unwrap();
        let boosted = boost(fit, None, &[], &settings).unwrap();
        assert!(boosted.trees.len() > 10 && boosted.trees.iter().any(|t| t.leaves().len() > 4));
        let (fresh, _) = world(2, 500);
        let wide: Vec<f64> = row_major(&fresh).iter().map(|&x| f64::from(x)).collect();
        let theirs = booster.raw_scores(&wide, fresh.width() as i32, true).unwrap();
        let ours = boosted.raw(&fresh);
        let bits = |scores: &[f64]| scores.iter().map(|s| s.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&ours), bits(&theirs));
    }

    #[test]
    fn later_rows_stop_it_and_weights_and_directions_count() {
        let (matrix, target) = world(3, 3_000);
        let (stop, stop_target) = world(4, 1_000);
        let (weight, stop_weight) = (vec![1.0; target.len()], vec![1.0; stop_target.len()]);
        let fit = Rows { matrix: &matrix, target: &target, weight: &weight };
        let until = Rows { matrix: &stop, target: &stop_target, weight: &stop_weight };
        let settings =
            BoostSettings { trees_max: 400, learning_rate: 0.3, patience: 10, ..BoostSettings::default() };
        let boosted = boost(fit, Some(until), &[], &settings).unwrap();
        assert!(boosted.trees.len() < 200 && boosted.history.len() >= boosted.trees.len());

        let falling = boost(fit, Some(until), &[-1, -1, 0], &settings).unwrap();
        let grid = Matrix::new(vec![vec![0.1, 0.9], vec![0.8, 0.8], vec![0.5, 0.5]], 2);
        let (free, bound) = (boosted.raw(&grid), falling.raw(&grid));
        assert!(free[1] > free[0] && bound[1] <= bound[0], "{free:?} {bound:?}");

        let heavy: Vec<f32> = target.iter().map(|&y| if y > 0.5 { 5.0 } else { 1.0 }).collect();
        let few = BoostSettings { trees_max: 20, ..settings };
        let mean = |rows| boost(rows, None, &[], &few).unwrap().raw(&stop).iter().sum::<f64>();
        assert!(mean(Rows { weight: &heavy, ..fit }) > mean(fit) + 100.0);
    }
}
