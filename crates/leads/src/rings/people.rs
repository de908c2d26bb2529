//! Which members of staff, and which of their sessions, are behind requests of different accounts?

use crate::insiders::{Evidence, Excess, Family, excess, records_out_of_line};
use crate::rings::marks::{Gather, Mark, Shared, Sharing, VISIT};
use crate::rings::record::Request;
use crate::stats::upper_tail;
use libm::log;
use std::collections::{BTreeMap, BTreeSet};

/// Figures that chance makes more often than this are not looked at, but for a person's other records against parcels where
/// one of the figures on them is out of line.
const P_MAX: f64 = 0.01;
const RECORDS_P_MAX: f64 = 0.05;
/// Weight of all days in the share of one: as many requests.
const DAY_BACK_OFF: f64 = 3.0;

impl Gather<'_> {
    fn by_refund(&self) -> BTreeMap<u32, u32> {
        self.record.requests.iter().enumerate().map(|(n, r)| (r.refund, n as u32)).collect()
    }

    /// By member of staff: the requests entered in strange sessions.
    fn strange(&self) -> BTreeMap<u32, BTreeSet<u32>> {
        let mut entered: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for tie in &self.marks.ties {
            let mark = &self.marks.all[tie.mark as usize];
            if mark.shared == Shared::StaffSession {
                entered.entry(mark.id).or_default().insert(tie.request);
            }
        }
        entered
    }

    pub(super) fn staff(&mut self) {
        let by_refund = self.by_refund();
        let strange = self.strange();
        let records = records_out_of_line(&self.record.staff);
        let families = [
            Family::ReceiptsWithoutParcel,
            Family::ReceiptsLookedUp,
            Family::ContactsSearched,
            Family::PaidUnasked,
            Family::UnderTheLimit,
        ];
        for family in families {
            let mut sharing: BTreeMap<u32, Vec<(u32, Excess)>> = BTreeMap::new();
            for hit in excess(&self.record.staff, family) {
                if let Some(&request) = by_refund.get(&hit.refund) {
                    // Where somebody else acted through an account, what its owner did otherwise is the owner's.
                    let of_owner =
                        || strange.get(&hit.staff).is_some_and(|entered| !entered.contains(&request));
                    if family == Family::PaidUnasked && of_owner() {
                        continue;
                    }
                    sharing.entry(hit.staff).or_default().push((request, hit));
                }
            }
            for (staff, mut hits) in sharing {
                hits.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.share.total_cmp(&a.1.share)));
                hits.dedup_by_key(|h| h.0);
                let requests: Vec<(u32, f64)> = hits.iter().map(|(n, hit)| (*n, hit.share)).collect();
                let p_value = hits[0].1.p_value;
                let record = family.evidence() == Evidence::Physical
                    && records.get(&staff).is_some_and(|p| *p < RECORDS_P_MAX);
                let looked_at = p_value < P_MAX || record;
                if looked_at && self.accounts(&requests) >= 2 {
                    let structure = surprise(p_value);
                    let family = Some(family);
                    let first = self.marks.ties.len();
                    self.add(Mark { family, ..Mark::new(Shared::Staff, staff, structure) }, &requests);
                    // What one person did on one day has one cause more often than not: systems were down, a pallet came.
                    let mut of_day: BTreeMap<i64, f64> = BTreeMap::new();
                    for (_, hit) in &hits {
                        *of_day.entry(hit.at.day()).or_default() += 1.0;
                    }
                    for (tie, (_, hit)) in self.marks.ties[first..].iter_mut().zip(&hits) {
                        tie.weight = tie.weight.min(1.0 / of_day[&hit.at.day()]);
                    }
                }
            }
        }
    }

    /// Requests that were entered in a strange session, on orders looked up there, without a contact.
    pub(super) fn sessions(&mut self) {
        // How many of what is entered by staff comes without a contact: some always does; when systems are down, all of it.
        let day = |r: &Request| r.at.day();
        let mut by_day: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
        let (mut without, mut all) = (0.0, 0.0);
        let mut of_order: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let entered = self.record.requests.iter().enumerate().filter(|(_, r)| r.staff.is_some());
        for (n, r) in entered {
            let no_contact = f64::from(u8::from(r.contact.is_none()));
            (without, all) = (without + no_contact, all + 1.0);
            let of_day = by_day.entry(day(r)).or_default();
            *of_day = (of_day.0 + no_contact, of_day.1 + 1.0);
            of_order.entry(r.order).or_default().push(n as u32);
        }
        let mut sharing = Sharing::new();
        for act in self.record.staff.acts.iter().filter(|a| a.odd_session) {
            let (Some(order), Some(session)) = (act.order, act.session) else { continue };
            for &n in of_order.get(&order).map_or(&[][..], Vec::as_slice) {
                let r = self.request(n);
                let since = r.at.since(act.at).0;
                if r.staff == Some(act.staff) && (0..=VISIT.0).contains(&since) {
                    sharing.entry(session).or_default().push((n, Shared::StaffSession.strength()));
                }
            }
        }
        for mut requests in sharing.into_values() {
            requests.sort_by_key(|r| r.0);
            requests.dedup_by_key(|r| r.0);
            // The others' share on the day, drawn to that of all days.
            let mut own: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
            for r in requests.iter().map(|r| self.request(r.0)) {
                let of_day = own.entry(day(r)).or_default();
                *of_day = (of_day.0 + f64::from(u8::from(r.contact.is_none())), of_day.1 + 1.0);
            }
            let expected = |n: u32| {
                let day = day(self.request(n));
                let others = (by_day[&day].0 - own[&day].0, by_day[&day].1 - own[&day].1);
                (others.0 + DAY_BACK_OFF * without / all) / (others.1 + DAY_BACK_OFF)
            };
            let expected: f64 = requests.iter().map(|r| expected(r.0)).sum();
            requests.retain(|r| self.request(r.0).contact.is_none());
            let staff = requests.first().and_then(|r| self.request(r.0).staff);
            if let (Some(staff), true) = (staff, self.accounts(&requests) >= 2) {
                let structure = surprise(upper_tail(requests.len() as u64, expected, 0.0));
                self.add(Mark::new(Shared::StaffSession, staff, structure), &requests);
            }
        }
    }
}

/// The most that a p-value can speak for an effect, as a log-likelihood ratio (Sellke, Bayarri and Berger, The American
/// Statistician 2001).
fn surprise(p: f64) -> f64 {
    let p = p.max(1e-12);
    if p >= 1.0 / core::f64::consts::E { 0.0 } else { -1.0 - log(p) - log(-log(p)) }
}
