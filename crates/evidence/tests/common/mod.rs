//! A small matter: two accounts with one device, a clerk who records what never came, a boast, and what speaks against it.

#![allow(clippy::unwrap_used, dead_code)] // In the helpers of tests, as in the tests themselves; each test uses some of them.

use ringfence_domain::rates::Rates;
use ringfence_domain::{Currency, Decoder, Limits, Timestamp};
use ringfence_evidence::gather::PASSES;
use ringfence_evidence::leads::Leads;
use ringfence_evidence::manifest::Tool;
use ringfence_evidence::records::Says;
use ringfence_evidence::{Files, Gather, Inputs, Noted, Origin, Purpose, Spec, assemble};
use ringfence_store::log::HeadKey;
use ringfence_store::{Log, Options, Record, RecordKind};
use std::borrow::Cow;

pub(crate) const SPEC: &str = r#"
matter = "Example Shop v. Doe, No. 1:23-cv-00042"
scope = "Two refunds of March 2023 and what connects them."
prepared_by = "J. Fiala, fraud investigations"
accounts = ["A1", "A2"]
from = "2023-02-01"
until = "2023-04-01"

[[hold]]
name = "Litigation hold 7"
since = "2023-04-02"
covers = "orders O1 and O2"

[[defendant]]
id = "D1"
name = "John Doe 1"
role = "buyer"
accounts = ["A1"]

[[defendant]]
id = "D2"
name = "Jane Doe 2"
role = "clerk"
staff = ["S7"]

[damages]
refunds_paid = true
ring_fee = { percent = "30", because = "the channel's own price list" }
shares = { D1 = 1, D2 = 2 }
interest = { percent = "9", until = "2024-03-01" }

[[damages.line]]
id = "investigation"
basis = "investigation"
amount = { amount = 750000, currency = "USD" }
on = "2023-05-01"
about = "outside investigators"
exhibit = "invoice 17"
joint_and_several = true
shares = { D1 = 1, D2 = 1 }
"#;

/// (time, type, data)
pub(crate) const EVENTS: &[(&str, &str, &str)] = &[
    ("2022-01-01T00:00:00Z", "account.opened", r#"{"account":"A1","email":"tok-e1"}"#),
    ("2022-01-02T00:00:00Z", "account.opened", r#"{"account":"A2","email":"tok-e2"}"#),
    ("2022-01-03T00:00:00Z", "account.opened", r#"{"account":"A3","email":"tok-e3"}"#),
    ("2022-01-04T00:00:00Z", "staff.joined", r#"{"staff":"S7","role":"returns","queue":"Q1"}"#),
    (
        "2022-06-01T00:00:00Z",
        "order.placed",
        r#"{"order":"O0","account":"A1","lines":[{"line":1,"quantity":1}],"total":{"amount":2500,"currency":"USD"},"device":"tok-d1"}"#,
    ),
    (
        "2022-06-02T00:00:00Z",
        "order.placed",
        r#"{"order":"O-foreign","account":"A3","lines":[{"line":1,"quantity":1}],"total":{"amount":2500,"currency":"USD"},"device":"tok-d3"}"#,
    ),
    (
        "2023-03-01T10:00:00Z",
        "order.placed",
        r#"{"order":"O1","account":"A1","lines":[{"line":1,"sku":"LAPTOP","quantity":1}],"total":{"amount":129900,"currency":"USD"},"address":"tok-a1","device":"tok-d1","promised_by":"2023-03-03T00:00:00Z"}"#,
    ),
    (
        "2023-03-01T11:00:00Z",
        "order.placed",
        r#"{"order":"O2","account":"A2","lines":[{"line":1,"sku":"PHONE","quantity":2}],"total":{"amount":80001,"currency":"USD"},"address":"tok-a2","device":"tok-d2"}"#,
    ),
    (
        "2023-03-04T09:00:00Z",
        "parcel.scanned",
        r#"{"parcel":"P1","order":"O1","direction":"outbound","carrier":"C1","status":"delivered","driver":"DR5","weight_g":2100,"proof":{"photo":true,"distance_m":14.5}}"#,
    ),
    (
        "2023-03-05T09:00:00Z",
        "parcel.scanned",
        r#"{"parcel":"P2","order":"O2","direction":"outbound","carrier":"C1","status":"exception"}"#,
    ),
    (
        "2023-03-06T12:00:00Z",
        "contact.opened",
        r#"{"contact":"K1","account":"A1","order":"O1","channel":"chat","staff":"S7","assigned":"searched"}"#,
    ),
    (
        "2023-03-06T12:01:00Z",
        "message.posted",
        r#"{"contact":"K1","author":"customer","text":"Ciao, il pacco è vuoto 😀 — =cmd()"}"#,
    ),
    (
        "2023-03-06T12:02:00Z",
        "refund.requested",
        r#"{"refund":"R1","order":"O1","account":"A1","lines":[{"line":1,"quantity":1}],"amount":{"amount":129900,"currency":"USD"},"reason":"empty_package","channel":"chat","contact":"K1","device":"tok-d9","ip":"tok-i1","attributes":{"segment":"gold"}}"#,
    ),
    (
        "2023-03-06T12:30:00Z",
        "session.started",
        r#"{"session":"Z1","staff":"S7","device":"tok-ds","auth":"password","new_device":true}"#,
    ),
    (
        "2023-03-06T12:40:00Z",
        "staff.acted",
        r#"{"staff":"S7","action":"marked_returned","order":"O1","refund":"R1","session":"Z1"}"#,
    ),
    (
        "2023-03-06T12:41:00Z",
        "return.received",
        r#"{"order":"O1","lines":[],"staff":"S7","refund":"R1","lane":"bulk"}"#,
    ),
    (
        "2023-03-06T13:00:00Z",
        "refund.decided",
        r#"{"refund":"R1","decision":"instant_refund","by":"S7","override":true}"#,
    ),
    (
        "2023-03-06T14:00:00Z",
        "refund.paid",
        r#"{"refund":"R1","amount":{"amount":129900,"currency":"USD"},"instrument":"original"}"#,
    ),
    (
        "2023-03-07T12:00:00Z",
        "refund.requested",
        r#"{"refund":"R2","order":"O2","account":"A2","lines":[{"line":1,"quantity":1}],"amount":{"amount":40001,"currency":"USD"},"reason":"not_received","channel":"self_service","device":"tok-d9"}"#,
    ),
    ("2023-03-07T14:00:00Z", "refund.paid", r#"{"refund":"R2","amount":{"amount":40001,"currency":"USD"}}"#),
    (
        "2023-03-08T00:00:00Z",
        "post.collected",
        r#"{"post":"X1","platform":"telegram","channel":"ch","author":"boss","text":"1299 laptop US done"}"#,
    ),
    (
        "2023-03-09T00:00:00Z",
        "message.posted",
        r#"{"contact":"K9","author":"customer","text":"the secret of somebody else"}"#,
    ),
    (
        "2023-03-20T00:00:00Z",
        "verdict.recorded",
        r#"{"subject":{"kind":"refund","id":"R2"},"verdict":"legitimate","method":"appeal"}"#,
    ),
];

pub(crate) const LEADS: &str = r#"{"ring":"G1","accounts":["A1","A2"],"identifiers":[{"kind":"device","value":"tok-d9","accounts":["A1","A2"],"probability":0.97}],"staff":["S7"],"refunds":["R1","R2"],"money":{"amount":169901,"currency":"USD"},"score":9.1,"probability":0.98,"why":["one device"]}
{"staff":"S7","probability":0.9,"pattern":"bribed","families":[{"family":"unscanned_receipts","observed":9,"expected":1.25,"q_value":0.0004}],"refunds":["R1"],"money":{"amount":129900,"currency":"USD"},"why":["receipts with no parcel","works the bulk lane"]}
{"record":"match","post":"X1","handle":"boss","channel":"ch","posted_at":"2023-03-08T00:00:00Z","refund":"R1","money":{"amount":129900,"currency":"USD"},"probability":0.93,"by_chance":0.2,"stands":true,"why":["the amount agrees"]}
{"record":"handle","handle":"boss"}"#;

pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(crate) fn key() -> HeadKey {
    HeadKey::from_seed(&[42; 32])
}

fn line(number: usize) -> String {
    let (time, of, data) = EVENTS[number];
    format!(
        r#"{{"specversion":"1.0","id":"e-{number}","source":"shop/us","type":"{of}","time":"{time}","data":{data}}}"#
    )
}

/// The log of the matter, in blocks of three.
pub(crate) fn log(folder: &std::path::Path) -> Log {
    log_with(folder, &[])
}

/// The same with more records at its end: control records, and events, which say so.
fn log_with(folder: &std::path::Path, more: &[String]) -> Log {
    let mut log = Log::open(folder, Options::default()).unwrap();
    let noted = r#"{"control":"noted","did":"decision_read","subject":"R1","by":{"id":"u-4","name":"u-4","role":"analyst"}}"#;
    let lines: Vec<(RecordKind, String)> = (0..EVENTS.len())
        .map(|number| (RecordKind::Event, line(number)))
        .chain([(RecordKind::Control, noted.to_owned())])
        .chain(more.iter().map(|text| {
            let event = text.starts_with("{\"specversion\"");
            (if event { RecordKind::Event } else { RecordKind::Control }, text.clone())
        }))
        .collect();
    for block in lines.chunks(3) {
        let record = |(kind, text): &(RecordKind, String)| Record {
            kind: *kind,
            recorded: time("2023-03-21T00:00:00Z"),
            payload: Cow::Owned(text.clone().into_bytes()),
        };
        log.append(&block.iter().map(record).collect::<Vec<_>>()).unwrap();
    }
    log
}

pub(crate) fn leads() -> Leads {
    let mut leads = Leads::default();
    leads.read(LEADS).unwrap();
    leads
}

/// Gathers from the log, with proofs.
pub(crate) fn gathered(log: &Log, spec: &Spec, leads: &Leads) -> Gather {
    let decoder = Decoder::new(Limits::default());
    let mut gather = Gather::new(spec, leads);
    for pass in 0..PASSES {
        for record in log.read(0).unwrap() {
            let (at, record) = record.unwrap();
            let says = match record.kind {
                RecordKind::Event => Says::Event(Box::new(decoder.decode(&record.payload).unwrap())),
                RecordKind::Decision => {
                    Says::Decision(Box::new(serde_json::from_slice(&record.payload).unwrap()))
                }
                RecordKind::Control => Says::Control(serde_json::from_slice(&record.payload).unwrap()),
            };
            match (gather.takes(), says) {
                (true, says) => gather.take(at, &record, says).unwrap(),
                (false, Says::Event(event)) => gather.see(&event),
                (false, _) => {}
            }
        }
        if pass + 1 < PASSES {
            gather.next_pass();
        }
    }
    let positions: Vec<u64> = gather.cited.iter().map(|c| c.at).collect();
    let proofs = log.reader().prove(&positions, &log.head()).unwrap();
    for (cited, proof) in gather.cited.iter_mut().zip(proofs) {
        cited.proof = Some(proof);
    }
    gather
}

/// The pack of the matter.
pub(crate) fn pack(purpose: Purpose, spec: &str) -> Result<Files, String> {
    pack_with(purpose, &Spec::parse(spec).unwrap(), &[])
}

/// The pack of a matter, with more records in the log.
pub(crate) fn pack_with(purpose: Purpose, spec: &Spec, more: &[String]) -> Result<Files, String> {
    let folder = tempfile::tempdir().unwrap();
    let log = log_with(folder.path(), more);
    let (leads, key) = (leads(), key());
    let gather = gathered(&log, spec, &leads);
    let made_at = time("2024-01-02T03:04:05Z");
    let signed = Some(Box::new(key.sign(log.head(), made_at)));
    assemble(&Inputs {
        spec,
        purpose,
        made_at,
        tool: Tool { name: "Ringfence".into(), version: "0.1.0".into() },
        origin: Origin::Log { anchor: log.anchor(), head: log.head(), signed },
        gathered: &gather,
        leads: &leads,
        rates: &Rates::new(Currency::USD),
        noted: Noted::At(22),
        key: Some(&key),
    })
    .map_err(|e| e.to_string())
}

/// A file of a pack as text.
pub(crate) fn text<'a>(files: &'a Files, name: &str) -> &'a str {
    let found = files.iter().find(|(path, _)| path.ends_with(name));
    std::str::from_utf8(found.unwrap_or_else(|| panic!("no {name}")).1).unwrap()
}
