//! Does the way from events to judged decisions work, and what does each step say about input that does not fit?

mod common;

use common::{arg, file, folder, ringfence, shop};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Until when the model of the tests learns: two thirds into the small shop.
const UNTIL: &str = "2024-01-01";

/// Vectors, model and decisions on the small shop, made once: their folder.
fn made() -> &'static Path {
    static MADE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = MADE.get_or_init(|| {
        let dir = folder();
        let path = dir.path().to_owned();
        let events = events();
        let run = |args: &[&str]| drop(ringfence(&path, args).ends(0));
        run(&["replay", "--events", events, "--out", "vectors.parquet"]);
        run(&["train", "--vectors", "vectors.parquet", "--until", UNTIL, "--out", "model.json"]);
        run(&[
            "score",
            "--events",
            events,
            "--model",
            "model.json",
            "--from",
            UNTIL,
            "--out",
            "decisions.jsonl",
        ]);
        (dir, path)
    });
    path
}

/// The events of the small shop, as an argument.
fn events() -> &'static str {
    static EVENTS: OnceLock<String> = OnceLock::new();
    EVENTS.get_or_init(|| arg(&shop().join("events.jsonl.zst")).to_owned())
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("written");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn a_replay_reports_what_it_folded() {
    let done = ringfence(made(), &["replay", "--json", "--events", events()]).ends(0).json();
    assert!(done["events"].as_u64() > Some(1_000) && done["requests"].as_u64() > Some(100), "{done}");
    assert!(done["events_per_second"].as_f64() > Some(0.0) && done["state_bytes"].as_u64() > Some(0));
    assert_eq!((&done["refused"], &done["out"]), (&json!(0), &Value::Null));
}

#[test]
fn an_own_catalogue_gives_its_own_columns() {
    let dir = folder();
    file(
        dir.path(),
        "mine.toml",
        "format = 1\n[[feature]]\nname = \"paid\"\nabout = \"money asked for\"\nreason = \"order_value\"\nexpr = \"data.amount\"\n",
    );
    let args = ["replay", "--json", "--events", events(), "--features", "mine.toml", "--out", "v.parquet"];
    let done = ringfence(dir.path(), &args).ends(0).json();
    assert_eq!(done["features"], json!(1));
    assert!(dir.path().join("v.parquet").exists());
}

#[test]
fn a_wrong_catalogue_is_told_with_line_column_and_the_nearest_word() {
    let dir = folder();
    let feature = |expr: &str| {
        format!(
            "format = 1\n[[feature]]\nname = \"x\"\nabout = \"x\"\nreason = \"order_value\"\nexpr = \"{expr}\"\n"
        )
    };
    for (catalogue, place, words) in [
        (feature("data.amont"), "mine.toml:6:9", "did you mean `data.amount`?"),
        (
            feature("data.amount").replace("order_value", "order_valu"),
            "mine.toml:5:11",
            "did you mean `order_value`?",
        ),
        (feature("data.amount").replace("format = 1", "format = 9"), "mine.toml:1:10", "format 1"),
        ("format = ".to_owned(), "mine.toml:1:", ""),
    ] {
        file(dir.path(), "mine.toml", &catalogue);
        let args = ["replay", "--events", events(), "--features", "mine.toml"];
        let ran = ringfence(dir.path(), &args).ends(1);
        assert!(ran.err.contains(place) && ran.err.contains(words), "{catalogue}\n{}", ran.err);
    }
}

#[test]
fn bad_lines_are_set_aside_and_change_nothing_else() {
    let dir = folder();
    let text = zstd_text(Path::new(events()));
    let mut lines: Vec<&str> = text.lines().collect();
    let clean = file(dir.path(), "clean.jsonl", lines.join("\n"));
    lines.insert(lines.len() / 2, "{\"specversion\":\"1.0\"}");
    lines.insert(lines.len() / 3, "not JSON");
    let dirty = file(dir.path(), "dirty.jsonl", lines.join("\n"));
    let score =
        |events: &Path, out: &str| ringfence(dir.path(), &["score", "--events", arg(events), "--out", out]);
    score(&clean, "clean.out").ends(0);
    let ran = score(&dirty, "dirty.out").ends(0);
    assert!(
        ran.err.contains("2 bad lines were set aside in") && ran.err.contains("dirty.rejects.jsonl"),
        "{}",
        ran.err
    );
    let read = |name: &str| std::fs::read(dir.path().join(name)).expect("written");
    assert_eq!(read("clean.out"), read("dirty.out"));
    assert_eq!(read("dirty.rejects.jsonl").iter().filter(|b| **b == b'\n').count(), 2);
}

/// Decompresses through the product itself: `check` has shown that the file is sound.
fn zstd_text(path: &Path) -> String {
    use std::io::Read;
    let mut text = String::new();
    let mut reader = ringfence_store::open(path).expect("a file of the tests");
    reader.read_to_string(&mut text).expect("JSON lines");
    text
}

#[test]
fn training_from_events_and_from_their_vectors_gives_the_same_model() {
    let dir = folder();
    let args = ["train", "--json", "--events", events(), "--until", UNTIL, "--out", "model.json"];
    let card = ringfence(dir.path(), &args).ends(0).json();
    assert!(card["provenance"]["labels_until"].as_str().is_some_and(|t| t.starts_with(UNTIL)), "{card}");
    let read = |dir: &Path, name: &str| std::fs::read_to_string(dir.join(name)).expect("written");
    assert_eq!(read(dir.path(), "model.json"), read(made(), "model.json"));
    let page = read(dir.path(), "model.card.html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("average precision"));
}

#[test]
fn what_cannot_be_learned_from_is_told_with_the_remedy() {
    let dir = folder();
    let vectors = made().join("vectors.parquet");
    let train = |until: &str, more: &[&str]| {
        let mut args = vec!["train", "--vectors", arg(&vectors), "--until", until, "--out", "m.json"];
        args.extend(more);
        ringfence(dir.path(), &args)
    };
    let ran = train("1999-01-01", &[]).ends(1);
    assert!(ran.err.contains("--until") && ran.err.contains("help: "), "{}", ran.err);
    file(dir.path(), "s.toml", "[split]\nmaturity_day = 3\n");
    let ran = train(UNTIL, &["--settings", "s.toml"]).ends(1);
    assert!(ran.err.contains("s.toml:2:1") && ran.err.contains("maturity_days"), "{}", ran.err);
    train("soon", &[]).ends(2);
    file(dir.path(), "v.parquet", "PAR1 not really");
    let args = ["train", "--vectors", "v.parquet", "--until", UNTIL, "--out", "m.json"];
    let ran = ringfence(dir.path(), &args).ends(1);
    assert!(ran.err.contains("v.parquet") && ran.err.contains("replay --out"), "{}", ran.err);
    assert!(!dir.path().join("m.json").exists());
}

#[test]
fn decisions_are_explained_versioned_and_from_the_asked_time_on() {
    let decisions = lines(&made().join("decisions.jsonl"));
    assert!(decisions.len() > 30, "{}", decisions.len());
    for d in &decisions {
        assert!(d["decided_at"].as_str() >= Some(UNTIL), "{d}");
        for part in ["features", "model", "policy"] {
            assert_eq!(d["versions"][part].as_str().map(str::len), Some(64), "{d}");
        }
        assert!((0.0..=1.0).contains(&d["score"].as_f64().expect("a score")), "{d}");
    }
    let with_reasons =
        decisions.iter().filter(|d| d["reasons"].as_array().is_some_and(|r| !r.is_empty())).count();
    assert!(with_reasons * 2 > decisions.len(), "{with_reasons} of {}", decisions.len());
    let known: BTreeSet<String> = zstd_text(Path::new(events()))
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).expect("JSON")["id"].as_str().expect("an id").to_owned())
        .collect();
    for id in decisions
        .iter()
        .flat_map(|d| d["reasons"].as_array().into_iter().flatten())
        .flat_map(|r| r["events"].as_array().into_iter().flatten())
    {
        assert!(known.contains(id.as_str().expect("an id")), "{id} is no event");
    }
}

#[test]
fn the_same_log_gives_the_same_decisions_byte_for_byte() {
    let dir = folder();
    let model = made().join("model.json");
    let args =
        ["score", "--events", events(), "--model", arg(&model), "--from", UNTIL, "--out", "again.jsonl"];
    ringfence(dir.path(), &args).ends(0);
    let read = |path: PathBuf| std::fs::read(path).expect("written");
    assert_eq!(read(dir.path().join("again.jsonl")), read(made().join("decisions.jsonl")));
}

#[test]
fn a_model_or_policy_that_does_not_fit_is_told() {
    let dir = folder();
    let good = std::fs::read_to_string(made().join("model.json")).expect("written");
    let score = |model: &str, policy: &str| {
        ringfence(
            dir.path(),
            &["score", "--events", events(), "--model", model, "--policy", policy, "--out", "d.jsonl"],
        )
    };
    let refused = |model: &str, words: &str| {
        file(dir.path(), "m.json", model);
        let ran = score("m.json", "default").ends(1);
        assert!(
            ran.err.contains(words) && ran.err.contains("m.json") && ran.err.contains("help: "),
            "{}",
            ran.err
        );
    };
    refused(&good[..good.len() / 2], "malformed");
    refused("{\"format\":\"something\"}", "format");
    refused(&good.replacen("\"version\":1", "\"version\":99", 1), "version 99");
    let catalogue =
        serde_json::from_str::<Value>(&good).expect("JSON")["catalogue"].as_str().expect("a hash").to_owned();
    refused(&good.replace(&catalogue, &"0".repeat(64)), "catalogue");
    let model = made().join("model.json");
    for (policy, words) in [
        ("format = 1\nname = ", "p.toml:2:"),
        ("format = 7\n", "p.toml:1:"),
        (
            &ringfence_decide::DEFAULT_POLICY.replace("charged_back", "charged_bak"),
            "did you mean `charged_back`?",
        ),
    ] {
        file(dir.path(), "p.toml", policy);
        let ran = score(arg(&model), "p.toml").ends(1);
        assert!(ran.err.contains(words) && ran.err.contains("p.toml"), "{policy}\n{}", ran.err);
    }
    assert!(!dir.path().join("d.jsonl").exists(), "a failed command leaves no half file");
}

#[test]
fn a_policy_in_another_currency_than_the_reports_is_refused() {
    let dir = folder();
    file(
        dir.path(),
        "ringfence.toml",
        "reporting_currency = \"EUR\"\n[[rate]]\ncurrency = \"USD\"\nfrom = \"2000-01-01\"\nrate = \"0.9\"\n",
    );
    let ran = ringfence(dir.path(), &["score", "--events", events(), "--out", "d.jsonl"]).ends(1);
    assert!(ran.err.contains("the policy is in USD, the reporting currency is EUR"), "{}", ran.err);
}

#[test]
fn decisions_are_judged_by_the_truth() {
    let truth = shop().join("truth.jsonl");
    let judge = |more: &[&str]| {
        let mut args = vec!["evaluate", "--json", "--decisions", "decisions.jsonl", "--labels", arg(&truth)];
        args.extend(more);
        ringfence(made(), &args).ends(0).json()
    };
    let plain = judge(&[]);
    let decisions = lines(&made().join("decisions.jsonl"));
    assert!(
        plain["rows"].as_u64() <= Some(decisions.len() as u64) && plain["labels"][3] == json!(0),
        "{plain}"
    );
    let rich = judge(&["--vectors", "vectors.parquet", "--budget", "20"]);
    assert_eq!(rich["budget_rows"], json!(20.0));
    let names: Vec<&str> =
        rich["baselines"].as_array().expect("a list").iter().filter_map(|b| b["name"].as_str()).collect();
    assert!(names.contains(&"past refund rate"), "{names:?}");
    assert!(rich["model"]["average_precision"]["value"].as_f64() > Some(0.0), "{rich}");
}

#[test]
fn labels_that_are_none_or_of_other_events_are_told() {
    let dir = folder();
    let decisions = made().join("decisions.jsonl");
    for (labels, words) in [
        ("", "no line of this file has a refund and a label"),
        ("{\"refund\":\"R1\",\"label\":\"fraud\"}", "l.jsonl:1"),
        ("{\"refund\":\"nobody\",\"label\":\"abuse\"}", "no decision is on a refund of the labels"),
    ] {
        file(dir.path(), "l.jsonl", labels);
        let ran = ringfence(dir.path(), &["evaluate", "--decisions", arg(&decisions), "--labels", "l.jsonl"])
            .ends(1);
        assert!(ran.err.contains(words) && ran.err.contains("help: "), "{}", ran.err);
    }
    file(dir.path(), "d.jsonl", "{\"refund\":\"R1\"}");
    let ran = ringfence(dir.path(), &["evaluate", "--decisions", "d.jsonl", "--labels", "l.jsonl"]).ends(1);
    assert!(ran.err.contains("not a decision") && ran.err.contains("d.jsonl:1"), "{}", ran.err);
}

#[test]
fn two_policies_are_compared_on_the_same_requests() {
    let dir = folder();
    let (truth, model) = (shop().join("truth.jsonl"), made().join("model.json"));
    let back = |a: &str, b: &str, more: &[&str]| {
        let mut args = vec!["backtest", "--events", events(), "--model", arg(&model), "--from", UNTIL];
        args.extend(["--policy", a, "--policy", b]);
        args.extend(more);
        ringfence(dir.path(), &args).ends(0)
    };
    let same = back("default", "default", &["--json"]).json();
    assert_eq!((&same["differ"], &same["b_saves_minor"]), (&json!(0), &json!(0)));
    let other =
        back("default", "rules-only", &["--json", "--labels", arg(&truth), "--html", "b.html"]).json();
    assert_eq!(other["requests"], same["requests"]);
    assert!(other["differ"].as_u64() > Some(0) && other["labelled"] == other["requests"], "{other}");
    let page = std::fs::read_to_string(dir.path().join("b.html")).expect("written");
    assert!(page.contains("Reviewers") && page.contains("rules only"));
    let words = back("default", "rules-only", &["--labels", arg(&truth)]).out;
    assert!(words.contains("total cost") && words.contains("reviewers' hours"), "{words}");
}
