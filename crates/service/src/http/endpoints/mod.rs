//! What does each endpoint do? A few lines each over the door, the worker, the library and the keys.

pub mod appeals;
pub mod audit;
pub mod backtests;
pub mod case_packs;
pub mod case_parts;
pub mod cases;
pub mod decisions;
pub mod events;
pub mod keys;
pub mod leads;
pub mod listable;
pub mod lists;
pub mod login;
pub mod me;
pub mod oidc;
pub mod operations;
pub mod pages;
pub mod promotions;
pub mod queue;
pub mod survey;
pub mod texts;
pub mod users;
pub mod versions;
pub mod webhooks;

use crate::access::{AccessError, Identity};
use crate::casework::{self, CaseworkError};
use crate::core::control::WHY_BYTES_MAX;
use crate::core::{Control, CoreError, Denied, Principal};
use crate::http::Shared;
use crate::http::problem::Problem;
use crate::library::LibraryError;
use crate::past::PastError;
use crate::promote::PromoteError;
use crate::worker::{Change, NotTaken};
use aide::transform::TransformOperation;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use std::sync::Arc;

pub(crate) type Op<'a> = TransformOperation<'a>;

pub(crate) fn raw(json: &[u8]) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json.to_vec()).into_response()
}

/// Who asks, as the log names it. Every endpoint that is not open to anyone has one: the guard lets nobody else through.
#[derive(Clone, Debug)]
pub struct Caller(pub Principal);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller, Infallible> {
        Ok(parts.extensions.get::<Caller>().cloned().unwrap_or_else(|| Caller(Principal::service())))
    }
}

/// Who asks, with roles and whether it is a session.
#[derive(Clone, Debug)]
pub struct Known(pub Identity);

impl<S: Send + Sync> FromRequestParts<S> for Known {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Known, Problem> {
        // The guard puts it there; an endpoint that is open to anyone must not ask for it.
        let missing = || Problem::new(StatusCode::UNAUTHORIZED, "not-signed-in", "Nobody asks");
        parts.extensions.get::<Identity>().cloned().map(Known).ok_or_else(missing)
    }
}

/// The session that the browser named, whether it lives or not.
#[derive(Clone, Debug)]
pub struct Session(pub Option<String>);

impl FromRequestParts<Arc<Shared>> for Session {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Session, Infallible> {
        Ok(Session(shared.web.session_of(&parts.headers).map(str::to_owned)))
    }
}

impl aide::OperationInput for Known {}
impl aide::OperationInput for Session {}
impl aide::OperationInput for Caller {}

/// Records one change; its position. Answered once it is durable.
pub(crate) async fn changed(shared: &Shared, control: Control) -> Result<u64, Problem> {
    let positions = shared.worker.change(vec![Change::from(control)]).await??;
    Ok(positions.first().copied().unwrap_or_default())
}

/// A reason that people give: not empty, not a book.
pub(crate) fn why(text: String) -> Result<String, Problem> {
    if text.trim().is_empty() || text.len() > WHY_BYTES_MAX {
        let problem = Problem::new(StatusCode::BAD_REQUEST, "why", "A change needs a reason");
        return Err(problem
            .remedy(format!("write 1 to {WHY_BYTES_MAX} bytes into `why`: who reads the log will ask")));
    }
    Ok(text)
}

impl From<NotTaken> for Problem {
    fn from(e: NotTaken) -> Problem {
        match e {
            NotTaken::Busy => Problem::busy(),
            NotTaken::Closed => Problem::closed(),
        }
    }
}

impl From<Denied> for Problem {
    fn from(e: Denied) -> Problem {
        let (status, kind) = match e {
            Denied::Unknown(_) => (StatusCode::NOT_FOUND, "not-found"),
            Denied::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
            Denied::SecondPerson(_) | Denied::NoPerson => (StatusCode::FORBIDDEN, "second-person"),
            Denied::TooMany(_) => (StatusCode::CONFLICT, "too-many"),
            Denied::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid"),
        };
        Problem::new(status, kind, "Nothing was changed").detail(e.to_string())
    }
}

impl From<AccessError> for Problem {
    fn from(e: AccessError) -> Problem {
        let (status, kind) = match e {
            AccessError::SetUp => (StatusCode::FORBIDDEN, "set-up"),
            AccessError::Link => (StatusCode::FORBIDDEN, "link"),
            AccessError::UnknownKey(_) | AccessError::UnknownUser(_) => (StatusCode::NOT_FOUND, "not-found"),
            AccessError::TooManyKeys => (StatusCode::CONFLICT, "too-many-keys"),
            AccessError::TooManyUsers => (StatusCode::CONFLICT, "too-many-users"),
            AccessError::NameTaken | AccessError::LastAdmin => (StatusCode::CONFLICT, "conflict"),
            AccessError::KeyName | AccessError::KeyOfNobody => (StatusCode::BAD_REQUEST, "invalid-key"),
            AccessError::User(_) => (StatusCode::BAD_REQUEST, "invalid-user"),
            AccessError::File(_) => (StatusCode::INTERNAL_SERVER_ERROR, "access-file"),
        };
        Problem::new(status, kind, "Users and keys are as they were").detail(e.to_string())
    }
}

impl From<LibraryError> for Problem {
    fn from(e: LibraryError) -> Problem {
        let (status, kind) = match e {
            LibraryError::Content(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid-version"),
            LibraryError::Unknown { .. } => (StatusCode::NOT_FOUND, "not-found"),
            LibraryError::TooMany(_) => (StatusCode::CONFLICT, "too-many"),
            LibraryError::Io { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "versions"),
        };
        Problem::new(status, kind, "This version is not kept here").detail(e.to_string())
    }
}

impl From<CoreError> for Problem {
    fn from(e: CoreError) -> Problem {
        let (status, kind) = match e {
            CoreError::Versions(_) | CoreError::Content(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "versions-do-not-fit")
            }
            CoreError::NotKept(_) => (StatusCode::NOT_FOUND, "not-found"),
            CoreError::Differs { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "differs"),
            CoreError::Snapshot(_) | CoreError::Record { .. } | CoreError::OtherVersions { .. } => {
                (StatusCode::INTERNAL_SERVER_ERROR, "state")
            }
        };
        Problem::new(status, kind, "These versions cannot be used").detail(e.to_string())
    }
}

impl From<PastError> for Problem {
    fn from(e: PastError) -> Problem {
        match e {
            PastError::Core(e) => e.into(),
            PastError::Retired { .. } => {
                Problem::new(StatusCode::GONE, "retired", "The log does not reach back so far")
                    .detail(e.to_string())
            }
            PastError::Log(_) | PastError::Snapshots(_) => {
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "log", "The log cannot be read")
                    .detail(e.to_string())
            }
        }
    }
}

impl From<PromoteError> for Problem {
    fn from(e: PromoteError) -> Problem {
        match e {
            PromoteError::NotTaken(e) => e.into(),
            PromoteError::Denied(e) => e.into(),
            PromoteError::Core(e) => e.into(),
            PromoteError::Past(e) => e.into(),
            PromoteError::Thread(what) => {
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "thread", "Nothing was changed").detail(what)
            }
        }
    }
}

impl From<CaseworkError> for Problem {
    fn from(e: CaseworkError) -> Problem {
        let refused = |status, kind: &str, e: &casework::Denied| {
            Problem::new(status, kind, "Nothing was changed").detail(e.to_string())
        };
        match e {
            CaseworkError::Denied(e) => match &e {
                casework::Denied::Unknown(_) => refused(StatusCode::NOT_FOUND, "not-found", &e),
                casework::Denied::Conflict(_) => refused(StatusCode::CONFLICT, "conflict", &e),
                casework::Denied::OtherPerson(_) => refused(StatusCode::CONFLICT, "other-person", &e),
                casework::Denied::TooMany(_) => refused(StatusCode::CONFLICT, "too-many", &e),
                casework::Denied::Invalid(_) => refused(StatusCode::BAD_REQUEST, "invalid", &e),
            },
            CaseworkError::NotTaken(e) => e.into(),
            CaseworkError::Stopped => Problem::closed(),
            e => {
                tracing::error!("casework: {e}");
                let title = "Casework cannot be read or written at the moment";
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "casework", title)
                    .remedy("the operator finds the cause in the service's log")
            }
        }
    }
}
