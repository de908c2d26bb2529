//! When is it looked for leads, and by which methods? Every so often by arrival, on what had arrived by then.
//!
//! The moments are whole multiples of the interval since 1970, so that a replay of the same log looks at the same ones.

use crate::attribution::{self, attribute};
use crate::insiders::{self, insiders};
use crate::log::{Book, Finding, Thresholds, events, of_drivers, of_insiders, of_rings, step};
use crate::rings::{self, rings};
use ringfence_domain::rates::Rates;
use ringfence_domain::words::LeadKind;
use ringfence_domain::{Duration, Event, Timestamp};

/// The moments at which it is looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    every: Duration,
    newest: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Schedule {
    /// Every so often, at least a minute.
    pub fn new(every: Duration) -> Schedule {
        Schedule { every: Duration(every.0.max(60_000)), newest: None, last: None }
    }
    /// The moment that passed before an event arrived, if one did; of several the last. What arrived before it is what a
    /// look then may see. Arrivals only move forward.
    pub fn due(&mut self, event: &Event) -> Option<Timestamp> {
        let stand_in = self.newest.map_or(event.time, |n| n.max(event.time));
        let arrival = event.recorded.unwrap_or(stand_in);
        self.newest = Some(stand_in);
        let moment = Timestamp::from_millis(arrival.millis().div_euclid(self.every.0) * self.every.0)?;
        let before = self.last.replace(self.last.map_or(moment, |last| last.max(moment)));
        before.filter(|before| *before < moment).map(|_| moment)
    }
}

/// Which methods look, and with what settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Methods {
    /// Rings.
    pub rings: Option<rings::Settings>,
    /// Members of staff.
    pub insiders: Option<insiders::Settings>,
    /// Drivers.
    pub drivers: Option<attribution::Settings>,
    /// When leads open and close.
    pub thresholds: Thresholds,
}

impl Default for Methods {
    fn default() -> Methods {
        Methods {
            rings: Some(rings::Settings::default()),
            insiders: Some(insiders::Settings::default()),
            drivers: Some(attribution::Settings::default()),
            thresholds: Thresholds::default(),
        }
    }
}

impl Methods {
    fn kinds(&self) -> Vec<LeadKind> {
        let kinds = [
            (self.rings.is_some(), LeadKind::Ring),
            (self.insiders.is_some(), LeadKind::Staff),
            (self.drivers.is_some(), LeadKind::Driver),
        ];
        kinds.into_iter().filter(|k| k.0).map(|k| k.1).collect()
    }
}

/// Drivers beyond the stated rate only keep a lead that is there: within so many times of it.
const DRIVERS_KEPT: f64 = 2.0;

/// What the methods have seen so far.
#[derive(Debug)]
pub struct Looker {
    methods: Methods,
    rates: Rates,
    orders: rings::Record,
    claims: attribution::Record,
}

impl Looker {
    /// Before the first event.
    pub fn new(methods: Methods, rates: Rates) -> Looker {
        Looker { methods, rates, orders: rings::Record::default(), claims: attribution::Record::default() }
    }
    /// Notes an event; call it for every event in the order of arrival.
    pub fn see(&mut self, event: &Event) {
        if self.methods.rings.is_some() || self.methods.insiders.is_some() {
            self.orders.see(event, &self.rates);
        }
        if self.methods.drivers.is_some() {
            self.claims.see(event, &self.rates);
        }
    }
    /// What the methods find in what they have seen, those that do not stand too.
    pub fn findings(&self) -> Vec<Finding> {
        let reporting = self.rates.reporting();
        let mut found = Vec::new();
        if let Some(settings) = &self.methods.rings {
            found.extend(of_rings(&rings(&self.orders, reporting, settings), settings));
        }
        if let Some(settings) = &self.methods.insiders {
            found.extend(of_insiders(&insiders(self.orders.staff(), reporting, settings).leads, settings));
        }
        if let Some(settings) = &self.methods.drivers {
            let loose = attribution::Settings { fdr: settings.fdr * DRIVERS_KEPT, ..*settings };
            let leads = attribute(&self.claims, &loose).driver_leads(reporting);
            found.extend(of_drivers(&leads, settings.fdr));
        }
        found
    }
    /// Looks: the events that tell what changed against the leads of the log, on what had arrived by `as_of`.
    pub fn look(&self, book: &Book, as_of: Timestamp) -> Vec<Event> {
        let changes = step(book, &self.findings(), &self.methods.kinds(), &self.methods.thresholds);
        events(&changes, as_of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_domain::Decoder;

    #[test]
    fn a_moment_is_due_once_it_has_passed_and_only_the_last_of_several() {
        let mut schedule = Schedule::new(Duration::DAY);
        let mut due = |time: &str| {
            let line = format!(
                r#"{{"specversion":"1.0","id":"{time}","source":"s","type":"account.closed","time":"{time}","data":{{"account":"A"}}}}"#
            );
            let event = Decoder::default().decode(line.as_bytes()).expect("an event");
            schedule.due(&event).map(|t| t.to_string())
        };
        assert_eq!(due("2023-03-01T10:00:00Z"), None);
        assert_eq!(due("2023-03-01T23:59:59Z"), None);
        assert_eq!(due("2023-03-02T00:00:00Z").as_deref(), Some("2023-03-02T00:00:00Z"));
        // Late: it arrives after what came before it.
        assert_eq!(due("2023-02-01T00:00:00Z"), None);
        assert_eq!(due("2023-03-02T12:00:00Z"), None);
        assert_eq!(due("2023-03-07T12:00:00Z").as_deref(), Some("2023-03-07T00:00:00Z"));
    }
}
