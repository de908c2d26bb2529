//! Which documents were handed in by several accounts? The same file in other hands: a template that goes round, or a blank
//! form that anybody may download.
//!
//! A form is used all year round, as documents are; a template goes round for some weeks until somebody makes a new one. How
//! closely the uses follow each other, against all documents, tells them apart as far as it can: two uses hardly say anything.

use crate::stats::q_values;
use ringfence_domain::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// A document that went with a claim.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Handed {
    /// Number of the hash of its bytes.
    pub document: u32,
    /// Who handed it in.
    pub account: u32,
    /// When.
    pub at: Timestamp,
    /// With which claim.
    pub claim: u32,
}

/// What is a lead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Largest share of leads that are forms.
    pub fdr: f64,
    /// A document that a larger share of all who hand one in uses is a public form.
    pub form_share: f64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { fdr: 0.10, form_share: 0.01 }
    }
}

/// A document that several accounts handed in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reused {
    /// Which.
    pub document: u32,
    /// Whose, ascending.
    pub accounts: Vec<u32>,
    /// With which claims, ascending.
    pub claims: Vec<u32>,
    /// The first use.
    pub from: Timestamp,
    /// The last.
    pub to: Timestamp,
    /// Share of the accounts with a document that use this one.
    pub share: f64,
    /// The chance that as many uses of a form would follow each other as closely.
    pub chance: f64,
    /// Least false-discovery rate at which it is reported.
    pub q_value: f64,
    /// Whether it is within the rate and no public form.
    pub stands: bool,
}

/// Documents of at least two accounts; those that stand first, then by chance.
pub fn reused(handed: &[Handed], settings: &Settings) -> Vec<Reused> {
    let mut all: Vec<&Handed> = handed.iter().collect();
    all.sort_unstable();
    all.dedup();
    let mut times: Vec<Timestamp> = all.iter().map(|h| h.at).collect();
    times.sort_unstable();
    let mut accounts: Vec<u32> = all.iter().map(|h| h.account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let mut found: Vec<Reused> = all
        .chunk_by(|a, b| a.document == b.document)
        .filter_map(|uses| one(uses, &times, accounts.len()))
        .collect();
    let p: Vec<f64> = found.iter().map(|r| r.chance).collect();
    for (reused, q) in found.iter_mut().zip(q_values(&p)) {
        reused.q_value = q;
        reused.stands = q <= settings.fdr && !is_form(reused, settings);
    }
    found.sort_by(|a, b| {
        let order = b.stands.cmp(&a.stands).then(a.chance.total_cmp(&b.chance));
        order.then(b.accounts.len().cmp(&a.accounts.len())).then(a.document.cmp(&b.document))
    });
    found
}

/// Accounts from which on a share says something.
const FORM_ACCOUNTS_MIN: usize = 20;

fn is_form(reused: &Reused, settings: &Settings) -> bool {
    reused.accounts.len() >= FORM_ACCOUNTS_MIN && reused.share > settings.form_share
}

fn one(uses: &[&Handed], times: &[Timestamp], with_document: usize) -> Option<Reused> {
    // One use an account: its first.
    let mut first: BTreeMap<u32, Timestamp> = BTreeMap::new();
    for h in uses {
        let at = first.entry(h.account).or_insert(h.at);
        *at = (*at).min(h.at);
    }
    let (from, to) = (*first.values().min()?, *first.values().max()?);
    if first.len() < 2 {
        return None;
    }
    let between = times.partition_point(|t| *t <= to) - times.partition_point(|t| *t < from);
    let mut claims: Vec<u32> = uses.iter().map(|h| h.claim).collect();
    claims.sort_unstable();
    claims.dedup();
    Some(Reused {
        document: uses[0].document,
        share: first.len() as f64 / with_document as f64,
        chance: as_close(first.len(), between as f64 / times.len() as f64),
        accounts: first.into_keys().collect(),
        claims,
        from,
        to,
        q_value: 1.0,
        stands: false,
    })
}

/// P(the range of `n` uniform draws ≤ `range`) = n rⁿ⁻¹ − (n − 1) rⁿ.
fn as_close(n: usize, range: f64) -> f64 {
    let n = n as f64;
    (n * libm::pow(range, n - 1.0) - (n - 1.0) * libm::pow(range, n)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + day * 86_400_000).unwrap()
    }
    fn handed(document: u32, account: u32, day: i64) -> Handed {
        Handed { document, account, at: at(day), claim: account * 1_000 + day as u32 }
    }

    #[test]
    fn ranges_of_uniform_draws_have_the_known_law() {
        assert!((as_close(2, 0.5) - 0.75).abs() < 1e-12);
        assert_eq!((as_close(5, 1.0), as_close(5, 0.0)), (1.0, 0.0));
    }

    #[test]
    fn a_template_that_goes_round_stands_and_a_form_does_not() {
        let mut all: Vec<Handed> = (0..365).map(|d| handed(1_000 + d as u32, 500 + d as u32, d)).collect();
        // A template: five accounts in two weeks; a form: thirty through the year; one account's own photo, again and again.
        all.extend((0..5).map(|n| handed(1, 10 + n, 100 + 3 * i64::from(n))));
        all.extend((0..30).map(|n| handed(2, 100 + n, 12 * i64::from(n))));
        all.extend((0..9).map(|n| handed(3, 77, n)));
        let found = reused(&all, &Settings::default());
        assert_eq!(found.iter().map(|r| (r.document, r.stands)).collect::<Vec<_>>(), [(1, true), (2, false)]);
        assert_eq!(found[0].accounts, [10, 11, 12, 13, 14]);
        assert!(found[0].chance < 1e-4 && found[1].chance > 0.1);
        all.reverse();
        assert_eq!(reused(&all, &Settings::default()), found);
        assert_eq!(reused(&[], &Settings::default()), []);
    }
}
