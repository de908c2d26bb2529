//! How does a person sign in at an identity provider? OpenID Connect: authorization code with PKCE, state and nonce.
//!
//! - [`provider`]: what the provider says of itself, and what is fetched from it;
//! - [`token`]: is what it says of the person true?
//!
//! A person is who the provider's `sub` names, never who an e-mail address names. What the person may do comes from one
//! claim, by a map of the configuration; who has no role by it does not come in.

pub mod provider;
pub mod token;

pub use provider::{Provider, ProviderError};
pub use token::{Claims, TokenError};

use crate::access::Role;
use crate::access::secret::random_hex;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ringfence_domain::{Duration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// People on their way to the provider and back: more wait until some are back.
pub const UNDER_WAY_MAX: usize = 10_000;
/// How long they may take.
pub const UNDER_WAY_FOR: Duration = Duration(10 * 60_000);

/// The client's secret: never shown, also not by mistake.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(pub String);

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// The provider, and who may do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// As the provider names itself: `https://login.shop.example/realms/staff`.
    pub issuer: String,
    /// As the provider names this service.
    pub client_id: String,
    /// What proves it; none for a public client.
    pub client_secret: Option<ClientSecret>,
    /// What is asked for.
    pub scopes: String,
    /// The claim that says what the person may do: a text, or a list of texts.
    pub roles_claim: String,
    /// What the texts of that claim stand for.
    pub roles: BTreeMap<String, Role>,
    /// The claim by which administrators know the person.
    pub name_claim: String,
    /// How browsers reach this service.
    pub public_url: String,
}

impl Settings {
    /// Where the provider sends people back to.
    pub fn redirect_uri(&self) -> String {
        format!("{}/oidc/callback", self.public_url.trim_end_matches('/'))
    }
    /// What a person may do, by the claims.
    pub fn roles_of(&self, claims: &Claims) -> BTreeSet<Role> {
        let texts: Vec<&str> = match claims.other.get(&self.roles_claim) {
            Some(serde_json::Value::String(one)) => vec![one],
            Some(serde_json::Value::Array(many)) => many.iter().filter_map(|v| v.as_str()).collect(),
            Some(_) | None => Vec::new(),
        };
        texts.iter().filter_map(|text| self.roles.get(*text)).copied().collect()
    }
    /// What administrators know the person by.
    pub fn name_of(&self, claims: &Claims) -> String {
        let named = claims.other.get(&self.name_claim).and_then(|v| v.as_str());
        named.unwrap_or(&claims.sub).chars().take(crate::access::users::NAME_CHARS_MAX).collect()
    }
}

/// Somebody who was sent to the provider.
#[derive(Clone, Debug)]
struct UnderWay {
    nonce: String,
    verifier: String,
    since: Timestamp,
}

/// Why a person does not come in.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// Nothing is known of this way, or it took too long, or another browser began it.
    #[error(
        "this way in was not begun in this browser, or it took more than ten minutes; begin again at /login"
    )]
    State,
    /// Too many at once.
    #[error("too many people are signing in at once; try again in a few minutes")]
    TooMany,
    /// The provider said no.
    #[error("the identity provider did not let you in: {0}")]
    Refused(String),
    /// The provider.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// What it said.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// Signing in at a provider.
#[derive(Debug)]
pub struct Oidc {
    settings: Settings,
    provider: Provider,
    under_way: Mutex<BTreeMap<String, UnderWay>>,
}

impl Oidc {
    /// At this provider; it is asked nothing yet.
    pub fn new(settings: Settings) -> Oidc {
        let provider = Provider::new(&settings);
        Oidc { settings, provider, under_way: Mutex::default() }
    }
    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
    /// Sends somebody on the way: the address at the provider, and the state, which the browser keeps as well.
    pub fn begin(&self, now: Timestamp) -> Result<(String, String), OidcError> {
        let to = self.provider.authorization_endpoint()?;
        let [state, nonce, verifier] = [(); 3].map(|()| random_hex::<32>());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("response_type", "code"),
                ("client_id", self.settings.client_id.as_str()),
                ("redirect_uri", self.settings.redirect_uri().as_str()),
                ("scope", self.settings.scopes.as_str()),
                ("state", state.as_str()),
                ("nonce", nonce.as_str()),
                ("code_challenge", challenge.as_str()),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.retain(|_, one| now < one.since.plus(UNDER_WAY_FOR));
        if under_way.len() >= UNDER_WAY_MAX {
            return Err(OidcError::TooMany);
        }
        under_way.insert(state.clone(), UnderWay { nonce, verifier, since: now });
        let joint = if to.contains('?') { '&' } else { '?' };
        Ok((format!("{to}{joint}{query}"), state))
    }
    /// Somebody is back with a code: who it is. A way can be gone once.
    pub fn finish(&self, state: &str, code: &str, now: Timestamp) -> Result<Claims, OidcError> {
        let known = self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(state);
        let UnderWay { nonce, verifier, since: _ } =
            known.filter(|one| now < one.since.plus(UNDER_WAY_FOR)).ok_or(OidcError::State)?;
        let token = self.provider.exchange(code, &verifier, &self.settings.redirect_uri())?;
        let Settings { issuer, client_id, .. } = &self.settings;
        let expected = token::Expected { issuer, client_id, nonce: &nonce };
        let keys = self.provider.keys(false)?;
        match token::verify(&token, &keys, &expected) {
            // The provider may have changed its keys since they were fetched.
            Err(TokenError::Key) => {
                let keys = self.provider.keys(true)?;
                Ok(token::verify(&token, &keys, &expected)?)
            }
            other => Ok(other?),
        }
    }
}
