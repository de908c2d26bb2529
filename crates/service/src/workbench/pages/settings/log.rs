//! How long is what kept, and how is it proved? The log's ends, retention, snapshots.

use super::{done, heading};
use crate::access::Permission;
use crate::http::endpoints::Caller;
use crate::http::endpoints::operations;
use crate::http::problem::Problem;
use crate::workbench::lang::fill;
use crate::workbench::pages::beside;
use crate::workbench::ui::{self, states};
use crate::workbench::{Posted, View};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use std::sync::atomic::Ordering;

pub(super) async fn show(view: View) -> Result<Response, Problem> {
    page(&view, &html! {}).await
}

async fn page(view: &View, said: &Markup) -> Result<Response, Problem> {
    let (t, lang) = (view.t(), view.lang());
    let reader = view.shared.worker.history().reader.clone();
    let (anchor, head) = (reader.anchor(), reader.head());
    let ends = beside(view, move |digest| {
        let last = head.position.checked_sub(1).filter(|last| *last >= anchor.position);
        let ends: Vec<u64> = last.map(|last| vec![anchor.position, last]).unwrap_or_default();
        digest.records(&ends)
    })
    .await?;
    let commits = view.shared.worker.counts().commits.load(Ordering::Relaxed);
    let content = html! {
        (heading(view, "/settings/log"))
        (said)
        section aria-labelledby="log" {
            h2 #log { (t.settings.tab_log) }
            p.quiet { (t.settings.log_about) }
            dl.facts {
                div { dt { (t.settings.log_records) } dd { (ui::count(lang, head.position)) } }
                div { dt { (t.settings.log_begins) } dd { (ui::count(lang, anchor.position)) } }
                @if let [first, last] = ends.as_slice() {
                    div { dt { (t.settings.log_since) } dd { (ui::time(first.recorded)) } }
                    div { dt { (t.settings.log_newest) } dd { (ui::time(last.recorded)) } }
                }
                div { dt { (t.settings.log_commits) } dd { (ui::count(lang, commits)) } }
                div { dt { (t.settings.log_head) } dd { (ui::id(&head.hash.to_string())) } }
            }
            h3 { (t.settings.log_verify) }
            pre tabindex="0" { code { "ringfence log verify --data DIR" } }
        }
        section aria-labelledby="retention" {
            h2 #retention { (t.settings.log_retention) }
            p { (t.settings.log_retention_about) }
            @if anchor.position == 0 { p { (t.settings.log_whole) } }
            @else { p { (fill(t.settings.log_gone, &[("n", &ui::count(lang, anchor.position))])) } }
        }
        @if view.may(Permission::Operate) {
            section aria-labelledby="snapshot" {
                h2 #snapshot { (t.settings.log_snapshot) }
                p.quiet { (t.settings.log_snapshot_about) }
                form method="post" action="/settings/log/snapshot" { (view.csrf()) button { (t.settings.log_snapshot) } }
            }
        }
    };
    Ok(view.page(t.settings.title, &content))
}

pub(super) async fn snapshot(
    view: View,
    Posted(super::Nothing {}): Posted<super::Nothing>,
) -> Result<Response, Problem> {
    let written = operations::snapshot(State(view.shared.clone()), Caller(view.by.clone())).await;
    let said = match written {
        Ok(Json(taken)) => {
            let n = ui::count(view.lang(), taken.position);
            done(&fill(view.t().settings.log_snapshot_done, &[("n", &n)]), None, &view)
        }
        Err(problem) => states::told(view.t(), &problem),
    };
    page(&view, &said).await
}
