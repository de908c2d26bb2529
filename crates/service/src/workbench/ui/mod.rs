//! What are pages made of? Figures, tables, timelines, badges, money, probabilities, states, dialogs, tabs.
//!
//! Each is a function from what is to be shown to markup; the classes are those of `workbench.css`. Nothing is told by
//! colour alone: badges have a sign, probabilities have words, states have a heading.

mod dialog;
mod figure;
mod show;
pub mod states;
mod table;
mod timeline;

pub use dialog::{confirm, dialog, tabs};
pub use figure::{Figure, figures};
pub use show::{
    Tone, badge, count, day, decision, exact, id, money, probability, score, time, tone_of, whole,
};
pub use table::{Cell, Column, Table, row_of};
pub use timeline::{Moment, timeline};
