//! What is an amount worth in the reporting currency on that day? Dated rates, exact, never a float.

use crate::money::{Currency, Money};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Most digits of a rate after the point: central banks publish 4 to 6.
pub const RATE_DECIMALS_MAX: u32 = 12;
/// Largest rate: 10^9 units of the reporting currency for one unit; with the largest amount it fits into 128 bits.
pub const RATE_MAX: u64 = 1_000_000_000;

/// A positive decimal number, kept exactly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// The number without its point.
    digits: u128,
    /// Digits after the point.
    decimals: u32,
}

/// Why a text is not a rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// Not a decimal number.
    #[error("`{0}` is not a rate; write a decimal number as a text, as in \"0.9241\"")]
    Syntax(String),
    /// Zero, too large or too many digits.
    #[error(
        "the rate {0} is not above 0 and up to {RATE_MAX} with at most {RATE_DECIMALS_MAX} decimals; check the direction"
    )]
    Range(String),
}

impl Rate {
    /// Reads `0.9241`.
    pub fn parse(text: &str) -> Result<Rate, RateError> {
        let shown = || text.chars().take(40).collect::<String>();
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) {
            return Err(RateError::Syntax(shown()));
        }
        let decimals = fraction.len();
        let digits: u128 = format!("{whole}{fraction}").parse().map_err(|_| RateError::Range(shown()))?;
        if digits == 0 || decimals > RATE_DECIMALS_MAX as usize {
            return Err(RateError::Range(shown()));
        }
        let decimals = decimals as u32;
        if digits > u128::from(RATE_MAX) * 10_u128.pow(decimals) {
            return Err(RateError::Range(shown()));
        }
        Ok(Rate { digits, decimals })
    }
    /// The number without its point, and the digits after the point.
    pub fn parts(self) -> (u128, u32) {
        (self.digits, self.decimals)
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scale = 10_u128.pow(self.decimals);
        let (whole, fraction) = (self.digits / scale, self.digits % scale);
        if self.decimals == 0 {
            return write!(f, "{whole}");
        }
        write!(f, "{whole}.{fraction:0width$}", width = self.decimals as usize)
    }
}

/// Rates into one reporting currency, each valid from its day until the next of its currency.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rates {
    reporting: Currency,
    by_currency: BTreeMap<Currency, BTreeMap<Timestamp, Rate>>,
}

impl Rates {
    /// No rates but that of the reporting currency itself, which is 1 at all times.
    pub fn new(reporting: Currency) -> Self {
        Self { reporting, by_currency: BTreeMap::new() }
    }
    /// The reporting currency.
    pub fn reporting(&self) -> Currency {
        self.reporting
    }
    /// Sets what one unit of `currency` (not a minor unit) is worth from `from` on, in units of the reporting
    /// currency. Returns the rate that it replaces: two rates of one day are a mistake of whoever wrote them.
    pub fn set(&mut self, currency: Currency, from: Timestamp, rate: Rate) -> Option<Rate> {
        self.by_currency.entry(currency).or_default().insert(from, rate)
    }
    /// All rates, in the order of their currencies and days; [`Rate::parse`] reads what a rate is written as.
    pub fn entries(&self) -> impl Iterator<Item = (Currency, Timestamp, Rate)> + '_ {
        self.by_currency
            .iter()
            .flat_map(|(currency, dated)| dated.iter().map(|(from, rate)| (*currency, *from, *rate)))
    }
    /// Stands for all rates: money converted by the same ones has the same fingerprint.
    pub fn fingerprint(&self) -> [u8; 8] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.reporting.as_str().as_bytes());
        for (currency, dated) in &self.by_currency {
            for (from, rate) in dated {
                let line = format!("\n{currency} {} {} {}", from.millis(), rate.digits, rate.decimals);
                hasher.update(line.as_bytes());
            }
        }
        let mut out = [0; 8];
        out.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        out
    }
    /// The rate of a currency that is valid at `at`; `None` where none is known, and for the reporting currency itself.
    pub fn at(&self, currency: Currency, at: Timestamp) -> Option<Rate> {
        self.by_currency.get(&currency)?.range(..=at).next_back().map(|(_, rate)| *rate)
    }
    /// The amount in minor units of the reporting currency at the rate valid at `at`, rounded half away from
    /// zero. `None` where no rate of the currency is known at that time, or the result is beyond an `i64`.
    pub fn convert(&self, money: Money, at: Timestamp) -> Option<i64> {
        if money.currency == self.reporting {
            return Some(money.amount);
        }
        let rate = self.at(money.currency, at)?;
        // |amount| < 2^53 and digits <= 10^21 < 2^70: their product fits; what is scaled up beyond that is `None`.
        let from_digits = money.currency.minor_digits() + rate.decimals;
        let to_digits = self.reporting.minor_digits();
        let product = i128::from(money.amount).checked_mul(i128::try_from(rate.digits).ok()?)?;
        let converted = if to_digits >= from_digits {
            product.checked_mul(10_i128.pow(to_digits - from_digits))?
        } else {
            divided_half_away_from_zero(product, 10_i128.pow(from_digits - to_digits))
        };
        i64::try_from(converted).ok()
    }
}

/// A quotient as a whole number, halves away from zero: how money is rounded everywhere.
///
/// # Panics
/// Where `by` is not above zero.
pub fn divided_half_away_from_zero(value: i128, by: i128) -> i128 {
    assert!(by > 0, "amounts are divided by something above zero");
    let (quotient, rest) = (value / by, value % by);
    if rest.abs() * 2 >= by { quotient + value.signum() } else { quotient }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_written_as_it_is_read() {
        for text in ["0.9241", "1.00", "7.0", "0.000000000001", "999999999.5"] {
            let rate = Rate::parse(text).unwrap();
            assert_eq!((rate.to_string().as_str(), Rate::parse(&rate.to_string()).unwrap()), (text, rate));
        }
    }

    fn check(rate: &str, amount: i64, from: Currency, to: Currency, expect: Option<i64>) {
        let mut rates = Rates::new(to);
        rates.set(from, Timestamp::MIN, Rate::parse(rate).unwrap());
        assert_eq!(
            rates.convert(Money::new(amount, from).unwrap(), Timestamp::MIN),
            expect,
            "{amount} at {rate}"
        );
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        check("0.5", 1, Currency::USD, Currency::EUR, Some(1));
        check("0.5", -1, Currency::USD, Currency::EUR, Some(-1));
        check("0.49", 1, Currency::USD, Currency::EUR, Some(0));
        check("0.9241", 129_900, Currency::USD, Currency::EUR, Some(120_041));
    }

    #[test]
    fn minor_units_of_both_currencies_count() {
        let (jpy, kwd) = (Currency::new("JPY").unwrap(), Currency::new("KWD").unwrap());
        check("0.0062", 10_000, jpy, Currency::EUR, Some(6_200));
        check("161.29", 6_200, Currency::EUR, jpy, Some(10_000));
        check("3.25", 1_000, kwd, Currency::USD, Some(325));
        check("2", 5, jpy, kwd, Some(10_000));
    }

    #[test]
    fn the_largest_amount_at_the_largest_rate_is_none_and_no_wrong_number() {
        check("1000000000", crate::money::AMOUNT_MAX, Currency::USD, Currency::EUR, None);
        check("1000000000.000000000000", 1, Currency::USD, Currency::EUR, Some(1_000_000_000));
    }

    #[test]
    fn a_rate_holds_from_its_day_until_the_next() {
        let day = |text: &str| Timestamp::parse(text).unwrap();
        let mut rates = Rates::new(Currency::EUR);
        rates.set(Currency::USD, day("2023-01-01T00:00:00Z"), Rate::parse("0.9").unwrap());
        rates.set(Currency::USD, day("2023-02-01T00:00:00Z"), Rate::parse("0.8").unwrap());
        let at = |text: &str| rates.convert(Money::new(100, Currency::USD).unwrap(), day(text));
        assert_eq!(at("2022-12-31T23:59:59Z"), None);
        assert_eq!(at("2023-01-01T00:00:00Z"), Some(90));
        assert_eq!(at("2023-01-31T23:59:59.999Z"), Some(90));
        assert_eq!(at("2023-02-01T00:00:00Z"), Some(80));
        assert_eq!(rates.convert(Money::new(7, Currency::EUR).unwrap(), Timestamp::MIN), Some(7));
        assert_eq!(rates.convert(Money::new(7, Currency::GBP).unwrap(), Timestamp::MAX), None);
    }

    #[test]
    fn what_is_no_positive_decimal_is_refused() {
        for text in [
            "",
            "x",
            "1.",
            ".5",
            "-1",
            "1e3",
            "0",
            "0.0",
            "1.0000000000001",
            "1000000001",
            "9".repeat(60).as_str(),
        ] {
            assert!(Rate::parse(text).is_err(), "{text}");
        }
    }
}
