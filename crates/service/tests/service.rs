//! Does the service answer once, durably, and the same after a restart? And nobody who should not be answered?

mod common;

use axum::http::{Method, StatusCode, header};
use common::{BATCH, LINES, ONE, admin, ask, key, open, order, person, request, wait};
use ringfence_domain::config::Config;
use ringfence_service::access::{Permission, Role, allowed};
use ringfence_service::http::endpoints;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_answered_once_and_the_same_after_a_restart() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let batch = Value::Array((1..=20).map(order).collect()).to_string();
    let receipts = ask(&router, Method::POST, "/v1/events", Some(&shop), BATCH, &batch).await.json();
    assert!(
        receipts.as_array().is_some_and(|r| r.len() == 20 && r.iter().all(|r| r["status"] == "accepted")),
        "{receipts}"
    );
    let decide = |body: Value| {
        let (router, shop) = (router.clone(), shop.clone());
        async move { ask(&router, Method::POST, "/v1/refunds/decide", Some(&shop), ONE, &body.to_string()).await }
    };
    let first = decide(request(1, 5000)).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.json());
    assert_eq!(first.json()["refund"], "R1");
    assert_eq!(decide(request(1, 5000)).await.bytes, first.bytes, "the same event gets the same bytes");
    let other = decide(request(1, 4999)).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert_eq!(other.json()["type"], "urn:ringfence:problem:other-content");
    let read = ask(&router, Method::GET, "/v1/decisions/R1", Some(&shop), ONE, "").await;
    assert_eq!(read.bytes, first.bytes);
    let second = decide(request(2, 100)).await;
    // Stopped without a snapshot: everything comes from the log.
    drop(router);
    drop(service);
    for snapshot in [false, true] {
        let service = wait(dir.path()).await;
        assert_eq!(service.restart.snapshot.is_some(), snapshot);
        assert_eq!(service.restart.compared, if snapshot { 0 } else { 2 });
        let router = service.router();
        for (n, answer) in [(1, &first), (2, &second)] {
            let path = format!("/v1/decisions/R{n}");
            assert_eq!(ask(&router, Method::GET, &path, Some(&shop), ONE, "").await.bytes, answer.bytes);
        }
        let again =
            ask(&router, Method::POST, "/v1/refunds/decide", Some(&shop), ONE, &request(1, 5000).to_string())
                .await;
        assert_eq!(again.bytes, first.bytes);
        let taken = ask(&router, Method::POST, "/v1/snapshots", Some(&admin), ONE, "").await;
        assert_eq!(taken.status, StatusCode::OK, "{}", taken.json());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_event_is_told_and_keeps_no_other_out() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let bad = r#"{"specversion":"1.0","id":"x","source":"shop","type":"order.placed","time":"2023-05-01T10:00:00Z","data":{"order":"O9"}}"#;
    let lines = format!("{}\n{bad}\nnot json\n\n{}\n", order(1), order(2));
    let answer = ask(&router, Method::POST, "/v1/events", Some(&shop), LINES, &lines).await;
    let receipts: Vec<Value> = String::from_utf8_lossy(&answer.bytes)
        .lines()
        .map(|l| serde_json::from_str(l).expect("a receipt a line"))
        .collect();
    let status: Vec<&str> = receipts.iter().map(|r| r["status"].as_str().expect("a status")).collect();
    assert_eq!(status, ["accepted", "refused", "refused", "accepted"]);
    assert_eq!(receipts[1]["problem"]["line"], 2);
    assert_eq!(receipts[1]["problem"]["pointer"], "/data/account");
    assert!(receipts[2]["problem"]["detail"].as_str().is_some_and(|d| !d.is_empty()));
    let one = ask(&router, Method::POST, "/v1/events", Some(&shop), ONE, bad).await;
    assert_eq!(one.status, StatusCode::BAD_REQUEST);
    assert_eq!(one.headers[header::CONTENT_TYPE], "application/problem+json");
    let media = ask(&router, Method::POST, "/v1/events", Some(&shop), "text/plain", "hello").await;
    assert_eq!(media.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let other =
        ask(&router, Method::POST, "/v1/refunds/decide", Some(&shop), ONE, &order(3).to_string()).await;
    assert_eq!(other.json()["type"], "urn:ringfence:problem:not-a-request");
    let none = ask(&router, Method::GET, "/v1/decisions/R404", Some(&shop), ONE, "").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let huge = "x".repeat(Config::default().batch_bytes_max + 1);
    assert_eq!(
        ask(&router, Method::POST, "/v1/events", Some(&shop), ONE, &huge).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_lets_in_exactly_the_roles_of_the_policy_table() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    let mut keys = Vec::new();
    for role in Role::ALL {
        keys.push((role, key(&router, &admin, role).await));
    }
    let mut browsers = Vec::new();
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Integration) {
        browsers.push((role, person(&router, &admin, &format!("{role:?} at a desk"), &[role]).await));
    }
    let path = |p: &str| {
        let named = [
            ("{refund}", "R1"),
            ("{lead}", "ring-R1"),
            ("{staff}", "P-0000000000"),
            ("{id}", "7"),
            ("{part}", "policy"),
            ("{version}", "0"),
            ("{list}", "deny"),
            ("{task}", "1"),
            ("{hold}", "1"),
            ("{sha256}", "00"),
        ];
        named.iter().fold(p.to_owned(), |path, (name, value)| path.replace(name, value))
    };
    for (method, endpoint, needed) in endpoints() {
        // What is live goes on for ever: tests/workbench.rs asks only how it begins.
        if endpoint.starts_with("/live/") {
            continue;
        }
        let without = ask(&router, method.clone(), &path(endpoint), None, ONE, "").await.status;
        assert_eq!(without == StatusCode::UNAUTHORIZED, needed != Permission::Anyone, "{method} {endpoint}");
        for (role, key) in &keys {
            let status = ask(&router, method.clone(), &path(endpoint), Some(key), ONE, "").await.status;
            let denied = status == StatusCode::FORBIDDEN && needed != Permission::Anyone;
            assert_eq!(!denied, allowed(*role, needed), "{role:?} {method} {endpoint}: {status}");
            assert_ne!(status, StatusCode::UNAUTHORIZED);
        }
        // Signed in it is the same table; signing out would end the test.
        for (role, browser) in browsers.iter().filter(|_| !endpoint.ends_with("/logout")) {
            let status = browser.ask(method.clone(), &path(endpoint), &Value::Null).await.status;
            let denied = status == StatusCode::FORBIDDEN && needed != Permission::Anyone;
            assert_eq!(!denied, allowed(*role, needed), "{role:?} {method} {endpoint}: {status}");
            assert_ne!(status, StatusCode::UNAUTHORIZED, "{role:?} {method} {endpoint}");
        }
        assert_eq!(
            ask(&router, method.clone(), &path(endpoint), Some("rf_wrong"), ONE, "").await.status
                == StatusCode::UNAUTHORIZED,
            needed != Permission::Anyone
        );
    }
    let unlisted = ask(&router, Method::PUT, "/v1/keys", Some(&admin), ONE, "").await;
    assert_eq!(unlisted.status, StatusCode::METHOD_NOT_ALLOWED);
    let nowhere = ask(&router, Method::GET, "/v1/nowhere", Some(&admin), ONE, "").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    let open = endpoints().filter(|e| e.2 == Permission::Anyone).map(|e| e.1).collect::<Vec<_>>();
    assert_eq!(
        open,
        [
            "/healthz",
            "/readyz",
            "/openapi.json",
            "/docs",
            "/login",
            "/login",
            "/setup",
            "/setup",
            "/password",
            "/password",
            "/oidc/login",
            "/oidc/callback",
            "/v1/setup",
            "/v1/login",
            "/v1/password",
            "/assets/{name}"
        ],
        "what is open is a decision"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_revoked_at_once_and_never_stored_in_the_clear() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let kept = std::fs::read_to_string(dir.path().join("keys.json")).expect("the file of keys");
    assert!(!kept.contains(&shop) && !kept.contains(&admin));
    let list = ask(&router, Method::GET, "/v1/keys", Some(&admin), ONE, "").await;
    assert!(!String::from_utf8_lossy(&list.bytes).contains("sha256"));
    let id = list.json()[1]["id"].as_str().expect("an id").to_owned();
    let expired =
        json!({ "name": "old", "role": "integration", "expires_at": "2023-01-01T00:00:00Z" }).to_string();
    let expired =
        ask(&router, Method::POST, "/v1/keys", Some(&admin), "application/json", &expired).await.json();
    let expired = expired["secret"].as_str().expect("a secret");
    for (key, status) in [(shop.as_str(), StatusCode::NOT_FOUND), (expired, StatusCode::UNAUTHORIZED)] {
        assert_eq!(ask(&router, Method::GET, "/v1/decisions/R1", Some(key), ONE, "").await.status, status);
    }
    let path = format!("/v1/keys/{id}");
    assert_eq!(ask(&router, Method::DELETE, &path, Some(&admin), ONE, "").await.status, StatusCode::OK);
    assert_eq!(
        ask(&router, Method::GET, "/v1/decisions/R1", Some(&shop), ONE, "").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_is_a_problem_also_of_a_path_and_a_query() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    for (method, path) in [
        (Method::GET, "/v1/versions/nothing"),
        (Method::POST, "/v1/promotions/x/approve"),
        (Method::GET, "/v1/audit?limit=many"),
        (Method::POST, "/v1/keys/none/rotate"),
        (Method::DELETE, "/v1/keys/none"),
        (Method::GET, "/v1/nowhere"),
        (Method::PUT, "/v1/keys"),
    ] {
        let answer = ask(&router, method.clone(), path, Some(&admin), "application/json", "{}").await;
        assert!(answer.status.is_client_error(), "{method} {path}: {}", answer.status);
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json", "{method} {path}");
        assert!(answer.json()["type"].as_str().is_some_and(|t| t.starts_with("urn:ringfence:problem:")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_names_every_endpoint_of_the_policy_table() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let api = ask(&service.router(), Method::GET, "/openapi.json", None, ONE, "").await.json();
    assert_eq!(api["openapi"], "3.1.0");
    for (method, path, needs) in endpoints().filter(|e| e.1.starts_with("/v1")) {
        let operation = &api["paths"][path][method.as_str().to_lowercase()];
        assert!(operation["summary"].is_string(), "{method} {path} is not described");
        // What stands before the endpoint is described too.
        let roles = Role::ALL.into_iter().filter(|role| allowed(*role, needs)).map(Role::as_str);
        let guarded = needs != Permission::Anyone;
        for status in ["401", "403", "429"] {
            assert!(
                !guarded || operation["responses"][status].is_object(),
                "{method} {path} without {status}"
            );
        }
        assert!(!guarded || operation["x-roles"] == json!(roles.collect::<Vec<_>>()), "{method} {path}");
        let body = operation["requestBody"].is_object();
        assert!(!body || operation["responses"]["415"].is_object(), "{method} {path}: another media type");
    }
    // What a problem may leave out is not promised.
    assert_eq!(api["components"]["schemas"]["Problem"]["required"], json!(["type", "title", "status"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_tells_the_customer_in_their_language_and_nothing_that_teaches() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let auditor = person(&router, &admin, "Auditor", &[Role::Auditor]).await;
    // An order that nobody knows and much money: not simply paid.
    let body = request(7, 900_000).to_string();
    let decision = ask(&router, Method::POST, "/v1/refunds/decide", Some(&shop), ONE, &body).await.json();
    assert_eq!(decision["refund"], "R7", "{decision}");
    let path = "/v1/decisions/R7/notice";
    let notice = |query: &'static str| {
        let (router, shop) = (router.clone(), shop.clone());
        async move { ask(&router, Method::GET, &format!("{path}{query}"), Some(&shop), ONE, "").await }
    };
    let (english, italian) = (notice("").await.json(), notice("?language=it").await.json());
    assert_eq!((&english["language"], &italian["language"]), (&json!("en"), &json!("it")));
    assert_eq!(english["refund"], "R7");
    assert_ne!(english["text"], italian["text"]);
    // Neither the score nor what it was made of, nor which rule was hit.
    let text = english.to_string();
    for told in ["score", "expected_loss", "weight", "rule"] {
        assert!(!text.contains(told), "{told} in {text}");
    }
    for reason in decision["reasons"].as_array().expect("reasons") {
        let code = reason["code"].as_str().expect("a code");
        assert!(!text.contains(&format!("\"{code}\"")), "{code} in {text}");
    }
    assert_eq!(notice("?language=xx").await.status, StatusCode::BAD_REQUEST);
    let none = ask(&router, Method::GET, "/v1/decisions/R8/notice", Some(&shop), ONE, "").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    // What a person reads is recorded.
    assert_eq!(auditor.get(path).await.status, StatusCode::OK);
    let trail = auditor.get("/v1/audit").await.json();
    assert!(trail.to_string().contains("notice_read"), "{trail}");
}
