//! How do the tests start a service and speak to it?

#![allow(dead_code)] // Each test file uses a part of it.

pub(crate) mod pages;

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

/// With another clock.
pub(crate) fn start_at(dir: &Path, clock: fn() -> Timestamp) -> Service {
    let (given, config) = (Given::default(), Config::default());
    Service::open(dir, &given, &config, Settings::default(), None, clock, &mut |_, _| {})
        .unwrap_or_else(|e| panic!("{e}"))
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

/// A request with any headers.
pub(crate) async fn send(
    router: &Router,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body.into()).expect("a request");
    let response = router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.expect("a body").to_vec();
    Answer { status: parts.status, bytes, headers: parts.headers }
}

pub(crate) async fn ask(
    router: &Router,
    method: Method,
    path: &str,
    key: Option<&str>,
    media: &str,
    body: &str,
) -> Answer {
    let bearer = key.map(|key| format!("Bearer {key}"));
    let mut headers = vec![(header::CONTENT_TYPE.as_str(), media)];
    headers.extend(bearer.as_deref().map(|bearer| (header::AUTHORIZATION.as_str(), bearer)));
    send(router, method, path, &headers, body.to_owned()).await
}

pub(crate) const JSON: &str = "application/json";
pub(crate) const ONE: &str = "application/cloudevents+json";
pub(crate) const BATCH: &str = "application/cloudevents-batch+json";
pub(crate) const LINES: &str = "application/x-ndjson";

pub(crate) const PASSWORD: &str = "mauve lantern quarry";

/// Somebody with a browser.
pub(crate) struct Browser {
    pub(crate) router: Router,
    pub(crate) cookie: String,
    pub(crate) csrf: String,
    pub(crate) user: String,
}

impl Browser {
    /// Of an answer that signs somebody in.
    pub(crate) fn of(router: &Router, answer: &Answer) -> Browser {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
        let set = answer.headers[header::SET_COOKIE].to_str().expect("text");
        let told = answer.json();
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let cookie = set.split(';').next().expect("a pair").to_owned();
        Browser { router: router.clone(), cookie, csrf: text(&told["csrf"]), user: text(&told["user"]["id"]) }
    }
    /// As a page of the service asks.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: &Value) -> Answer {
        let headers = [
            ("content-type", JSON),
            ("cookie", self.cookie.as_str()),
            ("sec-fetch-site", "same-origin"),
            ("x-csrf-token", self.csrf.as_str()),
        ];
        send(&self.router, method, path, &headers, body.to_string()).await
    }
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &Value::Null).await
    }
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, &body).await
    }
    /// Whether the session lives.
    pub(crate) async fn known(&self) -> bool {
        self.get("/v1/me").await.status == StatusCode::OK
    }
    /// Makes a key of one's own; its secret.
    pub(crate) async fn own_key(&self, role: &str) -> String {
        let made = self.post("/v1/me/keys", json!({ "name": "Bobadilla's", "role": role })).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.json());
        made.json()["secret"].as_str().expect("a secret").to_owned()
    }
}

/// The first administrator: the session, and an API key.
pub(crate) async fn set_up(service: &Service, router: &Router) -> (Browser, String) {
    let token = service.set_up_token().expect("a new deployment has a set-up token");
    let body = json!({ "token": token, "name": "Ada", "password": PASSWORD, "with_key": true }).to_string();
    let made = ask(router, Method::POST, "/v1/setup", None, JSON, &body).await;
    let browser = Browser::of(router, &made);
    (browser, made.json()["key"]["secret"].as_str().expect("a secret").to_owned())
}

/// An API key of the first administrator.
pub(crate) async fn admin(service: &Service, router: &Router) -> String {
    set_up(service, router).await.1
}

/// Another person with these roles, signed in.
pub(crate) async fn person(router: &Router, admin: &str, name: &str, roles: &[Role]) -> Browser {
    let body = json!({ "name": name, "roles": roles }).to_string();
    let made = ask(router, Method::POST, "/v1/users", Some(admin), JSON, &body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.json());
    let body = json!({ "token": made.json()["token"], "password": PASSWORD }).to_string();
    Browser::of(router, &ask(router, Method::POST, "/v1/password", None, JSON, &body).await)
}

/// A key of a system, or of a new person with that role.
pub(crate) async fn key(router: &Router, admin: &str, role: Role) -> String {
    let name = format!("{role:?}");
    let body = json!({ "name": name, "role": role });
    let made = if role == Role::Integration {
        ask(router, Method::POST, "/v1/keys", Some(admin), JSON, &body.to_string()).await
    } else {
        person(router, admin, &name, &[role]).await.post("/v1/me/keys", body).await
    };
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
    wait_with(dir, &Settings::default()).await
}

/// The same with settings.
pub(crate) async fn wait_with(dir: &Path, settings: &Settings) -> Service {
    for _ in 0..500 {
        match start(dir, &Given::default(), settings.clone()) {
            Ok(service) => return service,
            Err(e) if e.to_string().contains("lock") || e.to_string().contains("process") => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            Err(e) => panic!("{e}"),
        }
    }
    panic!("the folder is still held");
}
