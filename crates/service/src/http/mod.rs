//! How is the service spoken to? Endpoints, each in the policy table, described as OpenAPI from the same types.

pub mod endpoints;
pub mod input;
pub mod problem;

use crate::access::{Access, Key, Permission, allowed};
use crate::door::Door;
use crate::shadow::Shadow;
use crate::webhooks::Webhooks;
use crate::worker::Worker;
use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with, post_with};
use aide::openapi::{Info, OpenApi, SecurityScheme};
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use endpoints::{access, audit, decisions, events, lists, operations, promotions, versions, webhooks};
use problem::Problem;
use ringfence_domain::Timestamp;
use std::sync::Arc;
use tokio::sync::Semaphore;

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
    /// What decides beside, without effect.
    pub shadow: Shadow,
    /// Who is told.
    pub webhooks: Webhooks,
    /// Whether one person may propose and approve.
    pub single_approver: bool,
    /// Requests a second of one key, where it has no limit of its own.
    pub requests_per_second: Option<u32>,
    /// One decision is made again at a time: each takes the memory of a whole state.
    pub rederiving: Semaphore,
    /// One snapshot at a time.
    pub snapshotting: Semaphore,
}

impl Shared {
    /// Starts the shadow run that the log has recorded, if there is one.
    pub async fn shadow_as_recorded(&self) -> Result<(), Problem> {
        let seen = self.worker.look(|core| (core.register().shadow.clone(), core.rates().clone()));
        let (Some(run), rates) = seen.await? else { return Ok(()) };
        let history = self.worker.history().clone();
        let versioned = history.library.versioned(&run.versions, &rates)?;
        let started = self.shadow.start(&run, versioned, history, self.worker.feed().clone());
        started.map_err(|e| Problem::closed().detail(e.to_string()))
    }
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
    (Method::GET, "/v1/decisions/{refund}/evidence", Permission::ReadEvidence),
    (Method::POST, "/v1/decisions/{refund}/rederive", Permission::ReadEvidence),
    (Method::GET, "/v1/versions", Permission::ReadVersions),
    (Method::GET, "/v1/versions/{part}", Permission::ReadVersions),
    (Method::POST, "/v1/versions/{part}", Permission::Propose),
    (Method::GET, "/v1/versions/{part}/{version}", Permission::ReadVersions),
    (Method::POST, "/v1/check", Permission::ReadVersions),
    (Method::GET, "/v1/shadow", Permission::ReadVersions),
    (Method::POST, "/v1/shadow", Permission::Propose),
    (Method::DELETE, "/v1/shadow", Permission::Propose),
    (Method::GET, "/v1/promotions", Permission::ReadVersions),
    (Method::POST, "/v1/promotions", Permission::Propose),
    (Method::POST, "/v1/promotions/{id}/approve", Permission::Approve),
    (Method::POST, "/v1/promotions/{id}/reject", Permission::Propose),
    (Method::GET, "/v1/lists/{list}", Permission::ReadLists),
    (Method::POST, "/v1/lists/{list}", Permission::ManageLists),
    (Method::POST, "/v1/entries/{id}/remove", Permission::ManageLists),
    (Method::GET, "/v1/suppressions", Permission::ReadLists),
    (Method::POST, "/v1/suppressions", Permission::Approve),
    (Method::POST, "/v1/suppressions/{id}/lift", Permission::Approve),
    (Method::GET, "/v1/webhooks", Permission::ManageWebhooks),
    (Method::POST, "/v1/webhooks", Permission::ManageWebhooks),
    (Method::DELETE, "/v1/webhooks/{id}", Permission::ManageWebhooks),
    (Method::POST, "/v1/webhooks/{id}/rotate", Permission::ManageWebhooks),
    (Method::GET, "/v1/webhooks/{id}/dead", Permission::ManageWebhooks),
    (Method::POST, "/v1/webhooks/{id}/replay", Permission::ManageWebhooks),
    (Method::GET, "/metrics", Permission::ReadOperations),
    (Method::POST, "/v1/snapshots", Permission::Operate),
    (Method::GET, "/v1/audit", Permission::ReadAudit),
    (Method::GET, "/v1/keys", Permission::ManageKeys),
    (Method::POST, "/v1/keys", Permission::ManageKeys),
    (Method::DELETE, "/v1/keys/{id}", Permission::ManageKeys),
    (Method::POST, "/v1/keys/{id}/rotate", Permission::ManageKeys),
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
        .api_route("/healthz", get_with(operations::health, operations::health_docs))
        .api_route("/readyz", get_with(operations::ready, operations::ready_docs))
        .api_route("/v1/setup", post_with(access::set_up, access::set_up_docs))
        .api_route("/v1/events", post_with(events::events, events::events_docs))
        .api_route("/v1/refunds/decide", post_with(events::decide, events::decide_docs))
        .api_route("/v1/decisions/{refund}", get_with(decisions::decision, decisions::decision_docs))
        .api_route("/v1/decisions/{refund}/evidence", get_with(decisions::evidence, decisions::evidence_docs))
        .api_route(
            "/v1/decisions/{refund}/rederive",
            post_with(decisions::rederive, decisions::rederive_docs),
        )
        .api_route("/v1/versions", get_with(versions::live, versions::live_docs))
        .api_route(
            "/v1/versions/{part}",
            get_with(versions::list, versions::list_docs)
                .post_with(versions::upload, versions::upload_docs)
                .layer(DefaultBodyLimit::max(versions::UPLOAD_BYTES_MAX)),
        )
        .api_route("/v1/versions/{part}/{version}", get_with(versions::content, versions::content_docs))
        .api_route("/v1/check", post_with(versions::check, versions::check_docs))
        .api_route(
            "/v1/shadow",
            get_with(promotions::shadow, promotions::shadow_docs)
                .post_with(promotions::start_shadow, promotions::start_shadow_docs)
                .delete_with(promotions::end_shadow, promotions::end_shadow_docs),
        )
        .api_route(
            "/v1/promotions",
            get_with(promotions::list, promotions::list_docs)
                .post_with(promotions::propose, promotions::propose_docs),
        )
        .api_route("/v1/promotions/{id}/approve", post_with(promotions::approve, promotions::approve_docs))
        .api_route("/v1/promotions/{id}/reject", post_with(promotions::reject, promotions::reject_docs))
        .api_route(
            "/v1/lists/{list}",
            get_with(lists::list, lists::list_docs).post_with(lists::add, lists::add_docs),
        )
        .api_route("/v1/entries/{id}/remove", post_with(lists::remove, lists::remove_docs))
        .api_route(
            "/v1/suppressions",
            get_with(lists::suppressions, lists::suppressions_docs)
                .post_with(lists::suppress, lists::suppress_docs),
        )
        .api_route("/v1/suppressions/{id}/lift", post_with(lists::lift, lists::lift_docs))
        .api_route(
            "/v1/webhooks",
            get_with(webhooks::list, webhooks::list_docs).post_with(webhooks::make, webhooks::make_docs),
        )
        .api_route("/v1/webhooks/{id}", delete_with(webhooks::remove, webhooks::remove_docs))
        .api_route("/v1/webhooks/{id}/rotate", post_with(webhooks::rotate, webhooks::rotate_docs))
        .api_route("/v1/webhooks/{id}/dead", get_with(webhooks::dead, webhooks::dead_docs))
        .api_route("/v1/webhooks/{id}/replay", post_with(webhooks::replay, webhooks::replay_docs))
        .api_route("/v1/snapshots", post_with(operations::snapshot, operations::snapshot_docs))
        .api_route("/v1/audit", get_with(audit::trail, audit::trail_docs))
        .api_route(
            "/v1/keys",
            get_with(access::keys, access::keys_docs).post_with(access::make_key, access::make_key_docs),
        )
        .api_route("/v1/keys/{id}", delete_with(access::revoke_key, access::revoke_key_docs))
        .api_route("/v1/keys/{id}/rotate", post_with(access::rotate_key, access::rotate_key_docs))
        .route("/metrics", axum::routing::get(operations::metrics))
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
    if !shared.access.has_room(&caller, shared.requests_per_second, (shared.clock)()) {
        return Problem::too_fast().into_response();
    }
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
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
        // Counts over TLS only; elsewhere browsers pass over it.
        ("strict-transport-security", "max-age=31536000"),
    ] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
