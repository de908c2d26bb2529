//! Does `rings` tell one lead a line in the form of the contract, and write a page?

mod common;

use common::{arg, folder, ringfence, shop};
use serde_json::Value;

fn leads(more: &[&str]) -> Vec<Value> {
    common::findings("rings", more)
}

#[test]
fn leads_have_the_form_of_the_contract() {
    let all = leads(&["--all"]);
    assert!(!all.is_empty(), "a shop with rings shows a group");
    for lead in &all {
        let probability = lead["probability"].as_f64().expect("a number");
        assert!((0.0..=1.0).contains(&probability), "{lead}");
        assert!(lead["ring"].is_string() && lead["score"].is_number() && lead["why"].is_array(), "{lead}");
        assert!(!lead["accounts"].as_array().expect("a list").is_empty(), "{lead}");
        assert!(lead["refunds"].is_array() && lead["staff"].is_array() && lead["money"]["currency"] == "USD");
        for identifier in lead["identifiers"].as_array().expect("a list") {
            assert!(identifier["kind"].is_string() && identifier["value"].is_string(), "{lead}");
            assert!(identifier["accounts"].is_array(), "{lead}");
        }
        assert!(lead.get("control").is_none(), "{lead}");
    }
    let sorted = |l: &Value| l["probability"].as_f64();
    assert!(all.windows(2).all(|pair| sorted(&pair[0]) >= sorted(&pair[1])), "best first");
    assert!(leads(&[]).len() <= all.len());
}

#[test]
fn controls_come_on_request_and_are_marked() {
    let with = leads(&["--controls"]);
    let marked = with.iter().filter(|l| l["control"] == true).count();
    assert!(marked >= 1 && with.len() == leads(&[]).len() + marked, "{with:?}");
}

#[test]
fn nothing_that_came_later_is_looked_at() {
    // Before the first day nobody has asked for anything.
    assert!(leads(&["--all", "--as-of", "1990-02-01"]).is_empty());
}

#[test]
fn the_page_draws_the_rings() {
    let (to, events) = (folder(), shop().join("events.jsonl.zst"));
    let args = ["rings", "--all", "--events", arg(&events), "--report", "rings.html"];
    let told = ringfence(to.path(), &args).ends(0).out;
    let page = std::fs::read_to_string(to.path().join("rings.html")).expect("the page is there");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("who is tied by what"), "{told}");
}
