//! Which values may fields hold? Strategies from small pools and from the edges of their ranges.

use crate::event::{AttributeValue, Attributes, Line};
use crate::id::{ID_BYTES_MAX, IdError, Sha256Hex};
use crate::money::{AMOUNT_MAX, Currency, Money};
use crate::time::Timestamp;
use crate::words::Word;
use proptest::prelude::*;
use proptest::strategy::Union;

/// An identifier of any kind: mostly one of a few, at times odd or as long as may be.
pub(super) fn id<T>(prefix: &'static str) -> impl Strategy<Value = T>
where
    T: for<'a> TryFrom<&'a str, Error = IdError> + std::fmt::Debug + Clone,
{
    let common = (0..20_u32).prop_map(move |n| format!("{prefix}{n}"));
    let odd = "[ -~äß€😀]{1,30}".prop_filter("reserved words", |text| {
        !["engine", "original", "gift_card", "store_credit"].contains(&text.as_str())
    });
    let long = Just("x".repeat(ID_BYTES_MAX));
    prop_oneof![16 => common, 3 => odd, 1 => long]
        .prop_map(|text| T::try_from(&text).expect("1–128 bytes, no control character, not reserved"))
}

/// One word of a closed vocabulary.
pub(super) fn word<T: Word + std::fmt::Debug>() -> impl Strategy<Value = T> {
    proptest::sample::select(T::ALL)
}

/// Times of a few years, and the first and last that there are.
pub fn timestamp() -> impl Strategy<Value = Timestamp> {
    let usual = 1_600_000_000_000_i64..1_800_000_000_000;
    let whole_seconds = (1_600_000_000_i64..1_800_000_000).prop_map(|s| s * 1_000);
    let millis = prop_oneof![
        4 => usual,
        4 => whole_seconds,
        1 => Just(Timestamp::MIN.millis()),
        1 => Just(Timestamp::MAX.millis()),
        1 => Timestamp::MIN.millis()..=Timestamp::MAX.millis(),
    ];
    millis.prop_map(|ms| Timestamp::from_millis(ms).expect("drawn within the range"))
}

/// Money in a few currencies: usual amounts, none, debts, and the largest.
pub fn money() -> impl Strategy<Value = Money> {
    let amount =
        prop_oneof![8 => 0..500_000_i64, 1 => Just(AMOUNT_MAX), 1 => Just(-AMOUNT_MAX), 1 => -500_000..0_i64];
    let currency = proptest::sample::select(vec!["USD", "EUR", "GBP", "JPY", "KWD"]);
    (amount, currency).prop_map(|(amount, code)| {
        let currency = Currency::new(code).expect("three capital letters");
        Money::new(amount, currency).expect("drawn within the bound")
    })
}

/// One line of an order or a request.
pub fn line() -> impl Strategy<Value = Line> {
    let quantity = prop_oneof![9 => 1..5_u32, 1 => Just(u32::MAX)];
    (0..9_u32, opt(id("SKU-")), opt(id("cat-")), quantity, opt(money())).prop_map(
        |(line, sku, category, quantity, unit_price)| Line { line, sku, category, quantity, unit_price },
    )
}

/// Up to six lines; none, too.
pub fn lines() -> impl Strategy<Value = Vec<Line>> {
    proptest::collection::vec(line(), 0..6)
}

/// A text with line ends, quotation marks and all of Unicode.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~\n\t\"\\\\]{0,80}", "\\PC{0,40}"]
}

/// The merchant's own fields.
pub fn attributes() -> impl Strategy<Value = Attributes> {
    let number = prop_oneof![
        Just(0.0_f64),
        (-1_000_000_i64..1_000_000).prop_map(|n| n as f64),
        proptest::num::f64::NORMAL,
        Just(f64::MAX),
    ];
    let value = Union::new([
        any::<bool>().prop_map(AttributeValue::Bool).boxed(),
        number.prop_map(AttributeValue::Number).boxed(),
        "\\PC{0,20}".prop_map(|text| AttributeValue::Text(text.into())).boxed(),
    ]);
    proptest::collection::btree_map("[a-z~/_]{1,12}", value, 0..4)
}

/// SHA-256 hashes.
pub(super) fn hashes() -> impl Strategy<Value = Vec<Sha256Hex>> {
    let hash = "[0-9a-f]{64}".prop_map(|hex| Sha256Hex::new(&hex).expect("64 bytes"));
    proptest::collection::vec(hash, 0..3)
}

/// There or not.
pub(super) fn opt<S: Strategy>(strategy: S) -> impl Strategy<Value = Option<S::Value>> {
    proptest::option::of(strategy)
}

/// A number from 0 to 1, both included.
pub(super) fn share() -> impl Strategy<Value = f64> {
    prop_oneof![8 => 0.0..1.0_f64, 1 => Just(0.0), 1 => Just(1.0)]
}
