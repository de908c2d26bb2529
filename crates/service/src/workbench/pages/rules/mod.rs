//! What decides, who wants it otherwise, and what would a change have done? Versions, proposals, editor, trials.
//!
//! - this file: what decides, proposals and kept versions;
//! - `edit`: a text, checked as it is written; `version`: what one version changes, its trials and its proposal;
//! - `outcome`: what trials told; `diff`: what is different between two texts.

mod diff;
mod edit;
mod outcome;
mod version;

pub(super) use outcome::shadow;
pub(super) use version::trials;

use crate::access::Permission;
use crate::core::register::{Proposal, State};
use crate::core::versions::{NO_MODEL, Part};
use crate::http::endpoints::promotions;
use crate::http::input::{Asked, Named};
use crate::http::problem::Problem;
use crate::promote;
use crate::workbench::lang::{Texts, fill};
use crate::workbench::ui::{self, Column, Table, Tone};
use crate::workbench::{Group, Nav, Page, Posted, Route, View};
use axum::http::Method;
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use ringfence_domain::Versions;
use serde::Deserialize;

/// The page.
pub const PAGE: Page = Page {
    nav: Some(Nav { path: "/rules", title: |t| t.rules.title, group: Group::Deciding, key: 'p' }),
    routes: &[
        Route { method: Method::GET, path: "/rules", needs: Permission::ReadVersions, handler: || get(show) },
        Route {
            method: Method::POST,
            path: "/rules/{id}/approve",
            needs: Permission::Approve,
            handler: || post(approve),
        },
        Route {
            method: Method::POST,
            path: "/rules/{id}/reject",
            needs: Permission::Propose,
            handler: || post(reject),
        },
        edit::ROUTE,
        edit::KEEP,
        version::ROUTE,
        version::BACKTEST,
        version::END_BACKTEST,
        version::SHADOW,
        version::END_SHADOW,
        version::PROPOSE,
    ],
};

/// Proposals shown: the newest.
const PROPOSALS_SHOWN: usize = 30;
/// Versions of a part shown.
const KEPT_SHOWN: usize = 50;

/// What was just done.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    done: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct ProposalPath {
    id: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reason {
    #[serde(default)]
    why: String,
}

/// What a part is called.
pub(super) fn name(t: &Texts, part: Part) -> &'static str {
    match part {
        Part::Features => t.rules.features,
        Part::Model => t.rules.model,
        Part::Policy => t.rules.policy,
    }
}

/// A version, short for the eye, leading to its page.
pub(super) fn version_link(t: &Texts, part: Part, version: &str) -> Markup {
    if version == NO_MODEL {
        return html! { span.quiet { (t.rules.no_model) } };
    }
    let href = match part {
        Part::Model => format!("/models/{version}"),
        Part::Features | Part::Policy => format!("/rules/{}/{version}", part.as_str()),
    };
    html! { a href=(href) { (short(version)) } }
}

/// The beginning of a hash: enough to tell versions apart.
pub(super) fn short(version: &str) -> Markup {
    html! { code title=(version) { (version.get(..12).unwrap_or(version)) } }
}

async fn show(view: View, Asked(Done { done }): Asked<Done>) -> Result<Response, Problem> {
    let (t, worker) = (view.t(), &view.shared.worker);
    let seen = worker.look(|core| {
        let proposals: Vec<Proposal> =
            core.register().proposals.values().rev().take(PROPOSALS_SHOWN).cloned().collect();
        (core.versions().clone(), proposals)
    });
    let (live, proposals) = seen.await?;
    let told = match done.as_str() {
        "approved" => Some(t.rules.done_approved),
        "rejected" => Some(t.rules.done_rejected),
        "proposed" => Some(t.rules.done_proposed),
        _ => None,
    };
    let content = html! {
        header.page { h1 { (t.rules.title) } p.lead { (t.rules.lead) } }
        @if let Some(told) = told { p.done role="status" { (told) } }
        div.columns {
            section aria-labelledby="live" {
                div.heading { h2 #live { (t.rules.live) } }
                dl.facts {
                    @for part in Part::ALL {
                        div { dt { (name(t, part)) }
                        dd { (version_link(t, part, live.get(part.as_str()).map_or(NO_MODEL, String::as_str))) } }
                    }
                }
                @if view.may(Permission::Propose) {
                    div.buttons {
                        a.button href="/rules/edit?part=policy" { (t.rules.edit_policy) }
                        a.button.quiet href="/rules/edit?part=features" { (t.rules.edit_features) }
                    }
                }
            }
            section aria-labelledby="shadow" {
                h2 #shadow { (t.rules.shadow) }
                p.quiet { (t.rules.shadow_lead) }
                (outcome::shadow(&view))
            }
        }
        section aria-labelledby="proposals" {
            h2 #proposals { (t.rules.proposals) }
            @if proposals.is_empty() { (ui::states::empty(t.rules.proposals_none)) }
            @for proposal in &proposals { (of_proposal(&view, proposal)) }
        }
        @for part in [Part::Policy, Part::Features] { (kept(&view, part, &live)?) }
    };
    Ok(view.page(t.rules.title, &content))
}

fn of_proposal(view: &View, proposal: &Proposal) -> Markup {
    let t = view.t();
    let own = proposal.by.user.is_some() && proposal.by.user == view.who.user;
    let open = matches!(proposal.state, State::Proposed);
    let state = match &proposal.state {
        State::Proposed => ui::badge(Tone::Watch, t.rules.state_proposed),
        State::Approved { .. } => ui::badge(Tone::Watch, t.rules.state_approved),
        State::Promoted { at, .. } => ui::badge(
            Tone::Good,
            &fill(t.rules.state_promoted, &[("when", at.to_string().get(..16).unwrap_or_default())]),
        ),
        State::Rejected { why, .. } => ui::badge(Tone::Plain, &fill(t.rules.state_rejected, &[("why", why)])),
    };
    let id = proposal.id.to_string();
    html! {
        article.pair id=(format!("proposal-{id}")) data-row {
            div.heading { h3 { (fill(t.rules.proposal, &[("n", &id)])) } (state) (ui::time(proposal.at)) }
            p { (proposal.why) }
            p.quiet {
                (t.rules.by) " " (who(view, proposal.by.user.as_deref(), &proposal.by.name)) " · " (t.rules.changes) ": "
                @for part in Part::ALL {
                    @let (was, is) = (proposal.base.get(part.as_str()), proposal.versions.get(part.as_str()));
                    @if was != is {
                        (name(t, part)) " " (version_link(t, part, was.map_or(NO_MODEL, String::as_str))) " → "
                        (version_link(t, part, is.map_or(NO_MODEL, String::as_str))) " "
                    }
                }
            }
            @if open {
                div.buttons {
                    @if view.may(Permission::Approve) && (!own || view.shared.single_approver) {
                        form method="post" action=(format!("/rules/{id}/approve")) { (view.csrf()) button { (t.rules.approve) } }
                    } @else if own { p.quiet { (t.rules.own) } }
                    @if view.may(Permission::Propose) {
                        form.filters method="post" action=(format!("/rules/{id}/reject")) {
                            (view.csrf())
                            div {
                                label for=(format!("why-{id}")) { (t.rules.why) }
                                input id=(format!("why-{id}")) name="why" maxlength="2000" required;
                            }
                            button.quiet { (t.rules.reject) }
                        }
                    }
                }
            }
        }
    }
}

/// A person by the name with which they sign in, where they are still there.
pub(super) fn who(view: &View, user: Option<&str>, name: &str) -> String {
    let known = user.and_then(|id| view.shared.access.users.get(id).ok());
    known.map_or_else(|| name.to_owned(), |user| user.name)
}

fn kept(view: &View, part: Part, live: &Versions) -> Result<Markup, Problem> {
    let (t, lang) = (view.t(), view.lang());
    let mut kept = view.shared.worker.history().library.list(part)?;
    kept.sort_by_key(|(version, _)| live.get(part.as_str()) != Some(version));
    let rows = kept.iter().take(KEPT_SHOWN).map(|(version, bytes)| {
        vec![
            html! { a href=(format!("/rules/{}/{version}", part.as_str())) { (short(version)) } },
            html! { @if live.get(part.as_str()) == Some(version) { (ui::badge(Tone::Good, t.rules.is_live)) } },
            html! { (ui::count(lang, *bytes)) },
        ]
    });
    let table = Table {
        t,
        caption: format!("{}: {}", t.rules.kept, name(t, part)),
        id: None,
        columns: vec![
            Column::text(t.rules.version),
            Column::text(t.rules.state),
            Column::number(t.rules.bytes),
        ],
        rows: rows.collect(),
        none: t.frame.none.to_owned(),
        next: None,
        first: None,
    };
    let id = format!("kept-{}", part.as_str());
    Ok(html! {
        section { h2 id=(id) { (t.rules.kept) ": " (name(t, part)) } (table.draw()) }
    })
}

async fn approve(
    view: View,
    Named(ProposalPath { id }): Named<ProposalPath>,
    Posted(Reason { .. }): Posted<Reason>,
) -> Result<Redirect, Problem> {
    promote::approve(&view.shared.worker, id, view.by.clone(), view.shared.single_approver).await?;
    Ok(Redirect::to("/rules?done=approved"))
}

async fn reject(
    view: View,
    Named(ProposalPath { id }): Named<ProposalPath>,
    Posted(Reason { why }): Posted<Reason>,
) -> Result<Redirect, Problem> {
    promotions::rejected_by(&view.shared, view.by.clone(), id, why).await?;
    Ok(Redirect::to("/rules?done=rejected"))
}
