//! How many minor units is a decimal price? Exact digits, never a float.

use ringfence_domain::Currency;

/// Digits after the point that are read: finer prices than a hundred-thousandth of a minor unit are not money.
const DECIMALS_MAX: usize = 8;

/// A decimal number as it was written: `digits` / 10^`decimals`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decimal {
    /// The number without its point.
    pub digits: i64,
    /// Digits after the point.
    pub decimals: u32,
}

impl Decimal {
    /// Reads `-1299.00`, with `point` as the decimal point and `,`, `.`, `'` or a space between thousands where
    /// it is not the point. `None` for anything else, and beyond 18 digits.
    pub fn parse(text: &str, point: char) -> Option<Decimal> {
        let text = text.trim();
        let (negative, text) = match text.strip_prefix(['-', '−']) {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = text.split_once(point).unwrap_or((text, ""));
        if whole.is_empty() || fraction.len() > DECIMALS_MAX || !fraction.bytes().all(|b| b.is_ascii_digit())
        {
            return None;
        }
        let digits = whole_digits(whole, point)?;
        let digits =
            fraction.bytes().try_fold(digits, |n, b| n.checked_mul(10)?.checked_add(i64::from(b - b'0')))?;
        Some(Decimal { digits: if negative { -digits } else { digits }, decimals: fraction.len() as u32 })
    }

    /// `count` times this price in minor units of `currency`, rounded half away from zero; whether it was exact.
    pub fn minor_units(self, count: i64, currency: Currency) -> Option<(i64, bool)> {
        let product = i128::from(self.digits) * i128::from(count);
        let digits = currency.minor_digits();
        if digits >= self.decimals {
            let scaled = product.checked_mul(10_i128.pow(digits - self.decimals))?;
            return i64::try_from(scaled).ok().map(|n| (n, true));
        }
        let by = 10_i128.pow(self.decimals - digits);
        let (quotient, rest) = (product / by, product % by);
        let rounded = if rest.abs() * 2 >= by { quotient + product.signum() } else { quotient };
        i64::try_from(rounded).ok().map(|n| (n, rest == 0))
    }
}

/// Digits in groups: the first of 1–3 and the others of 3 where there is a separator.
fn whole_digits(whole: &str, point: char) -> Option<i64> {
    let separator = whole.chars().find(|c| !c.is_ascii_digit());
    let groups: Vec<&str> = match separator {
        None => vec![whole],
        Some(c) if c != point && [',', '.', '\'', ' ', '\u{a0}', '\u{202f}'].contains(&c) => {
            whole.split(c).collect()
        }
        Some(_) => return None,
    };
    let grouped = groups.len() == 1
        || ((1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3));
    if !grouped {
        return None;
    }
    groups.concat().bytes().try_fold(0_i64, |n, b| {
        let digit = b.is_ascii_digit().then(|| i64::from(b - b'0'))?;
        n.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, point: char, expect: Option<(i64, bool)>) {
        let found = Decimal::parse(text, point).and_then(|d| d.minor_units(1, Currency::GBP));
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn decimals_are_exact_and_grouping_is_checked() {
        check("2.55", '.', Some((255, true)));
        check("0", '.', Some((0, true)));
        check("-27.5", '.', Some((-2750, true)));
        check("1,299.00", '.', Some((129_900, true)));
        check("1.299,00", ',', Some((129_900, true)));
        check("1 299,5", ',', Some((129_950, true)));
        check("12,99.00", '.', None);
        check("0.005", '.', Some((1, false)));
        check("-0.005", '.', Some((-1, false)));
        check("0.004", '.', Some((0, false)));
        check("1.0000", '.', Some((100, true)));
        for bad in ["", ".", "-", "1e3", "0x10", "1.2.3", "NaN", "99999999999999999999", "1.123456789"] {
            check(bad, '.', None);
        }
    }

    #[test]
    fn many_pieces_are_multiplied_before_rounding() {
        let price = Decimal::parse("0.001", '.').unwrap();
        assert_eq!(price.minor_units(12_000, Currency::GBP), Some((1_200, true)));
        let yen = Currency::new("JPY").unwrap();
        assert_eq!(Decimal::parse("0.5", '.').unwrap().minor_units(3, yen), Some((2, false)));
    }
}
