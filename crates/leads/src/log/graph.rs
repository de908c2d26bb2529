//! Who is tied to whom in a lead of the log? The graph of a ring from what its events say.

use crate::log::Entry;
use crate::rings::{Graph, Identifier, Member, Shared, graph_of};
use ringfence_domain::lead::LeadTie;
use ringfence_domain::words::{MemberKind, TieKind};

fn shared(kind: TieKind) -> Shared {
    match kind {
        TieKind::Device => Shared::Device,
        TieKind::Ip => Shared::Ip,
        TieKind::Script => Shared::Script,
        TieKind::Document => Shared::Document,
        TieKind::Instrument => Shared::Instrument,
        TieKind::Address => Shared::Address,
        TieKind::Payment => Shared::Payment,
        TieKind::Email => Shared::Email,
        TieKind::Phone => Shared::Phone,
        TieKind::Staff => Shared::Staff,
        TieKind::StaffSession => Shared::StaffSession,
    }
}

impl Entry {
    /// The lead as nodes and links. What an event leaves out is taken for there since the lead was raised.
    pub fn graph(&self) -> Graph {
        let from = self.from.unwrap_or(self.opened);
        let members: Vec<Member> = self
            .of_kind(MemberKind::Account)
            .map(|m| Member {
                account: m.id.as_str().to_owned(),
                since: m.since.unwrap_or(from),
                refunds: m.refunds.unwrap_or_default(),
                money: m
                    .money
                    .unwrap_or(ringfence_domain::Money { amount: 0, currency: self.money.currency }),
                probability: m.probability,
                confirmed: false,
            })
            .collect();
        let identifier = |t: &LeadTie| Identifier {
            kind: shared(t.kind),
            value: t.value.clone(),
            family: None,
            accounts: t.accounts.iter().map(|a| a.as_str().to_owned()).collect(),
            since: t.since.clone().unwrap_or_else(|| vec![from; t.accounts.len()]),
            shared_by: t.shared_by.unwrap_or(t.accounts.len() as u32),
            orders: t.orders.unwrap_or_default(),
            probability: t.probability,
        };
        let ties: Vec<Identifier> = self.ties.iter().map(identifier).collect();
        graph_of(&members, &ties, &[])
    }
}
