//! What stands in a text, piece by piece? Words, numbers and signs with where they stand; words without case and accents.
//!
//! One pass over the characters, no back-tracking: time and memory grow with the length of the text, whatever it holds.

use std::ops::Range;

/// What a piece is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Letters.
    Word,
    /// Digits, with the separators between them.
    Number,
    /// Any other visible character.
    Sign,
}

/// A piece of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Piece {
    pub(crate) kind: Kind,
    /// In bytes of the text.
    pub(crate) span: Range<usize>,
    /// Small letters without accents; numbers and signs as they stand.
    pub(crate) plain: String,
    /// Whether white space, or the beginning, stands before it.
    pub(crate) spaced: bool,
}

impl Piece {
    /// Whether it is this sign.
    pub(crate) fn is(&self, sign: char) -> bool {
        self.kind == Kind::Sign && self.plain.starts_with(sign)
    }
}

/// Splits a text into its pieces.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    let mut spaced = true;
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if c.is_whitespace() || is_invisible(c) {
            spaced = true;
            continue;
        }
        let kind = match c {
            c if c.is_alphabetic() => Kind::Word,
            c if c.is_ascii_digit() => Kind::Number,
            _ => Kind::Sign,
        };
        let mut plain = String::new();
        push_plain(&mut plain, c, kind);
        let mut end = start + c.len_utf8();
        while let Some(&(at, next)) = chars.peek() {
            let goes_on = match kind {
                Kind::Word => next.is_alphabetic() || (is_mark(next)),
                Kind::Number => next.is_ascii_digit() || separates(text, at, next),
                Kind::Sign => false,
            };
            if !goes_on {
                break;
            }
            push_plain(&mut plain, next, kind);
            end = at + next.len_utf8();
            chars.next();
        }
        found.push(Piece { kind, span: start..end, plain, spaced });
        spaced = false;
    }
    found
}

/// Zero-width characters that are put into words to hide them from a search, and variation selectors of pictures.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{fe0e}' | '\u{fe0f}' | '\u{ad}')
}

/// A combining accent.
fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// Whether `c` at `at` stands between two digits of one number.
fn separates(text: &str, at: usize, c: char) -> bool {
    matches!(c, '.' | ',' | '\'' | '’' | '\u{a0}' | '\u{202f}')
        && text[at + c.len_utf8()..].starts_with(|next: char| next.is_ascii_digit())
}

fn push_plain(out: &mut String, c: char, kind: Kind) {
    if kind != Kind::Word {
        out.push(c);
        return;
    }
    for small in c.to_lowercase() {
        match small {
            'à'..='å' | 'ā' | 'ă' | 'ą' => out.push('a'),
            'ç' | 'ć' | 'č' => out.push('c'),
            'è'..='ë' | 'ē' | 'ę' | 'ě' => out.push('e'),
            'ì'..='ï' | 'ī' => out.push('i'),
            'ñ' | 'ń' => out.push('n'),
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => out.push('o'),
            'ù'..='ü' | 'ū' | 'ů' | 'ű' => out.push('u'),
            'ý' | 'ÿ' => out.push('y'),
            'ś' | 'š' => out.push('s'),
            'ź' | 'ż' | 'ž' => out.push('z'),
            'ł' => out.push('l'),
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            mark if is_mark(mark) => {}
            other => out.push(other),
        }
    }
}

/// The words and numbers alone, with single spaces: what makes two texts the same to a reader.
pub(crate) fn essence(pieces: &[Piece]) -> String {
    let mut out = String::new();
    for piece in pieces.iter().filter(|p| p.kind != Kind::Sign) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&piece.plain);
    }
    out
}

/// Whether `phrase` (plain words with single spaces) begins at piece `at`; how many pieces it takes.
pub(crate) fn phrase_at(pieces: &[Piece], at: usize, phrase: &str) -> Option<usize> {
    let mut count = 0;
    for word in phrase.split(' ') {
        let piece = pieces.get(at + count)?;
        if piece.plain != word {
            return None;
        }
        count += 1;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let found: Vec<String> = pieces(text).into_iter().map(|p| p.plain).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn texts_are_split_into_words_numbers_and_signs() {
        check("Vouch! $1,299.00 PS5, 2d", &["vouch", "!", "$", "1,299.00", "ps", "5", ",", "2", "d"]);
        check("1.299,00 € für Café", &["1.299,00", "€", "fur", "cafe"]);
        check("1'299.- and 5.", &["1'299", ".", "-", "and", "5", "."]);
        check("n\u{200b}orthwind 🇺🇸", &["n", "orthwind", "🇺", "🇸"]);
        check("", &[]);
    }

    #[test]
    fn the_essence_has_no_signs_and_no_case() {
        assert_eq!(essence(&pieces("+rep Laptop!! $900")), "rep laptop 900");
        assert_eq!(phrase_at(&pieces("an Empty  Box came"), 1, "empty box"), Some(2));
        assert_eq!(phrase_at(&pieces("empty"), 0, "empty box"), None);
    }
}
