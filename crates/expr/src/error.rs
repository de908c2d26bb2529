//! Where is an expression wrong, and how is it mended?

use std::fmt;

/// Why an expression was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ExprError {
    /// Byte offset into the source.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it, where that can be said.
    pub help: Option<String>,
}

impl fmt::Display for ExprError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

impl ExprError {
    /// The line of `source` that holds the fault, with a caret under it.
    pub fn snippet(&self, source: &str) -> String {
        let line = source.lines().nth(self.line - 1).unwrap_or_default();
        format!("{line}\n{}^", " ".repeat(self.column - 1))
    }
}

/// A fault before its line and column are known.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) offset: usize,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Fault {
    pub(crate) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into(), help: None }
    }
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }
    /// Finds line and column; the offset is moved back to the start of the character that it lies in.
    pub(crate) fn locate(self, source: &str) -> ExprError {
        let mut offset = self.offset.min(source.len());
        while !source.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &source[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        ExprError {
            offset,
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: self.message,
            help: self.help,
        }
    }
}

/// The valid word nearest to `wrong`, where one is near enough to be meant.
pub(crate) fn nearest<'a>(wrong: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    // A third of the letters may be wrong, but at least two: enough for slips, too little for other words.
    let far = (wrong.chars().count() / 3).max(2);
    words
        .into_iter()
        .map(|word| (distance(&wrong, &word.to_lowercase()), word))
        .filter(|(d, _)| *d <= far)
        .min()
        .map(|(_, word)| word)
}

/// Edits between two words; a word that only lacks a prefix up to a point (`amount` for `data.amount`) is near.
fn distance(wrong: &str, word: &str) -> usize {
    let whole = strsim::damerau_levenshtein(wrong, word);
    match word.rsplit_once('.') {
        Some((_, last)) if !wrong.contains('.') => whole.min(strsim::damerau_levenshtein(wrong, last) + 1),
        _ => whole,
    }
}

/// `did you mean `x`?`
pub(crate) fn did_you_mean<'a>(wrong: &str, words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(wrong, words).map(|word| format!("did you mean `{word}`?"))
}
