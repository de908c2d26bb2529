//! How are requests sent? One connection, kept alive, one request after the other.

use crate::Result;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// Media type of one event.
pub(crate) const EVENT: &str = "application/cloudevents+json";
/// Media type of an event a line.
pub(crate) const LINES: &str = "application/x-ndjson";

/// A connection.
pub(crate) struct Client {
    address: String,
    key: String,
    stream: BufReader<TcpStream>,
    request: Vec<u8>,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// Connects to `address` (host:port); `key` may be empty before there is one.
    pub(crate) fn connect(address: &str, key: &str) -> Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let stream = BufReader::new(stream);
        Ok(Client { address: address.to_owned(), key: key.to_owned(), stream, request: Vec::new() })
    }
    pub(crate) fn post(&mut self, path: &str, media: &str, body: &[u8]) -> Result<Answer> {
        let Client { address, key, request, .. } = self;
        request.clear();
        write!(
            request,
            "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\
             content-type: {media}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )?;
        request.extend_from_slice(body);
        self.send()
    }
    pub(crate) fn get(&mut self, path: &str) -> Result<Answer> {
        let Client { address, key, request, .. } = self;
        request.clear();
        write!(request, "GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\r\n")?;
        self.send()
    }
    fn send(&mut self) -> Result<Answer> {
        self.stream.get_mut().write_all(&self.request)?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).ok_or("the connection was closed")?.parse()?;
        let mut length = 0;
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err("the connection was closed".into());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, body })
    }
}
