//! What is known of a request, what was decided, and what would each decision cost?

use crate::access::Permission;
use crate::core::{Control, Part};
use crate::digest::{Refund, Thing, touch};
use crate::http::endpoints::changed;
use crate::http::input::Named;
use crate::http::problem::Problem;
use crate::workbench::lang::{Lang, fill};
use crate::workbench::pages::parts::cases_of;
use crate::workbench::pages::queue::desk;
use crate::workbench::pages::{beside, parcels};
use crate::workbench::story::{self, Happened, Story, Told, account_href, anchor, request_href};
use crate::workbench::ui::{self, Column, Table, Tone, states};
use crate::workbench::{Page, Route, View};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use ringfence_casework::case::About;
use ringfence_decide::{Costs, Policy, Situation};
use ringfence_domain::words::Word;
use ringfence_domain::{Body, Decision, DecisionKind};
use ringfence_engine::goods_with_customer;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The page.
pub const PAGE: Page = Page {
    nav: None,
    routes: &[Route {
        method: Method::GET,
        path: "/requests/{refund}",
        needs: Permission::ReadEvidence,
        handler: || get(show),
    }],
};

/// Similar requests that are shown.
const SIMILAR_MAX: usize = 8;
/// Events of a reason that are linked.
const EVENTS_MAX: usize = 6;

/// Names a refund.
#[derive(Debug, Deserialize)]
struct RefundPath {
    refund: String,
}

/// A request like this one.
struct Similar {
    decision: Decision,
    account: Option<String>,
    known: Refund,
}

async fn show(view: View, Named(RefundPath { refund }): Named<RefundPath>) -> Result<Response, Problem> {
    // First recorded, then read.
    changed(&view.shared, Control::noted("request_read", refund.clone(), view.by.clone())).await?;
    let items = if view.may(Permission::ReadQueue) {
        match desk::worker(&view) {
            Some(worker) => view.shared.casework.work_on(worker, &refund).await?,
            None => view.shared.casework.items_of_refund(&refund).await?,
        }
    } else {
        Vec::new()
    };
    let work = html! { @for item in &items { (desk::leads_to(&view, item)) } };
    let cases = cases_of(&view, About::Request, &refund, &refund).await?;
    let told = about(&view, &refund, desk::blind(&view, &items), &html! { (work) (cases) }).await?;
    let Some(content) = told else {
        let title = "There is no request for this refund";
        return Err(Problem::new(StatusCode::NOT_FOUND, "no-request", title).detail(refund));
    };
    let recorded = html! { p.quiet { (view.t().request.read_recorded) " " (view.t().frame.utc) } };
    let title = fill(view.t().request.title, &[("refund", &refund)]);
    Ok(view.page(&title, &html! { (content) (recorded) }))
}

/// What is known of a request, with `desk` below its heading; `None` where the log has no such request. Where it is
/// `blind` nothing is told of what the machine and other people thought of it.
pub(super) async fn about(
    view: &View,
    refund: &str,
    blind: bool,
    desk: &Markup,
) -> Result<Option<Markup>, Problem> {
    let decoder = view.shared.worker.history().decoder();
    let (of, known, similar) = {
        let refund = refund.to_owned();
        beside(view, move |digest| {
            let Some(of) = story::of_refund(digest, &decoder, &refund)? else {
                return Ok((None, None, Vec::new()));
            };
            let alike = of.decisions.first().filter(|_| !blind).map(touch::reasons).unwrap_or_default();
            let mut similar = Vec::new();
            if !alike.is_empty() {
                for found in digest.about(Thing::Reasons, &alike, None, SIMILAR_MAX + 4)? {
                    let Some(Happened { told: Told::Decision(decision), .. }) =
                        Happened::of(&found, &decoder)
                    else {
                        continue;
                    };
                    if decision.refund.as_str() == refund || similar.len() >= SIMILAR_MAX {
                        continue;
                    }
                    let known = digest.refund(decision.refund.as_str())?.unwrap_or_default();
                    // The request stands before its decision.
                    let asked = digest.records(&[found.position.saturating_sub(1)])?;
                    let asked = asked.first().and_then(|found| decoder.decode(&found.payload).ok());
                    let account = asked.and_then(|event| match event.body {
                        Body::RefundRequested(e) => Some(e.account.as_str().to_owned()),
                        _ => None,
                    });
                    similar.push(Similar { decision: *decision, account, known });
                }
            }
            Ok((Some(of), digest.refund(&refund)?, similar))
        })
        .await?
    };
    let Some(mut of) = of else { return Ok(None) };
    if blind {
        of.happened.retain(|happened| !answers(happened, refund));
        of.behind.clear();
    }
    let costs = if blind {
        html! {}
    } else {
        costs(view, &of, &known.clone().unwrap_or_default()).await?
    };
    let (t, lang) = (view.t(), view.lang());
    let decision = of.decisions.first();
    Ok(Some(html! {
        (heading(view, &of, known.as_ref(), blind))
        (desk)
        (parcels::panel(lang, &of.happened, of.request.order.as_str()))
        div.columns {
            div {
                @if let Some(decision) = decision.filter(|_| !blind) { (reasons(lang, &of, decision)) }
                (costs)
                @if !blind { (alike(view, &similar)) }
                @if let Some(decision) = decision.filter(|_| !blind) { (versions(view, decision)) }
            }
            section aria-labelledby="story" {
                h2 #story { (t.request.story) }
                @if of.cut { p.quiet { (t.request.story_cut) } }
                (timeline(lang, &of))
            }
        }
    }))
}

/// Whether something that happened tells how this request was answered.
pub(super) fn answers(happened: &Happened, refund: &str) -> bool {
    match &happened.told {
        Told::Decision(decision) => decision.refund.as_str() == refund,
        Told::Event(event) => match &event.body {
            Body::RefundDecided(e) => e.refund.as_str() == refund,
            Body::RefundPaid(e) => e.refund.as_str() == refund,
            Body::VerdictRecorded(e) => e.subject.id.as_str() == refund,
            _ => false,
        },
    }
}

fn heading(view: &View, of: &Story, known: Option<&Refund>, blind: bool) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let request = &of.request;
    let places = [
        ("amount", &*ui::exact(lang, request.amount)),
        ("order", request.order.as_str()),
        ("reason", t.words.claim(request.reason)),
    ];
    let stands =
        known.and_then(|known| known.stands).and_then(|code| DecisionKind::ALL.get(usize::from(code)));
    let decision = of.decisions.first().filter(|_| !blind);
    html! {
        header.page {
            h1 { (fill(t.request.title, &[("refund", request.refund.as_str())])) }
            p.lead { (fill(t.request.asked, &places)) }
        }
        section.facts-panel {
            dl.facts {
                @if let Some(decision) = decision {
                    div { dt { (t.request.decision) } dd { (ui::decision(lang, decision.decision)) } }
                    @if let Some(stands) = stands.filter(|stands| **stands != decision.decision) {
                        div { dt { (t.request.stands) } dd { (ui::decision(lang, *stands)) } }
                    }
                    div { dt title=(t.request.probability_about) { (t.request.probability) } dd { (ui::probability(lang, decision.score)) } }
                    div { dt { (t.request.expected_loss) } dd { (ui::money(lang, decision.expected_loss)) } }
                    div { dt { (t.request.respond_by) } dd { (ui::time(decision.respond_by)) } }
                }
                div { dt { (t.request.account) } dd { a href=(account_href(request.account.as_str())) { (ui::id(request.account.as_str())) } } }
                div { dt { (t.request.channel) } dd { (t.story.channel(request.channel)) } }
                div { dt { (t.request.asked_at) } dd { (ui::time(of.at)) } }
                @if let Some(cluster) = decision.and_then(|decision| decision.cluster.as_ref()) {
                    div { dt { (t.request.cluster) } dd { (ui::id(cluster)) } }
                }
                @if let Some(decision) = decision {
                    div { dt { (t.request.rules) } dd {
                        @if decision.rules.is_empty() { (t.request.rules_none) }
                        @for rule in &decision.rules { (ui::badge(Tone::Plain, rule)) " " }
                    } }
                }
            }
        }
    }
}

fn reasons(lang: Lang, of: &Story, decision: &Decision) -> Markup {
    let t = lang.texts();
    let most = decision.reasons.iter().map(|reason| reason.weight.abs()).fold(0.01, f64::max);
    html! {
        section aria-labelledby="reasons" {
            h2 #reasons { (t.request.reasons) }
            @if decision.reasons.is_empty() { (states::empty(t.request.reasons_none)) }
            @else { p.quiet { (t.request.reasons_about) } }
            ul.reasons {
                @for reason in &decision.reasons {
                    @let against = reason.weight >= 0.0;
                    li.(if against { "bad" } else { "good" }) {
                        div.weight {
                            svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
                                rect.track width="100" height="8" rx="4" {}
                                rect.fill width=((reason.weight.abs() / most * 100.0).round()) height="8" rx="4" {}
                            }
                            span.points { (points(lang, reason.weight)) " " span.quiet { (if against { t.request.against } else { t.request.in_favour }) } }
                        }
                        div {
                            p lang="en" { (reason.text) }
                            @let shown: Vec<_> = reason.events.iter().filter_map(|id| of.behind.get(id)).take(EVENTS_MAX).collect();
                            @if !shown.is_empty() {
                                p.quiet { (t.request.events_behind) ": "
                                    @for (at, position) in shown.iter().enumerate() { @if at > 0 { ", " } (event_link(lang, of, **position)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A link to an event in the timeline of the page, by what it is and when it was.
fn event_link(lang: Lang, of: &Story, position: u64) -> Markup {
    let found = of.happened.iter().find(|happened| happened.position == position);
    html! {
        @if let Some(happened) = found {
            @let moment = story::moment(lang, happened);
            a href=(format!("#{}", anchor(position))) { (moment.kind.to_lowercase()) " " (ui::day(moment.at)) }
        }
    }
}

fn points(lang: Lang, weight: f64) -> String {
    let text = format!("{:+.1}", weight * 100.0).replace('-', "−");
    text.replace('.', &lang.separators().0.to_string())
}

fn timeline(lang: Lang, of: &Story) -> Markup {
    let behind: BTreeSet<u64> = of.behind.values().copied().collect();
    let moments: Vec<_> = of
        .happened
        .iter()
        .map(|happened| {
            let mut moment = story::moment(lang, happened);
            if behind.contains(&happened.position) && moment.tone == Tone::Plain {
                moment.tone = Tone::Watch;
            }
            moment
        })
        .collect();
    ui::timeline(&moments)
}

/// What each decision would cost, by the policy that decides now.
async fn costs(view: &View, of: &Story, known: &Refund) -> Result<Markup, Problem> {
    let (t, lang) = (view.t(), view.lang());
    let Some(score) = of.decisions.first().map(|decision| decision.score).filter(|score| score.is_finite())
    else {
        return Ok(html! {});
    };
    let seen = view.shared.worker.look(|core| (core.versions().clone(), core.rates().reporting()));
    let (versions, reporting) = seen.await?;
    let version = versions.get(Part::Policy.as_str()).cloned().unwrap_or_default();
    let bytes = view.shared.worker.history().library.get(Part::Policy, &version)?;
    let failed = |what: String| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "policy", "The policy cannot be read").detail(what)
    };
    let text = String::from_utf8(bytes).map_err(|e| failed(e.to_string()))?;
    let policy = Policy::parse(&text).map_err(|e| failed(e.to_string()))?;
    let received = of
        .happened
        .iter()
        .any(|happened| matches!(happened.body(), Some(Body::ReturnReceived(_))) && happened.at <= of.at);
    let situation = Situation {
        amount_minor: known.minor,
        reason: of.request.reason,
        goods_returnable: goods_with_customer(of.request.reason) && !received,
        reviews_last_24h: 0,
    };
    let table = policy.cost_table(&situation);
    let mut offered: Vec<(DecisionKind, Costs)> =
        DecisionKind::ALL.iter().zip(table).filter_map(|(kind, costs)| Some((*kind, costs?))).collect();
    offered.sort_by(|(_, a), (_, b)| a.expected(score).total_cmp(&b.expected(score)));
    let rows = offered.iter().enumerate().map(|(at, (kind, costs))| {
        let money = |minor: f64| html! { span.money { (ui::whole(lang, minor, reporting)) } };
        vec![
            html! { (ui::decision(lang, *kind)) @if at == 0 { " " span.quiet { (t.request.costs_least) } } },
            money(costs.expected(score)),
            money(costs.honest),
            money(costs.abuse),
        ]
    });
    let table = Table {
        t,
        caption: t.request.costs.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.request.costs_choice),
            Column::number(t.request.costs_expected),
            Column::number(t.request.costs_honest),
            Column::number(t.request.costs_abuse),
        ],
        rows: rows.collect(),
        none: t.frame.none.to_owned(),
        next: None,
        first: None,
    };
    Ok(html! {
        section aria-labelledby="costs" {
            h2 #costs { (t.request.costs) }
            p.quiet { (t.request.costs_about) }
            (table.draw())
        }
    })
}

fn alike(view: &View, similar: &[Similar]) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let rows = similar.iter().map(|Similar { decision, account, known }| {
        let refund = decision.refund.as_str();
        let stands = known.stands.and_then(|code| DecisionKind::ALL.get(usize::from(code)).copied());
        vec![
            html! { a href=(request_href(refund)) { (ui::id(refund)) } },
            html! { @if let Some(account) = account { a href=(account_href(account)) { (ui::id(account)) } } },
            ui::decision(lang, stands.unwrap_or(decision.decision)),
            html! { (ui::score(lang, decision.score)) @if known.abuse { " " (ui::badge(Tone::Bad, t.story.abuse)) } },
            ui::day(decision.decided_at),
        ]
    });
    let table = Table {
        t,
        caption: t.request.similar.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.search.refund),
            Column::text(t.request.account),
            Column::text(t.request.decision),
            Column::text(t.request.probability),
            Column::text(t.today.column_time),
        ],
        rows: rows.collect(),
        none: t.request.similar_none.to_owned(),
        next: None,
        first: None,
    };
    html! {
        section aria-labelledby="similar" {
            h2 #similar { (t.request.similar) }
            @if !similar.is_empty() { p.quiet { (t.request.similar_about) } }
            (table.draw())
        }
    }
}

fn versions(view: &View, decision: &Decision) -> Markup {
    let t = view.t();
    html! {
        section aria-labelledby="versions" {
            h2 #versions { (t.request.versions) }
            p.quiet { (t.request.versions_about) }
            dl.facts {
                @for (part, version) in &decision.versions { div { dt { (part) } dd { (ui::id(version)) } } }
                div { dt { (t.frame.position) } dd { (ui::count(view.lang(), decision.position)) } }
            }
        }
    }
}
