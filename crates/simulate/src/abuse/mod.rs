//! Who abuses, and how? Opportunists for themselves, rings for money; both through the same shop as everybody.

pub(crate) mod deals;
pub(crate) mod opportunists;
pub(crate) mod posts;
pub(crate) mod rings;
