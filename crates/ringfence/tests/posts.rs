//! Does `posts` find, tell and show what public posts boast of, in the form that the guide describes?

mod common;

use common::{arg, file, folder, ringfence, shop};
use serde_json::Value;
use std::path::Path;

const CONFIG: &str = "[retailer]\nnames = [\"Northwind\", \"NorthWnd\", \"north wind\"]\n\
                      others = [\"Bigbox\", \"Shoply\", \"Marktplatz\", \"Outletcity\"]\n";

fn run(dir: &Path, more: &[&str]) -> Vec<Value> {
    let events = shop().join("events.jsonl.zst");
    file(dir, "ringfence.toml", CONFIG);
    let args = [&["posts", "--json", "--events", arg(&events)], more].concat();
    let out = ringfence(dir, &args).ends(0).out;
    out.lines().map(|line| serde_json::from_str(line).expect("a result a line")).collect()
}

fn of<'a>(lines: &'a [Value], record: &str) -> Vec<&'a Value> {
    lines.iter().filter(|l| l["record"] == record).collect()
}

#[test]
fn matches_handles_and_unmatched_posts_have_their_forms() {
    let dir = folder();
    let truth = shop().join("truth.jsonl");
    let lines = run(dir.path(), &["--all", "--truth", arg(&truth), "--report", "posts.html"]);
    let (matches, handles) = (of(&lines, "match"), of(&lines, "handle"));
    assert!(!matches.is_empty() && !handles.is_empty(), "{} lines", lines.len());
    let mut before = 1.0;
    for one in &matches {
        let probability = one["probability"].as_f64().expect("a number");
        assert!((0.05..=before).contains(&probability), "the likeliest come first: {one}");
        before = probability;
        assert!(one["post"].is_string() && one["refund"].is_string() && one["handle"].is_string());
        assert!(one["why"].as_array().is_some_and(|w| w.len() >= 3), "{one}");
        assert_eq!(one["stands"], probability >= 0.9);
    }
    assert!(handles.iter().all(|h| h["totals"].is_array() && h["first"].as_str() <= h["last"].as_str()));
    let unmatched = of(&lines, "unmatched");
    for because in ["other_shop", "no_boast"] {
        assert!(unmatched.iter().any(|u| u["because"] == because), "{because}");
    }
    let measured = of(&lines, "measured")[0];
    assert!(measured["boasts"].as_u64() > Some(5), "{measured}");
    let page = std::fs::read_to_string(dir.path().join("posts.html")).expect("the report is written");
    for part in [
        "<!DOCTYPE html>",
        "Which post, which refund",
        "How true the probabilities are",
        "What stays unmatched",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<script") && !page.contains("src=\"http"), "the page loads nothing");
}

#[test]
fn a_handle_is_tied_to_the_ring_that_is_handed_in() {
    let dir = folder();
    let matches = run(dir.path(), &["--all"]);
    let refunds: Vec<Value> = of(&matches, "match").iter().map(|m| m["refund"].clone()).collect();
    let ring = serde_json::json!({"ring": "K7", "refunds": refunds});
    file(dir.path(), "rings.jsonl", format!("{ring}\n"));
    let lines = run(dir.path(), &["--all", "--rings", "rings.jsonl"]);
    assert!(of(&lines, "match").iter().any(|m| m["ring"] == "K7"));
}

#[test]
fn nothing_that_came_later_is_looked_at() {
    assert!(run(folder().path(), &["--all", "--as-of", "1990-02-01"]).is_empty());
}

#[test]
fn posts_from_a_chat_export_are_matched_with_the_events_of_the_shop() {
    let dir = folder();
    let export = r#"{"name":"vouches","type":"public_channel","id":5,"messages":[
        {"id":1,"type":"message","date":"2023-09-01T10:00:00","from":"Op","text":["Vouch ",{"type":"bold","text":"Northwind"}," laptop $98,765,000"]},
        {"id":2,"type":"message","date":"never","from":"Op","text":"x"}]}"#;
    file(dir.path(), "result.json", export);
    let ran = ringfence(dir.path(), &["import", "telegram", "result.json", "--out", "posts.jsonl"]).ends(0);
    assert!(ran.err.contains("1 rows were set aside") || ran.err.contains("set aside"), "{}", ran.err);
    let lines = run(dir.path(), &["posts.jsonl"]);
    let own = of(&lines, "unmatched").into_iter().find(|u| u["post"] == "telegram-5-1").cloned();
    assert_eq!(own.expect("the post was read")["because"], "no_amount", "an amount beyond belief is none");
}

#[test]
fn wrong_files_are_told_with_place_and_remedy() {
    let dir = folder();
    file(dir.path(), "rings.jsonl", "{\"ring\":1}\n");
    let events = shop().join("events.jsonl.zst");
    let ran = ringfence(dir.path(), &["posts", "--events", arg(&events), "--rings", "rings.jsonl"]).ends(1);
    assert!(
        ran.err.contains("rings.jsonl:1") && ran.err.contains("help: write one ring a line"),
        "{}",
        ran.err
    );
    file(dir.path(), "truth.jsonl", "{\"refund\":\"R1\",\"label\":\"abuse\"}\n");
    let ran = ringfence(dir.path(), &["posts", "--events", arg(&events), "--truth", "truth.jsonl"]).ends(1);
    assert!(ran.err.contains("no line of this file is about a post"), "{}", ran.err);
    assert!(ran.err.contains("warning: the shop's own names are not configured"), "{}", ran.err);
}
