//! Which earlier texts resemble this one? A sketch of each text, and bands of it under which alike ones are found again.
//!
//! One-permutation MinHash (Li, Owen, Zhang, NIPS 2012) with optimal densification (Shrivastava, ICML 2017) over pairs of
//! words, each as often as it is rare (Haveliwala, Gionis, Indyk, WebDB 2000); locality-sensitive hashing by bands. The share of
//! equal bins estimates the weighted Jaccard similarity.

use crate::texts::normal::mix;
use crate::texts::shingles::Shingle;
use crate::texts::stock::Stock;

const BANDS: usize = 20;
const ROWS: usize = 3;
const BINS: usize = BANDS * ROWS;

/// Alike texts of a band that are looked at, the newest first: 20 bands of 24 are at most 480 for a text. Where more texts share
/// a band it is the common stock that they share; what they have in common besides shows in other bands.
const SAME_BAND_MAX: usize = 24;
/// Texts of a chain that are passed on the way there.
const CHAIN_MAX: usize = 96;
/// Ends a chain.
const NONE: u32 = u32::MAX;

/// Sixty bins of a text: two texts agree in a bin about as often as they are similar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sketch([u16; BINS]);

impl Sketch {
    /// `None` where there is nothing to compare by.
    pub(crate) fn of(shingles: &[Shingle], weights: &[u8], stock: &Stock) -> Option<Sketch> {
        let mut least = [u32::MAX; BINS];
        let mut note = |shingle: Shingle, copy: u32| {
            let h = mix(u64::from(shingle) << 8 | u64::from(copy));
            let least = &mut least[bin(h)];
            *least = (*least).min(h as u32 & 0x7fff_ffff);
        };
        let mut any = false;
        for (&s, &weight) in shingles.iter().zip(weights) {
            for copy in 0..stock.copies(weight) {
                note(s, copy);
                any = true;
            }
        }
        if !any {
            return None;
        }
        let mut bins = [0; BINS];
        for (i, value) in bins.iter_mut().enumerate() {
            let mut from = i;
            let mut tries = i as u64;
            while least[from] == u32::MAX {
                tries += BINS as u64;
                from = bin(mix(tries));
            }
            *value = (mix(u64::from(least[from])) >> 48) as u16;
        }
        Some(Sketch(bins))
    }
    /// The share of equal bins.
    pub(crate) fn agreement(&self, other: &Sketch) -> f64 {
        let equal = self.0.iter().zip(&other.0).filter(|(a, b)| a == b).count();
        equal as f64 / BINS as f64
    }
    fn band(&self, band: usize) -> u64 {
        self.0[band * ROWS..][..ROWS].iter().fold(band as u64, |key, bin| key << 16 | u64::from(*bin))
    }
}

/// The bin of a hash, by its upper half.
fn bin(hash: u64) -> usize {
    (((hash >> 32) * BINS as u64) >> 32) as usize
}

/// Texts that come one after the other, each found again by those like it. Its memory is [`Index::bytes`], about 300 bytes a
/// text.
#[derive(Debug, Default)]
pub(crate) struct Index {
    sketches: Vec<Sketch>,
    /// For each band its slots: the newest text in each.
    heads: Vec<u32>,
    /// For each text and band the text before it in its slot.
    before: Vec<[u32; BANDS]>,
    slot_bits: u32,
}

impl Index {
    /// The texts that share a band with this one, in ascending order.
    pub(crate) fn alike(&self, sketch: &Sketch) -> Vec<u32> {
        let mut out = Vec::new();
        for band in 0..if self.sketches.is_empty() { 0 } else { BANDS } {
            let key = sketch.band(band);
            let mut n = self.heads[self.slot(band, key)];
            let (mut same, mut passed) = (0, 0);
            while n != NONE && same < SAME_BAND_MAX && passed < CHAIN_MAX {
                if self.sketches[n as usize].band(band) == key {
                    out.push(n);
                    same += 1;
                }
                passed += 1;
                n = self.before[n as usize][band];
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }
    /// Adds a text; its number is the count of those before it.
    pub(crate) fn insert(&mut self, sketch: Sketch) {
        self.sketches.push(sketch);
        self.before.push([NONE; BANDS]);
        if self.sketches.len() > 1 << self.slot_bits || self.heads.is_empty() {
            self.grow();
        } else {
            self.chain(self.sketches.len() - 1);
        }
    }
    pub(crate) fn sketch(&self, n: u32) -> &Sketch {
        &self.sketches[n as usize]
    }
    pub(crate) fn bytes(&self) -> usize {
        self.sketches.capacity() * size_of::<Sketch>()
            + self.before.capacity() * size_of::<[u32; BANDS]>()
            + self.heads.capacity() * size_of::<u32>()
    }

    fn slot(&self, band: usize, key: u64) -> usize {
        (band << self.slot_bits) + (mix(key) >> (64 - self.slot_bits)) as usize
    }
    fn chain(&mut self, n: usize) {
        for band in 0..BANDS {
            let slot = self.slot(band, self.sketches[n].band(band));
            self.before[n][band] = self.heads[slot];
            self.heads[slot] = n as u32;
        }
    }
    /// Twice the slots, at least 1,024; all chains anew, in the same order.
    fn grow(&mut self) {
        self.slot_bits = (self.slot_bits + 1).max(10);
        self.heads = vec![NONE; BANDS << self.slot_bits];
        for n in 0..self.sketches.len() {
            self.chain(n);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::shingles::Shelf;

    /// Texts of 60 words, of which the first `same` are those of all.
    fn text(n: usize, same: usize) -> String {
        (0..60)
            .map(
                |i| if i < same { format!("w{} ", letters(i)) } else { format!("v{} ", letters(i + 60 * n)) },
            )
            .collect()
    }
    /// Digits are all alike: numbers as letters.
    fn letters(mut n: usize) -> String {
        let mut out = String::new();
        loop {
            out.push(char::from(b'a' + (n % 26) as u8));
            n /= 26;
            if n == 0 {
                return out;
            }
        }
    }

    fn sketches(texts: &[String]) -> (Shelf, Vec<Sketch>) {
        let mut shelf = Shelf::default();
        for t in texts {
            shelf.push(t);
        }
        let accounts: Vec<u32> = (0..texts.len() as u32).collect();
        let stock = Stock::of(&shelf, &accounts);
        shelf.weigh(|s| stock.weight(s));
        let all =
            (0..texts.len()).map(|n| Sketch::of(shelf.get(n), shelf.weights(n), &stock).unwrap()).collect();
        (shelf, all)
    }

    #[test]
    fn agreement_estimates_similarity() {
        // Many pairs of texts with one overlap each; the mean of the estimates is near the exact value.
        for same in [10, 30, 50] {
            let texts: Vec<String> = (0..40)
                .flat_map(|n| {
                    let shared = text(1_000 + n, 0);
                    let pick = |m: usize| -> String {
                        let own = text(2_000 + 2 * n + m, 0);
                        shared
                            .split(' ')
                            .take(same)
                            .chain(own.split(' ').skip(same))
                            .collect::<Vec<_>>()
                            .join(" ")
                    };
                    [pick(0), pick(1)]
                })
                .collect();
            let (shelf, all) = sketches(&texts);
            let (mut exact, mut estimate) = (0.0, 0.0);
            for n in 0..40 {
                exact += shelf.similarity(2 * n, 2 * n + 1) / 40.0;
                estimate += all[2 * n].agreement(&all[2 * n + 1]) / 40.0;
            }
            assert!((exact - estimate).abs() < 0.06, "{same}: {exact} {estimate}");
        }
    }

    #[test]
    fn alike_texts_are_found_and_others_are_not() {
        let mut texts: Vec<String> = (0..3_000).map(|n| text(n, 0)).collect();
        for n in 0..20 {
            texts[n * 150] = text(n, 45);
        }
        let (_, all) = sketches(&texts);
        let mut index = Index::default();
        let mut found = 0;
        for (n, sketch) in all.iter().enumerate() {
            let alike = index.alike(sketch);
            assert!(alike.iter().all(|m| (*m as usize) < n));
            if n % 150 == 0 {
                found += alike.iter().filter(|m| **m % 150 == 0).count();
            } else {
                assert!(alike.len() < 5, "{n}: {alike:?}");
            }
            index.insert(*sketch);
        }
        // Half alike by weight: four of five are found, and the others through a third text.
        assert!(found > 140, "{found} of 190 pairs");
        assert!(index.bytes() > 3_000 * 200);
    }
}
