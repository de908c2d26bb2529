//! What is talked about, and how? The words of the trade: methods, countries, and whether somebody boasts, asks or advertises.
//!
//! English first, with the commonest words in Spanish, German, Italian and French. Phrases are in plain letters, as
//! [`crate::posts::text`] makes them.

use crate::posts::text::{Kind, Piece, phrase_at};
use ringfence_domain::words::ClaimReason;
use serde::Serialize;
use std::ops::Range;

/// How the money is said to have been got.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// "Did not arrive", "item not received", "lost in transit".
    NotReceived,
    /// An empty box came.
    EmptyBox,
    /// Something was missing from the box.
    MissingItem,
    /// An empty or wrong box went back.
    Boxing,
    /// Fake tracking.
    FakeTracking,
    /// Broken, wrong, not as described.
    Defect,
    /// Somebody in the shop helped.
    Insider,
    /// A police report or another document.
    Document,
}

impl Method {
    /// All methods.
    pub const ALL: [Method; 8] = [
        Method::NotReceived,
        Method::EmptyBox,
        Method::MissingItem,
        Method::Boxing,
        Method::FakeTracking,
        Method::Defect,
        Method::Insider,
        Method::Document,
    ];
    /// Whether a request with this reason is what the method leads one to expect. An insider or a document may go with any.
    pub fn suits(self, reason: ClaimReason) -> bool {
        use ClaimReason as R;
        match self {
            Method::NotReceived => matches!(reason, R::NotReceived | R::Late),
            Method::EmptyBox => matches!(reason, R::EmptyPackage | R::MissingItem),
            Method::MissingItem => matches!(reason, R::MissingItem | R::EmptyPackage),
            Method::Boxing | Method::FakeTracking => matches!(
                reason,
                R::ChangedMind | R::Other | R::Damaged | R::Defective | R::WrongItem | R::NotAsDescribed
            ),
            Method::Defect => matches!(reason, R::Damaged | R::Defective | R::WrongItem | R::NotAsDescribed),
            Method::Insider | Method::Document => true,
        }
    }
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Method::NotReceived => "not received",
            Method::EmptyBox => "an empty box",
            Method::MissingItem => "a missing item",
            Method::Boxing => "a box without the goods sent back",
            Method::FakeTracking => "fake tracking",
            Method::Defect => "a defect",
            Method::Insider => "an insider",
            Method::Document => "a document",
        }
    }
}

/// Longer phrases stand before the shorter ones that they hold.
const METHODS: &[(&str, Method)] = &[
    ("partial empty box", Method::MissingItem),
    ("partial eb", Method::MissingItem),
    ("missing item", Method::MissingItem),
    ("empty box", Method::EmptyBox),
    ("eb", Method::EmptyBox),
    ("caja vacia", Method::EmptyBox),
    ("leeres paket", Method::EmptyBox),
    ("pacco vuoto", Method::EmptyBox),
    ("colis vide", Method::EmptyBox),
    ("dna", Method::NotReceived),
    ("inr", Method::NotReceived),
    ("did not arrive", Method::NotReceived),
    ("never arrived", Method::NotReceived),
    ("not received", Method::NotReceived),
    ("lit", Method::NotReceived),
    ("lost in transit", Method::NotReceived),
    ("no llego", Method::NotReceived),
    ("nicht angekommen", Method::NotReceived),
    ("non arrivato", Method::NotReceived),
    ("jamais recu", Method::NotReceived),
    ("ftid", Method::FakeTracking),
    ("fake tid", Method::FakeTracking),
    ("fake tracking", Method::FakeTracking),
    ("boxing", Method::Boxing),
    ("boxed", Method::Boxing),
    ("rts", Method::Boxing),
    ("damaged", Method::Defect),
    ("defective", Method::Defect),
    ("wrong item", Method::Defect),
    ("inside job", Method::Insider),
    ("insider", Method::Insider),
    ("inside man", Method::Insider),
    ("police report", Method::Document),
    ("polizeibericht", Method::Document),
    ("denuncia", Method::Document),
];

/// The first method that is named.
pub(crate) fn method(pieces: &[Piece]) -> Option<(Method, Range<usize>)> {
    first_of(pieces, METHODS)
}

/// What somebody does by writing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Boasts of a refund, thanks for one.
    Boast,
    /// Asks.
    Question,
    /// Offers the service.
    Advert,
    /// Complains of the shop.
    Complaint,
    /// None of it.
    Remark,
}

const BOASTS: &[&str] = &[
    "vouch",
    "vouched",
    "rep",
    "legit",
    "success",
    "successful",
    "refunded",
    "thanks",
    "thank you",
    "thx",
    "ty",
    "w",
    "big w",
    "massive w",
    "easy money",
    "done",
    "completed",
    "hit",
    "paid out",
    "got my money",
    "cash back",
    "gracias",
    "reembolsado",
    "reembolso",
    "danke",
    "erstattet",
    "grazie",
    "rimborsato",
    "merci",
    "rembourse",
];
const QUESTIONS: &[&str] = &[
    "anyone",
    "anybody",
    "does it",
    "how long",
    "how do",
    "what now",
    "is it still",
    "still working",
    "can someone",
    "alguien",
    "jemand",
    "wie lange",
    "qualcuno",
    "quelqu un",
];
const ADVERTS: &[&str] = &[
    "dm me for",
    "dm for",
    "dm to",
    "pm me",
    "service open",
    "slots",
    "for list",
    "price list",
    "accepting orders",
    "refund service",
    "stores list",
    "hmu",
];
const COMPLAINTS: &[&str] = &[
    "useless",
    "lost my",
    "sent me the wrong",
    "never again",
    "terrible",
    "scammed me",
    "worst",
    "support is",
    "no answer",
];

/// What is done by writing this; a question or an advert stays one, though it names a success.
pub(crate) fn act(pieces: &[Piece]) -> Act {
    let says = |phrases: &[&str]| {
        (0..pieces.len()).any(|at| phrases.iter().any(|p| phrase_at(pieces, at, p).is_some()))
    };
    if pieces.iter().any(|p| p.is('?') || p.is('¿')) || says(QUESTIONS) {
        Act::Question
    } else if says(ADVERTS) {
        Act::Advert
    } else if says(COMPLAINTS) {
        Act::Complaint
    } else if says(BOASTS) || pieces.iter().any(|p| ['✅', '💰', '🔥', '🙏'].iter().any(|c| p.is(*c)))
    {
        Act::Boast
    } else {
        Act::Remark
    }
}

const COUNTRIES: &[(&str, &str)] = &[
    ("usa", "US"),
    ("united states", "US"),
    ("america", "US"),
    ("uk", "GB"),
    ("united kingdom", "GB"),
    ("england", "GB"),
    ("britain", "GB"),
    ("canada", "CA"),
    ("australia", "AU"),
    ("ireland", "IE"),
    ("germany", "DE"),
    ("deutschland", "DE"),
    ("alemania", "DE"),
    ("germania", "DE"),
    ("allemagne", "DE"),
    ("austria", "AT"),
    ("osterreich", "AT"),
    ("switzerland", "CH"),
    ("schweiz", "CH"),
    ("suisse", "CH"),
    ("france", "FR"),
    ("frankreich", "FR"),
    ("francia", "FR"),
    ("spain", "ES"),
    ("espana", "ES"),
    ("spanien", "ES"),
    ("espagne", "ES"),
    ("italy", "IT"),
    ("italia", "IT"),
    ("italien", "IT"),
    ("italie", "IT"),
    ("netherlands", "NL"),
    ("holland", "NL"),
    ("belgium", "BE"),
    ("belgique", "BE"),
    ("sweden", "SE"),
    ("denmark", "DK"),
    ("norway", "NO"),
    ("finland", "FI"),
    ("poland", "PL"),
    ("portugal", "PT"),
    ("mexico", "MX"),
    ("brazil", "BR"),
    ("japan", "JP"),
];

/// Codes that are words of their own even in capitals are not among them.
const CODES: [&str; 18] = [
    "US", "GB", "UK", "DE", "FR", "ES", "NL", "CH", "CA", "AU", "IE", "SE", "DK", "FI", "PL", "PT", "EU",
    "IT",
];
/// Share of capitals in a text above which a code in capitals says nothing.
const SHOUTING: f64 = 0.7;

/// The first country that is named: by name, by its code in capitals, or by its flag.
pub(crate) fn country(text: &str, pieces: &[Piece]) -> Option<(String, Range<usize>)> {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count().max(1);
    let capitals = text.chars().filter(|c| c.is_uppercase()).count();
    let shouts = capitals as f64 > SHOUTING * letters as f64 && letters > 8;
    for (at, piece) in pieces.iter().enumerate() {
        if let Some((code, taken)) = named_country(pieces, at) {
            return Some((code.to_owned(), piece.span.start..pieces[at + taken - 1].span.end));
        }
        let shown = &text[piece.span.clone()];
        if !shouts && piece.kind == Kind::Word && CODES.contains(&shown) && shown != "EU" {
            let code = if shown == "UK" { "GB" } else { shown };
            return Some((code.to_owned(), piece.span.clone()));
        }
        let flag = indicator(piece).zip(pieces.get(at + 1).and_then(indicator));
        if let Some((first, second)) = flag {
            let code: String = [first, second].into_iter().collect();
            return Some((code, piece.span.start..pieces[at + 1].span.end));
        }
    }
    None
}

fn named_country(pieces: &[Piece], at: usize) -> Option<(&'static str, usize)> {
    COUNTRIES.iter().find_map(|(name, code)| phrase_at(pieces, at, name).map(|taken| (*code, taken)))
}

/// The letter of a regional indicator symbol: two of them make a flag.
fn indicator(piece: &Piece) -> Option<char> {
    let c = piece.plain.chars().next()?;
    let letter = (c as u32).checked_sub(0x1_f1e6).filter(|n| *n < 26)?;
    char::from_u32(u32::from(b'A') + letter)
}

fn first_of<T: Copy>(pieces: &[Piece], table: &[(&str, T)]) -> Option<(T, Range<usize>)> {
    (0..pieces.len()).find_map(|at| {
        table.iter().find_map(|(phrase, meaning)| {
            let taken = phrase_at(pieces, at, phrase)?;
            Some((*meaning, pieces[at].span.start..pieces[at + taken - 1].span.end))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posts::text::pieces;

    #[test]
    fn methods_are_known_by_their_words() {
        let check = |text: &str, expect| assert_eq!(method(&pieces(text)).map(|m| m.0), expect, "{text}");
        check("easy FTID", Some(Method::FakeTracking));
        check("Partial EB worked", Some(Method::MissingItem));
        check("EB!", Some(Method::EmptyBox));
        check("did NOT arrive, lol", Some(Method::NotReceived));
        check("caja vacía", Some(Method::EmptyBox));
        check("a rebel edit", None);
    }

    #[test]
    fn countries_are_known_by_name_code_and_flag() {
        let check = |text: &str, expect: Option<&str>| {
            let found = country(text, &pieces(text));
            if let Some((_, span)) = &found {
                assert!(text.get(span.clone()).is_some(), "{text}");
            }
            assert_eq!(found.map(|c| c.0).as_deref(), expect, "{text}");
        };
        check("Northwind US done", Some("US"));
        check("they told us nothing", None);
        check("🇩🇪 900€", Some("DE"));
        check("refund in España", Some("ES"));
        check("UK only", Some("GB"));
        check("BEST SERVICE IN DE WORLD", None);
    }

    #[test]
    fn acts_are_told_apart() {
        let check = |text: &str, expect| assert_eq!(act(&pieces(text)), expect, "{text}");
        check("Vouch! Northwind laptop $900", Act::Boast);
        check("another W: Northwind 900", Act::Boast);
        check("anyone know how long Northwind takes", Act::Question);
        check("refund service open, dm for list", Act::Advert);
        check("Northwind lost my camera and support is useless", Act::Complaint);
        check("Northwind camera 300", Act::Remark);
        check("¿funciona?", Act::Question);
    }
}
