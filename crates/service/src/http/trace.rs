//! What is logged of a request? Its endpoint, answer and time, under an id that the answer carries; nothing that was said.
//!
//! Paths are logged as the table of endpoints has them: what stands in their place may be somebody's, and what follows a
//! question mark may be secret. Answers that went well are at level `debug`, refusals at `info`, failures at `error`.
//!
//! Where spans are sent on (OpenTelemetry), a request is part of its caller's trace, as the header `traceparent` of W3C's Trace
//! Context names it, and has the attributes that OpenTelemetry's conventions give to requests of a server.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tracing::{Instrument, Span, debug, error, field, info, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::access::secret::random_hex;
use crate::http::Shared;

/// The header in which an answer carries the id of its request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// An id of this process and this request. A caller's own is not taken over: logs would hold what anybody writes.
fn next_id() -> String {
    static PROCESS: OnceLock<String> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let process = PROCESS.get_or_init(random_hex::<6>);
    format!("{process}-{:x}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The span of a caller, as `traceparent` has it: version, trace, span, flags.
fn caller(headers: &HeaderMap) -> Option<Context> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let mut parts = text.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if version.len() != 2 || trace.len() != 32 || span.len() != 16 || flags.len() != 2 {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let caller = SpanContext::new(trace, span, flags, true, TraceState::NONE);
    caller.is_valid().then(|| Context::new().with_remote_span_context(caller))
}

/// What a collector is told beside what is logged.
fn send_on(span: &Span, request: &Request, path: &str) {
    if let Some(caller) = caller(request.headers()) {
        // It fails only where no collector is told.
        let _ = span.set_parent(caller);
    }
    let method = request.method().as_str();
    span.record("otel.name", format!("{method} {path}")).record("otel.kind", "server");
    span.record("http.request.method", method).record("http.route", path);
}

/// Logs a request and its answer.
pub(super) async fn trace(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let id = next_id();
    let path = request.extensions().get::<MatchedPath>().map_or("none", |path| path.as_str());
    let span = info_span!(
        "request",
        id,
        method = %request.method(),
        path,
        by = field::Empty,
        otel.name = field::Empty,
        otel.kind = field::Empty,
        otel.status_code = field::Empty,
        http.request.method = field::Empty,
        http.route = field::Empty,
        http.response.status_code = field::Empty,
    );
    if shared.traces {
        send_on(&span, &request, path);
    }
    let began = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, micros) = (response.status().as_u16(), began.elapsed().as_micros() as u64);
    span.in_scope(|| match status {
        500.. => error!(status, micros, "failed"),
        400..500 => info!(status, micros, "refused"),
        _ => debug!(status, micros, "answered"),
    });
    if shared.traces {
        span.record("http.response.status_code", status);
        if status >= 500 {
            span.record("otel.status_code", "ERROR");
        }
    }
    let value = HeaderValue::from_str(&id).expect("hex digits and a dash");
    response.headers_mut().insert(REQUEST_ID, value);
    response
}
