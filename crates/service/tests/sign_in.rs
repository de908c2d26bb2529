//! Do people come in who should, and nobody else? Passwords, sessions, links, four eyes.

mod common;

use axum::Router;
use axum::http::{Method, StatusCode, header};
use common::{
    Answer, Browser, JSON, PASSWORD, admin, ask, clock, key, open, person, send, set_up, start, start_at,
    wait,
};
use ringfence_decide::RULES_ONLY_POLICY;
use ringfence_domain::{Duration, Timestamp};
use ringfence_service::access::{Role, sessions};
use ringfence_service::http::Web;
use ringfence_service::library::Given;
use ringfence_service::serve::Settings;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicI64, Ordering};

async fn login(router: &Router, name: &str, password: &str) -> Answer {
    let body = json!({ "name": name, "password": password }).to_string();
    ask(router, Method::POST, "/v1/login", None, JSON, &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_known_until_it_is_ended_and_another_after_each_sign_in() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let (ada, _) = set_up(&service, &router).await;
    let me = ada.get("/v1/me").await.json();
    assert_eq!(
        (&me["user"]["name"], &me["roles"], &me["csrf"]),
        (&json!("Ada"), &json!(["admin"]), &json!(ada.csrf))
    );
    let again = login(&router, " ada ", PASSWORD).await;
    let set = again.headers[header::SET_COOKIE].to_str().expect("text").to_owned();
    assert!(set.contains("; HttpOnly; SameSite=Strict") && !set.contains("Secure"), "{set}");
    let again = Browser::of(&router, &again);
    assert_ne!(again.cookie, ada.cookie);
    // Signing in where one is signed in already ends the session before.
    let body = json!({ "name": "Ada", "password": PASSWORD }).to_string();
    let headers = [("content-type", JSON), ("cookie", again.cookie.as_str())];
    let third = Browser::of(&router, &send(&router, Method::POST, "/v1/login", &headers, body.clone()).await);
    assert_eq!((ada.known().await, again.known().await, third.known().await), (true, false, true));
    let out = third.post("/v1/logout", Value::Null).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert!(out.headers[header::SET_COOKIE].to_str().expect("text").contains("Max-Age=0"));
    assert_eq!((ada.known().await, third.known().await), (true, false));
    // Another password ends all sessions but the one that goes on as a new one.
    let new = "twelve violet herons";
    let wrong = json!({ "old": "not the present one", "new": new });
    assert_eq!(ada.post("/v1/me/password", wrong).await.status, StatusCode::FORBIDDEN);
    let weak = json!({ "old": PASSWORD, "new": "password1234" });
    assert_eq!(ada.post("/v1/me/password", weak).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let beside = Browser::of(&router, &login(&router, "Ada", PASSWORD).await);
    let changed = ada.post("/v1/me/password", json!({ "old": PASSWORD, "new": new })).await;
    let changed = Browser::of(&router, &changed);
    assert_eq!((ada.known().await, beside.known().await, changed.known().await), (false, false, true));
    assert_eq!(login(&router, "Ada", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(login(&router, "Ada", new).await.status, StatusCode::OK);
    // A restart ends sessions, and keeps users.
    drop((router.clone(), service));
    let cookie = changed.cookie.clone();
    drop((ada, again, third, beside, changed, router));
    let service = wait(dir.path()).await;
    let router = service.router();
    assert!(service.set_up_token().is_none());
    let headers = [("cookie", cookie.as_str())];
    assert_eq!(send(&router, Method::GET, "/v1/me", &headers, "").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(login(&router, "Ada", new).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_alone_changes_nothing_for_another_page() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let (ada, _) = set_up(&service, &router).await;
    let csrf = ("x-csrf-token", ada.csrf.as_str());
    let body = json!({ "name": "k", "role": "admin" }).to_string();
    for (more, expect) in [
        (vec![], StatusCode::FORBIDDEN),
        (vec![csrf], StatusCode::FORBIDDEN),
        (vec![("sec-fetch-site", "same-origin")], StatusCode::FORBIDDEN),
        (vec![csrf, ("sec-fetch-site", "cross-site")], StatusCode::FORBIDDEN),
        (vec![csrf, ("origin", "http://evil.example"), ("host", "rf.example")], StatusCode::FORBIDDEN),
        (vec![("x-csrf-token", "0"), ("sec-fetch-site", "same-origin")], StatusCode::FORBIDDEN),
        (vec![csrf, ("sec-fetch-site", "same-origin")], StatusCode::OK),
        (vec![csrf, ("origin", "http://rf.example"), ("host", "rf.example")], StatusCode::OK),
    ] {
        let mut headers = vec![("content-type", JSON), ("cookie", ada.cookie.as_str())];
        headers.extend(&more);
        let made = send(&router, Method::POST, "/v1/me/keys", &headers, body.clone()).await;
        assert_eq!(made.status, expect, "{more:?}");
        if expect == StatusCode::FORBIDDEN {
            assert_eq!(made.json()["type"], "urn:ringfence:problem:other-page", "{more:?}");
        }
    }
    // Nor may another page sign somebody in, with an account of its own.
    let body = json!({ "name": "Ada", "password": PASSWORD }).to_string();
    let headers = [("content-type", JSON), ("sec-fetch-site", "cross-site")];
    assert_eq!(
        send(&router, Method::POST, "/v1/login", &headers, body.clone()).await.status,
        StatusCode::FORBIDDEN
    );
}

static NOW_MS: AtomicI64 = AtomicI64::new(0);

fn moving() -> Timestamp {
    clock().plus(Duration(NOW_MS.load(Ordering::Relaxed)))
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_gets_slower_and_tells_nothing_about_who_exists() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = start_at(dir.path(), moving);
    let router = service.router();
    set_up(&service, &router).await;
    let mut told = Vec::new();
    for name in ["Ada", "nobody"] {
        for _ in 0..5 {
            let refused = login(&router, name, "not the password").await;
            told.push((refused.status, refused.bytes));
        }
        let waits = login(&router, name, PASSWORD).await;
        assert_eq!(waits.status, StatusCode::TOO_MANY_REQUESTS, "{name}");
        told.push((waits.status, waits.bytes));
        assert_eq!(waits.headers[header::RETRY_AFTER], "2");
    }
    assert_eq!(told[..6], told[6..], "byte for byte");
    NOW_MS.fetch_add(2_000, Ordering::Relaxed);
    assert_eq!(login(&router, "Ada", PASSWORD).await.status, StatusCode::OK);
    // An idle session ends.
    let ada = Browser::of(&router, &login(&router, "Ada", PASSWORD).await);
    assert_eq!(ada.get("/v1/me").await.status, StatusCode::OK);
    NOW_MS.fetch_add(sessions::IDLE.0, Ordering::Relaxed);
    assert_eq!(ada.get("/v1/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_set_up_link_makes_one_administrator() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let token = service.set_up_token().expect("a token").to_owned();
    let set_up = |token: String, password: &'static str| {
        let router = router.clone();
        let body = json!({ "token": token, "name": "Eve", "password": password }).to_string();
        async move { ask(&router, Method::POST, "/v1/setup", None, JSON, &body).await.status }
    };
    assert_eq!(set_up("0".repeat(token.len()), PASSWORD).await, StatusCode::FORBIDDEN);
    assert_eq!(set_up(token.clone(), "password1234").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(set_up(token.clone(), PASSWORD).await, StatusCode::OK);
    assert_eq!(set_up(token.clone(), PASSWORD).await, StatusCode::FORBIDDEN);
    let files = std::fs::read_to_string(dir.path().join("users.json")).expect("the file");
    assert!(!files.contains(PASSWORD) && !files.contains(&token) && files.contains("$argon2id$"));
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_made_changed_reset_and_forgotten_and_the_log_has_no_name_of_theirs() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let (ada, admin_key) = set_up(&service, &router).await;
    let bob = person(&router, &admin_key, "Bobadilla", &[Role::Analyst, Role::Auditor]).await;
    let bobs_key = bob.own_key("analyst").await;
    let path = format!("/v1/users/{}", bob.user);
    let set = |body: Value| {
        let (path, ada) = (path.clone(), &ada);
        async move { ada.ask(Method::PUT, &path, &body).await }
    };
    // None of one's roles, or none that is for people.
    for role in ["admin", "integration"] {
        let made = bob.post("/v1/me/keys", json!({ "name": "k", "role": role })).await;
        assert_eq!(made.status, StatusCode::FORBIDDEN, "{role}");
    }
    let with_key = |role| json!({ "name": "k", "role": role }).to_string();
    let more = ask(&router, Method::POST, "/v1/me/keys", Some(&bobs_key), JSON, &with_key("auditor")).await;
    assert_eq!(more.status, StatusCode::FORBIDDEN, "a key of one role makes none of another");
    let of_nobody =
        ask(&router, Method::POST, "/v1/keys", Some(&admin_key), JSON, &with_key("analyst")).await;
    assert_eq!(of_nobody.status, StatusCode::BAD_REQUEST);
    let list = ada.get("/v1/keys").await.json();
    let id = list.as_array().and_then(|l| l.iter().find(|k| k["user"] == json!(bob.user))).cloned();
    let id = id.expect("Bob's key")["id"].as_str().expect("an id").to_owned();
    let taken = ada.post(&format!("/v1/keys/{id}/rotate"), json!({})).await;
    assert_eq!(taken.status, StatusCode::FORBIDDEN, "an administrator is not handed somebody's key");
    // Fewer roles hold at once.
    assert_eq!(bob.get("/v1/audit").await.status, StatusCode::OK);
    let fewer = json!({ "name": "Bobadilla", "email": "bobadilla@shop.example", "roles": ["analyst"], "active": true });
    assert_eq!(set(fewer).await.status, StatusCode::OK);
    assert_eq!(bob.get("/v1/audit").await.status, StatusCode::FORBIDDEN);
    for wrong in [
        json!({ "name": "ada", "roles": ["analyst"], "active": true }),
        json!({ "name": "Bobadilla", "roles": [], "active": true }),
        json!({ "name": "Bobadilla", "roles": ["integration"], "active": true }),
        json!({ "name": "Bob\nadilla", "roles": ["analyst"], "active": true }),
        json!({ "name": "Bobadilla", "roles": ["analyst"], "active": true, "email": "nowhere" }),
    ] {
        assert!(set(wrong.clone()).await.status.is_client_error(), "{wrong}");
    }
    let last = format!("/v1/users/{}", ada.user);
    assert_eq!(ada.ask(Method::DELETE, &last, &Value::Null).await.status, StatusCode::CONFLICT);
    // A reset ends the password and the sessions; the link works once.
    let reset = ada.post(&format!("{path}/reset"), json!({})).await.json();
    assert!(reset["link"].as_str().is_some_and(|link| link.starts_with("/password?token=")));
    assert_eq!(bob.get("/v1/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(login(&router, "Bobadilla", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    let choose = |password: &'static str| {
        let body = json!({ "token": reset["token"], "password": password }).to_string();
        let router = router.clone();
        async move { ask(&router, Method::POST, "/v1/password", None, JSON, &body).await }
    };
    assert_eq!(choose("bobadilla 2026").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let bob = Browser::of(&router, &choose("twelve violet herons").await);
    assert_eq!(choose("twelve violet herons").await.status, StatusCode::FORBIDDEN);
    // Forgotten: with sessions and keys.
    assert_eq!(ada.ask(Method::DELETE, &path, &Value::Null).await.status, StatusCode::OK);
    assert_eq!(bob.get("/v1/me").await.status, StatusCode::UNAUTHORIZED);
    let key = ask(&router, Method::GET, "/v1/me", Some(&bobs_key), JSON, "").await;
    assert_eq!(key.status, StatusCode::UNAUTHORIZED);
    let trail = ada.get("/v1/audit").await;
    let text = String::from_utf8(trail.bytes.clone()).expect("text");
    assert!(text.contains(&bob.user) && !text.to_lowercase().contains("bobadilla"), "{text}");
    let did: Vec<Value> =
        trail.json().as_array().expect("entries").iter().map(|e| e["record"]["did"].clone()).collect();
    for what in
        ["user_made", "user_changed", "user_reset", "password_chosen", "user_removed", "sign_in_failed"]
    {
        assert!(did.contains(&json!(what)), "{what}: {did:?}");
    }
    assert_eq!(
        did.iter().filter(|d| **d == json!("user_changed")).count(),
        1,
        "what was refused is no change"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn four_eyes_are_those_of_two_persons_however_many_keys_they_have() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    let bob = person(&router, &admin, "Bob", &[Role::Supervisor, Role::Analyst]).await;
    let cy = person(&router, &admin, "Cy", &[Role::Supervisor]).await;
    let (one, two) = (bob.own_key("analyst").await, bob.own_key("supervisor").await);
    let kept =
        ask(&router, Method::POST, "/v1/versions/policy", Some(&one), JSON, RULES_ONLY_POLICY).await.json();
    let body = json!({ "policy": kept["version"], "why": "a test" }).to_string();
    let proposed = ask(&router, Method::POST, "/v1/promotions", Some(&one), JSON, &body).await.json();
    assert_eq!(proposed["by"]["user"], json!(bob.user));
    let path = format!("/v1/promotions/{}/approve", proposed["id"]);
    let by_key = ask(&router, Method::POST, &path, Some(&two), JSON, "{}").await;
    assert_eq!(by_key.status, StatusCode::FORBIDDEN);
    assert_eq!(by_key.json()["type"], "urn:ringfence:problem:second-person");
    assert_eq!(bob.post(&path, json!({})).await.status, StatusCode::FORBIDDEN, "nor signed in");
    let approved = cy.post(&path, json!({})).await;
    assert_eq!(approved.status, StatusCode::OK, "{}", approved.json());
    assert_eq!(approved.json()["approved_by"]["user"], json!(cy.user));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_an_earlier_program_go_on_but_stand_for_no_person() {
    let dir = tempfile::tempdir().expect("a folder");
    let kept = |role: &str| {
        let hash = format!("{:x}", Sha256::digest(format!("rf_{role}")));
        json!({ "id": role, "name": role, "role": role, "created_at": "2023-01-01T00:00:00Z", "expires_at": null, "sha256": hash })
    };
    let keys = json!([kept("admin"), kept("supervisor")]).to_string();
    std::fs::write(dir.path().join("keys.json"), keys).expect("written");
    let service = open(dir.path());
    assert!(service.set_up_token().is_none(), "somebody runs it");
    let router = service.router();
    let upload = ask(&router, Method::POST, "/v1/versions/policy", Some("rf_admin"), JSON, RULES_ONLY_POLICY)
        .await
        .json();
    let body = json!({ "policy": upload["version"], "why": "a test" }).to_string();
    let proposed = ask(&router, Method::POST, "/v1/promotions", Some("rf_admin"), JSON, &body).await.json();
    let path = format!("/v1/promotions/{}/approve", proposed["id"]);
    let approved = ask(&router, Method::POST, &path, Some("rf_supervisor"), JSON, "{}").await;
    assert_eq!(approved.status, StatusCode::FORBIDDEN, "two keys may be in one hand");
    person(&router, "rf_admin", "Ada", &[Role::Admin]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_need_no_script_and_lead_in_and_out() {
    let dir = tempfile::tempdir().expect("a folder");
    let web = Web { public_url: Some("https://rf.example".into()), ..Web::default() };
    let service =
        start(dir.path(), &Given::default(), Settings { web, ..Settings::default() }).expect("a service");
    let router = service.router();
    let token = service.set_up_token().expect("a token").to_owned();
    let form = [("content-type", "application/x-www-form-urlencoded"), ("origin", "https://rf.example")];
    let first = send(&router, Method::GET, "/", &[("accept", "text/html")], "").await;
    assert_eq!(
        (first.status, &first.headers[header::LOCATION]),
        (StatusCode::SEE_OTHER, &"/login".parse().expect("a value"))
    );
    for path in [format!("/setup?token={token}"), "/login".into(), "/password?token=%22%3E%3Cb%3E".into()] {
        let page = send(&router, Method::GET, &path, &[], "").await;
        let text = String::from_utf8(page.bytes).expect("text");
        assert!(
            text.starts_with("<!DOCTYPE html>") && text.contains("lang=\"en\"") && !text.contains("<script")
        );
        assert!(!text.contains("\"><b>"), "{path}: what an address says is escaped");
        let policy = page.headers["content-security-policy"].to_str().expect("text");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'"),
            "{policy}"
        );
        assert!(
            text.matches("<label").count() == text.matches("<input").count() - text.matches("hidden").count()
        );
    }
    let fill = |path: &'static str, body: String| {
        let router = router.clone();
        async move { send(&router, Method::POST, path, &form, body).await }
    };
    let filled =
        |again: &str| format!("token={token}&name=Ada+L.&password=mauve+lantern+quarry&again={again}");
    let unlike = fill("/setup", filled("mauve")).await;
    assert_eq!(unlike.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = String::from_utf8(unlike.bytes).expect("text");
    assert!(text.contains("role=\"alert\"") && text.contains("value=\"Ada L.\"") && !text.contains("quarry"));
    let made = fill("/setup", filled("mauve+lantern+quarry")).await;
    assert_eq!((made.status, made.headers[header::LOCATION].as_bytes()), (StatusCode::SEE_OTHER, &b"/"[..]));
    let wrong = fill("/login", "name=Ada+L.&password=wrong".into()).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let inside = fill("/login", "name=ada+l.&password=mauve+lantern+quarry".into()).await;
    let set = inside.headers[header::SET_COOKIE].to_str().expect("text").to_owned();
    assert!(set.starts_with("__Host-ringfence=") && set.contains("; Secure"), "{set}");
    let cookie = set.split(';').next().expect("a pair");
    let home = send(&router, Method::GET, "/", &[("cookie", cookie), ("accept", "text/html")], "").await;
    assert_eq!(
        (home.status, &home.headers[header::LOCATION]),
        (StatusCode::SEE_OTHER, &"/today".parse().expect("a value"))
    );
    let home = send(&router, Method::GET, "/today", &[("cookie", cookie), ("accept", "text/html")], "").await;
    let text = String::from_utf8(home.bytes).expect("text");
    assert!(text.contains("Ada L.") && text.contains("admin"), "{text}");
    let csrf =
        text.split("name=\"csrf\" value=\"").nth(1).and_then(|t| t.split('"').next()).expect("a field");
    let with_cookie = [form[0], form[1], ("cookie", cookie)];
    let forged = send(&router, Method::POST, "/logout", &with_cookie, "csrf=0").await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let out = send(&router, Method::POST, "/logout", &with_cookie, format!("csrf={csrf}")).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    let gone = send(&router, Method::GET, "/v1/me", &[("cookie", cookie)], "").await;
    assert_eq!(gone.status, StatusCode::UNAUTHORIZED);
    // A key of a system is none of a person.
    let ada = Browser::of(&router, &login(&router, "Ada L.", PASSWORD).await);
    let shop = key(&router, &ada.own_key("admin").await, Role::Integration).await;
    let me = ask(&router, Method::GET, "/v1/me", Some(&shop), JSON, "").await.json();
    assert_eq!((&me["roles"], me.get("user"), me.get("csrf")), (&json!(["integration"]), None, None));
}
