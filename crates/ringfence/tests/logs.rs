//! Does the service say what it does, and nothing that is secret or somebody's?

mod common;

use common::serving::Service;
use common::{arg, folder, ringfence};
use serde_json::{Value, json};

/// What must never be logged, each in a place of its own.
const PASSWORD: &str = "planted lantern quarry mauve 88";
const WRONG: &str = "planted wrong password";
const NAME: &str = "Plantagenet";
const EMAIL: &str = "planted@shop.example";
const ACCOUNT: &str = "planted-account";
const REFUND: &str = "planted-refund";
const KEY: &str = "rf_planted";

#[test]
fn each_request_is_logged_under_its_id_and_nothing_secret_is() {
    let dir = folder();
    let service = Service::start(&dir.path().join("data"), &["--log", "trace", "--log-format", "json"]);
    let token = service.told["set_up"].as_str().expect("a token").to_owned();
    let body =
        json!({ "token": token, "name": NAME, "email": EMAIL, "password": PASSWORD, "with_key": true });
    let (status, entered, _) = service.ask("/v1/setup", "", Some(body));
    assert_eq!(status, 200, "{entered}");
    let admin = entered["key"]["secret"].as_str().expect("a secret").to_owned();
    let csrf = entered["csrf"].as_str().expect("text").to_owned();
    let wanted = json!({ "name": "shop", "role": "integration" });
    let (_, made, _) = service.ask("/v1/keys", &admin, Some(wanted));
    let shop = made["secret"].as_str().expect("a secret").to_owned();
    for password in [WRONG, PASSWORD] {
        service.ask("/v1/login", "", Some(json!({ "name": NAME, "password": password })));
    }
    let request = json!({"specversion": "1.0", "id": "planted-event", "source": "shop", "type": "refund.requested",
        "time": "2023-05-20T10:00:00Z",
        "data": {"refund": REFUND, "order": "planted-order", "account": ACCOUNT, "lines": [{"line": 1, "quantity": 1}],
                 "amount": {"amount": 100, "currency": "USD"}, "reason": "damaged", "channel": "chat"}});
    let (status, decision, decided) = service.ask("/v1/refunds/decide", &shop, Some(request));
    assert_eq!((status, &decision["refund"]), (200, &json!(REFUND)), "{decision}");
    service.ask(&format!("/v1/decisions/{REFUND}"), &shop, None);
    let (status, _, unknown) = service.ask(&format!("/v1/audit?before={REFUND}"), KEY, None);
    assert_eq!(status, 401);
    service.ask(&format!("/password?token={token}"), "", None);
    service.ask(&format!("/planted-nowhere/{ACCOUNT}"), "", None);
    service.ask("/v1/events", &shop, Some(json!({ "planted-body": EMAIL })));
    let logged = service.stop();
    let lines: Vec<Value> = logged
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("not JSON ({e}): {line}")))
        .collect();
    let of = |id: &str| lines.iter().find(|line| line["span"]["id"] == id).cloned().unwrap_or_default();
    let (decided, unknown) = (of(&decided), of(&unknown));
    assert_eq!(
        (&decided["status"], &decided["span"]["path"], &decided["level"]),
        (&json!(200), &json!("/v1/refunds/decide"), &json!("DEBUG")),
        "{logged}"
    );
    assert_eq!(decided["span"]["by"], made["id"], "by the id of the key: {decided}");
    assert_eq!((&unknown["status"], &unknown["level"]), (&json!(401), &json!("INFO")));
    for secret in [&token, &admin, &shop, &csrf] {
        assert!(!logged.contains(secret.as_str()), "{secret} in {logged}");
    }
    assert!(!logged.to_lowercase().contains("plant"), "{logged}");
}

#[test]
fn a_level_that_is_none_is_told_and_off_is_silent() {
    let dir = folder();
    let data = dir.path().join("data");
    let refused = ringfence(dir.path(), &["serve", "--data", arg(&data), "--log", "loud=loud"]).ends(1);
    assert!(
        refused.err.contains("`loud=loud` is no level") && refused.err.contains("help: write error"),
        "{}",
        refused.err
    );
    ringfence(dir.path(), &["serve", "--data", arg(&data), "--log-format", "xml"]).ends(2);
    let service = Service::start(&data, &["--log", "off"]);
    service.ask("/v1/nowhere", "", None);
    assert_eq!(service.stop(), "");
    let service = Service::start(&data, &[]);
    service.ask("/v1/audit", "", None);
    let logged = service.stop();
    assert!(
        logged.contains(" INFO ") && logged.contains("listening") && logged.contains("path=\"/v1/audit\""),
        "{logged}"
    );
}
