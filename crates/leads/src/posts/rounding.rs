//! How does a refunded amount become the one in a post? By rounding to steps of all sizes, up, to the nearest or down.
//!
//! Each way is a *mode* with a probability that is estimated from the posts. An amount in a post is likely for a refund as far as
//! modes lead from one to the other, and likely without any refund as far as amounts around it are named at all.

use crate::posts::amounts::Amount;

/// Steps in hundredths.
const STEPS: [i64; 7] = [100, 500, 1_000, 5_000, 10_000, 50_000, 100_000];
/// Modes: to each step up, to the nearest, down; as it stands; within two percent for other reasons.
pub(crate) const MODES: usize = STEPS.len() * 3 + 2;
const EXACT: usize = STEPS.len() * 3;
const NEAR: usize = EXACT + 1;
/// How far amounts lie apart that agree for other reasons: postage, taxes, a rate of exchange.
const NEAR_SHARE: f64 = 0.02;
/// Width of the default mode's cell in hundredths: of three prices one ends as another with the same whole part does.
const EXACT_WIDTH: f64 = 33.0;

/// What is believed of the modes before any post is read; the steps as people round, mostly up.
pub(crate) fn believed() -> [f64; MODES] {
    let of_step = [0.26, 0.05, 0.26, 0.20, 0.14, 0.015, 0.015];
    let mut prior = [0.0; MODES];
    for (step, share) in of_step.iter().enumerate() {
        for (direction, part) in [0.5, 0.38, 0.12].iter().enumerate() {
            prior[step * 3 + direction] = share * part;
        }
    }
    (prior[EXACT], prior[NEAR]) = (0.04, 0.02);
    prior
}

/// The modes that lead from the refunded amount to the one in the post, as bits.
pub(crate) fn modes(said: &Amount, refunded: i64) -> u32 {
    let mut bits = 0;
    if said.hundredths == refunded && said.coarse == 0 {
        bits |= 1 << EXACT;
    }
    for (n, step) in STEPS.iter().enumerate().filter(|(_, step)| **step >= said.coarse) {
        if said.hundredths % step != 0 {
            continue;
        }
        let up = (refunded + step - 1).div_euclid(*step) * step;
        let down = refunded.div_euclid(*step) * step;
        let nearest = (2 * refunded + step).div_euclid(2 * step) * step;
        for (direction, rounded) in [up, nearest, down].into_iter().enumerate() {
            let allowed = !said.at_least || direction == 2;
            if rounded == said.hundredths && allowed {
                bits |= 1 << (n * 3 + direction);
            }
        }
    }
    if ((said.hundredths - refunded).abs() as f64) <= NEAR_SHARE * refunded as f64 {
        bits |= 1 << NEAR;
    }
    bits
}

/// How far from the amount in the post a refunded one may lie, in hundredths: the largest step of which it is a multiple.
pub(crate) fn reach(said: &Amount) -> i64 {
    let step = STEPS.iter().rev().find(|s| said.hundredths % **s == 0 && **s <= said.hundredths);
    let near = (NEAR_SHARE * said.hundredths as f64 * 1.03) as i64 + 1;
    step.copied().unwrap_or(0).max(near)
}

/// How likely each mode makes the amount in the post of the refunded one.
pub(crate) fn likelihood(mode: usize, refunded: i64) -> f64 {
    if mode == NEAR { 1.0 / (2.0 * NEAR_SHARE * refunded as f64 / 100.0).max(1.0) } else { 1.0 }
}

/// How likely the amount is without a refund behind it: people round invented amounts as they round others. `density` is that
/// of amounts around it, for each hundredth.
pub(crate) fn by_itself(said: &Amount, modes: &[f64; MODES], density: f64) -> f64 {
    let mut sum = modes[EXACT] * EXACT_WIDTH + modes[NEAR] * 100.0;
    for (n, step) in STEPS.iter().enumerate().filter(|(_, step)| **step >= said.coarse) {
        if said.hundredths % step == 0 {
            let all = if said.at_least { modes[n * 3 + 2] } else { modes[n * 3..n * 3 + 3].iter().sum() };
            sum += all * *step as f64;
        }
    }
    (sum * density).clamp(1e-12, 1.0)
}

/// What the likeliest mode among the bits says, in words.
pub(crate) fn words(bits: u32) -> String {
    if bits & (1 << EXACT) != 0 {
        return "to the cent".to_owned();
    }
    let prior = believed();
    let set = (0..EXACT).filter(|mode| bits & (1 << mode) != 0);
    let likeliest = set.reduce(|best, mode| if prior[mode] > prior[best] { mode } else { best });
    match likeliest {
        Some(mode) => {
            let how = ["rounded up", "rounded", "rounded down"][mode % 3];
            format!("{how} to {}", STEPS[mode / 3] / 100)
        }
        None => "within two percent".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posts::amounts::Unit;

    fn said(hundredths: i64) -> Amount {
        let unit = Unit::Unsaid;
        Amount { span: 0..0, hundredths, unit, coarse: 0, approximate: false, at_least: false, fee: false }
    }

    #[test]
    fn rounding_is_recognised_at_its_likeliest() {
        let check = |post: i64, refunded: i64, expect: Option<&str>| {
            let bits = modes(&said(post), refunded);
            let found = (bits != 0).then(|| words(bits));
            assert_eq!(found.as_deref(), expect, "{post} {refunded}");
            assert!(bits == 0 || (post - refunded).abs() <= reach(&said(post)), "{post} {refunded}");
        };
        check(34_999, 34_999, Some("to the cent"));
        check(35_000, 34_999, Some("rounded up to 1"));
        check(34_000, 33_195, Some("rounded up to 10"));
        check(34_000, 34_449, Some("rounded to 10"));
        check(40_000, 33_195, Some("rounded up to 100"));
        check(30_000, 33_195, Some("rounded to 100"));
        check(33_700, 33_195, Some("within two percent"));
        check(33_700, 30_000, None);
        check(34_100, 33_195, None);
    }

    #[test]
    fn what_the_notation_cannot_tell_is_not_held_against_it() {
        let thousands = Amount { coarse: 10_000, ..said(130_000) };
        assert_eq!(words(modes(&thousands, 130_000)), "rounded up to 100");
        let over = Amount { at_least: true, ..said(90_000) };
        assert_ne!(modes(&over, 93_000) & !(1 << NEAR), 0);
        assert_eq!(modes(&over, 87_000) & !(1 << NEAR), 0);
    }

    #[test]
    fn modes_make_a_distribution_and_rough_amounts_are_likelier_by_themselves() {
        let modes = believed();
        assert!((modes.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let density = 1e-5;
        assert!(by_itself(&said(30_000), &modes, density) > 5.0 * by_itself(&said(30_100), &modes, density));
    }
}
