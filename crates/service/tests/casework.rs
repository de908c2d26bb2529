//! Is the queue worked through the log: claimed, judged, told as events, and the same after a restart?

mod common;

use axum::http::Method;
use common::{BATCH, ask, key, open, order, set_up, wait};
use ringfence_service::access::Role;
use ringfence_service::casework::{Casework, CaseworkError, Denied, ItemFilter, Judgement};
use ringfence_service::core::Principal;
use ringfence_service::serve::Service;
use serde_json::{Value, json};

fn person(id: &str) -> Principal {
    Principal { id: id.into(), name: format!("user {id}"), role: None, user: Some(id.into()) }
}

/// A request of an amount that the default policy sends to a person.
fn dear(n: u32) -> Value {
    let mut request = common::request(n, 900_000 + i64::from(n));
    request["data"]["reason"] = json!("not_received");
    request
}

async fn shop(service: &Service, requests: u32) -> (String, String) {
    let router = service.router();
    let (_, admin) = set_up(service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let events: Vec<Value> = (1..=requests).flat_map(|n| [order(n), dear(n)]).collect();
    let sent =
        ask(&router, Method::POST, "/v1/events", Some(&shop), BATCH, &Value::Array(events).to_string()).await;
    for receipt in sent.json().as_array().expect("receipts") {
        assert_eq!(receipt["status"], "accepted", "{receipt}");
    }
    (admin, shop)
}

async fn open_items(casework: &Casework) -> Vec<u64> {
    casework.catch_up().await.expect("caught up");
    let page = casework.items(ItemFilter::default(), None, 100).await.expect("a page");
    page.rows.iter().map(|item| item.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_claimed_by_one_judged_and_told_and_a_restart_knows_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    shop(&service, 3).await;
    let casework = service.casework();
    let items = open_items(casework).await;
    assert_eq!(items.len(), 3, "{items:?}");
    let (ann, bob) = (person("ann"), person("bob"));
    let first = casework.next(false, &ann).await.expect("a claim").expect("something waits");
    // Most money first.
    assert_eq!(first.refund, "R3");
    let refused = casework.claim(first.id, false, &bob).await.expect_err("ann has it");
    assert!(matches!(refused, CaseworkError::Denied(Denied::Conflict(_))), "{refused}");
    let judgement: Judgement = serde_json::from_value(
        json!({"decision": "deny", "verdict": "abuse", "reason_codes": ["delivered_with_photo"]}),
    )
    .expect("a judgement");
    casework.judge(first.id, judgement.clone(), &bob).await.expect_err("bob does not have it");
    let done = casework.judge(first.id, judgement, &ann).await.expect("judged");
    assert_eq!((done.by.as_deref(), done.done.is_some()), (Some("ann"), true));
    let dump = casework.dump().await.expect("rows");
    drop(service);
    let service = wait(dir.path()).await;
    assert_eq!(service.casework().dump().await.expect("rows"), dump);
    assert_eq!(open_items(service.casework()).await.len(), 2);
}
