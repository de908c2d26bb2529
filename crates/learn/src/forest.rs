//! Which leaf of each tree does a vector end in? All trees in one array, sixteen of them walked side by side.
//!
//! A step is the same for every node and has no branch to foresee: take the left child, or the one after it. Where a walk
//! waits for memory, fifteen others go on. Leaves lead to themselves, so that trees of unequal depth keep step.
//!
//! This file never uses a clock, a thread, chance or a hash map (INV-1).

use crate::tree::{Branch, Tree};

/// Trees walked side by side: enough to hide a load, few enough for registers.
const SIDE: usize = 16;

/// 12 bytes, a few hundred kilobytes for 500 trees: they stay in the second-level cache.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// Below it goes left; infinite at leaves.
    threshold: f32,
    /// Where the number stands: see [`Forest::spread`].
    at: u32,
    /// The left child, the right one behind it; a leaf's own index.
    left: u32,
}

/// Trees laid out for walking.
#[derive(Clone, Debug)]
pub(crate) struct Forest {
    nodes: Vec<Node>,
    /// By node: the leaf that it is, numbered over all trees; 0 at splits.
    leaf_of: Vec<u32>,
    /// Trees walked together, the shallow ones first.
    groups: Vec<Group>,
    inputs: usize,
    trees: usize,
}

#[derive(Clone, Debug)]
struct Group {
    steps: u32,
    roots: [u32; SIDE],
    /// The trees, in the order of the roots; fewer in the last group.
    trees: Vec<u32>,
}

impl Forest {
    /// Lays out trees over `inputs` inputs.
    pub(crate) fn new(trees: &[Tree], inputs: usize) -> Forest {
        let mut forest =
            Forest { nodes: Vec::new(), leaf_of: Vec::new(), groups: Vec::new(), inputs, trees: trees.len() };
        let mut leaves_before = 0;
        let mut planted: Vec<(u32, u32, u32)> = Vec::new();
        for (index, tree) in trees.iter().enumerate() {
            let root = forest.nodes.len() as u32;
            planted.push((forest.plant(tree, leaves_before), root, index as u32));
            leaves_before += tree.leaves().len() as u32;
        }
        planted.sort_unstable_by_key(|&(depth, _, index)| (depth, index));
        for group in planted.chunks(SIDE) {
            let mut roots = [0; SIDE];
            for (place, &(_, root, _)) in roots.iter_mut().zip(group) {
                *place = root;
            }
            let steps = group.last().map_or(0, |&(depth, ..)| depth);
            forest.groups.push(Group { steps, roots, trees: group.iter().map(|&(.., t)| t).collect() });
        }
        forest
    }

    /// Adds a tree level by level; its depth.
    fn plant(&mut self, tree: &Tree, leaves_before: u32) -> u32 {
        let mut level = vec![(tree.root(), self.add())];
        let mut depth = 0;
        loop {
            let mut below = Vec::new();
            for (branch, node) in level {
                match branch {
                    Branch::Leaf(leaf) => {
                        let at = 2 * self.inputs as u32;
                        self.nodes[node] = Node { threshold: f32::INFINITY, at, left: node as u32 };
                        self.leaf_of[node] = leaves_before + leaf;
                    }
                    Branch::Split(split) => {
                        let split = &tree.splits()[split as usize];
                        let (left, right) = (self.add(), self.add());
                        let at = split.input + if split.missing_left { 0 } else { self.inputs as u32 };
                        self.nodes[node] = Node { threshold: split.threshold, at, left: left as u32 };
                        below.extend([(split.left, left), (split.right, right)]);
                    }
                }
            }
            if below.is_empty() {
                return depth;
            }
            (level, depth) = (below, depth + 1);
        }
    }

    fn add(&mut self) -> usize {
        self.nodes.push(Node { threshold: 0.0, at: 0, left: 0 });
        self.leaf_of.push(0);
        self.nodes.len() - 1
    }

    /// Inputs as nodes read them: each once with the unknown below every threshold, once with it above, and a 0 for leaves.
    fn spread(&self, inputs: &[f32], numbers: &mut Vec<f32>) {
        assert_eq!(inputs.len(), self.inputs, "there is a number for every input");
        let unknown = |is: f32| move |&x: &f32| if x.is_nan() { is } else { x };
        numbers.clear();
        numbers.extend(inputs.iter().map(unknown(f32::NEG_INFINITY)));
        numbers.extend(inputs.iter().map(unknown(f32::INFINITY)));
        numbers.push(0.0);
    }

    /// The leaf of each tree in the order of the trees, numbered over all of them. `numbers` is room to work in; known
    /// inputs are finite.
    pub(crate) fn find(&self, inputs: &[f32], numbers: &mut Vec<f32>, leaves: &mut Vec<u32>) {
        self.spread(inputs, numbers);
        let (nodes, numbers) = (self.nodes.as_slice(), numbers.as_slice());
        leaves.clear();
        leaves.resize(self.trees, 0);
        for group in &self.groups {
            let mut places = group.roots;
            for _ in 0..group.steps {
                for place in &mut places {
                    let node = &nodes[*place as usize];
                    *place = node.left + u32::from(numbers[node.at as usize] >= node.threshold);
                }
            }
            for (&tree, place) in group.trees.iter().zip(places) {
                leaves[tree as usize] = self.leaf_of[place as usize];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::tree::tests::random_tree;

    #[test]
    fn leaves_are_those_of_walking_each_tree() {
        let mut chance = Chance::new(11, 2);
        // Deep and shallow trees, more than 64 leaves and none but one, and groups that are not full.
        for count in [1, 15, 16, 17, 50] {
            let mut trees: Vec<Tree> =
                (0..count).map(|i| random_tree(&mut chance, 6, [2, 31, 90][i % 3])).collect();
            trees[0] = Tree::constant(0.5, 1.0);
            let forest = Forest::new(&trees, 6);
            let (mut numbers, mut leaves) = (Vec::new(), Vec::new());
            for _ in 0..200 {
                let unknown = [f32::NAN, 0.5, f32::MAX, f32::MIN][chance.below(4)];
                let inputs: [f32; 6] =
                    std::array::from_fn(|_| if chance.unit() < 0.2 { unknown } else { chance.unit() as f32 });
                forest.find(&inputs, &mut numbers, &mut leaves);
                let mut before = 0;
                for (tree, &leaf) in trees.iter().zip(&leaves) {
                    assert_eq!(leaf as usize, before + tree.leaf_of(|i| inputs[i as usize]), "{inputs:?}");
                    before += tree.leaves().len();
                }
            }
        }
    }

    #[test]
    fn a_number_at_the_threshold_goes_right() {
        let mut chance = Chance::new(5, 5);
        let tree = random_tree(&mut chance, 2, 20);
        let forest = Forest::new(std::slice::from_ref(&tree), 2);
        let (mut numbers, mut leaves) = (Vec::new(), Vec::new());
        for split in tree.splits() {
            let inputs = [split.threshold; 2];
            forest.find(&inputs, &mut numbers, &mut leaves);
            assert_eq!(leaves[0] as usize, tree.leaf_of(|i| inputs[i as usize]));
        }
    }
}
