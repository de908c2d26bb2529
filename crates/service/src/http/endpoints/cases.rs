//! How are cases worked over HTTP? Opened, linked, merged, noted, moved on, found, closed; each is one change of the log.

use crate::casework::queue::{Page, after};
use crate::casework::{Case, CaseFilter, CaseworkError, EntryRow};
use crate::core::Control;
use crate::http::Shared;
use crate::http::endpoints::{Caller, Op, changed};
use crate::http::input::{Asked, Input, Named};
use crate::http::problem::Problem;
use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with, put_with};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ringfence_casework::case::{About, CaseState, Link, Subject};
use ringfence_casework::change::Finding;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// Rows of a page, where nothing is said.
const ROWS: usize = 50;

/// The endpoints.
pub(crate) fn routes() -> ApiRouter<Arc<Shared>> {
    ApiRouter::new()
        .api_route("/v1/cases", get_with(list, list_docs).post_with(open, open_docs))
        .api_route("/v1/cases/{id}", get_with(read, read_docs))
        .api_route("/v1/cases/{id}/history", get_with(history, history_docs))
        .api_route("/v1/cases/{id}/links", post_with(link, link_docs))
        .api_route("/v1/cases/{id}/unlink", post_with(unlink, unlink_docs))
        .api_route("/v1/cases/{id}/merge", post_with(merge, merge_docs))
        .api_route("/v1/cases/{id}/notes", post_with(note, note_docs))
        .api_route("/v1/cases/{id}/assignee", put_with(assign, assign_docs))
        .api_route("/v1/cases/{id}/state", put_with(move_on, move_on_docs))
        .api_route("/v1/cases/{id}/findings", post_with(find, find_docs))
        .api_route("/v1/cases/{id}/close", post_with(close, close_docs))
        .api_route("/v1/cases/{id}/reopen", post_with(reopen, reopen_docs))
}

/// Names a case.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CasePath {
    /// Its number.
    pub(crate) id: u64,
}

/// Which cases.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Wanted {
    /// Only in this state.
    state: Option<CaseState>,
    /// Only those that can be worked.
    #[serde(default)]
    live: bool,
    /// Only of this user.
    assignee: Option<String>,
    /// Only those on which a legal hold stands.
    #[serde(default)]
    held: bool,
    /// Only those that link something of this kind; together with `subject`, and without the others.
    about: Option<About>,
    /// Its id.
    subject: Option<String>,
    /// What the page before said as `next`.
    #[schemars(regex(pattern = r"^-?[0-9]{1,18}\.[0-9]{1,18}$"))]
    after: Option<String>,
    /// Rows, up to 200; 50 where left out.
    limit: Option<usize>,
}

/// A page of cases.
pub async fn list(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Page<Case>>, Problem> {
    let Wanted { state, live, assignee, held, about, subject, after: from, limit } = wanted;
    let told = subject.clone().unwrap_or_else(|| "cases".into());
    changed(&shared, Control::noted("cases_read", told, by)).await?;
    if let (Some(kind), Some(id)) = (about, subject) {
        let rows = shared.casework.cases_of(Subject { kind, id }).await?;
        return Ok(Json(Page { rows, next: None }));
    }
    let from = after(from.as_deref()).map_err(CaseworkError::from)?;
    let filter = CaseFilter { state, live, assignee, held };
    Ok(Json(shared.casework.cases(filter, from, limit.unwrap_or(ROWS)).await?))
}

fn list_docs(op: Op<'_>) -> Op<'_> {
    op.id("readCases")
        .summary("Read cases, last changed first, or those that link something; the reading is recorded")
        .tag("Cases")
        .response::<400, Problem>()
}

/// A case to open.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseWanted {
    /// What it is called; no personal data.
    #[schemars(length(min = 1, max = 200))]
    title: String,
    /// What gave rise to it: a request, a ring, a member of staff, a post, …
    from: Subject,
    /// Why.
    #[schemars(length(min = 1, max = 2_000))]
    why: String,
}

/// Opens a case.
pub async fn open(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Input(CaseWanted { title, from, why }): Input<CaseWanted>,
) -> Result<(StatusCode, Json<Case>), Problem> {
    Ok((StatusCode::CREATED, Json(shared.casework.open_case(title, from, why, &by).await?)))
}

fn open_docs(op: Op<'_>) -> Op<'_> {
    op.id("openCase")
        .summary("Open a case")
        .tag("Cases")
        .response::<201, Json<Case>>()
        .response::<400, Problem>()
}

/// A case.
pub async fn read(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(CasePath { id }): Named<CasePath>,
) -> Result<Json<Case>, Problem> {
    let case = shared.casework.case(id).await?;
    changed(&shared, Control::noted("case_read", id.to_string(), by)).await?;
    Ok(Json(case))
}

fn read_docs(op: Op<'_>) -> Op<'_> {
    op.id("readCase")
        .summary("Read a case; one that was merged names its `successor`. The reading is recorded")
        .tag("Cases")
        .response::<404, Problem>()
}

/// A part of a history.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Back {
    /// Only what stands before this position of the log.
    before: Option<u64>,
    /// Rows, up to 200; 50 where left out.
    limit: Option<usize>,
}

/// The history of a case.
pub async fn history(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(CasePath { id }): Named<CasePath>,
    Asked(Back { before, limit }): Asked<Back>,
) -> Result<Json<Vec<EntryRow>>, Problem> {
    let entries = shared.casework.history(id, before, limit.unwrap_or(ROWS)).await?;
    changed(&shared, Control::noted("case_history_read", id.to_string(), by)).await?;
    Ok(Json(entries))
}

fn history_docs(op: Op<'_>) -> Op<'_> {
    op.id("readCaseHistory")
        .summary("What was done in a case and in those merged into it, newest first: who, when, what; notes among it")
        .tag("Cases")
        .response::<404, Problem>()
}

/// Links something.
pub async fn link(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(CasePath { id }): Named<CasePath>,
    Input(link): Input<Link>,
) -> Result<Json<Case>, Problem> {
    Ok(Json(shared.casework.link(id, link, &by).await?))
}

fn link_docs(op: Op<'_>) -> Op<'_> {
    refusals(op.id("linkToCase").summary("Link something to a case"))
}

/// What changes a case can be refused with.
pub(crate) fn refusals(op: Op<'_>) -> Op<'_> {
    op.tag("Cases").response::<400, Problem>().response::<404, Problem>().response::<409, Problem>()
}

/// A link to take away.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unwanted {
    /// What.
    subject: Subject,
    /// Why.
    #[schemars(length(min = 1, max = 2_000))]
    why: String,
}

/// Takes a link away.
pub async fn unlink(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(CasePath { id }): Named<CasePath>,
    Input(Unwanted { subject, why }): Input<Unwanted>,
) -> Result<Json<Case>, Problem> {
    Ok(Json(shared.casework.unlink(id, subject, why, &by).await?))
}

fn unlink_docs(op: Op<'_>) -> Op<'_> {
    refusals(op.id("unlinkFromCase").summary("Take a link away; not while a legal hold stands"))
}

/// Where a case goes on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Merging {
    /// The case that goes on.
    into: u64,
    /// Why.
    #[schemars(length(min = 1, max = 2_000))]
    why: String,
}

/// Merges a case into another.
pub async fn merge(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(CasePath { id }): Named<CasePath>,
    Input(Merging { into, why }): Input<Merging>,
) -> Result<Json<Case>, Problem> {
    Ok(Json(shared.casework.merge(id, into, why, &by).await?))
}

fn merge_docs(op: Op<'_>) -> Op<'_> {
    let op = op.id("mergeCase").summary("Merge a case into another, which is answered");
    refusals(
        op.description("Links, items, files, findings, legal holds and open tasks go on in the other case."),
    )
}

/// A note.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// At most 8,000 bytes; no personal data, because the log never forgets.
    #[schemars(length(min = 1, max = 8_000))]
    text: String,
}

/// Writes a note.
pub async fn note(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(CasePath { id }): Named<CasePath>,
    Input(Note { text }): Input<Note>,
) -> Result<Json<Case>, Problem> {
    Ok(Json(shared.casework.note(id, text, &by).await?))
}

fn note_docs(op: Op<'_>) -> Op<'_> {
    refusals(op.id("noteOnCase").summary("Write a note; the history shows it"))
}

/// Who works it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assigning {
    /// A user's id; nobody where left out.
    assignee: Option<String>,
}

/// Whether there is such a user who can still sign in.
pub(crate) fn known(shared: &Shared, user: Option<&str>) -> Result<(), Problem> {
    let Some(id) = user else { return Ok(()) };
    let found = shared.access.users.get(id)?;
    if found.active {
        return Ok(());
    }
    let problem = Problem::new(StatusCode::CONFLICT, "conflict", "Nothing was changed");
    Err(problem.detail("this user is locked and cannot do anything"))
}

/// Says who works a case.
pub async fn assign(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(CasePath { id }): Named<CasePath>,
    Input(Assigning { assignee }): Input<Assigning>,
) -> Result<Json<Case>, Problem> {
    known(&shared, assignee.as_deref())?;
    Ok(Json(shared.casework.assign(id, assignee, &by).await?))
}

fn assign_docs(op: Op<'_>) -> Op<'_> {
    refusals(op.id("assignCase").summary("Say who works a case"))
}

/// Where a case moves.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Moving {
    /// `open`, `investigating` or `waiting`.
    to: CaseState,
    /// Why.
    #[schemars(length(min = 1, max = 2_000))]
    why: String,
}

/// Moves a case on.
pub async fn move_on(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(CasePath { id }): Named<CasePath>,
    Input(Moving { to, why }): Input<Moving>,
) -> Result<Json<Case>, Problem> {
    Ok(Json(shared.casework.move_case(id, to, why, &by).await?))
}

fn move_on_docs(op: Op<'_>) -> Op<'_> {
    refusals(op.id("moveCase").summary("Move a case on"))
}

/// Records what was found out.
pub async fn find(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(CasePath { id }): Named<CasePath>,
    Input(finding): Input<Finding>,
) -> Result<Json<Case>, Problem> {
    Ok(Json(shared.casework.find(id, finding, &by).await?))
}

fn find_docs(op: Op<'_>) -> Op<'_> {
    let op = op.id("recordFinding").summary("Record what was found out about something that the case links");
    refusals(op.description(
        "The log has `verdict.recorded`, and with a `decision` on a request `refund.decided`, when this is answered.",
    ))
}

/// How a case ended.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// In words; no personal data.
    #[schemars(length(min = 1, max = 8_000))]
    summary: String,
}

/// Ends a case.
pub async fn close(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(CasePath { id }): Named<CasePath>,
    Input(Closing { summary }): Input<Closing>,
) -> Result<Json<Case>, Problem> {
    Ok(Json(shared.casework.close(id, summary, &by).await?))
}

fn close_docs(op: Op<'_>) -> Op<'_> {
    refusals(op.id("closeCase").summary("Close a case whose tasks are ended; legal holds stand on"))
}

/// Why something is done.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Why.
    #[schemars(length(min = 1, max = 2_000))]
    pub(crate) why: String,
}

/// Goes on with a case.
pub async fn reopen(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(CasePath { id }): Named<CasePath>,
    Input(Reason { why }): Input<Reason>,
) -> Result<Json<Case>, Problem> {
    Ok(Json(shared.casework.reopen(id, why, &by).await?))
}

fn reopen_docs(op: Op<'_>) -> Op<'_> {
    refusals(op.id("reopenCase").summary("Go on with a case that was closed"))
}
