//! Does the demo run the whole main job, and do its files say what the commands say one by one?

mod common;

use common::{file, folder, ringfence};
use serde_json::Value;

const SMALL: [&str; 8] = ["--scenario", "small", "--seed", "3", "--accounts", "3000", "--days", "150"];

#[test]
fn the_demo_tells_a_story_writes_its_files_and_agrees_with_the_commands() {
    let dir = folder();
    let args: Vec<&str> = ["demo", "--out", "d"].into_iter().chain(SMALL).collect();
    let ran = ringfence(dir.path(), &args).ends(0);
    for words in [
        "A simulated marketplace",
        "average precision",
        "What it saves",
        "Three decisions",
        "report, open this",
    ] {
        assert!(ran.out.contains(words), "{words}\n{}", ran.out);
    }
    let read = |name: &str| std::fs::read_to_string(dir.path().join("d").join(name)).expect("written");
    let report = read("report.html");
    assert!(
        report.starts_with("<!DOCTYPE html>") && report.matches("<article class=\"dossier").count() == 3,
        "three cases"
    );
    let figures: Value = serde_json::from_str(&read("figures.json")).expect("JSON");
    assert!(figures["seconds_total"].as_f64() > Some(0.0));
    // What the demo says one does by hand gives the same.
    let cut = &figures["cut"].as_str().expect("a time")[..10];
    let score = [
        "score",
        "--events",
        "d/events.jsonl.zst",
        "--model",
        "d/model.json",
        "--from",
        cut,
        "--out",
        "by-hand.jsonl",
    ];
    ringfence(dir.path(), &score).ends(0);
    assert_eq!(
        std::fs::read_to_string(dir.path().join("by-hand.jsonl")).expect("written"),
        read("decisions.jsonl")
    );
    // A second run writes over its own folder and comes to the same.
    let again =
        ringfence(dir.path(), &args.iter().copied().chain(["--json"]).collect::<Vec<_>>()).ends(0).json();
    assert_eq!(again["evaluation"], figures["evaluation"]);
    assert_eq!(again["comparison"], figures["comparison"]);
}

#[test]
fn several_seeds_are_told_beside_their_baselines_and_goals() {
    let dir = folder();
    let small = ["--scenario", "small", "--accounts", "3000", "--days", "150"];
    let args: Vec<&str> = ["demo", "--out", "d", "--seeds", "3,4"].into_iter().chain(small).collect();
    let words = ringfence(dir.path(), &args).ends(0).out;
    for told in ["seed 3", "seed 4", "rules only", "past refund rate", "≥ 0.15", "≤ 0.02", "≥ 85"] {
        assert!(words.contains(told), "{told}\n{words}");
    }
    let all =
        ringfence(dir.path(), &args.iter().copied().chain(["--json"]).collect::<Vec<_>>()).ends(0).json();
    let seeds = all["seeds"].as_array().expect("a list");
    assert_eq!(seeds.len(), 2);
    for seed in seeds {
        let of = |name: &str| seed[name].as_f64().unwrap_or_else(|| panic!("{name}: {seed}"));
        let best = of("average_precision_rules_only").max(of("average_precision_past_refund_rate"));
        let above = of("average_precision_above_best_baseline");
        assert!((of("average_precision") - best - above).abs() < 1e-9, "{seed}");
        // What a seed's own folder says is what the table says.
        let figures = dir.path().join("d").join(format!("seed-{}", seed["seed"])).join("figures.json");
        let figures: Value = serde_json::from_slice(&std::fs::read(figures).expect("written")).expect("JSON");
        assert_eq!(figures["evaluation"]["model"]["ece"], seed["ece"]);
    }
    for goal in all["goals"].as_array().expect("a list") {
        assert_eq!(goal["met"].as_array().map(Vec::len), Some(2), "{goal}");
    }
}

#[test]
fn the_steps_by_hand_name_the_scenario() {
    let dir = folder();
    let args: Vec<&str> = ["demo", "--out", "d"].into_iter().chain(SMALL).collect();
    let told = ringfence(dir.path(), &args).ends(0).out;
    let line = told.lines().find(|l| l.contains("ringfence simulate")).expect("the first step");
    let by_hand: Vec<&str> = line.split_whitespace().skip(1).collect();
    assert!(line.contains("--scenario small"), "{line}");
    // The command as it is told writes the same events.
    let before = std::fs::read(dir.path().join("d/events.jsonl.zst")).expect("written");
    ringfence(dir.path(), &by_hand).ends(0);
    assert!(std::fs::read(dir.path().join("d/events.jsonl.zst")).expect("written") == before);
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let dir = folder();
    std::fs::create_dir(dir.path().join("d")).expect("writable");
    file(&dir.path().join("d"), "precious.txt", "mine");
    let args: Vec<&str> = ["demo", "--out", "d"].into_iter().chain(SMALL).collect();
    let ran = ringfence(dir.path(), &args).ends(1);
    assert!(ran.err.contains("the folder is not empty") && ran.err.contains("--out"), "{}", ran.err);
    let left: Vec<_> =
        std::fs::read_dir(dir.path().join("d")).expect("there").flatten().map(|e| e.file_name()).collect();
    assert_eq!(left, ["precious.txt"]);
}
