//! What is sent? Accounts that ordered and got their parcel, and refund requests for those orders.

use ringfence_domain::{Duration, Timestamp};
use std::fmt::Write;

/// Random numbers from a seed (SplitMix64: Steele, Lea and Flood, OOPSLA 2014).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
    /// An account of `n`, by Zipf's law with exponent 1.
    pub(crate) fn zipf(&mut self, n: u64) -> u64 {
        (((n as f64).ln() * self.unit()).exp() as u64 - 1).min(n - 1)
    }
}

fn event(out: &mut String, id: &str, kind: &str, time: Timestamp, data: &str) {
    write!(
        out,
        r#"{{"specversion":"1.0","id":"{id}","source":"bench","type":"{kind}","time":"{time}","data":{data}}}"#
    )
    .expect("a String takes all text");
}

/// The account `i` as JSON lines: opened, an order of 20 to 500 dollars, its parcel delivered.
pub(crate) fn account(out: &mut String, i: u64, now: Timestamp) {
    let day =
        |n: i64| Timestamp::from_millis(now.millis() - n * Duration::DAY.0).expect("a time of this century");
    let (device, address, amount) = (i / 2, i / 3, 2_000 + i * 7_919 % 48_000);
    event(
        out,
        &format!("a{i}"),
        "account.opened",
        day(90),
        &format!(r#"{{"account":"A{i}","country":"DE","email":"E{i}","phone":"P{i}"}}"#),
    );
    out.push('\n');
    let order = format!(
        r#"{{"order":"O{i}","account":"A{i}","lines":[{{"line":1,"sku":"S{}","category":"C{}","quantity":1,"unit_price":{{"amount":{amount},"currency":"USD"}}}}],"total":{{"amount":{amount},"currency":"USD"}},"address":"H{address}","payment":"M{i}","device":"D{device}","ip":"I{device}"}}"#,
        i % 500,
        i % 20
    );
    event(out, &format!("o{i}"), "order.placed", day(10), &order);
    out.push('\n');
    let scan = format!(
        r#"{{"parcel":"L{i}","order":"O{i}","direction":"outbound","carrier":"K{}","status":"delivered","driver":"V{}","proof":{{"photo":true}}}}"#,
        i % 4,
        i % 200
    );
    event(out, &format!("p{i}"), "parcel.scanned", day(6), &scan);
    out.push('\n');
}

/// Refund request `n` of account `i`.
pub(crate) fn request(out: &mut String, i: u64, n: &str, now: Timestamp) {
    let (device, amount) = (i / 2, 2_000 + i * 7_919 % 48_000);
    let reason = ["not_received", "changed_mind", "damaged", "defective"][(i % 4) as usize];
    let data = format!(
        r#"{{"refund":"R{n}","order":"O{i}","account":"A{i}","lines":[{{"line":1,"quantity":1}}],"amount":{{"amount":{amount},"currency":"USD"}},"reason":"{reason}","channel":"self_service","device":"D{device}","ip":"I{device}"}}"#
    );
    event(out, &format!("r{n}"), "refund.requested", now, &data);
}
