//! Who has a key? Keys of systems are made by administrators, those of people by themselves; each change is in the log.

use crate::access::keys::Wanted;
use crate::access::{AccessError, Key, Role};
use crate::core::{Control, Principal};
use crate::http::Shared;
use crate::http::endpoints::{Caller, Known, Op, changed};
use crate::http::input::{Input, Named};
use crate::http::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ringfence_domain::{Duration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Records what was done to a key. Names of people's keys are theirs to choose, and so not for the log.
async fn noted(shared: &Shared, did: &str, key: &Key, by: Principal) -> Result<(), Problem> {
    let mut detail = BTreeMap::from([("role".to_owned(), key.role.as_str().to_owned())]);
    match &key.user {
        Some(user) => detail.insert("user".to_owned(), user.clone()),
        None => detail.insert("name".to_owned(), key.name.clone()),
    };
    let control = Control::Noted { did: did.into(), subject: key.id.clone(), detail, by };
    changed(shared, control).await.map(drop)
}

/// Makes a key; it does not work without its record.
pub(crate) async fn make_recorded(shared: &Shared, wanted: Wanted, by: Principal) -> Result<NewKey, Problem> {
    let (key, secret) = shared.access.keys.make(wanted, (shared.clock)())?;
    let recorded = noted(shared, "key_made", &key, by).await;
    if recorded.is_err() {
        shared.access.revoke_key(&key.id)?;
    }
    recorded.map(|()| NewKey { key, secret })
}

/// Names a key.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct KeyPath {
    /// Its id, as the list shows it.
    pub(crate) id: String,
}

/// A key with its secret: shown once.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewKey {
    #[serde(flatten)]
    pub(crate) key: Key,
    /// Send it as `Authorization: Bearer …`. It is not kept and cannot be shown again.
    pub(crate) secret: String,
}

/// A key to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyWanted {
    /// What it is for.
    #[schemars(length(min = 1, max = 128))]
    pub(crate) name: String,
    /// What its holder is: `integration` for a system, one of one's own roles for oneself.
    pub(crate) role: Role,
    /// From then on it is refused; UTC.
    pub(crate) expires_at: Option<Timestamp>,
    /// Requests a second that it may send; the deployment's limit where left out.
    pub(crate) requests_per_second: Option<u32>,
}

impl KeyWanted {
    fn of(self, user: Option<String>) -> Wanted {
        let KeyWanted { name, role, expires_at, requests_per_second } = self;
        Wanted { name, role, user, expires_at, requests_per_second }
    }
}

/// All keys, without secrets.
pub async fn keys(State(shared): State<Arc<Shared>>) -> Json<Vec<Key>> {
    Json(shared.access.keys.list())
}

pub(crate) fn keys_docs(op: Op<'_>) -> Op<'_> {
    op.id("listKeys").summary("List the keys, without their secrets").tag("Access")
}

/// Makes a key for a system.
pub async fn make_key(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Input(wanted): Input<KeyWanted>,
) -> Result<Json<NewKey>, Problem> {
    make_recorded(&shared, wanted.of(None), by).await.map(Json)
}

pub(crate) fn make_key_docs(op: Op<'_>) -> Op<'_> {
    op.id("makeKey")
        .summary("Make a key for a system, with the role `integration`; its secret is shown once")
        .tag("Access")
        .response::<400, Problem>()
        .response::<409, Problem>()
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
    let key = shared.access.keys.get(&id)?;
    if key.user.is_some() && key.user != by.user {
        let problem = Problem::new(StatusCode::FORBIDDEN, "not-yours", "This key is another person's");
        return Err(problem
            .remedy("whoever has its secret acts as that person: revoke it, and let the person make one"));
    }
    noted(&shared, "key_rotated", &key, by).await?;
    let (key, secret) = shared.access.keys.rotate(&id, grace, (shared.clock)())?;
    Ok(Json(NewKey { key, secret }))
}

pub(crate) fn rotate_key_docs(op: Op<'_>) -> Op<'_> {
    op.id("rotateKey")
        .summary("Give a key a new secret; the old one works beside it for a while")
        .tag("Access")
        .response::<403, Problem>()
        .response::<404, Problem>()
}

async fn revoked(shared: &Shared, key: &Key, by: Principal) -> Result<Json<Key>, Problem> {
    noted(shared, "key_revoked", key, by).await?;
    Ok(Json(shared.access.revoke_key(&key.id)?))
}

/// Revokes a key.
pub async fn revoke_key(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(KeyPath { id }): Named<KeyPath>,
) -> Result<Json<Key>, Problem> {
    revoked(&shared, &shared.access.keys.get(&id)?, by).await
}

pub(crate) fn revoke_key_docs(op: Op<'_>) -> Op<'_> {
    op.id("revokeKey").summary("Revoke a key at once").tag("Access").response::<404, Problem>()
}

/// One's own keys.
pub async fn own_keys(State(shared): State<Arc<Shared>>, Caller(by): Caller) -> Json<Vec<Key>> {
    let mut keys = shared.access.keys.list();
    keys.retain(|key| key.user.is_some() && key.user == by.user);
    Json(keys)
}

pub(crate) fn own_keys_docs(op: Op<'_>) -> Op<'_> {
    op.id("listOwnKeys").summary("List one's own keys, without their secrets").tag("Me")
}

/// Makes a key of one's own.
pub async fn make_own_key(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Known(who): Known,
    Input(wanted): Input<KeyWanted>,
) -> Result<Json<NewKey>, Problem> {
    // Not more than the caller may: a key of one role is no way to another one's.
    if who.user.is_none() || !who.roles.contains(&wanted.role) {
        let problem = Problem::new(StatusCode::FORBIDDEN, "not-allowed", "This is none of your roles");
        let roles: Vec<&str> = who.roles.iter().map(|role| role.as_str()).collect();
        return Err(
            problem.remedy(format!("take one of {}; people only have keys of their own", roles.join(", ")))
        );
    }
    make_recorded(&shared, wanted.of(who.user), by).await.map(Json)
}

pub(crate) fn make_own_key_docs(op: Op<'_>) -> Op<'_> {
    op.id("makeOwnKey")
        .summary("Make a key of one's own, with one of one's roles; its secret is shown once")
        .description("It acts as its person, ends with its person, and is no second pair of eyes.")
        .tag("Me")
        .response::<400, Problem>()
        .response::<403, Problem>()
        .response::<409, Problem>()
}

/// Revokes a key of one's own.
pub async fn revoke_own_key(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(KeyPath { id }): Named<KeyPath>,
) -> Result<Json<Key>, Problem> {
    let key = shared.access.keys.get(&id)?;
    if key.user.is_none() || key.user != by.user {
        return Err(AccessError::UnknownKey(id).into());
    }
    revoked(&shared, &key, by).await
}

pub(crate) fn revoke_own_key_docs(op: Op<'_>) -> Op<'_> {
    op.id("revokeOwnKey").summary("Revoke a key of one's own at once").tag("Me").response::<404, Problem>()
}
