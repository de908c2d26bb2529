//! Who asks one agent after another until one says yes? Conversations about one order after a refusal.
//!
//! Honest people ask again as well: the figure that counts is how many of those who were refused are as persistent.

use ringfence_domain::{Duration, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// How a conversation ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Answer {
    /// With a no.
    Refused,
    /// With money or goods.
    Granted,
    /// Otherwise, or not known.
    Open,
}

/// A conversation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Visit {
    /// Whose.
    pub account: u32,
    /// When it began.
    pub at: Timestamp,
    /// About which order, where that was said.
    pub order: Option<u32>,
    /// Names it.
    pub contact: u32,
    /// Who took it.
    pub staff: Option<u32>,
    /// How it ended.
    pub answer: Answer,
}

/// Somebody who came back after a no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shopper {
    /// Who.
    pub account: u32,
    /// About which order.
    pub order: u32,
    /// The conversations from the first refusal on.
    pub contacts: Vec<u32>,
    /// How many members of staff were asked.
    pub staff: usize,
    /// How many said no.
    pub refusals: usize,
    /// Whether one said yes in the end.
    pub granted: bool,
    /// The first refusal.
    pub from: Timestamp,
    /// The last conversation.
    pub to: Timestamp,
}

/// The shoppers, and what is usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shopping {
    /// The most refusals first.
    pub shoppers: Vec<Shopper>,
    /// Orders that somebody was refused for.
    pub refused: usize,
}

impl Shopping {
    /// The share of those refused who heard at least as many refusals and still came back.
    pub fn as_persistent(&self, shopper: &Shopper) -> f64 {
        let same = self.shoppers.iter().filter(|s| s.refusals >= shopper.refusals).count();
        same as f64 / self.refused.max(1) as f64
    }
}

/// Looks for those who come back to somebody else within `window` of a refusal. A conversation that names no order is about
/// the order that the account was last in touch about within the window.
pub fn shopping(visits: &[Visit], window: Duration) -> Shopping {
    let mut all: Vec<Visit> = visits.to_vec();
    all.sort_unstable();
    let mut by_order: BTreeMap<(u32, u32), Vec<Visit>> = BTreeMap::new();
    let mut last: Option<(u32, u32, Timestamp)> = None;
    for visit in all {
        let of_before = last.filter(|l| l.0 == visit.account && visit.at.since(l.2) <= window).map(|l| l.1);
        if let Some(order) = visit.order.or(of_before) {
            by_order.entry((visit.account, order)).or_default().push(visit);
            last = Some((visit.account, order, visit.at));
        }
    }
    let refused = |v: &Visit| v.answer == Answer::Refused;
    let mut shoppers: Vec<Shopper> =
        by_order.iter().filter_map(|((account, order), v)| shopper(*account, *order, v, window)).collect();
    shoppers.sort_by(|a, b| {
        b.refusals.cmp(&a.refusals).then(a.account.cmp(&b.account)).then(a.order.cmp(&b.order))
    });
    Shopping { shoppers, refused: by_order.values().filter(|v| v.iter().any(refused)).count() }
}

fn shopper(account: u32, order: u32, visits: &[Visit], window: Duration) -> Option<Shopper> {
    let first = visits.iter().position(|v| v.answer == Answer::Refused)?;
    let mut chain = vec![&visits[first]];
    for visit in &visits[first + 1..] {
        if visit.at.since(chain[chain.len() - 1].at) > window {
            break;
        }
        chain.push(visit);
        if visit.answer == Answer::Granted {
            break;
        }
    }
    let mut staff: Vec<u32> = chain.iter().filter_map(|v| v.staff).collect();
    staff.sort_unstable();
    staff.dedup();
    if staff.len() < 2 {
        return None;
    }
    Some(Shopper {
        account,
        order,
        contacts: chain.iter().map(|v| v.contact).collect(),
        staff: staff.len(),
        refusals: chain.iter().filter(|v| v.answer == Answer::Refused).count(),
        granted: chain.last().is_some_and(|v| v.answer == Answer::Granted),
        from: chain[0].at,
        to: chain[chain.len() - 1].at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Answer::{Granted, Open, Refused};

    fn visit(account: u32, order: Option<u32>, hour: i64, staff: u32, answer: Answer) -> Visit {
        let at = Timestamp::from_millis(1_700_000_000_000 + hour * 3_600_000).unwrap();
        Visit { account, at, order, contact: hour as u32, staff: Some(staff), answer }
    }

    #[test]
    fn who_asks_another_agent_after_a_no_is_found() {
        let visits = [
            visit(1, Some(9), 0, 5, Refused),
            visit(1, None, 3, 6, Refused),
            visit(1, Some(9), 7, 7, Granted),
            visit(1, Some(9), 90, 5, Open),
            // The same agent again is a follow-up; another order is another matter; long after is no shopping.
            visit(2, Some(8), 0, 5, Refused),
            visit(2, Some(8), 1, 5, Refused),
            visit(3, Some(7), 0, 5, Refused),
            visit(3, Some(6), 1, 6, Granted),
            visit(4, Some(5), 0, 5, Refused),
            visit(4, Some(5), 900, 6, Granted),
            visit(5, Some(4), 0, 5, Open),
            visit(5, Some(4), 1, 6, Granted),
        ];
        let found = shopping(&visits, Duration::days(14));
        assert_eq!(found.refused, 4);
        assert_eq!(found.shoppers.len(), 1);
        let one = &found.shoppers[0];
        assert_eq!((one.account, one.order, one.staff, one.refusals, one.granted), (1, 9, 3, 2, true));
        assert_eq!(one.contacts, [0, 3, 7]);
        assert_eq!(found.as_persistent(one), 0.25);
        let mut other_way = visits;
        other_way.reverse();
        assert_eq!(shopping(&other_way, Duration::days(14)), found);
    }
}
