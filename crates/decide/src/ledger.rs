//! What did decisions really cost, once the truth is known?
//!
//! A ledger judges every decision with the figures of one policy (what a review finds, what a denial of an honest
//! customer costs). Two sets of decisions must be judged with the same figures: otherwise the policy that believes
//! most in itself would win.

use crate::cost::Situation;
use crate::policy::{DECISIONS, Policy, strictness};
use ringfence_domain::truth::Truth;
use ringfence_domain::words::Word;
use ringfence_domain::{Currency, DecisionKind};
use serde::Serialize;

/// Adds up the cost of decisions on requests whose truth is known.
#[derive(Clone, PartialEq, Debug)]
pub struct Ledger<'a> {
    judge: &'a Policy,
    outcome: Outcome,
    sums: Sums,
}

/// Sums in minor units; rounded once, at the end.
#[derive(Clone, PartialEq, Debug, Default)]
struct Sums {
    lost_to_abuse: f64,
    handling: f64,
    honest_cost: f64,
    abuse_paid_at_once: f64,
    expected_loss_paid_at_once: f64,
    abuse_amount: f64,
}

/// What decisions cost; money in minor units of `currency`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Outcome {
    /// Of all amounts.
    pub currency: Currency,
    /// Requests whose truth is known and whose decision the judging policy prices.
    pub requests: u64,
    /// Requests left out, because the judging policy does not offer the decision.
    pub unpriced: u64,
    /// Decisions by kind, in the order of the contract.
    pub decisions: [u64; DECISIONS],
    /// Abusive requests, policy abuse included.
    pub abuse: u64,
    /// Of them, paid at once.
    pub abuse_paid_at_once: u64,
    /// Honest requests.
    pub honest: u64,
    /// Of them, paid at once.
    pub honest_paid_at_once: u64,
    /// Of them, paid at the first scan of the return.
    pub honest_paid_on_scan: u64,
    /// Of them, made to wait longer or to prove something: the false positives.
    pub honest_slowed: u64,
    /// Of them, denied: the worst false positives.
    pub honest_denied: u64,
    /// Amounts that abusers asked for.
    pub abuse_amount_minor: i64,
    /// Of them, paid at once: lost for certain.
    pub abuse_paid_at_once_minor: i64,
    /// What is lost to abusers, with what each decision finds and deters taken from the judging policy.
    pub lost_to_abuse_minor: i64,
    /// What the decisions cost whoever asks: reviews, traces, inspections.
    pub handling_minor: i64,
    /// What the decisions cost with honest customers: friction, wrong refusals, goods that do not come back.
    pub honest_cost_minor: i64,
    /// The three together.
    pub total_cost_minor: i64,
    /// Score × amount over the requests paid at once: what the scores expected to lose on them …
    pub expected_loss_paid_at_once_minor: i64,
    /// … and what was lost on them.
    pub realised_loss_paid_at_once_minor: i64,
}

impl<'a> Ledger<'a> {
    /// An empty ledger that judges with the figures of `judge`.
    pub fn new(judge: &'a Policy) -> Self {
        let outcome = Outcome {
            currency: judge.currency,
            requests: 0,
            unpriced: 0,
            decisions: [0; DECISIONS],
            abuse: 0,
            abuse_paid_at_once: 0,
            honest: 0,
            honest_paid_at_once: 0,
            honest_paid_on_scan: 0,
            honest_slowed: 0,
            honest_denied: 0,
            abuse_amount_minor: 0,
            abuse_paid_at_once_minor: 0,
            lost_to_abuse_minor: 0,
            handling_minor: 0,
            honest_cost_minor: 0,
            total_cost_minor: 0,
            expected_loss_paid_at_once_minor: 0,
            realised_loss_paid_at_once_minor: 0,
        };
        Self { judge, outcome, sums: Sums::default() }
    }

    /// Adds a decision. The number of reviews in `situation` does not matter: a review costs its handling, and what
    /// the queue's length did to the choice shows in the decisions.
    pub fn add(&mut self, decision: DecisionKind, score: f64, situation: &Situation, truth: Truth) {
        let idle = Situation { reviews_last_24h: 0, ..*situation };
        let Some(costs) = self.judge.priced(decision, &idle) else {
            self.outcome.unpriced += 1;
            return;
        };
        let handling = self.judge.decision(decision).map_or(0.0, |figures| figures.handling);
        let amount = situation.amount_minor.max(0) as f64;
        let at_once = strictness(decision) == 0;
        self.outcome.requests += 1;
        self.outcome.decisions[usize::from(decision.code())] += 1;
        self.sums.handling += handling;
        if at_once {
            self.sums.expected_loss_paid_at_once += score * amount;
        }
        match truth {
            Truth::Abuse | Truth::PolicyAbuse => {
                self.outcome.abuse += 1;
                self.sums.abuse_amount += amount;
                self.sums.lost_to_abuse += costs.abuse - handling;
                if at_once {
                    self.outcome.abuse_paid_at_once += 1;
                    self.sums.abuse_paid_at_once += amount;
                }
            }
            Truth::Legitimate => {
                self.outcome.honest += 1;
                self.sums.honest_cost += costs.honest - handling;
                match strictness(decision) {
                    0 => self.outcome.honest_paid_at_once += 1,
                    1 => self.outcome.honest_paid_on_scan += 1,
                    5 => self.outcome.honest_denied += 1,
                    _ => self.outcome.honest_slowed += 1,
                }
            }
        }
    }

    /// What has been added so far.
    pub fn outcome(&self) -> Outcome {
        let Sums {
            lost_to_abuse,
            handling,
            honest_cost,
            abuse_paid_at_once,
            expected_loss_paid_at_once,
            abuse_amount,
        } = &self.sums;
        let minor = |sum: f64| sum.round() as i64;
        Outcome {
            abuse_amount_minor: minor(*abuse_amount),
            abuse_paid_at_once_minor: minor(*abuse_paid_at_once),
            lost_to_abuse_minor: minor(*lost_to_abuse),
            handling_minor: minor(*handling),
            honest_cost_minor: minor(*honest_cost),
            total_cost_minor: minor(*lost_to_abuse + *handling + *honest_cost),
            expected_loss_paid_at_once_minor: minor(*expected_loss_paid_at_once),
            realised_loss_paid_at_once_minor: minor(*abuse_paid_at_once),
            ..self.outcome.clone()
        }
    }
}

/// What decisions saved against two simpler ways, in minor units; negative where they cost more.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Savings {
    /// The decisions themselves.
    pub decisions: Outcome,
    /// Every request paid at once.
    pub paying_everything: Outcome,
    /// The decisions of rules alone, where they are known.
    pub rules_only: Option<Outcome>,
    /// Total cost of paying everything less that of the decisions.
    pub saved_against_paying_everything_minor: i64,
    /// Total cost of rules alone less that of the decisions.
    pub saved_against_rules_only_minor: Option<i64>,
}

/// A request whose truth is known, with its decisions.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Judged {
    /// The decision that is measured.
    pub decision: DecisionKind,
    /// What rules alone would have decided.
    pub rules_only: Option<DecisionKind>,
    /// Its score.
    pub score: f64,
    /// Amount, reason, goods.
    pub situation: Situation,
    /// What it was.
    pub truth: Truth,
}

/// Money saved against paying everything and, where every request has one, against a decision of rules alone.
pub fn savings(judge: &Policy, requests: impl IntoIterator<Item = Judged>) -> Savings {
    let (mut decisions, mut everything, mut rules) =
        (Ledger::new(judge), Ledger::new(judge), Ledger::new(judge));
    let (mut seen, mut with_rules) = (0_u64, 0_u64);
    for Judged { decision, rules_only, score, situation, truth } in requests {
        seen += 1;
        decisions.add(decision, score, &situation, truth);
        everything.add(DecisionKind::InstantRefund, score, &situation, truth);
        if let Some(decision) = rules_only {
            with_rules += 1;
            rules.add(decision, score, &situation, truth);
        }
    }
    let (decisions, paying_everything) = (decisions.outcome(), everything.outcome());
    let rules_only = (seen == with_rules).then(|| rules.outcome());
    let saved = |other: &Outcome| other.total_cost_minor - decisions.total_cost_minor;
    Savings {
        saved_against_paying_everything_minor: saved(&paying_everything),
        saved_against_rules_only_minor: rules_only.as_ref().map(saved),
        decisions,
        paying_everything,
        rules_only,
    }
}
