//! How much is named? Amounts in the notations that people use, with their currency and how rough they are.
//!
//! `$1,299.00`, `1.299,00 €`, `1k3`, `£900+`, `1299 usd`, `€ 1.299`, `~2.5k`. Percentages, lengths of time, clock times and
//! quantities are no amounts.

use crate::posts::moments;
use crate::posts::text::{Kind, Piece};
use ringfence_domain::Currency;
use serde::Serialize;
use std::ops::Range;

/// Largest number that is believed to be an amount of money in a post, in hundredths: beyond it stand phone numbers and ids.
const HUNDREDTHS_MAX: i64 = 100_000_000;
/// A number without a currency is an amount from here on, in hundredths: below it people count pieces and days.
const BARE_MIN: i64 = 2_000;
/// Most amounts of one post that are kept.
pub(crate) const AMOUNTS_MAX: usize = 6;

/// In what money.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Not said.
    Unsaid,
    /// Some dollar: American, Canadian, Australian.
    Dollar,
    /// This currency.
    Of(Currency),
}

impl Unit {
    /// Whether an amount in this unit may be one in `currency`.
    pub fn fits(self, currency: Currency) -> bool {
        match self {
            Unit::Unsaid => true,
            Unit::Dollar => ["USD", "CAD", "AUD", "NZD", "SGD", "HKD"].contains(&currency.as_str()),
            Unit::Of(code) => code == currency,
        }
    }
}

/// An amount in a post.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Amount {
    /// Where it stands, in bytes of the text.
    pub span: Range<usize>,
    /// Hundredths of the unit.
    pub hundredths: i64,
    /// The currency, as far as it is said.
    pub unit: Unit,
    /// The least step that its notation can tell, in hundredths: `1.3k` tells hundreds. 0 where it tells all digits.
    pub coarse: i64,
    /// "about", "~".
    pub approximate: bool,
    /// "over", "900+": at least so much.
    pub at_least: bool,
    /// What somebody was paid for it, not what was refunded.
    pub fee: bool,
}

/// All amounts of a text.
pub(crate) fn amounts(pieces: &[Piece]) -> Vec<Amount> {
    let mut found: Vec<Amount> = Vec::new();
    for at in 0..pieces.len() {
        if found.len() == AMOUNTS_MAX {
            break;
        }
        found.extend(amount_at(pieces, at));
    }
    // Where one amount has its currency, bare numbers beside it are models, sizes and ids.
    if found.iter().any(|a| a.unit != Unit::Unsaid) {
        found.retain(|a| a.unit != Unit::Unsaid);
    }
    found
}

fn amount_at(pieces: &[Piece], at: usize) -> Option<Amount> {
    let number = pieces.get(at).filter(|p| p.kind == Kind::Number)?;
    let before = at.checked_sub(1).map(|i| &pieces[i]);
    let (before_unit, mut first) = match unit_before(pieces, at) {
        Some((unit, pieces_taken)) => (Some(unit), at - pieces_taken),
        None => (None, at),
    };
    let glued = !number.spaced && before.is_some_and(|b| b.kind == Kind::Word);
    if before_unit.is_none() && (glued || is_part_of_a_time(pieces, at)) {
        return None;
    }
    let mut after = at + 1;
    let thousands = pieces.get(after).filter(|p| p.plain == "k" && (!p.spaced || before_unit.is_some()));
    let (hundredths, mut coarse) = if thousands.is_some() {
        after += 1;
        let rest = pieces.get(after).filter(|p| p.kind == Kind::Number && !p.spaced && p.plain.len() <= 3);
        let (value, decimals) = decimal(&number.plain, true)?;
        if let Some(rest) = rest {
            // 1k3 is 1,300 and 1k299 is 1,299.
            after += 1;
            let tail: i64 = rest.plain.parse().ok()?;
            let step = 10i64.pow(3 - rest.plain.len() as u32);
            (value.checked_mul(1_000)?.checked_add(tail * step * 100)?, step * 100)
        } else {
            (value.checked_mul(1_000)?, 100_000 / 10i64.pow(decimals.min(3)))
        }
    } else {
        (decimal(&number.plain, false)?.0, 0)
    };
    if coarse <= 100 {
        coarse = 0;
    }
    let mut end = pieces[after - 1].span.end;
    let after_unit = pieces.get(after).and_then(unit_of).filter(|_| before_unit.is_none());
    if after_unit.is_some() {
        end = pieces[after].span.end;
        after += 1;
    }
    let next = pieces.get(after);
    let unit = before_unit.or(after_unit).unwrap_or(Unit::Unsaid);
    let shares = next.is_some_and(|n| n.is('%')) || is_range_of_shares(pieces, at);
    let counts = unit == Unit::Unsaid && next.is_some_and(|n| is_measure(n) || moments::is_unit(&n.plain));
    let bare_and_small = unit == Unit::Unsaid && thousands.is_none() && hundredths < BARE_MIN;
    if shares || counts || bare_and_small || !(100..=HUNDREDTHS_MAX).contains(&hundredths) {
        return None;
    }
    let plus = next.is_some_and(|n| n.is('+') && !n.spaced);
    if plus {
        end = pieces[after].span.end;
    }
    while first > 0 && pieces[first - 1].is('~') {
        first -= 1;
    }
    let said = |words: &[&str]| words.iter().any(|w| stands_before(pieces, first, w));
    Some(Amount {
        span: pieces[first].span.start..end,
        hundredths,
        unit,
        coarse,
        approximate: pieces[first].is('~') || said(ABOUT),
        at_least: plus || said(OVER),
        fee: said(FEE) || fee_after(pieces, after),
    })
}

const ABOUT: &[&str] = &[
    "about",
    "around",
    "approx",
    "approximately",
    "roughly",
    "almost",
    "nearly",
    "ca",
    "circa",
    "etwa",
    "rund",
    "fast",
    "casi",
    "unos",
    "aprox",
    "environ",
    "presque",
    "quasi",
];
const OVER: &[&str] =
    &["over", "above", "more than", "uber", "mehr als", "mas de", "plus de", "piu di", "oltre", "sobre"];
const FEE: &[&str] = &[
    "fee",
    "fees",
    "paid him",
    "paid them",
    "paid you",
    "cut",
    "commission",
    "gebuhr",
    "comision",
    "frais",
    "tariffa",
    "provision",
];

fn stands_before(pieces: &[Piece], first: usize, phrase: &str) -> bool {
    let words = phrase.split(' ').count();
    // A word or two may stand between: "fee was 300", "over a 900".
    (0..2).any(|gap| {
        first.checked_sub(words + gap).is_some_and(|start| {
            super::text::phrase_at(pieces, start, phrase).is_some()
                && pieces[start + words..first].iter().all(|p| p.kind == Kind::Word || p.is(':'))
        })
    })
}

fn fee_after(pieces: &[Piece], after: usize) -> bool {
    pieces
        .get(after)
        .is_some_and(|p| ["fee", "fees", "commission", "gebuhr", "provision"].contains(&p.plain.as_str()))
}

/// Hundredths, and how many digits stand after the point. With `thousands_follow` (1.3k) a single separator is the point.
fn decimal(text: &str, thousands_follow: bool) -> Option<(i64, u32)> {
    let is_point = |c: char| matches!(c, '.' | ',');
    let digits = |part: &str| part.chars().filter(char::is_ascii_digit).collect::<String>();
    let separators: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| !c.is_ascii_digit()).collect();
    let point = separators.last().copied().filter(|&(at, c)| {
        let tail = text.len() - at - 1;
        let same = separators.iter().filter(|s| s.1 == c).count();
        is_point(c)
            && same == 1
            && (tail <= 2 || thousands_follow || separators.len() > 1 || text.starts_with('0'))
    });
    let (whole, fraction) = match point {
        Some((at, _)) => (digits(&text[..at]), digits(&text[at + 1..])),
        None => (digits(text), String::new()),
    };
    let grouped = separators.iter().filter(|s| Some(**s) != point).all(|(at, c)| {
        let tail = &text[at + c.len_utf8()..];
        tail.chars().take_while(char::is_ascii_digit).count() == 3
    });
    if !grouped || whole.len() > 12 {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let cents: i64 = format!("{fraction:0<2}")[..2].parse().ok()?;
    Some((whole.checked_mul(100)?.checked_add(cents)?, fraction.len() as u32))
}

/// A currency before piece `at`, and how many pieces it takes: `$`, `US$`, `EUR`.
fn unit_before(pieces: &[Piece], at: usize) -> Option<(Unit, usize)> {
    let last = at.checked_sub(1)?;
    let unit = unit_of(&pieces[last])?;
    let glued_word = pieces[last].kind == Kind::Word
        && last > 0
        && !pieces[last].spaced
        && pieces[last - 1].kind == Kind::Number;
    if glued_word {
        return None; // `300usd 12`: the currency belongs to the number before it.
    }
    if unit == Unit::Dollar && last > 0 && !pieces[last].spaced {
        let of = |code| Some((Unit::Of(Currency::new(code).expect("three letters")), 2));
        match pieces[last - 1].plain.as_str() {
            "us" => return of("USD"),
            "ca" | "c" => return of("CAD"),
            "au" | "a" => return of("AUD"),
            _ => {
                if pieces[last - 1].kind == Kind::Number {
                    return None; // `300$ 12`
                }
            }
        }
    }
    Some((unit, 1))
}

fn unit_of(piece: &Piece) -> Option<Unit> {
    let code = match piece.plain.as_str() {
        "$" | "dollar" | "dollars" | "bucks" | "dolares" | "dollari" => return Some(Unit::Dollar),
        "usd" => "USD",
        "€" | "eur" | "euro" | "euros" => "EUR",
        "£" | "gbp" | "pound" | "pounds" | "quid" | "pfund" | "libras" => "GBP",
        "cad" => "CAD",
        "aud" => "AUD",
        "chf" | "franken" => "CHF",
        "sek" => "SEK",
        "dkk" => "DKK",
        "nok" => "NOK",
        "pln" | "zl" => "PLN",
        "¥" | "jpy" | "yen" => "JPY",
        _ => return None,
    };
    Some(Unit::Of(Currency::new(code).expect("three capital letters")))
}

/// A word after a number that makes it a size or a quantity.
fn is_measure(piece: &Piece) -> bool {
    const MEASURES: &[&str] = &[
        "gb", "tb", "mb", "inch", "zoll", "cm", "mm", "kg", "g", "oz", "ml", "hz", "x", "pcs", "pieces",
        "items", "th", "st", "nd", "rd", "orders", "vouches", "members", "carat", "karat", "ti", "pro", "mp",
        "w",
    ];
    MEASURES.contains(&piece.plain.as_str())
}

/// `12:30`, `2023-05-03`, `03/05`, `#4711`.
fn is_part_of_a_time(pieces: &[Piece], at: usize) -> bool {
    let glue = |p: &Piece| [':', '/', '-', '#', '@', '_'].iter().any(|c| p.is(*c)) && !p.spaced;
    let number = |i: Option<usize>| i.and_then(|i| pieces.get(i)).is_some_and(|p| p.kind == Kind::Number);
    let after = pieces.get(at + 1).is_some_and(glue) && number(Some(at + 2)) && !pieces[at + 2].spaced;
    let before = at > 0
        && !pieces[at].spaced
        && (glue(&pieces[at - 1]) || pieces[at - 1].is('#') || pieces[at - 1].is('@'))
        && (number(at.checked_sub(2)) || pieces[at - 1].is('#') || pieces[at - 1].is('@'));
    // `300-400$` names amounts.
    let has_unit = pieces.get(at + 1).is_some_and(|p| unit_of(p).is_some());
    after || (before && !has_unit)
}

fn is_range_of_shares(pieces: &[Piece], at: usize) -> bool {
    pieces.get(at + 1).is_some_and(|p| p.is('-')) && pieces.get(at + 3).is_some_and(|p| p.is('%'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posts::text::pieces;

    /// Each amount as `unit value` with `~` (approximate), `+` (at least), `fee`, `/step` (coarse).
    fn check(text: &str, expect: &[&str]) {
        let shown: Vec<String> = amounts(&pieces(text))
            .into_iter()
            .map(|a| {
                assert!(text.get(a.span.clone()).is_some(), "{text}: {:?}", a.span);
                let unit = match a.unit {
                    Unit::Unsaid => "?".to_owned(),
                    Unit::Dollar => "$".to_owned(),
                    Unit::Of(code) => code.to_string(),
                };
                let marks = [(a.approximate, "~"), (a.at_least, "+"), (a.fee, "fee")];
                let marks: String = marks.into_iter().filter(|m| m.0).map(|m| m.1).collect();
                let coarse = if a.coarse > 0 { format!("/{}", a.coarse / 100) } else { String::new() };
                format!("{unit} {}.{:02}{coarse}{marks}", a.hundredths / 100, a.hundredths % 100)
            })
            .collect();
        assert_eq!(shown, expect, "{text}");
    }

    #[test]
    fn notations_of_many_countries_are_read() {
        check("vouch $1,299.00 done", &["$ 1299.00"]);
        check("1.299,00 € zurück", &["EUR 1299.00"]);
        check("€ 1.299 back", &["EUR 1299.00"]);
        check("1'299.50 CHF", &["CHF 1299.50"]);
        check("1 laptop 1299 usd", &["USD 1299.00"]);
        check("US$450, nice", &["USD 450.00"]);
        check("340$", &["$ 340.00"]);
        check("camera 340 US", &["? 340.00"]);
        check("12.50 pounds", &["GBP 12.50"]);
        check("300-400$ orders", &["$ 400.00"]);
    }

    #[test]
    fn thousands_and_roughness_are_told() {
        check("1k3 refunded", &["? 1300.00/100"]);
        check("1k299", &["? 1299.00"]);
        check("~$2.5k", &["$ 2500.00/100~"]);
        check("2k", &["? 2000.00/1000"]);
        check("£900+", &["GBP 900.00+"]);
        check("about 500 euros", &["EUR 500.00~"]);
        check("über 1.000 €", &["EUR 1000.00+"]);
        check("casi 750 euros", &["EUR 750.00~"]);
    }

    #[test]
    fn what_is_no_amount_is_left_alone() {
        check("took 12 days, 30%", &[]);
        check("fees 25-30%", &[]);
        check("at 12:30 on 2023-05-03", &[]);
        check("iPhone 14 256gb", &[]);
        check("rtx3060ti $450", &["$ 450.00"]);
        check("#4711 vouch", &[]);
        check("3 days", &[]);
        check("call 004915112345678", &[]);
    }

    #[test]
    fn a_fee_is_told_from_the_refund() {
        check("$1299 back, fee $390", &["$ 1299.00", "$ 390.00fee"]);
        check("€900 refund, 270 € Gebühr", &["EUR 900.00", "EUR 270.00fee"]);
    }
}
