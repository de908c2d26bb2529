//! What may a field hold? Read off the published schema of its event type, so that a map is checked before a row.

use serde_json::Value;
use std::collections::BTreeMap;

/// The shape of a field.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Shape {
    Text,
    Integer,
    Number,
    Flag,
    Money,
    Time,
    List(Box<Shape>),
    Object(Fields),
    /// Names of one's own to texts, numbers and flags.
    Free,
}

/// Fields of an object.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Fields {
    pub(super) shapes: BTreeMap<String, Shape>,
    pub(super) required: Vec<String>,
}

/// The fields of an event type's data; `None` for a type that the contract does not know.
pub(super) fn of_event(event_type: &str) -> Option<Fields> {
    let name = format!("{event_type}.json");
    let file = ringfence_domain::schema::files().into_iter().find(|file| file.name == name)?;
    match shape(&file.schema, &file.schema) {
        Shape::Object(fields) => Some(fields),
        _ => None,
    }
}

fn shape(schema: &Value, root: &Value) -> Shape {
    if let Some(name) = schema["$ref"].as_str() {
        let pointer = name.trim_start_matches('#');
        return root.pointer(pointer).map_or(Shape::Text, |schema| shape(schema, root));
    }
    if let Some(any) = schema["anyOf"].as_array() {
        return any.iter().find(|one| one["type"] != "null").map_or(Shape::Text, |one| shape(one, root));
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        kind => kind.as_str(),
    };
    match kind {
        Some("integer") => Shape::Integer,
        Some("number") => Shape::Number,
        Some("boolean") => Shape::Flag,
        Some("array") => Shape::List(Box::new(shape(&schema["items"], root))),
        Some("object") => object(schema, root),
        _ if schema["format"] == "date-time" => Shape::Time,
        _ => Shape::Text,
    }
}

fn object(schema: &Value, root: &Value) -> Shape {
    let Some(properties) = schema["properties"].as_object() else { return Shape::Free };
    let is_money =
        properties.len() == 2 && properties.contains_key("amount") && properties.contains_key("currency");
    if is_money {
        return Shape::Money;
    }
    let required = schema["required"].as_array().into_iter().flatten();
    Shape::Object(Fields {
        shapes: properties.iter().map(|(name, schema)| (name.clone(), shape(schema, root))).collect(),
        required: required.filter_map(Value::as_str).map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_those_of_the_contract() {
        let fields = of_event("order.placed").unwrap();
        let check = |name: &str, expect: &Shape| assert_eq!(&fields.shapes[name], expect, "{name}");
        check("order", &Shape::Text);
        check("total", &Shape::Money);
        check("promised_by", &Shape::Time);
        check("attributes", &Shape::Free);
        assert_eq!(fields.required, ["order", "account", "lines", "total"]);
        let Shape::List(line) = &fields.shapes["lines"] else { panic!("lines are a list") };
        let Shape::Object(line) = line.as_ref() else { panic!("a line is an object") };
        assert_eq!(line.shapes["quantity"], Shape::Integer);
        assert_eq!(line.shapes["unit_price"], Shape::Money);
        assert_eq!(of_event("session.started").unwrap().shapes["new_device"], Shape::Flag);
        assert_eq!(of_event("refund.decided").unwrap().shapes["score"], Shape::Number);
        assert_eq!(of_event("refund.decided").unwrap().shapes["decision"], Shape::Text);
        assert!(of_event("no.such").is_none());
    }
}
