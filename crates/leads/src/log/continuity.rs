//! What changed since the last run? Findings against the leads of the log: raised, kept, withdrawn.
//!
//! A lead opens only where its finding stands within the stated false-discovery rate, and closes only when its probability
//! has fallen well below: it does not flicker at the edge. People's word counts: a lead that they found legitimate is
//! withdrawn and stays so until it has grown by half.

use crate::log::findings::name;
use crate::log::overlap::{Common, commons};
use crate::log::{Book, Entry, Finding, State};
use ringfence_domain::words::{LeadKind, Verdict, WithdrawalReason};
use std::collections::{BTreeMap, BTreeSet};

/// When a lead opens, stays and is the same.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Thresholds {
    /// Least probability of a finding that stands, to open a lead.
    pub open_min: f64,
    /// Least probability to keep one that is open.
    pub keep_min: f64,
    /// A finding is a lead of the log when they share at least this part of the smaller of the two.
    pub same_min: f64,
    /// A change of the probability by less is not told.
    pub told_min: f64,
    /// A lead that was overturned opens again once it has so many times the refunds that it had then.
    pub again_growth: f64,
}

impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds { open_min: 0.8, keep_min: 0.5, same_min: 0.25, told_min: 0.05, again_growth: 1.5 }
    }
}

/// What is to be told of a lead.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    /// It is new, stands again, or something of it has changed.
    Raised {
        /// Its id.
        lead: String,
        /// What was found.
        finding: Finding,
    },
    /// It does not stand any more.
    Withdrawn {
        /// Its id.
        lead: String,
        /// What it was about.
        kind: LeadKind,
        /// Why.
        reason: WithdrawalReason,
        /// The lead that goes on, where it was merged.
        into: Option<String>,
        /// In words.
        why: Vec<String>,
    },
}

/// Compares what a run found with what the log holds. `kinds` are the kinds that the run looked for: leads of others are
/// left alone.
pub fn step(book: &Book, findings: &[Finding], kinds: &[LeadKind], thresholds: &Thresholds) -> Vec<Change> {
    let same = same(book, findings, thresholds);
    let mut changes = Vec::new();
    let mut taken: BTreeSet<String> = book.leads().map(|e| e.lead.clone()).collect();
    let mut id_of: BTreeMap<usize, String> = BTreeMap::new();
    for (n, finding) in findings.iter().enumerate() {
        let entry = same.of_finding.get(&n).and_then(|id| book.lead(id));
        let Some(next) = next(entry, finding, thresholds) else { continue };
        let lead = match entry {
            Some(entry) => entry.lead.clone(),
            None => fresh_name(&finding.name, &mut taken),
        };
        id_of.insert(n, lead.clone());
        let kind = finding.kind;
        let withdrawn = |reason, why: &str| Change::Withdrawn {
            lead: lead.clone(),
            kind,
            reason,
            into: None,
            why: vec![why.to_owned()],
        };
        let raised = || Change::Raised { lead: lead.clone(), finding: finding.clone() };
        match next {
            Next::Open | Next::Told => changes.push(raised()),
            Next::Kept => {}
            Next::Stopped => {
                if entry.is_none_or(|e| told(e, finding, thresholds)) {
                    changes.push(raised());
                }
                let why = "no request for longer than such a group pauses";
                changes.push(withdrawn(WithdrawalReason::Stopped, why));
            }
            Next::Weak => {
                let why = format!(
                    "its probability fell to {:.2}, below {:.2}",
                    finding.probability, thresholds.keep_min
                );
                changes.push(withdrawn(WithdrawalReason::NotSupported, &why));
            }
            Next::Overturned => {
                changes.push(withdrawn(WithdrawalReason::Overturned, "people looked and found nothing"));
            }
        }
    }
    for entry in book.leads().filter(|e| e.open() && kinds.contains(&e.kind)) {
        if same.of_lead.contains_key(entry.lead.as_str()) {
            continue;
        }
        let into = same.goes_on_in.get(entry.lead.as_str()).and_then(|n| id_of.get(n)).cloned();
        let (reason, why) = match &into {
            Some(into) => (WithdrawalReason::Merged, format!("what it named is part of {into} now")),
            None => (WithdrawalReason::NotSupported, "the same look finds it no more".to_owned()),
        };
        let (lead, kind) = (entry.lead.clone(), entry.kind);
        changes.push(Change::Withdrawn { lead, kind, reason, into, why: vec![why] });
    }
    changes
}

/// What becomes of a finding.
enum Next {
    /// A lead opens.
    Open,
    /// An open one has changed.
    Told,
    /// An open one stays as it is.
    Kept,
    Stopped,
    Weak,
    Overturned,
}

/// What becomes of a finding; `None` where there is nothing to tell.
fn next(entry: Option<&Entry>, finding: &Finding, t: &Thresholds) -> Option<Next> {
    let open = entry.filter(|e| e.open());
    let overturned = entry.and_then(|e| e.verdict).is_some_and(|looked| {
        let grown = looked.refunds as f64 * t.again_growth;
        looked.verdict == Verdict::Legitimate && (finding.refunds.len() as f64) < grown
    });
    if overturned {
        return open.map(|_| Next::Overturned);
    }
    let Some(open) = open else {
        let stopped_before = entry
            .is_some_and(|e| matches!(e.state, State::Withdrawn { reason: WithdrawalReason::Stopped, .. }));
        if !finding.stands || finding.probability < t.open_min || (finding.stopped && stopped_before) {
            return None;
        }
        return Some(if finding.stopped { Next::Stopped } else { Next::Open });
    };
    if finding.probability < t.keep_min {
        return Some(Next::Weak);
    }
    if finding.stopped {
        return Some(Next::Stopped);
    }
    Some(if told(open, finding, t) { Next::Told } else { Next::Kept })
}

/// Whether there is something new to tell of an open lead.
fn told(entry: &Entry, finding: &Finding, t: &Thresholds) -> bool {
    let members = |m: &ringfence_domain::lead::LeadMember| (m.kind, m.id.clone());
    let before: BTreeSet<_> = entry.members.iter().map(members).collect();
    let now: BTreeSet<_> = finding.members.iter().map(members).collect();
    let refunds_before: BTreeSet<&str> = entry.refunds.iter().map(String::as_str).collect();
    let refunds_now: BTreeSet<&str> = finding.refunds.iter().map(|r| r.as_str()).collect();
    let ties = |ties: &[ringfence_domain::lead::LeadTie]| -> BTreeSet<(u8, String)> {
        ties.iter().map(|t| (t.kind as u8, t.value.clone())).collect()
    };
    before != now
        || refunds_before != refunds_now
        || ties(&entry.ties) != ties(&finding.ties)
        || entry.confirmed != finding.confirmed
        || entry.pattern != finding.pattern
        || (entry.probability - finding.probability).abs() >= t.told_min
}

/// A name that no lead of the log has.
fn fresh_name(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let mut chosen = wanted.to_owned();
    let mut n = 2;
    while !taken.insert(chosen.clone()) {
        chosen = name("", &format!("{wanted}-{n}"));
        n += 1;
    }
    chosen
}

/// Which finding is which lead.
struct Same {
    of_finding: BTreeMap<usize, String>,
    of_lead: BTreeMap<String, usize>,
    /// Of leads that are no finding's: the finding that took most of what they named.
    goes_on_in: BTreeMap<String, usize>,
}

/// One to one, those with most in common first; open leads before those that were withdrawn.
fn same(book: &Book, findings: &[Finding], t: &Thresholds) -> Same {
    let commons = commons(book, findings);
    let enough = |c: &Common| c.both as f64 >= t.same_min * c.smaller as f64;
    let mut pairs: Vec<(bool, usize, &str, usize)> = Vec::new();
    for (lead, of) in &commons {
        let open = book.lead(lead).is_some_and(Entry::open);
        pairs.extend(of.iter().filter(|(_, c)| enough(c)).map(|(n, c)| (open, c.both, *lead, *n)));
    }
    pairs.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)).then(a.2.cmp(b.2)).then(a.3.cmp(&b.3)));
    let mut same =
        Same { of_finding: BTreeMap::new(), of_lead: BTreeMap::new(), goes_on_in: BTreeMap::new() };
    for (_, _, lead, n) in pairs {
        if same.of_lead.contains_key(lead) {
            continue;
        }
        if same.of_finding.contains_key(&n) {
            same.goes_on_in.entry(lead.to_owned()).or_insert(n);
            continue;
        }
        same.of_finding.insert(n, lead.to_owned());
        same.of_lead.insert(lead.to_owned(), n);
    }
    same
}
