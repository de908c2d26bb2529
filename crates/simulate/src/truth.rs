//! What was really going on? The truth apart from the stream: who did what, and why it looked as it did.
//!
//! Written as JSON lines with a `record` tag. Lines with `"record":"refund"` carry `refund` and `label`, which is what
//! an evaluation reads; no other kind of line has a `label`, so the whole file can be handed over as labels.

use crate::scenario::RingStyle;
use crate::world::places::DriverNature;
use ringfence_domain::id::{AccountId, DriverId, OrderId, PostId, RefundId, StaffId};
use ringfence_domain::{Money, Timestamp};
use serde::{Deserialize, Serialize};

pub use ringfence_domain::truth::Truth as Label;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $label:ident;)*) => {
        /// Why a refund was asked for: the kinds of abuse, and the honest causes that look like them.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind { $($(#[$doc])* $name,)* }
        impl Kind {
            /// All kinds.
            pub const ALL: &'static [Kind] = &[$(Kind::$name),*];
            /// The label that goes with it.
            pub fn label(self) -> Label {
                match self { $(Kind::$name => Label::$label,)* }
            }
        }
    };
}

kinds! {
    /// The parcel came; the buyer says it did not.
    Inr = Abuse;
    /// Everything was in the box; the dearest line is said to be missing.
    MissingItem = Abuse;
    /// The box is said to have come empty.
    EmptyPackage = Abuse;
    /// An empty box goes back.
    EmptyReturn = Abuse;
    /// Another piece goes back.
    SwitchedItem = Abuse;
    /// Something else arrives somewhere else, under a tracking number.
    FakeTracking = Abuse;
    /// Worn, then returned as new.
    Wardrobing = PolicyAbuse;
    /// Many sizes of one style, most go back.
    Bracketing = PolicyAbuse;
    /// Returns as a habit, at a loss for the shop.
    SerialReturner = PolicyAbuse;
    /// The refund and then the bank, or the same line twice.
    DoubleDip = Abuse;
    /// A clerk recorded a return that never came.
    InsiderReturn = Abuse;
    /// A bribed agent approved it.
    InsiderConcession = Abuse;
    /// A stolen staff account approved it.
    PhishedStaff = Abuse;
    /// Somebody else's account, somebody else's payout.
    AccountTakeover = Abuse;
    /// An operator under many buyers' logins.
    SharedLogin = Abuse;
    /// Customer service was talked into it by a refunder.
    SocialEngineering = Abuse;
    /// Many small credits.
    ConcessionFarming = Abuse;
    /// A return without receipt becomes credit, which another identity spends.
    GiftCardLaundering = Abuse;
    /// A new account of somebody whose account was closed.
    AccountHopping = Abuse;
    /// A replacement, and the money too.
    RefundAndReship = Abuse;
    /// A false document goes with the claim.
    ForgedDocument = Abuse;
    /// Stolen from the porch.
    PorchTheft = Legitimate;
    /// Kept by the driver.
    DriverTheft = Legitimate;
    /// Left at another door.
    Misdelivery = Legitimate;
    /// Lost on the way.
    LostParcel = Legitimate;
    /// Scanned as delivered too early.
    EarlyScan = Legitimate;
    /// Came too late.
    LateParcel = Legitimate;
    /// The warehouse forgot a line.
    PickError = Legitimate;
    /// The second parcel of an order had not come yet.
    SplitShipment = Legitimate;
    /// Taken out of the box on the way.
    Pilferage = Legitimate;
    /// Broken on the way.
    DamagedInTransit = Legitimate;
    /// Does not work.
    Defective = Legitimate;
    /// The warehouse sent something else.
    WrongItemSent = Legitimate;
    /// Not what the page said.
    NotAsDescribed = Legitimate;
    /// Does not want it; sends it back.
    ChangedMind = Legitimate;
    /// Does not fit; noticed late.
    SizeNoticedLate = Legitimate;
    /// A cancellation before the parcel was out.
    Cancelled = Legitimate;
    /// The return came in several boxes.
    MultiBox = Legitimate;
    /// The serial on file was wrong from the start.
    WrongSerialShipped = Legitimate;
    /// The return parcel was truly lost.
    LostInbound = Legitimate;
    /// The return parcel lay in another mail room.
    MisSort = Legitimate;
    /// Came through a lane without single scans.
    BulkLane = Legitimate;
    /// The record was filled in later, after an outage.
    Backfill = Legitimate;
    /// A member of staff booked the wrong order.
    AgentMistake = Legitimate;
    /// A gift went back for credit, which another person spent.
    GiftReturn = Legitimate;
}

/// Whose deed was behind a refund request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The account's holder.
    Buyer,
    /// A ring's operator, for the buyer.
    Refunder,
    /// A member of staff.
    Staff,
    /// The carrier.
    Carrier,
    /// A driver.
    Driver,
    /// Somebody unknown: a thief, a stranger in the account.
    Stranger,
    /// The shop: its warehouse, its pages.
    Shop,
}

/// What a public post is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostAbout {
    /// A refund of this shop.
    Refund,
    /// A refund that never was.
    Invented,
    /// A refund of another shop.
    OtherShop,
    /// No refund that somebody boasts of: questions, complaints, adverts.
    Noise,
}

/// One line of the truth.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum TruthRecord {
    /// What a refund request was.
    Refund(RefundTruth),
    /// An account whose holder abuses.
    Account {
        /// Which.
        account: AccountId,
        /// What it does.
        kind: Kind,
        /// For which ring.
        #[serde(skip_serializing_if = "Option::is_none")]
        ring: Option<String>,
        /// From when on.
        from: Timestamp,
        /// How often.
        acts: u32,
    },
    /// A ring.
    Ring {
        /// Its name.
        ring: String,
        /// How it works.
        style: RingStyle,
        /// Its first order.
        from: Timestamp,
        /// Its planned end.
        to: Timestamp,
        /// Its buyers.
        accounts: Vec<AccountId>,
        /// Its refund requests.
        refunds: Vec<RefundId>,
        /// Its insiders or victims among staff.
        staff: Vec<StaffId>,
        /// Asked for through it.
        money: Money,
        /// What the operators took.
        fees: Money,
    },
    /// A member of staff who was bribed, or whose account was stolen.
    Staff {
        /// Who.
        staff: StaffId,
        /// `bribed` or `phished`.
        pattern: String,
        /// By whom.
        ring: String,
    },
    /// A driver who is not simply honest and careful.
    Driver {
        /// Who.
        driver: DriverId,
        /// How.
        nature: DriverNature,
    },
    /// What is behind a public post.
    Post {
        /// Which.
        post: PostId,
        /// The ring whose channel it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        ring: Option<String>,
        /// The refund that it boasts of; absent where it is invented or about another shop.
        #[serde(skip_serializing_if = "Option::is_none")]
        matches: Option<RefundId>,
        /// What it is about.
        about: PostAbout,
        /// The post whose text it tells again elsewhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        repeats: Option<PostId>,
    },
}

/// What a refund request was.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RefundTruth {
    /// Which.
    pub refund: RefundId,
    /// The label that an evaluation reads.
    pub label: Label,
    /// Why it was asked for.
    pub kind: Kind,
    /// The ring behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring: Option<String>,
    /// Whose deed it was.
    pub actor: Actor,
    /// The member of staff or driver, where it was theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<String>,
    /// Asked for.
    pub amount: Money,
    /// By which account.
    pub account: AccountId,
    /// For which order.
    pub order: OrderId,
    /// When.
    pub requested_at: Timestamp,
    /// An investigator's own order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test_purchase: bool,
}

/// Takes the truth as it happens.
pub trait TruthSink {
    /// Takes one record; an error ends the simulation.
    fn record(&mut self, record: &TruthRecord) -> std::io::Result<()>;
}

impl<F: FnMut(&TruthRecord) -> std::io::Result<()>> TruthSink for F {
    fn record(&mut self, record: &TruthRecord) -> std::io::Result<()> {
        self(record)
    }
}
