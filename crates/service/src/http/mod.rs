//! How is the service spoken to? Endpoints, each in the policy table, described as OpenAPI from the same types.

pub mod endpoints;
pub mod input;
pub mod problem;

use crate::access::{Access, Key, Permission, allowed};
use crate::door::Door;
use crate::worker::Worker;
use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with, post_with};
use aide::openapi::{Info, OpenApi, SecurityScheme};
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use problem::Problem;
use ringfence_domain::Timestamp;
use std::sync::Arc;

/// What the endpoints share.
#[derive(Debug)]
pub struct Shared {
    /// Takes events.
    pub worker: Worker,
    /// Checks them.
    pub door: Door,
    /// Who may do what.
    pub access: Access,
    /// The clock.
    pub clock: fn() -> Timestamp,
}

/// The policy table of the endpoints: method, path, what it needs. What is not here is not served.
pub const ENDPOINTS: &[(Method, &str, Permission)] = &[
    (Method::GET, "/healthz", Permission::Anyone),
    (Method::GET, "/readyz", Permission::Anyone),
    (Method::GET, "/openapi.json", Permission::Anyone),
    (Method::GET, "/docs", Permission::Anyone),
    (Method::POST, "/v1/setup", Permission::Anyone),
    (Method::POST, "/v1/events", Permission::Send),
    (Method::POST, "/v1/refunds/decide", Permission::Send),
    (Method::GET, "/v1/decisions/{refund}", Permission::ReadDecisions),
    (Method::GET, "/v1/versions", Permission::ReadOperations),
    (Method::GET, "/metrics", Permission::ReadOperations),
    (Method::POST, "/v1/snapshots", Permission::Operate),
    (Method::GET, "/v1/keys", Permission::ManageKeys),
    (Method::POST, "/v1/keys", Permission::ManageKeys),
    (Method::DELETE, "/v1/keys/{id}", Permission::ManageKeys),
];

/// The whole API.
pub fn router(shared: Arc<Shared>) -> Router {
    let mut api = OpenApi {
        info: Info {
            title: "Ringfence".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            summary: Some("Decides on refund requests from everything that happened before.".into()),
            ..Info::default()
        },
        ..OpenApi::default()
    };
    let body_max = shared.door.limits().batch_bytes_max;
    let routes = ApiRouter::new()
        .api_route("/healthz", get_with(endpoints::health, endpoints::health_docs))
        .api_route("/readyz", get_with(endpoints::ready, endpoints::ready_docs))
        .api_route("/v1/setup", post_with(endpoints::set_up, endpoints::set_up_docs))
        .api_route("/v1/events", post_with(endpoints::events, endpoints::events_docs))
        .api_route("/v1/refunds/decide", post_with(endpoints::decide, endpoints::decide_docs))
        .api_route("/v1/decisions/{refund}", get_with(endpoints::decision, endpoints::decision_docs))
        .api_route("/v1/versions", get_with(endpoints::versions, endpoints::versions_docs))
        .api_route("/v1/snapshots", post_with(endpoints::snapshot, endpoints::snapshot_docs))
        .api_route(
            "/v1/keys",
            get_with(endpoints::keys, endpoints::keys_docs)
                .post_with(endpoints::make_key, endpoints::make_key_docs),
        )
        .api_route("/v1/keys/{id}", delete_with(endpoints::revoke_key, endpoints::revoke_key_docs))
        .route("/metrics", axum::routing::get(endpoints::metrics))
        .route("/openapi.json", axum::routing::get(openapi))
        .route("/docs", aide::scalar::Scalar::new("/openapi.json").with_title("Ringfence").axum_route())
        .finish_api_with(&mut api, |api| {
            let bearer: SecurityScheme = serde_json::from_value(serde_json::json!({
                "type": "http", "scheme": "bearer", "description": "An API key."
            }))
            .expect("this is how OpenAPI writes a bearer scheme");
            api.security_scheme("key", bearer).security_requirement("key")
        });
    routes
        .layer(Extension(Arc::new(api)))
        .layer(DefaultBodyLimit::max(body_max))
        .route_layer(from_fn_with_state(shared.clone(), guard))
        .fallback(not_found)
        .layer(axum::middleware::from_fn(secure_headers))
        .with_state(shared)
}

async fn openapi(Extension(api): Extension<Arc<OpenApi>>) -> axum::Json<OpenApi> {
    axum::Json(OpenApi::clone(&api))
}

async fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here")
        .remedy("see /docs for what there is")
}

/// Lets in who the policy table lets in; an endpoint that is not in it is closed to everyone.
async fn guard(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned()).unwrap_or_default();
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let Some(needed) = ENDPOINTS.iter().find(|e| e.0 == method && e.1 == path).map(|e| e.2) else {
        let allow = ENDPOINTS.iter().any(|e| e.1 == path);
        return if allow {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "This endpoint has other methods")
                .into_response()
        } else {
            not_found().await.into_response()
        };
    };
    if needed == Permission::Anyone {
        return next.run(request).await;
    }
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let secret = authorization.and_then(|v| v.strip_prefix("Bearer "));
    let caller: Option<Key> = secret.and_then(|s| shared.access.caller(s, (shared.clock)()));
    let Some(caller) = caller else {
        return Problem::new(StatusCode::UNAUTHORIZED, "no-key", "An API key is needed")
            .remedy("send it as `Authorization: Bearer rf_…`; keys expire and can be revoked")
            .into_response();
    };
    if !allowed(caller.role, needed) {
        return Problem::new(StatusCode::FORBIDDEN, "not-allowed", "The key's role does not allow this")
            .remedy("ask an administrator for a key of another role")
            .into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

async fn secure_headers(request: Request, next: Next) -> Response {
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
    ] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
