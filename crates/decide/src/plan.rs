//! Which decision? The one of least expected cost among those that are possible and that the rules leave.

use crate::cost::{Costs, Situation};
use crate::error::PolicyError;
use crate::evidence::{self, Place, Strongest};
use crate::explain::{Depth, Explain, RuleHit, Texts};
use crate::listed::{self, Listed};
use crate::policy::{ALL_DECISIONS, DECISIONS, Policy, bit, strictness};
use crate::rules;
use ringfence_domain::id::RefundId;
use ringfence_domain::vector::Schema;
use ringfence_domain::words::{ClaimReason, RequestChannel, Word};
use ringfence_domain::{Currency, Decision, DecisionKind, Money, Timestamp, Versions};
use ringfence_expr::Program;
use serde::Serialize;

/// A refund request, as far as its decision depends on it.
#[derive(Clone, PartialEq, Debug)]
pub struct Ask {
    /// Which request.
    pub refund: RefundId,
    /// Its position in the log.
    pub position: u64,
    /// When it arrived; the decision's time.
    pub arrived_at: Timestamp,
    /// What the customer wants.
    pub amount: Money,
    /// The same in minor units of the reporting currency.
    pub amount_reporting_minor: i64,
    /// The reporting currency; it must be the policy's.
    pub reporting: Currency,
    /// What the customer says.
    pub reason: ClaimReason,
    /// Where the customer asks.
    pub channel: RequestChannel,
    /// Calibrated probability of abuse, 0–1; NaN where there is no model.
    pub score: f64,
    /// Whether goods can come back: the customer has them, and they are not back yet.
    pub goods_returnable: bool,
    /// Reviews that were decided on in the 24 hours before.
    pub reviews_last_24h: u32,
    /// What people said beforehand of what the request names.
    pub listed: Listed,
    /// The cluster of connected accounts, where there is more than one.
    pub cluster: Option<String>,
    /// Content hashes of what decides.
    pub versions: Versions,
}

/// What a decision would have cost, for people who ask why not another.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Weighed {
    /// The decision.
    pub decision: DecisionKind,
    /// Its expected cost, minor units of the policy's currency.
    pub expected_cost: f64,
    /// What it costs with an honest customer and with an abuser.
    pub costs: Costs,
    /// Whether rules and INV-7 leave it.
    pub allowed: bool,
}

/// A policy made ready for the columns of a vector.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    policy: Policy,
    programs: Vec<Program>,
    rule_columns: Vec<Vec<usize>>,
    evidence: Vec<Place>,
    texts: Texts,
    columns: usize,
}

impl Plan {
    /// Checks the policy's rules against the columns of `schema`.
    ///
    /// # Errors
    /// With its place in the policy file, where a rule names something that is neither a column nor a fact of the
    /// request, or mixes types, or where evidence is no number of the vector.
    pub fn compile(policy: &Policy, schema: &Schema) -> Result<Plan, PolicyError> {
        let programs = rules::compile(policy, schema)?;
        let columns = schema.columns.len();
        Ok(Plan {
            rule_columns: programs.iter().map(|program| rules::columns(program, columns)).collect(),
            evidence: evidence::compile(policy, schema)?,
            texts: Texts::new(policy, schema),
            policy: policy.clone(),
            programs,
            columns,
        })
    }

    /// The policy that this plan follows.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Answers a request. The same input gives the same decision, byte for byte.
    ///
    /// # Panics
    /// Where the vector is not of the schema that the plan was compiled for, or the reporting currency is not the
    /// policy's: the caller mixed up two deployments, and every amount would be wrong.
    pub fn decide(&self, ask: &Ask, vector: &[f64], explain: &mut dyn Explain) -> Decision {
        self.decide_with_costs(ask, vector, explain).0
    }

    /// The same, with what each possible decision would have cost, in the order of the contract.
    ///
    /// # Panics
    /// As [`Plan::decide`].
    pub fn decide_with_costs(
        &self,
        ask: &Ask,
        vector: &[f64],
        explain: &mut dyn Explain,
    ) -> (Decision, Vec<Weighed>) {
        assert_eq!(
            vector.len(),
            self.columns,
            "the vector must be of the schema that the plan was compiled for"
        );
        assert_eq!(ask.reporting, self.policy.currency, "the policy must be in the reporting currency");
        let strongest = evidence::strongest(&self.evidence, vector);
        let probability = evidence::beside(self.probability(ask.score), strongest);
        let (hits, suppressed) = self.hits(ask, vector);
        let allowed = self.allowed(&hits);
        let table = self.policy.cost_table(&situation(ask));
        let decision = choose(&table, allowed, probability);
        let shown = self.score(ask.score, vector);
        let decision = Decision {
            refund: ask.refund.clone(),
            decision,
            score: shown,
            expected_loss: expected_loss(ask.amount, shown),
            reasons: self.reasons(ask, vector, (&hits, &suppressed), strongest, decision, explain),
            rules: hits.iter().map(|at| self.policy.rules[*at].name.clone()).collect(),
            cluster: ask.cluster.clone(),
            versions: ask.versions.clone(),
            decided_at: ask.arrived_at,
            respond_by: ask.arrived_at.plus(self.respond_within(decision)),
            position: ask.position,
        };
        (decision, options(&table, allowed, probability))
    }

    /// The probability of abuse that a decision carries: the model's score, or the policy's prior where there is none, with
    /// the evidence beside it.
    ///
    /// # Panics
    /// Where the vector is shorter than the schema that the plan was compiled for.
    pub fn score(&self, score: f64, vector: &[f64]) -> f64 {
        let score = if score.is_nan() { self.policy.prior } else { score.clamp(0.0, 1.0) };
        evidence::beside(score, evidence::strongest(&self.evidence, vector))
    }

    /// The probability of abuse that costs are weighed with, before the evidence beside it.
    fn probability(&self, score: f64) -> f64 {
        if self.policy.use_score && !score.is_nan() { score.clamp(0.0, 1.0) } else { self.policy.prior }
    }

    /// The points of the rules that match, added up: a ranking by rules alone, as a baseline for a model.
    pub fn rule_points(&self, ask: &Ask, vector: &[f64]) -> f64 {
        self.hits(ask, vector).0.iter().map(|at| self.policy.rules[*at].points).sum()
    }

    /// The rules that match, by their place in the policy, and those that would, were they not suppressed. Without the
    /// score's use, rules do not see it either.
    fn hits(&self, ask: &Ask, vector: &[f64]) -> (Vec<usize>, Vec<usize>) {
        let seen = self.policy.use_score && !ask.score.is_nan();
        let facts = rules::facts(ask, if seen { self.score(ask.score, vector) } else { f64::NAN });
        let matching =
            self.programs.iter().enumerate().filter(|(_, program)| rules::matches(program, vector, &facts));
        let matching = matching.map(|(at, _)| at);
        if ask.listed.suppressed.is_empty() {
            return (matching.collect(), Vec::new());
        }
        matching.partition(|at| ask.listed.suppression(&self.policy.rules[*at].name).is_none())
    }

    /// What the rules and INV-7 leave. Where rules contradict each other, nothing: a person decides.
    fn allowed(&self, hits: &[usize]) -> u16 {
        let rules = || hits.iter().map(|at| &self.policy.rules[*at]);
        let hard_evidence = rules().any(|rule| rule.hard_evidence);
        let left = rules().fold(ALL_DECISIONS, |left, rule| left & rule.allows);
        if self.policy.deny_by_machine && hard_evidence { left } else { left & !bit(DecisionKind::Deny) }
    }

    fn respond_within(&self, decision: DecisionKind) -> ringfence_domain::Duration {
        let figures =
            self.policy.decision(decision).expect("only decisions that the policy offers are chosen");
        figures.respond_within
    }

    fn reasons(
        &self,
        ask: &Ask,
        vector: &[f64],
        (hits, suppressed): (&[usize], &[usize]),
        strongest: Option<Strongest>,
        decision: DecisionKind,
        explain: &mut dyn Explain,
    ) -> Vec<ringfence_domain::Reason> {
        let hits: Vec<RuleHit<'_>> = hits
            .iter()
            .map(|at| {
                let rule = &self.policy.rules[*at];
                let about = rule.about.clone() + &ask.listed.told(&rule.reason);
                RuleHit { code: &rule.reason, about, columns: &self.rule_columns[*at] }
            })
            .collect();
        let depth = if !self.policy.use_score || ask.score.is_nan() {
            Depth::RulesOnly
        } else if strictness(decision) > strictness(DecisionKind::RefundOnScan) {
            Depth::Exact
        } else {
            Depth::Fast
        };
        let suppressed =
            suppressed.iter().filter_map(|at| ask.listed.suppression(&self.policy.rules[*at].name));
        let mut out: Vec<_> = suppressed.map(listed::reason).collect();
        // By how much the evidence raises what would be weighed without it.
        let beside = strongest.map(|s| evidence::attribution(self.probability(ask.score), s));
        let score = evidence::beside(self.probability(ask.score), strongest);
        out.extend(self.texts.reasons((ask, score, vector), &hits, beside, depth, explain));
        out.truncate(self.policy.reasons.most);
        out
    }
}

fn situation(ask: &Ask) -> Situation {
    Situation {
        amount_minor: ask.amount_reporting_minor,
        reason: ask.reason,
        goods_returnable: ask.goods_returnable,
        reviews_last_24h: ask.reviews_last_24h,
    }
}

/// The allowed decision of least expected cost; of equal ones the first of the contract, which is the friendlier.
/// Where nothing possible is allowed, a person decides.
fn choose(table: &[Option<Costs>; DECISIONS], allowed: u16, probability: f64) -> DecisionKind {
    let mut best: Option<(f64, DecisionKind)> = None;
    for (decision, costs) in DecisionKind::ALL.iter().zip(table) {
        let Some(costs) = costs.filter(|_| allowed & bit(*decision) != 0) else { continue };
        let expected = costs.expected(probability);
        if best.is_none_or(|(least, _)| expected < least) {
            best = Some((expected, *decision));
        }
    }
    best.map_or(DecisionKind::Review, |(_, decision)| decision)
}

fn options(table: &[Option<Costs>; DECISIONS], allowed: u16, probability: f64) -> Vec<Weighed> {
    let possible =
        DecisionKind::ALL.iter().zip(table).filter_map(|(decision, costs)| Some((*decision, (*costs)?)));
    possible
        .map(|(decision, costs)| Weighed {
            decision,
            expected_cost: costs.expected(probability),
            costs,
            allowed: allowed & bit(decision) != 0,
        })
        .collect()
}

/// Probability × amount, in the amount's own currency, rounded to its minor unit.
fn expected_loss(amount: Money, probability: f64) -> Money {
    let loss = (amount.amount.max(0) as f64 * probability).round() as i64;
    Money { amount: loss, currency: amount.currency }
}
