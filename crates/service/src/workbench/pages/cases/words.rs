//! How are the words of cases said, and where does what a case links lead?

use crate::access::Permission;
use crate::workbench::View;
use crate::workbench::lang::{Texts, fill};
use crate::workbench::pages::parts::{account, case, part_of_path, request};
use crate::workbench::ui::{self, Tone};
use maud::{Markup, html};
use ringfence_casework::CaseState;
use ringfence_casework::case::{About, Subject, TaskState};

/// What a case can be about.
pub(super) fn kind_name(t: &Texts, kind: About) -> &'static str {
    let t = &t.cases;
    match kind {
        About::Request => t.kind_request,
        About::Account => t.kind_account,
        About::Order => t.kind_order,
        About::Ring => t.kind_ring,
        About::Staff => t.kind_staff,
        About::Post => t.kind_post,
        About::Case => t.kind_case,
        About::Matter => t.kind_matter,
    }
}

pub(super) fn state_name(t: &Texts, state: CaseState) -> &'static str {
    let t = &t.cases;
    match state {
        CaseState::Open => t.state_open,
        CaseState::Investigating => t.state_investigating,
        CaseState::Waiting => t.state_waiting,
        CaseState::Closed => t.state_closed,
        CaseState::Merged => t.state_merged,
    }
}

/// How far a case is.
pub(super) fn state_of(t: &Texts, state: CaseState) -> Markup {
    let tone = match state {
        CaseState::Open | CaseState::Waiting => Tone::Watch,
        CaseState::Investigating | CaseState::Closed => Tone::Good,
        CaseState::Merged => Tone::Plain,
    };
    ui::badge(tone, state_name(t, state))
}

/// How a task ended.
pub(super) fn task_name(t: &Texts, state: TaskState) -> &'static str {
    match state {
        TaskState::Open => "",
        TaskState::Done => t.cases.task_state_done,
        TaskState::Dropped => t.cases.task_state_dropped,
        TaskState::Moved => t.cases.task_state_moved,
    }
}

/// What a subject is called here: members of staff by their pseudonyms.
pub(super) fn shown(view: &View, subject: &Subject) -> String {
    match subject.kind {
        About::Staff => view.shared.pseudonyms.shown(&subject.id),
        About::Case => fill(view.t().cases.one, &[("n", &subject.id)]),
        _ => subject.id.clone(),
    }
}

/// What a case links, leading to its page where there is one that may be seen.
pub(super) fn subject_of(view: &View, subject: &Subject) -> Markup {
    let id = &subject.id;
    match subject.kind {
        About::Request if view.may(Permission::ReadEvidence) => request(view, id),
        About::Account if view.may(Permission::ReadEvidence) => account(id),
        About::Ring if view.may(Permission::ReadLeads) => {
            html! { a href=(format!("/rings/{}", part_of_path(id))) { (ui::id(id)) } }
        }
        About::Staff if view.may(Permission::ReadStaffLeads) => {
            let pseudonym = view.shared.pseudonyms.shown(id);
            html! { a href=(format!("/staff/{pseudonym}")) { (ui::id(&pseudonym)) } }
        }
        About::Case => id.parse().map_or_else(|_| ui::id(id), |number| case(view, number)),
        About::Request
        | About::Account
        | About::Ring
        | About::Staff
        | About::Order
        | About::Post
        | About::Matter => ui::id(&shown(view, subject)),
    }
}
