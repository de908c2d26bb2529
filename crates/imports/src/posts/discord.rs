//! What does a JSON export of DiscordChatExporter say? The messages of one channel.
//!
//! With `--media` the exporter saves attachments beside the file, and `url` is their path; without, `url` is a web address.

use super::document::{Head, messages};
use super::{Desk, Draft, Photos, Read, Summary, misshapen, refuse, when};
use crate::sink::{ImportError, Sink};
use ringfence_domain::Refusal;
use ringfence_domain::words::Platform;
use serde::Deserialize;
use std::io;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    timestamp: String,
    #[serde(default)]
    content: String,
    author: Author,
    #[serde(default)]
    attachments: Vec<Attachment>,
    reference: Option<Reference>,
}

#[derive(Deserialize)]
struct Author {
    id: String,
    name: String,
    discriminator: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attachment {
    url: String,
    #[serde(default)]
    file_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    message_id: Option<String>,
}

/// Endings of the names of image files.
const IMAGES: [&str; 6] = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".heic"];

/// Reads all messages of the export; `photos` stand beside it.
pub fn discord(reader: impl io::Read, photos: &Photos, sink: &mut impl Sink) -> Result<Summary, ImportError> {
    let mut desk = Desk::new(sink, photos);
    let lists = messages(reader, &mut |head, place| desk.take(post(head, place.raw), place))?;
    if lists == 0 {
        return Err(ImportError::Shape {
            format: "DiscordChatExporter",
            missing: "it has no list of `messages`",
            remedy: "export the channel with `--format Json`",
        });
    }
    Ok(desk.summary)
}

fn post(head: &Head, raw: &[u8]) -> Result<Read, Refusal> {
    let message: Message = serde_json::from_slice(raw).map_err(|e| misshapen(&e))?;
    if !["Default", "Reply", "ThreadStarterMessage"].contains(&message.kind.as_str()) {
        return Ok(Read::Nothing);
    }
    let posted_at = when::read(&message.timestamp).ok_or_else(|| {
        refuse(
            "timestamp",
            format!("`{}` is not a time", message.timestamp),
            "write it as in 2023-01-31T12:00:00+00:00",
        )
    })?;
    let named = |what: &str| head.get(what).and_then(|v| v.get("name")).and_then(|v| v.as_str());
    let channel = match (named("guild"), named("channel")) {
        (Some(guild), Some(channel)) => format!("{guild}/{channel}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "discord".to_owned(),
    };
    let Author { id: author_id, name, discriminator } = message.author;
    let author = match discriminator.as_deref() {
        None | Some("" | "0" | "0000") => name,
        Some(number) => format!("{name}#{number}"),
    };
    let is_image = |a: &Attachment| {
        let name = a.file_name.to_ascii_lowercase();
        IMAGES.iter().any(|end| name.ends_with(end))
    };
    let images = message.attachments.into_iter().filter(is_image).map(|a| a.url).collect();
    Ok(Read::Post(Box::new(Draft {
        key: message.id,
        platform: Platform::Discord,
        channel,
        author,
        text: message.content,
        posted_at,
        images,
        notes: vec![
            ("author_id", author_id),
            ("reply_to", message.reference.and_then(|r| r.message_id).unwrap_or_default()),
        ],
    })))
}
