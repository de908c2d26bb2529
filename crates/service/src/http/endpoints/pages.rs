//! How does a person sign in with a browser? Forms that need no script: signing in, the first administrator, a password.

use crate::access::password::{PASSWORD_CHARS_MIN, Password};
use crate::access::sessions;
use crate::http::Shared;
use crate::http::browser::Address;
use crate::http::endpoints::login::cookie;
use crate::http::endpoints::{Caller, Session};
use crate::http::guard::other_page;
use crate::http::input::{Asked, Filled};
use crate::http::problem::Problem;
use crate::http::sign_in::{self, SignedIn};
use crate::workbench::assets;
use crate::workbench::lang::{Door, fill};
use crate::workbench::view::{Preferences, back_to};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// What pages may do: look as the style sheet says, send forms to this service, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

fn page(status: StatusCode, seen: Preferences, title: &str, content: &Markup) -> Response {
    let text = html! {
        (DOCTYPE)
        html lang=(seen.lang.code()) data-theme=(seen.theme.word()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Ringfence" }
                link rel="icon" type="image/svg+xml" href=(assets::path("icon.svg"));
                link rel="stylesheet" href=(assets::path("workbench.css"));
            }
            body.door { main { p.brand { img src=(assets::path("icon.svg")) alt="" width="28" height="28"; "Ringfence" } h1 { (title) } (content) } }
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // With none at all browsers would not say either where a form comes from.
        (header::REFERRER_POLICY, "same-origin"),
    ];
    (status, headers, text.into_string()).into_response()
}

/// What went wrong, read out when the page comes.
fn told(problem: Option<&Problem>) -> Markup {
    html! {
        @if let Some(problem) = problem {
            div.problem role="alert" lang="en" {
                p { strong { (problem.title) "." } }
                @if !problem.detail.is_empty() { p { (problem.detail) "." } }
                @if !problem.remedy.is_empty() { p { (problem.remedy) "." } }
            }
        }
    }
}

fn status(problem: Option<&Problem>) -> StatusCode {
    problem.map_or(StatusCode::OK, |p| StatusCode::from_u16(p.status).unwrap_or(StatusCode::BAD_REQUEST))
}

fn name_field(t: &Door, value: &str) -> Markup {
    html! {
        label for="name" { (t.name) }
        input #name name="name" value=(value) autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus;
    }
}

fn new_password_fields(t: &Door) -> Markup {
    html! {
        label for="password" { (t.password) }
        input #password name="password" type="password" autocomplete="new-password" minlength=(PASSWORD_CHARS_MIN)
            aria-describedby="rule" required;
        p.rule #rule { (fill(t.rule, &[("n", &PASSWORD_CHARS_MIN.to_string())])) }
        label for="again" { (t.again) }
        input #again name="again" type="password" autocomplete="new-password" minlength=(PASSWORD_CHARS_MIN) required;
    }
}

fn login_form(
    shared: &Shared,
    seen: Preferences,
    name: &str,
    to: &str,
    problem: Option<&Problem>,
) -> Response {
    let t = &seen.lang.texts().door;
    let content = html! {
        (told(problem))
        @if shared.oidc.is_some() {
            p { a.button href="/oidc/login" { (t.at_work) } }
            p.rule { (t.or_password) }
        }
        form method="post" action="/login" {
            @if !to.is_empty() { input type="hidden" name="to" value=(to); }
            (name_field(t, name))
            label for="password" { (t.password) }
            input #password name="password" type="password" autocomplete="current-password" required;
            button { (t.sign_in) }
        }
        p.rule { (t.forgotten) }
    };
    page(status(problem), seen, t.sign_in, &content)
}

fn set_up_form(seen: Preferences, token: &str, name: &str, problem: Option<&Problem>) -> Response {
    let t = &seen.lang.texts().door;
    let content = html! {
        (told(problem))
        p { (t.set_up_about) }
        form method="post" action="/setup" {
            input type="hidden" name="token" value=(token);
            (name_field(t, name))
            (new_password_fields(t))
            button { (t.set_up_do) }
        }
    };
    page(status(problem), seen, t.set_up, &content)
}

fn password_form(seen: Preferences, token: &str, problem: Option<&Problem>) -> Response {
    let t = &seen.lang.texts().door;
    let content = html! {
        (told(problem))
        form method="post" action="/password" {
            input type="hidden" name="token" value=(token);
            (new_password_fields(t))
            button { (t.choose_do) }
        }
    };
    page(status(problem), seen, t.choose, &content)
}

fn come_in(shared: &Shared, signed_in: &SignedIn, to: &str) -> Response {
    (cookie(shared.web.session(&signed_in.token)), Redirect::to(back_to(to))).into_response()
}

/// Somebody is back from the identity provider. A browser does not send the cookie along where another site led to, and
/// so a page of ours leads on.
pub(crate) fn came_in(shared: &Shared, seen: Preferences, signed_in: &SignedIn) -> Response {
    let t = &seen.lang.texts().door;
    let content = html! {
        meta http-equiv="refresh" content="0; url=/";
        p { a href="/" { (t.go_on) } }
    };
    let cookies = AppendHeaders([
        (header::SET_COOKIE, shared.web.session(&signed_in.token)),
        (header::SET_COOKIE, shared.web.no_way_in()),
    ]);
    (cookies, page(StatusCode::OK, seen, t.signed_in, &content)).into_response()
}

/// Somebody did not come in.
pub(crate) fn refused(seen: Preferences, problem: &Problem) -> Response {
    let t = &seen.lang.texts().door;
    let content = html! {
        (told(Some(problem)))
        p { a href="/login" { (t.sign_in) } }
    };
    page(status(Some(problem)), seen, t.sign_in, &content)
}

/// The link's token, as the address has it.
#[derive(Debug, Deserialize)]
pub struct Link {
    #[serde(default)]
    token: String,
}

/// A form that was filled in.
#[derive(Debug, Deserialize)]
pub struct LoginForm {
    name: String,
    password: Password,
    #[serde(default)]
    to: String,
}

/// Where somebody was going.
#[derive(Debug, Deserialize)]
pub struct Going {
    #[serde(default)]
    to: String,
}

/// The same for the first administrator.
#[derive(Debug, Deserialize)]
pub struct SetUpForm {
    token: String,
    name: String,
    password: Password,
    again: Password,
}

/// The same for a password.
#[derive(Debug, Deserialize)]
pub struct PasswordForm {
    token: String,
    password: Password,
    again: Password,
}

/// The same for leaving.
#[derive(Debug, Deserialize)]
pub struct LogoutForm {
    csrf: String,
}

fn alike(one: &Password, again: &Password) -> Result<(), Problem> {
    let title = "The two passwords are not the same";
    let problem = || Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "password", title);
    if one == again { Ok(()) } else { Err(problem().remedy("write the same one twice")) }
}

/// Asks for name and password.
pub async fn login_page(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Asked(Going { to }): Asked<Going>,
) -> Response {
    login_form(&shared, Preferences::of(&headers), "", &to, None)
}

/// Signs in.
pub async fn login(
    State(shared): State<Arc<Shared>>,
    address: Address,
    Session(before): Session,
    headers: HeaderMap,
    Filled(LoginForm { name, password, to }): Filled<LoginForm>,
) -> Response {
    match sign_in::with_password(&shared, &address, before.as_deref(), &name, password).await {
        Ok(signed_in) => come_in(&shared, &signed_in, &to),
        Err(problem) => login_form(&shared, Preferences::of(&headers), &name, &to, Some(&problem)),
    }
}

/// Asks for the first administrator.
pub async fn set_up_page(headers: HeaderMap, Asked(Link { token }): Asked<Link>) -> Response {
    set_up_form(Preferences::of(&headers), &token, "", None)
}

/// Makes the first administrator.
pub async fn set_up(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Filled(SetUpForm { token, name, password, again }): Filled<SetUpForm>,
) -> Response {
    let made = match alike(&password, &again) {
        Ok(()) => sign_in::set_up(&shared, &token, name.clone(), None, password).await,
        Err(problem) => Err(problem),
    };
    match made {
        Ok(signed_in) => come_in(&shared, &signed_in, ""),
        Err(problem) => set_up_form(Preferences::of(&headers), &token, &name, Some(&problem)),
    }
}

/// Asks for a password.
pub async fn password_page(headers: HeaderMap, Asked(Link { token }): Asked<Link>) -> Response {
    password_form(Preferences::of(&headers), &token, None)
}

/// Chooses a password.
pub async fn password(
    State(shared): State<Arc<Shared>>,
    Session(before): Session,
    headers: HeaderMap,
    Filled(PasswordForm { token, password, again }): Filled<PasswordForm>,
) -> Response {
    let chosen = match alike(&password, &again) {
        Ok(()) => sign_in::through_link(&shared, before.as_deref(), &token, password).await,
        Err(problem) => Err(problem),
    };
    match chosen {
        Ok(signed_in) => come_in(&shared, &signed_in, ""),
        Err(problem) => password_form(Preferences::of(&headers), &token, Some(&problem)),
    }
}

/// The first page.
pub async fn home() -> Redirect {
    Redirect::to("/today")
}

/// Signs out.
pub async fn logout(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Session(token): Session,
    Filled(LogoutForm { csrf }): Filled<LogoutForm>,
) -> Result<Response, Problem> {
    let token = token.filter(|token| sessions::csrf(token) == csrf).ok_or_else(other_page)?;
    sign_in::sign_out(&shared, &token, by).await?;
    Ok((cookie(shared.web.no_session()), Redirect::to("/login")).into_response())
}
