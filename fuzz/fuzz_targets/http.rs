//! Can any body make an endpoint panic or fail? Each one that takes a body, in each form, as whoever may send it.
//!
//! The first two bytes choose endpoint and media type, the rest is the body. `service/tests/bodies.rs` does the same in the
//! plain tests, with bodies that are nearly right.
#![no_main]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, header};
use libfuzzer_sys::fuzz_target;
use ringfence_domain::Timestamp;
use ringfence_domain::config::Config;
use ringfence_service::access::Role;
use ringfence_service::access::keys::{Keys, Wanted};
use ringfence_service::access::users::{About, Users};
use ringfence_service::http::ENDPOINTS;
use ringfence_service::library::Given;
use ringfence_service::serve::{Service, Settings};
use std::collections::BTreeSet;
use std::sync::LazyLock;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt;

const MEDIA: [&str; 5] = [
    "application/json",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/x-ndjson",
    "application/x-www-form-urlencoded",
];

struct World {
    _dir: TempDir,
    _service: Service,
    runtime: Runtime,
    router: Router,
    /// One for each role.
    keys: Vec<String>,
}

fn clock() -> Timestamp {
    Timestamp::parse("2023-06-01T12:00:00Z").expect("a time")
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a folder");
    let roles: BTreeSet<Role> = Role::ALL.into_iter().filter(|role| *role != Role::Integration).collect();
    let about = About { name: "Ada".into(), email: None, roles };
    let user = Users::open(dir.path()).expect("none").make(about, None, None, clock()).expect("a user");
    let keys = Keys::open(dir.path()).expect("none");
    let secret = |role| {
        let user = (role != Role::Integration).then(|| user.id.clone());
        let wanted = Wanted { name: "k".into(), role, user, expires_at: None, requests_per_second: None };
        keys.make(wanted, clock()).expect("a key").1
    };
    let secrets = Role::ALL.into_iter().map(secret).collect();
    let settings = Settings::default();
    let service =
        Service::open(dir.path(), &Given::default(), &Config::default(), settings, None, clock, &mut |_, _| {})
            .expect("a service");
    let runtime = Runtime::new().expect("threads");
    let router = service.router();
    World { _dir: dir, _service: service, runtime, router, keys: secrets }
});

fuzz_target!(|bytes: &[u8]| {
    let [endpoint, media, body @ ..] = bytes else { return };
    let world = &*WORLD;
    let taking: Vec<_> = ENDPOINTS.iter().filter(|e| e.0 == Method::POST || e.0 == Method::PUT).collect();
    let (method, path, needed) = taking[usize::from(*endpoint) % taking.len()];
    let media = MEDIA[usize::from(*media) % MEDIA.len()];
    let named = [("{refund}", "R1"), ("{id}", "7"), ("{part}", "policy"), ("{version}", "0"), ("{list}", "deny")];
    let path = named.iter().fold((*path).to_owned(), |path, (name, value)| path.replace(name, value));
    let role = Role::ALL.iter().position(|role| ringfence_service::access::allowed(*role, *needed));
    let key = &world.keys[role.expect("somebody may")];
    let request = Request::builder()
        .method(method.clone())
        .uri(path)
        .header(header::CONTENT_TYPE, media)
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .body(Body::from(body.to_vec()))
        .expect("a request");
    world.runtime.block_on(async {
        let answer = world.router.clone().oneshot(request).await.expect("an answer");
        assert!(answer.status() != 500, "{method} {}", answer.status());
        to_bytes(answer.into_body(), usize::MAX).await.expect("a whole body");
    });
});
