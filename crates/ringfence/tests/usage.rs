//! Does every command explain itself, and does it say so when it is asked for wrongly?

mod common;

use common::{folder, ringfence};

const COMMANDS: [&str; 21] = [
    "demo",
    "simulate",
    "import",
    "check",
    "pack",
    "replay",
    "train",
    "score",
    "evaluate",
    "backtest",
    "review-plan",
    "returns",
    "rings",
    "attribution",
    "insiders",
    "posts",
    "serve",
    "evidence",
    "log",
    "backup",
    "restore",
];

#[test]
fn the_help_lists_exactly_the_commands_that_exist() {
    let help = ringfence(folder().path(), &["--help"]).ends(0).out;
    let listed: Vec<&str> = help
        .lines()
        .skip_while(|l| *l != "Commands:")
        .skip(1)
        .take_while(|l| l.starts_with("  "))
        // A line of its own has the name at the third place; what it goes on with stands further in.
        .filter(|l| !l.starts_with("   "))
        .filter_map(|l| l.split_whitespace().next())
        .collect();
    let expected: Vec<&str> = COMMANDS.into_iter().chain(["help"]).collect();
    assert_eq!(listed, expected);
}

#[test]
fn every_command_has_a_help_with_an_example() {
    for command in COMMANDS {
        let help = ringfence(folder().path(), &[command, "--help"]).ends(0).out;
        assert!(
            help.contains("Example:") && help.contains(&format!("ringfence {command}")),
            "{command}: {help}"
        );
        assert!(help.contains("--json") && help.contains("--config"), "{command}");
    }
}

#[test]
fn wrong_usage_ends_with_status_2() {
    for args in [
        &[][..],
        &["nonsense"],
        &["check"],
        &["simulate"],
        &["simulate", "--out", "x", "--accounts", "many"],
        &["simulate", "--out", "x", "--accounts", "3"],
        &["import", "excel", "a.xls", "--out", "b"],
        &["import", "csv", "a.csv", "--out", "b"],
        &["import", "card-fraud", "a.csv", "--out", "b", "--map", "m.toml"],
        &["import", "telegram", "result.json", "--out", "b", "--map", "m.toml"],
        &["evaluate", "--decisions", "d"],
        &["evaluate", "--decisions", "d", "--labels", "l", "--budget", "0"],
        &["replay"],
        &["train", "--out", "m"],
        &["score"],
        &["review-plan", "--decisions", "d"],
        &["review-plan", "--decisions", "d", "--budget", "9", "--random", "2"],
        &["backtest", "--events", "e", "--policy", "default"],
    ] {
        ringfence(folder().path(), args).ends(2);
    }
}

#[test]
fn a_file_that_is_not_there_ends_with_status_1_and_says_what_and_where() {
    let dir = folder();
    for args in [
        &["check", "nowhere.jsonl"][..],
        &["simulate", "--scenario", "nowhere.jsonl", "--out", "x"],
        &["import", "card-fraud", "nowhere.jsonl", "--out", "b.jsonl"],
        &["evaluate", "--decisions", "nowhere.jsonl", "--labels", "nowhere.jsonl"],
        &["replay", "--events", "nowhere.jsonl"],
        &["train", "--events", "nowhere.jsonl", "--until", "2023-01-01T00:00:00Z", "--out", "m"],
        &["--config", "nowhere.jsonl", "check", "x"],
    ] {
        let ran = ringfence(dir.path(), args).ends(1);
        let first = ran.err.lines().next().unwrap_or_default();
        assert!(first.starts_with("error: ") && first.ends_with(": nowhere.jsonl"), "{args:?}: {}", ran.err);
        assert!(ran.err.contains("\nhelp: "), "{args:?}: {}", ran.err);
        assert!(ran.out.is_empty(), "{args:?}");
    }
}

#[test]
fn a_wrong_configuration_is_told_with_line_and_column() {
    let dir = folder();
    common::file(dir.path(), "ringfence.toml", "reporting_currency = \"USD\"\nreporting_curency = 1\n");
    let ran = ringfence(dir.path(), &["check", "x"]).ends(1);
    assert!(ran.err.contains("ringfence.toml:2:1"), "{}", ran.err);
    assert!(ran.err.contains("did you mean `reporting_currency`?"), "{}", ran.err);
}

#[test]
fn errors_carry_no_colours_where_nobody_sees_them() {
    assert!(!ringfence(folder().path(), &["check", "nowhere"]).err.contains('\u{1b}'));
}
