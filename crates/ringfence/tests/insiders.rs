//! Does `insiders` tell one lead a line in the form of the contract, and a control only where one is asked for?

mod common;

use common::{arg, folder, ringfence, shop};
use serde_json::Value;

fn leads(more: &[&str]) -> Vec<Value> {
    common::findings("insiders", more)
}

#[test]
fn leads_have_the_form_of_the_contract() {
    let all = leads(&["--all"]);
    assert!(!all.is_empty(), "a shop with a bribed clerk shows somebody");
    for lead in &all {
        let probability = lead["probability"].as_f64().expect("a number");
        assert!((0.0..=1.0).contains(&probability), "{lead}");
        assert!(
            ["bribed", "phished", "unclear"].contains(&lead["pattern"].as_str().expect("a word")),
            "{lead}"
        );
        let family = &lead["families"][0];
        assert!(family["observed"].as_f64() > family["expected"].as_f64(), "{lead}");
        assert!(family["q_value"].as_f64() <= Some(0.1) && lead["staff"].is_string(), "{lead}");
        assert!(lead["refunds"].is_array() && lead["money"]["currency"] == "USD" && lead["why"].is_array());
        assert!(lead.get("control").is_none(), "{lead}");
    }
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
    // Before the first day nobody has done anything.
    assert!(leads(&["--all", "--as-of", "1990-02-01"]).is_empty());
}

#[test]
fn the_page_shows_everybody_beside_the_peers() {
    let (to, events) = (folder(), shop().join("events.jsonl.zst"));
    ringfence(to.path(), &["insiders", "--events", arg(&events), "--report", "staff.html"]).ends(0);
    let page = std::fs::read_to_string(to.path().join("staff.html")).expect("the page is there");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("Contacts searched for instead of routed"));
}
