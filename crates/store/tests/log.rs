//! Does the log keep what it promises while nothing fails? Positions, heads, proofs, retention, snapshots.
#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.

mod support;

use ringfence_domain::Timestamp;
use ringfence_store::log::{
    BLOCK_RECORDS_MAX, Before, HeadKey, InclusionProof, KeyError, PAYLOAD_BYTES_MAX, ProofError, SignedHead,
};
use ringfence_store::{Head, Log, LogError, Options, Record, RecordKind, SnapshotError, Snapshots};
use std::fs;
use std::path::Path;

fn open(folder: &Path) -> Log {
    Log::open(folder, support::SMALL).unwrap()
}

fn filled(to: u64) -> (tempfile::TempDir, Log) {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    support::fill(&mut log, 0, to);
    (folder, log)
}

fn positions(log: &Log, from: u64) -> Vec<u64> {
    let read = log.read(from).unwrap().map(|item| item.unwrap());
    read.inspect(|(position, record)| {
        assert_eq!(*record, support::records(*position..position + 1)[0]);
    })
    .map(|(position, _)| position)
    .collect()
}

#[test]
fn records_are_read_back_from_any_position_before_and_after_opening_again() {
    let (folder, log) = filled(300);
    let head = log.head();
    for from in [0, 1, 57, 299, 300] {
        assert_eq!(positions(&log, from), (from..300).collect::<Vec<_>>());
    }
    assert!(matches!(log.read(301), Err(LogError::Beyond { position: 301, end: 300 })));
    drop(log);
    let mut log = open(folder.path());
    assert_eq!((log.head(), log.dropped()), (head, None));
    support::fill(&mut log, 300, 310);
    assert_eq!(positions(&log, 290), (290..310).collect::<Vec<_>>());
}

#[test]
fn an_iterator_ends_where_the_log_ended_when_it_was_asked_for() {
    let (_folder, mut log) = filled(50);
    let read = log.read(0).unwrap();
    support::fill(&mut log, 50, 200);
    assert_eq!(read.count(), 50);
}

#[test]
fn nothing_appended_is_no_block_and_too_much_is_refused_without_harm() {
    let (_folder, mut log) = filled(5);
    let head = log.head();
    assert_eq!(log.append(&[]).unwrap(), 5..5);
    let small = support::record(1, 4);
    log.append(&vec![small.clone(); BLOCK_RECORDS_MAX + 1]).unwrap_err();
    let long = Record { payload: vec![b'x'; PAYLOAD_BYTES_MAX + 1].into(), ..small.clone() };
    log.append(&[long]).unwrap_err();
    let big = Record { payload: vec![b'x'; PAYLOAD_BYTES_MAX].into(), ..small };
    log.append(&vec![big; 5]).unwrap_err();
    assert_eq!(log.head(), head);
    support::fill(&mut log, 5, 6);
}

#[test]
fn the_same_records_in_the_same_groups_give_the_same_bytes_and_others_another_head() {
    let ((a, log_a), (b, log_b)) = (filled(300), filled(300));
    assert_eq!(log_a.head(), log_b.head());
    for entry in fs::read_dir(a.path()).unwrap() {
        let name = entry.unwrap().file_name();
        assert_eq!(fs::read(a.path().join(&name)).unwrap(), fs::read(b.path().join(&name)).unwrap());
    }
    let mut heads = vec![log_a.head_at(3).unwrap().hash];
    for change in [
        Record { kind: RecordKind::Control, ..support::record(1, 50) },
        Record { recorded: Timestamp::MIN, ..support::record(1, 50) },
        Record { payload: b"{}".as_slice().into(), ..support::record(1, 50) },
        support::record(1, 50),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut log = open(folder.path());
        log.append(&[support::record(0, 50), change, support::record(2, 50)]).unwrap();
        heads.push(log.head().hash);
    }
    heads.sort_by_key(|hash| hash.0);
    heads.dedup();
    assert_eq!(heads.len(), 5, "each has a head of its own");
}

#[test]
fn a_head_of_any_position_is_held_against_the_log() {
    let (_folder, log) = filled(120);
    let heads: Vec<Head> = (0..=120).map(|position| log.head_at(position).unwrap()).collect();
    for (position, head) in heads.iter().enumerate() {
        assert_eq!(head.position, position as u64);
        log.verify_against(head).unwrap();
        let other = Head { hash: heads[(position + 1) % 121].hash, ..*head };
        assert!(matches!(log.verify_against(&other), Err(LogError::Rewritten { .. })));
    }
}

#[test]
fn a_signed_head_shows_a_log_that_was_rewritten_or_cut() {
    let (folder, log) = filled(100);
    let key = HeadKey::from_seed(&[7; 32]);
    let signed = key.sign(log.head(), support::record(0, 1).recorded);
    let text = serde_json::to_string(&signed).unwrap();
    let signed: SignedHead = serde_json::from_str(&text).unwrap();
    signed.verify(&key.public()).unwrap();
    assert_eq!(signed.verify(&HeadKey::from_seed(&[8; 32]).public()), Err(KeyError::Signature));
    let moved = SignedHead { head: Head { position: 99, ..signed.head }, ..signed.clone() };
    assert_eq!(moved.verify(&key.public()), Err(KeyError::Signature));
    let later = SignedHead { signed_at: Timestamp::MAX, ..signed.clone() };
    assert_eq!(later.verify(&key.public()), Err(KeyError::Signature));
    log.verify_against(&signed.head).unwrap();
    drop(log);
    // Whoever can write the folder can write a log that looks whole.
    fs::remove_dir_all(folder.path()).unwrap();
    let mut log = open(folder.path());
    support::fill(&mut log, 0, 99);
    assert!(matches!(log.verify_against(&signed.head), Err(LogError::Shortened { end: 99, .. })));
    log.append(&[support::record(1_000, 20)]).unwrap();
    log.verify(&mut |_| ()).unwrap();
    assert!(matches!(log.verify_against(&signed.head), Err(LogError::Rewritten { .. })));
}

#[test]
fn keys_are_written_and_read_as_digits() {
    let key = HeadKey::from_seed(&[0xab; 32]);
    let again = HeadKey::parse(&format!("{}\n", key.secret_text())).unwrap();
    assert_eq!(again.public(), key.public());
    assert_eq!(key.public().to_string().parse(), Ok(key.public()));
    assert_eq!(HeadKey::parse("ab").err(), Some(KeyError::NoKey));
    assert!(!format!("{key:?}").contains("abab"), "a private key is not shown");
}

#[test]
fn proofs_made_together_are_those_made_one_by_one() {
    let (_folder, mut log) = filled(150);
    let early = log.head();
    support::fill(&mut log, 150, 220);
    for head in [early, log.head()] {
        for step in [1, 3, 50] {
            let positions: Vec<u64> = (0..head.position).step_by(step).collect();
            let together = log.reader().prove(&positions, &head).unwrap();
            let single: Vec<InclusionProof> =
                positions.iter().map(|p| log.prove(*p, &head).unwrap()).collect();
            assert_eq!(together, single);
            for proof in &together {
                let record = &support::records(proof.position..proof.position + 1)[0];
                proof.check_hash(record.hash(), &head).unwrap();
                let other = &support::records(proof.position + 1..proof.position + 2)[0];
                proof.check_hash(other.hash(), &head).unwrap_err();
            }
        }
    }
    assert_eq!(log.reader().prove(&[], &early).unwrap(), []);
    assert!(matches!(log.reader().prove(&[3, 150], &early), Err(ProofError::HeadBefore { .. })));
}

#[test]
fn what_a_key_signs_in_one_context_is_signed_in_no_other() {
    let (one, other) = (HeadKey::from_seed(&[7; 32]), HeadKey::from_seed(&[8; 32]));
    let signature = one.sign_bytes("a\n", b"text");
    one.public().verify_bytes("a\n", b"text", &signature).unwrap();
    for (key, context, bytes) in
        [(&other, "a\n", &b"text"[..]), (&one, "b\n", b"text"), (&one, "a\n", b"texts")]
    {
        key.public().verify_bytes(context, bytes, &signature).unwrap_err();
    }
    one.public().verify_bytes("a\n", b"text", &signature[1..]).unwrap_err();
}

#[test]
fn a_proof_shows_one_record_in_a_signed_log_and_nothing_else() {
    let (_folder, mut log) = filled(150);
    let early = log.head();
    support::fill(&mut log, 150, 220);
    for head in [early, log.head()] {
        for position in (0..head.position).step_by(7) {
            let proof = log.prove(position, &head).unwrap();
            let text = serde_json::to_string(&proof).unwrap();
            let proof: InclusionProof = serde_json::from_str(&text).unwrap();
            let record = &support::records(position..position + 1)[0];
            proof.check(record, &head).unwrap();
            let other = &support::records(position + 1..position + 2)[0];
            proof.check(other, &head).unwrap_err();
            let elsewhere = Head { hash: log.head_at(1).unwrap().hash, ..head };
            proof.check(record, &elsewhere).unwrap_err();
            proof.check(record, &Head { position: head.position + 1, ..head }).unwrap_err();
            let moved = InclusionProof { position: position + 1, ..proof.clone() };
            moved.check(record, &head).unwrap_err();
            let mut bent = proof.clone();
            if let Some(first) = bent.block_path.first_mut().or(bent.record_path.first_mut()) {
                first.0[5] ^= 1;
                bent.check(record, &head).unwrap_err();
            }
        }
    }
    assert!(matches!(log.prove(150, &early), Err(ProofError::HeadBefore { .. })));
}

#[test]
fn retention_removes_whole_old_segments_and_the_chain_still_holds_from_the_anchor_on() {
    let (folder, mut log) = filled(300);
    let (head, early, late) = (log.head(), log.head_at(10).unwrap(), log.head_at(290).unwrap());
    let proof = log.prove(280, &head).unwrap();
    let retired = log.retire(Before::Position(200)).unwrap();
    let anchor = log.anchor();
    assert_eq!((retired.anchor, retired.records), (anchor, anchor.position));
    assert!(retired.segments > 1 && (1..=200).contains(&anchor.position), "{retired:?}");
    assert_eq!(log.retire(Before::Position(200)).unwrap().segments, 0, "once");
    drop(log);
    let mut log = open(folder.path());
    assert_eq!((log.anchor(), log.head()), (anchor, head));
    assert_eq!(positions(&log, anchor.position), (anchor.position..300).collect::<Vec<_>>());
    assert!(matches!(log.read(anchor.position - 1), Err(LogError::Retired { .. })));
    assert!(matches!(log.verify_against(&early), Err(LogError::Retired { .. })));
    log.verify_against(&late).unwrap();
    assert_eq!(log.head_at(anchor.position).unwrap(), anchor);
    assert_eq!(log.verify(&mut |_| ()).unwrap().anchor, anchor);
    assert_eq!(log.prove(280, &head).unwrap(), proof, "proofs of what stays are the same");
    support::fill(&mut log, 300, 320);
    let time = support::record(310, 1).recorded;
    let retired = log.retire(Before::Recorded(time)).unwrap();
    assert!((250..=310).contains(&retired.anchor.position), "{retired:?}");
    assert_eq!(log.retire(Before::Recorded(Timestamp::MAX)).unwrap().anchor, log.anchor());
    assert!(log.anchor().position < 320, "the last segment stays");
    log.verify(&mut |_| ()).unwrap();
}

#[test]
fn the_latest_whole_snapshot_of_this_log_is_found() {
    let (folder, log) = filled(100);
    let snapshots = Snapshots::open(&folder.path().join("snapshots")).unwrap();
    assert!(snapshots.latest(&log).unwrap().snapshot.is_none());
    for position in [20, 41, 63, 100] {
        let head = snapshots.write(&log, position, format!("state {position}").as_bytes()).unwrap();
        assert_eq!(head, log.head_at(position).unwrap());
    }
    assert!(matches!(snapshots.write(&log, 101, b""), Err(SnapshotError::Log(LogError::Beyond { .. }))));
    assert_eq!(snapshots.latest(&log).unwrap().snapshot.unwrap().state, b"state 100");
    assert_eq!(snapshots.prune(3).unwrap(), 1);
    assert_eq!(snapshots.list().unwrap(), [41, 63, 100]);
    let newest = folder.path().join("snapshots/00000000000000000100.snapshot");
    let bytes = fs::read(&newest).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 4;
        fs::write(&newest, changed).unwrap();
        let latest = snapshots.latest(&log).unwrap();
        assert_eq!(latest.snapshot.unwrap().state, b"state 63", "byte {at} was changed");
        assert_eq!(latest.passed_over.len(), 1);
        fs::write(&newest, &bytes[..at]).unwrap();
        assert_eq!(snapshots.latest(&log).unwrap().passed_over.len(), 1, "cut at {at}");
    }
}

#[test]
fn a_snapshot_of_a_head_that_the_log_does_not_have_is_refused() {
    let (folder, log) = filled(100);
    let snapshots = Snapshots::open(&folder.path().join("snapshots")).unwrap();
    snapshots.write(&log, 100, b"state").unwrap();
    let (_other, mut log) = filled(99);
    assert!(matches!(snapshots.latest(&log), Err(SnapshotError::Ahead { position: 100, end: 99, .. })));
    log.append(&[support::record(7, 7)]).unwrap();
    assert!(matches!(snapshots.latest(&log), Err(SnapshotError::Foreign { position: 100, .. })));
}

#[test]
fn a_log_of_every_format_that_ever_was_is_read() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/log-format-1");
    let files = ["segments.json", "00000000000000000000.segment"];
    let folder = tempfile::tempdir().unwrap();
    if std::env::var_os("RINGFENCE_BLESS").is_some() {
        let mut log = open(folder.path());
        support::fill(&mut log, 0, 24);
        fs::create_dir_all(&fixture).unwrap();
        for file in files {
            fs::copy(folder.path().join(file), fixture.join(file)).unwrap();
        }
        return;
    }
    for file in files {
        fs::copy(fixture.join(file), folder.path().join(file)).unwrap();
    }
    let mut log = open(folder.path());
    assert_eq!(positions(&log, 0), (0..24).collect::<Vec<_>>());
    log.verify(&mut |_| ()).unwrap();
    support::fill(&mut log, 24, 30);
}

#[test]
fn a_reader_sees_what_is_durable_and_finds_any_record_from_a_mark() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { segment_bytes: 1 << 20, zstd_level: None };
    let mut log = Log::open(dir.path(), options).unwrap();
    let reader = log.reader();
    let payload = |n: u64| format!("{n:>0700}").into_bytes();
    for n in 0..4_000 {
        let record = Record { kind: RecordKind::Event, recorded: Timestamp::MIN, payload: payload(n).into() };
        log.append(&[record]).unwrap();
        assert_eq!(reader.head(), log.head(), "a reader sees what was appended at once");
    }
    let check = |log: &Log| {
        let reader = log.reader();
        for n in (0..4_000).rev().step_by(97).chain([0, 3_999]) {
            assert_eq!(*reader.record(n).unwrap().payload, payload(n));
        }
        assert!(reader.read(2_345).unwrap().map(|r| r.unwrap().0).eq(2_345..4_000));
        assert!(matches!(reader.record(4_000), Err(LogError::Beyond { .. })));
    };
    // With the marks of appending, with none as after a restart, and with those of the walks.
    check(&log);
    drop(log);
    let mut log = Log::open(dir.path(), options).unwrap();
    check(&log);
    check(&log);
    let reader = log.reader();
    let anchor = log.retire(Before::Position(2_000)).unwrap().anchor.position;
    assert!(anchor > 0 && reader.anchor().position == anchor);
    assert!(matches!(reader.record(0), Err(LogError::Retired { .. })));
    assert_eq!(*reader.record(anchor).unwrap().payload, payload(anchor));
}
