//! Is something counted twice? Never the refund *and* the goods of the same piece, never one line again.

use super::{Basis, Claimed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Pieces of a line of an order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// The order.
    pub order: String,
    /// Its line.
    pub line: u32,
    /// How many pieces.
    #[serde(default = "one")]
    pub quantity: u32,
}

fn one() -> u32 {
    1
}

/// Pieces that were ordered: (order, line, pieces).
pub type Pieces = Vec<(String, u32, u32)>;

/// Two lines that count the same.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("lines {first} ({first_basis}) and {second} ({second_basis}) count {what} twice; {remedy}")]
pub struct Twice {
    /// The earlier one.
    pub first: String,
    /// The later one.
    pub second: String,
    /// What the earlier one is for.
    pub first_basis: &'static str,
    /// What the later one is for.
    pub second_basis: &'static str,
    /// What is counted twice.
    pub what: String,
    /// How to mend it.
    pub remedy: &'static str,
}

/// What the loss of a piece can be counted as, once: money paid back, goods gone, or goods that came back worth less.
fn of_value(basis: Basis) -> bool {
    matches!(basis, Basis::Refund | Basis::Goods | Basis::Markdown)
}

/// Looks for lines that count the same.
///
/// # Errors
/// The first two.
pub fn check(lines: &[(String, &Claimed)], pieces: &Pieces) -> Result<(), Twice> {
    same_refund(lines)?;
    same_pieces(lines, pieces)
}

fn twice(
    first: &(String, &Claimed),
    second: &(String, &Claimed),
    what: String,
    remedy: &'static str,
) -> Twice {
    Twice {
        first: first.0.clone(),
        second: second.0.clone(),
        first_basis: first.1.basis.words(),
        second_basis: second.1.basis.words(),
        what,
        remedy,
    }
}

/// One refund, one line for each of its bases, unless they are parts.
fn same_refund(lines: &[(String, &Claimed)]) -> Result<(), Twice> {
    let mut seen: BTreeMap<(&str, Basis, &[Unit]), usize> = BTreeMap::new();
    for (i, line) in lines.iter().enumerate() {
        let Some(refund) = line.1.refund.as_deref() else { continue };
        // Of a refund as a whole there is one payment; freight and the like may fall on each of its pieces.
        let units: &[Unit] = if line.1.basis == Basis::Refund { &[] } else { &line.1.units };
        if let Some(first) = seen.insert((refund, line.1.basis, units), i) {
            if line.1.partial && lines[first].1.partial {
                continue;
            }
            let remedy = "take one of them away, or mark both as `partial` where it was paid in parts";
            return Err(twice(&lines[first], line, format!("refund {refund}"), remedy));
        }
    }
    Ok(())
}

/// Pieces of a line of an order are lost once: their claims sum to no more than were ordered.
fn same_pieces(lines: &[(String, &Claimed)], pieces: &Pieces) -> Result<(), Twice> {
    let ordered: BTreeMap<(&str, u32), u64> =
        pieces.iter().map(|(order, line, n)| ((order.as_str(), *line), u64::from(*n))).collect();
    let mut taken: BTreeMap<(&str, u32), Vec<(usize, u64)>> = BTreeMap::new();
    for (i, line) in lines.iter().enumerate().filter(|(_, line)| of_value(line.1.basis)) {
        for unit in &line.1.units {
            let key = (unit.order.as_str(), unit.line);
            let before = taken.entry(key).or_default();
            // Parts of one payment are for the same pieces.
            let part = |(at, _): &&(usize, u64)| {
                line.1.partial && lines[*at].1.partial && lines[*at].1.basis == line.1.basis
            };
            let quantity = u64::from(unit.quantity);
            let already = before.iter().find(part).map_or(0, |(_, n)| quantity.min(*n));
            let sum: u64 = before.iter().map(|(_, n)| n).sum::<u64>() + quantity - already;
            // Of how many there were is not known, none may be named twice.
            let room = ordered.get(&key).copied().unwrap_or(if before.is_empty() { u64::MAX } else { 0 });
            if already == 0 && sum > room {
                let Some((first, _)) = before.first() else {
                    let what = format!(
                        "more pieces than the {room} of line {} of order {} and with that some",
                        unit.line, unit.order
                    );
                    return Err(twice(line, line, what, "mend its quantity"));
                };
                let what = format!("line {} of order {}", unit.line, unit.order);
                let remedy = "a piece is lost once: keep either the refund, or the goods, or their markdown";
                return Err(twice(&lines[*first], line, what, remedy));
            }
            before.push((i, quantity - already));
        }
    }
    Ok(())
}
