//! How does a person sign in through the identity provider? Sent there, and back with a code; roles come from there each time.

use crate::access::users::{About, Change, Subject};
use crate::access::{AccessError, User};
use crate::core::Principal;
use crate::http::Shared;
use crate::http::endpoints::pages::{came_in, refused};
use crate::http::endpoints::{Session, users::roles};
use crate::http::guard::nothing_here;
use crate::http::input::Asked;
use crate::http::problem::Problem;
use crate::http::sign_in::{self, SignedIn, noted};
use crate::oidc::{Claims, Oidc, OidcError};
use crate::workbench::view::Preferences;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

impl From<OidcError> for Problem {
    fn from(e: OidcError) -> Problem {
        let status = match e {
            OidcError::State | OidcError::Refused(_) | OidcError::Token(_) => StatusCode::FORBIDDEN,
            OidcError::TooMany => StatusCode::TOO_MANY_REQUESTS,
            OidcError::Provider(_) => StatusCode::BAD_GATEWAY,
        };
        let (what, remedy) = match e.to_string().rsplit_once("; ") {
            Some((what, remedy)) => (what.to_owned(), remedy.to_owned()),
            None => (e.to_string(), String::new()),
        };
        Problem::new(status, "identity-provider", "You were not signed in").detail(what).remedy(remedy)
    }
}

/// Asks the provider, beside the connections.
async fn asked<T: Send + 'static>(
    oidc: &Arc<Oidc>,
    work: impl FnOnce(&Oidc) -> Result<T, OidcError> + Send + 'static,
) -> Result<T, Problem> {
    let oidc = oidc.clone();
    let fail = |e: tokio::task::JoinError| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "thread", "The provider was not asked")
            .detail(e.to_string())
    };
    Ok(tokio::task::spawn_blocking(move || work(&oidc)).await.map_err(fail)??)
}

/// Sends a person to the provider.
pub async fn login(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let Some(oidc) = &shared.oidc else { return nothing_here().into_response() };
    let now = (shared.clock)();
    match asked(oidc, move |oidc| oidc.begin(now)).await {
        Ok((to, state)) => {
            let cookie = AppendHeaders([(header::SET_COOKIE, shared.web.way_in(&state))]);
            (cookie, Redirect::to(&to)).into_response()
        }
        Err(problem) => refused(Preferences::of(&headers), &problem),
    }
}

/// What the provider sends a person back with.
#[derive(Debug, Deserialize)]
pub struct Back {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    error: Option<String>,
}

/// Takes a person back from the provider.
pub async fn callback(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Session(before): Session,
    Asked(back): Asked<Back>,
) -> Response {
    let Some(oidc) = &shared.oidc else { return nothing_here().into_response() };
    // Another page could send a person here with a code of its own: only who was sent away by this browser comes back.
    let begun_here = !back.state.is_empty() && shared.web.way_in_of(&headers) == Some(back.state.as_str());
    let entered = if begun_here {
        enter(&shared, oidc, before.as_deref(), back).await
    } else {
        Err(OidcError::State.into())
    };
    match entered {
        Ok(signed_in) => came_in(&shared, Preferences::of(&headers), &signed_in),
        Err(problem) => refused(Preferences::of(&headers), &problem),
    }
}

async fn enter(
    shared: &Shared,
    oidc: &Arc<Oidc>,
    before: Option<&str>,
    Back { state, code, error }: Back,
) -> Result<SignedIn, Problem> {
    if let Some(error) = error {
        // What an address says is shown cut off.
        return Err(OidcError::Refused(error.chars().take(64).collect()).into());
    }
    let now = (shared.clock)();
    let claims = asked(oidc, move |oidc| oidc.finish(&state, &code, now)).await?;
    let user = user_of(shared, oidc, &claims).await?;
    noted(shared, "signed_in", &user, BTreeMap::from([("by".into(), "oidc".into())]), (&user).into()).await?;
    Ok(sign_in::begin(shared, user, before))
}

/// The user of a person; made when the person comes first, with the roles that the provider names today.
async fn user_of(shared: &Shared, oidc: &Oidc, claims: &Claims) -> Result<User, Problem> {
    let settings = oidc.settings();
    let wanted = settings.roles_of(claims);
    if wanted.is_empty() {
        let problem = Problem::new(StatusCode::FORBIDDEN, "no-role", "You have no role here");
        return Err(problem.remedy(format!(
            "whoever runs the identity provider puts one into `{}`; [serve.oidc.roles] says what stands for what",
            settings.roles_claim
        )));
    }
    let users = &shared.access.users;
    let subject = Subject { issuer: settings.issuer.clone(), subject: claims.sub.clone() };
    let detail = BTreeMap::from([roles(&wanted), ("by".into(), "oidc".into())]);
    match users.of_subject(&subject) {
        Some(user) if !user.active => {
            let problem = Problem::new(StatusCode::FORBIDDEN, "not-active", "You may not sign in here");
            Err(problem.remedy("an administrator of this service can change that"))
        }
        Some(user) if user.roles == wanted => Ok(user),
        Some(user) => {
            let about = About { name: user.name.clone(), email: user.email.clone(), roles: wanted };
            let change = Change::Set(about, true);
            users.check(&user.id, &change)?;
            noted(shared, "user_changed", &user, detail, Principal::service()).await?;
            Ok(users.apply(&user.id, &change)?)
        }
        None => {
            let make = |name: String| {
                let about = About { name, email: None, roles: wanted.clone() };
                users.make(about, None, Some(subject.clone()), (shared.clock)())
            };
            let name = settings.name_of(claims);
            let user = match make(name.clone()) {
                // Names do not say who somebody is: another's is not taken over.
                Err(AccessError::NameTaken) => {
                    let short: String = name.chars().take(40).collect();
                    make(format!("{short} {}", crate::access::secret::random_hex::<4>()))?
                }
                made => made?,
            };
            let recorded = noted(shared, "user_made", &user, detail, Principal::service()).await;
            if recorded.is_err() {
                shared.access.remove_user(&user.id)?;
            }
            recorded.map(|()| user)
        }
    }
}
