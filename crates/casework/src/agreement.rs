//! Do two people judge alike? Cohen's κ over the items that a second person judged without knowing the first one's answer.
//!
//! κ = (p_o − p_e) / (1 − p_e): agreement beyond what two people with these habits would reach by chance (Cohen,
//! *A coefficient of agreement for nominal scales*, Educational and Psychological Measurement 20, 1960). The interval is
//! from the large-sample standard error of Fleiss, Cohen and Everitt (*Large sample standard errors of kappa and weighted
//! kappa*, Psychological Bulletin 72, 1969), as Fleiss, Levin and Paik print it (*Statistical Methods for Rates and
//! Proportions*, 3rd ed., eq. 18.13).

use crate::change::Judgement;
use ringfence_domain::DecisionKind;
use ringfence_domain::words::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Half the width of a 95 % interval in standard errors.
const Z_95: f64 = 1.959_963_984_540_054;

/// What a judgement comes to, for comparison.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Judged {
    /// It was abuse.
    Abuse,
    /// It was against the rules.
    PolicyAbuse,
    /// It was honest.
    Legitimate,
    /// What it was is not said; the customer got nothing.
    Denied,
    /// What it was is not said; more was asked of the customer or the carrier first.
    Asked,
    /// What it was is not said; the customer got something.
    Granted,
}

impl Judged {
    /// Of a judgement: the verdict where there is one, else what the customer got.
    pub fn of(judgement: &Judgement) -> Judged {
        match (judgement.verdict, judgement.decision) {
            (Some(Verdict::Abuse | Verdict::Insider | Verdict::Compromised), _) => Judged::Abuse,
            (Some(Verdict::PolicyAbuse), _) => Judged::PolicyAbuse,
            (Some(Verdict::Legitimate), _) => Judged::Legitimate,
            (None, Some(DecisionKind::Deny) | None) => Judged::Denied,
            (None, Some(DecisionKind::StepUp | DecisionKind::CarrierTrace | DecisionKind::Review)) => {
                Judged::Asked
            }
            (
                None,
                Some(
                    DecisionKind::InstantRefund
                    | DecisionKind::RefundOnScan
                    | DecisionKind::RefundOnReceipt
                    | DecisionKind::RefundAfterInspection
                    | DecisionKind::KeepItem
                    | DecisionKind::Replace
                    | DecisionKind::StoreCredit
                    | DecisionKind::PartialRefund,
                ),
            ) => Judged::Granted,
        }
    }
}

/// How well two people agree.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Agreement {
    /// Items that two people judged.
    pub pairs: u64,
    /// Share on which they agree; none without pairs.
    pub agree: Option<f64>,
    /// Share on which they would agree by chance.
    pub by_chance: Option<f64>,
    /// κ; none where chance alone agrees on everything, or without pairs.
    pub kappa: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<[f64; 2]>,
}

/// Cohen's κ of pairs of answers, first person and second person.
pub fn kappa<C: Ord + Copy>(pairs: &[(C, C)]) -> Agreement {
    let n = pairs.len() as f64;
    let none =
        Agreement { pairs: pairs.len() as u64, agree: None, by_chance: None, kappa: None, interval: None };
    if pairs.is_empty() {
        return none;
    }
    let mut cells: BTreeMap<(C, C), f64> = BTreeMap::new();
    let mut sides: BTreeMap<C, (f64, f64)> = BTreeMap::new();
    for (first, second) in pairs {
        *cells.entry((*first, *second)).or_default() += 1.0 / n;
        sides.entry(*first).or_default().0 += 1.0 / n;
        sides.entry(*second).or_default().1 += 1.0 / n;
    }
    let same = |c: &C| cells.get(&(*c, *c)).copied().unwrap_or_default();
    let agree: f64 = sides.keys().map(same).sum();
    let by_chance: f64 = sides.values().map(|(row, column)| row * column).sum();
    let (agree_told, chance_told) = (Some(agree.min(1.0)), Some(by_chance.min(1.0)));
    if by_chance >= 1.0 - 1e-12 {
        return Agreement { agree: agree_told, by_chance: chance_told, ..none };
    }
    let kappa = (agree - by_chance) / (1.0 - by_chance);
    let a: f64 =
        sides.iter().map(|(c, (row, column))| same(c) * (1.0 - (row + column) * (1.0 - kappa)).powi(2)).sum();
    let b: f64 = cells
        .iter()
        .filter(|((first, second), _)| first != second)
        .map(|((first, second), p)| p * (sides[first].1 + sides[second].0).powi(2))
        .sum();
    let c = (kappa - by_chance * (1.0 - kappa)).powi(2);
    let variance = (a + (1.0 - kappa).powi(2) * b - c).max(0.0) / n;
    let error = variance.sqrt() / (1.0 - by_chance);
    let interval = Some([(kappa - Z_95 * error).max(-1.0), (kappa + Z_95 * error).min(1.0)]);
    Agreement { agree: agree_told, by_chance: chance_told, kappa: Some(kappa), interval, ..none }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_table(table: &[&[usize]]) -> Agreement {
        let mut pairs = Vec::new();
        for (row, cells) in table.iter().enumerate() {
            for (column, count) in cells.iter().enumerate() {
                pairs.extend(std::iter::repeat_n((row, column), *count));
            }
        }
        kappa(&pairs)
    }
    fn near(value: Option<f64>, expect: f64, within: f64) {
        let value = value.expect("a value");
        assert!((value - expect).abs() <= within, "{value} is not {expect}");
    }

    /// The SAS/STAT User's Guide (the FREQ procedure, getting started, agreement study): two dermatologists on 88 patients,
    /// terrible, poor, marginal, clear. It prints κ = 0.3449 and the interval (0.2030, 0.4868).
    #[test]
    fn the_worked_example_of_two_dermatologists_comes_out() {
        let found = of_table(&[&[10, 4, 1, 0], &[5, 10, 12, 2], &[2, 4, 12, 5], &[0, 2, 6, 13]]);
        assert_eq!(found.pairs, 88);
        near(found.kappa, 0.3449, 5e-5);
        let [low, high] = found.interval.expect("an interval");
        near(Some(low), 0.2030, 5e-5);
        near(Some(high), 0.4868, 5e-5);
    }

    /// Fleiss, Levin and Paik, Table 18.1: 100 subjects, psychotic, neurotic, organic.
    #[test]
    fn the_worked_example_of_fleiss_levin_and_paik_comes_out() {
        let found = of_table(&[&[75, 1, 4], &[5, 4, 1], &[0, 0, 10]]);
        near(found.agree, 0.89, 1e-9);
        near(found.by_chance, 0.66, 1e-9);
        near(found.kappa, 0.68, 5e-3);
    }

    #[test]
    fn whole_agreement_chance_and_nothing() {
        let whole = of_table(&[&[30, 0], &[0, 70]]);
        near(whole.kappa, 1.0, 1e-12);
        assert_eq!(whole.interval.map(|i| i.map(|v| (v * 1e9).round())), Some([1e9, 1e9]));
        near(of_table(&[&[25, 25], &[25, 25]]).kappa, 0.0, 1e-12);
        near(of_table(&[&[0, 50], &[50, 0]]).kappa, -1.0, 1e-12);
        assert_eq!(of_table(&[]).kappa, None);
        // All alike: nothing is known of agreement beyond chance.
        let alike = of_table(&[&[40]]);
        assert_eq!((alike.kappa, alike.agree), (None, Some(1.0)));
    }
}
