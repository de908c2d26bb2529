//! How does a table look? Words to the left, numbers to the right, its best row set off.

use super::rich::{Terms, rich};
use maud::{Markup, html};

/// A cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words, to the left.
    Text(String),
    /// A number as it is to be read ([`crate::text`] writes them), to the right.
    Number(String),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}
impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(text)
    }
}

/// A table with a caption.
#[derive(Clone, Debug)]
pub struct Table {
    caption: String,
    columns: Vec<String>,
    rows: Vec<(bool, Vec<Cell>)>,
}

impl Table {
    /// An empty table; an empty caption is left out.
    pub fn new(caption: &str, columns: &[&str]) -> Table {
        Table {
            caption: caption.to_owned(),
            columns: columns.iter().map(|c| (*c).to_owned()).collect(),
            rows: vec![],
        }
    }
    /// Adds a row.
    ///
    /// # Panics
    /// Where it has not one cell a column.
    pub fn row(self, cells: Vec<Cell>) -> Table {
        self.push(false, cells)
    }
    /// Adds a row that is set off: the one the table is about.
    ///
    /// # Panics
    /// Where it has not one cell a column.
    pub fn strong(self, cells: Vec<Cell>) -> Table {
        self.push(true, cells)
    }
    fn push(mut self, strong: bool, cells: Vec<Cell>) -> Table {
        assert_eq!(cells.len(), self.columns.len(), "one cell a column in table `{}`", self.caption);
        self.rows.push((strong, cells));
        self
    }
    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
    fn is_number(&self, column: usize) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|(_, r)| matches!(r[column], Cell::Number(_)))
    }
    pub(super) fn render(&self, terms: &Terms) -> Markup {
        html! {
            div class="table" tabindex="0" {
                table {
                    @if !self.caption.is_empty() { caption { (rich(&self.caption, terms)) } }
                    thead { tr { @for (i, name) in self.columns.iter().enumerate() {
                        th scope="col" class=[self.is_number(i).then_some("number")] { (rich(name, terms)) }
                    } } }
                    tbody { @for (strong, cells) in &self.rows {
                        tr class=[strong.then_some("strong")] { @for cell in cells {
                            @match cell {
                                Cell::Text(text) => td { (rich(text, terms)) },
                                Cell::Number(text) => td class="number" { (text) },
                            }
                        } }
                    } }
                }
            }
        }
    }
}
