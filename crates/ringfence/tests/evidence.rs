//! Does a pack made from event files or from a service's log hold, and is what was changed named?

mod common;

use common::{file, folder, ringfence};
use ringfence_store::{Log, Options, Record, RecordKind};
use std::borrow::Cow;
use std::path::Path;

const SPEC: &str = r#"
matter = "Shop v. Doe"
prepared_by = "J. Fiala"
refunds = ["R1"]

[[defendant]]
id = "D1"
name = "John Doe"
accounts = ["A1"]

[damages]
refunds_paid = true
"#;

const EVENTS: [(&str, &str, &str); 4] = [
    ("2023-03-01T10:00:00Z", "account.opened", r#"{"account":"A1"}"#),
    (
        "2023-03-01T11:00:00Z",
        "order.placed",
        r#"{"order":"O1","account":"A1","lines":[{"line":1,"quantity":1}],"total":{"amount":5000,"currency":"USD"}}"#,
    ),
    (
        "2023-03-06T12:00:00Z",
        "refund.requested",
        r#"{"refund":"R1","order":"O1","account":"A1","lines":[{"line":1,"quantity":1}],"amount":{"amount":5000,"currency":"USD"},"reason":"not_received","channel":"self_service"}"#,
    ),
    ("2023-03-07T12:00:00Z", "refund.paid", r#"{"refund":"R1","amount":{"amount":5000,"currency":"USD"}}"#),
];

fn lines() -> Vec<String> {
    let line = |(i, (time, of, data)): (usize, &(&str, &str, &str))| {
        format!(
            r#"{{"specversion":"1.0","id":"e{i}","source":"shop","type":"{of}","time":"{time}","data":{data}}}"#
        )
    };
    EVENTS.iter().enumerate().map(line).collect()
}

fn prepared() -> tempfile::TempDir {
    let dir = folder();
    file(dir.path(), "matter.toml", SPEC);
    file(dir.path(), "events.jsonl", lines().join("\n"));
    ringfence(dir.path(), &["log", "keygen", "--out", "log.key"]).ends(0);
    dir
}

fn flip(path: &Path) {
    let mut bytes = std::fs::read(path).expect("a file of the pack");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).expect("the folder is ours");
}

#[test]
fn a_pack_from_files_holds_says_that_there_is_no_chain_and_names_what_was_changed() {
    let dir = prepared();
    let export = |out: &str| {
        let args = [
            "evidence",
            "export",
            "--events",
            "events.jsonl",
            "--spec",
            "matter.toml",
            "--purpose",
            "counsel",
            "--key",
        ];
        let args: Vec<&str> =
            args.into_iter().chain(["log.key", "--at", "2024-01-01", "--out", out]).collect();
        ringfence(dir.path(), &args)
    };
    export("pack.zip").ends(0);
    export("again.zip").ends(0);
    let read = |name: &str| std::fs::read(dir.path().join(name)).expect("a pack");
    assert_eq!(read("pack.zip"), read("again.zip"), "the same in, the same out");
    export("pack.zip").ends(2);
    let held = ringfence(dir.path(), &["evidence", "verify", "pack.zip", "--key", "log.key.pub"]).ends(0).out;
    assert!(held.contains("The pack holds") && held.contains("no chain shows"), "{held}");
    export("pack").ends(0);
    ringfence(dir.path(), &["evidence", "verify", "pack", "--key", "log.key.pub"]).ends(0);
    flip(&dir.path().join("pack/report.pdf"));
    let told = ringfence(dir.path(), &["evidence", "verify", "pack"]).ends(1).out;
    assert!(told.contains("report.pdf: its SHA-256 is another"), "{told}");
    flip(&dir.path().join("pack.zip"));
    let told = ringfence(dir.path(), &["evidence", "verify", "pack.zip", "--json"]).ends(1).out;
    assert!(told.contains("\"faults\"") && told.contains("pack.zip"), "{told}");
    ringfence(dir.path(), &["log", "keygen", "--out", "other.key"]).ends(0);
    let told =
        ringfence(dir.path(), &["evidence", "verify", "again.zip", "--key", "other.key.pub"]).ends(1).out;
    assert!(told.contains("another key"), "{told}");
}

#[test]
fn a_pack_from_a_log_proves_each_record_and_the_export_is_in_the_log() {
    let dir = prepared();
    let mut log = Log::open(&dir.path().join("data/log"), Options::default()).expect("a new log");
    for line in lines() {
        let recorded = ringfence_domain::Timestamp::parse("2023-03-08T00:00:00Z").expect("a time");
        let record = Record { kind: RecordKind::Event, recorded, payload: Cow::Owned(line.into_bytes()) };
        log.append(&[record]).expect("the disk takes it");
    }
    let args = [
        "evidence",
        "export",
        "--data",
        "data",
        "--spec",
        "matter.toml",
        "--purpose",
        "court",
        "--key",
        "log.key",
    ];
    let export = |more: &[&str]| ringfence(dir.path(), &[&args[..], more].concat());
    // Beside whoever has the log open, only a pack that says that it is not recorded.
    let refused = export(&["--out", "busy"]).ends(1).err;
    assert!(refused.contains("--unrecorded"), "{refused}");
    export(&["--out", "beside", "--unrecorded"]).ends(0);
    drop(log);
    export(&["--out", "pack"]).ends(0);
    let held = ringfence(dir.path(), &["evidence", "verify", "pack", "--key", "log.key.pub"]).ends(0).out;
    assert!(held.contains("records were in the log that had this head"), "{held}");
    let custody =
        std::fs::read_to_string(dir.path().join("pack/exhibits/E05-custody.csv")).expect("an exhibit");
    assert!(custody.contains("evidence exported,Shop v. Doe,cli"), "{custody}");
    ringfence(dir.path(), &["log", "verify", "--data", "data"]).ends(0);
}

#[test]
fn what_cannot_be_a_pack_is_told() {
    let dir = prepared();
    let asked = |spec: &str, purpose: &str| {
        let args = ["evidence", "export", "--events", "events.jsonl", "--spec", spec, "--purpose", purpose];
        ringfence(dir.path(), &[&args[..], &["--out", "x"]].concat())
    };
    let export = |spec: &str| {
        file(dir.path(), "other.toml", spec);
        asked("other.toml", "court").ends(1).err
    };
    assert!(export(&SPEC.replace("R1", "R404")).contains("refund R404"));
    assert!(export("matter = \"x\"\nprepared_by = \"y\"\n").contains("nothing is named"));
    assert!(export(&SPEC.replace("matter", "mater")).contains("mater"));
    asked("matter.toml", "press").ends(2);
    ringfence(dir.path(), &["evidence", "verify", "events.jsonl"]).ends(1);
}
