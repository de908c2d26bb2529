//! What is shown where there is nothing to show, or not yet, or not for this person?

use crate::http::problem::Problem;
use crate::workbench::lang::Texts;
use maud::{Markup, html};

/// There is none of it.
pub fn empty(what: &str) -> Markup {
    html! { p.empty { (what) } }
}

/// It comes.
pub fn loading(t: &Texts) -> Markup {
    html! { p.loading role="status" { (t.frame.loading) } }
}

/// The person may not see it.
pub fn no_access(t: &Texts, roles: &str) -> Markup {
    html! {
        div.state {
            h1 { (t.frame.no_access) }
            p { (crate::workbench::fill(t.frame.no_access_why, &[("roles", roles)])) }
            p { (t.frame.no_access_then) }
            p { a.button href="/" { (t.frame.to_start) } }
        }
    }
}

/// There is no such thing.
pub fn not_found(t: &Texts, problem: &Problem) -> Markup {
    html! {
        div.state {
            h1 { (t.frame.not_found) }
            @if !problem.detail.is_empty() { p lang="en" { (problem.detail) } }
            p { (t.frame.not_found_then) }
            p { a.button href="/" { (t.frame.to_start) } }
        }
    }
}

/// It went wrong: what, and what to do. Problems are told in English, as the API tells them.
pub fn failed(t: &Texts, problem: &Problem) -> Markup {
    html! {
        div.state {
            h1 { (t.frame.failed) }
            (told(t, problem))
            p { a.button href="/" { (t.frame.to_start) } }
        }
    }
}

/// What went wrong, within a page; read out when it comes.
pub fn told(t: &Texts, problem: &Problem) -> Markup {
    html! {
        div.problem role="alert" lang="en" {
            p { strong { (problem.title) "." } }
            @if !problem.detail.is_empty() { p { (problem.detail) "." } }
            @if !problem.remedy.is_empty() { p { strong lang=(t.lang()) { (t.frame.what_to_do) ":" } " " (problem.remedy) "." } }
        }
    }
}
