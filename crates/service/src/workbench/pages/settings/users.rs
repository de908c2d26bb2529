//! Who are the people? All users, and another one.

use super::{done, heading};
use crate::access::{Role, User};
use crate::http::endpoints::Caller;
use crate::http::endpoints::users::{self as api, Invited, UserWanted};
use crate::http::input::Input;
use crate::http::problem::Problem;
use crate::workbench::lang::fill;
use crate::workbench::ui::{self, Column, Table, Tone, states};
use crate::workbench::{Posted, View};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeSet;

pub(super) async fn show(view: View) -> Result<Response, Problem> {
    page(&view, &html! {}).await
}

/// All users; the reading is recorded.
async fn page(view: &View, said: &Markup) -> Result<Response, Problem> {
    let t = view.t();
    let Json(users) = api::list(State(view.shared.clone()), Caller(view.by.clone())).await?;
    let table = Table {
        t,
        caption: t.settings.tab_users.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.settings.name),
            Column::text(t.settings.email),
            Column::text(t.settings.roles),
            Column::text(t.settings.state),
            Column::text(t.settings.since),
        ],
        rows: users.iter().map(|user| row(view, user)).collect(),
        none: t.frame.none.to_owned(),
        next: None,
        first: None,
    };
    let content = html! {
        (heading(view, "/settings/users"))
        (said)
        section aria-labelledby="users" { h2 #users { (t.settings.tab_users) } (table.draw()) p.quiet { (t.settings.users_recorded) } }
        section aria-labelledby="new" {
            h2 #new { (t.settings.user_new) }
            form.fields method="post" action="/settings/users" {
                (view.csrf())
                div { label for="name" { (t.settings.name) } input #name name="name" maxlength="64" autocomplete="off" required; }
                div { label for="email" { (t.settings.email) } input #email name="email" type="email" maxlength="254" autocomplete="off"; }
                (roles(view, &BTreeSet::new()))
                div { button { (t.settings.user_new) } }
            }
        }
    };
    Ok(view.page(t.settings.title, &content))
}

fn row(view: &View, user: &User) -> Vec<Markup> {
    let t = view.t();
    let roles: Vec<&str> = user.roles.iter().map(|role| t.words.role(*role)).collect();
    let state = match (user.active, user.subject.is_some()) {
        (false, _) => ui::badge(Tone::Watch, t.settings.inactive),
        (true, true) => ui::badge(Tone::Plain, t.settings.at_provider),
        (true, false) => ui::badge(Tone::Good, t.settings.active),
    };
    vec![
        html! { a href=(format!("/settings/users/{}", user.id)) { (user.name) } },
        html! { @if let Some(email) = &user.email { (email) } },
        html! { (roles.join(", ")) },
        state,
        ui::day(user.created_at),
    ]
}

/// Boxes for the roles of people.
pub(super) fn roles(view: &View, chosen: &BTreeSet<Role>) -> Markup {
    let t = view.t();
    html! {
        fieldset {
            legend { (t.settings.roles) }
            @for role in Role::ALL.into_iter().filter(|role| *role != Role::Integration) {
                label.inline { input type="checkbox" name=(role.as_str()) value="on" checked[chosen.contains(&role)]; (t.words.role(role)) }
                " "
            }
            p.rule { (t.settings.roles_hint) }
        }
    }
}

/// What a form says of a user.
#[derive(Debug, Deserialize)]
pub(super) struct UserForm {
    pub(super) name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    analyst: String,
    #[serde(default)]
    investigator: String,
    #[serde(default)]
    supervisor: String,
    #[serde(default)]
    auditor: String,
    #[serde(default)]
    admin: String,
    #[serde(default)]
    pub(super) active: String,
}

impl UserForm {
    pub(super) fn email(&self) -> Option<String> {
        Some(self.email.trim().to_owned()).filter(|email| !email.is_empty())
    }
    pub(super) fn roles(&self) -> BTreeSet<Role> {
        let UserForm { analyst, investigator, supervisor, auditor, admin, .. } = self;
        let boxes = [
            (Role::Analyst, analyst),
            (Role::Investigator, investigator),
            (Role::Supervisor, supervisor),
            (Role::Auditor, auditor),
            (Role::Admin, admin),
        ];
        boxes.into_iter().filter(|(_, word)| *word == "on").map(|(role, _)| role).collect()
    }
}

/// What to say when somebody was given a link.
pub(super) fn invited(view: &View, Invited { user, link, expires_at, .. }: &Invited) -> Markup {
    let mut until = String::new();
    expires_at.write(&mut until).expect("a String takes all text");
    let places = [("name", user.name.as_str()), ("until", until.get(..16).unwrap_or(&until))];
    done(&fill(view.t().settings.link, &places).replace('T', " "), Some(link), view)
}

pub(super) async fn make(view: View, Posted(form): Posted<UserForm>) -> Result<Response, Problem> {
    let wanted = UserWanted { name: form.name.clone(), email: form.email(), roles: form.roles() };
    let made = api::make(State(view.shared.clone()), Caller(view.by.clone()), Input(wanted)).await;
    let said = match &made {
        Ok((_, Json(new))) => invited(&view, new),
        Err(problem) => states::told(view.t(), problem),
    };
    page(&view, &said).await
}
