//! When was it, and how long did it take? Lengths of time, days before the post, and dates.

use crate::posts::text::{Kind, Piece, phrase_at};
use ringfence_domain::{Duration, Timestamp};

/// Longest length of time that is believed, in days.
const DAYS_MAX: i64 = 730;

/// What a post says about time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Moments {
    /// How many days it took.
    pub took_days: Option<i64>,
    /// When it happened, to the day.
    pub happened: Option<Timestamp>,
}

/// Days of a unit of time; 0 stands for less than a day.
fn unit_days(word: &str) -> Option<i64> {
    Some(match word {
        "h" | "hr" | "hrs" | "hour" | "hours" | "min" | "mins" | "minutes" | "stunden" | "stunde"
        | "horas" | "hora" | "heures" | "heure" | "ore" | "ora" => 0,
        "d" | "day" | "days" | "tag" | "tage" | "tagen" | "dia" | "dias" | "jour" | "jours" | "giorno"
        | "giorni" => 1,
        "w" | "wk" | "wks" | "week" | "weeks" | "woche" | "wochen" | "semana" | "semanas" | "semaine"
        | "semaines" | "settimana" | "settimane" => 7,
        "month" | "months" | "monat" | "monate" | "monaten" | "mes" | "meses" | "mois" | "mese" | "mesi" => {
            30
        }
        _ => return None,
    })
}

/// Whether a word after a number makes it a length of time.
pub(crate) fn is_unit(word: &str) -> bool {
    unit_days(word).is_some()
}

/// What is said about time in a text that was posted at `posted`.
pub(crate) fn moments(pieces: &[Piece], posted: Timestamp) -> Moments {
    let mut found = Moments::default();
    for at in 0..pieces.len() {
        let Some((days, taken)) = length(pieces, at) else { continue };
        let ago = pieces.get(at + taken).is_some_and(|p| ["ago", "fa"].contains(&p.plain.as_str()))
            || at.checked_sub(1).is_some_and(|b| ["vor", "hace"].contains(&pieces[b].plain.as_str()))
            || at.checked_sub(3).is_some_and(|b| phrase_at(pieces, b, "il y a").is_some());
        if ago {
            found.happened = found.happened.or(Some(posted.plus(Duration::days(-days))));
        } else {
            found.took_days = found.took_days.or(Some(days));
        }
    }
    for (phrases, days) in RELATIVE {
        let said = |phrase: &&&str| (0..pieces.len()).any(|at| phrase_at(pieces, at, phrase).is_some());
        if phrases.iter().any(|p| said(&p)) {
            found.happened = found.happened.or(Some(posted.plus(Duration::days(-days))));
        }
    }
    found.happened = found.happened.or_else(|| (0..pieces.len()).find_map(|at| date(pieces, at, posted)));
    found
}

const RELATIVE: &[(&[&str], i64)] = &[
    (&["yesterday", "gestern", "ayer", "ieri", "hier soir"], 1),
    (&["last week", "letzte woche", "la semana pasada", "la semaine derniere", "la settimana scorsa"], 7),
];

/// `3 days`, `2w`, `a week`: days and how many pieces it takes.
fn length(pieces: &[Piece], at: usize) -> Option<(i64, usize)> {
    let unit = unit_days(&pieces.get(at + 1)?.plain)?;
    let count = match pieces[at].plain.as_str() {
        "a" | "one" | "eine" | "einer" | "una" | "une" => 1,
        "two" | "zwei" | "dos" | "deux" | "due" => 2,
        "three" | "drei" | "tres" | "trois" | "tre" => 3,
        text if pieces[at].kind == Kind::Number => text.parse().ok()?,
        _ => return None,
    };
    // `1.5w` and the like are not read; a single letter has to stand at its number.
    let tight = pieces[at + 1].plain.len() > 1 || !pieces[at + 1].spaced;
    let days = unit.checked_mul(count)?;
    (tight && (0..=DAYS_MAX).contains(&days)).then_some((days, 2))
}

const MONTHS: [&[&str]; 12] = [
    &["january", "jan", "januar", "enero", "janvier", "gennaio"],
    &["february", "feb", "februar", "febrero", "fevrier", "febbraio"],
    &["march", "mar", "marz", "marzo", "mars"],
    &["april", "apr", "abril", "avril", "aprile"],
    &["may", "mai", "mayo", "maggio"],
    &["june", "jun", "juni", "junio", "juin", "giugno"],
    &["july", "jul", "juli", "julio", "juillet", "luglio"],
    &["august", "aug", "agosto", "aout"],
    &["september", "sep", "sept", "septiembre", "septembre", "settembre"],
    &["october", "oct", "okt", "oktober", "octubre", "octobre", "ottobre"],
    &["november", "nov", "noviembre", "novembre"],
    &["december", "dec", "dez", "dezember", "diciembre", "decembre", "dicembre"],
];

fn month(word: &str) -> Option<u32> {
    MONTHS.iter().position(|names| names.contains(&word)).map(|m| m as u32 + 1)
}

/// `2023-05-03`, `03.05.2023`, `25/12/2023`, `3 May`, `May 3rd`; a day that could be two dates is left alone.
fn date(pieces: &[Piece], at: usize, posted: Timestamp) -> Option<Timestamp> {
    let piece = &pieces[at];
    let number = |i: usize| pieces.get(i).filter(|p| p.kind == Kind::Number)?.plain.parse::<u32>().ok();
    let sign = |i: usize, c: char| pieces.get(i).is_some_and(|p| p.is(c));
    if piece.kind == Kind::Number && piece.plain.matches('.').count() == 2 {
        let parts: Vec<u32> = piece.plain.split('.').filter_map(|p| p.parse().ok()).collect();
        let [day, month, year] = parts.try_into().ok()?;
        return past(i64::from(year), month, day, posted);
    }
    if let (Some(a), Some(b), Some(c)) = (number(at), number(at + 2), number(at + 4)) {
        if sign(at + 1, '-') && sign(at + 3, '-') && a > 1_000 {
            return past(i64::from(a), b, c, posted);
        }
        if sign(at + 1, '/') && sign(at + 3, '/') && c > 1_000 {
            return match (a > 12, b > 12) {
                (true, false) => past(i64::from(c), b, a, posted),
                (false, true) => past(i64::from(c), a, b, posted),
                (false, false) if a == b => past(i64::from(c), a, b, posted),
                _ => None,
            };
        }
    }
    let (day, month) = match (number(at), month(&piece.plain)) {
        (Some(day), None) => {
            let skip = 1 + usize::from(pieces.get(at + 1).is_some_and(|p| is_ordinal(&p.plain)));
            (day, month(&pieces.get(at + skip)?.plain)?)
        }
        // "may" and "mar" are words of their own: they need a number behind them.
        (None, Some(month)) => (number(at + 1)?, month),
        _ => return None,
    };
    let (year, this_month, this_day) = posted.civil();
    let year = if (month, day) > (this_month, this_day) { year - 1 } else { year };
    past(year, month, day, posted)
}

fn is_ordinal(word: &str) -> bool {
    ["st", "nd", "rd", "th", ".", "de", "of"].contains(&word)
}

/// A date that lies before the post, and not years before it.
fn past(year: i64, month: u32, day: u32, posted: Timestamp) -> Option<Timestamp> {
    let year = if year < 100 { year + 2_000 } else { year };
    let at = Timestamp::from_civil(year, month, day)?;
    let days = posted.since(at).as_days();
    (0.0..=DAYS_MAX as f64).contains(&days).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posts::text::pieces;

    fn check(text: &str, took: Option<i64>, happened: Option<&str>) {
        let posted = Timestamp::parse("2023-06-10T12:00:00Z").expect("a time");
        let found = moments(&pieces(text), posted);
        let day = found.happened.map(|t| t.to_string()[..10].to_owned());
        assert_eq!((found.took_days, day.as_deref()), (took, happened), "{text}");
    }

    #[test]
    fn lengths_and_days_are_told_apart() {
        check("done in 3 days", Some(3), None);
        check("success 5d", Some(5), None);
        check("took two weeks", Some(14), None);
        check("refunded 2 weeks ago", None, Some("2023-05-27"));
        check("vor 3 Tagen erstattet", None, Some("2023-06-07"));
        check("hace 4 dias, tardó 2 semanas", Some(14), Some("2023-06-06"));
        check("il y a 2 jours", None, Some("2023-06-08"));
        check("ieri, 5 giorni", Some(5), Some("2023-06-09"));
        check("yesterday", None, Some("2023-06-09"));
        check("within 5 hours", Some(0), None);
    }

    #[test]
    fn dates_are_read_where_they_can_mean_one_day_only() {
        check("ordered 2023-05-03", None, Some("2023-05-03"));
        check("am 03.05.2023", None, Some("2023-05-03"));
        check("25/04/2023", None, Some("2023-04-25"));
        check("03/04/2023", None, None);
        check("on May 3rd", None, Some("2023-05-03"));
        check("3 December", None, Some("2022-12-03"));
        check("it may work", None, None);
        check("2025-01-01", None, None);
    }
}
