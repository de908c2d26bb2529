//! Can people work the queue and the cases in the browser: in order, blind, told what goes wrong, up to a pack that holds?

mod common;

use axum::Router;
use axum::http::{Method, StatusCode};
use common::pages::{form, page};
use common::{BATCH, Browser, ONE, admin, ask, key, open, order, person, request, start};
use ringfence_evidence::{unzip, verify};
use ringfence_service::access::Role;
use ringfence_service::casework;
use ringfence_service::library::Given;
use ringfence_service::serve::{Service, Settings};
use serde_json::{Value, json};

/// A request of an amount that the default policy sends to a person.
fn dear(n: u32) -> Value {
    let mut request = request(n, 900_000 + i64::from(n));
    request["data"]["reason"] = json!("not_received");
    request
}

async fn events(router: &Router, shop: &str, events: Vec<Value>) {
    let sent =
        ask(router, Method::POST, "/v1/events", Some(shop), BATCH, &Value::Array(events).to_string()).await;
    for receipt in sent.json().as_array().expect("receipts") {
        assert_eq!(receipt["status"], "accepted", "{receipt}");
    }
}

struct Shop {
    router: Router,
    admin: String,
    sender: String,
}

async fn shop(service: &Service, requests: Vec<Value>) -> Shop {
    let router = service.router();
    let admin = admin(service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    events(&router, &shop, requests).await;
    service.casework().catch_up().await.expect("caught up");
    Shop { router, admin, sender: shop }
}

impl Shop {
    async fn person(&self, name: &str, role: Role) -> Browser {
        person(&self.router, &self.admin, name, &[role]).await
    }
}

/// The page that a redirect names, without the place in it.
fn path(to: &str) -> &str {
    to.split('#').next().unwrap_or(to)
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_queue_to_a_decision_and_on_to_the_next() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let shop = shop(&service, (1..=3).flat_map(|n| [order(n), dear(n)]).collect()).await;
    let ann = shop.person("Ann", Role::Analyst).await;
    let bob = shop.person("Bob", Role::Analyst).await;
    let ivo = shop.person("Ivo", Role::Investigator).await;
    let queue = page(&ann, "/queue").await.text;
    let at = |refund: &str| {
        queue.find(&format!(">{refund}</code>")).unwrap_or_else(|| panic!("{refund}: {queue}"))
    };
    assert!(at("R3") < at("R2") && at("R2") < at("R1"), "most money first");
    assert!(queue.contains("To be saved") && queue.contains(" left</span>"), "figures and the clock");
    // Who may only look is offered nothing.
    let seen = page(&ivo, "/queue").await.text;
    assert!(seen.contains(">R3</code>") && !seen.contains("action=\"/queue/next\""));
    assert_eq!(form(&ivo, "/queue/next", &[]).await.status, StatusCode::FORBIDDEN);

    let taken = form(&ann, "/queue/next", &[]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text);
    let item = path(&taken.to).to_owned();
    let desk = page(&ann, &item).await.text;
    assert!(desk.contains("It is yours until 12:30") && desk.contains("Request R3"), "{desk}");
    assert!(page(&bob, &item).await.text.contains("Ann has it until 12:30"));
    let late = form(&bob, &format!("{item}/claim"), &[]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("Ann has it until 12:30. Take another one."), "{}", late.text);
    let missing = form(&ann, &format!("{item}/judge"), &[("note", "seen the photo")]).await;
    assert_eq!(missing.status, StatusCode::BAD_REQUEST);
    assert!(
        missing.text.contains("Something is missing") && missing.text.contains(">seen the photo</textarea>")
    );

    // A claim that has gone: what was written is kept until it is taken again.
    assert_eq!(form(&ann, &format!("{item}/release"), &[]).await.to, "/queue?said=released");
    let answer = [("decision", "deny"), ("verdict", "abuse"), ("note", "seen the photo"), ("then", "next")];
    let ended = form(&ann, &format!("{item}/judge"), &answer).await;
    assert_eq!(ended.status, StatusCode::CONFLICT);
    assert!(ended.text.contains("Your claim has ended") && ended.text.contains("value=\"seen the photo\""));
    let again = form(&ann, &format!("{item}/claim"), &answer).await;
    assert!(again.text.contains(">seen the photo</textarea>"), "{}", again.text);
    let judged = form(&ann, &format!("{item}/judge"), &answer).await;
    assert!(judged.to.contains("?done=R3&decision=deny"), "{} {}", judged.to, judged.text);
    let next = page(&ann, &judged.to).await.text;
    assert!(next.contains("R3 is decided: Denied.") && next.contains("Request R2"), "{next}");
    let gone = form(&bob, &format!("{item}/claim"), &[]).await;
    assert!(gone.text.contains("It was decided by Ann in the meantime."), "{}", gone.text);
    assert!(page(&ivo, "/requests/R3").await.text.contains("Denied"));
    assert!(page(&ivo, "/queue?items=done").await.text.contains(">R3</code>"));
    assert!(page(&ivo, "/today").await.text.contains("href=\"/queue\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_are_decided_as_they_were_seen_or_not_at_all() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let shop = shop(&service, (1..=3).flat_map(|n| [order(n), dear(n)]).collect()).await;
    let ann = shop.person("Ann", Role::Analyst).await;
    let fields = [("item", "1"), ("item", "2"), ("item", "99"), ("decision", "deny"), ("verdict", "abuse")];
    let seen = form(&ann, "/queue/preview", &fields).await.text;
    assert!(seen.contains("2 would be decided as: Denied") && seen.contains("there is no item 99"), "{seen}");
    assert!(seen.contains("18,000.03"), "the money in all: {seen}");
    let hash = seen.split("name=\"preview\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let hash = hash.expect("the hash of what was seen");
    let agreed =
        [("item", "1"), ("item", "2"), ("decision", "deny"), ("verdict", "abuse"), ("preview", hash)];
    let other = [("item", "1"), ("item", "3"), ("decision", "deny"), ("verdict", "abuse"), ("preview", hash)];
    let refused = form(&ann, "/queue/judge", &other).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("look at a new preview"), "{}", refused.text);
    assert_eq!(form(&ann, "/queue/judge", &agreed).await.to, "/queue?said=bulk&n=2");
    let left = page(&ann, "/queue").await.text;
    assert!(left.contains(">R3</code>") && !left.contains(">R1</code>"));
}

/// What would tell a control or a second review from the others.
fn tells(text: &str) -> Vec<&'static str> {
    let words = [
        "Paid at once",
        "A person decides",
        "Probability of abuse",
        "Expected loss",
        "What each decision costs",
        "Money paid",
    ];
    words.into_iter().filter(|word| text.contains(word)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_and_a_second_look_are_judged_blind() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut how =
        ringfence_casework::Settings { control_share: 1.0, second_share: 1.0, ..Default::default() };
    how.claim_minutes = 30;
    let casework = casework::Settings { how, ..casework::Settings::default() };
    let settings = Settings { casework, ..Settings::default() };
    let service = start(dir.path(), &Given::default(), settings).unwrap_or_else(|e| panic!("{e}"));
    let shop = shop(&service, vec![order(2), dear(2), order(1), request(1, 900)]).await;
    let paid = json!({"specversion": "1.0", "id": "p1", "source": "shop", "type": "refund.paid", "time": "2023-05-21T10:00:00Z",
        "data": {"refund": "R1", "amount": {"amount": 900, "currency": "USD"}}});
    events(&shop.router, &shop.sender, vec![paid]).await;
    let ann = shop.person("Ann", Role::Analyst).await;
    let sue = shop.person("Sue", Role::Supervisor).await;
    let aud = shop.person("Aud", Role::Auditor).await;
    let headings = |text: &str| {
        text.split("<h2")
            .skip(1)
            .filter_map(|h| Some(h.split_once('>')?.1.split_once("</h2>")?.0.to_owned()))
            .collect::<Vec<_>>()
    };
    let (one, two) = (page(&ann, "/queue/2").await.text, page(&ann, "/queue/1").await.text);
    assert!(one.contains("Request R1") && two.contains("Request R2"));
    for text in [&one, &two, &page(&ann, "/requests/R1").await.text, &page(&ann, "/accounts/A1").await.text] {
        assert_eq!(tells(text), Vec::<&str>::new(), "{text}");
    }
    assert_eq!(headings(&one), headings(&two), "the same parts");
    // Who does not work the queue sees all of it.
    assert!(page(&aud, "/requests/R1").await.text.contains("Paid at once"));

    // The second look is for somebody else, who is not told of the first.
    form(&ann, "/queue/1/claim", &[]).await;
    let judged = form(&ann, "/queue/1/judge", &[("decision", "deny"), ("then", "stay")]).await;
    assert_eq!(judged.to, "/queue?done=R2&decision=deny");
    let mine = page(&ann, "/queue").await.text;
    assert!(!mine.contains(">R2</code>") && mine.contains(">R1</code>"), "what is another's is not shown");
    let refused = form(&ann, "/queue/3/claim", &[]).await;
    assert!(
        refused.status == StatusCode::CONFLICT && refused.text.contains("Another person must do this one")
    );
    assert!(page(&ann, "/queue/3").await.text.contains("Another person must do this one"));
    let hers = page(&sue, "/queue/3").await.text;
    assert!(hers.contains("Request R2") && !hers.contains("Denied") && !hers.contains("Ann"), "{hers}");
    form(&sue, "/queue/3/claim", &[]).await;
    form(&sue, "/queue/3/judge", &[("decision", "instant_refund"), ("then", "stay")]).await;
    let quality = page(&sue, "/queue/quality").await.text;
    assert!(quality.contains(">R2</code>") && quality.contains("Denied") && quality.contains("Paid at once"));
    assert_eq!(page(&ann, "/queue/quality").await.status, StatusCode::FORBIDDEN);
}

fn ring() -> Value {
    let as_of = "2023-05-30T00:00:00Z";
    json!({"specversion": "1.0", "id": "l1", "source": "ringfence/leads", "type": "lead.raised", "time": as_of,
        "data": {"lead": "ring-R1", "kind": "ring", "as_of": as_of, "probability": 0.97, "fdr": 0.05, "method": "rings/1",
                 "members": [{"kind": "account", "id": "A1", "probability": 0.99}], "refunds": ["R1", "R2"],
                 "money": {"amount": 90_000, "currency": "USD"}, "from": "2023-05-20T00:00:00Z", "to": "2023-05-20T00:00:00Z",
                 "ties": [{"kind": "device", "value": "D1", "probability": 0.99, "accounts": ["A1"], "shared_by": 2, "orders": 0}],
                 "why": ["one device"], "against": ["not claimed: that anybody knew"]}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_becomes_a_case_and_the_case_a_pack_that_holds() {
    let dir = tempfile::tempdir().expect("a folder");
    let key_file = dir.path().join("evidence.key");
    std::fs::write(&key_file, "11".repeat(32)).expect("a key");
    let settings = Settings { evidence_key: Some(key_file), ..Settings::default() };
    let service =
        start(&dir.path().join("data"), &Given::default(), settings).unwrap_or_else(|e| panic!("{e}"));
    let shop = shop(&service, (1..=2).flat_map(|n| [order(n), request(n, 900)]).collect()).await;
    let taken =
        ask(&shop.router, Method::POST, "/v1/events", Some(&shop.sender), ONE, &ring().to_string()).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.json());
    let ivo = shop.person("Ivo", Role::Investigator).await;
    let ann = shop.person("Ann", Role::Analyst).await;
    let sue = shop.person("Sue", Role::Supervisor).await;
    assert!(page(&ivo, "/rings/ring-R1").await.text.contains("href=\"/cases/new?kind=ring&amp;id=ring-R1\""));
    let new = page(&ivo, "/cases/new?kind=ring&id=ring-R1").await.text;
    assert!(new.contains("name=\"id\" value=\"ring-R1\"") && new.contains("value=\"Ring ring-R1\""), "{new}");
    assert_eq!(page(&ann, "/cases/new").await.status, StatusCode::FORBIDDEN);
    let about = [("kind", "ring"), ("id", "ring-R1"), ("title", "One device"), ("why", "a ring of the log")];
    let opened = form(&ivo, "/cases", &about).await;
    assert_eq!(opened.to, "/cases/1", "{}", opened.text);
    assert!(page(&ivo, "/rings/ring-R1").await.text.contains("href=\"/cases/1\""));

    let act = async |who: &Browser, fields: &[(&str, &str)]| form(who, "/cases/1/do", fields).await;
    for fields in [
        &[("act", "link"), ("kind", "request"), ("id", "R2"), ("text", "the dearest")][..],
        &[("act", "note"), ("text", "two lines\r\nof a note")],
        &[("act", "assign"), ("who", &ivo.user)],
        &[("act", "move"), ("to", "investigating"), ("text", "begun")],
        &[("act", "task"), ("text", "ask the carrier"), ("who", &sue.user), ("due", "2023-05-31")],
        &[
            ("act", "found"),
            ("id", "request R2"),
            ("verdict", "abuse"),
            ("method", "investigation"),
            ("decision", "deny"),
        ],
        &[("act", "hold"), ("text", "letter of the court")],
    ] {
        let done = act(&ivo, fields).await;
        assert!(done.to.starts_with("/cases/1?done="), "{fields:?}: {}", done.text);
    }
    let shown = page(&ann, "/cases/1").await.text;
    for part in [
        "One device",
        "of a note",
        "being investigated",
        "ask the carrier",
        "over</span>",
        "letter of the court",
        "legal hold",
        "Denied",
        "Ivo",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(
        !shown.contains("/cases/1/do") && !shown.contains("/cases/1/pack"),
        "who may only read is offered nothing"
    );
    assert_eq!(act(&ann, &[("act", "note"), ("text", "x")]).await.status, StatusCode::FORBIDDEN);
    let held =
        act(&ivo, &[("act", "unlink"), ("kind", "request"), ("id", "R2"), ("text", "wrong one")]).await;
    assert!(held.status == StatusCode::CONFLICT && held.text.contains("a legal hold stands on this case"));
    let early = act(&ivo, &[("act", "close"), ("text", "done")]).await;
    assert!(early.status == StatusCode::CONFLICT && early.text.contains("a task is open"));
    let lift = [("act", "lift"), ("n", "1"), ("text", "settled")];
    assert_eq!(form(&ivo, "/cases/1/supervise", &lift).await.status, StatusCode::FORBIDDEN);
    assert!(form(&sue, "/cases/1/supervise", &lift).await.to.starts_with("/cases/1?done=lift"));

    assert_eq!(form(&ann, "/cases/1/pack", &[("purpose", "court")]).await.status, StatusCode::FORBIDDEN);
    let pack = form(&ivo, "/cases/1/pack", &[("purpose", "court")]).await;
    assert_eq!(pack.status, StatusCode::OK, "{}", pack.text);
    let (files, broken) = unzip(&pack.bytes);
    assert!(broken.is_none() && files.contains_key("report.pdf"));
    let report = verify(&files, None);
    assert!(report.holds() && report.records > 0 && report.proved == report.records, "{report:?}");
    let custody = String::from_utf8(files["exhibits/E05-custody.csv"].clone()).expect("text");
    for step in ["case opened", "evidence exported"] {
        assert!(custody.contains(step), "{step}: {custody}");
    }
    let mut changed = files.clone();
    changed.get_mut("exhibits/E02-records.jsonl").expect("records")[40] ^= 1;
    assert!(!verify(&changed, None).holds());
    let mut audit = Vec::new();
    let aud = key(&shop.router, &shop.admin, Role::Auditor).await;
    audit.push(
        ask(&shop.router, Method::GET, "/v1/audit?limit=500", Some(&aud), ONE, "").await.json().to_string(),
    );
    assert!(audit[0].contains("evidence_exported"), "the export is recorded");

    // A case about nothing that the log knows has no pack, and says what to do.
    let about = [("kind", "matter"), ("id", "2023/17"), ("title", "A letter"), ("why", "it came")];
    assert_eq!(form(&ivo, "/cases", &about).await.to, "/cases/2");
    let none = form(&ivo, "/cases/2/pack", &[("purpose", "court")]).await;
    assert!(
        none.status == StatusCode::CONFLICT
            && none.text.contains("link the requests, accounts, rings or posts")
    );
    let merge = [("act", "merge"), ("n", "1"), ("text", "one matter")];
    assert!(form(&sue, "/cases/2/supervise", &merge).await.to.starts_with("/cases/1?done=merge"));
    assert!(page(&ivo, "/cases/2").await.text.contains("This case goes on in"));
    assert!(page(&ivo, "/cases?q=R2").await.text.contains("href=\"/cases/1\""));
    assert!(page(&ivo, "/cases?which=mine").await.text.contains("One device"));
}
