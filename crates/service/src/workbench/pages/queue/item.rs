//! What is one item, and what becomes of it? Its request, the desk, and what a person does there.

use super::clock::work;
use super::desk::{Entered, blind, excuse, onwards, panel, worker};
use crate::access::Permission;
use crate::casework::view::ItemView;
use crate::core::Control;
use crate::http::endpoints::changed;
use crate::http::input::{Asked, Named};
use crate::http::problem::Problem;
use crate::workbench::lang::fill;
use crate::workbench::pages::parts::part_of_path;
use crate::workbench::pages::request;
use crate::workbench::{Posted, View, ui};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct ItemPath {
    id: u64,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Came {
    /// What was decided before this one.
    #[serde(default)]
    done: String,
    #[serde(default)]
    decision: String,
    #[serde(default)]
    said: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

async fn known(view: &View, id: u64) -> Result<ItemView, Problem> {
    Ok(match worker(view) {
        Some(worker) => view.shared.casework.item_for(worker, id).await?,
        None => view.shared.casework.item(id).await?,
    })
}

/// What was done before, where something was.
pub(super) fn said(view: &View, done: &str, decision: &str, next: bool) -> Markup {
    let t = view.t();
    let decision = super::desk::decision_of(decision).map_or(t.queue.upheld, |kind| t.words.decision(kind));
    html! {
        @if !done.is_empty() {
            p.done role="status" {
                (fill(t.queue.done_said, &[("refund", done), ("decision", decision)])) " "
                (if next { t.queue.done_next } else { t.queue.done_last })
            }
        }
    }
}

pub(super) async fn show(
    view: View,
    Named(ItemPath { id }): Named<ItemPath>,
    Asked(Came { done, decision, said: word }): Asked<Came>,
) -> Result<Response, Problem> {
    let t = view.t();
    let item = match known(&view, id).await {
        Ok(item) => item,
        Err(problem) if problem.kind.ends_with(":other-person") => {
            let content = html! {
                header.page { h1 { (fill(t.queue.item, &[("n", &id.to_string())])) } }
                section.desk { p { (t.queue.desk_not_yours) } (onwards(&view)) }
            };
            return Ok(view.page(t.queue.title, &content));
        }
        Err(problem) => return Err(problem),
    };
    changed(&view.shared, Control::noted("item_read", id.to_string(), view.by.clone())).await?;
    let before = html! {
        (said(&view, &done, &decision, true))
        @if word == "released" { p.done role="status" { (t.queue.released) } }
    };
    page(&view, &item, &Entered::default(), &before, &html! {}).await
}

/// The page of an item: `before` stands on top, `told` at the desk.
async fn page(
    view: &View,
    item: &ItemView,
    entered: &Entered,
    before: &Markup,
    told: &Markup,
) -> Result<Response, Problem> {
    let (t, lang) = (view.t(), view.lang());
    let desk = panel(view, item, entered, told);
    let hidden = blind(view, std::slice::from_ref(item));
    let about = if view.may(Permission::ReadEvidence) {
        request::about(view, &item.refund, hidden, &desk).await?
    } else {
        None
    };
    let number = fill(t.queue.item, &[("n", &item.id.to_string())]);
    let content = html! {
        nav.crumbs aria-label=(t.queue.title) { a href="/queue" { (t.queue.title) } " › " (number) " · " (work(t, item.kind)) }
        (before)
        @match about {
            Some(about) => { (about) }
            None => {
                header.page { h1 { (number) } p.lead { (t.queue.no_story) } }
                section.facts-panel {
                    h2 { (t.queue.facts) }
                    dl.facts {
                        div { dt { (t.queue.request) } dd { (ui::id(&item.refund)) } }
                        @if !item.account.is_empty() { div { dt { (t.request.account) } dd { (ui::id(&item.account)) } } }
                        @if let Some(amount) = item.amount { div { dt { (t.queue.amount) } dd { (ui::money(lang, amount)) } } }
                    }
                }
                (desk)
            }
        }
    };
    Ok(view.page(&number, &content))
}

pub(super) async fn claim(
    view: View,
    Named(ItemPath { id }): Named<ItemPath>,
    Posted(entered): Posted<Entered>,
) -> Result<Response, Problem> {
    match view.shared.casework.claim(id, view.may(Permission::Supervise), &view.by).await {
        Ok(item) if entered.some() => page(&view, &item, &entered, &html! {}, &html! {}).await,
        Ok(_) => Ok(Redirect::to(&format!("/queue/{id}#desk")).into_response()),
        Err(e) => refused(&view, id, &entered, e.into()).await,
    }
}

/// The page of the item as it is now, with why nothing was done.
async fn refused(view: &View, id: u64, entered: &Entered, problem: Problem) -> Result<Response, Problem> {
    let Ok(item) = known(view, id).await else {
        let content = html! {
            header.page { h1 { (fill(view.t().queue.item, &[("n", &id.to_string())])) } }
            section.desk { (excuse(view, None, &problem)) (onwards(view)) }
        };
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::CONFLICT);
        return Ok((status, view.page(view.t().queue.title, &content)).into_response());
    };
    let told = html! { (excuse(view, Some(&item), &problem)) };
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::CONFLICT);
    let shown = page(view, &item, entered, &html! {}, &told).await?;
    Ok((status, shown).into_response())
}

pub(super) async fn release(
    view: View,
    Named(ItemPath { id }): Named<ItemPath>,
    Posted(Nothing {}): Posted<Nothing>,
) -> Result<Response, Problem> {
    match view.shared.casework.release(id, &view.by).await {
        Ok(_) => Ok(Redirect::to("/queue?said=released").into_response()),
        Err(e) => refused(&view, id, &Entered::default(), e.into()).await,
    }
}

pub(super) async fn judge(
    view: View,
    Named(ItemPath { id }): Named<ItemPath>,
    Posted(entered): Posted<Entered>,
) -> Result<Response, Problem> {
    let judged = match view.shared.casework.judge(id, entered.judgement(), &view.by).await {
        Ok(judged) => judged,
        Err(e) => return refused(&view, id, &entered, e.into()).await,
    };
    let done = format!("done={}&decision={}", part_of_path(&judged.refund), part_of_path(&entered.decision));
    let next = if entered.then == "next" {
        view.shared.casework.next(view.may(Permission::Supervise), &view.by).await?
    } else {
        None
    };
    Ok(match next {
        Some(next) => Redirect::to(&format!("/queue/{}?{done}", next.id)),
        None if entered.then == "next" => Redirect::to(&format!("/queue?{done}&said=last")),
        None => Redirect::to(&format!("/queue?{done}")),
    }
    .into_response())
}

pub(super) async fn next(view: View, Posted(Nothing {}): Posted<Nothing>) -> Result<Redirect, Problem> {
    let next = view.shared.casework.next(view.may(Permission::Supervise), &view.by).await?;
    Ok(next.map_or_else(
        || Redirect::to("/queue?said=nothing"),
        |next| Redirect::to(&format!("/queue/{}#desk", next.id)),
    ))
}
