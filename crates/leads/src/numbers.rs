//! Which small number stands for a long text? The next free one, from the first time that the text comes.

use ringfence_domain::grow::{Shards, Texts};
use rustc_hash::FxHasher;
use std::hash::Hasher;

/// Numbers for texts, in the order in which they come. Each text is held once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    texts: Texts,
    index: Shards<u32>,
}

fn hash(text: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text);
    hasher.finish()
}

impl Numbers {
    pub(crate) fn of(&mut self, text: &str) -> u32 {
        if let Some(n) = self.known(text) {
            return n;
        }
        let n = self.texts.len() as u32;
        self.texts.push(text);
        let Self { texts, index } = self;
        let hash_of = |n: &u32| hash(texts.bytes(*n as usize).expect("only numbers of texts are indexed"));
        index.insert_unique(hash(text.as_bytes()), n, hash_of);
        n
    }
    pub(crate) fn text(&self, n: u32) -> &str {
        self.texts.get(n as usize).expect("a number that a text has")
    }
    pub(crate) fn known(&self, text: &str) -> Option<u32> {
        let is = |n: &u32| self.texts.bytes(*n as usize) == Some(text.as_bytes());
        self.index.find(hash(text.as_bytes()), is).copied()
    }
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }
    /// The place of each number when the texts are sorted: what does not depend on the order in which they came.
    pub(crate) fn ranks(&self) -> Vec<u32> {
        let mut sorted: Vec<u32> = (0..self.len() as u32).collect();
        sorted.sort_unstable_by_key(|n| self.texts.bytes(*n as usize));
        let mut ranks = vec![0; sorted.len()];
        for (rank, &n) in sorted.iter().enumerate() {
            ranks[n as usize] = rank as u32;
        }
        ranks
    }
}
