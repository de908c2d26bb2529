//! How is a table written for other programs? CSV (RFC 4180), UTF-8, one line end, nothing that a spreadsheet would run.

/// Rows that become a file.
#[derive(Debug)]
pub struct Rows(csv::Writer<Vec<u8>>);

impl Default for Rows {
    fn default() -> Rows {
        Rows::new()
    }
}

impl Rows {
    /// None yet.
    pub fn new() -> Rows {
        Rows(csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new()))
    }
    /// Appends a row.
    ///
    /// # Panics
    /// Where it has another number of cells than the first.
    pub fn push<T: AsRef<str>>(&mut self, cells: &[T]) {
        let cells = cells.iter().map(|cell| inert(cell.as_ref()));
        self.0.write_record(cells).expect("rows have as many cells as the first, and memory takes them");
    }
    /// The file.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_inner().expect("memory takes what is left")
    }
}

/// A text that a spreadsheet takes for a text: foreign words must not be run as a formula.
fn inert(cell: &str) -> String {
    let number =
        cell.strip_prefix('-').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !number {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}
