//! Who may be behind it? The leads of the log; each reading is recorded, for they name people.

use crate::access::policy::allowed;
use crate::access::{Identity, Permission};
use crate::core::Control;
use crate::http::Shared;
use crate::http::endpoints::{Caller, Known, Op, changed};
use crate::http::input::{Asked, Named};
use crate::http::problem::Problem;
use crate::leads::{self, Page, Sight, Wanted};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ringfence_leads::log::{Entry, Moment};
use ringfence_leads::rings::Graph;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// Names a lead.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct LeadPath {
    /// Its id.
    lead: String,
}

/// What a caller may see.
pub(crate) fn sight(identity: &Identity) -> Sight {
    let staff = identity.roles.iter().any(|role| allowed(*role, Permission::ReadStaffLeads));
    if staff { Sight::All } else { Sight::NotStaff }
}

fn none(lead: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no-lead", "There is no such lead").detail(lead)
}

/// A list of leads.
pub async fn list(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Known(identity): Known,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Page>, Problem> {
    changed(&shared, Control::noted("leads_read", "list", by)).await?;
    Ok(Json(leads::list(&shared.worker, sight(&identity), wanted).await?))
}

pub(crate) fn list_docs(op: Op<'_>) -> Op<'_> {
    op.id("listLeads")
        .summary("Leads on rings, staff, drivers, posts and scripts, those that stand first; the reading is recorded")
        .description(
            "A lead is a reason to look, with a probability at a stated false-discovery rate, and no verdict. Leads on staff \
             are told to investigators, supervisors and auditors only.",
        )
        .tag("Leads")
}

/// All of one lead.
pub async fn one(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Known(identity): Known,
    Named(LeadPath { lead }): Named<LeadPath>,
) -> Result<Json<Entry>, Problem> {
    let found = leads::one(&shared.worker, sight(&identity), &lead).await?.ok_or_else(|| none(&lead))?;
    changed(&shared, Control::noted("leads_read", lead, by)).await?;
    Ok(Json(found))
}

pub(crate) fn one_docs(op: Op<'_>) -> Op<'_> {
    op.id("getLead")
        .summary("A lead with its members, what ties them, why, and what speaks against it; the reading is recorded")
        .tag("Leads")
        .response::<404, Problem>()
}

/// What happened to a lead.
pub async fn history(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Known(identity): Known,
    Named(LeadPath { lead }): Named<LeadPath>,
) -> Result<Json<Vec<Moment>>, Problem> {
    let found = leads::history(&shared.worker, sight(&identity), &lead).await?.ok_or_else(|| none(&lead))?;
    changed(&shared, Control::noted("leads_read", lead, by)).await?;
    Ok(Json(found))
}

pub(crate) fn history_docs(op: Op<'_>) -> Op<'_> {
    op.id("getLeadHistory")
        .summary("When a lead was raised, how it changed, and when it was withdrawn")
        .tag("Leads")
        .response::<404, Problem>()
}

/// A ring as nodes and links.
pub async fn graph(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Known(identity): Known,
    Named(LeadPath { lead }): Named<LeadPath>,
) -> Result<Json<Graph>, Problem> {
    let found = leads::graph(&shared.worker, sight(&identity), &lead).await?.ok_or_else(|| none(&lead))?;
    changed(&shared, Control::noted("leads_read", lead, by)).await?;
    Ok(Json(found))
}

pub(crate) fn graph_docs(op: Op<'_>) -> Op<'_> {
    op.id("getLeadGraph")
        .summary("A lead's accounts and what ties them: with kind, rarity, probability and since when")
        .tag("Leads")
        .response::<404, Problem>()
}
