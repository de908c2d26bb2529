//! What does each operator and function do to numbers? The only place that knows, for folding and for running.

use ringfence_domain::{Duration, Timestamp};

/// A comparison; false where a side is NaN.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Compare {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Compare {
    #[inline(always)]
    pub(crate) fn apply(self, a: f64, b: f64) -> bool {
        match self {
            Compare::Eq => a == b,
            // `a != b` alone would be true for NaN.
            Compare::Ne => a != b && !a.is_nan() && !b.is_nan(),
            Compare::Lt => a < b,
            Compare::Le => a <= b,
            Compare::Gt => a > b,
            Compare::Ge => a >= b,
        }
    }
    /// The comparison that holds of `(b, a)` where this one holds of `(a, b)`.
    pub(crate) fn mirrored(self) -> Self {
        match self {
            Compare::Eq | Compare::Ne => self,
            Compare::Lt => Compare::Gt,
            Compare::Le => Compare::Ge,
            Compare::Gt => Compare::Lt,
            Compare::Ge => Compare::Le,
        }
    }
}

/// An operation on two values; missing where a side is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Min,
    Max,
}

impl Binary {
    #[inline]
    pub(crate) fn apply(self, a: f64, b: f64) -> f64 {
        match self {
            Binary::Add => a + b,
            Binary::Subtract => a - b,
            Binary::Multiply => a * b,
            Binary::Divide if b == 0.0 => f64::NAN,
            Binary::Divide => a / b,
            // The sign of the dividend, as in CEL; NaN for a divisor of 0.
            Binary::Remainder => a % b,
            Binary::Min | Binary::Max if a.is_nan() || b.is_nan() => f64::NAN,
            // Not f64::min: which of 0 and -0 it returns is left to the platform.
            Binary::Min => {
                if b < a {
                    b
                } else {
                    a
                }
            }
            Binary::Max => {
                if b > a {
                    b
                } else {
                    a
                }
            }
        }
    }
}

/// A function of one value; missing where it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unary {
    Negate,
    Abs,
    Floor,
    Ln1p,
    Days,
    Hours,
    HourOfDay,
    Weekday,
}

impl Unary {
    #[inline]
    pub(crate) fn apply(self, a: f64) -> f64 {
        match self {
            Unary::Negate => -a,
            Unary::Abs => a.abs(),
            Unary::Floor => a.floor(),
            // ln(0) is no number that a rule or a model can use.
            Unary::Ln1p if a <= -1.0 => f64::NAN,
            Unary::Ln1p => libm::log1p(a),
            Unary::Days => a / Duration::DAY.0 as f64,
            Unary::Hours => a / Duration::HOUR.0 as f64,
            Unary::HourOfDay => {
                instant(a).map_or(f64::NAN, |t| (t.millis_of_day() / Duration::HOUR.0) as f64)
            }
            Unary::Weekday => instant(a).map_or(f64::NAN, |t| f64::from(t.weekday())),
        }
    }
}

/// The instant of a time value; none where it is missing or out of the range of times.
fn instant(ms: f64) -> Option<Timestamp> {
    if ms.is_nan() { None } else { Timestamp::from_millis(ms.floor() as i64) }
}

/// Whether a value counts as true; a missing one does not.
#[inline(always)]
pub(crate) fn truth(a: f64) -> bool {
    a > 0.0
}
