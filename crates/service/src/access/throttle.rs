//! How often may somebody try to sign in? A few times freely; then each failure doubles the wait, per name and per address.
//!
//! A try counts as failed when it begins and is taken back when it succeeds, so that many at once are no way around. Names
//! that nobody has are counted like all others: the wait tells nothing about who exists.

use ringfence_domain::{Duration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Names and addresses that are remembered; beyond, those whose wait is over longest are forgotten.
pub const REMEMBERED_MAX: usize = 50_000;
/// So long after the last failure all is forgotten.
const FORGOTTEN_AFTER: Duration = Duration(3_600_000);

/// Whose tries are counted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Who {
    /// A name, in small letters, whether a user has it or not.
    Name(String),
    /// Where the request came from.
    Address(String),
}

impl Who {
    /// Failures without a wait: a person mistypes, and many may share an address.
    fn free(&self) -> u32 {
        match self {
            Who::Name(_) => 4,
            Who::Address(_) => 20,
        }
    }
    /// The longest wait: so that whoever guesses cannot keep the person out for long.
    fn longest(&self) -> Duration {
        match self {
            Who::Name(_) => Duration(5 * 60_000),
            Who::Address(_) => Duration(15 * 60_000),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    /// No try before then.
    until: Timestamp,
    last: Timestamp,
}

/// The failures of late.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<BTreeMap<Who, Failures>>);

impl Throttle {
    /// Begins a try, which counts as failed until [`Throttle::succeeded`].
    ///
    /// # Errors
    /// How long to wait, where it comes too early.
    pub fn begin(&self, who: &[Who], now: Timestamp) -> Result<(), Duration> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() + who.len() > REMEMBERED_MAX {
            make_room(&mut all, now);
        }
        let wait = who.iter().filter_map(|w| all.get(w)).map(|f| f.until.since(now).0).max().unwrap_or(0);
        if wait > 0 {
            return Err(Duration(wait));
        }
        for who in who {
            let failures = all.entry(who.clone()).or_insert(Failures { count: 0, until: now, last: now });
            if now.since(failures.last) > FORGOTTEN_AFTER {
                failures.count = 0;
            }
            failures.count = failures.count.saturating_add(1);
            failures.last = now;
            let beyond = failures.count.saturating_sub(who.free());
            if beyond > 0 {
                let wait_ms = 1_000_i64.saturating_mul(1_i64 << (beyond - 1).min(30));
                failures.until = now.plus(Duration(wait_ms.min(who.longest().0)));
            }
        }
        Ok(())
    }
    /// A try succeeded: the name begins anew, and the address has this failure less.
    pub fn succeeded(&self, who: &[Who]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for who in who {
            match who {
                Who::Name(_) => drop(all.remove(who)),
                Who::Address(_) => {
                    if let Some(failures) = all.get_mut(who) {
                        failures.count = failures.count.saturating_sub(1);
                        failures.until = failures.last;
                    }
                }
            }
        }
    }
}

/// Forgets what is old; where that is not enough, the half whose wait is over first.
fn make_room(all: &mut BTreeMap<Who, Failures>, now: Timestamp) {
    all.retain(|_, failures| now.since(failures.last) <= FORGOTTEN_AFTER);
    if all.len() > REMEMBERED_MAX / 2 {
        let mut ends: Vec<Timestamp> = all.values().map(|f| f.until).collect();
        ends.sort_unstable();
        let middle = ends[ends.len() / 2];
        all.retain(|_, failures| failures.until > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + ms).expect("a time")
    }
    fn name(n: &str) -> Who {
        Who::Name(n.into())
    }

    #[test]
    fn each_failure_beyond_the_free_ones_doubles_the_wait() {
        let throttle = Throttle::default();
        let who = [name("ada"), Who::Address("1.2.3.4".into())];
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..14 {
            throttle.begin(&who, at(now)).expect("after the wait");
            match throttle.begin(&who, at(now)) {
                Ok(()) => waits.push(0),
                Err(Duration(wait)) => {
                    waits.push(wait / 1_000);
                    now += wait;
                }
            }
        }
        // The second try of a pair counts where it is let in.
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
        throttle.begin(&[name("eve")], at(now)).expect("another name");
        assert!(throttle.begin(&[name("ada")], at(now - 1)).is_err());
        throttle.begin(&[name("ada")], at(now)).expect("let in");
        throttle.succeeded(&[name("ada")]);
        throttle.begin(&[name("ada")], at(now)).expect("begun anew");
    }

    #[test]
    fn tries_at_once_are_counted_before_they_end() {
        let throttle = Throttle::default();
        let address = [Who::Address("1.2.3.4".into())];
        let let_in = (0..1_000).filter(|_| throttle.begin(&address, at(0)).is_ok()).count();
        assert_eq!(let_in, 21);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_those_who_wait_stay() {
        let throttle = Throttle::default();
        for _ in 0..10 {
            let _ = throttle.begin(&[name("ada")], at(0));
        }
        for i in 0..3 * REMEMBERED_MAX {
            throttle.begin(&[name(&format!("n{i}"))], at(0)).expect("a new name");
        }
        assert!(throttle.0.lock().expect("held").len() <= REMEMBERED_MAX);
        assert!(throttle.begin(&[name("ada")], at(0)).is_err(), "the wait was not forgotten");
    }
}
