//! How is a training set read? Every column is looked at before the first row: a file of another tool may lack one.

use super::{DatasetError, META, ROWS_MAX, SCHEMA_KEY, file_name};
use crate::dataset::{Dataset, KnownVerdict, RowMeta};
use parquet::basic::Type as Physical;
use parquet::column::reader::ColumnReader;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::schema::types::SchemaDescriptor;
use ringfence_domain::vector::{ColumnKind, Schema, category_code};
use ringfence_domain::words::Verdict;
use ringfence_domain::{Currency, Timestamp};

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
