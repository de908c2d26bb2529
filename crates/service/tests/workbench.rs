//! Do the pages show each role what it may see, in the person's language, and nothing that somebody else wrote as markup?

mod common;

use axum::http::{Method, StatusCode, header};
use common::{Browser, admin, ask, key, open, person, send};
use ringfence_service::access::{Permission, Role, allowed};
use ringfence_service::http::endpoints;
use ringfence_service::serve::Service;
use ringfence_service::workbench::page::routes;
use serde_json::{Value, json};
use tower::ServiceExt;

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml");
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

struct Page {
    status: StatusCode,
    text: String,
    headers: axum::http::HeaderMap,
}

async fn page(browser: &Browser, path: &str, more: &[(&str, &str)]) -> Page {
    let mut headers = vec![HTML, ("sec-fetch-site", "same-origin"), ("cookie", browser.cookie.as_str())];
    headers.extend(more);
    let answer = send(&browser.router, Method::GET, path, &headers, "").await;
    let text = String::from_utf8(answer.bytes).expect("text");
    Page { status: answer.status, text, headers: answer.headers }
}

async fn people(service: &Service) -> (String, Vec<(Role, Browser)>) {
    let router = service.router();
    let admin = admin(service, &router).await;
    let mut people = Vec::new();
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Integration) {
        people.push((role, person(&router, &admin, &format!("{role:?}"), &[role]).await));
    }
    (admin, people)
}

/// Pages that open without knowing anything.
fn pages() -> Vec<(&'static str, Permission)> {
    let plain = routes()
        .filter(|r| r.method == Method::GET && !r.path.contains('{') && !r.path.starts_with("/live/"));
    plain.map(|route| (route.path, route.needs)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_sees_its_pages_and_the_page_of_no_access_for_the_others() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let (_, people) = people(&service).await;
    for (path, needs) in pages() {
        for (role, browser) in &people {
            let page = page(browser, path, &[]).await;
            let what = format!("{role:?} {path}");
            let may = allowed(*role, needs);
            assert_eq!(page.status, if may { StatusCode::OK } else { StatusCode::FORBIDDEN }, "{what}");
            assert_eq!(page.text.contains("You may not see this page"), !may, "{what}");
            assert!(page.text.starts_with("<!DOCTYPE html>"), "{what}");
            assert_eq!(page.headers[header::CONTENT_SECURITY_POLICY], POLICY, "{what}");
            assert_eq!(page.headers[header::CACHE_CONTROL], "no-store", "{what}");
            for inline in ["<style", "style=\"", "<script>", "javascript:", " onclick", "http://", "https://"]
            {
                assert!(!page.text.contains(inline), "{what}: {inline}");
            }
            // What cannot be opened is not offered.
            for (other, needs) in pages() {
                let offered = page.text.contains(&format!("href=\"{other}\" data-go"));
                assert!(!offered || allowed(*role, needs), "{what} offers {other}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_signed_in_comes_back_to_the_page_after_signing_in() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    person(&router, &admin, "Bob", &[Role::Analyst]).await;
    let sent = send(&router, Method::GET, "/today?x=1&y=2", &[HTML], "").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    let to = sent.headers[header::LOCATION].to_str().expect("text").to_owned();
    assert_eq!(to, "/login?to=%2Ftoday%3Fx%3D1%26y%3D2");
    let form = send(&router, Method::GET, &to, &[HTML], "").await;
    let text = String::from_utf8(form.bytes).expect("text");
    assert!(text.contains("name=\"to\" value=\"/today?x=1&amp;y=2\""), "{text}");
    for (to, expect) in
        [("%2Ftoday%3Fx%3D1", "/today?x=1"), ("%2F%2Fevil.example", "/"), ("https%3A%2F%2Fevil.example", "/")]
    {
        let filled = format!("name=Bob&password=mauve+lantern+quarry&to={to}");
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
        let inside = send(&router, Method::POST, "/login", &headers, filled).await;
        assert_eq!(inside.headers[header::LOCATION], expect);
    }
    let program = send(&router, Method::GET, "/today", &[("accept", "*/*")], "").await;
    assert_eq!(program.status, StatusCode::UNAUTHORIZED, "programs are told, not led");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_page_changes_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let (_, people) = people(&service).await;
    let (_, browser) = &people[0];
    let form = ("content-type", "application/x-www-form-urlencoded");
    let forms: Vec<&str> =
        routes().filter(|r| r.method == Method::POST && !r.path.contains('{')).map(|r| r.path).collect();
    assert!(forms.contains(&"/preferences"));
    for path in forms {
        for (csrf, more) in [
            ("", ("sec-fetch-site", "same-origin")),
            ("csrf=0", ("sec-fetch-site", "same-origin")),
            (&*format!("csrf={}", browser.csrf), ("sec-fetch-site", "cross-site")),
        ] {
            let headers = [form, more, ("cookie", browser.cookie.as_str())];
            let sent = send(&browser.router, Method::POST, path, &headers, csrf.to_owned()).await;
            assert_eq!(sent.status, StatusCode::FORBIDDEN, "{path} {csrf} {more:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_in_the_language_that_was_chosen_or_that_the_browser_prefers() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let (_, people) = people(&service).await;
    let (_, browser) = &people[0];
    let italian = page(browser, "/today", &[("accept-language", "it-IT,it;q=0.9")]).await;
    assert!(italian.text.contains("lang=\"it\"") && italian.text.contains("<h1>Oggi</h1>"));
    let body = format!("csrf={}&lang=it&theme=dark&keys=off&back=%2Ftoday", browser.csrf);
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
        ("cookie", browser.cookie.as_str()),
    ];
    let chosen = send(&browser.router, Method::POST, "/preferences", &headers, body).await;
    assert_eq!(
        (chosen.status, &chosen.headers[header::LOCATION]),
        (StatusCode::SEE_OTHER, &"/today".parse().expect("a value"))
    );
    let set = chosen.headers[header::SET_COOKIE].to_str().expect("text");
    let both = format!("{}; {}", browser.cookie, set.split(';').next().expect("a pair"));
    let with = Browser {
        router: browser.router.clone(),
        cookie: both,
        csrf: browser.csrf.clone(),
        user: browser.user.clone(),
    };
    let dark = page(&with, "/today", &[("accept-language", "en")]).await;
    assert!(
        dark.text.contains("<html lang=\"it\" data-theme=\"dark\">")
            && dark.text.contains("data-keys=\"off\"")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn assets_are_kept_for_ever_under_the_hash_of_their_content() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let (_, people) = people(&service).await;
    let (_, browser) = &people[0];
    let text = page(browser, "/today", &[]).await.text;
    let named: Vec<&str> = text.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert!(named.iter().any(|n| n.contains(".css")) && named.iter().any(|n| n.contains(".js")), "{named:?}");
    for path in named {
        let asset = ask(&browser.router, Method::GET, path, None, "", "").await;
        assert_eq!(asset.status, StatusCode::OK, "{path}");
        assert_eq!(asset.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable", "{path}");
        assert_eq!(asset.headers["x-content-type-options"], "nosniff", "{path}");
    }
    let gone =
        ask(&browser.router, Method::GET, "/assets/workbench.0000000000000000.css", None, "", "").await;
    assert_eq!(
        (gone.status, gone.headers[header::CACHE_CONTROL].as_bytes()),
        (StatusCode::NOT_FOUND, &b"no-store"[..])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_live_is_for_those_who_may_read_decisions_and_begins_as_a_stream() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    let analyst = key(&router, &admin, Role::Analyst).await;
    let live: Vec<_> = endpoints().filter(|e| e.1.starts_with("/live/")).collect();
    assert!(!live.is_empty());
    for (method, path, needs) in live {
        let begin = |key: Option<String>| {
            let mut request = axum::http::Request::builder().method(method.clone()).uri(path);
            if let Some(key) = key {
                request = request.header("authorization", format!("Bearer {key}"));
            }
            router.clone().oneshot(request.body(axum::body::Body::empty()).expect("a request"))
        };
        assert_eq!(begin(None).await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
        let answer = begin(Some(analyst.clone())).await.expect("an answer");
        assert_eq!(answer.status() == StatusCode::OK, allowed(Role::Analyst, needs));
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_nowhere_is_a_page_for_people_and_a_problem_for_programs() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let (_, people) = people(&service).await;
    let (_, browser) = &people[0];
    let nowhere = page(browser, "/no/%3Cb%3Ewhere", &[]).await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    assert!(nowhere.text.contains("There is nothing here") && !nowhere.text.contains("<b>where"));
    let program = ask(&browser.router, Method::GET, "/no/where", None, "", "").await;
    assert_eq!(program.headers[header::CONTENT_TYPE], "application/problem+json");
}

/// Ids, words and texts that somebody hostile may send.
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;";

#[tokio::test(flavor = "multi_thread")]
async fn what_others_wrote_is_shown_and_is_no_markup() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let (admin, people) = people(&service).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let event = |id: &str, of: &str, data: Value| json!({ "specversion": "1.0", "id": format!("{id}{HOSTILE}"), "source": "shop", "type": of, "time": "2023-05-20T10:00:00Z", "data": data });
    let (line, money) =
        (json!([{ "line": 1, "quantity": 1 }]), json!({ "amount": 5_000, "currency": "USD" }));
    let named = |kind: &str| format!("{kind}{HOSTILE}");
    let events = json!([
        event(
            "1",
            "order.placed",
            json!({ "order": named("O"), "account": named("A"), "lines": line, "total": money, "device": named("D") })
        ),
        event(
            "2",
            "parcel.scanned",
            json!({ "parcel": named("P"), "order": named("O"), "direction": "outbound", "carrier": named("C"), "status": "delivered", "site": named("S"), "postal_code": named("Z"), "driver": named("V") })
        ),
        event(
            "3",
            "contact.opened",
            json!({ "contact": named("K"), "account": named("A"), "order": named("O"), "channel": "chat", "staff": named("T") })
        ),
        event(
            "4",
            "message.posted",
            json!({ "contact": named("K"), "author": "customer", "text": format!("{HOSTILE}\n{HOSTILE}") })
        ),
        event(
            "5",
            "refund.requested",
            json!({ "refund": named("R"), "order": named("O"), "account": named("A"), "lines": line, "amount": money, "reason": "damaged", "channel": "chat", "contact": named("K") })
        ),
        event("6", "nobody.knows", json!({ "refund": HOSTILE })),
    ]);
    let sent =
        ask(&router, Method::POST, "/v1/events", Some(&shop), common::BATCH, &events.to_string()).await;
    assert!(
        sent.json().as_array().is_some_and(|all| all.iter().all(|one| one["status"] != "refused")),
        "{}",
        sent.json()
    );
    let escaped = |id: String| -> String {
        form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>().replace('+', "%20")
    };
    let pages = [
        "/today".to_owned(),
        format!("/requests/{}", escaped(named("R"))),
        format!("/accounts/{}", escaped(named("A"))),
        format!("/search?q={}", escaped("O<scr".into())),
        format!("/search?q={}", escaped(HOSTILE.into())),
        format!("/requests/{}", escaped(HOSTILE.into())),
        format!("/audit?by={0}&did={0}", escaped(HOSTILE.into())),
        "/audit".to_owned(),
    ];
    for (role, browser) in &people {
        for path in &pages {
            let page = page(browser, path, &[]).await;
            assert!(
                page.status.is_success() || page.status.is_client_error() || page.status.is_redirection(),
                "{path}"
            );
            for wrong in ["<script>alert", "<img src=x", "onerror=alert(2)>"] {
                assert!(!page.text.contains(wrong), "{role:?} {path}: {wrong}");
            }
        }
    }
    let (_, investigator) = people.iter().find(|(role, _)| *role == Role::Investigator).expect("one");
    let request = page(investigator, &pages[1], &[]).await;
    assert_eq!(request.status, StatusCode::OK);
    for shown in ["&lt;script&gt;alert(1)&lt;/script&gt;", "The customer wrote", "delivered"] {
        assert!(request.text.contains(shown), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_a_request_an_account_and_the_users_is_in_the_log() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let (admin, people) = people(&service).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let batch = json!([common::order(1), common::request(1, 5_000)]).to_string();
    ask(&router, Method::POST, "/v1/events", Some(&shop), common::BATCH, &batch).await;
    let of = |wanted: Role| {
        people.iter().find(|(role, _)| *role == wanted).map(|(_, browser)| browser).expect("one")
    };
    for path in ["/requests/R1", "/accounts/A1"] {
        assert_eq!(page(of(Role::Analyst), path, &[]).await.status, StatusCode::OK, "{path}");
        assert_eq!(page(of(Role::Admin), path, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(page(of(Role::Admin), "/settings/users", &[]).await.status, StatusCode::OK);
    assert_eq!(page(of(Role::Analyst), "/requests/R9", &[]).await.status, StatusCode::NOT_FOUND);
    let trail = of(Role::Auditor).get("/v1/audit").await.json();
    let did = |word: &str, subject: &str, by: &str| {
        trail.as_array().is_some_and(|all| {
            all.iter().any(|e| {
                e["record"]["did"] == word
                    && e["record"]["subject"] == subject
                    && e["record"]["by"]["user"] == by
            })
        })
    };
    let analyst = &of(Role::Analyst).user;
    assert!(did("request_read", "R1", analyst) && did("account_read", "A1", analyst), "{trail}");
    assert!(did("users_read", "users", &of(Role::Admin).user), "{trail}");
    assert!(!did("request_read", "R1", &of(Role::Admin).user), "who may not look has not looked");
}
