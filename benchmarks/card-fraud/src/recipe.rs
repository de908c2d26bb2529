//! How are the trees trained? The ways that validation compares, and the one that it chose.

use ringfence_domain::Timestamp;
use ringfence_learn::boost::BoostSettings;
use ringfence_learn::dataset::Dataset;
use ringfence_learn::score::{Scorer, Scratch};
use ringfence_learn::settings::TrainSettings;
use ringfence_learn::train::train;
use std::error::Error;

/// One way to train.
pub(crate) struct Recipe {
    pub(crate) name: &'static str,
    /// Models with other seeds whose raw scores are averaged.
    seeds: u64,
    /// `None`: the defaults of `ringfence train`.
    boost: Option<BoostSettings>,
}

fn small(trees_max: usize, leaves_max: usize, depth_max: usize) -> Option<BoostSettings> {
    // Patience past the last tree: one day of labels is too little to stop by, so the number of trees is a setting.
    let patience = trees_max + 1;
    Some(BoostSettings {
        trees_max,
        learning_rate: 0.03,
        leaves_max,
        depth_max,
        patience,
        ..BoostSettings::default()
    })
}

/// What `--validate` compares.
pub(crate) fn candidates() -> Vec<Recipe> {
    vec![
        Recipe { name: "defaults of `ringfence train`", seeds: 1, boost: None },
        Recipe { name: "≤ 150 trees × 8 leaves", seeds: 1, boost: small(150, 8, 4) },
        Recipe { name: "≤ 150 trees × 8 leaves, 3 seeds", seeds: 3, boost: small(150, 8, 4) },
        chosen(),
    ]
}

/// What validation chose, see `README.md`.
pub(crate) fn chosen() -> Recipe {
    Recipe { name: "≤ 150 trees × 16 leaves, 3 seeds", seeds: 3, boost: small(150, 16, 6) }
}

impl Recipe {
    /// Learns from `training` with what was known at `until`; the raw scores of `vectors`.
    pub(crate) fn scores(
        &self,
        training: &Dataset,
        until: Timestamp,
        vectors: &[Vec<f64>],
    ) -> Result<Vec<f64>, Box<dyn Error>> {
        let mut sums = vec![0.0; vectors.len()];
        for seed in 1..=self.seeds {
            let mut settings = TrainSettings::default();
            settings.split.maturity_days = 7;
            // No rehearsal: its figures would not be looked at.
            settings.split.test_share = 0.0;
            if let Some(boost) = &self.boost {
                settings.boost = boost.clone();
                settings.search = false;
            }
            settings.boost.seed = seed;
            let model = train(training, until, &settings)?.model;
            let scorer = Scorer::compile(&model, training.schema())?;
            let mut scratch = Scratch::default();
            for (sum, vector) in sums.iter_mut().zip(vectors) {
                *sum += scorer.raw(vector, &mut scratch) / self.seeds as f64;
            }
        }
        Ok(sums)
    }
}
