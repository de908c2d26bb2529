//! What do the posts themselves tell of the model? Its parameters by expectation and maximisation; no truth is used.
//!
//! The expectation keeps pairs exclusive ([`crate::posts::assign`]). Every estimate is drawn to what is believed beforehand, by so
//! many posts as [`believed`] says: few posts change little. Handles and channels have shares of their own, drawn to those of
//! their kind, each post judged by the others of its handle only.

use crate::posts::assign::exclusive;
use crate::posts::background::{Background, Chances};
use crate::posts::boasts::Boast;
use crate::posts::candidates::{CLASSES_MAX, Candidate, DELAY_CLASSES, GROUPS, Ledger, TRAITS, alike};
use crate::posts::goods::Goods;
use crate::posts::model::{Exposure, KINDS, Parameters, Ratios, believed, kind, ratios, usual};
use crate::posts::rounding;
use crate::posts::seen::Seen;
use crate::posts::ties::{Tally, Ties};
use std::collections::BTreeMap;

/// Rounds of expectation and maximisation.
const ROUNDS: usize = 30;
/// So often how usual amounts and goods are is found anew.
const USUAL_EVERY: usize = 8;
/// Rounds of messages in each, and at the end.
const MESSAGES: usize = 12;
const LAST_MESSAGES: usize = 60;
/// From this round on handles, channels and rings are looked at: before, all are guesses.
const PEOPLE_FROM: usize = 8;
/// In this round candidates that are less likely than this are dropped, for speed.
const DROP_AT: usize = 6;
const DROP_BELOW: f64 = 1e-6;
/// Posts by which a channel is drawn to its kind, and a handle to its channel.
const CHANNEL_WEIGHT: f64 = 10.0;
const HANDLE_WEIGHT: f64 = 6.0;
/// Delays that are believed so likely or more are looked at for ties.
const TIES_LOOKED_AT: f64 = 0.3;
/// No kind of post is certain.
const SHARE_BOUNDS: (f64, f64) = (5e-4, 0.95);

/// Boasts, refunds and what was compared.
pub(crate) struct Linkage<'a> {
    pub(crate) ledger: &'a Ledger<'a>,
    pub(crate) boasts: &'a [Boast],
    /// By boast.
    pub(crate) candidates: Vec<Vec<Candidate>>,
    /// By boast: how many refunds it was compared with.
    pub(crate) compared: Vec<usize>,
    /// By boast.
    pub(crate) chances: Vec<Chances>,
    goods: &'a Goods,
    /// By boast: how usual amount and goods are among refunds of all times.
    usual: Vec<f64>,
}

/// What came out for a boast.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// By candidate: the probability that it is the one, and the weights of the comparisons.
    pub(crate) pairs: Vec<(f64, Ratios)>,
    /// By candidate: at most so many other refunds would agree as well by chance.
    pub(crate) by_chance: Vec<f64>,
}

/// Tallies of channels and handles, and the probabilities that they were made of.
type People<'p> = (&'p BTreeMap<u32, Tally>, &'p Vec<Vec<f64>>);

impl<'a> Linkage<'a> {
    pub(crate) fn new(
        ledger: &'a Ledger<'a>,
        boasts: &'a [Boast],
        candidates: Vec<Vec<Candidate>>,
        background: &Background,
        goods: &'a Goods,
    ) -> Linkage<'a> {
        let chances = boasts.iter().map(|b| background.chances(b)).collect();
        let compared = candidates.iter().map(Vec::len).collect();
        let usual = vec![1.0; boasts.len()];
        Linkage { ledger, boasts, candidates, compared, chances, goods, usual }
    }

    /// Estimates the parameters and the probabilities; candidates that cannot be are dropped.
    pub(crate) fn fit(&mut self) -> Vec<Outcome> {
        let mut parameters = Parameters::default();
        let mut tallies: BTreeMap<u32, Tally> = BTreeMap::new();
        let mut last: Vec<Vec<f64>> = Vec::new();
        for round in 0..ROUNDS {
            if round % USUAL_EVERY == 0 {
                self.find_usual(&parameters);
            }
            let people = (round >= PEOPLE_FROM).then_some((&tallies, &last));
            let odds = self.odds(&parameters, people);
            let probabilities = self.exclusive(&odds, MESSAGES);
            parameters = self.maximise(&parameters, &probabilities);
            tallies = self.tally(&probabilities);
            last = if round == DROP_AT { self.drop_unlikely(probabilities) } else { probabilities };
        }
        let odds = self.odds(&parameters, Some((&tallies, &last)));
        let probabilities = self.exclusive(&odds, LAST_MESSAGES);
        let outcomes = odds.into_iter().zip(probabilities).map(|(odds, probabilities)| Outcome {
            by_chance: odds
                .pairs
                .iter()
                .map(|(_, prior, ratios)| 1.0 / (prior * ratios.product()).max(1e-12))
                .collect(),
            pairs: probabilities.into_iter().zip(odds.pairs).map(|(p, (_, _, ratios))| (p, ratios)).collect(),
        });
        outcomes.collect()
    }

    /// Not kept: a large ledger has more refunds alike than memory would hold for many posts.
    fn find_usual(&mut self, parameters: &Parameters) {
        let exposure = Exposure::new(self.ledger, parameters);
        let usual = self.boasts.iter().zip(&self.candidates).zip(&self.chances).map(
            |((boast, candidates), chances)| {
                if candidates.is_empty() {
                    return 1.0;
                }
                usual(boast, &alike(self.ledger, self.goods, boast), parameters, chances, &exposure)
            },
        );
        self.usual = usual.collect();
    }

    /// Keeps the candidates that may still be the one, at least the likeliest; returns their probabilities.
    fn drop_unlikely(&mut self, probabilities: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
        let mut kept = Vec::with_capacity(probabilities.len());
        for (candidates, probabilities) in self.candidates.iter_mut().zip(probabilities) {
            let best = probabilities.iter().copied().fold(0.0, f64::max);
            let mut of = probabilities.iter().map(|p| *p >= DROP_BELOW || *p >= best);
            candidates.retain(|_| of.next().unwrap_or(false));
            kept.push(probabilities.into_iter().filter(|p| *p >= DROP_BELOW || *p >= best).collect());
        }
        kept
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

    fn odds(&self, parameters: &Parameters, people: Option<People<'_>>) -> Vec<Odds> {
        let exposure = Exposure::new(self.ledger, parameters);
        let usual = self.usual_groups(&exposure);
        (0..self.boasts.len())
            .map(|n| {
                let boast = &self.boasts[n];
                let mut share = parameters.kinds[kind(boast)];
                let mut ties = Ties::none();
                if let Some((tallies, last)) = people.filter(|_| boast.is_compared()) {
                    let own = self.own_tally(n, &last[n]);
                    let mut others = Vec::new();
                    for (key, weight) in [(boast.channel, CHANNEL_WEIGHT), (boast.handle, HANDLE_WEIGHT)] {
                        let Some(tally) = tallies.get(&key) else { continue };
                        let (boasts, matched) =
                            (tally.boasts - own.boasts, (tally.matched - own.matched).max(0.0));
                        share = (weight * share + matched) / (weight + boasts);
                        others.push((tally, matched));
                    }
                    ties = Ties::new(&others, &own, &usual);
                }
                let share = share.clamp(SHARE_BOUNDS.0, SHARE_BOUNDS.1);
                let all = self.all_weight(boast, parameters, &exposure, &ties);
                self.pairs(n, parameters, &exposure, all, share, &ties)
            })
            .collect()
    }

    /// The weight of all refunds that a boast may be about, ties included where boasts mostly fall: a refund that is tied to the
    /// handle has the others that are tied to it beside it.
    fn all_weight(&self, boast: &Boast, parameters: &Parameters, exposure: &Exposure, ties: &Ties) -> f64 {
        let by_delay = exposure.by_delay(self.ledger, boast);
        (0..DELAY_CLASSES)
            .map(|class| {
                let weight = if believed::DELAYS[class] >= TIES_LOOKED_AT && ties.any() {
                    let range = self.ledger.with_delay(class, boast.at);
                    let refunds = self.ledger.refunds[range.clone()].iter().zip(&exposure.weights[range]);
                    refunds.map(|(granted, weight)| weight * ties.of(&granted.groups)).sum()
                } else {
                    by_delay[class]
                };
                weight * parameters.delays[class]
            })
            .sum()
    }

    fn pairs(
        &self,
        n: usize,
        parameters: &Parameters,
        exposure: &Exposure,
        all: f64,
        share: f64,
        ties: &Ties,
    ) -> Odds {
        let pairs = self.candidates[n].iter().map(|c| {
            let ratios = ratios(&self.boasts[n], c, parameters, &self.chances[n], exposure, self.usual[n]);
            let granted = &self.ledger.refunds[c.refund as usize];
            let weight = exposure.weights[c.refund as usize] * parameters.delays[c.delay as usize];
            let prior = ties.of(&granted.groups) * weight / all.max(1e-12);
            (share / (1.0 - share) * prior * ratios.product(), prior, ratios)
        });
        Odds { pairs: pairs.collect() }
    }

    /// The share of the ledger's weight that each group has.
    fn usual_groups(&self, exposure: &Exposure) -> [Vec<f64>; GROUPS] {
        let mut usual: [Vec<f64>; GROUPS] = Default::default();
        for (granted, weight) in self.ledger.refunds.iter().zip(&exposure.weights) {
            for (usual, group) in usual.iter_mut().zip(granted.groups) {
                if usual.len() <= group as usize {
                    usual.resize(group as usize + 1, 0.0);
                }
                usual[group as usize] += weight;
            }
        }
        for usual in &mut usual {
            let all: f64 = usual.iter().sum();
            for weight in usual.iter_mut() {
                *weight /= all.max(1e-12);
            }
        }
        usual
    }

    /// What one boast adds to the tallies of its handle and its channel.
    fn own_tally(&self, n: usize, probabilities: &[f64]) -> Tally {
        let mut own = Tally { boasts: 1.0, matched: probabilities.iter().sum(), ..Tally::default() };
        for (candidate, probability) in self.candidates[n].iter().zip(probabilities) {
            let groups = self.ledger.refunds[candidate.refund as usize].groups;
            for (by_group, group) in own.by_group.iter_mut().zip(groups) {
                *by_group.entry(group).or_default() += probability;
            }
        }
        own
    }

    fn tally(&self, probabilities: &[Vec<f64>]) -> BTreeMap<u32, Tally> {
        let mut found: BTreeMap<u32, Tally> = BTreeMap::new();
        for (n, boast) in self.boasts.iter().enumerate().filter(|(_, b)| b.is_compared()) {
            let own = self.own_tally(n, &probabilities[n]);
            for key in [boast.channel, boast.handle] {
                let tally = found.entry(key).or_default();
                tally.boasts += own.boasts;
                tally.matched += own.matched;
                for (all, own) in tally.by_group.iter_mut().zip(&own.by_group) {
                    for (group, p) in own {
                        *all.entry(*group).or_default() += p;
                    }
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
        for (n, probabilities) in probabilities.iter().enumerate() {
            for (candidate, &p) in self.candidates[n].iter().zip(probabilities) {
                seen.pair(self, n, candidate, p, old);
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
        let mut modelled = (0.0, 0.0);
        for (n, probabilities) in
            probabilities.iter().enumerate().filter(|(n, _)| !self.candidates[*n].is_empty())
        {
            let none = 1.0 - probabilities.iter().sum::<f64>();
            let (model, else_) = (old.modelled * self.usual[n], 1.0 - old.modelled);
            modelled.0 += none * model / (model + else_);
            modelled.1 += none;
        }
        new.modelled = drawn(modelled, believed::MODELLED);
        self.maximise_kinds(&mut new, probabilities);
        self.maximise_exposure(&mut new, old, &exposure, &seen, probabilities);
        new
    }

    fn maximise_kinds(&self, new: &mut Parameters, probabilities: &[Vec<f64>]) {
        let mut counts = [(0.0, 0.0); KINDS];
        for (boast, probabilities) in self.boasts.iter().zip(probabilities).filter(|(b, _)| b.is_compared()) {
            let count = &mut counts[kind(boast)];
            count.0 += probabilities.iter().sum::<f64>();
            count.1 += 1.0;
        }
        for (n, (matched, cases)) in counts.into_iter().enumerate() {
            let prior = believed::KINDS_OF_POSTS[n];
            new.kinds[n] = (matched + believed::KINDS_WEIGHT * prior) / (cases + believed::KINDS_WEIGHT);
        }
    }

    // One class is looked up in several tables.
    #[allow(clippy::needless_range_loop)]
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
        let mut expected = [[0.0; CLASSES_MAX]; TRAITS];
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
    /// Odds against no refund, prior among refunds, weights.
    pairs: Vec<(f64, f64, Ratios)>,
}
