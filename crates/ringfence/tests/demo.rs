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
