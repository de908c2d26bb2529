//! Which small number stands for a long text? The next free one, from the first time that the text comes.

use std::collections::BTreeMap;

/// Numbers for texts, in the order in which they come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    by_text: BTreeMap<String, u32>,
    texts: Vec<String>,
}

impl Numbers {
    pub(crate) fn of(&mut self, text: &str) -> u32 {
        if let Some(&n) = self.by_text.get(text) {
            return n;
        }
        let n = self.texts.len() as u32;
        self.by_text.insert(text.to_owned(), n);
        self.texts.push(text.to_owned());
        n
    }
    pub(crate) fn text(&self, n: u32) -> &str {
        &self.texts[n as usize]
    }
    pub(crate) fn known(&self, text: &str) -> Option<u32> {
        self.by_text.get(text).copied()
    }
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }
    /// The place of each number when the texts are sorted: what does not depend on the order in which they came.
    pub(crate) fn ranks(&self) -> Vec<u32> {
        let mut ranks = vec![0; self.texts.len()];
        for (rank, &n) in self.by_text.values().enumerate() {
            ranks[n as usize] = rank as u32;
        }
        ranks
    }
}
