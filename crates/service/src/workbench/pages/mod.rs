//! Which pages are there? A file each.

pub mod today;
