//! When was it posted? Unix seconds, RFC 3339, or a date with a time of day.

use ringfence_domain::Timestamp;

/// Reads a time in one of the forms of the exports; without a zone it is UTC.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = Timestamp::parse(text) {
        return Some(time);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !whole.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        let seconds: i64 = whole.parse().ok()?;
        let thousandths = format!("{fraction:0<3}")[..3].parse::<i64>().ok()?;
        return Timestamp::from_millis(seconds.checked_mul(1_000)?.checked_add(thousandths)?);
    }
    let civil = text.replacen(' ', "T", 1);
    let forms = ["Z", ":00Z", "T00:00:00Z"];
    forms.iter().find_map(|end| Timestamp::parse(&format!("{civil}{end}")).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(read(text).map(|t| t.to_string()), expect.map(str::to_owned), "{text}");
    }

    #[test]
    fn times_of_all_exports_are_read() {
        check("1697369400", Some("2023-10-15T11:30:00Z"));
        check("1697369400.5", Some("2023-10-15T11:30:00.500Z"));
        check("2023-10-15T12:30:00", Some("2023-10-15T12:30:00Z"));
        check("2023-10-15T12:30:00.123+02:00", Some("2023-10-15T10:30:00.123Z"));
        check("2023-10-15 12:30", Some("2023-10-15T12:30:00Z"));
        check("2023-10-15", Some("2023-10-15T00:00:00Z"));
        for bad in ["", ".", "yesterday", "12", "2023-13-01", "1.1697369400.2", "99999999999999999999"] {
            check(bad, None);
        }
    }
}
