//! Do other versions come to decide when two people want it, without losing state, and again in every replay?

mod common;

use axum::Router;
use axum::http::{Method, StatusCode};
use common::{Answer, ONE, admin, ask, key, open, order, request, start, wait};
use ringfence_decide::{DEFAULT_POLICY, RULES_ONLY_POLICY};
use ringfence_features::catalogue;
use ringfence_service::access::Role;
use ringfence_service::library::Given;
use ringfence_service::serve::{Service, Settings};
use serde_json::{Value, json};
use std::time::Duration;

const JSON: &str = "application/json";

/// Who takes part.
struct People {
    router: Router,
    shop: String,
    analyst: String,
    supervisor: String,
}

impl People {
    async fn of(service: &Service) -> People {
        let router = service.router();
        let admin = admin(service, &router).await;
        let shop = key(&router, &admin, Role::Integration).await;
        let analyst = key(&router, &admin, Role::Analyst).await;
        let supervisor = key(&router, &admin, Role::Supervisor).await;
        People { router, shop, analyst, supervisor }
    }
    /// The same people, who let go of the service.
    fn away(mut self) -> People {
        self.router = Router::new();
        self
    }
    /// The same people, after a restart.
    fn again(mut self, service: &Service) -> People {
        self.router = service.router();
        self
    }
    async fn post(&self, key: &str, path: &str, body: Value) -> Answer {
        ask(&self.router, Method::POST, path, Some(key), JSON, &body.to_string()).await
    }
    async fn get(&self, path: &str) -> Value {
        ask(&self.router, Method::GET, path, Some(&self.supervisor), JSON, "").await.json()
    }
    async fn upload(&self, part: &str, text: &str) -> String {
        let path = format!("/v1/versions/{part}");
        let kept = ask(&self.router, Method::POST, &path, Some(&self.analyst), JSON, text).await;
        assert_eq!(kept.status, StatusCode::CREATED, "{}", kept.json());
        kept.json()["version"].as_str().expect("a version").to_owned()
    }
    async fn event(&self, event: Value) -> Value {
        let path = if event["type"] == "refund.requested" { "/v1/refunds/decide" } else { "/v1/events" };
        let sent = ask(&self.router, Method::POST, path, Some(&self.shop), ONE, &event.to_string()).await;
        assert_eq!(sent.status, StatusCode::OK, "{}", sent.json());
        sent.json()
    }
    async fn promote(&self, wanted: Value) -> Value {
        let mut wanted = wanted;
        wanted["why"] = "a test".into();
        let proposed = self.post(&self.analyst, "/v1/promotions", wanted).await;
        assert_eq!(proposed.status, StatusCode::CREATED, "{}", proposed.json());
        let path = format!("/v1/promotions/{}/approve", proposed.json()["id"]);
        let approved = self.post(&self.supervisor, &path, json!({})).await;
        assert_eq!(approved.status, StatusCode::OK, "{}", approved.json());
        approved.json()
    }
    /// Waits until the newest proposal decides.
    async fn promoted(&self) -> Value {
        for _ in 0..500 {
            let newest = self.get("/v1/promotions").await[0].clone();
            if newest["state"] == "promoted" {
                return newest;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("not promoted: {}", self.get("/v1/promotions").await);
    }
}

/// A policy under which every request of the tests is reviewed.
fn strict() -> String {
    format!(
        "{DEFAULT_POLICY}\n[[rule]]\nname = \"all\"\nabout = \"Everything is looked at.\"\nwhen = \"request.amount_minor >= 0\"\n\
         at_least = \"review\"\n"
    )
}

/// The built-in catalogue with a feature more, which a policy can use.
fn larger() -> String {
    format!(
        "{}\n[[feature]]\nname = \"orders_ever\"\nabout = \"orders of the account\"\nkey = \"account\"\non = \"order.placed\"\n\
         aggregate = \"count\"\nwindow = \"365d\"\nreason = \"account_order_history\"\n",
        catalogue::BUILTIN
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_promoted_by_two_people_and_replayed_with_what_decided_then() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let people = People::of(&service).await;
    people.event(order(1)).await;
    let before = people.event(request(1, 5_000)).await;
    assert_ne!(before["decision"], "review");
    let policy = people.upload("policy", &strict()).await;
    let proposed =
        people.post(&people.analyst, "/v1/promotions", json!({"policy": policy, "why": "a test"})).await;
    assert_eq!(proposed.json()["state"], "proposed");
    let path = format!("/v1/promotions/{}/approve", proposed.json()["id"]);
    // An analyst may not approve, and a supervisor not what they proposed.
    assert_eq!(people.post(&people.analyst, &path, json!({})).await.status, StatusCode::FORBIDDEN);
    let own =
        people.post(&people.supervisor, "/v1/promotions", json!({"policy": policy, "why": "mine"})).await;
    let own_path = format!("/v1/promotions/{}/approve", own.json()["id"]);
    let refused = people.post(&people.supervisor, &own_path, json!({})).await;
    assert_eq!(refused.json()["type"], "urn:ringfence:problem:second-person");
    assert_eq!(people.event(request(1, 5_000)).await, before, "nothing decides before it is approved");
    let approved = people.post(&people.supervisor, &path, json!({})).await;
    assert_eq!(approved.json()["state"], "promoted", "{}", approved.json());
    people.event(order(2)).await;
    let after = people.event(request(2, 5_000)).await;
    assert_eq!(
        (after["decision"].as_str(), after["versions"]["policy"].as_str()),
        (Some("review"), Some(&*policy))
    );
    // The state stayed: the second request sees the first.
    assert!(after["position"].as_u64() > before["position"].as_u64());
    assert_eq!(people.event(request(1, 5_000)).await, before, "what was answered stays answered");
    // What was proposed on other versions must be proposed again.
    let stale =
        people.post(&people.analyst, &own_path.replace("approve", "reject"), json!({"why": "late"})).await;
    assert_eq!(stale.json()["state"], "rejected");
    drop(service);
    let people = people.away();
    // From the log alone, through the promotion: every decision is compared on the way.
    let service = wait(dir.path()).await;
    assert_eq!((service.restart.snapshot, service.restart.compared), (None, 2));
    let people = people.again(&service);
    assert_eq!(people.get("/v1/versions").await["policy"], *policy);
    for (refund, answer) in [("R1", &before), ("R2", &after)] {
        let path = format!("/v1/decisions/{refund}/rederive");
        let again = people.post(&people.supervisor, &path, json!({})).await.json();
        assert_eq!((&again["same"], &again["rederived"]), (&json!(true), answer));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_catalogue_is_rebuilt_beside_and_swapped_in_with_the_same_past() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let people = People::of(&service).await;
    for n in 1..=30 {
        people.event(order(n)).await;
        people.event(request(n, 2_000 + i64::from(n))).await;
    }
    let features = people.upload("features", &larger()).await;
    let rule = "[[rule]]\nname = \"many_orders\"\nabout = \"Many orders.\"\nwhen = \"orders_ever >= 30\"\nat_least = \"review\"\n";
    let policy = people.upload("policy", &format!("{DEFAULT_POLICY}\n{rule}")).await;
    // The policy alone does not fit: it names what the catalogue that decides does not have.
    let alone = people.post(&people.analyst, "/v1/check", json!({"policy": policy})).await;
    assert_eq!(alone.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(alone.json()["detail"].as_str().is_some_and(|d| d.contains("orders_ever")), "{}", alone.json());
    let both = json!({"policy": policy, "features": features});
    assert_eq!(people.post(&people.analyst, "/v1/check", both.clone()).await.json()["rebuilds"], true);
    people.promote(both).await;
    let promoted = people.promoted().await;
    assert!(promoted["position"].as_u64().is_some_and(|p| p > 60));
    people.event(order(31)).await;
    let after = people.event(request(31, 2_000)).await;
    assert_eq!(after["rules"], json!(["many_orders"]), "the new windows hold the past: {after}");
    let evidence = people.get("/v1/decisions/R31/evidence").await;
    let vector = evidence["vector"].as_array().expect("a vector");
    let orders = vector.iter().find(|f| f["name"] == "orders_ever").expect("the new feature");
    assert_eq!((&orders["value"], &evidence["same"]), (&json!(31.0), &json!(true)));
    let people = people.away();
    drop(service);
    let service = wait(dir.path()).await;
    assert_eq!((service.restart.snapshot, service.restart.compared), (None, 31));
    let people = people.again(&service);
    assert_eq!(people.get("/v1/versions").await["features"], *features);
    // And from a snapshot that was taken beside.
    service.worker().history().snapshot().expect("a snapshot");
    let people = people.away();
    drop(service);
    let service = wait(dir.path()).await;
    assert!(service.restart.snapshot.is_some() && service.restart.compared == 0);
    let people = people.again(&service);
    assert_eq!(people.event(request(31, 2_000)).await, after);
    people.event(order(32)).await;
    assert_eq!(people.event(request(32, 2_000)).await["rules"], json!(["many_orders"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_run_compares_and_changes_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let people = People::of(&service).await;
    for n in 1..=10 {
        people.event(order(n)).await;
        people.event(request(n, 1_000 * i64::from(n))).await;
    }
    let policy = people.upload("policy", &strict()).await;
    let features = people.upload("features", &larger()).await;
    for wanted in
        [json!({"policy": policy, "from": 0}), json!({"policy": policy, "features": features, "from": 0})]
    {
        let started = people.post(&people.analyst, "/v1/shadow", wanted).await;
        assert_eq!(started.status, StatusCode::CREATED, "{}", started.json());
        let second = people.post(&people.analyst, "/v1/shadow", json!({"policy": policy})).await;
        assert_eq!(second.status, StatusCode::CONFLICT, "one at a time");
        let base = people.get("/v1/shadow").await["report"]["requests"].as_u64().unwrap_or_default();
        people.event(request(1, 1_000)).await;
        let mut report = Value::Null;
        for _ in 0..500 {
            report = people.get("/v1/shadow").await["report"].clone();
            if report["requests"] == 10 && report["behind"] == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(
            (report["requests"].as_u64(), report["differ"].as_u64()),
            (Some(10), Some(10)),
            "{base} {report}"
        );
        assert_eq!((&report["stricter"], &report["milder"]), (&json!(10), &json!(0)));
        assert_eq!(report["differ_amount_minor"], 55_000);
        assert_eq!((&report["reviews"]["live"], &report["reviews"]["candidate"]), (&json!(0), &json!(10)));
        assert_eq!(report["examples"][0]["refund"], "R10", "the dearest first");
        let changes = report["changes"].as_array().expect("changes");
        let counted: u64 = changes.iter().filter_map(|c| c["requests"].as_u64()).sum();
        assert!(counted == 10 && changes.iter().all(|c| c["to"] == "review"));
        // What decides is untouched.
        assert_ne!(people.get("/v1/versions").await["policy"], *policy);
        let ended = ask(&people.router, Method::DELETE, "/v1/shadow", Some(&people.analyst), JSON, "").await;
        assert_eq!(ended.status, StatusCode::NO_CONTENT);
    }
    // A run that goes on is taken up after a restart, and a promotion ends it.
    people.post(&people.analyst, "/v1/shadow", json!({"policy": policy, "from": 0})).await;
    let people = people.away();
    drop(service);
    let service = wait(dir.path()).await;
    service.resume().await;
    let people = people.again(&service);
    for _ in 0..500 {
        if people.get("/v1/shadow").await["report"]["requests"] == 10 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(people.get("/v1/shadow").await["report"]["differ"], 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_with_other_files_explains_promotion_and_one_operator_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    drop((router, service));
    drop(wait(dir.path()).await);
    let given = Given { policy: Some(RULES_ONLY_POLICY.into()), ..Given::default() };
    let refused = loop {
        match start(dir.path(), &given, Settings::default()) {
            Ok(_) => panic!("another policy must not begin to decide by a start"),
            Err(e) if e.to_string().contains("held by") => {
                tokio::time::sleep(Duration::from_millis(20)).await
            }
            Err(e) => break e.to_string(),
        }
    };
    assert!(refused.contains("promotion") && refused.contains("without --policy"), "{refused}");
    // The same file is no other.
    let given = Given { policy: Some(DEFAULT_POLICY.into()), ..Given::default() };
    let settings = Settings { single_approver: true, ..Settings::default() };
    let service = start(dir.path(), &given, settings).expect("the same policy");
    let router = service.router();
    let post = |path: String, body: Value| {
        let (router, admin) = (router.clone(), admin.clone());
        async move { ask(&router, Method::POST, &path, Some(&admin), JSON, &body.to_string()).await }
    };
    let kept = ask(&router, Method::POST, "/v1/versions/policy", Some(&admin), JSON, RULES_ONLY_POLICY).await;
    let policy = kept.json()["version"].clone();
    let proposed =
        post("/v1/promotions".into(), json!({"policy": policy, "why": "one operator"})).await.json();
    let approved = post(format!("/v1/promotions/{}/approve", proposed["id"]), json!({})).await;
    assert_eq!(approved.json()["state"], "promoted", "{}", approved.json());
    let trail = ask(&router, Method::GET, "/v1/audit", Some(&admin), JSON, "").await.json();
    let said = trail.as_array().expect("entries").iter().find(|e| e["record"]["control"] == "approved");
    assert_eq!(
        said.expect("the approval")["record"]["single_approver"],
        true,
        "the log says that one person did both"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_version_is_told_with_its_place_and_kept_nowhere() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let people = People::of(&service).await;
    for (part, text, expect) in [
        ("policy", "format = 1\nname = ", "line 2"),
        ("features", "format = 1\n[[feature]]\nname = \"a\"\n", "line"),
        ("model", "{}", "model"),
    ] {
        let path = format!("/v1/versions/{part}");
        let answer = ask(&people.router, Method::POST, &path, Some(&people.analyst), JSON, text).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.json());
        let detail = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert!(detail.contains(expect), "{detail}");
        let kept = people.get(&path).await.as_array().map_or(0, Vec::len);
        assert_eq!(kept, usize::from(part != "model"));
    }
    let unknown = json!({"policy": "00ff", "why": "a test"});
    let answer = people.post(&people.analyst, "/v1/promotions", unknown).await;
    assert!(answer.status.is_client_error(), "{}", answer.json());
    for path in ["/v1/versions/policy/..%2f..%2fkeys.json", "/v1/versions/policy/keys.json"] {
        let answer = ask(&people.router, Method::GET, path, Some(&people.analyst), JSON, "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
}
