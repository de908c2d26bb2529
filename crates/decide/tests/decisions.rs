//! Which decision is given, and why?

mod common;

use common::{Behind, ask, golden, plan, return_ask, vector, with_leads};
use ringfence_decide::listed::{Entry, Listed, Suppressed};
use ringfence_decide::{Ask, DEFAULT_POLICY, RULES_ONLY_POLICY};
use ringfence_domain::DecisionKind;
use ringfence_domain::words::ClaimReason;

fn decide(policy: &str, ask: &Ask, known: &[(&str, f64)]) -> (DecisionKind, Vec<String>) {
    let decision = plan(policy).decide(ask, &vector(known), &mut ());
    (decision.decision, decision.rules)
}

fn check(ask: &Ask, known: &[(&str, f64)], expect: DecisionKind, rules: &[&str]) {
    assert_eq!(decide(DEFAULT_POLICY, ask, known), (expect, rules.iter().map(|r| (*r).to_owned()).collect()));
}

#[test]
fn honest_requests_are_paid_at_once() {
    check(&ask(0.01), &[], DecisionKind::InstantRefund, &[]);
    check(&return_ask(0.01, 6_500, ClaimReason::ChangedMind), &[], DecisionKind::InstantRefund, &[]);
    check(&return_ask(0.03, 3_000, ClaimReason::Damaged), &[], DecisionKind::InstantRefund, &[]);
}

#[test]
fn cheap_goods_of_little_worth_are_left_with_the_customer() {
    check(&return_ask(0.01, 800, ClaimReason::Damaged), &[], DecisionKind::KeepItem, &[]);
    // Beyond the threshold never, and not where there is nothing to keep.
    check(&return_ask(0.01, 2_001, ClaimReason::Damaged), &[], DecisionKind::InstantRefund, &[]);
    check(&Ask { amount_reporting_minor: 800, ..ask(0.01) }, &[], DecisionKind::InstantRefund, &[]);
}

#[test]
fn the_likelier_and_dearer_the_abuse_the_more_is_asked() {
    check(&return_ask(0.08, 20_000, ClaimReason::ChangedMind), &[], DecisionKind::RefundOnReceipt, &[]);
    check(&return_ask(0.30, 80_000, ClaimReason::ChangedMind), &[], DecisionKind::RefundAfterInspection, &[]);
    check(&ask(0.60), &[], DecisionKind::Review, &[]);
    check(&ask(0.99), &[], DecisionKind::Review, &[]);
}

#[test]
fn rules_bound_the_choice() {
    check(&ask(0.01), &[("account_known_abuser", 1.0)], DecisionKind::Review, &["known_abuser"]);
    let proven = [("denied_delivery_proven", 1.0), ("amount", 65_000.0)];
    check(&ask(0.01), &proven, DecisionKind::CarrierTrace, &["inr_after_proof"]);
    check(&ask(0.01), &[("denied_delivery_proven", 1.0)], DecisionKind::InstantRefund, &[]);
}

#[test]
fn the_machine_denies_on_hard_evidence_alone_and_only_where_the_policy_lets_it() {
    let denied = [("charged_back", 1.0)];
    check(&ask(0.2), &denied, DecisionKind::Deny, &["paid_back_by_the_bank"]);
    let asks = DEFAULT_POLICY.replace("deny_by_machine = true", "deny_by_machine = false");
    assert_eq!(decide(&asks, &ask(0.2), &denied).0, DecisionKind::Review);
    assert_eq!(decide(&asks, &ask(0.999), &denied).0, DecisionKind::Review);
    // Without the rule no score is high enough.
    check(&ask(1.0), &[], DecisionKind::Review, &[]);
}

#[test]
fn where_rules_contradict_each_other_a_person_decides() {
    let both = [("charged_back", 1.0), ("reported_lost", 1.0)];
    check(&ask(0.01), &both, DecisionKind::Review, &["lost_by_the_carrier", "paid_back_by_the_bank"]);
}

#[test]
fn a_lead_on_what_the_request_is_made_with_stands_beside_the_score_and_is_told() {
    let policy = with_leads();
    let led = |score: f64, p: f64| decide(&policy, &ask(score), &[("lead_on_device", p)]).0;
    assert_eq!((led(0.01, f64::NAN), led(0.01, 0.97)), (DecisionKind::InstantRefund, DecisionKind::Review));
    let told = plan(&policy);
    let score = |known: &[(&str, f64)]| told.score(0.2, &vector(known));
    assert_eq!(score(&[]), 0.2);
    assert!((score(&[("lead_on_device", 0.5)]) - 0.6).abs() < 1e-12);
    // The strongest counts: several may tell of one lead.
    let several = [("lead_on_device", 0.5), ("lead_on_payment", 0.4), ("lead_on_document", f64::NAN)];
    assert_eq!(score(&several), score(&[("lead_on_device", 0.5)]));
    let half = plan(&policy.replacen("share = 1.0", "share = 0.5", 1));
    let half = half.score(0.2, &vector(&[("lead_on_device", 0.5)]));
    assert!((half - 0.4).abs() < 1e-12, "{half}");

    let decision = told.decide(&ask(0.2), &vector(&several), &mut Behind(vec![]));
    let reasons: Vec<(&str, f64)> = decision.reasons.iter().map(|r| (r.code.as_str(), r.weight)).collect();
    assert_eq!((decision.score, reasons), (score(&several), vec![("open_lead", 0.4)]));
    // Whatever it is worth, the engine does not deny on it (INV-7).
    assert_eq!(led(1.0, 1.0), DecisionKind::Review);
}

#[test]
fn a_full_queue_makes_reviews_dear_but_not_impossible() {
    let busy = |score, reviews_last_24h| Ask { reviews_last_24h, ..ask(score) };
    check(&busy(0.45, 20), &[], DecisionKind::Review, &[]);
    check(&busy(0.45, 40), &[], DecisionKind::CarrierTrace, &[]);
    let dear = Ask { amount_reporting_minor: 300_000, ..busy(0.9, 40) };
    check(&dear, &[], DecisionKind::Review, &[]);
    // A rule that wants a person gets one, whatever it costs.
    check(&busy(0.45, 4_000), &[("account_known_abuser", 1.0)], DecisionKind::Review, &["known_abuser"]);
}

#[test]
fn a_policy_without_the_score_decides_alike_for_all_scores() {
    for score in [0.0, 0.5, 1.0, f64::NAN] {
        assert_eq!(decide(RULES_ONLY_POLICY, &ask(score), &[]).0, DecisionKind::InstantRefund);
        let known = [("device_accounts_30d", 4.0)];
        assert_eq!(
            decide(RULES_ONLY_POLICY, &ask(score), &known),
            (DecisionKind::Review, vec!["device_of_many".into()])
        );
    }
    let plan = plan(RULES_ONLY_POLICY);
    let points = |known| plan.rule_points(&ask(0.5), &vector(known));
    assert_eq!(points(&[]), 0.0);
    assert_eq!(points(&[("device_accounts_30d", 4.0), ("account_known_abuser", 1.0)]), 8.0);
}

#[test]
fn a_missing_score_counts_as_the_prior() {
    let decision =
        plan(DEFAULT_POLICY).decide(&ask(f64::NAN), &vector(&[]), &mut Behind(vec![("amount", 1.0)]));
    assert_eq!((decision.score, decision.expected_loss.amount), (0.05, 3_250));
    assert_eq!(decision.reasons, []);
}

#[test]
fn a_decision_carries_all_that_the_contract_says() {
    let known = [
        ("amount", 65_000.0),
        ("account_goods_kept_90d", 3.0),
        ("account_refund_rate_365d", 0.5),
        ("received_lane", 7.0),
        ("proof_distance_m", f64::NAN),
        ("goods_kept", 1.0),
    ];
    let mut behind = Behind(vec![
        ("amount", 0.9),
        ("account_goods_kept_90d", 1.5),
        ("account_refund_rate_365d", 0.5),
        ("account_requests_365d", -0.4),
        ("received_lane", 0.3),
        ("proof_distance_m", -1.2),
        ("goods_kept", 0.000_1),
        ("shop_segment", 0.2),
    ]);
    let decision = plan(DEFAULT_POLICY).decide(&ask(0.83), &vector(&known), &mut behind);
    let json = serde_json::to_string_pretty(&decision).expect("a decision serialises");
    golden("decision.json", &json);
}

#[test]
fn the_table_of_costs_tells_why_not_another() {
    let (decision, table) = plan(DEFAULT_POLICY).decide_with_costs(&ask(0.83), &vector(&[]), &mut ());
    let told: Vec<String> = table
        .iter()
        .map(|w| {
            format!(
                "{} {:.0} {}",
                w.decision,
                w.expected_cost,
                if w.allowed { "allowed" } else { "not allowed" }
            )
        })
        .collect();
    assert_eq!(decision.decision, DecisionKind::Review);
    golden("costs.txt", &told.join("\n"));
}

#[test]
fn lists_bound_the_choice_and_say_so() {
    let entry = |kind| vec![Entry { kind, entry: 12 }];
    let deny = Ask { listed: Listed { deny: entry("device"), ..Listed::default() }, ..ask(0.01) };
    let watch = Ask { listed: Listed { watch: entry("ip"), ..Listed::default() }, ..ask(0.01) };
    let allow = |score| Ask { listed: Listed { allow: entry("account"), ..Listed::default() }, ..ask(score) };
    check(&deny, &[], DecisionKind::Review, &["on_deny_list"]);
    check(&watch, &[], DecisionKind::Review, &["on_watch_list"]);
    // Not more friction than a scan: also where the score and a rule on friction would ask for more.
    check(&allow(0.99), &[], DecisionKind::InstantRefund, &["on_allow_list"]);
    let proven = [("denied_delivery_proven", 1.0), ("amount", 65_000.0)];
    check(&allow(0.01), &proven, DecisionKind::InstantRefund, &["on_allow_list"]);
    let returned = Ask { listed: allow(0.0).listed, ..return_ask(0.3, 80_000, ClaimReason::ChangedMind) };
    check(&returned, &[], DecisionKind::RefundOnScan, &["on_allow_list"]);
    // Against what was found out it does not help, nor against another list.
    let known = [("account_known_abuser", 1.0)];
    check(&allow(0.01), &known, DecisionKind::Review, &["on_allow_list", "known_abuser"]);
    let both = Ask { listed: Listed { allow: entry("account"), ..deny.listed.clone() }, ..ask(0.01) };
    check(&both, &[], DecisionKind::Review, &["on_deny_list"]);
    let told = plan(DEFAULT_POLICY).decide(&deny, &vector(&[]), &mut ()).reasons;
    assert_eq!(told[0].code, "on_deny_list");
    assert!(told[0].text.ends_with("(device, entry 12)"), "{}", told[0].text);
}

#[test]
fn a_suppressed_rule_does_not_bind_and_is_told() {
    let suppressed = vec![Suppressed { rule: "known_abuser".into(), entry: 40 }];
    let free = Ask { listed: Listed { suppressed, ..Listed::default() }, ..ask(0.01) };
    let known = [("account_known_abuser", 1.0)];
    check(&free, &known, DecisionKind::InstantRefund, &[]);
    let told = plan(DEFAULT_POLICY).decide(&free, &vector(&known), &mut ()).reasons;
    assert_eq!(told[0].code, "rule_suppressed");
    assert!(told[0].text.contains("`known_abuser`") && told[0].text.contains("entry 40"));
    // Where it does not match, nothing is to be told.
    assert!(plan(DEFAULT_POLICY).decide(&free, &vector(&[]), &mut ()).reasons.is_empty());
}
