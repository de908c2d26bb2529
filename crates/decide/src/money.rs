//! How is money written in a policy? As a quoted decimal in the policy's currency, "26.00".

use ringfence_domain::{Currency, Money};

/// Minor units of a decimal such as `26`, `26.5` or `26.00`; digits beyond the currency's are refused.
pub(crate) fn parse_minor(text: &str, currency: Currency) -> Result<i64, String> {
    let bad = || format!("`{}` is not an amount of {currency}", text.chars().take(40).collect::<String>());
    let digits = currency.minor_digits() as usize;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let only_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty()
        || !only_digits(whole)
        || !only_digits(fraction)
        || fraction.len() > digits
        || text.ends_with('.')
    {
        return Err(bad());
    }
    let padded = format!("{whole}{fraction:0<digits$}");
    let minor = padded.parse::<i64>().map_err(|_| bad())?;
    Money::new(minor, currency).map(|money| money.amount).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::parse_minor;
    use ringfence_domain::Currency;

    fn check(text: &str, currency: &str, expect: Option<i64>) {
        let currency = Currency::new(currency).expect("a currency");
        assert_eq!(parse_minor(text, currency).ok(), expect, "{text} {currency}");
    }

    #[test]
    fn decimals_become_minor_units_of_their_currency() {
        check("26", "USD", Some(2_600));
        check("26.5", "USD", Some(2_650));
        check("26.05", "USD", Some(2_605));
        check("0", "USD", Some(0));
        check("26", "JPY", Some(26));
        check("26.055", "KWD", Some(26_055));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", ".5", "5.", "-1", "+1", "1,000", "1e3", "26.055", "26 USD", "99999999999999999999", "٣"]
        {
            check(text, "USD", None);
        }
        check("26.0", "JPY", None);
    }
}
