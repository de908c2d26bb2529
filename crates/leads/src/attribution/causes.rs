//! What can be behind a claim? The causes that compete, whom each points to, and what is believed of their rates at first.

use serde::Serialize;

/// Why there is a claim. Each is a process of its own; a claim came from exactly one of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The account's holder lies for money.
    Buyer,
    /// The driver kept the parcel and scanned it as delivered.
    Kept,
    /// The driver left the parcel somewhere else, or scanned it before it was there.
    Strayed,
    /// A member of staff wrote a record that nothing stands behind, or did somebody a favour.
    Staff,
    /// Somebody took the parcel from the door: a matter of the neighbourhood.
    Stranger,
    /// The shop or the carrier made a mistake.
    Trouble,
    /// Goods go back because they may: the account's ordinary returns.
    Habit,
}

/// Number of causes.
pub(crate) const CAUSES: usize = 7;

impl Cause {
    /// All causes, in the order of their numbers.
    pub const ALL: [Cause; CAUSES] = [
        Cause::Buyer,
        Cause::Kept,
        Cause::Strayed,
        Cause::Staff,
        Cause::Stranger,
        Cause::Trouble,
        Cause::Habit,
    ];
    /// Whom it points to.
    pub fn culprit(self) -> Culprit {
        match self {
            Cause::Buyer => Culprit::Buyer,
            Cause::Kept | Cause::Strayed => Culprit::Driver,
            Cause::Staff => Culprit::Staff,
            Cause::Stranger | Cause::Trouble | Cause::Habit => Culprit::Nobody,
        }
    }
    /// What is believed of the rate of such claims before any data; it is outweighed by a shop of some size.
    pub(crate) fn first_belief(self) -> FirstBelief {
        let belief =
            |mean, weight, shape, least, most| FirstBelief { mean, weight, shape, bounds: [least, most] };
        match self {
            // Most accounts never lie, few do so again and again: a small shape.
            Cause::Buyer => belief(0.002, 20_000.0, 0.2, 0.1, 1.0),
            Cause::Kept => belief(0.0005, 20_000.0, 0.1, 0.02, 1.0),
            Cause::Strayed => belief(0.001, 20_000.0, 0.3, 0.05, 3.0),
            Cause::Staff => belief(0.003, 5_000.0, 0.1, 0.02, 1.0),
            Cause::Stranger => belief(0.002, 20_000.0, 1.0, 0.2, 20.0),
            Cause::Trouble => belief(0.015, 1_000.0, 5.0, 1.0, 100.0),
            // A return is what it seems unless something else is behind it: the others are reckoned against it.
            Cause::Habit => belief(1.0, 1.0, 1.0, 1.0, 1.0),
        }
    }
}

/// Who is answerable for a claim.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Culprit {
    /// The account's holder.
    Buyer,
    /// Who handed the parcel over.
    Driver,
    /// Who recorded or decided.
    Staff,
    /// Nobody in particular: an honest claim about the shop's, the carrier's or a thief's doing, or a return.
    Nobody,
}

/// Belief about a kind of rates before any data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FirstBelief {
    /// Mean claims for a unit of exposure (an order, a parcel).
    pub(crate) mean: f64,
    /// Its weight, as so much exposure.
    pub(crate) weight: f64,
    /// Shape of the gamma distribution of rates over people: small where few have nearly all.
    pub(crate) shape: f64,
    /// The shape that is learned stays within these, so that neither everybody is alike nor one is everything.
    pub(crate) bounds: [f64; 2],
}
