//! What does the benchmark's log hold? The imported rows as a packed log, their labels apart, and vectors as of each row.

use ringfence_domain::words::Verdict;
use ringfence_domain::{Currency, Duration, Event, EventType, Money, Refusal, Timestamp};
use ringfence_features::fact::at;
use ringfence_features::kind::Kind;
use ringfence_features::packed::{PackReader, PackWriter, empty_fact};
use ringfence_features::{Folder, Plan};
use ringfence_imports::{Sink, SinkError};
use ringfence_learn::dataset::RowMeta;
use std::collections::BTreeMap;
use std::error::Error;
use std::ops::Range;
use std::sync::Arc;

/// Days of a customer's frauds.
pub(crate) type FraudDays = BTreeMap<String, Vec<i64>>;

/// The labels, kept apart from the log.
pub(crate) struct Truth {
    pub(crate) events: u64,
    pub(crate) frauds: BTreeMap<String, bool>,
    pub(crate) fraud_days: FraudDays,
}

fn convert(money: Money, _: Timestamp) -> Option<i64> {
    Some(money.amount)
}

/// Folds the whole log; hands over the rows of `days`; returns how many vectors were taken.
pub(crate) fn fold(
    plan: &Arc<Plan>,
    packed: &[u8],
    days: &Range<i64>,
    mut row: impl FnMut(RowMeta, &[f64]),
) -> Result<u64, Box<dyn Error>> {
    let mut folder = Folder::new(plan.clone());
    let mut reader = PackReader::new(packed)?;
    let mut fact = empty_fact();
    let mut vectors = 0;
    while let Some(mut block) = reader.next_block(folder.names_mut())? {
        while reader.read(&mut block, &mut fact)? {
            if fact.event_type != EventType::RefundRequested {
                folder.fold(&fact);
                continue;
            }
            folder.vector(&fact);
            vectors += 1;
            let day = fact.time.div_euclid(Duration::DAY.0);
            // Other rows only cost their vector.
            if days.contains(&day) {
                let text = |kind, slot| folder.state().names.of(kind).text(fact.id(slot)).to_owned();
                let meta = RowMeta {
                    refund: text(Kind::Refund, at::RefundRequested::refund),
                    account: text(Kind::Account, at::RefundRequested::account),
                    order: text(Kind::Order, at::RefundRequested::order),
                    position: fact.position,
                    requested_at: Timestamp::from_millis(fact.time).ok_or("a time out of range")?,
                    amount_minor: fact.slots[at::RefundRequested::amount] as i64,
                    currency: Currency::EUR,
                    test_purchase: false,
                    verdicts: Vec::new(),
                };
                row(meta, folder.last_vector());
            }
            folder.complete(&fact);
        }
    }
    Ok(vectors)
}

/// Packs the imported events, and keeps the labels apart.
pub(crate) struct Packing {
    folder: Folder,
    writer: PackWriter,
    out: Vec<u8>,
    position: u64,
    requests: BTreeMap<String, (String, i64)>,
    frauds: BTreeMap<String, bool>,
    fraud_days: FraudDays,
}

impl Packing {
    pub(crate) fn new(plan: Arc<Plan>) -> Packing {
        let mut out = Vec::new();
        let writer = PackWriter::new(Currency::EUR, &mut out);
        let (requests, frauds, fraud_days) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Packing { folder: Folder::new(plan), writer, out, position: 0, requests, frauds, fraud_days }
    }
    pub(crate) fn finish(mut self) -> (Vec<u8>, Truth) {
        self.writer.flush(&mut self.out);
        (self.out, Truth { events: self.position, frauds: self.frauds, fraud_days: self.fraud_days })
    }
}

impl Sink for Packing {
    fn event(&mut self, event: &Event) -> Result<(), SinkError> {
        use ringfence_domain::Body;
        match &event.body {
            Body::RefundRequested(r) => {
                self.requests.insert(r.refund.to_string(), (r.account.to_string(), event.time.day()));
            }
            Body::VerdictRecorded(v) => {
                let fraud = v.verdict == Verdict::Abuse;
                if let Some((account, day)) = self.requests.remove(v.subject.id.as_str()) {
                    if fraud {
                        self.fraud_days.entry(account).or_default().push(day);
                    }
                    self.frauds.insert(v.subject.id.to_string(), fraud);
                }
            }
            _ => {}
        }
        if let Some(fact) = self.folder.flatten(event, self.position, &convert) {
            self.writer.push(&fact, event.id.as_str(), &self.folder.state().names, &mut self.out);
            self.folder.fold_clock(&fact);
        }
        self.position += 1;
        Ok(())
    }
    fn reject(&mut self, refusal: &Refusal, _: &[u8]) -> Result<(), SinkError> {
        Err(refusal.to_string().into())
    }
}
