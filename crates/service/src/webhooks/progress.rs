//! How far is an endpoint? What comes next, what waits for another try, what was given up. Pure: time is given.
//!
//! Only positions of the log are kept: the messages are made from it again. Whatever is lost of this file is sent
//! again, never left out: an endpoint hears of each record at least once.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Messages of one endpoint that may wait for another try; beyond, no new ones are begun until some are through.
pub const WAITING_MAX: usize = 1_000;
/// Dead letters that are kept; older ones are dropped and counted. The log still holds what they were about.
pub const DEAD_MAX: usize = 10_000;
/// When a message is tried again, seconds after the try before: the schedule that Standard Webhooks recommends.
pub const RETRY_AFTER_S: [u64; 7] = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];
/// Longest error that is kept, bytes.
const ERROR_BYTES_MAX: usize = 300;

/// A message that waits for another try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Its record.
    pub position: u64,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried again, ms since 1970.
    pub due_ms: i64,
}

/// A message that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Dead {
    /// Its record's place in the log.
    pub position: u64,
    /// What went wrong at the last try.
    pub error: String,
}

/// How far an endpoint is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Records before this one were looked at.
    pub next: u64,
    /// To be tried again, in no order.
    pub waiting: Vec<Waiting>,
    /// Given up, oldest first.
    pub dead: VecDeque<Dead>,
    /// Dead letters that were dropped for want of room.
    pub dropped: u64,
    /// Messages that arrived.
    pub delivered: u64,
    /// Tries that failed.
    pub failed: u64,
    /// What went wrong last.
    pub last_error: String,
}

impl Progress {
    /// Whether new messages may be begun.
    pub fn has_room(&self, sending: usize) -> bool {
        self.waiting.len() + sending < WAITING_MAX
    }
    /// Takes out what is due, at most `most`.
    pub fn due(&mut self, now_ms: i64, most: usize) -> Vec<Waiting> {
        let mut due = Vec::new();
        self.waiting.retain(|w| {
            let take = w.due_ms <= now_ms && due.len() < most;
            if take {
                due.push(w.clone());
            }
            !take
        });
        due
    }
    /// When something is due next, ms.
    pub fn next_due_ms(&self) -> Option<i64> {
        self.waiting.iter().map(|w| w.due_ms).min()
    }
    /// A message arrived.
    pub fn arrived(&mut self) {
        self.delivered += 1;
    }
    /// A try failed, the `tries`-th; `jitter` is 0–1, so that many do not come back at once.
    pub fn failed(&mut self, position: u64, tries: u32, error: &str, now_ms: i64, jitter: f64) {
        self.failed += 1;
        let error: String = error.chars().take(ERROR_BYTES_MAX / 4).collect();
        self.last_error.clone_from(&error);
        match RETRY_AFTER_S.get(tries as usize - 1) {
            Some(after_s) => {
                // 80 to 120 % of the schedule.
                let wait_ms = (*after_s as f64 * 1_000.0 * (0.8 + 0.4 * jitter.clamp(0.0, 1.0))) as i64;
                self.waiting.push(Waiting { position, tries, due_ms: now_ms + wait_ms });
            }
            None => {
                self.dead.push_back(Dead { position, error });
                if self.dead.len() > DEAD_MAX {
                    self.dead.pop_front();
                    self.dropped += 1;
                }
            }
        }
    }
    /// Tries records again that people name; dead letters among them are dead no more.
    pub fn replay(&mut self, positions: &[u64], now_ms: i64) {
        self.dead.retain(|dead| !positions.contains(&dead.position));
        for position in positions {
            self.waiting.retain(|w| w.position != *position);
            self.waiting.push(Waiting { position: *position, tries: 0, due_ms: now_ms });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_again_ever_later_and_then_given_up_until_somebody_asks() {
        let mut progress = Progress::default();
        let mut now = 0;
        let mut waits = Vec::new();
        for tries in 1..=8 {
            progress.failed(7, tries, "503", now, 0.5);
            match progress.next_due_ms() {
                Some(due) => {
                    waits.push((due - now) / 1_000);
                    assert!(progress.due(due - 1, 10).is_empty(), "not before its time");
                    now = due;
                    assert_eq!(progress.due(now, 10)[0].tries, tries);
                }
                None => assert_eq!(tries, 8),
            }
        }
        assert_eq!(waits, RETRY_AFTER_S.map(|s| s as i64));
        assert_eq!(progress.dead, [Dead { position: 7, error: "503".into() }]);
        progress.replay(&[7], now);
        assert!(progress.dead.is_empty());
        assert_eq!(progress.due(now, 10), [Waiting { position: 7, tries: 0, due_ms: now }]);
        // Jitter spreads, and stays within a fifth either way.
        for (jitter, ms) in [(0.0, 4_000), (1.0, 6_000)] {
            let mut progress = Progress::default();
            progress.failed(1, 1, "", 0, jitter);
            assert_eq!(progress.next_due_ms(), Some(ms));
        }
    }

    #[test]
    fn what_waits_and_what_is_dead_is_bounded() {
        let mut progress = Progress::default();
        for position in 0..WAITING_MAX as u64 {
            assert!(progress.has_room(0));
            progress.failed(position, 1, "503", 0, 0.5);
        }
        assert!(!progress.has_room(0));
        for position in 0..DEAD_MAX as u64 + 5 {
            progress.failed(position, 8, "503", 0, 0.5);
        }
        assert_eq!((progress.dead.len(), progress.dropped, progress.dead[0].position), (DEAD_MAX, 5, 5));
    }
}
