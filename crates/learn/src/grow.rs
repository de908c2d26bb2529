//! How does one tree grow? Leaf by leaf, each time where histograms promise the largest fall of the loss.
//!
//! Leaf-wise growth over histograms follows LightGBM (Ke et al., NeurIPS 2017), gains and monotone bounds follow
//! XGBoost (Chen and Guestrin, KDD 2016). A histogram column is summed by one task in the order of the rows, so the
//! tree is the same with any number of threads.

use crate::bins::Bins;
use crate::tree::{Branch, Leaf, Split, Tree};
use rayon::prelude::*;

/// Sum of gradients and of hessians.
type Sums = [f64; 2];

/// Below this many row-column pairs a histogram is built by one thread: handing it out costs more.
const PARALLEL_CELLS_MIN: usize = 40_000;

/// How a tree may grow.
#[derive(Clone, Debug)]
pub struct GrowSettings {
    /// Leaves at most.
    pub leaves_max: usize,
    /// Splits on a path at most.
    pub depth_max: usize,
    /// Least sum of hessians (weight × p(1 − p)) in a leaf.
    pub leaf_weight_min: f64,
    /// L2 penalty on leaf values.
    pub l2: f64,
    /// Least fall of the loss for a split.
    pub gain_min: f64,
    /// Factor on leaf values.
    pub learning_rate: f64,
    /// By input: 1 where the score may only rise with it, −1 fall, 0 free.
    pub monotone: Vec<i8>,
}

/// A grown tree, with the rows of each leaf.
pub struct Grown {
    /// The tree; covers are sums of `weights`.
    pub tree: Tree,
    /// For each leaf, its range in the row list handed in (which is reordered).
    pub ranges: Vec<std::ops::Range<usize>>,
}

/// What growing needs of the data.
pub struct Work<'a> {
    /// The binned matrix.
    pub bins: &'a Bins,
    /// Inputs that this tree may use, ascending.
    pub inputs: &'a [u32],
    /// Gradient and hessian by row.
    pub gradients: &'a [[f32; 2]],
    /// Weight by row, for covers.
    pub weights: &'a [f32],
}

/// The best split of a node, if any.
#[derive(Clone, Copy)]
struct Candidate {
    input: u32,
    /// Bins up to this one go left.
    bin: u8,
    missing_left: bool,
    gain: f64,
    left: Sums,
    right: Sums,
}

struct Node {
    range: std::ops::Range<usize>,
    sums: Sums,
    depth: usize,
    /// Bounds of the value by monotone splits above.
    bounds: [f64; 2],
    histogram: Vec<Sums>,
    best: Option<Candidate>,
    /// The split whose branch leads here, and whether it is the left one.
    parent: Option<(usize, bool)>,
}

/// Grows a tree over `rows`, which is reordered so that the rows of a leaf lie together.
pub fn grow(work: &Work<'_>, rows: &mut [u32], settings: &GrowSettings) -> Grown {
    let layout = Layout::new(work);
    let mut buffers = Buffers::default();
    let mut nodes = vec![root(work, &layout, rows, settings)];
    let mut splits: Vec<Split> = Vec::new();
    while nodes.len() < settings.leaves_max.max(1) {
        let Some((at, best)) = most_promising(&nodes) else { break };
        let node = &mut nodes[at];
        let middle = partition(work, &mut rows[node.range.clone()], &best, &mut buffers) + node.range.start;
        let parent = splits.len();
        if let Some((above, is_left)) = node.parent {
            let branch = if is_left { &mut splits[above].left } else { &mut splits[above].right };
            *branch = Branch::Split(parent as u32);
        }
        splits.push(Split {
            input: best.input,
            threshold: work.bins.cuts[best.input as usize].threshold(best.bin),
            missing_left: best.missing_left,
            left: Branch::Leaf(0),
            right: Branch::Leaf(0),
            gain: best.gain as f32,
        });
        let done = nodes.len() + 1 >= settings.leaves_max;
        let (left, right) = children(work, &layout, rows, settings, &mut nodes[at], &best, middle, done);
        nodes[at] = Node { parent: Some((parent, true)), ..left };
        nodes.push(Node { parent: Some((parent, false)), ..right });
    }
    finish(work, rows, settings, splits, &nodes)
}

/// Where the bins of each usable input start in a node's histogram.
struct Layout {
    offsets: Vec<usize>,
    total: usize,
}

impl Layout {
    fn new(work: &Work<'_>) -> Self {
        let mut total = 0;
        let offsets = work
            .inputs
            .iter()
            .map(|&input| {
                let at = total;
                total += work.bins.cuts[input as usize].len();
                at
            })
            .collect();
        Self { offsets, total }
    }
    fn column<'h>(&self, histogram: &'h [Sums], i: usize) -> &'h [Sums] {
        &histogram[self.offsets[i]..self.offsets.get(i + 1).copied().unwrap_or(self.total)]
    }
}

#[derive(Default)]
struct Buffers {
    right: Vec<u32>,
}

fn root(work: &Work<'_>, layout: &Layout, rows: &[u32], settings: &GrowSettings) -> Node {
    let histogram = build(work, layout, rows);
    let sums = rows.iter().fold([0.0; 2], |s: Sums, &r| {
        let g = work.gradients[r as usize];
        [s[0] + f64::from(g[0]), s[1] + f64::from(g[1])]
    });
    let mut node = Node {
        range: 0..rows.len(),
        sums,
        depth: 0,
        bounds: [f64::NEG_INFINITY, f64::INFINITY],
        histogram,
        best: None,
        parent: None,
    };
    node.best = find(work, layout, &node, settings);
    node
}

/// The node with the largest gain; of equal ones the first.
fn most_promising(nodes: &[Node]) -> Option<(usize, Candidate)> {
    let mut found: Option<(usize, Candidate)> = None;
    for (i, node) in nodes.iter().enumerate() {
        if let Some(best) = node.best
            && found.is_none_or(|(_, f)| best.gain > f.gain)
        {
            found = Some((i, best));
        }
    }
    found
}

/// The two nodes under a split. The smaller one's histogram is built, the larger one's is what remains.
#[allow(clippy::too_many_arguments)]
fn children(
    work: &Work<'_>,
    layout: &Layout,
    rows: &[u32],
    settings: &GrowSettings,
    node: &mut Node,
    best: &Candidate,
    middle: usize,
    done: bool,
) -> (Node, Node) {
    let (left_range, right_range) = (node.range.start..middle, middle..node.range.end);
    let (left_bounds, right_bounds) = bounds_below(settings, node, best);
    let child = |range, sums, bounds| Node {
        range,
        sums,
        depth: node.depth + 1,
        bounds,
        histogram: Vec::new(),
        best: None,
        parent: None,
    };
    let mut left = child(left_range, best.left, left_bounds);
    let mut right = child(right_range, best.right, right_bounds);
    if done || node.depth + 1 >= settings.depth_max {
        node.histogram = Vec::new();
        return (left, right);
    }
    let mut rest = std::mem::take(&mut node.histogram);
    let left_is_smaller = left.range.len() <= right.range.len();
    let small = if left_is_smaller { &left } else { &right };
    let built = build(work, layout, &rows[small.range.clone()]);
    for (sum, part) in rest.iter_mut().zip(&built) {
        sum[0] -= part[0];
        sum[1] -= part[1];
    }
    (left.histogram, right.histogram) = if left_is_smaller { (built, rest) } else { (rest, built) };
    left.best = find(work, layout, &left, settings);
    right.best = find(work, layout, &right, settings);
    (left, right)
}

/// Value bounds of both children, so that a monotone input keeps its direction further down.
fn bounds_below(settings: &GrowSettings, node: &Node, best: &Candidate) -> ([f64; 2], [f64; 2]) {
    let direction = settings.monotone.get(best.input as usize).copied().unwrap_or(0);
    let middle =
        f64::midpoint(value(best.left, settings, node.bounds), value(best.right, settings, node.bounds));
    match direction.signum() {
        1 => ([node.bounds[0], middle], [middle, node.bounds[1]]),
        -1 => ([middle, node.bounds[1]], [node.bounds[0], middle]),
        _ => (node.bounds, node.bounds),
    }
}

/// Sums gradients and hessians by bin, for every usable input.
fn build(work: &Work<'_>, layout: &Layout, rows: &[u32]) -> Vec<Sums> {
    let gradients: Vec<[f32; 2]> = rows.iter().map(|&r| work.gradients[r as usize]).collect();
    let mut histogram = vec![[0.0; 2]; layout.total];
    let mut columns: Vec<&mut [Sums]> = Vec::with_capacity(work.inputs.len());
    let mut rest = histogram.as_mut_slice();
    for &input in work.inputs {
        let (column, after) = rest.split_at_mut(work.bins.cuts[input as usize].len());
        columns.push(column);
        rest = after;
    }
    let fill = |(column, &input): (&mut [Sums], &u32)| {
        sum_column(column, &work.bins.columns[input as usize], rows, &gradients);
    };
    if rows.len() * work.inputs.len() < PARALLEL_CELLS_MIN {
        columns.into_iter().zip(work.inputs).for_each(fill);
    } else {
        columns.into_par_iter().zip(work.inputs).with_min_len(4).for_each(fill);
    }
    histogram
}

/// One column. Four tables take turns, so that rows in a row with one bin do not wait for each other.
fn sum_column(out: &mut [Sums], bins: &[u8], rows: &[u32], gradients: &[[f32; 2]]) {
    let mut tables = [[[0.0f64; 2]; 256]; 4];
    let add = |table: &mut [Sums; 256], row: u32, g: [f32; 2]| {
        let sums = &mut table[bins[row as usize] as usize];
        *sums = [sums[0] + f64::from(g[0]), sums[1] + f64::from(g[1])];
    };
    let [a, b, c, d] = &mut tables;
    let (rows4, rows_rest) = rows.as_chunks::<4>();
    let (grads4, grads_rest) = gradients.as_chunks::<4>();
    for (row, g) in rows4.iter().zip(grads4) {
        add(a, row[0], g[0]);
        add(b, row[1], g[1]);
        add(c, row[2], g[2]);
        add(d, row[3], g[3]);
    }
    for (&row, &g) in rows_rest.iter().zip(grads_rest) {
        add(a, row, g);
    }
    for (i, sum) in out.iter_mut().enumerate() {
        for k in 0..2 {
            sum[k] = (a[i][k] + b[i][k]) + (c[i][k] + d[i][k]);
        }
    }
}

/// The value of a leaf with these sums, before the learning rate.
fn value(sums: Sums, settings: &GrowSettings, bounds: [f64; 2]) -> f64 {
    (-sums[0] / (sums[1] + settings.l2)).clamp(bounds[0], bounds[1])
}

/// How much a leaf with these sums lowers the loss (twice, and less a constant).
fn score(sums: Sums, settings: &GrowSettings, bounds: [f64; 2]) -> f64 {
    let w = value(sums, settings, bounds);
    -(2.0 * sums[0] * w + (sums[1] + settings.l2) * w * w)
}

fn find(work: &Work<'_>, layout: &Layout, node: &Node, settings: &GrowSettings) -> Option<Candidate> {
    if node.depth >= settings.depth_max || node.sums[1] < 2.0 * settings.leaf_weight_min {
        return None;
    }
    let of_input =
        |(i, &input): (usize, &u32)| find_in(layout.column(&node.histogram, i), input, node, settings);
    let found: Vec<Option<Candidate>> = if layout.total < 8_192 {
        work.inputs.iter().enumerate().map(of_input).collect()
    } else {
        work.inputs.par_iter().enumerate().with_min_len(16).map(of_input).collect()
    };
    // The first of equal gains, whichever thread found it.
    found.into_iter().flatten().reduce(|best, other| if other.gain > best.gain { other } else { best })
}

fn find_in(column: &[Sums], input: u32, node: &Node, settings: &GrowSettings) -> Option<Candidate> {
    let direction = settings.monotone.get(input as usize).copied().unwrap_or(0);
    let base = score(node.sums, settings, node.bounds) + settings.gain_min.max(1e-9);
    let missing = column[0];
    let any_missing = missing[1] > 1e-9;
    let mut best: Option<Candidate> = None;
    let mut consider = |bin: usize, missing_left: bool, left: Sums| {
        let right = [node.sums[0] - left[0], node.sums[1] - left[1]];
        if left[1] < settings.leaf_weight_min || right[1] < settings.leaf_weight_min {
            return;
        }
        if direction != 0 {
            let (l, r) = (value(left, settings, node.bounds), value(right, settings, node.bounds));
            if (r - l) * f64::from(direction) < 0.0 {
                return;
            }
        }
        let gain = score(left, settings, node.bounds) + score(right, settings, node.bounds) - base;
        if gain > best.map_or(0.0, |b| b.gain) {
            best = Some(Candidate { input, bin: bin as u8, missing_left, gain, left, right });
        }
    };
    let mut known = [0.0; 2];
    let last = column.len() - 1;
    for (bin, sums) in column.iter().enumerate().skip(1) {
        known = [known[0] + sums[0], known[1] + sums[1]];
        if bin < last {
            // Where nothing is unknown here, a later unknown goes with the larger side.
            consider(bin, !any_missing && known[1] * 2.0 >= node.sums[1], known);
            if any_missing {
                consider(bin, true, [known[0] + missing[0], known[1] + missing[1]]);
            }
        } else if any_missing {
            consider(bin, false, known);
        }
    }
    best
}

/// Puts the rows that go left first, both sides in their order; returns how many go left.
fn partition(work: &Work<'_>, rows: &mut [u32], best: &Candidate, buffers: &mut Buffers) -> usize {
    let bins = &work.bins.columns[best.input as usize];
    buffers.right.clear();
    let mut left = 0;
    for i in 0..rows.len() {
        let row = rows[i];
        let bin = bins[row as usize];
        if if bin == 0 { best.missing_left } else { bin <= best.bin } {
            rows[left] = row;
            left += 1;
        } else {
            buffers.right.push(row);
        }
    }
    rows[left..].copy_from_slice(&buffers.right);
    left
}

fn finish(
    work: &Work<'_>,
    rows: &[u32],
    settings: &GrowSettings,
    mut splits: Vec<Split>,
    nodes: &[Node],
) -> Grown {
    let leaves = nodes
        .iter()
        .map(|node| {
            let cover: f64 =
                rows[node.range.clone()].iter().map(|&r| f64::from(work.weights[r as usize])).sum();
            let value = value(node.sums, settings, node.bounds) * settings.learning_rate;
            Leaf { value, cover: cover.max(1e-6) }
        })
        .collect();
    for (i, node) in nodes.iter().enumerate() {
        if let Some((above, is_left)) = node.parent {
            let branch = if is_left { &mut splits[above].left } else { &mut splits[above].right };
            *branch = Branch::Leaf(i as u32);
        }
    }
    let tree = Tree::new(splits, leaves).expect("growth links every node once, children after parents");
    Grown { tree, ranges: nodes.iter().map(|n| n.range.clone()).collect() }
}
