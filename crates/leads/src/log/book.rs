//! Which leads does the log hold? What its lead events say so far, each lead with its history.

use ringfence_domain::event::{LeadRaised, LeadWithdrawn};
use ringfence_domain::lead::{LeadMember, LeadTie};
use ringfence_domain::words::{LeadKind, LeadPattern, MemberKind, SubjectKind, Verdict, WithdrawalReason};
use ringfence_domain::{Body, Event, Money, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Moments of one lead that are kept: a change a day for a year; older ones but the first stay in the log.
pub const HISTORY_MAX: usize = 400;
/// Leads that are kept, withdrawn ones too; beyond, those that were withdrawn first are forgotten: the log has them.
pub const LEADS_MAX: usize = 20_000;

/// Whether a lead stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// It stands.
    Open,
    /// It does not stand any more.
    Withdrawn {
        /// Why.
        reason: WithdrawalReason,
        /// The lead that goes on, where it was merged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        into: Option<String>,
        /// When that was known.
        at: Timestamp,
        /// In words.
        #[serde(default)]
        words: Vec<String>,
    },
}

/// What people found of a lead.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Looked {
    /// What.
    pub verdict: Verdict,
    /// The number of its refunds then.
    pub refunds: usize,
    /// When.
    pub at: Timestamp,
}

/// What happened to a lead.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It was raised, for the first time or again.
    Raised,
    /// What is said of it changed.
    Changed,
    /// It was withdrawn.
    Withdrawn,
}

/// A lead at one moment of its history.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Moment {
    /// Position of the event in the log, where it is known.
    pub position: u64,
    /// It rests on what had arrived by then.
    pub as_of: Timestamp,
    /// What happened.
    pub step: Step,
    /// That there is anything to it.
    pub probability: f64,
    /// Members.
    pub members: usize,
    /// Refunds.
    pub refunds: usize,
    /// Their sum.
    pub money: Money,
}

/// A lead as the log has it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// Its id.
    pub lead: String,
    /// What it is about.
    pub kind: LeadKind,
    /// Whether it stands.
    #[serde(flatten)]
    pub state: State,
    /// It was first raised on what had arrived by then.
    pub opened: Timestamp,
    /// What is said of it rests on what had arrived by then.
    pub as_of: Timestamp,
    /// That there is anything to it.
    pub probability: f64,
    /// The share of wrong ones to be expected among such leads.
    pub fdr: f64,
    /// What found it.
    pub method: String,
    /// Who belongs to it.
    pub members: Vec<LeadMember>,
    /// Its refunds.
    pub refunds: Vec<String>,
    /// Their sum.
    pub money: Money,
    /// What ties its accounts.
    pub ties: Vec<LeadTie>,
    /// Members of whom people found abuse.
    pub confirmed: Option<u32>,
    /// What was seen.
    pub why: Vec<String>,
    /// What speaks against it.
    pub against: Vec<String>,
    /// Its first request.
    pub from: Option<Timestamp>,
    /// Its last request.
    pub to: Option<Timestamp>,
    /// Of staff: what it looks like.
    pub pattern: Option<LeadPattern>,
    /// What people found.
    pub verdict: Option<Looked>,
    /// What happened to it, oldest first.
    pub history: Vec<Moment>,
}

impl Entry {
    /// Whether it stands.
    pub fn open(&self) -> bool {
        self.state == State::Open
    }
    /// Members of a kind.
    pub fn of_kind(&self, kind: MemberKind) -> impl Iterator<Item = &LeadMember> {
        self.members.iter().filter(move |m| m.kind == kind)
    }
    fn note(&mut self, step: Step, position: u64) {
        if self.history.len() >= HISTORY_MAX {
            self.history.remove(1);
        }
        self.history.push(Moment {
            position,
            as_of: self.as_of,
            step,
            probability: self.probability,
            members: self.members.len(),
            refunds: self.refunds.len(),
            money: self.money,
        });
    }
}

/// All leads by id.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Book {
    leads: BTreeMap<String, Entry>,
}

impl Book {
    /// Notes what an event says of leads, and verdicts on them; call it for every event in the order of the log.
    pub fn see(&mut self, event: &Event, position: u64) {
        match &event.body {
            Body::LeadRaised(e) => self.raised(e, position),
            Body::LeadWithdrawn(e) => self.withdrawn(e, position),
            Body::VerdictRecorded(e) => {
                let id = e.subject.id.as_str();
                for entry in self.leads.values_mut() {
                    let meant = match e.subject.kind {
                        SubjectKind::Ring => entry.lead == id,
                        SubjectKind::Staff => {
                            entry.kind == LeadKind::Staff && entry.members.iter().any(|m| m.id.as_str() == id)
                        }
                        SubjectKind::Refund | SubjectKind::Account => return,
                    };
                    if meant {
                        let (refunds, at) = (entry.refunds.len(), event.time);
                        entry.verdict = Some(Looked { verdict: e.verdict, refunds, at });
                    }
                }
            }
            _ => {}
        }
    }
    /// All leads, by id.
    pub fn leads(&self) -> impl Iterator<Item = &Entry> {
        self.leads.values()
    }
    /// One lead.
    pub fn lead(&self, id: &str) -> Option<&Entry> {
        self.leads.get(id)
    }
    /// Whether the log has none.
    pub fn is_empty(&self) -> bool {
        self.leads.is_empty()
    }
    fn raised(&mut self, e: &LeadRaised, position: u64) {
        let id = e.lead.as_str();
        let known = self.leads.get(id);
        // What was known later stands.
        if known.is_some_and(|k| k.as_of > e.as_of) {
            return;
        }
        let adds = known.is_some_and(|k| k.open() && k.as_of == e.as_of);
        let step = if known.is_some_and(Entry::open) { Step::Changed } else { Step::Raised };
        if !adds {
            let (opened, verdict, history) = match self.leads.remove(id) {
                Some(k) => (k.opened, k.verdict, k.history),
                None => (e.as_of, None, Vec::new()),
            };
            self.leads.insert(id.to_owned(), fresh(e, opened, verdict, history));
        }
        let Some(entry) = self.leads.get_mut(id) else { return };
        for member in &e.members {
            if !entry.members.iter().any(|m| (m.kind, &m.id) == (member.kind, &member.id)) {
                entry.members.push(member.clone());
            }
        }
        let refunds = e.refunds.iter().map(|r| r.as_str().to_owned());
        entry.refunds.extend(refunds);
        entry.ties.extend(e.ties.iter().flatten().cloned());
        if adds {
            // One moment a run, whatever the number of events.
            if let Some(last) = entry.history.last_mut() {
                (last.members, last.refunds) = (entry.members.len(), entry.refunds.len());
            }
        } else {
            entry.note(step, position);
        }
        self.bound();
    }
    fn withdrawn(&mut self, e: &LeadWithdrawn, position: u64) {
        let Some(entry) = self.leads.get_mut(e.lead.as_str()).filter(|k| k.open() && k.as_of <= e.as_of)
        else {
            return;
        };
        entry.as_of = e.as_of;
        entry.state = State::Withdrawn {
            reason: e.reason,
            into: e.into.as_ref().map(|l| l.as_str().to_owned()),
            at: e.as_of,
            words: e.why.clone().unwrap_or_default(),
        };
        entry.note(Step::Withdrawn, position);
    }
    fn bound(&mut self) {
        if self.leads.len() <= LEADS_MAX {
            return;
        }
        let gone = self.leads.values().filter(|e| !e.open());
        let oldest = gone.min_by_key(|e| (e.as_of, e.lead.clone())).map(|e| e.lead.clone());
        // Open ones are never forgotten: they are bounded by what a run finds.
        if let Some(oldest) = oldest {
            self.leads.remove(&oldest);
        }
    }
}

fn fresh(e: &LeadRaised, opened: Timestamp, verdict: Option<Looked>, history: Vec<Moment>) -> Entry {
    Entry {
        lead: e.lead.as_str().to_owned(),
        kind: e.kind,
        state: State::Open,
        opened,
        as_of: e.as_of,
        probability: e.probability,
        fdr: e.fdr,
        method: e.method.as_str().to_owned(),
        members: Vec::new(),
        refunds: Vec::new(),
        money: e.money,
        ties: Vec::new(),
        confirmed: e.confirmed,
        why: e.why.clone().unwrap_or_default(),
        against: e.against.clone().unwrap_or_default(),
        from: e.from,
        to: e.to,
        pattern: e.pattern,
        verdict,
        history,
    }
}
