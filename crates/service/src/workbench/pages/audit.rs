//! Who did what? The control records of the log, newest first, by who and by what.

use crate::access::Permission;
use crate::core::{Control, Principal};
use crate::digest::{DigestError, Found, Thing};
use crate::http::endpoints::changed;
use crate::http::input::Asked;
use crate::http::problem::Problem;
use crate::workbench::lang::fill;
use crate::workbench::pages::beside;
use crate::workbench::story::{account_href, request_href};
use crate::workbench::ui::{self, Column, Table};
use crate::workbench::{Group, Nav, Page, Route, View};
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The page.
pub const PAGE: Page = Page {
    nav: Some(Nav { path: "/audit", title: |t| t.audit.title, group: Group::House, key: 'a' }),
    routes: &[Route {
        method: Method::GET,
        path: "/audit",
        needs: Permission::ReadAudit,
        handler: || get(show),
    }],
};

/// Rows of a page.
const ROWS: usize = 50;
/// Records of one person that are looked through for a word.
const LOOKED_THROUGH: usize = 400;
/// Details of a row.
const DETAILS_MAX: usize = 8;

/// What is to be shown.
#[derive(Debug, Default, Deserialize)]
struct Filter {
    #[serde(default)]
    by: String,
    #[serde(default)]
    did: String,
    before: Option<u64>,
}

async fn show(view: View, Asked(filter): Asked<Filter>) -> Result<Response, Problem> {
    changed(&view.shared, Control::noted("audit_read", "audit", view.by.clone())).await?;
    let (by, did, before) = (filter.by.trim().to_owned(), filter.did.trim().to_owned(), filter.before);
    let places = if by.is_empty() && did.is_empty() { Some(all(&view, before).await?) } else { None };
    let (found, next) = {
        let (by, did) = (by.clone(), did.clone());
        beside(&view, move |digest| {
            let places = match places {
                Some(places) => places,
                None if by.is_empty() => digest.places(Thing::Did, &did, before, ROWS + 1)?,
                None if did.is_empty() => digest.places(Thing::By, &by, before, ROWS + 1)?,
                None => digest.places(Thing::By, &by, before, LOOKED_THROUGH)?,
            };
            let more = places.len() > ROWS;
            let mut found = Vec::new();
            let mut last = None;
            for at in &places {
                for record in digest.records(std::slice::from_ref(at))? {
                    if did.is_empty() || control(&record).is_some_and(|control| control.word() == did) {
                        found.push(record);
                    }
                }
                last = Some(*at);
                if found.len() == ROWS {
                    break;
                }
            }
            Ok::<_, DigestError>((found, last.filter(|_| more)))
        })
        .await?
    };
    let t = view.t();
    let first = before.map(|_| href(&by, &did, None));
    let table = Table {
        t,
        caption: t.audit.title.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.audit.when),
            Column::text(t.audit.who),
            Column::text(t.audit.what),
            Column::text(t.audit.on),
            Column::text(t.audit.more),
            Column::number(t.audit.position),
        ],
        rows: found.iter().filter_map(|record| row(&view, record)).collect(),
        none: t.audit.none.to_owned(),
        next: next.map(|next| href(&by, &did, Some(next))),
        first,
    };
    let content = html! {
        header.page { h1 { (t.audit.title) } p.lead { (t.audit.lead) } }
        section {
            (filters(&view, &by, &did))
            (table.draw())
        }
        p.quiet { (t.audit.read_recorded) " " (t.frame.utc) }
    };
    Ok(view.page(t.audit.title, &content))
}

/// The places of the newest control records of all kinds.
async fn all(view: &View, before: Option<u64>) -> Result<Vec<u64>, Problem> {
    let places = view.shared.worker.look(move |core| {
        let places = core.control_places();
        let end = before.map_or(places.len(), |before| places.before(before));
        (end.saturating_sub(ROWS as u64 + 1)..end).rev().filter_map(|n| places.get(n)).collect::<Vec<u64>>()
    });
    Ok(places.await?)
}

fn control(record: &Found) -> Option<Control> {
    serde_json::from_slice(&record.payload).ok()
}

fn href(by: &str, did: &str, before: Option<u64>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("by", by).append_pair("did", did);
    if let Some(before) = before {
        query.append_pair("before", &before.to_string());
    }
    format!("/audit?{}", query.finish())
}

fn filters(view: &View, by: &str, did: &str) -> Markup {
    let t = view.t();
    let names = view.may(Permission::ManageUsers);
    let users = view.shared.access.users.list();
    let known = users.iter().any(|user| user.id == by) || by.is_empty() || by == "service";
    html! {
        form.filters action="/audit" {
            div {
                label for="by" { (t.audit.who) }
                select #by name="by" {
                    option value="" { (t.audit.anybody) }
                    option value="service" selected[by == "service"] { (t.audit.service) }
                    @for user in &users {
                        option value=(user.id) selected[user.id == by] { @if names { (user.name) } @else { (user.id) } }
                    }
                    @if !known { option value=(by) selected { (by) } }
                }
            }
            div {
                label for="did" { (t.audit.what) }
                select #did name="did" {
                    option value="" { (t.audit.anything) }
                    @for (word, text) in t.did.all() { option value=(word) selected[word == did] { (text) } }
                }
            }
            button.quiet { (t.audit.filter) }
        }
    }
}

fn who(view: &View, by: Option<&Principal>) -> Markup {
    let t = view.t();
    let Some(by) = by.filter(|by| by.id != "service") else { return html! { (t.audit.service) } };
    let name = by.user.as_ref().filter(|_| view.may(Permission::ManageUsers));
    let name = name.and_then(|id| view.shared.access.users.get(id).ok()).map(|user| user.name);
    let role = by.role.map(|role| fill(t.audit.as_role, &[("role", t.words.role(role))]));
    html! {
        @match (&name, &by.user) {
            (Some(name), _) => { (name) }
            (None, Some(user)) => { (ui::id(user)) }
            (None, None) => { (by.name) " " span.quiet { (t.audit.system) } }
        }
        @if let Some(role) = role { " " span.quiet { (role) } }
    }
}

fn row(view: &View, record: &Found) -> Option<Vec<Markup>> {
    let control = control(record)?;
    let (t, word) = (view.t(), control.word());
    let value: Value = serde_json::from_slice(&record.payload).ok()?;
    let subject = value.get("subject").and_then(Value::as_str);
    Some(vec![
        ui::time(record.recorded),
        who(view, control.by()),
        html! { span title=(word) { (t.did.say(word)) } },
        html! { @if let Some(subject) = subject { (linked(word, subject)) } },
        details(&value),
        html! { (ui::count(view.lang(), record.position)) },
    ])
}

fn linked(word: &str, subject: &str) -> Markup {
    let href = match word {
        "request_read" | "decision_read" | "evidence_read" | "decision_rederived" => {
            Some(request_href(subject))
        }
        "account_read" => Some(account_href(subject)),
        _ => None,
    };
    html! { @if let Some(href) = href { a href=(href) { (ui::id(subject)) } } @else { (ui::id(subject)) } }
}

/// What else the record says, flat, as the log has it.
fn details(value: &Value) -> Markup {
    let mut shown = BTreeMap::new();
    flatten(value, "", &mut shown);
    html! {
        @for (key, text) in shown.iter().take(DETAILS_MAX) { span.pair { span.quiet { (key) ": " } (text) } " " }
        @if shown.len() > DETAILS_MAX { "…" }
    }
}

/// What stands in columns of its own.
const SHOWN: [&str; 4] = ["control", "did", "subject", "by"];
/// Longest detail, characters.
const TEXT_CHARS: usize = 120;

fn flatten(value: &Value, path: &str, out: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in
                fields.iter().filter(|(key, _)| !path.is_empty() || !SHOWN.contains(&key.as_str()))
            {
                let path =
                    if path.is_empty() || path == "detail" { key.clone() } else { format!("{path}.{key}") };
                flatten(value, &path, out);
            }
        }
        Value::Null => {}
        Value::String(text) => {
            out.insert(path.to_owned(), text.chars().take(TEXT_CHARS).collect());
        }
        Value::Array(_) | Value::Bool(_) | Value::Number(_) => {
            out.insert(path.to_owned(), value.to_string().chars().take(TEXT_CHARS).collect());
        }
    }
}
