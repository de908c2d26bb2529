//! How long is it still, and who has it? What rows and desks show of an item's time and hands.

use crate::casework::Kind;
use crate::casework::view::{ItemView, Progress};
use crate::workbench::lang::{Texts, fill};
use crate::workbench::pages::parts::colleague;
use crate::workbench::ui::{self, Tone};
use crate::workbench::{Lang, View};
use maud::{Markup, html};
use ringfence_domain::Timestamp;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// With less time left than this, a deadline needs a look.
const SOON: i64 = 4 * HOUR;

/// A length of time, in the two units that matter.
pub(super) fn age(lang: Lang, ms: i64) -> String {
    let t = &lang.texts().queue;
    let unit = |text: &str, n: i64| fill(text, &[("n", &ui::count(lang, n.unsigned_abs()))]);
    let (days, hours, minutes) = (ms / DAY, ms % DAY / HOUR, ms % HOUR / MINUTE);
    match (days, hours) {
        (0, 0) => unit(t.minutes, minutes),
        (0, _) if minutes == 0 => unit(t.hours, hours),
        (0, _) => format!("{} {}", unit(t.hours, hours), unit(t.minutes, minutes)),
        (1..=6, 1..) => format!("{} {}", unit(t.days, days), unit(t.hours, hours)),
        (_, _) => unit(t.days, days),
    }
}

/// When the customer must have heard, and how long that is.
pub(super) fn clock(view: &View, item: &ItemView, now: Timestamp) -> Markup {
    let (t, lang) = (&view.t().queue, view.lang());
    if matches!(item.progress, Progress::Done | Progress::Settled) {
        return html! { @if let Some(at) = item.done { (ui::time(at)) } };
    }
    let left = item.due.since(now).0;
    let told = |text: &str, ms: i64| fill(text, &[("age", &age(lang, ms))]);
    let (tone, words) = match left {
        left if left < 0 => (Tone::Bad, told(t.over_since, -left)),
        left if left < SOON => (Tone::Watch, told(t.left, left)),
        left => (Tone::Plain, told(t.left, left)),
    };
    html! {
        (ui::badge(tone, &words)) " " span.when { (ui::time(item.due)) }
        @if left >= 0 && item.target < now { " " span.quiet { (t.late) } }
    }
}

/// What is to be done, in words.
pub(in crate::workbench::pages) fn work(t: &Texts, kind: Kind) -> &'static str {
    match kind {
        Kind::Review => t.queue.kind_review,
        Kind::StepUp => t.queue.kind_step_up,
        Kind::CarrierTrace => t.queue.kind_carrier_trace,
        Kind::Appeal => t.queue.kind_appeal,
    }
}

/// A time of the day, or of another day with the day.
pub(in crate::workbench::pages) fn hour(at: Timestamp, now: Timestamp) -> String {
    let (text, today) = (at.to_string(), now.to_string());
    let same = text.get(..10) == today.get(..10);
    let shown = if same { text.get(11..16) } else { text.get(..16) };
    shown.unwrap_or(&text).replace('T', " ")
}

/// Who has an item, or did it.
pub(super) fn holder(view: &View, item: &ItemView, now: Timestamp) -> Markup {
    let t = &view.t().queue;
    let who = item.by.as_deref().map(|by| colleague(view, by));
    html! {
        @match (item.progress, who) {
            (Progress::Claimed, Some(who)) => {
                (who) @if let Some(until) = item.until { " " span.quiet { (fill(t.until, &[("when", &hour(until, now))])) } }
            }
            (_, Some(who)) => (who),
            (Progress::Waiting | Progress::Claimed, None) => span.quiet { (t.nobody) },
            (Progress::Done | Progress::Settled, None) => span.quiet { (t.elsewhere) },
        }
    }
}
