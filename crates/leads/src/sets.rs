//! Which things belong together? Disjoint sets, and the members of one.

use smallvec::SmallVec;

/// Disjoint sets of numbers (union by the lesser number, paths halved): a set is named by its least number.
pub(crate) struct Sets(Vec<u32>);

impl Sets {
    pub(crate) fn new(n: usize) -> Sets {
        Sets((0..n as u32).collect())
    }
    pub(crate) fn root(&mut self, mut n: u32) -> u32 {
        while self.0[n as usize] != n {
            self.0[n as usize] = self.0[self.0[n as usize] as usize];
            n = self.0[n as usize];
        }
        n
    }
    pub(crate) fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b) as usize] = a.min(b);
    }
}

/// A set of numbers, ascending. Most sets have one or two members: those take no memory of their own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members(SmallVec<[u32; 4]>);

impl Members {
    /// Numbers given out in the order of time mostly come in ascending order: then this is an append.
    pub(crate) fn insert(&mut self, n: u32) {
        if self.0.last().is_none_or(|last| *last < n) {
            self.0.push(n);
        } else if let Err(place) = self.0.binary_search(&n) {
            self.0.insert(place, n);
        }
    }
    pub(crate) fn all(&self) -> &[u32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_ascending_and_once() {
        let mut members = Members::default();
        for n in [7, 3, 9, 3, 7, 1, 9, 4] {
            members.insert(n);
        }
        assert_eq!(members.all(), [1, 3, 4, 7, 9]);
    }
}
