//! What is going on today? Money, decisions as they come, what changed, and what needs a look.

use crate::access::Permission;
use crate::core::Control;
use crate::digest::days::Sum;
use crate::digest::{Day, Digest, DigestError, Thing};
use crate::http::problem::Problem;
use crate::workbench::lang::{Lang, fill};
use crate::workbench::pages::{beside, queue};
use crate::workbench::story::request_href;
use crate::workbench::ui::{self, Cell, Column, Figure, Table, Tone, states};
use crate::workbench::{Group, Nav, Page, Route, View};
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use ringfence_domain::words::Word;
use ringfence_domain::{Currency, Decision, DecisionKind, Duration, Timestamp};
use ringfence_learn::metrics::psi;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// The page.
pub const PAGE: Page = Page {
    nav: Some(Nav { path: "/today", title: |t| t.today.title, group: Group::Work, key: 't' }),
    routes: &[Route {
        method: Method::GET,
        path: "/today",
        needs: Permission::ReadDecisions,
        handler: || get(show),
    }],
};

/// Days that are added up, and as many before them to compare.
const PERIOD: usize = 7;
/// Days that bars show.
const BARS: usize = 28;
/// Decisions that the page begins with.
const RECENT: usize = 12;
/// Changes that are shown.
const CHANGES: usize = 6;
/// Reasons shown in a row: the strongest.
const REASONS_MAX: usize = 2;
/// Scores of each period that a comparison needs.
const SCORES_MIN: u32 = 50;

struct Seen {
    days: Vec<(i64, Day)>,
    recent: Vec<Decision>,
    changes: Vec<(Timestamp, Control)>,
}

fn read(digest: &Digest) -> Result<Seen, DigestError> {
    let days = digest.days(BARS.max(2 * PERIOD));
    let recent = digest.about(Thing::Decisions, "", None, RECENT)?;
    let changes = digest.about(Thing::Alert, "", None, CHANGES)?;
    Ok(Seen {
        days,
        recent: recent.iter().filter_map(|found| serde_json::from_slice(&found.payload).ok()).collect(),
        changes: changes
            .iter()
            .filter_map(|found| Some((found.recorded, serde_json::from_slice(&found.payload).ok()?)))
            .collect(),
    })
}

async fn show(view: View) -> Result<Response, Problem> {
    let (t, lang) = (view.t(), view.lang());
    let Seen { days, recent, changes } = beside(&view, read).await?;
    let reporting = view.shared.worker.look(|core| core.rates().reporting()).await?;
    let queue = if view.may(Permission::ReadQueue) {
        let all = view.shared.casework.statistics(1).await?.all;
        let mut tiles = queue::waiting(&view, &all, reporting);
        if let Some(first) = tiles.first_mut() {
            first.href = Some("/queue".to_owned());
        }
        html! { h2.hidden { (t.queue.title) } div.queue { (ui::figures(&tiles)) } }
    } else {
        html! {}
    };
    let last = days.last().and_then(|(day, _)| Timestamp::from_millis(day * Duration::DAY.0));
    let content = html! {
        header.page { h1 { (t.today.title) } p.lead { (t.today.lead) } }
        (alerts(&view))
        (queue)
        @match last {
            None => section { (states::empty(t.today.nothing_yet)) },
            Some(last) => {
                (ui::figures(&money(lang, reporting, &days)))
                p.quiet.under { (fill(t.today.period, &[("n", &PERIOD.to_string()), ("day", &written(last))])) ". " (t.today.about_risk) }
                div.columns.wide {
                    section aria-labelledby="mix" { h2 #mix { (t.today.mix) } (mix(lang, &days)) }
                    section aria-labelledby="drift" { h2 #drift { (t.today.drift) } (drift(lang, &days)) }
                }
            }
        }
        (live(&view, &recent))
        section aria-labelledby="changes" { h2 #changes { (t.today.recent) } (changed(&view, &changes)) }
        @if last.is_some() { (by_day(lang, reporting, &days)) }
        p.quiet { (t.frame.utc) }
    };
    Ok(view.page_with(t.today.title, &content, &["today.js"]))
}

fn written(day: Timestamp) -> String {
    let (year, month, day) = day.civil();
    format!("{year}-{month:02}-{day:02}")
}

/// Days with what happened on them, oldest first.
type Days = [(i64, Day)];

/// A sum that a tile shows: what it is called, where it comes from, what it means.
type Tile<'a> = (&'a str, fn(&Day) -> Sum, Tone);

/// The newest days, and those before them.
fn periods(days: &Days) -> (&Days, &Days) {
    let split = days.len().saturating_sub(PERIOD);
    (&days[split..], &days[split.saturating_sub(PERIOD)..split])
}

fn money(lang: Lang, currency: Currency, days: &[(i64, Day)]) -> Vec<Figure> {
    let t = &lang.texts().today;
    let (now, before) = periods(days);
    let sum = |days: &[(i64, Day)], of: fn(&Day) -> Sum| {
        days.iter().map(|(_, day)| of(day)).fold(Sum::default(), Sum::and)
    };
    let of: [Tile<'_>; 6] = [
        (t.asked, |day| day.asked, Tone::Plain),
        (t.at_risk, |day| day.at_risk, Tone::Watch),
        (t.paid, |day| day.paid, Tone::Plain),
        (t.stopped, |day| day.stopped, Tone::Good),
        (t.back, |day| day.back, Tone::Good),
        (t.abuse, |day| day.abuse, Tone::Bad),
    ];
    let figure = |(label, of, tone): Tile<'_>| {
        let (total, earlier) = (sum(now, of), sum(before, of));
        let requests = fill(t.of_requests, &[("n", &ui::count(lang, total.count.unsigned_abs()))]);
        let compared = fill(t.before, &[("value", &ui::whole(lang, earlier.minor as f64, currency))]);
        let bars = &days[days.len().saturating_sub(BARS)..];
        Figure {
            label: label.to_owned(),
            value: ui::whole(lang, total.minor as f64, currency),
            beside: format!("{requests}; {compared}"),
            tone,
            href: None,
            days: bars.iter().map(|(_, day)| of(day).minor as f64).collect(),
        }
    };
    of.map(figure).into()
}

/// The colour of a decision's part: what pays is cool, what waits for somebody warm, what denies red.
fn colour(kind: DecisionKind) -> usize {
    match kind {
        DecisionKind::InstantRefund => 2,
        DecisionKind::RefundOnScan => 5,
        DecisionKind::RefundOnReceipt => 0,
        DecisionKind::RefundAfterInspection | DecisionKind::CarrierTrace => 6,
        DecisionKind::KeepItem | DecisionKind::PartialRefund => 7,
        DecisionKind::Replace | DecisionKind::StoreCredit | DecisionKind::StepUp => 3,
        DecisionKind::Review => 4,
        DecisionKind::Deny => 1,
    }
}

/// Which decisions were made: a bar, and the same in words.
fn mix(lang: Lang, days: &[(i64, Day)]) -> Markup {
    let t = lang.texts();
    let (now, _) = periods(days);
    let mut counts: Vec<(DecisionKind, u64)> = DecisionKind::ALL
        .iter()
        .map(|kind| (*kind, now.iter().map(|(_, day)| u64::from(day.decisions[kind.code() as usize])).sum()))
        .filter(|(_, count)| *count > 0)
        .collect();
    counts.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), kind.code()));
    let all: u64 = counts.iter().map(|(_, count)| count).sum();
    if all == 0 {
        return states::empty(t.today.mix_none);
    }
    let mut x = 0.0;
    let parts: Vec<(f64, f64, usize)> = counts
        .iter()
        .map(|(kind, count)| {
            let (from, width) = (x, *count as f64 / all as f64 * 1_000.0);
            x += width;
            (from, width, colour(*kind))
        })
        .collect();
    let people: u32 = now.iter().map(|(_, day)| day.by_people).sum();
    let appeals: u32 = now.iter().map(|(_, day)| day.appeals).sum();
    html! {
        svg.mix.rf viewBox="0 0 1000 40" preserveAspectRatio="none" aria-hidden="true" {
            @for (from, width, series) in &parts {
                rect class=(format!("f{series}")) x=(format!("{from:.1}")) y="0" width=(format!("{:.1}", (width - 2.0).max(1.0))) height="40" {}
            }
        }
        ul.legend {
            @for ((kind, count), (_, _, series)) in counts.iter().zip(&parts) {
                li {
                    svg.rf viewBox="0 0 10 10" aria-hidden="true" { rect class=(format!("f{series}")) width="10" height="10" rx="2" {} }
                    (t.words.decision(*kind)) " " strong { (ui::count(lang, *count)) } " "
                    span.quiet { (ui::score(lang, *count as f64 / all as f64)) }
                }
            }
        }
        p.quiet { (t.today.reviews) ": " (ui::count(lang, u64::from(people))) " · " (fill(t.today.appeals, &[("n", &ui::count(lang, u64::from(appeals)))])) }
    }
}

/// Whether the scores of the period look like those of the time before it.
fn drift(lang: Lang, days: &[(i64, Day)]) -> Markup {
    let t = &lang.texts().today;
    let (now, _) = periods(days);
    let before = &days[..days.len() - now.len()];
    let counts = |days: &[(i64, Day)]| {
        days.iter().fold([0_u32; 10], |mut sum, (_, day)| {
            sum.iter_mut().zip(day.scores).for_each(|(sum, count)| *sum += count);
            sum
        })
    };
    let (then, today) = (counts(before), counts(now));
    let (n_then, n_today) = (then.iter().sum::<u32>(), today.iter().sum::<u32>());
    if n_then < SCORES_MIN || n_today < SCORES_MIN {
        return states::empty(t.drift_none);
    }
    let share = |counts: [u32; 10], n: u32| counts.map(|count| f64::from(count) / f64::from(n));
    let (then, today) = (share(then, n_then), share(today, n_today));
    let moved = psi(&then, &today);
    let n = before.len().to_string();
    let (tone, words) = match moved {
        m if m > 0.25 => (Tone::Bad, t.drift_much),
        m if m > 0.1 => (Tone::Watch, t.drift_some),
        _ => (Tone::Good, t.drift_calm),
    };
    let most = then.iter().chain(&today).copied().fold(0.01, f64::max);
    let bar = |x: usize, share: f64, class: &str| {
        let height = share / most * 60.0;
        html! { rect class=(class) x=(x) y=(format!("{:.1}", 60.0 - height)) width="8" height=(format!("{height:.1}")) {} }
    };
    let shown = format!("{moved:.2}").replace('.', &lang.separators().0.to_string());
    html! {
        p { (ui::badge(tone, &shown)) " " (fill(words, &[("n", &n)])) }
        svg.scores.rf viewBox="0 0 200 62" preserveAspectRatio="none" aria-hidden="true" {
            @for at in 0..10 { (bar(at * 20, then[at], "f6")) (bar(at * 20 + 9, today[at], "f0")) }
        }
        p.quiet { (fill(t.drift_psi, &[("psi", &shown)])) }
    }
}

fn live(view: &View, recent: &[Decision]) -> Markup {
    let (t, lang, linked) = (view.t(), view.lang(), view.may(Permission::ReadEvidence));
    html! {
        section.live data-live="/live/decisions" aria-labelledby="live" {
            div.heading {
                h2 #live { (t.today.live) }
                span.badge.plain role="status" data-on=(t.today.live_on) data-off=(t.today.live_off) { (t.frame.loading) }
                button.quiet type="button" data-pause=(t.today.live_pause) data-resume=(t.today.live_resume) { (t.today.live_pause) }
            }
            (Table {
                t,
                caption: t.today.live.to_owned(),
                id: Some("live-rows"),
                columns: columns(lang),
                rows: recent.iter().map(|decision| cells(lang, decision, linked)).collect(),
                none: t.today.live_none.to_owned(),
                next: None,
                first: None,
            }.draw())
        }
    }
}

/// What needs attention now.
fn alerts(view: &View) -> Markup {
    let (t, counts) = (view.t(), view.shared.worker.counts());
    let text = |of: &std::sync::Mutex<String>| of.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (failure, beside) = (text(&counts.failure), text(&counts.beside));
    let failed = counts.failed.load(Ordering::Acquire);
    let behind = view.shared.digest.behind();
    html! {
        @if failed { p.alert.bad role="alert" { (fill(t.today.alert_failed, &[("what", &failure)])) } }
        @if !beside.is_empty() { p.alert.watch { (fill(t.today.alert_beside, &[("what", &beside)])) } }
        @if behind > 0 { p.alert.watch { (fill(t.today.behind, &[("n", &ui::count(view.lang(), behind))])) } }
    }
}

fn changed(view: &View, changes: &[(Timestamp, Control)]) -> Markup {
    let t = view.t();
    if changes.is_empty() {
        return states::empty(t.today.recent_none);
    }
    html! {
        ul.plain {
            @for (at, control) in changes {
                @let by = control.by().filter(|by| by.id != "service").map(|by| view.named(by));
                li {
                    (ui::time(*at)) " " strong { (t.did.say(control.word())) } " "
                    @if let Some(by) = by { span.quiet { (fill(t.today.by_whom, &[("who", &by)])) } }
                }
            }
        }
    }
}

fn by_day(lang: Lang, currency: Currency, days: &[(i64, Day)]) -> Markup {
    let t = lang.texts();
    let newest = days.iter().rev().take(2 * PERIOD);
    let rows = newest.filter_map(|(day, totals)| {
        let at = Timestamp::from_millis(day * Duration::DAY.0)?;
        let cell =
            |sum: Sum| html! { (ui::whole(lang, sum.minor as f64, currency)) " " span.quiet { (sum.count) } };
        let Day { asked, at_risk, paid, stopped, back, abuse, .. } = totals;
        let mut cells = vec![ui::day(at)];
        cells.extend([asked, at_risk, paid, stopped, back, abuse].map(|sum| cell(*sum)));
        Some(cells)
    });
    let t = &t.today;
    let mut columns = vec![Column::text(t.day)];
    columns.extend([t.asked, t.at_risk, t.paid, t.stopped, t.back, t.abuse].map(Column::number));
    let table = Table {
        t: lang.texts(),
        caption: t.money_table.to_owned(),
        id: None,
        columns,
        rows: rows.collect(),
        none: String::new(),
        next: None,
        first: None,
    };
    html! { details.panel { summary { (t.money_table) } (table.draw()) } }
}

/// The columns of a list of decisions.
fn columns(lang: Lang) -> Vec<Column> {
    let t = &lang.texts().today;
    vec![
        Column::text(t.column_refund),
        Column::text(t.column_decision),
        Column::text(t.column_score),
        Column::number(t.column_loss),
        Column::text(t.column_reasons),
        Column::text(t.column_time),
    ]
}

/// A link only for who may open it.
fn cells(lang: Lang, decision: &Decision, linked: bool) -> Vec<Cell> {
    let refund = decision.refund.as_str();
    let reasons: Vec<&str> =
        decision.reasons.iter().take(REASONS_MAX).map(|reason| reason.text.as_str()).collect();
    vec![
        html! { @if linked { a href=(request_href(refund)) { (ui::id(refund)) } } @else { (ui::id(refund)) } },
        ui::decision(lang, decision.decision),
        ui::probability(lang, decision.score),
        ui::money(lang, decision.expected_loss),
        html! { @if !reasons.is_empty() { span lang="en" { @for (at, text) in reasons.iter().enumerate() { @if at > 0 { br; } (text) } } } },
        ui::time(decision.decided_at),
    ]
}

/// A decision as a row of the list.
pub fn decision_row(lang: Lang, decision: &Decision, linked: bool) -> Markup {
    ui::row_of(&columns(lang), &cells(lang, decision, linked))
}
