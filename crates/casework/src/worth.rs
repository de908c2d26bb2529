//! What should people look at next? What saves most money a minute, within the minutes that they have, in time.
//!
//! **Worth of an item.** Without a person the shop pays, because the machine may not deny by itself (INV-7): what a review
//! saves is the loss expected from paying, `score × amount`, times the share of abuse that a review finds
//! (`found_share`). An appeal's other end is a denial that stands: what looking at it saves is what an honest customer is
//! owed, `(1 − score) × amount`. Either is divided by the minutes that such an item takes: to fill limited minutes by
//! value a minute is the greedy rule that is best for the fractional knapsack (Dantzig, *Discrete-variable extremum
//! problems*, Operations Research 5, 1957), and serving by value × rate of service is the `cµ` rule of queues (Cox and
//! Smith, *Queues*, 1961).
//!
//! **Deadlines and capacity.** What is not answered in time saves nothing. From the most valuable on, an item is taken
//! into the plan where all that was taken before can still be done by their deadlines, earliest deadline first: the greedy
//! choice of the sequencing problem with deadlines (exact for items of equal length; Lawler, *Combinatorial Optimization*,
//! 1976, on matroids). Of the plan, what can wait no longer comes first, the rest by worth; then what does not fit.

use crate::item::{Asked, Kind};
use crate::settings::Settings;
use ringfence_domain::Timestamp;

/// Minutes of which [`worth`] tells what they save: integers sort alike everywhere.
pub const PER_MINUTES: f64 = 1_000.0;

/// What a thousand minutes on such items save, in minor units of the reporting currency.
pub fn worth(settings: &Settings, kind: Kind, asked: &Asked) -> i64 {
    let amount = asked.amount_reporting.max(0) as f64;
    let score = asked.score.clamp(0.0, 1.0);
    let saved = match kind {
        Kind::Review | Kind::StepUp | Kind::CarrierTrace => settings.found_share * score * amount,
        Kind::Appeal => (1.0 - score) * amount,
    };
    // Amounts end at 2^53, minutes begin at a tenth: far below the end of i64.
    (saved / settings.minutes(kind) * PER_MINUTES).round().min(9e18) as i64
}

/// What the plan needs of a waiting item.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Waiting {
    /// Its number.
    pub id: u64,
    /// What a thousand minutes on it save.
    pub worth: i64,
    /// When it must be done.
    pub due: Timestamp,
    /// Minutes that it takes.
    pub minutes: f64,
}

/// An item in its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Planned {
    /// Its number.
    pub id: u64,
    /// Whether it can be done in time with the minutes that there are.
    pub fits: bool,
    /// Whether it can wait no longer, given what else is due by then.
    pub urgent: bool,
}

/// How long a plan looks ahead for what cannot wait, minutes of the clock: a claim's length of work.
const URGENT_MINUTES: f64 = 30.0;

/// The order in which to work, given the minutes that people have in a day.
pub fn plan(waiting: &[Waiting], minutes_a_day: f64, now: Timestamp) -> Vec<Planned> {
    let mut by_worth: Vec<&Waiting> = waiting.iter().collect();
    by_worth.sort_by_key(|w| (std::cmp::Reverse(w.worth), w.due, w.id));
    // Work that can be done by a deadline.
    let room = |due: Timestamp| (due.since(now).0.max(0) as f64 / 86_400_000.0) * minutes_a_day;
    // By deadline: deadline, id, minutes, and the sum up to here.
    let mut taken: Vec<(Timestamp, u64, f64)> = Vec::new();
    for w in &by_worth {
        let at = taken.partition_point(|t| (t.0, t.1) < (w.due, w.id));
        let before: f64 = taken[..at].iter().map(|t| t.2).sum();
        let mut sum = before + w.minutes;
        let fits = sum <= room(w.due)
            && taken[at..].iter().all(|t| {
                sum += t.2;
                sum <= room(t.0)
            });
        if fits {
            taken.insert(at, (w.due, w.id, w.minutes));
        }
    }
    // The latest beginning of each that keeps all deadlines behind it: from the last back.
    let mut urgent = std::collections::BTreeSet::new();
    let mut fitting = std::collections::BTreeSet::new();
    let mut latest = f64::INFINITY;
    for (due, id, minutes) in taken.iter().rev() {
        latest = latest.min(room(*due)) - minutes;
        fitting.insert(*id);
        if latest <= URGENT_MINUTES / 1_440.0 * minutes_a_day {
            urgent.insert(*id);
        }
    }
    let mut first: Vec<&Waiting> = by_worth.iter().copied().filter(|w| urgent.contains(&w.id)).collect();
    first.sort_by_key(|w| (w.due, w.id));
    let planned = |w: &Waiting, fits| Planned { id: w.id, fits, urgent: urgent.contains(&w.id) };
    let mut out: Vec<Planned> = first.into_iter().map(|w| planned(w, true)).collect();
    let rest = |fits: bool| {
        let wanted = by_worth.iter().filter(|w| fitting.contains(&w.id) == fits && !urgent.contains(&w.id));
        wanted.map(|w| planned(w, fits)).collect::<Vec<_>>()
    };
    out.extend(rest(true));
    out.extend(rest(false));
    out
}
