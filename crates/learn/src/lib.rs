//! What separates abuse from honesty? Matrix, time split, training, calibration, evaluation, model file, model card.

pub mod arrival;
pub mod baseline;
pub mod bins;
pub mod boost;
pub mod calibrate;
mod calibrating;
pub mod card;
pub mod card_page;
pub mod chance;
pub mod dataset;
pub mod drift;
pub mod encode;
pub mod evaluate;
mod forest;
pub mod grow;
pub mod import;
pub mod import_lightgbm;
pub mod import_xgboost;
#[cfg(feature = "lightgbm")]
pub mod lightgbm;
pub mod logistic;
pub mod metrics;
pub mod model;
pub mod parquet_file;
pub mod review;
pub mod score;
pub mod settings;
pub mod shap;
pub mod split;
pub mod stage;
pub mod train;
pub mod trainer;
pub mod tree;
pub mod weights;
