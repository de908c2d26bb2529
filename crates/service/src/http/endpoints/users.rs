//! Who are the people? Administrators make, change, reset and remove users; each change is in the log, by id only.

use crate::access::secret::OneTime;
use crate::access::users::{About, Change, LINK_WORKS_FOR};
use crate::access::{AccessError, Role, User};
use crate::core::Control;
use crate::http::Shared;
use crate::http::endpoints::{Caller, Op, changed};
use crate::http::input::{Input, Named};
use crate::http::problem::Problem;
use crate::http::sign_in::noted;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ringfence_domain::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Names a user.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct UserPath {
    /// The id, as the list shows it.
    pub(crate) id: String,
}

/// A user to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserWanted {
    /// What the user signs in with.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^\S[^\x00-\x1f]*$"))]
    pub(crate) name: String,
    /// Where the user can be written to; nothing is sent by the service.
    pub(crate) email: Option<String>,
    /// What the user may do: all that one of these may. Not `integration`, which is for systems.
    #[schemars(schema_with = "roles_of_people")]
    pub(crate) roles: BTreeSet<Role>,
}

/// Any roles but that of systems; one that is named twice counts once.
fn roles_of_people(_: &mut SchemaGenerator) -> Schema {
    let roles: Vec<&str> =
        Role::ALL.into_iter().filter(|role| *role != Role::Integration).map(Role::as_str).collect();
    json_schema!({ "type": "array", "minItems": 1, "items": { "type": "string", "enum": roles } })
}

/// What is to hold of a user.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// What the user signs in with.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^\S[^\x00-\x1f]*$"))]
    pub(crate) name: String,
    /// Where the user can be written to; none where left out.
    pub(crate) email: Option<String>,
    /// What the user may do: all that one of these may.
    #[schemars(schema_with = "roles_of_people")]
    pub(crate) roles: BTreeSet<Role>,
    /// Whether the user may sign in.
    pub(crate) active: bool,
}

/// A user with a link through which a password is chosen.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Invited {
    /// The user.
    pub(crate) user: User,
    /// Give it to the user, and to nobody else. It works once; it is not kept and cannot be shown again.
    pub(crate) link: String,
    /// The link's token alone, for `POST /v1/password`.
    token: String,
    /// From then on it does not work.
    #[schemars(with = "String")]
    pub(crate) expires_at: Timestamp,
}

/// For the record.
pub(crate) fn roles(of: &BTreeSet<Role>) -> (String, String) {
    let words: Vec<&str> = of.iter().map(|role| role.as_str()).collect();
    ("roles".into(), words.join(","))
}

/// All users. Names and addresses are of people: the reading is recorded.
pub async fn list(State(shared): State<Arc<Shared>>, Caller(by): Caller) -> Result<Json<Vec<User>>, Problem> {
    changed(&shared, Control::noted("users_read", "users", by)).await?;
    Ok(Json(shared.access.users.list()))
}

pub(crate) fn list_docs(op: Op<'_>) -> Op<'_> {
    op.id("listUsers").summary("List the users; the reading is recorded").tag("Users")
}

fn invited(shared: &Shared, id: &str) -> Result<Invited, AccessError> {
    let now = (shared.clock)();
    let (user, token) = shared.access.users.reset(id, now)?;
    let base = shared.web.public_url.as_deref().unwrap_or_default().trim_end_matches('/');
    let link = format!("{base}/password?token={token}");
    Ok(Invited { user, link, token, expires_at: now.plus(LINK_WORKS_FOR) })
}

/// Makes a user.
pub async fn make(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Input(UserWanted { name, email, roles: wanted }): Input<UserWanted>,
) -> Result<(StatusCode, Json<Invited>), Problem> {
    let detail = BTreeMap::from([roles(&wanted)]);
    let about = About { name, email, roles: wanted };
    let user = shared.access.users.make(about, None, None, (shared.clock)())?;
    let recorded = noted(&shared, "user_made", &user, detail, by).await;
    if recorded.is_err() {
        // A user must not be there without the record.
        shared.access.remove_user(&user.id)?;
    }
    recorded?;
    Ok((StatusCode::CREATED, Json(invited(&shared, &user.id)?)))
}

pub(crate) fn make_docs(op: Op<'_>) -> Op<'_> {
    op.id("makeUser")
        .summary("Make a user; the answer has the link through which the user chooses a password")
        .tag("Users")
        .response::<201, Json<Invited>>()
        .response::<400, Problem>()
        .response::<409, Problem>()
}

/// Changes what holds of a user.
pub async fn set(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(UserPath { id }): Named<UserPath>,
    Input(UserChange { name, email, roles: wanted, active }): Input<UserChange>,
) -> Result<Json<User>, Problem> {
    let detail = BTreeMap::from([roles(&wanted), ("active".into(), active.to_string())]);
    let change = Change::Set(About { name, email, roles: wanted }, active);
    let user = shared.access.users.check(&id, &change)?;
    noted(&shared, "user_changed", &user, detail, by).await?;
    let user = shared.access.users.apply(&id, &change)?;
    if !active {
        shared.access.sessions.end_all(&id);
    }
    Ok(Json(user))
}

pub(crate) fn set_docs(op: Op<'_>) -> Op<'_> {
    op.id("setUser")
        .summary("Say what holds of a user: name, e-mail, roles, and whether the user may sign in")
        .description("Sessions and keys follow at once. The last administrator stays one.")
        .tag("Users")
        .response::<400, Problem>()
        .response::<404, Problem>()
        .response::<409, Problem>()
}

/// Takes a user's password away and gives a link for another.
pub async fn reset(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(UserPath { id }): Named<UserPath>,
) -> Result<Json<Invited>, Problem> {
    // A link that nobody gets, to ask whether there may be one.
    let (asked, _) = OneTime::new((shared.clock)());
    let user = shared.access.users.check(&id, &Change::Link(asked))?;
    noted(&shared, "user_reset", &user, BTreeMap::new(), by).await?;
    shared.access.sessions.end_all(&id);
    Ok(Json(invited(&shared, &id)?))
}

pub(crate) fn reset_docs(op: Op<'_>) -> Op<'_> {
    op.id("resetUser")
        .summary("Take a user's password away; the answer has a link through which another is chosen")
        .description("All sessions of the user end. Links that were given before do not work any more.")
        .tag("Users")
        .response::<400, Problem>()
        .response::<404, Problem>()
}

/// Forgets a user.
pub async fn remove(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(UserPath { id }): Named<UserPath>,
) -> Result<Json<User>, Problem> {
    let user = shared.access.users.check(&id, &Change::Remove)?;
    noted(&shared, "user_removed", &user, BTreeMap::new(), by).await?;
    Ok(Json(shared.access.remove_user(&id)?))
}

pub(crate) fn remove_docs(op: Op<'_>) -> Op<'_> {
    op.id("removeUser")
        .summary("Forget a user, with sessions and keys; the log keeps the id, which then stands for nobody")
        .tag("Users")
        .response::<404, Problem>()
        .response::<409, Problem>()
}
