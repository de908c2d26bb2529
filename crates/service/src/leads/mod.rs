//! Which leads does the log hold? A view of the live state: lists, one lead, its history, and a ring as a graph.
//!
//! What is shown is what the log says up to the last event that is durable; nothing is computed here ([`looks`] says who
//! looks for leads). A lead is a reason to look and never a verdict (INV-8).

pub mod looks;

use crate::core::Core;
use crate::worker::{NotTaken, Worker};
use ringfence_domain::words::{LeadKind, LeadPattern, MemberKind};
use ringfence_domain::{Money, Timestamp};
use ringfence_leads::log::{Entry, Looked, Moment, State};
use ringfence_leads::rings::Graph;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Leads of one answer.
pub const PAGE_MAX: usize = 500;

/// Which leads are wanted.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Of this kind only.
    pub kind: Option<LeadKind>,
    /// Those that stand only, or those that were withdrawn.
    pub open: Option<bool>,
    /// Those that name this account.
    pub account: Option<String>,
    /// Those that name this member of staff, as a member or as a tie.
    pub staff: Option<String>,
    /// Those that name this refund.
    pub refund: Option<String>,
    /// After so many of the list.
    #[serde(default)]
    pub after: usize,
}

/// A lead in a list.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Summary {
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
    /// Accounts.
    pub accounts: usize,
    /// Members, accounts among them.
    pub members: usize,
    /// Refunds.
    pub refunds: usize,
    /// Their sum.
    pub money: Money,
    /// Members of whom people found abuse.
    pub confirmed: Option<u32>,
    /// Its first request.
    pub from: Option<Timestamp>,
    /// Its last request.
    pub to: Option<Timestamp>,
    /// Of staff: what it looks like.
    pub pattern: Option<LeadPattern>,
    /// What people found.
    pub verdict: Option<Looked>,
}

impl Summary {
    /// Of a lead.
    pub fn of(entry: &Entry) -> Summary {
        Summary {
            lead: entry.lead.clone(),
            kind: entry.kind,
            state: entry.state.clone(),
            opened: entry.opened,
            as_of: entry.as_of,
            probability: entry.probability,
            fdr: entry.fdr,
            method: entry.method.clone(),
            accounts: entry.of_kind(MemberKind::Account).count(),
            members: entry.members.len(),
            refunds: entry.refunds.len(),
            money: entry.money,
            confirmed: entry.confirmed,
            from: entry.from,
            to: entry.to,
            pattern: entry.pattern,
            verdict: entry.verdict,
        }
    }
}

/// Some leads, and how many there are.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Page {
    /// Those that stand first, then by what is at stake: money times probability.
    pub leads: Vec<Summary>,
    /// All that are wanted.
    pub total: usize,
}

/// Whose leads may be seen: those on staff need a permission of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sight {
    /// All.
    All,
    /// All but those on staff.
    NotStaff,
}

impl Sight {
    fn of(self, entry: &Entry) -> bool {
        self == Sight::All || entry.kind != LeadKind::Staff
    }
}

fn wanted(entry: &Entry, w: &Wanted) -> bool {
    let member = |kind: MemberKind, id: &str| entry.of_kind(kind).any(|m| m.id.as_str() == id);
    let tie = |id: &str| entry.ties.iter().any(|t| is_staff(t.kind) && t.value == id);
    w.kind.is_none_or(|kind| entry.kind == kind)
        && w.open.is_none_or(|open| entry.open() == open)
        && w.account.as_ref().is_none_or(|a| member(MemberKind::Account, a))
        && w.staff.as_ref().is_none_or(|s| member(MemberKind::Staff, s) || tie(s))
        && w.refund.as_ref().is_none_or(|r| entry.refunds.contains(r))
}

/// Whether a tie is a member of staff.
pub(crate) fn is_staff(kind: ringfence_domain::words::TieKind) -> bool {
    use ringfence_domain::words::TieKind;
    matches!(kind, TieKind::Staff | TieKind::StaffSession)
}

/// The leads that a core holds: some of them, and how many there are.
pub fn page(core: &Core, sight: Sight, w: &Wanted) -> Page {
    let mut found: Vec<&Entry> = core.leads().leads().filter(|e| sight.of(e) && wanted(e, w)).collect();
    let stake = |e: &Entry| e.probability * e.money.amount as f64;
    found.sort_by(|a, b| {
        b.open().cmp(&a.open()).then(stake(b).total_cmp(&stake(a))).then_with(|| a.lead.cmp(&b.lead))
    });
    let leads = found.iter().skip(w.after).take(PAGE_MAX).map(|e| Summary::of(e)).collect();
    Page { leads, total: found.len() }
}

/// Some leads, and how many there are.
///
/// # Errors
/// Where the service is busy or stops.
pub async fn list(worker: &Worker, sight: Sight, w: Wanted) -> Result<Page, NotTaken> {
    worker.look(move |core| page(core, sight, &w)).await
}

/// All of one lead.
///
/// # Errors
/// Where the service is busy or stops.
pub async fn one(worker: &Worker, sight: Sight, lead: &str) -> Result<Option<Entry>, NotTaken> {
    let lead = lead.to_owned();
    worker.look(move |core| core.leads().lead(&lead).filter(|e| sight.of(e)).cloned()).await
}

/// What happened to a lead, oldest first.
///
/// # Errors
/// Where the service is busy or stops.
pub async fn history(worker: &Worker, sight: Sight, lead: &str) -> Result<Option<Vec<Moment>>, NotTaken> {
    Ok(one(worker, sight, lead).await?.map(|e| e.history))
}

/// Accounts and what ties them: nodes and links with kind, rarity, probability and since when.
///
/// # Errors
/// Where the service is busy or stops.
pub async fn graph(worker: &Worker, sight: Sight, lead: &str) -> Result<Option<Graph>, NotTaken> {
    Ok(one(worker, sight, lead).await?.map(|e| e.graph()))
}
