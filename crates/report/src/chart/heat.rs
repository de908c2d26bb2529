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

/// Charts narrower than this have no room for names over ten columns.
const NUMBERED_BELOW: f64 = 500.0;
/// How small the text of a cell may become, as a share of small text.
const SMALLEST: f64 = 0.84;

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
    // Where columns are the rows again and there is no room for their names, numbers stand for them.
    let numbered = |w: f64| w < NUMBERED_BELOW && spec.rows == spec.columns;
    let row_names = |w: f64| -> Vec<String> {
        let name = |(i, name): (usize, &String)| {
            if numbered(w) { format!("{} {name}", i + 1) } else { name.clone() }
        };
        spec.rows.iter().enumerate().map(name).collect()
    };
    let names = |w: f64| row_names(w).iter().map(|r| text::width(r, SMALL)).fold(0.0, f64::max).min(w * 0.4);
    let cell = |w: f64| (w - 2.0 * PAD - names(w) - 8.0) / spec.columns.len().max(1) as f64;
    let column_names = |w: f64| -> Vec<Vec<String>> {
        if numbered(w) {
            return (1..=spec.columns.len()).map(|n| vec![n.to_string()]).collect();
        }
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
            for (i, (name, shown)) in spec.rows.iter().zip(row_names(w)).enumerate() {
                let y = top + row * i as f64;
                c.text(
                    &text::fit(&shown, SMALL, names + 2.0),
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
                    let (words, size) = in_cell(&spec.value.value(*v), *v, cell - 3.0);
                    c.text(&words, (x + cell / 2.0, y + row / 2.0), size, Hang::Middle, class);
                }
            }
        },
    )
}

/// A value where it fits into a cell: as it is, smaller, or in thousands; the exact one is in the tip.
fn in_cell(words: &str, value: f64, room: f64) -> (String, f64) {
    let rough = if value.abs() >= 1_000.0 { format!("{:.0}k", value / 1_000.0) } else { words.to_owned() };
    let tries = [(words, SMALL), (words, SMALL * SMALLEST), (&rough, SMALL), (&rough, SMALL * SMALLEST)];
    let fits = tries.into_iter().find(|(words, size)| text::width(words, *size) <= room);
    fits.map_or_else(
        || (text::fit(&rough, SMALL * SMALLEST, room), SMALL * SMALLEST),
        |(words, size)| (words.to_owned(), size),
    )
}
