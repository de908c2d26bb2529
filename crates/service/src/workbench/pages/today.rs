//! What is going on today? Money, queue, alerts, and decisions as they come.

use crate::access::Permission;
use crate::http::problem::Problem;
use crate::workbench::lang::{Lang, fill};
use crate::workbench::ui::{self, Cell, Column, Figure, Table, Tone, states};
use crate::workbench::{Group, Nav, Page, Route, View};
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use ringfence_domain::Decision;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// The page.
pub const PAGE: Page = Page {
    nav: Some(Nav { path: "/today", title: |t| t.today.title, group: Group::Work, key: 't' }),
    routes: &[Route {
        method: Method::GET,
        path: "/today",
        needs: Permission::ReadDecisions,
        handler: || get(show),
    }],
};

/// Reasons shown in a row: the strongest.
const REASONS_MAX: usize = 2;

async fn show(view: View) -> Result<Response, Problem> {
    let (t, lang) = (view.t(), view.lang());
    let counts = view.shared.worker.counts();
    let read = |n: &std::sync::atomic::AtomicU64| ui::count(lang, n.load(Ordering::Relaxed));
    let plain = |label: &str, value: String| Figure {
        label: label.to_owned(),
        value,
        beside: String::new(),
        tone: Tone::Plain,
        href: None,
    };
    let figures = [
        plain(t.today.decisions, read(&counts.decisions)),
        plain(t.today.events, read(&counts.events)),
        plain(t.today.waiting, read(&counts.waiting)),
        plain(t.today.refused, read(&counts.refused)),
    ];
    let content = html! {
        header.page { h1 { (t.today.title) } p.lead { (t.today.lead) } }
        (ui::figures(&figures))
        section aria-labelledby="alerts" { h2 #alerts { (t.today.alerts) } (alerts(&view)) }
        section.live data-live="/live/decisions" aria-labelledby="live" {
            div.heading {
                h2 #live { (t.today.live) }
                span.badge.plain role="status" data-on=(t.today.live_on) data-off=(t.today.live_off) { (t.frame.loading) }
                button.quiet type="button" data-pause=(t.today.live_pause) data-resume=(t.today.live_resume) { (t.today.live_pause) }
            }
            (Table {
                t,
                caption: t.today.live.to_owned(),
                id: Some("live-rows"),
                columns: columns(lang),
                rows: Vec::new(),
                none: t.today.live_none.to_owned(),
                next: None,
                first: None,
            }.draw())
        }
    };
    Ok(view.page_with(t.today.title, &content, &["today.js"]))
}

fn alerts(view: &View) -> Markup {
    let (t, counts) = (view.t(), view.shared.worker.counts());
    let text = |of: &std::sync::Mutex<String>| of.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (failure, beside) = (text(&counts.failure), text(&counts.beside));
    let failed = counts.failed.load(Ordering::Acquire);
    html! {
        @if failed { p.alert.bad role="alert" { (fill(t.today.alert_failed, &[("what", &failure)])) } }
        @if !beside.is_empty() { p.alert.watch { (fill(t.today.alert_beside, &[("what", &beside)])) } }
        @if !failed && beside.is_empty() { (states::empty(t.today.alerts_none)) }
    }
}

/// The columns of a list of decisions.
fn columns(lang: Lang) -> Vec<Column> {
    let t = &lang.texts().today;
    vec![
        Column::text(t.column_refund),
        Column::text(t.column_decision),
        Column::text(t.column_score),
        Column::number(t.column_loss),
        Column::text(t.column_reasons),
        Column::text(t.column_time),
    ]
}

fn cells(lang: Lang, decision: &Decision) -> Vec<Cell> {
    let refund = decision.refund.as_str();
    vec![
        html! { (ui::id(refund)) },
        ui::decision(lang, decision.decision),
        ui::probability(lang, decision.score),
        ui::money(lang, decision.expected_loss),
        html! { span lang="en" { @for (at, reason) in decision.reasons.iter().take(REASONS_MAX).enumerate() { @if at > 0 { " · " } (reason.text) } } },
        ui::time(decision.decided_at),
    ]
}

/// A decision as a row of the list.
pub fn decision_row(lang: Lang, decision: &Decision) -> Markup {
    ui::row_of(&columns(lang), &cells(lang, decision))
}
