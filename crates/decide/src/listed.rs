//! What did people say beforehand of this request? Lists that its identifiers are on, and rules that are suppressed.
//!
//! Whoever asks for a decision looks this up; rules see it as `request.on_deny_list`, `request.on_allow_list` and
//! `request.on_watch_list`, and the policy says what follows. A suppressed rule does not bound the choice, and the
//! decision says so: nothing is silent.

use ringfence_domain::Reason;
use std::fmt::Write as _;

/// The code of a reason that tells of a suppressed rule.
pub const RULE_SUPPRESSED: &str = "rule_suppressed";
/// Entries that a reason names: more would hide the rest.
const ENTRIES_TOLD_MAX: usize = 4;

/// What is known of a request beforehand. Empty for most.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listed {
    /// Entries of the deny list.
    pub deny: Vec<Entry>,
    /// Entries of the allow list.
    pub allow: Vec<Entry>,
    /// Entries of the watch list.
    pub watch: Vec<Entry>,
    /// Rules that do not bound this request.
    pub suppressed: Vec<Suppressed>,
}

/// An entry of a list that the request meets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// What of the request is on the list: `account`, `device`, …
    pub kind: &'static str,
    /// Its number: where it stands in the log.
    pub entry: u64,
}

/// A rule that people have suppressed for this request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suppressed {
    /// The rule's name.
    pub rule: String,
    /// The number of the suppression: where it stands in the log.
    pub entry: u64,
}

impl Listed {
    /// The suppression of a rule, if there is one.
    pub(crate) fn suppression(&self, rule: &str) -> Option<&Suppressed> {
        self.suppressed.iter().find(|s| s.rule == rule)
    }
    /// The entries behind a reason code of lists: ` (device, entry 12; account, entry 15)`.
    pub(crate) fn told(&self, code: &str) -> String {
        let entries = match code {
            "on_deny_list" => &self.deny,
            "on_allow_list" => &self.allow,
            "on_watch_list" => &self.watch,
            _ => return String::new(),
        };
        let mut out = String::new();
        for Entry { kind, entry } in entries.iter().take(ENTRIES_TOLD_MAX) {
            let between = if out.is_empty() { " (" } else { "; " };
            write!(out, "{between}{kind}, entry {entry}").expect("a String takes all text");
        }
        if entries.len() > ENTRIES_TOLD_MAX {
            write!(out, "; {} more", entries.len() - ENTRIES_TOLD_MAX).expect("a String takes all text");
        }
        if !out.is_empty() {
            out.push(')');
        }
        out
    }
}

/// The reason that tells of a rule that would have matched.
pub(crate) fn reason(suppressed: &Suppressed) -> Reason {
    let Suppressed { rule, entry } = suppressed;
    let text = format!("The rule `{rule}` matches, and was suppressed for this request (entry {entry}).");
    Reason { code: RULE_SUPPRESSED.to_owned(), text, weight: 0.0, events: Vec::new() }
}
