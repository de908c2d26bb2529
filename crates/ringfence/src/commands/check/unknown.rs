//! Which fields does the contract not know? Those that are gone when an event is written again.

use ringfence_domain::{Event, encode};
use serde_json::Value;
use std::collections::BTreeMap;

/// Names of unknown fields that are told apart; further ones are counted together, so that a file of
/// random names cannot fill the memory.
const NAMES_MAX: usize = 200;

/// Counts the unknown fields of a line by type and place.
pub(super) fn fields(event: &Event, line: &[u8], scratch: &mut Vec<u8>, counts: &mut BTreeMap<String, u64>) {
    scratch.clear();
    encode(event, scratch);
    // What we wrote ourselves comes back byte for byte: most files end here.
    if scratch.as_slice() == line || event.body.event_type().is_none() {
        return;
    }
    let (Ok(Value::Object(given)), Ok(known)) =
        (serde_json::from_slice(line), serde_json::from_slice::<Value>(scratch))
    else {
        return;
    };
    let Some(given) = given.get("data") else { return };
    below(event.body.type_name(), given, &known["data"], counts);
}

/// Goes through two values in step; what only the first has is unknown.
fn below(place: &str, given: &Value, known: &Value, counts: &mut BTreeMap<String, u64>) {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => {
            for (name, value) in given {
                let place = format!("{place}/{name}");
                match known.get(name) {
                    Some(known) => below(&place, value, known, counts),
                    // An optional field that is null is the same as one that is left out.
                    None if value.is_null() => {}
                    None => count(place, counts),
                }
            }
        }
        (Value::Array(given), Value::Array(known)) => {
            for (given, known) in given.iter().zip(known) {
                below(place, given, known, counts);
            }
        }
        _ => {}
    }
}

fn count(place: String, counts: &mut BTreeMap<String, u64>) {
    let full = counts.len() >= NAMES_MAX && !counts.contains_key(&place);
    *counts.entry(if full { "(others)".to_owned() } else { place }).or_default() += 1;
}
