//! How do findings become part of the log, and which lead is the same as yesterday?
//!
//! What a method finds at a moment ([`Finding`]) is compared with the leads that the log holds ([`Book`]): a finding that
//! shares refunds and members with one is that lead, whatever identifiers it uses by now; another is a new one; one that is
//! not found any more, or has stopped, is withdrawn ([`step`]). What changed becomes events ([`events`]), which arrive like
//! all others and from then on are part of every replay. The same events and the same findings give the same changes: the
//! command, the replay and the service use nothing else.

mod book;
mod continuity;
mod events;
mod findings;
mod graph;
mod look;
mod overlap;

pub use book::{Book, Entry, HISTORY_MAX, LEADS_MAX, Looked, Moment, State, Step};
pub use continuity::{Change, Thresholds, step};
pub use events::{SOURCE, events};
pub use findings::{Finding, of_drivers, of_insiders, of_rings};
pub use look::{Looker, Methods, Schedule};
