//! How does a pack of evidence of a case leave the service? Recorded, made beside the live path, one at a time.

use crate::core::{Control, Principal};
use crate::http::Shared;
use crate::http::endpoints::cases::{CasePath, refusals};
use crate::http::endpoints::{Caller, Known, Op, changed};
use crate::http::input::{Input, Named};
use crate::http::problem::Problem;
use crate::leads::is_staff;
use crate::packs::{self, PackFailure, Wanted};
use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use ringfence_domain::words::MemberKind;
use ringfence_evidence::leads::Leads;
use ringfence_evidence::{Purpose, Spec, case};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The endpoints.
pub(crate) fn routes() -> ApiRouter<Arc<Shared>> {
    ApiRouter::new().api_route("/v1/cases/{id}/pack", post_with(pack, pack_docs))
}

/// For whom a pack is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PackWanted {
    /// `court`, `counsel`, `law_enforcement`, `insurer` or `internal`: what is shown, masked or left out.
    purpose: String,
}

/// Makes a pack of a case.
pub async fn pack(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    who: Known,
    Named(CasePath { id }): Named<CasePath>,
    Input(PackWanted { purpose }): Input<PackWanted>,
) -> Result<Response, Problem> {
    let user = who.0.user.as_deref().and_then(|id| shared.access.users.get(id).ok());
    let name = user.map_or_else(|| who.0.name.clone(), |user| user.name);
    made(&shared, id, &purpose, &by, &name).await
}

fn pack_docs(op: Op<'_>) -> Op<'_> {
    let op = op.id("exportCase").summary("Make a pack of evidence of a case, as a ZIP archive");
    refusals(op.description(
        "What the case links is the matter. The export is recorded in the log before it is made; each record has a proof \
         against the head of the log. `ringfence evidence verify` checks it offline. One pack is made at a time.",
    ))
    .response::<503, Problem>()
}

fn refused(e: &PackFailure) -> Problem {
    let no_pack = |remedy: &str| {
        let title = "There is no pack of this case";
        Problem::new(StatusCode::CONFLICT, "no-pack", title).detail(e.to_string()).remedy(remedy)
    };
    match e {
        PackFailure::Matter(_) => no_pack("link the requests, accounts, rings or posts that it is about"),
        PackFailure::Pack(_) => no_pack("take away what no record of the log knows, or link what one does"),
        PackFailure::TooMany(_) | PackFailure::Large(_) => {
            no_pack("link less, make several cases of it, or run `ringfence evidence export`")
        }
        PackFailure::Stopped => Problem::closed(),
        PackFailure::Log(_) | PackFailure::Proof(_) | PackFailure::Record { .. } | PackFailure::Broken(_) => {
            tracing::error!("evidence: {e}");
            let title = "The pack cannot be made from this log";
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "pack", title)
                .detail(e.to_string())
                .remedy("run `ringfence log verify`: it says whether the log is whole")
        }
    }
}

/// Leads that a matter names, as the log and the last survey have them.
async fn leads(shared: &Shared, matter: &Spec) -> Result<Leads, Problem> {
    let (_, survey) = shared.surveys.latest();
    let matches = survey.iter().flat_map(|survey| &survey.posts.matches);
    let matches = matches.filter(|found| matter.posts.contains(&found.post)).map(packs::matched).collect();
    let matter = matter.clone();
    let mut leads = shared.worker.look(move |core| packs::leads_of(core.leads(), &matter)).await?;
    leads.matches = matches;
    Ok(leads)
}

/// Members of staff by what the shop calls them, where two people agreed that the name is shown; others by pseudonym.
async fn unmasked(shared: &Shared, staff: Vec<String>) -> Result<Vec<String>, Problem> {
    let now = (shared.clock)();
    let seen = shared.worker.look(move |core| {
        let said = &core.register().said;
        let shown: Vec<bool> = staff.iter().map(|pseudonym| said.is_unmasked(pseudonym, now)).collect();
        let ties = core.leads().leads().flat_map(|entry| &entry.ties).filter(|tie| is_staff(tie.kind));
        let tied = ties.map(|tie| tie.value.clone());
        let members = core.leads().leads().flat_map(|entry| entry.of_kind(MemberKind::Staff));
        let names: BTreeSet<String> = tied.chain(members.map(|m| m.id.as_str().to_owned())).collect();
        (staff, shown, names)
    });
    let (staff, shown, names) = seen.await?;
    let by_pseudonym: BTreeMap<String, &String> =
        names.iter().map(|name| (shared.pseudonyms.of(name), name)).collect();
    let named = staff.into_iter().zip(shown).map(|(pseudonym, shown)| match by_pseudonym.get(&pseudonym) {
        Some(name) if shown => (*name).clone(),
        Some(_) | None => pseudonym,
    });
    Ok(named.collect())
}

/// The pack of a case as something to download.
pub(crate) async fn made(
    shared: &Arc<Shared>,
    id: u64,
    purpose: &str,
    by: &Principal,
    prepared_by: &str,
) -> Result<Response, Problem> {
    let Some(purpose) = Purpose::ALL.into_iter().find(|known| known.as_str() == purpose) else {
        let words: Vec<&str> = Purpose::ALL.iter().map(|purpose| purpose.as_str()).collect();
        let problem = Problem::new(StatusCode::BAD_REQUEST, "purpose", "A pack is for somebody");
        return Err(problem.remedy(format!("write one of {} into `purpose`", words.join(", "))));
    };
    let Ok(permit) = shared.packing.clone().try_acquire_owned() else {
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Another pack is being made");
        return Err(problem.remedy("come again when it is done: the log is read for one at a time"));
    };
    let case = shared.casework.live_case(id).await?;
    let mut matter = case::matter(&case, prepared_by).map_err(|e| refused(&e.into()))?;
    matter.staff = unmasked(shared, std::mem::take(&mut matter.staff)).await?;
    let leads = leads(shared, &matter).await?;
    let rates = shared.worker.look(|core| core.rates().clone()).await?;
    let detail = [("purpose", purpose.as_str().to_owned()), ("case", case.id.to_string())];
    let detail: BTreeMap<String, String> = detail.map(|(key, value)| (key.to_owned(), value)).into();
    let (did, subject) = ("evidence_exported".to_owned(), matter.matter.clone());
    let noted = changed(shared, Control::Noted { did, subject, detail, by: by.clone() }).await?;
    let wanted = Wanted { matter, purpose, made_at: (shared.clock)(), leads, rates, noted };
    let (history, making) = (shared.worker.history().clone(), shared.clone());
    let made = tokio::task::spawn_blocking(move || {
        // Held to the end, also where whoever asked has gone.
        let _one = permit;
        let stopping = making.stopping.subscribe();
        packs::make(&history, &wanted, making.pack_key.as_ref(), &|| *stopping.borrow())
    });
    let made = made.await.map_err(|e| Problem::closed().detail(e.to_string()))?;
    let bytes = made.map_err(|e| refused(&e))?;
    let name = format!("attachment; filename=\"case-{}-{}.zip\"", case.id, purpose.as_str());
    let headers = [(header::CONTENT_TYPE, "application/zip".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, bytes).into_response())
}
