//! What is one case? What belongs to it, who works it, what must be kept, what was found, and what was done.

use super::words::{kind_name, shown, state_name, state_of, subject_of};
use super::{files, history, kinds, sections};
use crate::access::Permission;
use crate::casework::Case;
use crate::core::Control;
use crate::http::endpoints::changed;
use crate::http::input::{Asked, Named};
use crate::http::problem::Problem;
use crate::workbench::View;
use crate::workbench::lang::fill;
use crate::workbench::pages::parts::{case as case_link, colleague};
use crate::workbench::pages::queue::hour;
use crate::workbench::ui::{self, Column, Table, Tone};
use axum::response::Response;
use maud::{Markup, html};
use ringfence_casework::CaseState;
use ringfence_casework::case::Linked;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct CasePath {
    pub(super) id: u64,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Seen {
    #[serde(default)]
    done: String,
    /// History before this position.
    before: Option<u64>,
}

/// Links in the table of one page; the rest is in the API.
const LINKS_SHOWN: usize = 200;

pub(super) async fn show(
    view: View,
    Named(CasePath { id }): Named<CasePath>,
    Asked(Seen { done, before }): Asked<Seen>,
) -> Result<Response, Problem> {
    let told = html! { @if !done.is_empty() { p.done #done role="status" { (view.t().cases.done) } } };
    page(&view, id, before, &told, "").await
}

/// The page of a case; `entered` is what was written where a change was refused.
pub(super) async fn page(
    view: &View,
    id: u64,
    before: Option<u64>,
    told: &Markup,
    entered: &str,
) -> Result<Response, Problem> {
    let t = view.t();
    let case = view.shared.casework.case(id).await?;
    changed(&view.shared, Control::noted("case_read", id.to_string(), view.by.clone())).await?;
    let works = view.may(Permission::WorkCases) && case.successor.is_none();
    let live = works && case.state.live();
    let history = history::panel(view, &case, before, if works { Some(entered) } else { None }).await?;
    let items = sections::items(view, &case).await?;
    let content = html! {
        nav.crumbs aria-label=(t.cases.title) { a href="/cases" { (t.cases.title) } " › " (fill(t.cases.one, &[("n", &id.to_string())])) }
        (heading(view, &case))
        (told)
        @if let Some(next) = case.successor { p.alert.watch { (t.cases.goes_on) " " (case_link(view, next)) } }
        div.columns {
            div {
                (links(view, &case, live))
                (items)
                (sections::found(view, &case, live))
                (files::files(view, &case))
                @if view.may(Permission::ExportEvidence) && case.successor.is_none() { (files::pack_form(view, &case)) }
            }
            div {
                (history)
                (sections::tasks(view, &case, live))
                (sections::holds(view, &case, works))
                @if works { (work(view, &case)) }
            }
        }
        p.quiet { (t.cases.recorded) " " (t.frame.utc) }
    };
    Ok(view.page_with(&fill(t.cases.one, &[("n", &id.to_string())]), &content, &["cases.js"]))
}

fn heading(view: &View, case: &Case) -> Markup {
    let (t, now) = (view.t(), (view.shared.clock)());
    let opened = [("who", colleague(view, &case.opened.by)), ("when", hour(case.opened.at, now))];
    let opened = opened.each_ref().map(|(key, value)| (*key, value.as_str()));
    html! {
        header.page {
            h1 { (fill(t.cases.one, &[("n", &case.id.to_string())])) ": " (case.title) }
            div.line {
                (state_of(t, case.state))
                @if case.held() { (ui::badge(Tone::Watch, t.cases.held)) }
                span { (t.cases.assignee) ": " strong { @if let Some(who) = &case.assignee { (colleague(view, who)) } @else { (t.cases.nobody) } } }
                @if !case.absorbed.is_empty() {
                    span { (t.cases.absorbed) " " @for id in &case.absorbed { (case_link(view, *id)) " " } }
                }
            }
            p.lead { (fill(t.cases.opened_by, &opened)) " " (kind_name(t, case.from.kind)) " " (subject_of(view, &case.from)) ". " (case.opened.why) }
            @if let Some(closed) = &case.closed {
                @let places = [("who", colleague(view, &closed.by)), ("when", hour(closed.at, now)), ("why", closed.why.clone())];
                p.done { (fill(t.cases.closed_by, &places.each_ref().map(|(key, value)| (*key, value.as_str())))) }
            }
        }
    }
}

/// A form of the case's page that names one change.
pub(super) fn act(view: &View, case: &Case, act: &str, fields: &Markup) -> Markup {
    html! {
        form.fields method="post" action=(format!("/cases/{}/do", case.id)) {
            (view.csrf())
            input type="hidden" name="act" value=(act);
            (fields)
        }
    }
}

fn links(view: &View, case: &Case, live: bool) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let free = live && !case.held();
    let rows = case.links.iter().take(LINKS_SHOWN).enumerate().map(|(n, linked)| {
        let Linked { link, by, at } = linked;
        let away = html! {
            label.hidden for=(format!("away-{n}")) { (t.cases.why) ": " (shown(view, &link.subject)) }
            input type="hidden" name="kind" value=(link.subject.kind.as_str());
            input type="hidden" name="id" value=(link.subject.id);
            input id=(format!("away-{n}")) name="text" placeholder=(t.cases.why) maxlength="2000" required;
            button.quiet { (t.cases.unlink) }
        };
        vec![
            subject_of(view, &link.subject),
            html! { (kind_name(t, link.subject.kind)) },
            html! {
                div {
                    (link.why)
                    @if free { details.away { summary { (t.cases.unlink) } (act(view, case, "unlink", &away)) } }
                }
            },
            html! { span { (colleague(view, by)) " " (ui::time(*at)) } },
        ]
    });
    let table = Table {
        t,
        caption: t.cases.linked.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.cases.id),
            Column::text(t.cases.kind),
            Column::text(t.cases.why),
            Column::text(t.cases.by),
        ],
        rows: rows.collect(),
        none: t.cases.linked_none.to_owned(),
        next: None,
        first: None,
    };
    let link = html! {
        div.two {
            div { label for="link-kind" { (t.cases.kind) } select #link-kind name="kind" { (kinds(view, "")) } }
            div { label for="link-id" { (t.cases.id) } input #link-id name="id" maxlength="128" autocomplete="off" required; }
        }
        div { label for="link-why" { (t.cases.why) } input #link-why name="text" maxlength="2000" autocomplete="off" required; }
        div.buttons { button.quiet { (t.cases.link) } }
    };
    html! {
        section aria-labelledby="linked" {
            h2 #linked { (t.cases.linked) " " span.quiet { (ui::count(lang, case.links.len() as u64)) } }
            (table.draw())
            @if live && case.held() { p.quiet { (t.cases.unlink_held) } }
            @if live { details { summary { (t.cases.link) } (act(view, case, "link", &link)) } }
        }
    }
}

/// People who may work cases, for a select.
pub(super) fn people(view: &View) -> Vec<(String, String)> {
    let users = view.shared.access.users.list().into_iter().filter(|user| user.active);
    let works = |user: &crate::access::User| {
        user.roles.iter().any(|role| crate::access::allowed(*role, Permission::WorkCases))
    };
    let mut people: Vec<(String, String)> = users.filter(works).map(|user| (user.name, user.id)).collect();
    people.sort_unstable();
    people
}

/// What moves a case on: who works it, how far it is, its end.
fn work(view: &View, case: &Case) -> Markup {
    let t = view.t();
    let mine = case.assignee.is_some() && case.assignee == view.who.user;
    let me = view.who.user.clone().unwrap_or_default();
    let give = html! {
        div {
            label for="give" { (t.cases.assign_to) }
            select #give name="who" {
                option value="" { (t.cases.nobody) }
                @for (name, id) in people(view) { option value=(id) selected[case.assignee.as_ref() == Some(&id)] { (name) } }
            }
        }
        div.buttons { button.quiet { (t.cases.assign_do) } }
    };
    let to = html! {
        div.two {
            div {
                label for="to" { (t.cases.move_to) }
                select #to name="to" {
                    @for state in [CaseState::Open, CaseState::Investigating, CaseState::Waiting] { @if state != case.state {
                        option value=(state.as_str()) { (state_name(t, state)) }
                    } }
                }
            }
            div { label for="to-why" { (t.cases.why) } input #to-why name="text" maxlength="2000" autocomplete="off" required; }
        }
        div.buttons { button.quiet { (t.cases.move_do) } }
    };
    let close = html! {
        p.quiet { (t.cases.close_about) }
        div { label for="summary" { (t.cases.close) } textarea #summary name="text" maxlength="8000" required {} }
        div.buttons { button { (t.cases.close_do) } }
    };
    let reopen = html! {
        div { label for="again" { (t.cases.why) } input #again name="text" maxlength="2000" autocomplete="off" required; }
        div.buttons { button { (t.cases.reopen_do) } }
    };
    let merge = html! {
        p.quiet { (t.cases.merge_about) }
        form.fields method="post" action=(format!("/cases/{}/supervise", case.id)) {
            (view.csrf())
            input type="hidden" name="act" value="merge";
            div { label for="into" { (t.cases.merge_into) } input #into name="n" inputmode="numeric" pattern="[0-9]+" maxlength="18" autocomplete="off" required; }
            div { label for="merge-why" { (t.cases.why) } input #merge-why name="text" maxlength="2000" autocomplete="off" required; }
            div.buttons { button.bad { (t.cases.merge_do) } }
        }
    };
    html! {
        section aria-labelledby="work" {
            h2 #work { (t.cases.work) }
            @if case.state.live() {
                @if mine {
                    (act(view, case, "assign", &html! { div.buttons { button.quiet { (t.cases.assign_nobody) } } }))
                } @else if !me.is_empty() {
                    (act(view, case, "assign", &html! { input type="hidden" name="who" value=(me); div.buttons { button data-key="a" { (t.cases.assign_me) " " kbd aria-hidden="true" { "a" } } } }))
                }
                details { summary { (t.cases.assign_to) } (act(view, case, "assign", &give)) }
                details { summary { (t.cases.move_to) } (act(view, case, "move", &to)) }
                details { summary { (t.cases.close) } (act(view, case, "close", &close)) }
            } @else if case.state == CaseState::Closed {
                (act(view, case, "reopen", &reopen))
            }
            @if view.may(Permission::Supervise) { details { summary { (t.cases.merge) } (merge) } }
        }
    }
}
