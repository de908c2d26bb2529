//! Can any bytes make the reader of snapshots panic? Also with the right hashes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_store::Snapshot;
use ringfence_store::log::Hash;
use ringfence_store::snapshots::SNAPSHOT_HEADER_BYTES;

/// Bytes of the header that its hash, the last of it, is taken of.
const HASHED: usize = SNAPSHOT_HEADER_BYTES - Hash::BYTES;

fuzz_target!(|bytes: &[u8]| {
    let _ = Snapshot::decode(bytes.to_vec());
    if bytes.len() < SNAPSHOT_HEADER_BYTES {
        return;
    }
    let mut forged = bytes.to_vec();
    forged[..8].copy_from_slice(b"RFSNAPSH");
    let state = Hash::of(&[&forged[SNAPSHOT_HEADER_BYTES..]]);
    forged[64..96].copy_from_slice(&state.0);
    let header = Hash::of(&[&forged[..HASHED]]);
    forged[HASHED..SNAPSHOT_HEADER_BYTES].copy_from_slice(&header.0);
    if let Ok(snapshot) = Snapshot::decode(forged) {
        assert_eq!(snapshot.state, &bytes[SNAPSHOT_HEADER_BYTES..]);
    }
});
