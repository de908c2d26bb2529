//! What do the pages of leads and of what decides share? Links to requests and accounts, and the survey of today.

use crate::access::Permission;
use crate::core::versions::Part;
use crate::http::problem::Problem;
use crate::survey::{Basis, State, Survey};
use crate::workbench::lang::fill;
use crate::workbench::{View, ui};
use maud::{Markup, html};
use ringfence_casework::case::{About, Subject};
use ringfence_domain::words::LeadKind;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A refund request by its id, leading to its page.
pub(in crate::workbench::pages) fn request(_: &View, refund: &str) -> Markup {
    html! { a href=(format!("/requests/{}", part_of_path(refund))) { (ui::id(refund)) } }
}

/// An account by its id, leading to its page.
pub(in crate::workbench::pages) fn account(account: &str) -> Markup {
    html! { a href=(format!("/accounts/{}", part_of_path(account))) { (ui::id(account)) } }
}

/// A text as one part of a path, whatever it holds.
pub(in crate::workbench::pages) fn part_of_path(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => out.push(char::from(byte)),
            // A point too: `..` is no name of anything.
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// A survey of today, made where there is none or the log has grown much since, and how it stands.
pub(in crate::workbench::pages) async fn surveyed(
    view: &View,
) -> Result<(Markup, Option<Arc<Survey>>), Problem> {
    let t = view.t();
    let surveys = &view.shared.surveys;
    let end = view.shared.worker.history().reader.head().position;
    let (state, survey) = surveys.latest();
    // A tenth more of the log is worth another look; what failed is tried again when somebody asks for it.
    let old = survey.as_ref().is_none_or(|s| end > s.position + s.position / 10 + 100);
    if old && matches!(state, State::None | State::Done) {
        survey_again(view).await?;
    }
    let (state, survey) = surveys.latest();
    let told = match state {
        State::None | State::Done => html! {},
        State::Running(done, all) => html! {
            div data-waits="/v1/survey" data-while="running" {
                progress max=(all.max(1)) value=(done) aria-label=(t.survey.running) {}
                p role="status" { (t.survey.running) }
            }
        },
        State::Failed(what) => html! { p.alert.bad { (fill(t.survey.failed, &[("what", &what)])) } },
    };
    Ok((told, survey))
}

/// Makes another survey.
pub(in crate::workbench::pages) async fn survey_again(view: &View) -> Result<(), Problem> {
    let seen = view
        .shared
        .worker
        .look(|core| (core.engine().folder().plan().clone(), core.versions().clone(), core.rates().clone()));
    let (plan, versions, rates) = seen.await?;
    let history = view.shared.worker.history().clone();
    let has_model = versions.get(Part::Model.as_str()).is_some_and(|v| v != crate::core::versions::NO_MODEL);
    let model = if has_model {
        let library = history.library.clone();
        let made = tokio::task::spawn_blocking(move || library.versioned(&versions, &rates)).await;
        made.map_err(|e| Problem::closed().detail(e.to_string()))??.model
    } else {
        None
    };
    let rings = view.shared.worker.look(|core| {
        let open = core.leads().leads().filter(|entry| entry.open() && entry.kind == LeadKind::Ring);
        let named = open.flat_map(|e| e.refunds.iter().map(|refund| (refund.clone(), e.lead.clone())));
        named.collect::<BTreeMap<String, String>>()
    });
    let rings = rings.await?;
    let basis = Basis { plan: Arc::new(plan), model, names: view.shared.names.clone(), rings };
    let started = view.shared.surveys.start(basis, history);
    started.map_err(|e| Problem::closed().detail(e.to_string()))
}

/// A person who works here, by the name with which they sign in: those who work together know whom to ask.
pub(in crate::workbench::pages) fn colleague(view: &View, user: &str) -> String {
    if view.who.user.as_deref() == Some(user) {
        return view.t().queue.you.to_owned();
    }
    view.shared.access.users.get(user).map_or_else(|_| user.to_owned(), |user| user.name)
}

/// A case by its number, leading to its page where that may be seen.
pub(in crate::workbench::pages) fn case(view: &View, number: u64) -> Markup {
    let name = fill(view.t().cases.one, &[("n", &number.to_string())]);
    html! { @if view.may(Permission::ReadCases) { a href=(format!("/cases/{number}")) { (name) } } @else { (name) } }
}

/// The cases in which something is, and the way to open another.
pub(in crate::workbench::pages) async fn cases_of(
    view: &View,
    kind: About,
    id: &str,
    shown: &str,
) -> Result<Markup, Problem> {
    let t = view.t();
    if !view.may(Permission::ReadCases) {
        return Ok(html! {});
    }
    let found = view.shared.casework.cases_of(Subject { kind, id: id.to_owned() }).await?;
    let new = format!("/cases/new?kind={}&id={}", kind.as_str(), part_of_path(shown));
    Ok(html! {
        p.cases {
            @if !found.is_empty() {
                (t.cases.here) " "
                @for of in found.iter().take(CASES_SHOWN) { (case(view, of.id)) " " span.quiet { (of.title) } " " }
            }
            @if view.may(Permission::WorkCases) { a.button.quiet href=(new) { (t.cases.open) } }
        }
    })
}

/// Cases of one thing that a page names.
const CASES_SHOWN: usize = 5;
