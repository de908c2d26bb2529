//! What does the service say of itself? Health, metrics, snapshots.

use crate::core::Control;
use crate::http::Shared;
use crate::http::endpoints::{Caller, Op, changed};
use crate::http::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

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

pub(crate) fn health_docs(op: Op<'_>) -> Op<'_> {
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

pub(crate) fn ready_docs(op: Op<'_>) -> Op<'_> {
    op.id("ready")
        .summary("Whether events are taken")
        .tag("Operations")
        .security_requirement_multi::<[&str; 0]>([])
        .response::<503, Problem>()
}

/// Where a snapshot stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SnapshotTaken {
    /// Records before it.
    pub(crate) position: u64,
    /// Hash of the log's chain there.
    hash: String,
}

/// Writes a snapshot now, beside the live path.
pub async fn snapshot(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
) -> Result<Json<SnapshotTaken>, Problem> {
    changed(&shared, Control::noted("snapshot_asked", "snapshots", by)).await?;
    let failed = |what: String| {
        Problem::new(StatusCode::INSUFFICIENT_STORAGE, "snapshot", "No snapshot was written")
            .detail(what)
            .remedy("the older one stays; mend the disk and ask again")
    };
    let Ok(_one) = shared.snapshotting.try_acquire() else { return Err(Problem::busy()) };
    let history = shared.worker.history().clone();
    let written = tokio::task::spawn_blocking(move || history.snapshot()).await;
    match written.map_err(|e| failed(e.to_string()))? {
        Ok(Some(head)) => Ok(Json(SnapshotTaken { position: head.position, hash: head.hash.to_string() })),
        Ok(None) => Err(failed("the log is empty".into())),
        Err(e) => Err(failed(e.to_string())),
    }
}

pub(crate) fn snapshot_docs(op: Op<'_>) -> Op<'_> {
    op.id("takeSnapshot")
        .summary("Write a snapshot now, for a fast restart")
        .tag("Operations")
        .response::<507, Problem>()
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
        (
            "ringfence_controls_total",
            "counter",
            "Changes and recorded reads since the start",
            read(&c.controls),
        ),
        ("ringfence_jobs_waiting", "gauge", "Requests that wait to be decided", read(&c.waiting)),
        ("ringfence_failed", "gauge", "1 once the disk failed", u64::from(c.failed.load(Ordering::Relaxed))),
    ] {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], out).into_response()
}
