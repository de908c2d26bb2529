//! Who abuses together? Groups of refund requests with one hand behind them, though the accounts look unrelated.
//!
//! Requests share *marks* ([`Shared`]): a machine that only claims, a script, a clerk who records what never came, a session
//! that was not its owner's. A mark may be innocent and so may be a request under a ring's mark. What is believed of marks
//! and requests is found together (belief propagation), what abuse looks like is learned on the way, and how often a mark of
//! each kind is a ring's as well, so that looking at many marks does not make many rings. Requests that are a ring's and
//! marks that are, taken together, are a lead.

mod belief;
mod graph;
mod groups;
mod machines;
mod marks;
mod people;
mod record;
mod surroundings;
mod traits;
mod weights;
mod words;

pub use graph::{Graph, Link, Node, NodeKind, graph, graph_of};
pub use marks::Shared;
pub use record::Record;

use crate::control;
use crate::insiders::Family;
use belief::{Beliefs, Question, log_odds, probability};
use marks::{Marks, marks};
use ringfence_domain::{Currency, Duration, Money, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use traits::{Traits, Way, traits, way};
use weights::Weights;

/// What is a lead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Least accounts.
    pub accounts_min: usize,
    /// Least probability of a request to be counted among the ring's.
    pub request_min: f64,
    /// Largest share of wrong rings among the leads that is to be expected (false-discovery rate).
    pub fdr: f64,
    /// Least sum of the refunds, minor units of the reporting currency.
    pub money_min: i64,
    /// A ring with no request for so long is closed.
    pub closed_after: Duration,
    /// Whether some groups that are no lead are added at random, so that a blind review can measure the leads.
    pub controls: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            accounts_min: 3,
            request_min: 0.8,
            fdr: 0.05,
            money_min: 20_000,
            closed_after: Duration::days(60),
            controls: false,
        }
    }
}

/// Something that ties a ring's accounts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Identifier {
    /// What it is.
    pub kind: Shared,
    /// Its value, as in the events; for a script its number among the scripts.
    pub value: String,
    /// Of a member of staff: which figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// Accounts of the ring that share it, by the time of the first request that it ties.
    pub accounts: Vec<String>,
    /// The times of those first requests.
    pub since: Vec<Timestamp>,
    /// Different accounts with a request under it, in the ring or not: the fewer, the rarer it is.
    pub shared_by: u32,
    /// Orders placed through it, where it is a machine.
    pub orders: u32,
    /// The probability that it is a ring's.
    pub probability: f64,
}

impl Identifier {
    /// A mark, with the accounts that it is told of and the times of their first requests.
    fn of(
        record: &Record,
        marks: &Marks,
        beliefs: &Beliefs,
        mark: u32,
        accounts: &[(Timestamp, u32)],
    ) -> Identifier {
        let (found, probability) = (&marks.all[mark as usize], beliefs.marks[mark as usize]);
        Identifier {
            kind: found.shared,
            value: marks.value(record, found),
            family: found.family,
            accounts: accounts.iter().map(|a| record.staff.accounts.text(a.1).to_owned()).collect(),
            since: accounts.iter().map(|a| a.0).collect(),
            shared_by: found.accounts,
            orders: found.orders,
            probability,
        }
    }
}

/// An account of a ring.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Member {
    /// Which.
    pub account: String,
    /// Its first request that is the ring's.
    pub since: Timestamp,
    /// Its requests that are.
    pub refunds: u32,
    /// Their sum.
    pub money: Money,
    /// The probability that the likeliest of them is the ring's.
    pub probability: f64,
    /// Whether people found abuse among its requests.
    pub confirmed: bool,
}

/// A group with one hand behind it. Not an accusation: see `why`, which also says what speaks against it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lead {
    /// Its name, from its first request: it keeps it while it grows.
    pub ring: String,
    /// The accounts, by the time of their first request.
    pub accounts: Vec<String>,
    /// The same with what each asked for.
    pub members: Vec<Member>,
    /// What ties them, strongest first.
    pub identifiers: Vec<Identifier>,
    /// Members of staff whose figures or sessions tie them: a reason to look, see `insiders`.
    pub staff: Vec<String>,
    /// By what they tie them, strongest first.
    pub staff_ties: Vec<Identifier>,
    /// The refund requests, by time.
    pub refunds: Vec<String>,
    /// Their sum.
    pub money: Money,
    /// Log-likelihood ratio for one hand against accounts of the same kind by chance.
    pub score: f64,
    /// The probability that there is a ring.
    pub probability: f64,
    /// Its first request.
    pub from: Timestamp,
    /// Its last request.
    pub to: Timestamp,
    /// Whether it has stopped.
    pub closed: bool,
    /// For people: what was seen, and what speaks against it.
    pub why: Vec<String>,
    /// What lies around it and is not counted to it. Not told with the lead: most of it is other people's.
    #[serde(skip)]
    pub around: Vec<Identifier>,
    /// Whether it is no lead but was picked at random, for a blind review.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub control: bool,
    /// Whether it stands within the stated false-discovery rate; others are told only on request.
    #[serde(skip)]
    pub stands: bool,
}

/// Learning what abuse looks like and believing by it, in turn, so many times.
const PASSES: usize = 4;
/// A request without a ring's mark is a ring's with this chance: it is found by no one.
const ALONE: f64 = 0.002;
/// The share of all requests that are a ring's, before anything is learned, and the bounds of what is learned.
const SHARE: f64 = 0.01;
const SHARES: [f64; 2] = [0.001, 0.05];
/// As many innocent marks of each kind are taken for granted.
const PRIOR_MARKS: f64 = 4.0;

/// Looks at all requests.
pub fn rings(record: &Record, reporting: Currency, settings: &Settings) -> Vec<Lead> {
    let Some(as_of) = record.newest() else { return Vec::new() };
    let marks = marks(record);
    let traits = traits(record, as_of);
    let ways: Vec<Way> = traits.iter().map(way).collect();
    let beliefs = believe(&marks, &traits);
    let mut leads: Vec<Lead> = groups::groups(record, &marks, &beliefs, &ways, settings)
        .into_iter()
        .map(|group| lead(record, &marks, &beliefs, &group, reporting, as_of, settings))
        .collect();
    leads.sort_by(|a, b| {
        b.probability.total_cmp(&a.probability).then(b.score.total_cmp(&a.score)).then(a.ring.cmp(&b.ring))
    });
    // The share of wrong ones to be expected among the best n (Bayesian false-discovery rate).
    let (mut wrong, mut n) = (0.0, 0.0);
    for lead in &mut leads {
        let large = lead.accounts.len() >= settings.accounts_min && lead.money.amount >= settings.money_min;
        let large = large && corroborated(lead);
        if large {
            wrong += 1.0 - lead.probability;
            n += 1.0;
        }
        lead.stands = large && wrong / n <= settings.fdr;
    }
    if settings.controls {
        let standing = leads.iter().filter(|l| l.stands).count();
        let groups =
            groups::controls(record, &marks, &beliefs, settings.accounts_min, control::count(standing));
        leads.extend(groups.iter().map(|group| {
            let lead = lead(record, &marks, &beliefs, group, reporting, as_of, settings);
            let why =
                vec!["picked at random for a blind review: nothing of it looks like one hand".to_owned()];
            Lead { why, probability: 0.0, score: 0.0, control: true, ..lead }
        }));
    }
    leads
}

/// One figure of one member of staff is what an honest specialist, or a day on which systems were down, looks like: it takes
/// something else that ties the accounts.
fn corroborated(lead: &Lead) -> bool {
    let kinds: BTreeSet<_> = lead.staff_ties.iter().map(|t| t.family.map(Family::evidence)).collect();
    let tied = |i: &Identifier| i.accounts.len() > 1;
    lead.identifiers.iter().any(tied) || kinds.len() > 1 || kinds.contains(&None)
}

fn believe(marks: &Marks, traits: &[Traits]) -> Beliefs {
    let mut weights = Weights::first();
    let mut kind_odds: BTreeMap<Shared, f64> =
        marks.all.iter().map(|m| (m.shared, m.shared.first_odds())).collect();
    let mut beliefs = Beliefs::default();
    let mut share = SHARE;
    let odd: Vec<bool> = marks.all.iter().map(|m| m.shared.is_odd()).collect();
    for _ in 0..PASSES {
        let evidence: Vec<f64> = traits.iter().map(|t| weights.evidence(t)).collect();
        let prior: Vec<f64> = marks.all.iter().map(|m| m.structure + kind_odds[&m.shared]).collect();
        let (ties, alone) = (&marks.ties, ALONE);
        beliefs =
            belief::believe(&Question { ties, prior: &prior, odd: &odd, evidence: &evidence, alone, share });
        let rings: f64 = beliefs.requests.iter().sum();
        share = (rings / beliefs.requests.len() as f64).clamp(SHARES[0], SHARES[1]);
        weights = weights.learn(traits, &beliefs.tied);
        for (kind, odds) in &mut kind_odds {
            let of_kind = marks.all.iter().zip(&beliefs.marks).filter(|(m, _)| m.shared == *kind);
            let (rings, n) = of_kind.fold((0.0, 0.0), |(rings, n), (_, p)| (rings + p, n + 1.0));
            let first = probability(kind.first_odds());
            let share = (rings + PRIOR_MARKS * first) / (n + PRIOR_MARKS);
            *odds = log_odds(share);
        }
    }
    beliefs
}

fn lead(
    record: &Record,
    marks: &Marks,
    beliefs: &Beliefs,
    group: &groups::Group,
    reporting: Currency,
    as_of: Timestamp,
    settings: &Settings,
) -> Lead {
    let requests: Vec<_> = group.requests.iter().map(|&n| &record.requests[n as usize]).collect();
    let (from, to) = (requests[0].at, requests[requests.len() - 1].at);
    let members = surroundings::members(record, beliefs, group, reporting);
    let firsts = surroundings::firsts(record, group);
    let (mut identifiers, mut staff_ties) = (Vec::new(), Vec::new());
    for (n, of_ring) in &group.marks {
        let of_staff = matches!(marks.all[*n as usize].shared, Shared::Staff | Shared::StaffSession);
        let mut accounts: Vec<(Timestamp, u32)> = of_ring.iter().map(|&a| (firsts[&(*n, a)], a)).collect();
        accounts.sort_unstable();
        let tie = Identifier::of(record, marks, beliefs, *n, &accounts);
        if of_staff { &mut staff_ties } else { &mut identifiers }.push(tie);
    }
    let staff: BTreeSet<String> = staff_ties.iter().map(|t| t.value.clone()).collect();
    let strongest = group.marks.iter().map(|(n, _)| beliefs.mark_odds[*n as usize]).fold(f64::MIN, f64::max);
    let closed = as_of.since(to) > settings.closed_after;
    let amount = requests.iter().map(|r| r.amount).sum();
    Lead {
        ring: format!("ring-{}", record.staff.refunds.text(requests[0].refund)),
        accounts: members.iter().map(|m| m.account.clone()).collect(),
        members,
        identifiers,
        staff: staff.into_iter().collect(),
        staff_ties,
        refunds: requests.iter().map(|r| record.staff.refunds.text(r.refund).to_owned()).collect(),
        money: Money { amount, currency: reporting },
        score: strongest,
        probability: probability(strongest),
        from,
        to,
        closed,
        why: words::why(record, marks, beliefs, group),
        around: surroundings::surroundings(record, marks, beliefs, group),
        control: false,
        stands: false,
    }
}
