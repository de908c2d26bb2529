//! Which finding is which lead? The one with which it has most refunds and members in common.

use crate::log::{Book, Entry, Finding};
use ringfence_domain::words::MemberKind;
use std::collections::{BTreeMap, BTreeSet};

/// What a lead and a finding have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Common {
    /// Refunds and members.
    pub(super) both: usize,
    /// The smaller number of them of the two.
    pub(super) smaller: usize,
}

/// What a finding and a lead are told apart by.
fn marks_of_finding(finding: &Finding) -> BTreeSet<(Option<MemberKind>, &str)> {
    let members = finding.members.iter().map(|m| (Some(m.kind), m.id.as_str()));
    members.chain(finding.refunds.iter().map(|r| (None, r.as_str()))).collect()
}

fn marks_of_entry(entry: &Entry) -> impl Iterator<Item = (Option<MemberKind>, &str)> {
    let members = entry.members.iter().map(|m| (Some(m.kind), m.id.as_str()));
    members.chain(entry.refunds.iter().map(|r| (None, r.as_str())))
}

/// By lead, and by number of the finding: all that have anything in common and are of one kind.
pub(super) fn commons<'b>(
    book: &'b Book,
    findings: &[Finding],
) -> BTreeMap<&'b str, BTreeMap<usize, Common>> {
    let mut having: BTreeMap<(Option<MemberKind>, &str), Vec<usize>> = BTreeMap::new();
    let mut sizes = Vec::with_capacity(findings.len());
    for (n, finding) in findings.iter().enumerate() {
        let marks = marks_of_finding(finding);
        sizes.push(marks.len());
        for mark in marks {
            having.entry(mark).or_default().push(n);
        }
    }
    let mut commons = BTreeMap::new();
    for entry in book.leads() {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        let marks: BTreeSet<_> = marks_of_entry(entry).collect();
        for mark in &marks {
            for &n in having.get(mark).into_iter().flatten().filter(|n| findings[**n].kind == entry.kind) {
                *counts.entry(n).or_default() += 1;
            }
        }
        let common = |(n, both): (usize, usize)| (n, Common { both, smaller: sizes[n].min(marks.len()) });
        if !counts.is_empty() {
            commons.insert(entry.lead.as_str(), counts.into_iter().map(common).collect());
        }
    }
    commons
}
