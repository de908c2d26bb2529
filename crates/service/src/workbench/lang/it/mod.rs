//! What do the pages say in Italian? Each file fills the keys that the English one declares.

mod frame;
mod house;
mod today;
mod words;
