//! Which rows tell what a raw score is worth? Those that the scoring trees have not learned from, weighted for late verdicts.

use crate::arrival::{Arrival, Seen};
use crate::bins::Matrix;
use crate::boost::{BoostSettings, Boosted, Rows};
use crate::calibrate::Point;
use crate::dataset::Dataset;
use crate::model::Input;
use crate::settings::TrainSettings;
use crate::split::Parts;
use crate::stage::{ROWS_OF_A_KIND_MIN, fit_inputs, known, matrix, usable};
use crate::trainer::TrainerError;
use crate::weights::{Propensity, Unlabelled, targets};
use ringfence_domain::{Duration, Timestamp};

/// What calibration learns from.
pub(crate) struct Calibrating<'a> {
    pub(crate) dataset: &'a Dataset,
    pub(crate) parts: &'a Parts,
    pub(crate) settings: &'a TrainSettings,
    pub(crate) propensity: &'a Propensity,
    pub(crate) monotone: &'a [i8],
}

impl Calibrating<'_> {
    /// Rows that the scoring trees have not learned from, in the order of time, weighted for verdicts that are still to
    /// come; and what rows without a label were taken for.
    ///
    /// Rows that stopped the training take part: one number was chosen by them, and labels are scarce. As they are
    /// scarce, and scarcest on the youngest rows, the later half of the teaching rows takes part too, scored by trees that
    /// learned from the earlier half.
    pub(crate) fn points(
        &self,
        inputs: &[Input],
        boosted: &Boosted,
        chosen: &BoostSettings,
    ) -> Result<(Vec<Point>, Unlabelled), TrainerError> {
        let late = [self.parts.validation.as_slice(), &self.parts.calibration].concat();
        let held_out = matrix(self.dataset, &late, inputs);
        let (mut rows, mut raw) = (late, boosted.raw(&held_out));
        let mut inverse = self.propensity.weights(&held_out, self.settings.weights.weight_max);
        if let Some((early_rows, early_raw, early_inverse)) = self.earlier(boosted.trees.len(), chosen)? {
            rows.splice(0..0, early_rows);
            raw.splice(0..0, early_raw);
            inverse.splice(0..0, early_inverse);
        }
        let known = known(self.dataset, &rows, self.parts, self.settings);
        for ((weight, verdicts), known) in inverse.iter_mut().zip(self.still_to_come(&rows)).zip(&known) {
            if known.is_some() {
                *weight *= verdicts as f32;
            }
        }
        let unlabelled = usable(self.settings.weights.unlabelled_calibration, &[&known]);
        let (target, weight) = targets(&known, &inverse, unlabelled);
        let points = (0..raw.len())
            .map(|i| Point { raw: raw[i], target: f64::from(target[i]), weight: f64::from(weight[i]) })
            .filter(|p| p.weight > 0.0)
            .collect();
        Ok((points, unlabelled))
    }

    /// The later half of the teaching rows, their raw scores by trees from the earlier half, and their inverse weights;
    /// `None` where that half cannot teach.
    #[allow(clippy::type_complexity)] // Three columns of one table.
    fn earlier(
        &self,
        trees: usize,
        chosen: &BoostSettings,
    ) -> Result<Option<(Vec<u32>, Vec<f64>, Vec<f32>)>, TrainerError> {
        let (first, second) = self.parts.fit.split_at(self.parts.fit.len() / 2);
        let first_known = known(self.dataset, first, self.parts, self.settings);
        let abuse = first_known.iter().filter(|k| **k == Some(true)).count();
        if abuse < ROWS_OF_A_KIND_MIN || first.len() - abuse < ROWS_OF_A_KIND_MIN {
            return Ok(None);
        }
        let (inputs, fit) = fit_inputs(self.dataset, first, &first_known, self.settings);
        let in_training = usable(self.settings.weights.unlabelled, &[&first_known]);
        let inverse = |m: &Matrix| self.propensity.weights(m, self.settings.weights.weight_max);
        let (target, weight) = targets(&first_known, &inverse(&fit), in_training);
        let rows = Rows { matrix: &fit, target: &target, weight: &weight };
        let settings = BoostSettings { trees_max: trees, ..chosen.clone() };
        let boosted = self.settings.trainer.grow(rows, None, self.monotone, &settings)?;
        let held_out = matrix(self.dataset, second, &inputs);
        Ok(Some((second.to_vec(), boosted.raw(&held_out), inverse(&held_out))))
    }

    /// By row: how many verdicts of its kind will have come in for each that is in by its age.
    fn still_to_come(&self, rows: &[u32]) -> Vec<f64> {
        let cut = self.parts.cut;
        let days = |from: Timestamp, to: Timestamp| to.since(from).0 as f64 / Duration::DAY.0 as f64;
        let row = |r: u32| &self.dataset.rows()[r as usize];
        let arrivals = [true, false].map(|kind| {
            let seen = self.parts.all().into_iter().filter_map(|r| {
                let (label, at) = row(r).known(cut)?;
                let (asked, same) = (row(r).requested_at, self.settings.target.holds(label) == kind);
                same.then(|| Seen { delay: days(asked, at), age: days(asked, cut) })
            });
            Arrival::fit(&seen.collect::<Vec<_>>())
        });
        let of = |&r: &u32| {
            let abuse = row(r).label(cut).is_some_and(|l| self.settings.target.holds(l));
            arrivals[usize::from(!abuse)].weight(days(row(r).requested_at, cut))
        };
        rows.iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{at_day, meta};
    use crate::dataset::{KnownVerdict, RowMeta};
    use crate::split::split;
    use crate::stage::learn;
    use ringfence_domain::vector::{Column, ColumnKind, Schema};
    use ringfence_domain::words::Verdict;

    /// Ten requests a day for 400 days. One is abuse, known after up to 100 days; the others are cleared after five.
    fn data() -> Dataset {
        let column = Column {
            name: "x".to_owned(),
            kind: ColumnKind::Number,
            about: String::new(),
            reason: "other".to_owned(),
            model: true,
        };
        let mut data = Dataset::new(Schema { columns: vec![column], hash: "h".to_owned() });
        for i in 0..4_000 {
            let (day, abuse) = (i as i64 / 10, i % 10 == 0);
            let delay = if abuse { (day * 37) % 100 } else { 5 };
            let verdict = if abuse { Verdict::Abuse } else { Verdict::Legitimate };
            let known = KnownVerdict { verdict, at: at_day(day + delay) };
            let row = RowMeta { verdicts: vec![known], ..meta(i, day) };
            data.push(row, &[(i % 7) as f64 + f64::from(u8::from(abuse))]);
        }
        data
    }

    #[test]
    fn verdicts_to_come_are_counted_and_the_later_half_of_the_teaching_rows_takes_part() {
        let (data, settings) = (data(), TrainSettings::default());
        let parts = split(&data, at_day(400), &settings.split);
        let stage = learn(&data, &parts, &settings, Some(&BoostSettings::default())).unwrap();
        let propensity = Propensity::fit(&stage.fit.0, &vec![true; parts.fit.len()], 1);
        let calibrating = Calibrating {
            dataset: &data,
            parts: &parts,
            settings: &settings,
            propensity: &propensity,
            monotone: &[],
        };
        let (points, _) = calibrating.points(&stage.inputs, &stage.boosted, &stage.chosen).unwrap();
        let rows = parts.fit.len().div_ceil(2) + parts.validation.len() + parts.calibration.len();
        assert_eq!(points.len(), rows);
        let (counted, seen) =
            points.iter().filter(|p| p.target > 0.5).fold((0.0, 0.0), |s, p| (s.0 + p.weight, s.1 + 1.0));
        let truth = rows as f64 / 10.0;
        assert!((counted / truth - 1.0).abs() < 0.03 && seen / truth < 0.93, "{counted} {seen} {truth}");
    }
}
