//! What belongs to a case over HTTP? Tasks, files, legal holds.

use crate::casework::{Case, TaskRow};
use crate::core::Control;
use crate::http::Shared;
use crate::http::endpoints::cases::{CasePath, Reason, known, refusals};
use crate::http::endpoints::{Caller, Op, changed};
use crate::http::input::{Asked, Input, Named, Raw};
use crate::http::problem::Problem;
use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with, put_with};
use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ringfence_casework::case::{About, Subject};
use ringfence_casework::limits::FILE_BYTES_MAX;
use ringfence_domain::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Rows of a list, where nothing is said.
const ROWS: usize = 100;

/// The endpoints.
pub(crate) fn routes() -> ApiRouter<Arc<Shared>> {
    ApiRouter::new()
        .api_route("/v1/tasks", get_with(tasks, tasks_docs))
        .api_route("/v1/cases/{id}/tasks", post_with(add_task, add_task_docs))
        .api_route("/v1/cases/{id}/tasks/{task}", put_with(move_task, move_task_docs))
        .api_route("/v1/cases/{id}/tasks/{task}/end", post_with(end_task, end_task_docs))
        .api_route(
            "/v1/cases/{id}/files",
            post_with(file, file_docs).layer(DefaultBodyLimit::max(FILE_BYTES_MAX)),
        )
        .api_route("/v1/cases/{id}/files/{sha256}", get_with(content, content_docs))
        .api_route("/v1/holds", get_with(holds, holds_docs))
        .api_route("/v1/cases/{id}/holds", post_with(hold, hold_docs))
        .api_route("/v1/cases/{id}/holds/{hold}/lift", post_with(lift, lift_docs))
}

/// Whose tasks.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Whose {
    /// A user's id; everybody's where left out.
    assignee: Option<String>,
    /// Rows, up to 200; 100 where left out.
    limit: Option<usize>,
}

/// Open tasks.
pub async fn tasks(
    State(shared): State<Arc<Shared>>,
    Asked(Whose { assignee, limit }): Asked<Whose>,
) -> Result<Json<Vec<TaskRow>>, Problem> {
    Ok(Json(shared.casework.tasks(assignee, limit.unwrap_or(ROWS)).await?))
}

fn tasks_docs(op: Op<'_>) -> Op<'_> {
    op.id("readTasks").summary("Open tasks of all cases, those due first before").tag("Cases")
}

/// Names a task.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct TaskPath {
    /// The case.
    id: u64,
    /// The task's number in it.
    task: u32,
}

/// A task.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskWanted {
    /// What is to be done; no personal data.
    #[schemars(length(min = 1, max = 200))]
    title: String,
    /// By whom.
    assignee: Option<String>,
    /// Until when.
    due: Option<Timestamp>,
}

/// Adds a task.
pub async fn add_task(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(CasePath { id }): Named<CasePath>,
    Input(TaskWanted { title, assignee, due }): Input<TaskWanted>,
) -> Result<Json<Case>, Problem> {
    known(&shared, assignee.as_deref())?;
    Ok(Json(shared.casework.add_task(id, title, assignee, due, &by).await?))
}

fn add_task_docs(op: Op<'_>) -> Op<'_> {
    refusals(op.id("addTask").summary("Have something done"))
}

/// Who does a task, and until when.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskChange {
    /// By whom; nobody where left out.
    assignee: Option<String>,
    /// Until when; no time where left out.
    due: Option<Timestamp>,
}

/// Gives a task to somebody else.
pub async fn move_task(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(TaskPath { id, task }): Named<TaskPath>,
    Input(TaskChange { assignee, due }): Input<TaskChange>,
) -> Result<Json<Case>, Problem> {
    known(&shared, assignee.as_deref())?;
    Ok(Json(shared.casework.move_task(id, task, assignee, due, &by).await?))
}

fn move_task_docs(op: Op<'_>) -> Op<'_> {
    refusals(op.id("moveTask").summary("Give a task to somebody else, or another time"))
}

/// How a task ended.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskEnd {
    /// Whether it was done; otherwise it is dropped.
    done: bool,
}

/// Ends a task.
pub async fn end_task(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(TaskPath { id, task }): Named<TaskPath>,
    Input(TaskEnd { done }): Input<TaskEnd>,
) -> Result<Json<Case>, Problem> {
    Ok(Json(shared.casework.end_task(id, task, done, &by).await?))
}

fn end_task_docs(op: Op<'_>) -> Op<'_> {
    refusals(op.id("endTask").summary("End a task, done or dropped"))
}

/// What a file is called.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct FileName {
    /// Its name.
    name: String,
}

/// Keeps a file.
pub async fn file(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(CasePath { id }): Named<CasePath>,
    Asked(FileName { name }): Asked<FileName>,
    headers: HeaderMap,
    Raw(bytes): Raw,
) -> Result<Json<Case>, Problem> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    Ok(Json(shared.casework.file(id, name, media, bytes.to_vec(), &by).await?))
}

fn file_docs(op: Op<'_>) -> Op<'_> {
    let op =
        op.id("addFile").summary("Keep a file with a case: the body is its content, Content-Type its type");
    refusals(op.description(
        "At most 25 MiB, of a short list of types. The content is kept under its SHA-256, which the log names.",
    ))
}

/// Names a file.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct FilePath {
    /// The case.
    id: u64,
    /// The SHA-256 of the content.
    sha256: String,
}

/// A file's content.
pub async fn content(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(FilePath { id, sha256 }): Named<FilePath>,
) -> Result<Response, Problem> {
    let (file, content) = shared.casework.file_content(id, &sha256).await?;
    changed(&shared, Control::noted("case_file_read", format!("{id} {sha256}"), by)).await?;
    // Never shown by the browser itself, whatever it is; the name in the form that takes any letter (RFC 6266).
    let name: String = form_urlencoded::byte_serialize(file.name.as_bytes()).collect();
    let disposition = format!("attachment; filename*=UTF-8''{}", name.replace('+', "%20"));
    let headers = [(header::CONTENT_TYPE, file.media_type), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, content).into_response())
}

fn content_docs(op: Op<'_>) -> Op<'_> {
    op.id("readFile")
        .summary("A file of a case, proved to be what was filed; the reading is recorded")
        .tag("Cases")
        .response::<404, Problem>()
}

/// What is held.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct HoldsWanted {
    /// Of which kind.
    about: About,
    /// Whether this one is held, and by which cases; all of the kind where left out.
    subject: Option<String>,
    /// Ids after this one.
    #[serde(default)]
    after: String,
}

/// What legal holds cover.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Held {
    /// Ids of the kind, at most 1,000, in their order.
    ids: Vec<String>,
    /// Of one id that was asked for: the cases whose holds cover it.
    cases: Vec<u64>,
}

/// Ids of one answer.
const IDS_MAX: usize = 1_000;

/// What legal holds cover.
pub async fn holds(
    State(shared): State<Arc<Shared>>,
    Asked(HoldsWanted { about: kind, subject, after }): Asked<HoldsWanted>,
) -> Result<Json<Held>, Problem> {
    Ok(Json(match subject {
        Some(id) => {
            let cases = shared.casework.held_by(Subject { kind, id: id.clone() }).await?;
            Held { ids: if cases.is_empty() { Vec::new() } else { vec![id] }, cases }
        }
        None => Held { ids: shared.casework.held(kind, after, IDS_MAX).await?, cases: Vec::new() },
    }))
}

fn holds_docs(op: Op<'_>) -> Op<'_> {
    op.id("readHolds").summary("What legal holds cover: nothing of it may be deleted").tag("Cases")
}

/// Sets a legal hold.
pub async fn hold(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(CasePath { id }): Named<CasePath>,
    Input(Reason { why }): Input<Reason>,
) -> Result<(StatusCode, Json<Case>), Problem> {
    Ok((StatusCode::CREATED, Json(shared.casework.hold(id, why, &by).await?)))
}

fn hold_docs(op: Op<'_>) -> Op<'_> {
    let op = op.id("setHold").summary("Set a legal hold: nothing that the case links may be deleted");
    refusals(op.response::<201, Json<Case>>())
}

/// Names a hold.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct HoldPath {
    /// The case.
    id: u64,
    /// The hold's number in it.
    hold: u32,
}

/// Lifts a legal hold.
pub async fn lift(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(HoldPath { id, hold }): Named<HoldPath>,
    Input(Reason { why }): Input<Reason>,
) -> Result<Json<Case>, Problem> {
    Ok(Json(shared.casework.lift(id, hold, why, &by).await?))
}

fn lift_docs(op: Op<'_>) -> Op<'_> {
    refusals(op.id("liftHold").summary("Lift a legal hold"))
}
