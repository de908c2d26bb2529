//! Is casework done through the log: claimed by one, judged and told as events, the same when its tables are built again?

mod common;

use axum::Router;
use axum::http::{Method, StatusCode};
use common::{Answer, BATCH, JSON, ask, key, open, order, set_up, start, wait, wait_with};
use ringfence_casestore::testing::Cluster;
use ringfence_domain::Timestamp;
use ringfence_service::access::Role;
use ringfence_service::casework::{
    self, Casework, CaseworkError, Denied, ItemFilter, Judgement, TABLES_FILE,
};
use ringfence_service::core::Principal;
use ringfence_service::library::Given;
use ringfence_service::serve::{Service, Settings};
use ringfence_store::log::RecordKind;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

fn person(id: &str) -> Principal {
    Principal { id: id.into(), name: format!("user {id}"), role: None, user: Some(id.into()) }
}

/// A request of an amount that the default policy sends to a person.
fn dear(n: u32) -> Value {
    let mut request = common::request(n, 900_000 + i64::from(n));
    request["data"]["reason"] = json!("not_received");
    request
}

async fn send(router: &Router, shop: &str, events: Vec<Value>) {
    let body = Value::Array(events).to_string();
    let sent = ask(router, Method::POST, "/v1/events", Some(shop), BATCH, &body).await;
    for receipt in sent.json().as_array().expect("receipts") {
        assert_eq!(receipt["status"], "accepted", "{receipt}");
    }
}

/// The key of the administrator and that of the shop, after so many dear requests.
async fn shop(service: &Service, requests: u32) -> (String, String) {
    let router = service.router();
    let (_, admin) = set_up(service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    send(&router, &shop, (1..=requests).flat_map(|n| [order(n), dear(n)]).collect()).await;
    (admin, shop)
}

async fn free(casework: &Casework) -> Vec<u64> {
    casework.catch_up().await.expect("caught up");
    let page = casework.items(ItemFilter::default(), None, 100).await.expect("a page");
    page.rows.iter().map(|item| item.id).collect()
}

fn judgement(value: Value) -> Judgement {
    serde_json::from_value(value).expect("a judgement")
}
fn abuse() -> Judgement {
    judgement(json!({"decision": "deny", "verdict": "abuse", "reason_codes": ["delivered_with_photo"]}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_judgement_is_in_the_log_with_its_events_before_it_is_answered() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    shop(&service, 3).await;
    let casework = service.casework();
    assert_eq!(free(casework).await.len(), 3);
    let (ann, bob) = (person("ann"), person("bob"));
    let first = casework.next(false, &ann).await.expect("a claim").expect("something waits");
    assert_eq!(first.refund, "R3", "most money first");
    let refused = casework.claim(first.id, false, &bob).await.expect_err("ann has it");
    assert!(matches!(refused, CaseworkError::Denied(Denied::Conflict(_))), "{refused}");
    casework.judge(first.id, abuse(), &bob).await.expect_err("bob does not have it");
    let nobody = Principal { user: None, ..ann.clone() };
    casework.claim(first.id, false, &nobody).await.expect_err("casework is done by people");
    let reader = service.worker().history().reader.clone();
    let before = reader.head().position;
    let done = casework.judge(first.id, abuse(), &ann).await.expect("judged");
    assert_eq!((done.by.as_deref(), done.judgement), (Some("ann"), Some(abuse())));
    let records: Vec<_> = reader.read(before).expect("the log").map(|r| r.expect("a record")).collect();
    let told: Vec<(RecordKind, Value)> =
        records.iter().map(|(_, r)| (r.kind, serde_json::from_slice(&r.payload).expect("JSON"))).collect();
    let [(RecordKind::Control, change), (RecordKind::Event, decided), (RecordKind::Event, verdict)] =
        &told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!((&change["change"]["did"], &change["by"]["user"]), (&json!("judged"), &json!("ann")));
    assert_eq!((&decided["type"], &decided["data"]["by"]), (&json!("refund.decided"), &json!("ann")));
    assert_eq!(
        (&verdict["data"]["verdict"], &verdict["data"]["subject"]["id"]),
        (&json!("abuse"), &json!("R3"))
    );
    // One group commit: they stand in one block.
    let block = reader.blocks(before).expect("the log").next().expect("a block").expect("whole");
    assert_eq!(block.positions().filter(|(position, _)| *position >= before).count(), 3);
    let dump = casework.dump().await.expect("rows");
    drop(service);
    let service = wait(dir.path()).await;
    assert_eq!(service.casework().dump().await.expect("rows"), dump);
    assert_eq!(free(service.casework()).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_claim_at_once_one_has_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = Arc::new(open(dir.path()));
    shop(&service, 2).await;
    let item = free(service.casework()).await[0];
    let claims: Vec<_> = (0..8)
        .map(|n| {
            let service = service.clone();
            tokio::spawn(async move {
                service.casework().claim(item, false, &person(&format!("u{n}"))).await.is_ok()
            })
        })
        .collect();
    let mut had = 0;
    for claim in claims {
        had += usize::from(claim.await.expect("it ends"));
    }
    assert_eq!(had, 1);
    // Who asks for the next at once gets different ones.
    let (ann, bob) = (person("ann"), person("bob"));
    let (one, other) =
        tokio::join!(service.casework().next(false, &ann), service.casework().next(false, &bob));
    let got = [one, other].map(|got| got.expect("asked").map(|item| item.id));
    assert_eq!(got.iter().flatten().count(), 1, "one was left: {got:?}");
}

static NOW: AtomicI64 = AtomicI64::new(0);

fn moving() -> Timestamp {
    common::clock().plus(ringfence_domain::Duration(NOW.load(Ordering::Relaxed)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_ends_by_itself() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = common::start_at(dir.path(), moving);
    shop(&service, 1).await;
    let casework = service.casework();
    let (ann, bob) = (person("ann"), person("bob"));
    let item = casework.next(false, &ann).await.expect("asked").expect("something waits");
    assert_eq!(casework.mine(&ann).await.expect("read").len(), 1);
    assert!(casework.next(false, &bob).await.expect("asked").is_none());
    NOW.store(31 * 60_000, Ordering::Relaxed);
    assert_eq!((casework.mine(&ann).await.expect("read").len(), free(casework).await), (0, vec![item.id]));
    casework.judge(item.id, abuse(), &ann).await.expect_err("her claim has ended");
    assert_eq!(casework.next(false, &bob).await.expect("asked").map(|i| i.id), Some(item.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_are_dropped_are_built_again_the_same_from_the_log() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let (_, shop) = shop(&service, 12).await;
    let casework = service.casework();
    let (ann, bob) = (person("ann"), person("bob"));
    for item in free(casework).await.into_iter().take(6) {
        casework.claim(item, false, &ann).await.expect("free");
        casework.judge(item, abuse(), &ann).await.expect("hers");
    }
    let subject = |id: &str| serde_json::from_value(json!({"kind": "request", "id": id})).expect("a subject");
    for n in 1..=3 {
        casework.open_case(format!("case {n}"), subject("R1"), "alike".into(), &bob).await.expect("opened");
    }
    casework.hold(2, "letter of the court".into(), &bob).await.expect("held");
    casework.add_task(2, "answer".into(), None, None, &bob).await.expect("added");
    casework.merge(2, 3, "one ring".into(), &bob).await.expect("merged");
    assert_eq!(casework.live_case(2).await.expect("read").id, 3);
    let appeal = json!({"specversion": "1.0", "id": "ap1", "source": "shop", "type": "appeal.opened", "time": "2023-05-21T10:00:00Z",
        "data": {"refund": "R12", "account": "A1"}});
    send(&service.router(), &shop, vec![appeal]).await;
    casework.catch_up().await.expect("caught up");
    let dump = casework.dump().await.expect("rows");
    assert!(dump.iter().any(|row| row.contains("\"kind\":\"appeal\"")), "{dump:#?}");
    // Taken, and nobody looked: the next start knows it.
    send(&service.router(), &shop, vec![order(50), dear(50)]).await;
    drop(service);
    let service = wait(dir.path()).await;
    service.casework().catch_up().await.expect("caught up");
    let dump_later = service.casework().dump().await.expect("rows");
    assert!(dump_later.len() > dump.len());
    drop(service);
    let cluster = Cluster::start();
    let mut places = vec![None];
    places.extend(cluster.as_ref().map(|cluster| Some(cluster.database("again"))));
    for database in places {
        for file in ["", "-wal", "-shm"] {
            // Not all of them are there.
            let _ = std::fs::remove_file(dir.path().join(format!("{TABLES_FILE}{file}")));
        }
        let casework = casework::Settings { database: database.clone(), ..casework::Settings::default() };
        let settings = Settings { casework, ..Settings::default() };
        let service = wait_with(dir.path(), &settings).await;
        assert_eq!(service.casework().dump().await.expect("rows"), dump_later, "{database:?}");
        drop(service);
        if database.is_none() {
            continue;
        }
        // Another log is not mixed in.
        let other = tempfile::tempdir().expect("a folder");
        let refused = start(other.path(), &Given::default(), settings).expect_err("another log");
        assert!(refused.to_string().contains("another log"), "{refused}");
    }
}

/// People who ask over HTTP.
struct Desk {
    router: Router,
    admin: String,
}

impl Desk {
    async fn person(&self, role: Role, name: &str) -> String {
        let browser = common::person(&self.router, &self.admin, name, &[role]).await;
        browser.own_key(role.as_str()).await
    }
    async fn ask(&self, key: &str, method: Method, path: &str, body: Value) -> Answer {
        ask(&self.router, method, path, Some(key), JSON, &body.to_string()).await
    }
    async fn post(&self, key: &str, path: &str, body: Value) -> Answer {
        self.ask(key, Method::POST, path, body).await
    }
    async fn get(&self, key: &str, path: &str) -> Value {
        let answer = self.ask(key, Method::GET, path, Value::Null).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.json());
        answer.json()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_from_the_queue_over_an_appeal_to_the_figures() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let (admin, _) = shop(&service, 4).await;
    let desk = Desk { router: service.router(), admin };
    let (ann, bob) = (desk.person(Role::Analyst, "Ann").await, desk.person(Role::Analyst, "Bob").await);
    let sue = desk.person(Role::Supervisor, "Sue").await;
    service.casework().catch_up().await.expect("caught up");
    let page = desk.get(&ann, "/v1/queue?limit=3").await;
    assert_eq!(page["rows"].as_array().map(Vec::len), Some(3));
    let text = page.to_string();
    for hidden in ["control", "second", "score", "\"decision\"", "worth"] {
        assert!(!text.contains(hidden), "{hidden} would tell controls: {text}");
    }
    let next = format!("/v1/queue?limit=3&after={}", page["next"].as_str().expect("a next page"));
    assert_eq!(desk.get(&ann, &next).await["rows"].as_array().map(Vec::len), Some(1));
    assert_eq!(desk.get(&ann, "/v1/queue/settings").await["salt"], Value::Null);
    let item = desk.post(&ann, "/v1/queue/next", Value::Null).await.json();
    let judge = format!("/v1/queue/items/{}/judge", item["id"]);
    let wrong = desk.ask(&ann, Method::PUT, &judge, json!({"verdict": "abuse"})).await;
    assert_eq!(
        (wrong.status, wrong.json()["type"].clone()),
        (StatusCode::BAD_REQUEST, json!("urn:ringfence:problem:invalid"))
    );
    let deny = json!({"decision": "deny", "verdict": "abuse"});
    let done = desk.ask(&ann, Method::PUT, &judge, deny.clone()).await;
    assert_eq!((done.status, &done.json()["progress"]), (StatusCode::OK, &json!("done")), "{}", done.json());
    // The customer calls; whoever denied does not decide the appeal.
    let appeal = desk.post(&bob, "/v1/appeals", json!({"refund": item["refund"], "account": "A1"})).await;
    assert_eq!(appeal.status, StatusCode::CREATED, "{}", appeal.json());
    let appeal = appeal.json()[0]["id"].clone();
    assert_eq!(desk.get(&ann, "/v1/appeals").await["rows"], json!([]), "it is for another person");
    assert_eq!(desk.get(&bob, "/v1/appeals").await["rows"][0]["id"], appeal);
    let claim = format!("/v1/queue/items/{appeal}/claim");
    let refused = desk.post(&ann, &claim, Value::Null).await;
    assert_eq!(
        (refused.status, &refused.json()["type"]),
        (StatusCode::CONFLICT, &json!("urn:ringfence:problem:other-person"))
    );
    assert_eq!(desk.post(&bob, &claim, Value::Null).await.status, StatusCode::OK);
    let overturned = json!({"outcome": "overturned", "decision": "instant_refund", "verdict": "legitimate"});
    let judged = desk.ask(&bob, Method::PUT, &format!("/v1/queue/items/{appeal}/judge"), overturned).await;
    assert_eq!(judged.status, StatusCode::OK, "{}", judged.json());
    // Several at once, as they were seen.
    let rest: Vec<Value> = desk.get(&ann, "/v1/queue").await["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["id"].clone())
        .collect();
    let several = json!({"items": rest, "judgement": deny});
    let seen = desk.post(&ann, "/v1/queue/preview", several.clone()).await.json();
    assert_eq!((seen["items"].as_array().map(Vec::len), &seen["refused"]), (Some(rest.len()), &json!([])));
    desk.post(&bob, &format!("/v1/queue/items/{}/claim", rest[0]), Value::Null).await;
    let action = |hash: &Value| json!({"items": rest, "judgement": deny, "preview": hash});
    assert_eq!(desk.post(&ann, "/v1/queue/judge", action(&seen["hash"])).await.status, StatusCode::CONFLICT);
    desk.post(&bob, &format!("/v1/queue/items/{}/release", rest[0]), Value::Null).await;
    assert_eq!(desk.post(&ann, "/v1/queue/judge", action(&seen["hash"])).await.status, StatusCode::CONFLICT);
    let seen = desk.post(&ann, "/v1/queue/preview", several).await.json();
    assert_eq!(
        desk.post(&ann, "/v1/queue/judge", action(&seen["hash"])).await.status,
        StatusCode::NO_CONTENT
    );
    let figures = desk.get(&sue, "/v1/queue/statistics").await;
    assert_eq!(figures["statistics"]["all"]["done"], json!(rest.len() + 2), "{figures}");
    assert!(desk.get(&sue, "/v1/queue/quality").await["agreement"]["pairs"].is_u64());
    let trail = desk.get(&desk.admin, "/v1/audit?limit=500").await;
    let read = |did: &str| trail.as_array().expect("entries").iter().any(|e| e["record"]["did"] == *did);
    assert!(read("queue_read") && read("items_previewed") && read("queue_quality_read"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_from_its_opening_to_its_end() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let (admin, _) = shop(&service, 2).await;
    let desk = Desk { router: service.router(), admin };
    let (ivy, sue) =
        (desk.person(Role::Investigator, "Ivy").await, desk.person(Role::Supervisor, "Sue").await);
    let open = json!({"title": "three refunds, one driver", "from": {"kind": "request", "id": "R1"}, "why": "alike"});
    for n in 1..=2 {
        let opened = desk.post(&ivy, "/v1/cases", open.clone()).await;
        assert_eq!(
            (opened.status, &opened.json()["id"]),
            (StatusCode::CREATED, &json!(n)),
            "{}",
            opened.json()
        );
    }
    let ok = |answer: Answer| {
        assert!(answer.status.is_success(), "{}: {}", answer.status, answer.json());
        answer.json()
    };
    ok(desk.post(&ivy, "/v1/cases/1/links", json!({"kind": "account", "id": "A1", "why": "who asks"})).await);
    ok(desk.post(&ivy, "/v1/cases/1/notes", json!({"text": "The driver is the same on all three."})).await);
    ok(desk
        .post(&ivy, "/v1/cases/1/tasks", json!({"title": "ask the carrier", "due": "2023-06-05T00:00:00Z"}))
        .await);
    ok(desk.post(&ivy, "/v1/cases/1/holds", json!({"why": "letter of the prosecutor"})).await);
    let page = "%PDF-1.7 a letter";
    let path = "/v1/cases/1/files?name=letter%20of%20May.pdf";
    let filed = ask(&desk.router, Method::POST, path, Some(&ivy), "application/pdf", page).await;
    let sha256 = ok(filed)["files"][0]["sha256"].as_str().expect("a hash").to_owned();
    for (media, body) in [("text/html", "<script>"), ("image/png", "not a picture"), ("application/pdf", "")]
    {
        let refused = ask(&desk.router, Method::POST, path, Some(&ivy), media, body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{media}");
    }
    // Two are one; what was there goes on in the other.
    let merge = json!({"into": 2, "why": "the same driver"});
    assert_eq!(desk.post(&ivy, "/v1/cases/1/merge", merge.clone()).await.status, StatusCode::FORBIDDEN);
    let merged = ok(desk.post(&sue, "/v1/cases/1/merge", merge).await);
    assert_eq!(
        (&merged["id"], &merged["absorbed"], merged["holds"].as_array().map(Vec::len)),
        (&json!(2), &json!([1]), Some(1))
    );
    assert_eq!(desk.get(&ivy, "/v1/cases/1").await["successor"], 2);
    assert_eq!(
        desk.post(&ivy, "/v1/cases/1/notes", json!({"text": "late"})).await.status,
        StatusCode::CONFLICT
    );
    let content =
        ask(&desk.router, Method::GET, &format!("/v1/cases/1/files/{sha256}"), Some(&sue), JSON, "").await;
    assert_eq!(content.bytes, page.as_bytes());
    assert_eq!(content.headers["content-disposition"], "attachment; filename*=UTF-8''letter%20of%20May.pdf");
    assert_eq!(desk.get(&ivy, "/v1/tasks").await[0]["case"], 2);
    assert_eq!(desk.get(&ivy, "/v1/holds?about=account&subject=A1").await["cases"], json!([2]));
    let unlink = json!({"subject": {"kind": "account", "id": "A1"}, "why": "not he"});
    assert_eq!(
        desk.post(&ivy, "/v1/cases/2/unlink", unlink).await.status,
        StatusCode::CONFLICT,
        "it is held"
    );
    // What was found becomes an event.
    let found = json!({"subject": {"kind": "request", "id": "R1"}, "verdict": "abuse", "method": "investigation", "decision": "deny"});
    ok(desk.post(&ivy, "/v1/cases/2/findings", found).await);
    let elsewhere =
        json!({"subject": {"kind": "request", "id": "R9"}, "verdict": "abuse", "method": "investigation"});
    assert_eq!(desk.post(&ivy, "/v1/cases/2/findings", elsewhere).await.status, StatusCode::CONFLICT);
    assert_eq!(
        desk.post(&ivy, "/v1/cases/2/close", json!({"summary": "abuse"})).await.status,
        StatusCode::CONFLICT
    );
    ok(desk.post(&ivy, "/v1/cases/2/tasks/1/end", json!({"done": true})).await);
    assert_eq!(
        ok(desk.post(&ivy, "/v1/cases/2/close", json!({"summary": "abuse"})).await)["state"],
        "closed"
    );
    assert_eq!(desk.get(&ivy, "/v1/cases?held=true").await["rows"][0]["id"], 2, "closed, and held");
    let lift = json!({"why": "the matter has ended"});
    assert_eq!(desk.post(&ivy, "/v1/cases/2/holds/1/lift", lift.clone()).await.status, StatusCode::FORBIDDEN);
    ok(desk.post(&sue, "/v1/cases/2/holds/1/lift", lift).await);
    assert_eq!(desk.get(&ivy, "/v1/holds?about=account").await["ids"], json!([]));
    let history = desk.get(&ivy, "/v1/cases/2/history?limit=200").await;
    let did: Vec<&str> =
        history.as_array().expect("lines").iter().filter_map(|e| e["did"].as_str()).collect();
    assert_eq!((did.first(), did.last()), (Some(&"hold_lifted"), Some(&"case_opened")));
    assert!(did.contains(&"case_noted") && did.contains(&"case_found"), "{did:?}");
    // What the case found settled the request's item.
    service.casework().catch_up().await.expect("caught up");
    let items = service.casework().items_of_refund("R1").await.expect("read");
    assert_eq!(serde_json::to_value(items[0].progress).expect("a word"), "settled");
}
