//! How fast is the codec? Events a second on one core, beside `serde_json::Value` on the same lines.

use ringfence_domain::dedupe::ContentKey;
use ringfence_domain::tokens::{TokenKey, TokenKind, Tokeniser};
use ringfence_domain::words::Word;
use ringfence_domain::{Decoder, Event, encode};
use std::hint::black_box;
use std::sync::LazyLock;
use std::time::Instant;

/// One line of each common type, at its usual share of a log.
const LINES: [&str; 8] = [
    r#"{"specversion":"1.0","id":"e-000017","source":"shop/eu","type":"refund.requested","time":"2023-03-01T12:34:56.789Z","data":{"refund":"R17","order":"O9","account":"A4","lines":[{"line":1,"quantity":1}],"amount":{"amount":129900,"currency":"USD"},"reason":"not_received","channel":"chat","contact":"C8","staff":"S3","device":"D2","ip":"I7"}}"#,
    r#"{"specversion":"1.0","id":"e-000018","source":"shop/eu","type":"order.placed","time":"2023-03-01T12:34:57.001Z","data":{"order":"O-000112","account":"A-00417","lines":[{"line":1,"sku":"SKU-01873","category":"laptop","quantity":1,"unit_price":{"amount":129900,"currency":"USD"}},{"line":2,"sku":"SKU-00412","category":"cable","quantity":2,"unit_price":{"amount":990,"currency":"USD"}}],"total":{"amount":131880,"currency":"USD"},"address":"ad-00417","payment":"pay-00417","device":"D-00417","ip":"I-00203"}}"#,
    r#"{"specversion":"1.0","id":"e-000019","source":"shop/eu","type":"parcel.scanned","time":"2023-03-01T12:34:58.4Z","data":{"parcel":"P-000112","order":"O-000112","direction":"outbound","carrier":"north","status":"delivered","weight_g":2210,"postal_code":"YO1 7","site":"hub-3","driver":"drv-31","proof":{"photo":true,"distance_m":14.5}}}"#,
    r#"{"specversion":"1.0","id":"e-000020","source":"shop/eu","type":"parcel.scanned","time":"2023-03-01T12:34:59Z","data":{"parcel":"P-000113","order":"O-000113","direction":"outbound","carrier":"north","status":"in_transit","weight_g":310,"site":"hub-1"}}"#,
    r#"{"specversion":"1.0","id":"e-000021","source":"shop/eu","type":"session.started","time":"2023-03-01T12:35:00.120Z","data":{"session":"se-88121","account":"A-00417","device":"D-00417","ip":"I-00203","asn":"AS3320","country":"DE","auth":"password","new_device":false}}"#,
    r#"{"specversion":"1.0","id":"e-000022","source":"shop/eu","type":"message.posted","time":"2023-03-01T12:35:01.007Z","data":{"contact":"C-5512","author":"customer","text":"Hello, the parcel is shown as delivered, but I never received it. Could you please check what happened and refund me?"}}"#,
    r#"{"specversion":"1.0","id":"e-000023","source":"shop/eu","type":"contact.opened","time":"2023-03-01T12:35:01.901Z","data":{"contact":"C-5512","account":"A-00417","order":"O-000112","channel":"chat","staff":"S-031","queue":"q-returns","assigned":"routed","authenticated":true}}"#,
    r#"{"specversion":"1.0","id":"e-000024","source":"shop/eu","type":"return.received","time":"2023-03-01T12:36:00Z","data":{"order":"O-000101","lines":[{"line":1,"quantity":1}],"staff":"S-102","refund":"R-000101","parcel":"P-000091","station":"st-4","lane":"scanned","weight_g":2190,"serial_match":true}}"#,
];
/// Events in one measurement: some tenths of a second.
const EVENTS: usize = 200_000;
/// Measurements of which the best counts: the machine may be shared.
const ROUNDS: usize = 5;

fn main() {
    let bytes: usize = LINES.iter().map(|line| line.len()).sum::<usize>() / LINES.len();
    let decoder = Decoder::default();
    let events: Vec<Event> =
        LINES.iter().map(|line| decoder.decode(line.as_bytes()).expect("the lines are good")).collect();
    let key = TokenKey::new(&[7; 32]).expect("32 bytes");
    let tokenising = Decoder::default().with_tokens(Tokeniser::new(key, TokenKind::ALL.iter().copied()));
    println!("codec, one core (CPU time), {} kinds of lines of {bytes} bytes on average\n", LINES.len());
    println!("{:<46} {:>12} {:>10} {:>8}", "", "events/s", "ns/event", "MB/s");
    let mut out = Vec::with_capacity(1024);
    row("decode: CloudEvents line to typed event", bytes, |i| {
        black_box(decoder.decode(LINES[i].as_bytes()).is_ok());
    });
    row("  anchor: serde_json::Value from the same line", bytes, |i| {
        black_box(serde_json::from_slice::<serde_json::Value>(LINES[i].as_bytes()).is_ok());
    });
    row("  anchor: serde_json skips the same line", bytes, |i| {
        black_box(serde_json::from_slice::<serde::de::IgnoredAny>(LINES[i].as_bytes()).is_ok());
    });
    row("decode and tokenise all kinds", bytes, |i| {
        black_box(tokenising.decode(LINES[i].as_bytes()).is_ok());
    });
    row("encode: typed event to line", bytes, |i| {
        out.clear();
        encode(&events[i], &mut out);
        black_box(out.len());
    });
    let values: Vec<serde_json::Value> =
        LINES.iter().map(|line| serde_json::from_str(line).expect("the lines are JSON")).collect();
    row("  anchor: serde_json::Value to line", bytes, |i| {
        out.clear();
        serde_json::to_writer(&mut out, &values[i]).expect("a Vec takes all bytes");
        black_box(out.len());
    });
    row("content key for the duplicate guard", bytes, |i| {
        black_box(ContentKey::of(&events[i], &mut out));
    });
}

fn row(name: &str, bytes: usize, mut one: impl FnMut(usize)) {
    let best = (0..ROUNDS)
        .map(|_| {
            let start = seconds();
            (0..EVENTS).for_each(|i| one(i % LINES.len()));
            (seconds() - start) / EVENTS as f64
        })
        .fold(f64::INFINITY, f64::min);
    println!("{name:<46} {:>12.0} {:>10.0} {:>8.0}", 1.0 / best, best * 1e9, bytes as f64 / best / 1e6);
}

/// Seconds that this thread has spent on a core, where the system tells (Linux): other programs then do not count.
/// Elsewhere the clock.
fn seconds() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let on_core = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = on_core.and_then(|text| text.split(' ').next().and_then(|first| first.parse::<f64>().ok()));
    nanos.map_or_else(|| START.elapsed().as_secs_f64(), |nanos| nanos * 1e-9)
}
