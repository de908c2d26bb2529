//! Who is told of decisions and alerts? Addresses made, watched, given new secrets, told again.

use super::{asks, done, heading};
use crate::http::endpoints::Caller;
use crate::http::endpoints::webhooks::{self as api, Again, HookPath, HookWanted, NewHook, Told};
use crate::http::input::{Input, Named};
use crate::http::problem::Problem;
use crate::webhooks::deliver::Status;
use crate::webhooks::message::Wants;
use crate::workbench::lang::fill;
use crate::workbench::ui::{self, Column, Table, Tone, states};
use crate::workbench::{Posted, View};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use ringfence_domain::DecisionKind;
use serde::Deserialize;

pub(super) async fn show(view: View) -> Response {
    page(&view, &html! {})
}

fn page(view: &View, said: &Markup) -> Response {
    let t = view.t();
    let table = Table {
        t,
        caption: t.settings.tab_webhooks.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.settings.hook_url),
            Column::number(t.settings.hook_delivered),
            Column::number(t.settings.hook_behind),
            Column::number(t.settings.hook_waiting),
            Column::number(t.settings.hook_dead),
            Column::text(t.settings.hook_error),
            Column::text(t.frame.what_to_do),
        ],
        rows: view.shared.webhooks.list().iter().map(|status| row(view, status)).collect(),
        none: t.settings.hook_none.to_owned(),
        next: None,
        first: None,
    };
    let content = html! {
        (heading(view, "/settings/webhooks"))
        (said)
        section aria-labelledby="hooks" { h2 #hooks { (t.settings.tab_webhooks) } (table.draw()) }
        section aria-labelledby="new" {
            h2 #new { (t.settings.hook_new) }
            form.fields method="post" action="/settings/webhooks" {
                (view.csrf())
                div {
                    label for="url" { (t.settings.hook_url) }
                    input #url name="url" type="url" maxlength="2000" aria-describedby="rule" required;
                    p.rule #rule { (t.settings.hook_url_rule) }
                }
                fieldset {
                    legend { (t.settings.hook_wants) }
                    div { label.inline { input type="checkbox" name="decisions" value="on" checked; (t.settings.hook_decisions) } }
                    div { label.inline { input type="checkbox" name="reviews" value="on"; (t.settings.hook_reviews) } }
                    div { label.inline { input type="checkbox" name="alerts" value="on" checked; (t.settings.hook_alerts) } }
                }
                div { button { (t.settings.hook_new) } }
            }
        }
    };
    view.page(t.settings.title, &content)
}

fn row(view: &View, status: &Status) -> Vec<Markup> {
    let (t, lang) = (view.t(), view.lang());
    let endpoint = &status.endpoint;
    let (id, to) = (&endpoint.id, format!("/settings/webhooks/{}", endpoint.id));
    let count = |n: u64| html! { (ui::count(lang, n)) };
    vec![
        html! { (endpoint.url) @if endpoint.gone { " " (ui::badge(Tone::Watch, t.settings.hook_gone)) } },
        count(status.delivered),
        count(status.behind),
        count(status.waiting as u64),
        count(status.dead as u64),
        html! { span lang="en" { (status.last_error) } },
        html! {
            @if status.dead > 0 { form method="post" action=(format!("{to}/replay")) { (view.csrf()) button.quiet { (t.settings.hook_replay) } } " " }
            form.inline method="post" action=(format!("{to}/rotate")) { (view.csrf()) button.quiet { (t.settings.hook_rotate) } } " "
            (asks(view, &format!("remove-{id}"), &format!("{to}/remove"), t.settings.hook_remove, ""))
        },
    ]
}

/// An address to tell.
#[derive(Debug, Deserialize)]
pub(super) struct HookForm {
    url: String,
    #[serde(default)]
    decisions: String,
    #[serde(default)]
    reviews: String,
    #[serde(default)]
    alerts: String,
}

pub(super) async fn make(view: View, Posted(form): Posted<HookForm>) -> Response {
    let decisions = match (form.decisions == "on", form.reviews == "on") {
        (_, true) => Some(vec![DecisionKind::Review]),
        (true, false) => None,
        (false, false) => Some(Vec::new()),
    };
    let wants = Wants { decisions, alerts: form.alerts == "on" };
    let wanted = HookWanted { url: form.url.trim().to_owned(), wants, from: None };
    let made = api::make(State(view.shared.clone()), Caller(view.by.clone()), Input(wanted)).await;
    let said = match made {
        Ok((_, Json(NewHook { secret, .. }))) => done(view.t().settings.hook_secret, Some(&secret), &view),
        Err(problem) => states::told(view.t(), &problem),
    };
    page(&view, &said)
}

pub(super) async fn remove(
    view: View,
    path: Named<HookPath>,
    Posted(super::Nothing {}): Posted<super::Nothing>,
) -> Result<Response, Problem> {
    let Json(endpoint) = api::remove(State(view.shared.clone()), Caller(view.by.clone()), path).await?;
    let said = fill(view.t().settings.hook_removed, &[("url", &endpoint.url)]);
    Ok(page(&view, &done(&said, None, &view)))
}

pub(super) async fn rotate(
    view: View,
    path: Named<HookPath>,
    Posted(super::Nothing {}): Posted<super::Nothing>,
) -> Result<Response, Problem> {
    let Json(NewHook { secret, .. }) =
        api::rotate(State(view.shared.clone()), Caller(view.by.clone()), path).await?;
    Ok(page(&view, &done(view.t().settings.hook_secret, Some(&secret), &view)))
}

pub(super) async fn replay(
    view: View,
    path: Named<HookPath>,
    Posted(super::Nothing {}): Posted<super::Nothing>,
) -> Result<Response, Problem> {
    let (shared, by) = (State(view.shared.clone()), Caller(view.by.clone()));
    let Json(Told { replayed }) = api::replay(shared, by, path, Input(Again::default())).await?;
    let said = fill(view.t().settings.hook_replayed, &[("n", &replayed.to_string())]);
    Ok(page(&view, &done(&said, None, &view)))
}
