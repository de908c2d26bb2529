//! Which systems have a key? Made, given a new secret, revoked.

use super::you::KeyForm;
use super::{asks, done, heading};
use crate::access::{Key, Role};
use crate::http::endpoints::Caller;
use crate::http::endpoints::keys::{self as api, KeyPath, NewKey, Rotation};
use crate::http::input::{Input, Named};
use crate::http::problem::Problem;
use crate::workbench::lang::fill;
use crate::workbench::ui::{self, Column, Table, states};
use crate::workbench::{Posted, View};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

pub(super) async fn show(view: View) -> Response {
    page(&view, &html! {})
}

fn page(view: &View, said: &Markup) -> Response {
    let t = view.t();
    let keys = view.shared.access.keys.list();
    let table = Table {
        t,
        caption: t.settings.tab_keys.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.settings.key_name),
            Column::text(t.settings.key_role),
            Column::text(t.settings.key_of),
            Column::text(t.settings.since),
            Column::text(t.settings.key_ends),
            Column::text(t.frame.what_to_do),
        ],
        rows: keys.iter().map(|key| row(view, key)).collect(),
        none: t.settings.keys_none.to_owned(),
        next: None,
        first: None,
    };
    let content = html! {
        (heading(view, "/settings/keys"))
        (said)
        section aria-labelledby="keys" { h2 #keys { (t.settings.tab_keys) } p.quiet { (t.settings.keys_about) } (table.draw()) }
        section aria-labelledby="new" {
            h2 #new { (t.settings.key_new) }
            form.fields method="post" action="/settings/keys" {
                (view.csrf())
                div { label for="name" { (t.settings.key_name) } input #name name="name" maxlength="128" required; }
                div { label for="expires" { (t.settings.key_expires) } input #expires name="expires" type="date"; }
                div { label for="rate" { (t.settings.key_rate) } input #rate name="rate" inputmode="numeric" pattern="[0-9]*"; }
                div { button { (t.settings.key_new) } }
            }
        }
    };
    view.page(t.settings.title, &content)
}

fn row(view: &View, key: &Key) -> Vec<Markup> {
    let t = view.t();
    let of = key
        .user
        .as_deref()
        .map(|id| view.shared.access.users.get(id).map_or_else(|_| id.to_owned(), |user| user.name));
    let to = format!("/settings/keys/{}", key.id);
    vec![
        html! { (key.name) },
        html! { (t.words.role(key.role)) },
        html! { @match of { Some(name) => (name), None => span.quiet { (t.settings.key_system) } } },
        ui::day(key.created_at),
        html! { @match key.expires_at { Some(at) => (ui::day(at)), None => (t.settings.never) } },
        html! {
            @if key.user.is_none() { (asks(view, &format!("rotate-{}", key.id), &format!("{to}/rotate"), t.settings.key_rotate, t.settings.key_rotate_about)) " " }
            (asks(view, &format!("revoke-{}", key.id), &format!("{to}/revoke"), t.settings.key_revoke, t.settings.key_revoke_about))
        },
    ]
}

pub(super) async fn make(view: View, Posted(form): Posted<KeyForm>) -> Response {
    let made = match form.wanted(Role::Integration) {
        Ok(wanted) => api::make_key(State(view.shared.clone()), Caller(view.by.clone()), Input(wanted)).await,
        Err(problem) => Err(problem),
    };
    page(&view, &told(&view, made))
}

fn told(view: &View, made: Result<Json<NewKey>, Problem>) -> Markup {
    match made {
        Ok(Json(NewKey { secret, .. })) => done(view.t().settings.key_secret, Some(&secret), view),
        Err(problem) => states::told(view.t(), &problem),
    }
}

pub(super) async fn rotate(
    view: View,
    path: Named<KeyPath>,
    Posted(super::Nothing {}): Posted<super::Nothing>,
) -> Response {
    let (shared, by) = (State(view.shared.clone()), Caller(view.by.clone()));
    let made = api::rotate_key(shared, by, path, Input(Rotation::default())).await;
    page(&view, &told(&view, made))
}

pub(super) async fn revoke(
    view: View,
    path: Named<KeyPath>,
    Posted(super::Nothing {}): Posted<super::Nothing>,
) -> Result<Response, Problem> {
    let Json(key) = api::revoke_key(State(view.shared.clone()), Caller(view.by.clone()), path).await?;
    let said = fill(view.t().settings.key_revoked, &[("name", &key.name)]);
    Ok(page(&view, &done(&said, None, &view)))
}
