//! How much did each input move a tree's score, fairly shared? Exact Shapley values of trees, in linear time.
//!
//! A path to a leaf plays the product game Π (zᵢ + oᵢ), where zᵢ is the share of the training rows that the splits on
//! input i let through and oᵢ whether this row passes them. By Owen's multilinear extension (Management Science, 1972)
//! its Shapley value is the integral over t in [0, 1] of (oᵢ − zᵢ) Πⱼ≠ᵢ (zⱼ (1 − t) + oⱼ t): a polynomial of a degree
//! below the number of different inputs on the path, so Gauss–Legendre quadrature with half as many points is exact.
//! Products go down a tree and sums come up, as in Linear TreeSHAP (Yu et al., NeurIPS 2022): every node is visited
//! twice. Values are path-dependent as in TreeSHAP (Lundberg et al., 2020): the background is the training rows' cover.

use crate::tree::{Branch, Tree};
use pulp::{Arch, Simd, WithSimd};

/// A share that stands for none.
const SHARE_MIN: f64 = 1e-100;

/// No split on the same input above.
const NONE: u32 = u32::MAX;

/// A node of a tree in the order of a walk from the root; the root itself is left out.
#[derive(Clone, Debug)]
struct Node {
    /// Index within the tree of the node above plus 1; 0 is the root.
    parent: u32,
    /// The nearest node above, on the path, whose edge tests the same input.
    same: u32,
    input: u32,
    threshold: f32,
    missing_left: bool,
    is_left: bool,
    /// Share of the rows that all edges on this input up to here let through.
    share: f64,
    /// A leaf's value; 0 at splits.
    value: f64,
}

/// Trees prepared for Shapley values: each in the group of the fewest points that integrate its longest path exactly.
#[derive(Clone, Debug)]
pub struct Shapley {
    four: Group<4>,
    eight: Group<8>,
    more: Group<32>,
    inputs: usize,
}

/// Longest path in different inputs that the largest rule integrates exactly: 2 × 32 points.
pub const PATH_INPUTS_MAX: usize = 64;

/// Room for one row.
#[derive(Clone, Debug, Default)]
pub struct ShapleyScratch {
    passes: Vec<bool>,
    four: Room<4>,
    eight: Room<8>,
    more: Room<32>,
}

#[derive(Clone, Debug, Default)]
struct Room<const N: usize> {
    products: Vec<[f64; N]>,
    sums: Vec<[f64; N]>,
    /// By input: what its edges contributed, a number a point.
    parts: Vec<[f64; N]>,
}

impl Shapley {
    /// Prepares trees; `None` where a path tests more than [`PATH_INPUTS_MAX`] different inputs.
    pub fn new(trees: &[Tree]) -> Option<Self> {
        let (mut four, mut eight, mut more) = (Group::new(), Group::new(), Group::new());
        let mut inputs = 0;
        for tree in trees {
            let (nodes, longest) = lay_out(tree);
            inputs = nodes.iter().map(|node| node.input as usize + 1).fold(inputs, usize::max);
            match longest {
                0..=8 => four.push(&nodes),
                9..=16 => eight.push(&nodes),
                17..=PATH_INPUTS_MAX => more.push(&nodes),
                _ => return None,
            }
        }
        Some(Self { four, eight, more, inputs })
    }
    /// Adds each input's Shapley value, summed over all trees, through `add(input, value)`.
    ///
    /// The same machine code runs on wide registers where the processor has them; every sum is taken in the same order,
    /// so the bits are the same on all of them.
    pub fn add_to(&self, inputs: &[f32], scratch: &mut ShapleyScratch, mut add: impl FnMut(u32, f64)) {
        Arch::new().dispatch(OneRow { shapley: self, inputs, scratch, add: &mut add });
    }
}

/// What one call does, as a type: a closure would not become a part of the wide code.
struct OneRow<'a, F> {
    shapley: &'a Shapley,
    inputs: &'a [f32],
    scratch: &'a mut ShapleyScratch,
    add: &'a mut F,
}

impl<F: FnMut(u32, f64)> WithSimd for OneRow<'_, F> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let OneRow { shapley, inputs, scratch, add } = self;
        let ShapleyScratch { passes, four, eight, more } = scratch;
        shapley.four.run(inputs, shapley.inputs, passes, four, add);
        shapley.eight.run(inputs, shapley.inputs, passes, eight, add);
        shapley.more.run(inputs, shapley.inputs, passes, more, add);
    }
}

/// A tree's nodes, parents first, and the most different inputs on a path.
fn lay_out(tree: &Tree) -> (Vec<Node>, usize) {
    let (means, mut nodes) = (tree.means(), Vec::<Node>::new());
    let mut longest = 0;
    // Branch, the node that it leads to plus 1 (0 at the root), and how many different inputs lie above.
    let mut open = vec![(tree.root(), 0, 0)];
    while let Some((branch, at, depth)) = open.pop() {
        let Branch::Split(s) = branch else { continue };
        let split = &tree.splits()[s as usize];
        let cover = means[s as usize].cover;
        for (to, is_left) in [(split.left, true), (split.right, false)] {
            let below = tree.mean_of(to, &means);
            let same = same_input_above(&nodes, at, split.input);
            let above = if same == NONE { 1.0 } else { nodes[same as usize].share };
            nodes.push(Node {
                parent: at,
                same,
                input: split.input,
                threshold: split.threshold,
                missing_left: split.missing_left,
                is_left,
                // Where no row of the training passed, next to none: it is divided by.
                share: (above * below.cover / cover).max(SHARE_MIN),
                value: if let Branch::Leaf(leaf) = to { tree.leaves()[leaf as usize].value } else { 0.0 },
            });
            let different = depth + usize::from(same == NONE);
            longest = longest.max(different);
            open.push((to, nodes.len() as u32, different));
        }
    }
    (nodes, longest)
}

fn same_input_above(nodes: &[Node], mut at: u32, input: u32) -> u32 {
    while at != 0 {
        let node = &nodes[at as usize - 1];
        if node.input == input {
            return at - 1;
        }
        at = node.parent;
    }
    NONE
}

/// Points and weights of a rule of Gauss and Legendre on [0, 1], by Newton's method on the Legendre polynomial.
fn gauss<const N: usize>() -> ([f64; N], [f64; N]) {
    let (mut t, mut weight) = ([0.0; N], [0.0; N]);
    for i in 0..N {
        let mut x = libm::cos(std::f64::consts::PI * (i as f64 + 0.75) / (N as f64 + 0.5));
        let mut slope = 0.0;
        for _ in 0..100 {
            let (mut p, mut before) = (1.0, 0.0);
            for k in 0..N {
                let k = k as f64;
                (p, before) = (((2.0 * k + 1.0) * x * p - k * before) / (k + 1.0), p);
            }
            slope = N as f64 * (x * p - before) / (x * x - 1.0);
            let step = p / slope;
            x -= step;
            if step.abs() < 1e-16 {
                break;
            }
        }
        t[i] = (1.0 - x) / 2.0;
        weight[i] = 1.0 / ((1.0 - x * x) * slope * slope);
    }
    (t, weight)
}

/// Trees whose longest path is integrated exactly by N points.
#[derive(Clone, Debug)]
struct Group<const N: usize> {
    t: [f64; N],
    /// 1 − t.
    rest: [f64; N],
    weight: [f64; N],
    nodes: Vec<Node>,
    /// End of each tree in `nodes`.
    ends: Vec<usize>,
    widest: usize,
}

impl<const N: usize> Group<N> {
    fn new() -> Self {
        let (t, weight) = gauss::<N>();
        let rest = t.map(|t| 1.0 - t);
        Self { t, rest, weight, nodes: Vec::new(), ends: Vec::new(), widest: 0 }
    }

    fn push(&mut self, nodes: &[Node]) {
        self.nodes.extend_from_slice(nodes);
        self.ends.push(self.nodes.len());
        self.widest = self.widest.max(nodes.len());
    }

    #[inline(always)]
    fn run(
        &self,
        inputs: &[f32],
        count: usize,
        passes: &mut Vec<bool>,
        room: &mut Room<N>,
        add: &mut impl FnMut(u32, f64),
    ) {
        if self.nodes.is_empty() {
            return;
        }
        passes.resize(passes.len().max(self.widest), false);
        room.products.resize(self.widest + 1, [1.0; N]);
        room.sums.resize(self.widest + 1, [0.0; N]);
        room.parts.clear();
        room.parts.resize(count, [0.0; N]);
        let mut start = 0;
        for &end in &self.ends {
            let nodes = &self.nodes[start..end];
            let n = nodes.len();
            let (passes, sums) = (&mut passes[..n], &mut room.sums[..=n]);
            sums[0] = [0.0; N];
            self.down(nodes, inputs, passes, &mut room.products[..=n], sums);
            self.up(nodes, passes, sums, &mut room.parts);
            start = end;
        }
        for (input, parts) in room.parts.iter().enumerate() {
            add(input as u32, parts.iter().sum());
        }
    }

    /// Multiplies each path's factors from the root down. The factor of an input is `share (1 − t) + t` where the row
    /// passes, `share (1 − t)` where not.
    #[inline(always)]
    fn down(
        &self,
        nodes: &[Node],
        inputs: &[f32],
        passes: &mut [bool],
        products: &mut [[f64; N]],
        sums: &mut [[f64; N]],
    ) {
        for (i, node) in nodes.iter().enumerate() {
            let x = inputs[node.input as usize];
            let goes_left = (x < node.threshold) | (x.is_nan() & node.missing_left);
            let mut pass = goes_left == node.is_left;
            let mut product = products[node.parent as usize];
            if node.same != NONE {
                // The factor of the same input further up is replaced by the joint one.
                let passed = passes[node.same as usize];
                let share = nodes[node.same as usize].share;
                pass &= passed;
                let o = f64::from(u8::from(passed));
                for ((p, rest), t) in product.iter_mut().zip(&self.rest).zip(&self.t) {
                    *p /= share * rest + o * t;
                }
            }
            passes[i] = pass;
            let o = f64::from(u8::from(pass));
            for ((p, rest), t) in product.iter_mut().zip(&self.rest).zip(&self.t) {
                *p *= node.share * rest + o * t;
            }
            products[i + 1] = product;
            sums[i + 1] = product.map(|p| p * node.value);
        }
    }

    /// Sums what the leaves under each edge contribute, from the leaves up: an edge's own part is the integral of
    /// `(o − z) × sum ÷ its factor`, less the same for the factor that it replaced.
    #[inline(always)]
    fn up(&self, nodes: &[Node], passes: &[bool], sums: &mut [[f64; N]], parts: &mut [[f64; N]]) {
        for (i, node) in nodes.iter().enumerate().rev() {
            let sum = sums[i + 1];
            for (above, s) in sums[node.parent as usize].iter_mut().zip(&sum) {
                *above += s;
            }
            let mut part = parts[node.input as usize];
            self.own(&mut part, &sum, 1.0, node.share, passes[i]);
            if node.same != NONE {
                let same = node.same as usize;
                self.own(&mut part, &sum, -1.0, nodes[same].share, passes[same]);
            }
            parts[node.input as usize] = part;
        }
    }

    /// Adds `sign × weight × (o − z) × sum ÷ factor`. Whether a row passes cannot be foreseen, so it is reckoned with and
    /// not branched on; dividing is faster than reading what could be kept by node.
    #[inline(always)]
    fn own(&self, part: &mut [f64; N], sum: &[f64; N], sign: f64, share: f64, pass: bool) {
        let o = f64::from(u8::from(pass));
        let change = sign * (o - share);
        for k in 0..N {
            part[k] += self.weight[k] * sum[k] * change / (share * self.rest[k] + o * self.t[k]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::tree::tests::random_tree;

    /// The tree's expectation when only the inputs in `known` are known: unknown splits average by cover.
    fn conditional(tree: &Tree, inputs: &[f32], known: u32) -> f64 {
        fn walk(tree: &Tree, means: &[crate::tree::Leaf], at: Branch, inputs: &[f32], known: u32) -> f64 {
            let Branch::Split(s) = at else { return tree.mean_of(at, means).value };
            let split = &tree.splits()[s as usize];
            let x = inputs[split.input as usize];
            if known >> split.input & 1 == 1 {
                let left = if x.is_nan() { split.missing_left } else { x < split.threshold };
                return walk(tree, means, if left { split.left } else { split.right }, inputs, known);
            }
            let (l, r) = (tree.mean_of(split.left, means), tree.mean_of(split.right, means));
            (walk(tree, means, split.left, inputs, known) * l.cover
                + walk(tree, means, split.right, inputs, known) * r.cover)
                / (l.cover + r.cover)
        }
        walk(tree, &tree.means(), tree.root(), inputs, known)
    }

    /// Shapley values by their definition, over all subsets.
    fn brute_force(tree: &Tree, inputs: &[f32]) -> Vec<f64> {
        let n = inputs.len();
        let factorial = |k: usize| (1..=k).map(|i| i as f64).product::<f64>();
        (0..n)
            .map(|i| {
                (0u32..1 << n)
                    .filter(|set| set >> i & 1 == 0)
                    .map(|set| {
                        let size = set.count_ones() as usize;
                        let weight = factorial(size) * factorial(n - size - 1) / factorial(n);
                        weight * (conditional(tree, inputs, set | 1 << i) - conditional(tree, inputs, set))
                    })
                    .sum()
            })
            .collect()
    }

    fn check(inputs_count: usize, leaves: usize, seed: u64) {
        let mut chance = Chance::new(seed, 77);
        let trees: Vec<Tree> = (0..3).map(|_| random_tree(&mut chance, inputs_count, leaves)).collect();
        let inputs: Vec<f32> = (0..inputs_count)
            .map(|_| if chance.unit() < 0.2 { f32::NAN } else { chance.unit() as f32 })
            .collect();
        let mut got = vec![0.0; inputs_count];
        let shapley = Shapley::new(&trees).unwrap();
        shapley.add_to(&inputs, &mut ShapleyScratch::default(), |i, v| got[i as usize] += v);
        let mut expect = vec![0.0; inputs_count];
        for tree in &trees {
            for (e, v) in expect.iter_mut().zip(brute_force(tree, &inputs)) {
                *e += v;
            }
        }
        for (g, e) in got.iter().zip(&expect) {
            assert!((g - e).abs() < 1e-9, "seed {seed}: {got:?} {expect:?}");
        }
    }

    #[test]
    fn values_are_those_of_the_definition() {
        for seed in 0..60 {
            check(4, 6, seed); // few inputs: the same one comes again on a path
            check(8, 24, seed);
            check(10, 40, seed); // more than eight different inputs on a path
        }
    }

    #[test]
    fn values_and_expectation_sum_to_the_score_on_long_paths() {
        let mut chance = Chance::new(5, 5);
        for inputs_count in [12, 24, 60] {
            let tree = random_tree(&mut chance, inputs_count, 64);
            let inputs: Vec<f32> = (0..inputs_count).map(|_| chance.unit() as f32).collect();
            let mut sum = tree.expectation();
            let shapley = Shapley::new(std::slice::from_ref(&tree)).unwrap();
            shapley.add_to(&inputs, &mut ShapleyScratch::default(), |_, v| sum += v);
            let score = tree.leaves()[tree.leaf_of(|i| inputs[i as usize])].value;
            assert!((sum - score).abs() < 1e-9, "{sum} {score}");
        }
    }
}
