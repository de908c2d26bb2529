//! What is a model? Inputs, trees, calibration and where they came from, in a versioned JSON file.

use crate::calibrate::{Calibration, CalibrationChoice};
use crate::dataset::Target;
use crate::encode::WordTable;
use crate::tree::Tree;
use ringfence_domain::Timestamp;
use ringfence_domain::vector::{ColumnKind, Schema};
use serde::{Deserialize, Serialize};

/// What the first field of a model file says.
pub const FORMAT: &str = "ringfence-model";

/// Version of the file format; a file of another version is refused.
pub const FORMAT_VERSION: u32 = 1;

/// Trees at most: 10,000 are far past where boosting still gains, and bound what a hostile file may ask for.
pub const TREES_MAX: usize = 10_000;

/// A trained model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// [`FORMAT`].
    pub format: String,
    /// [`FORMAT_VERSION`].
    pub version: u32,
    /// What its probability is of.
    pub target: Target,
    /// Hash of the feature catalogue whose vectors it scores.
    pub catalogue: String,
    /// Where it came from.
    pub provenance: Provenance,
    /// What its trees compare, in the order of their indices.
    pub inputs: Vec<Input>,
    /// How the leaves are added.
    pub sum: Sum,
    /// Log-odds before the first tree.
    pub base: f64,
    /// From raw score to probability.
    pub calibration: CalibrationChoice,
    /// The distribution of each column in training, to see drift.
    pub reference: Vec<Reference>,
    /// In the order of their sum.
    pub trees: Vec<Tree>,
}

/// Where a model came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// `ringfence`, or the tool whose model was imported.
    pub trainer: String,
    /// Version of the code that wrote it.
    pub code: String,
    /// Hash of the training set.
    pub data: String,
    /// Requests from here …
    pub from: Option<Timestamp>,
    /// … to here (exclusive) were learned from,
    pub to: Option<Timestamp>,
    /// with the labels known at this time.
    pub labels_until: Option<Timestamp>,
    /// The settings, as JSON.
    pub settings: serde_json::Value,
}

/// How a sum over trees is rounded: as the trainer rounds it. The base comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sum {
    /// To 64 bits.
    F64,
    /// To 32 bits after each addition (XGBoost).
    F32,
}

/// What a tree compares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The column of the vector.
    pub column: String,
    /// How its number is read.
    pub encoding: Encoding,
}

/// How a column's number becomes an input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// As it is (numbers and flags).
    Number,
    /// A word's smoothed rate of abuse.
    Rate(WordTable),
    /// How often a word was seen in training.
    Count(WordTable),
}

/// How a column was distributed in training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The column.
    pub column: String,
    /// Edges between bins, ascending; a number at an edge is above it.
    pub edges: Vec<f32>,
    /// Share of the unknown, then of each bin.
    pub shares: Vec<f64>,
}

/// Why a model cannot be read or used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Not JSON, cut short, or not shaped as a model.
    #[error(
        "the model file is malformed at `{at}`; write it again with `ringfence train`, or copy it again if it was cut short"
    )]
    Malformed {
        /// Path within the JSON.
        at: String,
        /// What JSON says.
        #[source]
        source: serde_json::Error,
    },
    /// Some other JSON.
    #[error(
        "the file is no model: its `format` is `{0}`, expected `{FORMAT}`; give the file that `ringfence train` wrote"
    )]
    Format(String),
    /// Written by another version.
    #[error(
        "the model file has version {0}, this build reads version {FORMAT_VERSION}; train it again, or use the ringfence that wrote it"
    )]
    Version(u64),
    /// Shaped as a model, but impossible.
    #[error("the model file says something impossible: {0}; it was changed after training: copy it again")]
    Impossible(String),
    /// The catalogue is not the one it was trained with.
    #[error(
        "the model was trained with the feature catalogue {trained}, this one is {given}; train again with `ringfence \
         train`, or use the catalogue of the model"
    )]
    Catalogue {
        /// Its hash.
        trained: String,
        /// The other's.
        given: String,
    },
    /// The catalogue lacks a column, or has it with another kind.
    #[error(
        "the model needs the feature `{column}` as {expected}, and the catalogue {found}; use the catalogue of the model, or train again"
    )]
    Column {
        /// Its name.
        column: String,
        /// What it needs.
        expected: &'static str,
        /// What there is.
        found: String,
    },
}

/// Only what tells whether the rest can be read.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    format: serde_json::Value,
    #[serde(default)]
    version: serde_json::Value,
}

impl Model {
    /// Reads a model file; strict: unknown fields, other versions and impossible numbers are refused.
    pub fn from_json(bytes: &[u8]) -> Result<Model, ModelError> {
        let malformed = |e: serde_path_to_error::Error<serde_json::Error>| ModelError::Malformed {
            at: e.path().to_string(),
            source: e.into_inner(),
        };
        let head: Head = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(bytes))
            .map_err(malformed)?;
        if head.format != FORMAT {
            return Err(ModelError::Format(
                head.format.as_str().unwrap_or("missing").chars().take(40).collect(),
            ));
        }
        if head.version != FORMAT_VERSION {
            return Err(ModelError::Version(head.version.as_u64().unwrap_or(0)));
        }
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let model: Model = serde_path_to_error::deserialize(&mut json).map_err(malformed)?;
        json.end().map_err(|source| ModelError::Malformed { at: "end".to_owned(), source })?;
        model.check()?;
        Ok(model)
    }
    /// The file's bytes: JSON with a tree a line.
    pub fn to_json(&self) -> Vec<u8> {
        let json = serde_json::to_string(self).expect("a model holds finite numbers and texts only");
        let mut lines =
            json.replace(",{\"input\":[", ",\n{\"input\":[").replace("\"trees\":[{", "\"trees\":[\n{");
        lines.push('\n');
        lines.into_bytes()
    }
    /// BLAKE3 of [`Model::to_json`], hexadecimal: its version in decisions.
    pub fn hash(&self) -> String {
        blake3::hash(&self.to_json()).to_hex().to_string()
    }
    /// The cover-weighted expectation of the raw score over the training rows: where explanations start.
    pub fn expectation(&self) -> f64 {
        self.base + self.trees.iter().map(Tree::expectation).sum::<f64>()
    }
    /// Total gain by input, in the order of the inputs.
    pub fn gains(&self) -> Vec<f64> {
        let mut gains = vec![0.0; self.inputs.len()];
        for split in self.trees.iter().flat_map(Tree::splits) {
            gains[split.input as usize] += f64::from(split.gain);
        }
        gains
    }
    /// Whether vectors of `schema` are what the model was trained on.
    pub fn fits(&self, schema: &Schema) -> Result<(), ModelError> {
        for input in &self.inputs {
            let expected = match input.encoding {
                Encoding::Number => "a number or flag",
                Encoding::Rate(_) | Encoding::Count(_) => "a category",
            };
            let wrong = |found: String| ModelError::Column { column: input.column.clone(), expected, found };
            let Some(at) = schema.index(&input.column) else {
                return Err(wrong("has no such feature".to_owned()));
            };
            let fits = match (schema.columns[at].kind, &input.encoding) {
                (ColumnKind::Number | ColumnKind::Flag, Encoding::Number) => true,
                (ColumnKind::Category, Encoding::Rate(_) | Encoding::Count(_)) => true,
                (ColumnKind::Number | ColumnKind::Flag, _) | (ColumnKind::Category, Encoding::Number) => {
                    false
                }
            };
            if !fits {
                let kind = match schema.columns[at].kind {
                    ColumnKind::Number => "a number",
                    ColumnKind::Flag => "a flag",
                    ColumnKind::Category => "a category",
                };
                return Err(wrong(format!("has it as {kind}")));
            }
        }
        if self.catalogue != schema.hash {
            let (trained, given) = (self.catalogue.clone(), schema.hash.clone());
            return Err(ModelError::Catalogue { trained, given });
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ModelError> {
        let impossible = |what: String| Err(ModelError::Impossible(what));
        if self.trees.len() > TREES_MAX {
            return impossible(format!("{} trees, more than {TREES_MAX}", self.trees.len()));
        }
        if !self.base.is_finite() {
            return impossible("the base score is not finite".to_owned());
        }
        if let Some(fault) = self.calibration.calibration.fault() {
            return impossible(fault);
        }
        for input in &self.inputs {
            let fault = match &input.encoding {
                Encoding::Number => None,
                Encoding::Rate(table) | Encoding::Count(table) => table.fault(),
            };
            if let Some(fault) = fault {
                return impossible(format!("the encoding of `{}`: {fault}", input.column));
            }
        }
        for (i, tree) in self.trees.iter().enumerate() {
            if let Some(split) = tree.splits().iter().find(|s| s.input as usize >= self.inputs.len()) {
                let (at, have) = (split.input, self.inputs.len());
                return impossible(format!("tree {i} splits on input {at} of {have}"));
            }
        }
        for r in &self.reference {
            if r.shares.len() != r.edges.len() + 2 || !r.edges.windows(2).all(|w| w[0] < w[1]) {
                return impossible(format!("the reference of `{}` has bins that do not add up", r.column));
            }
        }
        Ok(())
    }
}

impl Model {
    /// A model around trees that were trained elsewhere: identity calibration, no reference.
    pub fn imported(
        schema: &Schema,
        provenance: Provenance,
        inputs: Vec<Input>,
        sum: Sum,
        base: f64,
        trees: Vec<Tree>,
    ) -> Result<Model, ModelError> {
        let model = Model {
            format: FORMAT.to_owned(),
            version: FORMAT_VERSION,
            target: Target::Abuse,
            catalogue: schema.hash.clone(),
            provenance,
            inputs,
            sum,
            base,
            calibration: CalibrationChoice { calibration: Calibration::Identity, held_out: Vec::new() },
            reference: Vec::new(),
            trees,
        };
        model.check()?;
        model.fits(schema)?;
        Ok(model)
    }
}
