//! Who is answerable for which claim: the buyer, the driver, a member of staff, or nobody in particular?
//!
//! A rate by customer punishes people whom a thieving driver serves, and a rate by driver punishes those who serve abusers. So
//! all are inferred together: each claim comes from one of several causes that compete (the buyer lies; the driver keeps the
//! parcel or leaves it elsewhere; a member of staff writes a record that nothing stands behind; a stranger takes it from the
//! door; shop or carrier err; goods go back because they may). Parcels without a claim speak for all who had to do with them.
//! Traits of the claim (the carrier's proof, weights, time since delivery, device, documents, inspection) say which cause they
//! go with; how much they say is learned from the same data, without a truth and with verdicts only where there are some.
//!
//! What is predicted of a buyer is *abuse*, a lie for money. Policy abuse (worn and returned, sizes bought to choose from) is
//! taken for the account's habit, not for a lie.
//!
//! Nothing here accuses: a share is the probability of a cause under the model, and leads are held to a false-discovery rate.

mod as_of;
mod causes;
mod describe;
mod figures;
mod graph;
mod infer;
mod leads;
mod record;
mod tables;
mod traits;
mod why;

pub use as_of::{AsOf, RequestFigures};
pub use causes::{Cause, Culprit};
pub use figures::{ClaimShares, Person};
pub use leads::DriverLead;
pub use record::Record;

use graph::Graph;
use infer::Fit;
use serde::Serialize;

/// What is used and what is reported.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Whether verdicts on refund requests take part, as far as they are known. It works without.
    pub verdicts: bool,
    /// Largest false-discovery rate of the leads on drivers.
    pub fdr: f64,
    /// How many times the mean rate of all drivers a driver's has to be to be of interest.
    pub ratio_of_interest: f64,
    /// Least claims, by share, for which a driver has to be answerable.
    pub claims_min: f64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { verdicts: true, fdr: 0.10, ratio_of_interest: 2.0, claims_min: 3.0 }
    }
}

/// How the inference went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Claims.
    pub claims: usize,
    /// Possible causes over all claims.
    pub edges: usize,
    /// Sweeps over all claims.
    pub sweeps: usize,
    /// The largest change of a share in the last sweep.
    pub change: f64,
    /// Whether it ended because nothing changed any more.
    pub converged: bool,
}

/// The attribution of all claims of a record.
#[derive(Debug)]
pub struct Attribution<'r> {
    record: &'r Record,
    fit: Fit,
    settings: Settings,
}

/// Attributes all claims that the record knows.
pub fn attribute<'r>(record: &'r Record, settings: &Settings) -> Attribution<'r> {
    let fit = Fit::new(Graph::new(record, settings.verdicts));
    Attribution { record, fit, settings: *settings }
}

impl Attribution<'_> {
    /// How the inference went.
    pub fn run(&self) -> Run {
        Run {
            claims: self.fit.graph.claims.len(),
            edges: self.fit.graph.edges.len(),
            sweeps: self.fit.sweeps,
            change: self.fit.change,
            converged: self.fit.converged(),
        }
    }
}
