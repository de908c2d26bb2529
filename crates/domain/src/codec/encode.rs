//! How is an event written? As one line of JSON, its fields always in the same order.

use crate::event::{Body, Event};
use crate::time::Timestamp;

/// Appends the event as one JSON object without a line feed: envelope first (`specversion`, `id`, `source`,
/// `type`, `time`, `recordedtime` where known), then `data` in the order of the contract.
///
/// What the codec has read comes back as it was written here, byte for byte, and reads as an equal event.
///
/// # Panics
/// If the event was built by hand with a number that JSON cannot hold (NaN, infinity).
pub fn encode(event: &Event, out: &mut Vec<u8>) {
    let Event { id, source, time, recorded, body } = event;
    out.extend_from_slice(b"{\"specversion\":\"1.0\",\"id\":");
    text(id.as_str(), out);
    out.extend_from_slice(b",\"source\":");
    text(source.as_str(), out);
    out.extend_from_slice(b",\"type\":");
    match body {
        Body::Unknown { event_type, .. } => text(event_type, out),
        known => {
            out.push(b'"');
            out.extend_from_slice(known.type_name().as_bytes());
            out.push(b'"');
        }
    }
    out.extend_from_slice(b",\"time\":");
    instant(*time, out);
    if let Some(recorded) = recorded {
        out.extend_from_slice(b",\"recordedtime\":");
        instant(*recorded, out);
    }
    encode_data(body, out);
    out.push(b'}');
}

/// Appends `,"data":{…}`.
pub(crate) fn encode_data(body: &Body, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"data\":");
    match body {
        Body::Unknown { data, .. } => out.extend_from_slice(data.as_bytes()),
        known => known
            .serialize_data(&mut serde_json::Serializer::new(&mut *out))
            .expect("data is made of texts, finite numbers and lists, and a Vec takes all bytes"),
    }
}

fn instant(time: Timestamp, out: &mut Vec<u8>) {
    out.push(b'"');
    time.write_bytes(out);
    out.push(b'"');
}

/// Appends a JSON string. Identifiers rarely need an escape: then the bytes are copied at once.
fn text(text: &str, out: &mut Vec<u8>) {
    if text.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\') {
        serde_json::to_writer(out, text).expect("a string serialises, and a Vec takes all bytes");
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}
