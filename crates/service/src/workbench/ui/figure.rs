//! How is a number shown that people look at first? As a tile: what it is, how much, and what it is beside.

use crate::workbench::ui::Tone;
use maud::{Markup, html};

/// A tile.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What it is.
    pub label: String,
    /// How much, as text in the person's language.
    pub value: String,
    /// What it is beside: without it a number says little.
    pub beside: String,
    /// What it means.
    pub tone: Tone,
    /// Where more of it is.
    pub href: Option<String>,
    /// The same day by day, oldest first; none where it has no past.
    pub days: Vec<f64>,
}

/// Days as bars; the figure beside says how much it was.
fn bars(days: &[f64]) -> Markup {
    let most = days.iter().copied().fold(0.0, f64::max);
    let width = days.len() * 5;
    html! {
        svg.days viewBox=(format!("0 0 {width} 30")) preserveAspectRatio="none" aria-hidden="true" {
            @for (at, day) in days.iter().enumerate() {
                @let height = if most > 0.0 { (day.max(0.0) / most * 30.0).max(0.6) } else { 0.6 };
                rect x=(at * 5) y=(format!("{:.1}", 30.0 - height)) width="4" height=(format!("{height:.1}")) {}
            }
        }
    }
}

/// Tiles, in a row where there is room.
pub fn figures(of: &[Figure]) -> Markup {
    html! {
        dl.figures {
            @for Figure { label, value, beside, tone, href, days } in of {
                div.figure.(tone.class()) {
                    dt { @if let Some(href) = href { a href=(href) { (label) } } @else { (label) } }
                    dd {
                        span.value { (value) }
                        @if !beside.is_empty() { span.beside { (beside) } }
                        @if !days.is_empty() { (bars(days)) }
                    }
                }
            }
        }
    }
}
