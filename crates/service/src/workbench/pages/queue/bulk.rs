//! How are several decided alike? Chosen, looked at as they would be decided, and then exactly those, or none.

use super::desk::{Entered, answers, onwards};
use crate::access::Permission;
use crate::casework::Kind;
use crate::core::Control;
use crate::http::endpoints::changed;
use crate::http::problem::Problem;
use crate::workbench::lang::fill;
use crate::workbench::pages::parts::{account, request};
use crate::workbench::ui::{self, Column, Table, states};
use crate::workbench::{Posted, View};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

/// A form with several values of one name.
type Pairs = Vec<(String, String)>;

struct Chosen {
    items: Vec<u64>,
    entered: Entered,
    preview: String,
}

fn chosen(pairs: Pairs) -> Chosen {
    let mut chosen = Chosen { items: Vec::new(), entered: Entered::default(), preview: String::new() };
    for (name, value) in pairs {
        match name.as_str() {
            "item" => chosen.items.extend(value.parse::<u64>().ok()),
            "decision" => chosen.entered.decision = value,
            "verdict" => chosen.entered.verdict = value,
            "reason" => chosen.entered.reason = value,
            "note" => chosen.entered.note = value,
            "preview" => chosen.preview = value,
            _ => {}
        }
    }
    chosen
}

/// Below the list: what the chosen ones are answered. The boxes of the rows belong to this form.
pub(super) fn form(view: &View) -> Markup {
    let t = view.t();
    html! {
        details.bulk {
            summary { (t.queue.bulk) }
            p.quiet { (t.queue.bulk_about) }
            form.decide #bulk method="post" action="/queue/preview" {
                (view.csrf())
                (answers(view, &Entered::default(), Kind::Review, false))
                div.buttons { button { (t.queue.preview) } }
            }
        }
    }
}

pub(super) async fn preview(view: View, Posted(pairs): Posted<Pairs>) -> Result<Response, Problem> {
    let (t, lang) = (view.t(), view.lang());
    let Chosen { items, entered, .. } = chosen(pairs);
    let said = Control::noted("items_previewed", items.len().to_string(), view.by.clone());
    changed(&view.shared, said).await?;
    let (judgement, senior) = (entered.judgement(), view.may(Permission::Supervise));
    let seen = view.shared.casework.preview(items, judgement, senior, &view.by).await?;
    let money: Vec<String> = seen.money.iter().map(|sum| ui::exact(lang, *sum)).collect();
    let decision = super::desk::decision_of(&entered.decision);
    let n = seen.items.len().to_string();
    let rows = seen.items.iter().map(|line| {
        vec![
            request(&view, &line.refund),
            account(&line.account),
            html! { @if let Some(amount) = line.amount { (ui::money(lang, amount)) } },
        ]
    });
    let table = Table {
        t,
        caption: t.queue.preview_title.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.queue.request),
            Column::text(t.request.account),
            Column::number(t.queue.amount),
        ],
        rows: rows.collect(),
        none: t.queue.preview_none.to_owned(),
        next: None,
        first: None,
    };
    let kept = [
        ("decision", &entered.decision),
        ("verdict", &entered.verdict),
        ("reason", &entered.reason),
        ("note", &entered.note),
        ("preview", &seen.hash),
    ];
    let content = html! {
        nav.crumbs aria-label=(t.queue.title) { a href="/queue" { (t.queue.title) } " › " (t.queue.bulk) }
        header.page { h1 { (t.queue.preview_title) } }
        section {
            @if let Some(decision) = decision {
                p { (fill(t.queue.preview_fits, &[("n", &n), ("decision", t.words.decision(decision))])) }
            }
            @if !money.is_empty() { p { (fill(t.queue.preview_money, &[("money", &money.join(", "))])) } }
            (table.draw())
            div.buttons {
                @if !seen.items.is_empty() {
                    form method="post" action="/queue/judge" {
                        (view.csrf())
                        @for line in &seen.items { input type="hidden" name="item" value=(line.item); }
                        @for (name, value) in kept { input type="hidden" name=(name) value=(value); }
                        button { (fill(t.queue.preview_do, &[("n", &n)])) }
                    }
                }
                a.button.quiet href="/queue" { (t.queue.preview_back) }
            }
        }
        @if !seen.refused.is_empty() {
            section aria-labelledby="refused" {
                h2 #refused { (t.queue.preview_refused) }
                ul { @for refused in &seen.refused {
                    li { a href=(format!("/queue/{}", refused.item)) { (fill(t.queue.item, &[("n", &refused.item.to_string())])) } ": " span lang="en" { (refused.why) } }
                } }
            }
        }
    };
    // The refused ones are part of what was seen: the hash covers only those that would be decided.
    Ok(view.page(t.queue.preview_title, &content))
}

pub(super) async fn judge(view: View, Posted(pairs): Posted<Pairs>) -> Result<Response, Problem> {
    let t = view.t();
    let Chosen { items, entered, preview } = chosen(pairs);
    let (n, senior) = (items.len(), view.may(Permission::Supervise));
    let judged = view.shared.casework.judge_all(items, entered.judgement(), preview, senior, &view.by).await;
    match judged {
        Ok(()) => Ok(Redirect::to(&format!("/queue?said=bulk&n={n}")).into_response()),
        Err(e) => {
            let problem = Problem::from(e);
            let content = html! {
                header.page { h1 { (t.queue.failed) } }
                section { (states::told(t, &problem)) (onwards(&view)) }
            };
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::CONFLICT);
            Ok((status, view.page(t.queue.failed, &content)).into_response())
        }
    }
}
