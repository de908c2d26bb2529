//! How is a policy or a catalogue written? In a plain field with line numbers, checked while one writes.

use crate::access::Permission;
use crate::core::versions::Part;
use crate::http::endpoints::texts::{Checked, checked};
use crate::http::endpoints::versions;
use crate::http::input::Asked;
use crate::http::problem::Problem;
use crate::workbench::lang::fill;
use crate::workbench::ui::Tone;
use crate::workbench::{Posted, Route, View, ui};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

/// The editor.
pub(super) const ROUTE: Route =
    Route { method: Method::GET, path: "/rules/edit", needs: Permission::Propose, handler: || get(show) };
/// Keeps what was written.
pub(super) const KEEP: Route =
    Route { method: Method::POST, path: "/rules/keep", needs: Permission::Propose, handler: || post(keep) };

#[derive(Debug, Deserialize)]
pub(super) struct From {
    #[serde(default = "policy")]
    part: Part,
    /// The version to start from; what decides without.
    version: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Written {
    part: Part,
    text: String,
}

fn policy() -> Part {
    Part::Policy
}

async fn show(view: View, Asked(From { part, version }): Asked<From>) -> Result<Response, Problem> {
    if part == Part::Model {
        let problem = Problem::new(StatusCode::NOT_FOUND, "not-found", "A model is not written by hand");
        return Err(problem);
    }
    let live = view.shared.worker.look(|core| core.versions().clone()).await?;
    let version = version.or_else(|| live.get(part.as_str()).cloned()).unwrap_or_default();
    let text = super::version::text(&view, part, &version)?;
    let told = checked(&view.shared, part, text.clone().into_bytes()).await?;
    Ok(editor(&view, part, &text, &told))
}

/// What the check says, as the script says it too.
fn says(view: &View, told: &Checked) -> Markup {
    let t = view.t();
    match (&told.fault, &told.unfit) {
        (Some(fault), _) => {
            let (line, column) = (fault.line.to_string(), fault.column.to_string());
            let places = [("line", line.as_str()), ("column", &column), ("message", &fault.message)];
            html! {
                (ui::badge(Tone::Bad, &fill(t.rules.go_there, &[("line", &line)])))
                p lang="en" { (fill(t.rules.check_fault, &places)) }
                @if let Some(help) = &fault.help { p lang="en" { (fill(t.rules.check_help, &[("help", help)])) } }
            }
        }
        (None, Some(unfit)) => html! { p.alert.watch { (fill(t.rules.check_unfit, &[("what", unfit)])) } },
        (None, None) if told.live => html! { p.quiet { (t.rules.check_live) } },
        (None, None) => {
            let version = told.version.as_deref().and_then(|v| v.get(..12)).unwrap_or_default();
            html! { p.done { (fill(t.rules.check_good, &[("version", version)])) } }
        }
    }
}

fn editor(view: &View, part: Part, text: &str, told: &Checked) -> Response {
    let t = view.t();
    let name = super::name(t, part);
    let title = fill(t.rules.editor, &[("part", name)]);
    let lines = text.lines().count().max(1);
    let numbers: Vec<String> = (1..=lines).map(|n| n.to_string()).collect();
    let words = json!({
        "checking": t.rules.checking, "good": t.rules.check_good, "live": t.rules.check_live, "fault": t.rules.check_fault,
        "help": t.rules.check_help, "unfit": t.rules.check_unfit, "failed": t.rules.check_failed, "go": t.rules.go_there,
    });
    let content = html! {
        header.page { h1 { (title) } p.lead { (t.rules.editor_lead) } }
        section {
            form method="post" action="/rules/keep" data-editor=(part.as_str()) data-words=(words) {
                (view.csrf())
                input type="hidden" name="part" value=(part.as_str());
                label.hidden for="text" { (fill(t.rules.text, &[("part", name)])) }
                div.editor {
                    div.lines aria-hidden="true" { (numbers.join("\n")) }
                    textarea #text name="text" spellcheck="false" autocapitalize="off" autocomplete="off" wrap="off"
                        aria-describedby="checked" { "\n" (text) }
                }
                div.checked #checked role="status" { (says(view, told)) }
                div.buttons { button { (t.rules.keep) } a.button.quiet href="/rules" { (t.frame.cancel) } }
                p.rule { (t.rules.keep_rule) }
            }
        }
    };
    view.page_with(&title, &content, &["rules.js"])
}

async fn keep(view: View, Posted(Written { part, text }): Posted<Written>) -> Result<Response, Problem> {
    // Browsers send fields with the line ends of another age.
    let text = text.replace("\r\n", "\n");
    let told = checked(&view.shared, part, text.clone().into_bytes()).await?;
    if told.fault.is_some() {
        let mut response = editor(&view, part, &text, &told);
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    }
    let kept = versions::kept_by(&view.shared, view.by.clone(), part, text.into_bytes()).await?;
    Ok(Redirect::to(&format!("/rules/{}/{}?done=kept", part.as_str(), kept.version)).into_response())
}
