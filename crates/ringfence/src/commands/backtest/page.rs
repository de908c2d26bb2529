//! How does a comparison of two policies look as a page?

use super::{figures, money};
use crate::print;
use ringfence_decide::backtest::Comparison;
use ringfence_domain::truth::Truth;
use ringfence_report::chart::{self, CurveSpec, HeatSpec, Mark, Series};
use ringfence_report::{Axis, Card, Cell, Page, Section, Svg, Table, Tone, text};

const DAY_MS: f64 = 86_400_000.0;

/// The page of a comparison.
pub(crate) fn page(c: &Comparison) -> Page {
    let tone = if c.b_saves_minor < 0 { Tone::Bad } else { Tone::Good };
    let verb = if c.b_saves_minor < 0 { "costs more" } else { "saves" };
    let cards = vec![
        Card::new(
            &money(c.b_saves_minor.abs(), c.currency),
            &format!("`{}` {verb}", c.b.policy),
            &format!("against `{}`", c.a.policy),
        )
        .tone(tone),
        Card::new(
            &text::share(c.differ as f64 / (c.requests as f64).max(1.0)),
            "of the requests are answered differently",
            &format!("{} of {}", print::count(c.differ), print::count(c.requests)),
        ),
        Card::new(
            &print::count(c.b.load.reviews),
            &format!("reviews with `{}`", c.b.policy),
            &format!("`{}`: {}", c.a.policy, print::count(c.a.load.reviews)),
        ),
    ];
    Page::new(&format!("Policy {} against {}", c.a.policy, c.b.policy))
        .lead(&format!(
            "The same {} refund requests, answered by both policies. The truth is known of {}; money is counted on \
             those, with the cost figures of `{}`.",
            print::count(c.requests),
            print::count(c.labelled),
            c.a.policy
        ))
        .section(Section::new("figures", "Figures").cards(cards).table(figures_table(c)))
        .section(Section::new("decisions", "Decisions").chart(matrix(c)))
        .section(Section::new("reviews", "Reviewers' load").chart(reviews(c)))
        .section(Section::new("examples", "The dearest requests that differ").table(examples(c)))
}

/// The figures of both policies beside each other.
pub(crate) fn figures_table(c: &Comparison) -> Table {
    let table = Table::new("", &["", &c.a.policy, &c.b.policy]);
    figures().into_iter().fold(table, |table, (name, show)| {
        let cells = vec![
            Cell::Text(name.trim_start().to_owned()),
            Cell::Number(show(&c.a, c.currency)),
            Cell::Number(show(&c.b, c.currency)),
        ];
        if name == "total cost" { table.strong(cells) } else { table.row(cells) }
    })
}

/// Requests by the decision of the first policy and of the second.
pub(crate) fn matrix(c: &Comparison) -> Svg {
    let used =
        |at: usize| c.matrix[at].iter().sum::<u64>() + c.matrix.iter().map(|row| row[at]).sum::<u64>() > 0;
    let shown: Vec<usize> = (0..c.order.len()).filter(|at| used(*at)).collect();
    let names = || shown.iter().map(|at| c.order[*at].as_str().replace('_', " ")).collect::<Vec<_>>();
    let value =
        |i: &usize, j: &usize| Some(c.matrix[*i][*j]).filter(|n| *n > 0).map_or(f64::NAN, |n| n as f64);
    chart::heat(&HeatSpec {
        title: format!("Decisions: `{}` in rows, `{}` in columns", c.a.policy, c.b.policy).replace('`', ""),
        about: format!(
            "{} of {} requests lie off the diagonal.",
            print::count(c.differ),
            print::count(c.requests)
        ),
        value: Axis::number("Requests"),
        rows: names(),
        columns: names(),
        values: shown.iter().map(|i| shown.iter().map(|j| value(i, j)).collect()).collect(),
    })
}

fn reviews(c: &Comparison) -> Svg {
    let line = |name: &str, of: fn(&ringfence_decide::backtest::DayLoad) -> u64| {
        Series::steps(name, c.days.iter().map(|d| (d.day as f64 * DAY_MS, of(d) as f64)).collect())
    };
    chart::curve(&CurveSpec {
        title: "Reviews a day".into(),
        about: format!("At most {} and {} on a day.", c.a.load.max_per_day, c.b.load.max_per_day),
        x: Axis::time("Day of the request"),
        y: Axis::number("Reviews a day").from(0.0),
        series: vec![line(&c.a.policy, |d| d.reviews_a), line(&c.b.policy, |d| d.reviews_b)],
        bands: vec![],
        marks: vec![Mark::Upward(
            f64::from(c.a.load.capacity_per_day),
            format!("capacity of {}", c.a.policy),
        )],
    })
}

fn examples(c: &Comparison) -> Table {
    let table = Table::new("", &["Refund", "Amount", &c.a.policy, &c.b.policy, "Truth"]);
    c.examples.iter().fold(table, |table, e| {
        table.row(vec![
            Cell::Text(format!("`{}`", e.refund)),
            Cell::Number(money(e.amount_minor, c.currency)),
            Cell::Text(e.a.to_string()),
            Cell::Text(e.b.to_string()),
            Cell::Text(e.truth.map_or("unknown", Truth::as_str).to_owned()),
        ])
    })
}
