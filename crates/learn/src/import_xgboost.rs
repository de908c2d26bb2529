//! How does an XGBoost JSON model become ours? Features by name; thresholds and `<` are as ours, sums have 32 bits.
//!
//! `base_score` is a probability and becomes log-odds; leaves are added to it in 32 bits, tree by tree, as XGBoost does.

use crate::import::{ImportError, inputs_of};
use crate::model::{Model, Provenance, Sum};
use crate::tree::{Branch, Leaf, Split, Tree};
use ringfence_domain::vector::Schema;
use serde::Deserialize;

#[derive(Deserialize)]
struct File {
    learner: Learner,
    #[serde(default)]
    version: Vec<u32>,
}

#[derive(Deserialize)]
struct Learner {
    #[serde(default)]
    feature_names: Vec<String>,
    gradient_booster: Booster,
    #[serde(rename = "learner_model_param")]
    parameters: Parameters,
    objective: Objective,
}

#[derive(Deserialize)]
struct Objective {
    name: String,
}

#[derive(Deserialize)]
struct Parameters {
    base_score: String,
    #[serde(default)]
    num_class: String,
    #[serde(default)]
    num_target: String,
}

#[derive(Deserialize)]
struct Booster {
    name: String,
    #[serde(default)]
    model: Option<Trees>,
}

#[derive(Deserialize)]
struct Trees {
    trees: Vec<XgbTree>,
}

#[derive(Deserialize)]
struct XgbTree {
    left_children: Vec<i64>,
    right_children: Vec<i64>,
    split_indices: Vec<u32>,
    split_conditions: Vec<f32>,
    default_left: Vec<Flag>,
    sum_hessian: Vec<f64>,
    #[serde(default)]
    loss_changes: Vec<f32>,
    #[serde(default)]
    categories_nodes: Vec<i64>,
}

/// XGBoost writes 0 and 1, older versions `false` and `true`.
#[derive(Deserialize, Clone, Copy)]
#[serde(untagged)]
enum Flag {
    Bool(bool),
    Number(u8),
}

/// Reads a model that `Booster.save_model("….json")` wrote.
pub fn import_xgboost(json: &[u8], schema: &Schema) -> Result<Model, ImportError> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let file: File = serde_path_to_error::deserialize(&mut reader)
        .map_err(|e| ImportError::Json { at: e.path().to_string(), source: e.into_inner() })?;
    let learner = file.learner;
    if !matches!(learner.objective.name.as_str(), "binary:logistic" | "binary:logitraw" | "reg:logistic") {
        let found = learner.objective.name;
        return Err(ImportError::Objective { found, expected: "`binary:logistic`" });
    }
    let one = |text: &str| matches!(text, "" | "0" | "1");
    if !one(&learner.parameters.num_class) || !one(&learner.parameters.num_target) {
        return Err(ImportError::Unsupported(
            "several classes or targets; train a model of abuse against the rest",
        ));
    }
    let (name, model) = (learner.gradient_booster.name, learner.gradient_booster.model);
    let (Some(model), "gbtree") = (model, name.as_str()) else {
        return Err(ImportError::Unsupported(
            "boosters other than `gbtree` (`dart` and `gblinear` score otherwise)",
        ));
    };
    if learner.feature_names.is_empty() {
        return Err(ImportError::Unsupported(
            "models without feature names; train on a DMatrix with `feature_names` as in the catalogue",
        ));
    }
    let base = base_log_odds(&learner.parameters.base_score, &learner.objective.name)?;
    let mut trees = Vec::new();
    for (index, tree) in model.trees.iter().enumerate() {
        trees.push(convert(index, tree, learner.feature_names.len())?);
    }
    let inputs = inputs_of(&learner.feature_names, &trees, schema)?;
    let version: Vec<String> = file.version.iter().map(u32::to_string).collect();
    let provenance = Provenance {
        trainer: format!("xgboost {}", version.join(".")),
        code: env!("CARGO_PKG_VERSION").to_owned(),
        data: String::new(),
        from: None,
        to: None,
        labels_until: None,
        settings: serde_json::Value::Null,
    };
    Ok(Model::imported(schema, provenance, inputs, Sum::F32, base, trees)?)
}

/// `5E-1`, since XGBoost 3 also `[5E-1]`: a probability, or log-odds for `binary:logitraw`.
fn base_log_odds(text: &str, objective: &str) -> Result<f64, ImportError> {
    let bad = || ImportError::BaseScore(text.chars().take(40).collect());
    let p: f32 = text.trim_start_matches('[').trim_end_matches(']').parse().map_err(|_| bad())?;
    if objective == "binary:logitraw" {
        return Ok(f64::from(p));
    }
    if !(p > 0.0 && p < 1.0) {
        return Err(bad());
    }
    Ok(f64::from(-libm::log(1.0 / f64::from(p) - 1.0) as f32))
}

fn convert(index: usize, tree: &XgbTree, features: usize) -> Result<Tree, ImportError> {
    if !tree.categories_nodes.is_empty() {
        return Err(ImportError::Unsupported(
            "categorical splits; give XGBoost numbers instead (for instance a target rate), or train with `ringfence \
             train`, which encodes categories itself",
        ));
    }
    let n = tree.left_children.len();
    for (field, length) in [
        ("right_children", tree.right_children.len()),
        ("split_indices", tree.split_indices.len()),
        ("split_conditions", tree.split_conditions.len()),
        ("default_left", tree.default_left.len()),
        ("sum_hessian", tree.sum_hessian.len()),
    ] {
        if length != n {
            return Err(ImportError::Tree { index, field, what: format!("has {length} numbers, not {n}") });
        }
    }
    // Nodes keep their order within splits and leaves; XGBoost numbers children above their parents.
    let (mut splits_before, mut leaves_before) = (0, 0);
    let places: Vec<Branch> = tree
        .left_children
        .iter()
        .map(|&left| {
            let place = if left < 0 { Branch::Leaf(leaves_before) } else { Branch::Split(splits_before) };
            if left < 0 {
                leaves_before += 1
            } else {
                splits_before += 1
            }
            place
        })
        .collect();
    let place = |node: i64, field| {
        let what = || format!("leads to node {node} of {n}");
        let found = usize::try_from(node).ok().and_then(|node| places.get(node).copied());
        found.ok_or_else(|| ImportError::Tree { index, field, what: what() })
    };
    let (mut splits, mut leaves) = (Vec::new(), Vec::new());
    for node in 0..n {
        if tree.left_children[node] < 0 {
            let value = f64::from(tree.split_conditions[node]);
            leaves.push(Leaf { value, cover: tree.sum_hessian[node].max(1e-3) });
            continue;
        }
        if tree.split_indices[node] as usize >= features {
            let what = format!("names feature {} of {features}", tree.split_indices[node]);
            return Err(ImportError::Tree { index, field: "split_indices", what });
        }
        splits.push(Split {
            input: tree.split_indices[node],
            threshold: tree.split_conditions[node],
            missing_left: match tree.default_left[node] {
                Flag::Bool(left) => left,
                Flag::Number(left) => left != 0,
            },
            left: place(tree.left_children[node], "left_children")?,
            right: place(tree.right_children[node], "right_children")?,
            gain: tree.loss_changes.get(node).copied().unwrap_or(0.0),
        });
    }
    Ok(Tree::new(splits, leaves)?)
}
