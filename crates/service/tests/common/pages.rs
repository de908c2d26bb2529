//! How do the tests look at a page, and fill in a form?

use super::{Browser, send};
use axum::http::{Method, StatusCode, header};

/// What a page is, or where a form led.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
    pub(crate) to: String,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) async fn page(who: &Browser, path: &str) -> Page {
    let headers =
        [("accept", "text/html"), ("sec-fetch-site", "same-origin"), ("cookie", who.cookie.as_str())];
    let answer = send(&who.router, Method::GET, path, &headers, "").await;
    let text = String::from_utf8(answer.bytes).expect("text");
    assert!(!text.contains("<script>alert") && !text.contains("<img src=x"), "{path} lets markup through");
    Page { status: answer.status, text, to: String::new(), bytes: Vec::new() }
}

pub(crate) async fn form(who: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let mut all = vec![("csrf", who.csrf.as_str())];
    all.extend(fields);
    let encode = |text: &str| text.bytes().map(|b| format!("%{b:02X}")).collect::<Vec<_>>().concat();
    let body: Vec<String> = all.iter().map(|(k, v)| format!("{k}={}", encode(v))).collect();
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "text/html"),
        ("sec-fetch-site", "same-origin"),
        ("cookie", who.cookie.as_str()),
    ];
    let answer = send(&who.router, Method::POST, path, &headers, body.join("&")).await;
    let to =
        answer.headers.get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let text = String::from_utf8_lossy(&answer.bytes).into_owned();
    Page { status: answer.status, text, to, bytes: answer.bytes }
}
