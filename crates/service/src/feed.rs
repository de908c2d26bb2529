//! How do others follow the log as it grows? What became durable last is held in memory; what is older is in the log.
//!
//! Whoever writes never waits for who follows: the feed holds the newest records up to a bound, and a follower that
//! falls behind reads the log's files.

use ringfence_store::LogError;
use ringfence_store::log::{Reader, Record, Records};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Bytes of records that are held for followers: some seconds of a busy shop.
const FEED_BYTES_MAX: usize = 32 << 20;
/// Records that a follower is given at a time from the log.
const BATCH_MAX: u64 = 4_096;
/// Blocks that a follower is given at a time from memory.
const BLOCKS_MAX: usize = 256;

/// A group commit, with the position of its first record.
type Block = (u64, Arc<[Record<'static>]>);

#[derive(Debug, Default)]
struct Recent {
    blocks: VecDeque<Block>,
    bytes: usize,
    end: u64,
    closed: bool,
}

/// The newest durable records.
#[derive(Debug)]
pub struct Feed {
    recent: Mutex<Recent>,
    grown: Condvar,
    end: watch::Sender<u64>,
}

fn bytes(records: &[Record<'static>]) -> usize {
    records.iter().map(|r| r.payload.len() + 64).sum()
}

impl Feed {
    /// Of a log that ends at `end`.
    pub fn new(end: u64) -> Feed {
        let recent = Recent { end, ..Recent::default() };
        Feed { recent: Mutex::new(recent), grown: Condvar::new(), end: watch::Sender::new(end) }
    }
    fn held(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// What became durable.
    pub fn publish(&self, records: Vec<Record<'static>>) {
        let mut recent = self.held();
        let first = recent.end;
        recent.end += records.len() as u64;
        recent.bytes += bytes(&records);
        recent.blocks.push_back((first, records.into()));
        while recent.bytes > FEED_BYTES_MAX
            && let Some((_, gone)) = recent.blocks.pop_front()
        {
            recent.bytes -= bytes(&gone);
        }
        let end = recent.end;
        drop(recent);
        self.grown.notify_all();
        self.end.send_replace(end);
    }
    /// No more will come.
    pub fn close(&self) {
        self.held().closed = true;
        self.grown.notify_all();
        // Who waits on the end sees that it does not move and asks.
        self.end.send_modify(|_| ());
    }
    /// Whether no more will come.
    pub fn closed(&self) -> bool {
        self.held().closed
    }
    /// Follows how far the log goes.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.end.subscribe()
    }
    /// The records from `from` on that are held, at most so many blocks; `None` where older ones are needed.
    pub fn since(&self, from: u64, most: usize) -> Option<Vec<Block>> {
        let recent = self.held();
        if from >= recent.end {
            return Some(Vec::new());
        }
        if recent.blocks.front().is_none_or(|(first, _)| *first > from) {
            return None;
        }
        let begin = recent.blocks.partition_point(|(first, _)| *first <= from) - 1;
        Some(recent.blocks.range(begin..).take(most).cloned().collect())
    }
    /// Waits until the log goes beyond `position`, at most so long; whether it does.
    pub fn wait(&self, position: u64, at_most: Duration) -> bool {
        let recent = self.held();
        let waiting = |r: &mut Recent| r.end <= position && !r.closed;
        let waited = self.grown.wait_timeout_while(recent, at_most, waiting);
        let (recent, _) = waited.unwrap_or_else(PoisonError::into_inner);
        recent.end > position
    }
}

/// Goes along the log, from its files and then from the feed.
#[derive(Debug)]
pub struct Along {
    feed: Arc<Feed>,
    reader: Reader,
    position: u64,
    files: Option<Records>,
}

impl Along {
    /// From `position` on.
    pub fn new(feed: Arc<Feed>, reader: Reader, position: u64) -> Along {
        Along { feed, reader, position, files: None }
    }
    /// Position of the record that comes next.
    pub fn position(&self) -> u64 {
        self.position
    }
    /// The log.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }
    /// The feed.
    pub fn feed(&self) -> &Arc<Feed> {
        &self.feed
    }
    /// How far it is behind what is durable.
    pub fn behind(&self) -> u64 {
        self.reader.head().position.saturating_sub(self.position)
    }
    /// Shows what is there by now, at most a few thousand records; how many.
    ///
    /// # Errors
    /// Where the log cannot be read, or `see` fails.
    pub fn some<E: From<LogError>>(
        &mut self,
        mut see: impl FnMut(u64, &Record<'static>) -> Result<(), E>,
    ) -> Result<usize, E> {
        self.while_wanted(|position, record| see(position, record).map(|()| true))
    }
    /// The same, until `see` says that it wants no more.
    ///
    /// # Errors
    /// As [`Along::some`]; the record at which `see` failed comes again.
    pub fn while_wanted<E: From<LogError>>(
        &mut self,
        mut see: impl FnMut(u64, &Record<'static>) -> Result<bool, E>,
    ) -> Result<usize, E> {
        let from = self.position;
        if self.files.is_none() {
            match self.feed.since(self.position, BLOCKS_MAX) {
                Some(blocks) => {
                    let records = blocks.iter().flat_map(|(first, records)| (*first..).zip(records.iter()));
                    for (position, record) in records.skip_while(|(position, _)| *position < from) {
                        let more = see(position, record)?;
                        self.position = position + 1;
                        if !more {
                            break;
                        }
                    }
                    return Ok((self.position - from) as usize);
                }
                None => self.files = Some(self.reader.read(self.position)?),
            }
        }
        while (self.position - from) < BATCH_MAX {
            let Some(next) = self.files.as_mut().and_then(Iterator::next) else {
                self.files = None;
                break;
            };
            let seen = next.map_err(E::from).and_then(|(position, record)| {
                let more = see(position, &record)?;
                self.position = position + 1;
                Ok(more)
            });
            match seen {
                Ok(true) => {}
                Ok(false) => break,
                Err(e) => {
                    // What failed comes again.
                    self.files = None;
                    return Err(e);
                }
            }
        }
        Ok((self.position - from) as usize)
    }
    /// Waits until there is more, at most so long; whether there is.
    pub fn wait(&self, at_most: Duration) -> bool {
        self.files.is_some() || self.feed.wait(self.position, at_most)
    }
    /// Whether the service stops.
    pub fn closed(&self) -> bool {
        self.feed.closed()
    }
}
