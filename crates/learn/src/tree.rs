//! What is a tree? Splits and leaves in an array each; a split sends a number left when it is below the threshold.

use serde::{Deserialize, Serialize};

/// Where a branch of a split leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Branch {
    /// To the split with this index, always a larger index than its parent's.
    Split(u32),
    /// To the leaf with this index.
    Leaf(u32),
}

/// An inner node: `input < threshold` goes left, the rest right, an unknown input where `missing_left` says.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Split {
    /// Index into the model's inputs.
    pub input: u32,
    /// Finite. Inputs are f32 numbers, so that this comparison is exact.
    pub threshold: f32,
    /// Whether an unknown (NaN) input goes left.
    pub missing_left: bool,
    /// Taken when the input is below the threshold.
    pub left: Branch,
    /// Taken otherwise.
    pub right: Branch,
    /// How much the split lowered the training loss.
    pub gain: f32,
}

/// An end of a tree.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Leaf {
    /// What it adds to the raw score (log-odds).
    pub value: f64,
    /// Weight of the training rows that ended here; above 0. Explanations average with it.
    pub cover: f64,
}

/// A decision tree; the root is split 0, or leaf 0 where there is no split.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Columns", into = "Columns")]
pub struct Tree {
    splits: Vec<Split>,
    leaves: Vec<Leaf>,
}

/// Why arrays are not a tree.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TreeError {
    /// Arrays that belong together differ in length.
    #[error("the arrays of a tree differ in length: {0}")]
    Lengths(&'static str),
    /// A branch leads to nothing, back, or to a node that another branch leads to as well.
    #[error("split {0} of a tree has a branch to {1}, which is missing, not below it, or reached twice")]
    Branch(usize, i64),
    /// A number is not usable.
    #[error("a tree holds a {0} that is not finite or not positive at index {1}")]
    Number(&'static str, usize),
}

impl Tree {
    /// A tree that always says `value`.
    pub fn constant(value: f64, cover: f64) -> Self {
        Self { splits: Vec::new(), leaves: vec![Leaf { value, cover }] }
    }
    /// Checks that the arrays are one binary tree in which parents come before children.
    pub fn new(splits: Vec<Split>, leaves: Vec<Leaf>) -> Result<Self, TreeError> {
        if leaves.len() != splits.len() + 1 {
            return Err(TreeError::Lengths("a binary tree has one leaf more than splits"));
        }
        let (mut split_seen, mut leaf_seen) = (vec![false; splits.len()], vec![false; leaves.len()]);
        for (i, split) in splits.iter().enumerate() {
            if !split.threshold.is_finite() {
                return Err(TreeError::Number("threshold", i));
            }
            for branch in [split.left, split.right] {
                let (seen, to) = match branch {
                    Branch::Split(s) if s as usize > i => (split_seen.get_mut(s as usize), i64::from(s)),
                    Branch::Split(s) => (None, i64::from(s)),
                    Branch::Leaf(l) => (leaf_seen.get_mut(l as usize), !i64::from(l)),
                };
                match seen {
                    Some(seen @ false) => *seen = true,
                    Some(true) | None => return Err(TreeError::Branch(i, to)),
                }
            }
        }
        for (i, leaf) in leaves.iter().enumerate() {
            if !leaf.value.is_finite() {
                return Err(TreeError::Number("leaf value", i));
            }
            if !(leaf.cover.is_finite() && leaf.cover > 0.0) {
                return Err(TreeError::Number("cover", i));
            }
        }
        Ok(Self { splits, leaves })
    }
    /// The inner nodes; parents before children.
    pub fn splits(&self) -> &[Split] {
        &self.splits
    }
    /// The ends.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }
    /// Where an evaluation starts.
    pub fn root(&self) -> Branch {
        if self.splits.is_empty() { Branch::Leaf(0) } else { Branch::Split(0) }
    }
    /// The leaf that inputs end in; `input` gives an input by its index, NaN where unknown.
    pub fn leaf_of(&self, input: impl Fn(u32) -> f32) -> usize {
        let mut at = self.root();
        loop {
            match at {
                Branch::Leaf(leaf) => return leaf as usize,
                Branch::Split(split) => {
                    let split = &self.splits[split as usize];
                    let x = input(split.input);
                    let left = if x.is_nan() { split.missing_left } else { x < split.threshold };
                    at = if left { split.left } else { split.right };
                }
            }
        }
    }
    /// Cover and cover-weighted mean value of each split, in the order of the splits.
    pub fn means(&self) -> Vec<Leaf> {
        let mut means = vec![Leaf { value: 0.0, cover: 0.0 }; self.splits.len()];
        for i in (0..self.splits.len()).rev() {
            let (l, r) =
                (self.mean_of(self.splits[i].left, &means), self.mean_of(self.splits[i].right, &means));
            let cover = l.cover + r.cover;
            means[i] = Leaf { value: (l.value * l.cover + r.value * r.cover) / cover, cover };
        }
        means
    }
    /// Cover and mean of a branch, given those of all splits.
    pub fn mean_of(&self, branch: Branch, means: &[Leaf]) -> Leaf {
        match branch {
            Branch::Split(split) => means[split as usize],
            Branch::Leaf(leaf) => self.leaves[leaf as usize],
        }
    }
    /// The cover-weighted mean of the leaves: what the tree says of nobody in particular.
    pub fn expectation(&self) -> f64 {
        self.mean_of(self.root(), &self.means()).value
    }
}

/// The form in files: an array a field, so that 500 trees stay small and readable.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Columns {
    input: Vec<u32>,
    threshold: Vec<f32>,
    missing_left: Vec<u8>,
    left: Vec<i64>,
    right: Vec<i64>,
    gain: Vec<f32>,
    value: Vec<f64>,
    cover: Vec<f64>,
}

/// A leaf is written as the bitwise complement of its index, a split as its index.
fn branch_to_number(branch: Branch) -> i64 {
    match branch {
        Branch::Split(split) => i64::from(split),
        Branch::Leaf(leaf) => !i64::from(leaf),
    }
}

fn branch_of_number(number: i64, split: usize) -> Result<Branch, TreeError> {
    let bad = |_| TreeError::Branch(split, number);
    if number < 0 {
        u32::try_from(!number).map(Branch::Leaf).map_err(bad)
    } else {
        u32::try_from(number).map(Branch::Split).map_err(bad)
    }
}

impl From<Tree> for Columns {
    fn from(Tree { splits, leaves }: Tree) -> Self {
        Self {
            input: splits.iter().map(|s| s.input).collect(),
            threshold: splits.iter().map(|s| s.threshold).collect(),
            missing_left: splits.iter().map(|s| u8::from(s.missing_left)).collect(),
            left: splits.iter().map(|s| branch_to_number(s.left)).collect(),
            right: splits.iter().map(|s| branch_to_number(s.right)).collect(),
            gain: splits.iter().map(|s| s.gain).collect(),
            value: leaves.iter().map(|l| l.value).collect(),
            cover: leaves.iter().map(|l| l.cover).collect(),
        }
    }
}

impl TryFrom<Columns> for Tree {
    type Error = TreeError;
    fn try_from(c: Columns) -> Result<Self, TreeError> {
        let n = c.input.len();
        if [c.threshold.len(), c.missing_left.len(), c.left.len(), c.right.len(), c.gain.len()] != [n; 5] {
            return Err(TreeError::Lengths("input, threshold, missing_left, left, right, gain"));
        }
        if c.value.len() != c.cover.len() {
            return Err(TreeError::Lengths("value, cover"));
        }
        let splits = (0..n)
            .map(|i| {
                Ok(Split {
                    input: c.input[i],
                    threshold: c.threshold[i],
                    missing_left: c.missing_left[i] != 0,
                    left: branch_of_number(c.left[i], i)?,
                    right: branch_of_number(c.right[i], i)?,
                    gain: c.gain[i],
                })
            })
            .collect::<Result<_, TreeError>>()?;
        let leaves = c.value.iter().zip(&c.cover).map(|(&value, &cover)| Leaf { value, cover }).collect();
        Tree::new(splits, leaves)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::chance::Chance;

    /// A random tree over inputs in [0, 1), with unequal covers.
    pub(crate) fn random_tree(chance: &mut Chance, inputs: usize, leaves: usize) -> Tree {
        let (mut splits, mut open): (Vec<Split>, Vec<Option<(usize, bool)>>) = (Vec::new(), vec![None]);
        while open.len() < leaves {
            let parent = open.swap_remove(chance.below(open.len()));
            let at = splits.len();
            if let Some((above, is_left)) = parent {
                let above: &mut Split = &mut splits[above];
                *(if is_left { &mut above.left } else { &mut above.right }) = Branch::Split(at as u32);
            }
            splits.push(Split {
                missing_left: chance.unit() < 0.5,
                ..split(chance.below(inputs) as u32, chance.unit() as f32, Branch::Leaf(0), Branch::Leaf(0))
            });
            open.extend([Some((at, true)), Some((at, false))]);
        }
        for (leaf, parent) in open.iter().enumerate() {
            if let Some((above, is_left)) = *parent {
                let above = &mut splits[above];
                *(if is_left { &mut above.left } else { &mut above.right }) = Branch::Leaf(leaf as u32);
            }
        }
        let leaves = open.iter().map(|_| leaf(chance.unit() - 0.5, chance.unit() * 50.0 + 1.0)).collect();
        Tree::new(splits, leaves).unwrap()
    }

    fn split(input: u32, threshold: f32, left: Branch, right: Branch) -> Split {
        Split { input, threshold, missing_left: false, left, right, gain: 1.0 }
    }

    fn leaf(value: f64, cover: f64) -> Leaf {
        Leaf { value, cover }
    }

    fn sample() -> Tree {
        Tree::new(
            vec![
                split(0, 5.0, Branch::Split(1), Branch::Leaf(2)),
                split(1, 0.5, Branch::Leaf(0), Branch::Leaf(1)),
            ],
            vec![leaf(-1.0, 6.0), leaf(1.0, 2.0), leaf(3.0, 8.0)],
        )
        .unwrap()
    }

    #[test]
    fn equal_to_the_threshold_goes_right_and_unknown_where_the_split_says() {
        let at = |a: f32, b: f32| sample().leaf_of(|i| [a, b][i as usize]);
        assert_eq!([at(5.0, 0.0), at(4.9, 0.0), at(4.9, 0.5), at(f32::NAN, 0.0)], [2, 0, 1, 2]);
    }

    #[test]
    fn the_expectation_is_weighted_by_cover() {
        assert_eq!(sample().expectation(), (-6.0 + 2.0 + 24.0) / 16.0);
    }

    #[test]
    fn json_keeps_every_bit() {
        let mut tree = sample();
        tree.leaves[0].value = 0.1 + 0.2;
        tree.splits[0].threshold = f32::from_bits(0x3eaa_aaab);
        let text = serde_json::to_string(&tree).unwrap();
        assert_eq!(serde_json::from_str::<Tree>(&text).unwrap(), tree);
    }

    #[test]
    fn arrays_that_are_no_tree_are_refused() {
        let check = |splits: Vec<Split>, leaves: Vec<Leaf>, expect: &str| {
            let text = Tree::new(splits, leaves).unwrap_err().to_string();
            assert!(text.contains(expect), "{text}");
        };
        let two = || vec![leaf(0.0, 1.0), leaf(0.0, 1.0)];
        check(vec![], vec![], "one leaf more");
        check(vec![split(0, 1.0, Branch::Split(0), Branch::Leaf(0))], two(), "branch to 0");
        check(vec![split(0, 1.0, Branch::Leaf(0), Branch::Leaf(0))], two(), "reached twice");
        check(vec![split(0, f32::NAN, Branch::Leaf(0), Branch::Leaf(1))], two(), "threshold");
        check(vec![], vec![leaf(f64::INFINITY, 1.0)], "leaf value");
        check(vec![], vec![leaf(0.0, 0.0)], "cover");
    }
}
