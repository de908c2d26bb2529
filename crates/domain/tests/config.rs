//! What does a wrong `ringfence.toml` say? Line, column, and the nearest valid word.
#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.

use ringfence_domain::config::Config;
use ringfence_domain::words::TokenKind;
use ringfence_domain::{Currency, Duration, Limits, Money, Timestamp, config};

const GOOD: &str = r#"reporting_currency = "USD"

[[rate]]
currency = "EUR"
from = "2023-01-01"
rate = "1.0702"

[retailer]
names = ["Nordlicht", "Nord Licht"]

[tokens]
kinds = ["email", "phone"]

[limits]
future_max = "1d"
line_bytes_max = 65536
"#;

fn check(from: &str, to: &str, expect: &str) {
    assert!(GOOD.contains(from), "{from}");
    let message = Config::parse(&GOOD.replacen(from, to, 1)).map_or_else(|e| e.to_string(), |_| "ok".into());
    assert_eq!(message, expect, "{from} → {to}");
}

#[test]
fn the_good_file_is_read() {
    let config = Config::parse(GOOD).unwrap();
    let day = Timestamp::parse("2023-06-01T00:00:00Z").unwrap();
    assert_eq!(config.rates.convert(Money::new(10_000, Currency::EUR).unwrap(), day), Some(10_702));
    assert_eq!(config.tokens, [TokenKind::Email, TokenKind::Phone]);
    assert_eq!(config.retailer_names, ["Nordlicht", "Nord Licht"]);
    assert_eq!(config.future_max, Some(Duration::DAY));
    assert_eq!(config.limits(None), Limits { line_bytes_max: 65_536, ..Limits::default() });
    assert_eq!(config.limits(Some(day)).time_max, Timestamp::parse("2023-06-02T00:00:00Z").ok());
    assert_eq!(Config::parse("").unwrap(), Config::default());
}

#[test]
fn faults_are_named_with_line_and_column() {
    check(
        "reporting_currency",
        "reporting_curency",
        "line 1, column 1: unknown name `reporting_curency`; did you mean `reporting_currency`? one of: reporting_currency, rate, retailer, tokens, limits, serve, casework",
    );
    check(
        "\"USD\"",
        "\"usd\"",
        "line 1, column 22: `usd` is not an ISO 4217 code; write three capital letters, as in USD",
    );
    check(
        "\"2023-01-01\"",
        "\"1.1.2023\"",
        "line 5, column 8: `1.1.2023` is not a day; write it as in \"2023-01-31\"",
    );
    check(
        "\"1.0702\"",
        "\"1,07\"",
        "line 6, column 8: `1,07` is not a rate; write a decimal number as a text, as in \"0.9241\"",
    );
    check(
        "\"EUR\"",
        "\"USD\"",
        "line 4, column 12: USD is the reporting currency, its rate is 1; leave this rate out",
    );
    check(
        "\"phone\"",
        "\"fone\"",
        "line 12, column 19: unknown kind `fone`; did you mean `phone`? one of: email, phone, address, payment, device, ip, account",
    );
    check(
        "\"1d\"",
        "\"1 day\"",
        "line 15, column 14: `1 day` is not a duration; write a whole number and one of s, m, h, d, w, as in 90d",
    );
    check("65536", "12", "line 16, column 18: 12 is out of range; write a number from 4096 to 1073741824");
    check("65536", "-1", "line 16, column 18: -1 is out of range; write a number from 4096 to 1073741824");
    check("\"Nord Licht\"", "\" \"", "line 9, column 23: this name is empty; leave it out");
    let twice = format!("{GOOD}\n[[rate]]\ncurrency = \"EUR\"\nfrom = \"2023-01-01\"\nrate = \"2\"\n");
    assert_eq!(
        Config::parse(&twice).unwrap_err().to_string(),
        "line 20, column 8: a second rate of EUR for 2023-01-01; keep one rate a day"
    );
    let cut = Config::parse("[limits").unwrap_err();
    assert_eq!(cut.line, 1, "{cut}");
}

#[test]
fn a_float_rate_is_refused() {
    let e = Config::parse(&GOOD.replacen("\"1.0702\"", "1.0702", 1)).unwrap_err();
    assert_eq!((e.line, e.column), (6, 8), "{e}");
}

#[test]
fn help_offers_the_nearest_word_only_where_it_is_near() {
    assert_eq!(
        config::did_you_mean("emial", &["email", "phone"]),
        "did you mean `email`? one of: email, phone"
    );
    assert_eq!(config::did_you_mean("zzz", &["email", "phone"]), "write one of: email, phone");
}
