//! Who did what? The control records of the log, newest first, for auditors.

use crate::core::Control;
use crate::http::Shared;
use crate::http::endpoints::{Caller, Op, changed};
use crate::http::input::Asked;
use crate::http::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Entries of one answer.
const PAGE_MAX: u64 = 500;

/// A part of the trail.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Page {
    /// Only entries before this position of the log; left out, the newest.
    before: Option<u64>,
    /// How many, up to 500.
    limit: Option<u64>,
}

/// One thing that somebody did.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Entry {
    /// Its place in the log: `ringfence log verify` proves that it was not changed since.
    position: u64,
    /// When.
    recorded: String,
    /// What, to what, by whom.
    record: serde_json::Value,
}

/// The trail.
pub async fn trail(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Asked(Page { before, limit }): Asked<Page>,
) -> Result<Json<Vec<Entry>>, Problem> {
    changed(&shared, Control::noted("audit_read", "audit", by)).await?;
    let limit = limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let places = shared.worker.look(move |core| {
        let places = core.control_places();
        let end = before.map_or(places.len(), |before| places.before(before));
        (end.saturating_sub(limit)..end).rev().filter_map(|n| places.get(n)).collect::<Vec<u64>>()
    });
    let (places, reader) = (places.await?, shared.worker.history().reader.clone());
    let anchor = reader.anchor().position;
    let read = move || -> Result<Vec<Entry>, String> {
        let kept = places.into_iter().filter(|position| *position >= anchor);
        let entry = |position: u64| {
            let record = reader.record(position).map_err(|e| e.to_string())?;
            let mut recorded = String::new();
            record.recorded.write(&mut recorded).expect("a String takes all text");
            let record = serde_json::from_slice(&record.payload).map_err(|e| e.to_string())?;
            Ok(Entry { position, recorded, record })
        };
        kept.map(entry).collect()
    };
    let fail = |what: String| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "log", "The log cannot be read").detail(what)
    };
    let entries = tokio::task::spawn_blocking(read).await.map_err(|e| fail(e.to_string()))?;
    Ok(Json(entries.map_err(fail)?))
}

pub(crate) fn trail_docs(op: Op<'_>) -> Op<'_> {
    op.id("readAudit")
        .summary("Who did what, newest first: every change, and every read of personal data")
        .description(
            "The entries are records of the log: its hash chain covers them. The reading is recorded too.",
        )
        .tag("Access")
}
