//! What separates abuse from honesty? Matrix, time split, training, calibration, evaluation, model file, model card.

pub mod baseline;
pub mod bins;
pub mod boost;
pub mod calibrate;
pub mod chance;
pub mod dataset;
pub mod drift;
pub mod encode;
pub mod evaluate;
pub mod grow;
pub mod logistic;
pub mod metrics;
pub mod model;
pub mod parquet_file;
pub mod score;
pub mod settings;
pub mod shap;
pub mod split;
pub mod stage;
pub mod train;
pub mod tree;
pub mod weights;
