//! Who else writes this? For each pair of words the texts that contain it: of all accounts, or of some of them picked by a
//! fixed hash where there are very many.

use crate::texts::normal::mix;
use crate::texts::shingles::{Shelf, Shingle};
use std::collections::{BTreeMap, BTreeSet};

/// Texts up to which everybody is in the sample. Shares are then estimated from about as many: a phrase of one text in a
/// thousand is seen forty times.
pub(crate) const TEXTS_MAX: usize = 40_000;

/// The texts of some accounts, by the pairs of words in them.
pub(crate) struct Sample {
    /// Ascending.
    shingles: Vec<Shingle>,
    /// Where the places of each end.
    ends: Vec<usize>,
    places: Vec<u32>,
    /// The text at each place, ascending.
    pub(crate) texts: Vec<u32>,
    /// How many accounts stand for one.
    pub(crate) scale: f64,
    /// For each account in it the pairs of its longest text, ascending.
    longest: Vec<usize>,
    one_in: u64,
}

impl Sample {
    pub(crate) fn of(shelf: &Shelf, accounts: &[u32]) -> Sample {
        let one_in = shelf.len().div_ceil(TEXTS_MAX).max(1) as u64;
        let all: BTreeSet<u32> = accounts.iter().copied().collect();
        let inside: BTreeSet<u32> = all.iter().copied().filter(|a| picked(*a, one_in)).collect();
        let texts: Vec<u32> =
            (0..shelf.len() as u32).filter(|n| inside.contains(&accounts[*n as usize])).collect();
        let mut longest: BTreeMap<u32, usize> = BTreeMap::new();
        for n in &texts {
            let of = longest.entry(accounts[*n as usize]).or_default();
            *of = shelf.get(*n as usize).len().max(*of);
        }
        let mut pairs: Vec<(Shingle, u32)> = Vec::new();
        for (place, n) in texts.iter().enumerate() {
            pairs.extend(shelf.get(*n as usize).iter().map(|s| (*s, place as u32)));
        }
        pairs.sort_unstable();
        let mut sample = Sample {
            shingles: Vec::new(),
            ends: Vec::new(),
            places: pairs.iter().map(|p| p.1).collect(),
            texts,
            scale: all.len() as f64 / inside.len().max(1) as f64,
            longest: longest.into_values().collect(),
            one_in,
        };
        sample.longest.sort_unstable();
        for (i, (shingle, _)) in pairs.iter().enumerate() {
            if sample.shingles.last() != Some(shingle) {
                sample.shingles.push(*shingle);
                sample.ends.push(i);
            }
            *sample.ends.last_mut().expect("pushed with the shingle") = i + 1;
        }
        sample
    }
    /// How many accounts of it have a text of so many pairs.
    pub(crate) fn accounts(&self, pairs_min: usize) -> usize {
        self.longest.len() - self.longest.partition_point(|n| *n < pairs_min)
    }
    /// Whether an account's texts are in it.
    pub(crate) fn has(&self, account: u32) -> bool {
        picked(account, self.one_in)
    }
    /// The places of the texts that contain a pair, ascending.
    pub(crate) fn places(&self, shingle: Shingle) -> &[u32] {
        match self.shingles.binary_search(&shingle) {
            Ok(i) => &self.places[if i == 0 { 0 } else { self.ends[i - 1] }..self.ends[i]],
            Err(_) => &[],
        }
    }
    pub(crate) fn bytes(&self) -> usize {
        (self.shingles.capacity() + self.places.capacity() + self.texts.capacity()) * size_of::<u32>()
            + (self.ends.capacity() + self.longest.capacity()) * size_of::<usize>()
    }
}

fn picked(account: u32, one_in: u64) -> bool {
    mix(u64::from(account)).is_multiple_of(one_in)
}

/// How many are in both ascending lists.
pub(crate) fn common(a: &[u32], b: &[u32]) -> usize {
    let (mut i, mut j, mut both) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        both += usize::from(a[i] == b[j]);
        let (left, right) = (a[i] <= b[j], b[j] <= a[i]);
        i += usize::from(left);
        j += usize::from(right);
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_what_they_contain() {
        let mut shelf = Shelf::default();
        for text in ["never came", "it never came", "came never"] {
            shelf.push(text);
        }
        let sample = Sample::of(&shelf, &[4, 5, 6]);
        assert_eq!((sample.accounts(0), sample.accounts(6), sample.scale), (3, 1, 1.0));
        let shared: Vec<u32> = shelf.get(0).iter().copied().filter(|s| shelf.contains(1, *s)).collect();
        assert!(shared.iter().any(|s| sample.places(*s) == [0, 1]));
        assert!(sample.places(12_345).is_empty());
        assert_eq!(common(&[1, 3, 5, 9], &[0, 3, 4, 9]), 2);
    }
}
