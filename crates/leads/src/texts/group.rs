//! How surprising is what a group of texts has in common? Against everybody who writes to the shop.

use crate::stats::upper_tail;
use crate::texts::mixture::{Mask, Mixture, Table};
use crate::texts::neighbours::Neighbours;
use crate::texts::phrases::{Phrase, masks, phrases};
use crate::texts::sample::{Sample, common};
use crate::texts::scripts::{Settings, Text};
use crate::texts::shingles::{Shelf, Shingle};
use crate::texts::stock::Stock;
use std::collections::{BTreeMap, BTreeSet};

/// Fewer phrases that come together are a habit and no script.
const PHRASES_MIN: usize = 4;
/// How much the styles of the stock err: variance of what they lead to expect, relative to its square. A count of two or three
/// times what is expected says nothing. Learnt from the groups it would be a script's own in a shop with few other groups.
const STYLES_ERR: f64 = 0.5;
/// Accounts that are few in a shop of any size.
const FEW: usize = 30;
/// A pair of words is a group's own where at most one account outside has it for four inside.
const OUTSIDERS_MAX: f64 = 0.25;
/// Pairs in a row from which on words are somebody's own; where two sentences of everybody's meet there are one or two.
const OWN_RUN_MIN: usize = 5;
/// Fewer such pairs in all are no text of somebody's own, nor are those that are less than this share of it.
const OWN_MIN: usize = 12;
const OWN_SHARE_MIN: f64 = 0.5;
/// The chance of the next word where nobody else came so far: far more than it has among all words.
const NEXT_WORD: f64 = 0.1;

/// All texts in the order of time, by number.
pub(crate) struct Corpus<'a> {
    pub(crate) texts: Vec<&'a Text<'a>>,
    pub(crate) accounts: Vec<u32>,
    /// The different accounts, ascending; by text the place of its account among them.
    numbers: Vec<u32>,
    places: Vec<u32>,
    pub(crate) shelf: Shelf,
    pub(crate) stock: Stock,
    sample: Sample,
}

/// A group that may be a script.
pub(crate) struct Group {
    pub(crate) leader: u32,
    /// Text and phrases that it has.
    pub(crate) members: Vec<(u32, Mask)>,
    pub(crate) accounts: usize,
    pub(crate) phrases: Vec<Phrase>,
    pub(crate) mixture: Mixture,
    /// How many accounts would have come to as many of the phrases.
    together: f64,
    /// How many accounts would have come up with the words that are the group's own, where it has such.
    copied: Option<f64>,
}

impl Group {
    /// The chance of as many accounts, and how many would be expected.
    pub(crate) fn chance(&self) -> (f64, f64) {
        let observed = self.accounts as u64;
        let enough = self.phrases.len() >= PHRASES_MIN;
        let by_phrases = if enough { upper_tail(observed, self.together, STYLES_ERR) } else { 1.0 };
        let by_words = self.copied.map_or(1.0, |expected| upper_tail(observed, expected, 0.0));
        // Which of the leader's phrases to count was chosen by looking, and there are two tests.
        let choices = libm::exp2((self.phrases.len() + 1) as f64);
        let chance = (by_phrases.min(by_words) * choices).min(1.0);
        (chance, if by_words < by_phrases { self.copied.unwrap_or(self.together) } else { self.together })
    }
}

impl<'a> Corpus<'a> {
    pub(crate) fn new(texts: Vec<&'a Text<'a>>) -> Corpus<'a> {
        let accounts: Vec<u32> = texts.iter().map(|t| t.account).collect();
        let mut numbers = accounts.clone();
        numbers.sort_unstable();
        numbers.dedup();
        let place = |account: &u32| numbers.partition_point(|n| n < account) as u32;
        let places = accounts.iter().map(place).collect();
        let mut shelf = Shelf::default();
        for t in &texts {
            shelf.push(t.text);
        }
        let stock = Stock::of(&shelf, &accounts);
        shelf.weigh(|s| stock.weight(s));
        let sample = Sample::of(&shelf, &accounts);
        Corpus { texts, accounts, numbers, places, shelf, stock, sample }
    }
    pub(crate) fn bytes(&self) -> usize {
        self.shelf.bytes()
            + self.stock.bytes()
            + self.sample.bytes()
            + (self.accounts.capacity() + self.numbers.capacity() + self.places.capacity()) * size_of::<u32>()
            + self.texts.capacity() * size_of::<&Text>()
    }
    pub(crate) fn account(&self, text: u32) -> u32 {
        self.accounts[text as usize]
    }

    /// The group around a text, and how surprising it is.
    pub(crate) fn group(&self, leader: u32, neighbours: &Neighbours, settings: &Settings) -> Option<Group> {
        let near = neighbours.of_text(leader);
        let mut around: Vec<u32> = near.iter().flat_map(|n| neighbours.of_text(*n)).copied().collect();
        around.extend(near);
        around.push(leader);
        around.sort_unstable();
        around.dedup();
        let voters = self.one_an_account(core::iter::once(leader).chain(near.iter().copied()));
        let phrases = phrases(self.texts[leader as usize].text, &voters, &self.shelf, &self.sample);
        if phrases.is_empty() {
            return None;
        }
        let outside: Vec<u32> =
            around.iter().copied().filter(|n| !self.sample.has(self.account(*n))).collect();
        // One pair of neighbours a joint, and one less over a word.
        let joints = self.shelf.get(leader as usize).len().div_ceil(2);
        let pairs_min = self.shelf.get(leader as usize).len() / 2;
        let mut masks = masks(&phrases, &outside, &self.shelf, &self.sample);
        masks.retain(|m| self.shelf.get(m.0 as usize).len() >= pairs_min);
        let table = self.table(&masks, &around, phrases.len(), pairs_min);
        let mixture = Mixture::fit(&table);
        let members: Vec<(u32, Mask)> =
            masks.iter().copied().filter(|m| mixture.probability(m.1) >= 0.5).collect();
        let accounts: BTreeSet<u32> = members.iter().map(|m| self.account(m.0)).collect();
        if accounts.len() < settings.accounts_min || accounts.len() > self.most(settings) {
            return None;
        }
        let together = mixture.expected(&table);
        let copied = self.copied(&phrases, &members, &accounts, joints);
        Some(Group { leader, members, accounts: accounts.len(), phrases, mixture, together, copied })
    }

    /// The most accounts that write from one script; more write what everybody writes.
    fn most(&self, settings: &Settings) -> usize {
        let share = settings.everybodys * f64::from(self.stock.accounts());
        (share as usize).max(FEW)
    }

    /// How many accounts would have come up with the words that are the group's own; `None` where it has none.
    fn copied(
        &self,
        phrases: &[Phrase],
        members: &[(u32, Mask)],
        accounts: &BTreeSet<u32>,
        joints_all: usize,
    ) -> Option<f64> {
        let everybody = f64::from(self.stock.accounts());
        let own = |s: Shingle| {
            let has = members.iter().map(|m| m.0).filter(|t| self.shelf.contains(*t as usize, s));
            let inside = self.distinct(has) as f64;
            f64::from(self.stock.uses(s)) - inside <= OUTSIDERS_MAX * inside
        };
        let joints: Vec<(usize, Shingle)> =
            phrases.iter().flat_map(Phrase::chain).filter(|j| own(j.1)).collect();
        let runs: Vec<&[(usize, Shingle)]> =
            joints.chunk_by(|a, b| a.0 + 1 == b.0).filter(|run| run.len() >= OWN_RUN_MIN).collect();
        let words: usize = runs.iter().map(|run| run.len()).sum();
        if words < OWN_MIN || (words as f64) < OWN_SHARE_MIN * joints_all as f64 {
            return None;
        }
        let outsiders = |s: Shingle| -> Vec<u32> {
            let outside = |place: &u32| {
                let text = self.sample.texts[*place as usize];
                !accounts.contains(&self.account(text))
            };
            self.sample.places(s).iter().copied().filter(outside).collect()
        };
        // Word after word, as others go on.
        let (mut ln_chance, mut others) = (0.0, f64::INFINITY);
        for pair in runs.iter().flat_map(|run| run.windows(2)) {
            let [before, now] = [pair[0].1, pair[1].1].map(outsiders);
            let both = common(&before, &now) as f64;
            ln_chance += libm::log((both + NEXT_WORD) / (before.len() as f64 + 1.0));
            others = others.min(both * self.sample.scale);
        }
        Some(others + everybody * libm::exp(ln_chance))
    }

    pub(crate) fn distinct(&self, texts: impl Iterator<Item = u32>) -> usize {
        texts.map(|t| self.account(t)).collect::<BTreeSet<_>>().len()
    }

    /// The first of the texts for each account.
    fn one_an_account(&self, texts: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut seen = BTreeSet::new();
        texts.filter(|t| seen.insert(self.account(*t))).collect()
    }

    /// Accounts with a text at least half as long, by the phrases that they use; in a shorter one there is no room for them. An
    /// account counts by its text with the most of them. Those around the leader stand for
    /// themselves, others of the sample for as many as the sample says.
    fn table(&self, masks: &[(u32, Mask)], around: &[u32], phrases: usize, pairs_min: usize) -> Table {
        // By place of the account among all, so that they come in the order of their numbers.
        let mut best: Vec<Mask> = vec![0; self.numbers.len()];
        for &(text, mask) in masks {
            let of = &mut best[self.places[text as usize] as usize];
            *of = core::cmp::max_by_key(*of, mask, |m| (m.count_ones(), *m));
        }
        let mut near = vec![false; self.numbers.len()];
        for n in around {
            near[self.places[*n as usize] as usize] = true;
        }
        let mut cells: BTreeMap<Mask, f64> = BTreeMap::new();
        let mut sampled = 0;
        for ((account, mask), near) in self.numbers.iter().zip(best).zip(near).filter(|((_, m), _)| *m != 0) {
            sampled += usize::from(self.sample.has(*account));
            *cells.entry(mask).or_default() += if near { 1.0 } else { self.sample.scale };
        }
        *cells.entry(0).or_default() +=
            self.sample.accounts(pairs_min).saturating_sub(sampled) as f64 * self.sample.scale;
        Table { phrases, cells: cells.into_iter().collect() }
    }
}
