//! Are the leads of the log shown to those who may see them, and are they there after a restart?

mod common;

use axum::http::{Method, StatusCode};
use common::{JSON, ONE, admin, ask, key, open, wait};
use ringfence_service::access::Role;
use serde_json::{Value, json};

fn raised(id: &str, lead: &str, kind: &str, member: &str, as_of: &str, probability: f64) -> Value {
    json!({"specversion": "1.0", "id": id, "source": "ringfence/leads", "type": "lead.raised", "time": as_of,
        "data": {"lead": lead, "kind": kind, "as_of": as_of, "probability": probability, "fdr": 0.05, "method": "rings/1",
                 "members": [{"kind": member, "id": "A1", "probability": 0.9}, {"kind": member, "id": "A2", "probability": 0.8}],
                 "refunds": ["R1", "R2"], "money": {"amount": 90_000, "currency": "USD"}, "confirmed": 1,
                 "ties": [{"kind": "device", "value": "D1", "probability": 0.99, "accounts": ["A1", "A2"],
                           "since": ["2023-04-01T00:00:00Z", "2023-04-02T00:00:00Z"], "shared_by": 2, "orders": 0}],
                 "why": ["one device claims for both"], "against": ["not looked at: the post"]}})
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_of_the_log_are_shown_by_role_and_outlive_a_restart() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let analyst = key(&router, &admin, Role::Analyst).await;
    let investigator = key(&router, &admin, Role::Investigator).await;
    let auditor = key(&router, &admin, Role::Auditor).await;
    for event in [
        raised("l1", "ring-R1", "ring", "account", "2023-05-01T00:00:00Z", 0.9),
        raised("l2", "ring-R1", "ring", "account", "2023-05-02T00:00:00Z", 0.95),
        raised("l3", "staff-S1", "staff", "staff", "2023-05-02T00:00:00Z", 0.8),
        // Later told, but from earlier knowledge: what was known later stands.
        raised("l4", "ring-R1", "ring", "account", "2023-04-30T00:00:00Z", 0.1),
    ] {
        let taken = ask(&router, Method::POST, "/v1/events", Some(&shop), ONE, &event.to_string()).await;
        assert_eq!(taken.status, StatusCode::OK, "{}", taken.json());
    }
    let get = |router: &axum::Router, key: &str, path: &str| {
        let (router, key, path) = (router.clone(), key.to_owned(), path.to_owned());
        async move { ask(&router, Method::GET, &path, Some(&key), JSON, "").await }
    };
    let seen = |list: Value| -> Vec<String> {
        let leads = list["leads"].as_array().expect("a list").iter();
        leads.map(|l| l["lead"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(seen(get(&router, &investigator, "/v1/leads").await.json()), ["ring-R1", "staff-S1"]);
    assert_eq!(seen(get(&router, &analyst, "/v1/leads").await.json()), ["ring-R1"]);
    assert_eq!(
        seen(get(&router, &investigator, "/v1/leads?kind=staff&open=true").await.json()),
        ["staff-S1"]
    );
    assert_eq!(seen(get(&router, &investigator, "/v1/leads?account=A2").await.json()), ["ring-R1"]);
    assert_eq!(seen(get(&router, &investigator, "/v1/leads?account=A9").await.json()), [""; 0]);
    assert_eq!(get(&router, &analyst, "/v1/leads/staff-S1").await.status, StatusCode::NOT_FOUND);
    let one = get(&router, &analyst, "/v1/leads/ring-R1").await.json();
    assert_eq!((&one["probability"], &one["state"]), (&json!(0.95), &json!("open")));
    assert_eq!(one["against"], json!(["not looked at: the post"]));
    let graph = get(&router, &analyst, "/v1/leads/ring-R1/graph").await.json();
    assert_eq!(graph["nodes"].as_array().map(Vec::len), Some(3));
    assert_eq!(graph["links"][1]["since"], "2023-04-02T00:00:00Z");
    let history = get(&router, &analyst, "/v1/leads/ring-R1/history").await.json();
    assert_eq!((&history[0]["step"], &history[1]["step"]), (&json!("raised"), &json!("changed")));
    let audit = get(&router, &auditor, "/v1/audit").await.json().to_string();
    assert!(audit.contains("leads_read") && !audit.contains("staff-S1"), "{audit}");

    let withdrawn = json!({"specversion": "1.0", "id": "w1", "source": "ringfence/leads", "type": "lead.withdrawn",
        "time": "2023-05-03T00:00:00Z",
        "data": {"lead": "ring-R1", "kind": "ring", "as_of": "2023-05-03T00:00:00Z", "reason": "stopped"}});
    ask(&router, Method::POST, "/v1/events", Some(&shop), ONE, &withdrawn.to_string()).await;
    let before = get(&router, &investigator, "/v1/leads").await.json();
    assert_eq!(seen(before.clone()), ["staff-S1", "ring-R1"], "those that stand come first");
    let snapshot = service.worker().snapshot().await;
    assert!(matches!(snapshot, Ok(Ok(_))), "{snapshot:?}");
    drop((service, router));
    let service = wait(dir.path()).await;
    assert!(service.restart.snapshot.is_some());
    assert_eq!(get(&service.router(), &investigator, "/v1/leads").await.json(), before);
}

/// A shop in which honest customers claim from machines of their own, and eight buyers through one machine that none of
/// them bought with.
fn shop_with_an_operator() -> Vec<Value> {
    let mut events: Vec<Value> = Vec::new();
    let at = |day: u32, hour: u32| format!("2023-{:02}-{:02}T{hour:02}:00:00Z", 1 + day / 28, 1 + day % 28);
    let mut send = |kind: &str, time: String, data: Value| {
        let id = format!("e{}", events.len());
        events.push(json!({"specversion": "1.0", "id": id, "source": "shop", "type": kind, "time": time,
                           "recordedtime": time, "data": data}));
    };
    for n in 0..60 {
        let (account, order, day) = (format!("honest{n}"), format!("OH{n}"), n);
        let own = format!("own-{account}");
        send(
            "order.placed",
            at(day, 9),
            json!({"order": order, "account": account, "device": own,
            "lines": [{"line": 1, "quantity": 1}], "total": {"amount": 30_000, "currency": "USD"}}),
        );
        if n % 4 == 0 {
            send(
                "refund.requested",
                at(day, 10),
                json!({"refund": format!("RH{n}"), "order": order, "account": account,
                "lines": [{"line": 1, "quantity": 1}], "amount": {"amount": 4_000, "currency": "USD"},
                "reason": "changed_mind", "channel": "self_service", "device": own}),
            );
        }
        if (30..46).contains(&n) && n % 2 == 0 {
            let (account, order) = (format!("buyer{n}"), format!("OB{n}"));
            send(
                "order.placed",
                at(day, 11),
                json!({"order": order, "account": account, "device": format!("own-{account}"),
                "lines": [{"line": 1, "quantity": 1}], "total": {"amount": 90_000, "currency": "USD"}}),
            );
            send(
                "parcel.scanned",
                at(day + 3, 9),
                json!({"parcel": format!("P{n}"), "order": order, "direction": "outbound",
                "carrier": "c", "status": "delivered"}),
            );
            send(
                "refund.requested",
                at(day + 4, 12),
                json!({"refund": format!("RB{n}"), "order": order, "account": account,
                "lines": [{"line": 1, "quantity": 1}], "amount": {"amount": 90_000, "currency": "USD"},
                "reason": "not_received", "channel": "chat", "device": "operators"}),
            );
        }
    }
    events.sort_by(|a, b| a["time"].as_str().cmp(&b["time"].as_str()));
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_hands_leads_to_the_log_and_the_next_one_tells_nothing_twice() {
    use ringfence_domain::Timestamp;
    use ringfence_service::leads::looks::{Looks, look};
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let lines: Vec<String> = shop_with_an_operator().iter().map(ToString::to_string).collect();
    let lines = lines.join("\n");
    let sent = ask(&router, Method::POST, "/v1/events", Some(&shop), common::LINES, &lines).await;
    assert_eq!(sent.status, StatusCode::OK);
    let worker = service.worker().clone();
    let looked = tokio::task::spawn_blocking(move || {
        let until = worker.history().reader.head().position;
        let as_of = Timestamp::parse("2023-03-10T00:00:00Z").expect("a time");
        let next = Timestamp::parse("2023-03-11T00:00:00Z").expect("a time");
        let look = |as_of| look(&worker, worker.history(), &Looks::default(), as_of, until).expect("a look");
        (look(as_of).events, look(next).events)
    });
    let (first, second) = looked.await.expect("no panic");
    assert!(first >= 1, "the operator's machine is a lead");
    assert_eq!(second, 0, "nothing has changed");
    let investigator = key(&router, &admin, Role::Investigator).await;
    let seen = ask(&router, Method::GET, "/v1/leads?kind=ring", Some(&investigator), JSON, "").await.json();
    assert_eq!((&seen["total"], &seen["leads"][0]["accounts"]), (&json!(1), &json!(8)), "{seen}");
    // A request through that machine, of an account that nobody knows, is named by the lead from then on.
    drop((service, router));
    let service = wait(dir.path()).await;
    assert!(service.restart.compared > 0, "and every decision came out again");
}
