//! How far is the survey of today? Figures of all staff, all posts and the latest requests, computed beside the live path.

use crate::http::Shared;
use crate::http::endpoints::Op;
use crate::survey::State as Stands;
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// How the survey stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// None was made since the start.
    None,
    /// Under way.
    Running,
    /// There is one.
    Done,
    /// The last one could not be made; its page says why.
    Failed,
}

/// How far the survey is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Progress {
    /// How it stands.
    stage: Stage,
    /// Read up to this position of the log.
    position: u64,
    /// It ends at this one.
    until: u64,
}

/// How far the survey is.
pub async fn progress(State(shared): State<Arc<Shared>>) -> Json<Progress> {
    let (state, survey) = shared.surveys.latest();
    let end = survey.map_or(0, |survey| survey.position);
    let (stage, position, until) = match state {
        Stands::None => (Stage::None, end, end),
        Stands::Running(done, all) => (Stage::Running, done, all),
        Stands::Done => (Stage::Done, end, end),
        Stands::Failed(_) => (Stage::Failed, end, end),
    };
    Json(Progress { stage, position, until })
}

pub(crate) fn progress_docs(op: Op<'_>) -> Op<'_> {
    op.id("getSurvey").summary("How far the survey of staff, posts and drift is").tag("Leads")
}
