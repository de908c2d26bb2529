//! How does money run away under each way to decide? Costs day by day, judged by the truth.

use crate::commands::demo::Demo;
use ringfence_decide::ledger::Ledger;
use ringfence_domain::{DecisionKind, Money};
use ringfence_report::chart::Series;

const DAY_MS: f64 = 86_400_000.0;

/// Cost so far by day, in major units: the default policy, rules only, paying everything at once.
pub(crate) fn by_day(demo: &Demo) -> Vec<Series> {
    let judge = &demo.policies[0].0;
    let scale = 10f64.powi(-(judge.currency.minor_digits() as i32));
    let mut ledgers = [Ledger::new(judge), Ledger::new(judge), Ledger::new(judge)];
    let mut points: [Vec<(f64, f64)>; 3] = Default::default();
    let mut note = |day: i64, ledgers: &[Ledger; 3]| {
        for (points, ledger) in points.iter_mut().zip(ledgers) {
            points.push((day as f64 * DAY_MS, ledger.outcome().total_cost_minor as f64 * scale));
        }
    };
    let mut today = None;
    for answer in &demo.answers {
        let day = answer.a.decided_at.day();
        if let Some(before) = today.filter(|before| *before < day) {
            note(before, &ledgers);
        }
        today = today.max(Some(day));
        let Some(label) = demo.labels.get(answer.a.refund.as_str()).and_then(|l| l.label) else { continue };
        let decisions = [answer.a.decision, answer.b.decision, DecisionKind::InstantRefund];
        for (ledger, decision) in ledgers.iter_mut().zip(decisions) {
            ledger.add(decision, answer.a.score, &answer.situation, label.into());
        }
    }
    if let Some(day) = today {
        note(day, &ledgers);
    }
    let names = ["model and default policy", "rules only", "pay everything at once"];
    names.into_iter().zip(points).map(|(name, points)| Series::new(name, points)).collect()
}

/// Minor units of the policies' currency, rounded to whole units, as people read them.
pub(crate) fn whole(demo: &Demo, minor: i64) -> String {
    let currency = demo.comparison.currency;
    let major = minor as f64 / 10f64.powi(currency.minor_digits() as i32);
    ringfence_report::text::money(major.round(), currency.as_str())
}

/// Minor units exactly.
pub(crate) fn exact(demo: &Demo, minor: i64) -> String {
    Money { amount: minor, currency: demo.comparison.currency }.to_string()
}
