//! How does an event come in? Bytes are checked, personal values become tokens, whatever brought them.

use crate::worker::Arrived;
use ringfence_domain::codec::{Decoder, Limits};
use ringfence_domain::config::Config;
use ringfence_domain::dedupe::ContentKey;
use ringfence_domain::tokens::{TokenKind, Tokeniser, is_token};
use ringfence_domain::{Duration, Refusal, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};

/// How long one bound of "not from the future" is used: it lags the clock by no more.
const BOUND_FOR: Duration = Duration(60_000);

/// Turns bytes into events for the worker. Knows nothing of HTTP, files or topics.
#[derive(Debug)]
pub struct Door {
    limits: Limits,
    config: Config,
    tokens: Option<Tokeniser>,
    clock: fn() -> Timestamp,
    /// With the time for which its bound was made.
    decoder: Mutex<(Timestamp, Arc<Decoder>)>,
}

/// An event, or why it was refused.
pub type Checked = Result<Arrived, Refusal>;

impl Door {
    /// With the deployment's limits; `tokens` where personal values come raw.
    pub fn new(config: &Config, tokens: Option<Tokeniser>, clock: fn() -> Timestamp) -> Door {
        let now = clock();
        let decoder = Mutex::new((now, Arc::new(Decoder::new(config.limits(Some(now))))));
        Door { limits: config.limits(None), config: config.clone(), tokens, clock, decoder }
    }
    /// Its limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
    /// An identifier as events name it in the log: a token, where the deployment makes tokens of its kind.
    pub fn named(&self, kind: TokenKind, value: String) -> String {
        match &self.tokens {
            Some(tokens) if tokens.covers(kind) && !is_token(&value) => tokens.token(kind, &value),
            Some(_) | None => value,
        }
    }
    fn decoder(&self) -> Arc<Decoder> {
        let now = (self.clock)();
        let mut held = self.decoder.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= held.0.plus(BOUND_FOR) {
            *held = (now, Arc::new(Decoder::new(self.config.limits(Some(now)))));
        }
        held.1.clone()
    }
    /// One event.
    pub fn event(&self, json: &[u8]) -> Checked {
        let trimmed = json.trim_ascii();
        let payload = match &self.tokens {
            None => trimmed.to_vec(),
            Some(tokens) => {
                // Refused first, so that a fault is told of what was sent and not of its tokens.
                self.decoder().decode(trimmed)?;
                let text = std::str::from_utf8(trimmed)
                    .map_err(|_| Refusal::new("", "the event is not UTF-8", "send JSON in UTF-8"))?;
                tokens.apply_to_json(text)?.into_bytes()
            }
        };
        let event = self.decoder().decode(&payload)?;
        let key = ContentKey::of(&event, &mut Vec::with_capacity(payload.len()));
        Ok(Arrived { event, payload, key })
    }
    /// A CloudEvents batch: a JSON array of events. The outer refusal is of the batch as a whole.
    pub fn batch(&self, json: &[u8]) -> Result<Vec<Checked>, Refusal> {
        if json.len() > self.limits.batch_bytes_max {
            let reason = format!(
                "the batch has {} bytes, more than the {} allowed",
                json.len(),
                self.limits.batch_bytes_max
            );
            return Err(Refusal::new("", reason, "send smaller batches, or JSON lines"));
        }
        let events: Vec<&serde_json::value::RawValue> = serde_json::from_slice(json).map_err(|e| {
            Refusal::new("", format!("the batch is not a JSON array: {e}"), "send [event, event, …]")
        })?;
        if events.len() > self.limits.batch_events_max {
            let reason = format!(
                "the batch has {} events, more than the {} allowed",
                events.len(),
                self.limits.batch_events_max
            );
            return Err(Refusal::new("", reason, "send smaller batches, or JSON lines"));
        }
        Ok(events.into_iter().map(|raw| self.event(raw.get().as_bytes())).collect())
    }
    /// JSON lines; empty lines are passed over. Refusals carry the line.
    pub fn lines(&self, bytes: &[u8], first_line: u64) -> Vec<Checked> {
        let lines = bytes.split(|b| *b == b'\n').zip(first_line..);
        let lines = lines.filter(|(line, _)| !line.trim_ascii().is_empty());
        lines.map(|(line, number)| self.event(line).map_err(|refusal| refusal.at_line(number))).collect()
    }
}
