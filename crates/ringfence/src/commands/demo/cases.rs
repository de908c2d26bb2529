//! Which three decisions are explained? One that stopped a ring, one that paid an honest customer, one that erred.
//!
//! The choice follows a rule, so that nobody picks the prettiest: among the held-out requests
//! 1. *caught*: of the rings' requests that were not paid at once, the one with the largest expected loss
//!    (where no ring was caught: of all abusive ones);
//! 2. *paid*: of the honest requests that were paid at once, the one with the largest amount;
//! 3. *erred*: of the honest requests that were not paid at once, the one with the highest score.

use crate::commands::Context;
use crate::commands::backtest::Answer;
use crate::commands::demo::moments::{self, Happened};
use crate::failure::Failure;
use crate::input;
use crate::labels::Labels;
use ringfence_decide::strictness;
use ringfence_domain::Decision;
use ringfence_learn::dataset::{Dataset, Label};
use std::collections::HashMap;
use std::path::PathBuf;

/// Why a decision was picked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// Abuse that was stopped.
    Caught,
    /// An honest customer who was paid.
    Paid,
    /// An honest customer who was stopped.
    Erred,
}

impl Role {
    /// What it shows, in a few words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Role::Caught => "abuse that was stopped",
            Role::Paid => "an honest customer, paid at once",
            Role::Erred => "a mistake: an honest customer, stopped",
        }
    }
}

/// A decision with what it was and what happened around it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Why it was picked.
    pub(crate) role: Role,
    /// The decision.
    pub(crate) decision: Decision,
    /// Money asked for, minor units of the reporting currency.
    pub(crate) amount_minor: i64,
    /// What it was.
    pub(crate) label: Label,
    /// The kind of abuse or the honest cause, and the ring.
    pub(crate) truth: String,
    /// What happened, earliest first.
    pub(crate) happened: Vec<Happened>,
}

/// Picks the three and gathers what happened around them.
pub(crate) fn cases(
    answers: &[Answer],
    labels: &Labels,
    dataset: &Dataset,
    events: &[PathBuf],
    context: &Context,
) -> Result<Vec<Case>, Failure> {
    let mut cases = picked(answers, labels);
    gather(&mut cases, dataset, events, context)?;
    Ok(cases)
}

fn picked(answers: &[Answer], labels: &Labels) -> Vec<Case> {
    let known = || {
        answers.iter().filter_map(|a| {
            let line = labels.get(a.a.refund.as_str())?;
            Some((a, line.label?, line))
        })
    };
    let at_once = |a: &Answer| strictness(a.a.decision) == 0;
    let best = |wanted: &dyn Fn(&Answer, Label, bool) -> bool, of: &dyn Fn(&Answer) -> f64, role| {
        let candidates = known().filter(|(a, label, line)| wanted(a, *label, line.ring.is_some()));
        candidates
            .max_by(|x, y| of(x.0).total_cmp(&of(y.0)).then_with(|| y.0.a.refund.cmp(&x.0.a.refund)))
            .map(|(a, label, line)| Case {
                role,
                decision: a.a.clone(),
                amount_minor: a.situation.amount_minor,
                label,
                truth: [line.kind.as_deref(), line.ring.as_deref()]
                    .into_iter()
                    .flatten()
                    .map(|w| w.replace('_', " "))
                    .collect::<Vec<_>>()
                    .join(", "),
                happened: Vec::new(),
            })
    };
    let loss = |a: &Answer| a.a.expected_loss.amount as f64;
    let amount = |a: &Answer| a.situation.amount_minor as f64;
    let caught = best(&|a, label, ring| label == Label::Abuse && ring && !at_once(a), &loss, Role::Caught)
        .or_else(|| best(&|a, label, _| label == Label::Abuse && !at_once(a), &loss, Role::Caught));
    let paid = best(&|a, label, _| label == Label::Legitimate && at_once(a), &amount, Role::Paid);
    let erred = best(&|a, label, _| label == Label::Legitimate && !at_once(a), &|a| a.a.score, Role::Erred);
    [caught, paid, erred].into_iter().flatten().collect()
}

/// Events of other orders that a case shows because a reason names them: the latest; more would bury the case itself.
const CITED_MAX: usize = 6;

/// Reads the events once more for what happened around the cases: the events of their orders and contacts, and those
/// that the reasons name.
fn gather(
    cases: &mut [Case],
    dataset: &Dataset,
    events: &[PathBuf],
    context: &Context,
) -> Result<(), Failure> {
    let mut ties: HashMap<(Tie, String), usize> = HashMap::new();
    for (i, case) in cases.iter().enumerate() {
        let refund = case.decision.refund.as_str();
        ties.insert((Tie::Refund, refund.to_owned()), i);
        if let Some(row) = dataset.rows().iter().find(|row| row.refund == refund) {
            ties.insert((Tie::Order, row.order.clone()), i);
        }
        for id in case.decision.reasons.iter().flat_map(|r| &r.events) {
            ties.insert((Tie::Evidence, id.clone()), i);
        }
    }
    input::fold(events, context, "gather the cases", |event| {
        let at = |tie: Tie, id: Option<&str>| id.and_then(|id| ties.get(&(tie, id.to_owned()))).copied();
        let own = at(Tie::Order, moments::order_of(&event))
            .or_else(|| at(Tie::Refund, moments::refund_of(&event)))
            .or_else(|| at(Tie::Contact, moments::contact_of(&event)));
        let cited = at(Tie::Evidence, Some(event.id.as_str()));
        if let (Some(case), Some(contact)) = (own, moments::contact_of(&event)) {
            ties.insert((Tie::Contact, contact.to_owned()), case);
        }
        if let Some(case) = own.or(cited) {
            cases[case].happened.extend(moments::happened(&event, cited == Some(case), own.is_some()));
        }
        Ok(())
    })?;
    for case in cases {
        case.happened.sort_by_key(|h| h.at);
        let foreign = case.happened.iter().filter(|h| !h.own).count();
        let mut over = foreign.saturating_sub(CITED_MAX);
        case.happened.retain(|h| {
            let drop = !h.own && over > 0;
            over -= usize::from(drop);
            !drop
        });
    }
    Ok(())
}

/// What ties an event to a case.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Tie {
    Order,
    Refund,
    Contact,
    Evidence,
}
