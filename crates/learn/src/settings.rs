//! How is a model to be trained? Every choice, with its default and why.

use crate::boost::BoostSettings;
use crate::dataset::Target;
use crate::encode::EncodeSettings;
use crate::split::SplitSettings;
use crate::trainer::Trainer;
use crate::weights::WeightSettings;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows × inputs from which on candidates are not compared and the trees learn at twice the rate (at most 0.1), in half
/// as many: one training run is long enough then, and with so many rows the loss in accuracy is small.
pub const SEARCH_CELLS_MAX: usize = 20_000_000;

/// Everything that training may be told; all of it has a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainSettings {
    /// What the model is to find.
    pub target: Target,
    /// Who grows the trees.
    pub trainer: Trainer,
    /// Which rows are for what.
    pub split: SplitSettings,
    /// What rows without a label count.
    pub weights: WeightSettings,
    /// How words become numbers.
    pub encode: EncodeSettings,
    /// The boosted trees.
    pub boost: BoostSettings,
    /// Whether a few other settings of the trees are compared on the validation rows, where that is quick.
    pub search: bool,
    /// Whether the final trees learn from the validation and calibration rows too, with the number of trees and the
    /// calibration that were found without them.
    pub refit: bool,
    /// Columns that are no input although the catalogue allows it.
    pub exclude: Vec<String>,
    /// By column: 1 where the score may only rise with it, −1 where it may only fall.
    pub monotone: BTreeMap<String, i8>,
    /// Columns that stand for the past refund rate in comparisons: the first that the catalogue has.
    pub past_refund_rate: Vec<String>,
    /// Columns that name a segment whose false positives are reported (categories and flags).
    pub segments: Vec<String>,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self {
            target: Target::Abuse,
            trainer: Trainer::default(),
            split: SplitSettings::default(),
            weights: WeightSettings::default(),
            encode: EncodeSettings::default(),
            boost: BoostSettings::default(),
            search: true,
            refit: true,
            exclude: Vec::new(),
            monotone: BTreeMap::new(),
            past_refund_rate: ["account_refund_rate_365d", "account_refund_rate", "account_refund_rate_90d"]
                .map(str::to_owned)
                .to_vec(),
            segments: Vec::new(),
        }
    }
}

impl TrainSettings {
    /// The settings of the trees to compare, the configured ones first.
    pub fn candidates(&self, cells: usize) -> Vec<BoostSettings> {
        let own = self.boost.clone();
        if cells > SEARCH_CELLS_MAX {
            let rate = own.learning_rate.max((own.learning_rate * 2.0).min(0.1));
            let trees_max = (own.trees_max as f64 * own.learning_rate / rate).ceil() as usize;
            return vec![BoostSettings { learning_rate: rate, trees_max, patience: own.patience / 2, ..own }];
        }
        if !self.search {
            return vec![own];
        }
        // Small trees where labels are few, large leaves where they are noisy, deep ones where there is much to tell.
        let small = BoostSettings { leaves_max: 8, depth_max: 4, ..own.clone() };
        let calm =
            BoostSettings { leaf_weight_min: own.leaf_weight_min * 4.0, l2: own.l2 * 4.0, ..own.clone() };
        vec![own, small, calm]
    }
}
