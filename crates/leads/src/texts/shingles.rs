//! What of a text is compared with others? Pairs of neighbouring words, and of words with one between.
//!
//! A word that was changed takes four pairs with it and leaves the one around it, so that a sentence with another item in it
//! is still mostly the same sentence. The beginning and the end of a text count as words.

use crate::texts::normal::{Word, mix, words};

/// A pair of words, as a hash. Of five million different ones about three thousand share theirs with another: too few to
/// move a share.
pub(crate) type Shingle = u32;

const EDGE: u64 = 1;

/// The pairs of a text in the order of its words.
pub(crate) struct Pairs {
    /// `near[i]`: word i − 1 with word i; the words before the first and after the last are the edges.
    pub(crate) near: Vec<Shingle>,
    /// `over[i]`: word i − 1 with word i + 1.
    pub(crate) over: Vec<Shingle>,
}

impl Pairs {
    pub(crate) fn of(words: &[Word]) -> Pairs {
        let n = words.len();
        let word = |i: usize| if i == 0 || i > n { EDGE } else { words[i - 1].key };
        if n == 0 {
            return Pairs { near: Vec::new(), over: Vec::new() };
        }
        Pairs {
            near: (0..=n).map(|i| pair(word(i), word(i + 1), 0)).collect(),
            over: (0..n).map(|i| pair(word(i), word(i + 2), 1)).collect(),
        }
    }
}

fn pair(a: u64, b: u64, apart: u64) -> Shingle {
    (mix(mix(a) ^ b.wrapping_add(apart)) >> 32) as u32
}

/// The pairs of many texts, each text's sorted and once, and how much each weighs.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    all: Vec<Shingle>,
    weights: Vec<u8>,
    ends: Vec<usize>,
}

impl Shelf {
    pub(crate) fn push(&mut self, text: &str) {
        let pairs = Pairs::of(&words(text));
        let mut own: Vec<Shingle> = pairs.near;
        own.extend(pairs.over);
        own.sort_unstable();
        own.dedup();
        self.all.extend(own);
        self.ends.push(self.all.len());
    }
    /// Gives every pair its weight.
    pub(crate) fn weigh(&mut self, weight: impl Fn(Shingle) -> u8) {
        self.weights = self.all.iter().map(|s| weight(*s)).collect();
    }
    pub(crate) fn get(&self, n: usize) -> &[Shingle] {
        &self.all[self.range(n)]
    }
    /// Beside [`Self::get`]; empty before [`Self::weigh`].
    pub(crate) fn weights(&self, n: usize) -> &[u8] {
        self.weights.get(self.range(n)).unwrap_or_default()
    }
    pub(crate) fn contains(&self, n: usize, shingle: Shingle) -> bool {
        self.get(n).binary_search(&shingle).is_ok()
    }
    /// How much two texts have in common: the weight of what both contain ÷ the weight of what either contains.
    pub(crate) fn similarity(&self, a: usize, b: usize) -> f64 {
        let (x, y) = (self.get(a), self.get(b));
        let (v, w) = (self.weights(a), self.weights(b));
        let sum = |weights: &[u8]| weights.iter().map(|w| u32::from(*w)).sum::<u32>();
        let (mut both, mut i, mut j) = (0, 0, 0);
        while i < x.len() && j < y.len() {
            if x[i] == y[j] {
                both += u32::from(v[i]);
            }
            let (left, right) = (x[i] <= y[j], y[j] <= x[i]);
            i += usize::from(left);
            j += usize::from(right);
        }
        let either = sum(v) + sum(w) - both;
        if either > 0 { f64::from(both) / f64::from(either) } else { 0.0 }
    }
    fn range(&self, n: usize) -> core::ops::Range<usize> {
        let from = if n == 0 { 0 } else { self.ends[n - 1] };
        from..self.ends[n]
    }
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
    pub(crate) fn bytes(&self) -> usize {
        self.all.capacity() * size_of::<Shingle>()
            + self.weights.capacity()
            + self.ends.capacity() * size_of::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(a: &str, b: &str) -> (usize, usize, usize) {
        let mut shelf = Shelf::default();
        shelf.push(a);
        shelf.push(b);
        let common = shelf.get(0).iter().filter(|s| shelf.get(1).contains(s)).count();
        (shelf.get(0).len(), shelf.get(1).len(), common)
    }

    #[test]
    fn another_word_in_the_middle_leaves_the_rest() {
        let (a, b, common) = shared("the laptop was not in the box", "the watch was not in the box");
        // Eight neighbours and seven with one between; the item is in two of each, and the first pair over it stays.
        assert_eq!((a, b, common), (15, 15, 11));
    }

    #[test]
    fn order_matters_and_nothing_is_in_nothing() {
        let (a, b, common) = shared("refund me please now", "now please me refund");
        assert_eq!((a, b), (9, 9));
        assert_eq!(common, 0);
        assert_eq!(shared("", "!!!"), (0, 0, 0));
    }
}
