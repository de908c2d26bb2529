//! What does the provider say of itself? Its endpoints and keys, fetched when they are needed; codes become tokens there.

use crate::oidc::{ClientSecret, Settings};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use ureq::Agent;

/// How long the provider may take for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer: keys and endpoints are some kilobytes.
const ANSWER_BYTES_MAX: u64 = 1 << 20;
/// What the provider said of itself is asked again after so long.
const HOLDS_FOR: Duration = Duration::from_hours(1);
/// For a key that is not known it is asked again, at most so often.
const ASKED_AGAIN_AFTER: Duration = Duration::from_mins(1);

/// Why the provider is of no help.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It cannot be reached, or answers with an error.
    #[error(
        "ask the identity provider at {url}: {what}; check `issuer` of [serve.oidc] and that the provider runs"
    )]
    Unreachable {
        /// What was asked.
        url: String,
        /// What came of it.
        what: String,
    },
    /// It is another one.
    #[error(
        "the identity provider calls itself {found}, and `issuer` of [serve.oidc] is {expected}; write it as it calls itself"
    )]
    Issuer {
        /// As configured.
        expected: String,
        /// As it says.
        found: String,
    },
    /// Anybody could read along.
    #[error("{0} is no https address; an identity provider is asked over TLS only, but on this machine")]
    Plain(String),
    /// It did not take the code.
    #[error("the identity provider did not take the code: {0}; begin again at /login")]
    Code(String),
}

/// What is needed of its own description.
#[derive(Clone, Debug, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

#[derive(Clone, Debug)]
struct Fetched {
    metadata: Metadata,
    keys: Arc<JwkSet>,
    at: Instant,
}

#[derive(Deserialize)]
struct Token {
    id_token: String,
}

/// What went wrong with a code, as OAuth says it.
#[derive(Deserialize, Default)]
struct Refusal {
    #[serde(default)]
    error: String,
}

/// A provider; it is asked by blocking calls.
#[derive(Debug)]
pub struct Provider {
    issuer: String,
    client_id: String,
    client_secret: Option<ClientSecret>,
    agent: Agent,
    fetched: Mutex<Option<Fetched>>,
}

/// Over TLS, or on this machine.
fn safe(url: &str) -> Result<&str, ProviderError> {
    let local =
        url.strip_prefix("http://").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let host = local.map(|authority| authority.rsplit_once(':').map_or(authority, |(host, _)| host));
    let on_this_machine = host.is_some_and(|host| ["127.0.0.1", "[::1]", "localhost"].contains(&host));
    if url.starts_with("https://") || on_this_machine {
        Ok(url)
    } else {
        Err(ProviderError::Plain(url.into()))
    }
}

impl Provider {
    /// Of the settings; it is asked nothing yet.
    pub fn new(settings: &Settings) -> Provider {
        let config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            // An answer that leads elsewhere is none of the provider's.
            .max_redirects(0)
            .build();
        let Settings { issuer, client_id, client_secret, .. } = settings.clone();
        Provider { issuer, client_id, client_secret, agent: config.into(), fetched: Mutex::default() }
    }
    fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, ProviderError> {
        let fail = |what: String| ProviderError::Unreachable { url: url.to_owned(), what };
        let mut answer = self.agent.get(safe(url)?).call().map_err(|e| fail(e.to_string()))?;
        if answer.status() != 200 {
            return Err(fail(format!("status {}", answer.status())));
        }
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        let bytes = body.read_to_vec().map_err(|e| fail(e.to_string()))?;
        serde_json::from_slice(&bytes).map_err(|e| fail(e.to_string()))
    }
    fn fetch(&self) -> Result<Fetched, ProviderError> {
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let metadata: Metadata = self.get(&url)?;
        if metadata.issuer != self.issuer {
            return Err(ProviderError::Issuer { expected: self.issuer.clone(), found: metadata.issuer });
        }
        safe(&metadata.authorization_endpoint)?;
        safe(&metadata.token_endpoint)?;
        let keys = Arc::new(self.get(&metadata.jwks_uri)?);
        Ok(Fetched { metadata, keys, at: Instant::now() })
    }
    /// What it says of itself, not older than `age`.
    fn known(&self, age: Duration) -> Result<Fetched, ProviderError> {
        // Held while it is asked: whoever comes meanwhile takes the same answer.
        let mut held = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fetched) = held.as_ref().filter(|fetched| fetched.at.elapsed() < age) {
            return Ok(fetched.clone());
        }
        let fetched = self.fetch()?;
        *held = Some(fetched.clone());
        Ok(fetched)
    }
    /// Where people are sent.
    pub fn authorization_endpoint(&self) -> Result<String, ProviderError> {
        Ok(self.known(HOLDS_FOR)?.metadata.authorization_endpoint)
    }
    /// Its keys; asked again where one was missing.
    pub fn keys(&self, missing: bool) -> Result<Arc<JwkSet>, ProviderError> {
        Ok(self.known(if missing { ASKED_AGAIN_AFTER } else { HOLDS_FOR })?.keys)
    }
    /// The ID token for a code.
    pub fn exchange(&self, code: &str, verifier: &str, redirect_uri: &str) -> Result<String, ProviderError> {
        let url = self.known(HOLDS_FOR)?.metadata.token_endpoint;
        let fail = |what: String| ProviderError::Unreachable { url: url.clone(), what };
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        let mut request = self.agent.post(safe(&url)?).header("accept", "application/json");
        match &self.client_secret {
            Some(ClientSecret(secret)) => {
                let written =
                    |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
                let pair = format!("{}:{}", written(&self.client_id), written(secret));
                request = request.header("authorization", format!("Basic {}", STANDARD.encode(pair)));
            }
            None => form.push(("client_id", &self.client_id)),
        }
        let mut answer = request.send_form(form).map_err(|e| fail(e.to_string()))?;
        let status = answer.status();
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        let bytes = body.read_to_vec().map_err(|e| fail(e.to_string()))?;
        if status != 200 {
            // Without a reason the status alone is told.
            let refusal: Refusal = serde_json::from_slice(&bytes).unwrap_or_default();
            return Err(ProviderError::Code(format!("status {status} {}", refusal.error)));
        }
        let token: Token = serde_json::from_slice(&bytes).map_err(|e| fail(e.to_string()))?;
        Ok(token.id_token)
    }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn a_provider_is_asked_over_tls_or_on_this_machine() {
        for url in ["https://a.example/x", "http://127.0.0.1:80/x", "http://localhost", "http://[::1]:1/"] {
            assert!(safe(url).is_ok(), "{url}");
        }
        for url in [
            "http://a.example",
            "http://localhost.a.example",
            "ftp://localhost",
            "http://127.0.0.1@a.example/",
        ] {
            assert!(safe(url).is_err(), "{url}");
        }
    }
}
