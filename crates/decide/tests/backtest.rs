//! What does a comparison of two policies count?

mod common;

use common::golden;
use ringfence_decide::backtest::{Answered, Backtest, EXAMPLES_MAX};
use ringfence_decide::ledger::{Judged, savings};
use ringfence_decide::{DEFAULT_POLICY, Policy, RULES_ONLY_POLICY, Situation};
use ringfence_domain::DecisionKind::{self, Deny, InstantRefund, RefundOnScan, Replace, Review, StepUp};
use ringfence_domain::Timestamp;
use ringfence_domain::truth::Truth;
use ringfence_domain::words::ClaimReason;

fn policies() -> (Policy, Policy) {
    let read = |text| Policy::parse(text).unwrap_or_else(|error| panic!("{error}"));
    (read(RULES_ONLY_POLICY), read(DEFAULT_POLICY))
}

fn situation(amount_minor: i64) -> Situation {
    Situation { amount_minor, reason: ClaimReason::NotReceived, goods_returnable: false, reviews_last_24h: 0 }
}

fn request(
    refund: &str,
    day: i64,
    amount: i64,
    truth: Option<Truth>,
    a: DecisionKind,
    b: DecisionKind,
) -> Answered {
    let start = Timestamp::parse("2024-01-01T08:00:00Z").expect("a time");
    Answered {
        refund: refund.to_owned(),
        arrived_at: start.plus(ringfence_domain::Duration::days(day)),
        situation: situation(amount),
        truth,
        a,
        b,
        score_a: 0.1,
        score_b: if truth == Some(Truth::Abuse) { 0.9 } else { 0.02 },
    }
}

#[test]
fn a_comparison_counts_differences_money_false_positives_and_load() {
    let (mut rules, mut default) = policies();
    // The shipped policies may change; what is compared here does not.
    (rules.hash, default.hash) = ("hash of a".into(), "hash of b".into());
    let mut backtest = Backtest::new(&rules, &default).expect("one currency");
    let abuse = Some(Truth::Abuse);
    let honest = Some(Truth::Legitimate);
    backtest.add(&request("R1", 0, 100_000, abuse, InstantRefund, Review));
    backtest.add(&request("R2", 0, 50_000, abuse, InstantRefund, InstantRefund));
    backtest.add(&request("R3", 0, 20_000, Some(Truth::PolicyAbuse), Review, StepUp));
    backtest.add(&request("R4", 3, 10_000, honest, Review, InstantRefund));
    backtest.add(&request("R5", 3, 10_000, honest, InstantRefund, RefundOnScan));
    backtest.add(&request("R6", 3, 10_000, honest, Deny, Review));
    backtest.add(&request("R7", 3, 70_000, None, Review, InstantRefund));
    // The judging policy does not offer a replacement.
    backtest.add(&request("R8", 3, 10_000, honest, InstantRefund, Replace));
    let comparison = backtest.finish();
    golden("comparison.json", &serde_json::to_string_pretty(&comparison).expect("it serialises"));
    assert_eq!(comparison.a.outcome.abuse_paid_at_once_minor, 150_000);
    assert_eq!(comparison.b.outcome.abuse_paid_at_once_minor, 50_000);
    // One review of 1,000.00 at 10 % giving up and 80 % found loses 180.00 of it.
    let review = 100_000.0 * 0.9 * (1.0 - 0.8);
    let step_up = 20_000.0 * 0.6 * 0.85;
    assert_eq!(comparison.b.outcome.lost_to_abuse_minor, (review + 50_000.0 + step_up) as i64);
    assert_eq!(comparison.days.iter().map(|day| day.reviews_a).collect::<Vec<_>>(), [1, 0, 0, 2]);
}

#[test]
fn examples_are_the_dearest_whatever_the_order() {
    let (rules, default) = policies();
    let told = |order: &mut dyn Iterator<Item = i64>| {
        let mut backtest = Backtest::new(&rules, &default).expect("one currency");
        for n in order {
            backtest.add(&request(&format!("R{n}"), 0, n % 150, None, Review, InstantRefund));
        }
        backtest.finish().examples
    };
    let examples = told(&mut (0..400));
    assert_eq!(examples.len(), EXAMPLES_MAX);
    assert_eq!((examples[0].amount_minor, examples[0].refund.as_str()), (149, "R149"));
    assert_eq!(examples, told(&mut (0..400).rev()));
}

#[test]
fn policies_of_two_currencies_are_not_compared() {
    let (rules, _) = policies();
    let euro = Policy::parse(&DEFAULT_POLICY.replace("\"USD\"", "\"EUR\"")).expect("a policy");
    let error = Backtest::new(&rules, &euro).map(|_| ()).expect_err("two currencies");
    assert_eq!(
        error,
        "policy `rules only` is in USD and policy `default` in EUR; write both in the reporting currency"
    );
}

#[test]
fn a_comparison_of_nothing_is_empty() {
    let (rules, default) = policies();
    let comparison = Backtest::new(&rules, &default).expect("one currency").finish();
    assert_eq!((comparison.requests, comparison.b_saves_minor, comparison.days.len()), (0, 0, 0));
}

#[test]
fn savings_are_told_against_paying_everything_and_against_rules() {
    let (_, judge) = policies();
    let judged = |decision, rules_only, truth| Judged {
        decision,
        rules_only,
        score: 0.5,
        situation: situation(100_000),
        truth,
    };
    let requests = [
        judged(Review, Some(InstantRefund), Truth::Abuse),
        judged(InstantRefund, Some(Review), Truth::Legitimate),
    ];
    let told = savings(&judge, requests);
    // A review: 26.00, and 18 % of the money to the abuser.
    assert_eq!(told.decisions.total_cost_minor, 2_600 + 18_000);
    assert_eq!(told.paying_everything.total_cost_minor, 100_000);
    assert_eq!(told.saved_against_paying_everything_minor, 100_000 - 20_600);
    // The rules lose all of it and annoy the honest one: handling, friction of 3.00 + 1 %, 2 % refused at 1,360.00.
    assert_eq!(told.saved_against_rules_only_minor, Some(100_000 + 2_600 + 300 + 1_000 + 2_720 - 20_600));
    let without = savings(&judge, [judged(Review, None, Truth::Abuse)]);
    assert_eq!(without.saved_against_rules_only_minor, None);
}
