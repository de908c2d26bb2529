//! When do people do things? Seasons, weekdays and hours.

use crate::chance::Chance;
use crate::scenario::Calendar;
use ringfence_domain::{Duration, Timestamp};

pub(crate) const HOUR: f64 = 3_600_000.0;
pub(crate) const DAY: f64 = 86_400_000.0;

/// The weights of the calendar, ready to draw from.
#[derive(Clone, Debug)]
pub(crate) struct Seasons {
    spec: Calendar,
    day_weight_max: f64,
    day_weight_mean: f64,
}

/// `at` moved by `days`, which need not be whole.
pub(crate) fn after(at: Timestamp, days: f64) -> Timestamp {
    at.plus(Duration((days * DAY) as i64))
}

impl Seasons {
    pub(crate) fn new(spec: &Calendar) -> Self {
        let top = |w: &[f64]| w.iter().fold(0.0f64, |a, b| a.max(*b));
        let mean = |w: &[f64]| w.iter().sum::<f64>() / w.len() as f64;
        Self {
            day_weight_max: top(&spec.months) * top(&spec.weekdays),
            day_weight_mean: mean(&spec.months) * mean(&spec.weekdays),
            spec: spec.clone(),
        }
    }
    /// How much busier than the mean the busiest day is.
    pub(crate) fn busiest(&self) -> f64 {
        self.day_weight_max / self.day_weight_mean
    }
    /// How busy the day of `at` is, as a part of the busiest day.
    pub(crate) fn busy(&self, at: Timestamp) -> f64 {
        let month = self.spec.months[at.civil().1 as usize - 1];
        month * self.spec.weekdays[at.weekday() as usize] / self.day_weight_max
    }
    /// November and December: more goes wrong.
    pub(crate) fn is_peak(at: Timestamp) -> bool {
        at.civil().1 >= 11
    }
    /// How much likelier trouble is with an order of this time.
    pub(crate) fn trouble(&self, at: Timestamp) -> f64 {
        if Self::is_peak(at) { self.spec.peak_trouble } else { 1.0 }
    }
    /// Milliseconds since midnight at which somebody is active.
    fn time_of_day(&self, chance: &mut Chance) -> i64 {
        let hour = chance.weighted(&self.spec.hours);
        ((hour as f64 + chance.unit()) * HOUR) as i64
    }
    /// Some active time on the day of `at`.
    pub(crate) fn on_day(&self, at: Timestamp, chance: &mut Chance) -> Timestamp {
        at.plus(Duration(self.time_of_day(chance) - at.millis_of_day()))
    }
    /// An active time about `days` after `at`: people keep hours, so it is on the same day but never before `at`.
    pub(crate) fn later(&self, at: Timestamp, days: f64, chance: &mut Chance) -> Timestamp {
        let aim = after(at, days);
        let awake = self.on_day(aim, chance);
        if awake > at { awake } else { aim.max(after(at, chance.exponential(0.03))) }
    }
}
