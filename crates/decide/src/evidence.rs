//! What stands beside the score? Columns that are a probability of abuse by themselves, as that of an open lead on the device
//! with which the request is made.
//!
//! A score learns from what people found out; a lead is found without that. Before a model has seen enough requests under
//! leads to weigh them it can make nothing of them, so they are no inputs of it: either is reason enough, and
//! p = 1 − (1 − score) · (1 − evidence), with the strongest of the evidence, for several columns often tell of one lead.

use crate::error::PolicyError;
use crate::policy::Policy;
use ringfence_domain::vector::{ColumnKind, Schema};
use std::ops::Range;

/// Most columns of evidence: each is read for every request.
pub const EVIDENCE_MAX: usize = 100;

/// A column that is evidence.
#[derive(Clone, PartialEq, Debug)]
pub struct Evidence {
    /// Its name; a number from 0 to 1, missing where there is none.
    pub column: String,
    /// Where the name stands in the file.
    pub(crate) column_span: Range<usize>,
    /// How much of it is believed, 0–1.
    pub share: f64,
}

/// A column's place, and how much of it is believed.
pub(crate) type Place = (usize, f64);

/// The strongest evidence on a request.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Strongest {
    /// The column that tells of it.
    pub(crate) column: usize,
    /// The probability of abuse by it alone, above 0.
    pub(crate) probability: f64,
}

/// Finds the columns.
pub(crate) fn compile(policy: &Policy, schema: &Schema) -> Result<Vec<Place>, PolicyError> {
    let place = |evidence: &Evidence| {
        let fault = |message: String| {
            PolicyError::at(&policy.source, evidence.column_span.start, message)
                .help("evidence is a feature of the catalogue that is a probability, as `lead_on_device`")
        };
        let column = &evidence.column;
        let at = schema.index(column);
        let at = at.ok_or_else(|| fault(format!("the catalogue has no feature `{column}`")))?;
        match schema.columns[at].kind {
            ColumnKind::Number => Ok((at, evidence.share)),
            ColumnKind::Flag | ColumnKind::Category => Err(fault(format!("`{column}` is no number"))),
        }
    };
    policy.evidence.iter().map(place).collect()
}

/// The strongest; of equal ones the first of the policy. What is missing, or not above 0, is none.
pub(crate) fn strongest(places: &[Place], vector: &[f64]) -> Option<Strongest> {
    let mut best: Option<Strongest> = None;
    for &(column, share) in places {
        let probability = vector[column].clamp(0.0, 1.0) * share;
        // False for NaN.
        if probability > best.map_or(0.0, |b| b.probability) {
            best = Some(Strongest { column, probability });
        }
    }
    best
}

/// The probability of abuse by a score and the evidence beside it.
pub(crate) fn beside(score: f64, strongest: Option<Strongest>) -> f64 {
    strongest.map_or(score, |e| 1.0 - (1.0 - score) * (1.0 - e.probability))
}

/// What the evidence adds to the log-odds, as an attribution to its column.
pub(crate) fn attribution(score: f64, strongest: Strongest) -> (usize, f64) {
    let log_odds = |p: f64| {
        let p = p.clamp(1e-9, 1.0 - 1e-9);
        libm::log(p / (1.0 - p))
    };
    (strongest.column, log_odds(beside(score, Some(strongest))) - log_odds(score))
}
