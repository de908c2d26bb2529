//! Does what is written come back? Every event type, drawn at random, and the contract's own examples.
#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.
#![cfg(feature = "testing")]

use proptest::prelude::*;
use ringfence_domain::testing::{any_event, event};
use ringfence_domain::words::Word;
use ringfence_domain::{Decision, Decoder, Event, EventType, codec, encode};
use serde_json::Value;
use std::sync::LazyLock;

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    jsonschema::validator_for(&ringfence_domain::schema::event()).expect("the generated schema is a schema")
});

fn encoded(event: &Event) -> Vec<u8> {
    let mut out = Vec::new();
    encode(event, &mut out);
    out
}

/// Reads back as an equal event, is written again byte for byte, fits on one line and validates.
fn round_trips(event: &Event) -> Result<(), TestCaseError> {
    let json = encoded(event);
    let text = String::from_utf8_lossy(&json);
    prop_assert!(!text.contains('\n'), "an event fits on one line: {text}");
    match Decoder::default().decode(&json) {
        Ok(read) => {
            prop_assert_eq!(&read, event);
            prop_assert_eq!(encoded(&read), json.clone());
        }
        Err(refusal) => prop_assert!(false, "{refusal}\n{text}"),
    }
    let value: Value = serde_json::from_slice(&json).expect("the codec has just read it");
    if let Err(e) = SCHEMA.validate(&value) {
        prop_assert!(false, "{e} at {}\n{text}", e.instance_path);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn every_event_round_trips_and_validates(event in any_event()) {
        round_trips(&event)?;
    }
    #[test]
    fn fields_may_come_in_any_order(event in any_event(), seed in any::<u64>()) {
        let value: Value = serde_json::from_slice(&encoded(&event)).unwrap();
        let Value::Object(envelope) = value else { unreachable!("an event is an object") };
        let mut fields: Vec<(String, Value)> = envelope.into_iter().collect();
        let turn = (seed as usize) % fields.len();
        fields.rotate_left(turn);
        let body: Vec<String> = fields.iter().map(|(k, v)| format!("{}: {v:#}", Value::from(k.as_str()))).collect();
        let json = format!("{{ {} }}", body.join(" , "));
        let read = Decoder::default().decode(json.as_bytes());
        prop_assert_eq!(read.map_err(|r| TestCaseError::fail(format!("{r}\n{json}")))?, event);
    }
}

#[test]
fn every_event_type_has_a_strategy_of_its_own_type() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for event_type in EventType::ALL {
        for _ in 0..20 {
            let event = event(*event_type).new_tree(&mut runner).unwrap().current();
            assert_eq!(event.body.event_type(), Some(*event_type));
            round_trips(&event).unwrap();
        }
    }
}

#[test]
fn the_example_of_the_contract_is_written_as_it_was_read() {
    let json = r#"{"specversion":"1.0","id":"e-000017","source":"shop/eu","type":"refund.requested","time":"2023-03-01T12:34:56.789Z","data":{"refund":"R17","order":"O9","account":"A4","lines":[{"line":1,"quantity":1}],"amount":{"amount":129900,"currency":"USD"},"reason":"not_received","channel":"chat","contact":"C8","staff":"S3","device":"D2","ip":"I7"}}"#;
    let event = Decoder::default().decode(json.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(encoded(&event)).unwrap(), json);
}

#[test]
fn the_decision_of_the_contract_is_written_as_it_was_read() {
    let json = r#"{"refund":"R17","decision":"review","score":0.83,"expected_loss":{"amount":107817,"currency":"USD"},"reasons":[{"code":"delivered_with_photo","text":"The carrier shows delivery with a photo 14 m from the address, 2 days before the claim.","weight":0.31,"events":["e-000011"]}],"rules":["inr_after_photo_proof"],"cluster":"K12","versions":{"features":"a","model":"b","policy":"c"},"decided_at":"2023-03-01T12:34:56.789Z","respond_by":"2023-03-04T12:34:56.789Z","position":4711}"#;
    let decision: Decision = codec::decode_json(json.as_bytes()).unwrap();
    let canonical: Value = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_value(&decision).unwrap(), canonical);
}
