//! What does one version change, and how does it come to decide? Its difference, its trials, its proposal.

use super::{Done, diff, name, outcome, short};
use crate::access::Permission;
use crate::core::versions::Part;
use crate::http::endpoints::versions::Candidate;
use crate::http::endpoints::{backtests, promotions};
use crate::http::input::{Asked, Named};
use crate::http::problem::Problem;
use crate::workbench::lang::fill;
use crate::workbench::{Posted, Route, View, ui};
use axum::http::{Method, StatusCode};
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use maud::html;
use ringfence_domain::Timestamp;
use serde::Deserialize;

/// A version.
pub(super) const ROUTE: Route = Route {
    method: Method::GET,
    path: "/rules/{part}/{version}",
    needs: Permission::ReadVersions,
    handler: || get(show),
};
/// Starts a back-test.
pub(super) const BACKTEST: Route = Route {
    method: Method::POST,
    path: "/rules/backtest",
    needs: Permission::Propose,
    handler: || post(backtest),
};
/// Ends it.
pub(super) const END_BACKTEST: Route = Route {
    method: Method::POST,
    path: "/rules/backtest/end",
    needs: Permission::Propose,
    handler: || post(end_backtest),
};
/// Starts a shadow run.
pub(super) const SHADOW: Route = Route {
    method: Method::POST,
    path: "/rules/shadow",
    needs: Permission::Propose,
    handler: || post(shadow),
};
/// Ends it.
pub(super) const END_SHADOW: Route = Route {
    method: Method::POST,
    path: "/rules/shadow/end",
    needs: Permission::Propose,
    handler: || post(end_shadow),
};
/// Proposes a version.
pub(super) const PROPOSE: Route = Route {
    method: Method::POST,
    path: "/rules/propose",
    needs: Permission::Propose,
    handler: || post(propose),
};

#[derive(Debug, Deserialize)]
pub(super) struct VersionPath {
    part: Part,
    version: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Trial {
    part: Part,
    version: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    why: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Nothing {
    #[serde(default)]
    back: String,
}

/// The text of a version.
pub(super) fn text(view: &View, part: Part, version: &str) -> Result<String, Problem> {
    let bytes = view.shared.worker.history().library.get(part, version)?;
    String::from_utf8(bytes).map_err(|e| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "versions", "A version is no text")
            .detail(e.to_string())
    })
}

/// What decides now, with one part exchanged.
fn candidate(part: Part, version: &str) -> Candidate {
    let version = Some(version.to_owned());
    match part {
        Part::Features => Candidate { features: version, ..Candidate::default() },
        Part::Model => Candidate { model: version, ..Candidate::default() },
        Part::Policy => Candidate { policy: version, ..Candidate::default() },
    }
}

fn path(part: Part, version: &str) -> String {
    match part {
        Part::Model => format!("/models/{version}"),
        Part::Features | Part::Policy => format!("/rules/{}/{version}", part.as_str()),
    }
}

async fn show(
    view: View,
    Named(VersionPath { part, version }): Named<VersionPath>,
    Asked(done): Asked<Done>,
) -> Result<Response, Problem> {
    let t = view.t();
    let after = text(&view, part, &version)?;
    let live = view.shared.worker.look(|core| core.versions().clone()).await?;
    let live = live.get(part.as_str()).cloned().unwrap_or_default();
    let before = text(&view, part, &live)?;
    let is_live = live == version;
    let report = outcome::of_version(&view, part, &version);
    let content = html! {
        header.page {
            h1 { (name(t, part)) " " (short(&version)) }
            div.line {
                @if is_live { (ui::badge(ui::Tone::Good, t.rules.is_live)) }
                @if view.may(Permission::Propose) { a href=(format!("/rules/edit?part={}&version={version}", part.as_str())) { (t.rules.edit_policy) } }
            }
        }
        @if done.done == "kept" { p.done role="status" { (fill(t.rules.done_kept, &[("version", version.get(..12).unwrap_or(&version))])) } }
        section { h2 #diff { (t.rules.diff) } (diff::diff(t, &before, &after)) }
        @if !is_live { (trials(&view, part, &version, report.is_some())) }
    };
    Ok(view.page_with(name(t, part), &content, &["rules.js"]))
}

/// Back-test, shadow run and proposal of a version that does not decide.
pub(in crate::workbench::pages) fn trials(
    view: &View,
    part: Part,
    version: &str,
    tested: bool,
) -> maud::Markup {
    let t = view.t();
    let hidden = html! {
        (view.csrf())
        input type="hidden" name="part" value=(part.as_str());
        input type="hidden" name="version" value=(version);
    };
    html! {
        section aria-labelledby="backtest" {
            h2 #backtest { (t.rules.backtest) }
            p.quiet { (t.rules.backtest_lead) }
            (outcome::backtest(view, part, version))
            @if view.may(Permission::Propose) && !outcome::runs(view) {
                form.filters method="post" action="/rules/backtest" {
                    (hidden)
                    div { label for="from" { (t.rules.backtest_from) } input #from type="date" name="from"; }
                    button { (t.rules.backtest_start) }
                }
            }
        }
        section aria-labelledby="shadow" {
            h2 #shadow { (t.rules.shadow) }
            p.quiet { (t.rules.shadow_lead) }
            (outcome::shadow(view))
            @if view.may(Permission::Propose) {
                form method="post" action="/rules/shadow" { (hidden) button.quiet { (t.rules.shadow_start) } }
            }
        }
        @if view.may(Permission::Propose) {
            section aria-labelledby="propose" {
                h2 #propose { (t.rules.propose) }
                p.quiet { (t.rules.propose_lead) }
                @if !tested { p.alert.watch { (t.rules.propose_untested) } }
                form.fields method="post" action="/rules/propose" {
                    (hidden)
                    div { label for="why" { (t.rules.propose_why) } textarea #why name="why" maxlength="2000" required {} }
                    div.buttons { button { (t.rules.propose) } }
                }
            }
        }
    }
}

async fn backtest(view: View, Posted(trial): Posted<Trial>) -> Result<Redirect, Problem> {
    let Trial { part, version, from, why: _ } = trial;
    let invalid = |_| {
        Problem::new(StatusCode::BAD_REQUEST, "from", "The day is none")
            .remedy("write it as 2026-03-31, or leave it empty")
    };
    let from = Some(from).filter(|from| !from.is_empty());
    let from =
        from.map(|from| Timestamp::parse(&format!("{from}T00:00:00Z")).map_err(invalid)).transpose()?;
    backtests::started_by(&view.shared, view.by.clone(), &candidate(part, &version), from).await?;
    Ok(Redirect::to(&format!("{}#backtest", path(part, &version))))
}

async fn end_backtest(view: View, Posted(Nothing { back }): Posted<Nothing>) -> Result<Redirect, Problem> {
    backtests::ended_by(&view.shared, view.by.clone()).await?;
    Ok(Redirect::to(crate::workbench::view::back_to(&back)))
}

async fn shadow(view: View, Posted(trial): Posted<Trial>) -> Result<Redirect, Problem> {
    let Trial { part, version, .. } = trial;
    promotions::shadow_by(&view.shared, view.by.clone(), &candidate(part, &version), None).await?;
    Ok(Redirect::to(&format!("{}#shadow", path(part, &version))))
}

async fn end_shadow(view: View, Posted(Nothing { back }): Posted<Nothing>) -> Result<Redirect, Problem> {
    promotions::shadow_ended_by(&view.shared, view.by.clone()).await?;
    Ok(Redirect::to(crate::workbench::view::back_to(&back)))
}

async fn propose(view: View, Posted(trial): Posted<Trial>) -> Result<Redirect, Problem> {
    let Trial { part, version, why, from: _ } = trial;
    let made =
        promotions::proposed_by(&view.shared, view.by.clone(), &candidate(part, &version), why).await?;
    Ok(Redirect::to(&format!("/rules?done=proposed#proposal-{}", made.id)))
}
