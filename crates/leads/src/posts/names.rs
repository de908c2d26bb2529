//! Which shop is meant? The retailer's own names with slips of the finger, and those of others.

use crate::posts::text::{Kind, Piece, pieces};
use std::ops::Range;

/// Names are made of at most so many pieces: `north wind . com`.
const PIECES_MAX: usize = 4;
/// Names shorter than this are found only as they are written: a slip makes another word of them.
const SLIP_FROM: usize = 6;
/// Names from here on may have two slips.
const TWO_SLIPS_FROM: usize = 11;

/// The names to look for.
#[derive(Clone, Debug, Default)]
pub struct Names {
    own: Vec<String>,
    others: Vec<String>,
}

/// A shop that is named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Named {
    /// Where it stands, in bytes of the text.
    pub span: Range<usize>,
    /// Letters that differ from the nearest name.
    pub slips: usize,
}

/// Which shops a text names.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Shops {
    /// This one.
    pub own: Option<Named>,
    /// Another.
    pub other: Option<Named>,
}

impl Names {
    /// The retailer's own names and misspellings, and names of others that posts write about.
    pub fn new(own: &[String], others: &[String]) -> Names {
        let squeeze = |names: &[String]| {
            let mut names: Vec<String> = names.iter().map(|n| squeezed(&pieces(n))).collect();
            names.retain(|n| !n.is_empty());
            names.sort_unstable();
            names.dedup();
            names
        };
        Names { own: squeeze(own), others: squeeze(others) }
    }
    /// Whether there is no name of the retailer's own to look for.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    /// The shops that a text names; what is nearer to another's name than to ours is the other.
    pub(crate) fn find(&self, pieces: &[Piece]) -> Shops {
        let mut found = Shops::default();
        for at in 0..pieces.len() {
            if pieces[at].kind == Kind::Sign {
                continue;
            }
            for taken in 1..=PIECES_MAX.min(pieces.len() - at) {
                let window = &pieces[at..at + taken];
                if window[taken - 1].kind == Kind::Sign {
                    continue;
                }
                let text = squeezed(window);
                let span = window[0].span.start..window[taken - 1].span.end;
                let (own, other) = (nearest(&text, &self.own), nearest(&text, &self.others));
                match (own, other) {
                    (Some(slips), other) if other.is_none_or(|o| slips <= o) => {
                        keep(&mut found.own, Named { span, slips });
                    }
                    (_, Some(slips)) => keep(&mut found.other, Named { span, slips }),
                    (_, None) => {}
                }
            }
        }
        found
    }
}

fn keep(best: &mut Option<Named>, found: Named) {
    if best.as_ref().is_none_or(|b| found.slips < b.slips) {
        *best = Some(found);
    }
}

/// Letters and digits alone.
fn squeezed(pieces: &[Piece]) -> String {
    pieces.iter().filter(|p| p.kind != Kind::Sign).map(|p| p.plain.as_str()).collect()
}

/// Slips between a text and the nearest name, where they are few for its length.
fn nearest(text: &str, names: &[String]) -> Option<usize> {
    let length = text.chars().count();
    names
        .iter()
        .filter_map(|name| {
            let name_length = name.chars().count();
            let allowed = match name_length.min(length) {
                n if n >= TWO_SLIPS_FROM => 2,
                n if n >= SLIP_FROM => 1,
                _ => 0,
            };
            if length.abs_diff(name_length) > allowed {
                return None;
            }
            let slips = if text == name { 0 } else { strsim::osa_distance(text, name) };
            (slips <= allowed).then_some(slips)
        })
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: (Option<usize>, Option<usize>)) {
        let names = Names::new(
            &["Northwind".to_owned(), "NorthWnd".to_owned(), "A1".to_owned()],
            &["Bigbox".to_owned(), "Northwood".to_owned()],
        );
        let found = names.find(&pieces(text));
        for named in found.own.iter().chain(&found.other) {
            assert!(text.get(named.span.clone()).is_some());
        }
        assert_eq!((found.own.map(|n| n.slips), found.other.map(|n| n.slips)), expect, "{text}");
    }

    #[test]
    fn names_are_found_with_slips_and_in_pieces() {
        check("vouch Northwind $900", (Some(0), None));
        check("north-wind and NORTHWIND", (Some(0), None));
        check("Nortwhind done", (Some(1), None));
        check("N.o r.t", (None, None));
        check("A1 refund, A2 not", (Some(0), None));
        check("bigbox > northwind", (Some(0), Some(0)));
        check("Northwood", (None, Some(0)));
        check("the wind blows north", (None, None));
    }
}
