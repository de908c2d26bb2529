//! What do the two threads do? One decides what waits, the other makes it durable and answers.

use crate::core::follow::Follower;
use crate::core::{Control, Core, Denied, Taken};
use crate::feed::Feed;
use crate::past::SNAPSHOTS_KEPT;
use crate::worker::{Answer, Arrived, Change, Changed, Counts, Job, Receipt, Write};
use ringfence_domain::Timestamp;
use ringfence_domain::codec::Decoder;
use ringfence_store::log::{Log, Record};
use ringfence_store::snapshots::Snapshots;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, PoisonError};
use tokio::sync::mpsc;

/// Events that are decided before their records are handed on: a block of some hundred kilobytes.
const BLOCK_EVENTS_MAX: usize = 1_024;

/// What the deciding thread has.
pub(super) struct Deciding {
    pub(super) core: Core,
    pub(super) inbox: mpsc::Receiver<Job>,
    pub(super) blocks: SyncSender<Write>,
    pub(super) clock: fn() -> Timestamp,
    pub(super) counts: Arc<Counts>,
    pub(super) feed: Arc<Feed>,
}

impl Deciding {
    pub(super) fn with_decoder(self, decoder: Decoder) -> Loop {
        Loop { deciding: self, decoder: Some(decoder), records: Vec::new(), answers: Vec::new() }
    }
}

/// The deciding thread with the block that it makes.
pub(super) struct Loop {
    deciding: Deciding,
    /// Of what the log holds; taken when a rebuilt state is caught up.
    decoder: Option<Decoder>,
    records: Vec<Record<'static>>,
    answers: Vec<Answer>,
}

impl Loop {
    pub(super) fn run(mut self) {
        while let Some(first) = self.deciding.inbox.blocking_recv() {
            let mut events = 0;
            let mut job = Some(first);
            while let Some(next) = job {
                events += self.one(next);
                job = if events < BLOCK_EVENTS_MAX { self.deciding.inbox.try_recv().ok() } else { None };
            }
            self.flush();
            let Deciding { core, counts, inbox, .. } = &self.deciding;
            counts.events.store(core.events(), Ordering::Relaxed);
            counts.waiting.store(inbox.len() as u64, Ordering::Relaxed);
            if counts.failed.load(Ordering::Acquire) {
                break;
            }
        }
        self.deciding.feed.close();
    }
    /// Does a job; the events in it.
    fn one(&mut self, job: Job) -> usize {
        match job {
            Job::Take { events: arrived, reply } => {
                let Deciding { core, clock, .. } = &mut self.deciding;
                let now = clock();
                let records = &mut self.records;
                let taken = arrived.into_iter().map(|a| core.take(a.event, a.key, a.payload, now, records));
                let taken: Vec<Taken> = taken.collect();
                let events = taken.len();
                self.answers.push(Answer::Events(taken, reply));
                events
            }
            Job::Change { changes, reply } => {
                let changed: Changed = changes.into_iter().map(|change| self.change(change)).collect();
                let count = changed.as_ref().map_or(0, Vec::len) as u64;
                self.deciding.counts.controls.fetch_add(count, Ordering::Relaxed);
                self.answers.push(Answer::Then(Box::new(move || drop(reply.send(changed)))));
                1
            }
            Job::ChangeWith { control, events, reply } => {
                let count = events.len() + 1;
                let changed = self.change_with(*control, events);
                self.deciding.counts.controls.fetch_add(u64::from(changed.is_ok()), Ordering::Relaxed);
                self.answers.push(Answer::Then(Box::new(move || drop(reply.send(changed)))));
                count
            }
            Job::Look(look) => {
                let then = look(&self.deciding.core);
                self.answers.push(Answer::Then(then));
                1
            }
            Job::Snapshot { reply } => {
                self.flush();
                let core = &self.deciding.core;
                self.send(Write::Snapshot { position: core.next(), state: core.snapshot(), reply });
                0
            }
        }
    }
    fn change(&mut self, change: Change) -> Result<u64, Denied> {
        let Change { control, mut prepared } = change;
        if let Some(prepared) = &mut prepared
            && let Some(rebuilt) = prepared.rebuilt.take()
        {
            prepared.rebuilt = Some(self.caught_up(rebuilt)?);
        }
        let now = (self.deciding.clock)();
        self.deciding.core.control(&control, prepared.map(|p| *p), now, &mut self.records)
    }
    /// The records of all stand in one block.
    fn change_with(&mut self, control: Control, events: Vec<Arrived>) -> Result<u64, Denied> {
        let position = self.change(control.into())?;
        let Deciding { core, clock, .. } = &mut self.deciding;
        let now = clock();
        for Arrived { event, payload } in events {
            let id = event.id.clone();
            match core.take(event, payload, now, &mut self.records) {
                Taken::Accepted { .. } | Taken::Decided { .. } => {}
                // The service makes these events itself, each with an id of its own.
                Taken::Duplicate { .. } | Taken::OtherContent => {
                    return Err(Denied::Conflict(format!("an event {id} came from elsewhere before")));
                }
                Taken::Refused(why) => return Err(Denied::Conflict(format!("event {id}: {why}"))),
            }
        }
        Ok(position)
    }
    /// Brings a state that was rebuilt beside up to now: what came since is folded while nobody is decided. It was close
    /// behind when it was sent, so that this is short; where it is not, it has to come again.
    fn caught_up(
        &mut self,
        rebuilt: ringfence_engine::Engine<ringfence_domain::rates::Rates>,
    ) -> Result<ringfence_engine::Engine<ringfence_domain::rates::Rates>, Denied> {
        self.flush();
        let (done, wait) = sync_channel(1);
        self.send(Write::Barrier(done));
        // An error means that the disk failed: then nothing is answered any more.
        let _ = wait.recv();
        let core = &self.deciding.core;
        let behind =
            || Denied::Conflict("the rebuilt state fell behind; it is caught up and tried again".into());
        // From the first event that it has not folded: the control records before that change lists, which it takes
        // over with the rest, and no rates while a service runs.
        let from = core.event_places().get(rebuilt.position()).unwrap_or(core.next());
        let blocks = self.deciding.feed.since(from, usize::MAX).ok_or_else(behind)?;
        let decoder = self.decoder.take().ok_or_else(behind)?;
        let mut follower = Follower::new(rebuilt, decoder, from);
        let mut failed = None;
        for (first, records) in blocks {
            for (position, record) in (first..).zip(records.iter()).filter(|(p, _)| *p >= from) {
                if let Err(e) = follower.fold(position, record) {
                    failed = failed.or(Some(Denied::Conflict(e.to_string())));
                }
            }
        }
        let (engine, decoder) = follower.into_parts();
        self.decoder = Some(decoder);
        match failed {
            Some(failed) => Err(failed),
            None => Ok(engine),
        }
    }
    fn flush(&mut self) {
        if !self.answers.is_empty() || !self.records.is_empty() {
            let (records, answers) = (std::mem::take(&mut self.records), std::mem::take(&mut self.answers));
            self.send(Write::Block { records, answers });
        }
    }
    /// The writing thread ends only after this one, or when the disk failed: then what is sent is dropped, and with it
    /// everyone's reply.
    fn send(&self, write: Write) {
        drop(self.deciding.blocks.send(write));
    }
}

/// What the writing thread has.
pub(super) struct Writing {
    pub(super) log: Log,
    pub(super) snapshots: Snapshots,
    pub(super) outbox: Receiver<Write>,
    pub(super) counts: Arc<Counts>,
    pub(super) feed: Arc<Feed>,
}

impl Writing {
    pub(super) fn run(self) {
        let Writing { mut log, snapshots, outbox, counts, feed } = self;
        while let Ok(next) = outbox.recv() {
            match next {
                Write::Block { records, answers } => {
                    if !append(&mut log, &records, &counts) {
                        break;
                    }
                    if !records.is_empty() {
                        feed.publish(records);
                    }
                    for answer in answers {
                        match answer {
                            Answer::Events(taken, reply) => {
                                let receipts = taken.into_iter().map(|t| receipt(t, &log, &counts)).collect();
                                // Whoever went away does not want the answer; what it answers is durable.
                                drop(reply.send(receipts));
                            }
                            Answer::Then(then) => then(),
                        }
                    }
                }
                Write::Snapshot { position, state, reply } => {
                    let written = snapshots.write(&log, position, &state).map_err(|e| e.to_string());
                    let kept = written.and_then(|head| {
                        snapshots.prune(SNAPSHOTS_KEPT).map(|_| head).map_err(|e| e.to_string())
                    });
                    drop(reply.send(kept));
                }
                Write::Barrier(done) => drop(done.send(())),
            }
        }
        feed.close();
    }
}

/// Whether the records are durable.
fn append(log: &mut Log, records: &[Record<'static>], counts: &Counts) -> bool {
    if records.is_empty() {
        return true;
    }
    let start = std::time::Instant::now();
    if let Err(e) = log.append(records) {
        tracing::error!("nothing is taken any more: {e}");
        *counts.failure.lock().unwrap_or_else(PoisonError::into_inner) = e.to_string();
        counts.failed.store(true, Ordering::Release);
        return false;
    }
    counts.commits.fetch_add(1, Ordering::Relaxed);
    counts.commit_micros.fetch_add(start.elapsed().as_micros() as u64, Ordering::Relaxed);
    counts.records.store(log.head().position, Ordering::Relaxed);
    true
}

fn receipt(taken: Taken, log: &Log, counts: &Counts) -> Receipt {
    let count = |c: &AtomicU64| c.fetch_add(1, Ordering::Relaxed);
    match taken {
        Taken::Accepted { position } => Receipt::Accepted { position },
        Taken::Decided { position, decision } => {
            count(&counts.decisions);
            Receipt::Decided { position, decision }
        }
        Taken::Duplicate { answered_at } => {
            count(&counts.duplicates);
            let read = |position| log.reader().record(position).ok().map(|r| r.payload.as_ref().into());
            Receipt::Duplicate { decision: answered_at.and_then(read) }
        }
        Taken::OtherContent => {
            count(&counts.refused);
            Receipt::OtherContent
        }
        Taken::Refused(why) => {
            count(&counts.refused);
            Receipt::Refused(why)
        }
    }
}
