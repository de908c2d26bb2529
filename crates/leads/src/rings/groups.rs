//! Which requests belong to one ring? Those that are joined by marks that are a ring's.

use crate::control;
use crate::rings::Settings;
use crate::rings::belief::Beliefs;
use crate::rings::marks::Marks;
use crate::rings::record::Record;
use crate::sets::Sets;
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
        Group { requests, marks, ties }
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

pub(crate) fn groups(record: &Record, marks: &Marks, beliefs: &Beliefs, settings: &Settings) -> Vec<Group> {
    let ties: Vec<(u32, u32)> = marks
        .ties
        .iter()
        .filter(|t| {
            beliefs.requests[t.request as usize] >= settings.request_min
                && beliefs.marks[t.mark as usize] >= JOINS
        })
        .map(|t| (t.mark, t.request))
        .collect();
    let mut sets = Sets::new(marks.all.len());
    for of_request in ties.chunk_by(|a, b| a.1 == b.1) {
        for pair in of_request.windows(2) {
            sets.join(pair[0].0, pair[1].0);
        }
    }
    let mut members: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
    for (mark, request) in ties {
        members.entry(sets.root(mark)).or_default().push((mark, request));
    }
    members.into_values().map(|ties| Group::new(record, beliefs, ties)).collect()
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
