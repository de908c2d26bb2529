//! What does a claim look like? Its traits, each one of a few values, and which causes make which value likelier.
//!
//! How often a value occurs under a cause is learned from the data. What stands here is where the learning begins and what
//! it is drawn to where there is little data: how many times likelier than among all claims a value is under a cause.

use crate::attribution::causes::Cause;

/// What is claimed about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Family {
    /// What came, or did not.
    Delivery,
    /// Goods that go back.
    Return,
}

/// Number of families.
pub(crate) const FAMILIES: usize = 2;

/// Stands for "does not apply", which says nothing for or against any cause.
pub(crate) const NOT_APPLICABLE: u8 = u8::MAX;

/// Values by trait.
pub(crate) type Values = [u8; TRAITS.len()];

/// One trait.
pub(crate) struct Trait {
    /// For people: the value, as "the claim …"; empty where it is not worth a sentence.
    pub(crate) values: &'static [&'static str],
    /// How many times likelier than among all claims of the family a value is under a cause; 1 where nothing stands.
    pub(crate) likelier: &'static [(Cause, &'static [f64])],
    /// Whether the frequencies are learned. What people found out is not: `likelier` are its likelihoods as they stand.
    pub(crate) learned: bool,
}

macro_rules! traits {
    ($($(#[$doc:meta])* $name:ident { values: $values:expr, likelier: $likelier:expr })*) => {
        /// The traits by number.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum Kind { $($(#[$doc])* $name,)* }
        /// The traits, in the order of [`Kind`].
        pub(crate) const TRAITS: &[Trait] = &[$(Trait {
            values: $values,
            likelier: $likelier,
            learned: !matches!(Kind::$name, Kind::Verdict),
        }),*];
    };
}

use Cause::{Buyer, Habit, Kept, Staff, Stranger, Strayed, Trouble};

/// A driver's and a stranger's doings are about parcels that did not come.
const ONLY_NOT_RECEIVED: &[f64] = &[1.0, 0.03, 0.03, 0.001, 0.001, 0.001, 0.001, 0.001, 0.03, 0.01];
const PEOPLE_NOTICE: &[f64] = &[0.001, 0.8, 1.3, 1.2, 1.0, 0.7, 0.5];
const NOT_ABUSE: &[f64] = &[1.0, 0.05, 0.5, 1.5];

traits! {
    /// What the customer says, by the codes of the contract.
    Reason {
        values: &["says that nothing came", "says that something is missing", "says that the package was empty", "", "", "",
                  "", "", "", ""],
        likelier: &[
            (Buyer, &[1.3, 1.3, 1.3, 1.0, 0.7, 0.8, 0.8, 0.8, 0.3, 1.0]),
            (Kept, ONLY_NOT_RECEIVED), (Strayed, ONLY_NOT_RECEIVED), (Stranger, ONLY_NOT_RECEIVED),
            (Trouble, &[0.4, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        ]
    }
    /// Time from the carrier's "delivered" to the claim.
    Lag {
        values: &["came before the parcel was scanned as delivered", "came within a day of delivery", "", "", "", "", ""],
        likelier: &[
            (Buyer, &[0.1, 1.0, 1.3, 1.3, 1.0, 0.9, 0.9]),
            (Kept, PEOPLE_NOTICE), (Strayed, PEOPLE_NOTICE), (Stranger, PEOPLE_NOTICE),
            (Trouble, &[3.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        ]
    }
    /// From where it was made: none known; the order's or one of the account's; another; another that two or three
    /// accounts claim from; another that four or more do.
    Device {
        values: &["", "was made from a device of the account", "was made from a device that the account had not ordered with",
                  "was made from a device that other accounts claim from as well",
                  "was made from a device that four or more accounts claim from"],
        likelier: &[
            (Buyer, &[1.0, 0.8, 1.5, 4.0, 8.0]),
            (Habit, &[1.0, 1.0, 1.0, 0.8, 0.6]), (Trouble, &[1.0, 1.0, 1.0, 0.8, 0.6]),
        ]
    }
    /// How it came to a person: not at all; routed; searched for; transferred; customer service without a conversation.
    Contact {
        values: &["", "", "was searched for by the member of staff who took it", "", "came through customer service without a \
                  conversation on record"],
        likelier: &[(Staff, &[0.5, 1.0, 6.0, 1.0, 4.0]), (Buyer, &[0.8, 1.2, 1.2, 1.2, 1.0])]
    }
    /// The order's value among all orders: below the median, 75 %, 90 %, 97 %, above.
    Value {
        values: &["", "", "", "is about an order among the dearest tenth", "is about an order among the dearest three in a hundred"],
        likelier: &[
            (Buyer, &[0.4, 0.8, 1.5, 2.5, 3.0]), (Kept, &[0.6, 0.9, 1.3, 1.8, 2.0]), (Staff, &[0.4, 0.8, 1.5, 2.5, 3.0]),
        ]
    }
    /// How many orders the account had placed by then: this one; up to three; more.
    Standing {
        values: &["is about the account's first order", "", ""],
        likelier: &[(Buyer, &[2.0, 1.2, 0.9])]
    }
    /// Whether money had been asked for on this order before.
    Again {
        values: &["", "is not the first on this order"],
        likelier: &[(Buyer, &[0.95, 2.5])]
    }
    /// Conversations about the order in the two weeks before: up to one; two; more.
    Talks {
        values: &["", "", "came after three or more conversations about the order"],
        likelier: &[(Buyer, &[0.95, 2.0, 4.0])]
    }
    /// What was handed in: nothing; something of its own; something that another account handed in as well.
    Documents {
        values: &["", "came with a document that nobody else used", "came with a document that another account used as well"],
        likelier: &[(Buyer, &[1.0, 0.9, 5.0]), (Trouble, &[1.0, 1.2, 0.7])]
    }
    /// What the bank said later: nothing; that the credit had not come; that the goods had not, or fraud.
    Chargeback {
        values: &["", "", "was followed by a dispute with the bank about the same order"],
        likelier: &[(Buyer, &[0.95, 1.0, 6.0])]
    }
    /// Where the money is to go: back; to a card or credit of the shop; to another instrument.
    Instrument {
        values: &["", "", "asks for the money on another instrument"],
        likelier: &[(Buyer, &[1.0, 1.2, 2.0])]
    }
    /// Weights on the way out, where something is said to be missing: unknown; full; light.
    WeightOut {
        values: &["", "is about a parcel that weighed what its goods weigh", "is about a parcel that weighed less than its goods"],
        likelier: &[(Buyer, &[1.0, 2.5, 0.05]), (Trouble, &[1.0, 0.15, 6.0])]
    }
    /// Weight on the way back: unknown; under 40 %; under 80 %; right; above 120 %.
    WeightBack {
        values: &["", "has a return that weighed less than 40 % of its goods", "has a return that weighed less than its goods", "",
                  ""],
        likelier: &[(Buyer, &[1.0, 12.0, 2.0, 0.8, 1.0])]
    }
    /// What the inspection found: nothing yet; as new; used; damaged; another piece; empty; something missing.
    Inspection {
        values: &["", "", "", "", "has a return in which inspection found another piece",
                  "has a return that inspection found empty", "has a return in which inspection missed something"],
        likelier: &[(Buyer, &[1.0, 0.5, 1.0, 1.0, 10.0, 30.0, 6.0])]
    }
    /// The serial at receipt: unknown; right; another.
    Serial {
        values: &["", "", "has a return with another serial number"],
        likelier: &[(Buyer, &[1.0, 0.3, 5.0])]
    }
    /// How the goods came back: nothing moved; under way; delivered and not received within ten days; over the counter;
    /// through the bulk lane; received with a scan or a weight; received with neither.
    WayBack {
        values: &["", "", "has a return that was delivered and never received", "", "", "",
                  "has a receipt with neither a scan nor a weight behind it"],
        likelier: &[
            (Buyer, &[1.0, 1.0, 10.0, 1.0, 0.8, 1.0, 1.0]),
            (Staff, &[0.05, 0.02, 0.02, 0.05, 0.5, 0.05, 30.0]),
            (Habit, &[1.0, 1.0, 0.7, 1.0, 1.0, 1.0, 0.7]),
        ]
    }
    /// Where the return was scanned as delivered: unknown; where it was to go; elsewhere.
    Destination {
        values: &["", "", "has a return that was delivered to another postal area than it was to go to"],
        likelier: &[(Buyer, &[1.0, 0.9, 6.0])]
    }
    /// What staff did: nothing unusual; decided against policy; recorded by looking the order up.
    Handling {
        values: &["", "was decided against policy", "was recorded by looking the order up"],
        likelier: &[(Staff, &[0.5, 3.0, 8.0])]
    }
    /// What people found out, where they did: nothing; abuse; policy abuse; legitimate.
    Verdict {
        values: &["", "was found to be abuse", "was found to be against the rules, without a lie", "was found to be legitimate"],
        likelier: &[
            (Buyer, &[1.0, 6.0, 0.5, 0.2]), (Staff, &[1.0, 4.0, 0.5, 0.2]),
            (Kept, NOT_ABUSE), (Strayed, NOT_ABUSE), (Stranger, NOT_ABUSE), (Trouble, NOT_ABUSE), (Habit, &[1.0, 0.05, 1.2, 1.5]),
        ]
    }
}

/// What the carrier shows for the handover of a parcel: (in hand, photo, distance), each a bit or a band of two bits.
pub(crate) const PROOFS: usize = 16;
const DISTANCES: [f64; 3] = [40.0, 120.0, f64::INFINITY];

/// The number of a proof: the band of the distance (0 unknown, near, off, far), plus 4 with a photo, plus 8 with a code or
/// signature.
pub(crate) fn proof(in_hand: bool, photo: bool, distance_m: Option<f64>) -> u8 {
    let band = distance_m.map_or(0, |d| 1 + DISTANCES.iter().position(|&most| d < most).unwrap_or(2));
    band as u8 + 4 * u8::from(photo) + 8 * u8::from(in_hand)
}

/// How many times likelier than among parcels that came well a proof is under a cause that befalls the parcel.
pub(crate) fn proof_likelier(cause: Cause, proof: u8) -> f64 {
    let (band, photo, in_hand) = (usize::from(proof & 3), proof & 4 != 0, proof & 8 != 0);
    let (bands, with_photo, without, handed) = match cause {
        Cause::Kept => ([1.0, 0.9, 1.6, 1.8], 0.7, 2.0, 0.5),
        Cause::Strayed => ([1.0, 0.4, 3.0, 10.0], 0.8, 1.4, 0.5),
        Cause::Stranger => ([1.0; 4], 1.0, 1.0, 0.05),
        Cause::Buyer | Cause::Staff | Cause::Trouble | Cause::Habit => ([1.0; 4], 1.0, 1.0, 1.0),
    };
    bands[band] * if photo { with_photo } else { without } * if in_hand { handed } else { 1.0 }
}
