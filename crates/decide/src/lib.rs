//! What do we answer, and why? Rules, score, cost policy, reasons.

pub mod reasons;
