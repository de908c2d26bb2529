//! What do features say of a small log, told line by line?
//!
//! A log is a line an event: `day type key=value…`; ids are words, money is in cents.
#![allow(dead_code)] // Each test file uses a part of it.

use ringfence_domain::codec::{Decoder, Limits};
use ringfence_domain::{Body, Money, Timestamp};
use ringfence_features::{Catalogue, Folder, Plan};
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub(crate) fn convert(money: Money, _: Timestamp) -> Option<i64> {
    Some(money.amount)
}

/// The JSON of one line. `day` may be a fraction; day 0 is Monday 2023-01-02.
pub(crate) fn event(n: usize, line: &str) -> Value {
    let mut words = line.split_whitespace();
    let day: f64 = words.next().and_then(|d| d.parse().ok()).expect("a line begins with its day");
    let event_type = words.next().expect("then its type");
    let mut data = Map::new();
    for word in words {
        let (key, value) = word.split_once('=').expect("then key=value");
        let value = match key {
            "amount" | "total" | "unit_price" | "approval_limit" => {
                json!({"amount": value.parse::<i64>().expect("cents"), "currency": "USD"})
            }
            _ => serde_json::from_str(value)
                .ok()
                .filter(|v: &Value| v.is_boolean() || v.is_number() || v.is_object() || v.is_array())
                .unwrap_or_else(|| json!(value)),
        };
        data.insert(key.to_owned(), value);
    }
    if event_type == "order.placed" {
        data.entry("lines").or_insert(json!([{"line": 1, "quantity": 1}]));
        data.entry("total").or_insert(json!({"amount": 10_000, "currency": "USD"}));
    }
    if event_type == "refund.requested" {
        data.entry("lines").or_insert(json!([{"line": 1, "quantity": 1}]));
        data.entry("amount").or_insert(json!({"amount": 10_000, "currency": "USD"}));
        data.entry("reason").or_insert(json!("not_received"));
        data.entry("channel").or_insert(json!("chat"));
        let refund = format!("R{n}");
        data.entry("refund").or_insert(json!(refund));
    }
    let ms = 1_672_617_600_000 + (day * 86_400_000.0) as i64;
    let time = Timestamp::from_millis(ms).expect("in range").to_string();
    json!({"specversion": "1.0", "id": format!("e{n}"), "source": "test", "type": event_type, "time": time, "data": data})
}

/// The values of the catalogue's features at each request of the log, one `name=value …` a request.
pub(crate) fn run(catalogue: &str, log: &str) -> String {
    let catalogue = Catalogue::parse(&format!("format = 1\n{catalogue}")).unwrap_or_else(|e| panic!("{e}"));
    let plan = Arc::new(Plan::compile(&catalogue).unwrap_or_else(|e| panic!("{e}")));
    let mut folder = Folder::new(plan.clone());
    let decoder = Decoder::new(Limits::default());
    let mut out = Vec::new();
    for (n, line) in log.lines().map(str::trim).filter(|l| !l.is_empty()).enumerate() {
        let event =
            decoder.decode(event(n, line).to_string().as_bytes()).unwrap_or_else(|e| panic!("{line}: {e}"));
        let fact = folder.flatten(&event, n as u64, &convert).expect("a known type");
        if let Body::RefundRequested(_) = event.body {
            let values = folder.vector(&fact).to_vec();
            let shown = plan.schema.columns.iter().zip(&values).map(|(c, v)| {
                if v.is_nan() {
                    format!("{}=?", c.name)
                } else {
                    format!("{}={}", c.name, (v * 1_000.0).round() / 1_000.0)
                }
            });
            out.push(shown.collect::<Vec<_>>().join(" "));
            folder.complete(&fact);
        } else {
            folder.fold(&fact);
        }
    }
    out.join("\n")
}
