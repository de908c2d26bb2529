//! What does the past say about this request? Catalogue, plan, windows, fold and as-of vector.
//!
//! - [`catalogue`]: the features as an analyst writes them (TOML), checked with line and column;
//! - [`plan`]: what each event does to which state, and what each request reads;
//! - [`fact`]: events as numbers; [`kind`], [`path`]: the things they name and the ways to them;
//! - [`history`], [`distinct`], [`linked`], [`cluster`]: what is remembered of a thing; [`state`] holds all of it;
//! - [`foresee`]: what a batch of facts will read, read at once;
//! - [`packed`]: facts kept in blocks, to fold again and again;
//! - `collect`: what an event adds; `read`: what a request sees; [`fold`]: one event after the other, and the vector of a
//!   request as of its moment.
//!
//! Pure: no clock, file, network, thread or hash order. The same facts in the same order give the same vectors.

pub mod catalogue;
pub mod cluster;
mod collect;
mod compile;
pub mod distinct;
pub mod fact;
pub mod fold;
pub mod foresee;
pub mod history;
pub mod kind;
mod lead_fields;
pub mod leads;
pub mod linked;
pub mod packed;
pub mod path;
pub mod plan;
mod read;
mod scope;
pub mod state;

pub use catalogue::{Catalogue, CatalogueError};
pub use fold::{Folder, SnapshotError};
pub use plan::Plan;
