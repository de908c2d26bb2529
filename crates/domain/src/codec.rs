//! How is an event written, and what is refused? CloudEvents 1.0 JSON in, checked events out, and back.
//!
//! The fast path reads a line once, straight into the typed event, without an allocation a field.
//! Only when that fails is the text read a second time, slowly, to say where it is wrong, why, and how to mend it.

mod batch;
mod checks;
mod encode;
mod envelope;
mod explain;
mod leads;
mod limits;
mod lines;
mod refusal;
mod strict;

pub use batch::Batch;
pub use encode::encode;
pub(crate) use encode::encode_data;
pub use limits::*;
pub use lines::{EventLines, RawLine, RawLines};
pub use refusal::Refusal;
pub(crate) use refusal::char_floor;

use crate::event::Event;
use crate::tokens::Tokeniser;
use envelope::EnvelopeSeed;
use serde::de::DeserializeSeed;

/// Reads events; holds the limits that it keeps and, where the deployment tokenises, the key.
///
/// With a tokeniser no raw personal value leaves this type: neither in an event nor in a refusal.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    limits: Limits,
    tokens: Option<Tokeniser>,
}

impl Decoder {
    /// A decoder that keeps `limits` and does not tokenise.
    pub fn new(limits: Limits) -> Self {
        Self { limits, tokens: None }
    }
    /// The same decoder, replacing the fields of `tokens` in every event.
    pub fn with_tokens(self, tokens: Tokeniser) -> Self {
        Self { tokens: Some(tokens), ..self }
    }
    /// The limits that it keeps.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
    /// Whether it tokenises: then the raw text of a refused line must not be kept either.
    pub fn tokenises(&self) -> bool {
        self.tokens.is_some()
    }

    /// Reads one event from one JSON object (structured mode, or a line of a file).
    pub fn decode(&self, json: &[u8]) -> Result<Event, Refusal> {
        if json.len() > self.limits.line_bytes_max {
            return Err(Refusal::too_long(self.limits.line_bytes_max));
        }
        let text = utf8(json)?;
        self.decode_text(text)
    }

    /// Reads a JSON array of events (batch mode); every element has its own result.
    pub fn decode_batch(&self, json: &[u8]) -> Batch {
        batch::decode(self, json)
    }

    /// Reads JSON lines; a bad line is refused and the next one is read.
    pub fn lines<R: std::io::BufRead>(&self, reader: R) -> EventLines<'_, R> {
        EventLines::new(self, reader)
    }

    fn decode_text(&self, text: &str) -> Result<Event, Refusal> {
        checks::depth(text)?;
        match read(text) {
            Ok(mut event) => {
                if let Some(tokens) = &self.tokens {
                    tokens.apply(&mut event);
                }
                checks::event(&event, &self.limits)?;
                Ok(event)
            }
            Err(_) => self.decode_again(text),
        }
    }

    /// The slow path: a raw value that is only well-formed once tokenised, or a refusal.
    #[cold]
    fn decode_again(&self, text: &str) -> Result<Event, Refusal> {
        let Some(tokens) = &self.tokens else {
            return Err(explain::explain(text));
        };
        // Rewriting JSON would drop the first of two equal names, which is refused elsewhere.
        let refusal = explain::explain(text);
        if refusal.reason == explain::TWICE {
            return Err(refusal);
        }
        let text = tokens.apply_to_json(text)?;
        match read(&text) {
            Ok(event) => checks::event(&event, &self.limits).map(|()| event),
            Err(_) => Err(explain::explain(&text).without_values()),
        }
    }
}

fn utf8(json: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(json).map_err(|e| {
        Refusal::new(
            "",
            format!("byte {} is not UTF-8", e.valid_up_to() + 1),
            "write the file as UTF-8; Latin-1 and UTF-16 must be converted first",
        )
    })
}

fn read(text: &str) -> Result<Event, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let event = EnvelopeSeed.deserialize(&mut json)?;
    json.end()?;
    Ok(event)
}

/// Reads any small type of this crate from one line of JSON, with the refusals of the codec.
pub fn decode_json<T: serde::de::DeserializeOwned>(json: &[u8]) -> Result<T, Refusal> {
    if json.len() > LINE_BYTES_MAX {
        return Err(Refusal::too_long(LINE_BYTES_MAX));
    }
    let text = utf8(json)?;
    checks::depth(text)?;
    explain::read(text)
}
