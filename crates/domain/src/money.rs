//! How much? Integer minor units with their currency; never a float, never a silent overflow.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;

/// Largest amount either way, in minor units: 2^53 − 1, the integers that JSON readers keep exactly.
pub const AMOUNT_MAX: i64 = (1 << 53) - 1;

/// An ISO 4217 code: three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Why a text is not a currency, or an amount not money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three capital letters.
    #[error("`{0}` is not an ISO 4217 code; write three capital letters, as in USD")]
    Currency(String),
    /// Beyond [`AMOUNT_MAX`].
    #[error("the amount {0} is beyond ±(2^53 − 1) minor units; check the sender's units")]
    Overflow(i128),
    /// A number with a fraction or an exponent.
    #[error(
        "the amount {0} is not written as a whole number; send minor units (129900 for 1,299.00 USD), never a float"
    )]
    Fraction(String),
    /// Two amounts of different currencies were to be added or compared.
    #[error("{0} and {1} cannot be added; convert one at a dated rate first")]
    Mixed(Currency, Currency),
}

impl Currency {
    /// The United States dollar.
    pub const USD: Currency = Currency(*b"USD");
    /// The euro.
    pub const EUR: Currency = Currency(*b"EUR");
    /// The pound sterling.
    pub const GBP: Currency = Currency(*b"GBP");

    /// Checks the form of an ISO 4217 code.
    pub fn new(code: &str) -> Result<Self, MoneyError> {
        match code.as_bytes() {
            [a @ b'A'..=b'Z', b @ b'A'..=b'Z', c @ b'A'..=b'Z'] => Ok(Self([*a, *b, *c])),
            _ => Err(MoneyError::Currency(code.chars().take(16).collect())),
        }
    }
    /// The three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a currency is made of ASCII letters only")
    }
    /// Digits after the point in ISO 4217: 2 for most, 0 or 3 for a few.
    pub fn minor_digits(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
            | b"UGX" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}
impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl de::Visitor<'_> for V {
            type Value = Currency;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an ISO 4217 currency code")
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Currency, E> {
                Currency::new(v).map_err(E::custom)
            }
        }
        d.deserialize_str(V)
    }
}
impl JsonSchema for Currency {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Z]{3}$" })
    }
}

/// An amount in minor units (cents) of a currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, JsonSchema)]
pub struct Money {
    /// Minor units, within ±[`AMOUNT_MAX`].
    #[schemars(range(min = -AMOUNT_MAX, max = AMOUNT_MAX))]
    pub amount: i64,
    /// ISO 4217.
    pub currency: Currency,
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            amount: MinorUnits,
            currency: Currency,
        }
        let Raw { amount, currency } = Raw::deserialize(d)?;
        Ok(Money { amount: amount.0, currency })
    }
}

/// A JSON number that is a whole number of minor units within the bound.
struct MinorUnits(i64);

impl<'de> Deserialize<'de> for MinorUnits {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        fn bounded<E: de::Error>(amount: i128) -> Result<MinorUnits, E> {
            if amount.unsigned_abs() > AMOUNT_MAX as u128 {
                return Err(E::custom(MoneyError::Overflow(amount)));
            }
            Ok(MinorUnits(amount as i64))
        }
        impl de::Visitor<'_> for V {
            type Value = MinorUnits;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of minor units (cents)")
            }
            #[inline]
            fn visit_i64<E: de::Error>(self, v: i64) -> Result<MinorUnits, E> {
                bounded(i128::from(v))
            }
            #[inline]
            fn visit_u64<E: de::Error>(self, v: u64) -> Result<MinorUnits, E> {
                bounded(i128::from(v))
            }
            fn visit_f64<E: de::Error>(self, v: f64) -> Result<MinorUnits, E> {
                Err(E::custom(if v.abs() > AMOUNT_MAX as f64 {
                    MoneyError::Overflow(v as i128)
                } else {
                    MoneyError::Fraction(v.to_string())
                }))
            }
        }
        d.deserialize_i64(V)
    }
}

impl Money {
    /// Checks the bound.
    pub fn new(amount: i64, currency: Currency) -> Result<Self, MoneyError> {
        if amount.unsigned_abs() > AMOUNT_MAX as u64 {
            return Err(MoneyError::Overflow(i128::from(amount)));
        }
        Ok(Self { amount, currency })
    }
    /// Sum of two amounts of one currency.
    pub fn checked_add(self, other: Money) -> Result<Money, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency, other.currency));
        }
        let sum = i128::from(self.amount) + i128::from(other.amount);
        i64::try_from(sum)
            .map_err(|_| MoneyError::Overflow(sum))
            .and_then(|sum| Money::new(sum, self.currency))
    }
}

/// `1,299.00 USD`
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.minor_digits() as usize;
        let unit = 10u64.pow(digits as u32);
        let (whole, rest) = (self.amount.unsigned_abs() / unit, self.amount.unsigned_abs() % unit);
        if self.amount < 0 {
            f.write_str("-")?;
        }
        let text = whole.to_string();
        for (i, c) in text.chars().enumerate() {
            if i > 0 && (text.len() - i).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{c}")?;
        }
        if digits > 0 {
            write!(f, ".{rest:0digits$}")?;
        }
        write!(f, " {}", self.currency)
    }
}
