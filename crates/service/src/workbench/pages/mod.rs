//! Which pages are there? A file each.

#![allow(clippy::result_large_err)] // A problem is made once for a refused request.

pub mod account;
pub mod audit;
pub mod cases;
pub mod models;
mod parcels;
mod parts;
pub mod posts;
pub mod queue;
pub mod request;
pub mod rings;
pub mod rules;
pub mod search;
pub mod settings;
pub mod staff;
pub mod today;
mod verdict;

use crate::digest::{Digest, DigestError};
use crate::http::problem::Problem;
use crate::workbench::View;
use axum::http::StatusCode;

/// Reads the digest beside the connections, once it has seen what was durable when the page was asked for.
pub(crate) async fn beside<T: Send + 'static>(
    view: &View,
    read: impl FnOnce(&Digest) -> Result<T, DigestError> + Send + 'static,
) -> Result<T, Problem> {
    let digest = view.shared.digest.clone();
    digest.fresh().await;
    let failed = |what: String| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "digest", "This page cannot be read").detail(what)
    };
    let read = tokio::task::spawn_blocking(move || read(&digest)).await;
    read.map_err(|e| failed(e.to_string()))?.map_err(|e| failed(e.to_string()))
}
