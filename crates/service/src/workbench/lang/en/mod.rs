//! What do the pages say in English? Each file declares the keys of its section.

mod cases;
mod deciding;
mod door;
mod frame;
mod house;
mod leads;
mod queue;
mod request;
mod story;
mod today;
mod words;

pub use cases::Cases;
pub use deciding::{Models, Rules};
pub use door::Door;
pub use frame::Frame;
pub use house::{Audit, Did, Settings};
pub use leads::{Graph, Posts, Rings, Staff, Surveyed};
pub use queue::Queue;
pub use request::{Account, Request, Search};
pub use story::Story;
pub use today::Today;
pub use words::Words;

/// Declares a section: its keys, and the English of each.
macro_rules! texts {
    ($(#[$doc:meta])* $name:ident { $($key:ident: $text:expr),* $(,)? }) => {
        $(#[$doc])*
        // The key says what the text says.
        #[allow(missing_docs)]
        #[derive(Debug)]
        pub struct $name { $(pub $key: &'static str,)* }
        impl $name {
            pub(in crate::workbench::lang) const EN: $name = $name { $($key: $text,)* };
            /// Every text with its key.
            pub fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($key), self.$key)),*]
            }
        }
    };
}
use texts;
