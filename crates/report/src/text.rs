//! How is a number written for people, and how wide is a text?

/// Narrow no-break space: between digits and a unit, so that the two never part at a line end.
const UNIT_SPACE: char = '\u{202f}';

/// `1234567` as `1,234,567`; rounded to a whole number.
pub fn count(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let whole = format!("{:.0}", value.abs());
    let mut out = String::new();
    if value < 0.0 && whole != "0" {
        out.push('−');
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with `digits` after the point and thousands separators.
pub fn decimal(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = format!("{:.digits$}", value.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = count(whole.parse().unwrap_or(0.0));
    if !rest.is_empty() {
        out.push('.');
        out.push_str(rest);
    }
    if value < 0.0 && text.bytes().any(|b| b.is_ascii_digit() && b != b'0') {
        out.insert(0, '−');
    }
    out
}

/// A share of 0–1 in percent, with as many digits as it needs to say something: `0.0213` as `2.1 %`.
pub fn share(value: f64) -> String {
    let percent = value * 100.0;
    let digits = match percent.abs() {
        p if p == 0.0
            || (99.95..100.05).contains(&p)
            || (9.95..99.5).contains(&p) && (p - p.round()).abs() < 0.05 =>
        {
            0
        }
        p if p >= 1.0 => 1,
        p if p >= 0.1 => 2,
        _ => 3,
    };
    format!("{}{UNIT_SPACE}%", decimal(percent, digits))
}

/// An amount in major units with its currency: `1,234 USD`; no cents from 100 on.
pub fn money(major: f64, currency: &str) -> String {
    let digits = if major.abs() >= 100.0 || major == 0.0 { 0 } else { 2 };
    format!("{}{UNIT_SPACE}{currency}", decimal(major, digits))
}

/// Short form for axes and cards: `12,300` as `12.3 k`, `4,500,000` as `4.5 M`.
pub fn short(value: f64) -> String {
    let (scaled, suffix) = match value.abs() {
        v if v >= 999_500_000.0 => (value / 1e9, "G"),
        v if v >= 999_500.0 => (value / 1e6, "M"),
        v if v >= 9_999.5 => (value / 1e3, "k"),
        _ => return plain(value),
    };
    format!("{}{UNIT_SPACE}{suffix}", plain((scaled * 100.0).round() / 100.0))
}

/// The shortest form with at most four significant digits after the point, separators before it.
pub fn plain(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let digits = match value.abs() {
        v if v >= 1_000.0 => 0,
        v if v >= 100.0 => 1,
        v if v >= 1.0 => 2,
        v if v >= 0.1 => 3,
        v if v >= 0.01 => 4,
        _ => 6,
    };
    let text = decimal(value, digits);
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Estimated width in pixels of `text` at `size` pixels, on the wide side of common sans-serif fonts.
///
/// Charts are drawn without a browser, so nothing can be measured; the classes are those of
/// DejaVu Sans, the widest font that a `sans-serif` is likely to resolve to.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let em: f64 = text
        .chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' | '\u{202f}' => 0.32,
            'f' | 't' | 'r' | '(' | ')' | '-' | '/' | 'I' | 's' => 0.45,
            'm' | 'w' | 'M' | 'W' | '%' | '@' | '→' | '↑' | '–' | '−' => 0.93,
            'A'..='Z' => 0.70,
            _ => 0.62,
        })
        .sum();
    em * size
}

/// Breaks `text` into lines of at most `width_max` pixels; a longer single word stays whole.
pub(crate) fn wrap(text: &str, size: f64, width_max: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        match lines.last_mut() {
            Some(line) if width(line, size) + width(word, size) + 0.32 * size <= width_max => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Cuts `text` to `width_max` pixels with an ellipsis.
pub(crate) fn fit(text: &str, size: f64, width_max: f64) -> String {
    if width(text, size) <= width_max {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if width(&out, size) + width(&c.to_string(), size) + 0.93 * size > width_max {
            break;
        }
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        let check = |got: String, expect: &str| assert_eq!(got.replace(UNIT_SPACE, " "), expect);
        check(count(1_234_567.4), "1,234,567");
        check(count(-12.0), "−12");
        check(count(-0.2), "0");
        check(count(f64::NAN), "–");
        check(decimal(1_234.567, 2), "1,234.57");
        check(decimal(-0.5, 1), "−0.5");
        check(share(0.0213), "2.1 %");
        check(share(0.5), "50 %");
        check(share(1.0), "100 %");
        check(share(0.996), "99.6 %");
        check(share(0.0), "0 %");
        check(share(0.00123), "0.12 %");
        check(money(1_234.6, "USD"), "1,235 USD");
        check(money(12.5, "USD"), "12.50 USD");
        check(short(950.0), "950");
        check(short(12_300.0), "12.3 k");
        check(short(4_500_000.0), "4.5 M");
        check(short(-4_500_000.0), "−4.5 M");
        check(plain(0.05), "0.05");
        check(plain(2_500.0), "2,500");
    }

    #[test]
    fn wrapping_keeps_every_word_and_the_width() {
        let text = "precision among the requests that people look at, by share looked at";
        let lines = wrap(text, 12.0, 150.0);
        assert_eq!(lines.join(" "), text);
        assert!(lines.len() > 1 && lines.iter().all(|l| width(l, 12.0) <= 150.0));
    }

    #[test]
    fn a_text_that_does_not_fit_says_so() {
        assert_eq!(fit("short", 12.0, 100.0), "short");
        let cut = fit("staff_refunds_without_return_30d", 12.0, 100.0);
        assert!(cut.ends_with('…') && width(&cut, 12.0) <= 101.0, "{cut}");
    }
}
