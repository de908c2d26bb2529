//! Which words press or pose? Threats, urgency, officialese and orders to the agent, counted, with their places.
//!
//! These are counts for a model that sees thousands of honest messages, and words to mark for a reader. By themselves they are
//! no evidence: people who were robbed are angry, go to the police and ask for a manager. A refunder presses more often
//! than others, which only a comparison shows. The limits:
//!
//! - Five languages; a message in another has no cues, which says nothing about it. The language is not reported: it would be
//!   a proxy of origin. Compare messages with cues only within a queue.
//! - Words are matched, not meanings: *I did not go to the police* counts as *police*.
//! - Polished or machine-written text is no cue: writing help is not evidence.

use crate::texts::lexicon::LEXICON;
use crate::texts::normal::{Word, words};
use serde::Serialize;
use std::collections::BTreeMap;

/// A kind of pressure or pose.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cue {
    /// The money will be fetched through the bank or the card.
    Bank,
    /// Lawyers, courts, consumer authorities.
    Legal,
    /// A report to the police, made or announced.
    Police,
    /// Reviews, press, social media.
    Publicity,
    /// Now, at once, by a deadline.
    Urgency,
    /// The language of offices: paragraphs, rights, *hereby*.
    Officialese,
    /// Tells the agent what to do: escalate, override, confirm.
    Instruction,
}

impl Cue {
    /// All kinds, in the order of [`Cues::counts`].
    pub const ALL: [Cue; 7] = [
        Cue::Bank,
        Cue::Legal,
        Cue::Police,
        Cue::Publicity,
        Cue::Urgency,
        Cue::Officialese,
        Cue::Instruction,
    ];
}

/// Where a cue is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Hit {
    /// Which.
    pub cue: Cue,
    /// Position of its first word, from 0.
    pub word: usize,
    /// How many words it has.
    pub words: usize,
    /// Its first byte in the text.
    pub from: usize,
    /// The byte after its last.
    pub to: usize,
}

/// The cues of a message.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Cues {
    /// In the order of the text; none overlaps another.
    pub hits: Vec<Hit>,
    /// How many words the message has.
    pub words: usize,
}

impl Cues {
    /// How many of each kind, in the order of [`Cue::ALL`].
    pub fn counts(&self) -> [usize; 7] {
        Cue::ALL.map(|cue| self.hits.iter().filter(|h| h.cue == cue).count())
    }
    /// How many kinds.
    pub fn kinds(&self) -> usize {
        self.counts().iter().filter(|n| **n > 0).count()
    }
}

/// Finds cues; build it once.
#[derive(Clone, Debug)]
pub struct Finder {
    /// The keys of the words of each phrase, by the first; the longest first.
    phrases: BTreeMap<u64, Vec<(Vec<u64>, Cue)>>,
}

impl Default for Finder {
    fn default() -> Finder {
        let mut phrases: BTreeMap<u64, Vec<(Vec<u64>, Cue)>> = BTreeMap::new();
        for (cue, texts) in LEXICON {
            for text in *texts {
                let keys: Vec<u64> = words(text).iter().map(|w| w.key).collect();
                if let Some(first) = keys.first() {
                    phrases.entry(*first).or_default().push((keys, *cue));
                }
            }
        }
        for same_start in phrases.values_mut() {
            same_start.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        }
        Finder { phrases }
    }
}

impl Finder {
    /// The cues of a message.
    pub fn cues(&self, text: &str) -> Cues {
        let words = words(text);
        let mut hits = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let Some((len, cue)) = self.longest(&words[at..]) else {
                at += 1;
                continue;
            };
            let (from, to) = (words[at].from, words[at + len - 1].to);
            hits.push(Hit { cue, word: at, words: len, from, to });
            at += len;
        }
        Cues { hits, words: words.len() }
    }
    fn longest(&self, rest: &[Word]) -> Option<(usize, Cue)> {
        let same_start = self.phrases.get(&rest.first()?.key)?;
        let fits = |keys: &[u64]| keys.len() <= rest.len() && keys.iter().zip(rest).all(|(k, w)| *k == w.key);
        same_start.iter().find(|(keys, _)| fits(keys)).map(|(keys, cue)| (keys.len(), *cue))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Cue> {
        Finder::default().cues(text).hits.iter().map(|h| h.cue).collect()
    }

    #[test]
    fn cues_are_found_in_five_languages() {
        use Cue::*;
        for (text, expect) in [
            ("Refund me immediately or I will dispute the charge with my bank", vec![Urgency, Bank]),
            ("My lawyer will contact you and I post this on Twitter.", vec![Legal, Publicity]),
            (
                "Quiero hablar con su supervisor, voy a poner una denuncia ante la policía",
                vec![Instruction, Police],
            ),
            (
                "Ich fordere Sie hiermit auf, umgehend zu erstatten, sonst Rückbuchung!",
                vec![Officialese, Urgency, Bank],
            ),
            ("Mi rivolgerò al mio avvocato se non rimborsate subito", vec![Legal, Urgency]),
            (
                "Mettez-moi en relation avec votre responsable, sinon je saisis le tribunal",
                vec![Instruction, Legal],
            ),
            ("where is my parcel? thank you very much for your help", vec![]),
        ] {
            assert_eq!(kinds(text), expect, "{text}");
        }
    }

    #[test]
    fn places_are_given_and_the_longest_phrase_counts_once() {
        let text = "I will file a POLICE REPORT today.";
        let cues = Finder::default().cues(text);
        assert_eq!(cues.hits.len(), 1);
        let hit = cues.hits[0];
        assert_eq!((hit.cue, hit.word, &text[hit.from..hit.to]), (Cue::Police, 4, "POLICE REPORT"));
        assert_eq!((cues.words, cues.kinds(), cues.counts()[2]), (7, 1, 1));
    }

    #[test]
    fn writing_help_is_no_cue() {
        let polished = "I hope this message finds you well. I would be grateful if you could issue a full refund to the \
                        original payment method at your earliest convenience. Thank you for your understanding.";
        assert_eq!(kinds(polished), []);
    }

    #[test]
    fn every_phrase_is_found_as_itself() {
        let finder = Finder::default();
        for (cue, texts) in LEXICON {
            for text in *texts {
                let cues = finder.cues(text);
                assert_eq!(cues.hits.len(), 1, "{text}");
                assert_eq!((cues.hits[0].cue, cues.hits[0].words), (*cue, cues.words), "{text}");
            }
        }
    }
}
