//! How is a value shown? Money, times, counts, probabilities, decisions, ids: in the person's language, exact on pointing.

use crate::workbench::lang::Lang;
use maud::{Markup, html};
use ringfence_domain::{Currency, DecisionKind, Money, Timestamp};

/// What something means for who looks; each has a colour and a sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tone {
    /// Says nothing.
    #[default]
    Plain,
    /// Good.
    Good,
    /// Needs a look.
    Watch,
    /// Bad.
    Bad,
}

impl Tone {
    /// Its class.
    pub fn class(self) -> &'static str {
        match self {
            Tone::Plain => "plain",
            Tone::Good => "good",
            Tone::Watch => "watch",
            Tone::Bad => "bad",
        }
    }
    fn sign(self) -> &'static str {
        match self {
            Tone::Plain => "",
            Tone::Good => "✓",
            Tone::Watch => "◆",
            Tone::Bad => "▲",
        }
    }
}

/// A short word with a tone.
pub fn badge(tone: Tone, text: &str) -> Markup {
    html! {
        span.badge.(tone.class()) {
            @if !tone.sign().is_empty() { span.sign aria-hidden="true" { (tone.sign()) } " " }
            (text)
        }
    }
}

/// What a decision means for the money.
pub fn tone_of(decision: DecisionKind) -> Tone {
    match decision {
        DecisionKind::InstantRefund
        | DecisionKind::RefundOnScan
        | DecisionKind::RefundOnReceipt
        | DecisionKind::RefundAfterInspection
        | DecisionKind::KeepItem
        | DecisionKind::Replace
        | DecisionKind::StoreCredit
        | DecisionKind::PartialRefund => Tone::Good,
        DecisionKind::CarrierTrace | DecisionKind::StepUp | DecisionKind::Review => Tone::Watch,
        DecisionKind::Deny => Tone::Bad,
    }
}

/// A decision as a badge.
pub fn decision(lang: Lang, kind: DecisionKind) -> Markup {
    badge(tone_of(kind), lang.texts().words.decision(kind))
}

fn grouped(whole: &str, separator: char) -> String {
    let mut out = String::with_capacity(whole.len() + whole.len() / 3);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

/// A count, its thousands apart.
pub fn count(lang: Lang, n: u64) -> String {
    grouped(&n.to_string(), lang.separators().1)
}

/// An amount as text: `1,299.00 USD`, `1.299,00 USD`.
pub fn exact(lang: Lang, money: Money) -> String {
    let (point, separator) = lang.separators();
    let digits = money.currency.minor_digits();
    let unit = 10_u64.pow(digits);
    let (whole, rest) = (money.amount.unsigned_abs() / unit, money.amount.unsigned_abs() % unit);
    let sign = if money.amount < 0 { "−" } else { "" };
    let fraction =
        if digits > 0 { format!("{point}{rest:0width$}", width = digits as usize) } else { String::new() };
    format!("{sign}{}{fraction}\u{a0}{}", grouped(&whole.to_string(), separator), money.currency)
}

/// About how much, in whole units: for sums and expectations, of which cents say nothing.
pub fn whole(lang: Lang, minor: f64, currency: Currency) -> String {
    let rounded = (minor / 10_f64.powi(currency.minor_digits() as i32)).round();
    let sign = if rounded < 0.0 { "−" } else { "" };
    format!("{sign}{}\u{a0}{currency}", count(lang, rounded.abs() as u64))
}

/// An amount.
pub fn money(lang: Lang, money: Money) -> Markup {
    html! { span.money { (exact(lang, money)) } }
}

/// A probability as whole percent, `< 1 %` and `> 99 %` where it would round to what it is not.
pub fn score(lang: Lang, p: f64) -> String {
    if p.is_nan() {
        return "–".into();
    }
    let percent = p * 100.0;
    match percent {
        p if p > 0.0 && p < 1.0 => "< 1 %".into(),
        p if p > 99.0 && p < 100.0 => "> 99 %".into(),
        p if p < 10.0 => format!("{p:.1} %").replace('.', &lang.separators().0.to_string()),
        p => format!("{p:.0} %"),
    }
}

/// A probability of abuse: a bar, the number and the words.
pub fn probability(lang: Lang, p: f64) -> Markup {
    let words = lang.texts().words.probability(p);
    let width = if p.is_nan() { 0.0 } else { (p.clamp(0.0, 1.0) * 100.0).round() };
    let tone = match p {
        p if p.is_nan() || p < 0.15 => Tone::Plain,
        p if p < 0.5 => Tone::Watch,
        _ => Tone::Bad,
    };
    html! {
        span.probability.(tone.class()) {
            svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
                rect.track width="100" height="8" rx="4" {}
                rect.fill width=(width) height="8" rx="4" {}
            }
            strong { (score(lang, p)) } " " span.words { (words) }
        }
    }
}

fn text(at: Timestamp) -> String {
    let mut out = String::new();
    at.write(&mut out).expect("a String takes all text");
    out
}

/// A moment, to the minute; to the millisecond on pointing.
pub fn time(at: Timestamp) -> Markup {
    let exact = text(at);
    let shown = exact.get(..16).unwrap_or(&exact).replace('T', " ");
    html! { time datetime=(exact) title=(exact) { (shown) } }
}

/// A day.
pub fn day(at: Timestamp) -> Markup {
    let exact = text(at);
    let shown = exact.get(..10).unwrap_or(&exact).to_owned();
    html! { time datetime=(shown) { (shown) } }
}

/// An id as events name it; long ones are cut for the eye and whole on pointing and copying.
pub fn id(text: &str) -> Markup {
    html! { code.id title=(text) { (text) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_as_people_of_the_language_write_it() {
        let of = |amount, code| Money::new(amount, Currency::new(code).expect("a code")).expect("small");
        for (money, en, it) in [
            (of(129_900, "USD"), "1,299.00\u{a0}USD", "1.299,00\u{a0}USD"),
            (of(-5, "EUR"), "−0.05\u{a0}EUR", "−0,05\u{a0}EUR"),
            (of(1_234_567, "JPY"), "1,234,567\u{a0}JPY", "1.234.567\u{a0}JPY"),
            (of(1_500, "KWD"), "1.500\u{a0}KWD", "1,500\u{a0}KWD"),
        ] {
            assert_eq!((exact(Lang::En, money).as_str(), exact(Lang::It, money).as_str()), (en, it));
        }
    }

    #[test]
    fn a_probability_never_rounds_to_certainty() {
        for (p, expect) in [
            (0.0, "0.0 %"),
            (0.000_1, "< 1 %"),
            (0.999, "> 99 %"),
            (1.0, "100 %"),
            (0.034, "3.4 %"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(score(Lang::En, p), expect);
        }
        assert_eq!(score(Lang::It, 0.034), "3,4 %");
    }
}
