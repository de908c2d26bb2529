//! Which accounts belong together? Clusters over identifiers that few accounts share, kept as events come.
//!
//! Two accounts are joined when both were seen with one device, payment, address, e-mail or phone that is still rare.
//! An identifier that more accounts share than its limit joins nobody any more: offices, dorms, forwarders and carrier
//! NAT stay apart (IP addresses never join). What was joined while it looked rare stays joined; batch analysis of the
//! whole log computes rings afresh.

use crate::kind::{Id, Kind, NO_ID};
use ringfence_domain::grow::Chunked;
use serde::{Deserialize, Serialize};

/// Accounts in one cluster at most: larger ones are a matter for batch analysis, and every request of a member reads
/// all members.
pub const CLUSTER_ACCOUNTS_MAX: usize = 64;

const SHARED_MAX: usize = 4;

/// Accounts that may share an identifier before it is common: a household shares an address and a device; a second
/// account with one's e-mail address or phone is rare in itself.
fn rare_max(kind: Kind) -> Option<usize> {
    match kind {
        Kind::Device | Kind::Payment => Some(3),
        Kind::Address => Some(SHARED_MAX),
        Kind::Email | Kind::Phone => Some(2),
        _ => None,
    }
}

/// The accounts seen with one identifier, until it is common.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Shared {
    accounts: [Id; SHARED_MAX],
}

/// The clusters of all accounts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Clusters {
    /// By kind (its code) and identifier.
    shared: Vec<Chunked<Shared>>,
    /// Cluster of an account; `NO_ID` while it is alone.
    of_account: Chunked<Id>,
    /// Accounts and number of links, by cluster; merged ones are empty.
    groups: Chunked<(Vec<Id>, u32)>,
    refused: u64,
}

impl Clusters {
    /// Notes that `account` was seen with an identifier, and joins it to those seen with it before.
    pub fn see(&mut self, kind: Kind, id: Id, account: Id) {
        let Some(limit) = rare_max(kind) else { return };
        if id == NO_ID || account == NO_ID {
            return;
        }
        if self.shared.is_empty() {
            self.shared.resize(Kind::COUNT, Chunked::default());
        }
        let table = &mut self.shared[kind as usize];
        let shared = &mut table.reach(id as usize, || Shared { accounts: [NO_ID; SHARED_MAX] }).accounts;
        if shared[0] == account || shared.contains(&account) {
            return;
        }
        let Some(free) = shared[..limit].iter().position(|a| *a == NO_ID) else { return };
        shared[free] = account;
        let first = shared[0];
        if free > 0 {
            self.join(first, account);
        }
    }
    fn cluster_of(&self, account: Id) -> Id {
        self.of_account.get(account as usize).copied().unwrap_or(NO_ID)
    }
    fn ensure(&mut self, account: Id) -> Id {
        let cluster = self.of_account.reach(account as usize, || NO_ID);
        if *cluster == NO_ID {
            *cluster = self.groups.len() as Id;
            self.groups.push((vec![account], 0));
        }
        *cluster
    }
    fn join(&mut self, a: Id, b: Id) {
        let (x, y) = (self.ensure(a), self.ensure(b));
        if x == y {
            self.groups[x as usize].1 += 1;
            return;
        }
        let size = |c: Id| self.groups[c as usize].0.len();
        if size(x) + size(y) > CLUSTER_ACCOUNTS_MAX {
            self.refused += 1;
            return;
        }
        let (into, from) = if size(x) >= size(y) { (x, y) } else { (y, x) };
        let (members, links) = std::mem::take(&mut self.groups[from as usize]);
        for &member in &members {
            self.of_account[member as usize] = into;
        }
        let target = &mut self.groups[into as usize];
        target.0.extend(members);
        target.1 += links + 1;
    }
    /// The accounts of `account`'s cluster, itself among them; empty while it is alone.
    pub fn members(&self, account: Id) -> &[Id] {
        match self.cluster_of(account) {
            NO_ID => &[],
            cluster => &self.groups[cluster as usize].0,
        }
    }
    /// Accounts and links of `account`'s cluster: (1, 0) while it is alone.
    pub fn size(&self, account: Id) -> (usize, usize) {
        match self.cluster_of(account) {
            NO_ID => (1, 0),
            cluster => {
                let (members, links) = &self.groups[cluster as usize];
                (members.len(), *links as usize)
            }
        }
    }
    /// Number of `account`'s cluster, where it has other members.
    pub fn number(&self, account: Id) -> Option<Id> {
        Some(self.cluster_of(account)).filter(|&c| c != NO_ID && self.groups[c as usize].0.len() > 1)
    }
    /// Joins refused because the cluster would have grown beyond [`CLUSTER_ACCOUNTS_MAX`].
    pub fn refused(&self) -> u64 {
        self.refused
    }
    /// Bytes held.
    pub fn memory_bytes(&self) -> usize {
        self.shared.iter().map(|t| t.capacity() * size_of::<Shared>()).sum::<usize>()
            + self.of_account.capacity() * 4
            + self.groups.iter().map(|(m, _)| 32 + m.capacity() * 4).sum::<usize>()
    }
}
