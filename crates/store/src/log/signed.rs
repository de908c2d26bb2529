//! Who says that the log had this head? Whoever holds the key; kept elsewhere, it shows a later rewrite.

use crate::log::chain::Head;
use crate::log::hash::{from_hex, hex};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use ringfence_domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Sets these signatures apart from all others that the same key may make.
const CONTEXT: &[u8] = b"ringfence signed log head, format 1\n";

/// Why something is no key, or a signature does not hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// Not the text of a key.
    #[error("this is no key: 64 hexadecimal digits are expected; make one with `ringfence log keygen`")]
    NoKey,
    /// Not a point of the curve.
    #[error("this is no public key of Ed25519: it was changed, or is the digits of something else")]
    NoPoint,
    /// The signature is not of this head by this key.
    #[error("the signature does not hold: the head was changed, or another key signed it")]
    Signature,
}

/// The private key that signs heads: Ed25519 (RFC 8032). It is wiped from memory when dropped and never shown.
pub struct HeadKey(SigningKey);

impl HeadKey {
    /// The key of 32 random bytes; the log has no source of chance.
    pub fn from_seed(seed: &[u8; 32]) -> HeadKey {
        HeadKey(SigningKey::from_bytes(seed))
    }
    /// The key that was written as 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<HeadKey, KeyError> {
        from_hex(text.trim()).map(|seed| HeadKey::from_seed(&seed)).ok_or(KeyError::NoKey)
    }
    /// Its 64 hexadecimal digits, for a file that only its owner reads.
    pub fn secret_text(&self) -> String {
        hex(self.0.as_bytes())
    }
    /// The key that others verify with.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }
    /// Signs a head, as seen at `signed_at` by the caller's clock.
    pub fn sign(&self, head: Head, signed_at: Timestamp) -> SignedHead {
        let signature = self.0.sign(&message(&head, signed_at)).to_bytes();
        SignedHead { head, signed_at, key: self.public(), signature: hex(&signature) }
    }
    /// Signs something else, as 128 hexadecimal digits. `context` sets it apart from all that the key signs otherwise: a
    /// line of its own, with its line end.
    pub fn sign_bytes(&self, context: &str, bytes: &[u8]) -> String {
        hex(&self.0.sign(&[context.as_bytes(), bytes].concat()).to_bytes())
    }
}

impl fmt::Debug for HeadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeadKey(public {})", self.public())
    }
}

/// The key that a signed head is verified with; 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Whether the owner of the key signed these bytes in this context ([`HeadKey::sign_bytes`]).
    ///
    /// # Errors
    /// [`KeyError::Signature`] where not.
    pub fn verify_bytes(&self, context: &str, bytes: &[u8], signature: &str) -> Result<(), KeyError> {
        let signature = from_hex::<64>(signature).ok_or(KeyError::Signature)?;
        let message = [context.as_bytes(), bytes].concat();
        self.0.verify_strict(&message, &Signature::from_bytes(&signature)).map_err(|_| KeyError::Signature)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<PublicKey, KeyError> {
        let bytes = from_hex(text.trim()).ok_or(KeyError::NoKey)?;
        VerifyingKey::from_bytes(&bytes).map(PublicKey).map_err(|_| KeyError::NoPoint)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<PublicKey, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A head with a signature; JSON.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHead {
    /// The head.
    pub head: Head,
    /// When it was signed, by the signer's clock.
    pub signed_at: Timestamp,
    /// The key that it says it was signed with. It proves nothing by itself: verify with a key that you know.
    pub key: PublicKey,
    /// The signature, 128 hexadecimal digits.
    pub signature: String,
}

impl SignedHead {
    /// Whether the owner of `key` signed this head.
    ///
    /// # Errors
    /// [`KeyError::Signature`] where not.
    pub fn verify(&self, key: &PublicKey) -> Result<(), KeyError> {
        let signature = from_hex::<64>(&self.signature).ok_or(KeyError::Signature)?;
        let message = message(&self.head, self.signed_at);
        let verified = key.0.verify_strict(&message, &Signature::from_bytes(&signature));
        verified.map_err(|_| KeyError::Signature)
    }
}

fn message(head: &Head, signed_at: Timestamp) -> Vec<u8> {
    let Head { position, hash } = head;
    let parts: [&[u8]; 4] = [CONTEXT, &position.to_le_bytes(), &hash.0, &signed_at.millis().to_le_bytes()];
    parts.concat()
}
