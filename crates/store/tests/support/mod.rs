//! What do the tests of the log write into it?
#![allow(clippy::unwrap_used, dead_code)] // Each test uses some of it.

use ringfence_domain::Timestamp;
use ringfence_store::log::block::Header;
use ringfence_store::log::segment::SEGMENT_HEADER_BYTES;
use ringfence_store::{Log, Options, Record, RecordKind};

/// The next of a fixed sequence of numbers (SplitMix64).
pub(crate) fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Record `n`: its kind, time and text follow from the number.
pub(crate) fn record(n: u64, bytes: usize) -> Record<'static> {
    let mut text = format!("{{\"n\":{n},\"x\":\"").into_bytes();
    let mut state = n;
    while text.len() < bytes {
        text.extend(format!("{:016x}", next(&mut state)).bytes());
    }
    text.truncate(bytes.max(4));
    Record {
        kind: RecordKind::ALL[(n % 3) as usize],
        recorded: Timestamp::from_millis(1_700_000_000_000 + n as i64 * 1_000).unwrap(),
        payload: text.into(),
    }
}

pub(crate) fn records(range: std::ops::Range<u64>) -> Vec<Record<'static>> {
    range.map(|n| record(n, 20 + (n as usize * 37) % 300)).collect()
}

/// Small segments, so that a test has several.
pub(crate) const SMALL: Options = Options { segment_bytes: 10_000, zstd_level: Some(1) };

/// Appends records `from..to` in groups of 1 to 9.
pub(crate) fn fill(log: &mut Log, from: u64, to: u64) {
    let mut at = from;
    while at < to {
        let end = (at + 1 + at % 9).min(to);
        assert_eq!(log.append(&records(at..end)).unwrap(), at..end);
        at = end;
    }
}

/// Where each block of a segment begins and ends, with the position of its first record.
pub(crate) fn blocks_of(segment: &[u8]) -> Vec<(usize, usize, u64)> {
    let mut blocks = Vec::new();
    let mut at = SEGMENT_HEADER_BYTES;
    while at < segment.len() {
        let header = Header::decode(&segment[at..]).unwrap();
        blocks.push((at, at + header.block_bytes(), header.first));
        at += header.block_bytes();
    }
    blocks
}
