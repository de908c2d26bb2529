//! How much may one record draw from a file? A bounded number of bytes, so that one fault does not read all of it into memory.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Longest record in bytes: a row of a CSV, a message of an export. Without this bound a quotation mark that is not closed makes
/// a record of the whole file.
pub(crate) const RECORD_BYTES_MAX: u64 = 4 << 20;

/// What was drawn so far, seen from outside of the reader.
#[derive(Clone, Default)]
pub(crate) struct Meter {
    record_bytes: Rc<Cell<u64>>,
    lines: Rc<Cell<u64>>,
}

impl Meter {
    /// A new record begins: it may be as long as any.
    pub(crate) fn next_record(&self) {
        self.record_bytes.set(0);
    }
    /// Lines that ended so far.
    pub(crate) fn lines(&self) -> u64 {
        self.lines.get()
    }
}

/// Fails once a single record has drawn more than [`RECORD_BYTES_MAX`] from the reader.
pub(crate) struct Metered<R> {
    reader: R,
    meter: Meter,
}

impl<R> Metered<R> {
    pub(crate) fn new(reader: R) -> (Self, Meter) {
        let meter = Meter::default();
        (Self { reader, meter: meter.clone() }, meter)
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let ends = buffer[..read].iter().filter(|b| **b == b'\n').count();
        self.meter.lines.set(self.meter.lines.get() + ends as u64);
        let bytes = self.meter.record_bytes.get() + read as u64;
        self.meter.record_bytes.set(bytes);
        if bytes > RECORD_BYTES_MAX { Err(io::Error::other(TooLong)) } else { Ok(read) }
    }
}

/// Whether a read failed for a record that is too long.
pub(crate) fn is_too_long(e: &io::Error) -> bool {
    e.get_ref().and_then(|inner| inner.downcast_ref::<TooLong>()).is_some()
}

#[derive(Debug, thiserror::Error)]
#[error("the record is longer than {RECORD_BYTES_MAX} bytes")]
struct TooLong;
