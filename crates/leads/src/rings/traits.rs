//! What speaks for abuse in a request by itself? Traits, and how much likelier each is among rings' requests.
//!
//! Nothing here says who somebody is: only what was asked for, when, and what the parcels showed. The likelihood ratios are
//! learned: from the requests that the marks already give to rings, from verdicts and from test purchases. They compare
//! requests of the same kind of case, so that a group of damaged goods is no ring because rings often claim damage.

use crate::rings::record::{Order, Record, Request};
use libm::log;
use ringfence_domain::words::{ClaimReason, Word};
use ringfence_domain::{Duration, Timestamp};
use std::collections::BTreeMap;

/// A request's traits: its kind of case, and by family which of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traits {
    case: u8,
    values: [u16; FAMILIES],
}

/// Families of traits. Within a family a request has one value.
pub(crate) const FAMILIES: usize = 7;

const VERDICT: usize = 6;
const NONE: u16 = 0;
const ABUSE: u16 = 1;
const CLEARED: u16 = 2;
const TEST_PURCHASE: u16 = 3;
const NOT_YET: u16 = 4;

/// Most verdicts are there so long after the request: until then their absence says nothing.
const MATURE: Duration = Duration::days(60);
/// What a request weighs that nobody has called abuse by then, before anything is learned.
const LN_NONE: f64 = -0.15;

/// What a verdict of abuse, and one of none, weighs before anything is learned: rings are investigated more than others.
const LN_ABUSE: f64 = 2.0;
const LN_CLEARED: f64 = -1.5;
/// An investigator's own order went through a ring: that is what it is for.
const LN_TEST_PURCHASE: f64 = 8.0;

/// The traits of all requests, in their order. `as_of` is what waiting is measured against.
pub(crate) fn traits(record: &Record, as_of: Timestamp) -> Vec<Traits> {
    let none = Order::default();
    record
        .requests
        .iter()
        .map(|r| {
            let order = record.orders.get(&r.order).unwrap_or(&none);
            let values = [
                order.category.map_or(0, |c| (c + 1).min(u32::from(u16::MAX)) as u16),
                amount(r.amount),
                reason(r, order),
                lag(r, order),
                back(r, order, as_of),
                r.before.min(3) as u16,
                verdict(record, r, as_of),
            ];
            Traits { case: case(r.reason), values }
        })
        .collect()
}

/// Kinds of case: among them shares are compared.
fn case(reason: ClaimReason) -> u8 {
    match reason {
        ClaimReason::NotReceived => 0,
        ClaimReason::MissingItem | ClaimReason::EmptyPackage => 1,
        ClaimReason::Damaged
        | ClaimReason::Defective
        | ClaimReason::WrongItem
        | ClaimReason::NotAsDescribed => 2,
        ClaimReason::Late => 3,
        ClaimReason::ChangedMind | ClaimReason::Other => 4,
    }
}

/// Powers of two: 64, 128, 256 … of the currency's main unit.
fn amount(minor: i64) -> u16 {
    let main = (minor / 100).max(1) as u64;
    (main.ilog2() * 2 + u32::from(main & (1 << main.ilog2() >> 1) != 0)).clamp(8, 24) as u16
}

fn reason(r: &Request, order: &Order) -> u16 {
    u16::from(r.reason.code()) * 8
        + match order.delivered {
            Some(at) if at <= r.at => 1 + order.shown as u16,
            Some(_) => 0,
            None => 7,
        }
}

fn lag(r: &Request, order: &Order) -> u16 {
    let Some(delivered) = order.delivered else { return 0 };
    let days = r.at.since(delivered).as_days();
    [0.0, 1.0, 2.0, 4.0, 7.0, 12.0, 20.0, 40.0].iter().filter(|&&limit| days > limit).count() as u16 + 1
}

/// So long after a return was delivered it would have been recorded.
const UNRECORDED: Duration = Duration::days(7);
/// Weighs so little against the way out that the article can hardly be in it.
const LIGHT: f64 = 0.35;

fn back(r: &Request, order: &Order, as_of: Timestamp) -> u16 {
    let back = &order.back;
    let light = match (back.weight_g, order.weight_g) {
        (Some(back), Some(out)) => (back as f64) < LIGHT * out as f64,
        _ => false,
    };
    let unrecorded = !back.received && back.delivered.is_some_and(|at| as_of.since(at) > UNRECORDED);
    let claim = !matches!(r.reason, ClaimReason::ChangedMind | ClaimReason::Other);
    match () {
        () if back.wrong => 1,
        () if unrecorded && (light || back.elsewhere || back.other_number) => 2,
        () if unrecorded => 3,
        () if light => 4,
        () if back.elsewhere || back.other_number => 5,
        () if back.received && !back.moved => 6,
        () if back.received => 7,
        () if claim => 8,
        () => 9,
    }
}

fn verdict(record: &Record, r: &Request, as_of: Timestamp) -> u16 {
    if record.test_orders.contains(&r.order) {
        return TEST_PURCHASE;
    }
    match record.verdicts.get(&r.refund) {
        Some(true) => ABUSE,
        Some(false) => CLEARED,
        None if as_of.since(r.at) > MATURE => NONE,
        None => NOT_YET,
    }
}

/// How much likelier each trait is among rings' requests than among others of the same kind of case: natural logarithms.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    by_trait: BTreeMap<(usize, u8, u16), f64>,
    /// Traits of one request go together: less than the sum is believed.
    together: f64,
}

/// As many requests of each kind of case stand for "no difference" in each family.
const PRIOR_REQUESTS: f64 = 6.0;
/// Share of the sum that is believed where several families speak at once.
const TOGETHER: f64 = 0.75;
const TRAIT_MAX: f64 = 3.0;
/// What a verdict weighs at least.
const VERDICT_MIN: f64 = 1.0;

impl Weights {
    /// Before anything is learned: only what people found out counts.
    pub(crate) fn first() -> Weights {
        let found =
            [(NONE, LN_NONE), (ABUSE, LN_ABUSE), (CLEARED, LN_CLEARED), (TEST_PURCHASE, LN_TEST_PURCHASE)];
        let by_trait = (0..=u8::MAX)
            .flat_map(|case| found.map(|(value, weight)| ((VERDICT, case, value), weight)))
            .collect();
        Weights { by_trait, together: 1.0 }
    }
    /// From what is believed of each request so far.
    pub(crate) fn learn(traits: &[Traits], rings: &[f64]) -> Weights {
        let mut cases: BTreeMap<u8, (f64, f64)> = BTreeMap::new();
        let mut counts: BTreeMap<(usize, u8, u16), (f64, f64)> = BTreeMap::new();
        for (traits, ring) in traits.iter().zip(rings) {
            let add = |count: &mut (f64, f64)| *count = (count.0 + ring, count.1 + 1.0 - ring);
            add(cases.entry(traits.case).or_default());
            for (family, value) in traits.values.iter().enumerate() {
                add(counts.entry((family, traits.case, *value)).or_default());
            }
        }
        let weight = |((family, case, value), (ring, other)): ((usize, u8, u16), (f64, f64))| {
            let (rings, others) = cases[&case];
            let share = (ring + other) / (rings + others);
            let among_rings = (ring + PRIOR_REQUESTS * share) / (rings + PRIOR_REQUESTS);
            let among_others = (other + PRIOR_REQUESTS * share) / (others + PRIOR_REQUESTS);
            let learned = log(among_rings / among_others).clamp(-TRAIT_MAX, TRAIT_MAX);
            let weight = match (family, value) {
                (VERDICT, TEST_PURCHASE) => LN_TEST_PURCHASE,
                (VERDICT, NOT_YET) => 0.0,
                // Whatever the requests look like: people who looked weigh at least that.
                (VERDICT, ABUSE) => learned.max(VERDICT_MIN),
                (VERDICT, CLEARED) => learned.min(-VERDICT_MIN),
                _ => learned,
            };
            ((family, case, value), weight)
        };
        Weights { by_trait: counts.into_iter().map(weight).collect(), together: TOGETHER }
    }
    /// Of one request.
    pub(crate) fn evidence(&self, traits: &Traits) -> f64 {
        let of = |family: usize| {
            let key = (family, traits.case, traits.values[family]);
            self.by_trait.get(&key).copied().unwrap_or(0.0)
        };
        let seen: f64 = (0..VERDICT).map(of).sum();
        self.together * seen + of(VERDICT)
    }
}
