//! How is a training set written? Row by row, a group of rows at a time.

use super::{DatasetError, GROUP_ROWS, META, SCHEMA_KEY, file_name};
use crate::dataset::{KnownVerdict, RowMeta};
use parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use ringfence_domain::vector::{ColumnKind, Schema};
use std::io::Write;
use std::sync::Arc;

enum Cells {
    Number(Vec<f64>),
    Text(Vec<ByteArray>),
}

/// Writes a training set row by row; holds at most [`GROUP_ROWS`] rows.
pub struct DatasetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    schema: Schema,
    rows: Vec<RowMeta>,
    columns: Vec<(Cells, Vec<i16>)>,
    written: u64,
}

impl<W: Write + Send> DatasetWriter<W> {
    /// Starts a file.
    pub fn new(out: W, schema: Schema) -> Result<Self, DatasetError> {
        let json = serde_json::to_string(&schema).map_err(DatasetError::Schema)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_key_value_metadata(Some(vec![KeyValue::new(SCHEMA_KEY.to_owned(), json)]))
            .build();
        let file = SerializedFileWriter::new(out, Arc::new(file_schema(&schema)?), Arc::new(properties))?;
        let columns = schema
            .columns
            .iter()
            .map(|c| match c.kind {
                ColumnKind::Number | ColumnKind::Flag => (Cells::Number(Vec::new()), Vec::new()),
                ColumnKind::Category => (Cells::Text(Vec::new()), Vec::new()),
            })
            .collect();
        Ok(Self { file, schema, rows: Vec::new(), columns, written: 0 })
    }
    /// Appends a row; `vector` is in the order of the schema, `word(i)` is the text of the category in column `i`.
    pub fn push<'a>(
        &mut self,
        meta: &RowMeta,
        vector: &[f64],
        word: impl Fn(usize) -> Option<&'a str>,
    ) -> Result<(), DatasetError> {
        assert_eq!(vector.len(), self.columns.len(), "a vector has a number for every column of its schema");
        for (i, ((cells, levels), &x)) in self.columns.iter_mut().zip(vector).enumerate() {
            let known = match cells {
                Cells::Number(numbers) => {
                    if !x.is_nan() {
                        numbers.push(x);
                    }
                    !x.is_nan()
                }
                Cells::Text(texts) => {
                    let text = word(i);
                    texts.extend(text.map(ByteArray::from));
                    text.is_some()
                }
            };
            levels.push(i16::from(known));
        }
        self.rows.push(meta.clone());
        if self.rows.len() == GROUP_ROWS { self.flush() } else { Ok(()) }
    }
    /// Writes what is held and the end of the file; returns how many rows it has and what was written to.
    pub fn finish(mut self) -> Result<(u64, W), DatasetError> {
        self.flush()?;
        Ok((self.written, self.file.into_inner()?))
    }

    fn flush(&mut self) -> Result<(), DatasetError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        let mut group = self.file.next_row_group()?;
        let mut index: usize = 0;
        while let Some(mut column) = group.next_column()? {
            match index.checked_sub(META.len()) {
                None => write_meta(META[index].0, column.untyped(), &rows)?,
                Some(feature) => {
                    let (cells, levels) = &mut self.columns[feature];
                    write_cells(column.untyped(), cells, levels)?;
                }
            }
            column.close()?;
            index += 1;
        }
        group.close()?;
        self.written += rows.len() as u64;
        debug_assert_eq!(index, META.len() + self.schema.columns.len());
        Ok(())
    }
}

fn file_schema(schema: &Schema) -> Result<Type, ParquetError> {
    let field = |name: &str, physical: Physical, optional: bool| {
        let utf8 = if physical == Physical::BYTE_ARRAY { ConvertedType::UTF8 } else { ConvertedType::NONE };
        Type::primitive_type_builder(name, physical)
            .with_repetition(if optional { Repetition::OPTIONAL } else { Repetition::REQUIRED })
            .with_converted_type(utf8)
            .build()
            .map(Arc::new)
    };
    let mut fields = Vec::new();
    for (name, physical, optional) in META {
        fields.push(field(name, physical, optional)?);
    }
    for column in &schema.columns {
        let physical = match column.kind {
            ColumnKind::Number | ColumnKind::Flag => Physical::DOUBLE,
            ColumnKind::Category => Physical::BYTE_ARRAY,
        };
        // A feature may share its name with a column about the request.
        fields.push(field(&file_name(&column.name), physical, true)?);
    }
    Type::group_type_builder("training_set").with_fields(fields).build()
}

fn write_meta(name: &str, column: &mut ColumnWriter<'_>, rows: &[RowMeta]) -> Result<(), ParquetError> {
    let latest = |r: &RowMeta| r.verdicts.iter().max_by_key(|v| v.at).copied();
    match column {
        ColumnWriter::Int64ColumnWriter(out) => {
            if name == "verdict_at" {
                let levels: Vec<i16> = rows.iter().map(|r| i16::from(!r.verdicts.is_empty())).collect();
                let values: Vec<i64> = rows.iter().filter_map(latest).map(|v| v.at.millis()).collect();
                return out.write_batch(&values, Some(&levels), None).map(drop);
            }
            let values: Vec<i64> = rows
                .iter()
                .map(|r| match name {
                    "position" => r.position as i64,
                    "requested_at" => r.requested_at.millis(),
                    _ => r.amount_minor,
                })
                .collect();
            out.write_batch(&values, None, None).map(drop)
        }
        ColumnWriter::BoolColumnWriter(out) => {
            let values: Vec<bool> = rows.iter().map(|r| r.test_purchase).collect();
            out.write_batch(&values, None, None).map(drop)
        }
        ColumnWriter::ByteArrayColumnWriter(out) => {
            let text = |r: &RowMeta| -> Option<ByteArray> {
                match name {
                    "refund" => Some(r.refund.as_str().into()),
                    "account" => Some(r.account.as_str().into()),
                    "order" => Some(r.order.as_str().into()),
                    "currency" => Some(r.currency.as_str().into()),
                    "verdict" => latest(r).map(|v| v.verdict.as_str().into()),
                    _ => verdicts_text(&r.verdicts).map(|t| t.as_str().into()),
                }
            };
            let texts: Vec<Option<ByteArray>> = rows.iter().map(text).collect();
            let levels: Vec<i16> = texts.iter().map(|t| i16::from(t.is_some())).collect();
            let values: Vec<ByteArray> = texts.into_iter().flatten().collect();
            out.write_batch(&values, Some(&levels), None).map(drop)
        }
        _ => unreachable!("the columns about the request are texts, integers and flags"),
    }
}

fn verdicts_text(verdicts: &[KnownVerdict]) -> Option<String> {
    let each = verdicts.iter().map(|v| format!("{}@{}", v.verdict, v.at.millis()));
    (!verdicts.is_empty()).then(|| each.collect::<Vec<_>>().join(";"))
}

fn write_cells(
    column: &mut ColumnWriter<'_>,
    cells: &mut Cells,
    levels: &mut Vec<i16>,
) -> Result<(), ParquetError> {
    match (column, cells) {
        (ColumnWriter::DoubleColumnWriter(out), Cells::Number(numbers)) => {
            out.write_batch(numbers, Some(levels), None)?;
            numbers.clear();
        }
        (ColumnWriter::ByteArrayColumnWriter(out), Cells::Text(texts)) => {
            out.write_batch(texts, Some(levels), None)?;
            texts.clear();
        }
        _ => unreachable!("the file's schema was made from the same columns"),
    }
    levels.clear();
    Ok(())
}
