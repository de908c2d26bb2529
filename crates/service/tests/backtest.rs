//! Does a back-test compare what decides with another policy on all of the log, and is a text checked as it is written?

mod common;

use axum::Router;
use axum::http::{Method, StatusCode};
use common::{Browser, JSON, LINES, admin, ask, open, order, person, request, send};
use ringfence_decide::DEFAULT_POLICY;
use ringfence_service::access::Role;
use serde_json::{Value, json};

async fn events(router: &Router, admin: &str, lines: &[Value]) {
    let body: Vec<String> = lines.iter().map(Value::to_string).collect();
    let key = common::key(router, admin, Role::Integration).await;
    let sent = ask(router, Method::POST, "/v1/events", Some(&key), LINES, &body.join("\n")).await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.json());
}

async fn upload(who: &Browser, text: &str) -> String {
    let headers = [
        ("content-type", "application/toml"),
        ("cookie", who.cookie.as_str()),
        ("sec-fetch-site", "same-origin"),
        ("x-csrf-token", who.csrf.as_str()),
    ];
    let kept = send(&who.router, Method::POST, "/v1/versions/policy", &headers, text.to_owned()).await;
    assert_eq!(kept.status, StatusCode::CREATED, "{}", kept.json());
    kept.json()["version"].as_str().expect("a version").to_owned()
}

/// Everything is denied by a rule, with hard evidence that every request has.
fn strict() -> String {
    let rule = "\n[[rule]]\nname = \"everything_to_people\"\nabout = \"every request is looked at\"\nwhen = \"amount >= 0\"\nallow = [\"review\"]\n";
    format!("{DEFAULT_POLICY}{rule}").replacen("name = \"default\"", "name = \"strict\"", 1)
}

async fn finished(who: &Browser) -> Value {
    for _ in 0..600 {
        let told = who.get("/v1/backtest").await.json();
        if told["stage"] != "running" {
            return told;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the back-test does not end");
}

#[tokio::test]
async fn a_back_test_compares_both_policies_on_every_request_of_the_log() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    let mut lines = Vec::new();
    for n in 0..12 {
        lines.extend([order(n), request(n, 900)]);
    }
    lines.push(json!({"specversion": "1.0", "id": "v1", "source": "shop", "type": "verdict.recorded",
        "time": "2023-05-30T10:00:00Z",
        "data": {"subject": {"kind": "refund", "id": "R3"}, "verdict": "legitimate", "method": "investigation"}}));
    events(&router, &admin, &lines).await;
    let analyst = person(&router, &admin, "Bo", &[Role::Analyst]).await;
    assert_eq!(analyst.get("/v1/backtest").await.status, StatusCode::NOT_FOUND);
    let strict = upload(&analyst, &strict()).await;
    let started = analyst.post("/v1/backtest", json!({ "policy": strict })).await;
    assert_eq!(started.status, StatusCode::ACCEPTED, "{}", started.json());
    let told = finished(&analyst).await;
    assert_eq!(told["stage"], "done", "{told}");
    assert_eq!(told["asked"]["candidate"]["policy"], strict);
    let comparison = &told["comparison"];
    assert_eq!((&comparison["requests"], &comparison["labelled"]), (&json!(12), &json!(1)), "{told}");
    assert_eq!(comparison["b"]["load"]["reviews"], 12, "{told}");
    assert_eq!(
        comparison["differ"].as_u64().expect("a number"),
        12 - comparison["a"]["load"]["reviews"].as_u64().expect("a number")
    );
    // A second one with the same versions tells the same.
    analyst.post("/v1/backtest", json!({ "policy": strict })).await;
    assert_eq!(finished(&analyst).await["comparison"], *comparison);
    // From a later time on there is nothing to compare.
    let late = json!({ "policy": strict, "from": "2023-05-21T00:00:00Z" });
    analyst.post("/v1/backtest", late).await;
    assert_eq!(finished(&analyst).await["comparison"]["requests"], 0);
    // Who may not propose may not make the service work either, and reads what came out.
    let investigator = person(&router, &admin, "Cleo", &[Role::Investigator]).await;
    let refused = investigator.post("/v1/backtest", json!({ "policy": strict })).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(investigator.get("/v1/backtest").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_text_is_checked_with_line_column_and_nearest_word_and_not_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    let check = async |part: &str, text: &str| {
        let path = format!("/v1/check/{part}");
        let told = ask(&router, Method::POST, &path, Some(&admin), "application/toml", text).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.json());
        told.json()
    };
    let good = check("policy", DEFAULT_POLICY).await;
    assert_eq!((&good["live"], &good["fault"], &good["unfit"]), (&json!(true), &Value::Null, &Value::Null));
    let misspelt = DEFAULT_POLICY.replacen("[review]", "[reveiw]", 1);
    let line = DEFAULT_POLICY.lines().position(|l| l == "[review]").expect("a table") + 1;
    let told = check("policy", &misspelt).await;
    assert_eq!(told["fault"]["line"], line, "{told}");
    assert!(told["fault"]["help"].as_str().expect("help").contains("review"), "{told}");
    let unknown = format!(
        "{DEFAULT_POLICY}\n[[rule]]\nname = \"x\"\nabout = \"x\"\nwhen = \"amont > 5\"\nallow = [\"review\"]\n"
    );
    let told = check("policy", &unknown).await;
    assert!(told["fault"]["help"].as_str().expect("help").contains("amount"), "{told}");
    let told = check("features", "[[feature]]\nname = 1\n").await;
    assert_eq!(told["fault"]["line"], 2, "{told}");
    let told = check("features", ringfence_features::catalogue::BUILTIN).await;
    assert_eq!(told["live"], true, "{told}");
    let bytes = send(
        &router,
        Method::POST,
        "/v1/check/policy",
        &[("authorization", &format!("Bearer {admin}")), ("content-type", JSON)],
        vec![b'a', 0xff],
    )
    .await;
    assert_eq!(bytes.json()["fault"]["message"], "this is not UTF-8 text from byte 1 on");
    let kept = ask(&router, Method::GET, "/v1/versions/policy", Some(&admin), JSON, "").await.json();
    assert_eq!(kept.as_array().map(Vec::len), Some(1), "nothing was kept: {kept}");
}
