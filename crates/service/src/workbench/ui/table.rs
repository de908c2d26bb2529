//! How are many things shown? In rows, a page at a time from a key on; on a phone each row is a card.

use crate::workbench::lang::Texts;
use crate::workbench::ui::states;
use maud::{Markup, html};

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// What stands in it.
    pub title: String,
    /// Whether it holds numbers, which stand at the right.
    pub number: bool,
}

impl Column {
    /// Of texts.
    pub fn text(title: &str) -> Column {
        Column { title: title.to_owned(), number: false }
    }
    /// Of numbers.
    pub fn number(title: &str) -> Column {
        Column { title: title.to_owned(), number: true }
    }
}

/// What stands in a column of a row.
pub type Cell = Markup;

/// A table. The first cell of a row holds its link, if it leads somewhere.
#[derive(Debug)]
pub struct Table<'a> {
    /// The texts of the person's language.
    pub t: &'a Texts,
    /// What the rows are.
    pub caption: String,
    /// Names the body, for scripts that add rows.
    pub id: Option<&'static str>,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// What to say where there is no row.
    pub none: String,
    /// Where the rows after these are.
    pub next: Option<String>,
    /// Where the first rows are, unless these are the first.
    pub first: Option<String>,
}

impl Table<'_> {
    /// Draws it.
    pub fn draw(&self) -> Markup {
        html! {
            @if self.rows.is_empty() { (states::empty(&self.none)) }
            @if !self.rows.is_empty() || self.id.is_some() {
                div.table role="group" aria-label=(self.caption) tabindex="0" {
                    table {
                        caption.hidden { (self.caption) }
                        thead { tr { @for column in &self.columns { th scope="col" .number[column.number] { (column.title) } } } }
                        tbody id=[self.id] {
                            @for row in &self.rows { (row_of(&self.columns, row)) }
                        }
                    }
                }
            }
            @if self.next.is_some() || self.first.is_some() {
                nav.paging aria-label=(self.caption) {
                    @if let Some(first) = &self.first { a href=(first) { (self.t.frame.page_first) } }
                    @if let Some(next) = &self.next { a href=(next) rel="next" { (self.t.frame.page_next) " →" } }
                }
            }
        }
    }
}

/// One row, for a table of these columns.
pub fn row_of(columns: &[Column], cells: &[Cell]) -> Markup {
    html! {
        tr data-row {
            @for (column, cell) in columns.iter().zip(cells) {
                td .number[column.number] .none[cell.0.is_empty()] data-label=(column.title) { (cell) }
            }
        }
    }
}
