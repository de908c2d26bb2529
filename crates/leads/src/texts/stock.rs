//! How common is what somebody wrote? In how many accounts' texts each pair of words occurs.
//!
//! Accounts count, not texts: who repeats themselves makes nothing common.

use crate::texts::shingles::{Shelf, Shingle};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// The most copies of a pair in a sketch.
const COPIES_MAX: f64 = 4.0;
/// Weights are whole numbers, so that they take a byte and sums are the same in any order.
const SIXTEENTHS: f64 = 16.0;

/// The common stock: how many accounts use which pair of words.
#[derive(Debug, Default)]
pub(crate) struct Stock {
    /// Accounts that use it, and the last one counted.
    uses: HashMap<Shingle, (u32, u32), FxBuildHasher>,
    accounts: u32,
    last: Option<u32>,
}

impl Stock {
    /// Counts a text; those of one account have to follow each other.
    pub(crate) fn note(&mut self, account: u32, shingles: &[Shingle]) {
        if self.last != Some(account) {
            self.last = Some(account);
            self.accounts += 1;
        }
        let turn = self.accounts;
        for s in shingles {
            let (count, last) = self.uses.entry(*s).or_insert((0, 0));
            if *last != turn {
                (*count, *last) = (*count + 1, turn);
            }
        }
    }
    /// Counts all texts of a shelf.
    pub(crate) fn of(shelf: &Shelf, accounts: &[u32]) -> Stock {
        let mut order: Vec<u32> = (0..shelf.len() as u32).collect();
        order.sort_unstable_by_key(|&n| (accounts[n as usize], n));
        let mut stock = Stock::default();
        for n in order {
            stock.note(accounts[n as usize], shelf.get(n as usize));
        }
        stock
    }
    /// How many accounts were counted.
    pub(crate) fn accounts(&self) -> u32 {
        self.accounts
    }
    /// How many of them use a pair.
    pub(crate) fn uses(&self, shingle: Shingle) -> u32 {
        self.uses.get(&shingle).map_or(0, |u| u.0)
    }
    /// How surprising it is that an account uses a pair, in sixteenths of a nat: 0 where all do.
    pub(crate) fn weight(&self, shingle: Shingle) -> u8 {
        let surprise = libm::log(f64::from(self.accounts + 1) / (f64::from(self.uses(shingle)) + 0.5));
        libm::round(surprise * SIXTEENTHS).clamp(0.0, 255.0) as u8
    }
    /// A weight as a number of copies in a sketch: 0 for what nearly everybody uses, [`COPIES_MAX`] for what nobody else does.
    pub(crate) fn copies(&self, weight: u8) -> u32 {
        let most = libm::log(f64::from(self.accounts + 1)).max(1.0) * SIXTEENTHS;
        libm::round(COPIES_MAX * (f64::from(weight) / most).min(1.0)) as u32
    }
    /// Bytes of memory held.
    pub(crate) fn bytes(&self) -> usize {
        self.uses.allocation_size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stock(texts: &[(u32, &str)]) -> (Shelf, Stock) {
        let mut shelf = Shelf::default();
        for (_, text) in texts {
            shelf.push(text);
        }
        let accounts: Vec<u32> = texts.iter().map(|t| t.0).collect();
        let stock = Stock::of(&shelf, &accounts);
        (shelf, stock)
    }

    #[test]
    fn accounts_count_and_not_texts() {
        let (shelf, stock) = stock(&[(7, "please help me"), (3, "good day"), (7, "please help me")]);
        assert_eq!(stock.accounts(), 2);
        // ln(3 ÷ 1.5) × 16.
        assert_eq!(stock.weight(shelf.get(0)[0]), 11);
    }

    #[test]
    fn common_phrases_weigh_less_than_rare_ones() {
        let mut texts: Vec<(u32, String)> =
            (0..100).map(|n| (n, format!("please refund me word{}", ["a", "b"][n as usize % 2]))).collect();
        texts.push((200, "the driver was drunk please refund me".to_owned()));
        texts.push((201, "the driver was drunk hello".to_owned()));
        texts.push((202, "another please refund me".to_owned()));
        let borrowed: Vec<(u32, &str)> = texts.iter().map(|t| (t.0, t.1.as_str())).collect();
        let (mut shelf, stock) = stock(&borrowed);
        shelf.push("");
        shelf.weigh(|s| stock.weight(s));
        let (rare, common) = (shelf.similarity(100, 101), shelf.similarity(100, 102));
        assert!(rare > 3.0 * common, "{rare} {common}");
        assert_eq!((shelf.similarity(100, 100), shelf.similarity(103, 103)), (1.0, 0.0));
    }
}
