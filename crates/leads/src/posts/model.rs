//! How likely is a pair of a boast and a refund? A generative form of Fellegi and Sunter's model of record linkage (JASA 1969).
//!
//! A post boasts of a refund in the ledger with a probability that depends on its kind; then of this refund rather
//! than another by its delay and its traits; and it says the amount, goods, country, days and method of that refund as people
//! say such things, with errors. Without a refund behind it, it says them as posts do. The ratio of the two is the weight of each
//! comparison: an agreement in what is rare weighs more than one in what is common.

use crate::posts::amounts::Amount;
use crate::posts::background::Chances;
use crate::posts::boasts::{Boast, Mention};
use crate::posts::candidates::{Alike, CLASSES_MAX, Candidate, DELAY_CLASSES, Ledger, REASON, TRAITS};
use crate::posts::rounding::{self, MODES};
use crate::posts::words::{Act, Method};
use ringfence_domain::words::{ClaimReason, Word};

/// Kinds of posts that are matched: with or without words of success, naming this shop or none.
pub(crate) const KINDS: usize = 4;

/// What is estimated.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    /// Probability of each way of rounding.
    pub(crate) modes: [f64; MODES],
    /// How likely a day with such a delay is, against the others.
    pub(crate) delays: [f64; DELAY_CLASSES],
    /// How much likelier refunds of a class are boasted of than others.
    pub(crate) traits: [[f64; CLASSES_MAX]; TRAITS],
    /// Share of posts of a kind that boast of a refund in the ledger.
    pub(crate) kinds: [f64; KINDS],
    /// Probability that a boast names other goods, another country.
    pub(crate) other_goods: f64,
    pub(crate) other_country: f64,
    /// Probability that a boast's days are those that it took, its method the one of the request, its day one of the refund's.
    pub(crate) true_days: f64,
    pub(crate) true_method: f64,
    pub(crate) true_day: f64,
    /// Share of posts without a refund behind them that name what refunds of some time were about, goods and amount together.
    pub(crate) modelled: f64,
}

/// What is believed before any post is read, and the weight of that belief in posts.
pub(crate) mod believed {
    use super::{DELAY_CLASSES, KINDS};

    /// A boast follows the money within days, seldom goes before it.
    pub(crate) const DELAYS: [f64; DELAY_CLASSES] =
        [0.01, 0.05, 0.3, 1.0, 1.0, 1.0, 0.6, 0.3, 0.12, 0.05, 0.02, 0.01];
    /// With words of success and naming this shop, naming none; without such words, the same.
    pub(crate) const KINDS_OF_POSTS: [f64; KINDS] = [0.5, 0.1, 0.3, 0.05];
    /// Weight in posts.
    pub(crate) const KINDS_WEIGHT: f64 = 6.0;
    pub(crate) const MODES_WEIGHT: f64 = 30.0;
    pub(crate) const DELAYS_WEIGHT: f64 = 3.0;
    pub(crate) const TRAITS_WEIGHT: f64 = 0.7;
    pub(crate) const SHARES_WEIGHT: f64 = 12.0;
    pub(crate) const OTHER_GOODS: f64 = 0.05;
    pub(crate) const OTHER_COUNTRY: f64 = 0.12;
    pub(crate) const TRUE_DAYS: f64 = 0.6;
    pub(crate) const TRUE_METHOD: f64 = 0.8;
    pub(crate) const TRUE_DAY: f64 = 0.6;
    pub(crate) const MODELLED: f64 = 0.5;
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters {
            modes: rounding::believed(),
            delays: believed::DELAYS,
            traits: [[1.0; CLASSES_MAX]; TRAITS],
            kinds: believed::KINDS_OF_POSTS,
            other_goods: believed::OTHER_GOODS,
            other_country: believed::OTHER_COUNTRY,
            true_days: believed::TRUE_DAYS,
            true_method: believed::TRUE_METHOD,
            true_day: believed::TRUE_DAY,
            modelled: believed::MODELLED,
        }
    }
}

/// The number of a boast's kind.
pub(crate) fn kind(boast: &Boast) -> usize {
    2 * usize::from(boast.claims.act != Act::Boast) + usize::from(boast.mention != Mention::Own)
}

/// The ledger under the parameters: how likely each refund is boasted of, before the post is read.
pub(crate) struct Exposure {
    /// Weight of each refund.
    pub(crate) weights: Vec<f64>,
    /// Sums of the weights before each.
    before: Vec<f64>,
    /// Share of the weight whose reasons suit each method.
    suiting: [f64; 8],
}

impl Exposure {
    pub(crate) fn new(ledger: &Ledger<'_>, parameters: &Parameters) -> Exposure {
        let weight = |traits: &[u8; TRAITS]| -> f64 {
            traits.iter().zip(&parameters.traits).map(|(class, by_class)| by_class[*class as usize]).product()
        };
        let weights: Vec<f64> = ledger.refunds.iter().map(|g| weight(&g.traits)).collect();
        let mut before = Vec::with_capacity(weights.len() + 1);
        let mut sum = 0.0;
        before.push(0.0);
        for w in &weights {
            sum += w;
            before.push(sum);
        }
        let mut by_reason = [0.0; CLASSES_MAX];
        for (granted, weight) in ledger.refunds.iter().zip(&weights) {
            by_reason[granted.traits[REASON] as usize] += weight;
        }
        let suiting = Method::ALL.map(|method| {
            let suited = ClaimReason::ALL.iter().zip(&by_reason).filter(|(reason, _)| method.suits(**reason));
            (suited.map(|(_, w)| w).sum::<f64>() / sum.max(1e-12)).clamp(1e-3, 1.0 - 1e-3)
        });
        Exposure { weights, before, suiting }
    }
    /// The weight of the refunds with each class of delay before a boast.
    pub(crate) fn by_delay(&self, ledger: &Ledger<'_>, boast: &Boast) -> [f64; DELAY_CLASSES] {
        std::array::from_fn(|class| {
            let range = ledger.with_delay(class, boast.at);
            self.before[range.end] - self.before[range.start]
        })
    }
}

/// The weight of evidence of each comparison, as ratios.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratios {
    pub(crate) amount: f64,
    pub(crate) goods: f64,
    pub(crate) country: f64,
    pub(crate) days: f64,
    pub(crate) method: f64,
    pub(crate) day: f64,
    /// Below 1 where refunds of all times are called like this.
    pub(crate) usual: f64,
}

impl Ratios {
    pub(crate) fn product(self) -> f64 {
        self.amount * self.goods * self.country * self.days * self.method * self.day * self.usual
    }
}

/// A day of the window is named by chance about so often.
pub(crate) const DAY_BY_CHANCE: f64 = 0.08;

/// Compares a boast with a candidate.
pub(crate) fn ratios(
    boast: &Boast,
    candidate: &Candidate,
    parameters: &Parameters,
    chances: &Chances,
    exposure: &Exposure,
    usual: f64,
) -> Ratios {
    let p = parameters;
    let said = &boast.amounts[candidate.amount as usize];
    let density = chances.densities[candidate.amount as usize];
    let amount =
        amount_ratio(said, candidate.refunded, candidate.modes, p, density) / boast.amounts.len() as f64;
    let goods = goods_ratio(candidate.word, p, chances.word);
    let country = candidate.country.map_or(1.0, |same| {
        let chance = chances.country;
        (f64::from(u8::from(same)) * (1.0 - p.other_country) + p.other_country * chance) / chance
    });
    let days = candidate.took.map_or(1.0, |likely| {
        let chance = chances.days;
        (p.true_days * likely + (1.0 - p.true_days) * chance) / chance
    });
    let method = boast.claims.method.as_ref().zip(candidate.suits).map_or(1.0, |((method, _), suits)| {
        let chance = exposure.suiting[*method as usize];
        if suits { p.true_method / chance } else { (1.0 - p.true_method) / (1.0 - chance) }
    });
    let day = candidate.same_day.map_or(1.0, |same| {
        if same { p.true_day / DAY_BY_CHANCE } else { (1.0 - p.true_day) / (1.0 - DAY_BY_CHANCE) }
    });
    Ratios { amount, goods, country, days, method, day, usual: 1.0 / (1.0 - p.modelled + p.modelled * usual) }
}

fn amount_ratio(said: &Amount, refunded: i64, modes: u32, p: &Parameters, density: f64) -> f64 {
    let from_refund: f64 =
        set_bits(modes).map(|mode| p.modes[mode] * rounding::likelihood(mode, refunded)).sum();
    from_refund / rounding::by_itself(said, &p.modes, density)
}

fn goods_ratio(word: Option<f64>, p: &Parameters, chance: f64) -> f64 {
    word.map_or(1.0, |likely| ((1.0 - p.other_goods) * likely + p.other_goods * chance) / chance)
}

/// How much likelier a refund taken from all times at random makes amount and goods of a boast than posts do by themselves: who
/// invents a boast may take as its model what is often sold.
pub(crate) fn usual(
    boast: &Boast,
    alike: &[Alike],
    parameters: &Parameters,
    chances: &Chances,
    exposure: &Exposure,
) -> f64 {
    let all = exposure.before.last().copied().unwrap_or(0.0).max(1e-12);
    let of = |one: &Alike| {
        let said = &boast.amounts[one.amount as usize];
        let density = chances.densities[one.amount as usize];
        let amount = amount_ratio(said, one.refunded, one.modes, parameters, density);
        one.times * exposure.weights[one.refund as usize] / all
            * amount
            * goods_ratio(one.word, parameters, chances.word)
    };
    alike.iter().map(of).sum::<f64>() / boast.amounts.len().max(1) as f64
}

/// The positions of the bits that are set.
pub(crate) fn set_bits(bits: u32) -> impl Iterator<Item = usize> {
    (0..MODES).filter(move |mode| bits & (1 << mode) != 0)
}
