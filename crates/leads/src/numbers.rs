//! Numbers for texts.

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
}
