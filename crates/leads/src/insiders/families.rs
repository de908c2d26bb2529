//! Which figures are looked at? Seven families in five kinds of evidence; a lead rests on at least two kinds.

use crate::insiders::expect::{Tally, Trial, expected};
use crate::insiders::record::Record;
use crate::sets::Sets;
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
    /// Returns recorded as received without a carrier's scan or a weight, against the same lane on the same day.
    ReceiptsWithoutParcel,
    /// Returns recorded as received by looking the order up instead of scanning the parcel.
    ReceiptsLookedUp,
    /// Contacts that were searched for instead of routed, against the same queue.
    ContactsSearched,
    /// Decisions against policy, against the same role, queue and reason.
    Overrides,
    /// Refunds paid within the hour that nobody had talked to the shop about, against the same role and reason.
    PaidUnasked,
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
    pub const ALL: [Family; 8] = [
        Family::ReceiptsWithoutParcel,
        Family::ReceiptsLookedUp,
        Family::ContactsSearched,
        Family::Overrides,
        Family::PaidUnasked,
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
            Family::Overrides | Family::PaidUnasked | Family::UnderTheLimit => Evidence::Money,
            Family::OddSessions => Evidence::Session,
            Family::Affinity => Evidence::Ties,
        }
    }
    /// A few words for people.
    pub fn about(self) -> &'static str {
        match self {
            Family::ReceiptsWithoutParcel => "returns recorded as received without a scan or a weight",
            Family::ReceiptsLookedUp => "returns recorded by looking the order up",
            Family::ContactsSearched => "contacts searched for instead of routed",
            Family::Overrides => "decisions against policy",
            Family::PaidUnasked => "refunds paid within the hour without a contact",
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
/// Hits out of line by less than half are not worth anybody's time.
const RATIO_OF_INTEREST: f64 = 1.5;
/// Refunds from this share of the limit on take part.
const NEAR_FROM: f64 = 0.5;
/// Refunds above this share of the limit are just below it.
const JUST_BELOW: f64 = 0.9;
/// An identifier that more accounts share is a place or a carrier's network: it ties nobody.
const SHARED_MAX: usize = 40;

/// All families of all staff.
pub(crate) fn units(record: &Record) -> Vec<Unit> {
    Family::ALL.into_iter().flat_map(|family| of_family(record, family)).collect()
}

fn of_family(record: &Record, family: Family) -> Vec<Unit> {
    let (counts, mut refunds) = match family {
        Family::Affinity => affinity(record),
        _ => {
            let trials = trials(record, family);
            let mut refunds: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
            for trial in trials.iter().filter(|t| t.hit) {
                refunds.entry(trial.staff).or_default().extend(trial.refund);
            }
            (expected(&trials).tallies, refunds)
        }
    };
    let enough: Vec<(u32, Tally)> = counts.into_iter().filter(|(_, t)| t.trials >= TRIALS_MIN).collect();
    let figures: Vec<(u64, f64)> = enough.iter().map(|(_, t)| (t.observed, t.expected)).collect();
    let (spread, differ) = (dispersion(&figures), differences(&figures));
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

/// The refunds behind the figures that are above what was to be expected.
///
/// A hit is one of the excess with the odds of the person's excess per occasion against the others' rate in the situation:
/// where nearly everybody does so, it says little; where nobody does, much.
pub(crate) fn excess(record: &Record, family: Family) -> Vec<Excess> {
    let trials = trials(record, family);
    let expected = expected(&trials);
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
        let above = (tally.observed as f64 - tally.expected) / tally.trials as f64;
        (above > 0.0).then_some(())?;
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
                .filter(|a| a.action == Action::MarkedReturned)
                .filter_map(|a| Some((a.staff, a.order?)))
                .collect();
            let by_parcel = record.receipts.iter().filter(|r| r.lane != Some(Lane::InStore));
            by_parcel
                .map(|r| {
                    let lane = r.lane.map_or(0, |l| 1 + u64::from(l.code()));
                    // Where systems are down for some hours, everybody writes from paper.
                    let day = (r.at.millis() / Duration::DAY.0) as u64;
                    let shift = (r.at.millis() / (BLOCK_HOURS * Duration::HOUR.0)) as u64;
                    let hit = if family == Family::ReceiptsLookedUp {
                        marked.contains(&(r.staff, r.order))
                    } else {
                        !r.weighed && !record.return_scanned.contains(&r.order)
                    };
                    let cells = [cell([lane, 1, shift]), cell([lane, 2, day]), cell([lane, 3, 0])];
                    Trial { staff: r.staff, cells, hit, refund: refund_of(r.order), at: r.at }
                })
                .collect()
        }
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
                let cells = [cell([role, reason + 1, 0]), cell([role, 0, 0]), cell([0, 0, 0])];
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
        Family::Affinity => Vec::new(),
    }
}

type Counts = BTreeMap<u32, Tally>;

/// Something that brought an account to a member of staff.
struct Touch {
    staff: u32,
    account: u32,
    refund: Option<u32>,
    /// Part of a day: who works then is who can be met.
    block: i64,
}

/// A third of a day: a shift.
const BLOCK_HOURS: i64 = 8;
/// Weight of a role's whole work in the shares of one shift: as many touches.
const BLOCK_BACK_OFF: f64 = 3.0;

/// Accounts of a cluster that came to a person after the first one did, and how many of them chance would have sent there:
/// each touch goes to a person with the share of all others' touches in its shift that the person had (Poisson-binomial).
fn affinity(record: &Record) -> (Counts, BTreeMap<u32, BTreeSet<u32>>) {
    let clusters = clusters(record);
    let block = |at: Timestamp| at.millis().div_euclid(BLOCK_HOURS * Duration::HOUR.0);
    let by_receipt = record.receipts.iter().filter_map(|r| {
        let refund = *record.refund_of.get(&r.order)?;
        let account = record.asked.get(&refund)?.account;
        Some(Touch { staff: r.staff, account, refund: Some(refund), block: block(r.at) })
    });
    let by_talk = record.talks.iter().map(|t| {
        let refund = t.order.and_then(|o| record.refund_of.get(&o).copied());
        Touch { staff: t.staff, account: t.account, refund, block: block(t.at) }
    });
    let (mut counts, mut refunds) = (Counts::new(), BTreeMap::<u32, BTreeSet<u32>>::new());
    for touches in [by_receipt.collect::<Vec<_>>(), by_talk.collect()] {
        let mut in_block: BTreeMap<i64, BTreeMap<u32, f64>> = BTreeMap::new();
        let mut share: BTreeMap<u32, f64> = BTreeMap::new();
        for touch in &touches {
            *in_block.entry(touch.block).or_default().entry(touch.staff).or_default() += 1.0;
            *share.entry(touch.staff).or_default() += 1.0 / touches.len() as f64;
            counts.entry(touch.staff).or_default().trials += 1;
        }
        // The first touch of each account: that it comes again is no news.
        let mut firsts: BTreeMap<u32, BTreeMap<u32, &Touch>> = BTreeMap::new();
        for touch in &touches {
            if let Some(&cluster) = clusters.get(&touch.account) {
                firsts.entry(cluster).or_default().entry(touch.account).or_insert(touch);
            }
        }
        for of_cluster in firsts.values().filter(|f| f.len() > 1) {
            // By person: the sum of chances, and the chance of none.
            let mut chance: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
            let mut met: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
            for touch in of_cluster.values() {
                let there = &in_block[&touch.block];
                let others = there.values().sum::<f64>() - 1.0;
                for (&staff, &n) in there {
                    let n = n - f64::from(u8::from(staff == touch.staff));
                    let p = (n + BLOCK_BACK_OFF * share[&staff]) / (others + BLOCK_BACK_OFF);
                    let entry = chance.entry(staff).or_insert((0.0, 1.0));
                    *entry = (entry.0 + p, entry.1 * (1.0 - p));
                }
                met.entry(touch.staff).or_default().extend(touch.refund);
                counts.entry(touch.staff).or_default().observed += 1;
            }
            for (staff, (sum, none)) in chance {
                counts.entry(staff).or_default().expected += (sum - 1.0 + none).max(0.0);
            }
            for (staff, found) in met {
                // The first of them is no repetition.
                counts.entry(staff).or_default().observed -= 1;
                if found.len() > 1 {
                    refunds.entry(staff).or_default().extend(found);
                }
            }
        }
    }
    (counts, refunds)
}

/// The cluster of each account that shares a rare identifier with another: the least number of its accounts.
fn clusters(record: &Record) -> BTreeMap<u32, u32> {
    let tied: Vec<&BTreeSet<u32>> =
        record.shared.values().filter(|a| (2..=SHARED_MAX).contains(&a.len())).collect();
    let mut sets = Sets::new(record.accounts.len());
    for accounts in &tied {
        for (a, b) in accounts.iter().zip(accounts.iter().skip(1)) {
            sets.join(*a, *b);
        }
    }
    tied.into_iter().flatten().map(|a| (*a, sets.root(*a))).collect()
}
