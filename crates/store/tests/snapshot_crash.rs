//! Is a snapshot that was acknowledged there after crashes and failing disks, whole, and never another state?
#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.

mod support;

use proptest::prelude::*;
use ringfence_store::testing::{Disk, Fault};
use ringfence_store::{Log, Options, Snapshots};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Snapshots that are kept.
const KEPT: usize = 2;

#[derive(Clone, Debug)]
enum Step {
    /// The log grows.
    Append(u64),
    /// A snapshot of where it ends.
    Write,
    Prune,
    Fail(u64, Fault),
    Mend,
    /// The process ends; the machine goes on.
    Restart,
    /// Power is lost; the seed decides what reaches the disk.
    Crash(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let fault = prop_oneof![Just(Fault::Broken), Just(Fault::HalfWritten), Just(Fault::Full)];
    prop_oneof![
        4 => (1_u64..4).prop_map(Step::Append),
        6 => Just(Step::Write),
        2 => Just(Step::Prune),
        3 => (0_u64..8, fault).prop_map(|(calls, fault)| Step::Fail(calls, fault)),
        1 => Just(Step::Mend),
        2 => Just(Step::Restart),
        3 => any::<u64>().prop_map(Step::Crash),
    ]
}

/// The state at a position: several sectors, another one everywhere.
fn state(position: u64) -> Vec<u8> {
    (0..1_000 + position * 700).map(|i| (i ^ position.wrapping_mul(0x9e37)) as u8).collect()
}

/// Snapshots on a disk that fails, of a log on one that does not.
struct World {
    log: Log,
    disk: Disk,
    snapshots: Snapshots,
    /// The newest that was acknowledged.
    newest: Option<u64>,
    /// All that were begun.
    begun: BTreeSet<u64>,
}

impl World {
    fn new() -> World {
        let (log_disk, disk) = (Disk::default(), Disk::default());
        let log = Log::open_in(Arc::new(log_disk), Options::default()).unwrap();
        let snapshots = Snapshots::open_in(Arc::new(disk.clone())).unwrap();
        World { log, disk, snapshots, newest: None, begun: BTreeSet::new() }
    }
    fn reopen(&mut self) {
        self.disk.mend();
        self.snapshots = Snapshots::open_in(Arc::new(self.disk.clone())).unwrap();
        let latest = self.snapshots.latest(&self.log).unwrap();
        let found = latest.snapshot.map(|found| (found.head, found.state));
        if let Some((head, bytes)) = &found {
            assert!(self.begun.contains(&head.position), "one that was never written: {}", head.position);
            assert_eq!(*bytes, state(head.position), "the state of position {}", head.position);
        }
        let position = found.map(|(head, _)| head.position);
        assert!(position >= self.newest, "{position:?} is older than {:?}", self.newest);
    }
    fn step(&mut self, step: &Step) {
        match step {
            Step::Append(records) => {
                let first = self.log.head().position;
                self.log.append(&support::records(first..first + records)).unwrap();
            }
            Step::Write => {
                let position = self.log.head().position;
                self.begun.insert(position);
                if self.snapshots.write(&self.log, position, &state(position)).is_ok() {
                    self.newest = self.newest.max(Some(position));
                }
            }
            // Whether it fails or not, the newest stay.
            Step::Prune => drop(self.snapshots.prune(KEPT)),
            Step::Fail(calls, fault) => self.disk.fail_after(*calls, *fault),
            Step::Mend => self.disk.mend(),
            Step::Restart => self.reopen(),
            Step::Crash(seed) => {
                let mut state = *seed;
                self.disk.crash(&mut |n| support::next(&mut state) % n);
                self.reopen();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_crashes_and_fails_the_newest_acknowledged_snapshot_or_a_newer_one_is_there(
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        world.step(&Step::Crash(7));
    }
}
