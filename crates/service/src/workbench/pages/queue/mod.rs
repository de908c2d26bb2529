//! What waits for people, who has it, how long is it still? The queue in its order, one by one or several alike.

mod bulk;
mod clock;
pub(super) mod desk;
mod item;
mod quality;

pub(super) use clock::{hour, work};

use self::clock::{age, clock, holder};
use crate::access::Permission;
use crate::casework::queue::{Page as Rows, after};
use crate::casework::view::{ItemView, Progress};
use crate::casework::{CaseworkError, ItemFilter, Items, Kind};
use crate::core::Control;
use crate::http::endpoints::changed;
use crate::http::input::Asked;
use crate::http::problem::Problem;
use crate::workbench::lang::fill;
use crate::workbench::pages::parts::{case, part_of_path};
use crate::workbench::ui::{self, Column, Figure, Table, Tone};
use crate::workbench::{Group, Nav, Page, Route, View};
use axum::http::Method;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use ringfence_casework::stats::{Figures, Statistics};
use ringfence_domain::{Currency, Timestamp};
use serde::Deserialize;

/// The page.
pub const PAGE: Page = Page {
    nav: Some(Nav { path: "/queue", title: |t| t.queue.title, group: Group::Work, key: 'q' }),
    routes: &[
        Route { method: Method::GET, path: "/queue", needs: Permission::ReadQueue, handler: || get(list) },
        Route {
            method: Method::GET,
            path: "/queue/quality",
            needs: Permission::ReadQuality,
            handler: || get(quality::show),
        },
        Route {
            method: Method::POST,
            path: "/queue/next",
            needs: Permission::WorkQueue,
            handler: || post(item::next),
        },
        Route {
            method: Method::POST,
            path: "/queue/preview",
            needs: Permission::WorkQueue,
            handler: || post(bulk::preview),
        },
        Route {
            method: Method::POST,
            path: "/queue/judge",
            needs: Permission::WorkQueue,
            handler: || post(bulk::judge),
        },
        Route {
            method: Method::GET,
            path: "/queue/{id}",
            needs: Permission::ReadQueue,
            handler: || get(item::show),
        },
        Route {
            method: Method::POST,
            path: "/queue/{id}/claim",
            needs: Permission::WorkQueue,
            handler: || post(item::claim),
        },
        Route {
            method: Method::POST,
            path: "/queue/{id}/release",
            needs: Permission::WorkQueue,
            handler: || post(item::release),
        },
        Route {
            method: Method::POST,
            path: "/queue/{id}/judge",
            needs: Permission::WorkQueue,
            handler: || post(item::judge),
        },
    ],
};

/// Rows of a page.
const ROWS: usize = 50;
/// Days that figures look back.
const DAYS: u32 = 28;

#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    items: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    skill: String,
    after: Option<String>,
    #[serde(default)]
    done: String,
    #[serde(default)]
    decision: String,
    #[serde(default)]
    said: String,
    #[serde(default)]
    n: u64,
}

impl Wanted {
    /// The address of this list, of other items where `items` says so.
    fn href(&self, items: &str) -> String {
        let (kind, skill) = (part_of_path(&self.kind), part_of_path(&self.skill));
        format!("/queue?items={}&kind={kind}&skill={skill}", part_of_path(items))
    }
}

async fn list(view: View, Asked(wanted): Asked<Wanted>) -> Result<Response, Problem> {
    let t = view.t();
    let casework = &view.shared.casework;
    changed(&view.shared, Control::noted("queue_read", "queue", view.by.clone())).await?;
    let works = view.may(Permission::WorkQueue);
    let mine = if works { casework.mine(&view.by).await? } else { Vec::new() };
    let here = match wanted.items.as_str() {
        here @ ("open" | "done") => here,
        "mine" if works => "mine",
        _ => "free",
    };
    let items = match here {
        "open" => Items::Open,
        "done" => Items::Done,
        _ => Items::Free,
    };
    let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == wanted.kind);
    let skill = Some(wanted.skill.clone()).filter(|skill| !skill.is_empty());
    let rows = if here == "mine" {
        Rows { rows: mine.clone(), next: None }
    } else {
        let from = after(wanted.after.as_deref()).map_err(CaseworkError::from)?;
        casework.items_for(desk::worker(&view), ItemFilter { items, skill, kind }, from, ROWS).await?
    };
    let statistics = casework.statistics(DAYS).await?;
    let figures = figures(&view, &statistics.all).await?;
    let tab = |word: &str, title: &'static str| (wanted.href(word), title, word == here);
    let mut tabs = vec![tab("free", t.queue.tab_free), tab("open", t.queue.tab_open)];
    if works {
        tabs.push(tab("mine", t.queue.tab_mine));
    }
    tabs.push(tab("done", t.queue.tab_done));
    if view.may(Permission::ReadQuality) {
        tabs.push(("/queue/quality".to_owned(), t.queue.tab_quality, false));
    }
    let content = html! {
        header.page { h1 { (t.queue.title) } p.lead { (t.queue.lead) } }
        (told(&view, &wanted))
        (ui::figures(&figures))
        @if works { (hand(&view, &mine)) }
        (ui::tabs(t.queue.title, &tabs))
        section aria-label=(t.queue.title) {
            @if here != "mine" { (filters(&view, &wanted, here, &statistics)) }
            (table(&view, &wanted, here, &rows).draw())
            @if works && matches!(here, "free" | "mine") && !rows.rows.is_empty() { (bulk::form(&view)) }
        }
        p.quiet { (t.queue.recorded) " " (t.frame.utc) }
    };
    Ok(view.page(t.queue.title, &content))
}

/// What was done before this page came.
fn told(view: &View, wanted: &Wanted) -> Markup {
    let t = view.t();
    let words = match wanted.said.as_str() {
        "nothing" => t.queue.nothing_next.to_owned(),
        "released" => t.queue.released.to_owned(),
        "bulk" => fill(t.queue.bulk_done, &[("n", &ui::count(view.lang(), wanted.n))]),
        "last" => return item::said(view, &wanted.done, &wanted.decision, false),
        _ if !wanted.done.is_empty() => {
            let decision = desk::decision_of(&wanted.decision);
            let decision = decision.map_or(t.queue.upheld, |kind| t.words.decision(kind));
            fill(t.queue.done_said, &[("refund", &wanted.done), ("decision", decision)])
        }
        _ => return html! {},
    };
    html! { p.done role="status" { (words) } }
}

/// What this person has, and the way to the next.
fn hand(view: &View, mine: &[ItemView]) -> Markup {
    let t = view.t();
    html! {
        div.hand {
            form method="post" action="/queue/next" {
                (view.csrf()) button data-key="n" { (t.queue.take_next) " " kbd aria-hidden="true" { "n" } }
            }
            @if !mine.is_empty() {
                p {
                    (fill(t.queue.yours_now, &[("n", &mine.len().to_string())])) " "
                    @for item in mine { a href=(format!("/queue/{}", item.id)) { (ui::id(&item.refund)) } " " }
                }
            }
        }
    }
}

fn tile(label: &str, value: String, beside: String, tone: Tone) -> Figure {
    Figure { label: label.to_owned(), value, beside, tone, href: None, days: Vec::new() }
}

/// What waits, what is late, and the money in it: on the page of today too.
pub(super) fn waiting(view: &View, all: &Figures, reporting: Currency) -> Vec<Figure> {
    let (t, lang) = (&view.t().queue, view.lang());
    let minutes = ui::count(lang, all.minutes.round() as u64);
    let oldest = all.oldest_minutes.map(|minutes| age(lang, minutes * 60_000)).unwrap_or_default();
    vec![
        tile(
            t.open,
            ui::count(lang, all.waiting + all.claimed),
            fill(t.in_hand, &[("n", &ui::count(lang, all.claimed))]),
            Tone::Plain,
        ),
        tile(
            t.overdue,
            ui::count(lang, all.overdue),
            if oldest.is_empty() { String::new() } else { fill(t.oldest, &[("age", &oldest)]) },
            if all.overdue > 0 { Tone::Bad } else { Tone::Good },
        ),
        tile(
            t.saves,
            ui::whole(lang, all.saves, reporting),
            fill(t.saves_about, &[("minutes", &minutes)]),
            Tone::Watch,
        ),
    ]
}

async fn figures(view: &View, all: &Figures) -> Result<Vec<Figure>, Problem> {
    let (t, lang) = (&view.t().queue, view.lang());
    let reporting = view.shared.worker.look(|core| core.rates().reporting()).await?;
    let mut figures = waiting(view, all, reporting);
    figures.push(tile(
        &fill(t.done, &[("n", &DAYS.to_string())]),
        ui::count(lang, all.done),
        all.in_time.map(|share| fill(t.in_time, &[("share", &ui::score(lang, share))])).unwrap_or_default(),
        Tone::Plain,
    ));
    if view.may(Permission::ReadQuality) {
        let agreement = view.shared.casework.quality(DAYS).await?.agreement;
        let value = agreement.kappa.map_or_else(|| "–".to_owned(), |kappa| quality::decimal(lang, kappa));
        let pairs = match agreement.pairs {
            0 => t.no_pairs.to_owned(),
            n => fill(t.kappa_pairs, &[("n", &ui::count(lang, n))]),
        };
        let mut kappa = tile(t.kappa, value, pairs, Tone::Plain);
        kappa.href = Some("/queue/quality".to_owned());
        figures.push(kappa);
    }
    Ok(figures)
}

fn filters(view: &View, wanted: &Wanted, here: &str, statistics: &Statistics) -> Markup {
    let t = view.t();
    html! {
        form.filters action="/queue" {
            input type="hidden" name="items" value=(here);
            div {
                label for="kind" { (t.queue.kind) }
                select #kind name="kind" {
                    option value="" { (t.queue.any_kind) }
                    @for kind in Kind::ALL { option value=(kind.as_str()) selected[wanted.kind == kind.as_str()] { (work(t, kind)) } }
                }
            }
            @if statistics.skills.len() > 1 || !wanted.skill.is_empty() {
                div {
                    label for="skill" { (t.queue.skill) }
                    select #skill name="skill" {
                        option value="" { (t.queue.any_skill) }
                        @for skill in statistics.skills.keys() { option value=(skill) selected[wanted.skill == *skill] { (skill) } }
                    }
                }
            }
            button.quiet { (t.queue.filter) }
        }
    }
}

fn table<'t>(view: &'t View, wanted: &Wanted, here: &str, page: &Rows<ItemView>) -> Table<'t> {
    let (t, now) = (view.t(), (view.shared.clock)());
    let chooses = view.may(Permission::WorkQueue) && matches!(here, "free" | "mine");
    let mut columns = vec![
        Column::text(t.queue.request),
        Column::text(t.queue.work),
        Column::number(t.queue.amount),
        Column::text(t.queue.claim),
        Column::text(if here == "done" { t.queue.decided } else { t.queue.answer_by }),
        Column::text(t.queue.skill),
        Column::text(t.queue.holder),
    ];
    if page.rows.iter().any(|item| item.case.is_some()) {
        columns.push(Column::text(t.queue.case));
    }
    let none = match here {
        "mine" => t.queue.none_mine,
        "done" => t.queue.none_done,
        _ => t.queue.none_free,
    };
    Table {
        t,
        caption: t.queue.title.to_owned(),
        id: None,
        columns,
        rows: page.rows.iter().map(|item| row(view, item, chooses, now)).collect(),
        none: none.to_owned(),
        next: page.next.as_ref().map(|next| format!("{}&after={}", wanted.href(here), part_of_path(next))),
        first: wanted.after.as_ref().map(|_| wanted.href(here)),
    }
}

fn row(view: &View, item: &ItemView, chooses: bool, now: Timestamp) -> Vec<Markup> {
    let (t, lang) = (view.t(), view.lang());
    let ended = matches!(item.progress, Progress::Done | Progress::Settled);
    vec![
        html! {
            span.first {
                @if chooses && item.kind != Kind::Appeal {
                    input type="checkbox" form="bulk" name="item" value=(item.id) aria-label=(fill(t.queue.choose, &[("refund", &item.refund)])); " "
                }
                a href=(format!("/queue/{}", item.id)) { (ui::id(&item.refund)) }
            }
        },
        html! { (work(t, item.kind)) },
        html! { @if let Some(amount) = item.amount { (ui::money(lang, amount)) } },
        html! { @if let Some(reason) = item.reason { (t.words.claim(reason)) } },
        html! { span { @if ended { (desk::verdict_of(view, item)) " " } (clock(view, item, now)) } },
        html! { (item.skill) },
        html! { span { (holder(view, item, now)) } },
        html! { @if let Some(number) = item.case { (case(view, number)) } },
    ]
}
