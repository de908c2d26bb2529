//! What does a foreign file say as events?
//!
//! Every importer reads rows and hands events to a [`Sink`] in the order of their times; a row that cannot be
//! read is handed over as a refusal, counted and passed by. Nothing is dropped without a count in the summary.

pub mod card_fraud;
pub mod csv_map;
pub mod decimal;
mod metered;
pub mod online_retail;
pub mod posts;
mod rows;
pub mod sink;

pub use card_fraud::card_fraud;
pub use csv_map::Map;
pub use online_retail::online_retail;
pub use sink::{Collected, ImportError, Sink, SinkError};
