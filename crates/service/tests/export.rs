//! Does the exported log say what the log says, in groups of bounded size?

mod common;

use axum::body::Bytes;
use axum::http::{Method, StatusCode};
use common::{BATCH, ONE, admin, ask, key, open, order, request};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use ringfence_service::access::Role;
use ringfence_service::export::{ExportError, Exporter, GROUP_BYTES, GROUP_ROWS, HEAD_KEY};
use ringfence_store::LOG_FOLDER;
use ringfence_store::log::{Head, Record, RecordKind, verified};
use serde_json::Value;

fn read(exported: (u64, Vec<u8>)) -> (SerializedFileReader<Bytes>, Vec<Row>) {
    let reader = SerializedFileReader::new(Bytes::from(exported.1)).expect("a Parquet file");
    let rows: Vec<Row> =
        reader.get_row_iter(None).expect("rows").collect::<Result<_, _>>().expect("every row is read");
    assert_eq!(rows.len() as u64, exported.0);
    (reader, rows)
}

fn field<'a>(row: &'a Row, name: &str) -> &'a Field {
    row.get_column_iter().find(|(column, _)| *column == name).map(|(_, field)| field).expect("a column")
}

fn text(row: &Row, name: &str) -> Option<String> {
    match field(row, name) {
        Field::Str(text) => Some(text.clone()),
        Field::Null => None,
        other => panic!("{name} holds {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_comes_back_with_its_columns_while_the_service_runs() {
    let dir = tempfile::tempdir().expect("a folder");
    let service = open(dir.path());
    let router = service.router();
    let admin = admin(&service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let batch = Value::Array((1..=20).map(order).collect()).to_string();
    ask(&router, Method::POST, "/v1/events", Some(&shop), BATCH, &batch).await;
    let body = request(1, 5_000).to_string();
    let decided = ask(&router, Method::POST, "/v1/refunds/decide", Some(&shop), ONE, &body).await;
    assert_eq!(decided.status, StatusCode::OK);
    let (proved, reader) = verified(&dir.path().join(LOG_FOLDER), &mut |_| {}).expect("a whole log");
    let records: Vec<(u64, Record<'static>)> =
        reader.read(0).expect("readable").collect::<Result<_, _>>().expect("records");
    assert_eq!(records.len() as u64, proved.head.position);
    let mut exporter = Exporter::new(Vec::new(), &proved.head).expect("a file");
    for (position, record) in &records {
        exporter.push(*position, record).expect("a row");
    }
    let (file, rows) = read(exporter.finish().expect("written"));
    let metadata = file.metadata().file_metadata().key_value_metadata().expect("metadata").clone();
    let head = metadata.iter().find(|pair| pair.key == HEAD_KEY).and_then(|pair| pair.value.clone());
    assert_eq!(head, Some(format!("{} {}", proved.head.position, proved.head.hash)));
    for (row, (position, record)) in rows.iter().zip(&records) {
        assert_eq!(field(row, "position"), &Field::Long(*position as i64));
        assert_eq!(field(row, "recorded"), &Field::TimestampMillis(record.recorded.millis()));
        assert_eq!(text(row, "json").expect("the record").as_bytes(), &*record.payload);
        let json: Value = serde_json::from_slice(&record.payload).expect("JSON");
        let told = ["kind", "type", "source", "id", "refund"].map(|name| text(row, name));
        let expect = match record.kind {
            RecordKind::Event => ["event", "", "", "", ""]
                .iter()
                .zip([&Value::Null, &json["type"], &json["source"], &json["id"], &json["data"]["refund"]])
                .map(|(word, value)| {
                    value.as_str().or(Some(*word).filter(|w| !w.is_empty())).map(str::to_owned)
                })
                .collect::<Vec<_>>(),
            RecordKind::Decision => {
                let decision = json["decision"].as_str().map(str::to_owned);
                vec![Some("decision".into()), decision, None, None, Some("R1".into())]
            }
            RecordKind::Control => {
                let word = match json["control"].as_str() {
                    Some("casework") => json["change"]["did"].as_str().map(|did| format!("casework_{did}")),
                    control => json["did"].as_str().or(control).map(str::to_owned),
                };
                vec![Some("control".into()), word, None, None, None]
            }
        };
        assert_eq!(told.to_vec(), expect, "{json}");
    }
    let count = |kind: &str| rows.iter().filter(|row| text(row, "kind").as_deref() == Some(kind)).count();
    assert_eq!((count("event"), count("decision")), (21, 1));
    assert!(count("control") >= 4);
    let of_event = rows.iter().find(|row| text(row, "id").as_deref() == Some("o1")).expect("an order");
    let time = ringfence_domain::Timestamp::parse("2023-05-01T10:00:00Z").expect("a time");
    assert_eq!(field(of_event, "time"), &Field::TimestampMillis(time.millis()));
}

#[test]
fn what_is_held_is_bounded_by_rows_and_by_bytes() {
    let event = |more: usize| {
        let mut event = order(1);
        event["data"]["attributes"] = serde_json::json!({ "note": "x".repeat(more) });
        let payload = event.to_string().into_bytes().into();
        Record { kind: RecordKind::Event, recorded: common::clock(), payload }
    };
    let groups = |record: &Record<'_>, count: usize| {
        let head = Head { position: 0, hash: ringfence_store::log::Hash::of(&[]) };
        let mut exporter = Exporter::new(Vec::new(), &head).expect("a file");
        for position in 0..count as u64 {
            exporter.push(position, record).expect("a row");
        }
        let (file, rows) = read(exporter.finish().expect("written"));
        assert_eq!(field(&rows[count - 1], "position"), &Field::Long(count as i64 - 1));
        file.metadata().row_groups().iter().map(|g| g.num_rows() as usize).collect::<Vec<_>>()
    };
    assert_eq!(groups(&event(0), GROUP_ROWS + 1), [GROUP_ROWS, 1]);
    let large = event(GROUP_BYTES / 4);
    assert_eq!(groups(&large, 9), [4, 4, 1]);
    let head = Head { position: 0, hash: ringfence_store::log::Hash::of(&[]) };
    let mut exporter = Exporter::new(Vec::new(), &head).expect("a file");
    let wrong = Record { kind: RecordKind::Control, ..event(0) };
    let refused = exporter.push(7, &wrong);
    assert!(matches!(refused, Err(ExportError::Record { position: 7, kind: "control", .. })), "{refused:?}");
}
