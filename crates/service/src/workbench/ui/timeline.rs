//! How is it shown what happened after what? A line of moments, each with its time, its kind and where it is from.

use crate::workbench::ui::{Tone, time};
use maud::{Markup, html};
use ringfence_domain::Timestamp;

/// A moment.
#[derive(Clone, Debug)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// Of what kind: a word, shown before the title.
    pub kind: String,
    /// What happened.
    pub title: Markup,
    /// More about it.
    pub detail: Option<Markup>,
    /// What it means.
    pub tone: Tone,
    /// Names it within the page: reasons lead to it.
    pub anchor: String,
}

/// Moments in the order in which they are given.
pub fn timeline(moments: &[Moment]) -> Markup {
    html! {
        ol.timeline {
            @for Moment { at, kind, title, detail, tone, anchor } in moments {
                li.(tone.class()) id=(anchor) tabindex="-1" {
                    (time(*at)) " " span.kind { (kind) }
                    div.what { (title) @if let Some(detail) = detail { div.detail { (detail) } } }
                }
            }
        }
    }
}
