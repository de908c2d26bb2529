//! How are connections encrypted? TLS 1.2 and 1.3 by rustls, with a certificate from two files that may be renewed.
//!
//! Handshakes are made beside each other, each within a time, so that one slow caller keeps no other out.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// Handshakes at once; beyond, callers wait in the system's queue.
const HANDSHAKES_MAX: usize = 1_024;
/// How long a handshake may take.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// How often the files are looked at: a renewed certificate is used within so long.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file.
    #[error("read {} as PEM: {what}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// Both together.
    #[error("{} and {} do not make a certificate with its key: {what}", certificate.display(), key.display())]
    Pair {
        /// The chain.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// A certificate with its key, as files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The chain (PEM), the own certificate first.
    pub certificate: PathBuf,
    /// Its key (PEM).
    pub key: PathBuf,
}

impl Files {
    fn config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let wrong = |path: &Path, what: String| TlsError::File { path: path.to_owned(), what };
        let pem = |e: tokio_rustls::rustls::pki_types::pem::Error, path| wrong(path, e.to_string());
        let chain =
            CertificateDer::pem_file_iter(&self.certificate).map_err(|e| pem(e, &self.certificate))?;
        let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(|e| pem(e, &self.certificate))?;
        if chain.is_empty() {
            return Err(wrong(&self.certificate, "it holds no certificate".into()));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|e| pem(e, &self.key))?;
        let pair = |e: tokio_rustls::rustls::Error| TlsError::Pair {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            what: e.to_string(),
        };
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().map_err(pair)?;
        let mut config = config.with_no_client_auth().with_single_cert(chain, key).map_err(pair)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
    fn changed(&self) -> Option<(SystemTime, SystemTime)> {
        let time = |path: &Path| std::fs::metadata(path).and_then(|m| m.modified()).ok();
        Some((time(&self.certificate)?, time(&self.key)?))
    }
}

/// Gives connections whose handshake is done.
#[derive(Debug)]
pub struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    /// Encrypts the connections of `listener`.
    ///
    /// # Errors
    /// Where the files are no certificate with its key.
    pub fn new(listener: TcpListener, files: Files) -> Result<TlsListener, TlsError> {
        let live = Arc::new(Mutex::new(files.config()?));
        let address = listener.local_addr().unwrap_or_else(|_| ([0, 0, 0, 0], 0).into());
        let (done, ready) = mpsc::channel(HANDSHAKES_MAX);
        tokio::spawn(renew(files, live.clone(), done.clone()));
        tokio::spawn(shake_hands(listener, live, done));
        Ok(TlsListener { ready, address })
    }
}

type Done = mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>;

async fn shake_hands(listener: TcpListener, live: Arc<Mutex<Arc<ServerConfig>>>, done: Done) {
    let room = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let Ok(permit) = room.clone().acquire_owned().await else { return };
        let accepted = tokio::select! {
            () = done.closed() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, address)) = accepted else {
            // Too many open files, mostly: it passes.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let config = live.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let done = done.clone();
        tokio::spawn(async move {
            let handshake = TlsAcceptor::from(config).accept(stream);
            if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_WITHIN, handshake).await {
                let _ = done.send((stream, address)).await;
            }
            drop(permit);
        });
    }
}

/// Takes a renewed certificate; one that is not right is passed over, and the old one stays.
async fn renew(files: Files, live: Arc<Mutex<Arc<ServerConfig>>>, done: Done) {
    let mut known = files.changed();
    loop {
        tokio::select! {
            () = done.closed() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let now = files.changed();
        if now != known
            && let Ok(config) = files.config()
        {
            *live.lock().unwrap_or_else(PoisonError::into_inner) = config;
            known = now;
        }
    }
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;
    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // The accepting task is gone: nothing comes any more.
            None => std::future::pending().await,
        }
    }
    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}
