//! What do simulated card payments say as refund requests? The reproducible card-fraud handbook's data.
//!
//! Columns: `transaction,time,customer,terminal,amount_cents,fraud,scenario`. A row becomes a `refund.requested`
//! (customer → account, terminal → staff, amount in EUR, refund `T` and the transaction, order `O` and the transaction) and
//! its label a `verdict.recorded` on that refund, 7 days later, in the stream at its own time: `abuse` for a fraud,
//! `legitimate` otherwise, found by `investigation`. What the contract requires and the data does not have is constant:
//! one line with one piece, reason `other`, channel `in_store` (a terminal). `scenario` is not imported: it is the
//! simulator's own explanation.

use crate::rows::{Row, Rows};
use crate::sink::{ImportError, Sink};
use ringfence_domain::event::{Line, RefundRequested, Subject, VerdictRecorded};
use ringfence_domain::id::{AccountId, EventId, IdError, OrderId, RefundId, Source, StaffId, SubjectId};
use ringfence_domain::words::{ClaimReason, RequestChannel, SubjectKind, Verdict, VerdictMethod};
use ringfence_domain::{Body, Currency, Duration, Event, Money, Refusal, Timestamp};
use serde::Serialize;
use std::collections::VecDeque;
use std::io::Read;

/// The CloudEvents `source` of all events of this import.
pub const SOURCE: &str = "import/card-fraud";
/// How long until the label of a payment is known: the published protocol's delay.
pub const LABEL_DELAY: Duration = Duration::days(7);

/// What was imported.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Summary {
    /// Rows read, without the header.
    pub rows: u64,
    /// Events handed over: two a good row.
    pub events: u64,
    /// Rows whose label is fraud.
    pub frauds: u64,
    /// Rows refused.
    pub rejected: u64,
    /// Rows earlier than one before them; they are handed over in the file's order all the same.
    pub out_of_order: u64,
}

/// Reads all rows; requests and verdicts come in the order of their times where the rows do.
pub fn card_fraud(reader: impl Read, sink: &mut impl Sink) -> Result<Summary, ImportError> {
    let mut rows = Rows::new(reader, b',')?;
    let columns = rows.columns(["transaction", "time", "customer", "terminal", "amount_cents", "fraud"])?;
    let mut verdicts = Verdicts::default();
    let mut summary = Summary::default();
    let mut latest = Timestamp::MIN;
    while let Some(row) = rows.next_row(sink)? {
        summary.rows += 1;
        match request(row, columns) {
            Ok((event, fraud)) => {
                summary.out_of_order += u64::from(event.time < latest);
                latest = latest.max(event.time);
                summary.frauds += u64::from(fraud);
                summary.events += verdicts.release(Some(event.time), sink)? + 1;
                sink.event(&event).map_err(ImportError::Sink)?;
                verdicts.push(&event, fraud);
            }
            Err(refusal) => {
                summary.rejected += 1;
                row.reject(sink, refusal)?;
            }
        }
    }
    summary.events += verdicts.release(None, sink)?;
    summary.rows += rows.rejected();
    summary.rejected += rows.rejected();
    Ok(summary)
}

fn request(row: Row<'_>, columns: [usize; 6]) -> Result<(Event, bool), Refusal> {
    let [transaction, time, customer, terminal, amount, fraud] = columns.map(|column| row.get(column));
    let bad = |column: &str, e: &dyn std::fmt::Display| {
        let message = e.to_string();
        let (reason, remedy) = message.split_once("; ").unwrap_or((&message, "mend the row"));
        Refusal::new(format!("/{column}"), reason, remedy)
    };
    let id = |column: &'static str| move |e: IdError| bad(column, &e);
    let amount: i64 = amount.parse().map_err(|_| {
        bad("amount_cents", &format!("`{amount}` is not a whole number; write cents without a point"))
    })?;
    let fraud = match fraud {
        "0" => false,
        "1" => true,
        other => return Err(bad("fraud", &format!("`{other}` is not a label; write 0 or 1"))),
    };
    if transaction.is_empty() {
        return Err(bad("transaction", &IdError::Empty));
    }
    let body = RefundRequested {
        refund: RefundId::new(&format!("T{transaction}")).map_err(id("transaction"))?,
        order: OrderId::new(&format!("O{transaction}")).map_err(id("transaction"))?,
        account: AccountId::new(customer).map_err(id("customer"))?,
        lines: vec![Line { line: 1, sku: None, category: None, quantity: 1, unit_price: None }],
        amount: Money::new(amount, Currency::EUR).map_err(|e| bad("amount_cents", &e))?,
        reason: ClaimReason::Other,
        channel: RequestChannel::InStore,
        contact: None,
        staff: Some(StaffId::new(terminal).map_err(id("terminal"))?),
        device: None,
        ip: None,
        instrument: None,
        documents: None,
        attributes: None,
    };
    let event = Event {
        id: EventId::new(&format!("t-{transaction}")).map_err(id("transaction"))?,
        source: source(),
        time: Timestamp::parse(time).map_err(|e| bad("time", &e))?,
        recorded: None,
        body: Body::RefundRequested(body),
    };
    Ok((event, fraud))
}

fn source() -> Source {
    Source::new(SOURCE).expect("the constant keeps the rules of identifiers")
}

/// Labels that are not known yet: at most those of [`LABEL_DELAY`], 70,000 in this data.
#[derive(Default)]
struct Verdicts {
    waiting: VecDeque<(Timestamp, RefundId, bool)>,
}

impl Verdicts {
    fn push(&mut self, request: &Event, fraud: bool) {
        if let Body::RefundRequested(body) = &request.body {
            let due = request.time.plus(LABEL_DELAY);
            // Rows come in order of time, so this is the end but for the rare row that does not.
            let at = self.waiting.partition_point(|(time, ..)| *time <= due);
            self.waiting.insert(at, (due, body.refund.clone(), fraud));
        }
    }

    /// Hands over all verdicts due by `until` (all there are for `None`); how many.
    fn release(&mut self, until: Option<Timestamp>, sink: &mut impl Sink) -> Result<u64, ImportError> {
        let mut released = 0;
        while let Some((due, _, _)) = self.waiting.front() {
            if until.is_some_and(|until| *due > until) {
                break;
            }
            let Some((due, refund, fraud)) = self.waiting.pop_front() else { break };
            sink.event(&verdict(due, &refund, fraud)).map_err(ImportError::Sink)?;
            released += 1;
        }
        Ok(released)
    }
}

fn verdict(time: Timestamp, refund: &RefundId, fraud: bool) -> Event {
    let keeps_rules = "as long as the request's id, which keeps the rules of identifiers";
    let subject =
        Subject { kind: SubjectKind::Refund, id: SubjectId::new(refund.as_str()).expect(keeps_rules) };
    let transaction = &refund.as_str()[1..];
    Event {
        id: EventId::new(&format!("v-{transaction}")).expect(keeps_rules),
        source: source(),
        time,
        recorded: None,
        body: Body::VerdictRecorded(VerdictRecorded {
            subject,
            verdict: if fraud { Verdict::Abuse } else { Verdict::Legitimate },
            method: VerdictMethod::Investigation,
            attributes: None,
        }),
    }
}
