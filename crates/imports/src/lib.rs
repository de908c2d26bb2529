//! What does a foreign file say as events?
