//! How good is a ranking, and how honest is a probability? Ties count as if broken by chance.

use std::fmt;

/// Scores by group of equal ones, highest first: (score, right ones, wrong ones).
pub(crate) struct Ranking {
    groups: Vec<(f64, f64, f64)>,
}

impl Ranking {
    pub(crate) fn new(scored: impl Iterator<Item = (f64, bool)>) -> Ranking {
        let mut scored: Vec<(f64, bool)> = scored.collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut groups: Vec<(f64, f64, f64)> = Vec::new();
        for (score, right) in scored {
            if groups.last().is_none_or(|g| g.0 != score) {
                groups.push((score, 0.0, 0.0));
            }
            let group = groups.last_mut().expect("just put there");
            *(if right { &mut group.1 } else { &mut group.2 }) += 1.0;
        }
        Ranking { groups }
    }
    fn right(&self) -> f64 {
        self.groups.iter().map(|g| g.1).sum()
    }
    fn wrong(&self) -> f64 {
        self.groups.iter().map(|g| g.2).sum()
    }
    /// The share of right ones: the average precision of a ranking by chance.
    pub(crate) fn base(&self) -> f64 {
        self.right() / (self.right() + self.wrong())
    }
    /// Wrong ones above the place at which this share of the right ones is found.
    pub(crate) fn wrong_at(&self, recall: f64) -> f64 {
        let mut wanted = recall * self.right();
        let mut above = 0.0;
        for (_, right, wrong) in &self.groups {
            if *right >= wanted && *right > 0.0 {
                return above + wrong * wanted / right;
            }
            wanted -= right;
            above += wrong;
        }
        above
    }
    /// The score at that place.
    pub(crate) fn threshold(&self, recall: f64) -> f64 {
        let (wanted, mut found) = (recall * self.right(), 0.0);
        for (score, right, _) in &self.groups {
            found += right;
            if found >= wanted {
                return *score;
            }
        }
        f64::NEG_INFINITY
    }
    /// The chance that a right one stands above a wrong one.
    pub(crate) fn auc(&self) -> f64 {
        let (mut above, mut sum) = (0.0, 0.0);
        for (_, right, wrong) in &self.groups {
            sum += wrong * (above + right / 2.0);
            above += right;
        }
        sum / (self.right() * self.wrong())
    }
    pub(crate) fn average_precision(&self) -> f64 {
        let (mut right_above, mut above, mut sum) = (0.0, 0.0, 0.0);
        for (_, right, wrong) in &self.groups {
            right_above += right;
            above += right + wrong;
            sum += right * right_above / above;
        }
        sum / self.right()
    }
}

/// Probabilities in tenths, beside how often it was so.
#[derive(Default)]
pub(crate) struct Calibration {
    /// Sum of probabilities, hits, count.
    bins: [(f64, f64, f64); 10],
}

impl Calibration {
    pub(crate) fn add(&mut self, probability: f64, so: bool) {
        let bin = &mut self.bins[((probability * 10.0) as usize).min(9)];
        *bin = (bin.0 + probability, bin.1 + f64::from(u8::from(so)), bin.2 + 1.0);
    }
    /// Expected calibration error.
    pub(crate) fn error(&self) -> f64 {
        let all: f64 = self.bins.iter().map(|b| b.2).sum();
        self.bins.iter().map(|(sum, hits, _)| (sum - hits).abs()).sum::<f64>() / all
    }
}

impl fmt::Display for Calibration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {:.3};", self.error())?;
        for (sum, hits, count) in self.bins.iter().filter(|b| b.2 > 0.0) {
            write!(f, " {:.2} → {:.2} ({count:.0})", sum / count, hits / count)?;
        }
        Ok(())
    }
}
