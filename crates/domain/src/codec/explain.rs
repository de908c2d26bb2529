//! Where exactly is a refused event wrong? The slow second reading, with the path to the fault.

use super::envelope::{BodySeed, DATA_NOT_OBJECT, OuterSeed, TypeName};
use super::refusal::{Refusal, push_pointer};
use super::strict::Strict;
use crate::words::nearest;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny};
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment, Track};
use std::marker::PhantomData;

/// The reason of a field that is there twice.
pub(super) const TWICE: &str = "the field is there twice";

/// The refusal of `text`, which the fast path could not read.
pub(super) fn explain(text: &str) -> Refusal {
    if let Err(e) = serde_json::from_str::<IgnoredAny>(text) {
        return syntax(&e, text);
    }
    let envelope = match tracked(OuterSeed, &mut serde_json::Deserializer::from_str(text)) {
        Ok(envelope) => envelope,
        Err((pointer, message)) => return translate(pointer, &message),
    };
    if let Some(name) = envelope.missing() {
        return missing(String::new(), name);
    }
    let (Some(event_type), Some(data)) = (envelope.event_type, envelope.data) else {
        return unexplained();
    };
    if !data.get().starts_with('{') {
        return translate("/data".into(), DATA_NOT_OBJECT);
    }
    match event_type {
        TypeName::Unknown(_) => unexplained(),
        TypeName::Known(event_type) => {
            match tracked(BodySeed(event_type), &mut serde_json::Deserializer::from_str(data.get())) {
                Ok(_) => unexplained(),
                Err((pointer, message)) => translate(pointer, &message).below("/data"),
            }
        }
    }
}

/// Reads a type of this crate; a failure is explained.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    if let Err(e) = serde_json::from_str::<IgnoredAny>(text) {
        return Err(syntax(&e, text));
    }
    tracked(StrictSeed(PhantomData), &mut serde_json::Deserializer::from_str(text))
        .map_err(|(pointer, message)| translate(pointer, &message))
}

struct StrictSeed<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for StrictSeed<T> {
    type Value = T;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<T, D::Error> {
        T::deserialize(Strict(d))
    }
}

/// The fast path refused what the slow path takes: a fault of ours, said as one.
fn unexplained() -> Refusal {
    Refusal::new("", "this event could not be read", "report this line to the maintainers of Ringfence")
}

/// Reads with a seed and says where it failed: pointer and message.
fn tracked<'de, S: DeserializeSeed<'de>, D: Deserializer<'de>>(
    seed: S,
    d: D,
) -> Result<S::Value, (String, String)> {
    let mut track = Track::new();
    seed.deserialize(serde_path_to_error::Deserializer::new(d, &mut track))
        .map_err(|e| (pointer(&track.path()), e.to_string()))
}

fn pointer(path: &Path) -> String {
    let mut out = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push_pointer(&mut out, &index.to_string()),
            Segment::Map { key } => push_pointer(&mut out, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    out
}

fn syntax(e: &serde_json::Error, text: &str) -> Refusal {
    let at = if e.line() <= 1 {
        format!("byte {}", e.column())
    } else {
        format!("line {}, byte {} of the event", e.line(), e.column())
    };
    if text.trim().is_empty() {
        return Refusal::new("", "there is no JSON", "send one CloudEvents object");
    }
    match e.classify() {
        Category::Eof => Refusal::new(
            "",
            format!("the JSON breaks off at {at}"),
            "send the whole line again; a file that was cut lost its end",
        ),
        Category::Syntax | Category::Data | Category::Io => Refusal::new(
            "",
            format!("not JSON at {at}: {}", without_position(&e.to_string())),
            "send one JSON object on one line",
        ),
    }
}

fn missing(mut pointer: String, name: &str) -> Refusal {
    push_pointer(&mut pointer, name);
    Refusal::new(pointer, "the field is missing", format!("add `{name}`: this event type requires it"))
}

/// Puts a message of serde or of our own types into reason and remedy.
fn translate(pointer: String, message: &str) -> Refusal {
    let message = without_position(message);
    if let Some(name) = quoted_after(message, "missing field ") {
        return missing(pointer, name);
    }
    if let Some(name) = quoted_after(message, "duplicate field ") {
        let mut pointer = pointer;
        if !pointer.ends_with(&format!("/{name}")) {
            push_pointer(&mut pointer, name);
        }
        return Refusal::new(pointer, TWICE, format!("send `{name}` once"));
    }
    if let Some(rest) = message.strip_prefix("unknown variant `")
        && let Some((word, expected)) = rest.split_once("`, expected ")
    {
        return unknown_word(pointer, word, expected);
    }
    for start in ["invalid type: ", "invalid value: "] {
        if let Some(rest) = message.strip_prefix(start)
            && let Some((found, expected)) = rest.rsplit_once(", expected ")
        {
            let expected = plain(expected);
            return Refusal::new(
                pointer,
                format!("found {found}, expected {expected}"),
                format!("send {expected}"),
            );
        }
    }
    if message.starts_with("number out of range") {
        return Refusal::new(pointer, "the number is too large to be read", "check the sender's units");
    }
    match message.split_once("; ") {
        Some((reason, remedy)) => Refusal::new(pointer, reason, remedy),
        None => Refusal::new(pointer, message, "compare with the event's schema"),
    }
}

fn unknown_word(pointer: String, word: &str, expected: &str) -> Refusal {
    let words: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let list = words.join(", ");
    let remedy = match nearest(word, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? one of: {list}"),
        None => format!("send one of: {list}"),
    };
    Refusal::new(pointer, format!("`{word}` is not a word of this field"), remedy)
}

/// What serde expects, in words that people outside Rust use.
fn plain(expected: &str) -> &str {
    match expected {
        "i64" => "a whole number",
        "u64" => "a whole number from 0 on",
        "u32" => "a whole number from 0 to 4294967295",
        "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        struct_name if struct_name.starts_with("struct ") => "an object",
        other => other,
    }
}

fn quoted_after<'m>(message: &'m str, start: &str) -> Option<&'m str> {
    message.strip_prefix(start)?.strip_prefix('`')?.strip_suffix('`')
}

/// The message without serde_json's trailing position: the pointer says it better.
fn without_position(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(message, _)| message)
}
