//! Do the real files become the events that their description promises? Needs the data; says so where it is missing.
#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.

use ringfence_domain::{Body, Event, Refusal, Timestamp};
use ringfence_imports::{Sink, SinkError, card_fraud, online_retail};
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

/// The data file, or `None` with a loud note.
fn data(name: &str) -> Option<BufReader<flate2::read::GzDecoder<File>>> {
    let folder = std::env::var_os("RINGFENCE_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join(name);
    match File::open(&path) {
        Ok(file) => Some(BufReader::with_capacity(1 << 18, flate2::read::GzDecoder::new(file))),
        Err(e) => {
            eprintln!("SKIPPED: {} cannot be opened ({e}); set RINGFENCE_DATA to its folder", path.display());
            None
        }
    }
}

/// Counts what comes, and checks that it comes in the order of time.
#[derive(Default)]
struct Counter {
    events: u64,
    refused: u64,
    requests: u64,
    abuse: u64,
    legitimate: u64,
    orders: u64,
    returns: u64,
    latest: Option<Timestamp>,
    backwards: u64,
    codec_bytes: Vec<u8>,
}

impl Sink for Counter {
    fn event(&mut self, event: &Event) -> Result<(), SinkError> {
        self.events += 1;
        self.backwards += u64::from(self.latest.is_some_and(|latest| event.time < latest));
        self.latest = Some(event.time);
        match &event.body {
            Body::RefundRequested(_) => self.requests += 1,
            Body::OrderPlaced(_) => self.orders += 1,
            Body::ReturnReceived(_) => self.returns += 1,
            Body::VerdictRecorded(v) => match v.verdict.as_str() {
                "abuse" => self.abuse += 1,
                _ => self.legitimate += 1,
            },
            other => panic!("{} is not among the events of this import", other.type_name()),
        }
        if self.events.is_multiple_of(97) {
            self.codec_bytes.clear();
            ringfence_domain::encode(event, &mut self.codec_bytes);
            let read = ringfence_domain::Decoder::default().decode(&self.codec_bytes)?;
            assert_eq!(&read, event, "what an import makes, the codec reads back");
        }
        Ok(())
    }
    fn reject(&mut self, _: &Refusal, _: &[u8]) -> Result<(), SinkError> {
        self.refused += 1;
        Ok(())
    }
}

#[test]
fn card_fraud_gives_a_request_and_a_verdict_a_row() {
    let Some(reader) = data("card-fraud.csv.gz") else { return };
    let mut sink = Counter::default();
    let summary = card_fraud(reader, &mut sink).unwrap();
    assert_eq!((summary.rows, summary.rejected, summary.out_of_order), (1_313_479, 0, 0));
    assert_eq!(summary.events, 2_626_958);
    assert_eq!((sink.requests, sink.abuse + sink.legitimate), (1_313_479, 1_313_479));
    assert_eq!(sink.abuse, summary.frauds);
    assert_eq!((sink.backwards, sink.refused), (0, 0));
}

#[test]
fn online_retail_loses_no_row_and_no_cancellation() {
    let Some(reader) = data("online-retail.csv.gz") else { return };
    let mut sink = Counter::default();
    let s = online_retail(reader, &mut sink).unwrap();
    println!("{s:#?}");
    assert_eq!((s.rows, s.rejected, sink.refused, sink.backwards), (320_705, 0, 0, 0));
    assert_eq!((sink.orders, sink.returns, sink.requests), (s.orders, s.refunds, s.refunds));
    let cancelled = s.cancelled_lines_matched
        + s.cancelled_lines_matched_partly
        + s.cancelled_lines_unmatched
        + s.cancelled_lines_without_customer;
    assert_eq!(cancelled, s.cancelled_lines);
    assert_eq!(
        s.order_lines
            + s.cancelled_lines
            + s.charges_in_totals
            + s.charges_cancelled
            + s.fees_passed_by
            + s.stock_corrections,
        s.rows,
        "every row is accounted for by one rule"
    );
    assert_eq!(
        s.cancelled_lines + s.charges_cancelled + s.fees_cancelled,
        5_847,
        "all lines under a C number"
    );
}
