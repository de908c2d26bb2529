//! Which requests belong to one ring? Those that are joined by marks that are a ring's.

use crate::control;
use crate::rings::Settings;
use crate::rings::belief::Beliefs;
use crate::rings::marks::{Marks, Shared};
use crate::rings::record::Record;
use crate::rings::traits::Way;
use crate::sets::Sets;
use ringfence_domain::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A ring's requests and marks.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// By time.
    pub(crate) requests: Vec<u32>,
    /// With the accounts of the ring under each, most probable first.
    pub(crate) marks: Vec<(u32, Vec<u32>)>,
    /// Which mark joins which request.
    pub(crate) ties: Vec<(u32, u32)>,
    /// Those that no mark joins to the first: they only work the same way.
    pub(crate) by_way: Vec<u32>,
}

impl Group {
    fn new(record: &Record, beliefs: &Beliefs, ties: Vec<(u32, u32)>) -> Group {
        let requests: BTreeSet<u32> = ties.iter().map(|t| t.1).collect();
        let mut requests: Vec<u32> = requests.into_iter().collect();
        requests.sort_by_key(|n| (record.requests[*n as usize].at, *n));
        let mut accounts: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for (mark, request) in &ties {
            accounts.entry(*mark).or_default().insert(record.requests[*request as usize].account);
        }
        let mut marks: Vec<(u32, Vec<u32>)> =
            accounts.into_iter().map(|(mark, of)| (mark, of.into_iter().collect())).collect();
        let odds = |mark: u32| beliefs.mark_odds[mark as usize];
        marks.sort_by(|a, b| odds(b.0).total_cmp(&odds(a.0)).then(a.0.cmp(&b.0)));
        Group { requests, marks, ties, by_way: Vec::new() }
    }
    /// Another that works the same way.
    fn take(&mut self, record: &Record, other: Group) {
        self.by_way.extend(&other.requests);
        self.requests.extend(other.requests);
        self.requests.sort_by_key(|n| (record.requests[*n as usize].at, *n));
        self.marks.extend(other.marks);
        self.ties.extend(other.ties);
    }
    fn accounts(&self, record: &Record) -> BTreeSet<u32> {
        self.requests.iter().map(|n| record.requests[*n as usize].account).collect()
    }
    fn from(&self, record: &Record) -> Timestamp {
        record.requests[self.requests[0] as usize].at
    }
    fn to(&self, record: &Record) -> Timestamp {
        record.requests[self.requests[self.requests.len() - 1] as usize].at
    }
    /// How most of it gets at the money.
    fn way(&self, ways: &[Way]) -> Way {
        let mut counts: BTreeMap<Way, usize> = BTreeMap::new();
        for n in &self.requests {
            *counts.entry(ways[*n as usize]).or_default() += 1;
        }
        counts.into_iter().max_by_key(|c| c.1).map(|c| c.0).unwrap_or_default()
    }
    /// The sizes, in requests, of the parts that stay without one tie, largest first.
    fn parts_without(&self, place: &BTreeMap<u32, u32>, tie: (u32, u32)) -> Vec<usize> {
        let mut sets = Sets::new(self.requests.len());
        let mut first: BTreeMap<u32, u32> = BTreeMap::new();
        for (mark, request) in self.ties.iter().filter(|t| **t != tie) {
            let n = place[request];
            sets.join(*first.entry(*mark).or_insert(n), n);
        }
        let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
        for n in 0..self.requests.len() as u32 {
            *sizes.entry(sets.root(n)).or_default() += 1;
        }
        let mut sizes: Vec<usize> = sizes.into_values().collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        sizes
    }
    /// The least probable tie, a mark and a request, that alone holds two parts together, and the sizes of those parts. A
    /// request by itself is no part.
    pub(crate) fn weakest_link(&self, beliefs: &Beliefs) -> Option<(u32, u32, Vec<usize>)> {
        let place: BTreeMap<u32, u32> = self.requests.iter().zip(0..).map(|(r, n)| (*r, n)).collect();
        // Only a request with several marks can hold parts together.
        let mut marks_of: BTreeMap<u32, u32> = BTreeMap::new();
        for (_, request) in &self.ties {
            *marks_of.entry(*request).or_default() += 1;
        }
        let mut bridges: Vec<(u32, u32)> = self.ties.iter().filter(|t| marks_of[&t.1] > 1).copied().collect();
        let weight = |t: &(u32, u32)| beliefs.marks[t.0 as usize] * beliefs.requests[t.1 as usize];
        bridges.sort_by(|a, b| weight(a).total_cmp(&weight(b)).then(a.cmp(b)));
        bridges.into_iter().take(BRIDGES_MAX).find_map(|tie| {
            let parts = self.parts_without(&place, tie);
            (parts.len() > 1 && parts[1] > 1).then_some((tie.0, tie.1, parts))
        })
    }
}

/// Ties that are tried at most: each asks for the parts of the whole group.
const BRIDGES_MAX: usize = 500;
/// A mark joins requests when it is a ring's with at least this probability.
const JOINS: f64 = 0.5;

/// Marks that by themselves make requests one ring's. A network or a wording may serve several rings: they only add requests to
/// the ring that has most of theirs.
fn joins(shared: Shared) -> bool {
    match shared {
        Shared::Device | Shared::Staff | Shared::StaffSession | Shared::Document | Shared::Instrument => true,
        Shared::Ip | Shared::Script | Shared::Address | Shared::Payment | Shared::Email | Shared::Phone => {
            false
        }
    }
}

pub(crate) fn groups(
    record: &Record,
    marks: &Marks,
    beliefs: &Beliefs,
    ways: &[Way],
    settings: &Settings,
) -> Vec<Group> {
    let ties: Vec<(u32, u32)> = marks
        .ties
        .iter()
        .filter(|t| {
            beliefs.requests[t.request as usize] >= settings.request_min
                && beliefs.marks[t.mark as usize] >= JOINS
        })
        .map(|t| (t.mark, t.request))
        .collect();
    let root = roots(marks, &ties);
    let strongest = |a: u32, b: u32| beliefs.mark_odds[a as usize].total_cmp(&beliefs.mark_odds[b as usize]);
    let mut members: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
    for of_request in ties.chunk_by(|a, b| a.1 == b.1) {
        let own = |t: &&(u32, u32)| joins(marks.all[t.0 as usize].shared);
        let first = of_request.iter().filter(own).max_by(|a, b| strongest(a.0, b.0));
        let first = first.or_else(|| of_request.iter().max_by(|a, b| strongest(a.0, b.0)));
        let Some(home) = first.map(|t| root[t.0 as usize]) else { continue };
        let here = of_request.iter().filter(|t| root[t.0 as usize] == home);
        members.entry(home).or_default().extend(here);
    }
    let found = members.into_values().map(|ties| Group::new(record, beliefs, ties)).collect();
    by_way(record, ways, found, settings)
}

/// The ring of each mark, by a number.
fn roots(marks: &Marks, ties: &[(u32, u32)]) -> Vec<u32> {
    let mut sets = Sets::new(marks.all.len());
    let is_own = |mark: u32| joins(marks.all[mark as usize].shared);
    for of_request in ties.chunk_by(|a, b| a.1 == b.1) {
        let own: Vec<u32> = of_request.iter().map(|t| t.0).filter(|m| is_own(*m)).collect();
        for pair in own.windows(2) {
            sets.join(pair[0], pair[1]);
        }
    }
    // The others go where most of their requests are.
    let mut votes: BTreeMap<u32, BTreeMap<u32, u32>> = BTreeMap::new();
    for of_request in ties.chunk_by(|a, b| a.1 == b.1) {
        let home = of_request.iter().find(|t| is_own(t.0)).map(|t| sets.root(t.0));
        for (mark, _) in of_request.iter().filter(|t| !is_own(t.0)) {
            let votes = votes.entry(*mark).or_default();
            if let Some(home) = home {
                *votes.entry(home).or_default() += 1;
            }
        }
    }
    let mut free: BTreeSet<u32> = BTreeSet::new();
    for (mark, votes) in votes {
        match votes.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0))) {
            Some((home, _)) => sets.join(mark, home),
            None => drop(free.insert(mark)),
        }
    }
    for of_request in ties.chunk_by(|a, b| a.1 == b.1) {
        let mut of_free = of_request.iter().map(|t| t.0).filter(|m| free.contains(m));
        if let Some(first) = of_free.next() {
            of_free.for_each(|mark| sets.join(first, mark));
        }
    }
    (0..marks.all.len() as u32).map(|mark| sets.root(mark)).collect()
}

/// What is too small to be a ring by itself, as where the machine changes after every other request, joins others that work the
/// same way at about the same time: the largest ring that does, or such small ones as follow each other.
fn by_way(record: &Record, ways: &[Way], found: Vec<Group>, settings: &Settings) -> Vec<Group> {
    let (mut large, small): (Vec<Group>, Vec<Group>) =
        found.into_iter().partition(|g| g.accounts(record).len() >= settings.accounts_min);
    let mut rest = small;
    rest.sort_by_key(|g| (g.from(record), g.requests[0]));
    let mut open: BTreeMap<Way, Group> = BTreeMap::new();
    let mut done: Vec<Group> = Vec::new();
    for part in rest {
        let way = part.way(ways);
        let near = |g: &Group| {
            g.way(ways) == way
                && part.from(record).since(g.to(record)) <= settings.closed_after
                && g.from(record).since(part.to(record)) <= settings.closed_after
        };
        let ring = large.iter_mut().filter(|g| near(g)).max_by_key(|g| g.requests.len());
        match (ring, open.remove(&way)) {
            (Some(ring), other) => {
                ring.take(record, part);
                open.extend(other.map(|g| (way, g)));
            }
            (None, Some(mut other)) if part.from(record).since(other.to(record)) <= settings.closed_after => {
                other.take(record, part);
                open.insert(way, other);
            }
            (None, other) => {
                done.extend(other);
                open.insert(way, part);
            }
        }
    }
    large.extend(done);
    large.extend(open.into_values());
    large
}

/// Some of the marks that look innocent, each with its requests, in an order that has nothing to do with what they are.
pub(crate) fn controls(
    record: &Record,
    marks: &Marks,
    beliefs: &Beliefs,
    accounts_min: usize,
    count: usize,
) -> Vec<Group> {
    let salt = control::hash(marks.ties.len() as u64, &(record.requests.len() as u64).to_le_bytes());
    let innocent = marks.all.iter().zip(0..).filter(|(mark, n): &(_, u32)| {
        mark.accounts as usize >= accounts_min && beliefs.marks[*n as usize] < JOINS
    });
    let mut picked: Vec<(u64, u32)> =
        innocent.map(|(mark, n)| (control::hash(salt, marks.value(record, mark).as_bytes()), n)).collect();
    picked.sort_unstable();
    let group = |&(_, mark): &(u64, u32)| {
        let ties: Vec<(u32, u32)> =
            marks.ties.iter().filter(|t| t.mark == mark).map(|t| (t.mark, t.request)).collect();
        Group::new(record, beliefs, ties)
    };
    picked.iter().take(count).map(group).collect()
}
