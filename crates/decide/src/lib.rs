//! What do we answer, and why? Rules, score, cost policy, reasons.
//!
//! A [`Policy`] is a file that people write: what each of the twelve decisions costs with an honest customer and with
//! an abuser, how many requests people can review, which rules bound the choice. Compiled against the columns of a
//! feature vector it is a [`Plan`], which answers each request with the decision of least expected cost among those
//! that are possible and allowed, and says why.
//!
//! This crate never knows a store, a clock, HTTP, a model or how a feature is computed: score and attributions are
//! given to it, and the time is that of the request.

mod error;
mod evidence;
mod explain;
mod file;
mod money;
mod reasons_page;
mod rules;

pub mod backtest;
pub mod cost;
pub mod ledger;
pub mod listed;
pub mod notice;
pub mod plan;
pub mod policy;
pub mod reasons;

pub use cost::{Costs, Situation};
pub use error::PolicyError;
pub use evidence::{EVIDENCE_MAX, Evidence};
pub use explain::Explain;
pub use file::{POLICY_BYTES_MAX, RULES_MAX};
pub use listed::Listed;
pub use plan::{Ask, Plan, Weighed};
pub use policy::{Policy, strictness};

/// The policy that is used where none is named.
pub const DEFAULT_POLICY: &str = include_str!("../policies/default.toml");

/// The baseline without a model: a retailer's usual rules, blind to the score.
pub const RULES_ONLY_POLICY: &str = include_str!("../policies/rules-only.toml");
