//! What does each event do to which state, and what does each request read? The compiled catalogue.

use crate::catalogue::{AttributeType, Catalogue, CatalogueError};
use crate::compile::compile;
use crate::fact::SlotType;
use crate::foresee::Ahead;
use crate::history::Layout;
use crate::path::{KeyPath, Route};
use crate::scope::{Constants, Place};
use ringfence_domain::vector::Schema;
use ringfence_expr::{Program, Slot};
use smallvec::SmallVec;

/// Streams that the features over one kind of thing may have: they are the bits of a 64-bit word.
pub const STREAMS_MAX: usize = 64;

/// Filters, by number among those of an event type; all must hold.
pub(crate) type Filters = SmallVec<[u16; 2]>;

/// A value that lives as long as its thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CellOp {
    Count,
    Sum,
    Min,
    Max,
    FirstTime,
    FirstValue,
    LastTime,
    LastValue,
}

#[derive(Clone, Debug)]
pub(crate) struct StreamHit {
    pub(crate) bit: u8,
    pub(crate) filters: Filters,
}
/// Entries that share a value.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    pub(crate) value: Option<u16>,
    pub(crate) hits: Vec<StreamHit>,
}
#[derive(Clone, Debug)]
pub(crate) struct CellHit {
    pub(crate) cell: u16,
    pub(crate) op: CellOp,
    pub(crate) filters: Filters,
    pub(crate) value: Option<u16>,
}
#[derive(Clone, Debug)]
pub(crate) struct DistinctHit {
    pub(crate) set: u16,
    pub(crate) filters: Filters,
    /// The identifier.
    pub(crate) what: Slot,
}
/// What an event type does to the thing at the end of one path.
#[derive(Clone, Debug)]
pub(crate) struct FoldGroup {
    pub(crate) path: KeyPath,
    pub(crate) lanes: Vec<Lane>,
    pub(crate) cells: Vec<CellHit>,
    pub(crate) distincts: Vec<DistinctHit>,
}
/// What an event type does.
#[derive(Clone, Debug)]
pub(crate) struct TypePlan {
    /// What its filters, values and distinct sets read; they number their slots by place in this list.
    pub(crate) places: Vec<Place>,
    /// As far as it has to be followed.
    pub(crate) route: Route,
    /// What can be read of it before its turn.
    pub(crate) ahead: Ahead,
    pub(crate) filters: Vec<Program>,
    pub(crate) values: Vec<Program>,
    pub(crate) groups: Vec<FoldGroup>,
}

/// A range of a window by two of a group's cutoff cells: totals at `start` minus totals at `end`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) stream: u8,
    pub(crate) start: u16,
    pub(crate) end: Option<u16>,
}

/// How a column is read of a thing's state.
#[derive(Clone, Debug)]
pub(crate) enum How {
    Count(Span),
    Sum(Span),
    Mean(Span),
    Ratio(Span, Span),
    Rate(Span, f64),
    /// The newer half and the whole.
    Trend(Span, Span),
    Extreme {
        stream: u8,
        from_ms: i64,
        to_ms: i64,
        largest: bool,
    },
    Rank {
        stream: u8,
        from_ms: i64,
        to_ms: i64,
    },
    Entropy {
        stream: u8,
        from_ms: i64,
        to_ms: i64,
    },
    Distinct {
        set: u16,
        window_ms: Option<i64>,
    },
    Cell {
        cell: u16,
        op: CellOp,
    },
    CellRatio {
        over: u16,
        under: u16,
    },
    /// Value of the last event, no older than the window.
    Last {
        time: u16,
        value: u16,
        window_ms: Option<i64>,
    },
    Since {
        time: u16,
        window_ms: Option<i64>,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) column: u16,
    pub(crate) how: How,
    /// Whether the request itself counts.
    pub(crate) own: bool,
    /// For evidence: the stream and the window whose events stand behind the number.
    pub(crate) evidence: Option<(u8, i64, i64)>,
}

/// Everything that a request reads of the thing at the end of one path.
#[derive(Clone, Debug)]
pub(crate) struct ReadGroup {
    pub(crate) path: KeyPath,
    /// Streams that the cutoffs need.
    pub(crate) mask: u64,
    /// How far back the cutoffs lie, ms, ascending.
    pub(crate) offsets: Vec<i64>,
    /// (stream, cell) to note at each cutoff.
    pub(crate) cutoffs: Vec<Vec<(u8, u16)>>,
    pub(crate) cells: usize,
    pub(crate) reads: Vec<Read>,
}

/// Where a column comes from.
#[derive(Clone, Debug)]
pub(crate) enum ColumnSource {
    /// Filled by a read group.
    Window,
    /// An expression of the request; for categories the slot whose text is meant.
    Expr { program: Program, text_of: Option<(Slot, SlotType)>, unit: ExprUnit },
}
/// How the value of an expression becomes a number of the vector.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ExprUnit {
    Number,
    /// Milliseconds to days.
    Days,
    Text,
}

/// A compiled catalogue.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The columns of the vector.
    pub schema: Schema,
    pub(crate) attributes: Vec<(String, AttributeType)>,
    pub(crate) constants: Constants,
    pub(crate) layouts: Vec<Layout>,
    /// Cells and distinct sets a thing of each kind has.
    pub(crate) cells: Vec<Vec<CellOp>>,
    pub(crate) distincts: Vec<usize>,
    /// Horizon of each kind's distinct sets, ms.
    pub(crate) distinct_horizon_ms: Vec<i64>,
    pub(crate) types: Vec<TypePlan>,
    /// As far as a request has to be followed.
    pub(crate) request_route: Route,
    pub(crate) groups: Vec<ReadGroup>,
    /// What the expressions of columns read besides earlier columns; they number their slots by place in this list,
    /// columns after it.
    pub(crate) expr_places: Vec<Place>,
    pub(crate) columns: Vec<ColumnSource>,
}

impl Plan {
    /// Checks a catalogue's names and types and compiles it.
    pub fn compile(catalogue: &Catalogue) -> Result<Plan, CatalogueError> {
        compile(catalogue)
    }
    /// What a slot of a column's expression reads.
    pub(crate) fn expr_place(&self, slot: Slot) -> Place {
        let n = slot.0 as usize;
        self.expr_places.get(n).copied().unwrap_or_else(|| Place::Feature(n - self.expr_places.len()))
    }
    /// The plan of the catalogue that comes with Ringfence.
    pub fn builtin() -> Plan {
        Self::compile(&Catalogue::builtin()).expect("the built-in catalogue is checked by a test")
    }
}
