//! What must a model beat? The account's past refund rate: what shops rank by without a model.

use crate::dataset::Dataset;
use crate::settings::TrainSettings;
use std::collections::BTreeMap;

/// Scores of something simpler on the same rows.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// Its name in figures.
    pub name: String,
    /// By row; larger is more suspicious.
    pub scores: Vec<f64>,
    /// Whether the scores are probabilities, so that calibration means something.
    pub is_probability: bool,
}

/// The past refund rate by the catalogue's own column, or, where it has none, how often the account asked before.
pub fn past_refund_rate(dataset: &Dataset, rows: &[u32], settings: &TrainSettings) -> Baseline {
    let column = settings.past_refund_rate.iter().find_map(|name| dataset.schema().index(name));
    let (name, scores) = match column {
        Some(at) => {
            let column = dataset.column(at);
            let score =
                |&r: &u32| if column[r as usize].is_nan() { 0.0 } else { f64::from(column[r as usize]) };
            ("past refund rate", rows.iter().map(score).collect())
        }
        None => ("past refund requests", earlier_requests(dataset, rows)),
    };
    Baseline { name: name.to_owned(), scores, is_probability: false }
}

/// How many requests the account of each row made before it, in the order of the log.
fn earlier_requests(dataset: &Dataset, rows: &[u32]) -> Vec<f64> {
    let mut by_position: Vec<u32> = (0..dataset.rows().len() as u32).collect();
    by_position.sort_by_key(|&r| dataset.rows()[r as usize].position);
    let mut seen: BTreeMap<&str, f64> = BTreeMap::new();
    let mut before = vec![0.0; by_position.len()];
    for row in by_position {
        let count = seen.entry(&dataset.rows()[row as usize].account).or_insert(0.0);
        before[row as usize] = *count;
        *count += 1.0;
    }
    rows.iter().map(|&r| before[r as usize]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::meta;
    use ringfence_domain::vector::Schema;

    #[test]
    fn without_a_column_the_earlier_requests_of_the_account_count() {
        let mut data = Dataset::new(Schema::default());
        for i in 0..15 {
            data.push(meta(i, 15 - i as i64), &[]);
        }
        let got = past_refund_rate(&data, &[0, 7, 14, 3], &TrainSettings::default());
        assert_eq!((got.name.as_str(), got.scores), ("past refund requests", vec![0.0, 1.0, 2.0, 0.0]));
    }
}
