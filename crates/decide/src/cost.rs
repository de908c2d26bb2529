//! What does each decision cost? Money of the policy's currency, in minor units, as an expectation.
//!
//! Money that is owed to an honest customer is no cost; what is lost to an abuser, and what a decision does to an
//! honest customer, is. For a request of amount `a`, a share `v` that returned goods are worth, and a decision with
//! the policy's figures:
//!
//! ```text
//! with an honest customer  h = handling + friction + friction_share·a + honest_refused·D
//!                              + pays·v·a·(1 − honest_returns) + return_cost·honest_returns
//! with an abuser           b = handling + (1 − abuser_gives_up)·(1 − abuse_found)·pays·a·(1 − v·abuser_returns)
//! expected                 E = h + p·(b − h)
//! ```
//! where `p` is the probability of abuse, `D` the cost of denying an honest customer, and the terms with `v` and
//! `return_cost` count only where goods can come back. A review's handling is its price (see [`review_price`]).
//!
//! `E` is a line in `p`, so the least of all of them is concave: as `p` rises, the chosen decision's `b − h` never
//! does. That is what "a higher score is never answered more carelessly" means here, and a test holds it.

use crate::policy::{DECISIONS, DecisionCosts, Policy, Review};
use ringfence_domain::DecisionKind;
use ringfence_domain::truth::Truth;
use ringfence_domain::words::{ClaimReason, Word};
use serde::Serialize;

/// What the cost of a decision depends on, beside the policy and the probability of abuse.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Situation {
    /// Money at risk, minor units of the policy's currency; negative counts as none.
    pub amount_minor: i64,
    /// What the customer says.
    pub reason: ClaimReason,
    /// Whether goods can come back: they were received, and not before.
    pub goods_returnable: bool,
    /// Reviews asked for in the last 24 hours.
    pub reviews_last_24h: u32,
}

/// What one decision costs, minor units.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Costs {
    /// With an honest customer.
    pub honest: f64,
    /// With an abuser.
    pub abuse: f64,
}

impl Costs {
    /// The expectation where abuse has this probability.
    pub fn expected(self, probability: f64) -> f64 {
        self.honest + probability * (self.abuse - self.honest)
    }
    /// What it turned out to cost.
    pub fn realised(self, truth: Truth) -> f64 {
        match truth {
            Truth::Abuse | Truth::PolicyAbuse => self.abuse,
            Truth::Legitimate => self.honest,
        }
    }
}

/// What a review costs when so many have been asked for in the last 24 hours.
///
/// A hard limit would answer the 101st request of a day otherwise than the 100th, whatever it is worth. Instead the
/// scarce hour gets a price, the shadow price of the capacity constraint: up to `relaxed_share` of the capacity a
/// review costs its handling; from there the price rises with the square of the distance, is `full_price` when the
/// capacity is used up, and rises on beyond it. So as a day fills, reviews go to requests where they save more, and
/// the load settles near the capacity.
pub fn review_price(handling: f64, review: &Review, reviews_last_24h: u32) -> f64 {
    let relaxed = review.relaxed_share;
    // Without any capacity every review is beyond it, the first one by its whole self.
    let used = (f64::from(reviews_last_24h) + f64::from(u8::from(review.per_day == 0)))
        / f64::from(review.per_day.max(1));
    let beyond = ((used - relaxed) / (1.0 - relaxed)).max(0.0);
    handling + (review.full_price - handling).max(0.0) * beyond * beyond
}

impl Policy {
    /// What `decision` costs in this situation; none where the policy does not offer it or it is not possible.
    pub fn costs(&self, decision: DecisionKind, situation: &Situation) -> Option<Costs> {
        let figures = self.decision(decision)?;
        if self.possible(decision, figures, situation) { self.priced(decision, situation) } else { None }
    }

    /// What `decision` costs where it was taken, possible or not; none where the policy does not offer it.
    pub fn priced(&self, decision: DecisionKind, situation: &Situation) -> Option<Costs> {
        let figures = self.decision(decision)?;
        let handling = if decision == DecisionKind::Review {
            review_price(figures.handling, &self.review, situation.reviews_last_24h)
        } else {
            figures.handling
        };
        let amount = situation.amount_minor.max(0) as f64;
        let value = if situation.goods_returnable {
            self.goods.value[usize::from(situation.reason.code())]
        } else {
            0.0
        };
        let returns = if situation.goods_returnable { figures.honest_returns } else { 0.0 };
        let honest = handling
            + friction(figures, amount)
            + figures.honest_refused * self.denial(amount)
            + figures.pays * value * amount * (1.0 - figures.honest_returns)
            + self.goods.return_cost * returns;
        let through = (1.0 - figures.abuser_gives_up) * (1.0 - figures.abuse_found);
        let abuse = handling + through * figures.pays * amount * (1.0 - value * figures.abuser_returns);
        Some(Costs { honest, abuse })
    }

    /// The costs of all decisions, by their place in [`DecisionKind::ALL`].
    pub fn cost_table(&self, situation: &Situation) -> [Option<Costs>; DECISIONS] {
        std::array::from_fn(|at| self.costs(DecisionKind::ALL[at], situation))
    }

    /// What denying an honest customer costs, where the policy says it; otherwise the amount and as much again.
    fn denial(&self, amount: f64) -> f64 {
        self.decision(DecisionKind::Deny).map_or(2.0 * amount, |figures| friction(figures, amount))
    }

    fn possible(&self, decision: DecisionKind, figures: &DecisionCosts, situation: &Situation) -> bool {
        let physically = match decision {
            DecisionKind::RefundOnScan
            | DecisionKind::RefundOnReceipt
            | DecisionKind::RefundAfterInspection => situation.goods_returnable,
            DecisionKind::KeepItem => {
                situation.goods_returnable && situation.amount_minor as f64 <= self.goods.keep_item_max
            }
            DecisionKind::InstantRefund
            | DecisionKind::Replace
            | DecisionKind::StoreCredit
            | DecisionKind::PartialRefund
            | DecisionKind::CarrierTrace
            | DecisionKind::StepUp
            | DecisionKind::Review
            | DecisionKind::Deny => true,
        };
        // A person can always be asked: the answer where nothing else is left.
        decision == DecisionKind::Review
            || physically && figures.possible_for[usize::from(situation.reason.code())]
    }
}

fn friction(figures: &DecisionCosts, amount: f64) -> f64 {
    figures.friction + figures.friction_share * amount
}
