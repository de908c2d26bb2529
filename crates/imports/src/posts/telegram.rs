//! What does a `result.json` of Telegram Desktop say? One chat, or all chats of an account.
//!
//! `text` is a string, or a list of strings and of objects with a `text` (links, mentions, bold parts). `date` is in the local
//! time of whoever exported; `date_unixtime` is there in exports since 2021 and is preferred. Service messages (joins, pins)
//! say nothing.

use super::document::{Head, messages};
use super::{Desk, Draft, Photos, Read, Summary, misshapen, refuse, when};
use crate::sink::{ImportError, Sink};
use ringfence_domain::Refusal;
use ringfence_domain::words::Platform;
use serde::Deserialize;
use serde_json::Value;
use std::io;

/// What stands in the place of a file that was not exported begins with this.
const NOT_INCLUDED: &str = "(File";

#[derive(Deserialize)]
struct Message {
    id: i64,
    #[serde(rename = "type")]
    kind: String,
    date: Option<String>,
    date_unixtime: Option<String>,
    from: Option<String>,
    from_id: Option<Value>,
    #[serde(default)]
    text: Text,
    photo: Option<String>,
    forwarded_from: Option<String>,
    reply_to_message_id: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Text {
    #[default]
    None,
    Plain(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Plain(String),
    Marked { text: String },
}

impl Text {
    fn join(self) -> String {
        match self {
            Text::None => String::new(),
            Text::Plain(text) => text,
            Text::Parts(parts) => parts
                .into_iter()
                .map(|p| match p {
                    Part::Plain(text) | Part::Marked { text } => text,
                })
                .collect(),
        }
    }
}

/// Reads all messages of the export; `photos` stand beside it.
pub fn telegram(
    reader: impl io::Read,
    photos: &Photos,
    sink: &mut impl Sink,
) -> Result<Summary, ImportError> {
    let mut desk = Desk::new(sink, photos);
    let lists = messages(reader, &mut |head, place| desk.take(post(head, place.raw), place))?;
    if lists == 0 {
        return Err(ImportError::Shape {
            format: "Telegram Desktop",
            missing: "it has no list of `messages`",
            remedy: "export the chat with format JSON and import its result.json",
        });
    }
    Ok(desk.summary)
}

fn post(head: &Head, raw: &[u8]) -> Result<Read, Refusal> {
    let message: Message = serde_json::from_slice(raw).map_err(|e| misshapen(&e))?;
    if message.kind != "message" {
        return Ok(Read::Nothing);
    }
    let told = message.date_unixtime.as_deref().or(message.date.as_deref()).unwrap_or_default();
    let posted_at = when::read(told).ok_or_else(|| {
        refuse(
            "date",
            format!("`{told}` is not a time"),
            "write Unix seconds in `date_unixtime`, or `date` as in 2023-01-31T12:00:00",
        )
    })?;
    let chat = plain(head.get("id")).unwrap_or_else(|| "chat".to_owned());
    let channel = plain(head.get("name")).unwrap_or_else(|| chat.clone());
    let from_id = plain(message.from_id.as_ref());
    let author = message.from.filter(|f| !f.is_empty()).or_else(|| from_id.clone());
    let photo = message.photo.filter(|p| !p.starts_with(NOT_INCLUDED));
    Ok(Read::Post(Box::new(Draft {
        key: format!("{chat}-{}", message.id),
        platform: Platform::Telegram,
        author: author.unwrap_or_else(|| channel.clone()),
        channel,
        text: message.text.join(),
        posted_at,
        images: photo.into_iter().collect(),
        notes: vec![
            ("author_id", from_id.unwrap_or_default()),
            ("forwarded_from", message.forwarded_from.unwrap_or_default()),
            ("reply_to", message.reply_to_message_id.map_or_else(String::new, |id| id.to_string())),
        ],
    })))
}

/// A text or a number as text.
fn plain(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
