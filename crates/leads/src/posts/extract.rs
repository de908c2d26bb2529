//! What does a post claim? Shop, amounts, country, time, method and handles, each with where it stands in the text.

use crate::posts::amounts::{Amount, amounts};
use crate::posts::moments::{Moments, moments};
use crate::posts::names::{Names, Shops};
use crate::posts::text::{Kind, Piece, essence, pieces};
use crate::posts::words::{Act, Method, act, country, method};
use ringfence_domain::Timestamp;
use std::ops::Range;

/// Most of a text that is looked at, in bytes: a boast is a line or two, a page of text is something else.
const TEXT_BYTES_MAX: usize = 4_096;
/// Most words that are kept to be compared with the words of goods.
const WORDS_MAX: usize = 200;
/// Most handles that are kept.
const HANDLES_MAX: usize = 16;

/// What a post claims.
#[derive(Clone, Debug)]
pub struct Claims {
    /// The shops that are named.
    pub shops: Shops,
    /// What its writer does.
    pub act: Act,
    /// The amounts that are named, fees among them.
    pub amounts: Vec<Amount>,
    /// ISO code of the country that is named, and where.
    pub country: Option<(String, Range<usize>)>,
    /// When, and how long it took.
    pub moments: Moments,
    /// How it was done, and where that is said.
    pub method: Option<(Method, Range<usize>)>,
    /// Handles that are named with an @, without it, and where.
    pub handles: Vec<(String, Range<usize>)>,
    /// Words in plain letters, each once.
    pub words: Vec<String>,
    /// Words and numbers alone: texts with the same are the same to a reader.
    pub essence: String,
}

/// Reads a text that was posted at `posted`.
pub fn extract(text: &str, posted: Timestamp, names: &Names) -> Claims {
    let text = &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
    let pieces = pieces(text);
    let mut words: Vec<String> = Vec::new();
    for piece in pieces.iter().filter(|p| p.kind == Kind::Word && p.plain.chars().count() >= 3) {
        if words.len() < WORDS_MAX && !words.contains(&piece.plain) {
            words.push(piece.plain.clone());
        }
    }
    Claims {
        shops: names.find(&pieces),
        act: act(&pieces),
        amounts: amounts(&pieces),
        country: country(text, &pieces),
        moments: moments(&pieces, posted),
        method: method(&pieces),
        handles: handles(text, &pieces),
        words,
        essence: essence(&pieces),
    }
}

/// `@name`, with letters, digits and underscores.
fn handles(text: &str, pieces: &[Piece]) -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    for (at, piece) in pieces.iter().enumerate().filter(|(_, p)| p.is('@')) {
        // A letter right before the sign makes it an e-mail address.
        if !piece.spaced && at > 0 && pieces[at - 1].kind != Kind::Sign {
            continue;
        }
        let start = piece.span.end;
        let length =
            text[start..].find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len() - start);
        if length > 0 && found.len() < HANDLES_MAX {
            found.push((text[start..start + length].to_owned(), piece.span.start..start + length));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Claims {
        let names = Names::new(&["Northwind".to_owned()], &["Bigbox".to_owned()]);
        extract(text, Timestamp::parse("2023-06-10T12:00:00Z").expect("a time"), &names)
    }

    #[test]
    fn a_boast_is_read_whole() {
        let claims =
            read("+rep @fast_refunder! Northwnid laptop, $1,299 back 🇬🇧, took 9 days (FTID), mail me a@b.c");
        assert!(claims.shops.own.is_some_and(|n| n.slips == 1) && claims.shops.other.is_none());
        assert_eq!(claims.act, Act::Boast);
        assert_eq!(claims.amounts.iter().map(|a| a.hundredths).collect::<Vec<_>>(), [129_900]);
        assert_eq!(claims.country.map(|c| c.0).as_deref(), Some("GB"));
        assert_eq!(claims.moments.took_days, Some(9));
        assert_eq!(claims.method.map(|m| m.0), Some(Method::FakeTracking));
        assert_eq!(claims.handles.iter().map(|h| h.0.as_str()).collect::<Vec<_>>(), ["fast_refunder"]);
        assert!(claims.words.contains(&"laptop".to_owned()));
    }

    #[test]
    fn the_same_words_have_the_same_essence() {
        assert_eq!(read("Vouch! Northwind 900$").essence, read("vouch northwind $900!!!").essence);
        assert_ne!(read("Northwind 900").essence, read("Northwind 800").essence);
    }
}
