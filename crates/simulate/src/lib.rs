//! What would a shop and a ring do? Writes events, and the truth apart.
