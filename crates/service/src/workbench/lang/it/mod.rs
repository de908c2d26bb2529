//! What do the pages say in Italian? Each file fills the keys that the English one declares.

mod deciding;
mod frame;
mod house;
mod leads;
mod today;
mod words;
