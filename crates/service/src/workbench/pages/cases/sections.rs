//! What hangs on a case? Items of the queue, what was found, tasks, legal holds.

use super::one::{act, people};
use super::words::{kind_name, shown, subject_of, task_name};
use crate::access::Permission;
use crate::casework::Case;
use crate::http::problem::Problem;
use crate::workbench::View;
use crate::workbench::lang::fill;
use crate::workbench::pages::parts::colleague;
use crate::workbench::pages::queue::{desk, hour, work};
use crate::workbench::ui::{self, Tone};
use maud::{Markup, html};
use ringfence_casework::case::{About, Hold, Task, TaskState};
use ringfence_domain::DecisionKind;
use ringfence_domain::words::{Verdict, VerdictMethod, Word};

/// Items that a page names.
const ITEMS_SHOWN: usize = 50;

/// Items of the queue that were taken into the case.
pub(super) async fn items(view: &View, case: &Case) -> Result<Markup, Problem> {
    let t = view.t();
    if case.items.is_empty() || !view.may(Permission::ReadQueue) {
        return Ok(html! {});
    }
    let mut lines = Vec::new();
    for id in case.items.iter().take(ITEMS_SHOWN) {
        let item = match desk::worker(view) {
            Some(worker) => view.shared.casework.item_for(worker, *id).await.ok(),
            None => Some(view.shared.casework.item(*id).await?),
        };
        lines.extend(item);
    }
    Ok(html! {
        section aria-labelledby="items" {
            h2 #items { (t.cases.items) }
            ul.plain { @for item in &lines {
                li {
                    a href=(format!("/queue/{}", item.id)) { (fill(t.queue.item, &[("n", &item.id.to_string())])) } " "
                    (work(t, item.kind)) " " (ui::id(&item.refund)) " " (desk::verdict_of(view, item))
                }
            } }
        }
    })
}

/// What was found, and the form for more.
pub(super) fn found(view: &View, case: &Case, live: bool) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let linked = case.links.iter().map(|linked| &linked.link.subject);
    let of_staff = linked.clone().any(|subject| subject.kind == About::Staff);
    // What was found of a member of staff is said on their page, which knows whom a pseudonym stands for.
    let about: Vec<_> = linked.filter(|s| s.kind.subject().is_some() && s.kind != About::Staff).collect();
    let methods = VerdictMethod::ALL.iter().filter(|method| **method != VerdictMethod::Appeal);
    let form = html! {
        p.quiet { (t.cases.find_about) }
        div {
            label for="found-id" { (t.cases.subject) }
            select #found-id name="id" {
                @for subject in &about {
                    option value=(format!("{} {}", subject.kind.as_str(), subject.id)) { (kind_name(t, subject.kind)) " " (shown(view, subject)) }
                }
            }
        }
        div.two {
            div {
                label for="found-verdict" { (t.cases.verdict) }
                select #found-verdict name="verdict" { @for verdict in Verdict::ALL { option value=(verdict.as_str()) { (t.story.verdict(*verdict)) } } }
            }
            div {
                label for="found-method" { (t.cases.method) }
                select #found-method name="method" {
                    @for method in methods { option value=(method.as_str()) selected[*method == VerdictMethod::Investigation] { (t.story.method(*method)) } }
                }
            }
        }
        @if about.iter().any(|subject| subject.kind == About::Request) {
            div {
                label for="found-decision" { (t.cases.answer) }
                select #found-decision name="decision" {
                    option value="" { (t.cases.answer_none) }
                    @for kind in DecisionKind::ALL { @if *kind != DecisionKind::Review { option value=(kind.as_str()) { (t.words.decision(*kind)) } } }
                }
            }
        }
        div.buttons { button { (t.cases.record) } }
    };
    html! {
        section aria-labelledby="found" {
            h2 #found { (t.cases.found) }
            @if case.found.is_empty() { (ui::states::empty(t.cases.found_none)) }
            ul.plain { @for found in case.found.iter().rev() {
                @let finding = &found.finding;
                li {
                    (subject_of(view, &finding.subject)) ": " strong { (t.story.verdict(finding.verdict)) } ", " (t.story.method(finding.method))
                    @if let Some(decision) = finding.decision { " " (ui::decision(lang, decision)) }
                    " " span.quiet { (colleague(view, &found.by)) " " (ui::time(found.at)) }
                }
            } }
            @if live {
                @if of_staff { p.quiet { (t.cases.find_staff) } }
                @if about.is_empty() { p.quiet { (t.cases.nothing_to_find) } }
                @else { details { summary { (t.cases.find_out) } (act(view, case, "found", &form)) } }
            }
        }
    }
}

/// What is to be done.
pub(super) fn tasks(view: &View, case: &Case, live: bool) -> Markup {
    let (t, now) = (view.t(), (view.shared.clock)());
    let add = html! {
        div { label for="task" { (t.cases.task) } input #task name="text" maxlength="200" autocomplete="off" required; }
        div.two {
            div {
                label for="task-who" { (t.cases.assignee) }
                select #task-who name="who" {
                    option value="" { (t.cases.nobody) }
                    @for (name, id) in people(view) { option value=(id) selected[view.who.user.as_ref() == Some(&id)] { (name) } }
                }
            }
            div { label for="task-due" { (t.cases.task_due) } input #task-due type="date" name="due"; }
        }
        div.buttons { button.quiet { (t.cases.task_add) } }
    };
    let end = |task: &Task, does: &str, text: &str| {
        html! {
            form.inline method="post" action=(format!("/cases/{}/do", case.id)) {
                (view.csrf())
                input type="hidden" name="act" value=(does);
                input type="hidden" name="n" value=(task.id);
                button.quiet.small aria-label=(format!("{text}: {}", task.title)) { (text) }
            }
        }
    };
    html! {
        section aria-labelledby="tasks" {
            h2 #tasks { (t.cases.tasks) }
            @if case.tasks.is_empty() { (ui::states::empty(t.cases.tasks_none)) }
            ul.plain.tasks { @for task in &case.tasks {
                li {
                    span .over[task.state != TaskState::Open] { (task.title) } " "
                    span.quiet {
                        @if let Some(who) = &task.assignee { (colleague(view, who)) " " }
                        @if let Some(due) = task.due { (t.cases.task_due) " " (ui::day(due)) " " }
                    }
                    @if task.state == TaskState::Open {
                        @if task.due.is_some_and(|due| due < now) { (ui::badge(Tone::Bad, t.cases.due_over)) " " }
                        @if live { (end(task, "task-done", t.cases.task_done)) " " (end(task, "task-dropped", t.cases.task_drop)) }
                    } @else {
                        (ui::badge(Tone::Plain, task_name(t, task.state)))
                        @if let Some(ended) = &task.ended {
                            @let places = [("who", colleague(view, &ended.by)), ("when", hour(ended.at, now))];
                            " " span.quiet { (fill(t.cases.ended_at, &places.each_ref().map(|(key, value)| (*key, value.as_str())))) }
                        }
                    }
                }
            } }
            @if live { details { summary { (t.cases.task_add) } (act(view, case, "task", &add)) } }
        }
    }
}

/// What must be kept.
pub(super) fn holds(view: &View, case: &Case, works: bool) -> Markup {
    let t = view.t();
    let set = html! {
        p.quiet { (t.cases.hold_about) }
        div { label for="hold" { (t.cases.hold_why) } input #hold name="text" maxlength="2000" autocomplete="off" required; }
        div.buttons { button.quiet { (t.cases.hold_set) } }
    };
    html! {
        section aria-labelledby="holds" {
            h2 #holds { (t.cases.holds) }
            @if case.holds.is_empty() { (ui::states::empty(t.cases.holds_none)) }
            ul.plain { @for hold in &case.holds { (of_hold(view, case, hold)) } }
            @if works { details { summary { (t.cases.hold_set) } (act(view, case, "hold", &set)) } }
        }
    }
}

fn of_hold(view: &View, case: &Case, hold: &Hold) -> Markup {
    let (t, now) = (view.t(), (view.shared.clock)());
    let name = fill(t.cases.hold_one, &[("n", &hold.id.to_string())]);
    let set = [("who", colleague(view, &hold.set.by)), ("when", hour(hold.set.at, now))];
    html! {
        li {
            strong { (name) } ": " (hold.set.why) " "
            span.quiet { (fill(t.cases.set_by, &set.each_ref().map(|(key, value)| (*key, value.as_str())))) }
            @if let Some(lifted) = &hold.lifted {
                @let places = [("who", colleague(view, &lifted.by)), ("when", hour(lifted.at, now)), ("why", lifted.why.clone())];
                " " span.quiet { (fill(t.cases.lifted, &places.each_ref().map(|(key, value)| (*key, value.as_str())))) }
            } @else if view.may(Permission::Supervise) && case.successor.is_none() {
                details {
                    summary { (t.cases.hold_lift) }
                    form.filters method="post" action=(format!("/cases/{}/supervise", case.id)) {
                        (view.csrf())
                        input type="hidden" name="act" value="lift";
                        input type="hidden" name="n" value=(hold.id);
                        div { label for=(format!("lift-{}", hold.id)) { (t.cases.why) } input id=(format!("lift-{}", hold.id)) name="text" maxlength="2000" required; }
                        button.quiet { (t.cases.hold_lift) }
                    }
                }
            }
        }
    }
}
