//! What do requests of different accounts share that they should not? Each shared thing is a mark, with what speaks for its
//! being a ring's before the requests themselves are looked at.
//!
//! - **Claim machines.** A device or network that came to an account only after the order, and through which several unrelated
//!   accounts claim. At home, in an office, at a helper's, machines are also used to buy; an operator's only claim.
//! - **Staff.** Refunds behind a figure that is out of line with the peers' (`insiders`), each as far as it is in excess.
//! - **Strange sessions.** Requests that a member of staff's account entered, without a contact, in a session from a machine
//!   and a network that were never theirs.
//! - **Scripts, documents, pay-out instruments, addresses, payments, e-mails, phones** that different accounts share.

use crate::insiders::{Excess, Family, excess};
use crate::rings::belief::Tie;
use crate::rings::record::{Is, Record, Request};
use crate::stats::upper_tail;
use crate::texts::scripts::Settings;
use crate::texts::{Text, scripts};
use libm::log;
use ringfence_domain::Duration;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What kind of thing is shared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shared {
    /// A device that claims and was not the account's when it bought.
    Device,
    /// A network address of that kind.
    Ip,
    /// Near-duplicate texts.
    Script,
    /// A document with the same hash.
    Document,
    /// Where the money went.
    Instrument,
    /// A delivery address.
    Address,
    /// A means of payment.
    Payment,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// A member of staff whose figures are out of line in a family.
    Staff,
    /// A session on a staff account that was hardly its owner's.
    StaffSession,
}

impl Shared {
    /// Whether it is odd in itself that it is shared; the others are common among honest people.
    pub(crate) fn is_odd(self) -> bool {
        matches!(self, Shared::Device | Shared::Ip | Shared::Staff | Shared::StaffSession)
    }
    /// Log-odds that such a mark is a ring's, before anything else is known of it; most things are shared innocently.
    pub(crate) fn first_odds(self) -> f64 {
        match self {
            Shared::Device | Shared::Ip => -3.0,
            Shared::Script => -3.0,
            Shared::Document | Shared::Instrument => -3.0,
            Shared::Address | Shared::Payment | Shared::Email | Shared::Phone => -5.0,
            Shared::Staff => -4.0,
            Shared::StaffSession => -3.0,
        }
    }
    /// The probability that a request is a ring's if the mark is, where nothing finer is known.
    fn strength(self) -> f64 {
        match self {
            Shared::Device | Shared::StaffSession => 0.97,
            Shared::Ip => 0.9,
            _ => 0.8,
        }
    }
}

/// A thing that requests of different accounts share.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) shared: Shared,
    /// The identifier, or the member of staff.
    pub(crate) id: u32,
    /// Of staff: which figure.
    pub(crate) family: Option<Family>,
    /// The log-likelihood ratio for its being a ring's from the way in which it is shared.
    pub(crate) structure: f64,
    /// Different accounts.
    pub(crate) accounts: u32,
    /// Orders placed through it, where it is a machine.
    pub(crate) orders: u32,
}

/// All marks, and which request has which.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    pub(crate) all: Vec<Mark>,
    /// Sorted by request.
    pub(crate) ties: Vec<Tie>,
    /// What the texts of each script have in common.
    pub(crate) scripts: Vec<String>,
}

impl Marks {
    /// What a mark is, as in the events; for a script what all its texts say.
    pub(crate) fn value(&self, record: &Record, mark: &Mark) -> String {
        match mark.shared {
            Shared::Script => self.scripts[mark.id as usize].clone(),
            Shared::Staff | Shared::StaffSession => record.staff.staff.text(mark.id).to_owned(),
            _ => record.identifiers.value(mark.id).to_owned(),
        }
    }
}

/// A visit so long before a request belongs to it.
const VISIT: Duration = Duration(60 * 60 * 1_000);
/// An identifier that more accounts share is a place.
const SHARED_MAX: usize = 40;
/// An operator's machine was used to buy with this chance.
const OPERATOR_BUYS: f64 = 0.04;
/// A network address of which so much goes with one machine is that machine's.
const SAME_PLACE: f64 = 0.7;
/// Machine evidence is believed up to here: an unseen use of it to buy is always possible.
const MACHINE_MAX: f64 = 9.0;

pub(crate) fn marks(record: &Record) -> Marks {
    let mut all = Gather { record, marks: Marks::default() };
    let devices = all.machines(Shared::Device, &BTreeMap::new());
    all.machines(Shared::Ip, &devices);
    all.documents();
    all.scripts();
    all.people();
    all.staff();
    all.sessions();
    let mut marks = all.marks;
    marks.ties.sort_by_key(|t| (t.request, t.mark));
    marks
}

struct Gather<'a> {
    record: &'a Record,
    marks: Marks,
}

/// Which requests share a thing, each with a strength of its own where that is known.
type Sharing = BTreeMap<u32, Vec<(u32, f64)>>;

impl Gather<'_> {
    fn request(&self, n: u32) -> &Request {
        &self.record.requests[n as usize]
    }

    /// Adds a mark; `evidence` is the log-likelihood ratio for its being a ring's from the way in which it is shared.
    fn add(&mut self, mut mark: Mark, requests: &[(u32, f64)]) {
        let number = self.marks.all.len() as u32;
        let mut of_account: BTreeMap<u32, u32> = BTreeMap::new();
        for (request, _) in requests {
            *of_account.entry(self.request(*request).account).or_default() += 1;
        }
        let ties = requests.iter().map(|&(request, strength)| Tie {
            mark: number,
            request,
            strength,
            weight: 1.0 / f64::from(of_account[&self.record.requests[request as usize].account]),
        });
        self.marks.ties.extend(ties);
        mark.accounts = of_account.len() as u32;
        self.marks.all.push(mark);
    }

    fn accounts(&self, requests: &[(u32, f64)]) -> usize {
        requests.iter().map(|r| self.request(r.0).account).collect::<BTreeSet<_>>().len()
    }

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
    fn machines(&mut self, shared: Shared, known: &BTreeMap<u32, u32>) -> BTreeMap<u32, u32> {
        let record = self.record;
        let pick = |device: Option<u32>, network: Option<u32>| {
            if shared == Shared::Device { device } else { network }
        };
        // When each account first used each machine to buy or to look around; how many orders went through each.
        let mut first: BTreeMap<(u32, u32), ringfence_domain::Timestamp> = BTreeMap::new();
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
            self.add(Mark { shared, id: machine, family: None, structure, accounts: 0, orders }, &requests);
        }
        of_request
    }

    fn plain(&mut self, shared: Shared, id: u32, requests: &[(u32, f64)]) {
        self.add(Mark { shared, id, family: None, structure: 0.0, accounts: 0, orders: 0 }, requests);
    }

    fn documents(&mut self) {
        for shared in [Shared::Document, Shared::Instrument] {
            let mut sharing = Sharing::new();
            for (n, r) in self.record.requests.iter().enumerate() {
                let ids = if shared == Shared::Document {
                    r.documents.clone()
                } else {
                    r.instrument.into_iter().collect()
                };
                for id in ids {
                    sharing.entry(id).or_default().push((n as u32, shared.strength()));
                }
            }
            for (id, requests) in sharing {
                if (2..=SHARED_MAX).contains(&self.accounts(&requests)) {
                    self.plain(shared, id, &requests);
                }
            }
        }
    }

    /// Texts of different accounts that seem to come from one hand.
    fn scripts(&mut self) {
        let mut of_contact: BTreeMap<u32, u32> = BTreeMap::new();
        for (n, r) in self.record.requests.iter().enumerate() {
            if let Some(contact) = r.contact {
                of_contact.insert(contact, n as u32);
            }
        }
        let said = self.record.said.iter().zip(0..);
        let texts: Vec<Text> = said
            .filter_map(|(said, id)| {
                let account = self.request(*of_contact.get(&said.contact)?).account;
                Some(Text { id, account, at: said.at, text: &said.text })
            })
            .collect();
        for script in scripts(&texts, &Settings { fdr: CANDIDATES, ..Settings::default() }) {
            let members = script.members.iter().map(|m| (&self.record.said[m.text as usize], m.probability));
            let mut requests: Vec<(u32, f64)> =
                members.map(|(said, p)| (of_contact[&said.contact], p * Shared::Script.strength())).collect();
            requests.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
            requests.dedup_by_key(|r| r.0);
            let id = self.marks.scripts.len() as u32;
            self.marks.scripts.push(script.phrases.join(" … "));
            // That texts are alike is certain; whether a ring, a tool or a form made them so, the requests have to say.
            let structure = 0.0;
            self.add(
                Mark { shared: Shared::Script, id, family: None, structure, accounts: 0, orders: 0 },
                &requests,
            );
        }
    }

    /// What belongs to a person, and to several accounts.
    fn people(&mut self) {
        let mut of_account: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (n, r) in self.record.requests.iter().enumerate() {
            of_account.entry(r.account).or_default().push(n as u32);
        }
        let kinds = [
            (Is::Address, Shared::Address),
            (Is::Payment, Shared::Payment),
            (Is::Email, Shared::Email),
            (Is::Phone, Shared::Phone),
        ];
        for (is, shared) in kinds {
            for ((_, id), accounts) in self.record.owners.range((is, 0)..=(is, u32::MAX)) {
                if !(2..=SHARED_MAX).contains(&accounts.len()) {
                    continue;
                }
                let requests = accounts.iter().filter_map(|a| of_account.get(a)).flatten();
                let requests: Vec<(u32, f64)> = requests.map(|r| (*r, shared.strength())).collect();
                if self.accounts(&requests) >= 2 {
                    self.plain(shared, *id, &requests);
                }
            }
        }
    }

    fn by_refund(&self) -> BTreeMap<u32, u32> {
        self.record.requests.iter().enumerate().map(|(n, r)| (r.refund, n as u32)).collect()
    }

    fn staff(&mut self) {
        let by_refund = self.by_refund();
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
                    sharing.entry(hit.staff).or_default().push((request, hit));
                }
            }
            for (staff, mut hits) in sharing {
                hits.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.share.total_cmp(&a.1.share)));
                hits.dedup_by_key(|h| h.0);
                let requests: Vec<(u32, f64)> = hits.iter().map(|(n, hit)| (*n, hit.share)).collect();
                let p_value = hits[0].1.p_value;
                if p_value < P_MAX && self.accounts(&requests) >= 2 {
                    let shared = Shared::Staff;
                    let structure = surprise(p_value);
                    let family = Some(family);
                    let first = self.marks.ties.len();
                    self.add(
                        Mark { shared, id: staff, family, structure, accounts: 0, orders: 0 },
                        &requests,
                    );
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
    fn sessions(&mut self) {
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
        for (session, mut requests) in sharing {
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
            if self.accounts(&requests) >= 2 {
                let structure = surprise(upper_tail(requests.len() as u64, expected, 0.0));
                let staff = self.request(requests[0].0).staff.unwrap_or(session);
                let shared = Shared::StaffSession;
                self.add(
                    Mark { shared, id: staff, family: None, structure, accounts: 0, orders: 0 },
                    &requests,
                );
            }
        }
    }
}

/// Figures that chance makes more often than this are not looked at.
const P_MAX: f64 = 0.05;
/// Groups of texts of any significance are candidates: what else is believed of their requests decides.
const CANDIDATES: f64 = 1.0;
/// Weight of all days in the share of one: as many requests.
const DAY_BACK_OFF: f64 = 3.0;

/// The most that a p-value can speak for an effect, as a log-likelihood ratio (Sellke, Bayarri and Berger, The American
/// Statistician 2001).
fn surprise(p: f64) -> f64 {
    let p = p.max(1e-12);
    if p >= 1.0 / core::f64::consts::E { 0.0 } else { -1.0 - log(p) - log(-log(p)) }
}
