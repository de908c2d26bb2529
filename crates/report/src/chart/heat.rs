//! How strong is each pair of a row and a column? A matrix of shaded cells with their values.

use crate::axis::Axis;
use crate::canvas::Hang;
use crate::frame::{Heading, PAD, SMALL};
use crate::svg::Svg;
use crate::text;
use crate::theme::HEAT_STEPS;

/// A matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatSpec {
    /// What it shows, as a headline.
    pub title: String,
    /// What is to be seen, in a sentence, for those who do not see it.
    pub about: String,
    /// What a cell measures; its bounds set the shades.
    pub value: Axis,
    /// Names of the rows.
    pub rows: Vec<String>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// One list a row, one value a column; NaN leaves a cell empty.
    pub values: Vec<Vec<f64>>,
}

/// Draws a matrix.
///
/// # Panics
/// Where `values` does not have the shape of `rows` × `columns`.
pub fn heat(spec: &HeatSpec) -> Svg {
    assert_eq!(spec.values.len(), spec.rows.len(), "one list of values a row");
    assert!(spec.values.iter().all(|r| r.len() == spec.columns.len()), "one value a column");
    let all = || spec.values.iter().flatten().copied().filter(|v| v.is_finite());
    let low = spec.value.from.unwrap_or_else(|| all().fold(f64::INFINITY, f64::min));
    let high = spec.value.to.unwrap_or_else(|| all().fold(f64::NEG_INFINITY, f64::max));
    let names = |w: f64| spec.rows.iter().map(|r| text::width(r, SMALL)).fold(0.0, f64::max).min(w * 0.34);
    let cell = |w: f64| (w - 2.0 * PAD - names(w) - 8.0) / spec.columns.len().max(1) as f64;
    let column_names = |w: f64| -> Vec<Vec<String>> {
        spec.columns.iter().map(|n| text::wrap(n, SMALL, cell(w) - 4.0)).collect()
    };
    let name_lines = |w: f64| column_names(w).iter().map(Vec::len).max().unwrap_or(1) as f64;
    let heading = |w| Heading::new(&spec.title, &[], w, false);
    let above = |w: f64| heading(w).height + SMALL * 1.3 + 6.0 + name_lines(w) * SMALL * 1.3 + 4.0;
    let row = 26.0;
    Svg::draw(
        &spec.title,
        &spec.about,
        |w| above(w) + spec.rows.len() as f64 * row + PAD,
        |c, w, _| {
            let heading = heading(w);
            heading.draw(c, w);
            c.label(
                &spec.value.label,
                (PAD, heading.height + SMALL * 0.65),
                SMALL,
                Hang::Start,
                w - 2.0 * PAD,
            );
            let (left, top, cell, names) = (PAD + names(w) + 8.0, above(w), cell(w), names(w));
            for (j, lines) in column_names(w).iter().enumerate() {
                for (n, line) in lines.iter().rev().enumerate() {
                    let at = (left + cell * (j as f64 + 0.5), top - 4.0 - SMALL * 1.3 * (n as f64 + 0.5));
                    c.label(line, at, SMALL, Hang::Middle, cell - 2.0);
                }
            }
            for (i, name) in spec.rows.iter().enumerate() {
                let y = top + row * i as f64;
                c.text(
                    &text::fit(name, SMALL, names + 2.0),
                    (left - 7.0, y + row / 2.0),
                    SMALL,
                    Hang::End,
                    "i",
                );
                for (j, v) in spec.values[i].iter().enumerate().filter(|(_, v)| v.is_finite()) {
                    let part = if high > low { ((v - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
                    let shade = (part * f64::from(HEAT_STEPS)).round() as u32;
                    let x = left + cell * j as f64;
                    let tip = format!("{name}, {}: {}", spec.columns[j], spec.value.value(*v));
                    c.rect(
                        (x + 1.0, y + 1.0),
                        (x + cell - 1.0, y + row - 1.0),
                        &format!("q{shade}"),
                        Some(&tip),
                    );
                    let class = if shade * 10 >= HEAT_STEPS * 6 { "k" } else { "i" };
                    let words = text::fit(&spec.value.value(*v), SMALL, cell - 4.0);
                    c.text(&words, (x + cell / 2.0, y + row / 2.0), SMALL, Hang::Middle, class);
                }
            }
        },
    )
}
