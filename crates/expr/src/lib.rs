//! What does this expression mean? CEL syntax, checked for names and types, compiled to a typed, bounded plan.
//!
//! Rules of a policy and filters of a catalogue are written in a subset of the Common Expression Language. An
//! expression is checked once, when it is loaded, against the names that it may use; afterwards it cannot fail,
//! does not allocate and takes tens of nanoseconds.
//!
//! At run time every value is an `f64`: a bool is 0 or 1, a time is milliseconds since 1970, a duration is
//! milliseconds, a text is the code that its slot gives it. NaN is a missing value:
//! - a comparison with a missing value is false, `!=` and `in` too; `has(x)` tests for presence;
//! - a missing bool counts as false, so `!flag` is true where the flag is missing;
//! - arithmetic and functions on a missing value give a missing value, and so does division by zero.
//!
//! Every number is a double: `7 / 2` is 3.5, and an integer may be compared with a fraction. CEL's lists of
//! anything, maps, messages, bytes, `null`, methods and macros other than `has` are left out: nothing loops, so
//! the work of an expression is bounded by its length.
//!
//! This crate never knows where a value comes from, nor a file, a clock or a thread.

mod check;
mod error;
mod parse;
mod plan;
mod scalar;
mod token;

pub use error::ExprError;
pub use plan::Program;

/// Longest source of an expression in bytes: 4 KiB is a screenful; what is longer should be several rules.
pub const SOURCE_BYTES_MAX: usize = 4_096;

/// Deepest nesting: beyond what a person reads, and small enough for the parser's own stack on any thread.
pub const DEPTH_MAX: usize = 48;

/// Most nodes (names, constants, operators, calls): bounds the time that one rule can take to about 2 µs.
pub const NODES_MAX: usize = 512;

/// Longest list after `in`: it is searched from the front, so that longer ones would cost more than a feature.
pub const LIST_MAX: usize = 256;

/// What kind of value an expression or a name has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Type {
    /// True or false.
    Bool,
    /// A number.
    Number,
    /// A word or an identifier; only compared for equality.
    Text,
    /// An instant.
    Time,
    /// A length of time.
    Duration,
}

impl Type {
    /// With its article, as error messages name it.
    pub fn described(self) -> &'static str {
        match self {
            Type::Bool => "a bool",
            Type::Number => "a number",
            Type::Text => "a text",
            Type::Time => "a time",
            Type::Duration => "a duration",
        }
    }
}

/// Where a name's value is found at run time; numbered by the [`Scope`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Slot(pub u32);

/// The names that an expression may use.
pub trait Scope {
    /// The slot and type of a name such as `account_refunds_90d` or `order.delivered_at`.
    fn lookup(&self, path: &str) -> Option<(Slot, Type)>;

    /// All names, for "did you mean".
    fn names(&self) -> Vec<String>;

    /// The number that `slot` holds when it equals the text `text`.
    ///
    /// # Errors
    /// The words of the slot's closed vocabulary, where it has one and `text` is not among them.
    fn text_code(&mut self, slot: Slot, text: &str) -> Result<f64, Vec<String>>;

    /// Whether equal texts have equal codes in both slots, so that the two may be compared with each other.
    fn texts_share_codes(&self, _a: Slot, _b: Slot) -> bool {
        true
    }
}
