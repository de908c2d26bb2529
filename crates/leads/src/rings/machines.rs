//! Which machines only claim? Devices and networks through which accounts of several homes ask for money, and that were not
//! theirs when they bought.

use crate::rings::marks::{Gather, Mark, Shared, Sharing, VISIT};
use crate::rings::record::Record;
use libm::log;
use ringfence_domain::{Duration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// An operator's machine was used to buy with this chance.
const OPERATOR_BUYS: f64 = 0.04;
/// A network address of which so much goes with one machine is that machine's.
const SAME_PLACE: f64 = 0.7;
/// Machine evidence is believed up to here: an unseen use of it to buy is always possible.
const MACHINE_MAX: f64 = 9.0;

/// How machines are used otherwise. Looks only at what accounts with a request did: they are few among all.
struct Uses {
    /// Account and machine, ascending, of requests; when the account first bought or looked around with it.
    pairs: Vec<(u32, u32)>,
    firsts: Vec<Option<Timestamp>>,
    /// By machine: orders that anybody placed.
    orders: Vec<u32>,
}

impl Uses {
    fn of(
        record: &Record,
        through: &[(u32, u32)],
        pick: impl Fn(Option<u32>, Option<u32>) -> Option<u32>,
    ) -> Uses {
        let account = |n: u32| record.requests[n as usize].account;
        let mut pairs: Vec<(u32, u32)> = through.iter().map(|&(n, machine)| (account(n), machine)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let mut asks = vec![false; record.staff.accounts.len()];
        for (account, _) in &pairs {
            asks[*account as usize] = true;
        }
        let firsts = vec![None; pairs.len()];
        let mut uses = Uses { pairs, firsts, orders: vec![0; record.identifiers.len()] };
        for order in record.orders.values() {
            if let (Some(machine), Some(at)) = (pick(order.device, order.network), order.at) {
                uses.orders[machine as usize] += 1;
                if asks[order.account as usize] {
                    uses.note(order.account, machine, at);
                }
            }
        }
        for account in (0..asks.len()).filter(|a| asks[*a]) {
            for visit in record.visits.get(&(account as u32)).into_iter().flatten() {
                if let Some(machine) = pick(visit.device, visit.network) {
                    uses.note(account as u32, machine, visit.at);
                }
            }
        }
        uses
    }
    fn note(&mut self, account: u32, machine: u32, at: Timestamp) {
        if let Ok(n) = self.pairs.binary_search(&(account, machine)) {
            let first = &mut self.firsts[n];
            *first = Some(first.map_or(at, |f: Timestamp| f.min(at)));
        }
    }
    fn first(&self, account: u32, machine: u32) -> Option<Timestamp> {
        self.pairs.binary_search(&(account, machine)).ok().and_then(|n| self.firsts[n])
    }
    fn orders(&self, machine: u32) -> u32 {
        self.orders[machine as usize]
    }
}

impl Gather<'_> {
    /// Homes among the accounts: people at one address are related, whatever else they share.
    fn homes(&self, requests: &[(u32, f64)]) -> usize {
        let home = |n: u32| {
            let r = self.request(n);
            let address = self.record.orders.get(&r.order).and_then(|o| o.address);
            address.map_or((0, r.account), |a| (1, a))
        };
        requests.iter().map(|r| home(r.0)).collect::<BTreeSet<_>>().len()
    }

    /// The machines through which each request came, or the visit that it was made in: request and machine, in their order.
    fn through(&self, pick: impl Fn(Option<u32>, Option<u32>) -> Option<u32>) -> Vec<(u32, u32)> {
        let mut all = Vec::new();
        for (n, r) in self.record.requests.iter().enumerate() {
            let mut machines: BTreeSet<u32> = pick(r.device, r.network).into_iter().collect();
            let visits = self.record.visits.get(&r.account).map_or(&[][..], Vec::as_slice);
            let from = visits.partition_point(|v| v.at < r.at.plus(Duration(-VISIT.0)));
            let near = visits[from..].iter().take_while(|v| v.at <= r.at);
            machines.extend(near.filter_map(|v| pick(v.device, v.network)));
            all.extend(machines.into_iter().map(|machine| (n as u32, machine)));
        }
        all
    }

    /// Claim machines; returns which requests have one. A network address that goes with one machine of `known` is no second
    /// witness.
    pub(super) fn machines(&mut self, shared: Shared, known: &BTreeMap<u32, u32>) -> BTreeMap<u32, u32> {
        let record = self.record;
        let pick = |device: Option<u32>, network: Option<u32>| {
            if shared == Shared::Device { device } else { network }
        };
        let through = self.through(pick);
        let uses = Uses::of(record, &through, pick);
        let mut sharing = Sharing::new();
        for &(n, machine) in &through {
            let r = self.request(n);
            let ordered = record.orders.get(&r.order).and_then(|o| o.at);
            let own = match (uses.first(r.account, machine), ordered) {
                (Some(first), Some(ordered)) => first <= ordered,
                (Some(_), None) => true,
                (None, _) => false,
            };
            if !own {
                sharing.entry(machine).or_default().push((n, shared.strength()));
            }
        }
        sharing.retain(|_, requests| self.homes(requests) >= 2);
        // How much of what goes through machines that strangers share, and that are used to buy, is claims.
        let (mut claims, mut all) = (1.0, 2.0);
        for (machine, requests) in &sharing {
            let orders = uses.orders(*machine);
            if orders > 0 {
                claims += requests.len() as f64;
                all += requests.len() as f64 + f64::from(orders);
            }
        }
        let share = claims / all;
        let mut of_request = BTreeMap::new();
        for (machine, requests) in sharing {
            let mut by_known: BTreeMap<u32, usize> = BTreeMap::new();
            for device in requests.iter().filter_map(|r| known.get(&r.0)) {
                *by_known.entry(*device).or_default() += 1;
            }
            if by_known.values().any(|n| *n as f64 >= SAME_PLACE * requests.len() as f64) {
                continue;
            }
            of_request.extend(requests.iter().map(|r| (r.0, machine)));
            let orders = uses.orders(machine);
            let homes = self.homes(&requests) as f64;
            let structure = if orders == 0 {
                (log(1.0 - OPERATOR_BUYS) - homes * log(share)).min(MACHINE_MAX)
            } else {
                log(OPERATOR_BUYS)
            };
            self.add(Mark { orders, ..Mark::new(shared, machine, structure) }, &requests);
        }
        of_request
    }
}
