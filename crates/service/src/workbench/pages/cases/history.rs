//! What was done in a case, by whom and when? Its history, newest first, with its notes, and the form for another.

use super::one::act;
use super::words::{kind_name, shown, state_name};
use crate::casework::{Case, Change, EntryRow};
use crate::http::problem::Problem;
use crate::workbench::View;
use crate::workbench::lang::fill;
use crate::workbench::pages::parts::colleague;
use crate::workbench::ui::{self, Moment, Tone};
use maud::{Markup, html};
use ringfence_casework::limits::NOTE_BYTES_MAX;

/// Lines of a page.
const LINES: usize = 40;

/// The history, and a note where `entered` is given.
pub(super) async fn panel(
    view: &View,
    case: &Case,
    before: Option<u64>,
    entered: Option<&str>,
) -> Result<Markup, Problem> {
    let t = view.t();
    let lines = view.shared.casework.history(case.id, before, LINES).await?;
    let earlier = lines.last().filter(|_| lines.len() == LINES).map(|line| line.position);
    let moments: Vec<Moment> = lines.iter().map(|line| moment(view, line)).collect();
    let note = html! {
        div {
            label for="note" { (t.cases.note) }
            textarea #note name="text" maxlength=(NOTE_BYTES_MAX) aria-describedby="note-rule" required { (entered.unwrap_or_default()) }
            p.rule #note-rule { (t.cases.rule) }
        }
        div.buttons { button { (t.cases.note_do) } }
    };
    Ok(html! {
        section aria-labelledby="history" {
            h2 #history { (t.cases.history) }
            @if entered.is_some() { (act(view, case, "note", &note)) }
            (ui::timeline(&moments))
            @if let Some(before) = earlier {
                nav.paging { a href=(format!("/cases/{}?before={before}#history", case.id)) rel="next" { (t.cases.history_more) " →" } }
            }
        }
    })
}

fn moment(view: &View, line: &EntryRow) -> Moment {
    let (kind, title, detail, tone) = said(view, &line.change);
    let who = colleague(view, &line.by);
    Moment {
        at: line.at,
        kind: format!("{who}: {kind}"),
        title,
        detail,
        tone,
        anchor: format!("h{}-{}", line.case, line.position),
    }
}

type Said = (&'static str, Markup, Option<Markup>, Tone);

#[allow(clippy::too_many_lines)] // one arm a change
fn said(view: &View, change: &Change) -> Said {
    let (t, lang) = (view.t(), view.lang());
    let c = &t.cases;
    let words = |text: &str| html! { (text) };
    let subject = |subject: &ringfence_casework::case::Subject| {
        let (kind, name) = (kind_name(t, subject.kind), shown(view, subject));
        html! { (kind) " " (name) }
    };
    match change {
        Change::CaseOpened { title, from, why, .. } => {
            (c.did_opened, words(title), Some(html! { (subject(from)) " · " (why) }), Tone::Good)
        }
        Change::Linked { link, .. } => {
            (c.did_linked, subject(&link.subject), Some(words(&link.why)), Tone::Plain)
        }
        Change::Unlinked { subject: away, why, .. } => {
            (c.did_unlinked, subject(away), Some(words(why)), Tone::Watch)
        }
        Change::Merged { case, into, why } => {
            let places = [("case", case.to_string()), ("into", into.to_string())];
            let line = fill(c.merged_line, &places.each_ref().map(|(key, value)| (*key, value.as_str())));
            (c.did_merged, words(&line), Some(words(why)), Tone::Watch)
        }
        Change::Noted { text, .. } => (c.did_noted, html! { span.said.ours { (text) } }, None, Tone::Plain),
        Change::Filed { file, .. } => {
            (c.did_filed, words(&file.name), Some(ui::id(&file.sha256)), Tone::Plain)
        }
        Change::TaskAdded { title, assignee, .. } => {
            let who = assignee.as_deref().map(|who| colleague(view, who));
            (c.did_task, words(title), who.map(|who| words(&who)), Tone::Plain)
        }
        Change::TaskMoved { task, assignee, .. } => {
            let who = assignee.as_deref().map_or_else(|| c.nobody.to_owned(), |who| colleague(view, who));
            (c.did_task, html! { (task) " → " (who) }, None, Tone::Plain)
        }
        Change::TaskEnded { task, done, .. } => {
            let how = if *done { c.task_state_done } else { c.task_state_dropped };
            (c.did_task_ended, html! { (task) ": " (how) }, None, Tone::Plain)
        }
        Change::Assigned { assignee, .. } => {
            let who = assignee.as_deref().map_or_else(|| c.nobody.to_owned(), |who| colleague(view, who));
            (c.did_assigned, words(&who), None, Tone::Plain)
        }
        Change::Moved { to, why, .. } => {
            (c.did_moved, words(state_name(t, *to)), Some(words(why)), Tone::Plain)
        }
        Change::Found { finding, .. } => {
            let title = html! { (subject(&finding.subject)) ": " (t.story.verdict(finding.verdict)) };
            let decision = finding.decision.map(|decision| ui::decision(lang, decision));
            (c.did_found, title, decision, Tone::Watch)
        }
        Change::Closed { summary, .. } => (c.did_closed, words(summary), None, Tone::Good),
        Change::Reopened { why, .. } => (c.did_reopened, words(why), None, Tone::Plain),
        Change::HoldSet { hold, why, .. } => {
            let name = fill(c.hold_one, &[("n", &hold.to_string())]);
            (c.did_hold, words(&name), Some(words(why)), Tone::Watch)
        }
        Change::HoldLifted { hold, why, .. } => {
            let name = fill(c.hold_one, &[("n", &hold.to_string())]);
            (c.did_lifted, words(&name), Some(words(why)), Tone::Plain)
        }
        Change::Attached { item, .. } => {
            let name = fill(c.item, &[("n", &item.to_string())]);
            (c.did_attached, words(&name), None, Tone::Plain)
        }
        // These name no case.
        Change::Settings { .. }
        | Change::Skills { .. }
        | Change::Claimed { .. }
        | Change::Released { .. }
        | Change::Judged { .. }
        | Change::JudgedAll { .. } => (c.done, html! {}, None, Tone::Plain),
    }
}
