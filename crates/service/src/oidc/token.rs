//! Is what the provider says of a person true? Its ID token: signed by its key, for this service, for this way in, and now.

use crate::access::secret::same;
use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, Validation, decode, decode_header};
use ring::signature as by;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Signatures that are taken: with public keys only. `none` and shared secrets are no proof of who signed.
const ALGORITHMS: [Algorithm; 7] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// How far two clocks may be apart, seconds.
const LEEWAY_S: u64 = 60;

/// What the provider says of a person.
#[derive(Clone, Debug, Deserialize)]
pub struct Claims {
    /// The person: never given to another.
    pub sub: String,
    /// The way in that it answers.
    #[serde(default)]
    nonce: String,
    /// For whom it was made, where it is for several.
    azp: Option<String>,
    /// All else.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Who made it.
    pub issuer: &'a str,
    /// For whom.
    pub client_id: &'a str,
    /// For which way in.
    pub nonce: &'a str,
}

/// Why a token is not believed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It is not whole, not signed, old, of somebody else or for somebody else.
    #[error("what the identity provider says is not believed: {0}; begin again at /login")]
    Token(#[from] Error),
    /// Its key is not among the provider's.
    #[error(
        "what the identity provider says is signed with a key that is none of its keys; begin again at /login"
    )]
    Key,
    /// It is signed in a way that proves nothing.
    #[error(
        "what the identity provider says is signed as {0:?}, which is not taken; let it sign with RS256 or ES256"
    )]
    Algorithm(Algorithm),
    /// It answers another way in.
    #[error("what the identity provider says is not for this way in; begin again at /login")]
    Nonce,
    /// It was made for another service.
    #[error("what the identity provider says is for another service; begin again at /login")]
    Party,
}

/// Whether a token is true; what it says.
pub fn verify(token: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<Claims, TokenError> {
    // Fails where it was done already: the provider of cryptography is one for the process, and this is the only one.
    let _ = RING.install_default();
    let header = decode_header(token)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(TokenError::Algorithm(header.alg));
    }
    let key = match (&header.kid, keys.keys.as_slice()) {
        (Some(kid), _) => keys.find(kid),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let key = DecodingKey::from_jwk(key.ok_or(TokenError::Key)?)?;
    let mut validation = Validation::new(header.alg);
    validation.leeway = LEEWAY_S;
    validation.validate_nbf = true;
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let claims: Claims = decode(token, &key, &validation)?.claims;
    if !same(&claims.nonce, expected.nonce) {
        return Err(TokenError::Nonce);
    }
    let several = claims.other.get("aud").and_then(Value::as_array).is_some_and(|all| all.len() > 1);
    match &claims.azp {
        Some(party) if party != expected.client_id => Err(TokenError::Party),
        None if several => Err(TokenError::Party),
        Some(_) | None => Ok(claims),
    }
}

/// Checks signatures by ring, which TLS has brought already; signs nothing.
static RING: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: |algorithm, key| verifier(*algorithm, key),
    key_utils: KeyUtils::new_unimplemented(),
};

fn verifier(algorithm: Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    if key.family() != algorithm.family() {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    Ok(Box::new(ByRing { algorithm, key: key.clone() }))
}

struct ByRing {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl JwtVerifier for ByRing {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for ByRing {
    fn verify(&self, message: &[u8], signed: &Vec<u8>) -> Result<(), signature::Error> {
        let fits = match (self.algorithm, self.key.kind()) {
            (Algorithm::RS256, key) => rsa(key, &by::RSA_PKCS1_2048_8192_SHA256, message, signed),
            (Algorithm::RS384, key) => rsa(key, &by::RSA_PKCS1_2048_8192_SHA384, message, signed),
            (Algorithm::RS512, key) => rsa(key, &by::RSA_PKCS1_2048_8192_SHA512, message, signed),
            (Algorithm::PS256, key) => rsa(key, &by::RSA_PSS_2048_8192_SHA256, message, signed),
            (Algorithm::ES256, key) => plain(key, &by::ECDSA_P256_SHA256_FIXED, message, signed),
            (Algorithm::ES384, key) => plain(key, &by::ECDSA_P384_SHA384_FIXED, message, signed),
            (Algorithm::EdDSA, key) => plain(key, &by::ED25519, message, signed),
            _ => false,
        };
        if fits { Ok(()) } else { Err(signature::Error::new()) }
    }
}

fn rsa(key: &DecodingKeyKind, as_said: &by::RsaParameters, message: &[u8], signed: &[u8]) -> bool {
    match key {
        DecodingKeyKind::RsaModulusExponent { n, e } => {
            by::RsaPublicKeyComponents { n, e }.verify(as_said, message, signed).is_ok()
        }
        DecodingKeyKind::SecretOrDer(_) => false,
    }
}

fn plain(
    key: &DecodingKeyKind,
    as_said: &'static dyn by::VerificationAlgorithm,
    message: &[u8],
    signed: &[u8],
) -> bool {
    match key {
        DecodingKeyKind::SecretOrDer(point) => {
            by::UnparsedPublicKey::new(as_said, point).verify(message, signed).is_ok()
        }
        DecodingKeyKind::RsaModulusExponent { .. } => false,
    }
}
