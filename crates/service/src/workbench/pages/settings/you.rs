//! What may a person change about themselves? The password, and keys of one's own.

use super::{asks, done, heading};
use crate::access::password::{PASSWORD_CHARS_MIN, Password};
use crate::access::{Key, Role};
use crate::http::browser::Address;
use crate::http::endpoints::keys::{self, KeyPath, KeyWanted, NewKey};
use crate::http::endpoints::login::cookie;
use crate::http::endpoints::{Caller, Known};
use crate::http::input::{Input, Named};
use crate::http::problem::Problem;
use crate::http::sign_in;
use crate::workbench::lang::fill;
use crate::workbench::ui::{self, Column, Table, states};
use crate::workbench::{Posted, View};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use ringfence_domain::Timestamp;
use serde::Deserialize;

pub(super) async fn show(view: View) -> Response {
    page(&view, &html! {})
}

fn page(view: &View, said: &Markup) -> Response {
    let t = view.t();
    let with_password = view.who.user.as_deref().is_some_and(|id| {
        view.who.session && view.shared.access.users.get(id).is_ok_and(|user| user.subject.is_none())
    });
    let content = html! {
        (heading(view, "/settings"))
        (said)
        @if with_password {
            section aria-labelledby="password" {
                h2 #password { (t.settings.your_password) }
                form.fields method="post" action="/settings/password" {
                    (view.csrf())
                    div { label for="old" { (t.settings.password_old) } input #old name="old" type="password" autocomplete="current-password" required; }
                    div {
                        label for="new" { (t.settings.password_new) }
                        input #new name="new" type="password" autocomplete="new-password" minlength=(PASSWORD_CHARS_MIN) aria-describedby="rule" required;
                        p.rule #rule { (fill(t.settings.password_rule, &[("n", &PASSWORD_CHARS_MIN.to_string())])) }
                    }
                    div { label for="again" { (t.settings.password_again) } input #again name="again" type="password" autocomplete="new-password" minlength=(PASSWORD_CHARS_MIN) required; }
                    div { button { (t.settings.password_change) } }
                }
            }
        }
        section aria-labelledby="keys" {
            h2 #keys { (t.settings.your_keys) }
            p.quiet { (t.settings.your_keys_about) }
            (own_keys(view))
            h3 { (t.settings.key_new) }
            form.fields method="post" action="/settings/own-keys" {
                (view.csrf())
                div { label for="name" { (t.settings.key_name) } input #name name="name" maxlength="128" required; }
                div {
                    label for="role" { (t.settings.key_role) }
                    select #role name="role" { @for role in &view.who.roles { option value=(role.as_str()) { (t.words.role(*role)) } } }
                }
                div { label for="expires" { (t.settings.key_expires) } input #expires name="expires" type="date"; }
                div { button { (t.settings.key_new) } }
            }
        }
        p.quiet { (t.settings.language_about) }
    };
    view.page(t.settings.title, &content)
}

fn own_keys(view: &View) -> Markup {
    let t = view.t();
    let keys = view.shared.access.keys.list();
    let own = keys.iter().filter(|key| key.user.is_some() && key.user == view.who.user);
    let rows = own.map(|Key { id, name, role, expires_at, .. }| {
        vec![
            html! { (name) },
            html! { (t.words.role(*role)) },
            html! { @match expires_at { Some(at) => (ui::day(*at)), None => (t.settings.never) } },
            asks(
                view,
                &format!("revoke-{id}"),
                &format!("/settings/own-keys/{id}/revoke"),
                t.settings.key_revoke,
                t.settings.key_revoke_about,
            ),
        ]
    });
    Table {
        t,
        caption: t.settings.your_keys.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.settings.key_name),
            Column::text(t.settings.key_role),
            Column::text(t.settings.key_ends),
            Column::text(t.settings.key_revoke),
        ],
        rows: rows.collect(),
        none: t.settings.keys_none.to_owned(),
        next: None,
        first: None,
    }
    .draw()
}

/// Another password.
#[derive(Debug, Deserialize)]
pub(super) struct Passwords {
    old: Password,
    new: Password,
    again: Password,
}

pub(super) async fn password(
    view: View,
    address: Address,
    Posted(Passwords { old, new, again }): Posted<Passwords>,
) -> Result<Response, Problem> {
    let t = view.t();
    let shared = view.shared.clone();
    let wrong = |problem: &Problem| page(&view, &states::told(t, problem));
    if new != again {
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "password", t.settings.password_unlike);
        return Ok(wrong(&problem));
    }
    let Some(id) = view.who.user.clone().filter(|_| view.who.session) else {
        let title = "A password is changed by its person";
        return Err(
            Problem::new(StatusCode::FORBIDDEN, "no-session", title).remedy("sign in; a key cannot do this")
        );
    };
    let user = shared.access.users.get(&id)?;
    match sign_in::change_password(&shared, &address, user, old, new).await {
        Ok(signed_in) => {
            let view = view.with_session(&signed_in.token);
            let answer = page(&view, &done(t.settings.password_changed, None, &view));
            Ok((cookie(shared.web.session(&signed_in.token)), answer).into_response())
        }
        Err(problem) => Ok(wrong(&problem)),
    }
}

/// A key to make.
#[derive(Debug, Deserialize)]
pub(super) struct KeyForm {
    name: String,
    #[serde(default)]
    role: Option<Role>,
    #[serde(default)]
    expires: String,
    #[serde(default)]
    rate: String,
}

impl KeyForm {
    pub(super) fn wanted(self, role: Role) -> Result<KeyWanted, Problem> {
        let wrong = |what: &str| {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "form", "The key was not made").detail(what)
        };
        let expires_at = match self.expires.trim() {
            "" => None,
            day => Some(
                Timestamp::parse(&format!("{day}T00:00:00Z"))
                    .map_err(|_| wrong("the day on which it ends is written as 2027-01-31"))?,
            ),
        };
        let requests_per_second = match self.rate.trim() {
            "" => None,
            rate => Some(rate.parse().map_err(|_| wrong("requests a second are a whole number"))?),
        };
        Ok(KeyWanted { name: self.name, role: self.role.unwrap_or(role), expires_at, requests_per_second })
    }
}

pub(super) async fn make_key(view: View, Posted(form): Posted<KeyForm>) -> Result<Response, Problem> {
    let t = view.t();
    let role = view.who.roles.first().copied().unwrap_or(Role::Analyst);
    let (caller, known) = (Caller(view.by.clone()), Known(view.who.clone()));
    let made = match form.wanted(role) {
        Ok(wanted) => keys::make_own_key(State(view.shared.clone()), caller, known, Input(wanted)).await,
        Err(problem) => Err(problem),
    };
    Ok(match made {
        Ok(Json(NewKey { secret, .. })) => page(&view, &done(t.settings.key_secret, Some(&secret), &view)),
        Err(problem) => page(&view, &states::told(t, &problem)),
    })
}

pub(super) async fn revoke_key(
    view: View,
    path: Named<KeyPath>,
    Posted(super::Nothing {}): Posted<super::Nothing>,
) -> Result<Response, Problem> {
    let revoked = keys::revoke_own_key(State(view.shared.clone()), Caller(view.by.clone()), path).await?;
    let said = fill(view.t().settings.key_revoked, &[("name", &revoked.0.name)]);
    Ok(page(&view, &done(&said, None, &view)))
}
