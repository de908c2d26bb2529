//! Is anything lost that was acknowledged? Appends, crashes and failing disks in any order (INV-LOG-1).
#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.

mod support;

use proptest::prelude::*;
use ringfence_store::log::{Before, Hash};
use ringfence_store::testing::{Disk, Fault};
use ringfence_store::{Log, LogError, Options, Record};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<usize>),
    Fail(u64, Fault),
    Mend,
    /// The process ends; the machine goes on.
    Restart,
    /// Power is lost; the seed decides what reaches the disk.
    Crash(u64),
    /// Retires what is before this share of the log, in eighths.
    Retire(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let fault = prop_oneof![Just(Fault::Broken), Just(Fault::HalfWritten), Just(Fault::Full)];
    prop_oneof![
        8 => proptest::collection::vec(4_usize..1_500, 1..6).prop_map(Step::Append),
        2 => (0_u64..12, fault).prop_map(|(calls, fault)| Step::Fail(calls, fault)),
        1 => Just(Step::Mend),
        2 => Just(Step::Restart),
        3 => any::<u64>().prop_map(Step::Crash),
        1 => (1_u64..8).prop_map(Step::Retire),
    ]
}

/// A log on a disk, and what it must hold.
struct World {
    disk: Disk,
    options: Options,
    log: Option<Log>,
    acknowledged: Vec<Record<'static>>,
    /// The append that failed last: it may be found whole or not at all.
    pending: Vec<Record<'static>>,
    heads: BTreeMap<u64, Hash>,
    retired_to: u64,
}

impl World {
    fn new(options: Options) -> World {
        let disk = Disk::default();
        let mut world = World {
            disk,
            options,
            log: None,
            acknowledged: Vec::new(),
            pending: Vec::new(),
            heads: BTreeMap::new(),
            retired_to: 0,
        };
        world.reopen();
        world
    }

    /// Opens the log, on a disk that may still fail; then on a mended one, where it must succeed.
    fn reopen(&mut self) {
        self.log = None;
        let open = || Log::open_in(Arc::new(self.disk.clone()), self.options);
        let log = match open() {
            Err(LogError::Io { .. }) => {
                self.disk.mend();
                open()
            }
            other => other,
        };
        self.log = Some(log.unwrap_or_else(|e| panic!("what a crash leaves can be opened: {e:?}")));
        self.compare();
    }

    /// The log holds what was acknowledged, and of the append that failed all or nothing.
    fn compare(&mut self) {
        let log = self.log.as_ref().unwrap();
        let anchor = log.anchor().position;
        assert!(anchor <= self.retired_to, "nothing was retired that was not asked for");
        let read: Vec<Record<'static>> = log.read(anchor).unwrap().map(|item| item.unwrap().1).collect();
        let expected = &self.acknowledged[anchor as usize..];
        let with_pending: Vec<_> = expected.iter().chain(&self.pending).cloned().collect();
        assert!(
            read == expected || read == with_pending,
            "{} records read, {} acknowledged, {} pending",
            read.len(),
            expected.len(),
            self.pending.len()
        );
        self.acknowledged.truncate(anchor as usize);
        self.acknowledged.extend(read);
        self.pending.clear();
        let head = log.head();
        assert_eq!(head.position, self.acknowledged.len() as u64);
        self.heads.insert(head.position, head.hash);
        assert_eq!(log.verify(&mut |_| ()).unwrap().head, head);
        for (position, hash) in self.heads.range(anchor..) {
            assert_eq!(log.head_at(*position).unwrap().hash, *hash, "the head at {position}");
        }
    }

    fn step(&mut self, step: Step) {
        let log = self.log.as_mut().unwrap();
        match step {
            Step::Append(lengths) => {
                let first = self.acknowledged.len() as u64;
                let records: Vec<_> =
                    lengths.iter().zip(first..).map(|(bytes, n)| support::record(n, *bytes)).collect();
                match log.append(&records) {
                    Ok(positions) => {
                        assert_eq!(positions, first..first + records.len() as u64);
                        assert!(self.pending.is_empty(), "a log that failed takes nothing more");
                        self.acknowledged.extend(records);
                        self.heads.insert(positions.end, log.head().hash);
                    }
                    Err(LogError::Poisoned(_)) => {}
                    Err(e) => {
                        assert!(matches!(e, LogError::Io { .. }), "only the disk fails: {e:?}");
                        self.pending = records;
                        let again = log.append(&support::records(0..1));
                        assert!(matches!(again, Err(LogError::Poisoned(_))), "{again:?}");
                        let read = log.read(log.anchor().position).unwrap();
                        assert!(read.map(|item| item.unwrap().0 + 1).last().unwrap_or(first) >= first);
                    }
                }
            }
            Step::Fail(calls, fault) => self.disk.fail_after(calls, fault),
            Step::Mend => self.disk.mend(),
            Step::Restart => self.reopen(),
            Step::Crash(seed) => {
                let mut state = seed;
                self.disk.crash(&mut |n| support::next(&mut state) % n);
                self.reopen();
            }
            Step::Retire(eighths) => {
                let before = self.acknowledged.len() as u64 * eighths / 8;
                self.retired_to = self.retired_to.max(before);
                // A disk that fails here is looked at when the log is opened again.
                let _ = log.retire(Before::Position(before));
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_crashes_and_fails_all_that_was_acknowledged_is_there_and_nothing_half(
        steps in proptest::collection::vec(step(), 1..40),
        compressed in any::<bool>(),
    ) {
        let zstd_level = compressed.then_some(1);
        let mut world = World::new(Options { segment_bytes: 9_000, zstd_level });
        for step in steps {
            world.step(step);
        }
        world.step(Step::Crash(1));
    }
}

#[test]
fn a_full_disk_is_a_clear_error_and_after_it_everything_goes_on() {
    let mut world = World::new(support::SMALL);
    world.step(Step::Append(vec![300; 5]));
    world.disk.fail_after(0, Fault::Full);
    let log = world.log.as_mut().unwrap();
    let error = log.append(&support::records(5..9)).unwrap_err();
    assert_eq!(error.to_string(), "cannot write disk/00000000000000000000.segment");
    let LogError::Io { source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
    let refused = log.append(&support::records(5..9)).unwrap_err();
    assert!(matches!(&refused, LogError::Poisoned(first) if first.to_string() == error.to_string()));
    assert_eq!(log.read(0).unwrap().count(), 5, "reading goes on");
    world.disk.mend();
    world.reopen();
    let log = world.log.as_mut().unwrap();
    assert_eq!(log.dropped().map(|d| d.position), Some(5), "half of the append was found and dropped");
    assert_eq!(log.append(&support::records(5..9)).unwrap(), 5..9);
}

#[test]
fn what_a_failed_sync_left_in_memory_is_written_again_before_anything_is_built_on_it() {
    let mut world = World::new(support::SMALL);
    world.step(Step::Append(vec![300; 5]));
    world.disk.fail_after(1, Fault::Broken);
    world.log.as_mut().unwrap().append(&support::records(5..7)).unwrap_err();
    world.pending = support::records(5..7);
    world.reopen();
    assert_eq!(world.log.as_ref().unwrap().head().position, 7, "the system still shows the block");
    world.step(Step::Append(vec![300; 5]));
    world.disk.crash(&mut |_| 0);
    world.reopen();
    assert_eq!(world.log.as_ref().unwrap().head().position, 12);
}

#[test]
fn a_second_opening_of_one_folder_is_refused_and_names_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::open(folder.path(), support::SMALL).unwrap();
    let error = Log::open(folder.path(), support::SMALL).unwrap_err();
    let LogError::Locked { lock, holder } = &error else { panic!("{error:?}") };
    assert_eq!(*lock, folder.path().join("lock"));
    if cfg!(unix) {
        assert_eq!(*holder, std::process::id().to_string());
    }
    drop(log);
    Log::open(folder.path(), support::SMALL).unwrap();
}
