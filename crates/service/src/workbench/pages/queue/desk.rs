//! How does a person decide? An item is taken, answered, and the next one comes; what goes wrong is told with what to do.

use super::clock::{clock, holder, hour, work};
use crate::access::Permission;
use crate::casework::queue::Worker;
use crate::casework::view::{ItemView, Progress};
use crate::casework::{Judgement, Kind};
use crate::http::problem::Problem;
use crate::workbench::View;
use crate::workbench::lang::fill;
use crate::workbench::pages::parts::{case as case_link, colleague};
use crate::workbench::ui::{self, states};
use maud::{Markup, html};
use ringfence_domain::words::{AppealOutcome, Verdict, Word};
use ringfence_domain::{DecisionKind, Timestamp};
use serde::Deserialize;

/// What somebody entered.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::workbench::pages) struct Entered {
    #[serde(default)]
    pub(super) decision: String,
    #[serde(default)]
    pub(super) verdict: String,
    #[serde(default)]
    pub(super) outcome: String,
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    pub(super) note: String,
    #[serde(default)]
    pub(super) then: String,
}

impl Entered {
    /// Whether anything was.
    pub(super) fn some(&self) -> bool {
        [&self.decision, &self.verdict, &self.outcome, &self.reason, &self.note]
            .iter()
            .any(|text| !text.is_empty())
    }
    /// As the desk takes it; what is no word of the contract is left out, and the desk says what is missing.
    pub(super) fn judgement(&self) -> Judgement {
        Judgement {
            decision: decision_of(&self.decision),
            verdict: self.verdict.parse::<Verdict>().ok(),
            method: None,
            outcome: self.outcome.parse::<AppealOutcome>().ok(),
            reason_codes: Some(self.reason.clone()).filter(|code| !code.is_empty()).into_iter().collect(),
            note: self.note.trim().replace("\r\n", "\n"),
        }
    }
}

/// The decision of a word.
pub(in crate::workbench::pages) fn decision_of(word: &str) -> Option<DecisionKind> {
    DecisionKind::ALL.iter().copied().find(|kind| kind.as_str() == word)
}

/// As whom somebody sees the queue: who works it does not see what another must do.
pub(in crate::workbench::pages) fn worker(view: &View) -> Option<Worker> {
    view.may(Permission::WorkQueue).then(|| Worker::new(&view.by, view.may(Permission::Supervise)))
}

/// Whether what the machine thinks of a request is not shown yet, because somebody is to judge it without.
pub(in crate::workbench::pages) fn blind(view: &View, items: &[ItemView]) -> bool {
    let open = |item: &ItemView| matches!(item.progress, Progress::Waiting | Progress::Claimed);
    view.may(Permission::WorkQueue) && items.iter().any(|item| open(item) && item.kind != Kind::Appeal)
}

/// The answers that people can give, with the keys that choose them.
const PAYS: [(DecisionKind, &str); 8] = [
    (DecisionKind::InstantRefund, "1"),
    (DecisionKind::RefundOnScan, "2"),
    (DecisionKind::RefundOnReceipt, "3"),
    (DecisionKind::RefundAfterInspection, "4"),
    (DecisionKind::PartialRefund, "5"),
    (DecisionKind::StoreCredit, "6"),
    (DecisionKind::Replace, "7"),
    (DecisionKind::KeepItem, "8"),
];
const ASKS: [(DecisionKind, &str); 2] = [(DecisionKind::StepUp, "9"), (DecisionKind::CarrierTrace, "0")];
const DENIES: [(DecisionKind, &str); 1] = [(DecisionKind::Deny, "d")];

/// The fields of an answer: what the customer is answered, what it was, why.
pub(super) fn answers(view: &View, entered: &Entered, kind: Kind, keys: bool) -> Markup {
    let t = view.t();
    let appeal = kind == Kind::Appeal;
    let one = |(decision, key): &(DecisionKind, &'static str)| {
        html! {
            label.inline {
                input type="radio" name="decision" value=(decision.as_str()) data-key=[keys.then_some(*key)]
                    checked[entered.decision == decision.as_str()] required[!appeal];
                span { (t.words.decision(*decision)) } @if keys { kbd aria-hidden="true" { (key) } }
            }
        }
    };
    let group = |title: &str, of: &[(DecisionKind, &'static str)]| {
        html! { fieldset.answer { legend { (title) } @for choice in of { (one(choice)) } } }
    };
    let verdict = |word: &'static str, text: &str| {
        html! { label.inline { input type="radio" name="verdict" value=(word) checked[entered.verdict == word]; (text) } }
    };
    html! {
        @if appeal {
            fieldset.choice {
                legend { (t.queue.outcome) }
                label.inline { input type="radio" name="outcome" value="upheld" data-key=[keys.then_some("u")] checked[entered.outcome == "upheld"] required; (t.queue.upheld) @if keys { kbd aria-hidden="true" { "u" } } }
                label.inline { input type="radio" name="outcome" value="overturned" data-key=[keys.then_some("o")] checked[entered.outcome == "overturned"] required; (t.queue.overturned) @if keys { kbd aria-hidden="true" { "o" } } }
            }
            p.rule { (t.queue.outcome_rule) }
        }
        div.answers role="group" aria-label=(t.queue.answer) {
            p.legend aria-hidden="true" { (t.queue.answer) }
            div.groups {
                (group(t.queue.group_pay, &PAYS))
                (group(t.queue.group_ask, &ASKS))
                @if !appeal { (group(t.queue.group_deny, &DENIES)) }
            }
        }
        fieldset.choice {
            legend { (t.queue.verdict) }
            (verdict("", t.queue.verdict_none))
            @for of in [Verdict::Abuse, Verdict::PolicyAbuse, Verdict::Legitimate] { (verdict(of.as_str(), t.story.verdict(of))) }
        }
        div.two {
            div {
                label for="reason" { (t.queue.reason) }
                select #reason name="reason" lang="en" {
                    option value="" lang=(t.lang()) { (t.queue.reason_none) }
                    @for code in ringfence_decide::reasons::all() {
                        option value=(code.code) selected[entered.reason == code.code] { (code.code.replace('_', " ")) }
                    }
                }
            }
            div {
                label for="note" { (t.queue.note) }
                textarea #note name="note" maxlength="2000" rows="2" aria-describedby="note-rule" { (entered.note) }
                p.rule #note-rule { (t.queue.note_rule) }
            }
        }
    }
}

/// What can be done with an item now.
pub(in crate::workbench::pages) fn panel(
    view: &View,
    item: &ItemView,
    entered: &Entered,
    said: &Markup,
) -> Markup {
    let (t, now) = (view.t(), (view.shared.clock)());
    let works = view.may(Permission::WorkQueue);
    let mine = item.by.is_some() && item.by == view.who.user;
    let until = item.until.map(|at| hour(at, now)).unwrap_or_default();
    let who = item.by.as_deref().map(|by| colleague(view, by)).unwrap_or_default();
    html! {
        section.desk aria-labelledby="desk" {
            div.heading {
                h2 #desk { (t.queue.desk) }
                (ui::badge(ui::Tone::Plain, work(t, item.kind)))
                span { (clock(view, item, now)) }
                @if let Some(case) = item.case { span.end { (case_link(view, case)) } }
            }
            (said)
            @match item.progress {
                Progress::Waiting if works => {
                    p { (t.queue.desk_waiting) " " @if item.kind != Kind::Appeal { (t.queue.blind) } }
                    form method="post" action=(format!("/queue/{}/claim", item.id)) {
                        (view.csrf()) (kept(entered)) button data-key="c" { (t.queue.claim_it) " " kbd aria-hidden="true" { "c" } }
                    }
                }
                Progress::Waiting => { p.quiet { (t.queue.desk_read) } }
                Progress::Claimed if mine && works => {
                    p.quiet { (fill(t.queue.desk_mine, &[("when", &until)])) " " (t.queue.desk_no_undo) }
                    form.decide #decide method="post" action=(format!("/queue/{}/judge", item.id)) {
                        (view.csrf())
                        (answers(view, entered, item.kind, true))
                        div.buttons {
                            button name="then" value="next" { (t.queue.decide_next) }
                            button.quiet name="then" value="stay" { (t.queue.decide) }
                        }
                    }
                    form method="post" action=(format!("/queue/{}/release", item.id)) {
                        (view.csrf()) button.quiet data-key="r" { (t.queue.release) " " kbd aria-hidden="true" { "r" } }
                    }
                }
                Progress::Claimed => {
                    p { (fill(t.queue.desk_other, &[("who", &who), ("when", &until)])) " " @if works { (t.queue.desk_other_then) } }
                    (onwards(view))
                }
                Progress::Done => { (judged(view, item, &who, now)) }
                Progress::Settled => {
                    p { (fill(t.queue.desk_settled, &[("when", &item.done.map(|at| hour(at, now)).unwrap_or_default())])) }
                }
            }
        }
    }
}

/// What was entered goes along while the item is taken again.
fn kept(entered: &Entered) -> Markup {
    let Entered { decision, verdict, outcome, reason, note, then: _ } = entered;
    let fields = [
        ("decision", decision),
        ("verdict", verdict),
        ("outcome", outcome),
        ("reason", reason),
        ("note", note),
    ];
    html! {
        @for (name, value) in fields { @if !value.is_empty() { input type="hidden" name=(name) value=(value); } }
    }
}

/// On the page of a request: what there is to do, and the way there.
pub(in crate::workbench::pages) fn leads_to(view: &View, item: &ItemView) -> Markup {
    let t = view.t();
    let mine = item.by.is_some() && item.by == view.who.user;
    let free = item.progress == Progress::Waiting || (item.progress == Progress::Claimed && mine);
    if free && view.may(Permission::WorkQueue) {
        return panel(view, item, &Entered::default(), &html! {});
    }
    html! {
        section.desk {
            p {
                a href=(format!("/queue/{}", item.id)) { (fill(t.queue.item, &[("n", &item.id.to_string())])) } " "
                (ui::badge(ui::Tone::Plain, work(t, item.kind))) " "
                (holder(view, item, (view.shared.clock)())) " " (verdict_of(view, item))
            }
        }
    }
}

fn judged(view: &View, item: &ItemView, who: &str, now: Timestamp) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let when = item.done.map(|at| hour(at, now)).unwrap_or_default();
    html! {
        p { (fill(t.queue.desk_done, &[("who", who), ("when", &when)])) " " (verdict_of(view, item)) }
        @if let Some(Judgement { reason_codes, note, .. }) = &item.judgement {
            @if !reason_codes.is_empty() { p.quiet lang="en" { (reason_codes.join(", ").replace('_', " ")) } }
            @if !note.is_empty() { p.said { (note) } }
            @if view.may(Permission::WorkCases) { p.quiet lang=(lang.code()) { (t.queue.desk_no_undo) } }
        }
    }
}

/// How an item was judged, where that may be told.
pub(in crate::workbench::pages) fn verdict_of(view: &View, item: &ItemView) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    html! {
        @match &item.judgement {
            Some(Judgement { decision, outcome, verdict, .. }) => {
                @if let Some(outcome) = outcome { (t.story.outcome(*outcome)) " " }
                @if let Some(decision) = decision { (ui::decision(lang, *decision)) " " }
                @if let Some(verdict) = verdict { span.quiet { (t.story.verdict(*verdict)) } }
            }
            None if item.progress == Progress::Done => span.quiet { (t.queue.hidden) },
            None => {}
        }
    }
}

/// The ways on from an item that is not for this person.
pub(super) fn onwards(view: &View) -> Markup {
    let t = view.t();
    html! {
        div.buttons {
            @if view.may(Permission::WorkQueue) {
                form method="post" action="/queue/next" { (view.csrf()) button data-key="n" { (t.queue.take_next) " " kbd aria-hidden="true" { "n" } } }
            }
            a.button.quiet href="/queue" { (t.queue.to_queue) }
        }
    }
}

/// Why nothing was decided, in plain words, and what to do next; `item` is how it stands now.
pub(super) fn excuse(view: &View, item: Option<&ItemView>, problem: &Problem) -> Markup {
    let (t, now) = (view.t(), (view.shared.clock)());
    let who = item.and_then(|item| item.by.as_deref()).map(|by| colleague(view, by)).unwrap_or_default();
    let until = item.and_then(|item| item.until).map(|at| hour(at, now)).unwrap_or_default();
    let mine = item.is_some_and(|item| item.by.is_some() && item.by == view.who.user);
    let words = match (item.map(|item| item.progress), problem.kind.rsplit(':').next()) {
        (_, Some("other-person")) => t.queue.other_person.to_owned(),
        (Some(Progress::Waiting), Some("conflict")) => t.queue.ended.to_owned(),
        (Some(Progress::Claimed), Some("conflict")) if !mine => {
            fill(t.queue.taken, &[("who", &who), ("when", &until)])
        }
        (Some(Progress::Done | Progress::Settled), _) => {
            fill(t.queue.gone, &[("who", if who.is_empty() { t.queue.elsewhere } else { &who })])
        }
        (_, Some("invalid")) => t.queue.incomplete.to_owned(),
        (_, _) => return states::told(t, problem),
    };
    let exact = problem.kind.ends_with(":invalid") || problem.kind.ends_with(":other-person");
    html! {
        div.problem role="alert" {
            p { strong { (t.queue.failed) ". " } (words) }
            @if exact { p.quiet lang="en" { (problem.detail) "." } }
        }
    }
}
