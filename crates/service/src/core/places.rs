//! At which positions of the log do records of one kind stand? A bit a record, and sums to count by.

use serde::{Deserialize, Serialize};

/// Words of 64 bits between two sums.
const WORDS_A_SUM: usize = 8;

/// Positions of some records among all: a million records take 128 KiB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    words: Vec<u64>,
    /// Bits set before every eighth word.
    sums: Vec<u64>,
    total: u64,
}

impl Places {
    /// How many there are.
    pub fn len(&self) -> u64 {
        self.total
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }
    /// Notes a position; each is higher than the one before.
    pub fn push(&mut self, position: u64) {
        let word = (position / 64) as usize;
        while self.words.len() <= word {
            if self.words.len().is_multiple_of(WORDS_A_SUM) {
                self.sums.push(self.total);
            }
            self.words.push(0);
        }
        self.words[word] |= 1 << (position % 64);
        self.total += 1;
    }
    /// The position of the one with this number, from 0.
    pub fn get(&self, number: u64) -> Option<u64> {
        if number >= self.total {
            return None;
        }
        let sum = self.sums.partition_point(|before| *before <= number) - 1;
        let mut left = number - self.sums[sum];
        for (at, word) in self.words.iter().enumerate().skip(sum * WORDS_A_SUM) {
            let here = u64::from(word.count_ones());
            if left < here {
                let mut word = *word;
                for _ in 0..left {
                    word &= word - 1;
                }
                return Some(at as u64 * 64 + u64::from(word.trailing_zeros()));
            }
            left -= here;
        }
        None
    }
    /// How many stand before a position.
    pub fn before(&self, position: u64) -> u64 {
        let word = (position / 64) as usize;
        if word >= self.words.len() {
            return self.total;
        }
        let sum = word / WORDS_A_SUM;
        let whole: u64 = self.words[sum * WORDS_A_SUM..word].iter().map(|w| u64::from(w.count_ones())).sum();
        let part = self.words[word] & ((1_u64 << (position % 64)) - 1);
        self.sums[sum] + whole + u64::from(part.count_ones())
    }
}

#[cfg(test)]
mod tests {
    use super::Places;

    #[test]
    fn numbers_and_positions_are_those_of_a_plain_list() {
        let mut places = Places::default();
        let mut plain = Vec::new();
        let mut position = 0;
        for step in 0..3_000_u64 {
            // Dense stretches, and gaps of several sums.
            position += 1 + if step % 97 == 0 { 2_000 } else { step % 3 };
            places.push(position);
            plain.push(position);
        }
        for (number, position) in plain.iter().enumerate() {
            assert_eq!(places.get(number as u64), Some(*position));
            assert_eq!(places.before(*position), number as u64);
            assert_eq!(places.before(*position + 1), number as u64 + 1);
        }
        assert_eq!((places.get(3_000), places.before(u64::MAX)), (None, 3_000));
    }
}
