//! What separates abuse from honesty? Matrix, time split, training, calibration, evaluation, model file, model card.

pub mod bins;
pub mod boost;
pub mod calibrate;
pub mod chance;
pub mod dataset;
pub mod encode;
pub mod grow;
pub mod metrics;
pub mod model;
pub mod parquet_file;
pub mod score;
pub mod shap;
pub mod split;
pub mod tree;
pub mod weights;
