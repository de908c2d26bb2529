//! What holds of one user? Changed, given a link for another password, removed.

use super::users::{UserForm, invited, roles};
use super::{asks, done, heading};
use crate::http::endpoints::Caller;
use crate::http::endpoints::users::{self as api, UserChange, UserPath};
use crate::http::input::{Input, Named};
use crate::http::problem::Problem;
use crate::workbench::ui::states;
use crate::workbench::{Posted, View};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

pub(super) async fn show(view: View, Named(UserPath { id }): Named<UserPath>) -> Result<Response, Problem> {
    page(&view, &id, &html! {})
}

fn page(view: &View, id: &str, said: &Markup) -> Result<Response, Problem> {
    let t = view.t();
    let user = view.shared.access.users.get(id)?;
    let to = format!("/settings/users/{id}");
    let content = html! {
        (heading(view, "/settings/users"))
        (said)
        section aria-labelledby="user" {
            h2 #user { (user.name) }
            form.fields method="post" action=(to) {
                (view.csrf())
                div { label for="name" { (t.settings.name) } input #name name="name" maxlength="64" value=(user.name) autocomplete="off" required; }
                div { label for="email" { (t.settings.email) } input #email name="email" type="email" maxlength="254" value=(user.email.clone().unwrap_or_default()) autocomplete="off"; }
                (roles(view, &user.roles))
                label.inline { input type="checkbox" name="active" value="on" checked[user.active]; (t.settings.active) }
                div { button { (t.settings.user_save) } }
            }
        }
        section.danger {
            @if user.subject.is_none() { (asks(view, "reset", &format!("{to}/reset"), t.settings.user_reset, t.settings.user_reset_about)) " " }
            (asks(view, "remove", &format!("{to}/remove"), t.settings.user_remove, t.settings.user_remove_about))
        }
    };
    Ok(view.page(t.settings.title, &content))
}

pub(super) async fn set(
    view: View,
    path: Named<UserPath>,
    Posted(form): Posted<UserForm>,
) -> Result<Response, Problem> {
    let id = path.0.id.clone();
    let active = form.active == "on";
    let change = UserChange { name: form.name.clone(), email: form.email(), roles: form.roles(), active };
    let set = api::set(State(view.shared.clone()), Caller(view.by.clone()), path, Input(change)).await;
    let said = match set {
        Ok(_) => done(view.t().settings.user_saved, None, &view),
        Err(problem) => states::told(view.t(), &problem),
    };
    page(&view, &id, &said)
}

pub(super) async fn reset(
    view: View,
    path: Named<UserPath>,
    Posted(super::Nothing {}): Posted<super::Nothing>,
) -> Result<Response, Problem> {
    let id = path.0.id.clone();
    let Json(new) = api::reset(State(view.shared.clone()), Caller(view.by.clone()), path).await?;
    page(&view, &id, &invited(&view, &new))
}

pub(super) async fn remove(
    view: View,
    path: Named<UserPath>,
    Posted(super::Nothing {}): Posted<super::Nothing>,
) -> Result<Response, Problem> {
    let id = path.0.id.clone();
    match api::remove(State(view.shared.clone()), Caller(view.by.clone()), path).await {
        Ok(_) => Ok(Redirect::to("/settings/users").into_response()),
        Err(problem) => page(&view, &id, &states::told(view.t(), &problem)),
    }
}
