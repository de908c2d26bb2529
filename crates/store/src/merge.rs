//! In which order do events of several files arrive? By their recorded arrival; files without one follow each other.
//!
//! A file whose first event has a `recordedtime` is woven into the others by it. The others say nothing of when their
//! events arrived but the order of their lines and the order in which they were given, and so are read one after the
//! other; the latest time seen so far stands in for the arrival of what they hold (contract). Of events that arrive at the
//! same time, those of a file with recorded arrivals come first.

use ringfence_domain::{Event, Timestamp};

/// The event of a file that comes next.
#[derive(Debug)]
pub(crate) struct Next {
    pub(crate) event: Event,
    pub(crate) line: u64,
    pub(crate) bytes: usize,
}

/// One of several files, as far as it is read.
#[derive(Debug)]
pub(crate) struct Head {
    /// Whether its events say when they arrived: known with its first event.
    recorded: Option<bool>,
    /// The latest arrival so far.
    arrived: Timestamp,
    next: Option<Next>,
}

impl Head {
    pub(crate) fn new() -> Head {
        Head { recorded: None, arrived: Timestamp::MIN, next: None }
    }
    /// Whether it wants its next event.
    pub(crate) fn wants(&self) -> bool {
        self.next.is_none()
    }
    /// Gives it its next event.
    pub(crate) fn give(&mut self, next: Next) {
        self.recorded.get_or_insert(next.event.recorded.is_some());
        // Line order is arrival order within a file, whatever its times say.
        self.arrived = self.arrived.max(next.event.recorded.unwrap_or(next.event.time));
        self.next = Some(next);
    }
    pub(crate) fn take(&mut self) -> Option<Next> {
        self.next.take()
    }
}

/// The file whose event arrives next, of those that have one.
pub(crate) fn first(heads: &[Head]) -> Option<usize> {
    let there = || heads.iter().enumerate().filter(|(_, h)| h.next.is_some());
    let recorded = there().filter(|(_, h)| h.recorded == Some(true)).min_by_key(|(n, h)| (h.arrived, *n));
    let in_order = there().find(|(_, h)| h.recorded != Some(true));
    match (recorded, in_order) {
        (Some((n, r)), Some((m, o))) => Some(if r.arrived <= o.arrived { n } else { m }),
        (Some((n, _)), None) | (None, Some((n, _))) => Some(n),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_domain::Decoder;

    /// Files with events as `time` or `time@arrival`, both in seconds, and the order in which they come.
    fn check(files: &[&[&str]], expect: &str) {
        let decoder = Decoder::default();
        let time = |text: &str| format!("2023-03-01T00:00:{text}Z");
        let event = |text: &str| {
            let (at, arrival) = text.split_once('@').map_or((text, None), |(a, b)| (a, Some(b)));
            let recorded = arrival.map_or(String::new(), |a| format!(r#""recordedtime":"{}","#, time(a)));
            let line = format!(
                r#"{{"specversion":"1.0","id":"{text}","source":"s","type":"account.closed","time":"{}",{recorded}"data":{{"account":"A"}}}}"#,
                time(at)
            );
            decoder.decode(line.as_bytes()).expect("an event")
        };
        let mut rest: Vec<_> = files.iter().map(|f| f.iter()).collect();
        let mut heads: Vec<Head> = files.iter().map(|_| Head::new()).collect();
        let mut order = Vec::new();
        loop {
            for (head, rest) in heads.iter_mut().zip(&mut rest).filter(|(h, _)| h.wants()) {
                if let Some(text) = rest.next() {
                    head.give(Next { event: event(text), line: 1, bytes: 1 });
                }
            }
            let Some(n) = first(&heads) else { break };
            order.extend(heads[n].take().map(|next| next.event.id.to_string()));
        }
        assert_eq!(order.join(" "), expect);
    }

    #[test]
    fn files_without_arrivals_follow_each_other_as_they_were_given() {
        check(&[&["10", "30"], &["20", "40"]], "10 30 20 40");
        // A late event at the beginning of a file did not arrive earlier for that.
        check(&[&["10", "30"], &["05", "40"]], "10 30 05 40");
    }

    #[test]
    fn files_with_arrivals_are_woven_in_by_them() {
        check(&[&["10", "30", "20", "50"], &["00@20", "00@40"]], "10 00@20 30 20 00@40 50");
        check(&[&["00@30", "00@40"], &["00@10", "00@35"]], "00@10 00@30 00@35 00@40");
        check(&[&["10", "20"], &["30", "40"], &["01@25", "01@50"]], "10 20 01@25 30 40 01@50");
    }

    #[test]
    fn of_those_that_arrive_together_recorded_ones_come_first() {
        check(&[&["10", "20"], &["10@20"]], "10 10@20 20");
    }
}
