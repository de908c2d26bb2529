//! What lies around a ring? Who else shares what ties it, and what else its accounts share that was taken for innocent.

use crate::rings::belief::Beliefs;
use crate::rings::groups::Group;
use crate::rings::marks::Marks;
use crate::rings::record::Record;
use crate::rings::{Identifier, Member};
use ringfence_domain::{Currency, Money, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Identifiers around a ring at most, those of the strongest marks first.
const IDENTIFIERS_MAX: usize = 200;
/// Accounts outside of a ring that are named for one identifier at most; `shared_by` counts them all.
const ACCOUNTS_MAX: usize = 40;

/// The accounts of a ring, by the time of their first request.
pub(super) fn members(record: &Record, beliefs: &Beliefs, group: &Group, reporting: Currency) -> Vec<Member> {
    let mut out: Vec<Member> = Vec::new();
    let mut places: BTreeMap<u32, usize> = BTreeMap::new();
    for &n in &group.requests {
        let r = &record.requests[n as usize];
        let place = *places.entry(r.account).or_insert_with(|| {
            out.push(Member {
                account: record.staff.accounts.text(r.account).to_owned(),
                since: r.at,
                refunds: 0,
                money: Money { amount: 0, currency: reporting },
                probability: 0.0,
                confirmed: false,
            });
            out.len() - 1
        });
        let member = &mut out[place];
        member.refunds += 1;
        member.money.amount += r.amount;
        member.confirmed |= record.verdicts.get(&r.refund).is_some_and(|v| v.0);
        member.probability = member.probability.max(beliefs.requests[n as usize]);
    }
    out
}

/// When each account of a ring was first tied by each of its marks.
pub(super) fn firsts(record: &Record, group: &Group) -> BTreeMap<(u32, u32), Timestamp> {
    let mut first: BTreeMap<(u32, u32), Timestamp> = BTreeMap::new();
    for (mark, request) in &group.ties {
        let r = &record.requests[*request as usize];
        let at = first.entry((*mark, r.account)).or_insert(r.at);
        *at = (*at).min(r.at);
    }
    first
}

/// Ties of the ring's accounts, and of its marks, that are not counted to it.
pub(super) fn surroundings(
    record: &Record,
    marks: &Marks,
    beliefs: &Beliefs,
    group: &Group,
) -> Vec<Identifier> {
    let counted: BTreeSet<(u32, u32)> = group.ties.iter().copied().collect();
    let of_ring: BTreeSet<u32> = group.marks.iter().map(|m| m.0).collect();
    let requests: BTreeSet<u32> = group.requests.iter().copied().collect();
    let mut wanted = of_ring.clone();
    wanted.extend(marks.ties.iter().filter(|t| requests.contains(&t.request)).map(|t| t.mark));
    let mut around: BTreeMap<u32, BTreeMap<u32, Timestamp>> = BTreeMap::new();
    for tie in marks.ties.iter().filter(|t| wanted.contains(&t.mark)) {
        if counted.contains(&(tie.mark, tie.request)) {
            continue;
        }
        let r = &record.requests[tie.request as usize];
        let at = around.entry(tie.mark).or_default().entry(r.account).or_insert(r.at);
        *at = (*at).min(r.at);
    }
    let mut around: Vec<(u32, BTreeMap<u32, Timestamp>)> = around.into_iter().collect();
    let odds = |mark: u32| beliefs.mark_odds[mark as usize];
    around.sort_by(|a, b| odds(b.0).total_cmp(&odds(a.0)).then(a.0.cmp(&b.0)));
    around.truncate(IDENTIFIERS_MAX);
    let told = |(mark, accounts): (u32, BTreeMap<u32, Timestamp>)| {
        let mut accounts: Vec<(Timestamp, u32)> = accounts.into_iter().map(|(a, at)| (at, a)).collect();
        accounts.sort_unstable();
        accounts.truncate(ACCOUNTS_MAX);
        Identifier::of(record, marks, beliefs, mark, &accounts)
    };
    around.into_iter().map(told).collect()
}
