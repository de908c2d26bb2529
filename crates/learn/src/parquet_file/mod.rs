//! How does a training set look as a file? Parquet: columns about the request, then one column a feature.
//!
//! Other tools read it as it is: numbers and flags are doubles, categories are words, unknown is null. All verdicts of a
//! request are kept with their times (`verdicts`, as `abuse@1677674096789;legitimate@…`), so that any later question
//! "as known at" can be answered; `verdict` and `verdict_at` repeat the latest.

mod read;
mod write;

pub use write::DatasetWriter;

use parquet::basic::Type as Physical;
use parquet::errors::ParquetError;

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

/// The name of a feature's column in the file.
fn file_name(feature: &str) -> String {
    if META.iter().any(|(name, ..)| *name == feature) {
        format!("feature.{feature}")
    } else {
        feature.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{at_day, meta};
    use crate::dataset::{Dataset, KnownVerdict};
    use parquet::file::metadata::KeyValue;
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::types::Type;
    use ringfence_domain::vector::Column;
    use ringfence_domain::vector::{ColumnKind, Schema, category_code};
    use ringfence_domain::words::Verdict;
    use std::sync::Arc;

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
