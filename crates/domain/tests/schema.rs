//! Are the published schemas those of the types? `RINGFENCE_BLESS=1 cargo test -p ringfence-domain` writes them anew.
#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.

use ringfence_domain::schema;
use std::fs;
use std::path::PathBuf;

#[test]
fn the_published_schemas_are_those_of_the_types() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema");
    let bless = std::env::var_os("RINGFENCE_BLESS").is_some();
    if bless {
        fs::create_dir_all(&folder).unwrap();
    }
    let mut names = Vec::new();
    for file in schema::files() {
        let path = folder.join(&file.name);
        let text = schema::to_text(&file.schema);
        if bless {
            fs::write(&path, &text).unwrap();
        }
        let golden = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            golden == text,
            "{} differs from the types; run with RINGFENCE_BLESS=1 if that is meant",
            file.name
        );
        names.push(file.name);
    }
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&name), "{name} belongs to no type any more");
    }
    assert_eq!(names.len(), 30, "27 event types, the event, the decision and the truth label");
}

#[test]
fn the_schema_refuses_what_the_codec_refuses() {
    let validator = jsonschema::validator_for(&schema::event()).unwrap();
    let check = |from: &str, to: &str, expect: bool| {
        let good = r#"{"specversion":"1.0","id":"e","source":"s","type":"refund.requested","time":"2023-03-01T12:34:56.789Z","data":{"refund":"R17","order":"O9","account":"A4","lines":[{"line":1,"quantity":1}],"amount":{"amount":129900,"currency":"USD"},"reason":"not_received","channel":"chat"}}"#;
        let json = good.replacen(from, to, 1);
        let value = serde_json::from_str(&json).unwrap();
        assert_eq!(validator.is_valid(&value), expect, "{json}");
        assert_eq!(ringfence_domain::Decoder::default().decode(json.as_bytes()).is_ok(), expect, "{json}");
    };
    check("s", "s", true);
    check(r#""order":"O9","#, "", false);
    check(r#""quantity":1"#, r#""quantity":0"#, false);
    check("129900", "9007199254740992", false);
    check("129900", "1.5", false);
    check("USD", "usd", false);
    check("not_received", "lost", false);
    check(r#""1.0""#, r#""1.1""#, false);
    check(r#""refund":"R17""#, r#""refund":"""#, false);
    check("refund.requested", "of.some.other.kind", true);
    check("refund.requested", "session.started", false);
    check(r#""data":"#, r#""data_base64":"","data":"#, false);
}
