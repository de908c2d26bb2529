//! What did a trial tell? A back-test's comparison and a shadow run's, in the same words.

use crate::access::Permission;
use crate::backtest::{Report, Stage};
use crate::core::versions::Part;
use crate::shadow;
use crate::workbench::lang::{Texts, fill};
use crate::workbench::ui::{self, Column, Figure, Table, Tone};
use crate::workbench::{Lang, View};
use maud::{Markup, html};
use ringfence_decide::backtest::{Comparison, Example, Side};
use ringfence_domain::truth::Truth;
use ringfence_domain::{Currency, DecisionKind, Money};

/// Examples that are shown.
const EXAMPLES_SHOWN: usize = 20;

/// Whether a back-test is under way.
pub(super) fn runs(view: &View) -> bool {
    view.shared.backtests.report().is_some_and(|report| report.stage == Stage::Running)
}

/// The back-test of this version, if the last one was.
pub(super) fn of_version(view: &View, part: Part, version: &str) -> Option<Report> {
    let report = view.shared.backtests.report()?;
    (report.asked.candidate.get(part.as_str()).map(String::as_str) == Some(version)).then_some(report)
}

/// The back-test of a version.
pub(super) fn backtest(view: &View, part: Part, version: &str) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let Some(report) = of_version(view, part, version) else {
        let other = if runs(view) { t.rules.backtest_busy } else { t.rules.backtest_none };
        return html! { p.quiet { (other) } };
    };
    match (&report.stage, &report.comparison) {
        (Stage::Running, _) => {
            let count = |n| ui::count(lang, n);
            let (done, all, requests) = (count(report.position), count(report.until), count(report.requests));
            let places = [("done", done.as_str()), ("all", &all), ("requests", &requests)];
            html! {
                div data-waits="/v1/backtest" data-while="running" {
                    progress max=(report.until.max(1)) value=(report.position) aria-label=(t.rules.backtest) {}
                    p role="status" { (fill(t.rules.backtest_running, &places)) }
                    @if view.may(Permission::Propose) {
                        form method="post" action="/rules/backtest/end" {
                            (view.csrf()) input type="hidden" name="back" value=(view.path); button.quiet { (t.rules.backtest_end) }
                        }
                    }
                }
            }
        }
        (Stage::Done, Some(comparison)) => compared(view, comparison),
        (Stage::Failed(what), _) => {
            html! { p.alert.bad { (fill(t.rules.backtest_failed, &[("what", what)])) } }
        }
        (Stage::Ended | Stage::Done, _) => html! { p.alert.watch { (t.rules.backtest_ended) } },
    }
}

fn amount(lang: Lang, minor: i64, currency: Currency) -> String {
    ui::exact(lang, Money { amount: minor, currency })
}

fn compared(view: &View, c: &Comparison) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let saves = c.b_saves_minor >= 0;
    let tile = |label: &str, value: String, beside: String, tone| Figure {
        label: label.to_owned(),
        value,
        beside,
        tone,
        href: None,
        days: Vec::new(),
    };
    let labelled = fill(t.rules.labelled, &[("n", &ui::count(lang, c.labelled))]);
    let tiles = [
        tile(t.rules.requests, ui::count(lang, c.requests), labelled, Tone::Plain),
        tile(
            t.rules.differ,
            ui::count(lang, c.differ),
            amount(lang, c.differ_amount_minor, c.currency),
            Tone::Plain,
        ),
        tile(
            if saves { t.rules.saves } else { t.rules.costs },
            amount(lang, c.b_saves_minor.abs(), c.currency),
            String::new(),
            if saves { Tone::Good } else { Tone::Bad },
        ),
        tile(
            t.rules.reviews,
            ui::count(lang, c.b.load.reviews),
            format!("{}: {}", t.rules.now, ui::count(lang, c.a.load.reviews)),
            Tone::Plain,
        ),
    ];
    html! {
        (ui::figures(&tiles))
        (sides(t, lang, c))
        @if c.differ > 0 {
            (matrix(t, c.order.as_slice(), &c.matrix))
            (dearest(view, &c.examples, c.currency))
        }
    }
}

fn sides(t: &'static Texts, lang: Lang, c: &Comparison) -> Markup {
    type Show = fn(Lang, &Side, Currency) -> String;
    let figures: [(&str, Show); 10] = [
        (t.rules.total_cost, |l, s, c| amount(l, s.outcome.total_cost_minor, c)),
        (t.rules.lost, |l, s, c| amount(l, s.outcome.lost_to_abuse_minor, c)),
        (t.rules.handling, |l, s, c| amount(l, s.outcome.handling_minor, c)),
        (t.rules.honest_cost, |l, s, c| amount(l, s.outcome.honest_cost_minor, c)),
        (t.rules.abuse_paid, |l, s, _| share(l, s.outcome.abuse_paid_at_once, s.outcome.abuse)),
        (t.rules.honest_slowed, |l, s, _| share(l, s.outcome.honest_slowed, s.outcome.honest)),
        (t.rules.honest_denied, |l, s, _| share(l, s.outcome.honest_denied, s.outcome.honest)),
        (t.rules.reviews, |l, s, _| ui::count(l, s.load.reviews)),
        (t.rules.hours, |l, s, _| ui::count(l, s.load.hours.round() as u64)),
        (t.rules.over_capacity, |l, s, _| ui::count(l, s.load.days_over_capacity)),
    ];
    let rows = figures.into_iter().map(|(name, show)| {
        vec![
            html! { (name) },
            html! { (show(lang, &c.a, c.currency)) },
            html! { (show(lang, &c.b, c.currency)) },
        ]
    });
    Table {
        t,
        caption: t.rules.backtest.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.rules.figure),
            Column::number(t.rules.now),
            Column::number(t.rules.then),
        ],
        rows: rows.collect(),
        none: String::new(),
        next: None,
        first: None,
    }
    .draw()
}

fn share(lang: Lang, n: u64, all: u64) -> String {
    format!("{} / {}", ui::count(lang, n), ui::count(lang, all))
}

fn matrix<const N: usize>(t: &Texts, order: &[DecisionKind], matrix: &[[u64; N]; N]) -> Markup {
    let used = |k: usize| (0..N).any(|o| matrix[k][o] > 0 || matrix[o][k] > 0);
    let kinds: Vec<(usize, DecisionKind)> =
        order.iter().copied().enumerate().filter(|(k, _)| used(*k)).collect();
    html! {
        h3 { (t.rules.matrix) }
        div.table role="region" aria-label=(t.rules.matrix) tabindex="0" {
            table.matrix.keys {
                thead { tr { td {} @for (_, kind) in &kinds { th scope="col" { (t.words.decision(*kind)) } } } }
                tbody {
                    @for (from, kind) in &kinds {
                        tr {
                            th scope="row" { (t.words.decision(*kind)) }
                            @for (to, _) in &kinds {
                                @let n = matrix[*from][*to];
                                td .same[from == to] .some[from != to && n > 0] { @if n > 0 { (n) } @else { "·" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn dearest(view: &View, examples: &[Example], currency: Currency) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let truth = |truth: Option<Truth>| match truth {
        None => t.rules.truth_unknown,
        Some(Truth::Abuse) => t.rules.truth_abuse,
        Some(Truth::PolicyAbuse) => t.rules.truth_policy_abuse,
        Some(Truth::Legitimate) => t.rules.truth_legitimate,
    };
    let rows = examples.iter().take(EXAMPLES_SHOWN).map(|e| {
        vec![
            crate::workbench::pages::parts::request(view, &e.refund),
            html! { (amount(lang, e.amount_minor, currency)) },
            ui::decision(lang, e.a),
            ui::decision(lang, e.b),
            html! { (truth(e.truth)) },
        ]
    });
    let table = Table {
        t,
        caption: t.rules.dearest.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.rules.refund),
            Column::number(t.rules.amount),
            Column::text(t.rules.now),
            Column::text(t.rules.then),
            Column::text(t.rules.truth),
        ],
        rows: rows.collect(),
        none: String::new(),
        next: None,
        first: None,
    };
    html! { h3 { (t.rules.dearest) } (table.draw()) }
}

/// The shadow run, or the last one.
pub(in crate::workbench::pages) fn shadow(view: &View) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let Some((run, report)) = view.shared.shadow.report() else {
        return html! { p.quiet { (t.rules.shadow_none) } };
    };
    let count = |n| ui::count(lang, n);
    let (requests, differ, behind) = (count(report.requests), count(report.differ), count(report.behind));
    let places = [("requests", requests.as_str()), ("differ", &differ), ("behind", &behind)];
    let state = match &report.stage {
        shadow::Stage::Starting => html! { p role="status" { (t.rules.shadow_starting) } },
        shadow::Stage::Comparing => html! { p role="status" { (fill(t.rules.shadow_at, &places)) } },
        shadow::Stage::Ended => html! {
            p { (t.rules.shadow_ended) } p { (fill(t.rules.shadow_at, &places)) }
        },
        shadow::Stage::Failed(what) => {
            html! { p.alert.bad { (fill(t.rules.shadow_failed, &[("what", what)])) } }
        }
    };
    let going = matches!(report.stage, shadow::Stage::Starting | shadow::Stage::Comparing);
    html! {
        p { @for part in Part::ALL {
            @if let Some(version) = run.versions.get(part.as_str()) { (super::name(t, part)) " " (super::version_link(t, part, version)) " " }
        } }
        (state)
        @if report.requests > 0 {
            dl.facts {
                div { dt { (t.rules.paid_at_once) } dd { (report.paid_at_once.live) " → " (report.paid_at_once.candidate) } }
                div { dt { (t.rules.reviews) } dd { (report.reviews.live) " → " (report.reviews.candidate) } }
                div { dt { (t.rules.stricter) } dd { (count(report.stricter)) } }
                div { dt { (t.rules.milder) } dd { (count(report.milder)) } }
            }
        }
        @if going && view.may(Permission::Propose) {
            form method="post" action="/rules/shadow/end" {
                (view.csrf()) input type="hidden" name="back" value=(view.path); button.quiet { (t.rules.shadow_end) }
            }
        }
    }
}
