//! How does the service run? Opened from its folder, served until it is told to stop, and stopped with all answers given.

use crate::access::{Access, AccessError};
use crate::core::Versioned;
use crate::door::Door;
use crate::http::{Shared, router};
use crate::worker::{self, Restart, Running, StartError, Worker};
use ringfence_domain::Timestamp;
use ringfence_domain::config::Config;
use ringfence_domain::tokens::Tokeniser;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Why the service does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Log, snapshots or state.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Keys.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The address cannot be listened on.
    #[error("listen on {address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// Serving ended.
    #[error("serve: {0}")]
    Serve(#[from] std::io::Error),
}

/// A service that is ready to listen.
#[derive(Debug)]
pub struct Service {
    shared: Arc<Shared>,
    running: Running,
    /// What bringing its state back took.
    pub restart: Restart,
}

impl Service {
    /// Brings the state in `dir` back.
    pub fn open(
        dir: &Path,
        versioned: &Versioned,
        config: &Config,
        tokens: Option<Tokeniser>,
        clock: fn() -> Timestamp,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Service, ServeError> {
        let door = Door::new(config, tokens, clock);
        let (worker, running, restart) = worker::start(dir, versioned, door.limits(), clock, progress)?;
        let access = Access::open(dir)?;
        Ok(Service { shared: Arc::new(Shared { worker, door, access, clock }), running, restart })
    }
    /// The token of the set-up link, while there is no key.
    pub fn set_up_token(&self) -> Option<String> {
        self.shared.access.set_up_token()
    }
    /// What takes events, for doors other than HTTP.
    pub fn worker(&self) -> &Worker {
        &self.shared.worker
    }
    /// The endpoints.
    pub fn router(&self) -> axum::Router {
        router(self.shared.clone())
    }
    /// Serves on `listener` until `stop` comes; then all that was taken is answered, a snapshot written, and the log closed.
    pub async fn run(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        axum::serve(listener, self.router()).with_graceful_shutdown(stop).await?;
        let written = self.shared.worker.snapshot().await;
        let Service { shared, running, .. } = self;
        drop(shared);
        tokio::task::spawn_blocking(move || running.join()).await.map_err(std::io::Error::other)?;
        match written {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(what)) => {
                Err(ServeError::Serve(std::io::Error::other(format!("no snapshot was written: {what}"))))
            }
            // The disk failed before: readiness and the log's error said so.
            Err(_) => Err(ServeError::Serve(std::io::Error::other("the log could not be written any more"))),
        }
    }
}
