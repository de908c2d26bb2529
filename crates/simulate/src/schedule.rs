//! What happens next? Tasks by time, and events by the day of their arrival.
//!
//! A task is a decision to be made later (place an order, file a claim); it is small. Events are made when their task
//! runs, and wait in the bucket of their day, so memory follows what is on its way, not the length of the period.

use crate::chance::{Chance, Stream};
use crate::names::event_id;
use crate::scenario::Arrival;
use ringfence_domain::id::Source;
use ringfence_domain::{Body, Event, Timestamp};
use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

/// Who sends an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum From {
    Shop,
    Desk,
    Warehouse,
    Carrier,
    Risk,
    Watch,
}

struct Waiting {
    arrival: Timestamp,
    seq: u64,
    recorded: bool,
    twice: bool,
    time: Timestamp,
    from: From,
    body: Body,
}

struct Task<T> {
    at: Timestamp,
    seq: u64,
    what: T,
}
impl<T> Ord for Task<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap gives the greatest: turn round, so that the earliest comes first.
        (other.at, other.seq).cmp(&(self.at, self.seq))
    }
}
impl<T> PartialOrd for Task<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> PartialEq for Task<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl<T> Eq for Task<T> {}

/// Tasks and events to come.
pub(crate) struct Schedule<T> {
    tasks: BinaryHeap<Task<T>>,
    days: VecDeque<Vec<Waiting>>,
    /// Events from before the first day, handed over first.
    first_day: i64,
    end: Timestamp,
    seq: u64,
    sent: u64,
    arrival: Arrival,
    chance: Chance,
    sources: [Source; 6],
}

impl<T> Schedule<T> {
    pub(crate) fn new(seed: u64, start: Timestamp, end: Timestamp, arrival: Arrival) -> Self {
        let source = |text| Source::new(text).expect("sources are short words");
        Self {
            tasks: BinaryHeap::new(),
            days: VecDeque::new(),
            first_day: start.day(),
            end,
            seq: 0,
            sent: 0,
            arrival,
            chance: Chance::new(seed, Stream::Arrival, 0, 0),
            sources: ["shop/web", "shop/desk", "shop/warehouse", "carriers", "shop/risk", "watch/posts"]
                .map(source),
        }
    }
    /// Plans a task; after the end of the period it is forgotten.
    pub(crate) fn plan(&mut self, at: Timestamp, what: T) {
        if at < self.end {
            self.seq += 1;
            self.tasks.push(Task { at, seq: self.seq, what });
        }
    }
    /// The next task before `until`.
    pub(crate) fn next_task(&mut self, until: Timestamp) -> Option<(Timestamp, T)> {
        if self.tasks.peek()?.at >= until {
            return None;
        }
        self.tasks.pop().map(|t| (t.at, t.what))
    }
    /// Sends an event that arrives at its time and once; it takes nothing from the stream of late arrivals.
    pub(crate) fn send_apart(&mut self, time: Timestamp, from: From, body: Body) {
        self.keep(Waiting { arrival: time, seq: 0, recorded: false, twice: false, time, from, body });
    }
    /// Sends an event; what arrives after the end of the period is not seen.
    pub(crate) fn send(&mut self, time: Timestamp, from: From, body: Body) {
        let arrival = self.arrival_of(time, from, &body);
        if arrival >= self.end {
            return;
        }
        let twice = self.chance.yes(self.arrival.duplicates);
        self.keep(Waiting { arrival, seq: 0, recorded: arrival != time, twice, time, from, body });
    }
    /// Keeps an event until its day; of two that arrive at once the one sent first comes first.
    fn keep(&mut self, waiting: Waiting) {
        if waiting.arrival >= self.end {
            return;
        }
        let bucket = (waiting.arrival.day() - self.first_day).max(0) as usize;
        while self.days.len() <= bucket {
            self.days.push_back(Vec::new());
        }
        self.seq += 1;
        self.days[bucket].push(Waiting { seq: self.seq, ..waiting });
    }
    /// When the shop gets to know: mostly at once, sometimes with the carrier's next batch, seldom weeks later.
    fn arrival_of(&mut self, time: Timestamp, from: From, body: &Body) -> Timestamp {
        // A request is answered when it is made; it cannot arrive late.
        if time.day() < self.first_day || matches!(body, Body::RefundRequested(_) | Body::VerdictRecorded(_))
        {
            return time;
        }
        let u = self.chance.unit();
        let late = if from == From::Carrier { self.arrival.late_scans } else { self.arrival.late_records };
        let days = if u < self.arrival.very_late {
            self.chance.log_normal(6.0, 1.0)
        } else if u < self.arrival.very_late + late {
            self.chance.log_normal(0.25, 0.8)
        } else {
            return time;
        };
        crate::calendar::after(time, days)
    }
    /// Hands over the events of the next day, in the order of their arrival.
    pub(crate) fn next_day<E>(&mut self, mut take: impl FnMut(&Event) -> Result<(), E>) -> Result<u64, E> {
        self.first_day += 1;
        let Some(mut day) = self.days.pop_front() else { return Ok(0) };
        day.sort_by_key(|w| (w.arrival, w.seq));
        let before = self.sent;
        for w in day {
            let event = Event {
                id: event_id(self.sent),
                source: self.sources[w.from as usize].clone(),
                time: w.time,
                recorded: w.recorded.then_some(w.arrival),
                body: w.body,
            };
            self.sent += 1;
            take(&event)?;
            if w.twice {
                take(&event)?;
            }
        }
        Ok(self.sent - before)
    }
}
