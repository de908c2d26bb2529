//! How do the figures of an evaluation look? Charts that reports share.

use ringfence_domain::words::Word;
use ringfence_domain::{DecisionKind, Timestamp};
use ringfence_learn::dataset::Label;
use ringfence_learn::evaluate::{Evaluation, Figures};
use ringfence_learn::model::Model;
use ringfence_report::chart::{
    self, AreaSpec, Band, Bar, BarSpec, CalibrationBin, CalibrationSpec, CurveSpec, HistogramSpec, Mark,
    Series,
};
use ringfence_report::{Axis, Svg, text};
use std::collections::BTreeMap;

/// Decisions that a chart tells apart; the rarer ones are put together.
const DECISIONS_SHOWN: usize = 7;
/// Features that the chart of importance names.
const FEATURES_SHOWN: usize = 15;
/// Smallest review budget of the logarithmic axis.
const BUDGET_MIN: f64 = 0.001;

const WEEK_MS: i64 = 7 * 86_400_000;

fn all(e: &Evaluation) -> impl Iterator<Item = &Figures> {
    std::iter::once(&e.model).chain(&e.baselines)
}

fn value(figure: Option<ringfence_learn::evaluate::Figure>) -> f64 {
    figure.map_or(f64::NAN, |f| f.value)
}

/// Precision over recall, the model and its baselines.
pub(crate) fn precision_recall(e: &Evaluation) -> Svg {
    let base = e.labels[0] as f64 / (e.rows as f64).max(1.0);
    chart::curve(&CurveSpec {
        title: "Precision and recall on the held-out requests".into(),
        about: format!(
            "Average precision of the model {}, of the best baseline {}.",
            text::decimal(value(e.model.average_precision), 3),
            text::decimal(e.baselines.iter().map(|b| value(b.average_precision)).fold(0.0, f64::max), 3)
        ),
        x: Axis::share("Recall: share of all abuse found").to(1.0),
        y: Axis::share("Precision: share of abuse among the requests picked").to(1.0),
        series: all(e).map(|f| Series::new(&f.name, between_ties(&f.precision_recall))).collect(),
        bands: vec![],
        marks: vec![Mark::Upward(base, format!("picked blindly: {}", text::share(base)))],
    })
}

/// Points put between two that are further apart than this.
const GAP: f64 = 0.01;
/// Points put into such a gap.
const FILL: i32 = 24;

/// Precision over recall through requests with the same score, which come in any order: then found and picked requests
/// grow together in a straight line, and their ratio, the precision, in a hyperbola (Davis and Goadrich, ICML 2006).
pub(crate) fn between_ties(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let picked =
        |(recall, precision): (f64, f64)| if precision > 0.0 { recall / precision } else { f64::NAN };
    filled(points, |a, b, t| {
        let recall = a.0 + t * (b.0 - a.0);
        let all = picked(a) + t * (picked(b) - picked(a));
        (recall, if all > 0.0 { recall / all } else { f64::NAN })
    })
}

/// A straight line, in points close enough to stay straight on a logarithmic axis too.
fn straight(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    filled(points, |a, b, t| (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)))
}

fn filled(
    points: &[(f64, f64)],
    between: impl Fn((f64, f64), (f64, f64), f64) -> (f64, f64),
) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        if (pair[1].0 - pair[0].0).abs() > GAP {
            let inner =
                (1..FILL).map(|i| between(pair[0], pair[1], (f64::from(i) / f64::from(FILL)).powi(2)));
            out.extend(inner.filter(|p| p.1.is_finite()));
        }
        out.push(pair[1]);
    }
    out
}

/// Share of the abused money found over the review budget.
pub(crate) fn money_by_budget(e: &Evaluation) -> Svg {
    let budget = e.budget_rows / (e.rows as f64).max(1.0);
    let from = |f: &Figures| straight(&f.money_by_budget).into_iter().filter(|p| p.0 >= BUDGET_MIN).collect();
    chart::curve(&CurveSpec {
        title: "Abused money found, by how many requests people look at".into(),
        about: format!(
            "With {} of the requests reviewed the model finds {} of the abused money.",
            text::share(budget),
            text::share(value(e.model.money_at_budget))
        ),
        x: Axis::share("Share of requests reviewed, most suspicious first (logarithmic)")
            .from(BUDGET_MIN)
            .to(1.0)
            .log(),
        y: Axis::share("Share of the abused money found").to(1.0),
        series: all(e).map(|f| Series::new(&f.name, from(f))).collect(),
        bands: vec![],
        marks: vec![Mark::Across(budget, format!("budget: {}", text::share(budget)))],
    })
}

/// Whether probabilities come true.
pub(crate) fn calibration(e: &Evaluation) -> Svg {
    let bins = e.model.calibration.iter().map(|b| CalibrationBin {
        predicted: b.predicted,
        observed: b.observed,
        low: wilson(b.observed, b.rows, -1.0),
        high: wilson(b.observed, b.rows, 1.0),
        count: b.rows,
    });
    chart::calibration(&CalibrationSpec {
        title: "Does the score come true?".into(),
        about: format!("Expected calibration error {}.", text::decimal(e.model.ece.unwrap_or(f64::NAN), 4)),
        event: "probability of abuse".into(),
        series: vec![("model".into(), bins.collect())],
    })
}

/// An end of the 95 % interval of a share seen in `rows` cases (Wilson 1927); `side` −1 is the lower one.
pub(crate) fn wilson(share: f64, rows: u64, side: f64) -> f64 {
    const Z: f64 = 1.959_964;
    let n = (rows as f64).max(1.0);
    let middle = share + Z * Z / (2.0 * n);
    let reach = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((middle + side * reach) / (1.0 + Z * Z / n)).clamp(0.0, 1.0)
}

/// The scores of honest and of abusive requests.
pub(crate) fn scores(e: &Evaluation) -> Svg {
    let all = e.histogram.len();
    // Scores of rare abuse crowd near 0: the axis ends where the scores do.
    let last = e.histogram.iter().rposition(|h| h.0 + h.1 > 0).unwrap_or(all - 1);
    let bars = (last + 2).min(all);
    chart::histogram(&HistogramSpec {
        title: "Scores of abusive and of other requests".into(),
        about: "Requests by score, abusive and other, on a logarithmic axis.".into(),
        x: Axis::share("Score: probability of abuse").to(bars as f64 / all as f64),
        y: Axis::number("Requests (logarithmic)").log(),
        edges: (0..=bars).map(|i| i as f64 / all as f64).collect(),
        classes: vec![
            ("other".into(), e.histogram.iter().take(bars).map(|h| h.0 as f64).collect()),
            ("abuse".into(), e.histogram.iter().take(bars).map(|h| h.1 as f64).collect()),
        ],
        marks: vec![],
    })
}

/// What was decided, by what the requests were.
pub(crate) fn decisions(e: &Evaluation) -> Svg {
    let total = |name: &str| e.decisions.get(name).map_or(0, |c| c.legitimate + c.policy_abuse + c.abuse);
    let mut names: Vec<&str> = DecisionKind::TEXTS.iter().copied().filter(|n| total(n) > 0).collect();
    let mut by_count = names.clone();
    by_count.sort_by_key(|n| std::cmp::Reverse(total(n)));
    by_count.truncate(DECISIONS_SHOWN);
    let others = names.len() > by_count.len();
    names.retain(|n| by_count.contains(n));
    let of = |name: &str, label: Label| {
        e.decisions.get(name).map_or(0, |c| match label {
            Label::Abuse => c.abuse,
            Label::PolicyAbuse => c.policy_abuse,
            Label::Legitimate => c.legitimate,
        })
    };
    let bar = |label: Label, words: &str| {
        let all: u64 = DecisionKind::TEXTS.iter().map(|n| of(n, label)).sum();
        let share = |count: u64| count as f64 / (all as f64).max(1.0);
        let mut values: Vec<f64> = names.iter().map(|n| share(of(n, label))).collect();
        if others {
            values.push((1.0 - values.iter().sum::<f64>()).max(0.0));
        }
        Bar { label: words.into(), values }
    };
    chart::rows(&BarSpec {
        title: "Decisions, by what the requests truly were".into(),
        about: format!(
            "{} of the requests that were not abuse were paid at once or at the first scan.",
            text::share(e.honest_paid_fast.unwrap_or(f64::NAN))
        ),
        value: Axis::share("Share of the requests").to(1.0),
        series: names.iter().map(|n| n.replace('_', " ")).chain(others.then(|| "others".into())).collect(),
        bars: vec![
            bar(Label::Legitimate, "legitimate"),
            bar(Label::PolicyAbuse, "policy abuse"),
            bar(Label::Abuse, "abuse"),
        ],
        stacked: true,
    })
}

/// What the model looks at: the gain of its splits by column.
pub(crate) fn importance(model: &Model) -> Svg {
    let top = importance_of(model);
    let first = top.first().map_or(String::new(), |f| format!("`{}` moves the score most.", f.0));
    chart::rows(&BarSpec {
        title: "What the model looks at".into(),
        about: first,
        value: Axis::share("Share of the gain of all splits"),
        series: vec!["gain".into()],
        bars: top.into_iter().take(FEATURES_SHOWN).map(|(label, v)| Bar { label, values: vec![v] }).collect(),
        stacked: false,
    })
}

/// Columns by their share of the gain, the strongest first.
pub(crate) fn importance_of(model: &Model) -> Vec<(String, f64)> {
    let mut by_column: BTreeMap<&str, f64> = BTreeMap::new();
    for (input, gain) in model.inputs.iter().zip(model.gains()) {
        *by_column.entry(&input.column).or_default() += gain;
    }
    let all: f64 = by_column.values().sum::<f64>().max(f64::MIN_POSITIVE);
    let mut shares: Vec<(String, f64)> =
        by_column.into_iter().map(|(c, g)| (c.to_owned(), g / all)).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    shares
}

/// Requests a week by what they truly were; `cut` is where training ended.
pub(crate) fn weeks(requests: &[(Timestamp, Option<Label>)], cut: Timestamp) -> Svg {
    let week = |t: Timestamp| t.millis().div_euclid(WEEK_MS);
    // The weeks in which the period begins and ends are not whole: their lower counts would say nothing.
    let first = requests.iter().map(|r| week(r.0)).min().unwrap_or(0) + 1;
    let last = (requests.iter().map(|r| week(r.0)).max().unwrap_or(0) - 1).max(first);
    let layer = |name: &str, of: Label| {
        let mut counts = vec![0.0; (last - first + 1) as usize];
        for (at, label) in requests.iter().filter(|r| (first..=last).contains(&week(r.0))) {
            let label = label.unwrap_or(Label::Legitimate);
            counts[(week(*at) - first) as usize] += f64::from(u8::from(label == of));
        }
        let at = |i: usize| ((first + i as i64) * WEEK_MS) as f64;
        Series::new(name, counts.into_iter().enumerate().map(|(i, n)| (at(i), n)).collect())
    };
    let abuse = requests.iter().filter(|r| r.1 == Some(Label::Abuse)).count() as f64;
    chart::area(&AreaSpec {
        title: "Refund requests a week, by what they truly were".into(),
        about: format!(
            "{} of the requests are abuse.",
            text::share(abuse / (requests.len() as f64).max(1.0))
        ),
        x: Axis::time("Week of the request"),
        y: Axis::number("Requests a week"),
        layers: vec![
            layer("legitimate", Label::Legitimate),
            layer("policy abuse", Label::PolicyAbuse),
            layer("abuse", Label::Abuse),
        ],
        marks: vec![Mark::Across(cut.millis() as f64, "the model has seen up to here".into())],
    })
}

/// Money lost over time under several ways to decide, summed up; the first is ours.
pub(crate) fn money_over_time(series: Vec<Series>, currency: &str) -> Svg {
    let end = |s: &Series| s.points.last().map_or(0.0, |p| p.1);
    let about =
        series.iter().map(|s| format!("{}: {}", s.name, text::money(end(s), currency))).collect::<Vec<_>>();
    chart::curve(&CurveSpec {
        title: "What refund abuse and its prevention cost, summed up".into(),
        about: format!("At the end {}.", about.join(", ")),
        x: Axis::time("Day of the request"),
        y: Axis::money("Cost so far: abuse paid, friction to honest customers, reviews", currency).from(0.0),
        series,
        bands: Vec::<Band>::new(),
        marks: vec![],
    })
}
