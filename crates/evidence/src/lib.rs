//! What can be proved, in a form that a court can check? Evidence packs and damages, assembled purely.
//!
//! This crate never asks for the time, reads or writes a file, or makes anything up: bytes, times and keys are given to it,
//! and the same ones give the same pack.

pub mod canonical;
pub mod case;
pub mod certify;
pub mod claim;
pub mod container;
pub mod contrary;
pub mod custody;
pub mod damages;
pub mod gather;
pub mod leads;
pub mod links;
pub mod manifest;
pub mod merkle;
pub mod pack;
pub mod pdf;
pub mod picture;
pub mod posts;
pub mod purpose;
pub mod records;
pub mod redact;
pub mod report;
pub mod rows;
pub mod spec;
pub mod staff;
pub mod timeline;
pub mod timestamp;
pub mod verify;
pub mod view;
pub mod when;
pub mod words;

pub use container::{Files, unzip, zip};
pub use gather::Gather;
pub use pack::{Inputs, Noted, Origin, PackError, assemble};
pub use purpose::Purpose;
pub use spec::Spec;
pub use verify::verify;
