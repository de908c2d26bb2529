//! How do events come in, and decisions out? A few lines over the door and the worker.

use crate::door::Checked;
use crate::http::Shared;
use crate::http::endpoints::{Op, raw};
use crate::http::input::{Raw, Shape, takes};
use crate::http::problem::Problem;
use crate::worker::Receipt;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ringfence_domain::Body;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// Media type of one CloudEvent.
const EVENT: &str = "application/cloudevents+json";
/// Media type of a batch.
const BATCH: &str = "application/cloudevents-batch+json";
/// Media type of JSON lines.
const LINES: &str = "application/x-ndjson";

const ONE: Shape = (EVENT, "object", "One CloudEvents object.");
const SEVERAL: Shape = (BATCH, "array", "CloudEvents objects.");
const A_LINE: Shape = (LINES, "string", "One CloudEvents object a line.");

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

pub(crate) fn events_docs(op: Op<'_>) -> Op<'_> {
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
        .with(|op| takes(op, &[ONE, SEVERAL, A_LINE]))
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

pub(crate) fn decide_docs(op: Op<'_>) -> Op<'_> {
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
        .with(|op| takes(op, &[ONE]))
}
