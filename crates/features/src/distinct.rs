//! How many different ones in a window? The latest sighting of each, thinned by hash once there are many.
//!
//! Up to [`DISTINCT_EXACT_MAX`] identifiers the count is exact. Beyond, only identifiers whose mixed number begins with
//! `level` zero bits are kept, each standing for 2^level (distinct sampling: Gibbons, VLDB 2001). With n kept in the
//! window the relative standard error is below 1/√n (INV-FEAT-3).

use crate::kind::Id;
use serde::{Deserialize, Serialize};

/// Identifiers kept before sampling begins: 16 KiB at most; a relative standard error of about 4 % beyond.
pub const DISTINCT_EXACT_MAX: usize = 1_024;

/// The identifiers seen with one thing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Distinct {
    level: u32,
    /// (mixed identifier, time of its latest sighting), in the order of the first.
    seen: Vec<(u32, i64)>,
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

impl Distinct {
    fn kept(&self, key: u32) -> bool {
        self.level == 0 || key.leading_zeros() >= self.level
    }
    /// Notes that `id` was seen at `time` (ms); forgets sightings before `oldest_kept` when it needs room.
    pub fn see(&mut self, id: Id, time: i64, oldest_kept: i64) {
        let key = mix(id);
        if !self.kept(key) {
            return;
        }
        let place = match self.seen.binary_search_by_key(&key, |s| s.0) {
            Ok(i) => {
                self.seen[i].1 = self.seen[i].1.max(time);
                return;
            }
            Err(place) => place,
        };
        if self.seen.len() < DISTINCT_EXACT_MAX {
            if self.seen.len() == self.seen.capacity() {
                self.seen.reserve_exact((self.seen.len() / 2).max(1));
            }
            self.seen.insert(place, (key, time));
            return;
        }
        self.seen.retain(|s| s.1 > oldest_kept);
        while self.seen.len() >= DISTINCT_EXACT_MAX {
            self.level += 1;
            let level = self.level;
            self.seen.retain(|s| s.0.leading_zeros() >= level);
        }
        self.see(id, time, oldest_kept);
    }
    /// How many were last seen after `from` (ms).
    pub fn count(&self, from: i64) -> f64 {
        let kept = self.seen.iter().filter(|s| s.1 > from).count();
        kept as f64 * f64::from(1u32 << self.level.min(31))
    }
    /// How many more there are once `id` is seen as well.
    pub fn added_by(&self, id: Id, from: i64) -> f64 {
        let key = mix(id);
        let known = self.seen.binary_search_by_key(&key, |s| s.0).is_ok_and(|i| self.seen[i].1 > from);
        if known || !self.kept(key) { 0.0 } else { f64::from(1u32 << self.level.min(31)) }
    }
    /// Whether counts are estimates by now.
    pub fn sampled(&self) -> bool {
        self.level > 0
    }
    /// Bytes held on the heap.
    pub fn memory_bytes(&self) -> usize {
        self.seen.capacity() * size_of::<(u32, i64)>()
    }
}
