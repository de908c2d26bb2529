//! How fast is the codec?
fn main() {}
