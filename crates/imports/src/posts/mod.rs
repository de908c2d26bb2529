//! What was said in public? Exports of chats and forums as `post.collected` events.
//!
//! The formats are [`telegram`] (`result.json` of Telegram Desktop), [`discord`] (JSON of DiscordChatExporter), [`reddit`]
//! (submissions and comments as JSON lines, as the archives have them) and [`forum`] (a plain CSV). A message without text and
//! image is passed over and counted; a record that cannot be read is set aside. Times without a zone are taken as UTC. The time
//! of an event is that of its post: an export does not tell when somebody read it.

mod discord;
mod document;
mod forum;
mod photos;
mod reddit;
mod telegram;
mod when;

pub use discord::discord;
pub use forum::forum;
pub use photos::Photos;
pub use reddit::reddit;
pub use telegram::telegram;

use crate::sink::{ImportError, Sink};
use ringfence_domain::codec::TEXT_BYTES_MAX;
use ringfence_domain::event::{AttributeValue, Attributes, PostCollected};
use ringfence_domain::id::{EventId, Handle, ID_BYTES_MAX, PostId, Source};
use ringfence_domain::words::Platform;
use ringfence_domain::{Body, Event, Refusal, Timestamp};
use serde::Serialize;

/// The CloudEvents `source` of all events of these imports.
pub const SOURCE: &str = "import/posts";

/// What was imported.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Summary {
    /// Records read.
    pub records: u64,
    /// Events handed over.
    pub events: u64,
    /// Records that say nothing: joins, pins, stickers, deleted texts.
    pub passed_over: u64,
    /// Records refused.
    pub rejected: u64,
    /// Texts that were longer than an event may hold, and were cut.
    pub cut: u64,
    /// Images whose files were there and were hashed.
    pub images: u64,
    /// Images whose files were not there, or not to be read.
    pub images_missing: u64,
    /// Posts earlier than one before them; they are handed over in the file's order all the same.
    pub out_of_order: u64,
}

/// A post as an export has it.
struct Draft {
    /// Unique within the platform.
    key: String,
    platform: Platform,
    channel: String,
    author: String,
    text: String,
    posted_at: Timestamp,
    /// Files of images, as the export names them.
    images: Vec<String>,
    /// What else the export says of it: names and texts.
    notes: Vec<(&'static str, String)>,
}

/// Where in its file a record stands.
struct Place<'a> {
    line: u64,
    pointer: String,
    raw: &'a [u8],
}

/// Makes events of drafts.
struct Desk<'a, S> {
    sink: &'a mut S,
    photos: &'a Photos,
    latest: Timestamp,
    summary: Summary,
}

/// What a record turned out to be.
enum Read {
    Post(Box<Draft>),
    /// Nothing was said in it.
    Nothing,
}

impl<'a, S: Sink> Desk<'a, S> {
    fn new(sink: &'a mut S, photos: &'a Photos) -> Self {
        Self { sink, photos, latest: Timestamp::MIN, summary: Summary::default() }
    }

    /// Hands over what a record turned out to be.
    fn take(&mut self, read: Result<Read, Refusal>, place: &Place<'_>) -> Result<(), ImportError> {
        self.summary.records += 1;
        match read {
            Ok(Read::Post(draft)) if draft.text.trim().is_empty() && draft.images.is_empty() => {
                self.summary.passed_over += 1;
                Ok(())
            }
            Ok(Read::Post(draft)) => match self.event(*draft) {
                Ok(event) => {
                    self.summary.events += 1;
                    self.summary.out_of_order += u64::from(event.time < self.latest);
                    self.latest = self.latest.max(event.time);
                    self.sink.event(&event).map_err(ImportError::Sink)
                }
                Err(refusal) => self.reject(refusal, place),
            },
            Ok(Read::Nothing) => {
                self.summary.passed_over += 1;
                Ok(())
            }
            Err(refusal) => self.reject(refusal, place),
        }
    }

    fn reject(&mut self, refusal: Refusal, place: &Place<'_>) -> Result<(), ImportError> {
        self.summary.rejected += 1;
        let pointer = format!("{}{}", place.pointer, refusal.pointer);
        let refusal = Refusal { pointer, ..refusal }.at_line(place.line);
        self.sink.reject(&refusal, place.raw).map_err(ImportError::Sink)
    }

    fn event(&mut self, draft: Draft) -> Result<Event, Refusal> {
        let key = format!("{}-{}", draft.platform.as_str(), draft.key);
        let id = |e: ringfence_domain::id::IdError| {
            Refusal::new("/id", e.to_string(), "give every post an id of its own, at most 100 bytes long")
        };
        let (text, cut) = cut(draft.text);
        self.summary.cut += u64::from(cut);
        let mut images = Vec::new();
        for file in &draft.images {
            match self.photos.hash(file) {
                Some(hash) => images.push(hash),
                None => self.summary.images_missing += 1,
            }
        }
        self.summary.images += images.len() as u64;
        let notes = draft.notes.into_iter().filter(|(_, note)| !note.is_empty());
        let attributes: Attributes = notes
            .map(|(name, note)| (name.to_owned(), AttributeValue::Text(shortened(&note).into())))
            .collect();
        Ok(Event {
            id: EventId::new(&key).map_err(id)?,
            source: Source::new(SOURCE).expect("the constant keeps the rules of identifiers"),
            time: draft.posted_at,
            recorded: None,
            body: Body::PostCollected(PostCollected {
                post: PostId::new(&key).map_err(id)?,
                platform: draft.platform,
                channel: handle(&draft.channel),
                author: handle(&draft.author),
                text,
                posted_at: Some(draft.posted_at),
                images: (!images.is_empty()).then_some(images),
                attributes: (!attributes.is_empty()).then_some(attributes),
            }),
        })
    }
}

/// A name that people gave themselves, as an identifier: without control characters, cut where it is too long.
fn handle(name: &str) -> Handle {
    let clean: String = name.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let name = shortened(&clean);
    Handle::new(if name.is_empty() { "unknown" } else { name })
        .expect("control characters are replaced, the length is bounded, the text is not empty")
}

/// At most as long as an identifier.
fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(ID_BYTES_MAX)]
}

/// A text as long as an event may hold; whether it was cut.
fn cut(mut text: String) -> (String, bool) {
    let end = text.floor_char_boundary(TEXT_BYTES_MAX);
    let cut = end < text.len();
    text.truncate(end);
    (text, cut)
}

/// A refusal of one field.
fn refuse(field: &str, reason: impl Into<String>, remedy: &str) -> Refusal {
    Refusal::new(format!("/{field}"), reason, remedy)
}

/// A refusal of a record whose JSON has another shape.
fn misshapen(error: &serde_json::Error) -> Refusal {
    let reason = error.to_string();
    let reason = reason.split(" at line ").next().unwrap_or(&reason).to_owned();
    Refusal::new("", reason, "export the chat again; a record that was edited by hand must keep its fields")
}
