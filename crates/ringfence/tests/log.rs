//! Does `log` say whether the log is whole, where it is not, and whether it is still the one whose head was signed? Is it
//! replayed as the events it holds?

mod common;

use common::{arg, folder, ringfence, shop};
use ringfence_domain::codec::{Decoder, Limits};
use ringfence_domain::{Body, Timestamp};
use ringfence_store::{LOG_FOLDER, Log, Options, Record, RecordKind};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;

fn append(data: &Path, texts: &[&str]) {
    let mut log = Log::open(&data.join(LOG_FOLDER), Options::default()).expect("a log");
    for text in texts {
        let payload = text.as_bytes().into();
        let record = Record { kind: RecordKind::Event, recorded: Timestamp::MIN, payload };
        log.append(&[record]).expect("it is durable");
    }
}

#[test]
fn a_whole_log_is_proved_and_a_changed_one_named_with_its_position() {
    let dir = folder();
    let data = dir.path().join("data");
    append(&data, &["one", "two", "three"]);
    let verify = ["log", "verify", "--data", arg(&data)];
    let said = ringfence(dir.path(), &verify).ends(0).out;
    assert!(said.contains("The log is whole.") && said.contains("3 records in 3 blocks"), "{said}");
    let json = ringfence(dir.path(), &[&verify[..], &["--json"]].concat()).ends(0).json();
    assert_eq!(json["head"]["position"], 3);
    let segment = data.join(LOG_FOLDER).join("00000000000000000000.segment");
    let mut bytes = fs::read(&segment).expect("readable");
    let at = bytes.windows(3).position(|text| text == b"two").expect("short records are stored as they are");
    bytes[at] = b'T';
    fs::write(&segment, bytes).expect("writable");
    let said = ringfence(dir.path(), &verify).ends(1).err;
    assert!(said.contains("position 1") && said.contains("the records of the block were changed"), "{said}");
    assert!(said.contains("help: put it back from a copy"), "{said}");
}

#[test]
fn a_signed_head_shows_that_the_log_was_written_anew() {
    let dir = folder();
    let data = dir.path().join("data");
    append(&data, &["one", "two"]);
    ringfence(dir.path(), &["log", "keygen", "--out", "log.key"]).ends(0);
    let again = ringfence(dir.path(), &["log", "keygen", "--out", "log.key"]).ends(1).err;
    assert!(again.contains("log.key"), "a key is not replaced: {again}");
    let head = ringfence(dir.path(), &["log", "head", "--data", arg(&data), "--sign", "log.key"]).ends(0).out;
    fs::write(dir.path().join("head.json"), head).expect("writable");
    let against = ["log", "verify", "--data", arg(&data), "--against", "head.json", "--key", "log.key.pub"];
    append(&data, &["three"]);
    let said = ringfence(dir.path(), &against).ends(0).out;
    assert!(said.contains("It fits the head signed at"), "{said}");
    fs::remove_dir_all(&data).expect("removable");
    append(&data, &["one", "2"]);
    let said = ringfence(dir.path(), &against).ends(1).err;
    assert!(said.contains("rewritten before position 2"), "{said}");
    ringfence(dir.path(), &["log", "keygen", "--out", "other.key"]).ends(0);
    let other = [&against[..against.len() - 1], &["other.key.pub"]].concat();
    let said = ringfence(dir.path(), &other).ends(1).err;
    assert!(said.contains("the signature does not hold"), "{said}");
}

#[test]
fn a_log_is_replayed_as_the_events_that_it_holds() {
    let dir = folder();
    let data = dir.path().join("data");
    let decoder = Decoder::new(Limits::default());
    let (mut newest, mut records, mut lines, mut seen) =
        (Timestamp::MIN, Vec::new(), String::new(), BTreeSet::new());
    let events = ringfence_store::open(&shop().join("events.jsonl.zst")).expect("readable");
    // Enough to hold some hundred requests; the arrival of a line is the newest time before it, as in files.
    for line in BufReader::new(events).lines().take(30_000) {
        let line = line.expect("UTF-8");
        let event = decoder.decode(line.as_bytes()).expect("simulated");
        newest = newest.max(event.time);
        let decided = matches!(event.body, Body::RefundRequested(_));
        lines.push_str(&line);
        lines.push('\n');
        // The service logs an event that comes again only once; a replay of files passes it over.
        if !seen.insert(event.id) {
            continue;
        }
        let event = Record { kind: RecordKind::Event, recorded: newest, payload: line.into_bytes().into() };
        records.push(event);
        if decided {
            // What the service answered stands in the log as well, and is no event.
            let payload = b"{}".as_slice().into();
            records.push(Record { kind: RecordKind::Decision, recorded: newest, payload });
        }
    }
    fs::write(dir.path().join("events.jsonl"), lines).expect("writable");
    let mut log = Log::open(&data.join(LOG_FOLDER), Options::default()).expect("a log");
    for block in records.chunks(1_000) {
        log.append(block).expect("it is durable");
    }
    let busy = ringfence(dir.path(), &["replay", "--data", arg(&data)]).ends(1).err;
    assert!(busy.contains("two processes must not write one log"), "{busy}");
    drop(log);
    let replay = |source: &[&str], out: &str| {
        let told =
            ringfence(dir.path(), &[&["replay", "--json", "--out", out], source].concat()).ends(0).json();
        assert!(told["requests"].as_u64() > Some(100), "{told}");
        (told["events"].clone(), fs::read(dir.path().join(out)).expect("written"))
    };
    let of_files = replay(&["--events", "events.jsonl"], "files.parquet");
    let of_log = replay(&["--data", arg(&data)], "log.parquet");
    assert_eq!(of_files.0, of_log.0);
    assert!(of_files.1 == of_log.1, "the vectors differ");
    let nowhere = ringfence(dir.path(), &["replay", "--data", arg(dir.path())]).ends(1).err;
    assert!(nowhere.contains("it has no log") && nowhere.contains("serve --data"), "{nowhere}");
}

#[test]
fn a_log_is_exported_in_the_span_that_was_asked_for_and_only_if_it_is_whole() {
    let dir = folder();
    let data = dir.path().join("data");
    let days = ["2026-01-01", "2026-01-02", "2026-01-03"];
    let mut log = Log::open(&data.join(LOG_FOLDER), Options::default()).expect("a log");
    for day in days {
        let time = format!("{day}T12:00:00Z");
        let event = format!(
            r#"{{"specversion":"1.0","id":"{day}","source":"shop","type":"order.placed","time":"{time}","data":{{}}}}"#
        );
        let recorded = Timestamp::parse(&time).expect("a time");
        log.append(&[Record { kind: RecordKind::Event, recorded, payload: event.into_bytes().into() }])
            .expect("it is durable");
    }
    let export = |more: &[&str]| {
        let args = ["log", "export", "--json", "--data", arg(&data), "--out", "log.parquet"];
        ringfence(dir.path(), &[&args[..], more].concat())
    };
    // The log is still held by its writer.
    for (span, records) in [
        (&[][..], 3),
        (&["--from", "2026-01-02"], 2),
        (&["--to", "2026-01-02T12:00:00Z"], 1),
        (&["--from", "2026-01-02", "--to", "2026-01-03"], 1),
    ] {
        let told = export(span).ends(0).json();
        assert_eq!((&told["records"], &told["head"]["position"]), (&records.into(), &3.into()), "{span:?}");
        let bytes = fs::read(dir.path().join("log.parquet")).expect("written");
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    }
    export(&["--from", "2026-01-03", "--to", "2026-01-02"]).ends(2);
    drop(log);
    let segment = data.join(LOG_FOLDER).join("00000000000000000000.segment");
    let mut bytes = fs::read(&segment).expect("readable");
    let at =
        bytes.windows(5).position(|text| text == b"order").expect("short records are stored as they are");
    bytes[at] = b'O';
    fs::write(&segment, bytes).expect("writable");
    fs::remove_file(dir.path().join("log.parquet")).expect("removable");
    let said = export(&[]).ends(1).err;
    assert!(said.contains("position 0") && !dir.path().join("log.parquet").exists(), "{said}");
}
