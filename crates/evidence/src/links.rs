//! What do accounts of the matter have in common, how rare is it, and what does it not show?

use crate::gather::{Identifier, seen_with};
use crate::purpose::Field;
use crate::redact::Masks;
use crate::rows::Rows;
use crate::view::{View, records};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Most pairs in the table; of an identifier with more accounts the table of identifiers says all.
pub const PAIRS_MAX: usize = 20_000;
/// Accounts outside the matter from which on an identifier is likely an office, a dormitory or a network.
pub const COMMON_FROM: usize = 10;

/// Something that accounts have in common.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Link {
    /// What it is.
    pub kind: String,
    /// Its token, or the name that stands in for it.
    pub value: String,
    /// Accounts of the matter that have it.
    pub accounts: Vec<String>,
    /// All accounts that have it.
    pub everywhere: usize,
    /// Of how many accounts.
    pub of: usize,
    /// The chance that two accounts picked at random both have this one: k (k − 1) ÷ (N (N − 1)).
    pub chance: f64,
    /// Records that show it, one an account.
    pub records: Vec<u64>,
    /// What the machine's lead gave as the probability that it is a ring's, where there is a lead.
    pub lead: Option<f64>,
}

/// Two accounts and what they have in common.
#[derive(Clone, PartialEq, Debug)]
pub struct Pair {
    /// One.
    pub one: String,
    /// The other.
    pub other: String,
    /// Kind and value.
    pub by: (String, String),
    /// All accounts that have it.
    pub everywhere: usize,
    /// A record of each.
    pub records: [u64; 2],
}

/// All of it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Links {
    /// Rarest first.
    pub links: Vec<Link>,
    /// Pairs, by the rarest first.
    pub pairs: Vec<Pair>,
    /// Pairs that are not listed.
    pub more_pairs: usize,
}

/// What is not claimed, whatever the links are.
pub const NOT_CLAIMED: [&str; 5] = [
    "That accounts with a common identifier belong to one person. Families, flatmates, offices, dormitories, freight forwarders and \
     carriers' networks have identifiers in common.",
    "That the person who holds an account acted: accounts are shared, sold and taken over.",
    "That an identifier is what it seems: identifiers are tokens made at the shop's door; devices and network addresses can be \
     forged, and their sender's clock and names are believed.",
    "That accounts without a common identifier are unconnected, or that all connections are shown.",
    "Any intent. The tables say what was recorded, not why it was done.",
];

/// Finds them.
pub fn links(view: &View<'_>, masks: &mut Masks) -> Links {
    let mut seen: BTreeMap<Identifier, BTreeMap<&str, u64>> = BTreeMap::new();
    for cited in view.cited {
        let Some(event) = cited.event() else { continue };
        let (Some(account), found) = seen_with(event) else { continue };
        if !view.subjects.accounts.contains(account) {
            continue;
        }
        for (kind, value) in found {
            seen.entry((kind, value.to_owned())).or_default().entry(account).or_insert(cited.at);
        }
    }
    let of = view.background.accounts.len();
    let mut shared: Vec<(usize, Identifier, BTreeMap<&str, u64>)> = seen
        .into_iter()
        .filter(|(_, accounts)| accounts.len() > 1)
        .map(|(id, accounts)| {
            let everywhere = view.background.spread.get(&id).map_or(0, BTreeSet::len).max(accounts.len());
            (everywhere, id, accounts)
        })
        .collect();
    shared.sort();
    let mut out = Links::default();
    for (everywhere, (kind, value), accounts) in shared {
        let lead =
            view.leads.rings.iter().flat_map(|r| &r.identifiers).find(|i| i.kind == kind && i.value == value);
        let shown = masks.name(Field::Identifier, &value);
        let named: Vec<(String, u64)> =
            accounts.iter().map(|(account, at)| (masks.name(Field::Account, account), *at)).collect();
        for (i, (one, first)) in named.iter().enumerate() {
            for (other, second) in &named[i + 1..] {
                if out.pairs.len() >= PAIRS_MAX {
                    out.more_pairs += 1;
                    continue;
                }
                out.pairs.push(Pair {
                    one: one.clone(),
                    other: other.clone(),
                    by: (kind.to_owned(), shown.clone()),
                    everywhere,
                    records: [*first, *second],
                });
            }
        }
        out.links.push(Link {
            kind: kind.to_owned(),
            value: shown,
            records: named.iter().map(|(_, at)| *at).collect(),
            accounts: named.into_iter().map(|(account, _)| account).collect(),
            everywhere,
            of,
            chance: chance(everywhere, of),
            lead: lead.map(|l| l.probability).filter(|_| masks.shows(Field::Score)),
        });
    }
    out
}

/// The chance that two of `of` accounts, picked at random, are both among the `k` that have an identifier.
fn chance(k: usize, of: usize) -> f64 {
    if of < 2 { 1.0 } else { (k as f64 * (k as f64 - 1.0)) / (of as f64 * (of as f64 - 1.0)) }
}

impl Link {
    /// How rare it is, in words.
    pub fn rarity(&self) -> String {
        let others = self.everywhere - self.accounts.len();
        let common = if others >= COMMON_FROM {
            "; many accounts outside the matter have it: an office, dormitory or network is likely"
        } else {
            ""
        };
        format!(
            "{} of {} accounts have it; two picked at random both have it with a chance of {:.1e}{common}",
            self.everywhere, self.of, self.chance
        )
    }
}

/// The exhibit of pairs.
pub fn csv(links: &Links) -> Vec<u8> {
    let mut rows = Rows::new();
    rows.push(&["account", "other_account", "kind", "identifier", "accounts_with_it", "records"]);
    for pair in &links.pairs {
        rows.push(&[
            pair.one.as_str(),
            &pair.other,
            &pair.by.0,
            &pair.by.1,
            &pair.everywhere.to_string(),
            &records(&pair.records),
        ]);
    }
    rows.into_bytes()
}
