//! Is every record told at least once, signed, and never to where it should not go?

mod common;

use axum::Router;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::routing::post;
use common::{ONE, admin, ask, key, order, request, start};
use ringfence_service::access::Role;
use ringfence_service::library::Given;
use ringfence_service::serve::{Service, Settings};
use ringfence_service::webhooks::sign::signature;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const JSON: &str = "application/json";
fn private() -> Settings {
    Settings { private_webhooks: true, ..Settings::default() }
}

/// What a receiver got, and what it answers.
#[derive(Default)]
struct Receiver {
    got: Mutex<Vec<(HeaderMap, String)>>,
    answer: Mutex<u16>,
}

impl Receiver {
    async fn start() -> (Arc<Receiver>, String) {
        let receiver = Arc::new(Receiver { answer: Mutex::new(200), ..Receiver::default() });
        let shared = receiver.clone();
        let take = move |headers: HeaderMap, body: String| {
            let shared = shared.clone();
            async move {
                shared.got.lock().expect("a lock").push((headers, body));
                StatusCode::from_u16(*shared.answer.lock().expect("a lock")).expect("a status")
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hooks", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/hooks", post(take))).await });
        (receiver, url)
    }
    fn ids(&self) -> Vec<String> {
        let got = self.got.lock().expect("a lock");
        got.iter().map(|(h, _)| h["webhook-id"].to_str().expect("text").to_owned()).collect()
    }
    async fn has(&self, different: usize) {
        for _ in 0..500 {
            if self.ids().into_iter().collect::<BTreeSet<_>>().len() >= different {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{different} messages were expected, there are {:?}", self.ids());
    }
}

async fn open(dir: &Path) -> Service {
    for _ in 0..200 {
        match start(dir, &Given::default(), private()) {
            Ok(service) => return service,
            Err(e) if e.to_string().contains("held by") => {
                tokio::time::sleep(Duration::from_millis(20)).await
            }
            Err(e) => panic!("{e}"),
        }
    }
    panic!("the folder is still held");
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_are_told_signed_once_each_and_on_after_a_restart() {
    let dir = tempfile::tempdir().expect("a folder");
    let (receiver, url) = Receiver::start().await;
    let service = open(dir.path()).await;
    let router = service.router();
    let admin = admin(&service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let made = ask(
        &router,
        Method::POST,
        "/v1/webhooks",
        Some(&admin),
        JSON,
        &json!({"url": url, "wants": {"alerts": true}}).to_string(),
    )
    .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.json());
    let (id, secret) = (
        made.json()["id"].as_str().expect("an id").to_owned(),
        made.json()["secret"].as_str().expect("a secret").to_owned(),
    );
    let mut answers = Vec::new();
    for n in 1..=12 {
        ask(&router, Method::POST, "/v1/events", Some(&shop), ONE, &order(n).to_string()).await;
        let decided = ask(
            &router,
            Method::POST,
            "/v1/refunds/decide",
            Some(&shop),
            ONE,
            &request(n, 5_000).to_string(),
        )
        .await;
        answers.push(decided.json());
    }
    receiver.has(12).await;
    let got = receiver.got.lock().expect("a lock").clone();
    for (headers, body) in &got {
        let text = |name: &str| headers[name].to_str().expect("text").to_owned();
        let at: i64 = text("webhook-timestamp").parse().expect("seconds");
        assert_eq!(
            text("webhook-signature"),
            signature(&secret, &text("webhook-id"), at, body.as_bytes()).expect("signed")
        );
        assert_eq!(text("content-type"), "application/cloudevents+json");
        let event: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!((&event["specversion"], &event["type"]), (&json!("1.0"), &json!("ringfence.decision")));
        assert!(answers.contains(&event["data"]), "the decision as it was answered: {event}");
    }
    // A new secret: both sign for a day, the new one first.
    let rotated =
        ask(&router, Method::POST, &format!("/v1/webhooks/{id}/rotate"), Some(&admin), JSON, "").await.json();
    let new = rotated["secret"].as_str().expect("a secret").to_owned();
    // An alert, too.
    key(&router, &admin, Role::Integration).await;
    receiver.has(13).await;
    let (headers, body) = receiver.got.lock().expect("a lock").last().expect("a message").clone();
    let event: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((&event["type"], &event["data"]["alert"]), (&json!("ringfence.alert"), &json!("key_made")));
    let at: i64 = headers["webhook-timestamp"].to_str().expect("text").parse().expect("seconds");
    let id_of = headers["webhook-id"].to_str().expect("text");
    let both = [&new, &secret].map(|s| signature(s, id_of, at, body.as_bytes()).expect("signed")).join(" ");
    assert_eq!(headers["webhook-signature"], both);
    for file in ["endpoints.json", &format!("{id}.progress.json")] {
        assert!(dir.path().join("webhooks").join(file).exists());
    }
    // What came while nobody sent is sent after the restart, and little is sent twice.
    drop((router, service));
    let service = open(dir.path()).await;
    let router = service.router();
    ask(&router, Method::POST, "/v1/events", Some(&shop), ONE, &order(13).to_string()).await;
    ask(&router, Method::POST, "/v1/refunds/decide", Some(&shop), ONE, &request(13, 5_000).to_string()).await;
    receiver.has(14).await;
    let list = ask(&router, Method::GET, "/v1/webhooks", Some(&admin), JSON, "").await;
    assert!(!String::from_utf8_lossy(&list.bytes).contains("whsec_"), "secrets are not shown again");
    assert!(receiver.ids().len() <= 14 + 8, "{:?}", receiver.ids());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_arrive_waits_and_dead_letters_are_told_again_by_hand() {
    let dir = tempfile::tempdir().expect("a folder");
    let (receiver, url) = Receiver::start().await;
    *receiver.answer.lock().expect("a lock") = 503;
    let service = open(dir.path()).await;
    let router = service.router();
    let admin = admin(&service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let only = json!({"url": url, "wants": {"decisions": ["instant_refund"]}}).to_string();
    let made = ask(&router, Method::POST, "/v1/webhooks", Some(&admin), JSON, &only).await.json();
    let id = made["id"].as_str().expect("an id").to_owned();
    ask(&router, Method::POST, "/v1/events", Some(&shop), ONE, &order(1).to_string()).await;
    ask(&router, Method::POST, "/v1/refunds/decide", Some(&shop), ONE, &request(1, 5_000).to_string()).await;
    receiver.has(1).await;
    let status = || async {
        ask(&router, Method::GET, "/v1/webhooks", Some(&admin), JSON, "").await.json()[0].clone()
    };
    let mut seen = Value::Null;
    for _ in 0..200 {
        seen = status().await;
        if seen["waiting"] == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(
        (&seen["waiting"], &seen["failed"], &seen["last_error"]),
        (&json!(1), &json!(1), &json!("it answered 503"))
    );
    // Somebody asks for it by its position; now the receiver is well.
    *receiver.answer.lock().expect("a lock") = 200;
    let position: u64 = receiver.ids()[0].trim_start_matches("rf_").parse().expect("a position");
    let path = format!("/v1/webhooks/{id}/replay");
    let again =
        ask(&router, Method::POST, &path, Some(&admin), JSON, &json!({"positions": [position]}).to_string())
            .await;
    assert_eq!(again.json()["replayed"], 1);
    for _ in 0..200 {
        seen = status().await;
        if seen["delivered"] == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((&seen["delivered"], &seen["waiting"]), (&json!(1), &json!(0)));
    let ids = receiver.ids();
    assert!(ids.len() == 2 && ids[0] == ids[1], "the same message has the same id: {ids:?}");
    // An endpoint that is gone is given up, and its message is a dead letter.
    *receiver.answer.lock().expect("a lock") = 410;
    ask(&router, Method::POST, "/v1/refunds/decide", Some(&shop), ONE, &request(2, 5_000).to_string()).await;
    for _ in 0..200 {
        seen = status().await;
        if seen["gone"] == true {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((&seen["gone"], &seen["dead"]), (&json!(true), &json!(1)));
    let dead =
        ask(&router, Method::GET, &format!("/v1/webhooks/{id}/dead"), Some(&admin), JSON, "").await.json();
    assert_eq!(dead[0]["error"], "the endpoint answered 410: it is gone");
    let removed = ask(&router, Method::DELETE, &format!("/v1/webhooks/{id}"), Some(&admin), JSON, "").await;
    assert_eq!(removed.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_inside_is_reached_unless_the_deployment_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let (receiver, url) = Receiver::start().await;
    let service = start(dir.path(), &Given::default(), Settings::default()).expect("a service");
    let router = service.router();
    let admin = admin(&service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let plain =
        ask(&router, Method::POST, "/v1/webhooks", Some(&admin), JSON, &json!({ "url": url }).to_string())
            .await;
    assert_eq!(plain.status, StatusCode::BAD_REQUEST);
    // Over https it may be made, as a name can lead anywhere; it is refused when it is connected to.
    let inside = url.replace("http://", "https://");
    let made =
        ask(&router, Method::POST, "/v1/webhooks", Some(&admin), JSON, &json!({ "url": inside }).to_string())
            .await;
    assert_eq!(made.status, StatusCode::CREATED);
    ask(&router, Method::POST, "/v1/refunds/decide", Some(&shop), ONE, &request(1, 5_000).to_string()).await;
    let mut seen = Value::Null;
    for _ in 0..200 {
        seen = ask(&router, Method::GET, "/v1/webhooks", Some(&admin), JSON, "").await.json()[0].clone();
        if seen["failed"] == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(seen["last_error"].as_str().is_some_and(|e| e.contains("private address")), "{seen}");
    assert!(receiver.ids().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_are_told_to_who_wants_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let (receiver, url) = Receiver::start().await;
    let service = open(dir.path()).await;
    let router = service.router();
    let admin = admin(&service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let wants = json!({"url": url, "wants": {"decisions": [], "leads": true}}).to_string();
    let made = ask(&router, Method::POST, "/v1/webhooks", Some(&admin), JSON, &wants).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.json());
    let raised = json!({"specversion": "1.0", "id": "l1", "source": "ringfence/leads", "type": "lead.raised",
        "time": "2023-05-01T00:00:00Z",
        "data": {"lead": "ring-R1", "kind": "ring", "as_of": "2023-05-01T00:00:00Z", "probability": 0.9, "fdr": 0.05,
                 "method": "rings/1", "members": [], "refunds": ["R1"], "money": {"amount": 1, "currency": "USD"}}});
    let withdrawn = json!({"specversion": "1.0", "id": "w1", "source": "ringfence/leads", "type": "lead.withdrawn",
        "time": "2023-05-03T00:00:00Z",
        "data": {"lead": "ring-R1", "kind": "ring", "as_of": "2023-05-03T00:00:00Z", "reason": "stopped"}});
    for event in [order(1), raised, request(1, 5_000), withdrawn] {
        ask(&router, Method::POST, "/v1/events", Some(&shop), ONE, &event.to_string()).await;
    }
    receiver.has(2).await;
    let got: Vec<Value> = receiver
        .got
        .lock()
        .expect("a lock")
        .iter()
        .map(|(_, body)| serde_json::from_str(body).expect("JSON"))
        .collect();
    let told =
        |n: usize| (got[n]["type"].as_str(), got[n]["data"]["event"].as_str(), got[n]["subject"].as_str());
    assert_eq!(told(0), (Some("ringfence.lead"), Some("lead.raised"), Some("ring-R1")));
    assert_eq!(told(1), (Some("ringfence.lead"), Some("lead.withdrawn"), Some("ring-R1")));
}
