//! Who is tied to whom by what, since when, and how surely? A ring as nodes and links, with what lies around it.

use crate::insiders::Family;
use crate::rings::{Identifier, Lead, Member, Shared};
use ringfence_domain::{Money, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// A customer's account.
    Account,
    /// A device or a network address.
    Machine,
    /// A script or a document.
    Text,
    /// What belongs to a person: address, payment, e-mail, phone, pay-out instrument.
    Person,
    /// A member of staff.
    Staff,
}

impl NodeKind {
    /// All kinds.
    pub const ALL: [NodeKind; 5] =
        [NodeKind::Account, NodeKind::Machine, NodeKind::Text, NodeKind::Person, NodeKind::Staff];
    /// What a shared thing is.
    pub fn of(shared: Shared) -> NodeKind {
        match shared {
            Shared::Device | Shared::Ip => NodeKind::Machine,
            Shared::Script | Shared::Document => NodeKind::Text,
            Shared::Instrument | Shared::Address | Shared::Payment | Shared::Email | Shared::Phone => {
                NodeKind::Person
            }
            Shared::Staff | Shared::StaffSession => NodeKind::Staff,
        }
    }
}

/// An account, or something that accounts share.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Finer, for what is shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared: Option<Shared>,
    /// Of a member of staff: which figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// Its name or value.
    pub name: String,
    /// Whether it is counted to the ring; otherwise it lies around it.
    pub inside: bool,
    /// When it was first tied.
    pub since: Timestamp,
    /// The probability that it is the ring's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Of an account inside: requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunds: Option<u32>,
    /// Of an account inside: their sum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
    /// Of what is shared: by so many accounts in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_by: Option<u32>,
    /// Of a machine: orders placed through it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders: Option<u32>,
}

/// An account and something that it shares.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Link {
    /// Place of the account among the nodes.
    pub account: usize,
    /// Place of what it shares.
    pub shared: usize,
    /// The first request of the account that shows it.
    pub since: Timestamp,
    /// Whether it is counted to the ring.
    pub inside: bool,
    /// The probability that what is shared is a ring's.
    pub probability: f64,
}

/// A ring and what lies around it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Graph {
    /// Accounts of the ring by their first request, what ties them strongest first, then what lies around.
    pub nodes: Vec<Node>,
    /// Links, those of the ring first.
    pub links: Vec<Link>,
}

/// A ring as a graph. The same lead gives the same graph, in the same order.
pub fn graph(lead: &Lead) -> Graph {
    graph_of(&lead.members, lead.identifiers.iter().chain(&lead.staff_ties), &lead.around)
}

/// The same of a ring's accounts, of what ties them, and of what lies around.
pub fn graph_of<'a>(
    members: &[Member],
    ties: impl IntoIterator<Item = &'a Identifier>,
    around: &'a [Identifier],
) -> Graph {
    let mut draft = Draft::default();
    for member in members {
        draft.accounts.insert(member.account.clone(), draft.graph.nodes.len());
        draft.graph.nodes.push(Node {
            probability: Some(member.probability),
            refunds: Some(member.refunds),
            money: Some(member.money),
            ..account(&member.account, true, member.since)
        });
    }
    for tie in ties {
        draft.tie(tie, true);
    }
    for tie in around {
        draft.tie(tie, false);
    }
    draft.graph
}

fn account(name: &str, inside: bool, since: Timestamp) -> Node {
    Node {
        kind: NodeKind::Account,
        shared: None,
        family: None,
        name: name.to_owned(),
        inside,
        since,
        probability: None,
        refunds: None,
        money: None,
        shared_by: None,
        orders: None,
    }
}

#[derive(Default)]
struct Draft {
    graph: Graph,
    accounts: BTreeMap<String, usize>,
    shared: BTreeMap<(Shared, Option<Family>, String), usize>,
}

impl Draft {
    /// A shared thing and its links; one that is there already gets the links only.
    fn tie(&mut self, tie: &Identifier, inside: bool) {
        let Some(first) = tie.since.iter().min() else { return };
        let key = (tie.kind, tie.family, tie.value.clone());
        let nodes = &mut self.graph.nodes;
        let shared = *self.shared.entry(key).or_insert_with(|| {
            let machine = NodeKind::of(tie.kind) == NodeKind::Machine;
            nodes.push(Node {
                kind: NodeKind::of(tie.kind),
                shared: Some(tie.kind),
                family: tie.family,
                probability: Some(tie.probability),
                shared_by: Some(tie.shared_by),
                orders: machine.then_some(tie.orders),
                ..account(&tie.value, inside, *first)
            });
            nodes.len() - 1
        });
        for (name, since) in tie.accounts.iter().zip(&tie.since) {
            let place = self.accounts.entry(name.clone()).or_insert_with(|| {
                self.graph.nodes.push(account(name, false, *since));
                self.graph.nodes.len() - 1
            });
            self.graph.links.push(Link {
                account: *place,
                shared,
                since: *since,
                inside,
                probability: tie.probability,
            });
        }
    }
}
