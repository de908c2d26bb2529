//! What is refused, and what is the sender told? One line of input, one line of message, a boundary each.
#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.

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
fn a_field_that_is_missing_is_named() {
    check(
        r#""order":"O9","#,
        "",
        "/data/order: the field is missing; add `order`: this event type requires it",
    );
    check(
        r#""amount":129900,"#,
        "",
        "/data/amount/amount: the field is missing; add `amount`: this event type requires it",
    );
    check(r#""id":"e-000017","#, "", "/id: the field is missing; add `id`: this event type requires it");
    check(
        r#""specversion":"1.0","#,
        "",
        "/specversion: the field is missing; add `specversion`: this event type requires it",
    );
    check(
        r#""type":"refund.requested","#,
        "",
        "/type: the field is missing; add `type`: this event type requires it",
    );
}

#[test]
fn an_ill_typed_field_is_named_with_what_was_found() {
    check(
        r#""quantity":1"#,
        r#""quantity":"1""#,
        "/data/lines/0/quantity: found string \"1\", expected a whole number from 0 to 4294967295; send a whole number from 0 to 4294967295",
    );
    check(
        r#""account":"A4""#,
        r#""account":4"#,
        "/data/account: found integer `4`, expected an identifier: a string of 1–128 bytes; send an identifier: a string of 1–128 bytes",
    );
    check(
        r#""account":"A4""#,
        r#""account":"""#,
        "/data/account: an identifier has at least 1 byte; leave the field out if it is not known",
    );
    check(
        r#""lines":[{"line":1,"quantity":1}]"#,
        r#""lines":{}"#,
        "/data/lines: found map, expected a list; send a list",
    );
    check(
        r#"{"amount":129900,"currency":"USD"}"#,
        r#"[129900,"USD"]"#,
        "/data/amount: found sequence, expected an object; send an object",
    );
    check(
        r#""staff":"S3""#,
        r#""staff":"engine""#,
        "/data/staff: `engine` is a reserved word here and cannot be an identifier; choose another",
    );
}

#[test]
fn a_wrong_word_gets_the_nearest_valid_one() {
    check(
        "not_received",
        "not_recieved",
        "/data/reason: `not_recieved` is not a word of this field; did you mean `not_received`? one of: not_received, missing_item, empty_package, damaged, defective, wrong_item, not_as_described, changed_mind, late, other",
    );
    check(
        r#""channel":"chat""#,
        r#""channel":"pigeon""#,
        "/data/channel: `pigeon` is not a word of this field; send one of: self_service, chat, phone, email, in_store",
    );
    check(
        r#""reason":"not_received""#,
        r#""reason":{"not_received":null}"#,
        "/data/reason: found map, expected a string; send a string",
    );
}

#[test]
fn an_amount_beyond_the_bound_is_refused_and_never_wraps() {
    for (amount, shown) in [
        ("9007199254740992", "9007199254740992"),
        ("-9007199254740992", "-9007199254740992"),
        ("9223372036854775808", "9223372036854775808"),
        ("99999999999999999999", "100000000000000000000"),
    ] {
        check(
            "129900",
            amount,
            &format!(
                "/data/amount/amount: the amount {shown} is beyond ±(2^53 − 1) minor units; check the sender's units"
            ),
        );
    }
    check("129900", "9007199254740991", "ok");
    check(
        "129900",
        "1299.00",
        "/data/amount/amount: the amount 1299 is not written as a whole number; send minor units (129900 for 1,299.00 USD), never a float",
    );
    check(
        "129900",
        "1e999",
        "/data/amount/amount: the number is too large to be read; check the sender's units",
    );
    check(
        "USD",
        "usd",
        "/data/amount/currency: `usd` is not an ISO 4217 code; write three capital letters, as in USD",
    );
}

#[test]
fn a_time_outside_the_range_or_in_the_future_is_refused() {
    let outside = "lies outside 1990–2199; check the unit and the time zone of the sender's clock";
    check("2023-03-01T", "1989-12-31T", &format!("/time: `1989-12-31T12:34:56.789Z` {outside}"));
    check("2023-03-01T", "2200-01-01T", &format!("/time: `2200-01-01T12:34:56.789Z` {outside}"));
    check(
        "2023-03-01T",
        "2024-01-01T",
        "/time: 2024-01-01T12:34:56.789Z lies in the future: after 2024-01-01T00:00:00Z; check the sender's clock and time zone, or raise limits.future_max",
    );
    check("2023-03-01T12:34:56.789Z", "2024-01-01T00:00:00Z", "ok");
    check(
        "2023-03-01T12:34:56.789Z",
        "1677674096",
        "/time: `1677674096` is not an RFC 3339 time; write UTC as in 2023-03-01T12:34:56.789Z",
    );
    check(
        r#""data":"#,
        r#""recordedtime":"2031-01-01T00:00:00Z","data":"#,
        "/recordedtime: 2031-01-01T00:00:00Z lies in the future: after 2024-01-01T00:00:00Z; check the sender's clock and time zone, or raise limits.future_max",
    );
}

#[test]
fn what_is_no_cloud_event_of_version_1_is_refused() {
    check(
        r#""1.0""#,
        r#""0.3""#,
        "/specversion: specversion is `0.3`, only \"1.0\" is read; send CloudEvents 1.0",
    );
    check(
        r#""data":"#,
        r#""data_base64":"e30=","data":"#,
        "/data_base64: binary data is not read; send the event's fields as a JSON object in `data`",
    );
    let no_object = "/data: `data` is not an object; send the event's fields as a JSON object";
    check_data("order.placed", r#"["O1","A1"]"#, no_object);
    check_data("order.placed", "null", no_object);
    check_data("shop.opened", "7", no_object);
    check(r#""id":"e-000017","#, r#""id":"a","id":"b","#, "/id: the field is there twice; send `id` once");
    check(
        r#""order":"O9","#,
        r#""order":"O9","order":"O8","#,
        "/data/order: the field is there twice; send `order` once",
    );
}

#[test]
fn truncated_lines_say_where_they_break_off() {
    let half = &GOOD[..150];
    assert_eq!(
        message(half.as_bytes()),
        "the JSON breaks off at byte 150; send the whole line again; a file that was cut lost its end"
    );
    assert_eq!(message(b"  "), "there is no JSON; send one CloudEvents object");
    assert_eq!(message(b"{}{}"), "not JSON at byte 3: trailing characters; send one JSON object on one line");
    assert_eq!(message(b"id,time"), "not JSON at byte 1: expected value; send one JSON object on one line");
    assert_eq!(message(b"[1]"), "found sequence, expected a CloudEvents object; send a CloudEvents object");
}

#[test]
fn text_that_is_not_utf_8_is_refused_with_the_byte() {
    let mut json = GOOD.as_bytes().to_vec();
    json[31] = 0xE9;
    assert_eq!(
        message(&json),
        "byte 32 is not UTF-8; write the file as UTF-8; Latin-1 and UTF-16 must be converted first"
    );
}

#[test]
fn deep_and_huge_texts_are_refused_before_they_are_read() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let deep =
        |levels: usize| GOOD.replacen(r#""contact":"C8""#, &format!(r#""extra":{}"#, nested(levels)), 1);
    let refused = "nested deeper than 64 levels at byte 357; send flat data: no event of the contract nests deeper than 5";
    assert_eq!(message(deep(62).as_bytes()), "ok", "an unknown field may nest");
    assert_eq!(message(deep(63).as_bytes()), refused);
    assert_eq!(message(deep(400_000).as_bytes()), refused);
    let in_text = GOOD.replacen("C8", &"[".repeat(100), 1);
    assert_eq!(message(in_text.as_bytes()), "ok", "brackets in texts do not nest");
    let huge = GOOD.replacen("}}", &format!("}}{}}}", " ".repeat(1 << 20)), 1);
    assert_eq!(
        message(huge.as_bytes()),
        "longer than 1048576 bytes; check that every event ends with a line feed; shorten its texts, or raise limits.line_bytes_max"
    );
}

#[test]
fn bounds_that_types_alone_do_not_keep() {
    let one = "name exactly one of them: whose session it is";
    check_data(
        "session.started",
        r#"{"session":"X"}"#,
        &format!("/data: neither `account` nor `staff` is there; {one}"),
    );
    check_data(
        "session.started",
        r#"{"session":"X","account":"A","staff":"S"}"#,
        &format!("/data: both `account` and `staff` are there; {one}"),
    );
    check(
        r#""quantity":1"#,
        r#""quantity":0"#,
        "/data/lines/0/quantity: the quantity is 0; send at least 1, or leave the line out",
    );
    let scan = |distance: &str| {
        format!(
            r#"{{"parcel":"P","order":"O","direction":"outbound","carrier":"C","status":"delivered","proof":{{"distance_m":{distance}}}}}"#
        )
    };
    check_data("parcel.scanned", &scan("0"), "ok");
    check_data(
        "parcel.scanned",
        &scan("-0.5"),
        "/data/proof/distance_m: the distance -0.5 is below 0; send metres from 0 on, or leave it out where it is not known",
    );
    let decided =
        |score: &str| format!(r#"{{"refund":"R","decision":"review","by":"engine","score":{score}}}"#);
    check_data("refund.decided", &decided("1"), "ok");
    check_data(
        "refund.decided",
        &decided("83"),
        "/data/score: the score 83 is not within 0–1; send the calibrated probability; divide percentages by 100",
    );
    check(
        r#""device":"D2""#,
        r#""documents":["invoice.pdf"]"#,
        "/data/documents/0: this is not a SHA-256; send the 64 hexadecimal digits of the document's SHA-256, never the document",
    );
    let text = format!(r#"{{"contact":"C","author":"bot","text":"{}"}}"#, "x".repeat(16_385));
    check_data(
        "message.posted",
        &text,
        "/data/text: the text has 16385 bytes, at most 16384 are taken; shorten it and keep the full text in your own system",
    );
    let many = format!(r#""lines":[{}"#, r#"{"line":1,"quantity":1},"#.repeat(4_096));
    check(
        r#""lines":["#,
        &many,
        "/data/lines: 4097 entries, at most 4096 are taken; split the event, or check whether a list was repeated",
    );
}

#[test]
fn attributes_are_flat_and_few() {
    let with = |attributes: &str| format!(r#"{{"order":"O","attributes":{attributes}}}"#);
    check_data("test_purchase.registered", &with(r#"{"vip":true,"n":-1.5,"t":"x"}"#), "ok");
    check_data(
        "test_purchase.registered",
        &with(r#"{"a/b":{"deep":1}}"#),
        "/data/attributes/a~1b: found map, expected a string, a number, true or false; send a string, a number, true or false",
    );
    let many: Vec<String> = (0..65).map(|i| format!(r#""n{i}":1"#)).collect();
    check_data(
        "test_purchase.registered",
        &with(&format!("{{{}}}", many.join(","))),
        "/data/attributes: 65 entries, at most 64 are taken; split the event, or check whether a list was repeated",
    );
    let long = format!(r#"{{"note":"{}"}}"#, "x".repeat(513));
    check_data(
        "test_purchase.registered",
        &with(&long),
        "/data/attributes/note: the text is longer than 512 bytes; shorten it: attributes are words and numbers, not documents",
    );
}

#[test]
fn unknown_types_and_fields_are_taken() {
    check(r#""channel":"chat""#, r#""channel":"chat","colour":{"a":[1]}"#, "ok");
    check(r#""source":"#, r#""traceparent":"00-1","source":"#, "ok");
    check_data("shop.opened", r#"{"where": "here"}"#, "ok");
    let json =
        br#"{"specversion":"1.0","id":"e","source":"s","type":"shop.opened","time":"2023-03-01T12:00:00Z"}"#;
    assert_eq!(message(json), "ok", "an unknown type may come without data");
}

#[test]
fn a_bad_line_loses_nothing_but_itself() {
    let other = GOOD.replacen("e-000017", "e-000018", 1);
    let huge = "x".repeat(3 << 20);
    let file = format!("\u{feff}{GOOD}\r\n\n{{\"id\":\n{huge}\n{}\n{other}", GOOD.replacen("R17", "", 1));
    let decoder = decoder();
    let results: Vec<_> = decoder.lines(file.as_bytes()).map(Result::unwrap).collect();
    let shown: Vec<String> = results
        .into_iter()
        .map(|result| result.map_or_else(|refusal| refusal.to_string(), |event| event.id.to_string()))
        .collect();
    assert_eq!(
        shown,
        [
            "e-000017",
            "line 3: the JSON breaks off at byte 6; send the whole line again; a file that was cut lost its end",
            "line 4: longer than 1048576 bytes; check that every event ends with a line feed; shorten its texts, or raise limits.line_bytes_max",
            "line 5: /data/refund: an identifier has at least 1 byte; leave the field out if it is not known",
            "e-000018",
        ]
    );
}

#[test]
fn every_element_of_a_batch_has_its_own_result() {
    let batch = format!("[{GOOD}, {}, 7, {GOOD}]", GOOD.replacen("USD", "dollars", 1));
    let batch = decoder().decode_batch(batch.as_bytes());
    assert_eq!(batch.broken, None);
    let shown: Vec<String> = batch
        .results
        .iter()
        .map(|r| r.as_ref().map_or_else(ToString::to_string, |e| e.id.to_string()))
        .collect();
    assert_eq!(
        shown,
        [
            "e-000017",
            "/1/data/amount/currency: `dollars` is not an ISO 4217 code; write three capital letters, as in USD",
            "/2: found integer `7`, expected a CloudEvents object; send a CloudEvents object",
            "e-000017",
        ]
    );
    let cut = decoder().decode_batch(format!("[{GOOD},{}", &GOOD[..40]).as_bytes());
    assert_eq!(cut.results.len(), 1, "what came before the cut is there");
    assert_eq!(cut.broken.unwrap().pointer, "/1");
    let limits = Limits { batch_events_max: 1, ..Limits::default() };
    let long = Decoder::new(limits).decode_batch(format!("[{GOOD},{GOOD}]").as_bytes());
    assert_eq!((long.results.len(), long.broken.is_some()), (1, true));
}

#[test]
fn a_refusal_is_one_json_object_for_the_reject_file() {
    let refusal = decoder().decode(b"[").unwrap_err().at_line(3);
    assert_eq!(
        serde_json::to_string(&refusal).unwrap(),
        r#"{"line":3,"pointer":"","reason":"the JSON breaks off at byte 1","remedy":"send the whole line again; a file that was cut lost its end"}"#
    );
}
