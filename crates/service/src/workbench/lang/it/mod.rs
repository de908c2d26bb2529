//! What do the pages say in Italian? Each file fills the keys that the English one declares.

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
