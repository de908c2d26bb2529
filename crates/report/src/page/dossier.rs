//! How is one case told? Its answer, its facts, what weighed for and against, and what happened when.

use super::blocks::Tone;
use super::rich::{Terms, rich};
use maud::{Markup, html};

/// Something that weighed for or against.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// Its name.
    pub name: String,
    /// What it says here, in a sentence.
    pub text: String,
    /// Its weight; negative where it lowers.
    pub weight: f64,
    /// The weight as it is to be read.
    pub shown: String,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// When, as it is to be read.
    pub when: String,
    /// What.
    pub what: String,
    /// More about it; may be empty.
    pub note: String,
    /// How it is to be taken.
    pub tone: Tone,
}

/// A case.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Dossier {
    /// Its headline.
    pub title: String,
    /// The answer, set off.
    pub badge: String,
    /// How the answer is to be taken.
    pub tone: Tone,
    /// Facts: label and value.
    pub facts: Vec<(String, String)>,
    /// A paragraph; may be empty.
    pub text: String,
    /// What weighed, strongest first.
    pub weights: Vec<Weight>,
    /// What happened, earliest first.
    pub moments: Vec<Moment>,
}

const BAR: f64 = 64.0;

impl Dossier {
    pub(super) fn render(&self, terms: &Terms) -> Markup {
        let most = self.weights.iter().map(|w| w.weight.abs()).fold(f64::MIN_POSITIVE, f64::max);
        html! {
            article class={ "dossier " (self.tone.class()) } {
                header {
                    h3 { (rich(&self.title, terms)) }
                    @if !self.badge.is_empty() { span class={ "badge " (self.tone.class()) } { (self.badge) } }
                }
                @if !self.facts.is_empty() {
                    dl class="facts" { @for (label, value) in &self.facts { div { dt { (label) } dd { (value) } } } }
                }
                @if !self.text.is_empty() { p { (rich(&self.text, terms)) } }
                @if !self.weights.is_empty() {
                    ol class="weights" { @for w in &self.weights { li {
                        span class="bar" aria-hidden="true" { (bar(w.weight / most)) }
                        span class="shown" { (w.shown) }
                        span class="said" { (rich(&w.text, terms)) " " code { (w.name) } }
                    } } }
                }
                @if !self.moments.is_empty() {
                    ol class="moments" { @for m in &self.moments {
                        li class=(m.tone.class()) {
                            time { (m.when) }
                            span class="what" { (rich(&m.what, terms)) }
                            @if !m.note.is_empty() { span class="more" { (rich(&m.note, terms)) } }
                        }
                    } }
                }
            }
        }
    }
}

/// A bar from the middle: to the right where it raises, to the left where it lowers.
fn bar(part: f64) -> Markup {
    let half = BAR / 2.0;
    let length = part.abs().clamp(0.02, 1.0) * half;
    let x = if part < 0.0 { half - length } else { half };
    let class = if part < 0.0 { "f2" } else { "f1" };
    html! {
        svg class="rf-bar rf" viewBox={ "0 0 " (BAR) " 12" } width=(BAR) height="12" {
            rect class=(class) x=(format!("{x:.1}")) y="1" width=(format!("{length:.1}")) height="10" {}
            rect class="axis" x=(half - 0.5) y="0" width="1" height="12" {}
        }
    }
}
