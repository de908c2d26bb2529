//! What does each endpoint do? A few lines each over the door, the worker, the library and the keys.

#![allow(clippy::result_large_err)] // A problem is made once for a refused request.

pub mod access;
pub mod audit;
pub mod decisions;
pub mod events;
pub mod lists;
pub mod operations;
pub mod promotions;
pub mod versions;
pub mod webhooks;

use crate::access::Key;
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

pub(crate) type Op<'a> = TransformOperation<'a>;

pub(crate) fn raw(json: &[u8]) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json.to_vec()).into_response()
}

/// Who asks. Every endpoint that is not open to anyone has one: the guard lets nobody else through.
#[derive(Clone, Debug)]
pub struct Caller(pub Principal);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller, Infallible> {
        let key = parts.extensions.get::<Key>();
        Ok(Caller(key.map_or_else(Principal::service, |key| Principal {
            id: key.id.clone(),
            name: key.name.clone(),
            role: Some(key.role),
        })))
    }
}

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
            Denied::SecondPerson(_) => (StatusCode::FORBIDDEN, "second-person"),
            Denied::TooMany(_) => (StatusCode::CONFLICT, "too-many"),
            Denied::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid"),
        };
        Problem::new(status, kind, "Nothing was changed").detail(e.to_string())
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
