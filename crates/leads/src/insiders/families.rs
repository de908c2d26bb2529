//! Which figures are looked at? Ten families in five kinds of evidence; a lead rests on at least two kinds.

use crate::insiders::affinity::{BLOCK_HOURS, Counts, affinity};
use crate::insiders::expect::{Expected, Tally, Trial, expected};
use crate::insiders::record::{Receipt, Record};
use crate::stats::{Posterior, differences, dispersion, q_values, upper_tail};
use ringfence_domain::words::{Action, Lane, Role, Word};
use ringfence_domain::{Duration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A figure by member of staff, each beside what the peers' behaviour leads to expect.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Returns recorded as received that no carrier ever scanned, against the same lane on the same day. A weight does not
    /// count: who writes the record can write one.
    ReceiptsWithoutParcel,
    /// Dear goods among the returns recorded that no carrier ever scanned, against the same lane.
    DearWithoutParcel,
    /// Returns recorded as received by looking the order up instead of scanning the parcel.
    ReceiptsLookedUp,
    /// Contacts that were searched for instead of routed, against the same queue.
    ContactsSearched,
    /// Decisions against policy, against the same role, queue and reason.
    Overrides,
    /// Refunds paid within the hour that nobody had talked to the shop about, against the same role and reason.
    PaidUnasked,
    /// Refunds paid unasked among those paid in sessions from a new machine away from where the person works, against all who
    /// decide on that day.
    PaidInOddSession,
    /// Refunds paid just below the limit of approval, against the same role.
    UnderTheLimit,
    /// Orders opened without a contact in sessions from a new machine in a network never used before.
    OddSessions,
    /// Accounts that belong together and came to one person again, against routing by chance.
    Affinity,
}

/// What a family rests on: figures of one kind are no second witness for each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Records against parcels.
    Physical,
    /// What was opened, and how.
    Access,
    /// What was paid.
    Money,
    /// From where.
    Session,
    /// For whom.
    Ties,
}

impl Family {
    /// All families.
    pub const ALL: [Family; 10] = [
        Family::ReceiptsWithoutParcel,
        Family::DearWithoutParcel,
        Family::ReceiptsLookedUp,
        Family::ContactsSearched,
        Family::Overrides,
        Family::PaidUnasked,
        Family::PaidInOddSession,
        Family::UnderTheLimit,
        Family::OddSessions,
        Family::Affinity,
    ];
    /// What it rests on.
    pub fn evidence(self) -> Evidence {
        match self {
            // Who records without a parcel has nothing to scan: the two are one observation.
            Family::ReceiptsWithoutParcel | Family::ReceiptsLookedUp => Evidence::Physical,
            Family::ContactsSearched => Evidence::Access,
            Family::Overrides
            | Family::DearWithoutParcel
            | Family::PaidUnasked
            | Family::PaidInOddSession
            | Family::UnderTheLimit => Evidence::Money,
            Family::OddSessions => Evidence::Session,
            Family::Affinity => Evidence::Ties,
        }
    }
    /// A few words for people.
    pub fn about(self) -> &'static str {
        match self {
            Family::ReceiptsWithoutParcel => "returns recorded as received that no carrier scanned",
            Family::DearWithoutParcel => "dear goods among the returns recorded that no carrier scanned",
            Family::ReceiptsLookedUp => "returns recorded by looking the order up",
            Family::ContactsSearched => "contacts searched for instead of routed",
            Family::Overrides => "decisions against policy",
            Family::PaidUnasked => "refunds paid within the hour without a contact",
            Family::PaidInOddSession => {
                "refunds paid without a contact in sessions from a new machine in a new network"
            }
            Family::UnderTheLimit => "refunds just below the limit of approval",
            Family::OddSessions => "orders opened without a contact, from a new machine in a new network",
            Family::Affinity => "connected accounts that came to the same person again",
        }
    }
}

/// A member of staff in a family.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unit {
    #[serde(skip)]
    pub(crate) staff: u32,
    /// Which figure.
    pub family: Family,
    /// Occasions.
    pub trials: u64,
    /// Hits.
    pub observed: u64,
    /// Hits to be expected of the peers in the same situations.
    pub expected: f64,
    /// Observed ÷ expected, drawn to 1 by how much members of staff differ (empirical Bayes).
    pub ratio: f64,
    /// The ratio lies within these with 90 %.
    pub interval: [f64; 2],
    /// Chance of so many hits, or more, if this person did as the peers do.
    pub p_value: f64,
    /// Least false-discovery rate at which it is reported within the family.
    pub q_value: f64,
    /// The probability that the true ratio is above the least one of interest.
    pub probability: f64,
    #[serde(skip)]
    pub(crate) refunds: BTreeSet<u32>,
}

/// Least occasions of a person that say anything.
const TRIALS_MIN: u64 = 10;
/// The same where hardly any occasion is to be expected of anybody: a stolen account is used for minutes.
const RARE_TRIALS_MIN: u64 = 3;
/// Dear is what is above so much of all that was returned.
const DEAR: f64 = 0.95;
/// Hits out of line by less than half are not worth anybody's time.
const RATIO_OF_INTEREST: f64 = 1.5;
/// Refunds from this share of the limit on take part.
const NEAR_FROM: f64 = 0.5;
/// Refunds above this share of the limit are just below it.
const JUST_BELOW: f64 = 0.9;

/// All families of all staff.
pub(crate) fn units(record: &Record) -> Vec<Unit> {
    Family::ALL.into_iter().flat_map(|family| of_family(record, family)).collect()
}

fn of_family(record: &Record, family: Family) -> Vec<Unit> {
    let (counts, mut refunds) = match family {
        Family::Affinity => affinity(record),
        Family::PaidInOddSession => paid_in_odd_sessions(record),
        _ => {
            let trials = trials(record, family);
            let mut refunds: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
            for trial in trials.iter().filter(|t| t.hit) {
                refunds.entry(trial.staff).or_default().extend(trial.refund);
            }
            (of_peers(&trials).tallies, refunds)
        }
    };
    let trials_min = if family == Family::PaidInOddSession { RARE_TRIALS_MIN } else { TRIALS_MIN };
    let enough: Vec<(u32, Tally)> = counts.into_iter().filter(|(_, t)| t.trials >= trials_min).collect();
    let figures: Vec<(u64, f64)> = enough.iter().map(|(_, t)| (t.observed, t.expected)).collect();
    let (spread, differ) = (spread(record, family, &figures), differences(&figures));
    let p: Vec<f64> = figures.iter().map(|&(o, e)| upper_tail(o, e, spread)).collect();
    let q = q_values(&p);
    enough
        .into_iter()
        .enumerate()
        .map(|(i, (staff, Tally { trials, observed, expected }))| {
            let posterior = Posterior::new(observed, expected, differ);
            Unit {
                staff,
                family,
                trials,
                observed,
                expected,
                ratio: posterior.mean(),
                interval: [posterior.quantile(0.05), posterior.quantile(0.95)],
                p_value: p[i],
                q_value: q[i],
                probability: posterior.above(RATIO_OF_INTEREST),
                refunds: refunds.remove(&staff).unwrap_or_default(),
            }
        })
        .collect()
}

/// How much honest people differ. Hardly anybody has a figure where nothing is to be expected, and who has one may well be out
/// of line: there it is what it is in the family that it is part of.
fn spread(record: &Record, family: Family, figures: &[(u64, f64)]) -> f64 {
    if family != Family::PaidInOddSession {
        return dispersion(figures);
    }
    let all = of_peers(&trials(record, Family::PaidUnasked)).tallies;
    dispersion(&all.values().map(|t| (t.observed, t.expected)).collect::<Vec<_>>())
}

/// Figures that chance makes so seldom are not what peers do.
const APART: f64 = 1e-3;

/// What is to be expected by what peers do who are in line themselves: two who are bribed in one small team would otherwise be
/// each other's excuse.
fn of_peers(trials: &[Trial]) -> Expected {
    let all = expected(trials, &BTreeSet::new());
    let figures: Vec<(u64, f64)> = all.tallies.values().map(|t| (t.observed, t.expected)).collect();
    let spread = dispersion(&figures);
    let apart = |t: &Tally| t.trials >= TRIALS_MIN && upper_tail(t.observed, t.expected, spread) < APART;
    let apart: BTreeSet<u32> =
        all.tallies.iter().filter(|(_, t)| apart(t)).map(|(staff, _)| *staff).collect();
    if apart.is_empty() { all } else { expected(trials, &apart) }
}

/// A refund behind a member of staff's figure.
pub(crate) struct Excess {
    pub(crate) staff: u32,
    pub(crate) refund: u32,
    /// When the person did it.
    pub(crate) at: Timestamp,
    /// How likely it is one of those above what was to be expected, if the excess is not chance.
    pub(crate) share: f64,
    /// Chance of hits on so many days, or on more.
    pub(crate) p_value: f64,
}

/// So many of a person's occasions may always be hits of another kind: a handful of false records among hundreds of honest
/// ones is lost in the noise of the figure, and told only by what the refunds look like.
const ABOVE_MIN: f64 = 0.01;

/// The refunds behind the figures.
///
/// A hit is one of the excess with the odds of the person's excess per occasion against the others' rate in the situation:
/// where nearly everybody does so, it says little; where nobody does, much.
pub(crate) fn excess(record: &Record, family: Family) -> Vec<Excess> {
    let trials = trials(record, family);
    let expected = of_peers(&trials);
    // By person and day: the chance of no hit, and whether there was one. What one person did on one day has one cause more
    // often than not: systems were down, a pallet came.
    let mut days: BTreeMap<(u32, i64), (f64, bool)> = BTreeMap::new();
    for (trial, rate) in trials.iter().zip(&expected.rates) {
        let day = days.entry((trial.staff, trial.at.day())).or_insert((1.0, false));
        *day = (day.0 * (1.0 - rate), day.1 || trial.hit);
    }
    let mut figures: BTreeMap<u32, (u64, f64)> = BTreeMap::new();
    for ((staff, _), (none, hit)) in &days {
        let figure = figures.entry(*staff).or_default();
        *figure = (figure.0 + u64::from(*hit), figure.1 + 1.0 - none);
    }
    let spread = dispersion(&figures.values().copied().collect::<Vec<_>>());
    let hits = trials.iter().zip(&expected.rates).filter(|(t, _)| t.hit);
    hits.filter_map(|(trial, rate)| {
        let tally = expected.tallies[&trial.staff];
        let above = ((tally.observed as f64 - tally.expected) / tally.trials as f64).max(ABOVE_MIN);
        let (observed, to_expect) = figures[&trial.staff];
        let p_value = upper_tail(observed, to_expect, spread);
        Some(Excess {
            staff: trial.staff,
            refund: trial.refund?,
            at: trial.at,
            share: above / (above + rate),
            p_value,
        })
    })
    .collect()
}

/// By person: the least chance of the figures on records against parcels, times how many they are.
pub(crate) fn records_out_of_line(record: &Record) -> BTreeMap<u32, f64> {
    let families = [Family::ReceiptsWithoutParcel, Family::ReceiptsLookedUp, Family::DearWithoutParcel];
    let mut least: BTreeMap<u32, f64> = BTreeMap::new();
    for unit in families.into_iter().flat_map(|family| of_family(record, family)) {
        let p = least.entry(unit.staff).or_insert(1.0);
        *p = p.min(unit.p_value * families.len() as f64);
    }
    least
}

fn role_number(role: Option<Role>) -> u64 {
    role.map_or(0, |r| 1 + u64::from(r.code()))
}

/// A cell from parts below 2¹⁶ each, the last below 2³².
fn cell(parts: [u64; 3]) -> u64 {
    parts[0] << 48 | parts[1] << 32 | parts[2]
}

fn trials(record: &Record, family: Family) -> Vec<Trial> {
    let queue = |q: Option<u32>| q.map_or(0, |q| u64::from(q) + 1);
    let refund_of = |order: u32| record.refund_of.get(&order).copied();
    let decided = || {
        record.taken.iter().filter_map(|t| Some((t, record.person(t.staff), record.asked.get(&t.refund)?)))
    };
    match family {
        Family::ReceiptsWithoutParcel | Family::ReceiptsLookedUp => {
            let marked: BTreeSet<(u32, u32)> = record
                .acts
                .iter()
                .filter(|a| matches!(a.action, Action::MarkedReturned | Action::LookedUp) && !a.asked_for)
                .filter_map(|a| Some((a.staff, a.order?)))
                .collect();
            let by_parcel = record.receipts.iter().filter(|r| r.lane != Some(Lane::InStore));
            by_parcel
                .map(|r| {
                    let lane = desk_and_lane(record, r);
                    // Where systems are down for some hours, everybody writes from paper.
                    let day = (r.at.millis() / Duration::DAY.0) as u64;
                    let shift = (r.at.millis() / (BLOCK_HOURS * Duration::HOUR.0)) as u64;
                    let hit = if family == Family::ReceiptsLookedUp {
                        marked.contains(&(r.staff, r.order))
                    } else {
                        !record.return_scanned.contains(&r.order)
                    };
                    let cells = [cell([lane, 1, shift]), cell([lane, 2, day]), cell([lane, 3, 0])];
                    Trial { staff: r.staff, cells, hit, refund: refund_of(r.order), at: r.at }
                })
                .collect()
        }
        Family::DearWithoutParcel => dear_without_parcel(record),
        Family::ContactsSearched => record
            .talks
            .iter()
            .map(|t| {
                let role = role_number(record.person(t.staff).role);
                let cells = [cell([role, 1, queue(t.queue)]), cell([role, 0, 0]), cell([0, 0, 0])];
                Trial {
                    staff: t.staff,
                    cells,
                    hit: t.searched,
                    refund: t.order.and_then(refund_of),
                    at: t.at,
                }
            })
            .collect(),
        Family::Overrides => decided()
            .map(|(t, person, asked)| {
                let (role, reason) = (role_number(person.role), u64::from(asked.reason.code()));
                let own = queue(person.queue);
                let cells = [cell([role, reason + 1, own]), cell([role, 0, own]), cell([role, 0, 0])];
                Trial { staff: t.staff, cells, hit: t.overridden, refund: Some(t.refund), at: t.at }
            })
            .collect(),
        Family::PaidUnasked => decided()
            .map(|(t, person, asked)| {
                let (role, reason) = (role_number(person.role), u64::from(asked.reason.code()));
                let at_once = t.at.since(asked.at) <= Duration::HOUR;
                // When systems are down nobody has contacts.
                let day = (t.at.millis() / Duration::DAY.0) as u64;
                let cells = [cell([role, 1 << 8, day]), cell([role, reason + 1, 0]), cell([role, 0, 0])];
                let hit = t.paid && !asked.in_contact && at_once;
                Trial { staff: t.staff, cells, hit, refund: Some(t.refund), at: t.at }
            })
            .collect(),
        Family::UnderTheLimit => decided()
            .filter(|(t, ..)| t.paid)
            .filter_map(|(t, person, asked)| {
                let share = asked.amount as f64 / person.limit.filter(|&l| l > 0)? as f64;
                let role = role_number(person.role);
                (NEAR_FROM..=1.0).contains(&share).then(|| Trial {
                    staff: t.staff,
                    cells: [cell([role, 1, queue(person.queue)]), cell([role, 0, 0]), cell([0, 0, 0])],
                    hit: share > JUST_BELOW,
                    refund: Some(t.refund),
                    at: t.at,
                })
            })
            .collect(),
        Family::OddSessions => record
            .acts
            .iter()
            .filter(|a| a.order.is_some())
            .map(|a| {
                let role = role_number(record.person(a.staff).role);
                let hit = a.odd_session && !a.asked_for;
                let cells = [cell([role, 0, 0]), cell([0, 0, 0]), cell([0, 0, 0])];
                Trial { staff: a.staff, cells, hit, refund: a.order.and_then(refund_of), at: a.at }
            })
            .collect(),
        Family::PaidInOddSession | Family::Affinity => Vec::new(),
    }
}

/// Whoever records returns without being a clerk looks them all up: the role says who is like whom.
fn desk_and_lane(record: &Record, r: &Receipt) -> u64 {
    role_number(record.person(r.staff).role) << 8 | r.lane.map_or(0, |l| 1 + u64::from(l.code()))
}

/// Receipts that no carrier's scan stands behind: is what was refunded dear?
fn dear_without_parcel(record: &Record) -> Vec<Trial> {
    let amount = |order: u32| {
        let refund = *record.refund_of.get(&order)?;
        Some((refund, record.asked.get(&refund)?.amount))
    };
    let by_parcel = || record.receipts.iter().filter(|r| r.lane != Some(Lane::InStore));
    let mut amounts: Vec<i64> = by_parcel().filter_map(|r| Some(amount(r.order)?.1)).collect();
    amounts.sort_unstable();
    let Some(&dear) = amounts.get((amounts.len() as f64 * DEAR) as usize) else { return Vec::new() };
    let unscanned = by_parcel().filter(|r| !record.return_scanned.contains(&r.order));
    let trial = |r: &Receipt| {
        let (refund, amount) = amount(r.order)?;
        let lane = desk_and_lane(record, r);
        let cells = [cell([lane, 1, 0]), cell([lane, 1, 0]), cell([0, 0, 0])];
        Some(Trial { staff: r.staff, cells, hit: amount > dear, refund: Some(refund), at: r.at })
    };
    unscanned.filter_map(trial).collect()
}

/// How near to an act in an odd session a decision is one of it.
pub(crate) const NEAR: Duration = Duration(30 * 60 * 1_000);

/// Of the decisions that fell into odd sessions, those that paid unasked, against what everybody's decisions lead to expect.
fn paid_in_odd_sessions(record: &Record) -> (Counts, BTreeMap<u32, BTreeSet<u32>>) {
    let mut odd: BTreeMap<u32, BTreeSet<Timestamp>> = BTreeMap::new();
    for act in record.acts.iter().filter(|a| a.odd_session) {
        odd.entry(act.staff).or_default().insert(act.at);
    }
    let trials = trials(record, Family::PaidUnasked);
    let rates = of_peers(&trials).rates;
    let (mut counts, mut refunds) = (Counts::new(), BTreeMap::<u32, BTreeSet<u32>>::new());
    for (trial, rate) in trials.iter().zip(rates) {
        let near = trial.at.plus(Duration(-NEAR.0))..=trial.at.plus(NEAR);
        if odd.get(&trial.staff).is_none_or(|acts| acts.range(near).next().is_none()) {
            continue;
        }
        let tally = counts.entry(trial.staff).or_default();
        tally.trials += 1;
        tally.observed += u64::from(trial.hit);
        tally.expected += rate;
        if trial.hit {
            refunds.entry(trial.staff).or_default().extend(trial.refund);
        }
    }
    (counts, refunds)
}
