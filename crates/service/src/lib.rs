//! HTTP, the log and the engine wired into a decision service.
//!
//! - [`core`](mod@core): what becomes of an event; no IO;
//! - [`worker`]: the threads that decide and make durable, in this order;
//! - [`door`]: how bytes become events, whatever brought them;
//! - [`access`]: who may do what;
//! - [`http`]: the endpoints.

pub mod access;
pub mod core;
pub mod door;
pub mod http;
pub mod serve;
pub mod worker;
