//! What does the CloudEvents envelope say? One pass over a JSON object into an [`Event`].

use super::strict::Strict;
use crate::event::{Body, Event, EventType};
use crate::id::{EventId, Source};
use crate::time::Timestamp;
use compact_str::CompactString;
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// The CloudEvents `type`: of the contract, or unknown.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum TypeName {
    Known(EventType),
    Unknown(CompactString),
}

/// The attributes of the envelope that mean something here.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Key {
    SpecVersion,
    Id,
    Source,
    Type,
    Time,
    RecordedTime,
    Data,
    DataBase64,
    Other,
}

/// The envelope with its `data` unread: what the slow path starts from.
#[derive(Default)]
pub(super) struct Envelope<'de> {
    pub(super) id: Option<EventId>,
    pub(super) source: Option<Source>,
    pub(super) event_type: Option<TypeName>,
    pub(super) time: Option<Timestamp>,
    pub(super) recorded: Option<Timestamp>,
    pub(super) data: Option<&'de RawValue>,
    spec_version: bool,
    body: Option<Body>,
}

/// Reads a whole event. Where `type` comes before `data` (the canonical order), `data` is read only once.
pub(super) struct EnvelopeSeed;

/// Reads the envelope alone and leaves `data` as it is.
pub(super) struct OuterSeed;

impl<'de> DeserializeSeed<'de> for EnvelopeSeed {
    type Value = Event;
    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Event, D::Error> {
        let mut envelope = d.deserialize_map(EnvelopeVisitor { read_data: true })?;
        let body = match (envelope.body.take(), envelope.data) {
            (Some(body), _) => body,
            (None, Some(raw)) => envelope.body_from(raw).map_err(de::Error::custom)?,
            (None, None) => envelope.body_without_data()?,
        };
        envelope.finish(body)
    }
}

impl<'de> DeserializeSeed<'de> for OuterSeed {
    type Value = Envelope<'de>;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Envelope<'de>, D::Error> {
        d.deserialize_map(EnvelopeVisitor { read_data: false })
    }
}

impl Envelope<'_> {
    /// The first attribute that is missing, if one is.
    pub(super) fn missing(&self) -> Option<&'static str> {
        let has_body = self.body.is_some()
            || self.data.is_some()
            || matches!(self.event_type, Some(TypeName::Unknown(_)));
        [
            ("specversion", self.spec_version),
            ("id", self.id.is_some()),
            ("source", self.source.is_some()),
            ("type", self.event_type.is_some()),
            ("time", self.time.is_some()),
            ("data", has_body),
        ]
        .into_iter()
        .find_map(|(name, there)| (!there).then_some(name))
    }

    fn finish<E: de::Error>(self, body: Body) -> Result<Event, E> {
        if !self.spec_version {
            return Err(E::missing_field("specversion"));
        }
        Ok(Event {
            id: self.id.ok_or_else(|| E::missing_field("id"))?,
            source: self.source.ok_or_else(|| E::missing_field("source"))?,
            time: self.time.ok_or_else(|| E::missing_field("time"))?,
            recorded: self.recorded,
            body,
        })
    }

    fn body_from(&self, raw: &RawValue) -> Result<Body, serde_json::Error> {
        match &self.event_type {
            Some(TypeName::Known(event_type)) => {
                BodySeed(*event_type).deserialize(&mut serde_json::Deserializer::from_str(raw.get()))
            }
            Some(TypeName::Unknown(name)) => unknown(name.clone(), raw),
            None => Err(de::Error::missing_field("type")),
        }
    }

    fn body_without_data<E: de::Error>(&self) -> Result<Body, E> {
        match &self.event_type {
            Some(TypeName::Known(_)) => Err(E::missing_field("data")),
            Some(TypeName::Unknown(name)) => {
                Ok(Body::Unknown { event_type: name.clone(), data: Box::from("{}") })
            }
            None => Err(E::missing_field("type")),
        }
    }
}

struct EnvelopeVisitor {
    read_data: bool,
}

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a CloudEvents object")
    }
    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<'de>, A::Error> {
        let mut out = Envelope::default();
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::SpecVersion => {
                    map.next_value::<SpecVersion>()?;
                    once(std::mem::replace(&mut out.spec_version, true), "specversion")?;
                }
                Key::Id => once(out.id.replace(map.next_value()?).is_some(), "id")?,
                Key::Source => once(out.source.replace(map.next_value()?).is_some(), "source")?,
                Key::Type => once(out.event_type.replace(map.next_value()?).is_some(), "type")?,
                Key::Time => once(out.time.replace(map.next_value()?).is_some(), "time")?,
                Key::RecordedTime => {
                    let before = out.recorded;
                    out.recorded = map.next_value()?;
                    once(before.is_some(), "recordedtime")?;
                }
                Key::Data => {
                    once(out.data.is_some() || out.body.is_some(), "data")?;
                    match &out.event_type {
                        Some(TypeName::Known(event_type)) if self.read_data => {
                            out.body = Some(map.next_value_seed(BodySeed(*event_type))?);
                        }
                        _ => out.data = Some(map.next_value()?),
                    }
                }
                Key::DataBase64 => map.next_value::<NoBase64>().map(|_| ())?,
                Key::Other => map.next_value::<IgnoredAny>().map(|_| ())?,
            }
        }
        Ok(out)
    }
}

#[inline]
fn once<E: de::Error>(seen: bool, name: &'static str) -> Result<(), E> {
    if seen { Err(E::duplicate_field(name)) } else { Ok(()) }
}

/// Reads the `data` of a known type.
pub(super) struct BodySeed(pub(super) EventType);

impl<'de> DeserializeSeed<'de> for BodySeed {
    type Value = Body;
    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Body, D::Error> {
        Body::deserialize_data(self.0, Strict(d))
    }
}

/// Keeps the `data` of an unknown type, without the white space between its tokens, so that it fits on a line.
fn unknown<E: de::Error>(event_type: CompactString, raw: &RawValue) -> Result<Body, E> {
    if !raw.get().starts_with('{') {
        return Err(E::custom(DATA_NOT_OBJECT));
    }
    Ok(Body::Unknown { event_type, data: compact(raw.get()).into_boxed_str() })
}

/// Said when `data` is JSON, but no object.
pub(super) const DATA_NOT_OBJECT: &str = "`data` is not an object; send the event's fields as a JSON object";

fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut in_text, mut escaped) = (false, false);
    for c in json.chars() {
        if in_text {
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if matches!(c, ' ' | '\t' | '\n' | '\r') {
            continue;
        } else {
            in_text = c == '"';
        }
        out.push(c);
    }
    out
}

/// Implements `Deserialize` from a string: what is expected, and how the text is read.
macro_rules! from_text {
    ($name:ident, $expecting:literal, $method:ident, |$text:ident| $read:expr) => {
        impl<'de> Deserialize<'de> for $name {
            #[inline]
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                struct V;
                impl Visitor<'_> for V {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    #[inline]
                    fn visit_str<E: de::Error>(self, $text: &str) -> Result<$name, E> {
                        $read
                    }
                }
                d.$method(V)
            }
        }
    };
}

from_text!(Key, "the name of an attribute", deserialize_identifier, |text| {
    Ok(match text {
        "specversion" => Key::SpecVersion,
        "id" => Key::Id,
        "source" => Key::Source,
        "type" => Key::Type,
        "time" => Key::Time,
        "recordedtime" => Key::RecordedTime,
        "data" => Key::Data,
        "data_base64" => Key::DataBase64,
        _ => Key::Other,
    })
});

from_text!(TypeName, "an event type: a string", deserialize_str, |text| {
    match EventType::parse(text) {
        Some(event_type) => Ok(TypeName::Known(event_type)),
        None => {
            crate::id::check(text).map(|()| TypeName::Unknown(CompactString::from(text))).map_err(E::custom)
        }
    }
});

/// The string `1.0`.
struct SpecVersion;
from_text!(SpecVersion, "the string \"1.0\"", deserialize_str, |text| {
    match text {
        "1.0" => Ok(SpecVersion),
        other => Err(E::custom(format_args!(
            "specversion is `{}`, only \"1.0\" is read; send CloudEvents 1.0",
            other.chars().take(16).collect::<String>()
        ))),
    }
});

/// Refuses whatever stands in `data_base64`.
struct NoBase64;
impl<'de> Deserialize<'de> for NoBase64 {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(de::Error::custom("binary data is not read; send the event's fields as a JSON object in `data`"))
    }
}
