//! Is a changed, cut or missing file seen? `verify` names the first bad position, nothing panics, nothing wrong is read
//! (INV-LOG-2, INV-LOG-3).
#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.

mod support;

use proptest::prelude::*;
use ringfence_store::log::block::{Block, Header};
use ringfence_store::log::segment::{self, SEGMENT_HEADER_BYTES};
use ringfence_store::log::{Hash, verify};
use ringfence_store::{Log, LogError, Snapshot};
use std::fs;
use std::path::{Path, PathBuf};

const RECORDS: u64 = 300;

/// A log of several segments, closed.
fn sound() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::open(folder.path(), support::SMALL).unwrap();
    support::fill(&mut log, 0, RECORDS);
    folder
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    names.retain(|name| name.extension().is_some_and(|e| e == "segment"));
    names.sort();
    assert!(names.len() > 3, "{names:?}");
    names
}

fn first_of(segment: &Path) -> u64 {
    segment.file_stem().unwrap().to_str().unwrap().parse().unwrap()
}

/// Opens and reads all; whatever is read is what was written. `Ok` of the number of records where no error came.
fn read_all(folder: &Path) -> Result<u64, LogError> {
    let log = Log::open(folder, support::SMALL)?;
    let mut expected = support::records(0..RECORDS).into_iter();
    let mut count = 0;
    for item in log.read(0)? {
        let (position, record) = item?;
        assert_eq!((position, Some(record)), (count, expected.next()), "what is read is what was written");
        count += 1;
    }
    Ok(count)
}

#[test]
fn every_flipped_bit_is_seen_and_the_first_bad_position_named() {
    let folder = sound();
    let segments = segments(folder.path());
    let last = segments.last().unwrap().clone();
    let mut state = 7;
    for round in 0..250 {
        let segment = &segments[(support::next(&mut state) % segments.len() as u64) as usize];
        let bytes = fs::read(segment).unwrap();
        let bit = (support::next(&mut state) % (bytes.len() as u64 * 8)) as usize;
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        fs::write(segment, &changed).unwrap();
        let blocks = support::blocks_of(&bytes);
        let hit = blocks.iter().find(|(from, to, _)| (*from..*to).contains(&(bit / 8)));
        let position = hit.map_or(first_of(segment), |(_, _, first)| *first);
        let place = format!("round {round}: bit {bit} of {}", segment.display());
        let error = verify(folder.path(), &mut |_| ()).expect_err(&place);
        assert_eq!(error.position(), Some(position), "{place}: {error}");
        let read = read_all(folder.path()).expect_err(&place);
        assert_eq!(read.position(), Some(position), "{place}: {read}");
        let opened = Log::open(folder.path(), support::SMALL);
        if *segment == last || hit.is_none() {
            assert!(matches!(opened, Err(LogError::Damaged { .. })), "{place}: {opened:?}");
        } else {
            assert_eq!(opened.expect(&place).head().position, RECORDS, "{place}: the rest stays in use");
        }
        assert!(fs::read(segment).unwrap() == changed, "{place}: nothing was changed by looking");
        fs::write(segment, &bytes).unwrap();
    }
    assert_eq!(read_all(folder.path()).unwrap(), RECORDS);
}

#[test]
fn damage_at_the_end_is_not_taken_for_an_append_that_was_cut_short() {
    let folder = sound();
    let segment = segments(folder.path()).pop().unwrap();
    let bytes = fs::read(&segment).unwrap();
    let blocks = support::blocks_of(&bytes);
    assert!(blocks.len() > 2, "the last segment has several blocks");
    let (from, to, first) = *blocks.last().unwrap();
    let refused = |changed: &[u8], position: u64, place: &str| {
        fs::write(&segment, changed).unwrap();
        let error = verify(folder.path(), &mut |_| ()).expect_err(place);
        assert_eq!(error.position(), Some(position), "{place}: {error}");
        let error = Log::open(folder.path(), support::SMALL).expect_err(place);
        assert!(matches!(error, LogError::Damaged { .. }), "{place}: {error}");
        assert!(fs::read(&segment).unwrap() == changed, "{place}: nothing was changed by looking");
    };
    for at in from..to {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        refused(&changed, first, &format!("a bit of byte {at} in the last block"));
    }
    // A sector that reads as zero is what an unfinished append looks like; with a block behind it, it is not one.
    for sector in (SEGMENT_HEADER_BYTES..blocks[blocks.len() - 2].1 - 512).step_by(512) {
        let mut changed = bytes.clone();
        changed[sector..sector + 512].fill(0);
        let position = blocks.iter().find(|b| b.1 > sector).unwrap().2;
        refused(&changed, position, &format!("sector at {sector}"));
    }
}

#[test]
fn a_segment_that_is_cut_anywhere_shows_what_is_missing() {
    let folder = sound();
    let segments = segments(folder.path());
    let (last, before) = segments.split_last().unwrap();
    let mut state = 11;
    for _ in 0..100 {
        let segment = &before[(support::next(&mut state) % before.len() as u64) as usize];
        let bytes = fs::read(segment).unwrap();
        let length = (support::next(&mut state) % bytes.len() as u64) as usize;
        fs::write(segment, &bytes[..length]).unwrap();
        let blocks = support::blocks_of(&bytes);
        let position = blocks.iter().find(|b| b.1 > length).map_or(RECORDS, |b| b.2);
        let position = if length < SEGMENT_HEADER_BYTES { first_of(segment) } else { position };
        for error in [verify(folder.path(), &mut |_| ()).unwrap_err(), read_all(folder.path()).unwrap_err()] {
            assert_eq!(error.position(), Some(position), "cut at {length}: {error}");
        }
        fs::write(segment, &bytes).unwrap();
    }
    let bytes = fs::read(last).unwrap();
    let blocks = support::blocks_of(&bytes);
    for length in (SEGMENT_HEADER_BYTES..bytes.len()).step_by(61) {
        fs::write(last, &bytes[..length]).unwrap();
        let whole = blocks.iter().find(|b| b.1 > length).map_or(RECORDS, |b| b.2);
        let torn = !blocks.iter().any(|b| b.0 == length);
        let verified = verify(folder.path(), &mut |_| ()).unwrap();
        assert_eq!((verified.head.position, verified.unfinished_bytes > 0), (whole, torn));
        let log = Log::open(folder.path(), support::SMALL).unwrap();
        assert_eq!(log.dropped().map(|d| d.position), torn.then_some(whole), "cut at {length}");
        drop(log);
        assert_eq!(read_all(folder.path()).unwrap(), whole);
    }
}

#[test]
fn a_missing_file_is_named_with_what_cannot_be_read_without_it() {
    let folder = sound();
    for segment in segments(folder.path()) {
        let bytes = fs::read(&segment).unwrap();
        fs::remove_file(&segment).unwrap();
        for error in [
            verify(folder.path(), &mut |_| ()).unwrap_err(),
            Log::open(folder.path(), support::SMALL).unwrap_err(),
        ] {
            assert!(matches!(&error, LogError::Missing { file, .. } if *file == segment), "{error:?}");
            assert_eq!(error.position(), Some(first_of(&segment)));
        }
        fs::write(&segment, bytes).unwrap();
    }
    let table = folder.path().join("segments.json");
    let bytes = fs::read(&table).unwrap();
    fs::remove_file(&table).unwrap();
    let error = Log::open(folder.path(), support::SMALL).unwrap_err();
    assert!(matches!(&error, LogError::Missing { file, .. } if *file == table), "{error:?}");
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        fs::write(&table, changed).unwrap();
        match Log::open(folder.path(), support::SMALL) {
            // White space, or the case of a digit of the hash: it still says the same.
            Ok(log) => assert_eq!(log.head().position, RECORDS),
            Err(error) => {
                assert!(matches!(&error, LogError::Damaged { file, .. } if *file == table), "{error:?}")
            }
        }
    }
    fs::write(&table, &bytes).unwrap();
    assert_eq!(read_all(folder.path()).unwrap(), RECORDS);
}

#[test]
fn an_old_table_of_segments_does_not_hide_the_newer_ones() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::open(folder.path(), support::SMALL).unwrap();
    support::fill(&mut log, 0, 10);
    let table = fs::read(folder.path().join("segments.json")).unwrap();
    support::fill(&mut log, 10, RECORDS);
    drop(log);
    fs::write(folder.path().join("segments.json"), table).unwrap();
    let error = Log::open(folder.path(), support::SMALL).unwrap_err();
    assert!(matches!(error, LogError::Unknown { .. }), "{error:?}");
}

#[test]
fn another_version_is_named_and_not_taken_for_damage() {
    let folder = sound();
    let segment = &segments(folder.path())[1];
    let mut bytes = fs::read(segment).unwrap();
    bytes[8] = 9;
    let end = SEGMENT_HEADER_BYTES - Hash::BYTES;
    let hash = Hash::of(&[&bytes[..end]]);
    bytes[end..SEGMENT_HEADER_BYTES].copy_from_slice(&hash.0);
    fs::write(segment, bytes).unwrap();
    let error = Log::open(folder.path(), support::SMALL).unwrap_err();
    assert!(matches!(&error, LogError::Version { file, found: 9 } if file == segment), "{error:?}");
    assert!(error.to_string().contains("format 9, and this program knows format 1"), "{error}");
}

proptest! {
    #[test]
    fn any_bytes_are_a_block_a_segment_a_snapshot_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..5_000)) {
        let _ = Header::decode(&bytes);
        let _ = Block::decode(&bytes);
        let _ = segment::decode(&bytes);
        let _ = Snapshot::decode(bytes);
    }

    /// With the right hashes, so that what lies behind them is reached.
    #[test]
    fn a_forged_header_is_read_or_refused_in_bounded_memory(
        count in 0_u32..100_000,
        record_bytes in any::<u32>(),
        first in any::<u64>(),
        compressed in any::<bool>(),
        body in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let hash = Hash::of(&[]);
        let latest = support::record(1, 1).recorded;
        let header = Header {
            compressed, count, record_bytes, first, latest,
            stored_bytes: body.len() as u32,
            index: 0,
            previous: hash, records_root: hash, blocks_root: hash,
            body_hash: Hash::of(&[&body]),
        };
        let bytes = [&header.encode()[..], &body, b"RFB."].concat();
        if let Ok(block) = Block::decode(&bytes) {
            prop_assert_eq!(block.records().count(), count as usize);
        }
    }
}
