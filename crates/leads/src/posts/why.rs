//! Why, in words? What agrees, what does not, and what speaks against a match.

use crate::posts::boasts::{Boast, Mention};
use crate::posts::candidates::{Candidate, Granted};
use crate::posts::find::Silence;
use crate::posts::model::Ratios;
use crate::posts::rounding;
use crate::posts::words::Act;
use ringfence_domain::Money;

/// A boast and a refund, and what was compared.
pub(crate) struct Pair<'a> {
    pub(crate) text: &'a str,
    pub(crate) boast: &'a Boast,
    pub(crate) candidate: &'a Candidate,
    pub(crate) granted: &'a Granted<'a>,
    pub(crate) ratios: Ratios,
    /// Other refunds a quarter as likely or more.
    pub(crate) rivals: usize,
    pub(crate) by_chance: f64,
}

/// The sentences of a match; what speaks against it comes last and begins with "against".
pub(crate) fn of_match(pair: &Pair<'_>) -> Vec<String> {
    let Pair { text, boast, candidate, granted, ratios, rivals, by_chance } = pair;
    let shown = |span: &std::ops::Range<usize>| text.get(span.clone()).unwrap_or_default();
    let claims = &boast.claims;
    let said = &boast.amounts[candidate.amount as usize];
    let (mut why, mut against) = (Vec::new(), Vec::new());
    let money = Money { amount: granted.refund.asked, currency: granted.refund.currency };
    why.push(format!(
        "amount: \"{}\" in the post, {money} asked for: {} (weight {})",
        shown(&said.span),
        rounding::words(candidate.modes),
        factor(ratios.amount)
    ));
    let days = boast.at.since(granted.at).as_days();
    why.push(if days >= 0.0 {
        format!("posted {days:.1} days after the refund was granted")
    } else {
        format!("posted {:.1} days before the refund was granted, after it was asked for", -days)
    });
    match &claims.shops.own {
        Some(named) => why.push(format!("the post names this shop: \"{}\"", shown(&named.span))),
        None => against.push("the post does not name this shop".to_owned()),
    }
    let mut tell = |ratio: f64, agrees: String, differs: String| {
        if ratio > 1.05 {
            why.push(format!("{agrees} (weight {})", factor(ratio)));
        } else if ratio < 0.95 {
            against.push(format!("{differs} (weight {})", factor(ratio)));
        }
    };
    if candidate.word.is_some() {
        tell(ratios.goods, "the goods agree with what was ordered".into(), "the goods are others".into());
    }
    if let Some(((code, _), known)) = claims.country.as_ref().zip(granted.country) {
        tell(
            ratios.country,
            format!("the account is in {known} too"),
            format!("the post says {code}, the account is in {known}"),
        );
    }
    if let Some(days) = claims.moments.took_days {
        tell(
            ratios.days,
            format!("it took {days} days as the post says"),
            format!("it did not take {days} days"),
        );
    }
    if let Some((method, _)) = &claims.method {
        let reason = granted.refund.reason.as_str();
        tell(
            ratios.method,
            format!("the post speaks of {}, the request gave `{reason}`", method.words()),
            format!("the post speaks of {}, the request gave `{reason}`", method.words()),
        );
    }
    tell(
        ratios.day,
        "the day in the post is one of this refund's".into(),
        "the day in the post is another".into(),
    );
    why.push(format!("by chance at most {} refunds of that time would agree as well", expected(*by_chance)));
    if ratios.usual < 0.7 {
        against.push(format!(
            "refunds with such an amount for such goods are usual (weight {})",
            factor(ratios.usual)
        ));
    }
    if *rivals > 0 {
        let other = if *rivals == 1 {
            "one other refund agrees".to_owned()
        } else {
            format!("{rivals} other refunds agree")
        };
        against.push(format!("{other} nearly as well"));
    }
    why.extend(against.into_iter().map(|a| format!("against: {a}")));
    why
}

/// The sentence of a post that stays unmatched.
pub(crate) fn of_silence(
    because: Silence,
    boast: &Boast,
    agree: usize,
    compared: usize,
    too_many: bool,
) -> String {
    match because {
        Silence::OtherShop => "names another shop, not this one".to_owned(),
        Silence::NoBoast => match boast.claims.act {
            Act::Question => "asks a question".to_owned(),
            Act::Advert => "offers a service".to_owned(),
            Act::Boast | Act::Complaint | Act::Remark => "complains".to_owned(),
        },
        Silence::NoAmount => "names no amount".to_owned(),
        Silence::NoRefund => "no refund granted around that time has such an amount".to_owned(),
        Silence::Unclear if too_many => "too many refunds have such an amount to tell them apart".to_owned(),
        Silence::Unclear if agree > 1 => format!("{agree} of {compared} refunds agree about as well"),
        Silence::Unclear if boast.mention == Mention::None => {
            format!("names no shop, and none of {compared} refunds agrees well enough")
        }
        Silence::Unclear => format!("none of {compared} refunds agrees well enough"),
    }
}

fn factor(ratio: f64) -> String {
    match ratio {
        r if r >= 10.0 => format!("×{r:.0}"),
        r if r >= 0.1 => format!("×{r:.1}"),
        r => format!("×{r:.2}"),
    }
}

fn expected(count: f64) -> String {
    if count >= 1.0 {
        format!("{count:.0}")
    } else if count >= 0.001 {
        format!("{count:.3}")
    } else {
        "0.001".to_owned()
    }
}
