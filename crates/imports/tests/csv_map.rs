//! What does a map make of rows, and what do faults in a map or a row say?
#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.

use ringfence_domain::{Decoder, encode};
use ringfence_imports::{Collected, ImportError, Map};
use std::path::PathBuf;

fn example(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/csv").join(name);
    std::fs::read_to_string(path).unwrap()
}

fn imported(map: &str, csv: &str) -> (Vec<String>, Vec<String>) {
    let map = Map::parse(map).unwrap_or_else(|e| panic!("{e}"));
    let mut sink = Collected::default();
    map.import(csv.as_bytes(), &Decoder::default(), &mut sink).unwrap_or_else(|e| panic!("{e}"));
    let line = |event| {
        let mut out = Vec::new();
        encode(event, &mut out);
        String::from_utf8(out).unwrap()
    };
    let rejects = sink.rejects.iter().map(|(refusal, raw)| format!("{refusal} | {raw}")).collect();
    (sink.events.iter().map(line).collect(), rejects)
}

#[test]
fn the_example_becomes_requests_with_lines_and_verdicts_in_the_order_of_time() {
    let (events, rejects) = imported(&example("returns.toml"), &example("returns.csv"));
    assert_eq!(rejects, [""; 0]);
    assert_eq!(
        events,
        [
            r#"{"specversion":"1.0","id":"request-1001","source":"export/returns","type":"refund.requested","time":"2023-03-04T08:15:00Z","data":{"refund":"R1001","order":"50001","account":"C-17","lines":[{"line":1,"sku":"SKU-100","quantity":1},{"line":2,"sku":"SKU-205","quantity":2}],"amount":{"amount":129900,"currency":"EUR"},"reason":"changed_mind","channel":"email","attributes":{"tier":"gold"}}}"#,
            r#"{"specversion":"1.0","id":"request-1002","source":"export/returns","type":"refund.requested","time":"2023-03-04T10:40:00Z","data":{"refund":"R1002","order":"50007","account":"C-99","lines":[{"line":1,"sku":"SKU-100","quantity":1}],"amount":{"amount":119900,"currency":"EUR"},"reason":"not_received","channel":"email"}}"#,
            r#"{"specversion":"1.0","id":"request-1003","source":"export/returns","type":"refund.requested","time":"2023-03-05T16:05:00Z","data":{"refund":"R1003","order":"50009","account":"C-17","lines":[{"line":1,"sku":"SKU-777","quantity":1}],"amount":{"amount":1990,"currency":"EUR"},"reason":"defective","channel":"email","attributes":{"tier":"gold"}}}"#,
            r#"{"specversion":"1.0","id":"verdict-1002","source":"export/returns","type":"verdict.recorded","time":"2023-03-19T23:00:00Z","data":{"subject":{"kind":"refund","id":"R1002"},"verdict":"abuse","method":"investigation"}}"#,
        ]
    );
}

#[test]
fn bad_rows_are_set_aside_and_the_others_stay() {
    let csv = example("returns.csv")
        .replace("1002;50007;C-99;SKU-100;1;1.199,00", "1002;50007;C-99;SKU-100;1;1.199,005")
        .replace(
            "1003;50009;C-17;SKU-777;1;19,9;Broken;05/03/2023 17:05",
            "1003;50009;C-17;SKU-777;0;19,9;Broken;05/03/2023 17:05",
        )
        + "1004;50010;C-1;SKU-1;1;5;;2023-03-09;no;;\n1005;50010\n1006;50011;;SKU-1;1;5;x;05/03/2023 18:00;no;;\n";
    let (events, rejects) = imported(&example("returns.toml"), &csv);
    let ids: Vec<&str> = events.iter().map(|event| event.split('"').nth(7).unwrap()).collect();
    assert_eq!(ids, ["request-1001", "verdict-1002"]);
    assert_eq!(
        rejects,
        [
            "line 4: /data/amount: column `Refunded`: `1.199,005` has digits below the smallest unit of EUR; mend the row, or the map | 1002,50007,C-99,SKU-100,1,1.199,005,Never arrived,04/03/2023 11:40,yes,20/03/2023,",
            "line 6: /time: column `Asked on`: `2023-03-09` is not a time as in `%d/%m/%Y %H:%M`; mend the row, or the map's `format` | 1004,50010,C-1,SKU-1,1,5,,2023-03-09,no,,",
            "line 7: the row has 2 columns, the header has 11; quote texts that hold the delimiter or a line feed | 1005,50010",
            "line 5: /data/lines/0/quantity: the quantity is 0; send at least 1, or leave the line out | 1003,50009,C-17,SKU-777,0,19,9,Broken,05/03/2023 17:05,,,gold",
            "line 8: /data/account: the field is missing; add `account`: this event type requires it | 1006,50011,,SKU-1,1,5,x,05/03/2023 18:00,no,,",
        ]
    );
}

const SMALL: &str = r#"[[event]]
type = "order.placed"
id = "o-{Order}"
source = "shop"
time = { column = "At" }

[event.data]
order = { column = "Order" }
account = { column = "Who" }
total = { column = "Sum", currency = { column = "Cur" } }
lines = [
  { line = 1, sku = { column = "Sku1" }, quantity = { column = "N1" } },
  { line = 2, sku = { column = "Sku2" }, quantity = { column = "N2" } },
]
attributes = { vip = { column = "Vip", as = "bool" } }
"#;

#[test]
fn columns_side_by_side_become_lines() {
    let csv = "Order,Who,Sum,Cur,Sku1,N1,Sku2,N2,Vip,At\nO1,A1,12.5,USD,x,1,,,yes,2023-01-01T00:00:00Z\nO2,A1,300,JPY,x,1,y,2,,2023-01-01T00:00:01Z\n";
    let (events, rejects) = imported(SMALL, csv);
    assert_eq!(rejects, [""; 0]);
    assert!(events[0].contains(r#""lines":[{"line":1,"sku":"x","quantity":1}],"total":{"amount":1250,"currency":"USD"},"attributes":{"vip":true}"#), "{}", events[0]);
    assert!(
        events[1].contains(r#"{"line":2,"sku":"y","quantity":2}],"total":{"amount":300,"currency":"JPY"}"#),
        "{}",
        events[1]
    );
}

/// The message for the small map with one part replaced.
fn check(from: &str, to: &str, expect: &str) {
    assert!(SMALL.contains(from), "{from}");
    let message = Map::parse(&SMALL.replacen(from, to, 1)).map_or_else(|e| e.to_string(), |_| "ok".into());
    assert_eq!(message, expect, "{from} → {to}");
}

#[test]
fn faults_of_a_map_are_named_with_line_column_and_the_nearest_word() {
    check(
        "order.placed",
        "order.plased",
        &format!(
            "line 2, column 8: unknown event type `order.plased`; did you mean `order.placed`? one of: {}",
            <ringfence_domain::EventType as ringfence_domain::words::Word>::TEXTS.join(", ")
        ),
    );
    check(
        "account =",
        "acount =",
        "line 9, column 1: unknown name `acount`; did you mean `account`? one of: account, address, attributes, device, ip, lines, order, payment, promised_by, seller, total, warehouse",
    );
    check(
        "quantity = { column = \"N1\" }",
        "qty = { column = \"N1\" }",
        "line 12, column 42: unknown name `qty`; write one of: category, line, quantity, sku, unit_price",
    );
    check(
        ", currency = { column = \"Cur\" }",
        "",
        "line 10, column 9: `currency` is missing; add `currency`",
    );
    check(
        "{ column = \"Cur\" }",
        "\"Dollar\"",
        "line 10, column 38: `Dollar` is not an ISO 4217 code; write three capital letters, as in \"USD\"",
    );
    check(
        "line = 1",
        "line = \"1\"",
        "line 12, column 12: this field holds a whole number, not a string; write a constant of that type, or { column = \"…\" }",
    );
    check(
        "\"o-{Order}\"",
        "\"o-{Order\"",
        "line 3, column 6: a brace is not closed; write columns as in \"R{Refund no}\"",
    );
    check(
        "order = { column = \"Order\" }\n",
        "",
        "line 7, column 1: `order` is missing; this event type requires it: name its column or a constant",
    );
    check(
        "as = \"bool\"",
        "as = \"boolean\"",
        "line 15, column 45: unknown type `boolean`; did you mean `bool`? one of: text, number, bool",
    );
    assert!(Map::parse("[[event]\n").is_err());
    assert_eq!(
        Map::parse("").unwrap_err().to_string(),
        "line 1, column 1: the map has no event; add a table [[event]] with `type`, `id`, `source`, `time` and `data`"
    );
}

#[test]
fn a_column_that_the_file_does_not_have_is_named_with_the_nearest() {
    let map = Map::parse(SMALL).unwrap();
    let csv = "Order,Whom,Sum,Cur,Sku1,N1,Sku2,N2,Vip,At\n";
    let error = map.import(csv.as_bytes(), &Decoder::default(), &mut Collected::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the map does not fit the file: line 9, column 22: the file has no column `Who`; did you mean `Whom`? one of: Order, Whom, Sum, Cur, Sku1, N1, Sku2, N2, Vip, At"
    );
}

#[test]
fn a_label_moved_by_plus_waits_for_its_time() {
    let map = r#"
[[event]]
type = "appeal.opened"
id = "a-{R}"
source = "s"
time = { column = "At", format = "unix" }
data = { refund = { column = "R" }, account = "A" }
[[event]]
type = "verdict.recorded"
id = "v-{R}"
source = "s"
time = { column = "At", format = "unix", plus = "2d" }
when = { column = "Bad", not_equals = "" }
data = { subject = { kind = "refund", id = { column = "R" } }, verdict = { column = "Bad" }, method = "appeal" }
"#;
    let csv = "R,At,Bad\n1,1700000000,abuse\n2,1700100000,\n3,1700200000,legitimate\n";
    let (events, rejects) = imported(map, csv);
    let ids: Vec<&str> = events.iter().map(|event| event.split('"').nth(7).unwrap()).collect();
    assert_eq!((ids, rejects.len()), (vec!["a-1", "a-2", "v-1", "a-3", "v-3"], 0));
}

#[test]
fn a_quotation_mark_that_is_not_closed_ends_the_import_with_a_message() {
    let map = Map::parse(SMALL).unwrap();
    let csv = format!(
        "Order,Who,Sum,Cur,Sku1,N1,Sku2,N2,Vip,At\nO1,A1,1,USD,x,1,,,,2023-01-01T00:00:00Z\nO2,\"{}",
        "x".repeat(6 << 20)
    );
    let mut sink = Collected::default();
    let error = map.import(csv.as_bytes(), &Decoder::default(), &mut sink).unwrap_err();
    assert!(matches!(error, ImportError::RowTooLong { line: 2, .. }), "{error}");
    assert_eq!(sink.events.len(), 1, "the rows before are imported");
}
