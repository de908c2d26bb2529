//! Which leads stand on the things that a request leads to? What `lead.raised` and `lead.withdrawn` said so far.
//!
//! A lead counts from its arrival until it is withdrawn (INV-4); it is a suspicion with a probability and never a verdict
//! (INV-8). A later `as_of` of a lead replaces what was said of it before, the same one adds to it.

use crate::fact::{Fact, at};
use crate::kind::{Id, Kind, NO_ID};
use ringfence_domain::event::LeadRaised;
use ringfence_domain::words::{MemberKind, TieKind, WithdrawalReason, Word};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something that a lead names.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Named {
    /// What it is.
    pub kind: Kind,
    /// Which.
    pub id: Id,
    /// The probability that it belongs to the lead.
    pub probability: f32,
}

/// Whom and what a lead names, as far as a request can lead there; `number` gives identifiers their numbers.
pub(crate) fn named(lead: &LeadRaised, mut number: impl FnMut(Kind, &str) -> Id) -> Vec<Named> {
    let members = lead.members.iter().filter_map(|m| {
        let kind = match m.kind {
            MemberKind::Account => Kind::Account,
            MemberKind::Staff => Kind::Staff,
            MemberKind::Driver => Kind::Driver,
            MemberKind::Handle => return None,
        };
        Some((kind, m.id.as_str(), m.probability))
    });
    let ties = lead.ties.iter().flatten().filter_map(|t| {
        let kind = match t.kind {
            TieKind::Device => Kind::Device,
            TieKind::Ip => Kind::Ip,
            TieKind::Address => Kind::Address,
            TieKind::Payment | TieKind::Instrument => Kind::Payment,
            TieKind::Email => Kind::Email,
            TieKind::Phone => Kind::Phone,
            TieKind::Document => Kind::Document,
            TieKind::Staff | TieKind::StaffSession => Kind::Staff,
            // What its texts have in common is no text that a message could equal.
            TieKind::Script => return None,
        };
        Some((kind, t.value.as_str(), t.probability))
    });
    let all = members.chain(ties).filter(|(_, text, _)| !text.is_empty());
    all.map(|(kind, text, p)| Named { kind, id: number(kind, text), probability: p as f32 }).collect()
}

/// What is known of a lead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lead {
    /// Whether it stands.
    pub open: bool,
    /// Whether it was withdrawn because its group stopped: what it was believed to be, it was.
    pub stopped: bool,
    /// It rests on what had arrived by then, ms.
    pub as_of: i64,
    /// From when on it counts, ms: the arrival of the event that opened it.
    pub raised_at: i64,
    /// That there is anything to it.
    pub probability: f64,
    /// Accounts.
    pub accounts: u32,
    /// Members of whom people found abuse.
    pub confirmed: f64,
    /// The sum of its refunds, minor units of the reporting currency.
    pub money: f64,
    /// Position of the event that says so.
    pub position: u64,
    /// Whom and what it names.
    named: Vec<Named>,
}

/// A lead that a thing is named by, with the probability that it belongs to it.
type Link = (Id, f32);

/// All leads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Leads {
    leads: BTreeMap<Id, Lead>,
    of: BTreeMap<(Kind, Id), Vec<Link>>,
}

/// The strongest lead on something.
#[derive(Clone, Copy, Debug)]
pub struct Strongest<'a> {
    /// That there is anything to it and the thing belongs to it.
    pub probability: f64,
    /// The lead.
    pub lead: &'a Lead,
}

impl Leads {
    /// Whether none was ever raised.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.leads.is_empty()
    }
    /// A lead.
    pub fn lead(&self, id: Id) -> Option<&Lead> {
        self.leads.get(&id)
    }
    /// What a lead names.
    pub(crate) fn named_by(&self, id: Id) -> impl Iterator<Item = (Kind, Id)> + '_ {
        self.leads.get(&id).into_iter().flat_map(|lead| lead.named.iter().map(|n| (n.kind, n.id)))
    }
    fn links(&self, kind: Kind, id: Id) -> impl Iterator<Item = (&Lead, f64)> {
        let links = if id == NO_ID { None } else { self.of.get(&(kind, id)) };
        links.into_iter().flatten().map(|(lead, p)| (&self.leads[lead], f64::from(*p)))
    }
    /// The strongest open lead on a thing.
    pub fn on(&self, kind: Kind, id: Id) -> Option<Strongest<'_>> {
        let open = self.links(kind, id).filter(|(lead, _)| lead.open);
        open.map(|(lead, p)| Strongest { probability: lead.probability * p, lead })
            .reduce(Strongest::stronger)
    }
    /// Whether a lead on a thing stopped.
    pub fn stopped(&self, kind: Kind, id: Id) -> bool {
        self.links(kind, id).any(|(lead, _)| lead.stopped)
    }
    /// Takes what an event says of a lead; other events say nothing.
    pub(crate) fn apply(&mut self, fact: &Fact) {
        use ringfence_domain::EventType;
        match fact.event_type {
            EventType::LeadRaised => self.raise(fact),
            EventType::LeadWithdrawn => self.withdraw(fact),
            _ => {}
        }
    }
    fn raise(&mut self, fact: &Fact) {
        use at::LeadRaised as a;
        let (id, as_of) = (fact.id(a::lead), fact.slots[a::as_of] as i64);
        let before = self.leads.get(&id).map(|l| (l.open, l.as_of, l.raised_at));
        let raised_at = match before {
            // What was known later stands.
            Some((_, known, _)) if known > as_of => return,
            Some((true, known, since)) => {
                if known < as_of {
                    self.forget(id);
                }
                since
            }
            Some((false, ..)) => {
                self.forget(id);
                fact.arrival
            }
            None => fact.arrival,
        };
        let fresh = || Lead {
            open: true,
            stopped: false,
            as_of,
            raised_at,
            probability: 0.0,
            accounts: 0,
            confirmed: 0.0,
            money: f64::NAN,
            position: fact.position,
            named: Vec::new(),
        };
        let lead = self.leads.entry(id).or_insert_with(fresh);
        (lead.open, lead.stopped, lead.as_of, lead.raised_at) = (true, false, as_of, raised_at);
        lead.probability = fact.slots[a::probability];
        lead.confirmed = fact.slots[a::confirmed];
        lead.money = fact.slots[a::money];
        lead.position = fact.position;
        for one in &fact.named {
            if lead.named.iter().any(|n| (n.kind, n.id) == (one.kind, one.id)) {
                continue;
            }
            lead.accounts += u32::from(one.kind == Kind::Account);
            lead.named.push(*one);
            self.of.entry((one.kind, one.id)).or_default().push((id, one.probability));
        }
    }
    fn withdraw(&mut self, fact: &Fact) {
        use at::LeadWithdrawn as a;
        let (id, as_of) = (fact.id(a::lead), fact.slots[a::as_of] as i64);
        let stopped = fact.slots[a::reason] == f64::from(WithdrawalReason::Stopped.code());
        let Some(lead) = self.leads.get_mut(&id).filter(|l| l.open && l.as_of <= as_of) else { return };
        (lead.open, lead.as_of, lead.stopped) = (false, as_of, stopped);
        if !stopped {
            self.forget(id);
        }
    }
    /// Takes a lead off everything that it names.
    fn forget(&mut self, id: Id) {
        let Some(lead) = self.leads.get_mut(&id) else { return };
        lead.accounts = 0;
        for one in std::mem::take(&mut lead.named) {
            let links = self.of.get_mut(&(one.kind, one.id)).expect("what a lead names has a link to it");
            links.retain(|(lead, _)| *lead != id);
            if links.is_empty() {
                self.of.remove(&(one.kind, one.id));
            }
        }
    }
    /// What is remembered under one key, as bytes.
    pub(crate) fn value(&self, kind: Kind, id: Id) -> Vec<u8> {
        let mut out = Vec::new();
        let mut write = |bytes: Result<Vec<u8>, postcard::Error>| {
            out.extend(bytes.expect("writing to memory cannot fail"));
        };
        if let Some(links) = self.of.get(&(kind, id)) {
            write(postcard::to_stdvec(links));
        }
        if let Some(lead) = self.leads.get(&id).filter(|_| kind == Kind::Lead) {
            write(postcard::to_stdvec(lead));
        }
        out
    }
    /// Bytes held.
    pub fn memory_bytes(&self) -> usize {
        let lead = |l: &Lead| size_of::<(Id, Lead)>() + l.named.capacity() * size_of::<Named>();
        let links = |l: &Vec<Link>| size_of::<((Kind, Id), Vec<Link>)>() + l.capacity() * size_of::<Link>();
        self.leads.values().map(lead).sum::<usize>() + self.of.values().map(links).sum::<usize>()
    }
}

impl<'a> Strongest<'a> {
    /// The stronger of two; of equally strong ones the first.
    pub(crate) fn stronger(self, other: Strongest<'a>) -> Strongest<'a> {
        if other.probability > self.probability { other } else { self }
    }
}
