//! Do lists and suppressions act from where they stand in the log, and is everything that people do recorded?

mod common;

use axum::http::{Method, StatusCode};
use common::{ONE, admin, ask, key, open, order, request, wait};
use ringfence_service::access::Role;
use serde_json::{Value, json};

const JSON: &str = "application/json";

#[tokio::test(flavor = "multi_thread")]
async fn lists_act_from_where_they_stand_and_come_out_again_in_a_replay() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let investigator = key(&router, &admin, Role::Investigator).await;
    let supervisor = key(&router, &admin, Role::Supervisor).await;
    let auditor = key(&router, &admin, Role::Auditor).await;
    let post = |key: &str, path: &str, body: Value| {
        let (router, key, path) = (router.clone(), key.to_owned(), path.to_owned());
        async move { ask(&router, Method::POST, &path, Some(&key), JSON, &body.to_string()).await }
    };
    let decide = |n: u32| {
        let (router, shop) = (router.clone(), shop.clone());
        async move {
            ask(&router, Method::POST, "/v1/events", Some(&shop), ONE, &order(n).to_string()).await;
            ask(&router, Method::POST, "/v1/refunds/decide", Some(&shop), ONE, &request(n, 5_000).to_string())
                .await
                .json()
        }
    };
    assert_eq!(decide(1).await["decision"], "instant_refund");
    let entry = json!({"kind": "account", "value": "A1", "until": "2023-07-01T00:00:00Z", "why": "chargebacks elsewhere"});
    let denied = post(&investigator, "/v1/lists/deny", entry.clone()).await;
    assert_eq!(denied.status, StatusCode::CREATED, "{}", denied.json());
    let number = denied.json()["id"].as_u64().expect("a number");
    let second = decide(2).await;
    assert_eq!((&second["decision"], &second["rules"]), (&json!("review"), &json!(["on_deny_list"])));
    let text = second["reasons"][0]["text"].as_str().unwrap_or_default();
    assert!(text.contains(&format!("account, entry {number}")), "{text}");
    // What was answered before stays as it was.
    let again = request(1, 5_000).to_string();
    let same = ask(&router, Method::POST, "/v1/refunds/decide", Some(&shop), ONE, &again).await;
    assert_eq!(same.json()["decision"], "instant_refund");
    // A rule is suppressed by a supervisor, for a while, and the decision says so.
    let quiet = json!({"rule": "on_deny_list", "kind": "account", "value": "A1", "until": "2023-06-30T00:00:00Z", "why": "cleared"});
    assert_eq!(post(&investigator, "/v1/suppressions", quiet.clone()).await.status, StatusCode::FORBIDDEN);
    let suppressed = post(&supervisor, "/v1/suppressions", quiet).await;
    assert_eq!(suppressed.status, StatusCode::CREATED, "{}", suppressed.json());
    let third = decide(3).await;
    assert_eq!(
        (&third["decision"], &third["reasons"][0]["code"]),
        (&json!("instant_refund"), &json!("rule_suppressed"))
    );
    let lift = format!("/v1/suppressions/{}/lift", suppressed.json()["id"]);
    assert_eq!(post(&supervisor, &lift, json!({"why": "again"})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(decide(4).await["decision"], "review");
    let remove = format!("/v1/entries/{number}/remove");
    assert_eq!(post(&investigator, &remove, json!({"why": "settled"})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(decide(5).await["decision"], "instant_refund");
    assert_eq!(post(&investigator, &remove, json!({"why": "twice"})).await.status, StatusCode::NOT_FOUND);
    // What makes no sense is refused and not recorded.
    for (path, body) in [
        ("/v1/lists/deny", json!({"kind": "account", "value": "", "why": "x"})),
        ("/v1/lists/deny", json!({"kind": "account", "value": "A1", "why": " "})),
        (
            "/v1/lists/deny",
            json!({"kind": "account", "value": "A1", "why": "x", "until": "2023-01-01T00:00:00Z"}),
        ),
        ("/v1/lists/grey", entry),
        ("/v1/lists/deny", json!({"kind": "seller", "value": "S1", "why": "x"})),
    ] {
        let refused = post(&investigator, path, body).await.status;
        assert!(refused.is_client_error(), "{path}: {refused}");
    }
    let wrong = json!({"rule": "on_deny_lists", "until": "2023-06-30T00:00:00Z", "why": "x"});
    assert_eq!(
        post(&supervisor, "/v1/suppressions", wrong).await.json()["remedy"],
        "did you mean `on_deny_list`?"
    );
    let list = ask(&router, Method::GET, "/v1/lists/deny", Some(&investigator), JSON, "").await.json();
    assert_eq!(list, json!([]));
    let trail = ask(&router, Method::GET, "/v1/audit", Some(&auditor), JSON, "").await.json();
    let did = |e: &Value| {
        let record = &e["record"];
        record["did"].as_str().or(record["control"].as_str()).unwrap_or_default().to_owned()
    };
    let told: Vec<String> = trail.as_array().expect("entries").iter().map(did).collect();
    let people = ["key_made", "password_chosen", "user_made"].repeat(3);
    let expect = ["audit_read", "list_read", "unlisted", "unlisted", "suppressed", "listed"];
    let begun = ["key_made", "key_made", "user_set_up", "casework", "versions"];
    let expect: Vec<&str> = expect.into_iter().chain(people).chain(begun).collect();
    assert_eq!(told, expect);
    assert!(
        trail
            .as_array()
            .expect("entries")
            .iter()
            .all(|e| e["record"]["control"] == "versions" || e["record"]["by"]["id"].is_string())
    );
    let _ = (post, decide);
    drop((router, service));
    // Every decision is compared on the way, through each entry.
    let service = wait(dir.path()).await;
    assert_eq!((service.restart.snapshot, service.restart.compared), (None, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_read_is_recorded_before_they_see_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let analyst = key(&router, &admin, Role::Analyst).await;
    let auditor = key(&router, &admin, Role::Auditor).await;
    for event in [order(1), request(1, 5_000)] {
        ask(&router, Method::POST, "/v1/events", Some(&shop), ONE, &event.to_string()).await;
    }
    let get = |key: &str, path: &str| {
        let (router, key, path) = (router.clone(), key.to_owned(), path.to_owned());
        async move { ask(&router, Method::GET, &path, Some(&key), JSON, "").await }
    };
    assert_eq!(get(&shop, "/v1/decisions/R1").await.status, StatusCode::OK);
    assert_eq!(get(&analyst, "/v1/decisions/R1").await.status, StatusCode::OK);
    let evidence = get(&analyst, "/v1/decisions/R1/evidence").await.json();
    assert_eq!((&evidence["same"], &evidence["decision"]["refund"]), (&json!(true), &json!("R1")));
    let amount =
        evidence["vector"].as_array().and_then(|v| v.iter().find(|f| f["name"] == "amount")).cloned();
    assert_eq!(amount.expect("the amount")["value"], 5_000.0);
    let events = evidence["events"].as_array().expect("events");
    assert!(events.iter().any(|e| e["event"]["id"] == "r1"), "the request itself: {events:?}");
    assert_eq!(get(&shop, "/v1/decisions/R1/evidence").await.status, StatusCode::FORBIDDEN);
    let trail = get(&auditor, "/v1/audit?limit=3").await.json();
    let told: Vec<_> = trail
        .as_array()
        .expect("entries")
        .iter()
        .map(|e| (&e["record"]["did"], &e["record"]["subject"]))
        .collect();
    assert_eq!(told[1..], [(&json!("evidence_read"), &json!("R1")), (&json!("decision_read"), &json!("R1"))]);
    // Older ones by position.
    let before = trail[2]["position"].as_u64().expect("a position");
    let older = get(&auditor, &format!("/v1/audit?before={before}&limit=1")).await.json();
    assert_eq!(older[0]["record"]["did"], "key_made");
}
