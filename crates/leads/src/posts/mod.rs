//! Which refunds are boasted of in public? Posts matched to the ledger, with probabilities that know of chance.
//!
//! 1. [`Record`] gathers refunds and posts from the log; goods are known by what customers wrote (`goods`).
//! 2. [`extract`] reads what a post claims; posts that say the same are one boast (`boasts`).
//! 3. `candidates` are the refunds granted around that time whose amount can become the one in the post (`rounding`).
//! 4. `model` weighs agreements by how rare they are, `fit` estimates it from the posts themselves, `assign` gives each
//!    refund to at most one boast.
//!
//! A match is a lead: it says what agrees, what does not, and how many refunds agree as well. Nobody is accused by it.

mod amounts;
mod assign;
mod background;
mod boasts;
mod candidates;
mod extract;
mod find;
mod fit;
mod goods;
mod model;
mod moments;
mod names;
mod record;
mod rounding;
mod seen;
mod text;
mod ties;
mod why;
mod words;

pub use amounts::{Amount, Unit};
pub use extract::{Claims, extract};
pub use find::{Findings, Handle, Match, RingTie, Silence, Totals, Unmatched, posts};
pub use moments::Moments;
pub use names::{Named, Names, Shops};
pub use record::Record;
pub use words::{Act, Method};

/// What is found, and what is told.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Settings {
    /// Probability from which on a match stands.
    pub stands_min: f64,
    /// Probability from which on a match is told at all.
    pub told_min: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { stands_min: 0.9, told_min: 0.05 }
    }
}
