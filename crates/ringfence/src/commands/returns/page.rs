//! How is a return propensity shown? Figures beside the baseline, whether it comes true, and what it looks at.

use super::{FEATURES_TOLD, Propensity, Span, day, figure_rows};
use crate::print;
use ringfence_learn::evaluate::{Figure, Figures};
use ringfence_report::chart::{self, Bar, BarSpec, CalibrationBin, CalibrationSpec, CurveSpec, Mark, Series};
use ringfence_report::{Axis, Card, Cell, Page, Section, Svg, Table, Tone, text};

/// The page of a return propensity.
pub(super) fn page(p: &Propensity) -> Page {
    Page::new("Will an order come back?")
        .lead(&format!(
            "A prediction for each of {} orders at the moment it was placed, learned from earlier orders and held \
             against later ones. An order came back if a refund on it was asked for within {} days.",
            print::count(p.orders),
            p.within_days
        ))
        .term("past refund rate", "The simplest baseline: the customer's refund requests by order, last 365 days.")
        .term("average precision", "The area under the precision–recall curve: 1 is perfect, the share that comes back is chance.")
        .term("AUC", "Chance that an order that comes back has a higher prediction than one that does not.")
        .term("ECE", "Expected calibration error: the mean gap between the prediction and the share that came back.")
        .term("held-out", "Later than everything that the model learned from.")
        .section(headline(p))
        .section(trust(p))
        .section(inputs(p))
        .section(limits(p))
        .note(&format!("Written by `ringfence returns` {}.", env!("CARGO_PKG_VERSION")))
        .note(&format!("Features {}", p.catalogue))
}

fn value(figure: Option<Figure>) -> f64 {
    figure.map_or(f64::NAN, |f| f.value)
}

fn base(span: &Span) -> f64 {
    span.came_back as f64 / (span.orders as f64).max(1.0)
}

fn headline(p: &Propensity) -> Section {
    let (model, others) = (&p.figures[0], &p.figures[1..]);
    let past = others.iter().find(|l| l.name.starts_with("past refund"));
    let three = |v: f64| text::decimal(v, 3);
    let beside = |v: Option<f64>, show: fn(f64) -> String| {
        let name = past.map_or("", |l| l.name.as_str());
        v.map_or(String::new(), |v| format!("{name}: {}", show(v)))
    };
    let better = |is: bool| if is { Tone::Good } else { Tone::Bad };
    let (ap, past_ap) = (value(model.average_precision), past.map(|l| value(l.average_precision)));
    let (auc, past_auc) = (value(model.auc), past.map(|l| value(l.auc)));
    let table = figure_rows().into_iter().fold(
        Table::new(
            "Held-out orders; in brackets the middle 95 % of a bootstrap over days",
            &std::iter::once("").chain(p.figures.iter().map(|l| l.name.as_str())).collect::<Vec<_>>(),
        ),
        |table, (name, show)| {
            let cells = p.figures.iter().map(|l| Cell::Number(show(l)));
            table.row(std::iter::once(Cell::Text(name.to_owned())).chain(cells).collect())
        },
    );
    Section::new("headline", "In short")
        .note(
            Tone::Plain,
            "There are no fraud labels in this. A return is a customer's right; nothing on this page says that one is \
             dishonest, and the prediction is no reason to treat anybody worse.",
        )
        .text(&format!(
            "Learned from {} orders of {} to {}, of which {} came back; [[held-out]]: {} orders of {} to {}, of which {} came back.",
            print::count(p.learned_from.orders),
            day(p.learned_from.from),
            day(p.learned_from.to),
            text::share(base(&p.learned_from)),
            print::count(p.held_out.orders),
            day(p.held_out.from),
            day(p.held_out.to),
            text::share(base(&p.held_out))
        ))
        .cards(vec![
            Card::new(&three(auc), "[[AUC]] on held-out orders", &beside(past_auc, |v| text::decimal(v, 3)))
                .tone(better(past_auc.is_none_or(|v| auc > v))),
            Card::new(&three(ap), "[[average precision]]", &beside(past_ap, |v| text::decimal(v, 3)))
                .tone(better(past_ap.is_none_or(|v| ap > v))),
            Card::new(
                &text::decimal(model.ece.unwrap_or(f64::NAN), 4),
                "calibration error ([[ECE]])",
                &beside(past.and_then(|l| l.ece), |v| text::decimal(v, 4)),
            ),
            Card::new(
                &text::share(value(model.precision_in_likeliest_tenth)),
                "of the likeliest tenth came back",
                &format!("of all: {}", text::share(base(&p.held_out))),
            ),
        ])
        .table(table)
        .charts(vec![precision_recall(p)])
}

fn precision_recall(p: &Propensity) -> Svg {
    let chance = base(&p.held_out);
    let all = || std::iter::once(&p.evaluation.model).chain(&p.evaluation.baselines);
    let line = |f: &Figures| Series::new(&f.name, crate::charts::between_ties(&f.precision_recall));
    chart::curve(&CurveSpec {
        title: "Which orders come back?".into(),
        about: format!(
            "Average precision of the model {}; picked blindly: {}.",
            text::decimal(value(p.evaluation.model.average_precision), 3),
            text::share(chance)
        ),
        x: Axis::share("Share of all returned orders found").to(1.0),
        y: Axis::share("Share that came back among the orders picked").to(1.0),
        series: all().map(line).collect(),
        bands: vec![],
        marks: vec![Mark::Upward(chance, format!("picked blindly: {}", text::share(chance)))],
    })
}

fn trust(p: &Propensity) -> Section {
    let bins = |f: &Figures| {
        let bin = |b: &ringfence_learn::metrics::CalibrationBin| CalibrationBin {
            predicted: b.predicted,
            observed: b.observed,
            low: crate::charts::wilson(b.observed, b.rows, -1.0),
            high: crate::charts::wilson(b.observed, b.rows, 1.0),
            count: b.rows,
        };
        f.calibration.iter().map(bin).collect::<Vec<_>>()
    };
    Section::new("trust", "Does it come true?")
        .text("Of the orders with a prediction of 20 %, 20 % should come back: only then can stock and freight be planned with it.")
        .chart(chart::calibration(&CalibrationSpec {
            title: "Predicted and observed".into(),
            about: format!(
                "Expected calibration error {}.",
                text::decimal(p.evaluation.model.ece.unwrap_or(f64::NAN), 4)
            ),
            event: "probability that the order comes back".into(),
            series: vec![("model".into(), bins(&p.evaluation.model))],
        }))
}

fn inputs(p: &Propensity) -> Section {
    let bars = p.features.iter().map(|(name, _, gain)| Bar { label: name.clone(), values: vec![*gain] });
    let table = p.features.iter().fold(
        Table::new("", &["Feature", "What it tells", "Gain"]),
        |table, (name, about, gain)| {
            let cells = vec![
                Cell::Text(format!("`{name}`")),
                Cell::Text(about.clone()),
                Cell::Number(text::share(*gain)),
            ];
            table.row(cells)
        },
    );
    let first = p.features.first().map_or(String::new(), |f| format!("`{}` moves it most.", f.0));
    Section::new("inputs", "What it looks at")
        .text(
            "Every order has the vector that a request for all of it would have had at the moment it was placed, by the \
             same feature catalogue that decisions use. Nothing later is in it.",
        )
        .chart(chart::rows(&BarSpec {
            title: format!("The {FEATURES_TOLD} strongest features"),
            about: first,
            value: Axis::share("Share of the gain of all splits"),
            series: vec!["gain".into()],
            bars: bars.collect(),
            stacked: false,
        }))
        .details("What they tell", Section::new("", "").table(table))
}

fn limits(p: &Propensity) -> Section {
    let mut points = vec![
        "A refund that nobody asked for in these events, such as one by post, counts as no return.".to_owned(),
        format!(
            "Orders of the last {} days are left out: whether they come back is not known yet.",
            p.within_days
        ),
        "The held-out time is one stretch of one shop; a season that was not learned from may behave otherwise.".to_owned(),
    ];
    if p.orders_left_out > 0 {
        points.push(format!(
            "{} orders were left out by the beginning of their account.",
            print::count(p.orders_left_out)
        ));
    }
    Section::new("limits", "What to keep in mind").list(points)
}
