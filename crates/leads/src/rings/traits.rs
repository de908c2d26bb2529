//! What speaks for abuse in a request by itself? Nothing here says who somebody is: only what was asked for, when, what the
//! parcels showed, and what people found out.

use crate::rings::record::{Order, Record, Request};
use ringfence_domain::words::{ClaimReason, VerdictMethod, Word};
use ringfence_domain::{Duration, Timestamp};

/// A request's traits: its kind of case, and by family which of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traits {
    pub(crate) case: u8,
    pub(crate) values: [u16; FAMILIES],
}

/// Families of traits. Within a family a request has one value.
pub(crate) const FAMILIES: usize = 8;

pub(crate) const AMOUNT: usize = 1;
pub(crate) const BACK: usize = 4;
pub(crate) const VERDICT: usize = 6;
pub(crate) const ACCOUNT: usize = 7;

pub(crate) const NONE: u16 = 0;
pub(crate) const ABUSE: u16 = 1;
pub(crate) const CLEARED: u16 = 2;
pub(crate) const TEST_PURCHASE: u16 = 3;
pub(crate) const NOT_YET: u16 = 4;
/// Abuse that was found through an investigator's own order, or was admitted.
pub(crate) const THROUGH_TEST: u16 = 5;

/// Most verdicts are there so long after the request: until then their absence says nothing.
const MATURE: Duration = Duration::days(60);
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
                u16::from(record.abusers.contains(&r.account)),
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

/// Recorded as received; no carrier scanned it. By itself that is a lane without scans: members of staff whose records are out
/// of line are marks of their own.
pub(crate) const NO_SCAN: u16 = 6;
const RECEIVED: u16 = 7;

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
        () if back.received && !back.moved => NO_SCAN,
        () if back.received => RECEIVED,
        () if claim => 8,
        () => 9,
    }
}

fn verdict(record: &Record, r: &Request, as_of: Timestamp) -> u16 {
    if record.test_orders.contains(&r.order) {
        return TEST_PURCHASE;
    }
    match record.verdicts.get(&r.refund) {
        Some((true, VerdictMethod::TestPurchase | VerdictMethod::Admission)) => THROUGH_TEST,
        Some((true, _)) => ABUSE,
        Some((false, _)) => CLEARED,
        None if as_of.since(r.at) > MATURE => NONE,
        None => NOT_YET,
    }
}

/// The way in which a request gets at the money, as far as it tells one hand from another.
pub(crate) type Way = (u8, u16);

/// By the kind of case, and what came back.
pub(crate) fn way(traits: &Traits) -> Way {
    match traits.values[BACK] {
        back @ 1..=3 => (0, back.max(2)),
        NO_SCAN => (0, NO_SCAN),
        _ => (1 + traits.case, 0),
    }
}
