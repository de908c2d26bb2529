//! How does a catalogue become a plan? Names and types are checked, and what several features need is kept once.

use crate::catalogue::{
    Aggregate, AttributeType, Catalogue, CatalogueError, Feature, FeatureSource, Text, WindowFeature, nearest,
};
use crate::foresee::Ahead;
use crate::history::{Layout, RAW_BUSY_MAX, RAW_EXACT_MAX, RAW_SINGLY_MAX};
use crate::kind::Kind;
use crate::path::{KeyPath, Route};
use crate::plan::{
    CellHit, CellOp, ColumnSource, DistinctHit, ExprUnit, Filters, FoldGroup, How, Lane, Plan, Read,
    ReadGroup, STREAMS_MAX, Span, StreamHit, TypePlan,
};
use crate::scope::{Constants, EventScope, KnownColumn, Place};
use ringfence_domain::vector::{Column, ColumnKind, Schema};
use ringfence_domain::words::Word;
use ringfence_domain::{Duration, EventType};
use ringfence_expr::{ExprError, Program, Scope, Slot, Type};
use smallvec::SmallVec;

/// What an event type does, as far as the features were read.
#[derive(Clone, Debug, Default)]
struct Draft {
    filter_texts: Vec<String>,
    filters: Vec<Program>,
    value_texts: Vec<String>,
    values: Vec<Program>,
    groups: Vec<FoldGroup>,
}

impl Draft {
    /// Numbers the slots of all programs by their place in one list, which an event is read into once.
    fn finish(mut self, event_type: EventType) -> TypePlan {
        let programs = self.filters.iter().chain(&self.values).flat_map(Program::slots).copied();
        let sets = self.groups.iter().flat_map(|g| g.distincts.iter().map(|d| d.what));
        let mut places: Vec<Place> = programs.chain(sets).map(Place::of).collect();
        places.sort_unstable();
        places.dedup();
        let number = |slot: Slot| {
            let place = places.binary_search(&Place::of(slot));
            Slot(place.expect("every slot was listed just before") as u32)
        };
        for program in self.filters.iter_mut().chain(&mut self.values) {
            program.renumber(number);
        }
        for set in self.groups.iter_mut().flat_map(|g| &mut g.distincts) {
            set.what = number(set.what);
        }
        let ends = self.groups.iter().map(|g| g.path);
        let route = Route::to(event_type, ends.chain(places.iter().flat_map(|p| p.paths().iter().copied())));
        let kinds: Vec<Kind> = self.groups.iter().map(|g| g.path.kind()).collect();
        let ahead = Ahead::new(event_type, &kinds);
        TypePlan { places, route, ahead, filters: self.filters, values: self.values, groups: self.groups }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct StreamKey {
    path: KeyPath,
    on: Vec<EventType>,
    filters: Vec<String>,
    value: Option<String>,
}

/// State that the features over one kind need.
#[derive(Clone, Debug, Default)]
struct KindPlan {
    streams: Vec<StreamKey>,
    cells: Vec<(StreamKey, CellOp)>,
    distincts: Vec<StreamKey>,
}

struct Compiler<'a> {
    catalogue: &'a Catalogue,
    attributes: Vec<(String, AttributeType)>,
    constants: Constants,
    kinds: Vec<KindPlan>,
    types: Vec<Draft>,
    horizons: Vec<i64>,
    distinct_horizons: Vec<i64>,
    extremes: Vec<u64>,
    /// Kinds of whose events some feature reads every single one.
    singly: Vec<bool>,
    groups: Vec<ReadGroup>,
    columns: Vec<ColumnSource>,
    known: Vec<KnownColumn>,
    schema: Vec<Column>,
}

const FAR_MS: i64 = 200 * 366 * Duration::DAY.0;

impl Compiler<'_> {
    fn fail<T>(
        &self,
        text: &Text,
        message: impl Into<String>,
        help: Option<String>,
    ) -> Result<T, CatalogueError> {
        Err(CatalogueError::at(&self.catalogue.text, text.offset, message, help))
    }
    fn expr_error(&self, text: &Text, e: &ExprError) -> CatalogueError {
        CatalogueError::at(&self.catalogue.text, text.offset + e.offset, e.message.clone(), e.help.clone())
    }
    fn compile_for(
        &mut self,
        event_type: EventType,
        text: &Text,
        expected: Type,
    ) -> Result<Program, CatalogueError> {
        let mut constants = std::mem::take(&mut self.constants);
        let mut scope =
            EventScope { event_type, attributes: &self.attributes, columns: &[], constants: &mut constants };
        let result = Program::compile(&text.text, &mut scope, expected);
        self.constants = constants;
        result.map_err(|e| self.expr_error(text, &e))
    }
    fn filter(&mut self, event_type: EventType, text: &Text) -> Result<u16, CatalogueError> {
        let known = self.types[event_type as usize].filter_texts.iter().position(|t| *t == text.text);
        if let Some(i) = known {
            return Ok(i as u16);
        }
        let program = self.compile_for(event_type, text, Type::Bool)?;
        let plan = &mut self.types[event_type as usize];
        plan.filter_texts.push(text.text.clone());
        plan.filters.push(program);
        Ok(plan.filters.len() as u16 - 1)
    }
    fn value(&mut self, event_type: EventType, text: &Text, expected: Type) -> Result<u16, CatalogueError> {
        let known = self.types[event_type as usize].value_texts.iter().position(|t| *t == text.text);
        if let Some(i) = known {
            return Ok(i as u16);
        }
        let program = self.compile_for(event_type, text, expected)?;
        let plan = &mut self.types[event_type as usize];
        plan.value_texts.push(text.text.clone());
        plan.values.push(program);
        Ok(plan.values.len() as u16 - 1)
    }
    fn path(&self, text: &Text) -> Result<KeyPath, CatalogueError> {
        match KeyPath::parse(&text.text) {
            Some(path) => Ok(path),
            None => {
                let help = nearest(&text.text, KeyPath::ALL.iter().map(|p| p.as_str()));
                self.fail(text, format!("there is no key `{}`", text.text), help)
            }
        }
    }
    /// The path's place among an event type's groups.
    fn fold_group(&mut self, event_type: EventType, path: KeyPath) -> &mut FoldGroup {
        let groups = &mut self.types[event_type as usize].groups;
        let i = groups.iter().position(|g| g.path == path).unwrap_or_else(|| {
            groups.push(FoldGroup { path, lanes: Vec::new(), cells: Vec::new(), distincts: Vec::new() });
            groups.len() - 1
        });
        &mut groups[i]
    }
    fn filters_of(&mut self, event_type: EventType, texts: &[&Text]) -> Result<Filters, CatalogueError> {
        texts.iter().map(|t| self.filter(event_type, t)).collect()
    }
    fn key(path: KeyPath, w: &WindowFeature, filters: &[&Text], value: Option<&Text>) -> StreamKey {
        StreamKey {
            path,
            on: w.on.clone(),
            filters: filters.iter().map(|t| t.text.clone()).collect(),
            value: value.map(|t| t.text.clone()),
        }
    }
    /// The stream of a feature; a new one where no earlier feature has the same.
    fn stream(
        &mut self,
        w: &WindowFeature,
        path: KeyPath,
        filters: &[&Text],
        value: Option<&Text>,
    ) -> Result<u8, CatalogueError> {
        let kind = path.kind();
        let key = Self::key(path, w, filters, value);
        if let Some(bit) = self.kinds[kind as usize].streams.iter().position(|s| *s == key) {
            return Ok(bit as u8);
        }
        let bit = self.kinds[kind as usize].streams.len();
        if bit >= STREAMS_MAX {
            let message = format!(
                "features over `{}` need more than {STREAMS_MAX} different streams of events",
                kind.as_str()
            );
            return self.fail(&w.key, message, Some("share filters between features, or drop some".into()));
        }
        self.kinds[kind as usize].streams.push(key);
        for &event_type in &w.on {
            let filters = self.filters_of(event_type, filters)?;
            let value =
                value.map(|v| self.value(event_type, v, Self::value_type(w.aggregate))).transpose()?;
            let group = self.fold_group(event_type, path);
            let lane = group.lanes.iter().position(|l| l.value == value).unwrap_or_else(|| {
                group.lanes.push(Lane { value, hits: Vec::new() });
                group.lanes.len() - 1
            });
            group.lanes[lane].hits.push(StreamHit { bit: bit as u8, filters });
        }
        Ok(bit as u8)
    }
    fn value_type(aggregate: Aggregate) -> Type {
        match aggregate {
            Aggregate::Entropy | Aggregate::Distinct => Type::Text,
            _ => Type::Number,
        }
    }
    fn cell(
        &mut self,
        w: &WindowFeature,
        path: KeyPath,
        filters: &[&Text],
        op: CellOp,
    ) -> Result<u16, CatalogueError> {
        let kind = path.kind();
        let value = match op {
            CellOp::Count | CellOp::FirstTime | CellOp::LastTime => None,
            CellOp::Sum | CellOp::Min | CellOp::Max | CellOp::FirstValue | CellOp::LastValue => {
                w.value.as_ref()
            }
        };
        let key = (Self::key(path, w, filters, value), op);
        if let Some(i) = self.kinds[kind as usize].cells.iter().position(|c| *c == key) {
            return Ok(i as u16);
        }
        let cell = self.kinds[kind as usize].cells.len() as u16;
        self.kinds[kind as usize].cells.push(key);
        for &event_type in &w.on {
            let filters = self.filters_of(event_type, filters)?;
            let value = value.map(|v| self.value(event_type, v, Type::Number)).transpose()?;
            self.fold_group(event_type, path).cells.push(CellHit { cell, op, filters, value });
        }
        Ok(cell)
    }
    fn distinct(
        &mut self,
        w: &WindowFeature,
        path: KeyPath,
        filters: &[&Text],
        value: &Text,
    ) -> Result<u16, CatalogueError> {
        let kind = path.kind();
        let key = Self::key(path, w, filters, Some(value));
        if let Some(i) = self.kinds[kind as usize].distincts.iter().position(|d| *d == key) {
            return Ok(i as u16);
        }
        let set = self.kinds[kind as usize].distincts.len() as u16;
        self.kinds[kind as usize].distincts.push(key);
        for &event_type in &w.on {
            let scope = EventScope {
                event_type,
                attributes: &self.attributes,
                columns: &[],
                constants: &mut self.constants,
            };
            let Some((what, Type::Text)) = scope.lookup(value.text.trim()) else {
                let help = nearest(value.text.trim(), scope.names().iter().map(String::as_str));
                let message = format!(
                    "`distinct` counts identifiers: `{}` is not one of `{}`",
                    value.text,
                    event_type.as_str()
                );
                return self.fail(value, message, help);
            };
            let filters = self.filters_of(event_type, filters)?;
            self.fold_group(event_type, path).distincts.push(DistinctHit { set, filters, what });
        }
        Ok(set)
    }
    fn read_group(&mut self, path: KeyPath) -> &mut ReadGroup {
        let i = self.groups.iter().position(|g| g.path == path).unwrap_or_else(|| {
            self.groups.push(ReadGroup {
                path,
                mask: 0,
                offsets: vec![],
                cutoffs: vec![],
                cells: 0,
                reads: vec![],
            });
            self.groups.len() - 1
        });
        &mut self.groups[i]
    }
    /// The cell that holds a stream's totals back to `offset_ms`; `None` for no distance at all.
    fn cutoff(&mut self, at: KeyPath, stream: u8, offset_ms: i64) -> Option<u16> {
        if offset_ms == 0 {
            return None;
        }
        let group = self.read_group(at);
        group.mask |= 1 << stream;
        let i = match group.offsets.binary_search(&offset_ms) {
            Ok(i) => i,
            Err(i) => {
                group.offsets.insert(i, offset_ms);
                group.cutoffs.insert(i, Vec::new());
                i
            }
        };
        if let Some(&(_, cell)) = group.cutoffs[i].iter().find(|c| c.0 == stream) {
            return Some(cell);
        }
        let cell = group.cells as u16;
        group.cells += 1;
        group.cutoffs[i].push((stream, cell));
        Some(cell)
    }
    fn span(&mut self, at: KeyPath, stream: u8, delay_ms: i64, window_ms: i64) -> Span {
        let start = self.cutoff(at, stream, delay_ms + window_ms).expect("a window is longer than nothing");
        Span { stream, start, end: self.cutoff(at, stream, delay_ms) }
    }
    fn window_feature(&mut self, column: usize, w: &WindowFeature) -> Result<(), CatalogueError> {
        let path = self.path(&w.key)?;
        let at = self.path(&w.at)?;
        if path.kind() != at.kind() {
            let message = format!(
                "`{}` is a kind of {}, `{}` of {}",
                w.key.text,
                path.kind().as_str(),
                w.at.text,
                at.kind().as_str()
            );
            return self.fail(
                &w.at,
                message,
                Some("`at` leads from the request to the same kind of thing as `key`".into()),
            );
        }
        if matches!(path, KeyPath::Cluster | KeyPath::Neighbours) {
            return self.fail(
                &w.key,
                "events are kept by account",
                Some(format!("use key = \"account\" with at = \"{}\"", w.key.text)),
            );
        }
        let shared = matches!(at, KeyPath::Cluster | KeyPath::Neighbours);
        if shared && matches!(w.aggregate, Aggregate::Distinct | Aggregate::Rank | Aggregate::Entropy) {
            let message = format!("`{}` cannot be read over a cluster", w.aggregate.as_str());
            return self.fail(
                &w.at,
                message,
                Some("use count, sum, mean, min, max, ratio, rate, trend, last or since".into()),
            );
        }
        let kind = path.kind() as usize;
        let base: SmallVec<[&Text; 2]> = w.filter.iter().collect();
        let mut both = base.clone();
        both.extend(w.share.iter());
        let value = w.value.as_ref();
        let delay_ms = w.delay.0;
        let window_ms = w.window.map(|d| d.0);
        let mut evidence = None;
        if let Some(ms) = window_ms {
            self.horizons[kind] = self.horizons[kind].max(ms + delay_ms);
        }
        let how = match (w.aggregate, window_ms) {
            (Aggregate::Distinct, _) => {
                let value = value.expect("checked by the parser");
                let set = self.distinct(w, path, &base, value)?;
                self.distinct_horizons[kind] = self.distinct_horizons[kind].max(window_ms.unwrap_or(FAR_MS));
                How::Distinct { set, window_ms }
            }
            (Aggregate::Since, _) => {
                How::Since { time: self.cell(w, path, &base, CellOp::LastTime)?, window_ms }
            }
            (Aggregate::Last, _) => How::Last {
                time: self.cell(w, path, &base, CellOp::LastTime)?,
                value: self.cell(w, path, &base, CellOp::LastValue)?,
                window_ms,
            },
            (Aggregate::First, _) => {
                self.cell(w, path, &base, CellOp::FirstTime)?;
                How::Cell { cell: self.cell(w, path, &base, CellOp::FirstValue)?, op: CellOp::FirstValue }
            }
            (Aggregate::Count, None) => {
                How::Cell { cell: self.cell(w, path, &base, CellOp::Count)?, op: CellOp::Count }
            }
            (Aggregate::Sum, None) => {
                How::Cell { cell: self.cell(w, path, &base, CellOp::Sum)?, op: CellOp::Sum }
            }
            (Aggregate::Min, None) => {
                How::Cell { cell: self.cell(w, path, &base, CellOp::Min)?, op: CellOp::Min }
            }
            (Aggregate::Max, None) => {
                How::Cell { cell: self.cell(w, path, &base, CellOp::Max)?, op: CellOp::Max }
            }
            (Aggregate::Mean, None) => How::CellRatio {
                over: self.cell(w, path, &base, CellOp::Sum)?,
                under: self.cell(w, path, &base, CellOp::Count)?,
            },
            (Aggregate::Ratio, None) => How::CellRatio {
                over: self.cell(w, path, &both, CellOp::Count)?,
                under: self.cell(w, path, &base, CellOp::Count)?,
            },
            (Aggregate::Ratio, Some(ms)) => {
                let under = self.stream(w, path, &base, None)?;
                let over = self.stream(w, path, &both, None)?;
                evidence = Some((over, delay_ms, delay_ms + ms));
                How::Ratio(self.span(at, over, delay_ms, ms), self.span(at, under, delay_ms, ms))
            }
            (aggregate, Some(ms)) => {
                let stream = self.stream(w, path, &base, value)?;
                evidence = Some((stream, delay_ms, delay_ms + ms));
                let (from_ms, to_ms) = (delay_ms + ms, delay_ms);
                match aggregate {
                    Aggregate::Count => How::Count(self.span(at, stream, delay_ms, ms)),
                    Aggregate::Sum => How::Sum(self.span(at, stream, delay_ms, ms)),
                    Aggregate::Mean => How::Mean(self.span(at, stream, delay_ms, ms)),
                    Aggregate::Rate => How::Rate(self.span(at, stream, delay_ms, ms), Duration(ms).as_days()),
                    Aggregate::Trend => How::Trend(
                        self.span(at, stream, delay_ms, ms / 2),
                        self.span(at, stream, delay_ms, ms),
                    ),
                    Aggregate::Min | Aggregate::Max => {
                        self.extremes[kind] |= 1 << stream;
                        How::Extreme { stream, from_ms, to_ms, largest: aggregate == Aggregate::Max }
                    }
                    Aggregate::Rank => {
                        self.singly[kind] = true;
                        How::Rank { stream, from_ms, to_ms }
                    }
                    Aggregate::Entropy => {
                        self.singly[kind] = true;
                        How::Entropy { stream, from_ms, to_ms }
                    }
                    Aggregate::Distinct
                    | Aggregate::Last
                    | Aggregate::First
                    | Aggregate::Since
                    | Aggregate::Ratio => {
                        unreachable!("handled above")
                    }
                }
            }
            (Aggregate::Rate | Aggregate::Trend | Aggregate::Entropy | Aggregate::Rank, None) => {
                unreachable!("the parser asks for a window")
            }
        };
        let own = w.current
            && delay_ms == 0
            && at != KeyPath::Neighbours
            && !matches!(
                w.aggregate,
                Aggregate::Last | Aggregate::First | Aggregate::Since | Aggregate::Rank
            );
        self.read_group(at).reads.push(Read { column: column as u16, how, own, evidence });
        Ok(())
    }
    /// An expression of the request: number, flag, length of time in days, or the text of a name.
    fn expr_feature(&mut self, text: &Text) -> Result<(ColumnSource, ColumnKind), CatalogueError> {
        let mut constants = std::mem::take(&mut self.constants);
        let mut scope = EventScope {
            event_type: EventType::RefundRequested,
            attributes: &self.attributes,
            columns: &self.known,
            constants: &mut constants,
        };
        let bare = scope.lookup(text.text.trim());
        let attempt = |expected, scope: &mut EventScope<'_>| Program::compile(&text.text, scope, expected);
        let result = match bare {
            Some((slot, Type::Text)) => {
                let slot_type = scope.slot_type(slot);
                attempt(Type::Text, &mut scope).map(|program| {
                    let text_of = slot_type.map(|t| (slot, t));
                    (ColumnSource::Expr { program, text_of, unit: ExprUnit::Text }, ColumnKind::Category)
                })
            }
            _ => {
                let number = attempt(Type::Number, &mut scope).map(|program| {
                    (
                        ColumnSource::Expr { program, text_of: None, unit: ExprUnit::Number },
                        ColumnKind::Number,
                    )
                });
                number.or_else(|first| {
                    attempt(Type::Bool, &mut scope)
                        .map(|program| {
                            (
                                ColumnSource::Expr { program, text_of: None, unit: ExprUnit::Number },
                                ColumnKind::Flag,
                            )
                        })
                        .or_else(|_| {
                            attempt(Type::Duration, &mut scope).map(|program| {
                                (
                                    ColumnSource::Expr { program, text_of: None, unit: ExprUnit::Days },
                                    ColumnKind::Number,
                                )
                            })
                        })
                        .map_err(|_| first)
                })
            }
        };
        self.constants = constants;
        result.map_err(|e| self.expr_error(text, &e))
    }
    fn feature(&mut self, column: usize, feature: &Feature) -> Result<(), CatalogueError> {
        let (source, kind) = match &feature.source {
            FeatureSource::Window(w) => {
                self.window_feature(column, w)?;
                (ColumnSource::Window, ColumnKind::Number)
            }
            FeatureSource::Expr(text) => self.expr_feature(text)?,
        };
        self.columns.push(source);
        self.known.push(KnownColumn {
            name: feature.name.text.clone(),
            expr_type: match kind {
                ColumnKind::Number => Type::Number,
                ColumnKind::Flag => Type::Bool,
                ColumnKind::Category => Type::Text,
            },
        });
        self.schema.push(Column {
            name: feature.name.text.clone(),
            kind,
            about: feature.about.clone(),
            reason: feature.reason.text.clone(),
            model: feature.model,
        });
        Ok(())
    }
}

/// Numbers the slots of the columns' expressions: first the places that a request is read into once, then the columns.
fn number_expressions(columns: &mut [ColumnSource]) -> Vec<Place> {
    let mut places = Vec::new();
    for column in columns.iter() {
        if let ColumnSource::Expr { program, .. } = column {
            places.extend(program.slots().iter().map(|&slot| Place::of(slot)));
        }
    }
    places.retain(|place| !matches!(place, Place::Feature(_)));
    places.sort_unstable();
    places.dedup();
    let number = |slot: Slot| match Place::of(slot) {
        Place::Feature(column) => Slot((places.len() + column) as u32),
        place => Slot(places.binary_search(&place).expect("every slot was listed just before") as u32),
    };
    for column in columns {
        if let ColumnSource::Expr { program, text_of, .. } = column {
            program.renumber(number);
            if let Some((slot, _)) = text_of {
                *slot = number(*slot);
            }
        }
    }
    places
}

/// Checks a catalogue's names and types and compiles it.
pub(crate) fn compile(catalogue: &Catalogue) -> Result<Plan, CatalogueError> {
    let mut c = Compiler {
        catalogue,
        attributes: catalogue.attributes.iter().map(|(n, t)| (n.clone(), *t)).collect(),
        constants: Constants::default(),
        kinds: vec![KindPlan::default(); Kind::COUNT],
        types: vec![Draft::default(); EventType::ALL.len()],
        horizons: vec![0; Kind::COUNT],
        distinct_horizons: vec![0; Kind::COUNT],
        extremes: vec![0; Kind::COUNT],
        singly: vec![false; Kind::COUNT],
        groups: Vec::new(),
        columns: Vec::new(),
        known: Vec::new(),
        schema: Vec::new(),
    };
    for (column, feature) in catalogue.features.iter().enumerate() {
        c.feature(column, feature)?;
    }
    let expr_places = number_expressions(&mut c.columns);
    let layouts = Kind::ALL
        .iter()
        .map(|&k| Layout {
            streams: c.kinds[k as usize].streams.len(),
            extremes: c.extremes[k as usize],
            horizon_ms: c.horizons[k as usize],
            raw_max: match (k.busy(), c.singly[k as usize]) {
                (true, false) => RAW_BUSY_MAX,
                (true, true) => RAW_SINGLY_MAX,
                (false, _) => RAW_EXACT_MAX,
            },
        })
        .collect();
    Ok(Plan {
        schema: Schema { columns: c.schema, hash: catalogue.hash.clone() },
        attributes: c.attributes,
        constants: c.constants,
        layouts,
        cells: c.kinds.iter().map(|k| k.cells.iter().map(|c| c.1).collect()).collect(),
        distincts: c.kinds.iter().map(|k| k.distincts.len()).collect(),
        distinct_horizon_ms: c.distinct_horizons,
        types: EventType::ALL.iter().zip(c.types).map(|(&t, draft)| draft.finish(t)).collect(),
        request_route: Route::everywhere(EventType::RefundRequested),
        groups: c.groups,
        expr_places,
        columns: c.columns,
    })
}
