//! Which second delivery changes nothing, and which is refused?
#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.

use ringfence_domain::Decoder;
use ringfence_domain::dedupe::{ContentKey, Dedupe, Seen};

const FIRST: &str = r#"{"specversion":"1.0","id":"e1","source":"shop","type":"appeal.opened","time":"2023-03-01T12:00:00Z","data":{"refund":"R1","account":"A1"}}"#;

fn key(json: &str) -> ContentKey {
    ContentKey::of(&Decoder::default().decode(json.as_bytes()).unwrap(), &mut Vec::new())
}

fn check(second: &str, expect: Seen) {
    let mut dedupe = Dedupe::new();
    assert_eq!(dedupe.see(key(FIRST)), Seen::New);
    assert_eq!(dedupe.see(key(second)), expect, "{second}");
    assert_eq!(dedupe.see(key(FIRST)), Seen::Same, "the first is remembered whatever came after");
}

#[test]
fn content_is_what_was_said_not_how() {
    check(FIRST, Seen::Same);
    check(
        r#"{"data":{"account":"A1","refund":"R1","extra":1}, "time":"2023-03-01T13:00:00+01:00","type":"appeal.opened","source":"shop","id":"e1","specversion":"1.0"}"#,
        Seen::Same,
    );
    check(&FIRST.replacen(r#""data""#, r#""recordedtime":"2023-04-01T00:00:00Z","data""#, 1), Seen::Same);
}

#[test]
fn another_time_type_or_field_is_other_content() {
    check(&FIRST.replacen("12:00:00Z", "12:00:00.001Z", 1), Seen::Different);
    check(&FIRST.replacen("R1", "R2", 1), Seen::Different);
    check(&FIRST.replacen("appeal.opened", "appeal.closed", 1), Seen::Different);
}

#[test]
fn source_and_id_together_identify() {
    check(&FIRST.replacen("\"e1\"", "\"e2\"", 1), Seen::New);
    check(&FIRST.replacen("\"shop\"", "\"shop2\"", 1), Seen::New);
    check(&FIRST.replacen("\"e1\",\"source\":\"shop\"", "\"1\",\"source\":\"shope\"", 1), Seen::New);
}

#[test]
fn a_key_is_the_same_on_every_machine() {
    assert_eq!(
        format!("{:x?}", key(FIRST)),
        "ContentKey { id: 859f5b1f6310e34d, content: 6fbc86ab77e53d9d }"
    );
}

#[test]
fn memory_stays_below_40_bytes_an_event_and_a_snapshot_restores_it() {
    let mut dedupe = Dedupe::new();
    let keys = (0..100_000_u64).map(|i| ContentKey { id: i.wrapping_mul(0x9E37_79B9_7F4A_7C15), content: i });
    for key in keys {
        assert_eq!(dedupe.see(key), Seen::New);
    }
    assert!(dedupe.bytes() < 40 * dedupe.len(), "{} bytes", dedupe.bytes());
    let restored: Dedupe = dedupe.entries().into_iter().collect();
    assert_eq!(restored.entries(), dedupe.entries());
}
