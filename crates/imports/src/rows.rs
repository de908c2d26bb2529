//! What is in a row of a CSV file? Named columns, in bounded memory, with the number of the line.

use crate::metered::{Meter, Metered, RECORD_BYTES_MAX, is_too_long};
use crate::sink::{ImportError, Sink};
use csv::ByteRecord;
use ringfence_domain::Refusal;
use std::io::{self, Read};

/// Rows of a CSV file with a header.
pub(crate) struct Rows<R> {
    csv: csv::Reader<Metered<R>>,
    meter: Meter,
    header: Vec<String>,
    record: ByteRecord,
    line: u64,
    rejected: u64,
}

impl<R: Read> Rows<R> {
    pub(crate) fn new(reader: R, delimiter: u8) -> Result<Self, ImportError> {
        let (reader, meter) = Metered::new(reader);
        let mut csv = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(reader);
        let header = csv.byte_headers().map_err(|e| broken(e, 0))?;
        let header = header
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim_start_matches('\u{feff}').trim().to_owned());
        let header = header.collect();
        Ok(Self { csv, meter, header, record: ByteRecord::new(), line: 1, rejected: 0 })
    }

    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// Rows that were rejected here, before anybody saw them.
    pub(crate) fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Positions of `names` in the header.
    pub(crate) fn columns<const N: usize>(&self, names: [&str; N]) -> Result<[usize; N], ImportError> {
        let mut columns = [0; N];
        for (column, name) in columns.iter_mut().zip(names) {
            *column = self.header.iter().position(|have| have == name).ok_or_else(|| {
                ImportError::Columns { missing: name.to_owned(), found: self.header.join(", ") }
            })?;
        }
        Ok(columns)
    }

    /// The next row as texts; a row that is no UTF-8 or has another number of columns is rejected and passed by.
    pub(crate) fn next_row(&mut self, sink: &mut impl Sink) -> Result<Option<Row<'_>>, ImportError> {
        loop {
            self.meter.next_record();
            let read = self.csv.read_byte_record(&mut self.record).map_err(|e| broken(e, self.line))?;
            if !read {
                return Ok(None);
            }
            self.line = self.record.position().map_or(self.line + 1, csv::Position::line);
            match fault(&self.record, self.header.len()) {
                None => break,
                Some(refusal) => {
                    self.rejected += 1;
                    reject(sink, &refusal.at_line(self.line), &self.record)?;
                }
            }
        }
        Ok(Some(Row { record: &self.record, line: self.line }))
    }
}

/// One row, all of whose fields are UTF-8.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    record: &'a ByteRecord,
    pub(crate) line: u64,
}

impl<'a> Row<'a> {
    /// The text in a column, without white space around it.
    pub(crate) fn get(self, column: usize) -> &'a str {
        let bytes = self.record.get(column).unwrap_or_default();
        std::str::from_utf8(bytes).expect("next_row refuses rows that are not UTF-8").trim()
    }
    /// The row's text, its fields joined by commas.
    pub(crate) fn raw(self) -> Vec<u8> {
        raw(self.record)
    }
    /// Hands this row to the sink as refused.
    pub(crate) fn reject(self, sink: &mut impl Sink, refusal: Refusal) -> Result<(), ImportError> {
        reject(sink, &refusal.at_line(self.line), self.record)
    }
}

fn fault(record: &ByteRecord, columns: usize) -> Option<Refusal> {
    if record.len() != columns {
        return Some(Refusal::new(
            "",
            format!("the row has {} columns, the header has {columns}", record.len()),
            "quote texts that hold the delimiter or a line feed",
        ));
    }
    let bad = record.iter().position(|field| std::str::from_utf8(field).is_err())?;
    Some(Refusal::new(
        format!("/{bad}"),
        "the field is not UTF-8",
        "write the file as UTF-8; Latin-1 and UTF-16 must be converted first",
    ))
}

fn reject(sink: &mut impl Sink, refusal: &Refusal, record: &ByteRecord) -> Result<(), ImportError> {
    sink.reject(refusal, &raw(record)).map_err(ImportError::Sink)
}

fn raw(record: &ByteRecord) -> Vec<u8> {
    record.iter().collect::<Vec<_>>().join(&b","[..])
}

fn broken(e: csv::Error, line: u64) -> ImportError {
    match e.into_kind() {
        csv::ErrorKind::Io(source) if is_too_long(&source) => {
            ImportError::RowTooLong { line, bytes_max: RECORD_BYTES_MAX }
        }
        csv::ErrorKind::Io(source) => ImportError::Read { line, source },
        other => ImportError::Read { line, source: io::Error::other(format!("{other:?}")) },
    }
}
