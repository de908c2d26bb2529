//! HTTP, the log and the engine wired into a decision service.
//!
//! - [`core`](mod@core): what becomes of an event and of a change; no IO;
//! - [`worker`]: the threads that decide and make durable, in this order;
//! - [`feed`]: how others follow the log as it grows; [`past`]: the state at any position;
//! - [`library`]: the content of every version; [`promote`], [`shadow`]: how another comes to decide, and is tried;
//! - [`mod@rederive`]: a decision of the past, made again;
//! - [`backtest`]: other versions on all of the log; [`survey`]: figures of all staff, all posts and the latest requests;
//!   [`pseudonyms`]: under which names staff are shown;
//! - [`door`]: how bytes become events, whatever brought them; [`follow`]: from files in a folder;
//! - [`webhooks`]: who is told of decisions and alerts;
//! - [`leads`]: which leads the log holds;
//! - [`casework`]: the queue and the cases, as tables that follow the log;
//! - [`packs`]: a case as a pack of evidence;
//! - [`access`]: who may do what; [`oidc`]: people who sign in elsewhere; [`backup`]: the folder copied and put back;
//! - [`export`]: the log for other tools;
//! - [`http`]: the endpoints; [`tls`]: encrypted connections;
//! - [`workbench`]: the pages that people work with; [`digest`]: the log as they read it.

pub mod access;
pub mod backtest;
pub mod backup;
pub mod casework;
pub mod core;
pub mod digest;
pub mod door;
pub mod export;
pub mod feed;
pub mod files;
pub mod follow;
pub mod http;
pub mod leads;
pub mod library;
pub mod oidc;
pub mod packs;
pub mod past;
pub mod promote;
pub mod pseudonyms;
pub mod rederive;
pub mod serve;
pub mod shadow;
pub mod survey;
pub mod tls;
pub mod webhooks;
pub mod workbench;
pub mod worker;
