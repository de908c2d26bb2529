//! Can any bytes make the log's readers panic or hold more memory than their limits? Segment headers, block headers,
//! blocks; also with the right hashes, so that what lies behind them is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_domain::Timestamp;
use ringfence_store::log::block::{BLOCK_RECORDS_MAX, Block, HEADER_BYTES, Header};
use ringfence_store::log::{Hash, segment};

fn look(bytes: &[u8]) {
    if let Ok(block) = Block::decode(bytes) {
        let header = block.header();
        assert!(header.count as usize <= BLOCK_RECORDS_MAX, "a block is bounded");
        assert_eq!(block.records().count(), header.count as usize, "it has the records that it says");
        assert_eq!(header.encode(), bytes[..HEADER_BYTES], "what is read is written the same");
        let _ = block.fits_records_root();
    }
}

fuzz_target!(|bytes: &[u8]| {
    let _ = segment::decode(bytes);
    look(bytes);
    let Some(([flags, count, long, times @ ..], body)) = bytes.split_first_chunk::<11>() else { return };
    let nothing = Hash::of(&[]);
    let header = Header {
        compressed: flags & 1 == 1,
        count: u32::from(*count),
        stored_bytes: body.len() as u32,
        record_bytes: if flags & 1 == 1 { u32::from(*long) << 8 } else { body.len() as u32 },
        first: 0,
        index: 0,
        latest: Timestamp::from_millis(i64::from_le_bytes(*times)).unwrap_or(Timestamp::MIN),
        previous: nothing,
        records_root: nothing,
        blocks_root: nothing,
        body_hash: Hash::of(&[body]),
    };
    look(&[&header.encode()[..], body, b"RFB."].concat());
});
