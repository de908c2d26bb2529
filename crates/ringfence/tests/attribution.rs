//! Does `attribution` tell one finding a line, with probabilities that sum to one, and a page on request?

mod common;

use common::{arg, folder, ringfence, shop};
use serde_json::Value;

fn findings(more: &[&str]) -> Vec<Value> {
    common::findings("attribution", more)
}

#[test]
fn findings_have_their_form() {
    let all = findings(&["--top", "7"]);
    let of = |kind: &str| all.iter().filter(|f| f["finding"] == kind).collect::<Vec<_>>();
    assert_eq!((of("account").len(), of("claim").len(), of("run").len()), (7, 7, 1));
    for claim in of("claim") {
        let share = |who: &str| claim[who].as_f64().expect("a number");
        let sum = share("buyer") + share("driver") + share("staff") + share("nobody");
        assert!((sum - 1.0).abs() < 1e-9 && claim["likeliest"] != "nobody", "{claim}");
        assert!(claim["why"].as_array().is_some_and(|w| w.len() > 1), "{claim}");
    }
    for account in of("account") {
        assert!(account["within"][0].as_f64() < account["within"][1].as_f64(), "{account}");
    }
    assert_eq!(of("run")[0]["converged"], true);
}

#[test]
fn nothing_that_came_later_is_looked_at() {
    // Before the first day nobody has claimed anything.
    let all = findings(&["--as-of", "1990-02-01"]);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0]["claims"], 0);
}

#[test]
fn the_page_is_written_and_loads_nothing() {
    let (dir, events) = (folder(), shop().join("events.jsonl.zst"));
    let args = ["attribution", "--events", arg(&events), "--report", "a.html"];
    let out = ringfence(dir.path(), &args).ends(0).out;
    assert!(out.contains("report: a.html") && out.contains("not an accusation"), "{out}");
    let page = std::fs::read_to_string(dir.path().join("a.html")).expect("the page");
    assert!(page.contains("Observed against expected") && !page.contains("src=\"http"));
}
