//! What is a report page? Sections of texts, cards, charts, tables and dossiers in one HTML file.
//!
//! The page loads nothing and runs nothing: its content security policy forbids everything but the one
//! style sheet, named by its hash (CSP Level 3, §2.3.1).

mod blocks;
mod digest;
mod dossier;
mod rich;
mod style;
mod table;

pub use blocks::{Card, Section, Tone};
pub use dossier::{Dossier, Moment, Weight};
pub use table::{Cell, Table};

use crate::theme;
use maud::{DOCTYPE, PreEscaped, html};
use rich::{Terms, rich};

/// A page of a report.
#[derive(Clone, Debug, Default)]
pub struct Page {
    title: String,
    lead: String,
    notes: Vec<String>,
    terms: Terms,
    sections: Vec<Section>,
}

impl Page {
    /// An empty page.
    pub fn new(title: &str) -> Page {
        Page { title: title.to_owned(), ..Page::default() }
    }
    /// Sets the sentence or two under the title.
    pub fn lead(mut self, text: &str) -> Page {
        text.clone_into(&mut self.lead);
        self
    }
    /// Defines a term that texts name as `[[term]]`; all terms used are listed at the end as well.
    pub fn term(mut self, term: &str, definition: &str) -> Page {
        self.terms.define(term, definition);
        self
    }
    /// Adds a line at the very end: how, when, from what the page was made.
    pub fn note(mut self, text: &str) -> Page {
        self.notes.push(text.to_owned());
        self
    }
    /// Adds a section.
    pub fn section(mut self, section: Section) -> Page {
        self.sections.push(section);
        self
    }

    /// Writes the HTML.
    pub fn render(&self) -> String {
        let css = style::css();
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
            digest::sha256_base64(&css)
        );
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(policy);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="referrer" content="no-referrer";
                    title { (self.title) }
                    style { (PreEscaped(&css)) }
                }
                body {
                    svg class="patterns" width="0" height="0" aria-hidden="true" { (PreEscaped(theme::patterns())) }
                    header {
                        h1 { (self.title) }
                        @if !self.lead.is_empty() { p class="lead" { (rich(&self.lead, &self.terms)) } }
                        @if self.sections.len() > 1 {
                            nav aria-label="Contents" {
                                @for s in &self.sections { a href={ "#" (s.id()) } { (s.title()) } " " }
                            }
                        }
                    }
                    main { @for section in &self.sections { (section.render(&self.terms)) } }
                    @if !self.terms.is_empty() {
                        section id="terms" class="terms" {
                            h2 { a href="#terms" { "Words" } }
                            dl { @for (term, definition) in self.terms.iter() {
                                div { dt { (term) } dd { (rich(definition, &Terms::default())) } }
                            } }
                        }
                    }
                    footer { @for note in &self.notes { p { (rich(note, &self.terms)) } } }
                }
            }
        }
        .into_string()
    }
}
