//! Who abuses together? The rings of the log, each with its graph, its people, its money, and what speaks against it.

mod picture;

use super::parts::{account, cases_of, part_of_path, request};
use super::verdict;
use crate::access::Permission;
use crate::core::Control;
use crate::http::endpoints::changed;
use crate::http::endpoints::leads::sight;
use crate::http::input::{Asked, Named};
use crate::http::problem::Problem;
use crate::leads::{self, Wanted, is_staff};
use crate::workbench::lang::{Texts, fill};
use crate::workbench::ui::{self, Column, Figure, Moment, Table, Tone};
use crate::workbench::{Group, Nav, Page, Posted, Route, View};
use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use ringfence_casework::case::About;
use ringfence_domain::words::{LeadKind, MemberKind, SubjectKind, TieKind, Verdict, WithdrawalReason};
use ringfence_leads::log::{Entry, State, Step};
use ringfence_leads::rings::NodeKind;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// The page.
pub const PAGE: Page = Page {
    nav: Some(Nav { path: "/rings", title: |t| t.rings.title, group: Group::Leads, key: 'r' }),
    routes: &[
        Route { method: Method::GET, path: "/rings", needs: Permission::ReadLeads, handler: || get(list) },
        Route {
            method: Method::GET,
            path: "/rings/{lead}",
            needs: Permission::ReadLeads,
            handler: || get(show),
        },
        Route {
            method: Method::GET,
            path: "/rings/{lead}/graph",
            needs: Permission::ReadLeads,
            handler: || get(graph),
        },
        Route {
            method: Method::POST,
            path: "/rings/{lead}/verdict",
            needs: Permission::JudgeLeads,
            handler: || post(judge),
        },
    ],
};

/// A list of more accounts is folded at first.
const UNFOLDED_MAX: usize = 25;
/// Accounts and links in the tables of one page; the rest is in the API.
const ROWS_SHOWN: usize = 1_000;

#[derive(Debug, Deserialize)]
struct LeadPath {
    lead: String,
}

#[derive(Debug, Default, Deserialize)]
struct Listed {
    #[serde(default)]
    state: String,
    #[serde(default)]
    after: usize,
}

#[derive(Debug, Default, Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
}

#[derive(Debug, Deserialize)]
struct Judged {
    verdict: String,
}

async fn list(view: View, Asked(Listed { state, after }): Asked<Listed>) -> Result<Response, Problem> {
    let (t, lang) = (view.t(), view.lang());
    let open = match state.as_str() {
        "withdrawn" => Some(false),
        "all" => None,
        _ => Some(true),
    };
    changed(&view.shared, Control::noted("leads_read", "rings", view.by.clone())).await?;
    let wanted = Wanted { kind: Some(LeadKind::Ring), open, after, ..Wanted::default() };
    let page = leads::list(&view.shared.worker, sight(&view.who), wanted).await?;
    let tab = |word: &str, title: &'static str, here: bool| (format!("/rings?state={word}"), title, here);
    let rows = page.leads.iter().map(|lead| {
        vec![
            html! { a href=(format!("/rings/{}", part_of_path(&lead.lead))) { (ui::id(&lead.lead)) } },
            html! { (ui::score(lang, lead.probability)) },
            html! { (ui::count(lang, lead.accounts as u64)) },
            html! { (ui::count(lang, lead.refunds as u64)) },
            ui::money(lang, lead.money),
            html! { @if let Some(at) = lead.from { (ui::day(at)) } },
            html! { @if let Some(at) = lead.to { (ui::day(at)) } },
            state_of(t, &lead.state),
        ]
    });
    let shown = after + page.leads.len();
    let table = Table {
        t,
        caption: t.rings.title.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.rings.ring),
            Column::number(t.rings.probability),
            Column::number(t.rings.accounts),
            Column::number(t.rings.refunds),
            Column::number(t.rings.money),
            Column::text(t.rings.first),
            Column::text(t.rings.last),
            Column::text(t.rings.state),
        ],
        rows: rows.collect(),
        none: t.rings.none.to_owned(),
        next: (shown < page.total).then(|| format!("/rings?state={}&after={shown}", part_of_path(&state))),
        first: (after > 0).then(|| format!("/rings?state={}", part_of_path(&state))),
    };
    let fdr = page.leads.iter().map(|lead| lead.fdr).fold(0.0, f64::max);
    let content = html! {
        header.page { h1 { (t.rings.title) } p.lead { (t.rings.lead) } }
        (ui::tabs(t.rings.title, &[
            tab("open", t.rings.open, open == Some(true)),
            tab("withdrawn", t.rings.withdrawn, open == Some(false)),
            tab("all", t.rings.all, open.is_none()),
        ]))
        section {
            (table.draw())
            @if fdr > 0.0 { p.quiet { (fill(t.rings.fdr, &[("share", &ui::score(lang, fdr))])) } }
        }
    };
    Ok(view.page(t.rings.title, &content))
}

fn state_of(t: &Texts, state: &State) -> Markup {
    match state {
        State::Open => ui::badge(Tone::Watch, t.rings.state_open),
        State::Withdrawn { reason, into, .. } => {
            let word = match reason {
                WithdrawalReason::Stopped => t.rings.state_stopped.to_owned(),
                WithdrawalReason::NotSupported => t.rings.state_not_supported.to_owned(),
                WithdrawalReason::Overturned => t.rings.state_overturned.to_owned(),
                WithdrawalReason::Merged => {
                    fill(t.rings.state_merged, &[("into", into.as_deref().unwrap_or_default())])
                }
            };
            ui::badge(Tone::Plain, &word)
        }
    }
}

async fn found(view: &View, lead: &str) -> Result<Entry, Problem> {
    let found = leads::one(&view.shared.worker, sight(&view.who), lead).await?;
    let missing = || Problem::new(StatusCode::NOT_FOUND, "no-lead", view.t().rings.not_known);
    found.filter(|entry| entry.kind == LeadKind::Ring).ok_or_else(missing)
}

/// What the shop calls the members of staff whom a lead names.
fn staff_of(entry: &Entry) -> Vec<String> {
    let ties = entry.ties.iter().filter(|tie| is_staff(tie.kind)).map(|tie| tie.value.clone());
    let members = entry.of_kind(MemberKind::Staff).map(|m| m.id.as_str().to_owned());
    let mut staff: Vec<String> = ties.chain(members).collect();
    staff.sort_unstable();
    staff.dedup();
    staff
}

async fn show(
    view: View,
    Named(LeadPath { lead }): Named<LeadPath>,
    Asked(Done { done }): Asked<Done>,
) -> Result<Response, Problem> {
    let (t, lang) = (view.t(), view.lang());
    let entry = found(&view, &lead).await?;
    changed(&view.shared, Control::noted("leads_read", lead.clone(), view.by.clone())).await?;
    let cases = cases_of(&view, About::Ring, &entry.lead, &entry.lead).await?;
    let staff = staff_of(&entry);
    let plain = |text: &String| view.shared.pseudonyms.in_text(text, &staff);
    let why: Vec<String> = entry.why.iter().map(plain).collect();
    let against: Vec<String> = entry.against.iter().map(plain).collect();
    let accounts = entry.of_kind(MemberKind::Account).count();
    let tile = |label: &str, value: String, beside: String| Figure {
        label: label.to_owned(),
        value,
        beside,
        tone: Tone::Plain,
        href: None,
        days: Vec::new(),
    };
    let from = entry.from.map(|at| at.to_string()).unwrap_or_default();
    let to = entry.to.map(|at| at.to_string()).unwrap_or_default();
    let day = |text: &str| text.get(..10).unwrap_or_default().to_owned();
    let tiles = [
        tile(
            t.rings.probability,
            ui::score(lang, entry.probability),
            fill(t.rings.fdr, &[("share", &ui::score(lang, entry.fdr))]),
        ),
        tile(t.rings.accounts, ui::count(lang, accounts as u64), String::new()),
        tile(
            t.rings.refunds,
            ui::count(lang, entry.refunds.len() as u64),
            format!("{} – {}", day(&from), day(&to)),
        ),
        tile(t.rings.money, ui::exact(lang, entry.money), String::new()),
    ];
    let content = html! {
        header.page {
            h1 { (t.rings.ring) " " (ui::id(&entry.lead)) }
            div.line {
                (state_of(t, &entry.state))
                @if let Some(looked) = &entry.verdict {
                    (ui::badge(Tone::Plain, &fill(t.rings.verdict_so_far, &[
                        ("verdict", word_of(t, looked.verdict)), ("when", &day(&looked.at.to_string())),
                    ])))
                }
            }
        }
        @if done == "verdict" { p.done role="status" { (t.rings.feedback_done) } }
        (cases)
        (ui::figures(&tiles))
        (picture::picture(&view, &entry))
        div.columns {
            section aria-labelledby="why" {
                h2 #why { (t.rings.why) }
                ul.why lang="en" { @for line in &why { li { (line) } } }
            }
            section aria-labelledby="against" {
                h2 #against { (t.rings.against) }
                @if against.is_empty() { p.quiet { (t.rings.against_none) } }
                ul.why.against lang="en" { @for line in &against { li { (line) } } }
            }
        }
        (tables(&view, &entry))
        (people(&view, &entry, &staff))
        (history(&view, &entry))
        @if view.may(Permission::JudgeLeads) { (feedback(&view, &entry)) }
    };
    Ok(view.page_with(t.rings.title, &content, &["leads.js"]))
}

fn word_of(t: &Texts, verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Legitimate => t.rings.verdict_legitimate,
        Verdict::Abuse | Verdict::PolicyAbuse | Verdict::Insider | Verdict::Compromised => {
            t.rings.verdict_abuse
        }
    }
}

fn kind_name(t: &Texts, kind: TieKind) -> &'static str {
    match kind {
        TieKind::Device => t.graph.device,
        TieKind::Ip => t.graph.ip,
        TieKind::Address => t.graph.address,
        TieKind::Payment => t.graph.payment,
        TieKind::Email => t.graph.email,
        TieKind::Phone => t.graph.phone,
        TieKind::Instrument => t.graph.instrument,
        TieKind::Document => t.graph.document,
        TieKind::Script => t.graph.script,
        TieKind::Staff => t.graph.staff,
        TieKind::StaffSession => t.graph.staff_session,
    }
}

/// The same as tables, for who does not see the picture.
fn tables(view: &View, entry: &Entry) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let members = entry.of_kind(MemberKind::Account).take(ROWS_SHOWN).map(|m| {
        vec![
            account(m.id.as_str()),
            html! { @if let Some(at) = m.since { (ui::day(at)) } },
            html! { @if let Some(n) = m.refunds { (ui::count(lang, u64::from(n))) } },
            html! { @if let Some(money) = m.money { (ui::money(lang, money)) } },
            html! { (ui::score(lang, m.probability)) },
        ]
    });
    let members = Table {
        t,
        caption: t.rings.members.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.rings.account),
            Column::text(t.rings.first),
            Column::number(t.rings.refunds),
            Column::number(t.rings.money),
            Column::number(t.rings.belongs),
        ],
        rows: members.collect(),
        none: t.frame.none.to_owned(),
        next: None,
        first: None,
    };
    let value = |tie: &ringfence_domain::lead::LeadTie| {
        if is_staff(tie.kind) { view.shared.pseudonyms.of(&tie.value) } else { tie.value.clone() }
    };
    let ties = entry.ties.iter().take(ROWS_SHOWN).map(|tie| {
        let first = tie.since.as_ref().and_then(|times| times.iter().min().copied());
        vec![
            html! { (kind_name(t, tie.kind)) },
            html! { code { (value(tie)) } },
            html! { details { summary { (ui::count(lang, tie.accounts.len() as u64)) } @for a in &tie.accounts { (account(a.as_str())) " " } } },
            html! { @if let Some(n) = tie.shared_by { (ui::count(lang, u64::from(n))) } },
            html! { @if let Some(at) = first { (ui::day(at)) } },
            html! { (ui::score(lang, tie.probability)) },
        ]
    });
    let ties = Table {
        t,
        caption: t.rings.ties.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.rings.kind),
            Column::text(t.rings.value),
            Column::number(t.rings.tied),
            Column::number(t.rings.seen),
            Column::text(t.rings.since),
            Column::number(t.rings.probability),
        ],
        rows: ties.collect(),
        none: t.frame.none.to_owned(),
        next: None,
        first: None,
    };
    html! {
        section { h2 #ties { (t.rings.ties) } (ties.draw()) }
        section {
            h2 #members { (t.rings.members) }
            details open[entry.members.len() <= UNFOLDED_MAX] {
                summary { (ui::count(lang, entry.of_kind(MemberKind::Account).count() as u64)) " " (t.rings.accounts) }
                (members.draw())
            }
        }
        section aria-labelledby="refunds" {
            h2 #refunds { (t.rings.refunds) }
            p { @for refund in entry.refunds.iter().take(ROWS_SHOWN) { (request(view, refund)) " " } }
        }
    }
}

fn people(view: &View, entry: &Entry, staff: &[String]) -> Markup {
    let t = view.t();
    let weakest = entry.why.iter().chain(&entry.against).find(|line| line.starts_with("weakest link"));
    html! {
        section aria-labelledby="staff" {
            h2 #staff { (t.rings.staff) }
            @if staff.is_empty() { p.quiet { (t.rings.staff_none) } } @else {
                p.quiet { (t.rings.staff_lead) }
                ul { @for name in staff {
                    @let pseudonym = view.shared.pseudonyms.of(name);
                    li { @if view.may(Permission::ReadStaffLeads) { a href=(format!("/staff/{pseudonym}")) { code { (pseudonym) } } } @else { code { (pseudonym) } } }
                } }
            }
            dl.facts {
                @if let Some(tie) = entry.ties.first() {
                    div { dt { (t.rings.strongest) }
                    dd { (kind_name(t, tie.kind)) " " code { @if is_staff(tie.kind) { (view.shared.pseudonyms.of(&tie.value)) } @else { (tie.value) } } } }
                }
                @if let Some(line) = weakest { div { dt { (t.rings.weakest) } dd lang="en" { (view.shared.pseudonyms.in_text(line, staff)) } } }
            }
        }
    }
}

fn history(view: &View, entry: &Entry) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let moments: Vec<Moment> = entry
        .history
        .iter()
        .rev()
        .enumerate()
        .map(|(n, moment)| {
            let (kind, tone) = match moment.step {
                Step::Raised => (t.rings.step_raised, Tone::Watch),
                Step::Changed => (t.rings.step_changed, Tone::Plain),
                Step::Withdrawn => (t.rings.step_withdrawn, Tone::Good),
            };
            let places = [
                ("probability", ui::score(lang, moment.probability)),
                ("members", ui::count(lang, moment.members as u64)),
                ("refunds", ui::count(lang, moment.refunds as u64)),
            ];
            let places: Vec<(&str, &str)> = places.iter().map(|(k, v)| (*k, v.as_str())).collect();
            Moment {
                at: moment.as_of,
                kind: kind.to_owned(),
                title: html! { (fill(t.rings.history_line, &places)) " · " (ui::money(lang, moment.money)) },
                detail: None,
                tone,
                anchor: format!("moment-{n}"),
            }
        })
        .collect();
    html! {
        section aria-labelledby="history" { h2 #history { (t.rings.history) } (ui::timeline(&moments)) }
    }
}

fn feedback(view: &View, entry: &Entry) -> Markup {
    let t = view.t();
    html! {
        section aria-labelledby="feedback" {
            h2 #feedback { (t.rings.feedback) }
            p.quiet { (t.rings.feedback_lead) }
            form.fields method="post" action=(format!("/rings/{}/verdict", part_of_path(&entry.lead))) {
                (view.csrf())
                fieldset.choice {
                    legend { (t.rings.feedback_verdict) }
                    label.inline { input type="radio" name="verdict" value="abuse" required; (t.rings.verdict_abuse) }
                    label.inline { input type="radio" name="verdict" value="legitimate" required; (t.rings.verdict_legitimate) }
                }
                div.buttons { button { (t.rings.feedback_send) } }
            }
        }
    }
}

/// The graph for the page: members of staff under their pseudonyms, accounts with their pages.
async fn graph(view: View, Named(LeadPath { lead }): Named<LeadPath>) -> Result<Response, Problem> {
    let entry = found(&view, &lead).await?;
    let drawn = entry.graph();
    let staff: Vec<bool> = drawn.nodes.iter().map(|n| n.kind == NodeKind::Staff).collect();
    let mut told = serde_json::to_value(&drawn).map_err(|e| Problem::closed().detail(e.to_string()))?;
    if let Some(nodes) = told["nodes"].as_array_mut() {
        for (node, is_staff) in nodes.iter_mut().zip(staff) {
            let name = node["name"].as_str().unwrap_or_default().to_owned();
            if is_staff {
                node["name"] = json!(view.shared.pseudonyms.of(&name));
            } else if node["kind"] == "account" {
                node["href"] = json!(format!("/accounts/{}", part_of_path(&name)));
            }
        }
    }
    told["ring"] = json!(entry.lead);
    Ok(Json(told).into_response())
}

async fn judge(
    view: View,
    Named(LeadPath { lead }): Named<LeadPath>,
    Posted(Judged { verdict }): Posted<Judged>,
) -> Result<Redirect, Problem> {
    let entry = found(&view, &lead).await?;
    let verdict_of = match verdict.as_str() {
        "abuse" => Verdict::Abuse,
        "legitimate" => Verdict::Legitimate,
        _ => {
            let problem = Problem::new(StatusCode::BAD_REQUEST, "verdict", "This is no verdict on a ring");
            return Err(problem.remedy("choose one of those that the page shows"));
        }
    };
    let detail = BTreeMap::from([("verdict".to_owned(), verdict)]);
    let (did, subject, by) = ("ring_reviewed".to_owned(), entry.lead.clone(), view.by.clone());
    let said = Control::Noted { did, subject, detail, by };
    verdict::record(&view, SubjectKind::Ring, &entry.lead, verdict_of, said).await?;
    Ok(Redirect::to(&format!("/rings/{}?done=verdict", part_of_path(&entry.lead))))
}
