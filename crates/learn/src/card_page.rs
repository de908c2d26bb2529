//! How does a model card look? Figures first, then the plots behind them, then where it all came from.

use crate::card::{Card, Importance, RehearsalCard};
use crate::drift::Drift;
use crate::evaluate::{Evaluation, Figure, Figures};
use ringfence_domain::Timestamp;
use ringfence_report::chart::{
    Bar, BarSpec, CalibrationBin, CalibrationSpec, CurveSpec, HistogramSpec, Mark, Series, calibration,
    curve, histogram, rows,
};
use ringfence_report::text::{count, decimal, share};
use ringfence_report::{Axis, Card as Tile, Cell, Page, Section, Svg, Table, Tone};

/// Columns shown in the plots of importance and drift.
const BARS_MAX: usize = 15;

/// The model card as one self-contained HTML file.
pub fn card_page(card: &Card) -> String {
    let p = &card.provenance;
    let time = |t: Option<Timestamp>| t.map_or_else(|| "an unknown time".to_owned(), day);
    let mut page = Page::new("Model card")
        .lead(&format!(
            "A model of refund abuse, learned from requests of {} to {} with the labels known on {}.",
            time(p.from),
            time(p.to),
            time(p.labels_until)
        ))
        .term("average precision", "Mean share of abuse among the requests down to each abusive one, ranked by score.")
        .term("AUC", "Chance that an abusive request has a higher score than another one.")
        .term("false-positive rate", "Share of the requests that are no abuse and are stopped all the same.")
        .term("review budget", "The requests, highest scores first, that people have the time to look into.")
        .term("ECE", "Expected calibration error: how far predicted probabilities lie from what came true, on average.")
        .term("Shapley value", "A feature's fair share of a score: its mean effect over all orders of learning the features.")
        .term("drift", "Population stability index: above 0.1 a shift, above 0.25 a large one.")
        .note(&format!("Model {}", card.model))
        .note(&format!("Feature catalogue {}", card.catalogue))
        .note(&format!("Training set {} · {} {}", p.data, p.trainer, p.code));
    page = page.section(
        Section::new("use", "What it is for, and what it is not")
            .list(card.purpose.clone())
            .text("**Not for**")
            .list(card.not_for.clone()),
    );
    if let Some(rehearsal) = &card.rehearsal {
        page = page.section(figures(rehearsal)).section(plots(card, rehearsal));
        if !rehearsal.evaluation.segments.is_empty() {
            page = page.section(segments(&rehearsal.evaluation));
        }
    }
    page.section(inputs(card)).section(limits(card)).section(origin(card)).render()
}

fn day(time: Timestamp) -> String {
    let (year, month, day) = time.civil();
    format!("{year:04}-{month:02}-{day:02}")
}

fn interval(figure: Option<Figure>, write: impl Fn(f64) -> String) -> String {
    match figure {
        Some(Figure { value, low: Some(low), high: Some(high) }) => {
            format!("{} ({}–{})", write(value), write(low), write(high))
        }
        Some(Figure { value, .. }) => write(value),
        None => "–".to_owned(),
    }
}

fn figures(rehearsal: &RehearsalCard) -> Section {
    let evaluation = &rehearsal.evaluation;
    let model = &evaluation.model;
    let best = |of: fn(&Figures) -> Option<f64>, write: fn(f64) -> String| {
        let others = evaluation.baselines.iter().filter_map(|b| of(b).map(|x| (x, b.name.as_str())));
        others
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map_or_else(String::new, |(x, name)| format!("{name}: {}", write(x)))
    };
    let value = |f: Option<Figure>| f.map(|f| f.value);
    let three = |x: f64| decimal(x, 3);
    let tile = |x: Option<f64>, write: fn(f64) -> String, label: &str, anchor: &str| {
        Tile::new(&x.map_or_else(|| "–".to_owned(), write), label, anchor)
    };
    let (mut ranking, mut review) = (
        Table::new(
            "How well it ranks; in brackets the middle 95 % of a bootstrap over days",
            &["Score", "AUC", "Average precision", "Recall at 1 % FPR"],
        ),
        Table::new(
            "What a review finds, and how far the probabilities hold",
            &["Score", "Precision", "Abuse found", "Money found", "ECE"],
        ),
    );
    for (i, f) in all(evaluation).enumerate() {
        let name = || Cell::Text(f.name.clone());
        let ranks = vec![
            name(),
            Cell::Number(interval(f.auc, three)),
            Cell::Number(interval(f.average_precision, three)),
            Cell::Number(interval(f.recall_at_fpr_1, share)),
        ];
        let finds = vec![
            name(),
            Cell::Number(interval(f.precision_at_budget, share)),
            Cell::Number(interval(f.recall_at_budget, share)),
            Cell::Number(interval(f.money_at_budget, share)),
            Cell::Number(f.ece.map_or_else(|| "–".to_owned(), three)),
        ];
        // The model comes first.
        ranking = if i == 0 { ranking.strong(ranks) } else { ranking.row(ranks) };
        review = if i == 0 { review.strong(finds) } else { review.row(finds) };
    }
    Section::new("figures", "How good it is")
        .text(&format!(
            "Measured as it would have gone: a model learned from what was known on {} met the {} requests after that, \
             of which {} were found to be abuse. The [[review budget]] is {} requests.",
            day(rehearsal.start),
            count(evaluation.rows as f64),
            count(evaluation.labels[0] as f64),
            count(evaluation.budget_rows)
        ))
        .cards(vec![
            tile(
                value(model.average_precision),
                |x| decimal(x, 3),
                "[[average precision]]",
                &best(|f| f.average_precision.map(|f| f.value), |x| decimal(x, 3)),
            ),
            tile(
                value(model.money_at_budget),
                share,
                "of the abused money found in review",
                &best(|f| f.money_at_budget.map(|f| f.value), share),
            ),
            tile(
                value(model.precision_at_budget),
                share,
                "of the reviewed requests are abuse",
                &best(|f| f.precision_at_budget.map(|f| f.value), share),
            ),
            tile(model.ece, |x| decimal(x, 3), "[[ECE]]", "at most 0.02 is wanted"),
        ])
        .table(ranking)
        .table(review)
}

fn plots(card: &Card, rehearsal: &RehearsalCard) -> Section {
    let evaluation = &rehearsal.evaluation;
    Section::new("plots", "What is behind the figures")
        .charts(vec![precision_recall(evaluation), money(evaluation, &card.currency)])
        .charts(vec![reliability(evaluation), scores(evaluation)])
}

fn all(evaluation: &Evaluation) -> impl Iterator<Item = &Figures> {
    std::iter::once(&evaluation.model).chain(&evaluation.baselines)
}

fn precision_recall(evaluation: &Evaluation) -> Svg {
    let abuse = evaluation.model.precision_recall.last().map_or(0.0, |p| p.1);
    curve(&CurveSpec {
        title: "Precision by recall".into(),
        about: format!(
            "Share of abuse among the requests stopped, by the share of abuse found. {} of all requests are abuse.",
            share(abuse)
        ),
        x: Axis::share("Abuse found (recall)").to(1.0),
        y: Axis::share("Abuse among those stopped (precision)").to(1.0),
        series: all(evaluation).map(|f| Series::new(&f.name, f.precision_recall.clone())).collect(),
        bands: vec![],
        marks: vec![Mark::Upward(abuse, "all requests".into())],
    })
}

fn money(evaluation: &Evaluation, currency: &str) -> Svg {
    let budget = evaluation.budget_rows / (evaluation.rows as f64).max(1.0);
    curve(&CurveSpec {
        title: "Money found by requests reviewed".into(),
        about: format!(
            "Share of {} {currency} asked for in abuse that review of the highest scores finds.",
            count(evaluation.abuse_minor as f64 / 100.0)
        ),
        x: Axis::share("Requests reviewed").to(1.0),
        y: Axis::share("Abused money found").to(1.0),
        series: all(evaluation).map(|f| Series::new(&f.name, f.money_by_budget.clone())).collect(),
        bands: vec![],
        marks: vec![Mark::Across(budget, "review budget".into())],
    })
}

/// Observed shares with their Wilson interval.
fn reliability(evaluation: &Evaluation) -> Svg {
    let bins = |f: &Figures| {
        f.calibration
            .iter()
            .map(|b| {
                let (low, high) = wilson(b.observed, b.rows as f64);
                CalibrationBin { predicted: b.predicted, observed: b.observed, low, high, count: b.rows }
            })
            .collect::<Vec<_>>()
    };
    let probabilities = all(evaluation).filter(|f| !f.calibration.is_empty());
    calibration(&CalibrationSpec {
        title: "Predicted and observed".into(),
        about: "Requests in groups of equal size by predicted probability; on the diagonal predictions come true.".into(),
        event: "probability of abuse".into(),
        series: probabilities.map(|f| (f.name.clone(), bins(f))).collect(),
    })
}

/// Wilson's 95 % interval of a share (JASA 1927).
fn wilson(share: f64, rows: f64) -> (f64, f64) {
    const Z: f64 = 1.959_964;
    let n = rows.max(1.0);
    let middle = share + Z * Z / (2.0 * n);
    let reach = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (((middle - reach) / scale).max(0.0), ((middle + reach) / scale).min(1.0))
}

fn scores(evaluation: &Evaluation) -> Svg {
    let bars = evaluation.histogram.len();
    let class = |of: fn(&(u64, u64)) -> u64| evaluation.histogram.iter().map(|b| of(b) as f64).collect();
    histogram(&HistogramSpec {
        title: "Scores".into(),
        about: "Requests by predicted probability, counts on a logarithmic scale.".into(),
        x: Axis::share("Predicted probability of abuse").to(1.0),
        y: Axis::number("Requests").log(),
        edges: (0..=bars).map(|i| i as f64 / bars as f64).collect(),
        classes: vec![
            ("not known as abuse".to_owned(), class(|b| b.0)),
            ("abuse".to_owned(), class(|b| b.1)),
        ],
        marks: vec![],
    })
}

fn segments(evaluation: &Evaluation) -> Section {
    let mut table = Table::new(
        "Requests that are no abuse and fall within the review budget, by segment",
        &["Segment", "Value", "Requests", "False-positive rate", "Predicted less observed"],
    );
    for s in &evaluation.segments {
        table = table.row(vec![
            Cell::Text(s.segment.clone()),
            Cell::Text(s.value.clone()),
            Cell::Number(count(s.rows as f64)),
            Cell::Number(share(s.false_positive_rate)),
            Cell::Number(decimal(s.over_prediction, 3)),
        ]);
    }
    Section::new("segments", "Whom it stops wrongly")
        .text("A [[false-positive rate]] that is much higher in one segment than in the others asks for a reason.")
        .table(table)
}

fn inputs(card: &Card) -> Section {
    let bars = |of: fn(&Importance) -> f64| {
        card.importance
            .iter()
            .take(BARS_MAX)
            .map(|i| Bar { label: i.column.clone(), values: vec![of(i)] })
            .collect::<Vec<_>>()
    };
    let chart = |title: &str, about: &str, value: Axis, bars: Vec<Bar>| {
        rows(&BarSpec {
            title: title.into(),
            about: about.into(),
            value,
            series: vec![title.to_owned()],
            bars,
            stacked: false,
        })
    };
    let mut section = Section::new("inputs", "What it looks at");
    if !card.importance.is_empty() {
        section = section
            .charts(vec![
                chart(
                    "Effect on the score",
                    "Mean size of each feature's [[Shapley value]].",
                    Axis::share("Probability points, on average"),
                    bars(|i| i.mean_attribution),
                ),
                chart(
                    "Share of the learning",
                    "Part of the fall of the training loss that each feature brought.",
                    Axis::share("Share of the gain"),
                    bars(|i| i.gain_share),
                ),
            ])
            .details(
                "What these features tell",
                Section::new("about-inputs", "").table(about(&card.importance)),
            );
    }
    if !card.drift.is_empty() {
        let moved = card.drift.iter().take(BARS_MAX);
        let bars = moved.map(|d: &Drift| Bar { label: d.column.clone(), values: vec![d.psi] }).collect();
        section = section.chart(chart(
            "Drift",
            "How far the features of the test time lie from those of the training time before it: above 0.1 a shift, \
             above 0.25 a large one.",
            Axis::number("Population stability index"),
            bars,
        ));
    }
    section
}

fn about(importance: &[Importance]) -> Table {
    let mut table = Table::new("", &["Feature", "What it tells", "Effect"]);
    for i in importance.iter().take(BARS_MAX) {
        table = table.row(vec![
            Cell::Text(i.column.clone()),
            Cell::Text(i.about.clone()),
            Cell::Number(share(i.mean_attribution)),
        ]);
    }
    table
}

fn limits(card: &Card) -> Section {
    let mut section = Section::new("limits", "What limits these figures");
    for limit in &card.limits {
        section = section.note(Tone::Plain, limit);
    }
    section
}

fn origin(card: &Card) -> Section {
    let [abuse, policy, legitimate, unknown] = card.notes.labels.map(|n| count(n as f64));
    let [fit, stop, calibrate] = card.notes.rows.map(|n| count(n as f64));
    let labels = Table::new(
        "Matured requests by what is known of them",
        &["Abuse", "Policy abuse", "Legitimate", "Nobody looked"],
    )
    .row([abuse, policy, legitimate, unknown].map(Cell::Number).to_vec());
    let parts = Table::new(
        "Requests by what they were for, in the order of time",
        &["Taught", "Stopped training", "Calibrated", "Trees kept"],
    )
    .row(vec![
        Cell::Number(fit),
        Cell::Number(stop),
        Cell::Number(calibrate),
        Cell::Number(card.notes.trees.to_string()),
    ]);
    let mut compared = Table::new("What was compared on held-out time", &["Settings", "Log-loss"]);
    let candidates = card.rehearsal.as_ref().map_or(&card.notes.candidates, |r| &r.notes.candidates);
    for (name, loss) in candidates.iter().chain(&card.calibration.1) {
        compared = compared.row(vec![Cell::Text(name.clone()), Cell::Number(decimal(*loss, 5))]);
    }
    let settings =
        serde_json::to_string_pretty(&card.provenance.settings).expect("settings were JSON before");
    Section::new("origin", "Where it came from")
        .table(labels)
        .table(parts)
        .table(compared)
        .text(&format!("Calibration: **{}**.", card.calibration.0))
        .details("All settings", Section::new("settings", "").code(&settings))
}
