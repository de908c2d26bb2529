//! What is known of the order, parcel, contact, staff member… that an event names? Facts one hop away.
//!
//! Every kind that other events lead to has a row of named facts: the order its delivery and its return record,
//! the member of staff their role. The rows are what reconciliation reads: a claim against the parcel, a receipt
//! record against the scans. A row sees each event once, in the order of arrival.

mod blocks;
mod note;

pub use blocks::*;

use crate::fact::{LineFact, dearest};
use crate::kind::{Id, Kind, NO_ID};
use ringfence_domain::grow::Chunked;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Lines kept of an order: requests name them by number. Orders beyond are rare; their other lines stay unknown.
pub const LINES_KEPT_MAX: usize = 16;

const NO_ROW: u32 = u32::MAX;

/// Rows that a table grows by: what is there is never moved, and little lies idle.
const CHUNK_ROWS: usize = 256;

/// One table: rows by identifier, allocated when first written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Table {
    rows: Chunked<u32>,
    chunks: Vec<Vec<f64>>,
    used: u32,
    stride: usize,
}

impl Table {
    #[inline]
    fn get(&self, id: Id, field: usize) -> f64 {
        self.facts(id).map_or(f64::NAN, |facts| facts[field])
    }
    /// The facts of `id`, where it has some.
    #[inline]
    fn facts(&self, id: Id) -> Option<&[f64]> {
        match self.rows.get(id as usize) {
            Some(&row) if row != NO_ROW => {
                let (chunk, start) = self.place(row);
                self.chunks.get(chunk)?.get(start..start + self.stride)
            }
            _ => None,
        }
    }
    #[inline]
    fn place(&self, row: u32) -> (usize, usize) {
        let row = row as usize;
        (row / CHUNK_ROWS, row % CHUNK_ROWS * self.stride)
    }
    #[inline]
    fn row(&mut self, id: Id) -> &mut [f64] {
        assert!(id != NO_ID, "only things that an event names get a row");
        let row = self.rows.reach(id as usize, || NO_ROW);
        if *row == NO_ROW {
            *row = self.used;
            if (self.used as usize).is_multiple_of(CHUNK_ROWS) {
                self.chunks.push(vec![f64::NAN; CHUNK_ROWS * self.stride]);
            }
            self.used += 1;
        }
        let row = *row;
        let (chunk, start) = self.place(row);
        &mut self.chunks[chunk][start..start + self.stride]
    }
    fn memory_bytes(&self) -> usize {
        self.rows.capacity() * 4 + self.chunks.len() * CHUNK_ROWS * self.stride * 8
    }
}

/// The facts of all kinds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Linked {
    tables: Vec<Table>,
    /// Lines of each order: start and number in `lines`.
    order_lines: Chunked<(u32, u32)>,
    /// Those of an order side by side.
    lines: Chunked<KeptLine>,
}

/// A line of an order as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptLine {
    /// Its number within the order.
    pub line: u32,
    /// Pieces.
    pub quantity: u32,
    /// The article, or [`NO_ID`].
    pub sku: Id,
    /// Its category, or [`NO_ID`].
    pub category: Id,
    /// Price of a piece, reporting currency; NaN where unknown.
    pub unit_price: f64,
}

impl KeptLine {
    /// What fills a chunk whose rest is too short.
    const NONE: KeptLine =
        KeptLine { line: 0, quantity: 0, sku: NO_ID, category: NO_ID, unit_price: f64::NAN };
}

impl Default for Linked {
    fn default() -> Self {
        let table = |b: &Block| Table { stride: b.facts().len(), ..Table::default() };
        Self {
            tables: Block::ALL.iter().map(table).collect(),
            order_lines: Chunked::default(),
            lines: Chunked::default(),
        }
    }
}

impl Linked {
    /// A fact of `id`; NaN where it, or the thing, is unknown.
    #[inline]
    pub fn get(&self, block: Block, id: Id, field: usize) -> f64 {
        self.tables[block as usize].get(id, field)
    }
    /// The number of the row that a table has for `id`; 0 where it has none.
    #[inline]
    pub(crate) fn row_number(&self, block: Block, id: Id) -> usize {
        self.tables[block as usize].rows.get(id as usize).map_or(0, |&row| row as usize)
    }
    /// The facts that a table holds of `id`, where it has some.
    #[inline]
    pub fn row_of(&self, block: Block, id: Id) -> Option<&[f64]> {
        self.tables[block as usize].facts(id)
    }
    /// An identifier among the facts; [`NO_ID`] where unknown.
    #[inline]
    pub fn id(&self, block: Block, id: Id, field: usize) -> Id {
        let v = self.get(block, id, field);
        if v.is_nan() { NO_ID } else { v as Id }
    }
    /// All facts of one thing, table by table.
    pub fn facts_of(&self, kind: Kind, id: Id) -> impl Iterator<Item = f64> + '_ {
        let blocks = Block::ALL.iter().filter(move |b| b.kind() == kind);
        blocks.flat_map(move |&b| (0..b.facts().len()).map(move |field| self.get(b, id, field)))
    }
    /// The lines of an order, in the order in which they came.
    pub fn lines(&self, order: Id) -> &[KeptLine] {
        match self.order_lines.get(order as usize) {
            Some(&(start, n)) => self.lines.side_by_side(start as usize, n as usize),
            None => &[],
        }
    }
    /// The dearest of the lines that a request names; the order's dearest where it names none that is known.
    pub fn requested_line(&self, order: Id, lines: &[LineFact]) -> Option<LineFact> {
        let kept = self.lines(order);
        let full = |k: &KeptLine| LineFact {
            line: k.line,
            quantity: k.quantity,
            sku: k.sku,
            category: k.category,
            unit_price: k.unit_price,
        };
        let named: SmallVec<[LineFact; 4]> =
            kept.iter().filter(|k| lines.iter().any(|l| l.line == k.line)).map(full).collect();
        let all: SmallVec<[LineFact; 4]> =
            if named.is_empty() { kept.iter().map(full).collect() } else { named };
        dearest(&all).or_else(|| dearest(lines)).copied()
    }
    fn row(&mut self, block: Block, id: Id) -> &mut [f64] {
        self.tables[block as usize].row(id)
    }
    /// Bytes held.
    pub fn memory_bytes(&self) -> usize {
        self.tables.iter().map(Table::memory_bytes).sum::<usize>()
            + self.order_lines.capacity() * 8
            + self.lines.capacity() * size_of::<KeptLine>()
    }
}
