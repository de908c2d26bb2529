//! A list that grows by chunks.

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use std::marker::PhantomData;

/// Entries of a chunk.
const CHUNK: usize = 1 << 12;

/// A list whose entries stay where they are: only its first chunk grows by moving, while it is small.
///
/// Serialised as a list is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chunked<T> {
    /// All full but the last.
    chunks: Vec<Vec<T>>,
}

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T> Chunked<T> {
    /// Entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }
    /// The entry at `i`, where there is one.
    #[inline]
    pub fn get(&self, i: usize) -> Option<&T> {
        self.chunks.get(i / CHUNK)?.get(i % CHUNK)
    }
    /// The entry at `i`, where there is one, to change it.
    #[inline]
    pub fn get_mut(&mut self, i: usize) -> Option<&mut T> {
        self.chunks.get_mut(i / CHUNK)?.get_mut(i % CHUNK)
    }
    /// One more at the end.
    #[inline]
    pub fn push(&mut self, entry: T) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(entry),
            Some(_) | None => self.push_in_new(entry),
        }
    }
    #[cold]
    fn push_in_new(&mut self, entry: T) {
        // The first begins small: most tables stay so.
        let mut chunk = Vec::with_capacity(if self.chunks.is_empty() { 4 } else { CHUNK });
        chunk.push(entry);
        self.chunks.push(chunk);
    }
    /// The entry at `i`; the list gets as long as that needs.
    #[inline]
    pub fn reach(&mut self, i: usize, fill: impl FnMut() -> T) -> &mut T {
        if i >= self.len() {
            self.grow(i + 1, fill);
        }
        &mut self.chunks[i / CHUNK][i % CHUNK]
    }
    #[cold]
    fn grow(&mut self, len: usize, mut fill: impl FnMut() -> T) {
        while self.len() < len {
            self.push(fill());
        }
    }
    /// Makes sure that the next `n` entries will lie side by side; the place of the first of them.
    ///
    /// # Panics
    /// Where a chunk does not hold that many.
    pub fn start_of(&mut self, n: usize, mut fill: impl FnMut() -> T) -> usize {
        assert!(n <= CHUNK, "{n} entries do not lie in one chunk");
        if self.len() % CHUNK + n > CHUNK {
            while !self.len().is_multiple_of(CHUNK) {
                self.push(fill());
            }
        }
        self.len()
    }
    /// `n` entries that [`Chunked::start_of`] put side by side.
    ///
    /// # Panics
    /// Where they are not.
    pub fn side_by_side(&self, start: usize, n: usize) -> &[T] {
        if n == 0 {
            return &[];
        }
        &self.chunks[start / CHUNK][start % CHUNK..][..n]
    }
    /// All entries, in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }
    /// All entries, in order, to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flatten()
    }
    /// Entries that there is room for: what the memory holds.
    pub fn capacity(&self) -> usize {
        self.chunks.iter().map(Vec::capacity).sum()
    }
}

impl<T> std::ops::Index<usize> for Chunked<T> {
    type Output = T;
    #[inline]
    fn index(&self, i: usize) -> &T {
        &self.chunks[i / CHUNK][i % CHUNK]
    }
}

impl<T> std::ops::IndexMut<usize> for Chunked<T> {
    #[inline]
    fn index_mut(&mut self, i: usize) -> &mut T {
        &mut self.chunks[i / CHUNK][i % CHUNK]
    }
}

impl<T> FromIterator<T> for Chunked<T> {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        let mut list = Self::default();
        for entry in entries {
            list.push(entry);
        }
        list
    }
}

impl<T: Serialize> Serialize for Chunked<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut seq = serializer.serialize_seq(Some(self.len()))?;
        for entry in self.iter() {
            seq.serialize_element(entry)?;
        }
        seq.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Chunked<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Chunked<T>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Chunked<T>, A::Error> {
                let mut list = Chunked::default();
                while let Some(entry) = seq.next_element()? {
                    list.push(entry);
                }
                Ok(list)
            }
        }
        deserializer.deserialize_seq(Entries(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, Chunked};

    #[test]
    fn it_is_a_list() {
        let plain: Vec<usize> = (0..3 * CHUNK + 5).collect();
        let mut list: Chunked<usize> = plain.iter().copied().collect();
        assert_eq!((list.len(), list.iter().count()), (plain.len(), plain.len()));
        assert!(list.iter().eq(&plain));
        assert_eq!((list.get(CHUNK), list.get(plain.len())), (Some(&CHUNK), None));
        *list.reach(4 * CHUNK, || 7) += 1;
        assert_eq!((list.len(), list[4 * CHUNK], list[4 * CHUNK - 1]), (4 * CHUNK + 1, 8, 7));
        let bytes = serde_json::to_vec(&plain).expect("memory");
        let list: Chunked<usize> = serde_json::from_slice(&bytes).expect("as a list is written");
        assert_eq!(serde_json::to_vec(&list).expect("memory"), bytes);
    }

    #[test]
    fn what_belongs_together_lies_side_by_side() {
        let mut list = Chunked::default();
        let mut groups = Vec::new();
        for n in 0..3_000_usize {
            let size = n % 17;
            let start = list.start_of(size, || usize::MAX);
            (0..size).for_each(|_| list.push(n));
            groups.push((start, size));
        }
        assert!(list.len() > 3 * CHUNK);
        for (n, (start, size)) in groups.into_iter().enumerate() {
            assert_eq!(list.side_by_side(start, size), vec![n; size]);
        }
    }
}
