//! What would other versions have answered to all that was asked so far? A job beside the live path, and what came out.

use crate::backtest::{Asked, Report};
use crate::core::{Control, Principal};
use crate::http::Shared;
use crate::http::endpoints::versions::{Candidate, fitting};
use crate::http::endpoints::{Caller, Op, changed};
use crate::http::input::Input;
use crate::http::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ringfence_domain::{Timestamp, Versions};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Versions to compare with what decides.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BacktestWanted {
    /// Version of the catalogue; left out, that which decides.
    features: Option<String>,
    /// Version of the model; left out, that which decides; `none` for none.
    model: Option<String>,
    /// Version of the policy; left out, that which decides.
    policy: Option<String>,
    /// Requests from then on are compared; left out, all of them.
    from: Option<Timestamp>,
}

/// Starts a back-test.
pub async fn start(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Input(wanted): Input<BacktestWanted>,
) -> Result<(StatusCode, Json<Report>), Problem> {
    let BacktestWanted { features, model, policy, from } = wanted;
    let started = started_by(&shared, by, &Candidate { features, model, policy }, from).await?;
    Ok((StatusCode::ACCEPTED, Json(started)))
}

/// The same, for pages.
pub(crate) async fn started_by(
    shared: &Shared,
    by: Principal,
    candidate: &Candidate,
    from: Option<Timestamp>,
) -> Result<Report, Problem> {
    let (candidate, live) = fitting(shared, candidate).await?;
    let control = Control::Noted {
        did: "backtest_started".into(),
        subject: candidate.get("policy").cloned().unwrap_or_default(),
        detail: candidate.clone(),
        by: by.clone(),
    };
    let at = (shared.clock)();
    let sides = [made(shared, &live).await?, made(shared, &candidate).await?];
    let id = changed(shared, control).await?;
    let history = shared.worker.history().clone();
    let asked = Asked { id, live, candidate, from, by, at };
    let started = shared.backtests.start(asked, sides, history);
    let started = started.map_err(|e| Problem::closed().detail(e.to_string()))?;
    let running = || {
        Problem::new(StatusCode::CONFLICT, "conflict", "A back-test runs already")
            .remedy("wait for it, or end it (DELETE /v1/backtest)")
    };
    started.ok_or_else(running)
}

async fn made(shared: &Shared, versions: &Versions) -> Result<crate::core::Versioned, Problem> {
    let rates = shared.worker.look(|core| core.rates().clone()).await?;
    let (library, versions) = (shared.worker.history().library.clone(), versions.clone());
    let made = tokio::task::spawn_blocking(move || library.versioned(&versions, &rates)).await;
    Ok(made.map_err(|e| Problem::closed().detail(e.to_string()))??)
}

pub(crate) fn start_docs(op: Op<'_>) -> Op<'_> {
    op.id("startBacktest")
        .summary("Compare other versions with what decides, on all of the log")
        .description(
            "Two engines fold the log beside the live path, at most half of a processor; `GET` tells how far it is and what \
             came out. Money counts on requests with a verdict. One runs at a time; a restart ends it.",
        )
        .tag("Versions")
        .response::<202, Json<Report>>()
        .response::<404, Problem>()
        .response::<409, Problem>()
        .response::<422, Problem>()
}

/// How the back-test stands, or the last one.
pub async fn report(State(shared): State<Arc<Shared>>) -> Result<Json<Report>, Problem> {
    let none = || Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no back-test");
    Ok(Json(shared.backtests.report().ok_or_else(none)?))
}

pub(crate) fn report_docs(op: Op<'_>) -> Op<'_> {
    op.id("getBacktest")
        .summary("How the back-test stands, and what came out")
        .tag("Versions")
        .response::<404, Problem>()
}

/// Ends the back-test.
pub async fn end(State(shared): State<Arc<Shared>>, Caller(by): Caller) -> Result<StatusCode, Problem> {
    ended_by(&shared, by).await.map(|()| StatusCode::NO_CONTENT)
}

/// The same, for pages.
pub(crate) async fn ended_by(shared: &Shared, by: Principal) -> Result<(), Problem> {
    if !shared.backtests.end() {
        return Err(Problem::new(StatusCode::NOT_FOUND, "not-found", "No back-test runs"));
    }
    let (did, subject, detail) = ("backtest_ended".into(), "backtest".into(), BTreeMap::new());
    changed(shared, Control::Noted { did, subject, detail, by }).await.map(drop)
}

pub(crate) fn end_docs(op: Op<'_>) -> Op<'_> {
    op.id("endBacktest")
        .summary("End the back-test")
        .tag("Versions")
        .response::<204, ()>()
        .response::<404, Problem>()
}
