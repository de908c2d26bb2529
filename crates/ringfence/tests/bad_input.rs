//! What does a user meet who brings bad input? Each fault has its message, and nothing else is lost for it.

mod common;

use common::{arg, file, folder, ringfence, shop};
use serde_json::{Value, json};
use std::path::Path;

fn event(id: &str, event_type: &str, time: &str, data: &Value) -> String {
    json!({"specversion":"1.0","id":id,"source":"test","type":event_type,"time":time,"data":data}).to_string()
}

fn money(amount: i64) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

fn request(id: &str, order: &str, time: &str, amount: i64) -> String {
    event(
        id,
        "refund.requested",
        time,
        &json!({"refund": format!("R{id}"), "order": order, "account": "A1", "lines": [], "amount": money(amount),
                "reason": "not_received", "channel": "email"}),
    )
}

fn shop_text() -> String {
    use std::io::Read;
    let mut text = String::new();
    let mut reader = ringfence_store::open(&shop().join("events.jsonl.zst")).expect("the shop's events");
    reader.read_to_string(&mut text).expect("JSON lines");
    text
}

/// The decisions on a file, as bytes.
fn decided(dir: &Path, events: &Path) -> (Vec<u8>, common::Ran) {
    let ran = ringfence(dir, &["score", "--events", arg(events), "--out", "d.jsonl"]).ends(0);
    (std::fs::read(dir.join("d.jsonl")).expect("written"), ran)
}

#[test]
fn every_kind_of_bad_line_is_set_aside_with_its_reason_and_changes_no_decision() {
    let dir = folder();
    let order = |id: &str, amount: &str| {
        format!(
            "{{\"specversion\":\"1.0\",\"id\":\"{id}\",\"source\":\"test\",\"type\":\"order.placed\",\"time\":\"2023-05-01T00:00:00Z\",\
             \"data\":{{\"order\":\"X\",\"account\":\"X\",\"lines\":[],\"total\":{{\"amount\":{amount},\"currency\":\"USD\"}}}}}}"
        )
    };
    let account = |time: &str, data: &Value| event("bad", "account.opened", time, data);
    let at = "2023-05-01T00:00:00Z";
    let bad: Vec<(Vec<u8>, &str, &str)> = vec![
        (order("cut", "1").into_bytes()[..90].to_vec(), "", "the JSON breaks off"),
        (b"\"\xff\xfe\"".to_vec(), "", "UTF-8"),
        (format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000)).into_bytes(), "", "nested deeper than"),
        (format!("{{\"specversion\":\"{}\"}}", "1".repeat(2_000_000)).into_bytes(), "", "bytes"),
        (account("1985-01-01T00:00:00Z", &json!({"account": "A"})).into_bytes(), "/time", "1990"),
        (
            account("9023-01-01T00:00:00Z", &json!({"account": "A"})).into_bytes(),
            "/time",
            "lies outside 1990–2199",
        ),
        (account(at, &json!({"account": ""})).into_bytes(), "/data/account", "at least 1 byte"),
        (order("big", "9007199254740992").into_bytes(), "/data/total", "beyond"),
        (order("huge", "99999999999999999999").into_bytes(), "/data/total/amount", ""),
        (order("float", "12.5").into_bytes(), "/data/total/amount", ""),
        (b"[1,2]".to_vec(), "", "object"),
        (b"{\"specversion\":\"0.3\"}".to_vec(), "", ""),
    ];
    let text = shop_text();
    let clean = file(dir.path(), "clean.jsonl", &text);
    let lines: Vec<&str> = text.lines().collect();
    let step = lines.len() / (bad.len() + 1);
    let mut dirty = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        if i % step == 0 && i > 0 && i / step <= bad.len() {
            dirty.extend(&bad[i / step - 1].0);
            dirty.push(b'\n');
        }
        dirty.extend(line.as_bytes());
        dirty.push(b'\n');
    }
    let dirty = file(dir.path(), "dirty.jsonl", dirty);
    let (expected, _) = decided(dir.path(), &clean);
    let (got, ran) = decided(dir.path(), &dirty);
    assert!(expected == got, "bad lines changed a decision");
    assert!(ran.err.contains(&format!("{} bad lines were set aside in", bad.len())), "{}", ran.err);
    let rejects = std::fs::read_to_string(dir.path().join("dirty.rejects.jsonl")).expect("written");
    let rejects: Vec<Value> = rejects.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert_eq!(rejects.len(), bad.len());
    for (reject, (_, pointer, reason)) in rejects.iter().zip(&bad) {
        let of = |name: &str| reject[name].as_str().unwrap_or_default();
        assert!(
            of("pointer").starts_with(pointer) && of("reason").contains(reason),
            "{pointer} {reason}: {reject}"
        );
        assert!(!of("remedy").is_empty() && reject["line"].as_u64() > Some(1), "{reject}");
    }
}

#[test]
fn unknown_types_and_fields_are_kept_out_of_the_way() {
    let dir = folder();
    let text = shop_text();
    let clean = file(dir.path(), "clean.jsonl", &text);
    // Every event gets a field that nobody knows, and every tenth is followed by an event of no known type.
    let mut strange = String::new();
    for (i, line) in text.lines().enumerate() {
        strange.push_str(&line.replacen("\"data\":{", "\"data\":{\"our_own\":{\"deep\":[1,{}]},", 1));
        strange.push('\n');
        if i % 10 == 0 {
            strange.push_str(&event(
                &format!("u{i}"),
                "warehouse.swept",
                "2023-03-01T00:00:00Z",
                &json!({"x": 1}),
            ));
            strange.push('\n');
        }
    }
    let strange = file(dir.path(), "strange.jsonl", strange);
    let vectors = |events: &Path| {
        let args = ["replay", "--events", arg(events), "--json"];
        let told = ringfence(dir.path(), &args).ends(0).json();
        (
            told["requests"].clone(),
            told["requests_with_verdict"].clone(),
            told["refused"].clone(),
            told["state_bytes"].clone(),
        )
    };
    assert_eq!(vectors(&clean), vectors(&strange));
    let checked = ringfence(dir.path(), &["check", "strange.jsonl"]).ends(0).out;
    assert!(checked.contains("warehouse.swept (unknown type, ignored)"), "{checked}");
    assert!(checked.contains("have the unknown field refund.requested/our_own (ignored)"), "{checked}");
}

#[test]
fn times_in_the_future_are_counted_and_told() {
    let dir = folder();
    let lines =
        [request("1", "O1", "2023-01-01T00:00:00Z", 500), request("2", "O1", "2189-01-01T00:00:00Z", 500)];
    file(dir.path(), "e.jsonl", lines.join("\n"));
    let told = ringfence(dir.path(), &["check", "e.jsonl"]).ends(0).out;
    assert!(told.contains("1  lie in the future by this machine's clock"), "{told}");
    let checked = ringfence(dir.path(), &["check", "--json", "e.jsonl"]).ends(0).json();
    assert_eq!((&checked["in_future"], &checked["events"]), (&json!(1), &json!(2)));
}

#[test]
fn the_largest_amounts_add_up_without_overflow() {
    let dir = folder();
    let largest = (1i64 << 53) - 1;
    // More than 1,024 of the largest amounts are beyond 64 bits together.
    let lines: Vec<String> = (0..1_100)
        .map(|i| request(&i.to_string(), &format!("O{}", i / 3), "2023-01-01T00:00:00Z", largest))
        .collect();
    let events = file(dir.path(), "e.jsonl", lines.join("\n"));
    let (decisions, _) = decided(dir.path(), &events);
    assert_eq!(decisions.iter().filter(|b| **b == b'\n').count(), 1_100);
    let labels: Vec<String> =
        (0..1_100).map(|i| json!({"refund": format!("R{i}"), "label": "abuse"}).to_string()).collect();
    file(dir.path(), "l.jsonl", labels.join("\n"));
    let args = [
        "backtest",
        "--events",
        "e.jsonl",
        "--policy",
        "default",
        "--policy",
        "rules-only",
        "--labels",
        "l.jsonl",
        "--json",
    ];
    let told = ringfence(dir.path(), &args).ends(0).json();
    assert_eq!(told["labelled"], json!(1_100));
    let abused = told["a"]["outcome"]["abuse_amount_minor"].as_i64().expect("a number");
    assert!(abused > largest, "the sum wrapped around: {abused}");
}

#[test]
fn a_refund_for_an_unknown_order_is_answered_and_counted() {
    let dir = folder();
    let lines = [
        event(
            "o",
            "order.placed",
            "2023-01-01T00:00:00Z",
            &json!({"order": "O1", "account": "A1", "lines": [], "total": money(9_000)}),
        ),
        request("1", "O1", "2023-01-05T00:00:00Z", 500),
        request("2", "NEVER", "2023-01-06T00:00:00Z", 500),
    ];
    let events = file(dir.path(), "e.jsonl", lines.join("\n"));
    let (decisions, ran) = decided(dir.path(), &events);
    let text = String::from_utf8(decisions).expect("UTF-8");
    assert_eq!(text.lines().count(), 2, "{}", ran.err);
    assert!(text.contains("\"R2\""), "the request on an unknown order is answered: {text}");
    let told = ringfence(dir.path(), &["check", "e.jsonl"]).ends(0).out;
    assert!(told.contains("references to 1 orders that no event announces"), "{told}");
}

#[test]
fn the_same_id_again_changes_nothing_and_with_other_content_is_set_aside() {
    let dir = folder();
    let text = shop_text();
    let clean = file(dir.path(), "clean.jsonl", &text);
    let lines: Vec<&str> = text.lines().collect();
    let asked = lines.iter().find(|l| l.contains("\"refund.requested\"")).expect("a request");
    // Spacing is no content; another amount is.
    let spaced = asked.replacen("\"specversion\":\"1.0\"", " \"specversion\" : \"1.0\"", 1);
    let other = asked.replacen("\"amount\":{\"amount\":", "\"amount\":{\"amount\":9", 1);
    assert_ne!(&other, asked);
    let again = file(dir.path(), "again.jsonl", format!("{text}{asked}\n{spaced}\n{other}\n"));
    let (expected, _) = decided(dir.path(), &clean);
    let (got, ran) = decided(dir.path(), &again);
    assert!(expected == got, "an event that came again changed a decision");
    assert!(
        ran.err.contains("was seen with other content") && ran.err.contains("1 bad lines were set aside"),
        "{}",
        ran.err
    );
    let counts = |events: &str| {
        let told = ringfence(dir.path(), &["replay", "--events", events, "--json"]).ends(0).json();
        (told["repeated"].as_u64().expect("a count"), told["refused"].as_u64().expect("a count"))
    };
    // The shop itself sends some events twice, as shops do.
    let (repeated, refused) = counts("clean.jsonl");
    assert_eq!(counts("again.jsonl"), (repeated + 2, refused + 1));
}

#[test]
fn events_out_of_order_by_months_are_all_folded_and_told() {
    let dir = folder();
    let text = shop_text();
    let lines: Vec<&str> = text.lines().collect();
    // The first half arrives after the second: five months become two and a half late.
    let (first, second) = lines.split_at(lines.len() / 2);
    let late: Vec<&str> = second.iter().chain(first).copied().collect();
    let late = file(dir.path(), "late.jsonl", late.join("\n"));
    let clean = file(dir.path(), "clean.jsonl", &text);
    let count = |events: &Path| {
        let told = ringfence(dir.path(), &["replay", "--events", arg(events), "--json"]).ends(0).json();
        (told["events"].clone(), told["requests"].clone(), told["refused"].clone())
    };
    assert_eq!(count(&late), count(&clean));
    let (decisions, _) = decided(dir.path(), &late);
    let requests = text.lines().filter(|l| l.contains("\"type\":\"refund.requested\"")).count();
    assert_eq!(decisions.iter().filter(|b| **b == b'\n').count(), requests, "every request is answered");
    let checked = ringfence(dir.path(), &["check", "--json", "late.jsonl"]).ends(0).json();
    assert!(checked["out_of_order"].as_u64() >= Some(first.len() as u64 / 2), "{checked}");
    assert!(checked["out_of_order_days_max"].as_f64() > Some(60.0), "{checked}");
}

#[test]
fn a_policy_that_does_not_fit_the_own_catalogue_is_told_by_the_name_that_is_missing() {
    let dir = folder();
    file(
        dir.path(),
        "mine.toml",
        "format = 1\n[[feature]]\nname = \"amount\"\nabout = \"x\"\nreason = \"order_value\"\nexpr = \"data.amount\"\n",
    );
    let events = shop().join("events.jsonl.zst");
    let args = ["score", "--events", arg(&events), "--features", "mine.toml", "--out", "d.jsonl"];
    let ran = ringfence(dir.path(), &args).ends(1);
    assert!(ran.err.contains("reported_lost") && ran.err.contains("default"), "{}", ran.err);
    assert!(!dir.path().join("d.jsonl").exists(), "a failed command leaves no half file");
    // A policy of rules on this catalogue's own names is taken.
    let rules = ringfence_decide::DEFAULT_POLICY.split("[[rule]]").next().expect("the costs");
    let rule = "[[rule]]\nname = \"dear\"\nabout = \"x\"\nwhen = \"amount >= 10000\"\nat_least = \"review\"\nreason = \"order_value\"\n";
    file(dir.path(), "p.toml", format!("{rules}{rule}"));
    ringfence(dir.path(), &[&args[..], &["--policy", "p.toml"]].concat()).ends(0);
    file(dir.path(), "p.toml", format!("{rules}{}", rule.replace("amount >=", "amont >=")));
    let ran = ringfence(dir.path(), &[&args[..], &["--policy", "p.toml"]].concat()).ends(1);
    assert!(ran.err.contains("did you mean `amount`?") && ran.err.contains("p.toml:"), "{}", ran.err);
}
