//! What did the deployment configure? `ringfence.toml`: currency, rates, names, tokens, limits.
//!
//! ```toml
//! reporting_currency = "USD"      # features, reports and expected losses are in it
//!
//! [[rate]]                        # 1 EUR = 1.0702 USD from this day until the next rate of EUR
//! currency = "EUR"
//! from = "2023-01-01"
//! rate = "1.0702"                 # a text: rates are exact, never floats
//!
//! [retailer]
//! names = ["Nordlicht", "Nord Licht", "nordlciht"]   # as posts write and misspell them
//! others = ["Bigbox"]             # other shops that posts write about
//!
//! [tokens]                        # replaced by keyed tokens before anything else sees them
//! kinds = ["email", "phone", "address"]
//!
//! [limits]
//! future_max = "1d"               # a time further ahead of the machine's clock is refused
//! line_bytes_max = 1048576
//! batch_bytes_max = 16777216
//! batch_events_max = 10000
//! ```

use crate::codec::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, LINE_BYTES_MAX, Limits, char_floor};
use crate::money::Currency;
use crate::rates::{Rate, Rates};
use crate::time::{Duration, Timestamp};
use crate::words::{TokenKind, Word, nearest};
use serde::Deserialize;
use std::fmt;
use toml::Spanned;

/// Longest line or batch that may be configured: larger ones would hold a machine's memory.
pub const CONFIG_BYTES_MAX: usize = 1 << 30;
/// Smallest line limit that may be configured: a request with a few lines must fit.
pub const CONFIG_BYTES_MIN: usize = 1 << 12;
/// Most rates: 40 years of days for 30 currencies.
pub const RATES_MAX: usize = 450_000;
/// Most names of the retailer.
pub const RETAILER_NAMES_MAX: usize = 1_000;
/// A checked configuration.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// Rates into the reporting currency.
    pub rates: Rates,
    /// The retailer's own names and their misspellings, as posts write them.
    pub retailer_names: Vec<String>,
    /// Names of other retailers, as posts write them.
    pub other_retailers: Vec<String>,
    /// Kinds of values that are replaced by tokens.
    pub tokens: Vec<TokenKind>,
    /// How far ahead of the machine's clock an event may lie; `None`: any time is believed.
    pub future_max: Option<Duration>,
    /// Longest line or single event in bytes.
    pub line_bytes_max: usize,
    /// Longest batch in bytes.
    pub batch_bytes_max: usize,
    /// Most events in a batch.
    pub batch_events_max: usize,
    /// The table `[serve]`, as it stands: the service reads and checks it.
    pub serve: toml::Table,
    /// The table `[casework]`, as it stands: the service reads and checks it.
    pub casework: toml::Table,
}

impl Default for Config {
    /// What holds without a file: US dollars, no rates, no tokens, the limits of the codec.
    fn default() -> Self {
        Self {
            rates: Rates::new(Currency::USD),
            retailer_names: Vec::new(),
            other_retailers: Vec::new(),
            tokens: Vec::new(),
            future_max: None,
            line_bytes_max: LINE_BYTES_MAX,
            batch_bytes_max: BATCH_BYTES_MAX,
            batch_events_max: BATCH_EVENTS_MAX,
            serve: toml::Table::new(),
            casework: toml::Table::new(),
        }
    }
}

/// Why a configuration is refused, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct ConfigError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it, where that can be told.
    pub help: Option<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

impl ConfigError {
    /// A refusal of what stands at `offset` (bytes) of `text`.
    pub fn at(text: &str, offset: usize, message: impl Into<String>, help: Option<String>) -> Self {
        let before = &text[..char_floor(text, offset)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
            help,
        }
    }
    /// A refusal by the TOML reader: unknown names get the nearest valid one as help.
    pub fn from_toml(text: &str, error: &toml::de::Error) -> Self {
        let message = error.message().trim();
        let offset = error.span().map_or(0, |span| span.start);
        let words = |list: &str| list.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        for (start, what) in [("unknown field `", "name"), ("unknown variant `", "word")] {
            if let Some((word, list)) =
                message.strip_prefix(start).and_then(|rest| rest.split_once("`, expected "))
            {
                let words = words(list);
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                return Self::at(
                    text,
                    offset,
                    format!("unknown {what} `{word}`"),
                    Some(did_you_mean(word, &words)),
                );
            }
        }
        match message.split_once("; ") {
            Some((message, help)) => Self::at(text, offset, message, Some(help.to_owned())),
            None => Self::at(text, offset, message, None),
        }
    }
}

/// Help for a word that is not valid: the nearest one that is, and all of them.
pub fn did_you_mean(word: &str, valid: &[&str]) -> String {
    let list = valid.join(", ");
    match nearest(word, valid.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? one of: {list}"),
        None => format!("write one of: {list}"),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    reporting_currency: Option<Currency>,
    #[serde(default)]
    rate: Vec<Spanned<RateEntry>>,
    #[serde(default)]
    retailer: Retailer,
    #[serde(default)]
    tokens: Tokens,
    #[serde(default)]
    limits: FileLimits,
    #[serde(default)]
    serve: toml::Table,
    #[serde(default)]
    casework: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateEntry {
    currency: Spanned<Currency>,
    from: Spanned<String>,
    rate: Spanned<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Retailer {
    #[serde(default)]
    names: Vec<Spanned<String>>,
    #[serde(default)]
    others: Vec<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Tokens {
    #[serde(default)]
    kinds: Vec<Spanned<String>>,
}

// The names are those of the file.
#[allow(clippy::struct_field_names)]
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct FileLimits {
    future_max: Option<Spanned<String>>,
    line_bytes_max: Option<Spanned<i64>>,
    batch_bytes_max: Option<Spanned<i64>>,
    batch_events_max: Option<Spanned<i64>>,
}

impl Config {
    /// Reads and checks the text of a `ringfence.toml`.
    pub fn parse(text: &str) -> Result<Config, ConfigError> {
        let file: File = toml::from_str(text).map_err(|e| ConfigError::from_toml(text, &e))?;
        let File { reporting_currency, rate, retailer, tokens, limits, serve, casework } = file;
        let defaults = Config::default();
        let FileLimits { future_max, line_bytes_max, batch_bytes_max, batch_events_max } = limits;
        let bytes = CONFIG_BYTES_MIN..=CONFIG_BYTES_MAX;
        Ok(Config {
            rates: rates(text, reporting_currency.unwrap_or(Currency::USD), rate)?,
            retailer_names: names(text, retailer.names)?,
            other_retailers: names(text, retailer.others)?,
            tokens: kinds(text, &tokens.kinds)?,
            future_max: future_max.map(|spanned| duration(text, &spanned)).transpose()?,
            line_bytes_max: within(text, line_bytes_max, bytes.clone(), defaults.line_bytes_max)?,
            batch_bytes_max: within(text, batch_bytes_max, bytes, defaults.batch_bytes_max)?,
            batch_events_max: within(text, batch_events_max, 1..=1_000_000, defaults.batch_events_max)?,
            serve,
            casework,
        })
    }

    /// The codec's limits; `now` is the machine's clock where events arrive live, `None` for files of any time.
    pub fn limits(&self, now: Option<Timestamp>) -> Limits {
        let time_max = match (now, self.future_max) {
            (Some(now), Some(ahead)) => Some(now.plus(ahead)),
            (Some(_), None) | (None, Some(_) | None) => None,
        };
        Limits {
            line_bytes_max: self.line_bytes_max,
            batch_bytes_max: self.batch_bytes_max,
            batch_events_max: self.batch_events_max,
            time_max,
        }
    }
}

fn rates(text: &str, reporting: Currency, entries: Vec<Spanned<RateEntry>>) -> Result<Rates, ConfigError> {
    let refuse = |offset: usize, message: String, help: &str| {
        Err(ConfigError::at(text, offset, message, Some(help.to_owned())))
    };
    if let Some(first_too_many) = entries.get(RATES_MAX) {
        return refuse(first_too_many.span().start, format!("more than {RATES_MAX} rates"), "keep one a day");
    }
    let mut rates = Rates::new(reporting);
    for entry in entries {
        let RateEntry { currency, from, rate } = entry.into_inner();
        let Some(day) = day(from.get_ref()) else {
            return refuse(
                from.span().start,
                format!("`{}` is not a day", from.get_ref()),
                "write it as in \"2023-01-31\"",
            );
        };
        let parsed = match Rate::parse(rate.get_ref()) {
            Ok(parsed) => parsed,
            Err(e) => return Err(ConfigError::at(text, rate.span().start, e.to_string(), None)),
        };
        if *currency.get_ref() == reporting {
            let message = format!("{reporting} is the reporting currency, its rate is 1");
            return refuse(currency.span().start, message, "leave this rate out");
        }
        if rates.set(*currency.get_ref(), day, parsed).is_some() {
            let message = format!("a second rate of {} for {}", currency.get_ref(), from.get_ref());
            return refuse(from.span().start, message, "keep one rate a day");
        }
    }
    Ok(rates)
}

fn day(text: &str) -> Option<Timestamp> {
    let shape = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if shape { Timestamp::parse(&format!("{text}T00:00:00Z")).ok() } else { None }
}

fn names(text: &str, names: Vec<Spanned<String>>) -> Result<Vec<String>, ConfigError> {
    let refuse = |name: &Spanned<String>, message: &str, help: &str| {
        Err(ConfigError::at(text, name.span().start, message, Some(help.to_owned())))
    };
    if let Some(name) = names.get(RETAILER_NAMES_MAX) {
        return refuse(
            name,
            &format!("more than {RETAILER_NAMES_MAX} names"),
            "keep the commonest spellings",
        );
    }
    if let Some(name) = names.iter().find(|name| name.get_ref().trim().is_empty()) {
        return refuse(name, "this name is empty", "leave it out");
    }
    Ok(names.into_iter().map(Spanned::into_inner).collect())
}

fn kinds(text: &str, words: &[Spanned<String>]) -> Result<Vec<TokenKind>, ConfigError> {
    let kind = |word: &Spanned<String>| {
        word.get_ref().parse::<TokenKind>().map_err(|_| {
            let help = did_you_mean(word.get_ref(), TokenKind::TEXTS);
            ConfigError::at(text, word.span().start, format!("unknown kind `{}`", word.get_ref()), Some(help))
        })
    };
    words.iter().map(kind).collect()
}

fn duration(text: &str, spanned: &Spanned<String>) -> Result<Duration, ConfigError> {
    Duration::parse(spanned.get_ref()).map_err(|e| {
        let message = e.to_string();
        let (message, help) = message.split_once("; ").unwrap_or((&message, "write it as in \"1d\""));
        ConfigError::at(text, spanned.span().start, message, Some(help.to_owned()))
    })
}

fn within(
    text: &str,
    value: Option<Spanned<i64>>,
    range: std::ops::RangeInclusive<usize>,
    default: usize,
) -> Result<usize, ConfigError> {
    let Some(value) = value else { return Ok(default) };
    let offset = value.span().start;
    let number = value.into_inner();
    match usize::try_from(number) {
        Ok(n) if range.contains(&n) => Ok(n),
        Ok(_) | Err(_) => {
            let help = format!("write a number from {} to {}", range.start(), range.end());
            Err(ConfigError::at(text, offset, format!("{number} is out of range"), Some(help)))
        }
    }
}
