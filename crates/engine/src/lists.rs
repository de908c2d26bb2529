//! Which of a request's identifiers are on a list, and which rules are suppressed for it? Entries with an expiry, by
//! the number that they have in the log. Time is that of the request's arrival: no clock.

use ringfence_decide::{Listed, listed};
use ringfence_domain::Timestamp;
use ringfence_features::kind::Kind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// Not to be slowed down without findings.
    Allow,
    /// Not to be paid by the machine.
    Deny,
    /// To be looked at.
    Watch,
}

/// An identifier on a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Which list.
    pub list: List,
    /// Kind of the identifier.
    pub kind: Kind,
    /// The identifier, as events name it.
    pub value: String,
    /// From then on it counts no more.
    pub until: Option<Timestamp>,
}

/// A rule that does not bind some requests.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Suppression {
    /// The rule's name in the policy.
    pub rule: String,
    /// Only requests that name this; all without.
    pub of: Option<(Kind, String)>,
    /// From then on the rule binds again.
    pub until: Timestamp,
}

/// Entries and suppressions by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lists {
    entries: BTreeMap<u64, Entry>,
    suppressions: BTreeMap<u64, Suppression>,
    #[serde(skip)]
    by_value: BTreeMap<(Kind, String), Vec<u64>>,
}

impl Lists {
    /// Whether there is nothing to look up.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.suppressions.is_empty()
    }
    /// Entries by number, expired ones too.
    pub fn entries(&self) -> &BTreeMap<u64, Entry> {
        &self.entries
    }
    /// Suppressions by number, expired ones too.
    pub fn suppressions(&self) -> &BTreeMap<u64, Suppression> {
        &self.suppressions
    }
    /// Puts an identifier on a list.
    pub fn add(&mut self, number: u64, entry: Entry) {
        self.by_value.entry((entry.kind, entry.value.clone())).or_default().push(number);
        self.entries.insert(number, entry);
    }
    /// Suppresses a rule.
    pub fn suppress(&mut self, number: u64, suppression: Suppression) {
        self.suppressions.insert(number, suppression);
    }
    /// Takes an entry or a suppression away; whether there was one.
    pub fn remove(&mut self, number: u64) -> bool {
        let Some(entry) = self.entries.remove(&number) else {
            return self.suppressions.remove(&number).is_some();
        };
        let key = (entry.kind, entry.value);
        if let Some(numbers) = self.by_value.get_mut(&key) {
            numbers.retain(|n| *n != number);
            if numbers.is_empty() {
                self.by_value.remove(&key);
            }
        }
        true
    }
    /// Finds entries by identifier again, after a snapshot was read.
    pub(crate) fn reindex(&mut self) {
        self.by_value.clear();
        for (number, entry) in &self.entries {
            self.by_value.entry((entry.kind, entry.value.clone())).or_default().push(*number);
        }
    }
    /// What a request meets that arrived at this time.
    pub(crate) fn met(&self, arrived_at: Timestamp) -> Met<'_> {
        Met { lists: self, arrived_at, entries: Vec::new(), suppressions: Vec::new() }
    }
}

/// What a request meets; its identifiers are shown one by one.
pub(crate) struct Met<'a> {
    lists: &'a Lists,
    arrived_at: Timestamp,
    entries: Vec<u64>,
    suppressions: Vec<u64>,
}

impl Met<'_> {
    /// An identifier of the request.
    pub(crate) fn see(&mut self, kind: Kind, value: &str) {
        if let Some(numbers) = self.lists.by_value.get(&(kind, value.to_owned())) {
            self.entries.extend(numbers);
        }
        let of = self.lists.suppressions.iter().filter(|(_, s)| {
            s.of.as_ref().is_some_and(|(of_kind, of_value)| *of_kind == kind && of_value == value)
        });
        self.suppressions.extend(of.map(|(number, _)| *number));
    }
    /// All of it, in the order of the log; each once.
    pub(crate) fn listed(mut self) -> Listed {
        let everyone = self.lists.suppressions.iter().filter(|(_, s)| s.of.is_none());
        self.suppressions.extend(everyone.map(|(number, _)| *number));
        self.entries.sort_unstable();
        self.entries.dedup();
        self.suppressions.sort_unstable();
        self.suppressions.dedup();
        let mut out = Listed::default();
        for number in self.entries {
            let entry = &self.lists.entries[&number];
            if entry.until.is_some_and(|until| until <= self.arrived_at) {
                continue;
            }
            let list = match entry.list {
                List::Allow => &mut out.allow,
                List::Deny => &mut out.deny,
                List::Watch => &mut out.watch,
            };
            list.push(listed::Entry { kind: entry.kind.as_str(), entry: number });
        }
        for number in self.suppressions {
            let Suppression { rule, of: _, until } = &self.lists.suppressions[&number];
            if *until > self.arrived_at {
                out.suppressed.push(listed::Suppressed { rule: rule.clone(), entry: number });
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    #[test]
    fn an_entry_counts_until_it_expires_or_is_taken_away() {
        let mut lists = Lists::default();
        let entry = |list, until: Option<&str>| Entry {
            list,
            kind: Kind::Device,
            value: "D1".into(),
            until: until.map(at),
        };
        lists.add(3, entry(List::Deny, Some("2023-06-02T00:00:00Z")));
        lists.add(5, entry(List::Watch, None));
        let met = |lists: &Lists, time: &str, kind, value| {
            let mut met = lists.met(at(time));
            met.see(kind, value);
            met.see(kind, value);
            let listed = met.listed();
            (listed.deny.len(), listed.watch.len())
        };
        assert_eq!(met(&lists, "2023-06-01T23:59:59.999Z", Kind::Device, "D1"), (1, 1));
        assert_eq!(met(&lists, "2023-06-02T00:00:00Z", Kind::Device, "D1"), (0, 1));
        assert_eq!(met(&lists, "2023-06-01T00:00:00Z", Kind::Account, "D1"), (0, 0));
        let bytes = postcard::to_stdvec(&lists).expect("written");
        let mut again: Lists = postcard::from_bytes(&bytes).expect("read");
        again.reindex();
        assert_eq!(again, lists);
        assert!(again.remove(5) && !again.remove(5));
        assert_eq!(met(&again, "2023-06-02T00:00:00Z", Kind::Device, "D1"), (0, 0));
        assert!(again.remove(3) && again.is_empty());
    }

    #[test]
    fn a_suppression_reaches_who_it_names_or_everyone() {
        let mut lists = Lists::default();
        let until = at("2023-06-02T00:00:00Z");
        lists.suppress(7, Suppression { rule: "a".into(), of: None, until });
        lists.suppress(8, Suppression { rule: "b".into(), of: Some((Kind::Account, "A1".into())), until });
        let rules = |account: &str, time: &str| {
            let mut met = lists.met(at(time));
            met.see(Kind::Account, account);
            met.listed().suppressed.into_iter().map(|s| s.rule).collect::<Vec<_>>()
        };
        assert_eq!(rules("A1", "2023-06-01T00:00:00Z"), ["a", "b"]);
        assert_eq!(rules("A2", "2023-06-01T00:00:00Z"), ["a"]);
        assert!(rules("A1", "2023-06-02T00:00:00Z").is_empty());
    }
}
