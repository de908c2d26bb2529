//! Where does one line of a file end, however long it is? Lines in bounded memory, bad ones passed over.

use super::Decoder;
use super::refusal::Refusal;
use crate::event::Event;
use std::io::{self, BufRead, Read};

/// The UTF-8 byte order mark, which some tools put before the first line.
const BYTE_ORDER_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];

/// One line of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RawLine<'a> {
    /// From 1.
    pub number: u64,
    /// The line without its end; of a line that is too long only the beginning.
    pub bytes: &'a [u8],
    /// Whether the line is longer than the limit.
    pub too_long: bool,
}

/// Splits a reader into lines and holds at most one line of at most the given length.
#[derive(Debug)]
pub struct RawLines<R> {
    reader: R,
    line: Vec<u8>,
    bytes_max: usize,
    number: u64,
}

impl<R: BufRead> RawLines<R> {
    /// Lines of `reader`; of a line longer than `bytes_max` only the beginning is held.
    pub fn new(reader: R, bytes_max: usize) -> Self {
        Self { reader, line: Vec::new(), bytes_max, number: 0 }
    }

    /// Number of the last line that was read, from 1; 0 before the first.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The next line that is not blank; `None` at the end. An error of the reader ends the file there;
    /// all lines before it have been returned.
    pub fn next_line(&mut self) -> io::Result<Option<RawLine<'_>>> {
        loop {
            self.line.clear();
            // One byte more than a line may have, and one for its end.
            let bytes_max = self.bytes_max as u64 + 2;
            let read = self.reader.by_ref().take(bytes_max).read_until(b'\n', &mut self.line)?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            if self.line.last() == Some(&b'\n') {
                self.line.pop();
            } else if read as u64 == bytes_max {
                skip_line(&mut self.reader)?;
            }
            if self.line.last() == Some(&b'\r') {
                self.line.pop();
            }
            if self.number == 1 && self.line.starts_with(BYTE_ORDER_MARK) {
                self.line.drain(..BYTE_ORDER_MARK.len());
            }
            if self.line.iter().any(|b| !b.is_ascii_whitespace()) {
                break;
            }
        }
        let too_long = self.line.len() > self.bytes_max;
        self.line.truncate(self.bytes_max);
        Ok(Some(RawLine { number: self.number, bytes: &self.line, too_long }))
    }
}

/// Passes over the rest of a line without keeping it.
fn skip_line(reader: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = match reader.fill_buf() {
            Ok(buffer) => buffer,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|b| *b == b'\n');
        let used = end.map_or(buffer.len(), |at| at + 1);
        reader.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
}

/// Events of JSON lines, in order. A refused line is an item like any other; reading goes on after it.
#[derive(Debug)]
pub struct EventLines<'d, R> {
    decoder: &'d Decoder,
    lines: RawLines<R>,
}

impl<'d, R: BufRead> EventLines<'d, R> {
    pub(super) fn new(decoder: &'d Decoder, reader: R) -> Self {
        Self { decoder, lines: RawLines::new(reader, decoder.limits.line_bytes_max) }
    }

    /// Number of the last line that was read, from 1.
    pub fn number(&self) -> u64 {
        self.lines.number()
    }

    /// The next event or refusal, with the line it came from; `None` at the end.
    pub fn next_event(&mut self) -> io::Result<Option<(RawLine<'_>, Result<Event, Refusal>)>> {
        let decoder = self.decoder;
        Ok(self.lines.next_line()?.map(|line| (line, decoder.decode_line(line))))
    }
}

impl Decoder {
    /// Reads one line of a file; its refusal carries the line's number.
    pub fn decode_line(&self, line: RawLine<'_>) -> Result<Event, Refusal> {
        let result = if line.too_long {
            Err(Refusal::too_long(self.limits.line_bytes_max))
        } else {
            self.decode(line.bytes)
        };
        result.map_err(|refusal| refusal.at_line(line.number))
    }
}

impl<R: BufRead> Iterator for EventLines<'_, R> {
    type Item = io::Result<Result<Event, Refusal>>;
    fn next(&mut self) -> Option<Self::Item> {
        self.next_event().transpose().map(|item| item.map(|(_, result)| result))
    }
}
