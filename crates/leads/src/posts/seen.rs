//! What do likely pairs show of how people boast? Hits among cases, weighted by the probabilities of the pairs.

use crate::posts::candidates::{CLASSES_MAX, Candidate, DELAY_CLASSES, TRAITS};
use crate::posts::fit::Linkage;
use crate::posts::model::{Parameters, set_bits};
use crate::posts::rounding::{self, MODES};

/// What the pairs show, weighted by their probabilities: hits among cases.
pub(crate) struct Seen {
    pub(crate) modes: [f64; MODES],
    pub(crate) delays: [f64; DELAY_CLASSES],
    pub(crate) traits: [[f64; CLASSES_MAX]; TRAITS],
    pub(crate) other_goods: (f64, f64),
    pub(crate) other_country: (f64, f64),
    pub(crate) true_days: (f64, f64),
    pub(crate) true_method: (f64, f64),
    pub(crate) true_day: (f64, f64),
}

impl Default for Seen {
    fn default() -> Self {
        let none = (0.0, 0.0);
        Seen {
            modes: [0.0; MODES],
            delays: [0.0; DELAY_CLASSES],
            traits: [[0.0; CLASSES_MAX]; TRAITS],
            other_goods: none,
            other_country: none,
            true_days: none,
            true_method: none,
            true_day: none,
        }
    }
}

impl Seen {
    pub(crate) fn pair(
        &mut self,
        linkage: &Linkage<'_>,
        n: usize,
        candidate: &Candidate,
        p: f64,
        old: &Parameters,
    ) {
        if p < 1e-9 {
            return;
        }
        let chances = &linkage.chances[n];
        let of_mode = |mode: usize| old.modes[mode] * rounding::likelihood(mode, candidate.refunded);
        let all: f64 = set_bits(candidate.modes).map(of_mode).sum();
        for mode in set_bits(candidate.modes) {
            self.modes[mode] += p * of_mode(mode) / all;
        }
        self.delays[candidate.delay as usize] += p;
        let granted = &linkage.ledger.refunds[candidate.refund as usize];
        for (of, class) in granted.traits.iter().enumerate() {
            self.traits[of][*class as usize] += p;
        }
        // Which of the two made it: the refund with `part`, or what posts say by themselves.
        let mut mixed = |into: fn(&mut Seen) -> &mut (f64, f64), hit: f64, miss: f64| {
            let count = into(self);
            count.0 += p * hit / (hit + miss).max(1e-300);
            count.1 += p;
        };
        if let Some(likely) = candidate.word {
            let chance = chances.word;
            mixed(|s| &mut s.other_goods, old.other_goods * chance, (1.0 - old.other_goods) * likely);
        }
        if let Some(same) = candidate.country {
            let chance = chances.country;
            let same = f64::from(u8::from(same));
            mixed(|s| &mut s.other_country, old.other_country * chance, (1.0 - old.other_country) * same);
        }
        if let Some(likely) = candidate.took {
            let chance = chances.days;
            mixed(|s| &mut s.true_days, old.true_days * likely, (1.0 - old.true_days) * chance);
        }
        if let Some(suits) = candidate.suits {
            let suits = f64::from(u8::from(suits));
            mixed(|s| &mut s.true_method, suits, 1.0 - suits);
        }
        if let Some(same) = candidate.same_day {
            let same = f64::from(u8::from(same));
            mixed(|s| &mut s.true_day, same, 1.0 - same);
        }
    }
}
