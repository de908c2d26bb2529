//! How do the tests start a service and speak to it?

#![allow(dead_code)] // Each test file uses a part of it.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use ringfence_domain::Timestamp;
use ringfence_domain::config::Config;
use ringfence_service::access::Role;
use ringfence_service::library::Given;
use ringfence_service::serve::{ServeError, Service, Settings};
use serde_json::{Value, json};
use std::path::Path;
use tower::ServiceExt;

pub(crate) fn clock() -> Timestamp {
    Timestamp::parse("2023-06-01T12:00:00Z").expect("a time")
}

pub(crate) fn start(dir: &Path, given: &Given, settings: Settings) -> Result<Service, ServeError> {
    Service::open(dir, given, &Config::default(), settings, None, clock, &mut |_, _| {})
}

pub(crate) fn open(dir: &Path) -> Service {
    start(dir, &Given::default(), Settings::default()).unwrap_or_else(|e| panic!("{e}"))
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) bytes: Vec<u8>,
    pub(crate) headers: axum::http::HeaderMap,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.bytes)))
    }
}

pub(crate) async fn ask(
    router: &Router,
    method: Method,
    path: &str,
    key: Option<&str>,
    media: &str,
    body: &str,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, media);
    if let Some(key) = key {
        request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
    }
    let request = request.body(Body::from(body.to_owned())).expect("a request");
    let response = router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.expect("a body").to_vec();
    Answer { status: parts.status, bytes, headers: parts.headers }
}

pub(crate) const ONE: &str = "application/cloudevents+json";
pub(crate) const BATCH: &str = "application/cloudevents-batch+json";
pub(crate) const LINES: &str = "application/x-ndjson";

pub(crate) async fn admin(service: &Service, router: &Router) -> String {
    let token = service.set_up_token().expect("a new deployment has a set-up token");
    let body = json!({ "token": token }).to_string();
    let made = ask(router, Method::POST, "/v1/setup", None, "application/json", &body).await;
    assert_eq!(made.status, StatusCode::OK);
    made.json()["secret"].as_str().expect("a secret").to_owned()
}

pub(crate) async fn key(router: &Router, admin: &str, role: Role) -> String {
    let body = json!({ "name": format!("{role:?}"), "role": role }).to_string();
    let made = ask(router, Method::POST, "/v1/keys", Some(admin), "application/json", &body).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.json());
    made.json()["secret"].as_str().expect("a secret").to_owned()
}

pub(crate) fn order(n: u32) -> Value {
    json!({"specversion": "1.0", "id": format!("o{n}"), "source": "shop", "type": "order.placed", "time": "2023-05-01T10:00:00Z",
        "data": {"order": format!("O{n}"), "account": "A1", "lines": [{"line": 1, "quantity": 1}], "total": {"amount": 5000, "currency": "USD"}}})
}
pub(crate) fn request(n: u32, amount: i64) -> Value {
    json!({"specversion": "1.0", "id": format!("r{n}"), "source": "shop", "type": "refund.requested", "time": "2023-05-20T10:00:00Z",
        "data": {"refund": format!("R{n}"), "order": format!("O{n}"), "account": "A1", "lines": [{"line": 1, "quantity": 1}],
                 "amount": {"amount": amount, "currency": "USD"}, "reason": "damaged", "channel": "chat"}})
}

/// Opens the folder again once the threads of the last service let go of it.
pub(crate) async fn wait(dir: &Path) -> Service {
    for _ in 0..200 {
        match start(dir, &Given::default(), Settings::default()) {
            Ok(service) => return service,
            Err(e) if e.to_string().contains("lock") || e.to_string().contains("process") => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            Err(e) => panic!("{e}"),
        }
    }
    panic!("the folder is still held");
}
