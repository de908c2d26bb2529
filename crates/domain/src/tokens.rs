//! What stands in the log for a personal value? A keyed token that joins equal values and reveals none.
//!
//! A token is HMAC-SHA-256 under the deployment's key over the kind and the normalised value, cut to 128 bits:
//! `tok_` and 26 letters and digits (base 32, RFC 4648, lower case). The kind is part of what is hashed, so one
//! text as an e-mail address and as a device has two tokens. A value that has the form of a token is left as it
//! is: a file that was tokenised once is not tokenised twice.
//!
//! Normalising makes spellings of one value meet, and is part of the format (a change breaks joins):
//! e-mail: trimmed, lower case · phone: digits only, a leading `00` dropped · address: lower case, every run of
//! white space and punctuation one space · payment: upper case without spaces and hyphens · IP: canonical form, IPv4 in
//! IPv6 as IPv4 · device: trimmed, lower case · account: as it is.

mod fields;
mod leads;

use crate::codec::Refusal;
use crate::event::Event;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use zeroize::Zeroizing;

pub use crate::words::TokenKind;

/// Shortest key in bytes: 256 bits, the strength of the hash.
pub const KEY_BYTES_MIN: usize = 32;
/// Longest key in bytes: beyond the hash's block a longer key adds nothing.
pub const KEY_BYTES_MAX: usize = 64;
/// What every token begins with.
pub const TOKEN_PREFIX: &str = "tok_";
/// Bytes of a token: the prefix and 128 bits in base 32.
pub const TOKEN_BYTES: usize = TOKEN_PREFIX.len() + 26;

/// Digits of base 32 (RFC 4648), lower case.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Why a key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Shorter than [`KEY_BYTES_MIN`] or longer than [`KEY_BYTES_MAX`].
    #[error(
        "a token key has {KEY_BYTES_MIN}–{KEY_BYTES_MAX} bytes, this one has {0}; make one with `openssl rand -hex 32`"
    )]
    Length(usize),
    /// Not hexadecimal.
    #[error("a token key is written in hexadecimal; make one with `openssl rand -hex 32`")]
    NotHex,
}

/// The secret under all tokens. Wiped from memory when dropped; never printed.
#[derive(Clone)]
pub struct TokenKey(Zeroizing<Vec<u8>>);

impl TokenKey {
    /// A key of [`KEY_BYTES_MIN`] to [`KEY_BYTES_MAX`] bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, KeyError> {
        if !(KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&bytes.len()) {
            return Err(KeyError::Length(bytes.len()));
        }
        Ok(Self(Zeroizing::new(bytes.to_vec())))
    }
    /// A key in hexadecimal; white space around it is ignored.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if !text.len().is_multiple_of(2) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(KeyError::NotHex);
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 2));
        for at in (0..text.len()).step_by(2) {
            bytes.push(u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| KeyError::NotHex)?);
        }
        Self::new(&bytes)
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(secret)")
    }
}

/// Replaces the configured kinds of values by tokens.
#[derive(Clone, Debug)]
pub struct Tokeniser {
    key: TokenKey,
    kinds: BTreeSet<TokenKind>,
}

impl Tokeniser {
    /// Tokenises values of `kinds` under `key`.
    pub fn new(key: TokenKey, kinds: impl IntoIterator<Item = TokenKind>) -> Self {
        Self { key, kinds: kinds.into_iter().collect() }
    }
    /// Whether values of `kind` are replaced.
    pub fn covers(&self, kind: TokenKind) -> bool {
        self.kinds.contains(&kind)
    }
    /// The token of one value, whether or not its kind is configured.
    pub fn token(&self, kind: TokenKind, value: &str) -> String {
        if is_token(value) {
            return value.to_owned();
        }
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key.0).expect("HMAC takes a key of any length (RFC 2104)");
        mac.update(b"ringfence token 1 ");
        mac.update(kind.as_str().as_bytes());
        mac.update(&[0]);
        mac.update(normalised(kind, value).as_bytes());
        let hash = mac.finalize().into_bytes();
        let bits = u128::from_be_bytes(hash[..16].try_into().expect("SHA-256 has 32 bytes"));
        let mut token = String::with_capacity(TOKEN_BYTES);
        token.push_str(TOKEN_PREFIX);
        for digit in 0..26_u32 {
            // 26 digits hold 130 bits: the last digit ends in two zero bits.
            let index = if digit < 25 { bits >> (123 - 5 * digit) } else { bits << 2 } & 31;
            token.push(char::from(BASE32[index as usize]));
        }
        token
    }
    /// Replaces the configured values of a typed event.
    pub fn apply(&self, event: &mut Event) {
        fields::apply(self, event);
    }
    /// Replaces the configured values of one CloudEvents object in JSON, before it is typed: raw values may be
    /// longer than an identifier or hold line ends. The result is the object with its fields in another order.
    pub fn apply_to_json(&self, json: &str) -> Result<String, Refusal> {
        fields::apply_to_json(self, json)
    }
}

/// Whether a text has the form of a token.
pub fn is_token(text: &str) -> bool {
    text.len() == TOKEN_BYTES
        && text.strip_prefix(TOKEN_PREFIX).is_some_and(|rest| rest.bytes().all(|b| BASE32.contains(&b)))
}

/// The spelling that is hashed: see the module's documentation.
pub fn normalised(kind: TokenKind, value: &str) -> String {
    match kind {
        TokenKind::Email | TokenKind::Device => value.trim().to_lowercase(),
        TokenKind::Phone => phone(value),
        TokenKind::Address => {
            let words = value.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
            words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
        }
        TokenKind::Payment => {
            value.chars().filter(|c| !c.is_whitespace() && *c != '-').flat_map(char::to_uppercase).collect()
        }
        TokenKind::Ip => match value.trim().parse::<IpAddr>() {
            Ok(ip) => ip.to_canonical().to_string(),
            Err(_) => value.trim().to_lowercase(),
        },
        TokenKind::Account => value.to_owned(),
    }
}

/// Digits only; a text without digits is kept, so that two such texts do not meet.
fn phone(value: &str) -> String {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    match (digits.is_empty(), digits.strip_prefix("00")) {
        (true, _) => value.trim().to_lowercase(),
        (false, Some(rest)) if !value.trim_start().starts_with('+') => rest.to_owned(),
        (false, _) => digits,
    }
}
