//! Who is told? Endpoints of webhooks are made, watched, given new secrets, and told again.

use crate::core::{Control, Principal};
use crate::http::Shared;
use crate::http::endpoints::{Caller, Op, changed};
use crate::http::input::{Input, Named};
use crate::http::problem::Problem;
use crate::webhooks::deliver::Status;
use crate::webhooks::message::Wants;
use crate::webhooks::progress::{Dead, WAITING_MAX};
use crate::webhooks::{Endpoint, WebhookError};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

impl From<WebhookError> for Problem {
    fn from(e: WebhookError) -> Problem {
        let (status, kind) = match e {
            WebhookError::Target(_) => (StatusCode::BAD_REQUEST, "webhook-address"),
            WebhookError::TooMany => (StatusCode::CONFLICT, "too-many"),
            WebhookError::Unknown(_) => (StatusCode::NOT_FOUND, "not-found"),
            WebhookError::File(_) | WebhookError::Thread(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "webhooks")
            }
        };
        Problem::new(status, kind, "The webhooks are as they were").detail(e.to_string())
    }
}

/// Names an endpoint.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct HookPath {
    /// Its id.
    pub(crate) id: String,
}

/// An endpoint to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HookWanted {
    /// Where messages go: https, an address of the open network.
    pub(crate) url: String,
    /// What it wants to hear of; all decisions and no alerts where left out.
    #[serde(default)]
    pub(crate) wants: Wants,
    /// It hears of records from this position of the log on; from now on where left out.
    pub(crate) from: Option<u64>,
}

/// An endpoint with its secret: shown once.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewHook {
    #[serde(flatten)]
    pub(crate) endpoint: Endpoint,
    /// The receiver verifies signatures with it (Standard Webhooks).
    pub(crate) secret: String,
}

/// What to tell again.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// Positions of records of the log; all dead letters where left out.
    positions: Option<Vec<u64>>,
}

/// What is told again.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Told {
    /// Messages that are sent again; the rest fits when some of them are through.
    pub(crate) replayed: usize,
}

async fn noted(shared: &Shared, did: &str, endpoint: &Endpoint, by: Principal) -> Result<(), Problem> {
    let control = Control::Noted {
        did: did.into(),
        subject: endpoint.id.clone(),
        detail: [("url".to_owned(), endpoint.url.clone())].into(),
        by,
    };
    changed(shared, control).await.map(drop)
}

/// Makes an endpoint.
pub async fn make(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Input(wanted): Input<HookWanted>,
) -> Result<(StatusCode, Json<NewHook>), Problem> {
    let end = shared.worker.history().reader.head().position;
    let from = wanted.from.unwrap_or(end).min(end);
    let (endpoint, secret) = shared.webhooks.make(&wanted.url, wanted.wants, from)?;
    if let Err(problem) = noted(&shared, "webhook_made", &endpoint, by).await {
        // Nobody is told anything without its record.
        shared.webhooks.remove(&endpoint.id)?;
        return Err(problem);
    }
    Ok((StatusCode::CREATED, Json(NewHook { endpoint, secret })))
}

pub(crate) fn make_docs(op: Op<'_>) -> Op<'_> {
    op.id("makeWebhook")
        .summary("Have an address told of decisions and alerts")
        .description(
            "Bodies are CloudEvents, signed as Standard Webhooks says. Each record is told at least once, mostly in the order \
             of the log; receivers pass over a `webhook-id` that they have seen.",
        )
        .tag("Webhooks")
        .response::<201, Json<NewHook>>()
        .response::<400, Problem>()
        .response::<409, Problem>()
}

/// All endpoints.
pub async fn list(State(shared): State<Arc<Shared>>) -> Json<Vec<Status>> {
    Json(shared.webhooks.list())
}

pub(crate) fn list_docs(op: Op<'_>) -> Op<'_> {
    op.id("listWebhooks").summary("List the endpoints, and how far each is along the log").tag("Webhooks")
}

/// Ends an endpoint.
pub async fn remove(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(HookPath { id }): Named<HookPath>,
) -> Result<Json<Endpoint>, Problem> {
    let endpoint = shared.webhooks.remove(&id)?;
    noted(&shared, "webhook_removed", &endpoint, by).await?;
    Ok(Json(endpoint))
}

pub(crate) fn remove_docs(op: Op<'_>) -> Op<'_> {
    op.id("removeWebhook").summary("Tell an endpoint no more").tag("Webhooks").response::<404, Problem>()
}

/// Gives an endpoint a new secret.
pub async fn rotate(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(HookPath { id }): Named<HookPath>,
) -> Result<Json<NewHook>, Problem> {
    let (endpoint, secret) = shared.webhooks.rotate(&id)?;
    noted(&shared, "webhook_rotated", &endpoint, by).await?;
    Ok(Json(NewHook { endpoint, secret }))
}

pub(crate) fn rotate_docs(op: Op<'_>) -> Op<'_> {
    op.id("rotateWebhook")
        .summary("Give an endpoint a new secret; the old one signs beside it for a day")
        .tag("Webhooks")
        .response::<404, Problem>()
}

/// What an endpoint was not told.
pub async fn dead(
    State(shared): State<Arc<Shared>>,
    Named(HookPath { id }): Named<HookPath>,
) -> Result<Json<Vec<Dead>>, Problem> {
    Ok(Json(shared.webhooks.dead(&id)?))
}

pub(crate) fn dead_docs(op: Op<'_>) -> Op<'_> {
    op.id("listDeadLetters")
        .summary("What was given up after the last try")
        .tag("Webhooks")
        .response::<404, Problem>()
}

/// Tells an endpoint again.
pub async fn replay(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(HookPath { id }): Named<HookPath>,
    Input(Again { positions }): Input<Again>,
) -> Result<Json<Told>, Problem> {
    if positions.as_ref().is_some_and(|p| p.len() > WAITING_MAX) {
        let problem = Problem::new(StatusCode::BAD_REQUEST, "too-many", "These are too many at once");
        return Err(problem.remedy(format!("name up to {WAITING_MAX} positions")));
    }
    changed(&shared, Control::noted("webhook_replayed", id.clone(), by)).await?;
    let replayed = shared.webhooks.replay(&id, positions)?;
    Ok(Json(Told { replayed }))
}

pub(crate) fn replay_docs(op: Op<'_>) -> Op<'_> {
    op.id("replayWebhook")
        .summary("Tell an endpoint again of its dead letters, or of records that are named")
        .tag("Webhooks")
        .response::<404, Problem>()
}
