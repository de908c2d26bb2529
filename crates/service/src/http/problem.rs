//! How is an error told over HTTP? As problem details (RFC 9457): what, where, and how to mend it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ringfence_domain::Refusal;
use schemars::JsonSchema;
use serde::Serialize;

/// An error, as `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// Names the kind of error: stays the same between versions.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong in this case.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(default)]
    pub detail: String,
    /// Where in what was sent, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Line of a stream of JSON lines, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// How to mend it.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(default)]
    pub remedy: String,
    /// Seconds after which to come again.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

impl Problem {
    /// A problem of a kind.
    pub fn new(status: StatusCode, kind: &str, title: &str) -> Problem {
        Problem {
            kind: format!("urn:ringfence:problem:{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: String::new(),
            pointer: None,
            line: None,
            remedy: String::new(),
            retry_after: None,
        }
    }
    /// With what is wrong in this case.
    pub fn detail(mut self, detail: impl Into<String>) -> Problem {
        self.detail = detail.into();
        self
    }
    /// With how to mend it.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Problem {
        self.remedy = remedy.into();
        self
    }
    /// What was sent is not what the contract says.
    pub fn refused(refusal: &Refusal) -> Problem {
        let mut problem = Problem::new(StatusCode::BAD_REQUEST, "invalid-event", "The event is not valid")
            .detail(refusal.reason.clone())
            .remedy(refusal.remedy.clone());
        problem.pointer = Some(refusal.pointer.clone());
        problem.line = refusal.line;
        problem
    }
    /// An id with two contents.
    pub fn other_content() -> Problem {
        Problem::new(
            StatusCode::CONFLICT,
            "other-content",
            "An event with this source and id has another content",
        )
        .remedy("give a new event a new id; send the same event again only as it was")
    }
    /// An event that cannot be weighed.
    pub fn not_weighed(why: &str) -> Problem {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not-weighed", "The request cannot be weighed")
            .detail(why)
    }
    /// Too much waits.
    pub fn busy() -> Problem {
        let mut problem = Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "busy",
            "More events wait than can be decided at once",
        )
        .remedy("send the same again after the time in Retry-After: ids make that safe");
        problem.retry_after = Some(1);
        problem
    }
    /// The key sends more than it may.
    pub fn too_fast() -> Problem {
        let title = "The key sends more requests a second than it may";
        let mut problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-fast", title)
            .remedy("send the same again after the time in Retry-After, or several events in one request");
        problem.retry_after = Some(1);
        problem
    }
    /// Stopping, or without its disk.
    pub fn closed() -> Problem {
        let mut problem = Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "closed",
            "The service does not take events at the moment",
        )
        .remedy("send the same again later: ids make that safe; the operator finds the cause at /readyz");
        problem.retry_after = Some(5);
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).expect("a problem serialises");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // A page shows it to people in their own way.
        response.extensions_mut().insert(self);
        response
    }
}
