//! Does the service speak TLS, and does one slow caller keep others out?

mod common;

use common::open;
use ringfence_service::tls::{Files, TlsError, TlsListener};
use std::time::Duration;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_encrypted_and_a_silent_caller_keeps_nobody_out() {
    let dir = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let files = Files { certificate: dir.path().join("c.pem"), key: dir.path().join("k.pem") };
    std::fs::write(&files.certificate, made.cert.pem()).expect("written");
    std::fs::write(&files.key, made.signing_key.serialize_pem()).expect("written");
    let service = open(&dir.path().join("data"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let listener = TlsListener::new(listener, files.clone()).expect("TLS");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(service.run(listener, async { drop(stopped.await) }));
    // Callers that say nothing.
    let silent: Vec<_> =
        (0..20).map(|_| std::net::TcpStream::connect(("127.0.0.1", port)).expect("connected")).collect();
    let roots = RootCerts::new_with_certs(&[Certificate::from_der(made.cert.der()).to_owned()]);
    let answer = tokio::task::spawn_blocking(move || {
        let tls = TlsConfig::builder().root_certs(roots).build();
        let config =
            ureq::Agent::config_builder().tls_config(tls).timeout_global(Some(Duration::from_secs(5)));
        let agent: ureq::Agent = config.build().into();
        let answer = agent.get(format!("https://localhost:{port}/healthz")).call().expect("an answer");
        let strict = answer.headers()["strict-transport-security"].clone();
        (
            answer.status().as_u16(),
            strict,
            agent.get(format!("http://localhost:{port}/healthz")).call().is_err(),
        )
    });
    let (status, strict, plain_refused) = answer.await.expect("answered");
    assert_eq!((status, strict.to_str().expect("text"), plain_refused), (200, "max-age=31536000", true));
    drop(silent);
    stop.send(()).expect("it runs");
    running.await.expect("no panic").expect("stopped");
    // What is no pair is told.
    std::fs::write(&files.key, rcgen::KeyPair::generate().expect("a key").serialize_pem()).expect("written");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let refused = TlsListener::new(listener, files).expect_err("another key");
    assert!(matches!(refused, TlsError::Pair { .. }), "{refused}");
}
