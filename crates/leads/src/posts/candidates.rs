//! Which refunds may a post be about? Those granted around the time before it whose amount can become the one in the post.

use crate::posts::amounts::Amount;
use crate::posts::boasts::Boast;
use crate::posts::goods::Goods;
use crate::posts::record::{Record, Refund};
use crate::posts::rounding::{self, modes};
use crate::posts::words::Method;
use ringfence_domain::words::{ClaimReason, Word};
use ringfence_domain::{Duration, Timestamp};
use std::collections::BTreeMap;

/// Ends of the classes of delay from the grant to the post, in days. People boast before the money is there, too.
pub(crate) const DELAYS: [f64; 13] =
    [-20.0, -5.0, -1.0, 0.0, 1.0, 2.0, 4.0, 7.0, 12.0, 20.0, 35.0, 60.0, 100.0];
/// Classes of delay.
pub(crate) const DELAY_CLASSES: usize = DELAYS.len() - 1;
/// Most refunds that are compared with one post: past it its amount tells nothing.
const CANDIDATES_MAX: usize = 20_000;

/// What speaks for boasting of a refund, before any post is read: each refund is in one class of each.
pub(crate) const TRAITS: usize = 5;
/// Which of them is the reason of the request.
pub(crate) const REASON: usize = 1;
/// What the refunds behind one handle or channel have in common: the ring, the reason, the device.
pub(crate) const GROUPS: usize = 3;
/// Classes of a trait, at most.
pub(crate) const CLASSES_MAX: usize = 64;

/// A refund that was granted.
pub(crate) struct Granted<'a> {
    pub(crate) refund: &'a Refund,
    pub(crate) at: Timestamp,
    /// Hundredths of the currency, asked for; and paid, where that differs.
    pub(crate) amounts: Vec<i64>,
    pub(crate) categories: Vec<u32>,
    /// Words that tell of goods, in what the customer wrote.
    pub(crate) own_words: Vec<u32>,
    pub(crate) country: Option<&'a str>,
    pub(crate) placed_at: Option<Timestamp>,
    pub(crate) traits: [u8; TRAITS],
    pub(crate) ring: Option<u32>,
    /// Its group of each kind; 0 for none.
    pub(crate) groups: [u32; GROUPS],
}

/// All refunds that were granted, in the order of their grants.
pub(crate) struct Ledger<'a> {
    pub(crate) refunds: Vec<Granted<'a>>,
    /// By day: amounts in hundredths and refunds, in the order of the amounts.
    days: BTreeMap<i64, Vec<(i64, u32)>>,
    /// Of all days, in the order of the amounts.
    by_amount: Vec<(i64, u32)>,
}

impl<'a> Ledger<'a> {
    pub(crate) fn new(
        record: &'a Record,
        goods: &Goods,
        ring_of: impl Fn(&str) -> Option<u32>,
    ) -> Ledger<'a> {
        let mut refunds: Vec<Granted<'a>> = record
            .refunds
            .iter()
            .filter_map(|refund| Some((refund, refund.granted_at?)))
            .map(|(refund, at)| {
                granted(record, goods, refund, at, ring_of(record.refund_ids.text(refund.id)))
            })
            .collect();
        refunds.sort_by_key(|g| (g.at, g.refund.id));
        let mut days: BTreeMap<i64, Vec<(i64, u32)>> = BTreeMap::new();
        for (n, granted) in refunds.iter().enumerate() {
            for amount in &granted.amounts {
                days.entry(granted.at.day()).or_default().push((*amount, n as u32));
            }
        }
        for day in days.values_mut() {
            day.sort_unstable();
        }
        let mut by_amount: Vec<(i64, u32)> = days.values().flatten().copied().collect();
        by_amount.sort_unstable();
        Ledger { refunds, days, by_amount }
    }

    /// Positions of the refunds granted with a delay of this class before a moment.
    pub(crate) fn with_delay(&self, class: usize, before: Timestamp) -> std::ops::Range<usize> {
        let moment = |days: f64| before.plus(Duration((-days * Duration::DAY.0 as f64) as i64));
        let position = |at: Timestamp| self.refunds.partition_point(|g| g.at <= at);
        position(moment(DELAYS[class + 1]))..position(moment(DELAYS[class]))
    }

    /// The class of delay of a refund before a post, where it is within the window and was asked for before.
    fn delay_class(&self, n: u32, post: Timestamp) -> Option<u8> {
        let granted = &self.refunds[n as usize];
        if granted.refund.asked_at > post {
            return None;
        }
        let days = post.since(granted.at).as_days();
        let class = DELAYS.iter().rposition(|end| days >= *end)?;
        (class < DELAY_CLASSES).then_some(class as u8)
    }

    /// Refunds of that day with an amount within `reach` of `amount`.
    fn near(&self, day: i64, amount: i64, reach: i64) -> impl Iterator<Item = (i64, u32)> + '_ {
        let all = self.days.get(&day).map_or(&[][..], Vec::as_slice);
        within(all, amount, reach).iter().copied()
    }
}

fn within(sorted: &[(i64, u32)], amount: i64, reach: i64) -> &[(i64, u32)] {
    let from = sorted.partition_point(|(a, _)| *a < amount - reach);
    let to = sorted.partition_point(|(a, _)| *a <= amount + reach);
    &sorted[from..to]
}

fn granted<'a>(
    record: &'a Record,
    goods: &Goods,
    refund: &'a Refund,
    at: Timestamp,
    ring: Option<u32>,
) -> Granted<'a> {
    let digits = refund.currency.minor_digits();
    let hundredths = |minor: i64| match digits {
        0 => minor.saturating_mul(100),
        3 => minor / 10,
        _ => minor,
    };
    let mut amounts = vec![hundredths(refund.asked)];
    amounts.extend(refund.paid.map(hundredths).filter(|paid| *paid != amounts[0]));
    let order = record.order(refund);
    let categories = record.categories_of(refund);
    // Half octaves from 8 of the currency on.
    let band = (2.0 * libm::log2((amounts[0] as f64 / 800.0).max(1.0))).min(24.0) as u8;
    let reason = ClaimReason::ALL.iter().position(|r| *r == refund.reason).unwrap_or(0) as u8;
    let came_back = u8::from(order.is_some_and(|o| o.came_back));
    let shared = (record.accounts_on_device(refund).min(4) - 1) as u8;
    // The device of one account alone says nothing of others.
    let device = refund.device.filter(|_| shared > 0).map_or(0, |d| d + 1);
    let category = categories.first().map_or(0, |c| 1 + (c % (CLASSES_MAX as u32 - 1)) as u8);
    Granted {
        refund,
        at,
        amounts,
        own_words: order.map_or_else(Vec::new, |o| goods.among(&o.words).collect()),
        country: record.country(refund),
        placed_at: order.and_then(|o| o.placed_at),
        categories,
        traits: [band, reason, came_back, shared, category],
        groups: [ring.map_or(0, |r| r + 1), u32::from(1 + reason * 2 + came_back), device],
        ring,
    }
}

/// A refund that a post may be about, and what was compared.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// Position in the ledger.
    pub(crate) refund: u32,
    /// Which of the post's amounts, and by which modes of rounding.
    pub(crate) amount: u8,
    pub(crate) refunded: i64,
    pub(crate) modes: u32,
    pub(crate) delay: u8,
    /// How likely its goods make the post's word, where it can be told.
    pub(crate) word: Option<f64>,
    pub(crate) country: Option<bool>,
    /// How likely the time that it took makes the days in the post.
    pub(crate) took: Option<f64>,
    pub(crate) suits: Option<bool>,
    /// Whether the day in the post is one of its own.
    pub(crate) same_day: Option<bool>,
}

/// The candidates of a boast; `None` where there are too many to tell them apart.
pub(crate) fn candidates(ledger: &Ledger<'_>, goods: &Goods, boast: &Boast) -> Option<Vec<Candidate>> {
    let mut best: BTreeMap<u32, Candidate> = BTreeMap::new();
    let first = boast.at.day() - DELAYS[DELAY_CLASSES] as i64 - 1;
    let last = boast.at.day() - DELAYS[0] as i64 + 1;
    for (n, said) in boast.amounts.iter().enumerate() {
        let reach = rounding::reach(said);
        for day in first..=last {
            for (refunded, at) in ledger.near(day, said.hundredths, reach) {
                let Some(candidate) = compare(ledger, goods, boast, (n, said), (at, refunded)) else {
                    continue;
                };
                let known = best.entry(at).or_insert_with(|| candidate.clone());
                // The finest mode has the lowest bit but for the exact one, which is rarer still: more bits, finer agreement.
                if candidate.modes.count_ones() > known.modes.count_ones() {
                    *known = candidate;
                }
            }
            if best.len() > CANDIDATES_MAX {
                return None;
            }
        }
    }
    Some(best.into_values().collect())
}

/// A refund of any time that could be called like the one in a post: what an invented boast may have taken as its model.
pub(crate) struct Alike {
    pub(crate) refund: u32,
    pub(crate) amount: u8,
    pub(crate) refunded: i64,
    pub(crate) modes: u32,
    /// How likely its goods make the post's word, where it can be told.
    pub(crate) word: Option<f64>,
    /// How many refunds it stands for.
    pub(crate) times: f64,
}

/// Most refunds of all times that are looked at for one amount; of more every so many-th stands for the others.
const ALIKE_MAX: usize = 1_500;

/// The refunds of all times whose amount can become the one in the post.
pub(crate) fn alike(ledger: &Ledger<'_>, goods: &Goods, boast: &Boast) -> Vec<Alike> {
    let mut found = Vec::new();
    for (n, said) in boast.amounts.iter().enumerate() {
        let near = within(&ledger.by_amount, said.hundredths, rounding::reach(said));
        let step = near.len().div_ceil(ALIKE_MAX).max(1);
        for (refunded, at) in near.iter().step_by(step) {
            let granted = &ledger.refunds[*at as usize];
            let modes = modes(said, *refunded);
            if modes != 0 && said.unit.fits(granted.refund.currency) {
                let word = boast.word.and_then(|word| word_likelihood(goods, granted, word));
                let (amount, times) = (n as u8, step as f64);
                found.push(Alike { refund: *at, amount, refunded: *refunded, modes, word, times });
            }
        }
    }
    found
}

fn compare(
    ledger: &Ledger<'_>,
    goods: &Goods,
    boast: &Boast,
    (amount, said): (usize, &Amount),
    (at, refunded): (u32, i64),
) -> Option<Candidate> {
    let granted = &ledger.refunds[at as usize];
    let delay = ledger.delay_class(at, boast.at)?;
    let modes = modes(said, refunded);
    if modes == 0 || !said.unit.fits(granted.refund.currency) {
        return None;
    }
    let days = |from: Timestamp| granted.at.since(from).as_days();
    let took = boast.claims.moments.took_days.map(|said| {
        let placed = granted.placed_at.map_or(0.0, |placed| closeness(said, days(placed)));
        0.75 * closeness(said, days(granted.refund.asked_at)) + 0.25 * placed
    });
    let same_day = boast.claims.moments.happened.map(|day| {
        let near = |at: Timestamp| (at.day() - day.day()).abs() <= 1;
        near(granted.at) || near(granted.refund.asked_at)
    });
    Some(Candidate {
        refund: at,
        amount: amount as u8,
        refunded,
        modes,
        delay,
        word: boast.word.and_then(|word| word_likelihood(goods, granted, word)),
        country: boast.claims.country.as_ref().zip(granted.country).map(|(said, known)| said.0 == known),
        took,
        suits: boast.claims.method.as_ref().and_then(|(method, _)| suits(*method, granted.refund.reason)),
        same_day,
    })
}

/// How likely a time of so many days makes people say so many.
fn closeness(said: i64, days: f64) -> f64 {
    match (said as f64 - days.max(0.0)).abs() {
        off if off < 0.75 => 0.5,
        off if off < 1.5 => 0.18,
        off if off < 3.0 => 0.04,
        _ => 0.001,
    }
}

fn suits(method: Method, reason: ClaimReason) -> Option<bool> {
    match method {
        Method::Insider | Method::Document => None,
        method => Some(method.suits(reason)),
    }
}

/// Share of what people call their goods in messages that they call so in posts as well.
const SAME_WORD: f64 = 0.85;

fn word_likelihood(goods: &Goods, granted: &Granted<'_>, word: u32) -> Option<f64> {
    let in_category = goods.word_in(word, &granted.categories);
    if granted.own_words.is_empty() {
        return in_category;
    }
    let own =
        granted.own_words.iter().filter(|w| **w == word).count() as f64 / granted.own_words.len() as f64;
    Some(SAME_WORD * own + (1.0 - SAME_WORD) * in_category.unwrap_or(1.0 / goods.len().max(1) as f64))
}
