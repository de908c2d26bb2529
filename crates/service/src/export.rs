//! How is the log given to other tools? As Parquet, a row a record, with what everyone asks for as columns and the whole
//! record beside them.

use crate::core::Control;
use parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use ringfence_domain::{Decision, Timestamp};
use ringfence_store::log::{Head, Record, RecordKind};
use serde::Deserialize;
use std::io::Write;
use std::sync::Arc;

/// Rows held before they are written.
pub const GROUP_ROWS: usize = 16_384;
/// Bytes of records held before they are written: long records make smaller groups.
pub const GROUP_BYTES: usize = 16 << 20;
/// The key under which the file's metadata holds the head of the log that was exported.
pub const HEAD_KEY: &str = "ringfence.log.head";

/// Why a log cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file.
    #[error("write the Parquet file: {0}")]
    Parquet(#[from] ParquetError),
    /// A record of the log is not what this program writes.
    #[error(
        "record {position} of the log is no {kind} of this program: {source}; a later program wrote it, take that one"
    )]
    Record {
        /// Where it stands.
        position: u64,
        /// What it should be.
        kind: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// Of an event, what makes it one; the rest is in its JSON.
#[derive(Deserialize)]
struct Envelope {
    id: String,
    source: String,
    #[serde(rename = "type")]
    of: String,
    time: Timestamp,
    #[serde(default)]
    data: Refund,
}

/// What many events name.
#[derive(Deserialize, Default)]
struct Refund {
    #[serde(default)]
    refund: Option<serde_json::Value>,
}

/// A record as a row.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    position: u64,
    recorded: Timestamp,
    kind: &'static str,
    /// Type of the event, decision, or what was changed.
    of: String,
    time: Timestamp,
    source: Option<String>,
    id: Option<String>,
    refund: Option<String>,
    json: Vec<u8>,
}

impl Row {
    fn of(position: u64, record: &Record<'_>) -> Result<Row, ExportError> {
        let fail = |kind| move |source| ExportError::Record { position, kind, source };
        let (recorded, json) = (record.recorded, record.payload.to_vec());
        let row = |kind, of, time| {
            let (source, id, refund) = (None, None, None);
            Row { position, recorded, kind, of, time, source, id, refund, json: json.clone() }
        };
        Ok(match record.kind {
            RecordKind::Event => {
                let Envelope { id, source, of, time, data } =
                    serde_json::from_slice(&json).map_err(fail("event"))?;
                let refund = data.refund.and_then(|r| r.as_str().map(str::to_owned));
                Row { source: Some(source), id: Some(id), refund, ..row("event", of, time) }
            }
            RecordKind::Decision => {
                let decision: Decision = serde_json::from_slice(&json).map_err(fail("decision"))?;
                let refund = Some(decision.refund.as_str().to_owned());
                Row { refund, ..row("decision", decision.decision.as_str().to_owned(), decision.decided_at) }
            }
            RecordKind::Control => {
                let control: Control = serde_json::from_slice(&json).map_err(fail("control"))?;
                row("control", control.word().to_owned(), recorded)
            }
        })
    }
}

/// How a column is read from a row.
#[derive(Clone, Copy)]
enum Column {
    Number(fn(&Row) -> i64),
    Time(fn(&Row) -> Timestamp),
    Text(fn(&Row) -> Option<&[u8]>),
}

/// The columns: name, what it holds, whether it may be null.
const COLUMNS: [(&str, Column, bool); 9] = [
    ("position", Column::Number(|r| r.position as i64), false),
    ("recorded", Column::Time(|r| r.recorded), false),
    ("kind", Column::Text(|r| Some(r.kind.as_bytes())), false),
    ("type", Column::Text(|r| Some(r.of.as_bytes())), false),
    ("time", Column::Time(|r| r.time), false),
    ("source", Column::Text(|r| r.source.as_ref().map(String::as_bytes)), true),
    ("id", Column::Text(|r| r.id.as_ref().map(String::as_bytes)), true),
    ("refund", Column::Text(|r| r.refund.as_ref().map(String::as_bytes)), true),
    ("json", Column::Text(|r| Some(&r.json)), false),
];

fn schema() -> Result<Type, ParquetError> {
    let field = |(name, column, optional): &(&str, Column, bool)| {
        let (physical, meaning) = match column {
            Column::Number(_) => (Physical::INT64, ConvertedType::NONE),
            Column::Time(_) => (Physical::INT64, ConvertedType::TIMESTAMP_MILLIS),
            Column::Text(_) => (Physical::BYTE_ARRAY, ConvertedType::UTF8),
        };
        let repetition = if *optional { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        let field = Type::primitive_type_builder(name, physical).with_repetition(repetition);
        field.with_converted_type(meaning).build().map(Arc::new)
    };
    let fields = COLUMNS.iter().map(field).collect::<Result<_, _>>()?;
    Type::group_type_builder("log").with_fields(fields).build()
}

/// Writes records as they come; holds at most [`GROUP_ROWS`] of them and about [`GROUP_BYTES`].
pub struct Exporter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    rows: Vec<Row>,
    bytes: usize,
    written: u64,
}

impl<W: Write + Send> Exporter<W> {
    /// Starts a file; `head` says of which log it is a part.
    pub fn new(out: W, head: &Head) -> Result<Exporter<W>, ExportError> {
        let head = KeyValue::new(HEAD_KEY.to_owned(), format!("{} {}", head.position, head.hash));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_key_value_metadata(Some(vec![head]))
            .build();
        let file = SerializedFileWriter::new(out, Arc::new(schema()?), Arc::new(properties))?;
        Ok(Exporter { file, rows: Vec::new(), bytes: 0, written: 0 })
    }
    /// Appends a record.
    pub fn push(&mut self, position: u64, record: &Record<'_>) -> Result<(), ExportError> {
        self.bytes += record.payload.len();
        self.rows.push(Row::of(position, record)?);
        if self.rows.len() >= GROUP_ROWS || self.bytes >= GROUP_BYTES { self.flush() } else { Ok(()) }
    }
    /// Writes what is held and the end of the file; how many rows it has, and what was written to.
    pub fn finish(mut self) -> Result<(u64, W), ExportError> {
        self.flush()?;
        Ok((self.written, self.file.into_inner()?))
    }
    fn flush(&mut self) -> Result<(), ExportError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        let mut group = self.file.next_row_group()?;
        for (_, column, optional) in &COLUMNS {
            let mut out = group.next_column()?.expect("the file's schema was made from the same columns");
            write(out.untyped(), *column, *optional, &rows)?;
            out.close()?;
        }
        group.close()?;
        self.written += rows.len() as u64;
        Ok(())
    }
}

fn write(
    out: &mut ColumnWriter<'_>,
    column: Column,
    optional: bool,
    rows: &[Row],
) -> Result<(), ParquetError> {
    match (out, column) {
        (ColumnWriter::Int64ColumnWriter(out), Column::Number(of)) => {
            out.write_batch(&rows.iter().map(of).collect::<Vec<_>>(), None, None)?;
        }
        (ColumnWriter::Int64ColumnWriter(out), Column::Time(of)) => {
            out.write_batch(&rows.iter().map(|r| of(r).millis()).collect::<Vec<_>>(), None, None)?;
        }
        (ColumnWriter::ByteArrayColumnWriter(out), Column::Text(of)) => {
            let values: Vec<ByteArray> =
                rows.iter().filter_map(of).map(|text| ByteArray::from(text.to_vec())).collect();
            let levels: Vec<i16> = rows.iter().map(|r| i16::from(of(r).is_some())).collect();
            out.write_batch(&values, optional.then_some(&levels[..]), None)?;
        }
        _ => unreachable!("the file's schema was made from the same columns"),
    }
    Ok(())
}
