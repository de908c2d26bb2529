//! How are controls for a blind review picked? Some that are no lead, by a hash: another one each time that something was
//! found, and the same for the same events.

/// Controls for each ten leads, at least one.
const OF_TEN: usize = 2;

/// How many controls go with so many leads.
pub(crate) fn count(leads: usize) -> usize {
    (leads * OF_TEN).div_ceil(10).max(1)
}

/// FNV-1a, 64 bits.
pub(crate) fn hash(start: u64, bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(start ^ 0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}
