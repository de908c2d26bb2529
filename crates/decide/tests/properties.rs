//! What holds of every decision, whatever the request?

mod common;

use common::{Behind, ask, schema, with_leads};
use proptest::prelude::*;
use ringfence_decide::cost::review_price;
use ringfence_decide::policy::bit;
use ringfence_decide::{Ask, DEFAULT_POLICY, Plan, Policy, RULES_ONLY_POLICY, Situation, strictness};
use ringfence_domain::words::{ClaimReason, Word};
use ringfence_domain::{DecisionKind, Money};

fn policies() -> impl Strategy<Value = Policy> {
    let texts = [DEFAULT_POLICY.to_owned(), RULES_ONLY_POLICY.to_owned(), with_leads()].into_iter();
    let texts: Vec<String> = texts
        .flat_map(|t| [t.clone(), t.replace("deny_by_machine = true", "deny_by_machine = false")])
        .collect();
    proptest::sample::select(texts).prop_map(|text| Policy::parse(&text).expect("a shipped policy"))
}

fn vectors() -> impl Strategy<Value = Vec<f64>> {
    let value =
        prop_oneof![6 => Just(f64::NAN), 3 => Just(0.0), 2 => Just(1.0), 1 => Just(4.0), 1 => Just(70_000.0)];
    proptest::collection::vec(value, schema().columns.len())
}

fn asks() -> impl Strategy<Value = Ask> {
    let scores = prop_oneof![8 => 0.0..=1.0, 1 => Just(f64::NAN), 1 => Just(1.0), 1 => Just(0.0)];
    let amounts = prop_oneof![0..5_000_i64, 0..1_000_000_i64, Just(-500), Just(9_007_199_254_740_991)];
    (scores, amounts, 0..ClaimReason::ALL.len(), any::<bool>(), prop_oneof![0..80_u32, Just(u32::MAX)])
        .prop_map(|(score, amount, reason, goods_returnable, reviews_last_24h)| Ask {
            amount: Money { amount, ..ask(0.0).amount },
            amount_reporting_minor: amount,
            reason: ClaimReason::ALL[reason],
            goods_returnable,
            reviews_last_24h,
            ..ask(score)
        })
}

fn compiled(policy: &Policy) -> Plan {
    Plan::compile(policy, &schema()).expect("the shipped policies fit the columns of the tests")
}

fn situation(ask: &Ask) -> Situation {
    Situation {
        amount_minor: ask.amount_reporting_minor,
        reason: ask.reason,
        goods_returnable: ask.goods_returnable,
        reviews_last_24h: ask.reviews_last_24h,
    }
}

/// The formula of `docs/policy.md`, term by term.
fn expected_cost(policy: &Policy, decision: DecisionKind, ask: &Ask, probability: f64) -> Option<f64> {
    let d = policy.decision(decision)?;
    let a = ask.amount_reporting_minor.max(0) as f64;
    let (v, goods) =
        if ask.goods_returnable { (policy.goods.value[ask.reason.code() as usize], 1.0) } else { (0.0, 0.0) };
    let denial =
        policy.decision(DecisionKind::Deny).map_or(2.0 * a, |deny| deny.friction + deny.friction_share * a);
    let handling = match decision {
        DecisionKind::Review => review_price(d.handling, &policy.review, ask.reviews_last_24h),
        _ => d.handling,
    };
    let honest = handling
        + (d.friction + d.friction_share * a)
        + d.honest_refused * denial
        + d.pays * v * a * (1.0 - d.honest_returns)
        + goods * policy.goods.return_cost * d.honest_returns;
    let abuse = handling
        + (1.0 - d.abuser_gives_up) * (1.0 - d.abuse_found) * d.pays * a * (1.0 - v * d.abuser_returns);
    Some((1.0 - probability) * honest + probability * abuse)
}

/// The strongest of the columns that the policy names as evidence.
fn strongest(policy: &Policy, vector: &[f64]) -> f64 {
    let schema = schema();
    let value = |name: &str| vector[schema.index(name).expect("a column")];
    policy.evidence.iter().map(|e| value(&e.column).clamp(0.0, 1.0) * e.share).fold(0.0, f64::max)
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_decision_has_the_least_expected_cost_of_those_possible_and_allowed(policy in policies(), ask in asks(), vector in vectors()) {
        let (decision, table) = compiled(&policy).decide_with_costs(&ask, &vector, &mut ());
        let score = if policy.use_score && !ask.score.is_nan() { ask.score } else { policy.prior };
        let probability = 1.0 - (1.0 - score) * (1.0 - strongest(&policy, &vector));
        for weighed in &table {
            let naive = expected_cost(&policy, weighed.decision, &ask, probability).expect("the policy offers it");
            prop_assert!(near(weighed.expected_cost, naive), "{}: {} and {naive}", weighed.decision, weighed.expected_cost);
        }
        let allowed = || table.iter().filter(|weighed| weighed.allowed);
        let chosen = allowed().find(|weighed| weighed.decision == decision.decision);
        if let Some(chosen) = chosen {
            prop_assert!(allowed().all(|other| chosen.expected_cost <= other.expected_cost));
        } else {
            prop_assert_eq!(decision.decision, DecisionKind::Review);
            prop_assert_eq!(allowed().count(), 0);
        }
        // Rules bound it, or contradict each other and leave a review.
        let matched = policy.rules.iter().filter(|rule| decision.rules.contains(&rule.name));
        let left = matched.fold(u16::MAX, |left, rule| left & rule.allows);
        prop_assert!(left & bit(decision.decision) != 0 || decision.decision == DecisionKind::Review);
    }

    #[test]
    fn the_machine_never_denies_without_hard_evidence_and_the_policys_leave(policy in policies(), ask in asks(), vector in vectors()) {
        let decision = compiled(&policy).decide(&ask, &vector, &mut ());
        if decision.decision == DecisionKind::Deny {
            prop_assert!(policy.deny_by_machine);
            prop_assert!(policy.rules.iter().any(|rule| rule.hard_evidence && decision.rules.contains(&rule.name)));
        }
    }

    #[test]
    fn a_higher_score_never_chooses_what_loses_more_to_an_abuser_for_an_honest_customers_sake(
        ask in asks(), vector in vectors(), low in 0.0..=1.0, high in 0.0..=1.0,
    ) {
        // Rules that do not read the score leave the same decisions at both scores.
        let policy = Policy::parse(DEFAULT_POLICY).expect("a shipped policy");
        let plan = compiled(&policy);
        let (low, high) = if low <= high { (low, high) } else { (high, low) };
        let exposure = |score| {
            let decision = plan.decide(&Ask { score, ..ask.clone() }, &vector, &mut ()).decision;
            let costs = policy.costs(decision, &situation(&ask)).expect("chosen, so possible");
            costs.abuse - costs.honest
        };
        let (at_low, at_high) = (exposure(low), exposure(high));
        prop_assert!(at_high <= at_low || near(at_high, at_low), "{at_low} at {low}, {at_high} at {high}");
    }

    #[test]
    fn a_higher_score_is_never_answered_more_leniently_where_stricter_decisions_are_less_exposed(
        amount in 1_000..10_000_000_i64, low in 0.0..=1.0, high in 0.0..=1.0, evidence in any::<bool>(),
    ) {
        let ladder = Policy::parse(LADDER).expect("a policy");
        let plan = compiled(&ladder);
        let (low, high) = if low <= high { (low, high) } else { (high, low) };
        let mut vector = vec![f64::NAN; schema().columns.len()];
        vector[schema().index("charged_back").expect("a column")] = f64::from(u8::from(evidence));
        let at = |score| plan.decide(&Ask { amount_reporting_minor: amount, ..ask(score) }, &vector, &mut ()).decision;
        prop_assert!(strictness(at(low)) <= strictness(at(high)), "{} at {low}, {} at {high}", at(low), at(high));
    }

    #[test]
    fn the_same_input_gives_the_same_bytes(policy in policies(), ask in asks(), vector in vectors(), weights in proptest::collection::vec(-3.0..3.0, 6)) {
        let names = ["amount", "goods_kept", "device_accounts_30d", "received_lane", "shop_segment", "proof_distance_m"];
        let bytes = || {
            let mut behind = Behind(names.into_iter().zip(weights.clone()).collect());
            let decision = compiled(&policy).decide(&ask, &vector, &mut behind);
            prop_assert!(decision.reasons.len() <= policy.reasons.most);
            Ok(serde_json::to_vec(&decision).expect("a decision serialises"))
        };
        prop_assert_eq!(bytes()?, bytes()?);
    }

    #[test]
    fn the_order_of_rules_does_not_matter(policy in policies(), ask in asks(), vector in vectors()) {
        let mut turned = policy.clone();
        turned.rules.reverse();
        let decision = |policy: &Policy| compiled(policy).decide(&ask, &vector, &mut ()).decision;
        prop_assert_eq!(decision(&policy), decision(&turned));
    }

    #[test]
    fn the_price_of_a_review_rises_ever_faster(reviews in 0..1_000_u32, capacity in 0..200_u32) {
        let policy = Policy::parse(DEFAULT_POLICY).expect("a shipped policy");
        let review = ringfence_decide::policy::Review { per_day: capacity, ..policy.review };
        let price = |reviews| review_price(2_600.0, &review, reviews);
        let (a, b, c) = (price(reviews), price(reviews + 1), price(reviews + 2));
        prop_assert!(2_600.0 <= a && a <= b && b - a <= c - b + 1e-6 * c);
        prop_assert!(capacity == 0 || near(price(capacity), 12_000.0) && near(price(capacity / 2), 2_600.0));
    }

    #[test]
    fn any_text_is_a_policy_or_refused(text in "\\PC{0,200}", at in 0..DEFAULT_POLICY.len(), cut in 0..40_usize) {
        drop(Policy::parse(&text));
        // A shipped policy with a few bytes changed.
        let mut bytes = DEFAULT_POLICY.as_bytes().to_vec();
        bytes.splice(at..(at + cut).min(DEFAULT_POLICY.len()), text.bytes().take(5));
        if let Ok(policy) = Policy::parse(&String::from_utf8_lossy(&bytes)) {
            drop(Plan::compile(&policy, &schema()));
        }
    }
}

/// Four decisions, each stricter and less exposed to abuse than the one before.
const LADDER: &str = r#"
format = 1
name = "ladder"
currency = "USD"
[review]
per_day = 10
minutes = 10
relaxed_share = 0.5
full_price = "100"
[decision.instant_refund]
respond_within = "1h"
[decision.step_up]
respond_within = "1h"
friction = "6.00"
abuser_gives_up = 0.5
[decision.review]
respond_within = "1h"
handling = "26"
friction = "6.00"
abuse_found = 0.8
[decision.deny]
respond_within = "1h"
friction = "60"
friction_share = 1.3
[[rule]]
name = "evidence"
about = "Evidence."
when = "charged_back"
hard_evidence = true
"#;
