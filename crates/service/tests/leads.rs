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
