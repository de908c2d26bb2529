//! Which accounts write from one script? Groups of texts that have more in common than the common stock explains.
//!
//! 1. An index finds for each text those like it; accounts that repeat themselves do not count.
//! 2. A text with enough neighbours is tried as the leader of a group: what the group has in common is cut into phrases.
//! 3. A mixture of people who write from the common stock, in a few styles, and people who write from a script is fitted to
//!    how many accounts use which of the phrases. A script shows either by phrases that come together far more often than
//!    the styles explain, or by words that hardly anybody outside the group writes.
//! 4. Of the groups found those within a false-discovery rate are scripts.

use crate::texts::group::{Corpus, Group};
use crate::texts::index::{Index, Sketch};
use crate::texts::mixture::Mask;
use crate::texts::neighbours::Neighbours;
use crate::texts::normal::words;
use crate::texts::shingles::Shingle;
use ringfence_domain::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;

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
    /// What a larger share of the accounts writes (and more than thirty) is a form's or everybody's, and no script.
    pub everybodys: f64,
    /// Least similarity of a text to a leader's: weight of what both contain ÷ weight of what either contains.
    pub similarity_min: f64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { fdr: 0.05, accounts_min: 4, everybodys: 0.02, similarity_min: 0.3 }
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
const LEADERS_MAX: usize = 5_000;
/// A text that surely belongs to so many groups already leads none: its own would be much the same as theirs.
const SEEN_IN_MAX: u32 = 2;
const SURELY: f64 = 0.9;
/// Sketches that agree in fewer bins than this share of the least similarity are not compared in full.
const AGREEMENT_OF_SIMILARITY: f64 = 0.6;

/// The same, with what it took.
pub fn search(texts: &[Text], settings: &Settings) -> Search {
    let mut order: Vec<&Text> = texts.iter().collect();
    order.sort_by_key(|t| (t.at, t.account, t.id, t.text));
    let corpus = Corpus::new(order);
    let (near, empty, index_bytes) = neighbours(&corpus, settings);
    let bytes = corpus.bytes() + index_bytes + near.bytes();
    let leaders = near.leaders(&corpus.accounts, settings.accounts_min);
    let mut tried: BTreeSet<&[Shingle]> = BTreeSet::new();
    let leaders = leaders.into_iter().filter(|n| tried.insert(corpus.shelf.get(*n as usize)));
    let mut seen_in: Vec<u32> = vec![0; corpus.texts.len()];
    let mut groups: Vec<Group> = Vec::new();
    let mut looked_at = 0;
    for leader in leaders {
        if looked_at == LEADERS_MAX {
            break;
        }
        if seen_in[leader as usize] >= SEEN_IN_MAX {
            continue;
        }
        looked_at += 1;
        let Some(group) = corpus.group(leader, &near, settings) else { continue };
        for (text, mask) in &group.members {
            seen_in[*text as usize] += u32::from(group.mixture.probability(*mask) >= SURELY);
        }
        groups.push(group);
    }
    Search { scripts: told(&corpus, &groups, settings), empty, groups: groups.len(), bytes }
}

/// For each text those of other accounts that are like it; how many texts say nothing; the bytes of the index.
fn neighbours(corpus: &Corpus, settings: &Settings) -> (Neighbours, usize, usize) {
    let mut index = Index::default();
    let mut pairs: Vec<(u32, u32, f32)> = Vec::new();
    // The index numbers what it is given; texts that say nothing are not.
    let mut numbers: Vec<u32> = Vec::new();
    for n in 0..corpus.texts.len() as u32 {
        let i = n as usize;
        let Some(sketch) = Sketch::of(corpus.shelf.get(i), corpus.shelf.weights(i), &corpus.stock) else {
            continue;
        };
        for other in index.alike(&sketch) {
            let m = numbers[other as usize];
            let agreement = index.sketch(other).agreement(&sketch);
            if corpus.account(m) == corpus.account(n)
                || agreement < AGREEMENT_OF_SIMILARITY * settings.similarity_min
            {
                continue;
            }
            let similarity = corpus.shelf.similarity(i, m as usize);
            if similarity >= settings.similarity_min {
                pairs.push((n, m, similarity as f32));
            }
        }
        index.insert(sketch);
        numbers.push(n);
    }
    (Neighbours::of(corpus.texts.len(), &pairs), corpus.texts.len() - numbers.len(), index.bytes())
}

/// The groups within the false-discovery rate, each text in one of them.
fn told(corpus: &Corpus, groups: &[Group], settings: &Settings) -> Vec<Script> {
    let mut ranked: Vec<(f64, f64, &Group)> = groups
        .iter()
        .map(|group| {
            let (chance, expected) = group.chance();
            (chance, expected, group)
        })
        .collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.2.leader.cmp(&b.2.leader)));
    let mut taken: BTreeSet<u32> = BTreeSet::new();
    let mut found = Vec::new();
    for (chance, expected, group) in ranked {
        // One at a time: the leaders of one script are no further findings.
        let q_value = (chance * corpus.texts.len() as f64 / (found.len() + 1) as f64).min(1.0);
        let free: Vec<(u32, Mask)> =
            group.members.iter().copied().filter(|m| !taken.contains(&m.0)).collect();
        let accounts = corpus.distinct(free.iter().map(|m| m.0));
        if q_value <= settings.fdr && accounts >= settings.accounts_min && accounts * 2 >= group.accounts {
            taken.extend(free.iter().map(|m| m.0));
            found.push(script(corpus, group, &free, (accounts, expected, q_value)));
        }
    }
    found
}

fn script(corpus: &Corpus, group: &Group, members: &[(u32, Mask)], figures: (usize, f64, f64)) -> Script {
    let (accounts, expected, q_value) = figures;
    let of = |n: u32| corpus.texts[n as usize];
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
        expected,
        phrases: in_words(corpus, group),
        q_value,
        from: times.clone().min().unwrap_or(Timestamp::MIN),
        to: times.max().unwrap_or(Timestamp::MAX),
    }
}

/// The phrases that most members keep; those that follow each other as one.
fn in_words(corpus: &Corpus, group: &Group) -> Vec<String> {
    let text = corpus.texts[group.leader as usize].text;
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
