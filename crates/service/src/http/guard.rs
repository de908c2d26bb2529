//! Who gets in? Whom the policy table lets in, by a key or a session; an endpoint that is not in it is closed to everyone.

use crate::access::{Identity, Permission, sessions};
use crate::http::Shared;
use crate::http::browser::{CSRF_HEADER, MadeBy};
use crate::http::endpoints::Caller;
use crate::http::problem::Problem;
use crate::http::table::{Row, row};
use crate::workbench::View;
use axum::extract::{MatchedPath, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;

/// Lets in who the policy table lets in.
pub(super) async fn guard(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned()).unwrap_or_default();
    let method = if request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
    let needed = match row(&method, &path) {
        Row::Needs(needed) => needed,
        Row::OtherMethods => return other_methods().into_response(),
        Row::Unknown => return nothing_here().into_response(),
    };
    if needed == Permission::Anyone {
        // Signing in changes who one is: no other page may do it for a person.
        let other = method != Method::GET && shared.web.made_by(request.headers()) == MadeBy::OtherPage;
        return if other { other_page().into_response() } else { next.run(request).await };
    }
    let page = !path.starts_with("/v1/") && wants_page(request.headers());
    let known = match known(&shared, request.headers(), &method, &path) {
        Ok(known) => known,
        // Who opens a page signs in, and comes back to it; programs are told.
        Err(problem) if page && problem.status == StatusCode::UNAUTHORIZED => {
            return Redirect::to(&to_sign_in(&method, request.uri())).into_response();
        }
        Err(problem) => return problem.into_response(),
    };
    let view = page.then(|| {
        let (by, path) = (known.principal(None), request.uri().path());
        View::new(&shared, known.clone(), by, request.headers(), path)
    });
    let answer = match let_in(&shared, known, needed) {
        Ok((who, by)) => {
            // An id of a key or a user, as in the log.
            tracing::Span::current().record("by", who.id.as_str());
            request.extensions_mut().insert(who);
            request.extensions_mut().insert(by);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    };
    match (view, answer.extensions().get::<Problem>()) {
        (Some(view), Some(problem)) => view.problem(problem),
        _ => answer,
    }
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("text/html"))
}

fn to_sign_in(method: &Method, uri: &Uri) -> String {
    match uri.path_and_query().map(PathAndQuery::as_str) {
        Some(path) if method == Method::GET && path != "/" => {
            let to: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
            format!("/login?to={to}")
        }
        _ => "/login".into(),
    }
}

/// Who asks.
fn known(shared: &Shared, headers: &HeaderMap, method: &Method, path: &str) -> Result<Identity, Problem> {
    let now = (shared.clock)();
    let authorization = headers.get(header::AUTHORIZATION).map(|v| v.to_str().unwrap_or_default());
    let who: Option<Identity> = match (authorization, shared.web.session_of(headers)) {
        // A key is asked for by name; then a cookie does not count.
        (Some(text), _) => text.strip_prefix("Bearer ").and_then(|secret| shared.access.of_key(secret, now)),
        (None, Some(token)) => {
            let who = shared.access.of_session(token, now);
            if who.is_some() && method != Method::GET {
                by_our_page(shared, headers, token, path)?;
            }
            who
        }
        (None, None) => None,
    };
    who.ok_or_else(|| {
        Problem::new(StatusCode::UNAUTHORIZED, "not-signed-in", "An API key or a session is needed").remedy(
            "send a key as `Authorization: Bearer rf_…`, or sign in at /login; keys and sessions expire and can be ended",
        )
    })
}

/// Whether who asks may, and as what.
fn let_in(shared: &Shared, who: Identity, needed: Permission) -> Result<(Identity, Caller), Problem> {
    let now = (shared.clock)();
    if !shared.access.has_room(&who, shared.requests_per_second, now) {
        return Err(Problem::too_fast());
    }
    let role = who.role_for(needed).ok_or_else(|| {
        Problem::new(StatusCode::FORBIDDEN, "not-allowed", "None of the caller's roles allows this")
            .remedy("ask an administrator for another role")
    })?;
    let by = Caller(who.principal(Some(role)));
    Ok((who, by))
}

/// A browser sends its cookie for whatever page asks; only pages of ours may change something with it.
fn by_our_page(shared: &Shared, headers: &HeaderMap, token: &str, path: &str) -> Result<(), Problem> {
    let expected = sessions::csrf(token);
    let told = headers.get(CSRF_HEADER).is_some_and(|v| v.as_bytes() == expected.as_bytes());
    // Forms of the pages cannot send a header: they have it as a field, which they check.
    let form = !path.starts_with("/v1/");
    if shared.web.made_by(headers) == MadeBy::OurPage && (told || form) { Ok(()) } else { Err(other_page()) }
}

pub(crate) fn other_page() -> Problem {
    let title = "With a session, changes are made by pages of this service only";
    Problem::new(StatusCode::FORBIDDEN, "other-page", title).remedy(format!(
        "send the header `{CSRF_HEADER}` with what /v1/me says, from the same origin (Origin or Sec-Fetch-Site); programs use an \
         API key"
    ))
}

fn other_methods() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "This endpoint has other methods")
}

/// What no route is for. People who are signed in see a page.
pub(super) async fn not_found(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (headers, path) = (request.headers(), request.uri().path());
    let page = !path.starts_with("/v1/") && wants_page(headers);
    let who = shared.web.session_of(headers).filter(|_| page);
    match who.and_then(|token| shared.access.of_session(token, (shared.clock)())) {
        Some(who) => {
            let by = who.principal(None);
            View::new(&shared, who, by, headers, path).problem(&nothing_here())
        }
        None => nothing_here().into_response(),
    }
}

/// What there is where there is nothing.
pub(super) fn nothing_here() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here")
        .remedy("see /docs for what there is")
}

/// What keeps browsers from being used against their people. Pages say for themselves what they need.
pub(super) async fn secure_headers(request: Request, next: Next) -> Response {
    let docs = request.uri().path() == "/docs";
    let mut response = next.run(request).await;
    // The page that tries the API out has its script inside; everything else has none.
    let policy = if docs {
        "default-src 'none'; script-src 'unsafe-inline' 'self'; style-src 'unsafe-inline'; img-src data:; font-src data:; connect-src 'self'; frame-ancestors 'none'"
    } else {
        "default-src 'none'; frame-ancestors 'none'"
    };
    for (name, value) in [
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
        // Counts over TLS only; elsewhere browsers pass over it.
        ("strict-transport-security", "max-age=31536000"),
    ] {
        let headers = response.headers_mut();
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    response
}
