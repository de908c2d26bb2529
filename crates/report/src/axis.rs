//! What do the numbers along an edge of a chart mean, and where are its ticks?

use crate::text;

/// What a number on an axis is.
#[derive(Clone, Debug, PartialEq)]
pub enum Unit {
    /// A number; name its unit in the label.
    Number,
    /// A share of 0–1, shown in percent.
    Share,
    /// Money in major units of this currency.
    Money(String),
    /// Milliseconds since 1970-01-01 UTC.
    Time,
}

/// One axis: label, unit, bounds, linear or logarithmic.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it measures, with the unit where the ticks do not show it.
    pub label: String,
    /// What its numbers are.
    pub unit: Unit,
    /// Lower bound; from the data where `None`.
    pub from: Option<f64>,
    /// Upper bound; from the data where `None`.
    pub to: Option<f64>,
    /// Whether equal steps are equal factors; numbers ≤ 0 are then left out.
    pub log: bool,
}

impl Axis {
    fn new(label: &str, unit: Unit) -> Axis {
        Axis { label: label.to_owned(), unit, from: None, to: None, log: false }
    }
    /// An axis of numbers; name the unit in the label, as in `Time to the claim (days)`.
    pub fn number(label: &str) -> Axis {
        Axis::new(label, Unit::Number)
    }
    /// An axis of shares 0–1, from 0 % on.
    pub fn share(label: &str) -> Axis {
        Axis { from: Some(0.0), ..Axis::new(label, Unit::Share) }
    }
    /// An axis of money in major units.
    pub fn money(label: &str, currency: &str) -> Axis {
        Axis::new(&format!("{label} ({currency})"), Unit::Money(currency.to_owned()))
    }
    /// An axis of times in milliseconds since 1970.
    pub fn time(label: &str) -> Axis {
        Axis::new(label, Unit::Time)
    }
    /// Sets the lower bound.
    pub fn from(self, from: f64) -> Axis {
        Axis { from: Some(from), ..self }
    }
    /// Sets the upper bound.
    pub fn to(self, to: f64) -> Axis {
        Axis { to: Some(to), ..self }
    }
    /// Makes it logarithmic.
    pub fn log(self) -> Axis {
        Axis { log: true, ..self }
    }

    /// A value of this axis in full, for tips.
    pub(crate) fn value(&self, v: f64) -> String {
        match &self.unit {
            Unit::Number => text::plain(v),
            Unit::Share => text::share(v),
            Unit::Money(currency) => text::money(v, currency),
            Unit::Time => date(v, true),
        }
    }
}

/// An axis whose bounds and ticks are settled.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scale {
    from: f64,
    to: f64,
    log: bool,
    /// Values and their texts.
    pub(crate) ticks: Vec<(f64, String)>,
}

impl Scale {
    /// Settles `axis` for the data, with at most about `ticks_max` ticks.
    pub(crate) fn new(axis: &Axis, data: impl Iterator<Item = f64>, ticks_max: usize) -> Scale {
        let usable = |v: &f64| v.is_finite() && (!axis.log || *v > 0.0);
        let (low, high) =
            data.filter(usable).fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let mut from = axis.from.filter(usable).unwrap_or(if low.is_finite() {
            low
        } else {
            f64::from(u8::from(axis.log))
        });
        let mut to = axis.to.filter(usable).unwrap_or(if high.is_finite() { high } else { from + 1.0 });
        if to <= from {
            (from, to) = if axis.log {
                (from / 2.0, from * 2.0)
            } else {
                (from - 0.5 * f64::from(u8::from(axis.from.is_none())), from + 1.0)
            };
        }
        if axis.log && axis.to.is_none() {
            // Room above the highest value, as rounding to a tick gives on a linear axis.
            to *= (to / from).powf(0.04);
        }
        let values = match (&axis.unit, axis.log) {
            (Unit::Time, _) => time_ticks(from, to, ticks_max),
            (Unit::Number | Unit::Share | Unit::Money(_), true) => log_ticks(from, to, ticks_max),
            (Unit::Number | Unit::Share | Unit::Money(_), false) => {
                let step = nice_step((to - from) / ticks_max.max(1) as f64);
                if axis.from.is_none() {
                    from = (from / step + 1e-9).floor() * step;
                }
                if axis.to.is_none() {
                    to = (to / step - 1e-9).ceil() * step;
                }
                let first = (from / step - 1e-9).ceil() as i64;
                multiples(step, first, to + step * 1e-6)
            }
        };
        // Steps of a logarithmic axis differ: each tick then has the digits that it needs itself.
        let steps = if axis.log { &[][..] } else { &values[..] };
        let step = steps.windows(2).map(|w| w[1] - w[0]).fold(f64::INFINITY, f64::min);
        let ticks = values.into_iter().map(|v| (v, tick_text(&axis.unit, v, step))).collect();
        Scale { from, to, log: axis.log, ticks }
    }

    /// Where `v` lies, 0 at the lower and 1 at the upper bound; kept within.
    pub(crate) fn place(&self, v: f64) -> f64 {
        let part = if self.log {
            let v = v.max(self.from);
            (v / self.from).ln() / (self.to / self.from).ln()
        } else {
            (v - self.from) / (self.to - self.from)
        };
        part.clamp(0.0, 1.0)
    }

    /// The bounds.
    pub(crate) fn bounds(&self) -> (f64, f64) {
        (self.from, self.to)
    }
}

fn tick_text(unit: &Unit, v: f64, step: f64) -> String {
    match unit {
        Unit::Number | Unit::Money(_) => {
            text::short(if step.is_finite() && v.abs() < step * 1e-9 { 0.0 } else { v })
        }
        Unit::Share => {
            let by_step = [0.0099, 0.00099, 0.000_099].iter().take_while(|limit| step < **limit).count();
            // A logarithmic axis has ticks far below its largest step.
            let by_value = [0.0099, 0.00099, 0.000_099].iter().take_while(|limit| v < **limit).count();
            let digits = if v == 0.0 { 0 } else { by_step.max(by_value) };
            format!("{}\u{202f}%", text::decimal(v * 100.0, digits))
        }
        Unit::Time => date(v, step < 27.0 * DAY_MS),
    }
}

/// The next of 1, 2, 2.5, 5 × a power of ten at or above `raw`.
fn nice_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.log10().floor());
    let lead = raw / power;
    let nice = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|n| lead <= n + 1e-9).unwrap_or(10.0);
    nice * power
}

/// `step` times `first`, `first + 1`, … up to `to`.
fn multiples(step: f64, first: i64, to: f64) -> Vec<f64> {
    (first..=first + TICKS_MAX).map(|k| k as f64 * step).filter(|v| *v <= to).collect()
}

/// Ticks that an axis has at most: far more than are ever asked for, and a bound where bounds make no sense.
const TICKS_MAX: i64 = 100;

fn log_ticks(from: f64, to: f64, ticks_max: usize) -> Vec<f64> {
    let (low, high) = (from.log10().floor() as i32, to.log10().ceil() as i32);
    let decades = (high - low).max(1) as usize;
    let leads: &[f64] = match decades {
        d if d * 3 <= ticks_max => &[1.0, 2.0, 5.0],
        d if d * 2 <= ticks_max => &[1.0, 3.0],
        _ => &[1.0],
    };
    let every = decades.div_ceil(ticks_max.max(1)).max(1);
    (low..=high)
        .step_by(every)
        .flat_map(|e| leads.iter().map(move |l| l * 10f64.powi(e)))
        .filter(|v| (from * (1.0 - 1e-9)..=to * (1.0 + 1e-9)).contains(v))
        .collect()
}

const DAY_MS: f64 = 86_400_000.0;

/// Month starts, every so many months, or days where the span is short.
fn time_ticks(from: f64, to: f64, ticks_max: usize) -> Vec<f64> {
    let days = (to - from) / DAY_MS;
    let per = days / ticks_max.max(1) as f64;
    if per < 27.0 {
        let step = [1.0, 2.0, 7.0, 14.0, 28.0].into_iter().find(|s| per <= *s).unwrap_or(28.0) * DAY_MS;
        let first = (from / step).ceil() as i64;
        return multiples(step, first, to);
    }
    let step = [1, 2, 3, 6, 12, 24, 60, 120].into_iter().find(|s| per <= f64::from(*s) * 30.5).unwrap_or(240);
    let (year, month, _) = civil((from / DAY_MS).floor() as i64);
    let first = year * 12 + i64::from(month) - 1;
    (first..)
        .filter(|m| m % i64::from(step) == 0)
        .map(|m| days_from_civil(m.div_euclid(12), (m.rem_euclid(12) + 1) as u32) as f64 * DAY_MS)
        .skip_while(|v| *v < from)
        .take_while(|v| *v <= to)
        .collect()
}

/// `2023-03` or, with the day, `2023-03-01`.
fn date(ms: f64, with_day: bool) -> String {
    let (year, month, day) = civil((ms / DAY_MS).floor() as i64);
    if with_day { format!("{year:04}-{month:02}-{day:02}") } else { format!("{year:04}-{month:02}") }
}

/// Year, month, day of a day since 1970 (Howard Hinnant, `civil_from_days`).
fn civil(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
    (yoe + era * 400 + i64::from(month <= 2), month, (doy - (153 * mp + 2) / 5 + 1) as u32)
}

/// Days since 1970 of the first of a month (Howard Hinnant, `days_from_civil`).
fn days_from_civil(year: i64, month: u32) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let m = i64::from(month);
    let doy = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(axis: &Axis, data: [f64; 2], ticks_max: usize, expect: &str) {
        let scale = Scale::new(axis, data.into_iter(), ticks_max);
        let got: Vec<_> = scale.ticks.iter().map(|t| t.1.replace('\u{202f}', " ")).collect();
        assert_eq!(got.join(" | "), expect, "{axis:?} over {data:?}");
    }

    #[test]
    fn ticks_are_round_and_cover_the_data() {
        check(&Axis::number("n"), [0.0, 97.0], 5, "0 | 20 | 40 | 60 | 80 | 100");
        check(&Axis::share("s").to(1.0), [0.2, 0.9], 5, "0 % | 20 % | 40 % | 60 % | 80 % | 100 %");
        check(&Axis::share("s"), [0.0, 0.031], 4, "0 % | 1 % | 2 % | 3 % | 4 %");
        check(&Axis::share("s"), [0.0, 0.008], 4, "0 % | 0.2 % | 0.4 % | 0.6 % | 0.8 %");
        check(&Axis::money("m", "USD"), [-20_000.0, 61_000.0], 5, "−20 k | 0 | 20 k | 40 k | 60 k | 80 k");
        check(&Axis::number("n").log(), [1.0, 10_000.0], 5, "1 | 10 | 100 | 1,000 | 10 k");
        check(&Axis::share("b").from(0.001).to(1.0).log(), [0.001, 1.0], 4, "0.1 % | 1 % | 10 % | 100 %");
    }

    #[test]
    fn time_ticks_are_month_starts_or_days() {
        let day = |d: f64| d * DAY_MS;
        check(
            &Axis::time("t"),
            [day(19_358.0), day(19_500.0)],
            5,
            "2023-01 | 2023-02 | 2023-03 | 2023-04 | 2023-05",
        );
        check(
            &Axis::time("t"),
            [day(19_358.0), day(19_361.0)],
            5,
            "2023-01-01 | 2023-01-02 | 2023-01-03 | 2023-01-04",
        );
    }

    #[test]
    fn data_without_extent_still_has_a_scale() {
        for axis in [Axis::number("n"), Axis::share("s"), Axis::number("n").log()] {
            for data in [[5.0, 5.0], [f64::NAN, f64::NAN], [0.0, 0.0]] {
                let scale = Scale::new(&axis, data.into_iter(), 5);
                let (from, to) = scale.bounds();
                assert!(from < to && !scale.ticks.is_empty(), "{axis:?} {data:?} {scale:?}");
                assert!((0.0..=1.0).contains(&scale.place(data[0].max(0.1))));
            }
        }
    }
}
