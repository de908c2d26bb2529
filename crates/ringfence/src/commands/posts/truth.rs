//! How right are the matches? Measured by the truth of a simulation, after they were found.

use crate::commands::read_text;
use crate::failure::{At, Failure};
use ringfence_leads::posts::Findings;
use ringfence_report::chart::CalibrationBin;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// By post: the refund that it boasts of.
pub(super) struct Truth {
    matches: BTreeMap<String, Option<String>>,
    repeats: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Line {
    record: Option<String>,
    post: Option<String>,
    matches: Option<String>,
    repeats: Option<String>,
}

/// Figures of the matches.
#[derive(Serialize)]
pub(super) struct Measured {
    /// Matches that stand.
    pub(super) said: u64,
    /// Of them right.
    pub(super) right: u64,
    /// Their share.
    pub(super) precision: f64,
    /// Boasts of refunds, those told again left out.
    pub(super) boasts: u64,
    /// The share of them that a right match found.
    pub(super) recall: f64,
    /// Mean gap between the probability and what came true, over all pairs that are told.
    pub(super) calibration_error: f64,
    /// The pairs by tenths of probability.
    #[serde(skip)]
    pub(super) bins: Vec<CalibrationBin>,
}

impl Truth {
    pub(super) fn read(path: &Path) -> Result<Truth, Failure> {
        let mut truth = Truth { matches: BTreeMap::new(), repeats: BTreeSet::new() };
        for (n, line) in read_text(path, "read the truth")?.lines().enumerate() {
            let line: Line = serde_json::from_str(line)
                .at(format!("{}:{}", path.display(), n + 1))
                .map_err(|f| f.help("give the truth.jsonl that `ringfence simulate` wrote"))?;
            if let (Some("post"), Some(post)) = (line.record.as_deref(), line.post) {
                if line.repeats.is_some() {
                    truth.repeats.insert(post.clone());
                }
                truth.matches.insert(post, line.matches);
            }
        }
        if truth.matches.is_empty() {
            return Err(Failure::new("no line of this file is about a post", path.display())
                .help("give the truth.jsonl that `ringfence simulate` wrote"));
        }
        Ok(truth)
    }

    fn right(&self, post: &str, refund: &str) -> bool {
        self.matches.get(post).is_some_and(|m| m.as_deref() == Some(refund))
    }

    pub(super) fn measure(&self, found: &Findings) -> Measured {
        let standing = || found.matches.iter().filter(|m| m.stands);
        let said = standing().count() as u64;
        let right = standing().filter(|m| self.right(&m.post, &m.refund)).count() as u64;
        let boasts =
            self.matches.iter().filter(|(p, m)| m.is_some() && !self.repeats.contains(*p)).count() as u64;
        let mut tenths = [(0u64, 0.0, 0u64); 10];
        for one in &found.matches {
            let bin = &mut tenths[((one.probability * 10.0) as usize).min(9)];
            bin.0 += 1;
            bin.1 += one.probability;
            bin.2 += u64::from(self.right(&one.post, &one.refund));
        }
        let gap: f64 = tenths.iter().map(|b| (b.1 - b.2 as f64).abs()).sum();
        Measured {
            said,
            right,
            precision: right as f64 / said.max(1) as f64,
            boasts,
            recall: right as f64 / boasts.max(1) as f64,
            calibration_error: gap / found.matches.len().max(1) as f64,
            bins: tenths.iter().filter(|b| b.0 > 0).map(|b| bin(*b)).collect(),
        }
    }
}

/// A bin with Wilson's interval (JASA 1927).
fn bin((count, predicted, hits): (u64, f64, u64)) -> CalibrationBin {
    const Z: f64 = 1.96;
    let n = count as f64;
    let observed = hits as f64 / n;
    let centre = (observed + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (observed * (1.0 - observed) / n + Z * Z / (4.0 * n * n)).sqrt();
    CalibrationBin {
        predicted: predicted / n,
        observed,
        low: (centre - half).max(0.0),
        high: (centre + half).min(1.0),
        count,
    }
}
