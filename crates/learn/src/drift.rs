//! Do the requests of today look like those that the model learned from? Shares of each column's bins, then and now.

use crate::bins::Cuts;
use crate::dataset::Dataset;
use crate::metrics::psi;
use crate::model::{Model, Reference};
use serde::{Deserialize, Serialize};

/// Bins of a reference: tenths.
const BINS: usize = 10;

/// How far a column has moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The column.
    pub column: String,
    /// Population stability index: above 0.1 a shift, above 0.25 a large one.
    pub psi: f64,
    /// Share of unknown in training.
    pub missing_then: f64,
    /// Share of unknown now.
    pub missing_now: f64,
}

/// How the columns of rows are distributed. Categories are left out: codes have no order.
pub fn references(dataset: &Dataset, rows: &[u32]) -> Vec<Reference> {
    use ringfence_domain::vector::ColumnKind;
    let columns = dataset.schema().columns.iter().enumerate();
    columns
        .filter(|(_, c)| match c.kind {
            ColumnKind::Number | ColumnKind::Flag => c.model,
            ColumnKind::Category => false,
        })
        .map(|(at, column)| {
            let numbers: Vec<f32> = rows.iter().map(|&r| dataset.column(at)[r as usize]).collect();
            let edges = Cuts::of(&numbers, BINS).edges().to_vec();
            let shares = shares(&edges, numbers.iter().copied());
            Reference { column: column.name.clone(), edges, shares }
        })
        .collect()
}

/// Share of the unknown, then of each bin.
fn shares(edges: &[f32], numbers: impl Iterator<Item = f32>) -> Vec<f64> {
    let mut counts = vec![0.0; edges.len() + 2];
    let mut all = 0.0;
    for x in numbers {
        let bin = if x.is_nan() { 0 } else { 1 + edges.partition_point(|&e| e <= x) };
        counts[bin] += 1.0;
        all += 1.0;
    }
    counts.iter().map(|c| c / f64::max(all, 1.0)).collect()
}

/// How far each column of rows has moved from the model's reference, furthest first.
pub fn drift(model: &Model, dataset: &Dataset, rows: &[u32]) -> Vec<Drift> {
    let mut moved: Vec<Drift> = model
        .reference
        .iter()
        .filter_map(|reference| {
            let column = dataset.column(dataset.schema().index(&reference.column)?);
            let now = shares(&reference.edges, rows.iter().map(|&r| column[r as usize]));
            Some(Drift {
                column: reference.column.clone(),
                psi: psi(&reference.shares, &now),
                missing_then: reference.shares[0],
                missing_now: now[0],
            })
        })
        .collect();
    moved.sort_by(|a, b| b.psi.total_cmp(&a.psi).then_with(|| a.column.cmp(&b.column)));
    moved
}
