//! What does an event look like to other systems? JSON Schema (2020-12) generated from the types.

// Every event type has a schema here.
#[allow(clippy::wildcard_imports)]
use crate::event::*;
use crate::words::Word;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};

/// A schema file: its name within the published folder and its content.
pub struct SchemaFile {
    /// As in `refund.requested.json`.
    pub name: String,
    /// The schema, with keys in a fixed order.
    pub schema: Value,
}

/// All published schemas: `event.json` (a whole CloudEvent of any type), one file for the `data` of each type,
/// `decision.json` and `truth.json`.
pub fn files() -> Vec<SchemaFile> {
    let mut files = vec![
        SchemaFile { name: "event.json".into(), schema: event() },
        SchemaFile {
            name: "decision.json".into(),
            schema: generator().into_root_schema_for::<crate::decision::Decision>().to_value(),
        },
        SchemaFile {
            name: "truth.json".into(),
            schema: generator().into_root_schema_for::<crate::truth::TruthLabel>().to_value(),
        },
    ];
    macro_rules! push {
        ($name:ident, $text:literal) => {
            files.push(SchemaFile {
                name: concat!($text, ".json").into(),
                schema: generator().into_root_schema_for::<$name>().to_value(),
            });
        };
    }
    for_each_event!(push);
    files
}

/// The schema of a whole CloudEvent: the envelope, and `data` by `type`. Unknown types are valid.
pub fn event() -> Value {
    let mut generator = generator();
    let mut cases = Vec::new();
    macro_rules! case {
        ($name:ident, $text:literal) => {
            cases.push(case($text, &generator.subschema_for::<$name>()));
        };
    }
    for_each_event!(case);
    let time = crate::time::Timestamp::MIN;
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Event",
        "description": format!("A CloudEvents 1.0 object as Ringfence takes it; times from {time} on. An unknown type is kept and ignored."),
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time"],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": generator.subschema_for::<crate::id::EventId>(),
            "source": generator.subschema_for::<crate::id::Source>(),
            "type": {
                "type": "string", "minLength": 1, "maxLength": crate::id::ID_BYTES_MAX,
                "examples": EventType::TEXTS,
            },
            "time": { "type": "string", "format": "date-time", "description": "Event time." },
            "recordedtime": {
                "type": ["string", "null"], "format": "date-time",
                "description": "Arrival time, where the sender recorded it.",
            },
            "data": { "type": "object" },
            "data_base64": false,
        },
        "allOf": cases,
        "$defs": generator.take_definitions(true),
    })
}

fn case(event_type: &str, data: &Schema) -> Value {
    json!({
        "if": { "required": ["type"], "properties": { "type": { "const": event_type } } },
        "then": { "required": ["data"], "properties": { "data": data } },
    })
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}

/// The text of a schema file: indented, with a line feed at its end.
pub fn to_text(schema: &Value) -> String {
    let mut text = serde_json::to_string_pretty(schema).expect("a JSON value serialises");
    text.push('\n');
    text
}
