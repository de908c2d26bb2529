//! Which words does a text consist of? Words that differ by case, accents, form of Unicode, digits or a slip of the finger
//! are one word here.
//!
//! Boundaries are those of Unicode (UAX #29): where a script puts no spaces between words (Han, Kana, Thai), each character
//! is a word. Punctuation and emoji are dropped. Nothing depends on a language, and none is told.

use caseless::Caseless;
use smallvec::SmallVec;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Words of a text that are looked at; what follows is left out. The longest e-mails have a tenth of it.
pub const WORDS_MAX: usize = 2_000;

/// A word of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Word {
    /// Equal for words that count as the same.
    pub key: u64,
    /// Its first byte in the text.
    pub from: usize,
    /// The byte after its last.
    pub to: usize,
}

/// The words in their order, at most [`WORDS_MAX`].
pub fn words(text: &str) -> Vec<Word> {
    let found = text.unicode_word_indices();
    found
        .filter_map(|(from, word)| Some(Word { key: key(word)?, from, to: from + word.len() }))
        .take(WORDS_MAX)
        .collect()
}

type Letters = SmallVec<[char; 32]>;

/// `None` where nothing of the word is a letter or a digit.
fn key(word: &str) -> Option<u64> {
    let mut letters = Letters::new();
    if word.is_ascii() {
        for b in word.bytes() {
            push(&mut letters, char::from(b.to_ascii_lowercase()));
        }
    } else {
        for c in word.nfkd().filter(|c| !is_accent(*c)).nfc().default_case_fold() {
            push(&mut letters, c);
        }
    }
    if letters.is_empty() {
        return None;
    }
    blur(&mut letters);
    Some(letters.iter().fold(0, |h, c| mix(h ^ u64::from(u32::from(*c)))))
}

/// Digits become one mark for each run of them: order numbers, prices and dates differ between any two messages.
fn push(letters: &mut Letters, c: char) {
    if c.is_numeric() {
        if letters.last() != Some(&'#') {
            letters.push('#');
        }
    } else if c.is_alphanumeric() {
        letters.push(c);
    }
}

/// Accents that people leave out. Marks of scripts in which they are letters of their own stay.
fn is_accent(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// Keeps the first and the last letter and forgets order and repetition of those between: two letters that changed places, or
/// one that was typed twice, make no other word. Few words fall together by it (*from* and *form*).
fn blur(letters: &mut Letters) {
    let end = letters.len() - 1;
    if end < 3 {
        return;
    }
    let last = letters[end];
    letters[1..end].sort_unstable();
    letters.truncate(end);
    letters.dedup();
    letters.push(last);
}

/// A fixed hash of 64 bits (the finaliser of `SplitMix64`; Steele, Lea, Flood, OOPSLA 2014).
pub(crate) fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<u64> {
        words(text).iter().map(|w| w.key).collect()
    }

    #[test]
    fn form_case_accents_digits_and_slips_make_no_other_word() {
        for (a, b) in [
            ("Where is my REFUND?!", "where is my refund"),
            ("die Straße", "DIE STRASSE"),
            ("le colis n'est pas arrivé", "LE COLIS N’EST PAS ARRIVE 😡"),
            ("order 4711, paid 19.99", "Order 12 paid 5"),
            ("I recieved nothing", "I received nothing"),
            ("pleease refund", "please refund"),
            ("ｆｕｌｌ ｗｉｄｔｈ", "full width"),
            ("Å", "A\u{30a}"),
        ] {
            assert_eq!(keys(a), keys(b), "{a} / {b}");
        }
        assert_ne!(keys("refund"), keys("refuse"));
        assert_ne!(keys("not"), keys("now"));
    }

    #[test]
    fn scripts_without_spaces_have_a_word_a_character() {
        assert_eq!(keys("包裹没有收到").len(), 6);
        assert_eq!(keys("包裹，没有收到。"), keys("包裹没有收到"));
        assert!(keys("พัสดุยังไม่มาถึง").len() > 5);
        assert_eq!(keys("посылка не пришла").len(), 3);
    }

    #[test]
    fn positions_are_those_of_the_text() {
        let text = "¿Dónde está  mi paquete?";
        let found: Vec<&str> = words(text).iter().map(|w| &text[w.from..w.to]).collect();
        assert_eq!(found, ["Dónde", "está", "mi", "paquete"]);
        assert!(words("?! … 😀").is_empty());
    }
}
