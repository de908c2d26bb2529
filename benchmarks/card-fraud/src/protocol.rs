//! What does a model score by the published protocol? A training week, a week of delay, a week to be judged.

use crate::log::{Truth, fold};
use crate::recipe::Recipe;
use ringfence_domain::words::Verdict;
use ringfence_domain::{Duration, Timestamp};
use ringfence_features::Plan;
use ringfence_learn::dataset::{Dataset, KnownVerdict, RowMeta};
use ringfence_learn::metrics::{DayRow, Ranking, precision_per_day};
use std::collections::BTreeMap;
use std::error::Error;
use std::ops::Range;
use std::sync::Arc;

/// First day of the published training week, days since 1970 (2018-07-25); the test week starts 14 days later.
pub(crate) const TRAIN_DAY: i64 = 17_737;

/// Days from the start of a training week to the start of its test week.
const AHEAD: i64 = 14;

/// A training week and the week that its model is judged on.
#[derive(Clone, Copy)]
pub(crate) struct Weeks {
    /// First day of the training week.
    pub(crate) train: i64,
}

impl Weeks {
    /// Those of the published table.
    pub(crate) const PUBLISHED: Weeks = Weeks { train: TRAIN_DAY };

    /// Days of the week that is judged.
    pub(crate) fn test(self) -> Range<i64> {
        self.train + AHEAD..self.train + AHEAD + 7
    }
}

/// Rows of some days with their vectors, in the order of time.
pub(crate) struct Table {
    plan: Arc<Plan>,
    rows: Vec<RowMeta>,
    /// Row by row; vectors come in 32-bit steps, so nothing is lost.
    numbers: Vec<f32>,
}

impl Table {
    /// Takes the vectors of all rows on `days`.
    pub(crate) fn read(plan: &Arc<Plan>, packed: &[u8], days: &Range<i64>) -> Result<Table, Box<dyn Error>> {
        let mut table = Table { plan: plan.clone(), rows: Vec::new(), numbers: Vec::new() };
        fold(plan, packed, days, |meta, vector| {
            table.rows.push(meta);
            table.numbers.extend(vector.iter().map(|&x| x as f32));
        })?;
        Ok(table)
    }
    fn vector(&self, row: usize) -> Vec<f64> {
        let width = self.plan.schema.columns.len();
        self.numbers[row * width..(row + 1) * width].iter().map(|&x| f64::from(x)).collect()
    }
}

/// What is published of a model.
#[derive(Clone, Copy, Default)]
pub(crate) struct Figures {
    pub(crate) auc: f64,
    pub(crate) average_precision: f64,
    pub(crate) card_precision: f64,
}

/// Rows and frauds of both weeks.
pub(crate) type Counts = [usize; 4];

/// Trains by `recipe` on the first week and judges on the other, customers known as defrauded left out.
pub(crate) fn judge(
    table: &Table,
    truth: &Truth,
    weeks: Weeks,
    recipe: &Recipe,
) -> Result<(Counts, Figures), Box<dyn Error>> {
    let mut training = Dataset::new(table.plan.schema.clone());
    let (mut test, mut counts) = (Vec::new(), Counts::default());
    for (row, meta) in table.rows.iter().enumerate() {
        let (day, fraud) = (meta.requested_at.day(), truth.frauds[&meta.refund]);
        if (weeks.train..weeks.train + 7).contains(&day) {
            let at = meta.requested_at.plus(Duration::days(7));
            let verdict = if fraud { Verdict::Abuse } else { Verdict::Legitimate };
            let meta = RowMeta { verdicts: vec![KnownVerdict { verdict, at }], ..meta.clone() };
            training.push(meta, &table.vector(row));
            counts[0] += 1;
            counts[1] += usize::from(fraud);
        } else if weeks.test().contains(&day) {
            let known = |d: &i64| (weeks.train..=day - 8).contains(d);
            if !truth.fraud_days.get(&meta.account).is_some_and(|days| days.iter().any(known)) {
                test.push((row, fraud));
                counts[2] += 1;
                counts[3] += usize::from(fraud);
            }
        }
    }
    let until = Timestamp::from_millis(weeks.test().start * Duration::DAY.0).ok_or("a day out of range")?;
    let vectors: Vec<Vec<f64>> = test.iter().map(|&(row, _)| table.vector(row)).collect();
    let scores = recipe.scores(&training, until, &vectors)?;
    Ok((counts, figures(table, &test, &scores)?))
}

fn figures(table: &Table, test: &[(usize, bool)], scores: &[f64]) -> Result<Figures, Box<dyn Error>> {
    let target: Vec<bool> = test.iter().map(|t| t.1).collect();
    let weight = vec![1.0; scores.len()];
    let ranking = Ranking::new(scores, &target);
    let mut accounts = BTreeMap::new();
    let rows: Vec<DayRow> = test
        .iter()
        .zip(scores)
        .map(|(&(row, target), &score)| {
            let meta = &table.rows[row];
            let next = accounts.len() as u32;
            let account = *accounts.entry(meta.account.clone()).or_insert(next);
            DayRow { day: meta.requested_at.day(), account, score, target }
        })
        .collect();
    Ok(Figures {
        auc: ranking.auc(&weight).ok_or("no frauds in the week")?,
        average_precision: ranking.average_precision(&weight).ok_or("no frauds in the week")?,
        card_precision: precision_per_day(&rows, 100).ok_or("no rows in the week")?,
    })
}
