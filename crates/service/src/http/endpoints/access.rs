//! Who has a key? Keys are made, listed, rotated and revoked; each change is in the log.

use crate::access::{AccessError, Key, Role};
use crate::core::{Control, Principal};
use crate::http::Shared;
use crate::http::endpoints::{Caller, Op, changed};
use crate::http::input::{Input, Named};
use crate::http::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ringfence_domain::{Duration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

impl From<AccessError> for Problem {
    fn from(e: AccessError) -> Problem {
        let (status, kind) = match e {
            AccessError::SetUp => (StatusCode::FORBIDDEN, "set-up"),
            AccessError::Unknown(_) => (StatusCode::NOT_FOUND, "not-found"),
            AccessError::TooMany => (StatusCode::CONFLICT, "too-many-keys"),
            AccessError::Name => (StatusCode::BAD_REQUEST, "invalid-key"),
            AccessError::Io { .. } | AccessError::Malformed { .. } => {
                (StatusCode::INTERNAL_SERVER_ERROR, "keys")
            }
        };
        Problem::new(status, kind, "The keys are as they were").detail(e.to_string())
    }
}

/// Records what was done to a key.
async fn noted(shared: &Shared, did: &str, key: &Key, by: Principal) -> Result<(), Problem> {
    let role = serde_json::to_value(key.role).unwrap_or_default();
    let detail = [("name", key.name.clone()), ("role", role.as_str().unwrap_or_default().to_owned())];
    let control = Control::Noted {
        did: did.into(),
        subject: key.id.clone(),
        detail: detail.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        by,
    };
    changed(shared, control).await.map(drop)
}

/// A key must not work without its record.
async fn recorded_or_revoked(shared: &Shared, did: &str, key: &Key, by: Principal) -> Result<(), Problem> {
    let recorded = noted(shared, did, key, by).await;
    if recorded.is_err() {
        shared.access.revoke(&key.id)?;
    }
    recorded
}

fn found(shared: &Shared, id: &str) -> Result<Key, AccessError> {
    let found = shared.access.list().into_iter().find(|key| key.id == id);
    found.ok_or_else(|| AccessError::Unknown(id.to_owned()))
}

/// Names a key.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct KeyPath {
    /// Its id, as the list shows it.
    id: String,
}

/// The token of the set-up link.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetUp {
    /// As printed at the first start.
    token: String,
}

/// A key with its secret: shown once.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewKey {
    #[serde(flatten)]
    key: Key,
    /// Send it as `Authorization: Bearer …`. It is not kept and cannot be shown again.
    secret: String,
}

/// Makes the first key.
pub async fn set_up(
    State(shared): State<Arc<Shared>>,
    Input(asked): Input<SetUp>,
) -> Result<Json<NewKey>, Problem> {
    let (key, secret) = shared.access.set_up(&asked.token, (shared.clock)())?;
    recorded_or_revoked(&shared, "key_set_up", &key, Principal::service()).await?;
    Ok(Json(NewKey { key, secret }))
}

pub(crate) fn set_up_docs(op: Op<'_>) -> Op<'_> {
    op.id("setUp")
        .summary("Make the first key, with the token printed at the first start")
        .tag("Access")
        .security_requirement_multi::<[&str; 0]>([])
        .response::<403, Problem>()
}

/// A key to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyWanted {
    /// What it is for.
    name: String,
    /// What its holder is.
    role: Role,
    /// From then on it is refused; UTC.
    #[schemars(with = "Option<String>")]
    expires_at: Option<Timestamp>,
    /// Requests a second that it may send; the deployment's limit where left out.
    requests_per_second: Option<u32>,
}

/// All keys, without secrets.
pub async fn keys(State(shared): State<Arc<Shared>>) -> Json<Vec<Key>> {
    Json(shared.access.list())
}

pub(crate) fn keys_docs(op: Op<'_>) -> Op<'_> {
    op.id("listKeys").summary("List the keys, without their secrets").tag("Access")
}

/// Makes a key.
pub async fn make_key(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Input(wanted): Input<KeyWanted>,
) -> Result<Json<NewKey>, Problem> {
    let (key, secret) = made(&shared, &wanted)?;
    recorded_or_revoked(&shared, "key_made", &key, by).await?;
    Ok(Json(NewKey { key, secret }))
}

pub(crate) fn make_key_docs(op: Op<'_>) -> Op<'_> {
    op.id("makeKey").summary("Make a key; its secret is shown once").tag("Access").response::<400, Problem>()
}

fn made(shared: &Shared, wanted: &KeyWanted) -> Result<(Key, String), AccessError> {
    let KeyWanted { name, role, expires_at, requests_per_second } = wanted;
    shared.access.make(name, *role, *expires_at, *requests_per_second, (shared.clock)())
}

/// How a secret is replaced.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Hours for which the old secret works beside the new one; 24 where left out, 0 to end it at once.
    old_works_for_h: Option<u32>,
}

/// Longest time for which an old secret works beside the new one, hours.
const OLD_WORKS_FOR_H_MAX: u32 = 24 * 31;

/// Gives a key a new secret.
pub async fn rotate_key(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(KeyPath { id }): Named<KeyPath>,
    Input(Rotation { old_works_for_h }): Input<Rotation>,
) -> Result<Json<NewKey>, Problem> {
    let hours = old_works_for_h.unwrap_or(24).min(OLD_WORKS_FOR_H_MAX);
    let grace = Duration(i64::from(hours) * 3_600_000);
    noted(&shared, "key_rotated", &found(&shared, &id)?, by).await?;
    let (key, secret) = shared.access.rotate(&id, grace, (shared.clock)())?;
    Ok(Json(NewKey { key, secret }))
}

pub(crate) fn rotate_key_docs(op: Op<'_>) -> Op<'_> {
    op.id("rotateKey")
        .summary("Give a key a new secret; the old one works beside it for a while")
        .tag("Access")
        .response::<404, Problem>()
}

/// Revokes a key.
pub async fn revoke_key(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(KeyPath { id }): Named<KeyPath>,
) -> Result<Json<Key>, Problem> {
    noted(&shared, "key_revoked", &found(&shared, &id)?, by).await?;
    Ok(Json(shared.access.revoke(&id)?))
}

pub(crate) fn revoke_key_docs(op: Op<'_>) -> Op<'_> {
    op.id("revokeKey").summary("Revoke a key at once").tag("Access").response::<404, Problem>()
}
