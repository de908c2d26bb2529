//! How does a person come in? With a password, through the set-up link, or through a link to choose a password.
//!
//! The endpoints of the API and the forms of the pages are a few lines each over this. Whatever happens is in the log
//! before it is answered.

use crate::access::throttle::Who;
use crate::access::users::About;
use crate::access::{AccessError, Role, User, password, password::Password, sessions};
use crate::core::{Control, Principal};
use crate::http::Shared;
use crate::http::browser::Address;
use crate::http::endpoints::changed;
use crate::http::problem::Problem;
use axum::http::StatusCode;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Hashes of passwords at once: 19 MiB and some tens of milliseconds of a processor each.
pub(crate) const HASHES_AT_ONCE: usize = 2;
/// How long one waits for its turn.
const HASH_WITHIN: Duration = Duration::from_secs(5);

/// A person who has come in.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) user: User,
    /// For the cookie.
    pub(crate) token: String,
}

impl SignedIn {
    /// What the page sends along with changes.
    pub(crate) fn csrf(&self) -> String {
        sessions::csrf(&self.token)
    }
}

/// Records what was done to a user, or by one; never a name.
pub(crate) async fn noted(
    shared: &Shared,
    did: &str,
    user: &User,
    detail: BTreeMap<String, String>,
    by: Principal,
) -> Result<(), Problem> {
    let control = Control::Noted { did: did.into(), subject: user.id.clone(), detail, by };
    changed(shared, control).await.map(drop)
}

async fn noted_of_oneself(shared: &Shared, did: &str, user: &User) -> Result<(), Problem> {
    noted(shared, did, user, BTreeMap::new(), user.into()).await
}

/// Does what takes long with a password, beside the connections.
async fn slowly<T: Send + 'static>(
    shared: &Shared,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let turn = tokio::time::timeout(HASH_WITHIN, shared.hashing.acquire()).await;
    let Ok(Ok(_turn)) = turn else { return Err(Problem::busy()) };
    let fail = |e: tokio::task::JoinError| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "thread", "The password was not looked at")
            .detail(e.to_string())
    };
    tokio::task::spawn_blocking(work).await.map_err(fail)
}

fn too_often(wait: ringfence_domain::Duration) -> Problem {
    let seconds = u32::try_from(wait.0.max(0) / 1_000 + 1).unwrap_or(u32::MAX);
    let mut problem =
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-tries", "Signing in failed too often")
            .remedy(format!("try again in {seconds} s; each further failure doubles the wait"));
    problem.retry_after = Some(seconds);
    problem
}

/// The same whether there is no such user, the password is another, or the user may not sign in.
fn not_known() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "sign-in", "Name and password do not fit together")
        .remedy("an administrator can give you a link to choose another password")
}

/// Whether a password is a user's. `kept` is of nobody where the name is nobody's: it takes as long.
async fn proven(
    shared: &Shared,
    name: &str,
    address: &Address,
    kept: Option<String>,
    given: Password,
) -> Result<bool, Problem> {
    let who = [Who::Name(name.trim().to_lowercase()), Who::Address(address.0.clone())];
    shared.access.throttle.begin(&who, (shared.clock)()).map_err(too_often)?;
    let fits = slowly(shared, move || password::verify(&given, kept.as_deref())).await?;
    if fits {
        shared.access.throttle.succeeded(&who);
    }
    Ok(fits)
}

/// Begins a session; the one that the browser had ends.
pub(crate) fn begin(shared: &Shared, user: User, before: Option<&str>) -> SignedIn {
    if let Some(before) = before {
        shared.access.sessions.end(before);
    }
    let token = shared.access.sessions.begin(&user.id, (shared.clock)());
    SignedIn { user, token }
}

/// With name and password.
pub(crate) async fn with_password(
    shared: &Shared,
    address: &Address,
    before: Option<&str>,
    name: &str,
    given: Password,
) -> Result<SignedIn, Problem> {
    let found = shared.access.users.to_sign_in(name).unzip();
    // Longer names nobody has; what is remembered of tries is bounded.
    let name: String = name.chars().take(crate::access::users::NAME_CHARS_MAX).collect();
    let fits = proven(shared, &name, address, found.1, given).await?;
    match found.0 {
        Some(user) if fits => {
            noted_of_oneself(shared, "signed_in", &user).await?;
            Ok(begin(shared, user, before))
        }
        // Recorded for names that nobody has as well: a sync more or less would tell who exists.
        other => {
            let subject = other.map_or_else(|| "nobody".to_owned(), |user| user.id);
            changed(shared, Control::noted("sign_in_failed", subject, Principal::service())).await?;
            Err(not_known())
        }
    }
}

fn taken(given: &Password, name: &str, email: Option<&str>) -> Result<(), Problem> {
    let words = name.split_whitespace().chain(email.into_iter().flat_map(|e| e.split(['@', '.'])));
    let mut about: Vec<&str> = words.collect();
    about.push(name);
    password::check(given, &about).map_err(|e| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "password", "This password is not taken")
            .detail(e.to_string())
    })
}

async fn hashed(shared: &Shared, given: Password) -> Result<String, Problem> {
    slowly(shared, move || password::hash(&given)).await
}

/// Through the set-up link: the first administrator.
pub(crate) async fn set_up(
    shared: &Shared,
    token: &str,
    name: String,
    email: Option<String>,
    given: Password,
) -> Result<SignedIn, Problem> {
    if !shared.access.sets_up(token, (shared.clock)()) {
        return Err(AccessError::SetUp.into());
    }
    taken(&given, &name, email.as_deref())?;
    let hash = hashed(shared, given).await?;
    let about = About { name, email, roles: BTreeSet::from([Role::Admin]) };
    let user = shared.access.set_up(token, about, hash, (shared.clock)())?;
    let recorded = noted(shared, "user_set_up", &user, BTreeMap::new(), Principal::service()).await;
    if recorded.is_err() {
        // A user must not be there without the record.
        shared.access.remove_user(&user.id)?;
    }
    recorded.map(|()| begin(shared, user, None))
}

/// Through a link that an administrator gave.
pub(crate) async fn through_link(
    shared: &Shared,
    before: Option<&str>,
    token: &str,
    given: Password,
) -> Result<SignedIn, Problem> {
    let found = shared.access.users.of_link(token, (shared.clock)()).ok_or(AccessError::Link)?;
    taken(&given, &found.name, found.email.as_deref())?;
    let hash = hashed(shared, given).await?;
    noted_of_oneself(shared, "password_chosen", &found).await?;
    let user = shared.access.users.use_link(token, hash, (shared.clock)())?;
    shared.access.sessions.end_all(&user.id);
    Ok(begin(shared, user, before))
}

/// Another password, by whom knows the present one. All sessions of the user end; one begins.
pub(crate) async fn change_password(
    shared: &Shared,
    address: &Address,
    user: User,
    old: Password,
    new: Password,
) -> Result<SignedIn, Problem> {
    let kept = shared.access.users.password_of(&user.id);
    if !proven(shared, &user.name, address, kept, old).await? {
        noted(shared, "password_change_failed", &user, BTreeMap::new(), Principal::service()).await?;
        let title = "The present password is another";
        return Err(Problem::new(StatusCode::FORBIDDEN, "password", title));
    }
    taken(&new, &user.name, user.email.as_deref())?;
    let hash = hashed(shared, new).await?;
    noted_of_oneself(shared, "password_changed", &user).await?;
    let user = shared.access.users.set_password(&user.id, hash)?;
    shared.access.sessions.end_all(&user.id);
    Ok(begin(shared, user, None))
}

/// Ends the session.
pub(crate) async fn sign_out(shared: &Shared, token: &str, by: Principal) -> Result<(), Problem> {
    // Whatever becomes of the record: who leaves is out.
    shared.access.sessions.end(token);
    let subject = by.id.clone();
    changed(shared, Control::noted("signed_out", subject, by)).await.map(drop)
}
