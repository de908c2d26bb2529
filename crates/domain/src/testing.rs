//! Which events can there be? Proptest strategies for every event type, for the tests of all crates.
//!
//! Values are drawn from small pools, so that events of one run meet: the same account orders, claims and appeals.

mod bodies;
mod values;

pub use bodies::body;
pub use values::{attributes, line, lines, money, text, timestamp};

use crate::event::{Body, Event, EventType};
use crate::id::{EventId, Source};
use proptest::prelude::*;

/// An event of any type, also of unknown ones, that the codec takes.
pub fn any_event() -> impl Strategy<Value = Event> {
    use crate::words::Word;
    let known = proptest::sample::select(EventType::ALL).prop_flat_map(event);
    prop_oneof![24 => known, 1 => unknown_event()]
}

/// An event of one type.
pub fn event(event_type: EventType) -> BoxedStrategy<Event> {
    envelope(body(event_type)).boxed()
}

/// An event of a type that the contract does not know.
pub fn unknown_event() -> impl Strategy<Value = Event> {
    let data =
        proptest::sample::select(vec!["{}", r#"{"a":[1,{"b":null}],"c":"\n é"}"#, r#"{"refund":"R1"}"#]);
    let name = proptest::sample::select(vec!["shop.opened", "refund.requested.v2", "x"]);
    envelope(
        (name, data).prop_map(|(name, data)| Body::Unknown { event_type: name.into(), data: data.into() }),
    )
}

fn envelope(body: impl Strategy<Value = Body>) -> impl Strategy<Value = Event> {
    let id = "[ -~é]{1,40}".prop_map(|id| EventId::new(&id).expect("1–80 bytes without control characters"));
    let source = proptest::sample::select(vec!["shop/eu", "shop/us", "wms", "a\"quoted\\source"])
        .prop_map(|source| Source::new(source).expect("a constant that keeps the rules"));
    (id, source, timestamp(), proptest::option::of(timestamp()), body)
        .prop_map(|(id, source, time, recorded, body)| Event { id, source, time, recorded, body })
}
