//! What do requests of different accounts share that they should not? Each shared thing is a mark, with what speaks for its
//! being a ring's before the requests themselves are looked at.
//!
//! - **Claim machines.** A device or network that came to an account only after the order, and through which several unrelated
//!   accounts claim. At home, in an office, at a helper's, machines are also used to buy; an operator's only claim.
//! - **Staff.** Refunds behind a figure that is out of line with the peers' (`insiders`), each as far as it is in excess.
//! - **Strange sessions.** Requests that a member of staff's account entered, without a contact, in a session from a machine
//!   and a network that were never theirs.
//! - **Scripts, documents, pay-out instruments, addresses, payments, e-mails, phones** that different accounts share.

use crate::insiders::Family;
use crate::rings::belief::Tie;
use crate::rings::record::{Is, Record, Request};
use crate::texts::scripts::Settings;
use crate::texts::{Text, scripts};
use ringfence_domain::Duration;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What kind of thing is shared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
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
    pub(super) fn strength(self) -> f64 {
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

impl Mark {
    /// One of which nothing else is known yet.
    pub(super) fn new(shared: Shared, id: u32, structure: f64) -> Mark {
        Mark { shared, id, family: None, structure, accounts: 0, orders: 0 }
    }
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
pub(super) const VISIT: Duration = Duration(60 * 60 * 1_000);
/// An identifier that more accounts share is a place.
const SHARED_MAX: usize = 40;
/// Groups of texts of any significance are candidates: what else is believed of their requests decides.
const CANDIDATES: f64 = 1.0;

pub(crate) fn marks(record: &Record) -> Marks {
    let mut all = Gather { record, marks: Marks::default() };
    let devices = all.machines(Shared::Device, &BTreeMap::new());
    all.machines(Shared::Ip, &devices);
    all.documents();
    all.scripts();
    all.people();
    all.sessions();
    all.staff();
    let mut marks = all.marks;
    marks.ties.sort_by_key(|t| (t.request, t.mark));
    marks
}

pub(super) struct Gather<'a> {
    pub(super) record: &'a Record,
    pub(super) marks: Marks,
}

/// Which requests share a thing, each with a strength of its own where that is known.
pub(super) type Sharing = BTreeMap<u32, Vec<(u32, f64)>>;

impl Gather<'_> {
    pub(super) fn request(&self, n: u32) -> &Request {
        &self.record.requests[n as usize]
    }

    /// Adds a mark; `evidence` is the log-likelihood ratio for its being a ring's from the way in which it is shared.
    pub(super) fn add(&mut self, mut mark: Mark, requests: &[(u32, f64)]) {
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

    pub(super) fn accounts(&self, requests: &[(u32, f64)]) -> usize {
        requests.iter().map(|r| self.request(r.0).account).collect::<BTreeSet<_>>().len()
    }

    fn plain(&mut self, shared: Shared, id: u32, requests: &[(u32, f64)]) {
        self.add(Mark::new(shared, id, 0.0), requests);
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
            self.add(Mark::new(Shared::Script, id, structure), &requests);
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
                let accounts = accounts.all();
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
}
