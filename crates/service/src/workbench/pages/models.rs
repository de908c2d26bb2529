//! What does the score look at, what made it, and is today still like then? Catalogue, models with their cards, drift.

use super::rules;
use crate::access::Permission;
use crate::core::versions::{NO_MODEL, Part};
use crate::http::input::{Asked, Named};
use crate::http::problem::Problem;
use crate::survey::{DRIFT_MIN, DRIFT_OF};
use crate::workbench::lang::{Texts, fill};
use crate::workbench::ui::{self, Column, Table, Tone};
use crate::workbench::{Group, Nav, Page, Route, View};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use ringfence_decide::reasons;
use ringfence_features::Catalogue;
use ringfence_features::catalogue::{Feature, FeatureSource};
use ringfence_learn::card_page::card_page;
use ringfence_learn::model::Model;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The page.
pub const PAGE: Page = Page {
    nav: Some(Nav { path: "/models", title: |t| t.models.title, group: Group::Deciding, key: 'm' }),
    routes: &[
        Route {
            method: Method::GET,
            path: "/models",
            needs: Permission::ReadVersions,
            handler: || get(models),
        },
        Route {
            method: Method::GET,
            path: "/features",
            needs: Permission::ReadVersions,
            handler: || get(features),
        },
        Route {
            method: Method::GET,
            path: "/drift",
            needs: Permission::ReadVersions,
            handler: || get(drift),
        },
        Route {
            method: Method::GET,
            path: "/models/{version}",
            needs: Permission::ReadVersions,
            handler: || get(one),
        },
        Route {
            method: Method::GET,
            path: "/models/{version}/card",
            needs: Permission::ReadVersions,
            handler: || get(card),
        },
    ],
};

/// What a model card may do: show itself, in a page of ours, with nothing of the service's.
const CARD_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox";
/// Longest search.
const SEARCH_CHARS_MAX: usize = 100;
/// Models shown.
const MODELS_SHOWN: usize = 100;
/// Columns shown of a drift: those that moved most.
const DRIFT_SHOWN: usize = 60;

#[derive(Debug, Deserialize)]
struct ModelPath {
    version: String,
}

#[derive(Debug, Default, Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

fn tabs(t: &Texts, here: &str) -> Markup {
    let tab = |path: &str, title| (path.to_owned(), title, path == here);
    ui::tabs(
        t.models.title,
        &[
            tab("/models", t.models.tab_models),
            tab("/features", t.models.tab_features),
            tab("/drift", t.models.tab_drift),
        ],
    )
}

fn heading(t: &Texts, here: &str) -> Markup {
    html! {
        header.page { h1 { (t.models.title) } p.lead { (t.models.lead) } }
        (tabs(t, here))
    }
}

/// The catalogue that decides.
async fn catalogue(view: &View) -> Result<(Catalogue, Option<Model>), Problem> {
    let live = view.shared.worker.look(|core| core.versions().clone()).await?;
    let library = view.shared.worker.history().library.clone();
    let version = live.get(Part::Features.as_str()).cloned().unwrap_or_default();
    let text = String::from_utf8(library.get(Part::Features, &version)?);
    let broken = |what: String| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "versions", "A version cannot be read").detail(what)
    };
    let catalogue = Catalogue::parse(&text.map_err(|e| broken(e.to_string()))?);
    let catalogue = catalogue.map_err(|e| broken(e.to_string()))?;
    let model = match live.get(Part::Model.as_str()).map(String::as_str) {
        None | Some(NO_MODEL) => None,
        Some(version) => Some(model(view, version)?),
    };
    Ok((catalogue, model))
}

fn model(view: &View, version: &str) -> Result<Model, Problem> {
    let bytes = view.shared.worker.history().library.get(Part::Model, version)?;
    Model::from_json(&bytes).map_err(|e| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "versions", "A model cannot be read")
            .detail(e.to_string())
    })
}

async fn features(view: View, Asked(Search { q }): Asked<Search>) -> Result<Response, Problem> {
    let (t, lang) = (view.t(), view.lang());
    let (catalogue, model) = catalogue(&view).await?;
    let used: BTreeSet<&str> =
        model.iter().flat_map(|m| m.inputs.iter().map(|input| input.column.as_str())).collect();
    let q: String = q.trim().chars().take(SEARCH_CHARS_MAX).collect();
    let wanted: Vec<String> = q.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let has = |feature: &&Feature| {
        let text = format!("{} {} {}", feature.name.text, feature.about, feature.reason.text).to_lowercase();
        wanted.iter().all(|word| text.contains(word))
    };
    let found: Vec<&Feature> = catalogue.features.iter().filter(has).collect();
    let (n, all) = (ui::count(lang, found.len() as u64), ui::count(lang, catalogue.features.len() as u64));
    let content = html! {
        (heading(t, "/features"))
        section {
            form.filters method="get" action="/features" role="search" aria-label=(t.models.search) {
                div { label for="q" { (t.models.search) } input #q type="search" name="q" value=(q) maxlength=(SEARCH_CHARS_MAX); }
                button.quiet { (t.models.search_go) }
                span.quiet role="status" { (fill(t.models.found, &[("n", &n), ("all", &all)])) }
            }
            @if found.is_empty() { (ui::states::empty(t.models.found_none)) }
            ul.features { @for feature in found { (of_feature(t, feature, model.is_some(), used.contains(feature.name.text.as_str()))) } }
        }
    };
    Ok(view.page(t.models.tab_features, &content))
}

fn of_feature(t: &Texts, feature: &Feature, modelled: bool, used: bool) -> Markup {
    let reason = reasons::all().iter().find(|r| r.code.as_ref() == feature.reason.text);
    html! {
        li id=(feature.name.text) data-row {
            details {
                summary { code { (feature.name.text) } " – " span lang="en" { (feature.about) } }
                dl.facts {
                    @match &feature.source {
                        FeatureSource::Window(w) => {
                            div { dt { (t.models.aggregate) } dd { code { (w.aggregate.as_str()) } @if let Some(value) = &w.value { " " code { (value.text) } } } }
                            div { dt { (t.models.key) } dd { code { (w.key.text) } } }
                            div { dt { (t.models.on) } dd { @for on in &w.on { code { (on.as_str()) } " " } } }
                            @if let Some(window) = w.window { div { dt { (t.models.window) } dd { (window.to_string()) } } }
                            @if let Some(filter) = &w.filter { div { dt { (t.models.filter) } dd { code { (filter.text) } } } }
                        }
                        FeatureSource::Expr(text) => { div { dt { (t.models.formula) } dd { code { (text.text) } } } }
                    }
                    div { dt { (t.models.reason) } dd { code { (feature.reason.text) } @if reason.is_none() { " ?" } } }
                    @if modelled { div { dt { (t.models.tab_models) } dd { @if used { (t.models.used) } @else { (t.models.unused) } } } }
                }
            }
        }
    }
}

async fn models(view: View) -> Result<Response, Problem> {
    let (t, lang) = (view.t(), view.lang());
    let live = view.shared.worker.look(|core| core.versions().clone()).await?;
    let part = Part::Model.as_str();
    let champion = live.get(part).map_or(NO_MODEL, String::as_str);
    let beside = view.shared.shadow.report().map(|(run, _)| run.versions);
    let challenger = beside.as_ref().and_then(|v| v.get(part)).filter(|v| v.as_str() != champion);
    let kept = view.shared.worker.history().library.list(Part::Model)?;
    let rows = kept.iter().take(MODELS_SHOWN).map(|(version, bytes)| {
        vec![
            html! { a href=(format!("/models/{version}")) { (rules::short(version)) } },
            html! {
                @if version == champion { (ui::badge(Tone::Good, t.rules.is_live)) }
                @if Some(version) == challenger { (ui::badge(Tone::Watch, t.models.challenger)) }
            },
            html! { (ui::count(lang, *bytes)) },
        ]
    });
    let table = Table {
        t,
        caption: t.models.kept.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.rules.version),
            Column::text(t.rules.state),
            Column::number(t.rules.bytes),
        ],
        rows: rows.collect(),
        none: t.models.none.to_owned(),
        next: None,
        first: None,
    };
    let content = html! {
        (heading(t, "/models"))
        div.columns {
            section aria-labelledby="champion" {
                h2 #champion { (t.models.champion) }
                @if champion == NO_MODEL { p.quiet { (t.rules.no_model) } } @else { (facts(&view, champion)?) }
            }
            section aria-labelledby="challenger" {
                h2 #challenger { (t.models.challenger) }
                @match challenger {
                    Some(version) if version != NO_MODEL => { (facts(&view, version)?) (rules::shadow(&view)) }
                    _ => { p.quiet { (t.models.challenger_none) } }
                }
            }
        }
        section { h2 #kept { (t.models.kept) } (table.draw()) }
    };
    Ok(view.page(t.models.title, &content))
}

fn facts(view: &View, version: &str) -> Result<Markup, Problem> {
    let (t, lang) = (view.t(), view.lang());
    let model = model(view, version)?;
    let p = &model.provenance;
    Ok(html! {
        dl.facts {
            div { dt { (t.rules.version) } dd { a href=(format!("/models/{version}")) { (rules::short(version)) } } }
            div { dt { (t.models.trees) } dd { (ui::count(lang, model.trees.len() as u64)) } }
            div { dt { (t.models.inputs) } dd { (ui::count(lang, model.inputs.len() as u64)) } }
            div { dt { (t.models.trainer) } dd { (p.trainer) } }
            @if let (Some(from), Some(to)) = (p.from, p.to) {
                div { dt { (t.models.learned) } dd { (ui::day(from)) " – " (ui::day(to)) } }
            }
            @if let Some(until) = p.labels_until { div { dt { (t.models.labels) } dd { (ui::day(until)) } } }
            div { dt { (t.models.catalogue) } dd { (rules::version_link(t, Part::Features, &model.catalogue)) } }
        }
    })
}

async fn one(view: View, Named(ModelPath { version }): Named<ModelPath>) -> Result<Response, Problem> {
    let t = view.t();
    let facts = facts(&view, &version)?;
    let has_card = view.shared.worker.history().library.card(&version)?.is_some();
    let live = view.shared.worker.look(|core| core.versions().clone()).await?;
    let is_live = live.get(Part::Model.as_str()) == Some(&version);
    let short = version.get(..12).unwrap_or(&version).to_owned();
    let title = fill(t.models.model, &[("version", &short)]);
    let href = format!("/models/{version}/card");
    let content = html! {
        header.page {
            h1 { (title) }
            @if is_live { div.line { (ui::badge(Tone::Good, t.rules.is_live)) } }
        }
        section { (facts) }
        section aria-labelledby="card" {
            div.heading { h2 #card { (t.models.card) } @if has_card { a.end href=(href) { (t.models.card_alone) } } }
            @if has_card {
                iframe.card src=(href) title=(fill(t.models.card_title, &[("version", &short)])) sandbox loading="lazy" {}
            } @else { (ui::states::empty(t.models.card_none)) }
        }
        @if !is_live { (rules::trials(&view, Part::Model, &version, false)) }
    };
    let mut page = view.page_with(&title, &content, &["rules.js"]);
    // Only this page shows another one, and only one of ours.
    let policy = format!("{}; frame-src 'self'", crate::workbench::view::POLICY);
    if let Ok(policy) = policy.parse() {
        page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(page)
}

async fn card(view: View, Named(ModelPath { version }): Named<ModelPath>) -> Result<Response, Problem> {
    let library = view.shared.worker.history().library.clone();
    let found = tokio::task::spawn_blocking(move || library.card(&version)).await;
    let found = found.map_err(|e| Problem::closed().detail(e.to_string()))??;
    let missing = || Problem::new(StatusCode::NOT_FOUND, "not-found", "This model has no card here");
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, CARD_POLICY),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
    ];
    Ok((headers, card_page(&found.ok_or_else(missing)?)).into_response())
}

async fn drift(view: View) -> Result<Response, Problem> {
    let (t, lang) = (view.t(), view.lang());
    let (state, survey) = super::parts::surveyed(&view).await?;
    let days = (DRIFT_OF.as_days().round() as u64).to_string();
    let content = html! {
        (heading(t, "/drift"))
        section {
            p.quiet { (fill(t.models.drift_lead, &[("days", &days)])) }
            (state)
            @if let Some(survey) = survey {
                @match &survey.drift {
                    None if survey.recent > 0 && survey.recent < DRIFT_MIN => { (ui::states::empty(t.models.drift_few)) }
                    None => { (ui::states::empty(t.models.drift_none)) }
                    Some(moved) => {
                        p { (fill(t.models.drift_requests, &[
                            ("n", &ui::count(lang, survey.recent as u64)),
                            ("when", survey.as_of.map(|at| at.to_string()).unwrap_or_default().get(..10).unwrap_or_default()),
                        ])) }
                        (of_drift(&view, moved))
                    }
                }
            }
        }
    };
    Ok(view.page_with(t.models.tab_drift, &content, &["rules.js"]))
}

fn of_drift(view: &View, moved: &[ringfence_learn::drift::Drift]) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let number = |x: f64| format!("{x:.3}").replace('.', &lang.separators().0.to_string());
    let rows = moved.iter().take(DRIFT_SHOWN).map(|d| {
        let (tone, word) = match d.psi {
            psi if psi > 0.25 => (Tone::Bad, t.models.drift_large),
            psi if psi > 0.1 => (Tone::Watch, t.models.drift_shift),
            _ => (Tone::Good, t.models.drift_small),
        };
        vec![
            html! { a href=(format!("/features?q={}", d.column)) { code { (d.column) } } },
            html! { (number(d.psi)) },
            ui::badge(tone, word),
            html! { (ui::score(lang, d.missing_then)) " → " (ui::score(lang, d.missing_now)) },
        ]
    });
    Table {
        t,
        caption: t.models.tab_drift.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.models.column),
            Column::number(t.models.psi),
            Column::text(t.rules.state),
            Column::number(t.models.missing),
        ],
        rows: rows.collect(),
        none: t.frame.none.to_owned(),
        next: None,
        first: None,
    }
    .draw()
}
