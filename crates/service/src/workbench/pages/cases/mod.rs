//! What is investigated? The cases, found by state, by person, by number or by what they link; and a new one.

mod acts;
mod files;
mod history;
mod one;
mod sections;
mod words;

use self::words::{kind_name, state_of, subject_of};
use super::staff;
use crate::access::Permission;
use crate::casework::queue::{Page as Rows, after};
use crate::casework::{Case, CaseFilter, CaseworkError};
use crate::core::Control;
use crate::http::endpoints::changed;
use crate::http::input::Asked;
use crate::http::problem::Problem;
use crate::workbench::lang::fill;
use crate::workbench::pages::parts::{colleague, part_of_path};
use crate::workbench::ui::{self, Column, Table, Tone, states};
use crate::workbench::{Group, Nav, Page, Posted, Route, View};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use ringfence_casework::case::{About, CaseState, Subject};
use ringfence_casework::limits::{TITLE_BYTES_MAX, WHY_BYTES_MAX};
use serde::Deserialize;

/// The page.
pub const PAGE: Page = Page {
    nav: Some(Nav { path: "/cases", title: |t| t.cases.title, group: Group::Work, key: 'c' }),
    routes: &[
        Route { method: Method::GET, path: "/cases", needs: Permission::ReadCases, handler: || get(list) },
        Route { method: Method::POST, path: "/cases", needs: Permission::WorkCases, handler: || post(open) },
        Route { method: Method::GET, path: "/cases/new", needs: Permission::WorkCases, handler: || get(new) },
        Route {
            method: Method::GET,
            path: "/cases/{id}",
            needs: Permission::ReadCases,
            handler: || get(one::show),
        },
        Route {
            method: Method::POST,
            path: "/cases/{id}/do",
            needs: Permission::WorkCases,
            handler: || post(acts::work),
        },
        Route {
            method: Method::POST,
            path: "/cases/{id}/supervise",
            needs: Permission::Supervise,
            handler: || post(acts::supervise),
        },
        Route {
            method: Method::POST,
            path: "/cases/{id}/pack",
            needs: Permission::ExportEvidence,
            handler: || post(files::pack),
        },
    ],
};

/// Rows of a page.
const ROWS: usize = 50;

#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    which: String,
    #[serde(default)]
    q: String,
    after: Option<String>,
}

/// The cases that somebody asks for by a number or by what they link.
async fn looked_for(view: &View, q: &str) -> Result<Rows<Case>, Problem> {
    let mut rows: Vec<Case> = Vec::new();
    if let Some(case) = q.parse::<u64>().ok().filter(|id| *id > 0) {
        match view.shared.casework.case(case).await {
            Ok(case) => rows.push(case),
            Err(CaseworkError::Denied(_)) => {}
            Err(e) => return Err(e.into()),
        }
    }
    for kind in About::ALL {
        let id = q.to_owned();
        for case in view.shared.casework.cases_of(Subject { kind, id }).await? {
            if !rows.iter().any(|known| known.id == case.id) {
                rows.push(case);
            }
        }
    }
    Ok(Rows { rows, next: None })
}

async fn list(view: View, Asked(wanted): Asked<Wanted>) -> Result<Response, Problem> {
    let t = view.t();
    let q = wanted.q.trim();
    let told = if q.is_empty() { "cases" } else { q };
    changed(&view.shared, Control::noted("cases_read", told, view.by.clone())).await?;
    let here = match wanted.which.as_str() {
        here @ ("mine" | "held" | "closed" | "all") => here,
        _ => "live",
    };
    let filter = CaseFilter {
        state: (here == "closed").then_some(CaseState::Closed),
        live: here == "live" || here == "mine",
        assignee: view.who.user.clone().filter(|_| here == "mine"),
        held: here == "held",
    };
    let page = if q.is_empty() {
        let from = after(wanted.after.as_deref()).map_err(CaseworkError::from)?;
        view.shared.casework.cases(filter, from, ROWS).await?
    } else {
        looked_for(&view, q).await?
    };
    let tab = |word: &str, title: &'static str| {
        (format!("/cases?which={word}"), title, q.is_empty() && word == here)
    };
    let content = html! {
        header.page {
            h1 { (t.cases.title) } p.lead { (t.cases.lead) }
            @if view.may(Permission::WorkCases) { div.line { a.button href="/cases/new" data-key="o" { (t.cases.open) } } }
        }
        (ui::tabs(t.cases.title, &[
            tab("live", t.cases.tab_live), tab("mine", t.cases.tab_mine), tab("held", t.cases.tab_held),
            tab("closed", t.cases.tab_closed), tab("all", t.cases.tab_all),
        ]))
        section aria-label=(t.cases.title) {
            form.filters action="/cases" {
                div.grow {
                    label for="q" { (t.cases.find) }
                    input #q type="search" name="q" value=(q) maxlength="128" autocomplete="off";
                }
                button.quiet { (t.cases.find_do) }
            }
            @if !q.is_empty() { p.quiet { (fill(t.cases.found_for, &[("q", q)])) } }
            (table(&view, here, &wanted, &page).draw())
        }
        p.quiet { (t.frame.utc) }
    };
    Ok(view.page(t.cases.title, &content))
}

fn table<'t>(view: &'t View, here: &str, wanted: &Wanted, page: &Rows<Case>) -> Table<'t> {
    let (t, lang) = (view.t(), view.lang());
    let rows = page.rows.iter().map(|case| {
        let held = case.held();
        vec![
            html! { a href=(format!("/cases/{}", case.id)) { (fill(t.cases.one, &[("n", &case.id.to_string())])) } },
            html! { (case.title) },
            html! { span { (state_of(t, case.state)) @if held { " " (ui::badge(Tone::Watch, t.cases.held)) } } },
            html! { @if let Some(who) = &case.assignee { (colleague(view, who)) } @else { span.quiet { (t.cases.nobody) } } },
            html! { span { (kind_name(t, case.from.kind)) " " (subject_of(view, &case.from)) } },
            html! { (ui::count(lang, case.links.len() as u64)) },
            ui::time(case.updated),
        ]
    });
    Table {
        t,
        caption: t.cases.title.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.cases.name),
            Column::text(t.cases.about),
            Column::text(t.cases.state),
            Column::text(t.cases.assignee),
            Column::text(t.cases.from),
            Column::number(t.cases.links),
            Column::text(t.cases.changed),
        ],
        rows: rows.collect(),
        none: t.cases.none.to_owned(),
        next: page.next.as_ref().map(|next| format!("/cases?which={here}&after={}", part_of_path(next))),
        first: wanted.after.as_ref().map(|_| format!("/cases?which={here}")),
    }
}

/// What gave rise to a case, as its form sends it; members of staff under their pseudonyms.
#[derive(Clone, Debug, Default, Deserialize)]
struct Opening {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    why: String,
    /// An item of the queue that is taken into the case.
    item: Option<u64>,
}

async fn new(view: View, Asked(opening): Asked<Opening>) -> Result<Response, Problem> {
    Ok(form(&view, &opening, &html! {}))
}

fn form(view: &View, opening: &Opening, told: &Markup) -> Response {
    let t = view.t();
    let given = About::parse(&opening.kind).filter(|_| !opening.id.is_empty());
    let title = match given {
        Some(kind) if opening.title.is_empty() => format!("{} {}", kind_name(t, kind), opening.id),
        _ => opening.title.clone(),
    };
    let content = html! {
        nav.crumbs aria-label=(t.cases.title) { a href="/cases" { (t.cases.title) } " › " (t.cases.open) }
        header.page { h1 { (t.cases.open_title) } p.lead { (t.cases.open_about) } }
        section {
            (told)
            form.fields method="post" action="/cases" {
                (view.csrf())
                @if let Some(item) = opening.item { input type="hidden" name="item" value=(item); }
                @if let Some(kind) = given {
                    input type="hidden" name="kind" value=(kind.as_str());
                    input type="hidden" name="id" value=(opening.id);
                    div { p.legend { (t.cases.from) } p { (kind_name(t, kind)) " " (ui::id(&opening.id)) } }
                } @else {
                    div {
                        label for="kind" { (t.cases.from) }
                        select #kind name="kind" { (kinds(view, &opening.kind)) }
                    }
                    div { label for="id" { (t.cases.id) } input #id name="id" value=(opening.id) maxlength="128" autocomplete="off" required; }
                }
                div { label for="title" { (t.cases.title_field) } input #title name="title" value=(title) maxlength=(TITLE_BYTES_MAX) autocomplete="off" aria-describedby="rule" required; }
                div { label for="why" { (t.cases.why) } textarea #why name="why" maxlength=(WHY_BYTES_MAX) aria-describedby="rule" required { (opening.why) } }
                p.rule #rule { (t.cases.rule) }
                div.buttons { button { (t.cases.open) } a.button.quiet href="/cases" { (t.frame.cancel) } }
            }
        }
    };
    view.page(t.cases.open_title, &content)
}

/// What a case can be about, for a select; a case itself is linked, and not what another opens from.
fn kinds(view: &View, chosen: &str) -> Markup {
    let t = view.t();
    let staff = view.may(Permission::ReadStaffLeads);
    html! {
        @for kind in About::ALL { @if kind != About::Staff || staff {
            option value=(kind.as_str()) selected[chosen == kind.as_str()] { (kind_name(t, kind)) }
        } }
    }
}

/// What a form names. A member of staff is named and kept by the pseudonym: a case does not tell who it is.
async fn subject(view: &View, kind: &str, id: &str) -> Result<Subject, Problem> {
    let wrong =
        || Problem::new(StatusCode::BAD_REQUEST, "invalid", "This is nothing that a case can be about");
    let kind = About::parse(kind).ok_or_else(wrong)?;
    let id = id.trim();
    if kind == About::Staff {
        staff::behind(view, id).await?;
    }
    Ok(Subject { kind, id: id.to_owned() })
}

async fn open(view: View, Posted(opening): Posted<Opening>) -> Result<Response, Problem> {
    let Opening { kind, id, title, why, item } = &opening;
    let opened = match subject(&view, kind, id).await {
        Ok(from) => {
            let (title, why) = (title.trim().to_owned(), why.trim().replace("\r\n", "\n"));
            view.shared.casework.open_case(title, from, why, &view.by).await.map_err(Problem::from)
        }
        Err(problem) => Err(problem),
    };
    let case = match opened {
        Ok(case) => case,
        Err(problem) => {
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
            let shown = form(&view, &opening, &states::told(view.t(), &problem));
            return Ok((status, shown).into_response());
        }
    };
    if let Some(item) = item {
        view.shared.casework.attach(*item, case.id, &view.by).await?;
    }
    Ok(Redirect::to(&format!("/cases/{}", case.id)).into_response())
}
