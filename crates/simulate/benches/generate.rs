//! How fast is a shop written?
fn main() {}
