//! What does each endpoint do? A few lines each over the door, the worker and the keys.

use crate::access::{AccessError, Key, Role};
use crate::door::Checked;
use crate::http::Shared;
use crate::http::input::{Input, Raw};
use crate::http::problem::Problem;
use crate::worker::{NotTaken, Receipt};
use aide::transform::TransformOperation;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ringfence_domain::{Body, Timestamp, Versions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Media type of one CloudEvent.
const EVENT: &str = "application/cloudevents+json";
/// Media type of a batch.
const BATCH: &str = "application/cloudevents-batch+json";
/// Media type of JSON lines.
const LINES: &str = "application/x-ndjson";

type Op<'a> = TransformOperation<'a>;

impl From<NotTaken> for Problem {
    fn from(e: NotTaken) -> Problem {
        match e {
            NotTaken::Busy => Problem::busy(),
            NotTaken::Closed => Problem::closed(),
        }
    }
}

impl From<AccessError> for Problem {
    fn from(e: AccessError) -> Problem {
        let (status, kind) = match e {
            AccessError::SetUp => (StatusCode::FORBIDDEN, "set-up"),
            AccessError::Unknown(_) => (StatusCode::NOT_FOUND, "not-found"),
            AccessError::TooMany => (StatusCode::CONFLICT, "too-many-keys"),
            AccessError::Name => (StatusCode::BAD_REQUEST, "invalid-key"),
            AccessError::Io { .. } | AccessError::Malformed { .. } => {
                (StatusCode::INTERNAL_SERVER_ERROR, "keys")
            }
        };
        Problem::new(status, kind, "The keys are as they were").detail(e.to_string())
    }
}

/// What became of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// New, and durable.
    Accepted,
    /// Seen before with the same content; nothing changed.
    Duplicate,
    /// Not taken; the problem says why.
    Refused,
}

/// A receipt for one event, in the order in which they were sent.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventReceipt {
    /// The event's source, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// The event's id, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    status: Status,
    /// Its place in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    /// For a refund request: the decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<serde_json::Value>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

impl EventReceipt {
    fn refused(problem: Problem) -> EventReceipt {
        EventReceipt {
            source: None,
            id: None,
            status: Status::Refused,
            position: None,
            decision: None,
            problem: Some(problem),
        }
    }
    fn of(source: String, id: String, receipt: Receipt) -> EventReceipt {
        let value = |json: &[u8]| serde_json::from_slice(json).ok();
        let (status, position, decision, problem) = match receipt {
            Receipt::Accepted { position } => (Status::Accepted, Some(position), None, None),
            Receipt::Decided { position, decision } => {
                (Status::Accepted, Some(position), value(&decision), None)
            }
            Receipt::Duplicate { decision } => {
                (Status::Duplicate, None, decision.and_then(|d| value(&d)), None)
            }
            Receipt::OtherContent => (Status::Refused, None, None, Some(Problem::other_content())),
            Receipt::Refused(why) => (Status::Refused, None, None, Some(Problem::not_weighed(&why))),
        };
        EventReceipt { source: Some(source), id: Some(id), status, position, decision, problem }
    }
}

/// Takes what passed the door, in one group commit, and puts the receipts back in order.
async fn take(shared: &Shared, checked: Vec<Checked>) -> Result<Vec<EventReceipt>, Problem> {
    let mut good = Vec::with_capacity(checked.len());
    let mut named = Vec::with_capacity(checked.len());
    for one in checked {
        match one {
            Ok(arrived) => {
                named.push(Ok((
                    arrived.event.source.as_str().to_owned(),
                    arrived.event.id.as_str().to_owned(),
                )));
                good.push(arrived);
            }
            Err(refusal) => named.push(Err(Problem::refused(&refusal))),
        }
    }
    let mut taken = if good.is_empty() { Vec::new() } else { shared.worker.take(good).await? }.into_iter();
    let receipts = named.into_iter().map(|one| match one {
        Ok((source, id)) => {
            let receipt = taken.next().expect("the worker answers every event");
            EventReceipt::of(source, id, receipt)
        }
        Err(problem) => EventReceipt::refused(problem),
    });
    Ok(receipts.collect())
}

/// Events in: one, a batch, or JSON lines.
pub async fn events(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Raw(bytes): Raw,
) -> Result<Response, Problem> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    match media {
        EVENT | "application/json" => {
            let checked = shared.door.event(&bytes);
            let receipts = take(&shared, vec![checked]).await?;
            let receipt = receipts.into_iter().next().expect("one event, one receipt");
            let status = match &receipt.problem {
                None => StatusCode::OK,
                Some(p) => StatusCode::from_u16(p.status).unwrap_or(StatusCode::BAD_REQUEST),
            };
            Ok(match receipt.problem {
                Some(problem) => problem.into_response(),
                None => (status, Json(receipt)).into_response(),
            })
        }
        BATCH => {
            let checked = shared.door.batch(&bytes).map_err(|r| Problem::refused(&r))?;
            Ok(Json(take(&shared, checked).await?).into_response())
        }
        LINES | "application/jsonl" => {
            let receipts = take(&shared, shared.door.lines(&bytes, 1)).await?;
            let mut out = Vec::new();
            for receipt in receipts {
                serde_json::to_writer(&mut out, &receipt).expect("a receipt serialises");
                out.push(b'\n');
            }
            Ok(([(header::CONTENT_TYPE, LINES)], out).into_response())
        }
        _ => {
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "Events come in three forms")
                .remedy(format!("send {EVENT}, {BATCH} or {LINES}")))
        }
    }
}

pub(super) fn events_docs(op: Op<'_>) -> Op<'_> {
    op.id("postEvents")
        .summary("Send events: one, a batch, or JSON lines")
        .description(
            "Every event gets a receipt once it is durable. `(source, id)` identifies an event: sending it again is safe \
             and changes nothing. A bad event does not keep the others of its batch out.",
        )
        .tag("Events")
        .response::<200, Json<Vec<EventReceipt>>>()
        .response::<400, Problem>()
        .response::<409, Problem>()
        .response::<415, Problem>()
        .response::<422, Problem>()
        .response::<429, Problem>()
        .response::<503, Problem>()
}

/// A refund request in, its decision out.
pub async fn decide(State(shared): State<Arc<Shared>>, Raw(bytes): Raw) -> Result<Response, Problem> {
    let arrived = shared.door.event(&bytes).map_err(|r| Problem::refused(&r))?;
    if !matches!(arrived.event.body, Body::RefundRequested(_)) {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "not-a-request",
            "Only refund.requested is decided",
        )
        .remedy("send other events to /v1/events"));
    }
    let receipt = shared.worker.take(vec![arrived]).await?.pop().expect("one event, one receipt");
    match receipt {
        Receipt::Decided { decision, .. } | Receipt::Duplicate { decision: Some(decision) } => {
            Ok(raw(&decision))
        }
        Receipt::OtherContent => Err(Problem::other_content()),
        Receipt::Refused(why) => Err(Problem::not_weighed(&why)),
        Receipt::Accepted { .. } | Receipt::Duplicate { decision: None } => Err(Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "no-decision",
            "The request is in the log, but its decision cannot be read",
        )
        .remedy("`ringfence log verify` tells whether the log was damaged")),
    }
}

pub(super) fn decide_docs(op: Op<'_>) -> Op<'_> {
    op.id("decideRefund")
        .summary("Decide on a refund request")
        .description("Takes a `refund.requested` event and answers its decision, once both are durable. The same event again gets the same bytes.")
        .tag("Decisions")
        .response::<200, Json<ringfence_domain::Decision>>()
        .response::<400, Problem>()
        .response::<409, Problem>()
        .response::<422, Problem>()
        .response::<429, Problem>()
        .response::<503, Problem>()
}

fn raw(json: &[u8]) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json.to_vec()).into_response()
}

/// Names a refund.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RefundPath {
    /// The refund of the request.
    refund: String,
}

/// Names a key.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct KeyPath {
    /// Its id, as the list shows it.
    id: String,
}

/// The first decision on a refund.
pub async fn decision(
    State(shared): State<Arc<Shared>>,
    Path(RefundPath { refund }): Path<RefundPath>,
) -> Result<Response, Problem> {
    match shared.worker.decision(refund.clone()).await? {
        Some(decision) => Ok(raw(&decision)),
        None => {
            Err(Problem::new(StatusCode::NOT_FOUND, "no-decision", "There is no decision on this refund")
                .detail(refund))
        }
    }
}

pub(super) fn decision_docs(op: Op<'_>) -> Op<'_> {
    op.id("getDecision")
        .summary("Read the decision on a refund")
        .tag("Decisions")
        .response::<200, Json<ringfence_domain::Decision>>()
        .response::<404, Problem>()
}

/// Whether the process runs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// The process runs.
pub async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

pub(super) fn health_docs(op: Op<'_>) -> Op<'_> {
    op.id("health")
        .summary("Whether the process runs")
        .tag("Operations")
        .security_requirement_multi::<[&str; 0]>([])
}

/// Whether events are taken.
pub async fn ready(State(shared): State<Arc<Shared>>) -> Result<Json<Health>, Problem> {
    let counts = shared.worker.counts();
    if counts.failed.load(Ordering::Acquire) {
        let failure = counts.failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        return Err(Problem::closed().detail(failure));
    }
    Ok(Json(Health { status: "ok" }))
}

pub(super) fn ready_docs(op: Op<'_>) -> Op<'_> {
    op.id("ready")
        .summary("Whether events are taken")
        .tag("Operations")
        .security_requirement_multi::<[&str; 0]>([])
        .response::<503, Problem>()
}

/// Which catalogue, model and policy decide.
pub async fn versions(State(shared): State<Arc<Shared>>) -> Json<Versions> {
    Json(shared.worker.versions().clone())
}

pub(super) fn versions_docs(op: Op<'_>) -> Op<'_> {
    op.id("versions").summary("Which catalogue, model and policy decide").tag("Operations")
}

/// Where a snapshot stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SnapshotTaken {
    /// Records before it.
    position: u64,
    /// Hash of the log's chain there.
    hash: String,
}

/// Writes a snapshot now.
pub async fn snapshot(State(shared): State<Arc<Shared>>) -> Result<Json<SnapshotTaken>, Problem> {
    match shared.worker.snapshot().await? {
        Ok(head) => Ok(Json(SnapshotTaken { position: head.position, hash: head.hash.to_string() })),
        Err(what) => {
            Err(Problem::new(StatusCode::INSUFFICIENT_STORAGE, "snapshot", "No snapshot was written")
                .detail(what)
                .remedy("the older one stays; mend the disk and ask again"))
        }
    }
}

pub(super) fn snapshot_docs(op: Op<'_>) -> Op<'_> {
    op.id("takeSnapshot")
        .summary("Write a snapshot now, for a fast restart")
        .tag("Operations")
        .response::<507, Problem>()
}

/// The token of the set-up link.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetUp {
    /// As printed at the first start.
    token: String,
}

/// A key with its secret: shown once.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewKey {
    #[serde(flatten)]
    key: Key,
    /// Send it as `Authorization: Bearer …`. It is not kept and cannot be shown again.
    secret: String,
}

/// Makes the first key.
pub async fn set_up(
    State(shared): State<Arc<Shared>>,
    Input(asked): Input<SetUp>,
) -> Result<Json<NewKey>, Problem> {
    let (key, secret) = shared.access.set_up(&asked.token, (shared.clock)())?;
    Ok(Json(NewKey { key, secret }))
}

pub(super) fn set_up_docs(op: Op<'_>) -> Op<'_> {
    op.id("setUp")
        .summary("Make the first key, with the token printed at the first start")
        .tag("Access")
        .security_requirement_multi::<[&str; 0]>([])
        .response::<403, Problem>()
}

/// A key to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyWanted {
    /// What it is for.
    name: String,
    /// What its holder is.
    role: Role,
    /// From then on it is refused; UTC.
    #[schemars(with = "Option<String>")]
    expires_at: Option<Timestamp>,
}

/// All keys, without secrets.
pub async fn keys(State(shared): State<Arc<Shared>>) -> Json<Vec<Key>> {
    Json(shared.access.list())
}

pub(super) fn keys_docs(op: Op<'_>) -> Op<'_> {
    op.id("listKeys").summary("List the keys, without their secrets").tag("Access")
}

/// Makes a key.
pub async fn make_key(
    State(shared): State<Arc<Shared>>,
    Input(wanted): Input<KeyWanted>,
) -> Result<Json<NewKey>, Problem> {
    let (key, secret) = shared.access.make(&wanted.name, wanted.role, wanted.expires_at, (shared.clock)())?;
    Ok(Json(NewKey { key, secret }))
}

pub(super) fn make_key_docs(op: Op<'_>) -> Op<'_> {
    op.id("makeKey").summary("Make a key; its secret is shown once").tag("Access").response::<400, Problem>()
}

/// Revokes a key.
pub async fn revoke_key(
    State(shared): State<Arc<Shared>>,
    Path(KeyPath { id }): Path<KeyPath>,
) -> Result<Json<Key>, Problem> {
    Ok(Json(shared.access.revoke(&id)?))
}

pub(super) fn revoke_key_docs(op: Op<'_>) -> Op<'_> {
    op.id("revokeKey").summary("Revoke a key at once").tag("Access").response::<404, Problem>()
}

/// Counters in the text form of Prometheus.
pub async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let c = shared.worker.counts();
    let mut out = String::new();
    let read = |n: &std::sync::atomic::AtomicU64| n.load(Ordering::Relaxed);
    for (name, kind, help, value) in [
        ("ringfence_events_total", "counter", "Events applied since the log began", read(&c.events)),
        ("ringfence_log_records_total", "counter", "Records in the log", read(&c.records)),
        ("ringfence_decisions_total", "counter", "Decisions answered since the start", read(&c.decisions)),
        ("ringfence_duplicates_total", "counter", "Events seen before since the start", read(&c.duplicates)),
        (
            "ringfence_refused_total",
            "counter",
            "Events refused by the engine since the start",
            read(&c.refused),
        ),
        ("ringfence_commits_total", "counter", "Group commits since the start", read(&c.commits)),
        (
            "ringfence_commit_microseconds_total",
            "counter",
            "Time spent in group commits",
            read(&c.commit_micros),
        ),
        ("ringfence_jobs_waiting", "gauge", "Requests that wait to be decided", read(&c.waiting)),
        ("ringfence_failed", "gauge", "1 once the disk failed", u64::from(c.failed.load(Ordering::Relaxed))),
    ] {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], out).into_response()
}
