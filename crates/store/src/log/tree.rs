//! How does a short proof show that one thing is among many? The Merkle tree of RFC 9162, section 2.1, over BLAKE3.

use crate::log::hash::Hash;

/// The hash of a leaf with this content (RFC 9162: a leading 0 sets leaves apart from nodes).
pub fn leaf(parts: &[&[u8]]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[0]);
    for part in parts {
        hasher.update(part);
    }
    Hash(*hasher.finalize().as_bytes())
}

fn node(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 1 + 2 * Hash::BYTES];
    bytes[1..=Hash::BYTES].copy_from_slice(&left.0);
    bytes[1 + Hash::BYTES..].copy_from_slice(&right.0);
    Hash(*blake3::hash(&bytes).as_bytes())
}

/// A tree of which only what later leaves need is kept: the roots of its complete subtrees, largest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Frontier {
    leaves: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The frontier of a tree with `leaves` leaves; `None` where it needs another number of peaks.
    pub fn from_peaks(leaves: u64, peaks: Vec<Hash>) -> Option<Frontier> {
        (peaks.len() == leaves.count_ones() as usize).then_some(Frontier { leaves, peaks })
    }
    /// Leaves so far.
    pub fn leaves(&self) -> u64 {
        self.leaves
    }
    /// Roots of its complete subtrees, largest first: one for each 1 in the binary number of leaves.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }
    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut root = leaf;
        for _ in 0..self.leaves.trailing_ones() {
            let left = self.peaks.pop().expect("there is a peak for each 1 in the number of leaves");
            root = node(&left, &root);
        }
        self.peaks.push(root);
        self.leaves += 1;
    }
    /// The root of the tree; of no leaves, the hash of nothing.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            Some(last) => peaks.fold(*last, |right, left| node(left, &right)),
            None => Hash::of(&[]),
        }
    }
    /// The root of the complete subtree over the leaves `from..to`, which is a peak.
    fn peak(&self, from: u64, to: u64) -> Option<Hash> {
        let mut start = 0;
        for (peak, bit) in self.peaks.iter().zip((0..64).rev().filter(|b| self.leaves >> b & 1 == 1)) {
            if start == from && to - from == 1 << bit {
                return Some(*peak);
            }
            start += 1 << bit;
        }
        None
    }
}

/// The root over these leaves.
pub fn root(leaves: impl IntoIterator<Item = Hash>) -> Hash {
    let mut frontier = Frontier::default();
    leaves.into_iter().for_each(|leaf| frontier.push(leaf));
    frontier.root()
}

/// The path that shows leaf `index` in the tree of `before`'s leaves and then `leaves`; nearest sibling first.
///
/// `None` where `index` is not one of `leaves`.
pub fn path(before: &Frontier, leaves: &[Hash], index: u64) -> Option<Vec<Hash>> {
    let end = before.leaves + leaves.len() as u64;
    if !(before.leaves..end).contains(&index) {
        return None;
    }
    let mut path = Vec::new();
    let (mut from, mut to) = (0, end);
    while to - from > 1 {
        let middle = from + left_leaves(to - from);
        if index < middle {
            path.push(subtree(before, leaves, middle, to)?);
            to = middle;
        } else {
            path.push(subtree(before, leaves, from, middle)?);
            from = middle;
        }
    }
    path.reverse();
    Some(path)
}

fn subtree(before: &Frontier, leaves: &[Hash], from: u64, to: u64) -> Option<Hash> {
    if to <= before.leaves {
        // A sibling of something later, wholly before it: so it is complete and as large as can be, a peak.
        return before.peak(from, to);
    }
    if to - from == 1 {
        return leaves.get((from - before.leaves) as usize).copied();
    }
    let middle = from + left_leaves(to - from);
    Some(node(&subtree(before, leaves, from, middle)?, &subtree(before, leaves, middle, to)?))
}

/// Leaves of the left subtree: the largest power of two below `leaves`, of which there are at least two.
fn left_leaves(leaves: u64) -> u64 {
    1 << (u64::BITS - 1 - (leaves - 1).leading_zeros())
}

/// Whether `path` leads from `leaf` at `index` to the `root` of `leaves` leaves (RFC 9162, section 2.1.3.2).
pub fn leads_to(path: &[Hash], leaf: Hash, index: u64, leaves: u64, root: Hash) -> bool {
    if index >= leaves {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, leaves - 1, leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(n: u64) -> Hash {
        leaf(&[&n.to_le_bytes()])
    }

    /// The definition of RFC 9162, section 2.1.1, word by word.
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::of(&[]),
            [one] => *one,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node(&defined(left), &defined(right))
            }
        }
    }

    #[test]
    fn the_root_is_the_one_of_the_definition() {
        let leaves: Vec<Hash> = (0..70).map(numbered).collect();
        for n in 0..leaves.len() {
            assert_eq!(root(leaves[..n].iter().copied()), defined(&leaves[..n]), "{n} leaves");
        }
    }

    #[test]
    fn every_leaf_has_a_path_also_where_earlier_leaves_are_gone() {
        for n in 1..40_u64 {
            let leaves: Vec<Hash> = (0..n).map(numbered).collect();
            let root = defined(&leaves);
            for gone in 0..n {
                let mut before = Frontier::default();
                leaves[..gone as usize].iter().for_each(|l| before.push(*l));
                let before = Frontier::from_peaks(before.leaves(), before.peaks().to_vec()).unwrap();
                for index in gone..n {
                    let path = path(&before, &leaves[gone as usize..], index).unwrap();
                    assert!(
                        leads_to(&path, numbered(index), index, n, root),
                        "leaf {index} of {n}, {gone} gone"
                    );
                    assert!(!leads_to(&path, numbered(index + 1), index, n, root), "another leaf");
                    assert!(
                        !leads_to(&path, numbered(index), (index + 1) % n, n, root) || n == 1,
                        "another place"
                    );
                }
            }
        }
    }
}
