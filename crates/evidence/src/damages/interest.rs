//! How much interest runs until judgment? Simple interest by whole days, its day count stated.

use super::Class;
use crate::when::Moment;
use ringfence_domain::Timestamp;
use ringfence_domain::rates::{Rate, divided_half_away_from_zero};
use serde::{Deserialize, Serialize};

/// Most digits of a rate after the point.
pub const RATE_DECIMALS_MAX: u32 = 6;
/// Largest rate in percent a year.
pub const RATE_PERCENT_MAX: u128 = 1_000;

/// How many days a year has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum DayCount {
    /// Days as they are, over 365, also in leap years.
    #[default]
    #[serde(rename = "actual/365")]
    Actual365,
    /// Days as they are, over 360.
    #[serde(rename = "actual/360")]
    Actual360,
}

impl DayCount {
    /// Days of its year.
    pub fn year_days(self) -> i128 {
        match self {
            DayCount::Actual365 => 365,
            DayCount::Actual360 => 360,
        }
    }
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            DayCount::Actual365 => "actual/365",
            DayCount::Actual360 => "actual/360",
        }
    }
}

/// Interest before judgment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interest {
    /// Percent a year, as a text: it is exact.
    pub percent: String,
    /// Not before this day, where that is later than the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Moment>,
    /// Up to this day.
    pub until: Moment,
    /// Days of a year.
    #[serde(default)]
    pub day_count: DayCount,
    /// On which classes it runs.
    #[serde(default = "actual")]
    pub classes: Vec<Class>,
}

fn actual() -> Vec<Class> {
    vec![Class::Actual]
}

impl Interest {
    /// Whether it can be computed exactly.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        self.parts().map(|_| ())
    }

    fn parts(&self) -> Result<(i128, i128), String> {
        let (digits, decimals) = Rate::parse(&self.percent).map_err(|e| e.to_string())?.parts();
        if decimals > RATE_DECIMALS_MAX || digits > RATE_PERCENT_MAX * 10_u128.pow(decimals) {
            return Err(format!(
                "interest of {} percent is beyond {RATE_PERCENT_MAX} or has more than {RATE_DECIMALS_MAX} decimals; write percent a \
                 year as in \"9\" or \"5.25\"",
                self.percent
            ));
        }
        Ok((digits as i128, 10_i128.pow(decimals)))
    }

    /// Days and interest on an amount that fell due on a day: amount × percent ÷ 100 × days ÷ days of the year, a half
    /// rounded away from zero. `None` beyond 64 bits.
    pub fn on(&self, amount: i64, due: Timestamp) -> Option<(i64, i64)> {
        let (digits, scale) = self.parts().ok()?;
        let from = self.from.map_or(due, |from| from.0.max(due));
        let days = (self.until.0.day() - from.day()).max(0);
        // |amount| < 2^63, digits ≤ 10^9, days < 10^5: below 10^33.
        let product = i128::from(amount) * digits * i128::from(days);
        let interest = divided_half_away_from_zero(product, 100 * scale * self.day_count.year_days());
        Some((days, i64::try_from(interest).ok()?))
    }

    /// Rate, days and rounding, in a sentence.
    pub fn words(&self) -> String {
        let classes: Vec<&str> = self.classes.iter().map(|c| c.as_str()).collect();
        format!(
            "Simple interest at {} percent a year on {} damages, day count {}: amount × rate × whole days from the day of the loss{} \
             to {} ÷ {} days, each line rounded to the minor unit, halves away from zero.",
            self.percent,
            classes.join(", "),
            self.day_count.as_str(),
            self.from.map_or(String::new(), |from| format!(" (not before {})", from.day_text())),
            self.until.day_text(),
            self.day_count.year_days()
        )
    }
}
