//! What do Reddit's submissions and comments say? JSON lines, as the public archives have them: one object a line.
//!
//! A submission has `title` and `selftext`, a comment has `body`. `created_utc` is a number, in some archives as a text.

use super::{Desk, Draft, Photos, Place, Read, Summary, misshapen, refuse, when};
use crate::metered::RECORD_BYTES_MAX;
use crate::sink::{ImportError, Sink};
use ringfence_domain::Refusal;
use ringfence_domain::codec::RawLines;
use ringfence_domain::words::Platform;
use serde::Deserialize;
use serde_json::Value;
use std::io::{self, BufReader};

#[derive(Deserialize)]
struct Entry {
    id: String,
    #[serde(default)]
    author: Option<String>,
    #[serde(default)]
    subreddit: Option<String>,
    created_utc: Value,
    title: Option<String>,
    selftext: Option<String>,
    body: Option<String>,
    permalink: Option<String>,
    parent_id: Option<String>,
}

/// What stands in the place of a text or an author that is gone.
const GONE: [&str; 2] = ["[deleted]", "[removed]"];

/// Reads all lines; the archives hold no images.
pub fn reddit(reader: impl io::Read, sink: &mut impl Sink) -> Result<Summary, ImportError> {
    let photos = Photos::none();
    let mut desk = Desk::new(sink, &photos);
    let mut lines = RawLines::new(BufReader::new(reader), RECORD_BYTES_MAX as usize);
    loop {
        let before = lines.number();
        let Some(line) = lines.next_line().map_err(|source| ImportError::Read { line: before, source })?
        else {
            return Ok(desk.summary);
        };
        let read = if line.too_long {
            let reason = format!("longer than {RECORD_BYTES_MAX} bytes");
            Err(Refusal::new("", reason, "write one submission or comment a line"))
        } else {
            post(line.bytes)
        };
        let place = Place { line: line.number, pointer: String::new(), raw: line.bytes };
        desk.take(read, &place)?;
    }
}

fn post(raw: &[u8]) -> Result<Read, Refusal> {
    let entry: Entry = serde_json::from_slice(raw).map_err(|e| misshapen(&e))?;
    let told = match &entry.created_utc {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let posted_at = when::read(&told).ok_or_else(|| {
        refuse("created_utc", format!("`{told}` is not a time"), "write Unix seconds, as in 1672531200")
    })?;
    let kept = |text: Option<String>| text.filter(|t| !GONE.contains(&t.as_str())).unwrap_or_default();
    let is_comment = entry.body.is_some();
    let text = [kept(entry.title), kept(entry.selftext), kept(entry.body)]
        .into_iter()
        .filter(|t| !t.is_empty())
        .collect::<Vec<_>>()
        .join("\n");
    if text.is_empty() {
        return Ok(Read::Nothing);
    }
    Ok(Read::Post(Box::new(Draft {
        // Submissions and comments count their ids apart; Reddit itself tells them by these prefixes.
        key: format!("{}_{}", if is_comment { "t1" } else { "t3" }, entry.id),
        platform: Platform::Reddit,
        channel: entry.subreddit.map_or_else(|| "reddit".to_owned(), |s| format!("r/{s}")),
        author: entry.author.unwrap_or_else(|| GONE[0].to_owned()),
        text,
        posted_at,
        images: Vec::new(),
        notes: vec![
            ("link", entry.permalink.unwrap_or_default()),
            ("reply_to", entry.parent_id.unwrap_or_default()),
        ],
    })))
}
