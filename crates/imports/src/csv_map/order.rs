//! Which event comes next? The earliest that waits, once no row can bring an earlier one.

use crate::sink::{ImportError, Sink};
use ringfence_domain::{Event, Timestamp};
use std::collections::BTreeMap;

/// Events that may wait for their time, about 1 GiB. Past it the earliest are handed over early: by the contract an
/// event takes effect at the later of its arrival and, for a verdict, its time, so nothing is known too soon.
const WAITING_EVENTS_MAX: usize = 2_000_000;

/// Events that wait, in the order of time, then of their coming.
#[derive(Default)]
pub(super) struct InOrder {
    waiting: BTreeMap<(Timestamp, u64), Event>,
    pushed: u64,
    latest_row: Option<Timestamp>,
}

impl InOrder {
    /// Adds an event.
    pub(super) fn push(&mut self, event: Event) {
        self.waiting.insert((event.time, self.pushed), event);
        self.pushed += 1;
    }

    /// Hands over what is due after a row: up to the latest row, and before any group that is still open.
    pub(super) fn release(
        &mut self,
        row_time: Option<Timestamp>,
        open_since: Option<Timestamp>,
        sink: &mut impl Sink,
    ) -> Result<(), ImportError> {
        self.latest_row = self.latest_row.max(row_time);
        let Some(latest) = self.latest_row else { return Ok(()) };
        let until = open_since.map_or(latest, |open| open.min(latest));
        while let Some(entry) = self.waiting.first_entry() {
            if entry.key().0 > until && self.waiting.len() <= WAITING_EVENTS_MAX {
                break;
            }
            self.hand_over_first(sink)?;
        }
        Ok(())
    }

    /// Hands over all that is left.
    pub(super) fn finish(&mut self, sink: &mut impl Sink) -> Result<(), ImportError> {
        while !self.waiting.is_empty() {
            self.hand_over_first(sink)?;
        }
        Ok(())
    }

    fn hand_over_first(&mut self, sink: &mut impl Sink) -> Result<(), ImportError> {
        match self.waiting.pop_first() {
            Some((_, event)) => sink.event(&event).map_err(ImportError::Sink),
            None => Ok(()),
        }
    }
}
