//! How does a LightGBM text model become ours? Features by name, thresholds to 32 bits, missing values as LightGBM treats them.
//!
//! LightGBM goes left when `x <= threshold` with a 64-bit threshold. Inputs are 32-bit numbers, so that is the same as
//! `x <` the next 32-bit number above the threshold's floor. The raw score is bit for bit LightGBM's.

use crate::import::{ImportError, inputs_of};
use crate::model::{Model, Provenance, Sum};
use crate::tree::{Branch, Leaf, Split, Tree};
use ringfence_domain::vector::Schema;
use std::collections::BTreeMap;

/// Bits of LightGBM's `decision_type`.
const CATEGORICAL: u32 = 1;
const DEFAULT_LEFT: u32 = 2;
const MISSING_SHIFT: u32 = 2;

/// Reads a model that `Booster.save_model` wrote.
pub fn import_lightgbm(text: &str, schema: &Schema) -> Result<Model, ImportError> {
    let (head, rest) = text.split_once("\nTree=").ok_or(ImportError::Format("LightGBM text model"))?;
    if !head.starts_with("tree") {
        return Err(ImportError::Format("LightGBM text model"));
    }
    let head = fields(head);
    let binary =
        head.get("objective").is_some_and(|o| o.starts_with("binary") || o.starts_with("cross_entropy"));
    let one = |key: &str| head.get(key).is_none_or(|v| *v == "1");
    if !binary || !one("num_class") || !one("num_tree_per_iteration") {
        let found = head.get("objective").copied().unwrap_or("none").to_owned();
        return Err(ImportError::Objective { found, expected: "`binary` with one class" });
    }
    if head.get("objective").is_some_and(|o| o.contains("sigmoid:") && !o.contains("sigmoid:1")) {
        let found = head.get("objective").copied().unwrap_or_default().to_owned();
        return Err(ImportError::Objective { found, expected: "`binary sigmoid:1`" });
    }
    if text.contains("\naverage_output") {
        return Err(ImportError::Unsupported(
            "a random forest (its output is averaged); train with `boosting=gbdt`",
        ));
    }
    let names = head.get("feature_names").copied().unwrap_or_default();
    let names: Vec<String> = names.split(' ').map(str::to_owned).collect();
    let trees = trees_in(rest, names.len())?;
    let inputs = inputs_of(&names, &trees, schema)?;
    let provenance = Provenance {
        trainer: format!("lightgbm {}", head.get("version").copied().unwrap_or_default()),
        code: env!("CARGO_PKG_VERSION").to_owned(),
        data: String::new(),
        from: None,
        to: None,
        labels_until: None,
        settings: serde_json::Value::Null,
    };
    Ok(Model::imported(schema, provenance, inputs, Sum::F64, 0.0, trees)?)
}

/// The trees alone of a model text over `features` inputs.
#[cfg(feature = "lightgbm")]
pub(crate) fn trees_of(text: &str, features: usize) -> Result<Vec<Tree>, ImportError> {
    let (_, rest) = text.split_once("\nTree=").ok_or(ImportError::Format("LightGBM text model"))?;
    trees_in(rest, features)
}

/// What follows the first `Tree=`.
fn trees_in(rest: &str, features: usize) -> Result<Vec<Tree>, ImportError> {
    let rest = rest.split("\nend of trees").next().unwrap_or_default();
    rest.split("\nTree=").enumerate().map(|(index, block)| tree(index, &fields(block), features)).collect()
}

fn fields(block: &str) -> BTreeMap<&str, &str> {
    block.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k, v.trim_end())).collect()
}

fn tree(index: usize, fields: &BTreeMap<&str, &str>, features: usize) -> Result<Tree, ImportError> {
    if fields.get("is_linear").is_some_and(|v| *v == "1") {
        return Err(ImportError::Unsupported("linear trees; train with `linear_tree=false`"));
    }
    if fields.get("num_cat").is_some_and(|v| *v != "0") {
        return Err(ImportError::Unsupported(
            "categorical splits; give LightGBM numbers instead (for instance a target rate), or train with `ringfence \
             train`, which encodes categories itself",
        ));
    }
    let values: Vec<f64> = numbers(index, fields, "leaf_value")?;
    let covers: Vec<f64> = match fields.get("leaf_count") {
        Some(_) => numbers(index, fields, "leaf_count")?,
        None => vec![1.0; values.len()],
    };
    let lengths =
        |key: &'static str| ImportError::Tree { index, field: key, what: "has another length".to_owned() };
    if covers.len() != values.len() {
        return Err(lengths("leaf_count"));
    }
    // A count may be 0 in models that were refitted; explanations need every leaf to weigh something.
    let leaves = values.iter().zip(&covers).map(|(&value, &c)| Leaf { value, cover: c.max(1e-3) }).collect();
    if values.len() == 1 {
        return Ok(Tree::new(Vec::new(), leaves)?);
    }
    let input: Vec<u32> = numbers(index, fields, "split_feature")?;
    let threshold: Vec<f64> = numbers(index, fields, "threshold")?;
    let decision: Vec<u32> = numbers(index, fields, "decision_type")?;
    let gain: Vec<f32> = numbers(index, fields, "split_gain")?;
    let left: Vec<i64> = numbers(index, fields, "left_child")?;
    let right: Vec<i64> = numbers(index, fields, "right_child")?;
    for (key, length) in [
        ("threshold", threshold.len()),
        ("decision_type", decision.len()),
        ("split_gain", gain.len()),
        ("left_child", left.len()),
        ("right_child", right.len()),
    ] {
        if length != input.len() {
            return Err(lengths(key));
        }
    }
    let mut splits = Vec::with_capacity(input.len());
    for i in 0..input.len() {
        if input[i] as usize >= features {
            let what = format!("names feature {} of {features}", input[i]);
            return Err(ImportError::Tree { index, field: "split_feature", what });
        }
        if decision[i] & CATEGORICAL != 0 {
            return Err(ImportError::Unsupported("categorical splits; give LightGBM numbers instead"));
        }
        let missing_left = match (decision[i] >> MISSING_SHIFT) & 3 {
            // None: an unknown number counts as 0.
            0 => 0.0 <= threshold[i],
            // NaN: the default direction.
            2 => decision[i] & DEFAULT_LEFT != 0,
            _ => {
                return Err(ImportError::Unsupported(
                    "zero as missing; train with `zero_as_missing=false`, and leave unknown numbers NaN",
                ));
            }
        };
        splits.push(Split {
            input: input[i],
            threshold: next_above_floor(threshold[i]),
            missing_left,
            left: branch(left[i]),
            right: branch(right[i]),
            gain: gain[i],
        });
    }
    Ok(Tree::new(splits, leaves)?)
}

fn numbers<T: std::str::FromStr>(
    index: usize,
    fields: &BTreeMap<&str, &str>,
    field: &'static str,
) -> Result<Vec<T>, ImportError> {
    let text = fields.get(field).ok_or(ImportError::Tree { index, field, what: "is missing".to_owned() })?;
    let number = |t: &str| {
        let what = || format!("holds `{}`", t.chars().take(20).collect::<String>());
        t.parse().map_err(|_| ImportError::Tree { index, field, what: what() })
    };
    text.split(' ').filter(|t| !t.is_empty()).map(number).collect()
}

/// LightGBM writes a leaf as the bitwise complement of its index, as we do.
fn branch(number: i64) -> Branch {
    if number < 0 { Branch::Leaf(!number as u32) } else { Branch::Split(number as u32) }
}

/// The smallest 32-bit number above `t`: `x <= t` is `x <` it for every 32-bit `x`.
fn next_above_floor(t: f64) -> f32 {
    let near = t as f32;
    let next = if f64::from(near) > t { near } else { near.next_up() };
    next.clamp(-f32::MAX, f32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_part_32_bit_numbers_as_before() {
        for t in [0.1, -0.1, 1.5, 0.0, 1.000_000_018e-35, 1e300, -1e300, f64::from(0.3f32), 16_777_217.0] {
            let ours = next_above_floor(t);
            for x in [t as f32, (t as f32).next_up(), (t as f32).next_down(), 0.0, -0.0, 3.0] {
                if x.abs() < f32::MAX {
                    assert_eq!(f64::from(x) <= t, x < ours, "{x} {t}");
                }
            }
        }
    }
}
