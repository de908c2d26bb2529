//! Does the way of docs/guides/real-shop.md work on an excerpt of a shop in pounds, without fraud labels?

mod common;

use common::{arg, file, folder, ringfence};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/shop-gbp");

/// Invoices of 200 days: every fifth customer sends most things back, the others hardly any; some are guests.
fn invoices() -> String {
    let mut csv =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n".to_owned();
    let mut chance = 1u64;
    let mut draw = |n: u64| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % n
    };
    for day in 0..200u64 {
        let (month, date) = (1 + day / 28, 1 + day % 28);
        for k in 0..8 {
            let (number, customer) = (10_000 + day * 10 + k, 1 + draw(150));
            let article = draw(20);
            let customer = if k == 7 { String::new() } else { customer.to_string() };
            let time = |hour: u64| format!("2011-{month:02}-{date:02}T{hour:02}:00:00Z");
            let price = 2 + article;
            let _ = writeln!(csv, "{number},S{article},x,3,{},{price}.50,{customer},UK", time(8));
            let often = customer.parse::<u64>().is_ok_and(|c| c % 5 == 0);
            if !customer.is_empty() && draw(100) < if often { 60 } else { 4 } {
                let _ = writeln!(csv, "C{number},S{article},x,-3,{},{price}.50,{customer},UK", time(18));
            }
        }
    }
    csv
}

/// A folder with the example's configuration only.
fn pounds() -> tempfile::TempDir {
    let dir = folder();
    file(
        dir.path(),
        "ringfence.toml",
        std::fs::read(Path::new(EXAMPLE).join("ringfence.toml")).expect("an example"),
    );
    dir
}

/// A folder with the excerpt's events and the example's configuration.
fn made() -> &'static Path {
    static MADE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = MADE.get_or_init(|| {
        let dir = folder();
        file(dir.path(), "invoices.csv", invoices());
        for name in ["ringfence.toml", "policy.toml"] {
            file(dir.path(), name, std::fs::read(Path::new(EXAMPLE).join(name)).expect("an example"));
        }
        let args = ["import", "online-retail", "invoices.csv", "--out", "retail.jsonl"];
        ringfence(dir.path(), &args).ends(0);
        ringfence(dir.path(), &["check", "retail.jsonl"]).ends(0);
        let path = dir.path().to_owned();
        (dir, path)
    });
    path
}

#[test]
fn its_refunds_are_decided_in_its_own_currency() {
    let args = [
        "score",
        "--events",
        "retail.jsonl",
        "--policy",
        "policy.toml",
        "--out",
        "decisions.jsonl",
        "--json",
    ];
    let scored = ringfence(made(), &args).ends(0).json();
    assert!(scored["decisions"].as_u64() > Some(100), "{scored}");
    let decisions = std::fs::read_to_string(made().join("decisions.jsonl")).expect("written");
    for line in decisions.lines() {
        let decision: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(decision["expected_loss"]["currency"], json!("GBP"), "{decision}");
    }
    // The default policy is in dollars, and says so instead of taking pounds for them.
    let ran = ringfence(made(), &["score", "--events", "retail.jsonl", "--out", "d.jsonl"]).ends(1);
    assert!(ran.err.contains("the policy is in USD, the reporting currency is GBP"), "{}", ran.err);
}

#[test]
fn the_policy_in_pounds_is_the_default_one_but_for_its_amounts() {
    let shape = |text: &str| -> Vec<String> {
        let code = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
        let lines = text.lines().map(code).filter(|l| !l.is_empty() && !l.starts_with("name = \"default\""));
        let lines = lines.filter(|l| l != "name = \"pounds\"" && !l.starts_with("currency = "));
        // Quoted amounts and thresholds in minor units differ; shares and probabilities do not.
        lines
            .map(|l| match l.split_once(" = \"") {
                Some((key, amount))
                    if amount.starts_with(|c: char| c.is_ascii_digit())
                        && !amount.ends_with(['h', 'd'])
                        && amount.contains('.') =>
                {
                    key.to_owned()
                }
                _ => match l.split_once("amount >= ") {
                    Some((before, _)) => before.to_owned(),
                    None => l,
                },
            })
            .collect()
    };
    let pounds = std::fs::read_to_string(Path::new(EXAMPLE).join("policy.toml")).expect("an example");
    assert_eq!(shape(&pounds), shape(ringfence_decide::DEFAULT_POLICY));
    assert_ne!(pounds, ringfence_decide::DEFAULT_POLICY);
}

#[test]
fn a_return_propensity_is_learned_and_told_beside_the_baseline() {
    let args = ["returns", "--events", "retail.jsonl", "--leave-out", "guest-", "--within-days", "10"];
    let run =
        |more: &[&str]| ringfence(made(), &args.iter().chain(more).copied().collect::<Vec<_>>()).ends(0);
    let told = run(&["--out", "returns.html", "--json"]).json();
    assert_eq!((&told["orders"], &told["orders_left_out"]), (&json!(1_400), &json!(200)), "{told}");
    let figure = |name: &str, figure: &str| {
        let line = told["figures"].as_array().into_iter().flatten().find(|l| l["name"] == json!(name));
        let value = &line.unwrap_or_else(|| panic!("{name}: {told}"))[figure];
        value.as_f64().or(value["value"].as_f64())
    };
    // Held out by time: what was learned ends before what was judged begins.
    assert!(told["learned_from"]["to"].as_str() < told["held_out"]["from"].as_str(), "{told}");
    let (model, past) =
        (figure("model", "average_precision"), figure("past refund rate", "average_precision"));
    assert!(model > Some(0.3) && past.is_some(), "{model:?} beside {past:?}");
    assert!(figure("model", "ece") < Some(0.1) && figure("past refund rate", "ece").is_some(), "{told}");
    assert!(told["calibration"].as_array().is_some_and(|bins| bins.len() > 2), "{told}");
    // The page, the file beside it and the terminal say the same.
    let page = std::fs::read_to_string(made().join("returns.html")).expect("written");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("There are no fraud labels in this"));
    assert!(!page.contains("abuse found") && !page.contains("rings"), "a page about returns only");
    let beside: Value =
        serde_json::from_slice(&std::fs::read(made().join("returns.json")).expect("written")).expect("JSON");
    assert_eq!(beside["figures"], told["figures"]);
    let words = run(&["--out", "again.html"]).out;
    assert!(words.contains("past refund rate") && words.contains("There are no fraud labels"), "{words}");
}

#[test]
fn the_vector_of_an_order_knows_nothing_of_what_came_after() {
    // The same events up to a day give the same report, whatever follows: only labels may change.
    let dir = pounds();
    let events = std::fs::read_to_string(made().join("retail.jsonl")).expect("written");
    let catalogue = "format = 1\n[[feature]]\nname = \"asked_back\"\nabout = \"refunds of the account so far\"\n\
                     reason = \"account_claim_history\"\nkey = \"account\"\non = \"refund.requested\"\naggregate = \"count\"\n\
                     window = \"365d\"\ncurrent = false\n";
    file(dir.path(), "one.toml", catalogue);
    // Every account's orders first, all refunds at the end: the past holds nothing, so nothing can be told.
    let (orders, refunds): (Vec<&str>, Vec<&str>) = events.lines().partition(|l| l.contains("order.placed"));
    file(dir.path(), "later.jsonl", orders.iter().chain(&refunds).copied().collect::<Vec<_>>().join("\n"));
    let run = |events: &Path| {
        let args = [
            "returns",
            "--events",
            arg(events),
            "--features",
            "one.toml",
            "--within-days",
            "10",
            "--leave-out",
            "guest-",
        ];
        let args: Vec<&str> = args.into_iter().chain(["--out", "r.html", "--json"]).collect();
        ringfence(dir.path(), &args).ends(0).json()["figures"][0]["auc"]["value"].as_f64().expect("a figure")
    };
    let (in_order, afterwards) = (run(&made().join("retail.jsonl")), run(&dir.path().join("later.jsonl")));
    assert!(in_order > 0.6, "{in_order}");
    assert!((afterwards - 0.5).abs() < 0.02, "{afterwards}: the future leaked");
}

#[test]
fn too_few_orders_are_told_in_words_of_returns() {
    let dir = pounds();
    let events = std::fs::read_to_string(made().join("retail.jsonl")).expect("written");
    let first: Vec<&str> = events.lines().take(200).collect();
    file(dir.path(), "few.jsonl", first.join("\n"));
    let run = |events: &str, days: &str| {
        ringfence(dir.path(), &["returns", "--events", events, "--within-days", days, "--out", "r.html"])
            .ends(1)
    };
    let ran = run("few.jsonl", "5");
    assert!(ran.err.contains("orders came back within 5 days: few.jsonl\nhelp: "), "{}", ran.err);
    let ran = run("few.jsonl", "400");
    assert!(ran.err.contains("no order is 400 days old"), "{}", ran.err);
    let only: Vec<&str> = events.lines().filter(|l| l.contains("return.received")).collect();
    file(dir.path(), "none.jsonl", only.join("\n"));
    let ran = run("none.jsonl", "5");
    assert!(
        ran.err.contains("there is no order in these events") && ran.err.contains("ringfence check"),
        "{}",
        ran.err
    );
    std::fs::remove_file(dir.path().join("ringfence.toml")).expect("written before");
    let ran = run("few.jsonl", "5");
    assert!(ran.err.contains("no order is in USD") && ran.err.contains("reporting_currency"), "{}", ran.err);
    assert!(!dir.path().join("r.html").exists());
}
