//! What did a method find? Leads of every kind in one form, as an event can say them.

use crate::attribution::DriverLead;
use crate::control::hash;
use crate::insiders::{self, Pattern};
use crate::rings::{self, Shared};
use ringfence_domain::id::{AccountId, ID_BYTES_MAX, Label, RefundId, SubjectId};
use ringfence_domain::lead::{LeadMember, LeadTie};
use ringfence_domain::words::{LeadKind, LeadPattern, MemberKind, TieKind};
use ringfence_domain::{Money, Timestamp};

/// Versions of the methods: another one when its findings change.
const RINGS: &str = "rings/1";
const INSIDERS: &str = "insiders/1";
const DRIVERS: &str = "attribution/1";

/// What one run found of one group or person.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it is about.
    pub kind: LeadKind,
    /// The name that a new lead of it gets.
    pub name: String,
    /// What found it.
    pub method: Label,
    /// That there is anything to it.
    pub probability: f64,
    /// The share of wrong ones to be expected among those that stand.
    pub fdr: f64,
    /// Whether it stands within that share; others only keep a lead that is there.
    pub stands: bool,
    /// Whether it has stopped.
    pub stopped: bool,
    /// Who belongs to it.
    pub members: Vec<LeadMember>,
    /// Its refunds.
    pub refunds: Vec<RefundId>,
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
    /// Its first and last request.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Of staff.
    pub pattern: Option<LeadPattern>,
}

/// A name that keeps the rules of identifiers.
pub(super) fn name(prefix: &str, rest: &str) -> String {
    let whole = format!("{prefix}{rest}");
    // Room for what tells two of one name apart, and for what an event's id adds.
    if whole.len() <= ID_BYTES_MAX / 2 {
        return whole;
    }
    format!("{prefix}{:016x}", hash(0, rest.as_bytes()))
}

/// Splits what was seen from what speaks against it or was not looked at.
fn both_sides(why: &[String]) -> (Vec<String>, Vec<String>) {
    why.iter().cloned().partition(|w| !(w.starts_with("against") || w.starts_with("not looked at")))
}

fn label(text: &str) -> Label {
    Label::new(text).expect("the names of methods are short words")
}

fn refunds(texts: &[String]) -> Vec<RefundId> {
    texts.iter().filter_map(|r| RefundId::new(r).ok()).collect()
}

fn member(kind: MemberKind, id: &str, probability: f64) -> Option<LeadMember> {
    let (id, probability) = (SubjectId::new(id).ok()?, probability.clamp(0.0, 1.0));
    Some(LeadMember { kind, id, probability, since: None, refunds: None, money: None })
}

fn account(of: &rings::Member) -> Option<LeadMember> {
    let (since, refunds, money) = (Some(of.since), Some(of.refunds), Some(of.money));
    Some(LeadMember { since, refunds, money, ..member(MemberKind::Account, &of.account, of.probability)? })
}

fn tie(of: &rings::Identifier) -> LeadTie {
    let kind = match of.kind {
        Shared::Device => TieKind::Device,
        Shared::Ip => TieKind::Ip,
        Shared::Script => TieKind::Script,
        Shared::Document => TieKind::Document,
        Shared::Instrument => TieKind::Instrument,
        Shared::Address => TieKind::Address,
        Shared::Payment => TieKind::Payment,
        Shared::Email => TieKind::Email,
        Shared::Phone => TieKind::Phone,
        Shared::Staff => TieKind::Staff,
        Shared::StaffSession => TieKind::StaffSession,
    };
    LeadTie {
        kind,
        value: of.value.clone(),
        probability: of.probability.clamp(0.0, 1.0),
        accounts: of.accounts.iter().filter_map(|a| AccountId::new(a).ok()).collect(),
        since: Some(of.since.clone()),
        shared_by: Some(of.shared_by),
        orders: matches!(of.kind, Shared::Device | Shared::Ip).then_some(of.orders),
    }
}

/// Rings, those that do not stand too.
pub fn of_rings(leads: &[rings::Lead], settings: &rings::Settings) -> Vec<Finding> {
    let finding = |lead: &rings::Lead| {
        let (why, against) = both_sides(&lead.why);
        Finding {
            kind: LeadKind::Ring,
            name: name("ring-", lead.ring.strip_prefix("ring-").unwrap_or(&lead.ring)),
            method: label(RINGS),
            probability: lead.probability.clamp(0.0, 1.0),
            fdr: settings.fdr,
            stands: lead.stands,
            stopped: lead.closed,
            members: lead.members.iter().filter_map(account).collect(),
            refunds: refunds(&lead.refunds),
            money: lead.money,
            ties: lead.identifiers.iter().chain(&lead.staff_ties).map(tie).collect(),
            confirmed: Some(lead.members.iter().filter(|m| m.confirmed).count() as u32),
            why,
            against,
            span: Some((lead.from, lead.to)),
            pattern: None,
        }
    };
    leads.iter().filter(|l| !l.control).map(finding).collect()
}

/// Members of staff, those with one kind of evidence too.
pub fn of_insiders(leads: &[insiders::Lead], settings: &insiders::Settings) -> Vec<Finding> {
    let finding = |lead: &insiders::Lead| {
        let (why, against) = both_sides(&lead.why);
        Finding {
            kind: LeadKind::Staff,
            name: name("staff-", &lead.staff),
            method: label(INSIDERS),
            probability: lead.probability.clamp(0.0, 1.0),
            fdr: settings.fdr,
            stands: lead.stands,
            stopped: false,
            members: member(MemberKind::Staff, &lead.staff, 1.0).into_iter().collect(),
            refunds: refunds(&lead.refunds),
            money: lead.money,
            ties: Vec::new(),
            confirmed: None,
            why,
            against,
            span: None,
            pattern: Some(match lead.pattern {
                Pattern::Bribed => LeadPattern::Bribed,
                Pattern::Phished => LeadPattern::Phished,
                Pattern::Unclear => LeadPattern::Unclear,
            }),
        }
    };
    leads.iter().filter(|l| !l.control).map(finding).collect()
}

/// Drivers. `fdr` is the rate within which a lead stands; the leads themselves may come from a looser one.
pub fn of_drivers(leads: &[DriverLead], fdr: f64) -> Vec<Finding> {
    let finding = |lead: &DriverLead| {
        let (why, against) = both_sides(&lead.why);
        Finding {
            kind: LeadKind::Driver,
            name: name("driver-", &lead.driver),
            method: label(DRIVERS),
            probability: lead.probability.clamp(0.0, 1.0),
            fdr,
            stands: lead.fdr <= fdr,
            stopped: false,
            members: member(MemberKind::Driver, &lead.driver, 1.0).into_iter().collect(),
            refunds: refunds(&lead.refunds),
            money: lead.money,
            ties: Vec::new(),
            confirmed: None,
            why,
            against,
            span: None,
            pattern: None,
        }
    };
    leads.iter().map(finding).collect()
}
