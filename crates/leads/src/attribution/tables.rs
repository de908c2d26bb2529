//! How often does a trait have a value under a cause? Frequencies learned from responsibilities, drawn to where they began.

use crate::attribution::causes::{CAUSES, Cause, Culprit};
use crate::attribution::graph::{Claim, Edge, Graph};
use crate::attribution::traits::{
    FAMILIES, Family, NOT_APPLICABLE, PROOFS, TRAITS, Trait, Values, proof_likelier,
};

/// Least weight of where the learning begins: as many claims of the cause.
const FIRST_WEIGHT: f64 = 60.0;
/// For causes that somebody is answerable for, the beginning weighs at least so many times what is learned. Without a truth
/// a cause would otherwise wander off to whatever group of claims is large and alike, and keep its name.
const ANCHOR: f64 = 2.0;

fn first_weight(cause: Cause, learned: f64) -> f64 {
    if cause.culprit() == Culprit::Nobody { FIRST_WEIGHT } else { f64::max(FIRST_WEIGHT, ANCHOR * learned) }
}
/// What a value counts that never came.
const SMOOTH: f64 = 0.5;

const WIDTH: usize = {
    let (mut sum, mut n) = (0, 0);
    while n < TRAITS.len() {
        sum += TRAITS[n].values.len();
        n += 1;
    }
    sum
};

const STARTS: [usize; TRAITS.len()] = {
    let (mut starts, mut n) = ([0; TRAITS.len()], 1);
    while n < TRAITS.len() {
        starts[n] = starts[n - 1] + TRAITS[n - 1].values.len();
        n += 1;
    }
    starts
};

/// A number for each value of each trait, by cause and family.
type Cells = Vec<f64>;

/// Which values a claim has: places within a row of [`WIDTH`] cells.
fn places(values: &Values) -> impl Iterator<Item = (usize, usize)> + '_ {
    values
        .iter()
        .enumerate()
        .filter(|(_, v)| **v != NOT_APPLICABLE)
        .map(|(of, &value)| (of, STARTS[of] + usize::from(value)))
}

/// The row of a cause's figures in a family.
fn row(cause: usize, family: Family) -> usize {
    (cause * FAMILIES + family as usize) * WIDTH
}

/// Logarithms of the frequencies.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    /// Where the learning begins.
    first: Cells,
    ln: Cells,
    /// Of proofs by cause, against all delivered parcels.
    proofs_first: [[f64; PROOFS]; CAUSES],
    proofs_all: [f64; PROOFS],
    ln_proofs: [[f64; PROOFS]; CAUSES],
}

/// The traits whose frequencies are learned, with where their cells begin in a row.
fn learned() -> impl Iterator<Item = (&'static Trait, usize)> {
    TRAITS.iter().zip(STARTS).filter(|(of, _)| of.learned)
}

/// Makes the cells of each learned trait of a row sum to one.
fn normalise(cells: &mut [f64]) {
    for (of, start) in learned() {
        let cells = &mut cells[start..start + of.values.len()];
        let sum: f64 = cells.iter().sum();
        for cell in cells {
            *cell /= sum;
        }
    }
}

impl Tables {
    pub(crate) fn new(graph: &Graph) -> Tables {
        let mut all = vec![SMOOTH; FAMILIES * WIDTH];
        for claim in &graph.claims {
            for (_, place) in places(&claim.values) {
                all[row(0, claim.family) + place] += 1.0;
            }
        }
        let mut first = vec![0.0; CAUSES * FAMILIES * WIDTH];
        for (number, cause) in Cause::ALL.into_iter().enumerate() {
            for family in 0..FAMILIES {
                let cells = &mut first[(number * FAMILIES + family) * WIDTH..][..WIDTH];
                cells.copy_from_slice(&all[family * WIDTH..][..WIDTH]);
                for (of, start) in TRAITS.iter().zip(STARTS) {
                    if !of.learned {
                        cells[start..start + of.values.len()].fill(1.0);
                    }
                    let likelier = of.likelier.iter().find(|(c, _)| *c == cause);
                    for (cell, factor) in cells[start..].iter_mut().zip(likelier.map_or(&[][..], |l| l.1)) {
                        *cell *= factor;
                    }
                }
                normalise(cells);
            }
        }
        let sum: f64 = graph.proofs.iter().map(|n| n + SMOOTH).sum();
        let proofs_all = graph.proofs.map(|n| (n + SMOOTH) / sum);
        let proofs_first = Cause::ALL.map(|cause| {
            let mut cells = proofs_all;
            for (proof, cell) in cells.iter_mut().enumerate() {
                *cell *= proof_likelier(cause, proof as u8);
            }
            let sum: f64 = cells.iter().sum();
            cells.map(|c| c / sum)
        });
        let mut tables = Tables {
            ln: vec![0.0; first.len()],
            first,
            proofs_first,
            proofs_all,
            ln_proofs: [[0.0; PROOFS]; CAUSES],
        };
        tables.learn(graph, &[]);
        tables
    }

    /// Takes the frequencies from the shares of the causes, one an edge; without shares, those of the beginning.
    pub(crate) fn learn(&mut self, graph: &Graph, shares: &[f64]) {
        let mut cells = vec![0.0; self.first.len()];
        let mut proofs = [[0.0; PROOFS]; CAUSES];
        let mut claims = [0.0; CAUSES * FAMILIES];
        for claim in graph.claims.iter().filter(|_| !shares.is_empty()) {
            let mut by_cause = [0.0; CAUSES];
            for edge in claim.edges.clone() {
                let Edge { cause, proof, .. } = graph.edges[edge];
                by_cause[cause as usize] += shares[edge];
                if proof != NOT_APPLICABLE {
                    proofs[cause as usize][usize::from(proof)] += shares[edge];
                }
            }
            for (cause, share) in by_cause.into_iter().enumerate().filter(|(_, s)| *s > 0.0) {
                claims[cause * FAMILIES + claim.family as usize] += share;
                for (_, place) in places(&claim.values).filter(|(of, _)| TRAITS[*of].learned) {
                    cells[row(cause, claim.family) + place] += share;
                }
            }
        }
        for (n, claims) in claims.into_iter().enumerate() {
            let weight = first_weight(Cause::ALL[n / FAMILIES], claims);
            for (cell, first) in cells[n * WIDTH..][..WIDTH].iter_mut().zip(&self.first[n * WIDTH..]) {
                *cell += first * weight;
            }
        }
        for (cause, cells) in proofs.iter_mut().enumerate() {
            let weight = first_weight(Cause::ALL[cause], cells.iter().sum());
            for (cell, first) in cells.iter_mut().zip(self.proofs_first[cause]) {
                *cell += first * weight;
            }
        }
        for (row, first) in cells.chunks_exact_mut(WIDTH).zip(self.first.chunks_exact(WIDTH)) {
            normalise(row);
            for (of, start) in TRAITS.iter().zip(STARTS).filter(|(of, _)| !of.learned) {
                row[start..start + of.values.len()].copy_from_slice(&first[start..start + of.values.len()]);
            }
        }
        for (ln, cell) in self.ln.iter_mut().zip(cells) {
            *ln = libm::log(cell);
        }
        for (ln, cells) in self.ln_proofs.iter_mut().zip(proofs) {
            let sum: f64 = cells.iter().sum();
            for ((ln, cell), all) in ln.iter_mut().zip(cells).zip(self.proofs_all) {
                *ln = libm::log(cell / sum / all);
            }
        }
    }

    /// The logarithm of how likely the claim's traits are under each cause.
    pub(crate) fn ln_likely(&self, family: Family, values: &Values) -> [f64; CAUSES] {
        let mut ln = [0.0; CAUSES];
        for (_, place) in places(values) {
            for (cause, ln) in ln.iter_mut().enumerate() {
                *ln += self.ln[row(cause, family) + place];
            }
        }
        ln
    }
    /// The logarithm of how much likelier the parcel's proof is under a cause than among all parcels.
    pub(crate) fn ln_proof(&self, edge: Edge) -> f64 {
        if edge.proof == NOT_APPLICABLE {
            0.0
        } else {
            self.ln_proofs[edge.cause as usize][usize::from(edge.proof)]
        }
    }
    /// By trait: the logarithm of how much likelier its value is under one cause than under another.
    pub(crate) fn ln_ratios(&self, claim: &Claim, cause: Cause, other: Cause) -> Vec<(usize, u8, f64)> {
        places(&claim.values)
            .map(|(of, place)| {
                let ln = |c: Cause| self.ln[row(c as usize, claim.family) + place];
                (of, claim.values[of], ln(cause) - ln(other))
            })
            .collect()
    }
}
