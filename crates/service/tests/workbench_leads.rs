//! Do the pages of leads and of what decides show what there is, to whom they may, escaped, and under pseudonyms?

mod common;

use axum::Router;
use axum::http::{Method, StatusCode, header};
use common::pages::{form, page};
use common::{ONE, admin, ask, key, open, order, person, request};
use ringfence_decide::DEFAULT_POLICY;
use ringfence_service::access::Role;
use serde_json::{Value, json};

async fn events(router: &Router, admin: &str, all: &[Value]) {
    let shop = key(router, admin, Role::Integration).await;
    for event in all {
        let taken = ask(router, Method::POST, "/v1/events", Some(&shop), ONE, &event.to_string()).await;
        assert_eq!(taken.status, StatusCode::OK, "{}", taken.json());
    }
}

const HOSTILE: &str = "<script>alert(1)</script>";

/// A ring that a clerk ties, with an account and texts that somebody wrote to do harm.
fn ring() -> Value {
    let as_of = "2023-05-01T00:00:00Z";
    json!({"specversion": "1.0", "id": "l1", "source": "ringfence/leads", "type": "lead.raised", "time": as_of,
        "data": {"lead": "ring-R1", "kind": "ring", "as_of": as_of, "probability": 0.97, "fdr": 0.05, "method": "rings/1",
                 "members": [{"kind": "account", "id": HOSTILE, "probability": 0.99}, {"kind": "account", "id": "A2", "probability": 0.8}],
                 "refunds": ["R1", "<img src=x>"], "money": {"amount": 90_000, "currency": "USD"},
                 "from": "2023-04-01T00:00:00Z", "to": "2023-04-02T00:00:00Z",
                 "ties": [{"kind": "device", "value": "D<img src=x>", "probability": 0.99, "accounts": [HOSTILE, "A2"], "shared_by": 2, "orders": 0},
                          {"kind": "staff", "value": "S-4711", "probability": 0.8, "accounts": ["A2"], "shared_by": 9}],
                 "why": ["requests of 2 accounts are behind the figures of staff S-4711", "weakest link: request R1 with staff S-4711"],
                 "against": ["not claimed: that S-4711 knew"]}})
}

fn of_staff() -> Value {
    let as_of = "2023-05-01T00:00:00Z";
    json!({"specversion": "1.0", "id": "l2", "source": "ringfence/leads", "type": "lead.raised", "time": as_of,
        "data": {"lead": "staff-S-4711", "kind": "staff", "as_of": as_of, "probability": 0.91, "fdr": 0.1, "method": "insiders/1",
                 "members": [{"kind": "staff", "id": "S-4711", "probability": 0.91}], "refunds": ["R1"],
                 "money": {"amount": 90_000, "currency": "USD"}, "why": ["decisions against policy: 9 where 2 were to be expected"],
                 "against": ["not looked at: what S-4711 was told"], "pattern": "bribed"}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_is_shown_escaped_with_staff_under_pseudonyms_and_judged_by_people() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    let analyst = person(&router, &admin, "Ann", &[Role::Analyst]).await;
    assert!(page(&analyst, "/rings").await.text.contains("No ring stands in the log"));
    events(&router, &admin, &[ring(), of_staff()]).await;
    let list = page(&analyst, "/rings").await;
    assert!(list.text.contains("ring-R1") && list.text.contains("900.00"), "{}", list.text);
    let one = page(&analyst, "/rings/ring-R1").await;
    assert_eq!(one.status, StatusCode::OK);
    for told in
        ["97 %", "&lt;script&gt;alert(1)&lt;/script&gt;", "What speaks against it", "900.00", "Weakest link"]
    {
        assert!(one.text.contains(told), "{told}");
    }
    assert!(!one.text.contains("S-4711") && one.text.contains("not claimed: that P-"), "{}", one.text);
    // Who may not read leads on staff is led to none, and may not judge.
    assert!(!one.text.contains("href=\"/staff/P-") && !one.text.contains("/verdict"));
    let graph = analyst.get("/rings/ring-R1/graph").await;
    // JSON, and never taken for a page: there markup means nothing.
    assert_eq!(graph.headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(graph.headers["x-content-type-options"], "nosniff");
    let graph = graph.json();
    assert_eq!(graph["nodes"].as_array().map(Vec::len), Some(4), "{graph}");
    assert!(!graph.to_string().contains("S-4711"));
    let href = graph["nodes"].as_array().expect("nodes").iter().find_map(|n| n["href"].as_str());
    assert_eq!(href, Some("/accounts/%3Cscript%3Ealert%281%29%3C%2Fscript%3E"));
    assert_eq!(page(&analyst, "/rings/ring-R9").await.status, StatusCode::NOT_FOUND);
    assert_eq!(page(&analyst, "/rings/staff-S-4711").await.status, StatusCode::NOT_FOUND);
    assert_eq!(page(&analyst, "/staff").await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        form(&analyst, "/rings/ring-R1/verdict", &[("verdict", "abuse")]).await.status,
        StatusCode::FORBIDDEN
    );

    let investigator = person(&router, &admin, "Ivo", &[Role::Investigator]).await;
    assert!(page(&investigator, "/rings/ring-R1").await.text.contains("href=\"/staff/P-"));
    let bad = form(&investigator, "/rings/ring-R1/verdict", &[("verdict", "guilty")]).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    let judged = form(&investigator, "/rings/ring-R1/verdict", &[("verdict", "abuse")]).await;
    assert_eq!(judged.to, "/rings/ring-R1?done=verdict");
    assert!(page(&investigator, &judged.to).await.text.contains("People found: It is a ring"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_staff_is_shown_when_two_people_agree_and_each_step_is_in_the_log() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    events(&router, &admin, &[of_staff()]).await;
    let one = person(&router, &admin, "Ivo", &[Role::Investigator]).await;
    let other = person(&router, &admin, "Sue", &[Role::Supervisor]).await;
    let board = page(&one, "/staff").await.text;
    let at = board.find("/staff/P-").expect("somebody is to be reviewed");
    let path: String = board[at..].chars().take_while(|c| *c != '"').collect();
    let seen = page(&one, &path).await.text;
    // Before a review nothing says whom a machine suspects.
    assert!(
        !seen.contains("S-4711") && !seen.contains("91 %") && !seen.contains("against policy: 9"),
        "{seen}"
    );
    // A name is asked for within a case.
    assert!(seen.contains("open one first") && !seen.contains(&format!("action=\"{path}/name\"")));
    let early = form(&one, &format!("{path}/name"), &[("why", "curious")]).await;
    assert_eq!(early.status, StatusCode::CONFLICT, "{}", early.text);
    let pseudonym = path.trim_start_matches("/staff/");
    let about = [("kind", "staff"), ("id", pseudonym), ("title", "Receipts"), ("why", "figures")];
    let opened = form(&one, "/cases", &about).await;
    assert_eq!(opened.to, "/cases/1", "{}", opened.text);
    let asked = form(&one, &format!("{path}/name"), &[("why", "case 7 needs it")]).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text);
    let again = form(&one, &format!("{path}/name"), &[("why", "again")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let waiting = page(&other, &path).await.text;
    assert!(waiting.contains("case 7 needs it") && waiting.contains("Ivo") && !waiting.contains("S-4711"));
    let form_at = waiting.find(&format!("{path}/name/")).expect("a form to agree");
    let settle: String = waiting[form_at..].chars().take_while(|c| *c != '"').collect();
    let alone = form(&one, &settle, &[("why", "I agree with myself"), ("agree", "yes")]).await;
    assert_eq!(alone.status, StatusCode::FORBIDDEN);
    let granted = form(&other, &settle, &[("why", "as the case says"), ("agree", "yes")]).await;
    assert_eq!(granted.status, StatusCode::SEE_OTHER, "{}", granted.text);
    assert!(page(&one, &path).await.text.contains("S-4711"), "two people agreed");
    let found = form(&one, &format!("{path}/found"), &[("verdict", "insider")]).await;
    assert_eq!(found.status, StatusCode::SEE_OTHER, "{}", found.text);
    let held = page(&one, &path).await.text;
    assert!(held.contains("91 %") && held.contains("What the machine holds"), "{held}");
    let auditor = key(&router, &admin, Role::Auditor).await;
    let audit =
        ask(&router, Method::GET, "/v1/audit?limit=500", Some(&auditor), ONE, "").await.json().to_string();
    for step in ["unmasking_asked", "unmasking_settled", "staff_name_read", "staff_reviewed"] {
        assert!(audit.contains(step), "{step}");
    }
    assert!(!audit.contains("S-4711"), "the names themselves are not in the records of the service");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_goes_from_the_editor_over_a_back_test_to_two_people() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    let orders: Vec<Value> = (0..4).flat_map(|n| [order(n), request(n, 900)]).collect();
    events(&router, &admin, &orders).await;
    let author = person(&router, &admin, "Ann", &[Role::Analyst]).await;
    let approver = person(&router, &admin, "Sue", &[Role::Supervisor]).await;
    let investigator = person(&router, &admin, "Ivo", &[Role::Investigator]).await;
    assert_eq!(page(&investigator, "/rules/edit").await.status, StatusCode::FORBIDDEN);
    assert!(page(&author, "/rules/edit?part=policy").await.text.contains("name = &quot;default&quot;"));
    let wrong = DEFAULT_POLICY.replacen("[review]", "[reveiw]", 1);
    let refused = form(&author, "/rules/keep", &[("part", "policy"), ("text", &wrong)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("[reveiw]") && refused.text.contains("Perhaps: "),
        "what was written stays"
    );
    let text = DEFAULT_POLICY.replacen("per_day = 40 ", "per_day = 41 ", 1).replace('\n', "\r\n");
    let kept = form(&author, "/rules/keep", &[("part", "policy"), ("text", &text)]).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.text);
    let shown = page(&author, &kept.to).await.text;
    assert!(
        shown.contains("<del>") && shown.contains("<ins>+ per_day = 41 "),
        "the difference is one line: {shown}"
    );
    let version =
        kept.to.trim_start_matches("/rules/policy/").split('?').next().expect("a version").to_owned();
    let trial = [("part", "policy"), ("version", version.as_str()), ("from", ""), ("why", "more people now")];
    let started = form(&author, "/rules/backtest", &trial).await;
    assert_eq!(started.to, format!("/rules/policy/{version}#backtest"), "{}", started.text);
    let path = format!("/rules/policy/{version}");
    for _ in 0..500 {
        if page(&author, &path).await.text.contains("Requests compared") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(page(&author, &path).await.text.contains("Requests compared"), "the back-test came to its end");
    let proposed = form(&author, "/rules/propose", &trial).await;
    assert!(proposed.to.starts_with("/rules?done=proposed#proposal-"), "{}", proposed.text);
    let id = proposed.to.rsplit('-').next().expect("a number").to_owned();
    assert!(page(&author, "/rules").await.text.contains("You proposed this"));
    assert_eq!(form(&author, &format!("/rules/{id}/approve"), &[]).await.status, StatusCode::FORBIDDEN);
    let approved = form(&approver, &format!("/rules/{id}/approve"), &[]).await;
    assert_eq!(approved.to, "/rules?done=approved", "{}", approved.text);
    let live = page(&investigator, "/rules").await.text;
    assert!(live.contains(&version[..12]) && live.contains("decides since"), "{live}");
}

#[tokio::test(flavor = "multi_thread")]
async fn features_are_found_by_their_words_and_pages_without_data_say_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    let auditor = person(&router, &admin, "Aud", &[Role::Auditor]).await;
    let all = page(&auditor, "/features").await.text;
    let some = page(&auditor, "/features?q=return%20staff").await.text;
    let rows = |text: &str| text.matches("<li id=").count();
    assert!(rows(&some) > 0 && rows(&some) < rows(&all), "{} of {}", rows(&some), rows(&all));
    let none = page(&auditor, "/features?q=%3Cscript%3Ealert%281%29").await.text;
    assert!(none.contains("No feature has this") && rows(&none) == 0);
    assert!(page(&auditor, "/models").await.text.contains("No model was uploaded"));
    assert_eq!(page(&auditor, "/models/0000").await.status, StatusCode::NOT_FOUND);
    for _ in 0..500 {
        if page(&auditor, "/drift").await.text.contains("There is no model") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(page(&auditor, "/drift").await.text.contains("There is no model"));
    assert!(page(&auditor, "/posts").await.text.contains("No post was collected"));
    assert!(page(&auditor, "/staff").await.text.contains("Nobody is to be reviewed"));
}
