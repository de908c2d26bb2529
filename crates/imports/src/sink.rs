//! Where do imported events go? Wherever the caller puts them.

use ringfence_domain::{Event, Refusal};
use std::error::Error;
use std::io;

/// Why a sink cannot take more: whatever the caller's files say.
pub type SinkError = Box<dyn Error + Send + Sync>;

/// Takes events in order, and refused rows.
pub trait Sink {
    /// The next event.
    fn event(&mut self, event: &Event) -> Result<(), SinkError>;
    /// A row that is refused, with its text.
    fn reject(&mut self, refusal: &Refusal, raw: &[u8]) -> Result<(), SinkError>;
}

/// A sink in memory, for small files and tests.
#[derive(Debug, Default)]
pub struct Collected {
    /// The events in order.
    pub events: Vec<Event>,
    /// The refusals in order, with the text of their rows.
    pub rejects: Vec<(Refusal, String)>,
}

impl Sink for Collected {
    fn event(&mut self, event: &Event) -> Result<(), SinkError> {
        self.events.push(event.clone());
        Ok(())
    }
    fn reject(&mut self, refusal: &Refusal, raw: &[u8]) -> Result<(), SinkError> {
        self.rejects.push((refusal.clone(), String::from_utf8_lossy(raw).into_owned()));
        Ok(())
    }
}

/// Why an import stops; what was handed to the sink before stays.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file has other columns.
    #[error("the file has no column `{missing}`; its columns are {found}: is it the right file?")]
    Columns {
        /// The first column that is missing.
        missing: String,
        /// Those that are there.
        found: String,
    },
    /// The map names a column that the file does not have.
    #[error("the map does not fit the file: {0}")]
    Map(#[source] ringfence_domain::config::ConfigError),
    /// A row is longer than the limit.
    #[error(
        "the row after line {line} is longer than {bytes_max} bytes; look for a quotation mark that is not closed"
    )]
    RowTooLong {
        /// The last line that was read.
        line: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// The file is no export of that kind.
    #[error("this is no {format} export: {missing}; {remedy}")]
    Shape {
        /// Whose export was expected.
        format: &'static str,
        /// What it lacks.
        missing: &'static str,
        /// How to get one.
        remedy: &'static str,
    },
    /// A file in JSON breaks off or is malformed beyond a single record.
    #[error(
        "line {line}: the JSON cannot be read further: {reason}; the records before were imported, export the file again"
    )]
    Json {
        /// Where, from 1.
        line: u64,
        /// Why.
        reason: String,
    },
    /// The file cannot be read further.
    #[error("the file cannot be read after line {line}; the rows before were imported")]
    Read {
        /// The last line that was read.
        line: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The sink failed.
    #[error("the imported events cannot be written")]
    Sink(#[source] SinkError),
}
