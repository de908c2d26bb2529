//! What do the words tell? Scripts across accounts, pressure, agents asked one after another, documents used twice.
//!
//! [`scripts`](scripts::scripts) groups texts that seem to come from one hand; [`cues`] counts pressure and pose;
//! [`shopping`] and [`documents`] are about what goes with the words. Neither the language nor a name is ever a signal, and a
//! text that a tool has polished is none either.

pub mod cues;
pub mod documents;
mod group;
mod index;
mod lexicon;
mod mixture;
mod neighbours;
pub mod normal;
mod phrases;
mod sample;
pub mod scripts;
mod shingles;
pub mod shopping;
mod stock;

pub use scripts::{Member, Script, Text, scripts};
