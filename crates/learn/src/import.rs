//! Which models trained elsewhere can be used? What goes wrong on the way, and which features they name.

use crate::model::{Encoding, Input, ModelError};
use crate::tree::{Tree, TreeError};
use ringfence_domain::vector::{ColumnKind, Schema};

/// Why a model cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Not such a file.
    #[error("the file is no {0}; give what `save_model` wrote")]
    Format(&'static str),
    /// Not such JSON.
    #[error("the file is no XGBoost JSON model at `{at}`; save it with `save_model(\"model.json\")`")]
    Json {
        /// Path within the JSON.
        at: String,
        /// What JSON says.
        #[source]
        source: serde_json::Error,
    },
    /// Trained for something else.
    #[error(
        "the model was trained for `{found}`, expected {expected}: its score must be the log-odds of abuse"
    )]
    Objective {
        /// What it says.
        found: String,
        /// What can be imported.
        expected: &'static str,
    },
    /// Something that cannot be scored exactly.
    #[error("the model has {0}")]
    Unsupported(&'static str),
    /// Base score is no probability.
    #[error("the model's base_score `{0}` is no probability between 0 and 1; train with `binary:logistic`")]
    BaseScore(String),
    /// A tree's array is wrong.
    #[error("tree {index} of the model: `{field}` {what}; the file was cut short or changed: save it again")]
    Tree {
        /// Which tree.
        index: usize,
        /// Which array.
        field: &'static str,
        /// What is wrong.
        what: String,
    },
    /// Arrays do not make a tree.
    #[error("a tree of the model is impossible; the file was cut short or changed: save it again")]
    Shape(#[from] TreeError),
    /// A feature that the catalogue does not offer.
    #[error("the model uses the feature `{feature}`, which the catalogue {found}")]
    Feature {
        /// Its name.
        feature: String,
        /// What the catalogue has instead, and how to mend it.
        found: String,
    },
    /// Does not fit the catalogue, or is impossible.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// Finds the features that trees use in the schema. Features that no tree uses need not exist.
pub(crate) fn inputs_of(
    names: &[String],
    trees: &[Tree],
    schema: &Schema,
) -> Result<Vec<Input>, ImportError> {
    let mut used = vec![false; names.len()];
    for split in trees.iter().flat_map(Tree::splits) {
        used[split.input as usize] = true;
    }
    let spare = schema.columns.iter().find(|c| c.kind != ColumnKind::Category).map(|c| c.name.clone());
    let mut inputs = Vec::new();
    for (name, used) in names.iter().zip(used) {
        let wrong = |found: &str| ImportError::Feature { feature: name.clone(), found: found.to_owned() };
        let column = match schema.columns.iter().find(|c| c.name == *name) {
            None if used => {
                return Err(wrong(
                    "does not have; name the columns as in the training set that `replay` wrote",
                ));
            }
            Some(c) if used && c.kind == ColumnKind::Category => {
                return Err(wrong(
                    "has as a category; leave it out, or train with `ringfence train`, which encodes it",
                ));
            }
            Some(c) if used && !c.model => {
                return Err(wrong("keeps from models (`model = false`); leave it out when training"));
            }
            Some(c) if used => c.name.clone(),
            // A place holder, so that the trees' indices stay: no tree reads it.
            Some(_) | None => spare.clone().ok_or_else(|| wrong("does not have, nor any number"))?,
        };
        inputs.push(Input { column, encoding: Encoding::Number });
    }
    Ok(inputs)
}
