//! How are secrets made, kept and compared? Random, as hashes, and in a time that tells nothing.
//!
//! Every secret of the service is 256 random bits, so that a fast hash is enough: there is nothing to guess. Passwords,
//! which people choose, are another matter: see [`crate::access::password`].

use ringfence_domain::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What keys begin with, so that secret scanners find them.
pub const KEY_PREFIX: &str = "rf_";

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).collect()
}

pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

pub(crate) fn random_hex<const N: usize>() -> String {
    hex(&random_bytes::<N>())
}

pub(crate) fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Compares without telling by its time where two texts differ.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |d, (x, y)| d | (x ^ y)) == 0
}

/// A link that works once and for a while, as it is kept: its token is known to whoever was given it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTime {
    sha256: String,
    expires_at: Timestamp,
}

impl OneTime {
    /// A new one, with its token.
    pub fn new(expires_at: Timestamp) -> (OneTime, String) {
        let token = random_hex::<32>();
        (OneTime { sha256: sha256(&token), expires_at }, token)
    }
    /// Whether this token opens it now.
    pub fn opens(&self, token: &str, now: Timestamp) -> bool {
        same(&self.sha256, &sha256(token)) && now < self.expires_at
    }
    /// From then on it does not work any more.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}
