//! How good were decisions? Every figure, beside the baselines, with what chance alone would make of them.

use crate::baseline::Baseline;
use crate::chance::Chance;
use crate::dataset::{Label, Target};
use crate::metrics::{
    CALIBRATION_BINS, CalibrationBin, DayRow, Ranking, brier, calibration_bins, ece, mean_log_loss,
    precision_per_day,
};
use rayon::prelude::*;
use ringfence_domain::{DecisionKind, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Points that a curve keeps: more cannot be seen.
const CURVE_POINTS: usize = 200;

/// Bars of the score histogram.
const HISTOGRAM_BARS: usize = 40;

/// Values of a segment that are reported, the largest first: a table of more is not read.
const SEGMENTS_MAX: usize = 30;

/// One decided request, and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The account.
    pub account: String,
    /// When it was asked for.
    pub at: Timestamp,
    /// Money asked for, in minor units of the reporting currency.
    pub amount_minor: i64,
    /// Probability of abuse.
    pub score: f64,
    /// The decision, where there was one.
    pub decision: Option<DecisionKind>,
    /// How many rules against it matched, for the rules-only baseline.
    pub rules: u32,
    /// What it was; `None` where nobody looked, which counts as legitimate here.
    pub label: Option<Label>,
    /// The ring behind it, where the truth is known.
    pub ring: Option<String>,
    /// Segments it belongs to: name → value, for false positives by segment.
    pub segments: Vec<(String, String)>,
}

/// Settings of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluateSettings {
    /// What counts as found.
    pub target: Target,
    /// Requests that can be reviewed, as a share; ignored where `budget` is given.
    pub budget_share: f64,
    /// Requests that can be reviewed, as a number.
    pub budget: Option<u64>,
    /// Accounts looked at a day, for precision a day.
    pub accounts_per_day: usize,
    /// Draws of the bootstrap over days; 0 for none.
    pub draws: usize,
    /// Its seed.
    pub seed: u64,
}

impl Default for EvaluateSettings {
    fn default() -> Self {
        Self {
            target: Target::Abuse,
            budget_share: 0.01,
            budget: None,
            accounts_per_day: 100,
            draws: 200,
            seed: 1,
        }
    }
}

/// A figure, and the middle 95 % of its bootstrap over days.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The figure.
    pub value: f64,
    /// Lower end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub high: Option<f64>,
}

/// Figures of one score. `None` where it has no meaning: too few rows of a kind, or no probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// What was scored with: `model` or a baseline's name.
    pub name: String,
    /// Area under the ROC curve.
    pub auc: Option<Figure>,
    /// Average precision.
    pub average_precision: Option<Figure>,
    /// Share of the abuse found when 1 % of the other requests are stopped too.
    pub recall_at_fpr_1: Option<Figure>,
    /// Share of abuse among the requests reviewed.
    pub precision_at_budget: Option<Figure>,
    /// Share of the abuse found by the review.
    pub recall_at_budget: Option<Figure>,
    /// Share of the abused money found by the review.
    pub money_at_budget: Option<Figure>,
    /// Mean share of accounts with abuse among those looked at a day.
    pub precision_per_day: Option<f64>,
    /// Mean squared error of the probability.
    pub brier: Option<f64>,
    /// Expected calibration error.
    pub ece: Option<f64>,
    /// Mean negative log-likelihood.
    pub log_loss: Option<f64>,
    /// Share of rings with a request within the budget, and the median count of a ring's requests up to the first.
    pub rings: Option<RingFigures>,
    /// Recall → precision.
    pub precision_recall: Vec<(f64, f64)>,
    /// Share of requests reviewed → share of the abused money found.
    pub money_by_budget: Vec<(f64, f64)>,
    /// Predicted against observed; empty for scores that are no probability.
    pub calibration: Vec<CalibrationBin>,
}

/// How soon rings are met.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RingFigures {
    /// Rings in the rows.
    pub rings: u64,
    /// Share of them with at least one request within the budget.
    pub first_hit_recall: f64,
    /// Of the rings hit: median count of the ring's requests up to and with the first one in the budget.
    pub requests_to_first_hit: Option<f64>,
}

/// False positives of a segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentFigures {
    /// The segment's name.
    pub segment: String,
    /// Its value.
    pub value: String,
    /// Requests.
    pub rows: u64,
    /// Of them not abuse.
    pub honest: u64,
    /// Share of the honest ones within the review budget.
    pub false_positive_rate: f64,
    /// Mean probability less share of abuse: above 0 it is suspected too much.
    pub over_prediction: f64,
}

/// Decisions of a kind, by what the requests were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionCounts {
    /// Abuse.
    pub abuse: u64,
    /// Policy abuse.
    pub policy_abuse: u64,
    /// Legitimate, or never looked into.
    pub legitimate: u64,
}

/// All figures of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Requests.
    pub rows: u64,
    /// By label: abuse, policy abuse, legitimate, nobody looked.
    pub labels: [u64; 4],
    /// Money asked for in abuse, in minor units.
    pub abuse_minor: i64,
    /// Requests that the review budget covers.
    pub budget_rows: f64,
    /// The settings.
    pub settings: EvaluateSettings,
    /// The model's figures.
    pub model: Figures,
    /// The baselines' figures.
    pub baselines: Vec<Figures>,
    /// False positives by segment, largest segments first.
    pub segments: Vec<SegmentFigures>,
    /// By decision.
    pub decisions: BTreeMap<String, DecisionCounts>,
    /// Share of the honest requests that were paid at once or at the first scan; `None` without decisions.
    pub honest_paid_fast: Option<f64>,
    /// Histogram of the scores: by bar (of 40 between 0 and 1) honest and abusive requests.
    pub histogram: Vec<(u64, u64)>,
}

/// Judges decisions. Baselines score the same rows in the same order.
pub fn evaluate(rows: &[Judged], baselines: &[Baseline], settings: &EvaluateSettings) -> Evaluation {
    let data = Data::new(rows, settings);
    let scores: Vec<f64> = rows.iter().map(|r| r.score).collect();
    let model = data.figures("model", &scores, true, settings);
    let others =
        baselines.iter().map(|b| data.figures(&b.name, &b.scores, b.is_probability, settings)).collect();
    let mut labels = [0; 4];
    let mut decisions: BTreeMap<String, DecisionCounts> = BTreeMap::new();
    for row in rows {
        labels[label_index(row.label)] += 1;
        if let Some(decision) = row.decision {
            let counts = decisions.entry(decision.as_str().to_owned()).or_default();
            *match row.label {
                Some(Label::Abuse) => &mut counts.abuse,
                Some(Label::PolicyAbuse) => &mut counts.policy_abuse,
                Some(Label::Legitimate) | None => &mut counts.legitimate,
            } += 1;
        }
    }
    let mut histogram = vec![(0, 0); HISTOGRAM_BARS];
    for (row, &target) in rows.iter().zip(&data.target) {
        let bar = ((row.score * HISTOGRAM_BARS as f64) as usize).min(HISTOGRAM_BARS - 1);
        if target { histogram[bar].1 += 1 } else { histogram[bar].0 += 1 }
    }
    let abused = rows.iter().zip(&data.target).filter(|(_, t)| **t);
    Evaluation {
        rows: rows.len() as u64,
        labels,
        abuse_minor: abused.map(|(r, _)| r.amount_minor).fold(0, i64::saturating_add),
        budget_rows: data.budget,
        settings: settings.clone(),
        segments: segments(rows, &data, &scores),
        honest_paid_fast: paid_fast(rows, &data.target),
        model,
        baselines: others,
        decisions,
        histogram,
    }
}

/// A baseline from the rules that matched: the more rules, the more suspicious.
pub fn rules_only(rows: &[Judged]) -> Baseline {
    let scores = rows.iter().map(|r| f64::from(r.rules)).collect();
    Baseline { name: "rules only".to_owned(), scores, is_probability: false }
}

fn label_index(label: Option<Label>) -> usize {
    match label {
        Some(Label::Abuse) => 0,
        Some(Label::PolicyAbuse) => 1,
        Some(Label::Legitimate) => 2,
        None => 3,
    }
}

fn paid_fast(rows: &[Judged], target: &[bool]) -> Option<f64> {
    let honest = rows.iter().zip(target).filter(|(_, t)| !**t).filter_map(|(r, _)| r.decision);
    let (mut all, mut fast) = (0u64, 0u64);
    for decision in honest {
        all += 1;
        fast += u64::from(matches!(
            decision,
            DecisionKind::InstantRefund | DecisionKind::RefundOnScan | DecisionKind::KeepItem
        ));
    }
    (all > 0).then(|| fast as f64 / all as f64)
}

/// What all scores of the same rows share.
struct Data<'a> {
    rows: &'a [Judged],
    target: Vec<bool>,
    amount: Vec<f64>,
    budget: f64,
    accounts: Vec<u32>,
    /// How often each row counts in each draw of the bootstrap: once for each time that its day was drawn.
    draws: Vec<Vec<f64>>,
}

impl<'a> Data<'a> {
    fn new(rows: &'a [Judged], settings: &EvaluateSettings) -> Self {
        let names: BTreeSet<&str> = rows.iter().map(|r| r.account.as_str()).collect();
        let numbers: BTreeMap<&str, u32> = names.into_iter().zip(0..).collect();
        let days: BTreeSet<i64> = rows.iter().map(|r| r.at.day()).collect();
        let days: Vec<i64> = days.into_iter().collect();
        let draws = (0..if days.len() > 1 { settings.draws } else { 0 })
            .map(|draw| {
                let mut chance = Chance::new(settings.seed, draw as u64 + 1_000);
                let mut times: BTreeMap<i64, f64> = BTreeMap::new();
                for _ in 0..days.len() {
                    *times.entry(days[chance.below(days.len())]).or_insert(0.0) += 1.0;
                }
                rows.iter().map(|r| times.get(&r.at.day()).copied().unwrap_or(0.0)).collect()
            })
            .collect();
        Self {
            target: rows.iter().map(|r| r.label.is_some_and(|l| settings.target.holds(l))).collect(),
            amount: rows.iter().map(|r| r.amount_minor as f64).collect(),
            budget: settings.budget.map_or(rows.len() as f64 * settings.budget_share, |b| b as f64),
            accounts: rows.iter().map(|r| numbers[r.account.as_str()]).collect(),
            rows,
            draws,
        }
    }

    fn figures(
        &self,
        name: &str,
        scores: &[f64],
        is_probability: bool,
        settings: &EvaluateSettings,
    ) -> Figures {
        let ranking = Ranking::new(scores, &self.target);
        let ones = vec![1.0; scores.len()];
        let figure = |of: &(dyn Fn(&[f64]) -> Option<f64> + Sync)| -> Option<Figure> {
            let value = of(&ones)?;
            let mut drawn: Vec<f64> = self.draws.par_iter().filter_map(|weight| of(weight)).collect();
            drawn.sort_by(f64::total_cmp);
            let at = |share: f64| drawn.get((drawn.len() as f64 * share) as usize).copied();
            Some(Figure { value, low: at(0.025), high: at(0.975) })
        };
        let budget_share = self.budget / (scores.len() as f64).max(1.0);
        let at_budget = |of: fn(crate::metrics::Step, crate::metrics::Step) -> (f64, f64)| {
            let ranking = &ranking;
            move |weight: &[f64]| -> Option<f64> {
                let all = ranking.at_budget(f64::INFINITY, weight, &self.amount);
                let within = ranking.at_budget(all.rows * budget_share, weight, &self.amount);
                let (part, whole) = of(within, all);
                (whole > 0.0).then(|| part / whole)
            }
        };
        let all = ranking.at_budget(f64::INFINITY, &ones, &self.amount);
        let day_rows: Vec<DayRow> = (0..scores.len())
            .map(|i| DayRow {
                day: self.rows[i].at.day(),
                account: self.accounts[i],
                score: scores[i],
                target: self.target[i],
            })
            .collect();
        let calibration = if is_probability {
            calibration_bins(scores, &self.target, CALIBRATION_BINS)
        } else {
            Vec::new()
        };
        Figures {
            name: name.to_owned(),
            auc: figure(&|w| ranking.auc(w)),
            average_precision: figure(&|w| ranking.average_precision(w)),
            recall_at_fpr_1: figure(&|w| ranking.recall_at_fpr(0.01, w)),
            precision_at_budget: figure(&at_budget(|within, _| (within.found, within.rows))),
            recall_at_budget: figure(&at_budget(|within, all| (within.found, all.found))),
            money_at_budget: figure(&at_budget(|within, all| (within.money, all.money))),
            precision_per_day: precision_per_day(&day_rows, settings.accounts_per_day),
            brier: is_probability.then(|| brier(scores, &self.target)),
            ece: is_probability.then(|| ece(&calibration)),
            log_loss: is_probability.then(|| mean_log_loss(scores, &self.target)),
            rings: self.rings(&ranking),
            precision_recall: thin(
                ranking
                    .steps(&ones, &self.amount)
                    .filter(|_| all.found > 0.0)
                    .map(|s| (s.found / all.found, s.found / s.rows)),
            ),
            money_by_budget: thin(
                std::iter::once((0.0, 0.0)).chain(
                    ranking
                        .steps(&ones, &self.amount)
                        .filter(|_| all.money > 0.0)
                        .map(|s| (s.rows / all.rows, s.money / all.money)),
                ),
            ),
            calibration,
        }
    }

    fn rings(&self, ranking: &Ranking) -> Option<RingFigures> {
        let budget = self.budget.round() as usize;
        let within: BTreeSet<u32> = ranking.order().iter().take(budget).copied().collect();
        let mut by_time: Vec<u32> = (0..self.rows.len() as u32).collect();
        by_time.sort_by_key(|&i| self.rows[i as usize].at);
        // By ring: its requests so far, and how many they were at the first within the budget.
        let mut rings: BTreeMap<&str, (u64, Option<u64>)> = BTreeMap::new();
        for i in by_time {
            if let Some(ring) = &self.rows[i as usize].ring {
                let (seen, first) = rings.entry(ring).or_default();
                *seen += 1;
                if within.contains(&i) {
                    first.get_or_insert(*seen);
                }
            }
        }
        if rings.is_empty() {
            return None;
        }
        let mut hits: Vec<u64> = rings.values().filter_map(|r| r.1).collect();
        hits.sort_unstable();
        Some(RingFigures {
            rings: rings.len() as u64,
            first_hit_recall: hits.len() as f64 / rings.len() as f64,
            requests_to_first_hit: hits.get(hits.len() / 2).map(|&h| h as f64),
        })
    }
}

/// At most about [`CURVE_POINTS`] points of a curve: both ends, and those that move it most evenly.
fn thin(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    let mut last = None;
    for point in points {
        let far = kept
            .last()
            .is_none_or(|&(x, y)| (point.0 - x).abs() + (point.1 - y).abs() >= 2.0 / CURVE_POINTS as f64);
        if far {
            kept.push(point);
        }
        last = Some(point);
    }
    if let Some(last) = last
        && kept.last() != Some(&last)
    {
        kept.push(last);
    }
    kept
}

fn segments(rows: &[Judged], data: &Data<'_>, scores: &[f64]) -> Vec<SegmentFigures> {
    let ranking = Ranking::new(scores, &data.target);
    let mut within = vec![false; rows.len()];
    for &row in ranking.order().iter().take(data.budget.round() as usize) {
        within[row as usize] = true;
    }
    let mut found: BTreeMap<(&str, &str), (u64, u64, u64, f64)> = BTreeMap::new();
    for (i, row) in rows.iter().enumerate() {
        for (segment, value) in &row.segments {
            let (count, honest, stopped, predicted) = found.entry((segment, value)).or_default();
            *count += 1;
            *predicted += row.score;
            if !data.target[i] {
                *honest += 1;
                *stopped += u64::from(within[i]);
            }
        }
    }
    let mut figures: Vec<SegmentFigures> = found
        .into_iter()
        .map(|((segment, value), (count, honest, stopped, predicted))| SegmentFigures {
            segment: segment.to_owned(),
            value: value.to_owned(),
            rows: count,
            honest,
            false_positive_rate: stopped as f64 / honest.max(1) as f64,
            over_prediction: (predicted - (count - honest) as f64) / count as f64,
        })
        .collect();
    figures.sort_by(|a, b| a.segment.cmp(&b.segment).then(b.rows.cmp(&a.rows)).then(a.value.cmp(&b.value)));
    figures.truncate(SEGMENTS_MAX);
    figures
}

impl Evaluation {
    /// The figures as a table: a header row, then a row for the model and each baseline.
    pub fn table(&self) -> Vec<Vec<String>> {
        let header = [
            "score",
            "AUC",
            "average precision",
            "recall at 1 % FPR",
            "precision at budget",
            "abuse found",
            "money found",
            "precision a day",
            "ECE",
        ];
        let number = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), |x| format!("{x:.3}"));
        let figure = |f: Option<Figure>| match f {
            Some(Figure { value, low: Some(low), high: Some(high) }) => {
                format!("{value:.3} ({low:.3}–{high:.3})")
            }
            Some(Figure { value, .. }) => format!("{value:.3}"),
            None => "–".to_owned(),
        };
        let row = |f: &Figures| {
            vec![
                f.name.clone(),
                figure(f.auc),
                figure(f.average_precision),
                figure(f.recall_at_fpr_1),
                figure(f.precision_at_budget),
                figure(f.recall_at_budget),
                figure(f.money_at_budget),
                number(f.precision_per_day),
                number(f.ece),
            ]
        };
        let mut table = vec![header.map(str::to_owned).to_vec(), row(&self.model)];
        table.extend(self.baselines.iter().map(row));
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::at_day;

    fn judged(i: usize, score: f64, label: Option<Label>, decision: DecisionKind) -> Judged {
        Judged {
            account: format!("A{i}"),
            at: at_day(i as i64 / 4),
            amount_minor: 100 * (i as i64 + 1),
            score,
            decision: Some(decision),
            rules: u32::from(i.is_multiple_of(3)),
            label,
            ring: None,
            segments: vec![("country".to_owned(), ["de", "fr"][i % 2].to_owned())],
        }
    }

    fn sample() -> Vec<Judged> {
        use DecisionKind::{InstantRefund, Review};
        vec![
            judged(0, 0.9, Some(Label::Abuse), Review),
            judged(1, 0.8, Some(Label::Legitimate), Review),
            judged(2, 0.2, Some(Label::PolicyAbuse), InstantRefund),
            judged(3, 0.1, None, InstantRefund),
            judged(4, 0.7, Some(Label::Abuse), InstantRefund),
        ]
    }

    fn settings() -> EvaluateSettings {
        EvaluateSettings { budget: Some(2), draws: 20, ..EvaluateSettings::default() }
    }

    #[test]
    fn figures_are_those_of_the_rows() {
        let got = evaluate(&sample(), &[rules_only(&sample())], &settings());
        assert_eq!(got.labels, [2, 1, 1, 1]);
        assert_eq!(got.abuse_minor, 600);
        let value = |f: Option<Figure>| f.unwrap().value;
        assert_eq!(value(got.model.precision_at_budget), 0.5);
        assert_eq!(value(got.model.recall_at_budget), 0.5);
        assert_eq!(value(got.model.money_at_budget), 100.0 / 600.0);
        assert_eq!(value(got.model.auc), 5.0 / 6.0);
        assert_eq!(got.honest_paid_fast, Some(2.0 / 3.0));
        assert_eq!(got.decisions["review"], DecisionCounts { abuse: 1, policy_abuse: 0, legitimate: 1 });
        assert_eq!(got.baselines[0].name, "rules only");
        assert_eq!(got.baselines[0].ece, None);
        assert_eq!(got.table().len(), 3);
    }

    #[test]
    fn policy_abuse_counts_when_it_is_looked_for() {
        let both = EvaluateSettings { target: Target::AbuseOrPolicyAbuse, ..settings() };
        assert_eq!(evaluate(&sample(), &[], &both).model.auc.unwrap().value, 4.0 / 6.0);
    }

    #[test]
    fn intervals_hold_the_figure_and_do_not_change_between_runs() {
        let rows: Vec<Judged> = (0..400)
            .map(|i| {
                let abuse = i % 9 == 0;
                let score = ((i * 37) % 100) as f64 / 150.0 + if abuse { 0.2 } else { 0.0 };
                let label = Some(if abuse { Label::Abuse } else { Label::Legitimate });
                judged(i, score, label, DecisionKind::Review)
            })
            .collect();
        let settings = EvaluateSettings { draws: 100, ..EvaluateSettings::default() };
        let (a, b) = (evaluate(&rows, &[], &settings), evaluate(&rows, &[], &settings));
        assert_eq!(a, b);
        let auc = a.model.auc.unwrap();
        assert!(auc.low.unwrap() < auc.value && auc.value < auc.high.unwrap(), "{auc:?}");
    }

    #[test]
    fn a_ring_is_met_when_one_of_its_requests_is_within_the_budget() {
        let mut rows = sample();
        rows[2].ring = Some("K1".to_owned());
        rows[4].ring = Some("K1".to_owned());
        rows[3].ring = Some("K2".to_owned());
        let three = EvaluateSettings { budget: Some(3), ..settings() };
        let got = evaluate(&rows, &[], &three).model.rings.unwrap();
        assert_eq!(got, RingFigures { rings: 2, first_hit_recall: 0.5, requests_to_first_hit: Some(2.0) });
    }

    #[test]
    fn false_positives_are_reported_by_segment() {
        let got = evaluate(&sample(), &[], &settings()).segments;
        let of = |value: &str| got.iter().find(|s| s.value == value).unwrap().clone();
        assert_eq!((of("de").honest, of("de").false_positive_rate), (1, 0.0));
        assert_eq!((of("fr").honest, of("fr").false_positive_rate), (2, 0.5));
    }

    #[test]
    fn nothing_decided_is_no_fault() {
        let got = evaluate(&[], &[], &EvaluateSettings::default());
        assert_eq!((got.rows, got.model.auc, got.honest_paid_fast), (0, None, None));
    }
}
