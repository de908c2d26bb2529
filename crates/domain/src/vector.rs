//! What does a feature vector look like? The schema that features, learning and deciding share.

use serde::{Deserialize, Serialize};

/// What the numbers of a column mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// A number; NaN where unknown.
    Number,
    /// 0 or 1; NaN where unknown.
    Flag,
    /// A word, as [`category_code`] of its text; NaN where unknown. Models encode it, never order it.
    Category,
}

/// One feature of the vector.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Column {
    /// Its name in the catalogue, in rules and in models.
    pub name: String,
    /// What its numbers mean.
    pub kind: ColumnKind,
    /// What it tells, in a sentence.
    pub about: String,
    /// The reason code under which it is explained.
    pub reason: String,
    /// Whether it may be an input of a model; a column may serve rules and texts alone.
    pub model: bool,
}

/// The columns of a feature vector, in order, and the hash of the catalogue that defines them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, Default)]
pub struct Schema {
    /// In the order of the vector.
    pub columns: Vec<Column>,
    /// BLAKE3 of the catalogue, hexadecimal.
    pub hash: String,
}

impl Schema {
    /// Position of a column.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }
}

/// The number that stands for a word in a vector: FNV-1a with 24 bits, which `f32` holds exactly.
///
/// Two of 1,000 words share a code with probability 3 %; a model then sees them as one word.
pub fn category_code(text: &str) -> f64 {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    f64::from((hash >> 24) ^ (hash & 0x00ff_ffff))
}
