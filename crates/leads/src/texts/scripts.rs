//! Which accounts write from one script? Groups of texts that have more in common than the common stock explains.
//!
//! 1. An [index](super::index) finds for each text those like it; accounts that repeat themselves do not count.
//! 2. A text with enough neighbours is tried as the leader of a group: what the group has in common is cut into
//!    [phrases](super::phrases).
//! 3. A [mixture](super::mixture) of people who write from the common stock and people who write from a script is fitted to
//!    how many accounts use which of the phrases. A script shows either by phrases that come together more often than their
//!    pairs explain, or by words that hardly anybody outside the group writes.
//! 4. Of the groups found those within a false-discovery rate are scripts.

use crate::stats::{q_values, upper_tail};
use crate::texts::index::{Index, Sketch};
use crate::texts::mixture::{Mask, Mixture, Table};
use crate::texts::neighbours::Neighbours;
use crate::texts::normal::words;
use crate::texts::phrases::{Phrase, masks, phrases};
use crate::texts::sample::{Sample, common};
use crate::texts::shingles::{Shelf, Shingle};
use crate::texts::stock::Stock;
use ringfence_domain::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A message or a claim in somebody's words.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// Names the text; each once.
    pub id: u32,
    /// Who wrote it, or for whom it was written.
    pub account: u32,
    /// When.
    pub at: Timestamp,
    /// The words.
    pub text: &'a str,
}

/// What is a script.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Largest share of scripts that are none (Benjamini and Hochberg).
    pub fdr: f64,
    /// Least accounts.
    pub accounts_min: usize,
    /// Words that a larger share of the accounts writes are a form's or everybody's, and no script by themselves.
    pub everybodys: f64,
    /// Least similarity of a text to a leader's: weight of what both contain ÷ weight of what either contains.
    pub similarity_min: f64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { fdr: 0.05, accounts_min: 4, everybodys: 0.1, similarity_min: 0.3 }
    }
}

/// A text that belongs to a script.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Member {
    /// Which.
    pub text: u32,
    /// Whose.
    pub account: u32,
    /// Log-likelihood ratio, in nats: written from the script against written from the common stock.
    pub evidence: f64,
    /// The probability of the former, given how many accounts use the script.
    pub probability: f64,
}

/// Texts that seem to come from one hand. A lead like any other: a form or a letter that goes round looks the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Script {
    /// Its texts, in the order of time.
    pub members: Vec<Member>,
    /// How many accounts they are of.
    pub accounts: usize,
    /// How many accounts would have written like that if there were no script.
    pub expected: f64,
    /// What they have in common, in the words of one of them.
    pub phrases: Vec<String>,
    /// Least false-discovery rate at which it is reported.
    pub q_value: f64,
    /// The first text.
    pub from: Timestamp,
    /// The last.
    pub to: Timestamp,
}

/// What was found, and what it took.
#[derive(Clone, Debug)]
pub struct Search {
    /// The clearest first.
    pub scripts: Vec<Script>,
    /// Texts with too little in them to compare by.
    pub empty: usize,
    /// Groups that were looked at.
    pub groups: usize,
    /// Most bytes held at once, the texts themselves left out.
    pub bytes: usize,
}

/// The scripts among texts; the order of the texts does not matter.
pub fn scripts(texts: &[Text], settings: &Settings) -> Vec<Script> {
    search(texts, settings).scripts
}

/// Leaders that are tried at most, those with the most in common with others first: a day of a very large shop has fewer
/// scripts by orders of magnitude.
const LEADERS_MAX: usize = 20_000;
/// Sketches that agree in fewer bins than this share of the least similarity are not compared in full.
const AGREEMENT_OF_SIMILARITY: f64 = 0.6;
/// A pair of words is a group's own where at most one account outside has it for four inside.
const OUTSIDERS_MAX: f64 = 0.25;
/// Pairs in a row from which on words are somebody's own; where two sentences of everybody's meet there are one or two.
const OWN_RUN_MIN: usize = 5;
/// The chance of the next word where nobody else came so far: far more than it has among all words.
const NEXT_WORD: f64 = 0.1;

/// The same, with what it took.
pub fn search(texts: &[Text], settings: &Settings) -> Search {
    let mut order: Vec<&Text> = texts.iter().collect();
    order.sort_by_key(|t| (t.at, t.account, t.id, t.text));
    let corpus = Corpus::new(order);
    let (neighbours, empty, index_bytes) = corpus.neighbours(settings);
    let bytes = corpus.bytes() + index_bytes + neighbours.bytes();
    let leaders = neighbours.leaders(&corpus.accounts, settings.accounts_min);
    let mut found: Vec<Group> = Vec::new();
    let mut taken: BTreeSet<u32> = BTreeSet::new();
    let mut tried: BTreeSet<&[Shingle]> = BTreeSet::new();
    for leader in leaders {
        let same = !tried.insert(corpus.shelf.get(leader as usize));
        if same || taken.contains(&leader) {
            continue;
        }
        if tried.len() > LEADERS_MAX {
            break;
        }
        let Some(group) = corpus.group(leader, &neighbours, settings) else { continue };
        if group.p_value * corpus.texts.len() as f64 <= settings.fdr {
            taken.extend(group.members.iter().map(|m| m.0));
            found.push(group);
        }
    }
    Search { scripts: corpus.told(found, settings), empty, groups: tried.len(), bytes }
}

/// All texts in the order of time, by number.
struct Corpus<'a> {
    texts: Vec<&'a Text<'a>>,
    accounts: Vec<u32>,
    shelf: Shelf,
    stock: Stock,
    sample: Sample,
}

/// A group that may be a script.
struct Group {
    leader: u32,
    /// Text and phrases that it has.
    members: Vec<(u32, Mask)>,
    accounts: usize,
    phrases: Vec<Phrase>,
    mixture: Mixture,
    expected: f64,
    p_value: f64,
}

impl<'a> Corpus<'a> {
    fn new(texts: Vec<&'a Text<'a>>) -> Corpus<'a> {
        let accounts: Vec<u32> = texts.iter().map(|t| t.account).collect();
        let mut shelf = Shelf::default();
        for t in &texts {
            shelf.push(t.text);
        }
        let stock = Stock::of(&shelf, &accounts);
        shelf.weigh(|s| stock.weight(s));
        let sample = Sample::of(&shelf, &accounts);
        Corpus { texts, accounts, shelf, stock, sample }
    }
    fn bytes(&self) -> usize {
        self.shelf.bytes()
            + self.stock.bytes()
            + self.sample.bytes()
            + self.accounts.capacity() * size_of::<u32>()
            + self.texts.capacity() * size_of::<&Text>()
    }
    fn account(&self, text: u32) -> u32 {
        self.accounts[text as usize]
    }

    /// For each text those of other accounts that are like it; how many texts say nothing; the bytes of the index.
    fn neighbours(&self, settings: &Settings) -> (Neighbours, usize, usize) {
        let mut index = Index::default();
        let mut pairs: Vec<(u32, u32, f32)> = Vec::new();
        // The index numbers what it is given; texts that say nothing are not.
        let mut numbers: Vec<u32> = Vec::new();
        for n in 0..self.texts.len() as u32 {
            let i = n as usize;
            let Some(sketch) = Sketch::of(self.shelf.get(i), self.shelf.weights(i), &self.stock) else {
                continue;
            };
            for other in index.alike(&sketch) {
                let m = numbers[other as usize];
                let agreement = index.sketch(other).agreement(&sketch);
                if self.account(m) == self.account(n)
                    || agreement < AGREEMENT_OF_SIMILARITY * settings.similarity_min
                {
                    continue;
                }
                let similarity = self.shelf.similarity(i, m as usize);
                if similarity >= settings.similarity_min {
                    pairs.push((n, m, similarity as f32));
                }
            }
            index.insert(sketch);
            numbers.push(n);
        }
        (Neighbours::of(self.texts.len(), &pairs), self.texts.len() - numbers.len(), index.bytes())
    }

    /// The group around a text, and how surprising it is.
    fn group(&self, leader: u32, neighbours: &Neighbours, settings: &Settings) -> Option<Group> {
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
        let masks = masks(&phrases, &outside, &self.shelf, &self.sample);
        let table = self.table(&masks, &around, phrases.len());
        let mixture = Mixture::fit(&table);
        let members: Vec<(u32, Mask)> =
            masks.iter().copied().filter(|m| mixture.probability(m.1) >= 0.5).collect();
        let accounts: BTreeSet<u32> = members.iter().map(|m| self.account(m.0)).collect();
        if accounts.len() < settings.accounts_min {
            return None;
        }
        let observed = accounts.len() as u64;
        let together = mixture.expected(&table);
        let copied = self.copied(&phrases, &members, &accounts, settings);
        let by_pairs = upper_tail(observed, together, 0.0);
        let by_words = copied.map_or(1.0, |expected| upper_tail(observed, expected, 0.0));
        // Which of the leader's phrases to count was chosen by looking, and there are two tests.
        let choices = libm::exp2((phrases.len() + 1) as f64);
        let expected = if by_words < by_pairs { copied.unwrap_or(together) } else { together };
        Some(Group {
            leader,
            members,
            accounts: accounts.len(),
            mixture,
            expected,
            p_value: (by_pairs.min(by_words) * choices).min(1.0),
            phrases,
        })
    }

    /// How many accounts would have come up with the words that are the group's own; `None` where it has none.
    fn copied(
        &self,
        phrases: &[Phrase],
        members: &[(u32, Mask)],
        accounts: &BTreeSet<u32>,
        settings: &Settings,
    ) -> Option<f64> {
        let everybody = f64::from(self.stock.accounts());
        if accounts.len() as f64 > settings.everybodys * everybody {
            return None;
        }
        let own = |s: Shingle| {
            let has = members.iter().map(|m| m.0).filter(|t| self.shelf.contains(*t as usize, s));
            let inside = self.distinct(has) as f64;
            f64::from(self.stock.uses(s)) - inside <= OUTSIDERS_MAX * inside
        };
        let joints: Vec<(usize, Shingle)> =
            phrases.iter().flat_map(Phrase::chain).filter(|j| own(j.1)).collect();
        let runs: Vec<&[(usize, Shingle)]> =
            joints.chunk_by(|a, b| a.0 + 1 == b.0).filter(|run| run.len() >= OWN_RUN_MIN).collect();
        if runs.is_empty() {
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

    fn distinct(&self, texts: impl Iterator<Item = u32>) -> usize {
        texts.map(|t| self.account(t)).collect::<BTreeSet<_>>().len()
    }

    /// The first of the texts for each account.
    fn one_an_account(&self, texts: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut seen = BTreeSet::new();
        texts.filter(|t| seen.insert(self.account(*t))).collect()
    }

    /// Accounts by the phrases that they use: an account by its text with the most of them. Those around the leader stand for
    /// themselves, others of the sample for as many as the sample says.
    fn table(&self, masks: &[(u32, Mask)], around: &[u32], phrases: usize) -> Table {
        let mut best: BTreeMap<u32, Mask> = BTreeMap::new();
        for &(text, mask) in masks {
            let of = best.entry(self.account(text)).or_default();
            *of = core::cmp::max_by_key(*of, mask, |m| (m.count_ones(), *m));
        }
        let around: BTreeSet<u32> = around.iter().map(|n| self.account(*n)).collect();
        let mut cells: BTreeMap<Mask, f64> = BTreeMap::new();
        let mut sampled = 0;
        for (account, mask) in best {
            sampled += usize::from(self.sample.has(account));
            *cells.entry(mask).or_default() +=
                if around.contains(&account) { 1.0 } else { self.sample.scale };
        }
        *cells.entry(0).or_default() += (self.sample.accounts - sampled) as f64 * self.sample.scale;
        Table { phrases, cells: cells.into_iter().collect() }
    }

    /// The groups within the false-discovery rate, each text in one of them.
    fn told(&self, mut groups: Vec<Group>, settings: &Settings) -> Vec<Script> {
        groups.sort_by(|a, b| a.p_value.total_cmp(&b.p_value).then(a.leader.cmp(&b.leader)));
        let mut p: Vec<f64> = groups.iter().map(|g| g.p_value).collect();
        p.resize(self.texts.len(), 1.0);
        let q = q_values(&p);
        let mut taken: BTreeSet<u32> = BTreeSet::new();
        let mut out = Vec::new();
        for (group, q_value) in groups.iter().zip(q) {
            let free: Vec<(u32, Mask)> =
                group.members.iter().copied().filter(|m| !taken.contains(&m.0)).collect();
            let accounts = self.distinct(free.iter().map(|m| m.0));
            if q_value > settings.fdr || accounts < settings.accounts_min || accounts * 2 < group.accounts {
                continue;
            }
            taken.extend(free.iter().map(|m| m.0));
            out.push(self.script(group, &free, accounts, q_value));
        }
        out
    }

    fn script(&self, group: &Group, members: &[(u32, Mask)], accounts: usize, q_value: f64) -> Script {
        let of = |n: u32| self.texts[n as usize];
        let member = |&(n, mask): &(u32, Mask)| Member {
            text: of(n).id,
            account: of(n).account,
            evidence: group.mixture.evidence(mask),
            probability: group.mixture.probability(mask),
        };
        let times = members.iter().map(|m| of(m.0).at);
        Script {
            members: members.iter().map(member).collect(),
            accounts,
            expected: group.expected,
            phrases: self.in_words(group),
            q_value,
            from: times.clone().min().unwrap_or(Timestamp::MIN),
            to: times.max().unwrap_or(Timestamp::MAX),
        }
    }

    /// The phrases that most members keep; those that follow each other as one.
    fn in_words(&self, group: &Group) -> Vec<String> {
        let text = self.texts[group.leader as usize].text;
        let words = words(text);
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for (i, phrase) in group.phrases.iter().enumerate() {
            let (from, to) = phrase.words(words.len());
            if from >= to || group.mixture.keeps(i) < 0.5 {
                continue;
            }
            match spans.last_mut() {
                Some(last) if last.1 >= from => last.1 = to.max(last.1),
                _ => spans.push((from, to)),
            }
        }
        spans.iter().map(|(from, to)| text[words[*from].from..words[*to - 1].to].to_owned()).collect()
    }
}
