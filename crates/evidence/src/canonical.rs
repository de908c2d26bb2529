//! In which one form is JSON written, so that it can be signed? RFC 8785; and what is its hash? SHA-256.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// A value as canonical JSON (RFC 8785): one form only, whoever writes it.
///
/// # Panics
/// Where the value cannot be JSON: a map with keys that are no texts, or a number that is none. Types of this crate can.
pub fn canonical(value: &impl Serialize) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).expect("values of a pack are texts, numbers and maps by text")
}

/// The SHA-256 of bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The same as 64 hexadecimal digits, small letters.
pub fn sha256_hex(bytes: &[u8]) -> String {
    ringfence_store::log::hash::hex(&sha256(bytes))
}

/// Length and SHA-256 of what a reader gives.
///
/// # Errors
/// Where it cannot be read.
pub fn sha256_of(mut reader: impl std::io::Read) -> std::io::Result<(u64, String)> {
    let mut hasher = Sha256::new();
    let mut length = 0;
    let mut bytes = vec![0; 64 << 10];
    loop {
        let read = reader.read(&mut bytes)?;
        if read == 0 {
            return Ok((length, ringfence_store::log::hash::hex(&hasher.finalize())));
        }
        hasher.update(&bytes[..read]);
        length += read as u64;
    }
}
