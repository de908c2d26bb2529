//! Which cause does each claim come from? Loopy belief propagation over claims and people, with everything learned on the way.
//!
//! A unit (an account, a driver, …) with exposure E brings forth claims of its cause as a Poisson process with a rate of its
//! own; rates of a cause are gamma distributed over its units. A claim is from one cause, in proportion to rate × likelihood
//! of its traits. A message from a unit to a claim is the unit's mean rate as the *other* claims show it (the cavity):
//! (shape + claims of the others) ÷ (scale + E). This is belief propagation on the collapsed model, which is collapsed
//! variational Bayes of order zero (Asuncion, Welling, Smyth and Teh, UAI 2009; Zeng, Cheung and Liu, PAMI 2013). Parcels
//! without a claim are in E, and speak for everybody who had to do with them.
//!
//! A sweep is linear in claims and edges; between sweeps the frequencies of the traits and the gamma distributions are
//! fitted anew (empirical Bayes).

use crate::attribution::causes::{CAUSES, Cause};
use crate::attribution::graph::{Edge, Graph, UNKNOWN};
use crate::attribution::tables::Tables;
use crate::attribution::traits::NOT_APPLICABLE;

/// Sweeps after which frequencies and beliefs are held as they are: what they still change is less than they are sure of.
const LEARNING_SWEEPS: usize = 30;
/// Most sweeps. With what is learned held, some five are enough.
pub(crate) const SWEEPS_MAX: usize = 100;
/// Inference ends when no share of a cause in a claim changed by more in a sweep.
pub(crate) const CHANGE_END: f64 = 0.001;
/// Weight of the first belief in how much units differ: as many average units.
const UNITS_BELIEVED: f64 = 5.0;

/// What is believed of the rates of a cause over all its units: a gamma distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Belief {
    pub(crate) shape: f64,
    /// Its inverse scale: as much exposure.
    pub(crate) scale: f64,
}

impl Belief {
    pub(crate) fn mean(self) -> f64 {
        self.shape / self.scale
    }
    fn first(cause: Cause) -> Belief {
        let first = cause.first_belief();
        Belief { shape: first.shape, scale: first.shape / first.mean }
    }
    /// By the method of moments; what is not certain of the counts adds to their spread.
    fn fitted(cause: Cause, units: &Units) -> Belief {
        let first = cause.first_belief();
        let (claims, exposure): (f64, f64) = (units.claims.iter().sum(), units.exposure.iter().sum());
        let mean = (first.mean * first.weight + claims) / (first.weight + exposure);
        let (mut excess, mut squares, mut count) = (0.0, 0.0, 0.0);
        for unit in 0..units.claims.len() {
            let expected = mean * units.exposure[unit];
            if expected > 0.0 {
                let off = units.claims[unit] - expected;
                excess += off * off + units.unsure[unit] - expected;
                squares += expected * expected;
                count += 1.0;
            }
        }
        let believed = if count > 0.0 { UNITS_BELIEVED * squares / count } else { 1.0 };
        let spread = (excess.max(0.0) + believed / first.shape) / (squares + believed);
        let shape = (1.0 / spread).clamp(first.bounds[0], first.bounds[1]);
        Belief { shape, scale: shape / mean }
    }
}

/// The units of a cause.
#[derive(Clone, Debug, Default)]
pub(crate) struct Units {
    pub(crate) exposure: Vec<f64>,
    /// Claims for which they are answerable, each with its share.
    pub(crate) claims: Vec<f64>,
    /// How uncertain that sum is: Σ share × (1 − share).
    pub(crate) unsure: Vec<f64>,
}

/// The result.
#[derive(Clone, Debug)]
pub(crate) struct Fit {
    pub(crate) graph: Graph,
    pub(crate) tables: Tables,
    pub(crate) beliefs: [Belief; CAUSES],
    pub(crate) units: [Units; CAUSES],
    /// The share of each edge in its claim; those of a claim sum to 1.
    pub(crate) shares: Vec<f64>,
    pub(crate) sweeps: usize,
    /// The largest change of a share in the last sweep.
    pub(crate) change: f64,
}

impl Fit {
    pub(crate) fn new(graph: Graph) -> Fit {
        let units = Cause::ALL.map(|cause| {
            let exposure = graph.exposure[cause as usize].clone();
            let none = vec![0.0; exposure.len()];
            Units { exposure, claims: none.clone(), unsure: none }
        });
        let tables = Tables::new(&graph);
        let shares = vec![0.0; graph.edges.len()];
        let beliefs = Cause::ALL.map(Belief::first);
        let mut fit = Fit { graph, tables, beliefs, units, shares, sweeps: 0, change: f64::INFINITY };
        // The first sweep listens to nobody but the first beliefs, so that no claim is heard before another.
        fit.sweep(true);
        while fit.sweeps < SWEEPS_MAX && fit.change > CHANGE_END {
            fit.count();
            if fit.sweeps <= LEARNING_SWEEPS {
                fit.tables.learn(&fit.graph, &fit.shares);
                fit.beliefs = Cause::ALL.map(|cause| Belief::fitted(cause, &fit.units[cause as usize]));
            }
            fit.sweep(false);
        }
        fit.count();
        fit
    }
    /// Whether it ended by itself and not by [`SWEEPS_MAX`].
    pub(crate) fn converged(&self) -> bool {
        self.change <= CHANGE_END
    }

    fn sweep(&mut self, first: bool) {
        let (mut change, mut fresh) = (0.0f64, Vec::new());
        for claim in &self.graph.claims {
            let ln = self.tables.ln_likely(claim.family, &claim.values);
            fresh.clear();
            for edge in claim.edges.clone() {
                let (own, edge) = (self.shares[edge], self.graph.edges[edge]);
                let rate =
                    if first { self.beliefs[edge.cause as usize].mean() } else { self.rate(edge, own) };
                fresh.push(
                    libm::log(rate * edge.occasions) + ln[edge.cause as usize] + self.tables.ln_proof(edge),
                );
            }
            to_shares(&mut fresh);
            for (edge, &new) in claim.edges.clone().zip(&fresh) {
                let more = new - self.shares[edge];
                self.shares[edge] = new;
                change = change.max(more.abs());
                let Edge { cause, unit, .. } = self.graph.edges[edge];
                // Later claims of the sweep hear of it at once.
                if !first && unit != UNKNOWN {
                    self.units[cause as usize].claims[unit as usize] += more;
                }
            }
        }
        self.sweeps += 1;
        self.change = change;
    }

    /// The mean rate of an edge's unit, `own` claims of it left out.
    fn rate(&self, edge: Edge, own: f64) -> f64 {
        let (shape, scale) = self.gamma(edge, own);
        shape / scale
    }

    /// The mean rate of a unit, all its claims counted.
    pub(crate) fn rate_of(&self, cause: Cause, unit: u32) -> f64 {
        self.rate(Edge { cause, unit, proof: NOT_APPLICABLE, occasions: 1.0 }, 0.0)
    }

    /// What is believed of the rate of an edge's unit, `own` claims of it left out: shape and inverse scale.
    pub(crate) fn gamma(&self, edge: Edge, own: f64) -> (f64, f64) {
        let (units, belief) = (&self.units[edge.cause as usize], self.beliefs[edge.cause as usize]);
        if edge.unit == UNKNOWN {
            return (belief.shape, belief.scale);
        }
        let unit = edge.unit as usize;
        let others = (units.claims[unit] - own).max(0.0);
        (belief.shape + others, belief.scale + units.exposure[unit])
    }

    /// Sums the shares by unit, afresh, so that rounding does not pile up.
    fn count(&mut self) {
        for units in &mut self.units {
            units.claims.fill(0.0);
            units.unsure.fill(0.0);
        }
        for (edge, share) in self.graph.edges.iter().zip(&self.shares).filter(|(e, _)| e.unit != UNKNOWN) {
            let units = &mut self.units[edge.cause as usize];
            units.claims[edge.unit as usize] += share;
            units.unsure[edge.unit as usize] += share * (1.0 - share);
        }
    }

    /// The shares of a claim that took no part: what is known of the people, and its traits.
    pub(crate) fn shares_of(&self, ln: &[f64; CAUSES], edges: &[Edge]) -> Vec<f64> {
        let of = |e: &Edge| {
            libm::log(self.rate(*e, 0.0) * e.occasions) + ln[e.cause as usize] + self.tables.ln_proof(*e)
        };
        let mut shares: Vec<f64> = edges.iter().map(of).collect();
        to_shares(&mut shares);
        shares
    }
}

/// From logarithms of weights to shares that sum to 1.
fn to_shares(weights: &mut [f64]) {
    let most = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for weight in weights.iter_mut() {
        *weight = libm::exp(*weight - most);
        sum += *weight;
    }
    for weight in weights {
        *weight /= sum;
    }
}
