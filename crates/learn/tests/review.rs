//! Is a review budget spent as it says: on money, on learning, and a part by chance with the chance that it states?

use ringfence_learn::review::{Because, Candidate, Pick, ReviewSettings, plan};

fn candidate(n: usize, group: &str, probability: f64, amount_minor: i64) -> Candidate {
    Candidate { refund: format!("R{n}"), group: group.to_owned(), probability, amount_minor, looked_at: 0 }
}

fn settings(budget: usize, random_share: f64, learning: f64) -> ReviewSettings {
    ReviewSettings { budget, random_share, learning, seed: 1 }
}

fn refunds(picks: &[Pick]) -> Vec<&str> {
    picks.iter().map(|p| p.refund.as_str()).collect()
}

#[test]
fn without_learning_and_chance_it_is_the_expected_money() {
    let candidates =
        [candidate(1, "a", 0.9, 100), candidate(2, "b", 0.2, 1_000), candidate(3, "c", 0.5, 100)];
    let picks = plan(&candidates, &settings(2, 0.0, 0.0));
    assert_eq!(refunds(&picks), ["R2", "R1"]);
    assert!(picks.iter().all(|p| p.because == Because::Money && p.propensity == 1.0));
}

#[test]
fn an_unsure_request_of_a_large_group_is_worth_more_than_one_that_says_nothing() {
    let mut candidates = vec![candidate(0, "alone", 0.55, 1_000)];
    candidates.extend((1..9).map(|n| candidate(n, "ring", 0.5, 1_000)));
    let picks = plan(&candidates, &settings(1, 0.0, 0.25));
    assert_eq!((picks[0].refund.as_str(), picks[0].because), ("R1", Because::Learning));
    assert_eq!(refunds(&plan(&candidates, &settings(1, 0.0, 0.0))), ["R0"]);
}

#[test]
fn the_second_look_at_a_group_is_worth_less_so_that_others_get_theirs() {
    let mut candidates: Vec<Candidate> = (0..10).map(|n| candidate(n, "first", 0.5, 1_000)).collect();
    candidates.extend((10..18).map(|n| candidate(n, "second", 0.5, 1_000)));
    let picks = plan(&candidates, &settings(2, 0.0, 0.25));
    assert_eq!(refunds(&picks), ["R0", "R10"]);
    let mut known = candidates.clone();
    known.iter_mut().filter(|c| c.group == "first").for_each(|c| c.looked_at = 5);
    assert_eq!(plan(&known, &settings(1, 0.0, 0.25))[0].refund, "R10");
}

#[test]
fn the_same_requests_give_the_same_plan_in_any_order() {
    let mut candidates: Vec<Candidate> = (0..200)
        .map(|n| candidate(n, &format!("g{}", n % 13), (n % 10) as f64 / 10.0, 500 + n as i64))
        .collect();
    let first = plan(&candidates, &settings(40, 0.15, 0.25));
    assert_eq!(first.len(), 40);
    assert_eq!(first.iter().filter(|p| p.because == Because::Chance).count(), 6);
    candidates.reverse();
    candidates.swap(3, 90);
    assert_eq!(plan(&candidates, &settings(40, 0.15, 0.25)), first);
    let other = plan(&candidates, &ReviewSettings { seed: 2, ..settings(40, 0.15, 0.25) });
    assert_eq!(other[..34], first[..34], "chance moves only its own part");
    assert_ne!(other[34..], first[34..]);
}

#[test]
fn a_budget_beyond_all_requests_picks_each_once() {
    let candidates: Vec<Candidate> = (0..5).map(|n| candidate(n, "g", 0.5, 100)).collect();
    let mut all = plan(&candidates, &settings(50, 0.2, 0.25));
    all.sort_by(|a, b| a.refund.cmp(&b.refund));
    assert_eq!(refunds(&all), ["R0", "R1", "R2", "R3", "R4"]);
    assert!(plan(&[], &settings(50, 0.2, 0.25)).is_empty());
}

#[test]
fn sums_over_picks_divided_by_their_propensity_are_right_on_average() {
    // The score knows nothing: the abuse is where it is low.
    let candidates: Vec<Candidate> =
        (0..300).map(|n| candidate(n, &format!("g{n}"), if n < 100 { 0.8 } else { 0.1 }, 1_000)).collect();
    let abuse = |refund: &str| refund[1..].parse::<usize>().is_ok_and(|n| n % 3 == 0);
    let truth = (0..300).filter(|n| n % 3 == 0).count() as f64;
    let draws = 2_000;
    let estimate: f64 = (0..draws)
        .map(|seed| {
            let picks = plan(&candidates, &ReviewSettings { seed, ..settings(60, 0.2, 0.25) });
            picks.iter().filter(|p| abuse(&p.refund)).map(|p| 1.0 / p.propensity).sum::<f64>()
        })
        .sum::<f64>()
        / draws as f64;
    assert!((estimate - truth).abs() < 0.03 * truth, "{estimate} for {truth}");
}
