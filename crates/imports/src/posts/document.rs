//! Which messages are in an export that is one JSON document? Each in turn, in bounded memory, with what stands before them.

use super::Place;
use crate::metered::{Meter, Metered, RECORD_BYTES_MAX, is_too_long};
use crate::sink::ImportError;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufReader, Read};

/// What an export says of its messages before it lists them: `name`, `id`, `guild`, `channel`.
pub(super) type Head = BTreeMap<String, Value>;

/// Fields that are kept for the messages below them; all others are passed over unread.
const HEAD: [&str; 4] = ["name", "id", "guild", "channel"];
/// Fields below which there may be several chats with messages: an export of a whole account.
const FOLDERS: [&str; 2] = ["chats", "left_chats"];

type Take<'f> = dyn FnMut(&Head, &Place<'_>) -> Result<(), ImportError> + 'f;

/// Reads `messages` of the document, or of each chat in it, and hands each to `take` as it stands; how many lists there were.
pub(super) fn messages(
    reader: impl Read,
    take: &mut dyn FnMut(&Head, &Place<'_>) -> Result<(), ImportError>,
) -> Result<u64, ImportError> {
    let (reader, meter) = Metered::new(BufReader::new(reader));
    let mut walk = Walk { take, meter: meter.clone(), failed: None, lists: 0 };
    let mut json = serde_json::Deserializer::from_reader(reader);
    let read = Chat { walk: &mut walk, pointer: String::new(), folder: false }.deserialize(&mut json);
    let (failed, lists) = (walk.failed.take(), walk.lists);
    match (failed, read.and_then(|()| json.end())) {
        (Some(failed), _) => Err(failed),
        (None, Ok(())) => Ok(lists),
        (None, Err(e)) => Err(broken(e, meter.lines() + 1)),
    }
}

fn broken(e: serde_json::Error, line: u64) -> ImportError {
    let reason = e.to_string();
    if e.is_io() {
        let source = std::io::Error::from(e);
        if is_too_long(&source) {
            return ImportError::RowTooLong { line, bytes_max: RECORD_BYTES_MAX };
        }
        return ImportError::Read { line, source };
    }
    ImportError::Json { line, reason }
}

struct Walk<'f> {
    take: &'f mut Take<'f>,
    meter: Meter,
    /// Why reading was given up, where it was not the JSON's fault.
    failed: Option<ImportError>,
    lists: u64,
}

/// An object that may have messages, or a folder of such objects.
struct Chat<'w, 'f> {
    walk: &'w mut Walk<'f>,
    pointer: String,
    folder: bool,
}

impl<'de> DeserializeSeed<'de> for Chat<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Chat<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `messages`")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut head = Head::new();
        while let Some(key) = map.next_key::<String>()? {
            self.walk.meter.next_record();
            let pointer = format!("{}/{key}", self.pointer);
            if key == "messages" {
                self.walk.lists += 1;
                map.next_value_seed(List { walk: &mut *self.walk, pointer, head: Some(&head) })?;
            } else if self.folder && key == "list" {
                map.next_value_seed(List { walk: &mut *self.walk, pointer, head: None })?;
            } else if !self.folder && FOLDERS.contains(&key.as_str()) {
                map.next_value_seed(Chat { walk: &mut *self.walk, pointer, folder: true })?;
            } else if HEAD.contains(&key.as_str()) {
                head.insert(key, map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// A list of messages, where there is a head, otherwise of chats.
struct List<'w, 'f, 'h> {
    walk: &'w mut Walk<'f>,
    pointer: String,
    head: Option<&'h Head>,
}

impl<'de> DeserializeSeed<'de> for List<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        use serde::de::Error as _;
        for n in 0u64.. {
            self.walk.meter.next_record();
            let pointer = format!("{}/{n}", self.pointer);
            let Some(head) = self.head else {
                let chat = Chat { walk: &mut *self.walk, pointer, folder: false };
                match seq.next_element_seed(chat)? {
                    Some(()) => continue,
                    None => break,
                }
            };
            let Some(raw) = seq.next_element::<Box<RawValue>>()? else { break };
            let inner = raw.get().matches('\n').count() as u64;
            let line = (self.walk.meter.lines() + 1).saturating_sub(inner);
            let place = Place { line, pointer, raw: raw.get().as_bytes() };
            if let Err(failed) = (self.walk.take)(head, &place) {
                self.walk.failed = Some(failed);
                return Err(A::Error::custom("given up"));
            }
        }
        Ok(())
    }
}
