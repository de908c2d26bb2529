//! How is the service spoken to? Endpoints, each in the policy table, described as OpenAPI from the same types.

#![allow(clippy::result_large_err)] // A problem is made once for a refused request.

pub mod browser;
mod described;
pub mod endpoints;
pub(crate) mod guard;
pub mod input;
pub mod problem;
pub(crate) mod sign_in;
pub mod table;
pub mod trace;

pub use browser::Web;
pub use table::endpoints;

use crate::access::Access;
use crate::backtest::Backtests;
use crate::casework::Casework;
use crate::digest::Digest;
use crate::door::Door;
use crate::oidc::Oidc;
use crate::pseudonyms::Pseudonyms;
use crate::shadow::Shadow;
use crate::survey::Surveys;
use crate::webhooks::Webhooks;
use crate::workbench::page;
use crate::worker::Worker;
use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with, post_with, put_with};
use aide::openapi::{Info, OpenApi, SecurityScheme};
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Extension, Router};
use endpoints::{
    appeals, audit, backtests, case_packs, case_parts, cases, decisions, events, keys, leads, lists, login,
    me, oidc, operations, pages, promotions, queue, survey, texts, users, versions, webhooks,
};
use guard::{guard, not_found, secure_headers};
use problem::Problem;
use ringfence_domain::Timestamp;
use ringfence_leads::posts::Names;
use ringfence_store::log::HeadKey;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// What the endpoints share.
#[derive(Debug)]
pub struct Shared {
    /// Takes events.
    pub worker: Worker,
    /// Checks them.
    pub door: Door,
    /// Who may do what.
    pub access: Access,
    /// How browsers reach it.
    pub web: Web,
    /// The identity provider, if there is one.
    pub oidc: Option<Arc<Oidc>>,
    /// Some hashes of passwords at a time.
    pub hashing: Semaphore,
    /// The clock.
    pub clock: fn() -> Timestamp,
    /// What decides beside, without effect.
    pub shadow: Shadow,
    /// Other versions on all of the log.
    pub backtests: Backtests,
    /// Figures that no event holds.
    pub surveys: Surveys,
    /// The shop's own names, for posts.
    pub names: Names,
    /// Under which names staff are shown.
    pub pseudonyms: Pseudonyms,
    /// Who is told.
    pub webhooks: Webhooks,
    /// The queue and the cases.
    pub casework: Casework,
    /// Whether one person may propose and approve.
    pub single_approver: bool,
    /// Whether spans of requests are sent on.
    pub traces: bool,
    /// Requests a second of one key, where it has no limit of its own.
    pub requests_per_second: Option<u32>,
    /// One decision is made again at a time: each takes the memory of a whole state.
    pub rederiving: Semaphore,
    /// One pack of evidence at a time: the log is read four times for each.
    pub packing: Arc<Semaphore>,
    /// What signs packs of evidence.
    pub pack_key: Option<HeadKey>,
    /// One snapshot at a time.
    pub snapshotting: Semaphore,
    /// The log as pages read it.
    pub digest: Digest,
    /// Pages that listen.
    pub listeners: Arc<Semaphore>,
    /// Whether the service stops: whoever answers without end ends.
    pub stopping: watch::Sender<bool>,
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
    let cookie = shared.web.cookie_name();
    let body_max = shared.door.limits().batch_bytes_max;
    let pages = page::routes().fold(ApiRouter::new(), |all, route| all.route(route.path, (route.handler)()));
    let routes = pages
        .api_route("/healthz", get_with(operations::health, operations::health_docs))
        .api_route("/readyz", get_with(operations::ready, operations::ready_docs))
        .api_route("/v1/setup", post_with(login::set_up, login::set_up_docs))
        .api_route("/v1/login", post_with(login::login, login::login_docs))
        .api_route("/v1/logout", post_with(login::logout, login::logout_docs))
        .api_route("/v1/password", post_with(login::choose, login::choose_docs))
        .api_route("/v1/me", get_with(me::me, me::me_docs))
        .api_route("/v1/me/password", post_with(me::change_password, me::change_password_docs))
        .api_route(
            "/v1/me/keys",
            get_with(keys::own_keys, keys::own_keys_docs)
                .post_with(keys::make_own_key, keys::make_own_key_docs),
        )
        .api_route("/v1/me/keys/{id}", delete_with(keys::revoke_own_key, keys::revoke_own_key_docs))
        .api_route("/v1/events", post_with(events::events, events::events_docs))
        .api_route("/v1/refunds/decide", post_with(events::decide, events::decide_docs))
        .api_route("/v1/decisions/{refund}", get_with(decisions::decision, decisions::decision_docs))
        .api_route("/v1/decisions/{refund}/notice", get_with(decisions::notice, decisions::notice_docs))
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
        .api_route("/v1/survey", get_with(survey::progress, survey::progress_docs))
        .api_route("/v1/cards", post_with(versions::card, versions::card_docs))
        .api_route("/v1/check", post_with(versions::check, versions::check_docs))
        .api_route(
            "/v1/backtest",
            get_with(backtests::report, backtests::report_docs)
                .post_with(backtests::start, backtests::start_docs)
                .delete_with(backtests::end, backtests::end_docs),
        )
        .api_route("/v1/check/{part}", post_with(texts::check, texts::check_docs))
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
        .api_route("/v1/leads", get_with(leads::list, leads::list_docs))
        .api_route("/v1/leads/{lead}", get_with(leads::one, leads::one_docs))
        .api_route("/v1/leads/{lead}/history", get_with(leads::history, leads::history_docs))
        .api_route("/v1/leads/{lead}/graph", get_with(leads::graph, leads::graph_docs))
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
        .merge(queue::routes())
        .merge(appeals::routes())
        .merge(cases::routes())
        .merge(case_parts::routes())
        .merge(case_packs::routes())
        .api_route("/v1/snapshots", post_with(operations::snapshot, operations::snapshot_docs))
        .api_route("/v1/audit", get_with(audit::trail, audit::trail_docs))
        .api_route(
            "/v1/keys",
            get_with(keys::keys, keys::keys_docs).post_with(keys::make_key, keys::make_key_docs),
        )
        .api_route("/v1/keys/{id}", delete_with(keys::revoke_key, keys::revoke_key_docs))
        .api_route("/v1/keys/{id}/rotate", post_with(keys::rotate_key, keys::rotate_key_docs))
        .api_route(
            "/v1/users",
            get_with(users::list, users::list_docs).post_with(users::make, users::make_docs),
        )
        .api_route(
            "/v1/users/{id}",
            put_with(users::set, users::set_docs).delete_with(users::remove, users::remove_docs),
        )
        .api_route("/v1/users/{id}/reset", post_with(users::reset, users::reset_docs))
        .route("/", get(pages::home))
        .route("/login", get(pages::login_page).post(pages::login))
        .route("/logout", axum::routing::post(pages::logout))
        .route("/setup", get(pages::set_up_page).post(pages::set_up))
        .route("/password", get(pages::password_page).post(pages::password))
        .route("/oidc/login", get(oidc::login))
        .route("/oidc/callback", get(oidc::callback))
        .route("/metrics", get(operations::metrics))
        .route("/openapi.json", get(openapi))
        .route("/docs", aide::scalar::Scalar::new("/openapi.json").with_title("Ringfence").axum_route())
        .finish_api_with(&mut api, |api| {
            let bearer: SecurityScheme = serde_json::from_value(serde_json::json!({
                "type": "http", "scheme": "bearer", "description": "An API key."
            }))
            .expect("this is how OpenAPI writes a bearer scheme");
            let session: SecurityScheme = serde_json::from_value(serde_json::json!({
                "type": "apiKey", "in": "cookie", "name": cookie,
                "description": "A session, as signing in sets it; changes need the header `x-csrf-token` too."
            }))
            .expect("this is how OpenAPI writes a cookie");
            let api = api.security_scheme("key", bearer).security_scheme("session", session);
            api.security_requirement("key").security_requirement("session")
        });
    let mut document = serde_json::to_value(api).expect("the document is of JSON");
    described::describe(&mut document);
    routes
        .layer(Extension(Arc::new(document)))
        .layer(DefaultBodyLimit::max(body_max))
        .route_layer(from_fn_with_state(shared.clone(), guard))
        .fallback(not_found)
        .layer(axum::middleware::from_fn(secure_headers))
        .layer(from_fn_with_state(shared.clone(), trace::trace))
        .with_state(shared)
}

async fn openapi(Extension(document): Extension<Arc<serde_json::Value>>) -> axum::Json<serde_json::Value> {
    axum::Json(serde_json::Value::clone(&document))
}
