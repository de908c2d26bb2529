//! Why was an event refused? Where, what is wrong, and what to do about it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Bytes of a foreign value that a refusal quotes: enough to recognise it.
const QUOTE_BYTES_MAX: usize = 200;

/// One refused event.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
pub struct Refusal {
    /// Line of the file, from 1; `None` for an event that came alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Where in the JSON (RFC 6901); empty for the whole text.
    pub pointer: String,
    /// What is wrong.
    pub reason: String,
    /// How to mend it.
    pub remedy: String,
}

impl Refusal {
    /// A refusal without a line yet.
    pub fn new(pointer: impl Into<String>, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { line: None, pointer: pointer.into(), reason: shortened(reason.into()), remedy: remedy.into() }
    }
    /// The same refusal, of line `line` (from 1).
    pub fn at_line(self, line: u64) -> Self {
        Self { line: Some(line), ..self }
    }
    /// The same refusal below `prefix`, an RFC 6901 pointer.
    pub(crate) fn below(self, prefix: &str) -> Self {
        Self { pointer: format!("{prefix}{}", self.pointer), ..self }
    }
    /// The same refusal without the value that was found: it may be personal data.
    pub(crate) fn without_values(mut self) -> Self {
        if let Some(found) = self.reason.strip_prefix("found ") {
            let (what, expected) = found.split_once(", expected ").unwrap_or((found, "something else"));
            let kind = what.split(['`', '"']).next().unwrap_or("a value").trim_end();
            self.reason = format!("found {kind}, expected {expected}");
        }
        self
    }
    pub(crate) fn too_long(bytes_max: usize) -> Self {
        Self::new(
            "",
            format!("longer than {bytes_max} bytes"),
            "check that every event ends with a line feed; shorten its texts, or raise limits.line_bytes_max",
        )
    }
}

/// Long texts lose their middle: the beginning quotes what was found, the end says what was expected.
fn shortened(reason: String) -> String {
    if reason.len() <= 2 * QUOTE_BYTES_MAX {
        return reason;
    }
    let head = char_floor(&reason, QUOTE_BYTES_MAX);
    let tail = char_floor(&reason, reason.len() - QUOTE_BYTES_MAX / 2);
    format!("{} … {}", &reason[..head], &reason[tail..])
}

/// The last character boundary at or before `at`.
pub(crate) fn char_floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// `line 17: /data/amount: found a text, expected a whole number; write …`
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.pointer.is_empty() {
            write!(f, "{}: ", self.pointer)?;
        }
        write!(f, "{}; {}", self.reason, self.remedy)
    }
}

/// Escapes one part of an RFC 6901 pointer and appends it.
pub(crate) fn push_pointer(pointer: &mut String, part: &str) {
    pointer.push('/');
    for c in part.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}
