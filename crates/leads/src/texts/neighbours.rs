//! Which texts are near which? For each the most alike of other accounts.

/// Neighbours that are kept of a text; a script with more shows through any of them.
const NEIGHBOURS_MAX: usize = 48;

/// For each text those like it, the most alike first.
pub(crate) struct Neighbours {
    all: Vec<(u32, f32)>,
    only: Vec<u32>,
    ends: Vec<usize>,
}

impl Neighbours {
    pub(crate) fn of(texts: usize, pairs: &[(u32, u32, f32)]) -> Neighbours {
        let mut both: Vec<(u32, u32, f32)> =
            pairs.iter().flat_map(|&(a, b, s)| [(a, b, s), (b, a, s)]).collect();
        both.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.2.total_cmp(&a.2)).then(a.1.cmp(&b.1)));
        let mut out = Neighbours { all: Vec::new(), only: Vec::new(), ends: Vec::with_capacity(texts) };
        let mut rest = both.as_slice();
        for n in 0..texts as u32 {
            let own = rest.partition_point(|p| p.0 == n);
            let kept = own.min(NEIGHBOURS_MAX);
            out.all.extend(rest[..kept].iter().map(|p| (p.1, p.2)));
            rest = &rest[own..];
            out.ends.push(out.all.len());
        }
        out.only = out.all.iter().map(|n| n.0).collect();
        out
    }
    fn range(&self, text: u32) -> core::ops::Range<usize> {
        let n = text as usize;
        (if n == 0 { 0 } else { self.ends[n - 1] })..self.ends[n]
    }
    pub(crate) fn of_text(&self, text: u32) -> &[u32] {
        &self.only[self.range(text)]
    }
    pub(crate) fn bytes(&self) -> usize {
        self.all.capacity() * size_of::<(u32, f32)>()
            + self.only.capacity() * size_of::<u32>()
            + self.ends.capacity() * size_of::<usize>()
    }
    /// Texts with neighbours of enough accounts, those first of which so many accounts write most alike: a script of few is
    /// before what many write somewhat alike.
    pub(crate) fn leaders(&self, accounts: &[u32], accounts_min: usize) -> Vec<u32> {
        let mut ranked: Vec<(f32, f32, u32)> = Vec::new();
        for n in 0..self.ends.len() as u32 {
            let near = &self.all[self.range(n)];
            let mut others: Vec<u32> = Vec::new();
            let mut last = 0.0;
            // The most alike first, so that the last of the least number of accounts is the least alike of them.
            for (text, similarity) in near {
                let account = accounts[*text as usize];
                if !others.contains(&account) {
                    others.push(account);
                    last = *similarity;
                }
                if others.len() + 1 >= accounts_min {
                    ranked.push((last, near.iter().map(|m| m.1).sum(), n));
                    break;
                }
            }
        }
        ranked.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
        ranked.into_iter().map(|r| r.2).collect()
    }
}
