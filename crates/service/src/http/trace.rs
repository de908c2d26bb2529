//! What is logged of a request? Its endpoint, answer and time, under an id that the answer carries; nothing that was said.
//!
//! Paths are logged as the table of endpoints has them: what stands in their place may be somebody's, and what follows a
//! question mark may be secret. Answers that went well are at level `debug`, refusals at `info`, failures at `error`.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tracing::{Instrument, debug, error, field, info, info_span};

use crate::access::secret::random_hex;

/// The header in which an answer carries the id of its request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// An id of this process and this request. A caller's own is not taken over: logs would hold what anybody writes.
fn next_id() -> String {
    static PROCESS: OnceLock<String> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let process = PROCESS.get_or_init(random_hex::<6>);
    format!("{process}-{:x}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Logs a request and its answer.
pub(super) async fn trace(request: Request, next: Next) -> Response {
    let id = next_id();
    let path = request.extensions().get::<MatchedPath>().map_or("none", |path| path.as_str());
    let span = info_span!("request", id, method = %request.method(), path, by = field::Empty);
    let began = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, micros) = (response.status().as_u16(), began.elapsed().as_micros() as u64);
    span.in_scope(|| match status {
        500.. => error!(status, micros, "failed"),
        400..500 => info!(status, micros, "refused"),
        _ => debug!(status, micros, "answered"),
    });
    let value = HeaderValue::from_str(&id).expect("hex digits and a dash");
    response.headers_mut().insert(REQUEST_ID, value);
    response
}
