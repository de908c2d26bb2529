//! What can happen, what can be asked, what is answered: identifiers, money, time, events, decisions.
//!
//! This crate is the vocabulary of Ringfence and the codec of its wire format (CloudEvents 1.0 JSON).
//! It never knows files, the network or a clock. Past its parser there are only checked values.

pub mod decision;
pub mod event;
pub mod id;
pub mod money;
pub mod time;
pub mod vector;
pub mod words;

pub use decision::{Decision, DecisionKind, Reason, Versions};
pub use event::{Body, Event, EventType};
pub use money::{Currency, Money};
pub use time::{Duration, Timestamp};
