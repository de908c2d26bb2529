//! How does one sign in and out over the API? With a password, or a link; the session is a cookie.

use crate::access::keys::Wanted;
use crate::access::password::Password;
use crate::access::{Role, User};
use crate::http::Shared;
use crate::http::browser::Address;
use crate::http::endpoints::keys::{NewKey, make_recorded};
use crate::http::endpoints::{Caller, Known, Op, Session};
use crate::http::input::Input;
use crate::http::problem::Problem;
use crate::http::sign_in::{self, SignedIn};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::AppendHeaders;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The header that sets the cookie of a session.
pub(crate) type Cookie = AppendHeaders<[(header::HeaderName, HeaderValue); 1]>;

pub(crate) fn cookie(value: HeaderValue) -> Cookie {
    AppendHeaders([(header::SET_COOKIE, value)])
}

/// Who is signed in now; the cookie comes as `Set-Cookie`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Entered {
    /// The user.
    user: User,
    /// To be sent as `x-csrf-token` with every change that is made with the cookie.
    csrf: String,
    /// An API key, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<NewKey>,
}

pub(crate) fn entered(shared: &Shared, signed_in: SignedIn, key: Option<NewKey>) -> (Cookie, Json<Entered>) {
    let csrf = signed_in.csrf();
    let SignedIn { user, token } = signed_in;
    (cookie(shared.web.session(&token)), Json(Entered { user, csrf, key }))
}

/// Name and password.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The user's name.
    name: String,
    /// The user's password.
    password: Password,
}

/// Signs in.
pub async fn login(
    State(shared): State<Arc<Shared>>,
    address: Address,
    Session(before): Session,
    Input(Login { name, password }): Input<Login>,
) -> Result<(Cookie, Json<Entered>), Problem> {
    let signed_in = sign_in::with_password(&shared, &address, before.as_deref(), &name, password).await?;
    Ok(entered(&shared, signed_in, None))
}

pub(crate) fn login_docs(op: Op<'_>) -> Op<'_> {
    op.id("login")
        .summary("Sign in with name and password")
        .description(
            "The session is a cookie that scripts cannot read. Changes made with it need the header `x-csrf-token` and come from \
             the same origin. Failures make the next try wait, per name and per address.",
        )
        .tag("Me")
        .security_requirement_multi::<[&str; 0]>([])
        .response::<200, Json<Entered>>()
        .response::<401, Problem>()
        .response::<429, Problem>()
}

/// Signs out.
pub async fn logout(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Known(who): Known,
    Session(token): Session,
) -> Result<(StatusCode, Cookie), Problem> {
    // A key has no session to end.
    if let Some(token) = token.filter(|_| who.session) {
        sign_in::sign_out(&shared, &token, by).await?;
    }
    Ok((StatusCode::NO_CONTENT, cookie(shared.web.no_session())))
}

pub(crate) fn logout_docs(op: Op<'_>) -> Op<'_> {
    op.id("logout").summary("Sign out: the session ends").tag("Me").response::<204, ()>()
}

/// The first administrator.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// As printed at the first start.
    token: String,
    /// What the administrator signs in with.
    name: String,
    /// Where the administrator can be written to.
    email: Option<String>,
    /// The administrator's password: at least 12 characters, and not easily guessed.
    password: Password,
    /// Whether an API key of the administrator is wanted too, for a deployment that is set up without a browser.
    #[serde(default)]
    with_key: bool,
}

/// Makes the first administrator.
pub async fn set_up(
    State(shared): State<Arc<Shared>>,
    Input(asked): Input<SetUp>,
) -> Result<(Cookie, Json<Entered>), Problem> {
    let SetUp { token, name, email, password, with_key } = asked;
    let signed_in = sign_in::set_up(&shared, &token, name, email, password).await?;
    let mut key = None;
    if with_key {
        let (user, by) = (Some(signed_in.user.id.clone()), (&signed_in.user).into());
        let (name, role) = ("set-up".to_owned(), Role::Admin);
        let wanted = Wanted { name, role, user, expires_at: None, requests_per_second: None };
        key = Some(make_recorded(&shared, wanted, by).await?);
    }
    Ok(entered(&shared, signed_in, key))
}

pub(crate) fn set_up_docs(op: Op<'_>) -> Op<'_> {
    op.id("setUp")
        .summary("Make the first administrator, with the token printed at the first start")
        .tag("Access")
        .security_requirement_multi::<[&str; 0]>([])
        .response::<200, Json<Entered>>()
        .response::<403, Problem>()
        .response::<422, Problem>()
}

/// A password through a link.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// Of the link that an administrator gave.
    token: String,
    /// At least 12 characters, and not easily guessed.
    password: Password,
}

/// Chooses a password through a link.
pub async fn choose(
    State(shared): State<Arc<Shared>>,
    Session(before): Session,
    Input(Chosen { token, password }): Input<Chosen>,
) -> Result<(Cookie, Json<Entered>), Problem> {
    let signed_in = sign_in::through_link(&shared, before.as_deref(), &token, password).await?;
    Ok(entered(&shared, signed_in, None))
}

pub(crate) fn choose_docs(op: Op<'_>) -> Op<'_> {
    op.id("choosePassword")
        .summary("Choose a password, with the token of a link that an administrator gave")
        .tag("Me")
        .security_requirement_multi::<[&str; 0]>([])
        .response::<200, Json<Entered>>()
        .response::<403, Problem>()
        .response::<422, Problem>()
}
