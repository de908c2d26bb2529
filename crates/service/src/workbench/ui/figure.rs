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
}

/// Tiles, in a row where there is room.
pub fn figures(of: &[Figure]) -> Markup {
    html! {
        dl.figures {
            @for Figure { label, value, beside, tone, href } in of {
                div.figure.(tone.class()) {
                    dt { @if let Some(href) = href { a href=(href) { (label) } } @else { (label) } }
                    dd { span.value { (value) } @if !beside.is_empty() { span.beside { (beside) } } }
                }
            }
        }
    }
}
