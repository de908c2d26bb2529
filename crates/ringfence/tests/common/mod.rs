//! How is the binary run by tests? In a folder of its own, with nothing of the caller's configuration.

#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod serving;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Seed, accounts and days of the small shop that tests share.
pub(crate) const SHOP: [&str; 6] = ["--seed", "3", "--accounts", "3000", "--days", "150"];

/// What a run of the binary left behind.
pub(crate) struct Ran {
    /// Exit status.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Ran {
    /// The standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("not JSON ({e}): {}\n{}", self.out, self.err))
    }
    /// Asserts the exit status, with what was printed.
    pub(crate) fn ends(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "standard output:\n{}\nstandard error:\n{}", self.out, self.err);
        self
    }
}

/// Runs the binary in `dir`.
pub(crate) fn ringfence(dir: &Path, args: &[&str]) -> Ran {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_ringfence"))
        .args(args)
        .current_dir(dir)
        .env("COLUMNS", "100")
        .env_remove("RINGFENCE_TOKEN_KEY")
        .output()
        .expect("the binary runs");
    Ran {
        code: status.code().expect("it was not killed"),
        out: String::from_utf8(stdout).expect("UTF-8"),
        err: String::from_utf8(stderr).expect("UTF-8"),
    }
}

/// A folder for one test.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The small shop, simulated once for all tests of a file: the folder with `events.jsonl.zst` and `truth.jsonl`.
pub(crate) fn shop() -> &'static Path {
    static SHOP_DIR: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = SHOP_DIR.get_or_init(|| {
        let dir = folder();
        let mut args = vec!["simulate", "--scenario", "small", "--out", "shop"];
        args.extend(SHOP);
        ringfence(dir.path(), &args).ends(0);
        let path = dir.path().join("shop");
        (dir, path)
    });
    path
}

/// A path as an argument.
pub(crate) fn arg(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Writes a file into a folder and returns its path.
pub(crate) fn file(dir: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, content).expect("writable");
    path
}

/// What a command that looks for something finds in the small shop: its JSON, one finding a line.
pub(crate) fn findings(command: &str, more: &[&str]) -> Vec<Value> {
    let events = shop().join("events.jsonl.zst");
    let args = [&[command, "--json", "--events", arg(&events)], more].concat();
    let out = ringfence(folder().path(), &args).ends(0).out;
    out.lines().map(|line| serde_json::from_str(line).expect("a finding a line")).collect()
}
