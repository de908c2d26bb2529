//! One log's state: apply an event, return effects; snapshot and restore.
//!
//! The engine is a pure function over the log: it takes no clock, file, network, thread or randomness (INV-1). The same
//! events with the same catalogue, model and policy give the same decisions, byte for byte (INV-2), whether live, in a
//! replay, or continued from a snapshot.

mod decider;
mod engine;
mod event_ids;
mod labels;
mod lists;

pub use decider::{Decider, DeciderError};
pub use engine::{Applied, Asked, Engine, EngineError, Request, goods_with_customer};
pub use event_ids::EventIds;
pub use labels::Labels;
pub use lists::{Entry, List, Lists, Suppression};
pub use ringfence_decide::Situation;
