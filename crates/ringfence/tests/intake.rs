//! Do simulate, check and import do what they say, and what do they say about bad input?

mod common;

use common::{arg, file, folder, ringfence, shop};
use serde_json::json;

fn event(id: &str, event_type: &str, time: &str, data: &serde_json::Value) -> String {
    json!({"specversion":"1.0","id":id,"source":"shop/eu","type":event_type,"time":time,"data":data})
        .to_string()
}

fn account(id: &str, account: &str) -> String {
    event(id, "account.opened", "2023-02-01T12:00:00Z", &json!({"account": account}))
}

/// Checks a file with these lines; the result and the exit status.
fn check(lines: &[&str]) -> (serde_json::Value, i32) {
    let dir = folder();
    file(dir.path(), "events.jsonl", lines.join("\n"));
    let ran = ringfence(dir.path(), &["check", "--json", "events.jsonl"]);
    (ran.json(), ran.code)
}

#[test]
fn a_simulated_shop_has_no_faults() {
    let events = shop().join("events.jsonl.zst");
    let checked = ringfence(shop(), &["check", "--json", arg(&events)]).ends(0).json();
    assert_eq!((&checked["refused"], &checked["duplicates_different"]), (&json!(0), &json!(0)));
    assert_eq!(checked["unknown_fields"], json!({}));
    assert!(checked["types"]["refund.requested"].as_u64() > Some(100), "{checked}");
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let dir = folder();
    let run = |seed: &str, out: &str| {
        let args = [
            "simulate",
            "--scenario",
            "small",
            "--seed",
            seed,
            "--accounts",
            "200",
            "--days",
            "30",
            "--out",
            out,
        ];
        ringfence(dir.path(), &args).ends(0);
        let read = |name: &str| std::fs::read(dir.path().join(out).join(name)).expect("written");
        (read("events.jsonl.zst"), read("truth.jsonl"))
    };
    let first = run("1", "a");
    assert_eq!(first, run("1", "b"));
    assert_ne!(first.0, run("2", "c").0);
}

#[test]
fn the_events_of_a_shop_do_not_tell_the_truth() {
    let truth = std::fs::read_to_string(shop().join("truth.jsonl")).expect("written");
    assert!(truth.contains("\"label\":\"abuse\""));
    let checked = ringfence(shop(), &["check", "--json", "events.jsonl.zst"]).json();
    let types = checked["types"].as_object().expect("an object");
    assert!(types.keys().all(|t| t.contains('.')) && checked["unknown_types"] == json!({}), "{types:?}");
}

#[test]
fn what_is_unknown_is_counted_and_is_no_fault() {
    let (checked, code) = check(&[
        &event("1", "my.own", "2023-01-01T00:00:00Z", &json!({"a": 1})),
        &event(
            "2",
            "account.opened",
            "2023-01-01T00:00:00Z",
            &json!({"account": "A", "mood": "good", "phone": null}),
        ),
    ]);
    assert_eq!(code, 0);
    assert_eq!(checked["unknown_types"], json!({"my.own": 1}));
    assert_eq!(checked["unknown_fields"], json!({"account.opened/mood": 1}));
}

#[test]
fn references_to_nothing_are_counted_and_are_no_fault() {
    let opened = |id: &str, order: &str| {
        event(
            id,
            "chargeback.opened",
            "2023-01-01T00:00:00Z",
            &json!({"order": order, "amount": {"amount": 1, "currency": "USD"}, "reason": "fraud"}),
        )
    };
    let seen = event(
        "3",
        "identifier.seen",
        "2023-01-01T00:00:00Z",
        &json!({"account": "A", "kind": "device", "value": "d"}),
    );
    let (checked, code) = check(&[&opened("1", "O1"), &opened("2", "O1"), &seen, &account("4", "A")]);
    assert_eq!(code, 0);
    assert_eq!(checked["references"]["orders"], json!({"never": 2, "never_ids": 1, "later": 0}));
    assert_eq!(checked["references"]["accounts"], json!({"never": 0, "never_ids": 0, "later": 1}));
}

#[test]
fn the_same_id_again_is_fine_with_the_same_content_and_refused_with_other() {
    let (checked, code) = check(&[&account("1", "A"), &account("1", "A")]);
    assert_eq!((&checked["duplicates_same"], code), (&json!(1), 0));
    let (checked, code) = check(&[&account("1", "A"), &account("1", "B")]);
    assert_eq!((&checked["duplicates_different"], code), (&json!(1), 1));
    assert_eq!(checked["faults"][0]["line"], json!(2));
}

#[test]
fn every_bad_line_is_told_with_its_place_and_nothing_else_is_lost() {
    let deep = format!("{}{}", "[".repeat(2_000), "]".repeat(2_000));
    let cases: Vec<(Vec<u8>, &str, &str)> = vec![
        (b"{\"specversion\":\"1.0\",\"id\":\"e".to_vec(), "", "breaks off"),
        (b"\xff\xfe{}".to_vec(), "", "UTF-8"),
        (deep.into_bytes(), "", "deep"),
        (event("1", "account.opened", "1985-01-01T00:00:00Z", &json!({"account": "A"})).into(), "/time", "1990"),
        (event("1", "account.opened", "3023-01-01T00:00:00Z", &json!({"account": "A"})).into(), "/time", ""),
        (event("1", "account.opened", "2023-01-01T00:00:00Z", &json!({})).into(), "/data/account", "missing"),
        (event("1", "account.opened", "2023-01-01T00:00:00Z", &json!({"account": 7})).into(), "/data/account", ""),
        (event("1", "order.placed", "2023-01-01T00:00:00Z",
            &json!({"order": "O", "account": "A", "lines": [], "total": {"amount": 99_999_999_999_999_999i64, "currency": "USD"}})).into(),
            "/data/total", ""),
    ];
    for (bad, pointer, reason) in cases {
        let dir = folder();
        let mut lines = account("a", "A1").into_bytes();
        lines.push(b'\n');
        lines.extend(&bad);
        lines.push(b'\n');
        lines.extend(account("b", "A2").bytes());
        file(dir.path(), "events.jsonl", lines);
        let checked = ringfence(dir.path(), &["check", "--json", "events.jsonl"]).ends(1).json();
        assert_eq!((&checked["events"], &checked["refused"]), (&json!(2), &json!(1)), "{checked}");
        let fault = &checked["faults"][0];
        assert_eq!(fault["line"], json!(2));
        assert!(fault["pointer"].as_str().expect("text").starts_with(pointer), "{fault}");
        assert!(fault["reason"].as_str().expect("text").contains(reason), "{fault}");
        assert!(!fault["remedy"].as_str().expect("text").is_empty(), "{fault}");
    }
}

#[test]
fn a_line_too_long_is_refused_and_the_next_one_read() {
    let dir = folder();
    file(dir.path(), "ringfence.toml", "[limits]\nline_bytes_max = 4096\n");
    let long = account("1", "A").replace("\"A\"", &format!("\"{}\"", "A".repeat(5_000)));
    file(dir.path(), "events.jsonl", format!("{long}\n{}\n", account("2", "B")));
    let checked = ringfence(dir.path(), &["check", "--json", "events.jsonl"]).ends(1).json();
    assert_eq!((&checked["events"], &checked["refused"]), (&json!(1), &json!(1)));
    assert!(checked["faults"][0]["reason"].as_str().expect("text").contains("4096 bytes"), "{checked}");
}

#[test]
fn a_file_that_was_cut_is_told_with_its_last_line() {
    let dir = folder();
    let mut bytes = std::fs::read(shop().join("events.jsonl.zst")).expect("written");
    bytes.truncate(bytes.len() / 2);
    file(dir.path(), "cut.jsonl.zst", bytes);
    let ran = ringfence(dir.path(), &["check", "cut.jsonl.zst"]).ends(1);
    assert!(ran.err.contains("breaks off after this line: cut.jsonl.zst:"), "{}", ran.err);
}

#[test]
fn tokens_need_a_key() {
    let dir = folder();
    file(dir.path(), "ringfence.toml", "[tokens]\nkinds = [\"email\"]\n");
    file(dir.path(), "events.jsonl", account("1", "A"));
    let ran = ringfence(dir.path(), &["check", "events.jsonl"]).ends(1);
    assert!(
        ran.err.contains("RINGFENCE_TOKEN_KEY") && ran.err.contains("openssl rand -hex 32"),
        "{}",
        ran.err
    );
}

#[test]
fn card_fraud_rows_become_requests_and_verdicts_and_bad_rows_are_set_aside() {
    let dir = folder();
    file(
        dir.path(),
        "cards.csv",
        "transaction,time,customer,terminal,amount_cents,fraud,scenario\n\
         0,2018-04-01T00:00:31Z,596,3156,5716,0,0\n1,2018-04-01T00:02:10Z,4961,3412,x,0,0\n\
         2,2018-04-01T00:07:56Z,2,1365,14600,1,1\n",
    );
    let args = ["import", "card-fraud", "cards.csv", "--out", "events.jsonl", "--json"];
    let ran = ringfence(dir.path(), &args);
    let done = ran.ends(0).json();
    assert_eq!(done["events"], json!(4), "{done}");
    let rejects = std::fs::read_to_string(dir.path().join("events.rejects.jsonl")).expect("written");
    assert!(rejects.contains("\"line\":3") && rejects.contains("amount_cents"), "{rejects}");
    let checked = ringfence(dir.path(), &["check", "--json", "events.jsonl"]).ends(0).json();
    assert_eq!(checked["types"], json!({"refund.requested": 2, "verdict.recorded": 2}));
}

#[test]
fn a_csv_with_other_columns_is_refused_by_name() {
    let dir = folder();
    file(dir.path(), "cards.csv", "a,b\n1,2\n");
    let ran = ringfence(dir.path(), &["import", "card-fraud", "cards.csv", "--out", "events.jsonl"]).ends(1);
    assert!(ran.err.contains("no column `transaction`") && ran.err.contains("cards.csv"), "{}", ran.err);
    assert!(!dir.path().join("events.jsonl").exists(), "a failed import leaves no half file");
}
