//! Whose figures call for a review? Everybody beside the peers, under pseudonyms, with people picked at random among them.
//!
//! Who reviews does not know whom a machine suspects and who was picked at random until they have said what they found.
//! A name is shown when two people agree; asking, agreeing and each look at a name are records of the log (`names`).

mod names;

use super::parts::{cases_of, survey_again, surveyed};
use super::verdict;
use crate::access::Permission;
use crate::core::Control;
use crate::core::people::{Review, Said, Unmasked, Unmasking};
use crate::http::endpoints::changed;
use crate::http::endpoints::leads::sight;
use crate::http::input::{Asked, Named};
use crate::http::problem::Problem;
use crate::leads::{self, Wanted};
use crate::survey::Survey;
use crate::workbench::lang::{Texts, fill};
use crate::workbench::ui::{self, Column, Table, Tone};
use crate::workbench::{Group, Nav, Page, Posted, Route, View};
use axum::http::{Method, StatusCode};
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use ringfence_casework::case::About;
use ringfence_domain::words::{LeadKind, SubjectKind, Verdict};
use ringfence_leads::insiders::{Family, Pattern, Unit};
use ringfence_leads::stats::dispersion;
use ringfence_report::chart::{self, FunnelSpec};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The page.
pub const PAGE: Page = Page {
    nav: Some(Nav { path: "/staff", title: |t| t.staff.title, group: Group::Leads, key: 's' }),
    routes: &[
        Route {
            method: Method::GET,
            path: "/staff",
            needs: Permission::ReadStaffLeads,
            handler: || get(board),
        },
        Route {
            method: Method::POST,
            path: "/staff/survey",
            needs: Permission::ReadStaffLeads,
            handler: || post(again),
        },
        Route {
            method: Method::GET,
            path: "/staff/{staff}",
            needs: Permission::ReadStaffLeads,
            handler: || get(person),
        },
        Route {
            method: Method::POST,
            path: "/staff/{staff}/found",
            needs: Permission::JudgeLeads,
            handler: || post(found),
        },
        Route {
            method: Method::POST,
            path: "/staff/{staff}/name",
            needs: Permission::JudgeLeads,
            handler: || post(names::ask_name),
        },
        Route {
            method: Method::POST,
            path: "/staff/{staff}/name/{id}",
            needs: Permission::JudgeLeads,
            handler: || post(names::settle_name),
        },
    ],
};

#[derive(Debug, Deserialize)]
pub(in crate::workbench::pages) struct StaffPath {
    staff: String,
}

#[derive(Debug, Default, Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
}

#[derive(Debug, Deserialize)]
struct Found {
    verdict: String,
}

#[derive(Debug, Deserialize)]
struct Nothing {}

/// What a figure is called.
fn family(t: &Texts, family: Family) -> &'static str {
    match family {
        Family::ReceiptsWithoutParcel => t.staff.receipts_without_parcel,
        Family::DearWithoutParcel => t.staff.dear_without_parcel,
        Family::ReceiptsLookedUp => t.staff.receipts_looked_up,
        Family::ContactsSearched => t.staff.contacts_searched,
        Family::Overrides => t.staff.overrides,
        Family::PaidUnasked => t.staff.paid_unasked,
        Family::PaidInOddSession => t.staff.paid_in_odd_session,
        Family::UnderTheLimit => t.staff.under_the_limit,
        Family::OddSessions => t.staff.odd_sessions,
        Family::Affinity => t.staff.affinity,
    }
}

fn word(t: &Texts, verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Insider | Verdict::Abuse | Verdict::PolicyAbuse => t.staff.verdict_insider,
        Verdict::Compromised => t.staff.verdict_compromised,
        Verdict::Legitimate => t.staff.verdict_legitimate,
    }
}

/// Members of staff to be reviewed: those of standing leads, and some picked at random.
async fn to_review(view: &View, survey: Option<&Survey>) -> Result<BTreeSet<String>, Problem> {
    let wanted = Wanted { kind: Some(LeadKind::Staff), open: Some(true), ..Wanted::default() };
    let page = leads::list(&view.shared.worker, sight(&view.who), wanted).await?;
    let mut staff: BTreeSet<String> = BTreeSet::new();
    for lead in &page.leads {
        if let Some(entry) = leads::one(&view.shared.worker, sight(&view.who), &lead.lead).await? {
            let members = entry.of_kind(ringfence_domain::words::MemberKind::Staff);
            staff.extend(members.map(|m| m.id.as_str().to_owned()));
        }
    }
    let found = survey.iter().flat_map(|s| &s.staff).filter(|lead| lead.stands || lead.control);
    staff.extend(found.map(|lead| lead.staff.clone()));
    Ok(staff)
}

async fn said(view: &View) -> Result<Said, Problem> {
    Ok(view.shared.worker.look(|core| core.register().said.clone()).await?)
}

async fn board(view: View) -> Result<Response, Problem> {
    let (t, lang) = (view.t(), view.lang());
    changed(&view.shared, Control::noted("leads_read", "staff", view.by.clone())).await?;
    let (state, survey) = surveyed(&view).await?;
    let review = to_review(&view, survey.as_deref()).await?;
    let said = said(&view).await?;
    // By pseudonym: an order that says nothing.
    let review: BTreeMap<String, &String> =
        review.iter().map(|staff| (view.shared.pseudonyms.of(staff), staff)).collect();
    let trials = |staff: &str| {
        let units = survey.iter().flat_map(|s| &s.units).filter(|(name, _)| name == staff);
        units.map(|(_, unit)| unit.trials).sum::<u64>()
    };
    let rows = review.iter().map(|(pseudonym, staff)| {
        vec![
            html! { a href=(format!("/staff/{pseudonym}")) { code { (pseudonym) } } },
            html! { (ui::count(lang, trials(staff))) },
            match said.reviews.get(pseudonym) {
                Some(Review { verdict, at, .. }) => {
                    html! { (ui::badge(Tone::Plain, word(t, *verdict))) " " (ui::day(*at)) }
                }
                None => html! { span.quiet { (t.staff.judged_not) } },
            },
        ]
    });
    let table = Table {
        t,
        caption: t.staff.review.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.staff.pseudonym),
            Column::number(t.staff.occasions),
            Column::text(t.staff.judged),
        ],
        rows: rows.collect(),
        none: t.staff.review_none.to_owned(),
        next: None,
        first: None,
    };
    let asked: Vec<&Unmasking> =
        said.unmaskings.values().rev().filter(|u| u.state == Unmasked::Asked).collect();
    let content = html! {
        header.page { h1 { (t.staff.title) } p.lead { (t.staff.lead) } }
        (state)
        @if !asked.is_empty() {
            section aria-labelledby="names" { h2 #names { (t.staff.name) } @for u in asked { (names::of_name(&view, u)) } }
        }
        section {
            h2 #review { (t.staff.review) }
            p.quiet { (t.staff.review_lead) }
            (table.draw())
        }
        @if let Some(survey) = &survey { (funnels(&view, survey)) }
    };
    Ok(view.page_with(t.staff.title, &content, &["rules.js"]))
}

fn funnels(view: &View, survey: &Survey) -> Markup {
    let t = view.t();
    let when = survey.as_of.map(|at| at.to_string()).unwrap_or_default();
    let charts = Family::ALL.into_iter().filter_map(|of| funnel(view, survey, of));
    html! {
        section aria-labelledby="funnels" {
            div.heading {
                h2 #funnels { (t.staff.funnels) }
                form method="post" action="/staff/survey" { (view.csrf()) button.quiet { (t.survey.again) } }
            }
            p.quiet { (t.staff.funnels_lead) " " (fill(t.survey.as_of, &[("when", when.get(..10).unwrap_or_default())])) }
            div.charts { @for chart in charts { figure.chart { (chart.inline()) } } }
        }
    }
}

/// Everybody looks alike here: whom the machine suspects is not told before a review.
fn funnel(view: &View, survey: &Survey, of: Family) -> Option<ringfence_report::Svg> {
    let t = view.t();
    let units: Vec<&(String, Unit)> = survey.units.iter().filter(|(_, u)| u.family == of).collect();
    let figures: Vec<(u64, f64)> = units.iter().map(|(_, u)| (u.observed, u.expected)).collect();
    let unit = |(staff, u): &&(String, Unit)| chart::Unit {
        observed: u.observed,
        expected: u.expected,
        tip: format!(
            "{}: {} / {}, {} {:.1}",
            view.shared.pseudonyms.of(staff),
            u.observed,
            u.trials,
            t.staff.expected,
            u.expected
        ),
        group: 0,
    };
    chart::funnel(&FunnelSpec {
        title: family(t, of).to_owned(),
        about: fill(t.staff.funnel_about, &[("n", &units.len().to_string())]),
        x: t.staff.axis_x.to_owned(),
        y: t.staff.axis_y.to_owned(),
        alike: t.staff.as_peers.to_owned(),
        groups: vec![t.staff.others.to_owned()],
        units: units.iter().map(unit).collect(),
        spread: dispersion(&figures),
    })
}

async fn again(view: View, Posted(Nothing {}): Posted<Nothing>) -> Result<Redirect, Problem> {
    survey_again(&view).await?;
    Ok(Redirect::to("/staff"))
}

/// The member of staff behind a pseudonym: somebody with a figure or a lead. Asked only for who may read leads on staff.
pub(super) async fn behind(view: &View, pseudonym: &str) -> Result<String, Problem> {
    let (_, survey) = view.shared.surveys.latest();
    let mut known: BTreeSet<String> = to_review(view, survey.as_deref()).await?;
    known.extend(survey.iter().flat_map(|s| s.units.iter().map(|(staff, _)| staff.clone())));
    let ties = view.shared.worker.look(|core| {
        let rings = core.leads().leads().flat_map(|entry| &entry.ties);
        let staff = rings.filter(|tie| leads::is_staff(tie.kind));
        staff.map(|tie| tie.value.clone()).collect::<Vec<_>>()
    });
    known.extend(ties.await?);
    let missing = || Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such member of staff");
    known.into_iter().find(|staff| view.shared.pseudonyms.of(staff) == pseudonym).ok_or_else(missing)
}

async fn person(
    view: View,
    Named(StaffPath { staff: pseudonym }): Named<StaffPath>,
    Asked(Done { done }): Asked<Done>,
) -> Result<Response, Problem> {
    let t = view.t();
    let staff = behind(&view, &pseudonym).await?;
    changed(&view.shared, Control::noted("leads_read", pseudonym.clone(), view.by.clone())).await?;
    let (state, survey) = surveyed(&view).await?;
    let said = said(&view).await?;
    let now = (view.shared.clock)();
    let name = if said.is_unmasked(&pseudonym, now) {
        // Each look at a name is a record of its own.
        changed(&view.shared, Control::noted("staff_name_read", pseudonym.clone(), view.by.clone())).await?;
        Some(staff.clone())
    } else {
        None
    };
    let cases = cases_of(&view, About::Staff, &pseudonym, &pseudonym).await?;
    let investigated = names::investigated(&view, &pseudonym).await?;
    let reviewed = said.reviews.get(&pseudonym);
    let title = fill(t.staff.person, &[("pseudonym", &pseudonym)]);
    let content = html! {
        header.page { h1 { (title) } p.lead { (t.staff.lead) } }
        @if done == "yes" { p.done role="status" { (t.staff.done) } }
        (state)
        section {
            h2 #figures { (t.staff.figures) }
            (figures(&view, survey.as_deref(), &staff))
        }
        @match reviewed {
            Some(review) => { (held(&view, survey.as_deref(), &staff, review).await?) }
            None if view.may(Permission::JudgeLeads) => { (ask(&view, &pseudonym)) }
            None => {}
        }
        (cases)
        (names::names(&view, &said, &pseudonym, name.as_deref(), investigated))
    };
    Ok(view.page_with(&title, &content, &["rules.js"]))
}

fn figures(view: &View, survey: Option<&Survey>, staff: &str) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let decimal = |x: f64| format!("{x:.1}").replace('.', &lang.separators().0.to_string());
    let units = survey.iter().flat_map(|s| &s.units).filter(|(name, _)| name == staff);
    let rows = units.map(|(_, u)| {
        vec![
            html! { (family(t, u.family)) },
            html! { (ui::count(lang, u.trials)) },
            html! { (ui::count(lang, u.observed)) },
            html! { (decimal(u.expected)) },
            html! { (decimal(u.ratio)) " (" (decimal(u.interval[0])) "–" (decimal(u.interval[1])) ")" },
            html! { (ui::score(lang, u.q_value)) },
        ]
    });
    Table {
        t,
        caption: t.staff.figures.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.staff.family),
            Column::number(t.staff.occasions),
            Column::number(t.staff.observed),
            Column::number(t.staff.expected),
            Column::number(t.staff.ratio),
            Column::number(t.staff.q),
        ],
        rows: rows.collect(),
        none: t.staff.figures_none.to_owned(),
        next: None,
        first: None,
    }
    .draw()
}

fn ask(view: &View, pseudonym: &str) -> Markup {
    let t = view.t();
    let choices = [
        ("insider", t.staff.verdict_insider),
        ("compromised", t.staff.verdict_compromised),
        ("legitimate", t.staff.verdict_legitimate),
    ];
    html! {
        section aria-labelledby="found" {
            h2 #found { (t.staff.what_found) }
            p.quiet { (t.staff.found_lead) }
            form.fields method="post" action=(format!("/staff/{pseudonym}/found")) {
                (view.csrf())
                fieldset.choice {
                    legend { (t.staff.judged) }
                    @for (value, text) in choices { label.inline { input type="radio" name="verdict" value=(value) required; (text) } }
                }
                div.buttons { button { (t.staff.record) } }
            }
        }
    }
}

/// What the machine holds, after a review.
async fn held(view: &View, survey: Option<&Survey>, staff: &str, review: &Review) -> Result<Markup, Problem> {
    let (t, lang) = (view.t(), view.lang());
    let wanted = Wanted { kind: Some(LeadKind::Staff), staff: Some(staff.to_owned()), ..Wanted::default() };
    let page = leads::list(&view.shared.worker, sight(&view.who), wanted).await?;
    let entry = match page.leads.first() {
        Some(lead) => leads::one(&view.shared.worker, sight(&view.who), &lead.lead).await?,
        None => None,
    };
    let of_survey = survey.iter().flat_map(|s| &s.staff).find(|lead| lead.staff == staff);
    let names = [staff.to_owned()];
    let plain = |text: &String| view.shared.pseudonyms.in_text(text, &names);
    let why: Vec<String> = match (&entry, of_survey) {
        (Some(entry), _) => entry.why.iter().chain(&entry.against).map(plain).collect(),
        (None, Some(lead)) if !lead.control => lead.why.iter().map(plain).collect(),
        (None, _) => Vec::new(),
    };
    let looks = of_survey.filter(|lead| !lead.control).map(|lead| match lead.pattern {
        Pattern::Bribed => t.staff.bribed,
        Pattern::Phished => t.staff.phished,
        Pattern::Unclear => t.staff.unclear,
    });
    let probability = entry.as_ref().map(|e| e.probability).or(of_survey.map(|lead| lead.probability));
    Ok(html! {
        section aria-labelledby="held" {
            h2 #held { (t.staff.revealed) }
            p { (t.staff.judged) ": " (ui::badge(Tone::Plain, word(t, review.verdict))) " " (ui::time(review.at)) }
            @if of_survey.is_some_and(|lead| lead.control) && entry.is_none() {
                p { (t.staff.was_control) }
            } @else if why.is_empty() {
                p { (t.staff.no_lead) }
            } @else {
                p {
                    @if let Some(p) = probability { strong { (ui::score(lang, p)) } " " }
                    @if let Some(looks) = looks { (t.staff.looks) " " (looks) "." }
                }
                ul.why lang="en" { @for line in &why { li { (line) } } }
            }
        }
    })
}

async fn found(
    view: View,
    Named(StaffPath { staff: pseudonym }): Named<StaffPath>,
    Posted(Found { verdict }): Posted<Found>,
) -> Result<Redirect, Problem> {
    let staff = behind(&view, &pseudonym).await?;
    let verdict = match verdict.as_str() {
        "insider" => Verdict::Insider,
        "compromised" => Verdict::Compromised,
        "legitimate" => Verdict::Legitimate,
        _ => {
            let title = "This is no verdict on a member of staff";
            let problem = Problem::new(StatusCode::BAD_REQUEST, "verdict", title);
            return Err(problem.remedy("choose one of those that the page shows"));
        }
    };
    let said = Control::StaffReviewed { staff: pseudonym.clone(), verdict, by: view.by.clone() };
    verdict::record(&view, SubjectKind::Staff, &staff, verdict, said).await?;
    Ok(Redirect::to(&format!("/staff/{pseudonym}?done=yes")))
}
