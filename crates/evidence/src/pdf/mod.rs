//! How does a report become pages? Laid out here, written with `pdf-writer`, its letters embedded: the same bytes each time.

mod fonts;
mod layout;
mod write;

pub use fonts::Face;
pub use layout::{Column, Document, PageSize};
pub use write::{Title, write};
