//! What do these texts have in common, phrase by phrase? The words of one of them, cut where the others part from it.
//!
//! A phrase ends where the texts of the group part, and where in the common stock many continue or begin otherwise: at the
//! ends of sentences, mostly, without knowing what a sentence is. A word that differs from text to text, as the item does, is
//! passed over.

use crate::texts::mixture::{Mask, PHRASES_MAX};
use crate::texts::normal::words;
use crate::texts::sample::{Sample, common};
use crate::texts::shingles::{Pairs, Shelf, Shingle};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// Least share of the group that has a pair, for it to be common.
const SUPPORT_MIN: f64 = 0.3;
/// A phrase ends where a smaller share of those who use one pair use the next, or the other way round.
const TOGETHER_MIN: f64 = 0.8;
/// Words after which a phrase ends at the latest, so that a text that nobody else writes has several.
const WORDS_MAX: usize = 16;
/// A phrase is there where so much of it is.
const THERE_MIN: f64 = 0.6;

/// A run of words.
#[derive(Clone, Debug)]
pub(crate) struct Phrase {
    /// The pairs of words within it.
    shingles: Vec<Shingle>,
    /// One pair for each of its joints, in order.
    chain: Vec<Shingle>,
    /// First and last joint; joint b is before word b.
    joints: (usize, usize),
}

impl Phrase {
    /// One pair for each of its joints, in order, with the joint.
    pub(crate) fn chain(&self) -> impl Iterator<Item = (usize, Shingle)> {
        (self.joints.0..).zip(self.chain.iter().copied())
    }
    /// A pair that is surely within it.
    fn middle(&self) -> Shingle {
        self.chain[self.chain.len() / 2]
    }
    /// Its words in the text that it was cut from, by position: from the first to before the second.
    pub(crate) fn words(&self, of: usize) -> (usize, usize) {
        (self.joints.0.saturating_sub(1), (self.joints.1 + 1).min(of))
    }
    /// Whether a text of the shelf has it.
    pub(crate) fn is_in(&self, shelf: &Shelf, n: usize) -> bool {
        let there = self.shingles.iter().filter(|s| shelf.contains(n, **s)).count();
        there >= self.needed()
    }
    fn needed(&self) -> usize {
        libm::ceil(THERE_MIN * self.shingles.len() as f64) as usize
    }
}

/// Cuts the text `leader` into what it has in common with the `group` (texts of the shelf, one an account), at most
/// [`PHRASES_MAX`] phrases, those that fewest use.
pub(crate) fn phrases(leader: &str, group: &[u32], shelf: &Shelf, sample: &Sample) -> Vec<Phrase> {
    let pairs = Pairs::of(&words(leader));
    if pairs.near.is_empty() {
        return Vec::new();
    }
    let mut counts: HashMap<Shingle, usize, FxBuildHasher> = HashMap::default();
    for s in pairs.near.iter().chain(&pairs.over) {
        counts.entry(*s).or_insert_with(|| group.iter().filter(|n| shelf.contains(**n as usize, *s)).count());
    }
    let least = (SUPPORT_MIN * group.len() as f64).max(1.5);
    let common_in_group = |s: Shingle| counts[&s] as f64 >= least;
    let joint = |b: usize| {
        let over = [b.checked_sub(1), Some(b)].into_iter().flatten().filter_map(|i| pairs.over.get(i));
        core::iter::once(&pairs.near[b]).chain(over).copied().find(|s| common_in_group(*s))
    };
    let mut found: Vec<Phrase> = Vec::new();
    let mut open: Option<Phrase> = None;
    for b in 0..pairs.near.len() {
        let Some(shingle) = joint(b) else {
            found.extend(open.take());
            continue;
        };
        let together = open.as_ref().and_then(|p| p.chain.last()).is_some_and(|last| {
            let (before, now) = (sample.places(*last), sample.places(shingle));
            common(before, now) as f64 >= TOGETHER_MIN * before.len().max(now.len()) as f64
        });
        match &mut open {
            Some(phrase) if together && phrase.chain.len() < WORDS_MAX => {
                phrase.chain.push(shingle);
                phrase.joints.1 = b;
            }
            _ => {
                found.extend(open.take());
                open = Some(Phrase { shingles: Vec::new(), chain: vec![shingle], joints: (b, b) });
            }
        }
    }
    found.extend(open);
    drop_seams(&mut found);
    let mut found = join(found, sample);
    for phrase in &mut found {
        let (from, to) = phrase.joints;
        let within = pairs.near[from..=to]
            .iter()
            .chain(&pairs.over[from.min(pairs.over.len())..to.min(pairs.over.len())]);
        phrase.shingles = within.copied().filter(|s| common_in_group(*s)).collect();
        if phrase.shingles.is_empty() {
            phrase.shingles.clone_from(&phrase.chain);
        }
        phrase.shingles.sort_unstable();
        phrase.shingles.dedup();
    }
    rarest(found, sample)
}

/// Between two sentences of everybody's there is a pair that few have: that both are there, one after the other, and no phrase.
fn drop_seams(found: &mut Vec<Phrase>) {
    const SEAM_MAX: usize = 2;
    let touches =
        |a: Option<&Phrase>, b: Option<&Phrase>| a.zip(b).is_some_and(|(a, b)| a.joints.1 + 1 == b.joints.0);
    let seams: Vec<bool> = (0..found.len())
        .map(|i| {
            let before = i.checked_sub(1).and_then(|i| found.get(i));
            let (this, after) = (found.get(i), found.get(i + 1));
            found[i].chain.len() <= SEAM_MAX && touches(before, this) && touches(this, after)
        })
        .collect();
    let mut seam = seams.into_iter();
    found.retain(|_| seam.next() == Some(false));
}

/// Of two phrases in a row of which one is hardly ever there without the other the longer says it all, as where sentences begin
/// alike; two that are hardly ever there without each other are one.
fn join(found: Vec<Phrase>, sample: &Sample) -> Vec<Phrase> {
    let mut kept: Vec<Phrase> = Vec::new();
    for phrase in found {
        let Some(before) = kept.last_mut() else {
            kept.push(phrase);
            continue;
        };
        let (a, b) = (sample.places(before.middle()), sample.places(phrase.middle()));
        let both = common(a, b) as f64;
        if both >= TOGETHER_MIN * a.len().max(b.len()) as f64 {
            before.chain.extend(&phrase.chain);
            before.joints.1 = phrase.joints.1;
        } else if both < TOGETHER_MIN * a.len().min(b.len()) as f64 {
            kept.push(phrase);
        } else if phrase.chain.len() > before.chain.len() {
            *before = phrase;
        }
    }
    kept
}

fn rarest(mut found: Vec<Phrase>, sample: &Sample) -> Vec<Phrase> {
    let uses = |p: &Phrase| p.chain.iter().map(|s| sample.places(*s).len()).min().unwrap_or(0);
    found.sort_by_cached_key(|p| (uses(p), p.joints));
    found.truncate(PHRASES_MAX);
    found.sort_by_key(|p| p.joints);
    found
}

/// Which phrases each text of the sample has, and each of some more; texts with none are left out.
pub(crate) fn masks(phrases: &[Phrase], more: &[u32], shelf: &Shelf, sample: &Sample) -> Vec<(u32, Mask)> {
    let mut all: Vec<Mask> = vec![0; sample.texts.len()];
    // Pairs of a phrase that are there, by place.
    let mut there: Vec<u16> = vec![0; sample.texts.len()];
    for (i, phrase) in phrases.iter().enumerate() {
        let needed = u16::try_from(phrase.needed()).unwrap_or(u16::MAX);
        for s in &phrase.shingles {
            for place in sample.places(*s) {
                there[*place as usize] += 1;
                if there[*place as usize] == needed {
                    all[*place as usize] |= 1 << i;
                }
            }
        }
        there.fill(0);
    }
    let sampled = sample.texts.iter().copied().zip(all);
    let asked = more.iter().map(|n| {
        let has = |(i, p): (usize, &Phrase)| Mask::from(p.is_in(shelf, *n as usize)) << i;
        (*n, phrases.iter().enumerate().map(has).sum())
    });
    let mut out: Vec<(u32, Mask)> = sampled.chain(asked).filter(|m| m.1 != 0).collect();
    out.sort_unstable();
    out
}
