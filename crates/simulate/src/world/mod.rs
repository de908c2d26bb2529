//! What is there before anything happens? Articles, places, people, staff.

pub(crate) mod catalogue;
pub(crate) mod crew;
pub(crate) mod people;
pub(crate) mod places;
