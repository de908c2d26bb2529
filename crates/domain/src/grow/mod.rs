//! How does a table grow to millions of entries without holding anyone up? By parts: what it holds is never moved at once.
//!
//! A `Vec` or a hash table that doubles copies all that it holds, in the middle of one event: with millions of entries
//! everybody behind that event waits for tens or hundreds of milliseconds. These tables grow by a part at a time.
//!
//! - [`Chunked`]: a list; - [`Texts`]: texts by number; - [`Shards`]: an index by hash.

mod chunked;
mod shards;
mod texts;

pub use chunked::Chunked;
pub use shards::Shards;
pub use texts::Texts;
