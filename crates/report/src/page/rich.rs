//! What may a text hold? `**strong**`, `` `code` ``, `[[term]]` and `[[term|as shown]]`; the rest is escaped.

use maud::{Markup, PreEscaped, Render, html};

/// Terms and their definitions, in the order in which they were defined.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms(Vec<(String, String)>);

impl Terms {
    pub(super) fn define(&mut self, term: &str, definition: &str) {
        self.0.retain(|t| t.0 != term);
        self.0.push((term.to_owned(), definition.to_owned()));
    }
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(t, d)| (t.as_str(), d.as_str()))
    }
    fn get(&self, term: &str) -> Option<&str> {
        self.iter().find(|t| t.0 == term).map(|t| t.1)
    }
}

/// A text as HTML; an unclosed mark stays as it is.
pub(super) fn rich(text: &str, terms: &Terms) -> Markup {
    let mut out = String::new();
    let mut rest = text;
    while let Some((at, open, close)) = next_mark(rest) {
        let inner_from = at + open.len();
        let Some(length) = rest[inner_from..].find(close) else {
            push(&mut out, &rest[..inner_from]);
            rest = &rest[inner_from..];
            continue;
        };
        push(&mut out, &rest[..at]);
        let inner = &rest[inner_from..inner_from + length];
        let piece = match open {
            "**" => html! { strong { (rich(inner, terms)) } },
            "`" => html! { code { (inner) } },
            _ => term(inner, terms),
        };
        out.push_str(&piece.into_string());
        rest = &rest[inner_from + length + close.len()..];
    }
    push(&mut out, rest);
    PreEscaped(out)
}

fn push(out: &mut String, text: &str) {
    out.push_str(&text.render().into_string());
}

fn next_mark(text: &str) -> Option<(usize, &'static str, &'static str)> {
    [("**", "**"), ("`", "`"), ("[[", "]]")]
        .into_iter()
        .filter_map(|(open, close)| text.find(open).map(|at| (at, open, close)))
        .min_by_key(|m| m.0)
}

fn term(inner: &str, terms: &Terms) -> Markup {
    let (name, shown) = inner.split_once('|').unwrap_or((inner, inner));
    if let Some(definition) = terms.get(name) {
        html! {
            span class="term" tabindex="0" { (shown) span class="tip" role="tooltip" { (definition) } }
        }
    } else {
        html! { (shown) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let mut terms = Terms::default();
        terms.define("ECE", "mean gap");
        assert_eq!(rich(text, &terms).into_string(), expect);
    }

    #[test]
    fn marks_become_elements_and_the_rest_is_escaped() {
        check("a < b & **c**", "a &lt; b &amp; <strong>c</strong>");
        check("`<x>` **`y`**", "<code>&lt;x&gt;</code> <strong><code>y</code></strong>");
        check("2 ** 3", "2 ** 3");
        check("a ` b ** c [[ d", "a ` b ** c [[ d");
        check("[[unknown]]", "unknown");
        check(
            "[[ECE|the error]]!",
            "<span class=\"term\" tabindex=\"0\">the error<span class=\"tip\" role=\"tooltip\">mean gap</span></span>!",
        );
    }
}
