//! An index by hash in many small tables.

use hashbrown::HashTable;

/// Tables of an index: with ten million entries each holds ten thousand, and grows in a fraction of a millisecond.
const SHARDS: usize = 1 << 10;
/// Entries from which on an index is in shards; one table below, for most are small.
const WHOLE_MAX: usize = 1 << 12;

/// A hash table that grows a thousandth at a time.
#[derive(Clone, Debug)]
pub struct Shards<T> {
    /// One, or [`SHARDS`].
    tables: Vec<HashTable<T>>,
    len: usize,
}

impl<T> Default for Shards<T> {
    fn default() -> Self {
        Self { tables: Vec::new(), len: 0 }
    }
}

impl<T> Shards<T> {
    /// Entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// Which table: bits of the hash that the table itself, which takes the lowest and the seven highest, uses least.
    #[inline]
    fn shard(&self, hash: u64) -> usize {
        if self.tables.len() > 1 { (hash >> 40) as usize % SHARDS } else { 0 }
    }
    /// The entry with this hash for which `is` holds.
    #[inline]
    pub fn find(&self, hash: u64, is: impl FnMut(&T) -> bool) -> Option<&T> {
        self.tables.get(self.shard(hash))?.find(hash, is)
    }
    /// Puts in an entry that is not there; `hash_of` gives the hash of one that is.
    #[inline]
    pub fn insert_unique(&mut self, hash: u64, entry: T, hash_of: impl Fn(&T) -> u64) {
        if self.len == WHOLE_MAX || self.tables.is_empty() {
            self.spread(&hash_of);
        }
        let shard = self.shard(hash);
        self.tables[shard].insert_unique(hash, entry, hash_of);
        self.len += 1;
    }
    /// From one table to many; the first table, where there is none.
    #[cold]
    fn spread(&mut self, hash_of: &impl Fn(&T) -> u64) {
        let tables = if self.tables.is_empty() { 1 } else { SHARDS };
        let before = std::mem::take(&mut self.tables);
        self.tables.resize_with(tables, HashTable::new);
        for entry in before.into_iter().flatten() {
            let hash = hash_of(&entry);
            let shard = self.shard(hash);
            self.tables[shard].insert_unique(hash, entry, hash_of);
        }
    }
    /// All entries, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.tables.iter().flatten()
    }
    /// Bytes held.
    pub fn memory_bytes(&self) -> usize {
        let tables = self.tables.capacity() * size_of::<HashTable<T>>();
        tables + self.tables.iter().map(HashTable::allocation_size).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::{Shards, WHOLE_MAX};

    #[test]
    fn all_that_was_put_in_is_found_and_nothing_else() {
        let hash_of = |n: &u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut index = Shards::default();
        let count = 20 * WHOLE_MAX as u64;
        for n in 0..count {
            assert_eq!(index.find(hash_of(&n), |m| *m == n), None);
            index.insert_unique(hash_of(&n), n, hash_of);
            assert_eq!(index.find(hash_of(&(n / 2)), |m| *m == n / 2), Some(&(n / 2)));
        }
        assert_eq!((index.len() as u64, index.iter().count() as u64), (count, count));
        assert!((0..count).all(|n| index.find(hash_of(&n), |m| *m == n) == Some(&n)));
    }
}
