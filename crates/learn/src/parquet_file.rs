//! How does a training set look as a file? Parquet: columns about the request, then one column a feature.
//!
//! Other tools read it as it is: numbers and flags are doubles, categories are words, unknown is null. All verdicts of a
//! request are kept with their times (`verdicts`, as `abuse@1677674096789;legitimate@…`), so that any later question
//! "as known at" can be answered; `verdict` and `verdict_at` repeat the latest.

use crate::dataset::{Dataset, KnownVerdict, RowMeta};
use parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical, ZstdLevel};
use parquet::column::reader::ColumnReader;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{SchemaDescriptor, Type};
use ringfence_domain::vector::{ColumnKind, Schema, category_code};
use ringfence_domain::words::Verdict;
use ringfence_domain::{Currency, Timestamp};
use std::io::Write;
use std::sync::Arc;

/// Rows held before they are written: 150 features of 8 bytes are 20 MiB then.
pub const GROUP_ROWS: usize = 16_384;

/// The key under which the file's metadata holds the schema as JSON.
pub const SCHEMA_KEY: &str = "ringfence.schema";

/// Rows that a file may have: 2^32 − 1, since training counts rows in 32 bits.
const ROWS_MAX: i64 = u32::MAX as i64;

/// Why a training set cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The file is no Parquet, is cut short, or could not be read or written.
    #[error("the training set is not a readable Parquet file; write it again with `ringfence replay --out`")]
    Parquet(#[from] ParquetError),
    /// The schema is not there.
    #[error(
        "the training set has no metadata `{SCHEMA_KEY}`, so its columns have no meaning; write it with \
         `ringfence replay --out`, or copy the key when another tool rewrites the file"
    )]
    NoSchema,
    /// The schema is not JSON of ours.
    #[error(
        "the metadata `{SCHEMA_KEY}` of the training set is not a schema of this version; replay the events again"
    )]
    Schema(#[source] serde_json::Error),
    /// A column is not there.
    #[error("the training set has no column `{column}`{}; replay the events with the catalogue that the schema names", nearest(.near.as_ref()))]
    Missing {
        /// Its name.
        column: String,
        /// The most similar name that is there.
        near: Option<String>,
    },
    /// A column has another type.
    #[error(
        "column `{column}` of the training set holds {found}, expected {expected}; cast it, or replay the events again"
    )]
    Type {
        /// Its name.
        column: String,
        /// What it must hold.
        expected: &'static str,
        /// What it holds.
        found: String,
    },
    /// A field holds what it may not.
    #[error("column `{column}` of the training set, row {row}: {what}")]
    Value {
        /// Its name.
        column: &'static str,
        /// From 0.
        row: usize,
        /// What is wrong and what is expected.
        what: String,
    },
    /// More rows than training can count.
    #[error("the training set has {0} rows, more than {ROWS_MAX}; train on a later part of it")]
    TooLong(i64),
}

fn nearest(near: Option<&String>) -> String {
    near.map_or_else(String::new, |n| format!(" (there is `{n}`)"))
}

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

/// The columns about the request: name, type, whether they may be null.
const META: [(&str, Physical, bool); 11] = [
    ("refund", Physical::BYTE_ARRAY, false),
    ("account", Physical::BYTE_ARRAY, false),
    ("order", Physical::BYTE_ARRAY, false),
    ("position", Physical::INT64, false),
    ("requested_at", Physical::INT64, false),
    ("amount_minor", Physical::INT64, false),
    ("currency", Physical::BYTE_ARRAY, false),
    ("test_purchase", Physical::BOOLEAN, false),
    ("verdict", Physical::BYTE_ARRAY, true),
    ("verdict_at", Physical::INT64, true),
    ("verdicts", Physical::BYTE_ARRAY, true),
];

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

/// The name of a feature's column in the file.
fn file_name(feature: &str) -> String {
    if META.iter().any(|(name, ..)| *name == feature) {
        format!("feature.{feature}")
    } else {
        feature.to_owned()
    }
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

impl Dataset {
    /// Reads a training set from a file or from bytes.
    pub fn read<R: ChunkReader + 'static>(reader: R) -> Result<Dataset, DatasetError> {
        let file = SerializedFileReader::new(reader)?;
        let metadata = file.metadata().file_metadata();
        if metadata.num_rows() > ROWS_MAX {
            return Err(DatasetError::TooLong(metadata.num_rows()));
        }
        let json = metadata
            .key_value_metadata()
            .and_then(|pairs| pairs.iter().find(|pair| pair.key == SCHEMA_KEY))
            .and_then(|pair| pair.value.as_deref())
            .ok_or(DatasetError::NoSchema)?;
        let schema: Schema = serde_json::from_str(json).map_err(DatasetError::Schema)?;
        let places = Places::find(metadata.schema_descr(), &schema)?;
        let mut dataset = Dataset::new(schema);
        for group in 0..file.num_row_groups() {
            let group = file.get_row_group(group)?;
            let rows = group.metadata().num_rows() as usize;
            let read = |index: usize| read_column(group.get_column_reader(index)?, rows);
            let first_row = dataset.rows().len();
            let meta = places.meta.map(|place| place.map(read).transpose());
            let meta = read_meta(meta, rows, first_row)?;
            let mut columns = Vec::with_capacity(places.features.len());
            for &place in &places.features {
                let values = read(place)?;
                values.words().for_each(|word| dataset.learn_word(word));
                columns.push(values.into_numbers());
            }
            dataset.extend(meta, columns);
        }
        Ok(dataset)
    }
}

/// Where the columns stand in the file.
struct Places {
    meta: [Option<usize>; META.len()],
    features: Vec<usize>,
}

impl Places {
    fn find(file: &SchemaDescriptor, schema: &Schema) -> Result<Places, DatasetError> {
        let place = |name: &str, expected: Physical| -> Result<usize, DatasetError> {
            let found = (0..file.num_columns()).find(|&i| file.column(i).name() == name);
            let Some(i) = found else {
                let names = (0..file.num_columns()).map(|i| file.column(i).name().to_owned());
                return Err(DatasetError::Missing { column: name.to_owned(), near: similar(name, names) });
            };
            let physical = file.column(i).physical_type();
            if physical != expected {
                let (expected, found) = (type_words(expected), type_words(physical).to_owned());
                return Err(DatasetError::Type { column: name.to_owned(), expected, found });
            }
            Ok(i)
        };
        let mut meta = [None; META.len()];
        for (slot, (name, physical, optional)) in meta.iter_mut().zip(META) {
            *slot = match place(name, physical) {
                Err(DatasetError::Missing { .. }) if optional => None,
                other => Some(other?),
            };
        }
        let mut features = Vec::new();
        for column in &schema.columns {
            let physical = match column.kind {
                ColumnKind::Number | ColumnKind::Flag => Physical::DOUBLE,
                ColumnKind::Category => Physical::BYTE_ARRAY,
            };
            features.push(place(&file_name(&column.name), physical)?);
        }
        Ok(Places { meta, features })
    }
}

fn type_words(physical: Physical) -> &'static str {
    match physical {
        Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY => "text (utf8)",
        Physical::DOUBLE => "double",
        Physical::FLOAT => "float",
        Physical::INT64 => "64-bit integers",
        Physical::INT32 => "32-bit integers",
        Physical::INT96 => "96-bit integers",
        Physical::BOOLEAN => "true or false",
    }
}

/// The name that shares the longest start with `name`, if it is at least half of it.
fn similar(name: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let shared = |other: &str| name.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    names.max_by_key(|other| shared(other)).filter(|other| shared(other) * 2 >= name.len())
}

/// A column of a row group; `None` is null.
enum Values {
    Texts(Vec<Option<ByteArray>>),
    Integers(Vec<Option<i64>>),
    Doubles(Vec<Option<f64>>),
    Flags(Vec<Option<bool>>),
}

impl Values {
    /// The texts, each time they occur.
    fn words(&self) -> impl Iterator<Item = &str> {
        let texts = if let Values::Texts(texts) = self { texts.as_slice() } else { &[] };
        texts.iter().flatten().filter_map(|t| std::str::from_utf8(t.data()).ok())
    }
    fn into_numbers(self) -> Vec<f32> {
        match self {
            Values::Doubles(xs) => xs.into_iter().map(|x| x.map_or(f32::NAN, |x| x as f32)).collect(),
            Values::Texts(xs) => {
                let code = |t: ByteArray| category_code(&String::from_utf8_lossy(t.data())) as f32;
                xs.into_iter().map(|x| x.map_or(f32::NAN, code)).collect()
            }
            Values::Integers(_) | Values::Flags(_) => {
                unreachable!("features are doubles or texts: checked by Places")
            }
        }
    }
}

fn read_column(reader: ColumnReader, rows: usize) -> Result<Values, DatasetError> {
    macro_rules! all {
        ($reader:expr, $variant:ident) => {{
            let mut reader = $reader;
            let (mut values, mut levels) = (Vec::new(), Vec::new());
            let mut read = 0;
            while read < rows {
                let (records, ..) = reader.read_records(rows - read, Some(&mut levels), None, &mut values)?;
                if records == 0 {
                    return Err(
                        ParquetError::EOF(format!("a column ends after {read} of {rows} rows")).into()
                    );
                }
                read += records;
            }
            let mut values = values.into_iter();
            if levels.is_empty() {
                Values::$variant(values.map(Some).collect())
            } else {
                Values::$variant(levels.iter().map(|&l| if l > 0 { values.next() } else { None }).collect())
            }
        }};
    }
    Ok(match reader {
        ColumnReader::ByteArrayColumnReader(r) => all!(r, Texts),
        ColumnReader::Int64ColumnReader(r) => all!(r, Integers),
        ColumnReader::DoubleColumnReader(r) => all!(r, Doubles),
        ColumnReader::BoolColumnReader(r) => all!(r, Flags),
        _ => unreachable!("the types were checked by Places"),
    })
}

type MetaColumns = [Result<Option<Values>, DatasetError>; META.len()];

fn read_meta(columns: MetaColumns, rows: usize, first_row: usize) -> Result<Vec<RowMeta>, DatasetError> {
    let mut read = Vec::with_capacity(META.len());
    for column in columns {
        read.push(column?);
    }
    let cell = Cellar { columns: read, first_row };
    (0..rows)
        .map(|row| {
            Ok(RowMeta {
                refund: cell.text(0, row)?,
                account: cell.text(1, row)?,
                order: cell.text(2, row)?,
                position: cell.integer(3, row)? as u64,
                requested_at: cell.time(4, cell.integer(4, row)?, row)?,
                amount_minor: cell.integer(5, row)?,
                currency: Currency::new(&cell.text(6, row)?)
                    .map_err(|e| cell.fault(6, row, e.to_string()))?,
                test_purchase: matches!(&cell.columns[7], Some(Values::Flags(v)) if v[row] == Some(true)),
                verdicts: cell.verdicts(row)?,
            })
        })
        .collect()
}

/// The columns about the request, read cell by cell.
struct Cellar {
    columns: Vec<Option<Values>>,
    first_row: usize,
}

impl Cellar {
    fn fault(&self, column: usize, row: usize, what: String) -> DatasetError {
        DatasetError::Value { column: META[column].0, row: self.first_row + row, what }
    }
    fn text_or_null(&self, column: usize, row: usize) -> Result<Option<String>, DatasetError> {
        let Some(Values::Texts(texts)) = &self.columns[column] else { return Ok(None) };
        let Some(bytes) = &texts[row] else { return Ok(None) };
        match std::str::from_utf8(bytes.data()) {
            Ok(text) => Ok(Some(text.to_owned())),
            Err(_) => Err(self.fault(column, row, "is not UTF-8".to_owned())),
        }
    }
    fn text(&self, column: usize, row: usize) -> Result<String, DatasetError> {
        self.text_or_null(column, row)?.ok_or_else(|| self.fault(column, row, "is null".to_owned()))
    }
    fn integer_or_null(&self, column: usize, row: usize) -> Option<i64> {
        let Some(Values::Integers(integers)) = &self.columns[column] else { return None };
        integers[row]
    }
    fn integer(&self, column: usize, row: usize) -> Result<i64, DatasetError> {
        self.integer_or_null(column, row).ok_or_else(|| self.fault(column, row, "is null".to_owned()))
    }
    fn time(&self, column: usize, millis: i64, row: usize) -> Result<Timestamp, DatasetError> {
        let expected = || format!("{millis} is not a time; write milliseconds since 1970, UTC");
        Timestamp::from_millis(millis).ok_or_else(|| self.fault(column, row, expected()))
    }
    /// From the list where there is one, otherwise from the pair.
    fn verdicts(&self, row: usize) -> Result<Vec<KnownVerdict>, DatasetError> {
        let verdict = |column: usize, word: &str, millis: i64| -> Result<KnownVerdict, DatasetError> {
            let verdict: Verdict = word.parse().map_err(|e| self.fault(column, row, e))?;
            Ok(KnownVerdict { verdict, at: self.time(column, millis, row)? })
        };
        if let Some(list) = self.text_or_null(10, row)? {
            let expected =
                || self.fault(10, row, format!("`{list}` is not a list such as `abuse@1677674096789`"));
            return list
                .split(';')
                .map(|item| {
                    let (word, millis) = item.split_once('@').ok_or_else(expected)?;
                    verdict(10, word, millis.parse().map_err(|_| expected())?)
                })
                .collect();
        }
        match (self.text_or_null(8, row)?, self.integer_or_null(9, row)) {
            (None, _) => Ok(Vec::new()),
            (Some(word), Some(millis)) => Ok(vec![verdict(8, &word, millis)?]),
            (Some(_), None) => {
                Err(self.fault(9, row, "is null beside a verdict; say from when on it was known".to_owned()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{at_day, meta};
    use ringfence_domain::vector::Column;

    pub(crate) fn schema(columns: &[(&str, ColumnKind)]) -> Schema {
        let column = |(name, kind): &(&str, ColumnKind)| Column {
            name: (*name).to_owned(),
            kind: *kind,
            about: format!("about {name}"),
            reason: "other".to_owned(),
            model: true,
        };
        Schema { columns: columns.iter().map(column).collect(), hash: "c0ffee".to_owned() }
    }

    fn sample_schema() -> Schema {
        schema(&[("rate", ColumnKind::Number), ("order", ColumnKind::Category), ("new", ColumnKind::Flag)])
    }

    fn write(rows: usize) -> (tempfile::NamedTempFile, Dataset) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = DatasetWriter::new(file.reopen().unwrap(), sample_schema()).unwrap();
        let mut expect = Dataset::new(sample_schema());
        for i in 0..rows {
            let mut meta = meta(i, i as i64 % 50);
            meta.test_purchase = i % 5 == 0;
            if i % 3 == 0 {
                meta.verdicts.push(KnownVerdict { verdict: Verdict::Abuse, at: at_day(90) });
            }
            if i % 6 == 0 {
                meta.verdicts.push(KnownVerdict { verdict: Verdict::Legitimate, at: at_day(95) });
            }
            let word = ["tyres", "coins", "größe"][i % 3];
            let known = i % 4 != 0;
            let vector = [
                if i % 7 == 0 { f64::NAN } else { f64::from(i as f32 * 0.1) },
                if known { category_code(word) } else { f64::NAN },
                f64::from(u8::from(i % 2 == 0)),
            ];
            writer.push(&meta, &vector, |c| (c == 1 && known).then_some(word)).unwrap();
            expect.push(meta, &vector);
        }
        let (written, _) = writer.finish().unwrap();
        assert_eq!(written, rows as u64);
        (file, expect)
    }

    #[test]
    fn what_is_written_is_read_back_over_row_groups_too() {
        for rows in [0, 1, 100, GROUP_ROWS + 3] {
            let (file, expect) = write(rows);
            let got = Dataset::read(file.reopen().unwrap()).unwrap();
            assert_eq!(got.rows(), expect.rows());
            assert_eq!(got.hash(), expect.hash(), "{rows} rows");
        }
    }

    #[test]
    fn a_file_that_is_cut_or_no_parquet_is_refused() {
        let (file, _) = write(100);
        let len = file.as_file().metadata().unwrap().len();
        file.as_file().set_len(len / 2).unwrap();
        let text = Dataset::read(file.reopen().unwrap()).unwrap_err().to_string();
        assert!(text.contains("not a readable Parquet file"), "{text}");
    }

    /// Writes a file by hand whose only row has one column left out or of another type.
    fn check(change: impl Fn(&str) -> Option<Physical>, key: Option<&str>, expect: &str) {
        let schema = schema(&[("rate", ColumnKind::Number)]);
        let mut fields = Vec::new();
        let all = META.iter().map(|(n, p, _)| (*n, *p)).chain([("rate", Physical::DOUBLE)]);
        for (name, physical) in all {
            let Some(changed) = change(name) else { continue };
            let physical = if changed == Physical::INT96 { physical } else { changed };
            fields.push(Arc::new(Type::primitive_type_builder(name, physical).build().unwrap()));
        }
        let root = Type::group_type_builder("t").with_fields(fields).build().unwrap();
        let json = serde_json::to_string(&schema).unwrap();
        let pairs = key.map(|k| vec![KeyValue::new(k.to_owned(), json)]);
        let properties = WriterProperties::builder().set_key_value_metadata(pairs).build();
        let file = tempfile::NamedTempFile::new().unwrap();
        let writer =
            SerializedFileWriter::new(file.reopen().unwrap(), Arc::new(root), Arc::new(properties)).unwrap();
        writer.close().unwrap();
        let text = Dataset::read(file.reopen().unwrap()).unwrap_err().to_string();
        assert!(text.contains(expect), "{text}");
    }

    #[test]
    fn a_missing_or_ill_typed_column_is_named() {
        let same = Some(Physical::INT96);
        let key = Some(SCHEMA_KEY);
        check(|_| same, None, "no metadata `ringfence.schema`");
        check(|n| if n == "account" { None } else { same }, key, "no column `account`");
        check(|n| if n == "rate" { None } else { same }, key, "no column `rate`");
        let float = |n: &str| if n == "rate" { Some(Physical::FLOAT) } else { same };
        check(float, key, "column `rate` of the training set holds float, expected double");
        let text = |n: &str| if n == "requested_at" { Some(Physical::BYTE_ARRAY) } else { same };
        check(
            text,
            key,
            "column `requested_at` of the training set holds text (utf8), expected 64-bit integers",
        );
    }
}
