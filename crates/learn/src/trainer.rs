//! Who grows the trees? Our own trainer, or LightGBM where this build has it.
//!
//! LightGBM only grows: its trees come back as text through the importer, and are scored, stopped, calibrated and explained
//! by us like our own.

use crate::boost::{BoostSettings, Boosted, Rows, boost};
use serde::{Deserialize, Serialize};

/// Who grows the trees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trainer {
    /// [`boost`]: pure Rust, the same bytes on every machine.
    #[default]
    Ringfence,
    /// LightGBM, in builds with the cargo feature `lightgbm`.
    Lightgbm,
}

impl Trainer {
    /// Whether this build has it.
    pub fn is_there(self) -> bool {
        match self {
            Trainer::Ringfence => true,
            Trainer::Lightgbm => cfg!(feature = "lightgbm"),
        }
    }
    /// What model files say of who trained them.
    pub fn name(self) -> &'static str {
        match self {
            Trainer::Ringfence => "ringfence",
            Trainer::Lightgbm => "lightgbm",
        }
    }
    /// Grows trees, see [`boost`].
    pub fn grow(
        self,
        fit: Rows<'_>,
        validation: Option<Rows<'_>>,
        monotone: &[i8],
        settings: &BoostSettings,
    ) -> Result<Boosted, TrainerError> {
        match self {
            Trainer::Ringfence => Ok(boost(fit, validation, monotone, settings)),
            #[cfg(feature = "lightgbm")]
            Trainer::Lightgbm => crate::lightgbm::boost(fit, validation, monotone, settings),
            #[cfg(not(feature = "lightgbm"))]
            Trainer::Lightgbm => Err(TrainerError::NotBuilt),
        }
    }
}

/// Why a trainer grew nothing.
#[derive(Debug, thiserror::Error)]
pub enum TrainerError {
    /// This build lacks it.
    #[error(
        "this build has no LightGBM; build it with `cargo build --release --features lightgbm` (which needs CMake 3.28 or \
         newer, a C++ compiler and libclang), or leave `trainer` at `ringfence`"
    )]
    NotBuilt,
    /// LightGBM refused, in its own words.
    #[error(
        "LightGBM could not train: {0}; correct the settings of the trees, or leave `trainer` at `ringfence`"
    )]
    Refused(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_name_the_trainer() {
        let json = serde_json::to_string(&[Trainer::Ringfence, Trainer::Lightgbm]).unwrap();
        assert_eq!(json, r#"["ringfence","lightgbm"]"#);
    }

    #[cfg(not(feature = "lightgbm"))]
    #[test]
    fn without_the_feature_the_error_says_how_to_build() {
        let matrix = crate::bins::Matrix::new(vec![vec![0.0, 1.0]], 2);
        let rows = Rows { matrix: &matrix, target: &[0.0, 1.0], weight: &[1.0, 1.0] };
        let error = Trainer::Lightgbm.grow(rows, None, &[], &BoostSettings::default()).unwrap_err();
        assert!(
            !Trainer::Lightgbm.is_there() && error.to_string().contains("--features lightgbm"),
            "{error}"
        );
    }
}
