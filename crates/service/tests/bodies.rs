//! Can any body make an endpoint fail? Each one that takes a body, in each form, with bytes and with JSON that is nearly right.
//!
//! The same as `fuzz/fuzz_targets/http.rs`, for machines without a fuzzer.

mod common;

use axum::Router;
use axum::http::{Method, header};
use common::{BATCH, JSON, LINES, ONE, admin, key, open, order, person, request, send};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use ringfence_service::access::{Permission, Role, allowed};
use ringfence_service::http::endpoints;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const MEDIA: [&str; 5] = [JSON, ONE, BATCH, LINES, "application/x-www-form-urlencoded"];

/// Values that a field may be asked to hold.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|x| json!(x)),
        ".{0,12}".prop_map(Value::from),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T00:00:00Z".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[[[[[[[]]]]]]]])),
        Just(json!("x".repeat(5_000))),
    ]
}

/// Bodies that an endpoint takes, or nearly.
fn whole() -> Vec<Value> {
    vec![
        order(1),
        request(1, 100),
        json!([order(2), request(2, 100)]),
        json!({"name": "k", "role": "analyst", "expires_at": "2024-01-01T00:00:00Z", "requests_per_second": 1}),
        json!({"name": "Bob", "email": "b@x", "roles": ["analyst"], "active": true}),
        json!({"token": "0", "name": "Eve", "password": "mauve lantern quarry", "with_key": true}),
        json!({"old": "mauve lantern quarry", "new": "twelve violet herons"}),
        json!({"kind": "account", "value": "A1", "until": "2024-01-01T00:00:00Z", "why": "x"}),
        json!({"rule": "on_deny_list", "until": "2024-01-01T00:00:00Z", "why": "x"}),
        json!({"policy": "0", "model": "none", "features": "0", "why": "x", "from": 0}),
        json!({"url": "https://hooks.example", "events": ["decision"], "decisions": ["deny"]}),
        json!({"old_works_for_h": 1}),
    ]
}

/// One of them with a field more, less, or other.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), value(), any::<bool>());
    (prop::sample::select(whole()), prop::collection::vec(change, 0..3)).prop_map(|(mut body, changes)| {
        for (at, value, deep) in changes {
            let target = if deep && body["data"].is_object() { &mut body["data"] } else { &mut body };
            if let Some(fields) = target.as_object_mut() {
                let names: Vec<String> = fields.keys().cloned().collect();
                match (at.index(names.len() + 1), names) {
                    (n, names) if n < names.len() => drop(fields.insert(names[n].clone(), value)),
                    _ => drop(fields.insert("more".into(), value)),
                }
            }
        }
        body.to_string().into_bytes()
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let cut = (nearly(), any::<prop::sample::Index>()).prop_map(|(mut body, at)| {
        body.truncate(at.index(body.len() + 1));
        body
    });
    let flipped = (nearly(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut body, at, byte)| {
        let at = at.index(body.len());
        body[at] = byte;
        body
    });
    prop_oneof![4 => nearly(), 1 => cut, 1 => flipped, 1 => prop::collection::vec(any::<u8>(), 0..300)]
}

async fn people(router: &Router, admin: &str) -> BTreeMap<Role, String> {
    let mut keys = BTreeMap::from([(Role::Admin, admin.to_owned())]);
    keys.insert(Role::Integration, key(router, admin, Role::Integration).await);
    let others = [Role::Analyst, Role::Investigator, Role::Supervisor, Role::Auditor];
    let all = person(router, admin, "Everybody", &others).await;
    for role in others {
        keys.insert(role, all.own_key(role.as_str()).await);
    }
    keys
}

#[test]
fn no_body_makes_an_endpoint_fail_and_every_refusal_says_why() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let keys = runtime.block_on(async { people(&router, &admin(&service, &router).await).await });
    let taking: Vec<_> = endpoints().filter(|e| e.0 == Method::POST || e.0 == Method::PUT).collect();
    let mut runner = TestRunner::new(Config { cases: 1_500, ..Config::default() });
    let strategy = (prop::sample::select(taking), prop::sample::select(&MEDIA[..]), body());
    let outcome = runner.run(&strategy, |((method, path, needed), media, body)| {
        let named =
            [("{refund}", "R1"), ("{id}", "7"), ("{part}", "policy"), ("{version}", "0"), ("{list}", "deny")];
        let path = named.iter().fold((*path).to_owned(), |path, (name, value)| path.replace(name, value));
        let role = Role::ALL.into_iter().find(|role| allowed(*role, needed)).expect("somebody may");
        let bearer = format!("Bearer {}", keys[&role]);
        let headers =
            [(header::CONTENT_TYPE.as_str(), media), (header::AUTHORIZATION.as_str(), bearer.as_str())];
        let answer = runtime.block_on(send(&router, method.clone(), &path, &headers, body));
        prop_assert!(!answer.status.is_server_error(), "{} {}: {}", method, path, answer.status);
        // A form of the workbench says what is wrong on a page of its own.
        let html =
            answer.headers.get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"text/html"));
        let page = !path.starts_with("/v1/") && (html || needed == Permission::Anyone) || path == "/logout";
        if answer.status.is_client_error() && !page {
            let problem = answer.json();
            prop_assert!(
                problem["title"].is_string() && problem["status"] == answer.status.as_u16(),
                "{}",
                problem
            );
        }
        Ok(())
    });
    outcome.unwrap_or_else(|e| panic!("{e}"));
}
