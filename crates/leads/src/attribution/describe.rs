//! Which value has each trait of a claim? From what the record knows at the moment, and nothing else.

use crate::attribution::record::{Asked, Order, Pay, Record, WayBack};
use crate::attribution::traits::{Family, Kind, NOT_APPLICABLE, TRAITS, Values};
use ringfence_domain::words::{
    Assigned, ChargebackReason, ClaimReason, Condition, Lane, RequestChannel, Verdict, Word,
};
use ringfence_domain::{Duration, Timestamp};

/// Shares of orders that the bands of an order's value part.
const BAND_SHARES: [f64; 4] = [0.50, 0.75, 0.90, 0.97];

/// The values of orders at which the bands part.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bands([i64; BAND_SHARES.len()]);

impl Bands {
    pub(crate) fn of(record: &Record) -> Bands {
        let mut values: Vec<i64> = record.orders.iter().filter_map(|o| o.value).collect();
        values.sort_unstable();
        let last = values.len().saturating_sub(1);
        Bands(BAND_SHARES.map(|share| values.get((share * last as f64) as usize).copied().unwrap_or(0)))
    }
    fn band(&self, value: i64) -> u8 {
        self.0.iter().filter(|&&edge| value > edge).count() as u8
    }
}

/// Upper ends of the bands of time since delivery.
const LAGS: [Duration; 5] =
    [Duration::days(1), Duration::days(3), Duration::days(7), Duration::days(14), Duration::days(30)];
/// Conversations so long before a claim belong to it.
const TALKS_WITHIN: Duration = Duration::days(14);
/// A return that was delivered so long ago and not received is a finding.
const RECEIVED_WITHIN: Duration = Duration::days(10);
/// Grams of cardboard of a parcel; what shops use differs little beside the goods.
const BOX_G: u64 = 90;
/// Below this share of what the goods weigh something is missing: hubs' scales err by a few percent.
const LIGHT: f64 = 0.88;
/// Upper ends of the bands of a return's weight against its goods.
const WEIGHTS_BACK: [f64; 3] = [0.4, 0.8, 1.2];

/// What a claim is about: returns are what their reason or their goods' way shows to be one.
pub(crate) fn family(order: &Order, asked: &Asked) -> Family {
    if asked.reason == ClaimReason::ChangedMind || order.back.is_some() {
        Family::Return
    } else {
        Family::Delivery
    }
}

/// When the last parcel was scanned as delivered, where all that is known of were by then.
fn delivered(record: &Record, order: &Order, by: Timestamp) -> Option<Timestamp> {
    let times = order.parcels.iter().map(|&p| record.parcels[p as usize].delivered.filter(|&d| d <= by));
    times.collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// All traits of a claim.
pub(crate) fn describe(record: &Record, refund: u32, asked: &Asked, bands: &Bands, verdicts: bool) -> Values {
    let order = &record.orders[asked.order as usize];
    let outcome = &record.outcomes[refund as usize];
    let family = family(order, asked);
    let mut values = [NOT_APPLICABLE; TRAITS.len()];
    let mut set = |kind: Kind, value: u8| values[kind as usize] = value;
    set(Kind::Reason, asked.reason.code());
    set(Kind::Lag, lag(delivered(record, order, asked.at), asked.at));
    set(Kind::Device, device(record, asked));
    set(Kind::Contact, contact(record, asked));
    if let Some(value) = order.value {
        set(Kind::Value, bands.band(value));
    }
    set(Kind::Standing, standing(record, asked));
    let earlier = |r: &u32| *r != refund && record.request(*r).is_some_and(|a| a.at < asked.at);
    set(Kind::Again, u8::from(order.requests.iter().any(earlier)));
    let talks = order.talks.iter().filter(|&&t| t <= asked.at && asked.at.since(t).0 <= TALKS_WITHIN.0);
    set(Kind::Talks, (talks.count().clamp(1, 3) - 1) as u8);
    set(Kind::Documents, documents(record, asked));
    set(Kind::Chargeback, chargeback(order, asked));
    set(
        Kind::Instrument,
        match asked.instrument {
            Pay::Back => 0,
            Pay::Credit => 1,
            Pay::Elsewhere => 2,
        },
    );
    match family {
        Family::Delivery => {
            if matches!(asked.reason, ClaimReason::MissingItem | ClaimReason::EmptyPackage) {
                set(Kind::WeightOut, weight_out(record, order));
            }
        }
        Family::Return => {
            let nothing = WayBack::default();
            let back = order.back.as_deref().unwrap_or(&nothing);
            set(Kind::WeightBack, weight_back(record, order, asked, back));
            set(Kind::Inspection, inspection(back));
            set(Kind::Serial, back.serial_match.map_or(0, |right| if right { 1 } else { 2 }));
            set(Kind::WayBack, way_back(back, record.now.unwrap_or(asked.at)));
            let elsewhere = back.to.zip(back.delivered_in).map(|(to, is)| to != is);
            set(Kind::Destination, elsewhere.map_or(0, |e| 1 + u8::from(e)));
        }
    }
    let by_hand = order.back.as_ref().is_some_and(|b| b.by_hand);
    set(Kind::Handling, if by_hand { 2 } else { u8::from(outcome.overridden) });
    if verdicts {
        set(
            Kind::Verdict,
            match outcome.verdict {
                Some((_, Verdict::Abuse)) => 1,
                Some((_, Verdict::PolicyAbuse)) => 2,
                Some((_, Verdict::Legitimate)) => 3,
                Some((_, Verdict::Insider | Verdict::Compromised)) | None => 0,
            },
        );
    }
    values
}

fn lag(delivered: Option<Timestamp>, asked: Timestamp) -> u8 {
    let Some(delivered) = delivered else { return 0 };
    1 + LAGS.iter().filter(|most| asked.since(delivered).0 > most.0).count() as u8
}

fn device(record: &Record, asked: &Asked) -> u8 {
    let Some(device) = asked.device else { return 0 };
    if record.own_device.get(&(asked.account, device)).is_some_and(|&first| first < asked.at) {
        return 1;
    }
    match record.claims_from.get(&device).map_or(1, Vec::len) {
        0 | 1 => 2,
        2 | 3 => 3,
        _ => 4,
    }
}

fn contact(record: &Record, asked: &Asked) -> u8 {
    match asked.contact.and_then(|c| record.assigned.get(&c)) {
        Some((_, Some(Assigned::Searched))) => 2,
        Some((_, Some(Assigned::Transferred))) => 3,
        Some((_, Some(Assigned::Routed) | None)) => 1,
        None => match asked.channel {
            RequestChannel::SelfService | RequestChannel::InStore => 0,
            RequestChannel::Chat | RequestChannel::Phone | RequestChannel::Email => 4,
        },
    }
}

fn standing(record: &Record, asked: &Asked) -> u8 {
    let orders = record.orders_of.get(&asked.account);
    match orders.map_or(0, |o| o.iter().filter(|&&at| at <= asked.at).count()) {
        0 | 1 => 0,
        2 | 3 => 1,
        _ => 2,
    }
}

fn documents(record: &Record, asked: &Asked) -> u8 {
    let shared = |d: &u32| record.hands_in.get(d).is_some_and(|accounts| accounts.len() > 1);
    match asked.documents.as_slice() {
        [] => 0,
        documents => 1 + u8::from(documents.iter().any(shared)),
    }
}

fn chargeback(order: &Order, asked: &Asked) -> u8 {
    match order.chargeback.filter(|(when, _)| *when >= asked.at) {
        None => 0,
        Some((_, ChargebackReason::CreditNotProcessed)) => 1,
        Some((
            _,
            ChargebackReason::NotReceived
            | ChargebackReason::NotAsDescribed
            | ChargebackReason::Fraud
            | ChargebackReason::Other,
        )) => 2,
    }
}

/// Grams of an order's goods, of all lines or of some; `None` where one is not known.
fn goods_g(record: &Record, order: &Order, only: Option<&[u32]>) -> Option<u64> {
    let lines = order.lines.iter().filter(|(line, ..)| only.is_none_or(|o| o.contains(line)));
    let grams = lines.map(|(_, article, pieces)| Some(record.grams.get(article)? * u64::from(*pieces)));
    grams.sum::<Option<u64>>().filter(|&g| g > 0)
}

fn weight_out(record: &Record, order: &Order) -> u8 {
    let weighed: Option<u64> = order.parcels.iter().map(|&p| record.parcels[p as usize].least_g).sum();
    let (Some(weighed), Some(goods)) = (weighed, goods_g(record, order, None)) else { return 0 };
    if order.parcels.is_empty() {
        return 0;
    }
    let expected = goods + BOX_G * order.parcels.len() as u64;
    if (weighed as f64) < LIGHT * expected as f64 { 2 } else { 1 }
}

fn weight_back(record: &Record, order: &Order, asked: &Asked, back: &WayBack) -> u8 {
    let Some((weighed, goods)) = back.least_g.zip(goods_g(record, order, Some(&asked.lines))) else {
        return 0;
    };
    let share = weighed as f64 / (goods + BOX_G) as f64;
    1 + WEIGHTS_BACK.iter().filter(|&&most| share > most).count() as u8
}

fn inspection(back: &WayBack) -> u8 {
    back.found.map_or(0, |(_, found)| match found {
        Condition::AsNew => 1,
        Condition::Used => 2,
        Condition::Damaged => 3,
        Condition::WrongItem => 4,
        Condition::Empty => 5,
        Condition::Missing => 6,
    })
}

fn way_back(back: &WayBack, now: Timestamp) -> u8 {
    match back.receipt {
        Some(receipt) => match receipt.lane {
            Some(Lane::InStore) => 3,
            _ if back.moved || back.least_g.is_some() => 5,
            Some(Lane::Bulk) => 4,
            Some(Lane::Scanned) | None => 6,
        },
        None if back.delivered.is_some_and(|d| now.since(d).0 > RECEIVED_WITHIN.0) => 2,
        None => u8::from(back.moved),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_that_can_come_has_a_place_in_its_table() {
        let values = |kind: Kind| TRAITS[kind as usize].values.len();
        assert_eq!(values(Kind::Reason), ClaimReason::ALL.len());
        assert_eq!(values(Kind::Lag), LAGS.len() + 2);
        assert_eq!(values(Kind::Value), BAND_SHARES.len() + 1);
        assert_eq!(values(Kind::WeightBack), WEIGHTS_BACK.len() + 2);
        assert_eq!(values(Kind::Inspection), Condition::ALL.len() + 1);
        for of in TRAITS {
            for (cause, likelier) in of.likelier {
                assert_eq!(likelier.len(), of.values.len(), "{cause:?} {:?}", of.values);
            }
        }
    }

    #[test]
    fn time_since_delivery_falls_into_its_band() {
        let at = |days: f64| Timestamp::MIN.plus(Duration((days * Duration::DAY.0 as f64) as i64));
        let check = |days: f64, expect: u8| assert_eq!(lag(Some(at(0.0)), at(days)), expect, "{days}");
        check(0.5, 1);
        check(1.0, 1);
        check(1.1, 2);
        check(30.0, 5);
        check(31.0, 6);
        assert_eq!(lag(None, at(1.0)), 0);
    }
}
