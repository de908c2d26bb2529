//! What do the posts themselves tell of the model? Its parameters by expectation and maximisation; no truth is used.
//!
//! The expectation keeps pairs exclusive ([`crate::posts::assign`]). Every estimate is drawn to what is believed beforehand, by so
//! many posts as [`believed`] says: few posts change little. Handles and channels have shares of their own, drawn to those of
//! their kind, each post judged by the others of its handle only.

use crate::posts::assign::exclusive;
use crate::posts::background::Background;
use crate::posts::boasts::Boast;
use crate::posts::candidates::{Candidate, DELAY_CLASSES, Ledger, TRAITS};
use crate::posts::model::{Exposure, Parameters, Ratios, believed, kind, ratios, set_bits};
use crate::posts::rounding::{self, MODES};
use std::collections::BTreeMap;

/// Rounds of expectation and maximisation.
const ROUNDS: usize = 40;
/// Rounds of messages in each, and at the end.
const MESSAGES: usize = 12;
const LAST_MESSAGES: usize = 60;
/// From this round on handles, channels and rings are looked at: before, all are guesses.
const PEOPLE_FROM: usize = 8;
/// Posts by which a channel is drawn to its kind, and a handle to its channel.
const CHANNEL_WEIGHT: f64 = 10.0;
const HANDLE_WEIGHT: f64 = 6.0;
/// Boasts by which the rings behind a handle are drawn to those of all refunds.
const RING_WEIGHT: f64 = 3.0;
/// No kind of post is certain.
const SHARE_BOUNDS: (f64, f64) = (5e-4, 0.95);

/// Boasts, refunds and what was compared.
pub(crate) struct Linkage<'a> {
    pub(crate) ledger: &'a Ledger<'a>,
    pub(crate) boasts: &'a [Boast],
    /// By boast.
    pub(crate) candidates: Vec<Vec<Candidate>>,
    pub(crate) background: Background,
    /// By boast: densities of its amounts.
    densities: Vec<Vec<f64>>,
}

/// What came out for a boast.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// By candidate: the probability that it is the one, and the weights of the comparisons.
    pub(crate) pairs: Vec<(f64, Ratios)>,
    /// By candidate: at most so many other refunds would agree as well by chance.
    pub(crate) by_chance: Vec<f64>,
    /// How likely it boasted of a refund in the ledger before it was compared with any.
    pub(crate) share: f64,
}

/// What belongs to the people of a channel or a handle.
#[derive(Clone, Default)]
struct Tally {
    boasts: f64,
    matched: f64,
    by_ring: BTreeMap<Option<u32>, f64>,
}

impl<'a> Linkage<'a> {
    pub(crate) fn new(
        ledger: &'a Ledger<'a>,
        boasts: &'a [Boast],
        candidates: Vec<Vec<Candidate>>,
        background: Background,
    ) -> Linkage<'a> {
        let densities =
            boasts.iter().map(|b| b.amounts.iter().map(|a| background.density(a)).collect()).collect();
        Linkage { ledger, boasts, candidates, background, densities }
    }

    /// Estimates the parameters and the probabilities.
    pub(crate) fn fit(&self) -> (Parameters, Vec<Outcome>) {
        let mut parameters = Parameters::default();
        let mut tallies: BTreeMap<u32, Tally> = BTreeMap::new();
        let mut last: Vec<Vec<f64>> = Vec::new();
        for round in 0..ROUNDS {
            let people = (round >= PEOPLE_FROM).then_some((&tallies, &last));
            let odds = self.odds(&parameters, people);
            let probabilities = self.exclusive(&odds, MESSAGES);
            parameters = self.maximise(&parameters, &probabilities);
            tallies = self.tally(&probabilities);
            last = probabilities;
        }
        let odds = self.odds(&parameters, Some((&tallies, &last)));
        let probabilities = self.exclusive(&odds, LAST_MESSAGES);
        let outcomes = odds.into_iter().zip(probabilities).map(|(odds, probabilities)| Outcome {
            by_chance: odds.pairs.iter().map(|(_, prior, ratios)| 1.0 / (prior * ratios.product()).max(1e-12)).collect(),
            pairs: probabilities.into_iter().zip(odds.pairs).map(|(p, (_, _, ratios))| (p, ratios)).collect(),
            share: odds.share,
        });
        (parameters, outcomes.collect())
    }

    fn exclusive(&self, odds: &[Odds], rounds: usize) -> Vec<Vec<f64>> {
        let pairs: Vec<Vec<(u32, f64)>> = self
            .candidates
            .iter()
            .zip(odds)
            .map(|(candidates, odds)| {
                candidates.iter().zip(&odds.pairs).map(|(c, (odds, _, _))| (c.refund, *odds)).collect()
            })
            .collect();
        exclusive(&pairs, self.ledger.refunds.len(), rounds)
    }

    fn odds(&self, parameters: &Parameters, people: Option<(&BTreeMap<u32, Tally>, &Vec<Vec<f64>>)>) -> Vec<Odds> {
        let exposure = Exposure::new(self.ledger, parameters);
        let usual = self.usual_rings(&exposure);
        (0..self.boasts.len())
            .map(|n| {
                let boast = &self.boasts[n];
                let by_delay = exposure.by_delay(self.ledger, boast);
                let all: f64 = by_delay.iter().zip(&parameters.delays).map(|(w, d)| w * d).sum();
                let mut share = parameters.kinds[kind(boast)];
                let mut rings: Option<BTreeMap<Option<u32>, f64>> = None;
                if let Some((tallies, last)) = people.filter(|_| boast.boasts()) {
                    let own: f64 = last[n].iter().sum();
                    let others = |key: u32| tallies.get(&key).map_or((0.0, 0.0), |t| (t.boasts - 1.0, t.matched - own));
                    for (key, weight) in [(boast.channel, CHANNEL_WEIGHT), (boast.handle, HANDLE_WEIGHT)] {
                        let (boasts, matched) = others(key);
                        share = (weight * share + matched.max(0.0)) / (weight + boasts.max(0.0));
                    }
                    rings = Some(self.rings_behind(n, tallies, last, &usual));
                }
                let share = share.clamp(SHARE_BOUNDS.0, SHARE_BOUNDS.1);
                let pairs = self.candidates[n]
                    .iter()
                    .map(|c| {
                        let ratios = ratios(boast, c, parameters, &self.background, &exposure, &self.densities[n]);
                        let ring = self.ledger.refunds[c.refund as usize].ring;
                        let tie = rings.as_ref().map_or(1.0, |r| r.get(&ring).copied().unwrap_or(1.0));
                        let weight = exposure.weights[c.refund as usize] * parameters.delays[c.delay as usize];
                        let prior = tie * weight / all.max(1e-12);
                        (share / (1.0 - share) * prior * ratios.product(), prior, ratios)
                    })
                    .collect();
                Odds { share, pairs }
            })
            .collect()
    }

    /// The share of the ledger's weight that each ring has.
    fn usual_rings(&self, exposure: &Exposure) -> BTreeMap<Option<u32>, f64> {
        let mut usual: BTreeMap<Option<u32>, f64> = BTreeMap::new();
        for (granted, weight) in self.ledger.refunds.iter().zip(&exposure.weights) {
            *usual.entry(granted.ring).or_default() += weight;
        }
        let all: f64 = usual.values().sum();
        usual.values_mut().for_each(|w| *w /= all.max(1e-12));
        usual
    }

    /// How much likelier than usual each ring is behind this boast, by what the others in its channel and of its handle match.
    fn rings_behind(
        &self,
        n: usize,
        tallies: &BTreeMap<u32, Tally>,
        last: &[Vec<f64>],
        usual: &BTreeMap<Option<u32>, f64>,
    ) -> BTreeMap<Option<u32>, f64> {
        let own = self.by_ring(n, &last[n]);
        let mut belief = usual.clone();
        for key in [self.boasts[n].channel, self.boasts[n].handle] {
            let Some(tally) = tallies.get(&key) else { continue };
            let others = |ring: &Option<u32>| {
                let of = |map: &BTreeMap<Option<u32>, f64>| map.get(ring).copied().unwrap_or(0.0);
                (of(&tally.by_ring) - of(&own)).max(0.0)
            };
            let all: f64 = usual.keys().map(others).sum();
            for (ring, share) in &mut belief {
                *share = (RING_WEIGHT * *share + others(ring)) / (RING_WEIGHT + all);
            }
        }
        belief.into_iter().map(|(ring, share)| (ring, share / usual[&ring].max(1e-9))).collect()
    }

    fn by_ring(&self, n: usize, probabilities: &[f64]) -> BTreeMap<Option<u32>, f64> {
        let mut found: BTreeMap<Option<u32>, f64> = BTreeMap::new();
        for (candidate, probability) in self.candidates[n].iter().zip(probabilities) {
            *found.entry(self.ledger.refunds[candidate.refund as usize].ring).or_default() += probability;
        }
        found
    }

    fn tally(&self, probabilities: &[Vec<f64>]) -> BTreeMap<u32, Tally> {
        let mut found: BTreeMap<u32, Tally> = BTreeMap::new();
        for (n, boast) in self.boasts.iter().enumerate().filter(|(_, b)| b.boasts() && !b.amounts.is_empty()) {
            let by_ring = self.by_ring(n, &probabilities[n]);
            for key in [boast.channel, boast.handle] {
                let tally = found.entry(key).or_default();
                tally.boasts += 1.0;
                tally.matched += probabilities[n].iter().sum::<f64>();
                for (ring, p) in &by_ring {
                    *tally.by_ring.entry(*ring).or_default() += p;
                }
            }
        }
        found
    }

    /// The parameters under which these probabilities are likeliest, drawn to what is believed.
    fn maximise(&self, old: &Parameters, probabilities: &[Vec<f64>]) -> Parameters {
        let exposure = Exposure::new(self.ledger, old);
        let mut new = old.clone();
        let mut seen = Seen::default();
        for (n, boast) in self.boasts.iter().enumerate() {
            for (candidate, &p) in self.candidates[n].iter().zip(&probabilities[n]) {
                seen.pair(self, boast, candidate, p, old);
            }
        }
        let all_modes: f64 = seen.modes.iter().sum::<f64>() + believed::MODES_WEIGHT;
        for (mode, prior) in rounding::believed().iter().enumerate() {
            new.modes[mode] = (seen.modes[mode] + believed::MODES_WEIGHT * prior) / all_modes;
        }
        let drawn = |(hits, cases): (f64, f64), prior: f64| {
            (hits + believed::SHARES_WEIGHT * prior) / (cases + believed::SHARES_WEIGHT)
        };
        new.other_goods = drawn(seen.other_goods, believed::OTHER_GOODS);
        new.other_country = drawn(seen.other_country, believed::OTHER_COUNTRY);
        new.true_days = drawn(seen.true_days, believed::TRUE_DAYS);
        new.true_method = drawn(seen.true_method, believed::TRUE_METHOD);
        new.true_day = drawn(seen.true_day, believed::TRUE_DAY);
        self.maximise_kinds(&mut new, probabilities);
        self.maximise_exposure(&mut new, old, &exposure, &seen, probabilities);
        new
    }

    fn maximise_kinds(&self, new: &mut Parameters, probabilities: &[Vec<f64>]) {
        let mut counts = [(0.0, 0.0); crate::posts::model::KINDS];
        for (boast, probabilities) in self.boasts.iter().zip(probabilities).filter(|(b, _)| !b.amounts.is_empty()) {
            let count = &mut counts[kind(boast)];
            count.0 += probabilities.iter().sum::<f64>();
            count.1 += 1.0;
        }
        for (n, (matched, cases)) in counts.into_iter().enumerate() {
            let prior = believed::KINDS_OF_POSTS[n];
            new.kinds[n] = (matched + believed::KINDS_WEIGHT * prior) / (cases + believed::KINDS_WEIGHT);
        }
    }

    /// Delays and traits: as many boasts in each class as its refunds, weighted, lead to expect.
    fn maximise_exposure(
        &self,
        new: &mut Parameters,
        old: &Parameters,
        exposure: &Exposure,
        seen: &Seen,
        probabilities: &[Vec<f64>],
    ) {
        let mut expected_delays = [0.0; DELAY_CLASSES];
        // Each boast exposes a stretch of the ledger: what begins and ends is summed up along it.
        let mut changes = vec![0.0; self.ledger.refunds.len() + 1];
        for (boast, probabilities) in self.boasts.iter().zip(probabilities) {
            let matched: f64 = probabilities.iter().sum();
            if matched < 1e-9 {
                continue;
            }
            let by_delay = exposure.by_delay(self.ledger, boast);
            let all: f64 = by_delay.iter().zip(&old.delays).map(|(w, d)| w * d).sum();
            for class in 0..DELAY_CLASSES {
                expected_delays[class] += matched * by_delay[class] / all.max(1e-12);
                let range = self.ledger.with_delay(class, boast.at);
                let each = matched * old.delays[class] / all.max(1e-12);
                changes[range.start] += each;
                changes[range.end] -= each;
            }
        }
        for class in 0..DELAY_CLASSES {
            let (prior, weight) = (believed::DELAYS[class], believed::DELAYS_WEIGHT);
            new.delays[class] = (seen.delays[class] + weight) / (expected_delays[class] + weight / prior);
        }
        let mut expected = [[0.0; crate::posts::candidates::CLASSES_MAX]; TRAITS];
        let mut exposed = 0.0;
        for ((granted, weight), change) in self.ledger.refunds.iter().zip(&exposure.weights).zip(&changes) {
            exposed += change;
            for (of, class) in granted.traits.iter().enumerate() {
                expected[of][*class as usize] += exposed * weight;
            }
        }
        for of in 0..TRAITS {
            for class in 0..expected[of].len() {
                let was = old.traits[of][class];
                let weight = believed::TRAITS_WEIGHT;
                let is = (seen.traits[of][class] + weight) / (expected[of][class] / was + weight);
                // All traits move at once; half a step each keeps them from overshooting together.
                new.traits[of][class] = libm::sqrt(was * is);
            }
        }
    }
}

struct Odds {
    share: f64,
    /// Odds against no refund, prior among refunds, weights.
    pairs: Vec<(f64, f64, Ratios)>,
}

/// What the pairs show, weighted by their probabilities: hits among cases.
struct Seen {
    modes: [f64; MODES],
    delays: [f64; DELAY_CLASSES],
    traits: [[f64; crate::posts::candidates::CLASSES_MAX]; TRAITS],
    other_goods: (f64, f64),
    other_country: (f64, f64),
    true_days: (f64, f64),
    true_method: (f64, f64),
    true_day: (f64, f64),
}

impl Default for Seen {
    fn default() -> Self {
        let none = (0.0, 0.0);
        Seen {
            modes: [0.0; MODES],
            delays: [0.0; DELAY_CLASSES],
            traits: [[0.0; crate::posts::candidates::CLASSES_MAX]; TRAITS],
            other_goods: none,
            other_country: none,
            true_days: none,
            true_method: none,
            true_day: none,
        }
    }
}

impl Seen {
    fn pair(&mut self, linkage: &Linkage<'_>, boast: &Boast, candidate: &Candidate, p: f64, old: &Parameters) {
        if p < 1e-9 {
            return;
        }
        let background = &linkage.background;
        let of_mode =
            |mode: usize| old.modes[mode] * rounding::likelihood(mode, candidate.refunded);
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
        if let Some((word, likely)) = boast.word.zip(candidate.word) {
            let chance = background.word(word);
            mixed(|s| &mut s.other_goods, old.other_goods * chance, (1.0 - old.other_goods) * likely);
        }
        if let Some(((code, _), same)) = boast.claims.country.as_ref().zip(candidate.country) {
            let chance = background.country(code);
            let same = f64::from(u8::from(same));
            mixed(|s| &mut s.other_country, old.other_country * chance, (1.0 - old.other_country) * same);
        }
        if let Some((days, likely)) = boast.claims.moments.took_days.zip(candidate.took) {
            let chance = background.days(days);
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
