//! What does casework say to everybody else? Judgements and findings become events of the log: the engine and the models
//! learn from them as from any other.

use crate::change::{Change, Finding, Judgement};
use crate::desk::Desk;
use crate::item::{Item, Kind};
use ringfence_domain::event::{AppealResolved, RefundDecided, Subject, VerdictRecorded};
use ringfence_domain::id::{AccountId, EventId, IdError, RefundId, Source, StaffId, SubjectId};
use ringfence_domain::words::{AppealOutcome, DecidedBy, SubjectKind, VerdictMethod};
use ringfence_domain::{Body, DecisionKind, Event, Timestamp};

/// The source of events that casework makes.
pub const SOURCE: &str = "ringfence/casework";

/// The events of a change that is checked and not folded yet.
///
/// A second review says nothing: the first one was answered. A control is paid already: what it was is said, no decision.
///
/// # Errors
/// Where an id cannot stand in an event.
pub fn effects(desk: &Desk, change: &Change, by: &str, now: Timestamp) -> Result<Vec<Event>, IdError> {
    let judged: Vec<(&Item, &Judgement)> = match change {
        Change::Judged { item, judgement } => {
            desk.items.get(item).map(|i| (i, judgement)).into_iter().collect()
        }
        Change::JudgedAll { items, judgement, .. } => {
            items.iter().filter_map(|item| desk.items.get(item)).map(|i| (i, judgement)).collect()
        }
        Change::Found { case, finding } => {
            let number = desk.cases.get(case).map_or(0, |case| case.found.len());
            return found(&format!("c{case}-{number}"), finding, by, now);
        }
        _ => Vec::new(),
    };
    let mut events = Vec::new();
    for (item, judgement) in judged {
        of_judgement(item, judgement, by, now, &mut events)?;
    }
    Ok(events)
}

fn event(id: &str, now: Timestamp, body: Body) -> Result<Event, IdError> {
    Ok(Event { id: EventId::new(id)?, source: Source::new(SOURCE)?, time: now, recorded: None, body })
}

fn decided(
    refund: &str,
    decision: DecisionKind,
    by: &str,
    overridden: Option<bool>,
    reason_codes: &[String],
    score: Option<f64>,
) -> Result<Body, IdError> {
    Ok(Body::RefundDecided(RefundDecided {
        refund: RefundId::new(refund)?,
        decision,
        by: DecidedBy::Staff(StaffId::new(by)?),
        overridden,
        reason_codes: Some(reason_codes.to_vec()).filter(|codes| !codes.is_empty()),
        score,
        versions: None,
        attributes: None,
    }))
}

fn verdict(
    kind: SubjectKind,
    id: &str,
    verdict: ringfence_domain::words::Verdict,
    method: VerdictMethod,
) -> Result<Body, IdError> {
    let subject = Subject { kind, id: SubjectId::new(id)? };
    Ok(Body::VerdictRecorded(VerdictRecorded { subject, verdict, method, attributes: None }))
}

fn of_judgement(
    item: &Item,
    judgement: &Judgement,
    by: &str,
    now: Timestamp,
    events: &mut Vec<Event>,
) -> Result<(), IdError> {
    if item.second_of.is_some() {
        return Ok(());
    }
    let id = |what: &str| format!("q{}-{}-{what}", item.id, item.revision);
    let Judgement { decision, verdict: found, method, outcome, reason_codes, note: _ } = judgement;
    let refund = item.asked.refund.as_str();
    if let Some(outcome) = outcome {
        let resolved = AppealResolved {
            refund: RefundId::new(refund)?,
            account: AccountId::new(&item.asked.account)?,
            outcome: *outcome,
            attributes: None,
        };
        events.push(event(&id("appeal"), now, Body::AppealResolved(resolved))?);
    }
    if let Some(decision) = decision
        && !item.control
    {
        let overridden = match outcome {
            Some(AppealOutcome::Overturned) => Some(true),
            Some(AppealOutcome::Upheld) | None => item.proposal().map(|proposal| proposal != *decision),
        };
        let body = decided(refund, *decision, by, overridden, reason_codes, Some(item.asked.score))?;
        events.push(event(&id("decided"), now, body)?);
    }
    if let Some(found) = found {
        let usual =
            if item.kind == Kind::Appeal { VerdictMethod::Appeal } else { VerdictMethod::Investigation };
        let body = verdict(SubjectKind::Refund, refund, *found, method.unwrap_or(usual))?;
        events.push(event(&id("verdict"), now, body)?);
    }
    Ok(())
}

fn found(id: &str, finding: &Finding, by: &str, now: Timestamp) -> Result<Vec<Event>, IdError> {
    let Finding { subject, verdict: what, method, decision } = finding;
    let Some(kind) = subject.kind.subject() else { return Ok(Vec::new()) };
    let mut events = vec![event(&format!("{id}-verdict"), now, verdict(kind, &subject.id, *what, *method)?)?];
    if let Some(decision) = decision {
        let body = decided(&subject.id, *decision, by, None, &[], None)?;
        events.push(event(&format!("{id}-decided"), now, body)?);
    }
    Ok(events)
}
