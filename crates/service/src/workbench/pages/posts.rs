//! Which boasts are about which refunds? Matches for people to confirm, all of them as a matrix, handles, and what stays
//! unmatched.

use super::parts::{part_of_path, request, survey_again, surveyed};
use super::rules;
use crate::access::Permission;
use crate::core::Control;
use crate::core::people::{JudgedMatch, Said};
use crate::http::endpoints::{changed, why};
use crate::http::input::Asked;
use crate::http::problem::Problem;
use crate::survey::Survey;
use crate::workbench::lang::fill;
use crate::workbench::ui::{self, Column, Table, Tone};
use crate::workbench::{Group, Nav, Page, Posted, Route, View};
use axum::http::{Method, StatusCode};
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use ringfence_domain::Money;
use ringfence_leads::posts::{Findings, Match};
use serde::Deserialize;

/// The page.
pub const PAGE: Page = Page {
    nav: Some(Nav { path: "/posts", title: |t| t.posts.title, group: Group::Leads, key: 'o' }),
    routes: &[
        Route { method: Method::GET, path: "/posts", needs: Permission::ReadLeads, handler: || get(show) },
        Route {
            method: Method::POST,
            path: "/posts/judge",
            needs: Permission::JudgeLeads,
            handler: || post(judge),
        },
        Route {
            method: Method::POST,
            path: "/posts/survey",
            needs: Permission::ReadLeads,
            handler: || post(again),
        },
    ],
};

/// Matches of one page.
const MATCHES_SHOWN: usize = 100;
/// Rows and columns of the matrix: more are not told apart.
const MATRIX_MAX: usize = 24;
/// Rows of handles and unmatched posts.
const ROWS_SHOWN: usize = 300;

#[derive(Debug, Default, Deserialize)]
struct Tab {
    #[serde(default)]
    tab: String,
    #[serde(default)]
    done: String,
}

#[derive(Debug, Deserialize)]
struct Judged {
    post: String,
    refund: String,
    holds: String,
    #[serde(default)]
    why: String,
}

#[derive(Debug, Deserialize)]
struct Nothing {}

async fn show(view: View, Asked(Tab { tab, done }): Asked<Tab>) -> Result<Response, Problem> {
    let (t, lang) = (view.t(), view.lang());
    changed(&view.shared, Control::noted("leads_read", "posts", view.by.clone())).await?;
    let (state, survey) = surveyed(&view).await?;
    let said = view.shared.worker.look(|core| core.register().said.clone()).await?;
    let here =
        if ["matrix", "handles", "unmatched"].contains(&tab.as_str()) { tab.as_str() } else { "confirm" };
    let link = |word: &str, title: &'static str| (format!("/posts?tab={word}"), title, word == here);
    let content = html! {
        header.page { h1 { (t.posts.title) } p.lead { (t.posts.lead) } }
        @if done == "yes" { p.done role="status" { (t.posts.done) } }
        @if view.shared.names.is_empty() { p.alert.watch { (t.posts.no_names) } }
        (ui::tabs(t.posts.title, &[
            link("confirm", t.posts.tab_confirm),
            link("matrix", t.posts.tab_matrix),
            link("handles", t.posts.tab_handles),
            link("unmatched", t.posts.tab_unmatched),
        ]))
        section aria-label=(t.posts.title) {
            (state)
            @if let Some(survey) = &survey {
                @let found = &survey.posts;
                @if found.posts == 0 { (ui::states::empty(t.posts.none)) } @else {
                    div.heading {
                        p.quiet { (fill(t.posts.counts, &[
                            ("posts", &ui::count(lang, found.posts)), ("boasts", &ui::count(lang, found.boasts)),
                            ("refunds", &ui::count(lang, found.refunds)),
                        ])) " " (as_of(&view, survey)) }
                        form method="post" action="/posts/survey" { (view.csrf()) button.quiet { (t.survey.again) } }
                    }
                    @match here {
                        "matrix" => { (matrix(&view, found)) }
                        "handles" => { (handles(&view, found)) }
                        "unmatched" => { (unmatched(&view, found)) }
                        _ => { (matches(&view, found, &said)) }
                    }
                }
            }
        }
    };
    Ok(view.page_with(t.posts.title, &content, &["rules.js"]))
}

fn as_of(view: &View, survey: &Survey) -> String {
    let when = survey.as_of.map(|at| at.to_string()).unwrap_or_default();
    fill(view.t().survey.as_of, &[("when", when.get(..10).unwrap_or_default())])
}

/// Those nobody judged first, the likeliest of them first.
fn matches(view: &View, found: &Findings, said: &Said) -> Markup {
    let mut all: Vec<(&Match, Option<&JudgedMatch>)> =
        found.matches.iter().map(|m| (m, said.of_match(&m.post, &m.refund))).collect();
    all.sort_by_key(|(_, judged)| judged.is_some());
    html! {
        @if all.is_empty() { (ui::states::empty(view.t().posts.none_to_confirm)) }
        @for (n, (one, judged)) in all.iter().take(MATCHES_SHOWN).enumerate() { (pair(view, n, one, *judged)) }
    }
}

fn pair(view: &View, n: usize, one: &Match, judged: Option<&JudgedMatch>) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let chance = format!("{:.3}", one.by_chance).replace('.', &lang.separators().0.to_string());
    let state = match judged {
        Some(judged) if judged.holds => ui::badge(Tone::Good, t.posts.confirmed),
        Some(_) => ui::badge(Tone::Plain, t.posts.rejected),
        None if one.stands => ui::badge(Tone::Watch, t.posts.stands),
        None => ui::badge(Tone::Plain, t.posts.weak),
    };
    html! {
        article.pair data-row {
            div.heading {
                h2 { (t.posts.post) " " (ui::id(&one.post)) " → " (t.posts.refund) " " (request(view, &one.refund)) }
                (state)
            }
            p.quiet { (fill(t.posts.by, &[("handle", &one.handle), ("channel", &one.channel)])) " · " (ui::time(one.posted_at)) }
            p {
                (t.posts.probability) ": " strong { (ui::score(lang, one.probability)) } " · "
                (fill(t.posts.by_chance, &[("n", &chance)])) " · " (t.posts.money) " " (ui::money(lang, one.money))
                @if let Some(ring) = &one.ring { " · " a href=(format!("/rings/{}", part_of_path(ring))) { (ui::id(ring)) } }
            }
            @if view.may(Permission::WorkCases) { p { a href=(format!("/cases/new?kind=post&id={}", part_of_path(&one.post))) { (t.cases.open) } } }
            details { summary { (t.posts.said) } ul.why lang="en" { @for line in &one.why { li { (line) } } } }
            @if let Some(judged) = judged {
                @let when = judged.at.to_string();
                p.quiet { (fill(t.posts.judged_by, &[
                    ("who", &rules::who(view, judged.by.user.as_deref(), &judged.by.name)),
                    ("when", when.get(..16).unwrap_or_default()), ("why", &judged.why),
                ])) }
            } @else if view.may(Permission::JudgeLeads) {
                form.filters method="post" action="/posts/judge" {
                    (view.csrf())
                    input type="hidden" name="post" value=(one.post);
                    input type="hidden" name="refund" value=(one.refund);
                    div { label for=(format!("why-{n}")) { (t.posts.why) } input id=(format!("why-{n}")) name="why" maxlength="2000" required; }
                    button name="holds" value="yes" { (t.posts.confirm) }
                    button.quiet name="holds" value="no" { (t.posts.reject) }
                }
            }
        }
    }
}

fn matrix(view: &View, found: &Findings) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let (mut posts, mut refunds): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for one in &found.matches {
        let fits = |all: &Vec<&str>, id: &str| all.contains(&id) || all.len() < MATRIX_MAX;
        if fits(&posts, &one.post) && fits(&refunds, &one.refund) {
            for (all, id) in [(&mut posts, one.post.as_str()), (&mut refunds, one.refund.as_str())] {
                if !all.contains(&id) {
                    all.push(id);
                }
            }
        }
    }
    let of = |post: &str, refund: &str| {
        found.matches.iter().find(|m| m.post == post && m.refund == refund).map(|m| (m.probability, m.stands))
    };
    html! {
        p.quiet { (t.posts.matrix_lead) }
        @if posts.is_empty() { (ui::states::empty(t.posts.none_to_confirm)) } @else {
            div.table role="region" aria-label=(t.posts.matrix_lead) tabindex="0" {
                table.matrix.keys {
                    thead { tr { td {} @for refund in &refunds { th scope="col" { (request(view, refund)) } } } }
                    tbody { @for post in &posts { tr {
                        th scope="row" { (ui::id(post)) }
                        @for refund in &refunds {
                            @match of(post, refund) {
                                Some((p, stands)) => { td .some[stands] { (ui::score(lang, p)) } }
                                None => { td.same { "·" } }
                            }
                        }
                    } } }
                }
            }
        }
    }
}

fn handles(view: &View, found: &Findings) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let hundredths = |amount: i64, code: &str| match ringfence_domain::Currency::new(code) {
        Ok(currency) => {
            let amount = match currency.minor_digits() {
                0 => amount / 100,
                3 => amount.saturating_mul(10),
                _ => amount,
            };
            ui::exact(lang, Money { amount, currency })
        }
        Err(_) => ui::count(lang, amount.unsigned_abs() / 100),
    };
    let rows = found.handles.iter().take(ROWS_SHOWN).map(|h| {
        vec![
            html! { strong { (h.handle) } },
            html! { (ui::count(lang, h.boasts)) },
            html! { (ui::count(lang, h.matched)) },
            html! { (format!("{:.1}", h.expected).replace('.', &lang.separators().0.to_string())) },
            html! { @for total in &h.totals { div { (hundredths(total.claimed, &total.currency)) } } },
            html! { @for total in &h.totals { @if total.matched > 0 { div { (hundredths(total.matched, &total.currency)) } } } },
            html! { (ui::day(h.first)) " – " (ui::day(h.last)) },
            html! { @for tie in &h.rings { a href=(format!("/rings/{}", part_of_path(&tie.ring))) { (ui::id(&tie.ring)) } " " } },
        ]
    });
    Table {
        t,
        caption: t.posts.tab_handles.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.posts.handle),
            Column::number(t.posts.boasts),
            Column::number(t.posts.matched),
            Column::number(t.posts.expected),
            Column::number(t.posts.claimed),
            Column::number(t.posts.matched_money),
            Column::text(t.posts.first),
            Column::text(t.posts.rings),
        ],
        rows: rows.collect(),
        none: t.frame.none.to_owned(),
        next: None,
        first: None,
    }
    .draw()
}

fn unmatched(view: &View, found: &Findings) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let rows = found.unmatched.iter().rev().take(ROWS_SHOWN).map(|u| {
        vec![
            ui::id(&u.post),
            html! { (u.handle) },
            html! { span lang="en" { (u.why.join("; ")) } },
            html! { (ui::score(lang, u.any)) },
        ]
    });
    Table {
        t,
        caption: t.posts.tab_unmatched.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.posts.post),
            Column::text(t.posts.handle),
            Column::text(t.posts.because),
            Column::number(t.posts.probability),
        ],
        rows: rows.collect(),
        none: t.frame.none.to_owned(),
        next: None,
        first: None,
    }
    .draw()
}

async fn judge(view: View, Posted(judged): Posted<Judged>) -> Result<Redirect, Problem> {
    let Judged { post, refund, holds, why: reason } = judged;
    let (_, survey) = view.shared.surveys.latest();
    let known = survey.iter().flat_map(|s| &s.posts.matches).any(|m| m.post == post && m.refund == refund);
    if !known {
        return Err(Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such match"));
    }
    let (holds, why, by) = (holds == "yes", why(reason)?, view.by.clone());
    changed(&view.shared, Control::MatchJudged { post, refund, holds, why, by }).await?;
    Ok(Redirect::to("/posts?done=yes"))
}

async fn again(view: View, Posted(Nothing {}): Posted<Nothing>) -> Result<Redirect, Problem> {
    survey_again(&view).await?;
    Ok(Redirect::to("/posts"))
}
