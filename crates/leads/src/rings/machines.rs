//! Which machines only claim? Devices and networks through which accounts of several homes ask for money, and that were not
//! theirs when they bought.

use crate::rings::marks::{Gather, Mark, Shared, Sharing, VISIT};
use libm::log;
use ringfence_domain::{Duration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// An operator's machine was used to buy with this chance.
const OPERATOR_BUYS: f64 = 0.04;
/// A network address of which so much goes with one machine is that machine's.
const SAME_PLACE: f64 = 0.7;
/// Machine evidence is believed up to here: an unseen use of it to buy is always possible.
const MACHINE_MAX: f64 = 9.0;

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

    /// Claim machines; returns which requests have one. A network address that goes with one machine of `known` is no second
    /// witness.
    pub(super) fn machines(&mut self, shared: Shared, known: &BTreeMap<u32, u32>) -> BTreeMap<u32, u32> {
        let record = self.record;
        let pick = |device: Option<u32>, network: Option<u32>| {
            if shared == Shared::Device { device } else { network }
        };
        // When each account first used each machine to buy or to look around; how many orders went through each.
        let mut first: BTreeMap<(u32, u32), Timestamp> = BTreeMap::new();
        let mut orders: BTreeMap<u32, u32> = BTreeMap::new();
        for order in record.orders.values() {
            if let (Some(machine), Some(at)) = (pick(order.device, order.network), order.at) {
                let seen = first.entry((order.account, machine)).or_insert(at);
                *seen = (*seen).min(at);
                *orders.entry(machine).or_default() += 1;
            }
        }
        for (account, visits) in &record.visits {
            for visit in visits {
                if let Some(machine) = pick(visit.device, visit.network) {
                    let seen = first.entry((*account, machine)).or_insert(visit.at);
                    *seen = (*seen).min(visit.at);
                }
            }
        }
        let mut sharing = Sharing::new();
        for (n, r) in record.requests.iter().enumerate() {
            let mut machines: BTreeSet<u32> = pick(r.device, r.network).into_iter().collect();
            let visits = record.visits.get(&r.account).map_or(&[][..], Vec::as_slice);
            let from = visits.partition_point(|v| v.at < r.at.plus(Duration(-VISIT.0)));
            let near = visits[from..].iter().take_while(|v| v.at <= r.at);
            machines.extend(near.filter_map(|v| pick(v.device, v.network)));
            let ordered = record.orders.get(&r.order).and_then(|o| o.at);
            for machine in machines {
                let own = match (first.get(&(r.account, machine)), ordered) {
                    (Some(first), Some(ordered)) => *first <= ordered,
                    (Some(_), None) => true,
                    (None, _) => false,
                };
                if !own {
                    sharing.entry(machine).or_default().push((n as u32, shared.strength()));
                }
            }
        }
        sharing.retain(|_, requests| self.homes(requests) >= 2);
        // How much of what goes through machines that strangers share, and that are used to buy, is claims.
        let (mut claims, mut uses) = (1.0, 2.0);
        for (machine, requests) in &sharing {
            if let Some(orders) = orders.get(machine) {
                claims += requests.len() as f64;
                uses += requests.len() as f64 + f64::from(*orders);
            }
        }
        let share = claims / uses;
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
            let orders = orders.get(&machine).copied().unwrap_or(0);
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
