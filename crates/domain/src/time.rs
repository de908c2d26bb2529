//! When? Milliseconds since 1970-01-01 UTC, between 1990 and 2200; durations in milliseconds.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;

/// A length of time in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Duration(pub i64);

impl Duration {
    /// One second.
    pub const SECOND: Duration = Duration(1_000);
    /// One minute.
    pub const MINUTE: Duration = Duration(60_000);
    /// One hour.
    pub const HOUR: Duration = Duration(3_600_000);
    /// One day of 24 hours.
    pub const DAY: Duration = Duration(86_400_000);

    /// `n` days.
    pub const fn days(n: i64) -> Duration {
        Duration(n * Self::DAY.0)
    }
    /// `n` hours.
    pub const fn hours(n: i64) -> Duration {
        Duration(n * Self::HOUR.0)
    }
    /// Reads `90d`, `12h`, `30m`, `45s` or `2w`.
    pub fn parse(text: &str) -> Result<Duration, TimeError> {
        let bad = || TimeError::Duration(text.chars().take(32).collect());
        let unit = match text.as_bytes().last() {
            Some(b's') => Self::SECOND,
            Some(b'm') => Self::MINUTE,
            Some(b'h') => Self::HOUR,
            Some(b'd') => Self::DAY,
            Some(b'w') => Self::days(7),
            _ => return Err(bad()),
        };
        let count: u32 = text[..text.len() - 1].parse().map_err(|_| bad())?;
        i64::from(count).checked_mul(unit.0).map(Duration).ok_or_else(bad)
    }
    /// The length in days.
    pub fn as_days(self) -> f64 {
        self.0 as f64 / Self::DAY.0 as f64
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, name) in [(Self::DAY, "d"), (Self::HOUR, "h"), (Self::MINUTE, "m"), (Self::SECOND, "s")] {
            if self.0 % unit.0 == 0 {
                return write!(f, "{}{name}", self.0 / unit.0);
            }
        }
        write!(f, "{}ms", self.0)
    }
}

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not RFC 3339.
    #[error("`{0}` is not an RFC 3339 time; write UTC as in 2023-03-01T12:34:56.789Z")]
    Syntax(String),
    /// Before 1990 or from 2200 on.
    #[error("`{0}` lies outside 1990–2199; check the unit and the time zone of the sender's clock")]
    Range(String),
    /// Not a duration.
    #[error("`{0}` is not a duration; write a whole number and one of s, m, h, d, w, as in 90d")]
    Duration(String),
}

/// An instant, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1990-01-01T00:00:00Z: before it a time is a fault of the sender.
    pub const MIN: Timestamp = Timestamp(631_152_000_000);
    /// 2199-12-31T23:59:59.999Z.
    pub const MAX: Timestamp = Timestamp(7_258_118_399_999);

    /// From milliseconds since 1970; `None` outside [`Self::MIN`]..=[`Self::MAX`].
    pub const fn from_millis(ms: i64) -> Option<Timestamp> {
        if ms < Self::MIN.0 || ms > Self::MAX.0 { None } else { Some(Timestamp(ms)) }
    }
    /// Milliseconds since 1970.
    #[inline]
    pub const fn millis(self) -> i64 {
        self.0
    }
    /// This instant moved, kept within the range.
    pub fn plus(self, d: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(d.0).clamp(Self::MIN.0, Self::MAX.0))
    }
    /// Time from `earlier` to this instant; negative where `earlier` is later.
    #[inline]
    pub const fn since(self, earlier: Timestamp) -> Duration {
        Duration(self.0 - earlier.0)
    }
    /// Days since 1970-01-01, UTC.
    pub const fn day(self) -> i64 {
        self.0.div_euclid(Duration::DAY.0)
    }
    /// Year, month 1–12 and day 1–31, UTC (proleptic Gregorian; Howard Hinnant, `civil_from_days`).
    pub fn civil(self) -> (i64, u32, u32) {
        let z = self.day() + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
        let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
        (yoe + era * 400 + i64::from(month <= 2), month, day)
    }
    /// Midnight UTC of a civil date; `None` where there is no such date or it is out of range.
    pub fn from_civil(year: i64, month: u32, day: u32) -> Option<Timestamp> {
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let yoe = y.rem_euclid(400);
        let m = i64::from(month);
        let doy = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + i64::from(day) - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        let t = Timestamp::from_millis((era * 146_097 + doe - 719_468) * Duration::DAY.0)?;
        (t.civil() == (year, month, day)).then_some(t)
    }
    /// Milliseconds since midnight UTC.
    pub const fn millis_of_day(self) -> i64 {
        self.0.rem_euclid(Duration::DAY.0)
    }
    /// 0 = Monday … 6 = Sunday, UTC.
    pub const fn weekday(self) -> u32 {
        (self.day() + 3).rem_euclid(7) as u32
    }
    /// Reads RFC 3339; any offset, kept as UTC; finer than a millisecond is cut off.
    pub fn parse(text: &str) -> Result<Timestamp, TimeError> {
        let shown = || text.chars().take(40).collect::<String>();
        let ms = match Self::parse_utc(text.as_bytes()) {
            Some(ms) => ms,
            None => text.parse::<jiff::Timestamp>().map_err(|_| TimeError::Syntax(shown()))?.as_millisecond(),
        };
        Self::from_millis(ms).ok_or_else(|| TimeError::Range(shown()))
    }
    /// The common form `2023-03-01T12:34:56[.789]Z`, without a detour.
    fn parse_utc(b: &[u8]) -> Option<i64> {
        fn number(b: &[u8]) -> Option<i64> {
            b.iter().try_fold(0, |n, c| c.is_ascii_digit().then(|| n * 10 + i64::from(c - b'0')))
        }
        if b.len() < 20 || b[4] != b'-' || b[7] != b'-' || b[10] != b'T' || b[13] != b':' || b[16] != b':' {
            return None;
        }
        let fraction = match (b.len(), b[19]) {
            (20, b'Z') => 0,
            (24, b'.') if b[23] == b'Z' => number(&b[20..23])?,
            _ => return None,
        };
        let (h, m, s) = (number(&b[11..13])?, number(&b[14..16])?, number(&b[17..19])?);
        if h > 23 || m > 59 || s > 59 {
            return None;
        }
        let year = number(&b[..4])?;
        if !(1970..=2300).contains(&year) {
            return None;
        }
        let date = Timestamp::from_civil(year, number(&b[5..7])? as u32, number(&b[8..10])? as u32)?;
        Some(date.0 + ((h * 60 + m) * 60 + s) * 1_000 + fraction)
    }
    /// Appends the RFC 3339 form with milliseconds where they are not zero.
    pub fn write(self, out: &mut impl fmt::Write) -> fmt::Result {
        let (text, len) = self.text();
        out.write_str(std::str::from_utf8(&text[..len]).expect("a time is written in ASCII"))
    }
    /// Appends the same form as bytes.
    pub fn write_bytes(self, out: &mut Vec<u8>) {
        let (text, len) = self.text();
        out.extend_from_slice(&text[..len]);
    }
    /// The RFC 3339 form and its length: 20 bytes, or 24 with milliseconds.
    fn text(self) -> ([u8; 24], usize) {
        fn digits(text: &mut [u8], mut n: u64) {
            for b in text.iter_mut().rev() {
                *b = b'0' + (n % 10) as u8;
                n /= 10;
            }
        }
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let (year, month, day) = self.civil();
        let ms = self.millis_of_day() as u64;
        digits(&mut text[..4], year as u64);
        digits(&mut text[5..7], u64::from(month));
        digits(&mut text[8..10], u64::from(day));
        digits(&mut text[11..13], ms / 3_600_000);
        digits(&mut text[14..16], ms / 60_000 % 60);
        digits(&mut text[17..19], ms / 1_000 % 60);
        digits(&mut text[20..23], ms % 1_000);
        if ms.is_multiple_of(1_000) {
            text[19] = b'Z';
            return (text, 20);
        }
        (text, 24)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let (text, len) = self.text();
        s.serialize_str(std::str::from_utf8(&text[..len]).expect("a time is written in ASCII"))
    }
}
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl de::Visitor<'_> for V {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time")
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Timestamp, E> {
                Timestamp::parse(v).map_err(E::custom)
            }
        }
        d.deserialize_str(V)
    }
}
impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}
