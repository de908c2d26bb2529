//! How is a result printed, for people and for programs?

use crate::failure::{At, Failure};
use comfy_table::{CellAlignment, ContentArrangement, Table, TableComponent, presets};
use ringfence_domain::Timestamp;
use ringfence_report::text;
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// Width of a printed table where the terminal does not tell its own.
const WIDTH: u16 = 100;

/// Whether standard error takes colours: a terminal, and `NO_COLOR` unset (no-color.org).
pub(crate) fn colours_on_stderr() -> bool {
    std::io::stderr().is_terminal() && no_color_unset()
}

/// Whether standard output takes colours.
pub(crate) fn colours() -> bool {
    std::io::stdout().is_terminal() && no_color_unset()
}

fn no_color_unset() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A headline.
pub(crate) fn headline(words: &str) -> String {
    if colours() { format!("\u{1b}[1m{words}\u{1b}[0m") } else { words.to_owned() }
}

/// Writes a result as one JSON document, indented, with its line end.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(value).at("the result as JSON")?;
    text.push('\n');
    out(&text)
}

/// Writes a result as JSON on one line.
pub(crate) fn json_line(value: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string(value).at("the result as JSON")?;
    text.push('\n');
    out(&text)
}

/// Writes text to standard output; a reader that went away (`| head`) is no failure.
pub(crate) fn out(words: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(words.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write: {error}"), "standard output"))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A table: names of columns (a leading `>` puts a column to the right) and rows.
pub(crate) fn table(columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table
        .set_style(TableComponent::HeaderLines, '─')
        .set_style(TableComponent::MiddleHeaderIntersections, '─');
    table.set_width(terminal_width());
    table.set_header(columns.iter().map(|c| c.trim_start_matches('>')));
    for row in rows {
        table.add_row(row);
    }
    for (i, _) in columns.iter().enumerate().filter(|(_, c)| c.starts_with('>')) {
        if let Some(column) = table.column_mut(i) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut out = String::new();
    for line in table.to_string().lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn terminal_width() -> u16 {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|c| c.parse().ok())
        .filter(|c| (40..=400).contains(c))
        .unwrap_or(WIDTH)
}

/// A count with separators.
pub(crate) fn count(n: u64) -> String {
    text::count(n as f64)
}

/// Bytes in the unit that suits them.
pub(crate) fn bytes(n: u64) -> String {
    match n {
        0..=9_999 => format!("{n} B"),
        10_000..=9_999_999 => format!("{:.1} KB", n as f64 / 1e3),
        10_000_000..=9_999_999_999 => format!("{:.1} MB", n as f64 / 1e6),
        _ => format!("{:.1} GB", n as f64 / 1e9),
    }
}

/// Tells of refund requests that could not be converted to the reporting currency.
pub(crate) fn passed_over(requests: u64) {
    if requests > 0 {
        eprintln!("warning: {} refund requests without a rate were passed over", count(requests));
    }
}

/// The day of a time, as in 2023-09-01.
pub(crate) fn day(at: Timestamp) -> String {
    let (year, month, day) = at.civil();
    format!("{year:04}-{month:02}-{day:02}")
}

/// A probability; never the certainty that a lead has not.
pub(crate) fn probability(p: f64) -> String {
    const SURE: f64 = 0.999;
    if p > SURE { format!("> {}", text::share(SURE)) } else { text::share(p) }
}

/// A word of an enumeration as it stands in the JSON.
pub(crate) fn word(word: &impl Serialize) -> String {
    serde_json::to_value(word).ok().and_then(|v| v.as_str().map(|s| s.replace('_', " "))).unwrap_or_default()
}

/// A sentence's first letter large.
pub(crate) fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
