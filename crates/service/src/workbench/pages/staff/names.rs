//! When is the name of a member of staff shown? When one person asked for it and another agreed; each step is recorded.

use super::{StaffPath, behind};
use crate::access::Permission;
use crate::core::Control;
use crate::core::people::{Said, Unmasked, Unmasking};
use crate::http::endpoints::{changed, why};
use crate::http::input::Named;
use crate::http::problem::Problem;
use crate::workbench::lang::fill;
use crate::workbench::pages::parts::part_of_path;
use crate::workbench::pages::rules;
use crate::workbench::{Posted, View};
use axum::http::StatusCode;
use axum::response::Redirect;
use maud::{Markup, html};
use ringfence_casework::case::{About, Subject};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct NamePath {
    staff: String,
    id: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Why {
    #[serde(default)]
    why: String,
    #[serde(default)]
    agree: String,
}

/// What was asked about the name, and the name where two people agreed.
pub(super) fn names(
    view: &View,
    said: &Said,
    pseudonym: &str,
    name: Option<&str>,
    investigated: bool,
) -> Markup {
    let t = view.t();
    let mine: Vec<&Unmasking> = said.unmaskings.values().rev().filter(|u| u.staff == pseudonym).collect();
    let waits = mine.iter().any(|u| u.state == Unmasked::Asked);
    let until = mine.iter().find_map(|u| match &u.state {
        Unmasked::Granted { until, .. } => Some(until.to_string()),
        Unmasked::Asked | Unmasked::Refused { .. } => None,
    });
    html! {
        section aria-labelledby="name" {
            h2 #name { (t.staff.name) }
            p.quiet { (t.staff.name_lead) }
            @if let Some(name) = name {
                @let until = until.unwrap_or_default();
                p { strong { (fill(t.staff.name_is, &[("when", until.get(..10).unwrap_or_default()), ("name", name)])) } }
            }
            @for u in mine { (of_name(view, u)) }
            @if name.is_none() && !waits && !investigated && view.may(Permission::JudgeLeads) { p { (t.cases.for_name) } }
            @if name.is_none() && !waits && investigated && view.may(Permission::JudgeLeads) {
                form.fields method="post" action=(format!("/staff/{pseudonym}/name")) {
                    (view.csrf())
                    div { label for="why" { (t.staff.name_why) } textarea #why name="why" maxlength="2000" required {} }
                    div.buttons { button.quiet { (t.staff.name_ask) } }
                }
            }
        }
    }
}

/// A request for a name, with what this person may do about it.
pub(super) fn of_name(view: &View, u: &Unmasking) -> Markup {
    let t = view.t();
    let who = |by: &crate::core::Principal| rules::who(view, by.user.as_deref(), &by.name);
    let own = u.by.user.is_some() && u.by.user == view.who.user;
    let when = u.at.to_string();
    let places = [
        ("who", who(&u.by)),
        ("when", when.get(..16).unwrap_or_default().to_owned()),
        ("why", u.why.clone()),
    ];
    let places: Vec<(&str, &str)> = places.iter().map(|(k, v)| (*k, v.as_str())).collect();
    html! {
        article.pair {
            p { a href=(format!("/staff/{}", u.staff)) { code { (u.staff) } } ": " (fill(t.staff.name_asked, &places)) }
            @match &u.state {
                Unmasked::Refused { by, why } => { p.quiet { (fill(t.staff.name_refused, &[("who", &who(by)), ("why", why)])) } }
                Unmasked::Granted { .. } => {}
                Unmasked::Asked if own && !view.shared.single_approver => { p.quiet { (t.staff.name_own) } }
                Unmasked::Asked if view.may(Permission::JudgeLeads) => {
                    form.filters method="post" action=(format!("/staff/{}/name/{}", u.staff, u.id)) {
                        (view.csrf())
                        div { label for=(format!("why-{}", u.id)) { (t.rules.why) } input id=(format!("why-{}", u.id)) name="why" maxlength="2000" required; }
                        button name="agree" value="yes" { (t.staff.name_grant) }
                        button.quiet name="agree" value="no" { (t.staff.name_refuse) }
                    }
                }
                Unmasked::Asked => {}
            }
        }
    }
}

/// Whether a case about a member of staff is being worked.
pub(super) async fn investigated(view: &View, staff: &str) -> Result<bool, Problem> {
    let about = Subject { kind: About::Staff, id: staff.to_owned() };
    Ok(view.shared.casework.cases_of(about).await?.iter().any(|case| case.state.live()))
}

/// A name is shown within a case: what it is needed for, and who answers for it, stands there.
async fn within_a_case(view: &View, staff: &str) -> Result<(), Problem> {
    if investigated(view, staff).await? {
        return Ok(());
    }
    let title = "No open case is about this member of staff";
    let problem = Problem::new(StatusCode::CONFLICT, "no-case", title);
    Err(problem.remedy("open a case about the member of staff first; the name is asked for within it"))
}

pub(super) async fn ask_name(
    view: View,
    Named(StaffPath { staff: pseudonym }): Named<StaffPath>,
    Posted(Why { why: reason, .. }): Posted<Why>,
) -> Result<Redirect, Problem> {
    behind(&view, &pseudonym).await?;
    within_a_case(&view, &pseudonym).await?;
    let asked = Control::UnmaskingAsked { staff: pseudonym.clone(), why: why(reason)?, by: view.by.clone() };
    changed(&view.shared, asked).await?;
    Ok(Redirect::to(&format!("/staff/{pseudonym}?done=yes#name")))
}

pub(super) async fn settle_name(
    view: View,
    Named(NamePath { staff: pseudonym, id }): Named<NamePath>,
    Posted(Why { why: reason, agree }): Posted<Why>,
) -> Result<Redirect, Problem> {
    if agree == "yes" {
        within_a_case(&view, &pseudonym).await?;
    }
    let settled = Control::UnmaskingSettled {
        asked: id,
        granted: agree == "yes",
        why: why(reason)?,
        by: view.by.clone(),
        single_approver: view.shared.single_approver,
    };
    changed(&view.shared, settled).await?;
    Ok(Redirect::to(&format!("/staff/{}?done=yes#name", part_of_path(&pseudonym))))
}
