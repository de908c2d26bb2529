//! How much did each input move a tree's score, fairly shared? Exact Shapley values of trees, in linear time.
//!
//! A path to a leaf plays the product game Π (zᵢ + oᵢ), where zᵢ is the share of the training rows that the splits on
//! input i let through and oᵢ whether this row passes them. By Owen's multilinear extension (Management Science, 1972)
//! its Shapley value is the integral over t in [0, 1] of (oᵢ − zᵢ) Πⱼ≠ᵢ (zⱼ (1 − t) + oⱼ t): a polynomial of a degree
//! below the number of different inputs on the path, so Gauss–Legendre quadrature with half as many points is exact.
//! Products go down a tree and sums come up, as in Linear TreeSHAP (Yu et al., NeurIPS 2022): every node is visited
//! twice. Values are path-dependent as in TreeSHAP (Lundberg et al., 2020): the background is the training rows' cover.

use crate::tree::{Branch, Tree};

/// No node: the root's parent, or no split on the same input above.
const NONE: u32 = u32::MAX;

/// A tree in the order of a walk from the root; the root itself is left out.
#[derive(Clone, Debug)]
struct Node {
    /// Index within the tree of the node above, [`NONE`] for the root.
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

/// Trees prepared for Shapley values.
#[derive(Clone, Debug)]
pub struct Shapley {
    nodes: Vec<Node>,
    /// End of each tree in `nodes`.
    ends: Vec<usize>,
    rule: Rule,
    widest: usize,
}

/// Points and weights that integrate exactly what the longest path asks for.
#[derive(Clone, Debug)]
enum Rule {
    Four(Gauss<4>),
    Eight(Gauss<8>),
    ThirtyTwo(Box<Gauss<32>>),
}

/// Longest path in different inputs that the largest rule integrates exactly: 2 × 32 points.
pub const PATH_INPUTS_MAX: usize = 64;

#[derive(Clone, Debug)]
struct Gauss<const N: usize> {
    t: [f64; N],
    /// 1 − t.
    rest: [f64; N],
    weight: [f64; N],
    /// −weight ÷ (1 − t): the factor of an input that does not pass, its share cancelled.
    against: [f64; N],
}

/// Room for one row.
#[derive(Clone, Debug, Default)]
pub struct ShapleyScratch {
    passes: Vec<bool>,
    four: [Vec<[f64; 4]>; 2],
    eight: [Vec<[f64; 8]>; 2],
    more: [Vec<[f64; 32]>; 2],
}

impl Shapley {
    /// Prepares trees; `None` where a path tests more than [`PATH_INPUTS_MAX`] different inputs.
    pub fn new(trees: &[Tree]) -> Option<Self> {
        let (mut nodes, mut ends, mut longest, mut widest) = (Vec::new(), Vec::new(), 0, 0);
        for tree in trees {
            let start = nodes.len();
            longest = longest.max(lay_out(tree, &mut nodes));
            widest = widest.max(nodes.len() - start);
            ends.push(nodes.len());
        }
        let rule = match longest {
            0..=8 => Rule::Four(Gauss::new()),
            9..=16 => Rule::Eight(Gauss::new()),
            17..=PATH_INPUTS_MAX => Rule::ThirtyTwo(Box::new(Gauss::new())),
            _ => return None,
        };
        Some(Self { nodes, ends, rule, widest })
    }
    /// Adds each input's Shapley value, summed over all trees, through `add(input, value)`.
    pub fn add_to(&self, inputs: &[f32], scratch: &mut ShapleyScratch, add: impl FnMut(u32, f64)) {
        scratch.passes.resize(self.widest, false);
        match &self.rule {
            Rule::Four(rule) => rule.run(self, inputs, &mut scratch.passes, &mut scratch.four, add),
            Rule::Eight(rule) => rule.run(self, inputs, &mut scratch.passes, &mut scratch.eight, add),
            Rule::ThirtyTwo(rule) => rule.run(self, inputs, &mut scratch.passes, &mut scratch.more, add),
        }
    }
}

/// Appends a tree's nodes, parents first; returns the most different inputs on a path.
fn lay_out(tree: &Tree, nodes: &mut Vec<Node>) -> usize {
    let (means, start) = (tree.means(), nodes.len());
    let mut longest = 0;
    // Branch, the node it leads to (NONE at the root), and how many different inputs lie above.
    let mut open = vec![(tree.root(), NONE, 0)];
    while let Some((branch, at, depth)) = open.pop() {
        let Branch::Split(s) = branch else { continue };
        let split = &tree.splits()[s as usize];
        let cover = means[s as usize].cover;
        for (to, is_left) in [(split.left, true), (split.right, false)] {
            let below = tree.mean_of(to, &means);
            let same = same_input_above(&nodes[start..], at, split.input);
            let above = if same == NONE { 1.0 } else { nodes[start + same as usize].share };
            let index = (nodes.len() - start) as u32;
            nodes.push(Node {
                parent: at,
                same,
                input: split.input,
                threshold: split.threshold,
                missing_left: split.missing_left,
                is_left,
                share: above * below.cover / cover,
                value: if let Branch::Leaf(leaf) = to { tree.leaves()[leaf as usize].value } else { 0.0 },
            });
            let different = depth + usize::from(same == NONE);
            longest = longest.max(different);
            open.push((to, index, different));
        }
    }
    longest
}

fn same_input_above(nodes: &[Node], mut at: u32, input: u32) -> u32 {
    while at != NONE {
        let node = &nodes[at as usize];
        if node.input == input {
            return at;
        }
        at = node.parent;
    }
    NONE
}

impl<const N: usize> Gauss<N> {
    /// Gauss–Legendre on [0, 1], by Newton's method on the Legendre polynomial.
    fn new() -> Self {
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
        let rest = t.map(|t| 1.0 - t);
        let against = std::array::from_fn(|i| -weight[i] / rest[i]);
        Self { t, rest, weight, against }
    }
    /// Multiplies by `share (1 − t) + t` where the input passes, by `share (1 − t)` where not.
    #[inline(always)]
    fn multiply(&self, product: &mut [f64; N], share: f64, pass: bool) {
        if pass {
            for ((p, rest), t) in product.iter_mut().zip(&self.rest).zip(&self.t) {
                *p *= share * rest + t;
            }
        } else {
            for (p, rest) in product.iter_mut().zip(&self.rest) {
                *p *= share * rest;
            }
        }
    }
    /// Undoes [`Gauss::multiply`].
    #[inline(always)]
    fn divide(&self, product: &mut [f64; N], share: f64, pass: bool) {
        for ((p, rest), t) in product.iter_mut().zip(&self.rest).zip(&self.t) {
            *p /= share * rest + if pass { *t } else { 0.0 };
        }
    }

    fn run(
        &self,
        trees: &Shapley,
        inputs: &[f32],
        passes: &mut [bool],
        rooms: &mut [Vec<[f64; N]>; 2],
        mut add: impl FnMut(u32, f64),
    ) {
        let [products, sums] = rooms;
        products.resize(trees.widest, [0.0; N]);
        sums.resize(trees.widest, [0.0; N]);
        let mut start = 0;
        for &end in &trees.ends {
            let nodes = &trees.nodes[start..end];
            start = end;
            let n = nodes.len();
            let (passes, products, sums) = (&mut passes[..n], &mut products[..n], &mut sums[..n]);
            self.down(nodes, inputs, passes, products, sums);
            self.up(nodes, passes, sums, &mut add);
        }
    }

    /// Multiplies each path's factors from the root down.
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
            let goes_left = if x.is_nan() { node.missing_left } else { x < node.threshold };
            let mut pass = goes_left == node.is_left;
            let mut product = if node.parent == NONE { [1.0; N] } else { products[node.parent as usize] };
            if node.same != NONE {
                let same = node.same as usize;
                let passed = passes[same];
                pass &= passed;
                // The factor of the same input further up is replaced by the joint one.
                self.divide(&mut product, nodes[same].share, passed);
            }
            passes[i] = pass;
            self.multiply(&mut product, node.share, pass);
            products[i] = product;
            for (sum, p) in sums[i].iter_mut().zip(&product) {
                *sum = p * node.value;
            }
        }
    }

    /// Sums what the leaves under each edge contribute, from the leaves up.
    fn up(&self, nodes: &[Node], passes: &[bool], sums: &mut [[f64; N]], add: &mut impl FnMut(u32, f64)) {
        for (i, node) in nodes.iter().enumerate().rev() {
            let sum = sums[i];
            if node.parent != NONE {
                for (above, s) in sums[node.parent as usize].iter_mut().zip(&sum) {
                    *above += s;
                }
            }
            let mut value = self.without(&sum, node.share, passes[i]);
            if node.same != NONE {
                let same = node.same as usize;
                value -= self.without(&sum, nodes[same].share, passes[same]);
            }
            add(node.input, value);
        }
    }

    /// The integral of `(o − z) × sum / factor`.
    #[inline(always)]
    fn without(&self, sum: &[f64; N], share: f64, pass: bool) -> f64 {
        let mut parts = [0.0; N];
        if pass {
            let factors = self.rest.iter().zip(&self.t).map(|(rest, t)| share * rest + t);
            for (((part, weight), s), factor) in parts.iter_mut().zip(&self.weight).zip(sum).zip(factors) {
                *part = weight * s / factor * (1.0 - share);
            }
        } else {
            for ((part, against), s) in parts.iter_mut().zip(&self.against).zip(sum) {
                *part = against * s;
            }
        }
        parts.iter().sum()
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
