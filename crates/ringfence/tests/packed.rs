//! Does a packed log stand in for the event files it was made from, and is one that does not fit told?

mod common;

use common::{Ran, arg, file, folder, ringfence, shop};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The shop's packed log, made once.
fn packed() -> &'static Path {
    static PACKED: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = PACKED.get_or_init(|| {
        let (dir, events) = (folder(), shop().join("events.jsonl.zst"));
        let done =
            ringfence(dir.path(), &["pack", arg(&events), "--out", "shop.rfpack", "--json"]).ends(0).json();
        assert_eq!((&done["packed"], &done["refused"]), (&done["events"], &json!(0)), "{done}");
        let path = dir.path().join("shop.rfpack");
        (dir, path)
    });
    path
}

fn both(run: impl Fn(&Path, &str) -> Ran) -> (Ran, Ran) {
    let dir = folder();
    let events = shop().join("events.jsonl.zst");
    (run(dir.path(), arg(&events)).ends(0), run(dir.path(), arg(packed())).ends(0))
}

#[test]
fn a_packed_log_gives_the_same_vectors_byte_for_byte_with_any_catalogue() {
    let catalogue = "format = 1\n[[feature]]\nname = \"order_age\"\nabout = \"days since the order\"\nreason = \"timing\"\n\
                     expr = \"(time - order.placed_at) \"\n";
    for features in [None, Some(catalogue)] {
        let (plain, packed) = both(|dir, events| {
            let out = format!("{}.parquet", events.len());
            let mut args = vec!["replay", "--events", events, "--out", &out, "--json"];
            if let Some(catalogue) = features {
                file(dir, "mine.toml", catalogue);
                args.extend(["--features", "mine.toml"]);
            }
            let mut ran = ringfence(dir, &args).ends(0);
            let bytes = std::fs::read(dir.join(&out)).expect("written");
            let told = ran.json();
            assert!(
                told["requests"].as_u64() > Some(100) && told["requests_with_verdict"].as_u64() > Some(5)
            );
            ran.out = format!("{bytes:x?}");
            ran
        });
        assert!(plain.out == packed.out, "the vectors differ");
    }
}

#[test]
fn a_packed_log_gives_the_same_back_test() {
    let (plain, packed) = both(|dir, events| {
        ringfence(
            dir,
            &["backtest", "--json", "--events", events, "--policy", "default", "--policy", "rules-only"],
        )
    });
    let without_seconds: Value = plain.json();
    assert_eq!(without_seconds, packed.json());
    assert!(without_seconds["requests"].as_u64() > Some(100));
}

#[test]
fn unknown_events_and_bad_lines_do_not_come_between() {
    let dir = folder();
    let at = |id: &str, event_type: &str, time: &str, data: Value| {
        json!({"specversion":"1.0","id":id,"source":"s","type":event_type,"time":time,"data":data})
            .to_string()
    };
    let money = |n: i64| json!({"amount": n, "currency": "USD"});
    let ask = json!({"refund":"R","order":"O","account":"A","lines":[],"amount":money(500),"reason":"late","channel":"web"});
    let order = json!({"order":"O","account":"A","lines":[],"total":money(1_000)});
    let mut asked = ask;
    asked["channel"] = json!("email");
    let lines = [
        at("1", "order.placed", "2023-01-01T00:00:00Z", order),
        "not JSON".to_owned(),
        at("2", "my.own", "2024-01-01T00:00:00Z", json!({})),
        at("3", "refund.requested", "2023-01-03T00:00:00Z", asked),
        at(
            "4",
            "verdict.recorded",
            "2023-01-05T00:00:00Z",
            json!({"subject":{"kind":"refund","id":"R"},"verdict":"abuse","method":"investigation"}),
        ),
    ];
    file(dir.path(), "e.jsonl", lines.join("\n"));
    let done = ringfence(dir.path(), &["pack", "e.jsonl", "--out", "e.rfpack", "--json"]).ends(0);
    assert!(done.err.contains("1 bad lines were set aside in e.rejects.jsonl"), "{}", done.err);
    let told = done.json();
    assert_eq!((&told["packed"], &told["unknown_type"], &told["refused"]), (&json!(3), &json!(1), &json!(1)));
    let replay =
        |events: &str| ringfence(dir.path(), &["replay", "--events", events, "--json"]).ends(0).json();
    let (plain, packed) = (replay("e.jsonl"), replay("e.rfpack"));
    for figure in ["requests", "requests_with_verdict"] {
        assert_eq!(plain[figure], packed[figure], "{figure}");
    }
    // The same state but for the index of identifiers, which a packed log needs only once one is looked up.
    assert!(packed["state_bytes"].as_u64() <= plain["state_bytes"].as_u64(), "{packed} {plain}");
    assert_eq!(packed["requests_with_verdict"], json!(1));
}

#[test]
fn a_packed_log_that_does_not_fit_or_is_damaged_is_told() {
    let dir = folder();
    let good = std::fs::read(packed()).expect("written");
    let told = |name: &str, bytes: &[u8], words: &str| {
        file(dir.path(), name, bytes);
        let ran = ringfence(dir.path(), &["replay", "--events", name, "--out", "v.parquet"]).ends(1);
        assert!(
            ran.err.contains(words)
                && ran.err.contains(name)
                && ran.err.contains("\nhelp: pack the event file"),
            "{words}: {}",
            ran.err
        );
        assert!(!dir.path().join("v.parquet").exists(), "{words}");
    };
    told("cut.rfpack", &good[..good.len() - 7], "ends inside block");
    told("cut2.rfpack", &good[..10], "ends inside block 0");
    let mut changed = good.clone();
    changed[good.len() / 2] ^= 1;
    told("changed.rfpack", &changed, "its checksum differs");
    told("old.rfpack", &[b"RFPACK00", &good[8..]].concat(), "not a packed log of this version");
    // The fingerprint of the fields follows the magic, the frame of the head and the currency.
    let mut head = good[20..39].to_vec();
    head[3] ^= 1;
    let check = &checksum(&head)[..8];
    told(
        "fields.rfpack",
        &[&good[..12], check, &head, &good[39..]].concat(),
        "written by a program whose events have other fields",
    );
    file(dir.path(), "shop.rfpack", &good);
    for (config, words) in [
        ("reporting_currency = \"GBP\"\n", "the packed log is in USD, the reporting currency is GBP"),
        (
            "reporting_currency = \"USD\"\n[[rate]]\ncurrency = \"EUR\"\nfrom = \"2000-01-01\"\nrate = \"1.1\"\n",
            "made with other rates",
        ),
    ] {
        file(dir.path(), "ringfence.toml", config);
        let ran = ringfence(dir.path(), &["replay", "--events", "shop.rfpack"]).ends(1);
        assert!(ran.err.contains(words) && ran.err.contains("\nhelp: "), "{}", ran.err);
    }
}

fn checksum(bytes: &[u8]) -> [u8; 32] {
    *blake3::hash(bytes).as_bytes()
}

#[test]
fn commands_that_need_whole_events_say_so() {
    let dir = folder();
    let packed = arg(packed());
    for args in [
        &["check", packed][..],
        &["score", "--events", packed, "--out", "d.jsonl"],
        &["pack", packed, "--out", "again.rfpack"],
    ] {
        let ran = ringfence(dir.path(), args).ends(1);
        assert!(
            ran.err.contains("whole events are needed here")
                && ran.err.contains("help: give the event files"),
            "{}",
            ran.err
        );
    }
    let events = shop().join("events.jsonl.zst");
    let ran = ringfence(dir.path(), &["replay", "--events", packed, arg(&events)]).ends(2);
    assert!(ran.err.contains("a packed log is read alone"), "{}", ran.err);
    assert_eq!(std::fs::read_dir(dir.path()).expect("there").count(), 0, "nothing is left behind");
}
