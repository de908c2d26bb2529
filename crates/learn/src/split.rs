//! Which rows teach, which stop, which calibrate, which test? By time alone, with a gap until labels have matured.
//!
//! ```text
//! |---------- fit ----------|- validation -|- calibration -|  gap: labels still come in  | cut
//! ```
//! A random split would let tomorrow's rings teach what yesterday's model is tested on.

use crate::dataset::Dataset;
use ringfence_domain::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

/// Settings of the split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SplitSettings {
    /// Days until a request's label is taken as final.
    pub maturity_days: u32,
    /// Share of the rows that stop training: the last before calibration.
    pub validation_share: f64,
    /// Share of the rows that calibrate: the last before the gap.
    pub calibration_share: f64,
    /// Share of the rows held out for the figures of the model card.
    pub test_share: f64,
    /// Whether requests on test purchases take part.
    pub test_purchases: bool,
}

impl Default for SplitSettings {
    fn default() -> Self {
        Self {
            maturity_days: 30,
            validation_share: 0.15,
            calibration_share: 0.2,
            test_share: 0.2,
            test_purchases: false,
        }
    }
}

impl SplitSettings {
    /// Days until a label is final, as a duration.
    pub fn maturity(&self) -> Duration {
        Duration::days(i64::from(self.maturity_days))
    }
}

/// Rows in the order of time, by what they are for.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// Teach.
    pub fit: Vec<u32>,
    /// Stop training, and calibrate too.
    pub validation: Vec<u32>,
    /// Calibrate.
    pub calibration: Vec<u32>,
    /// Only labels known by then are seen.
    pub cut: Timestamp,
}

impl Parts {
    /// All rows, in the order of time.
    pub fn all(&self) -> Vec<u32> {
        [self.fit.as_slice(), &self.validation, &self.calibration].concat()
    }
}

/// Rows asked for before `cut` less the maturity, in the order of time.
pub fn matured(dataset: &Dataset, cut: Timestamp, settings: &SplitSettings) -> Vec<u32> {
    let last = cut.millis() - settings.maturity().0;
    let rows = dataset.rows();
    let eligible = |&i: &u32| {
        let row = &rows[i as usize];
        row.requested_at.millis() < last && (settings.test_purchases || !row.test_purchase)
    };
    let mut chosen: Vec<u32> = (0..rows.len() as u32).filter(eligible).collect();
    chosen.sort_by_key(|&i| (rows[i as usize].requested_at, rows[i as usize].position, i));
    chosen
}

/// The parts of what is known at `cut`.
pub fn split(dataset: &Dataset, cut: Timestamp, settings: &SplitSettings) -> Parts {
    let rows = matured(dataset, cut, settings);
    let n = rows.len() as f64;
    let calibration = (n * (1.0 - settings.calibration_share)) as usize;
    let validation = (n * (1.0 - settings.calibration_share - settings.validation_share)).max(0.0) as usize;
    Parts {
        fit: rows[..validation].to_vec(),
        validation: rows[validation..calibration].to_vec(),
        calibration: rows[calibration..].to_vec(),
        cut,
    }
}

/// When the test time starts: the matured rows' last `test_share` come after it.
pub fn test_start(dataset: &Dataset, until: Timestamp, settings: &SplitSettings) -> Option<Timestamp> {
    let rows = matured(dataset, until, settings);
    let first = (rows.len() as f64 * (1.0 - settings.test_share)) as usize;
    rows.get(first).map(|&row| dataset.rows()[row as usize].requested_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{at_day, meta};
    use ringfence_domain::vector::Schema;

    fn data() -> Dataset {
        let mut data = Dataset::new(Schema::default());
        for i in 0..100 {
            // Out of order on purpose: arrival is not event time.
            let mut meta = meta(i, (i as i64 * 37) % 100);
            meta.test_purchase = i == 3;
            data.push(meta, &[]);
        }
        data
    }

    #[test]
    fn parts_follow_each_other_in_time_and_stop_at_the_gap() {
        let (data, settings) = (data(), SplitSettings { maturity_days: 20, ..SplitSettings::default() });
        let parts = split(&data, at_day(90), &settings);
        let time = |i: &u32| data.rows()[*i as usize].requested_at;
        let all = parts.all();
        assert!(all.iter().map(time).collect::<Vec<_>>().is_sorted());
        assert_eq!(time(all.last().unwrap()), at_day(69));
        assert!(parts.fit.len() > 40 && parts.validation.len() >= 10 && parts.calibration.len() >= 13);
    }

    #[test]
    fn test_purchases_take_part_only_when_asked_for() {
        let with = SplitSettings { test_purchases: true, ..SplitSettings::default() };
        let without = matured(&data(), at_day(500), &SplitSettings::default());
        assert_eq!((without.len(), matured(&data(), at_day(500), &with).len()), (99, 100));
        assert!(!without.contains(&3));
    }
}
