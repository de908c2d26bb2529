//! Does the digest say what the log says, however it came to be, and does it begin anew when it must?

mod common;

use axum::http::Method;
use common::{BATCH, admin, ask, key, open, order, request, wait};
use ringfence_domain::DecisionKind;
use ringfence_domain::words::Word;
use ringfence_service::access::Role;
use ringfence_service::digest::{Day, Digest, FOLDER, Thing};
use ringfence_service::serve::Service;
use serde_json::{Value, json};

#[allow(clippy::needless_pass_by_value)] // as `json!` makes it
fn event(id: &str, of: &str, time: &str, data: Value) -> Value {
    json!({ "specversion": "1.0", "id": id, "source": "shop", "type": of, "time": time, "data": data })
}

fn usd(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "USD" })
}

async fn send(service: &Service, events: Vec<Value>) {
    let router = service.router();
    let admin = admin(service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let sent = Value::Array(events).to_string();
    let receipts = ask(&router, Method::POST, "/v1/events", Some(&shop), BATCH, &sent).await.json();
    for receipt in receipts.as_array().expect("a receipt each") {
        assert!(
            ["accepted", "decided"].contains(&receipt["status"].as_str().unwrap_or_default()),
            "{receipt}"
        );
    }
}

async fn fresh(service: &Service) -> Digest {
    let digest = service.digest().clone();
    for _ in 0..100 {
        if digest.fresh().await == 0 {
            return digest;
        }
    }
    panic!("the digest stays behind");
}

fn story() -> Vec<Value> {
    let line = json!([{ "line": 1, "quantity": 1 }]);
    vec![
        event("a1", "account.opened", "2023-01-01T00:00:00Z", json!({ "account": "A1", "email": "eml_1" })),
        event(
            "i1",
            "identifier.seen",
            "2023-05-01T09:00:00Z",
            json!({ "account": "A1", "kind": "device", "value": "D1" }),
        ),
        event(
            "i2",
            "identifier.seen",
            "2023-05-01T09:00:00Z",
            json!({ "account": "A10", "kind": "device", "value": "D1" }),
        ),
        order(1),
        order(2),
        request(1, 5_000),
        request(2, 7_000),
        event(
            "d1",
            "refund.decided",
            "2023-05-21T10:00:00Z",
            json!({ "refund": "R1", "decision": "deny", "by": "S1" }),
        ),
        event(
            "d2",
            "refund.decided",
            "2023-05-22T10:00:00Z",
            json!({ "refund": "R1", "decision": "instant_refund", "by": "S1" }),
        ),
        event("p1", "refund.paid", "2023-05-22T11:00:00Z", json!({ "refund": "R1", "amount": usd(5_000) })),
        event(
            "b1",
            "return.inspected",
            "2023-05-23T10:00:00Z",
            json!({ "order": "O2", "lines": line, "condition": "as_new" }),
        ),
        event(
            "b2",
            "return.inspected",
            "2023-05-23T11:00:00Z",
            json!({ "order": "O2", "lines": line, "condition": "used" }),
        ),
        event(
            "v1",
            "verdict.recorded",
            "2023-05-24T10:00:00Z",
            json!({ "subject": { "kind": "refund", "id": "R2" }, "verdict": "abuse", "method": "investigation" }),
        ),
    ]
}

fn day(digest: &Digest, date: &str) -> Day {
    let at = ringfence_domain::Timestamp::parse(&format!("{date}T00:00:00Z")).expect("a day").day();
    digest.days(400).into_iter().find(|(day, _)| *day == at).map(|(_, totals)| totals).unwrap_or_default()
}

fn check(digest: &Digest) {
    let money = |sum: ringfence_service::digest::days::Sum| (sum.count, sum.minor);
    let asked = day(digest, "2023-05-20");
    assert_eq!(money(asked.asked), (2, 12_000));
    assert_eq!(asked.decisions.iter().sum::<u32>(), 2);
    assert_eq!(
        (money(day(digest, "2023-05-21").stopped), day(digest, "2023-05-21").by_people),
        ((1, 5_000), 1)
    );
    let paid = day(digest, "2023-05-22");
    assert_eq!(
        (money(paid.stopped), money(paid.paid)),
        ((-1, -5_000), (1, 5_000)),
        "what is paid after all is not stopped"
    );
    assert_eq!(money(day(digest, "2023-05-23").back), (1, 7_000), "once, by its order");
    assert_eq!(money(day(digest, "2023-05-24").abuse), (1, 7_000));
    let known = digest.refund("R1").expect("read").expect("known");
    assert_eq!(
        (known.minor, known.paid_minor, known.stands),
        (5_000, 5_000, Some(DecisionKind::InstantRefund.code()))
    );
    let types = |thing, id: &str| -> Vec<String> {
        let found = digest.about(thing, id, None, 100).expect("read");
        let of = |payload: &[u8]| -> Value { serde_json::from_slice(payload).expect("JSON") };
        found.iter().map(|f| of(&f.payload)["type"].as_str().unwrap_or("decision").to_owned()).collect()
    };
    assert_eq!(
        types(Thing::Refund, "R1"),
        ["refund.paid", "refund.decided", "refund.decided", "decision", "refund.requested"]
    );
    assert_eq!(
        types(Thing::Order, "O2"),
        ["return.inspected", "return.inspected", "refund.requested", "order.placed"]
    );
    assert_eq!(types(Thing::Account, "A"), [""; 0], "an id is not another that begins like it");
    let places = digest.places(Thing::Refund, "R1", None, 100).expect("read");
    assert!(places.is_sorted_by(|a, b| a > b), "newest first");
    let older = digest.places(Thing::Refund, "R1", Some(places[1]), 2).expect("read");
    assert_eq!(older, places[2..4], "a page goes on where the last one ended");
    assert_eq!(digest.ids(Thing::Account, "A1", 10).expect("read"), ["A1", "A10"]);
    assert_eq!(digest.ids(Thing::Account, "A1", 1).expect("read"), ["A1"]);
    assert_eq!(digest.linked(Thing::Device, "D1", Thing::Account, 10).expect("read"), ["A1", "A10"]);
    assert_eq!(digest.linked(Thing::Account, "A1", Thing::Email, 10).expect("read"), ["eml_1"]);
    assert!(digest.linked(Thing::Account, "A1", Thing::Phone, 10).expect("read").is_empty());
    assert!(!digest.places(Thing::Did, "user_set_up", None, 10).expect("read").is_empty());
    assert!(!digest.places(Thing::Alert, "", None, 10).expect("read").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_and_places_are_those_of_the_log_live_after_a_restart_and_made_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    send(&service, story()).await;
    check(&fresh(&service).await);
    drop(service);
    // From where it was.
    let service = wait(dir.path()).await;
    check(&fresh(&service).await);
    drop(service);
    // From nothing.
    let folder = dir.path().join(FOLDER);
    for _ in 0..200 {
        // The thread that writes it may still end.
        if std::fs::remove_dir_all(&folder).is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let service = wait(dir.path()).await;
    check(&fresh(&service).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_of_another_log_is_made_again() {
    let (one, two) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let service = open(one.path());
    send(&service, vec![order(7), request(7, 100), order(8), request(8, 100)]).await;
    fresh(&service).await;
    drop(service);
    let service = open(two.path());
    send(&service, story()).await;
    fresh(&service).await;
    drop(service);
    // The folder of the first beside the log of the second.
    drop(wait(two.path()).await);
    drop(wait(one.path()).await);
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    std::fs::remove_dir_all(two.path().join(FOLDER)).expect("removed");
    copy(&one.path().join(FOLDER), &two.path().join(FOLDER));
    let service = wait(two.path()).await;
    let digest = fresh(&service).await;
    check(&digest);
    assert!(!digest.knows(Thing::Refund, "R7").expect("read"), "nothing of the other log");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("copied");
        }
    }
}
