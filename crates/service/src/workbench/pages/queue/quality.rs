//! Do people decide alike, and what do random controls show? For those who answer for the queue.

use super::desk::verdict_of;
use crate::casework::queue::Plan;
use crate::core::Control;
use crate::http::endpoints::changed;
use crate::http::problem::Problem;
use crate::workbench::lang::fill;
use crate::workbench::pages::parts::colleague;
use crate::workbench::ui::{self, Column, Figure, Table, Tone, states};
use crate::workbench::{Lang, View};
use axum::response::Response;
use maud::{Markup, html};

/// Days that are looked at.
const DAYS: u32 = 90;

/// A number with two places.
pub(super) fn decimal(lang: Lang, x: f64) -> String {
    format!("{x:.2}").replace('.', &lang.separators().0.to_string()).replace('-', "−")
}

pub(super) async fn show(view: View) -> Result<Response, Problem> {
    let (t, lang) = (view.t(), view.lang());
    changed(&view.shared, Control::noted("queue_quality_read", "queue", view.by.clone())).await?;
    let quality = view.shared.casework.quality(DAYS).await?;
    let plans = view.shared.casework.plans().await?;
    let agreement = &quality.agreement;
    let tile = |label: &str, value: String, beside: String| Figure {
        label: label.to_owned(),
        value,
        beside,
        tone: Tone::Plain,
        href: None,
        days: Vec::new(),
    };
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), |share| ui::score(lang, share));
    let interval = agreement.interval.map(|[low, high]| {
        fill(t.queue.interval, &[("low", &decimal(lang, low)), ("high", &decimal(lang, high))])
    });
    let pairs = fill(t.queue.kappa_pairs, &[("n", &ui::count(lang, agreement.pairs))]);
    let tiles = [
        tile(
            t.queue.kappa,
            agreement.kappa.map_or_else(|| "–".to_owned(), |kappa| decimal(lang, kappa)),
            interval.unwrap_or_default(),
        ),
        tile(t.queue.agree, share(agreement.agree), pairs),
        tile(t.queue.by_chance, share(agreement.by_chance), String::new()),
    ];
    let (n, abuse) = (ui::count(lang, quality.controls), ui::count(lang, quality.controls_abuse));
    let content = html! {
        nav.crumbs aria-label=(t.queue.title) { a href="/queue" { (t.queue.title) } " › " (t.queue.tab_quality) }
        header.page { h1 { (t.queue.tab_quality) } p.lead { (t.queue.quality_lead) } }
        (ui::figures(&tiles))
        p.quiet.under { (t.queue.kappa_about) }
        section aria-labelledby="differ" {
            h2 #differ { (t.queue.differ) }
            (differ(&view, &quality.differ))
        }
        section aria-labelledby="controls" {
            h2 #controls { (t.queue.controls) }
            p { (fill(t.queue.controls_about, &[("n", &n), ("abuse", &abuse)])) }
        }
        section aria-labelledby="plans" {
            h2 #plans { (t.queue.plans) }
            (planned(&view, &plans))
        }
    };
    Ok(view.page(t.queue.tab_quality, &content))
}

fn differ(view: &View, differ: &[crate::casework::queue::Disagreement]) -> Markup {
    let t = view.t();
    let who = |by: &Option<String>| by.as_deref().map(|by| colleague(view, by)).unwrap_or_default();
    let rows = differ.iter().map(|of| {
        vec![
            html! { a href=(format!("/queue/{}", of.first.id)) { (ui::id(&of.first.refund)) } },
            html! { (verdict_of(view, &of.first)) " " span.quiet { (who(&of.first.by)) } },
            html! { (verdict_of(view, &of.second)) " " span.quiet { (who(&of.second.by)) } },
        ]
    });
    Table {
        t,
        caption: t.queue.differ.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.queue.request),
            Column::text(t.queue.first),
            Column::text(t.queue.second),
        ],
        rows: rows.collect(),
        none: t.queue.differ_none.to_owned(),
        next: None,
        first: None,
    }
    .draw()
}

fn planned(view: &View, plans: &[Plan]) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    if plans.is_empty() {
        return states::empty(t.queue.plans_none);
    }
    let count = |n: usize| html! { (ui::count(lang, n as u64)) };
    let rows = plans.iter().map(|plan| {
        vec![
            html! { (plan.skill) },
            html! { (ui::count(lang, plan.minutes_a_day.round() as u64)) },
            count(plan.fits),
            count(plan.urgent),
            count(plan.beyond),
        ]
    });
    Table {
        t,
        caption: t.queue.plans.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.queue.skill),
            Column::number(t.queue.minutes_a_day),
            Column::number(t.queue.fits),
            Column::number(t.queue.urgent),
            Column::number(t.queue.late_ones),
        ],
        rows: rows.collect(),
        none: String::new(),
        next: None,
        first: None,
    }
    .draw()
}
