//! Which marks are a ring's, and which requests?
//!
//! A mark is something that requests share: a device, a script, a clerk. It is a ring's or it is innocent; a request is a
//! ring's where one of its marks is (noisy or), or, seldom, without any. What is seen of a request by itself speaks for or
//! against it. Time and memory are linear in the number of ties.
//!
//! Marks that are odd in themselves (a machine that only claims) come first, together with their requests: messages go from
//! marks to requests and back until they stand still (sum–product on a graph with cycles, damped; Pearl 1988; Murphy, Weiss
//! and Jordan, UAI 1999). Then come those that are common among honest people too (a wording, an address): such a mark is a
//! ring's if what is already believed of its requests is more than chance would give. They are not asked again: two things
//! that a family shares would otherwise confirm each other.

use libm::{exp, log};
use std::collections::BTreeMap;

/// One request under one mark.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tie {
    pub(crate) mark: u32,
    pub(crate) request: u32,
    /// The probability that the request is a ring's if the mark is.
    pub(crate) strength: f64,
    /// How much it counts: requests of one account under one mark are one witness together.
    pub(crate) weight: f64,
}

/// What is to be believed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beliefs {
    /// By mark: the probability that it is a ring's.
    pub(crate) marks: Vec<f64>,
    /// By request.
    pub(crate) requests: Vec<f64>,
    /// By mark: log-odds, for or against.
    pub(crate) mark_odds: Vec<f64>,
    /// By request: the probability that a mark that is odd in itself makes it a ring's.
    pub(crate) tied: Vec<f64>,
}

/// Beliefs stand still when no message moves by more.
const STILL: f64 = 1e-4;
const ROUNDS_MAX: u32 = 60;
const DAMPING: f64 = 0.5;
/// No tie is certain, and no evidence of a single request is endless.
const STRENGTH_MAX: f64 = 0.995;
const EVIDENCE_MAX: f64 = 12.0;

pub(crate) fn log_odds(p: f64) -> f64 {
    log(p / (1.0 - p))
}

pub(crate) fn probability(odds: f64) -> f64 {
    1.0 / (1.0 + exp(-odds))
}

/// What is to be weighed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// Sorted by request.
    pub(crate) ties: &'a [Tie],
    /// By mark: log-odds before its requests are looked at.
    pub(crate) prior: &'a [f64],
    /// By mark: whether it is odd in itself.
    pub(crate) odd: &'a [bool],
    /// By request: the log-likelihood ratio of what is seen of it.
    pub(crate) evidence: &'a [f64],
    /// The probability that a request is a ring's though none of its marks is.
    pub(crate) alone: f64,
    /// The share of all requests that are a ring's.
    pub(crate) share: f64,
}

pub(crate) fn believe(question: &Question) -> Beliefs {
    let Question { ties, prior, odd, evidence, alone, share } = *question;
    let ratio: Vec<f64> = evidence.iter().map(|e| exp(e.clamp(-EVIDENCE_MAX, EVIDENCE_MAX))).collect();
    let first: Vec<Tie> = ties.iter().filter(|t| odd[t.mark as usize]).copied().collect();
    let mut odds = propagate(&first, prior, &ratio, alone);
    let belief = |odds: &[f64], t: &Tie| probability(odds[t.mark as usize]);
    let by_first: Vec<f64> = first.iter().map(|t| belief(&odds, t)).collect();
    let so_far = combine(&first, &by_first, &ratio, alone);
    let tied = combine(&first, &by_first, &ratio, 0.0);
    let mut ties = ties.to_vec();
    let mut of_mark: BTreeMap<u32, Vec<(usize, f64)>> = BTreeMap::new();
    for (n, tie) in ties.iter().enumerate().filter(|(_, t)| !odd[t.mark as usize]) {
        let b = log_odds(so_far[tie.request as usize]) - log_odds(share);
        of_mark.entry(tie.mark).or_default().push((n, exp(b.clamp(-EVIDENCE_MAX, EVIDENCE_MAX))));
    }
    for (mark, requests) in of_mark {
        let seen: Vec<(f64, f64)> = requests.iter().map(|&(n, b)| (ties[n].strength, b)).collect();
        let purity = purity(&seen);
        for (n, b) in requests {
            let tie = &mut ties[n];
            let s = tie.strength.min(STRENGTH_MAX);
            odds[mark as usize] += tie.weight * log((s * b + 1.0 - s) / (share * b + 1.0 - share));
            tie.strength = s * purity;
        }
    }
    let beliefs: Vec<f64> = ties.iter().map(|t| belief(&odds, t)).collect();
    let requests = combine(&ties, &beliefs, &ratio, alone);
    Beliefs { marks: odds.iter().map(|&o| probability(o)).collect(), requests, mark_odds: odds, tied }
}

/// Which part of a mark's requests is a ring's if the mark is, from what is already believed of them: others may use the
/// same words, or live in the same house. Most likely share, by expectation and maximisation from a belief in all of it that
/// weighs as much as a few requests.
fn purity(requests: &[(f64, f64)]) -> f64 {
    const BELIEF: f64 = 3.0;
    let mut purity = 1.0;
    for _ in 0..20 {
        let (mut rings, mut all) = (BELIEF, BELIEF);
        for &(strength, b) in requests {
            let s = strength * purity;
            rings += s * b / (s * b + 1.0 - s);
            all += strength;
        }
        purity = (rings / all).min(1.0);
    }
    purity
}

/// The log-odds of the marks.
fn propagate(ties: &[Tie], prior: &[f64], ratio: &[f64], alone: f64) -> Vec<f64> {
    let mut to_request: Vec<f64> = ties.iter().map(|t| probability(prior[t.mark as usize])).collect();
    let mut to_mark = vec![0.0; ties.len()];
    let mut odds = prior.to_vec();
    for _ in 0..ROUNDS_MAX {
        odds.copy_from_slice(prior);
        let mut from = 0;
        for of_request in ties.chunk_by(|a, b| a.request == b.request) {
            let none = none_of(of_request, &to_request[from..], alone);
            for (i, tie) in of_request.iter().enumerate() {
                let strength = tie.strength.min(STRENGTH_MAX);
                let others = none / (1.0 - strength * to_request[from + i]);
                let l = ratio[tie.request as usize];
                let innocent = (1.0 - others) * l + others;
                let others = others * (1.0 - strength);
                let rings = (1.0 - others) * l + others;
                to_mark[from + i] = tie.weight * log(rings / innocent);
                odds[tie.mark as usize] += to_mark[from + i];
            }
            from += of_request.len();
        }
        let mut moved: f64 = 0.0;
        for (i, tie) in ties.iter().enumerate() {
            let new = probability(odds[tie.mark as usize] - to_mark[i]);
            let step = DAMPING * (new - to_request[i]);
            to_request[i] += step;
            moved = moved.max(step.abs());
        }
        if moved < STILL {
            break;
        }
    }
    odds
}

/// The probability of each request, from what is believed of the mark of each tie.
fn combine(ties: &[Tie], beliefs: &[f64], ratio: &[f64], alone: f64) -> Vec<f64> {
    let posterior = |none: f64, l: f64| (1.0 - none) * l / ((1.0 - none) * l + none);
    let mut requests: Vec<f64> = ratio.iter().map(|&l| posterior(1.0 - alone, l)).collect();
    let mut from = 0;
    for of_request in ties.chunk_by(|a, b| a.request == b.request) {
        let request = of_request[0].request as usize;
        requests[request] = posterior(none_of(of_request, &beliefs[from..], alone), ratio[request]);
        from += of_request.len();
    }
    requests
}

/// The probability that no mark makes the request a ring's.
fn none_of(ties: &[Tie], beliefs: &[f64], alone: f64) -> f64 {
    let none = ties.iter().zip(beliefs).map(|(t, b)| 1.0 - t.strength.min(STRENGTH_MAX) * b);
    (1.0 - alone) * none.product::<f64>()
}
