//! How do numbers become a byte? Quantile cuts per input, and the bin of every row; bin 0 is unknown.

use rayon::prelude::*;

/// Most value bins an input may have: with the bin of the unknown they are 255, a byte.
pub const VALUE_BINS_MAX: usize = 254;

/// Rows looked at for the cuts: enough that a quantile is off by less than 0.3 % of the rows.
const CUT_ROWS_MAX: usize = 200_000;

/// A column-major matrix of inputs in training; NaN is unknown.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    columns: Vec<Vec<f32>>,
    rows: usize,
}

impl Matrix {
    /// Takes columns of one length.
    pub fn new(columns: Vec<Vec<f32>>, rows: usize) -> Self {
        assert!(columns.iter().all(|c| c.len() == rows), "columns of a matrix have one length");
        Self { columns, rows }
    }
    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }
    /// How many inputs.
    pub fn width(&self) -> usize {
        self.columns.len()
    }
    /// One input of all rows.
    pub fn column(&self, input: usize) -> &[f32] {
        &self.columns[input]
    }
    /// The rows with these indices, in this order.
    pub fn take(&self, rows: &[u32]) -> Matrix {
        let columns =
            self.columns.par_iter().map(|c| rows.iter().map(|&r| c[r as usize]).collect()).collect();
        Matrix { columns, rows: rows.len() }
    }
    /// All inputs of a row.
    pub fn row(&self, row: usize) -> Vec<f32> {
        self.columns.iter().map(|c| c[row]).collect()
    }
}

/// Where an input is cut: a value's bin is 1 + the number of cuts at or below it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cuts(Vec<f32>);

impl Cuts {
    /// At most `bins` bins of about equally many rows; a value with many rows gets a bin of its own.
    pub fn of(column: &[f32], bins: usize) -> Cuts {
        let bins = bins.clamp(2, VALUE_BINS_MAX);
        let stride = column.len().div_ceil(CUT_ROWS_MAX).max(1);
        let mut values: Vec<f32> = column.iter().step_by(stride).copied().filter(|x| !x.is_nan()).collect();
        values.sort_unstable_by(f32::total_cmp);
        let mut runs: Vec<(f32, usize)> = Vec::new();
        for value in values.iter().copied() {
            match runs.last_mut() {
                Some((last, count)) if *last == value => *count += 1,
                _ => runs.push((value, 1)),
            }
        }
        let mut cuts = Vec::new();
        let (mut left, mut filled) = (values.len(), 0);
        let all_fit = runs.len() <= bins;
        for pair in runs.windows(2) {
            let ((value, count), (next, next_count)) = (pair[0], pair[1]);
            filled += count;
            let open = bins - cuts.len();
            let target = left as f64 / open as f64;
            if open > 1 && (all_fit || filled as f64 >= target || next_count as f64 >= target) {
                cuts.push(between(value, next));
                left -= filled;
                filled = 0;
            }
        }
        Cuts(cuts)
    }
    /// The threshold that sends the bins up to `bin` left: `x < threshold`. The last bin has none above it but the
    /// largest number, which parts the known from the unknown.
    pub fn threshold(&self, bin: u8) -> f32 {
        self.0.get(bin as usize - 1).copied().unwrap_or(f32::MAX)
    }
    /// Bins in use, that of the unknown included.
    pub fn len(&self) -> usize {
        self.0.len() + 2
    }
    /// The numbers between the value bins, ascending.
    pub fn edges(&self) -> &[f32] {
        &self.0
    }
    /// Whether all known values share a bin.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// The last bin that `x < threshold` sends left, for a threshold of [`Cuts::threshold`].
    pub fn last_left(&self, threshold: f32) -> u8 {
        1 + self.0.partition_point(|&cut| cut < threshold) as u8
    }
    /// The bin of a value.
    pub fn bin(&self, x: f32) -> u8 {
        if x.is_nan() { 0 } else { 1 + self.0.partition_point(|&cut| cut <= x) as u8 }
    }
}

/// A number above `a` and at most `b`: their middle, so that unseen values fall to the nearer side.
fn between(a: f32, b: f32) -> f32 {
    let middle = f64::midpoint(f64::from(a), f64::from(b));
    let middle = middle as f32;
    if middle > a && middle <= b && middle.is_finite() { middle } else { b.min(f32::MAX) }
}

/// A binned matrix.
#[derive(Clone, Debug)]
pub struct Bins {
    /// Where each input is cut.
    pub cuts: Vec<Cuts>,
    /// The bin of each row, by input.
    pub columns: Vec<Vec<u8>>,
    /// How many rows.
    pub rows: usize,
}

impl Bins {
    /// Cuts each input of `matrix` into at most `bins` bins.
    pub fn fit(matrix: &Matrix, bins: usize) -> Bins {
        let cuts: Vec<Cuts> = matrix.columns.par_iter().map(|c| Cuts::of(c, bins)).collect();
        Self::with_cuts(matrix, &cuts)
    }
    /// Bins a matrix by cuts that were found on another one.
    pub fn with_cuts(matrix: &Matrix, cuts: &[Cuts]) -> Bins {
        let columns = matrix
            .columns
            .par_iter()
            .zip(cuts)
            .map(|(column, cuts)| column.iter().map(|&x| cuts.bin(x)).collect())
            .collect();
        Bins { cuts: cuts.to_vec(), columns, rows: matrix.rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_get_a_bin_each() {
        let cuts = Cuts::of(&[0.0, 1.0, 1.0, f32::NAN, 3.0], 254);
        assert_eq!(cuts, Cuts(vec![0.5, 2.0]));
        assert_eq!([0.0, 0.5, 1.9, 2.0, 9.0, f32::NAN].map(|x| cuts.bin(x)), [1, 2, 2, 3, 3, 0]);
    }

    #[test]
    fn many_values_get_even_bins_and_a_frequent_one_its_own() {
        let mut column: Vec<f32> = (0..1_000).map(|i| i as f32).collect();
        column.extend([500.0; 1_000]);
        let cuts = Cuts::of(&column, 10);
        assert!(cuts.len() <= 11, "{cuts:?}");
        let alone = cuts.bin(500.0);
        assert!(cuts.bin(499.0) < alone, "{cuts:?}");
    }

    #[test]
    fn a_threshold_parts_exactly_the_bins() {
        let column: Vec<f32> = (0..10_000).map(|i| ((i * 7_919) % 3_571) as f32 * 0.37).collect();
        let cuts = Cuts::of(&column, 64);
        for &x in &column {
            for bin in 1..cuts.len() as u8 {
                assert_eq!(cuts.bin(x) <= bin, x < cuts.threshold(bin), "{x} {bin}");
                assert_eq!(cuts.last_left(cuts.threshold(bin)), bin);
            }
        }
    }

    #[test]
    fn neighbouring_and_huge_numbers_are_still_parted() {
        let next = f32::from_bits(1.0f32.to_bits() + 1);
        assert_eq!(between(1.0, next), next);
        assert_eq!(between(-f32::MAX, f32::MAX), 0.0);
        assert_eq!(between(1.0, f32::INFINITY), f32::MAX);
    }
}
