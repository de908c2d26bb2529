//! What becomes of bad rows of the two data sets? Each is set aside with its line; the others stay.
#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.

use ringfence_domain::{Body, encode};
use ringfence_imports::{Collected, ImportError, card_fraud, online_retail};

const CARDS: &str = "transaction,time,customer,terminal,amount_cents,fraud,scenario\n";
const RETAIL: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

fn refusals(sink: &Collected) -> Vec<String> {
    sink.rejects.iter().map(|(refusal, _)| refusal.to_string()).collect()
}

fn line(event: &ringfence_domain::Event) -> String {
    let mut out = Vec::new();
    encode(event, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_payment_is_a_request_and_a_verdict_seven_days_later() {
    let csv = format!(
        "{CARDS}0,2018-04-01T00:00:31Z,596,3156,5716,1,1\n1,2018-04-08T00:00:31Z,4961,3412,8151,0,0\n"
    );
    let mut sink = Collected::default();
    card_fraud(csv.as_bytes(), &mut sink).unwrap();
    let events: Vec<String> = sink.events.iter().map(line).collect();
    assert_eq!(
        events[..2],
        [
            r#"{"specversion":"1.0","id":"t-0","source":"import/card-fraud","type":"refund.requested","time":"2018-04-01T00:00:31Z","data":{"refund":"T0","order":"O0","account":"596","lines":[{"line":1,"quantity":1}],"amount":{"amount":5716,"currency":"EUR"},"reason":"other","channel":"in_store","staff":"3156"}}"#,
            r#"{"specversion":"1.0","id":"v-0","source":"import/card-fraud","type":"verdict.recorded","time":"2018-04-08T00:00:31Z","data":{"subject":{"kind":"refund","id":"T0"},"verdict":"abuse","method":"investigation"}}"#,
        ]
    );
    assert_eq!(events.len(), 4);
}

#[test]
fn bad_payments_are_set_aside() {
    let good = "7,2018-04-01T00:00:31Z,596,3156,5716,0,0\n";
    let csv = format!(
        "{CARDS}{good}8,yesterday,1,2,3,0,0\n9,2018-04-01T00:00:31Z,1,2,3.5,0,0\n10,2018-04-01T00:00:31Z,,2,3,0,0\n11,2018-04-01T00:00:31Z,1,2,3,maybe,0\n12,2018\n13,2018-04-01T00:00:31Z,1,2,9007199254740992,0,0\n"
    );
    let mut bytes = csv.into_bytes();
    bytes.extend_from_slice(b"14,2018-04-01T00:00:31Z,\xE9,2,3,0,0\n");
    let mut sink = Collected::default();
    let summary = card_fraud(bytes.as_slice(), &mut sink).unwrap();
    assert_eq!((summary.rows, summary.rejected, summary.events), (8, 7, 2));
    assert_eq!(
        refusals(&sink),
        [
            "line 3: /time: `yesterday` is not an RFC 3339 time; write UTC as in 2023-03-01T12:34:56.789Z",
            "line 4: /amount_cents: `3.5` is not a whole number; write cents without a point",
            "line 5: /customer: an identifier has at least 1 byte; leave the field out if it is not known",
            "line 6: /fraud: `maybe` is not a label; write 0 or 1",
            "line 7: the row has 2 columns, the header has 7; quote texts that hold the delimiter or a line feed",
            "line 8: /amount_cents: the amount 9007199254740992 is beyond ±(2^53 − 1) minor units; check the sender's units",
            "line 9: /2: the field is not UTF-8; write the file as UTF-8; Latin-1 and UTF-16 must be converted first",
        ]
    );
}

#[test]
fn another_file_is_recognised_by_its_columns() {
    let error = card_fraud("a,b\n1,2\n".as_bytes(), &mut Collected::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the file has no column `transaction`; its columns are a, b: is it the right file?"
    );
    assert!(matches!(
        online_retail("".as_bytes(), &mut Collected::default()),
        Err(ImportError::Columns { .. })
    ));
}

#[test]
fn a_cancellation_takes_the_latest_open_purchase_first() {
    let rows = "\
1,85123A,HOLDER,6,2010-12-01T08:00:00Z,2.55,C7,United Kingdom
1,POST,POSTAGE,1,2010-12-01T08:00:00Z,18.0,C7,United Kingdom
2,85123A,HOLDER,4,2010-12-02T08:00:00Z,2.95,C7,United Kingdom
C3,85123A,HOLDER,-5,2010-12-03T08:00:00Z,2.95,C7,United Kingdom
C4,85123A,HOLDER,-9,2010-12-04T08:00:00Z,2.55,C7,United Kingdom
C5,85123A,HOLDER,-1,2010-12-05T08:00:00Z,2.55,,United Kingdom
C5,D,Discount,-1,2010-12-05T08:00:00Z,27.5,,United Kingdom
";
    let mut sink = Collected::default();
    let s = online_retail(format!("{RETAIL}{rows}").as_bytes(), &mut sink).unwrap();
    let requests: Vec<String> = sink
        .events
        .iter()
        .filter_map(|event| match &event.body {
            Body::RefundRequested(r) => Some(format!(
                "{} {} {} {} {}",
                r.refund,
                r.account,
                r.lines.iter().map(|l| l.quantity.to_string()).collect::<Vec<_>>().join("+"),
                r.amount,
                r.reason
            )),
            _ => None,
        })
        .collect();
    assert_eq!(
        requests,
        [
            "C3-2 C7 4 11.80 GBP changed_mind",
            "C3-1 C7 1 2.95 GBP other",
            "C4-1 C7 5 12.75 GBP other",
            "C4-unknown-C4 C7 4 10.20 GBP other",
            "C5-unknown-C5 guest-C5 1 2.55 GBP other",
        ]
    );
    assert!(
        line(&sink.events[0]).contains(
            r#""total":{"amount":3330,"currency":"GBP"},"attributes":{"country":"United Kingdom"}"#
        )
    );
    assert!(
        line(&sink.events[2]).contains(r#""type":"return.received""#)
            && line(&sink.events[2]).contains(r#""staff":"unrecorded","refund":"C3-2""#)
    );
    assert_eq!((s.refunds, s.refunds_unmatched, s.cancelled_lines), (5, 2, 3));
    assert_eq!(
        (s.cancelled_lines_matched, s.cancelled_lines_matched_partly, s.cancelled_lines_without_customer),
        (1, 1, 1)
    );
    assert_eq!((s.charges_in_totals, s.charges_cancelled), (1, 1));
}

#[test]
fn bad_invoice_rows_are_set_aside() {
    let rows = "\
1,A,X,six,2010-12-01T08:00:00Z,2.55,C7,UK
1,B1,X,1,2010-12-01T08:00:00Z,2.55,C7,UK
1,C1,X,1,2010-12-01T08:00:00Z,1e3,C7,UK
1,D1,X,-1,2010-12-01T08:00:00Z,1.0,C7,UK
,E1,X,1,2010-12-01T08:00:00Z,1.0,C7,UK
1,F1,X,1,1.12.2010,1.0,C7,UK
2,G1,X,2147483647,2010-12-01T08:01:00Z,90000000.0,C7,UK
3,H1,X,1,2010-12-01T08:02:00Z,1.0,C7,UK
";
    let mut sink = Collected::default();
    let s = online_retail(format!("{RETAIL}{rows}").as_bytes(), &mut sink).unwrap();
    assert_eq!((s.rows, s.rejected, s.orders), (8, 6, 2));
    assert_eq!(
        refusals(&sink),
        [
            "line 2: /Quantity: `six` is not a whole number; mend the row",
            "line 4: /UnitPrice: `1e3` is not a price; write it as in 2.55",
            "line 5: /Quantity: a purchase of -1 pieces; write cancellations under a number that begins with C",
            "line 6: /InvoiceNo: the invoice has no number; mend the row",
            "line 7: /InvoiceDate: `1.12.2010` is not an RFC 3339 time; write UTC as in 2023-03-01T12:34:56.789Z",
            "line 8: /UnitPrice: the amount 9223372036854775807 is beyond ±(2^53 − 1) minor units; check quantity and price",
        ]
    );
}

#[test]
fn invoices_that_were_written_at_once_stay_one_order_each() {
    let row =
        |invoice: &str, article: &str| format!("{invoice},{article},x,1,2011-01-01T10:00:00Z,1.00,7,UK\n");
    let mixed: String =
        [("1", "X"), ("2", "X"), ("1", "Y"), ("2", "Y"), ("1", "Z")].map(|(i, a)| row(i, a)).concat();
    let mut sink = Collected::default();
    let summary = online_retail(format!("{RETAIL}{mixed}").as_bytes(), &mut sink).unwrap();
    assert_eq!((summary.orders, summary.order_lines, summary.rejected), (2, 5, 0));
    let Body::OrderPlaced(first) = &sink.events[0].body else { panic!("an order") };
    assert_eq!((first.order.as_str(), first.lines.len()), ("1", 3));
    // An invoice that comes again after it was closed would be a second event of the same id.
    let late: String = ["1", "2", "3", "4", "5", "6", "1"].map(|i| row(i, "X")).concat();
    let mut sink = Collected::default();
    let summary = online_retail(format!("{RETAIL}{late}").as_bytes(), &mut sink).unwrap();
    assert_eq!((summary.orders, summary.rejected), (6, 1));
    assert_eq!(
        refusals(&sink),
        ["line 8: /InvoiceNo: invoice 1 ended 4 invoices ago; put the rows of an invoice together"]
    );
}
