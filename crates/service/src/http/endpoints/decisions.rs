//! What was decided, and why? A decision, what it was made from, and whether it comes out again.

use crate::access::Role;
use crate::core::Control;
use crate::http::Shared;
use crate::http::endpoints::{Caller, Op, changed, raw};
use crate::http::input::{Asked, Named};
use crate::http::problem::Problem;
use crate::rederive::{Behind, Feature, Rederived};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use ringfence_decide::notice::{Language, Notice};
use ringfence_domain::Decision;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Names a refund.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RefundPath {
    /// The refund of the request.
    refund: String,
}

/// The first decision on a refund. What a person reads is recorded; a system of the shop reads what it asked for.
pub async fn decision(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(RefundPath { refund }): Named<RefundPath>,
) -> Result<Response, Problem> {
    let (_, decision) = found(&shared, &refund).await?;
    if by.role != Some(Role::Integration) {
        changed(&shared, Control::noted("decision_read", refund, by)).await?;
    }
    Ok(raw(&decision))
}

pub(crate) fn decision_docs(op: Op<'_>) -> Op<'_> {
    op.id("getDecision")
        .summary("Read the decision on a refund")
        .tag("Decisions")
        .response::<200, Json<Decision>>()
        .response::<404, Problem>()
}

/// In which language.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct InLanguage {
    /// `en` or `it`.
    #[serde(default)]
    language: Language,
}

/// What may be told to the customer. What a person reads is recorded, as with the decision itself.
pub async fn notice(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(RefundPath { refund }): Named<RefundPath>,
    Asked(InLanguage { language }): Asked<InLanguage>,
) -> Result<Json<Notice>, Problem> {
    let (position, decision) = found(&shared, &refund).await?;
    if by.role != Some(Role::Integration) {
        changed(&shared, Control::noted("notice_read", refund, by)).await?;
    }
    let decision: Decision = serde_json::from_slice(&decision)
        .map_err(|e| Problem::closed().detail(format!("decision {position} cannot be read: {e}")))?;
    Ok(Json(ringfence_decide::notice::notice(&decision, language)))
}

pub(crate) fn notice_docs(op: Op<'_>) -> Op<'_> {
    op.id("getNotice")
        .summary("What may be told to the customer: the decision in plain words, and how to appeal")
        .description("In coarse words, so that it teaches nobody how to get round it.")
        .tag("Decisions")
        .response::<400, Problem>()
        .response::<404, Problem>()
}

async fn found(shared: &Shared, refund: &str) -> Result<(u64, Arc<[u8]>), Problem> {
    let none = || Problem::new(StatusCode::NOT_FOUND, "no-decision", "There is no decision on this refund");
    let found = shared.worker.decision(refund.to_owned()).await?;
    found.ok_or_else(|| none().detail(refund))
}

/// Folds the log again: costly, so one at a time.
async fn again(shared: &Shared, position: u64) -> Result<Rederived, Problem> {
    let Ok(_one) = shared.rederiving.try_acquire() else { return Err(Problem::busy()) };
    let history = shared.worker.history().clone();
    let made = tokio::task::spawn_blocking(move || history.rederive(position)).await;
    Ok(made.map_err(|e| Problem::closed().detail(e.to_string()))??)
}

/// What a decision was made from.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Evidence {
    /// The decision, with its reasons.
    decision: serde_json::Value,
    /// Where it stands in the log.
    position: u64,
    /// Whether it comes out again, byte for byte.
    same: bool,
    /// The vector of the request as of its arrival, column by column.
    vector: Vec<Feature>,
    /// The events that its reasons name, and the request itself, in the order of the log.
    events: Vec<Behind>,
}

/// What a decision was made from.
pub async fn evidence(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(RefundPath { refund }): Named<RefundPath>,
) -> Result<Json<Evidence>, Problem> {
    let (position, _) = found(&shared, &refund).await?;
    // First recorded, then read.
    changed(&shared, Control::noted("evidence_read", refund, by)).await?;
    let Rederived { recorded, rederived, position, vector, events, .. } = again(&shared, position).await?;
    let same = recorded == rederived;
    let decision = serde_json::from_slice(&recorded).unwrap_or_default();
    Ok(Json(Evidence { decision, position, same, vector, events }))
}

pub(crate) fn evidence_docs(op: Op<'_>) -> Op<'_> {
    op.id("getEvidence")
        .summary("What a decision was made from: its vector with names, and the events behind its reasons")
        .description("The log is folded up to the request for it. The reading is recorded.")
        .tag("Decisions")
        .response::<404, Problem>()
        .response::<410, Problem>()
        .response::<429, Problem>()
}

/// A decision that was made again.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Compared {
    /// The refund.
    refund: String,
    /// Where the decision stands in the log.
    position: u64,
    /// Whether the same bytes come out.
    same: bool,
    /// As answered.
    recorded: serde_json::Value,
    /// As it comes out now.
    rederived: serde_json::Value,
    /// Position of the snapshot from which it was folded; from the beginning of the log where there is none.
    snapshot: Option<u64>,
    /// Records folded.
    records: u64,
}

/// Makes a decision again from the log, and compares.
pub async fn rederive(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(RefundPath { refund }): Named<RefundPath>,
) -> Result<Json<Compared>, Problem> {
    let (position, _) = found(&shared, &refund).await?;
    changed(&shared, Control::noted("decision_rederived", refund.clone(), by)).await?;
    let Rederived { recorded, rederived, position, snapshot, records, .. } = again(&shared, position).await?;
    let same = recorded == rederived;
    let value = |json: &[u8]| serde_json::from_slice(json).unwrap_or_default();
    let (recorded, rederived) = (value(&recorded), value(&rederived));
    Ok(Json(Compared { refund, position, same, recorded, rederived, snapshot, records }))
}

pub(crate) fn rederive_docs(op: Op<'_>) -> Op<'_> {
    op.id("rederiveDecision")
        .summary("Make a decision again from the log, and compare its bytes")
        .tag("Decisions")
        .response::<404, Problem>()
        .response::<410, Problem>()
        .response::<429, Problem>()
}
