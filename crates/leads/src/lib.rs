//! Who is behind it? Findings over many requests, as pure functions of what the log holds.
//!
//! A finding is a lead for people to review and never an accusation: it says how likely it is, what it rests on, what speaks
//! against it, and among how many such leads a wrong one is to be expected (false-discovery rate).
//!
//! No file, clock, network or chance: the same events give the same leads (INV-1, INV-2).

pub mod attribution;
mod control;
pub mod insiders;
pub mod log;
mod numbers;
mod parcels;
pub mod posts;
pub mod rings;
mod sets;
pub mod stats;
pub mod texts;
