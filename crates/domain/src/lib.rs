//! What can happen, what can be asked, what is answered: identifiers, money, time, events, decisions.
//!
//! This crate is the vocabulary of Ringfence and the codec of its wire format (CloudEvents 1.0 JSON).
//! It never knows files, the network or a clock. Past its parser there are only checked values.

// First, for its macro over all event types.
#[macro_use]
pub mod event;

pub mod codec;
pub mod config;
pub mod decision;
pub mod dedupe;
pub mod grow;
pub mod id;
pub mod lead;
pub mod money;
pub mod rates;
pub mod schema;
#[cfg(feature = "testing")]
pub mod testing;
pub mod time;
pub mod tokens;
pub mod truth;
pub mod vector;
pub mod words;

pub use codec::{Decoder, Limits, Refusal, encode};
pub use decision::{Decision, DecisionKind, Reason, Versions};
pub use event::{Body, Event, EventType};
pub use money::{Currency, Money};
pub use time::{Duration, Timestamp};
