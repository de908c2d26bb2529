//! Where is a policy wrong, and how is it mended?

use ringfence_domain::words::nearest;
use std::fmt;
use std::ops::Range;

/// Why a policy was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct PolicyError {
    /// Line in the policy file, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it, where that can be said.
    pub help: Option<String>,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "policy, line {}, column {}: {}", self.line, self.column, self.message)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

impl PolicyError {
    /// A fault at byte `offset` of `source`.
    pub(crate) fn at(source: &str, offset: usize, message: impl Into<String>) -> Self {
        let mut offset = offset.min(source.len());
        while !source.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &source[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// From the TOML reader: its message in our words, with the nearest word where one was expected.
    pub(crate) fn from_toml(source: &str, error: &toml::de::Error) -> Self {
        let offset = error.span().map_or(0, |span| span.start);
        let message = error.message().trim().replace('\n', ", ");
        // The reader names Rust's types; people write numbers.
        let message = message
            .replace("expected f64", "expected a number")
            .replace("expected u32", "expected a whole number");
        let mut quoted = message.split('`').skip(1).step_by(2);
        let about_words = message.starts_with("unknown field") || message.starts_with("unknown variant");
        if !about_words {
            return Self::at(source, offset, message);
        }
        let wrong = quoted.next().unwrap_or_default();
        let words: Vec<&str> = quoted.collect();
        let what = if message.starts_with("unknown field") {
            "is not a key of this table"
        } else {
            "is not a word that can stand here"
        };
        let help = match nearest(wrong, words.iter().copied()) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("it is one of {}", words.join(", ")),
        };
        Self::at(source, offset, format!("`{wrong}` {what}")).help(help)
    }

    /// From an expression that stands in the text at `span` of `source`, quotes included.
    pub(crate) fn from_expression(
        source: &str,
        span: &Range<usize>,
        text: &str,
        error: ringfence_expr::ExprError,
    ) -> Self {
        let written = source.get(span.clone()).unwrap_or_default();
        let quotes = written.len() - written.trim_start_matches(['"', '\'']).len();
        // A newline right after three quotes is not part of the text.
        let newline = usize::from(quotes == 3 && written[quotes..].starts_with('\n'));
        let start = quotes + newline;
        let verbatim = written.get(start..).is_some_and(|rest| rest.starts_with(text));
        let fault = if verbatim {
            Self::at(source, span.start + start + error.offset, error.message)
        } else {
            // Escapes shift positions; then the expression's own line and column are told.
            let message =
                format!("in the expression, line {}, column {}: {}", error.line, error.column, error.message);
            Self::at(source, span.start, message)
        };
        Self { help: error.help, ..fault }
    }
}
