//! How many different ones in a window? The latest sighting of each, thinned by hash once there are many.
//!
//! Up to [`DISTINCT_EXACT_MAX`] identifiers the count is exact. Beyond, only identifiers whose mixed number begins with
//! `level` zero bits are kept, each standing for 2^level (distinct sampling: Gibbons, VLDB 2001). With n kept in the
//! window the relative standard error is below 1/√n (INV-FEAT-3).

use crate::kind::Id;
use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

/// Identifiers kept before sampling begins: 16 KiB at most; a relative standard error of about 4 % beyond.
pub const DISTINCT_EXACT_MAX: usize = 1_024;

/// Identifiers that are looked through one by one; beyond, an index finds them. Most things never have more.
const LOOKED_THROUGH_MAX: usize = 32;

/// The identifiers seen with one thing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Distinct {
    level: u32,
    /// Mixed identifiers, in the order in which they were first seen.
    keys: Vec<u32>,
    /// When each was seen last, ms: whole numbers.
    times: Vec<f64>,
    /// Places in `keys` by mixed identifier, once there are many.
    #[serde(skip)]
    index: Option<Box<HashTable<u16>>>,
}

impl PartialEq for Distinct {
    fn eq(&self, other: &Self) -> bool {
        self.level == other.level && self.keys == other.keys && self.times == other.times
    }
}

/// A bijection on 32 bits that spreads consecutive numbers (finaliser of MurmurHash3, public domain).
fn mix(id: Id) -> u32 {
    let mut h = id;
    h ^= h >> 16;
    h = h.wrapping_mul(0x85eb_ca6b);
    h ^= h >> 13;
    h = h.wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

/// The table takes its bucket from the low bits and its tag from the high ones; sampled keys begin with zeros.
fn spread(key: u32) -> u64 {
    u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Distinct {
    fn kept(&self, key: u32) -> bool {
        self.level == 0 || key.leading_zeros() >= self.level
    }
    fn place(&self, key: u32) -> Option<usize> {
        match &self.index {
            Some(index) => {
                index.find(spread(key), |&i| self.keys[usize::from(i)] == key).map(|&i| usize::from(i))
            }
            None => self.keys.iter().position(|&k| k == key),
        }
    }
    /// Notes that `id` was seen at `time` (ms); forgets sightings before `oldest_kept` when it needs room.
    pub fn see(&mut self, id: Id, time: i64, oldest_kept: i64) {
        let key = mix(id);
        if !self.kept(key) {
            return;
        }
        if let Some(i) = self.place(key) {
            self.times[i] = self.times[i].max(time as f64);
            return;
        }
        if self.keys.len() >= DISTINCT_EXACT_MAX {
            self.thin(oldest_kept);
            if !self.kept(key) {
                return;
            }
        }
        if self.keys.len() == self.keys.capacity() {
            let more = (self.keys.len() / 2).max(1);
            self.keys.reserve_exact(more);
            self.times.reserve_exact(more);
        }
        self.keys.push(key);
        self.times.push(time as f64);
        match &mut self.index {
            Some(index) => {
                let keys = &self.keys;
                let place = (keys.len() - 1) as u16;
                index.insert_unique(spread(key), place, |&i| spread(keys[usize::from(i)]));
            }
            None if self.keys.len() > LOOKED_THROUGH_MAX => self.reindex(),
            None => {}
        }
    }
    /// Makes room: what no window reaches goes first, then half of what is left at a time.
    #[cold]
    fn thin(&mut self, oldest_kept: i64) {
        self.retain(|_, time| time > oldest_kept as f64);
        while self.keys.len() >= DISTINCT_EXACT_MAX {
            self.level += 1;
            let level = self.level;
            self.retain(|key, _| key.leading_zeros() >= level);
        }
        self.reindex();
    }
    fn retain(&mut self, keep: impl Fn(u32, f64) -> bool) {
        let mut kept = 0;
        for i in 0..self.keys.len() {
            if keep(self.keys[i], self.times[i]) {
                (self.keys[kept], self.times[kept]) = (self.keys[i], self.times[i]);
                kept += 1;
            }
        }
        self.keys.truncate(kept);
        self.times.truncate(kept);
    }
    /// Rebuilds the index, which snapshots leave out.
    pub(crate) fn reindex(&mut self) {
        self.index = (self.keys.len() > LOOKED_THROUGH_MAX).then(|| {
            let mut index = HashTable::with_capacity(self.keys.len());
            for (i, &key) in self.keys.iter().enumerate() {
                index.insert_unique(spread(key), i as u16, |&j| spread(self.keys[usize::from(j)]));
            }
            Box::new(index)
        });
    }
    /// How many were last seen after `from` (ms).
    pub fn count(&self, from: i64) -> f64 {
        let from = from as f64;
        let kept: u32 = self.times.iter().map(|&t| u32::from(t > from)).sum();
        f64::from(kept) * f64::from(1u32 << self.level.min(31))
    }
    /// How many more there are once `id` is seen as well.
    pub fn added_by(&self, id: Id, from: i64) -> f64 {
        let key = mix(id);
        let known = self.place(key).is_some_and(|i| self.times[i] > from as f64);
        if known || !self.kept(key) { 0.0 } else { f64::from(1u32 << self.level.min(31)) }
    }
    /// Something of the end of the set, to have it read: its newest key.
    #[inline]
    pub(crate) fn newest(&self) -> u64 {
        self.keys.last().map_or(0, |&k| u64::from(k)) ^ self.times.last().map_or(0, |t| t.to_bits())
    }
    /// Whether counts are estimates by now.
    pub fn sampled(&self) -> bool {
        self.level > 0
    }
    /// Bytes held on the heap.
    pub fn memory_bytes(&self) -> usize {
        self.keys.capacity() * 4
            + self.times.capacity() * 8
            + self.index.as_ref().map_or(0, |i| size_of::<HashTable<u16>>() + i.allocation_size())
    }
}
