//! What does any CSV file say as events? A map says it: which columns fill which fields of which event types.
//!
//! ```toml
//! [file]                                # all optional
//! delimiter = ";"                       # `,` by default
//! decimal_comma = true                  # 1.299,00 instead of 1,299.00
//!
//! [[event]]                             # one for each event type that a row may become
//! type = "refund.requested"
//! id = "refund-{Refund no}"             # a template: columns in braces
//! source = "export/returns"
//! time = { column = "Asked on", format = "%d/%m/%Y %H:%M", offset = "+01:00" }
//! when = { column = "Status", equals = "refund" }   # also not_equals, or filled = true; every row without it
//! group = "Order"                       # rows that follow each other with one value here are one event
//!
//! [event.data]                          # every field of the event type
//! refund = { template = "R{Refund no}" }
//! order = { column = "Order" }          # an empty cell leaves the field out
//! account = { column = "Customer", otherwise = "guest" }
//! amount = { column = "Refunded", currency = "GBP" }           # or currency = { column = "Cur" }, minor = true for cents
//! reason = { column = "Why", words = { "Changed mind" = "changed_mind" }, otherwise = "other" }
//! channel = "email"                     # a constant
//! documents = { column = "Hashes", split = ";" }               # a list in a cell
//! lines = { rows = { line = { number = true }, sku = { column = "Article" }, quantity = { column = "Pieces" } } }
//! attributes = { tier = { column = "Tier" }, age = { column = "Age", as = "number" } }
//! ```
//! `lines = [{…}, {…}]` lists entries from columns side by side; an entry whose cells are all empty is left out.
//! Times are RFC 3339 without a `format`; `unix` and `unix_ms` are formats, too; `plus = "7d"` moves a time, as for a
//! label that was known later. Events come in the order of their times where the rows do; an event with `plus` or of a
//! group waits for its turn.

mod order;
mod parse;
mod plan;
mod shape;

use crate::rows::Rows;
use crate::sink::{ImportError, Sink};
use order::InOrder;
use plan::{Building, EventPlan};
use ringfence_domain::config::ConfigError;
use ringfence_domain::{Decoder, Refusal};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Read;

/// A checked map from columns to events.
#[derive(Clone, Debug)]
pub struct Map {
    delimiter: u8,
    events: Vec<EventPlan>,
}

/// What was imported.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Summary {
    /// Rows read, without the header.
    pub rows: u64,
    /// Rows that are in no event, because no `when` of the map applies.
    pub rows_without_event: u64,
    /// Events handed over, by type.
    pub events: BTreeMap<String, u64>,
    /// Rows and events refused: they are in the reject file.
    pub rejected: u64,
}

impl Map {
    /// Reads and checks the text of a map; faults come with line, column and the nearest valid word.
    pub fn parse(text: &str) -> Result<Map, ConfigError> {
        parse::map(text)
    }

    /// Reads all rows of a CSV file with a header. Every event passes `decoder`, with its limits and tokens.
    pub fn import(
        &self,
        reader: impl Read,
        decoder: &Decoder,
        sink: &mut impl Sink,
    ) -> Result<Summary, ImportError> {
        let mut rows = Rows::new(reader, self.delimiter)?;
        let plans: Vec<EventPlan> = self
            .events
            .iter()
            .map(|plan| plan.with_columns(rows.header()).map_err(ImportError::Map))
            .collect::<Result<_, _>>()?;
        let mut import = Import { decoder, summary: Summary::default(), order: InOrder::default() };
        let mut groups: Vec<Option<Building>> = plans.iter().map(|_| None).collect();
        while let Some(row) = rows.next_row(sink)? {
            import.summary.rows += 1;
            let mut used = false;
            // A row is as old as its earliest event: a label that was found later does not move the clock.
            let mut row_time = None;
            for (plan, group) in plans.iter().zip(&mut groups) {
                if !plan.applies(row) {
                    continue;
                }
                used = true;
                match plan.add(row, group) {
                    Ok(done) => {
                        let time = group.as_ref().or(done.as_ref()).map(|building| building.row_time);
                        row_time = row_time.map_or(time, |earliest| time.map(|time| time.min(earliest)));
                        if let Some(done) = done {
                            import.done(plan, done, sink)?;
                        }
                    }
                    Err(refusal) => {
                        import.summary.rejected += 1;
                        row.reject(sink, refusal)?;
                    }
                }
            }
            import.summary.rows_without_event += u64::from(!used);
            let open = groups.iter().flatten().map(|building| building.time).min();
            import.order.release(row_time, open, sink)?;
        }
        for (plan, group) in plans.iter().zip(&mut groups) {
            if let Some(done) = group.take() {
                import.done(plan, done, sink)?;
            }
        }
        import.order.finish(sink)?;
        import.summary.rows += rows.rejected();
        import.summary.rejected += rows.rejected();
        Ok(import.summary)
    }
}

struct Import<'d> {
    decoder: &'d Decoder,
    summary: Summary,
    order: InOrder,
}

impl Import<'_> {
    fn done(&mut self, plan: &EventPlan, built: Building, sink: &mut impl Sink) -> Result<(), ImportError> {
        let (line, raw) = (built.line, built.raw.clone());
        match self.decoder.decode(&built.into_json(plan)) {
            Ok(event) => {
                *self.summary.events.entry(plan.event_type.clone()).or_default() += 1;
                self.order.push(event);
                Ok(())
            }
            Err(refusal) => self.refuse(&refusal.at_line(line), &raw, sink),
        }
    }

    fn refuse(&mut self, refusal: &Refusal, raw: &[u8], sink: &mut impl Sink) -> Result<(), ImportError> {
        self.summary.rejected += 1;
        sink.reject(refusal, raw).map_err(ImportError::Sink)
    }
}
