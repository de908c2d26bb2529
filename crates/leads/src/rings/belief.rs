//! Which marks are a ring's, and which requests? Both at once, by belief propagation.
//!
//! A mark is something that requests share: a device, a script, a clerk. It is a ring's or it is innocent; a request is a
//! ring's where one of its marks is (noisy or), or, seldom, without any mark. What is seen of a request by itself speaks for
//! or against it. Messages go from marks to requests and back until they stand still (sum–product on a graph with cycles,
//! damped; Pearl 1988, Murphy, Weiss and Jordan, UAI 1999). Time and memory are linear in the number of ties.

use libm::{exp, log};

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
    pub(crate) rounds: u32,
}

/// Beliefs stand still when no message moves by more.
const STILL: f64 = 1e-4;
const ROUNDS_MAX: u32 = 60;
const DAMPING: f64 = 0.5;
/// No tie is certain, and no evidence of a single request is endless.
const STRENGTH_MAX: f64 = 0.995;
const EVIDENCE_MAX: f64 = 12.0;

pub(crate) fn probability(odds: f64) -> f64 {
    1.0 / (1.0 + exp(-odds))
}

/// `prior`: log-odds of each mark; `evidence`: log-likelihood ratio of each request; `alone`: the probability that a request
/// is a ring's though none of its marks is. `ties` are sorted by request.
pub(crate) fn propagate(ties: &[Tie], prior: &[f64], evidence: &[f64], alone: f64) -> Beliefs {
    let ratio: Vec<f64> = evidence.iter().map(|e| exp(e.clamp(-EVIDENCE_MAX, EVIDENCE_MAX))).collect();
    let mut to_request: Vec<f64> = ties.iter().map(|t| probability(prior[t.mark as usize])).collect();
    let mut to_mark = vec![0.0; ties.len()];
    let mut odds = prior.to_vec();
    let mut rounds = 0;
    while rounds < ROUNDS_MAX {
        rounds += 1;
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
    let mut requests: Vec<f64> = ratio.iter().map(|l| alone * l / (alone * l + 1.0 - alone)).collect();
    let mut from = 0;
    for of_request in ties.chunk_by(|a, b| a.request == b.request) {
        let none = none_of(of_request, &to_request[from..], alone);
        from += of_request.len();
        let l = ratio[of_request[0].request as usize];
        requests[of_request[0].request as usize] = (1.0 - none) * l / ((1.0 - none) * l + none);
    }
    Beliefs { marks: odds.iter().map(|&o| probability(o)).collect(), requests, mark_odds: odds, rounds }
}

/// The probability that no mark makes the request a ring's.
fn none_of(ties: &[Tie], beliefs: &[f64], alone: f64) -> f64 {
    let none = ties.iter().zip(beliefs).map(|(t, b)| 1.0 - t.strength.min(STRENGTH_MAX) * b);
    (1.0 - alone) * none.product::<f64>()
}
