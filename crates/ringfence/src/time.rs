//! Which moment is meant? A day or an RFC 3339 time on the command line.

use ringfence_domain::Timestamp;

/// Reads `2023-09-01` (its midnight, UTC) or `2023-09-01T12:00:00Z`.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    let is_day = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let full = if is_day { format!("{text}T00:00:00Z") } else { text.to_owned() };
    Timestamp::parse(&full).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_midnight() {
        assert_eq!(moment("2023-09-01"), moment("2023-09-01T00:00:00Z"));
        assert!(moment("2023-09-31").is_err() && moment("yesterday").is_err() && moment("2023-9-1").is_err());
    }
}
