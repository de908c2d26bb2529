//! How do other versions come to decide? Tried in a shadow run, proposed by one person, approved by another.

use crate::core::register::{Proposal, ShadowRun};
use crate::core::{Control, Principal};
use crate::http::Shared;
use crate::http::endpoints::versions::{Candidate, fitting};
use crate::http::endpoints::{Caller, Op, changed, why};
use crate::http::input::{Input, Named};
use crate::http::problem::Problem;
use crate::promote;
use crate::shadow::Report;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Versions that should decide, and why.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposed {
    /// Version of the catalogue; left out, it stays.
    features: Option<String>,
    /// Version of the model; left out, it stays; `none` for none.
    model: Option<String>,
    /// Version of the policy; left out, it stays.
    policy: Option<String>,
    /// Why.
    #[schemars(length(min = 1, max = 2_000))]
    why: String,
}

/// Names a proposal.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ProposalPath {
    /// Its number.
    id: u64,
}

/// Why not.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// In a sentence.
    #[schemars(length(min = 1, max = 2_000))]
    pub why: String,
}

async fn found(shared: &Shared, id: u64) -> Result<Proposal, Problem> {
    let proposal = shared.worker.look(move |core| core.register().proposals.get(&id).cloned()).await?;
    proposal.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such proposal"))
}

/// Proposes versions.
pub async fn propose(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Input(proposed): Input<Proposed>,
) -> Result<(StatusCode, Json<Proposal>), Problem> {
    let Proposed { features, model, policy, why: reason } = proposed;
    let made = proposed_by(&shared, by, &Candidate { features, model, policy }, reason).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// The same, for pages.
pub(crate) async fn proposed_by(
    shared: &Shared,
    by: Principal,
    candidate: &Candidate,
    reason: String,
) -> Result<Proposal, Problem> {
    let reason = why(reason)?;
    let (versions, base) = fitting(shared, candidate).await?;
    let id = changed(shared, Control::Proposed { versions, base, why: reason, by }).await?;
    found(shared, id).await
}

pub(crate) fn propose_docs(op: Op<'_>) -> Op<'_> {
    op.id("proposePromotion")
        .summary("Propose that other versions decide")
        .description("They are checked against each other first. Somebody else approves: see `approve`.")
        .tag("Versions")
        .response::<201, Json<Proposal>>()
        .response::<404, Problem>()
        .response::<409, Problem>()
        .response::<422, Problem>()
}

/// All proposals, newest first.
pub async fn list(State(shared): State<Arc<Shared>>) -> Result<Json<Vec<Proposal>>, Problem> {
    let all = |core: &crate::core::Core| core.register().proposals.values().rev().cloned().collect();
    Ok(Json(shared.worker.look(all).await?))
}

pub(crate) fn list_docs(op: Op<'_>) -> Op<'_> {
    op.id("listPromotions").summary("List what was proposed, and what became of it").tag("Versions")
}

/// Approves a proposal.
pub async fn approve(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(ProposalPath { id }): Named<ProposalPath>,
) -> Result<Json<Proposal>, Problem> {
    let proposal = promote::approve(&shared.worker, id, by, shared.single_approver).await?;
    Ok(Json(proposal))
}

pub(crate) fn approve_docs(op: Op<'_>) -> Op<'_> {
    op.id("approvePromotion")
        .summary("Approve a proposal of somebody else")
        .description(
            "With the same catalogue the versions decide from the next request on (`promoted`). With another one the state \
             is folded anew from the log in the background (`approved`), and they decide as soon as it has caught up.",
        )
        .tag("Versions")
        .response::<403, Problem>()
        .response::<404, Problem>()
        .response::<409, Problem>()
}

/// Rejects a proposal, or takes one back.
pub async fn reject(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(ProposalPath { id }): Named<ProposalPath>,
    Input(asked): Input<Why>,
) -> Result<Json<Proposal>, Problem> {
    Ok(Json(rejected_by(&shared, by, id, asked.why).await?))
}

/// The same, for pages.
pub(crate) async fn rejected_by(
    shared: &Shared,
    by: Principal,
    id: u64,
    reason: String,
) -> Result<Proposal, Problem> {
    changed(shared, Control::Rejected { proposal: id, why: why(reason)?, by }).await?;
    found(shared, id).await
}

pub(crate) fn reject_docs(op: Op<'_>) -> Op<'_> {
    op.id("rejectPromotion")
        .summary("Reject a proposal, or take one back")
        .tag("Versions")
        .response::<404, Problem>()
        .response::<409, Problem>()
}

/// Versions to try.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShadowWanted {
    /// Version of the catalogue; left out, that which decides.
    features: Option<String>,
    /// Version of the model; left out, that which decides; `none` for none.
    model: Option<String>,
    /// Version of the policy; left out, that which decides.
    policy: Option<String>,
    /// Requests are compared from this position of the log on; left out, from now on; 0 for all of them.
    from: Option<u64>,
}

/// A shadow run and what came out so far.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Shadowed {
    /// The run.
    run: ShadowRun,
    /// What came out.
    report: Report,
}

/// Starts a shadow run.
pub async fn start_shadow(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Input(wanted): Input<ShadowWanted>,
) -> Result<(StatusCode, Json<ShadowRun>), Problem> {
    let ShadowWanted { features, model, policy, from } = wanted;
    let run = shadow_by(&shared, by, &Candidate { features, model, policy }, from).await?;
    Ok((StatusCode::CREATED, Json(run)))
}

/// The same, for pages.
pub(crate) async fn shadow_by(
    shared: &Shared,
    by: Principal,
    candidate: &Candidate,
    from: Option<u64>,
) -> Result<ShadowRun, Problem> {
    let (versions, _) = fitting(shared, candidate).await?;
    let end = shared.worker.history().reader.head().position;
    let from = from.unwrap_or(end);
    if from > end {
        let problem = Problem::new(StatusCode::BAD_REQUEST, "from", "The log does not go so far");
        return Err(problem.remedy(format!("write a position up to {end}, or leave `from` out")));
    }
    changed(shared, Control::ShadowStarted { versions, from, by }).await?;
    shared.shadow_as_recorded().await?;
    let run = shared.worker.look(|core| core.register().shadow.clone()).await?;
    let gone = || Problem::new(StatusCode::CONFLICT, "conflict", "The shadow run was ended meanwhile");
    run.ok_or_else(gone)
}

pub(crate) fn start_shadow_docs(op: Op<'_>) -> Op<'_> {
    op.id("startShadow")
        .summary("Let other versions decide beside, without effect")
        .description(
            "A second engine follows the log, off the live path; the report compares its decisions with those that were \
             answered. It takes as much memory as the live one.",
        )
        .tag("Versions")
        .response::<201, Json<ShadowRun>>()
        .response::<404, Problem>()
        .response::<409, Problem>()
        .response::<422, Problem>()
}

/// How the shadow run compares, or the last one.
pub async fn shadow(State(shared): State<Arc<Shared>>) -> Result<Json<Shadowed>, Problem> {
    let found = shared.shadow.report();
    let none = || Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no shadow run");
    let (run, report) = found.ok_or_else(none)?;
    Ok(Json(Shadowed { run, report }))
}

pub(crate) fn shadow_docs(op: Op<'_>) -> Op<'_> {
    op.id("getShadow")
        .summary("How the shadow run compares with what was answered")
        .tag("Versions")
        .response::<404, Problem>()
}

/// Ends the shadow run.
pub async fn end_shadow(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
) -> Result<StatusCode, Problem> {
    shadow_ended_by(&shared, by).await.map(|()| StatusCode::NO_CONTENT)
}

/// The same, for pages.
pub(crate) async fn shadow_ended_by(shared: &Shared, by: Principal) -> Result<(), Problem> {
    changed(shared, Control::ShadowEnded { by }).await?;
    shared.shadow.end();
    Ok(())
}

pub(crate) fn end_shadow_docs(op: Op<'_>) -> Op<'_> {
    op.id("endShadow")
        .summary("End the shadow run; its report stays until the next")
        .tag("Versions")
        .response::<204, ()>()
        .response::<404, Problem>()
}
