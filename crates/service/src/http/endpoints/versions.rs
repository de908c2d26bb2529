//! Which catalogues, models and policies are there, and do they fit each other? Uploaded, checked, never changed.

use crate::core::versions::{NO_MODEL, Part};
use crate::core::{Control, Principal};
use crate::http::Shared;
use crate::http::endpoints::{Caller, Op, changed};
use crate::http::input::{Input, JSON, Named, Raw, TEXT, gives, takes};
use crate::http::problem::Problem;
use crate::library::MODEL_BYTES_MAX;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use ringfence_domain::Versions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Largest upload, bytes.
pub const UPLOAD_BYTES_MAX: usize = MODEL_BYTES_MAX;

/// Names a part of what decides.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct PartPath {
    /// `features`, `model` or `policy`.
    pub(crate) part: Part,
}

/// Names a version of a part.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct VersionPath {
    /// `features`, `model` or `policy`.
    part: Part,
    /// Its content hash.
    version: String,
}

/// A version that is kept.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Kept {
    /// Of which part.
    part: Part,
    /// Its content hash: its name in decisions, proposals and the log.
    pub(crate) version: String,
    /// Its size.
    bytes: u64,
    /// Whether it decides now.
    live: bool,
}

/// What should decide: parts that are left out stay as they are.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Version of the catalogue.
    pub features: Option<String>,
    /// Version of the model; `none` for none.
    pub model: Option<String>,
    /// Version of the policy.
    pub policy: Option<String>,
}

impl Candidate {
    /// All three parts, those that are left out from what decides.
    pub fn whole(&self, live: &Versions) -> Versions {
        let named =
            [(Part::Features, &self.features), (Part::Model, &self.model), (Part::Policy, &self.policy)];
        let of = |part: Part, named: &Option<String>| {
            let live = || live.get(part.as_str()).cloned().unwrap_or_else(|| NO_MODEL.into());
            (part.as_str().to_owned(), named.clone().unwrap_or_else(live))
        };
        named.into_iter().map(|(part, named)| of(part, named)).collect()
    }
}

/// The candidate's versions, checked against each other.
pub(crate) async fn fitting(shared: &Shared, candidate: &Candidate) -> Result<(Versions, Versions), Problem> {
    let (live, rates) = shared.worker.look(|core| (core.versions().clone(), core.rates().clone())).await?;
    let versions = candidate.whole(&live);
    let (library, checked) = (shared.worker.history().library.clone(), versions.clone());
    let fits = tokio::task::spawn_blocking(move || library.versioned(&checked, &rates).map(drop)).await;
    fits.map_err(|e| Problem::closed().detail(e.to_string()))??;
    Ok((versions, live))
}

/// Which catalogue, model and policy decide.
pub async fn live(State(shared): State<Arc<Shared>>) -> Result<Json<Versions>, Problem> {
    Ok(Json(shared.worker.look(|core| core.versions().clone()).await?))
}

pub(crate) fn live_docs(op: Op<'_>) -> Op<'_> {
    op.id("versions").summary("Which catalogue, model and policy decide").tag("Versions")
}

/// All versions of a part that are kept.
pub async fn list(
    State(shared): State<Arc<Shared>>,
    Named(PartPath { part }): Named<PartPath>,
) -> Result<Json<Vec<Kept>>, Problem> {
    let live = shared.worker.look(|core| core.versions().clone()).await?;
    let kept = shared.worker.history().library.list(part)?;
    let kept = kept.into_iter().map(|(version, bytes)| {
        let live = live.get(part.as_str()) == Some(&version);
        Kept { part, version, bytes, live }
    });
    Ok(Json(kept.collect()))
}

pub(crate) fn list_docs(op: Op<'_>) -> Op<'_> {
    op.id("listVersions").summary("List the versions of a part").tag("Versions")
}

/// The content of a version.
pub async fn content(
    State(shared): State<Arc<Shared>>,
    Named(VersionPath { part, version }): Named<VersionPath>,
) -> Result<Response, Problem> {
    let bytes = shared.worker.history().library.get(part, &version)?;
    let media = match part {
        Part::Model => "application/json",
        Part::Features | Part::Policy => "application/toml",
    };
    Ok(([(header::CONTENT_TYPE, media)], bytes).into_response())
}

pub(crate) fn content_docs(op: Op<'_>) -> Op<'_> {
    op.id("getVersion")
        .summary("Read the content of a version")
        .description("A catalogue or a policy as TOML, a model as JSON, as it was uploaded.")
        .tag("Versions")
        .response::<404, Problem>()
        .with(|op| gives(op, &[TEXT, JSON]))
}

/// Keeps a version.
pub async fn upload(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(PartPath { part }): Named<PartPath>,
    Raw(bytes): Raw,
) -> Result<(StatusCode, Json<Kept>), Problem> {
    Ok((StatusCode::CREATED, Json(kept_by(&shared, by, part, bytes.to_vec()).await?)))
}

/// The same, for pages.
pub(crate) async fn kept_by(
    shared: &Shared,
    by: Principal,
    part: Part,
    bytes: Vec<u8>,
) -> Result<Kept, Problem> {
    let size = bytes.len() as u64;
    let library = shared.worker.history().library.clone();
    let kept = tokio::task::spawn_blocking(move || library.put(part, &bytes)).await;
    let version = kept.map_err(|e| Problem::closed().detail(e.to_string()))??;
    let control = Control::Noted {
        did: "version_uploaded".into(),
        subject: version.clone(),
        detail: BTreeMap::from([("part".into(), part.as_str().into())]),
        by,
    };
    changed(shared, control).await?;
    Ok(Kept { part, version, bytes: size, live: false })
}

pub(crate) fn upload_docs(op: Op<'_>) -> Op<'_> {
    op.id("uploadVersion")
        .summary("Upload a catalogue (TOML), a model (JSON) or a policy (TOML)")
        .description(
            "The file is checked by itself, with line and column of what is wrong, and kept under its content hash. It \
             decides nothing until it is promoted.",
        )
        .tag("Versions")
        .response::<201, Json<Kept>>()
        .response::<422, Problem>()
        .with(|op| takes(op, &[TEXT, JSON]))
}

/// The model whose card was kept.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CardKept {
    /// Its content hash.
    model: String,
}

/// Keeps the card of a model.
pub async fn card(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Raw(bytes): Raw,
) -> Result<(StatusCode, Json<CardKept>), Problem> {
    let library = shared.worker.history().library.clone();
    let kept = tokio::task::spawn_blocking(move || library.put_card(&bytes)).await;
    let model = kept.map_err(|e| Problem::closed().detail(e.to_string()))??;
    changed(&shared, Control::noted("card_uploaded", model.clone(), by)).await?;
    Ok((StatusCode::CREATED, Json(CardKept { model })))
}

pub(crate) fn card_docs(op: Op<'_>) -> Op<'_> {
    op.id("uploadCard")
        .summary("Upload the card of a model (the card.json that `train` wrote)")
        .description("The model is uploaded first. The latest card of a model stands.")
        .tag("Versions")
        .response::<201, Json<CardKept>>()
        .response::<404, Problem>()
        .response::<422, Problem>()
        .with(|op| takes(op, &[JSON]))
}

/// Whether versions fit each other.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Fits {
    /// All three parts.
    versions: Versions,
    /// What decides now.
    live: Versions,
    /// Whether the state must be folded anew from the log, because the catalogue is another.
    rebuilds: bool,
}

/// Checks versions against each other.
pub async fn check(
    State(shared): State<Arc<Shared>>,
    Input(candidate): Input<Candidate>,
) -> Result<Json<Fits>, Problem> {
    let (versions, live) = fitting(&shared, &candidate).await?;
    let part = Part::Features.as_str();
    let rebuilds = versions.get(part) != live.get(part);
    Ok(Json(Fits { versions, live, rebuilds }))
}

pub(crate) fn check_docs(op: Op<'_>) -> Op<'_> {
    op.id("checkVersions")
        .summary("Check a catalogue, a model and a policy against each other")
        .description("Parts that are left out are those that decide now.")
        .tag("Versions")
        .response::<404, Problem>()
        .response::<422, Problem>()
}
