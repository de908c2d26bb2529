//! What is refused, and what is the sender told? One line of input, one line of message, a boundary each.

use ringfence_domain::{Decoder, Limits, Timestamp};

const GOOD: &str = r#"{"specversion":"1.0","id":"e-000017","source":"shop/eu","type":"refund.requested","time":"2023-03-01T12:34:56.789Z","data":{"refund":"R17","order":"O9","account":"A4","lines":[{"line":1,"quantity":1}],"amount":{"amount":129900,"currency":"USD"},"reason":"not_received","channel":"chat","contact":"C8","staff":"S3","device":"D2","ip":"I7"}}"#;

fn decoder() -> Decoder {
    Decoder::new(Limits { time_max: Timestamp::parse("2024-01-01T00:00:00Z").ok(), ..Limits::default() })
}

/// The message for `json`, `ok` where it is taken.
fn message(json: &[u8]) -> String {
    decoder().decode(json).map_or_else(|refusal| refusal.to_string(), |_| "ok".into())
}

/// The message for the good event with one part of its text replaced.
fn check(from: &str, to: &str, expect: &str) {
    assert!(GOOD.contains(from), "the good event holds {from}");
    assert_eq!(message(GOOD.replacen(from, to, 1).as_bytes()), expect, "{from} → {to}");
}

/// The message for an event of `event_type` with this `data`.
fn check_data(event_type: &str, data: &str, expect: &str) {
    let json = format!(
        r#"{{"specversion":"1.0","id":"e","source":"s","type":"{event_type}","time":"2023-03-01T12:00:00Z","data":{data}}}"#
    );
    assert_eq!(message(json.as_bytes()), expect, "{event_type} {data}");
}

#[test]
fn the_good_event_is_taken() {
    assert_eq!(message(GOOD.as_bytes()), "ok");
}

#[test]
fn a_missing_field_is_named() {
    check(r#""order":"O9","#, "", "");
}
#[test]
fn ill() {
    check(r#""amount":129900"#, r#""amount":99999999999999999999"#, "");
}
#[test]
fn ill2() {
    check(r#""reason":"not_received""#, r#""reason":"not_recieved""#, "");
}
#[test]
fn ill3() {
    check(r#""amount":{"amount":129900,"currency":"USD"}"#, r#""amount":[129900,"USD"]"#, "");
}
#[test]
fn ill4() {
    check_data("session.started", r#"{"session":"S"}"#, "");
}
#[test]
fn ill5() {
    check(r#""quantity":1"#, r#""quantity":"1""#, "");
}
#[test]
fn ill6() {
    check(r#""time":"2023"#, r#""time":"1985"#, "");
}
