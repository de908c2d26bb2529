//! Who am I, and how do I change my password?

use crate::access::password::Password;
use crate::access::{Role, User, sessions};
use crate::http::Shared;
use crate::http::browser::Address;
use crate::http::endpoints::login::{Cookie, Entered, entered};
use crate::http::endpoints::{Known, Op, Session};
use crate::http::input::Input;
use crate::http::problem::Problem;
use crate::http::sign_in;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Who asks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Me {
    /// Id of the key or, in a session, of the user: as the log names it.
    id: String,
    /// What may be done: all that one of these may.
    roles: BTreeSet<Role>,
    /// The person, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<User>,
    /// In a session: to be sent as `x-csrf-token` with every change.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf: Option<String>,
}

/// Who asks.
pub async fn me(
    State(shared): State<Arc<Shared>>,
    Known(who): Known,
    Session(token): Session,
) -> Result<Json<Me>, Problem> {
    let user = who.user.as_deref().map(|id| shared.access.users.get(id)).transpose()?;
    let csrf = token.filter(|_| who.session).map(|token| sessions::csrf(&token));
    Ok(Json(Me { id: who.id, roles: who.roles, user, csrf }))
}

pub(crate) fn me_docs(op: Op<'_>) -> Op<'_> {
    op.id("me").summary("Who asks, with which roles").tag("Me")
}

/// Another password.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The present one.
    old: Password,
    /// At least 12 characters, and not easily guessed.
    new: Password,
}

/// Changes one's password.
pub async fn change_password(
    State(shared): State<Arc<Shared>>,
    address: Address,
    Known(who): Known,
    Input(Change { old, new }): Input<Change>,
) -> Result<(Cookie, Json<Entered>), Problem> {
    let Some(id) = who.user.filter(|_| who.session) else {
        let problem =
            Problem::new(StatusCode::FORBIDDEN, "no-session", "A password is changed by its person");
        return Err(problem.remedy("sign in; a key cannot do this"));
    };
    let user = shared.access.users.get(&id)?;
    let signed_in = sign_in::change_password(&shared, &address, user, old, new).await?;
    Ok(entered(&shared, signed_in, None))
}

pub(crate) fn change_password_docs(op: Op<'_>) -> Op<'_> {
    op.id("changePassword")
        .summary("Change one's password; all one's sessions end, and this one goes on as a new one")
        .tag("Me")
        .response::<200, Json<Entered>>()
        .response::<403, Problem>()
        .response::<422, Problem>()
        .response::<429, Problem>()
}
