//! A service for the benchmarks: the built program on a folder, and a connection to it.

#![allow(dead_code)] // Each benchmark uses its part.

use serde_json::Value;
use std::ffi::OsStr;
use std::io::BufRead;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A service that runs.
pub(crate) struct Running {
    child: Child,
    /// Host and port.
    pub(crate) address: String,
    /// What it printed when it was ready.
    pub(crate) told: Value,
}

impl Running {
    /// Starts the service on a folder, with more arguments.
    pub(crate) fn start(data: &Path, more: &[&OsStr]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ringfence"));
        command.args(["--json", "serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(more);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the service starts");
        let mut out = std::io::BufReader::new(child.stdout.take().expect("its output"));
        let mut text = String::new();
        let told: Value = loop {
            assert!(out.read_line(&mut text).expect("text") > 0, "the service did not start");
            if let Ok(told) = serde_json::from_str(&text) {
                break told;
            }
        };
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        let address = told["address"].as_str().expect("an address").trim_start_matches("http://").to_owned();
        Running { child, address, told }
    }
    /// As an operator ends it: it answers what it took and writes a snapshot.
    pub(crate) fn stop(mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(asked.success(), "the service is told to end");
        assert!(self.child.wait().expect("ended").success(), "the service ends in good order");
    }
    /// As a crash ends it.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }
}

/// One connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: &str) -> Connection {
        let stream = TcpStream::connect(address).await.expect("connected");
        stream.set_nodelay(true).expect("no delay");
        Connection { stream, buffer: Vec::with_capacity(16 << 10) }
    }
    /// Status and body of an answer.
    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        media: &str,
        key: &str,
        body: &[u8],
    ) -> (u16, Vec<u8>) {
        let headers = format!("content-type: {media}\r\nauthorization: Bearer {key}\r\n");
        let (status, _, body) = self.send(method, path, &headers, body).await;
        (status, body)
    }
    /// Status, head in small letters, and body of an answer to a request with these lines of head.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> (u16, String, Vec<u8>) {
        let length = body.len();
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: bench\r\n{headers}content-length: {length}\r\n\r\n");
        let mut head = head.into_bytes();
        head.extend_from_slice(body);
        self.stream.write_all(&head).await.expect("sent");
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await.expect("an answer");
            assert!(read > 0, "the service closed the connection");
            let Some(end) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&self.buffer[..end]).expect("a head is text").to_ascii_lowercase();
            let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
            let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).expect("a length");
            let length: usize = length.trim().parse().expect("a number");
            while self.buffer.len() < end + 4 + length {
                let read = self.stream.read_buf(&mut self.buffer).await.expect("an answer");
                assert!(read > 0, "the service closed the connection");
            }
            return (status, head, self.buffer[end + 4..end + 4 + length].to_vec());
        }
    }
}

/// The secret of a key that an answer made.
pub(crate) fn secret(body: &[u8]) -> String {
    let made: Value = serde_json::from_slice(body).expect("JSON");
    made["secret"].as_str().or(made["key"]["secret"].as_str()).expect("a secret").to_owned()
}

/// Makes the first administrator of a new folder; the secret of their key.
pub(crate) async fn set_up(connection: &mut Connection, running: &Running) -> String {
    let token = running.told["set_up"].as_str().expect("a new folder");
    let body =
        format!(r#"{{"token":"{token}","name":"bench","password":"mauve lantern quarry","with_key":true}}"#);
    secret(&connection.ask("POST", "/v1/setup", "application/json", "", body.as_bytes()).await.1)
}
