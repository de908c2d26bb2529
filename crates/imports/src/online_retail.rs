//! What do a real gift shop's invoices say as orders and refunds? UCI Online Retail.
//!
//! Columns: `InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country`; prices in GBP; the
//! rows of an invoice follow each other, but for a few invoices that were written at the same time; invoices are in the order
//! of their times, which are those of their first rows.
//!
//! **Purchases.** An invoice becomes an `order.placed` (order = invoice, account = customer, `country` as an attribute).
//! Its lines are its articles with a quantity above 0; postage and carriage (`POST`, `DOT`, `C2`), manual entries (`M`),
//! discounts (`D`) and samples (`S`) are no lines, but their money counts in the total. Charges that no customer pays (`B`,
//! `AMAZONFEE`, `BANK CHARGES`, `CRUK`), invoices that begin with `A` (bad debt) and rows without price and customer
//! (stock corrections) are passed by and counted. A purchase without a customer belongs to `guest-INVOICE`.
//!
//! **Cancellations** (`C…`). Each line is matched to the customer's latest purchase of the same article that is still
//! open (not cancelled yet), then to earlier ones, until its quantity is used up. Per cancellation and order there is one
//! `return.received` (staff [`STAFF`]: the data does not say who) and one `refund.requested` (refund
//! `CANCELLATION-ORDER`, channel `self_service`), both at the time of the cancellation: it is the only time there is. Pieces
//! without an open purchase (bought before the data begins, or without a customer) are not dropped: they are a return and a
//! refund on the order `unknown-CANCELLATION`, which no event announces, and are counted. Cancelled charges are
//! passed by and counted. The reason is `changed_mind` where every purchased piece of its lines comes back at once,
//! `other` otherwise: a part is kept, which speaks for damage or a miscount.

mod invoice;
mod open_purchases;

use crate::rows::{Row, Rows};
use crate::sink::{ImportError, Sink};
use invoice::{Invoice, Item, Kind};
use open_purchases::{OpenPurchases, Portion};
use ringfence_domain::event::{AttributeValue, Line, OrderPlaced, RefundRequested, ReturnReceived};
use ringfence_domain::id::{AccountId, EventId, OrderId, RefundId, Source, StaffId};
use ringfence_domain::money::MoneyError;
use ringfence_domain::words::{ClaimReason, RequestChannel};
use ringfence_domain::{Body, Currency, Event, Money, Refusal, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::io::Read;

/// The CloudEvents `source` of all events of this import.
pub const SOURCE: &str = "import/online-retail";
/// Stands for the member of staff who recorded a return: the data does not name one.
pub const STAFF: &str = "unrecorded";

/// Invoices that may be open at a time: two desks write at once, and their rows mix.
const OPEN_INVOICES: usize = 4;

/// What was imported, and by which rule a row did not become an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Summary {
    /// Rows read, without the header.
    pub rows: u64,
    /// Rows refused: they are in the reject file.
    pub rejected: u64,
    /// `order.placed` events.
    pub orders: u64,
    /// Of them without a customer (`guest-…`).
    pub orders_without_customer: u64,
    /// Lines of these orders.
    pub order_lines: u64,
    /// `refund.requested` events, and as many `return.received`.
    pub refunds: u64,
    /// Of them on an order that the data does not show (`unknown-…`).
    pub refunds_unmatched: u64,
    /// Cancelled rows of articles.
    pub cancelled_lines: u64,
    /// Of them matched in full to open purchases.
    pub cancelled_lines_matched: u64,
    /// Of them matched in part.
    pub cancelled_lines_matched_partly: u64,
    /// Of them not matched: their customer has no open purchase of the article.
    pub cancelled_lines_unmatched: u64,
    /// Of them not matched, because there is no customer.
    pub cancelled_lines_without_customer: u64,
    /// Rows of postage, discounts and the like on purchases: in the order's total, not among its lines.
    pub charges_in_totals: u64,
    /// Rows of charges on cancellations: passed by.
    pub charges_cancelled: u64,
    /// Rows of fees that no customer pays, and of bad debt: passed by.
    pub fees_passed_by: u64,
    /// Of them under a number that begins with C.
    pub fees_cancelled: u64,
    /// Rows without price and customer, stock corrections: passed by.
    pub stock_corrections: u64,
    /// Invoices without an article: no order.
    pub invoices_without_article: u64,
    /// Prices with digits below a penny; amounts are rounded half away from zero once a line.
    pub prices_rounded: u64,
    /// Customers whose orders are shown.
    pub customers: u64,
}

/// Reads all rows; events come in the order of the invoices.
pub fn online_retail(reader: impl Read, sink: &mut impl Sink) -> Result<Summary, ImportError> {
    let mut rows = Rows::new(reader, b',')?;
    let columns = rows.columns([
        "InvoiceNo",
        "StockCode",
        "Quantity",
        "InvoiceDate",
        "UnitPrice",
        "CustomerID",
        "Country",
    ])?;
    let mut import = Import::default();
    let mut open: VecDeque<Invoice> = VecDeque::new();
    let mut closed: HashSet<String> = HashSet::new();
    while let Some(row) = rows.next_row(sink)? {
        import.summary.rows += 1;
        match Item::read(row, columns) {
            Ok((head, item)) => {
                if closed.contains(&head.number) {
                    let reason = format!("invoice {} ended {OPEN_INVOICES} invoices ago", head.number);
                    let refusal = Refusal::new("/InvoiceNo", reason, "put the rows of an invoice together");
                    import.reject(row, refusal, sink)?;
                    continue;
                }
                import.count(&head, &item);
                match open.iter_mut().find(|invoice| invoice.number == head.number) {
                    Some(invoice) => invoice.items.push(item),
                    None => open.push_back(Invoice { items: vec![item], ..head }),
                }
                if open.len() > OPEN_INVOICES
                    && let Some(done) = open.pop_front()
                {
                    import.invoice(&done, sink)?;
                    closed.insert(done.number);
                }
            }
            Err(refusal) => import.reject(row, refusal, sink)?,
        }
    }
    for done in open {
        import.invoice(&done, sink)?;
    }
    let mut summary = import.summary;
    summary.rows += rows.rejected();
    summary.rejected += rows.rejected();
    summary.customers = import.open.customers();
    Ok(summary)
}

#[derive(Default)]
struct Import {
    summary: Summary,
    open: OpenPurchases,
}

impl Import {
    fn reject(&mut self, row: Row<'_>, refusal: Refusal, sink: &mut impl Sink) -> Result<(), ImportError> {
        self.summary.rejected += 1;
        row.reject(sink, refusal)
    }

    fn count(&mut self, invoice: &Invoice, item: &Item) {
        let s = &mut self.summary;
        s.prices_rounded += u64::from(item.price.decimals > 2);
        match item.kind {
            Kind::Article => s.cancelled_lines += u64::from(invoice.cancels),
            Kind::Charge if invoice.cancels => s.charges_cancelled += 1,
            Kind::Charge => s.charges_in_totals += 1,
            Kind::Fee => {
                s.fees_passed_by += 1;
                s.fees_cancelled += u64::from(invoice.cancels);
            }
            Kind::StockCorrection => s.stock_corrections += 1,
        }
    }

    fn invoice(&mut self, invoice: &Invoice, sink: &mut impl Sink) -> Result<(), ImportError> {
        let events = if invoice.cancels { self.cancellation(invoice) } else { self.purchase(invoice) };
        match events {
            Ok(events) => events.iter().try_for_each(|event| sink.event(event).map_err(ImportError::Sink)),
            Err(refusal) => {
                let rows = invoice.items.len() as u64;
                self.summary.rejected += rows;
                let raw = format!("invoice {} with {rows} rows", invoice.number);
                sink.reject(&refusal.at_line(invoice.line), raw.as_bytes()).map_err(ImportError::Sink)
            }
        }
    }

    fn purchase(&mut self, invoice: &Invoice) -> Result<Vec<Event>, Refusal> {
        let articles: Vec<&Item> = invoice.items.iter().filter(|item| item.kind == Kind::Article).collect();
        if articles.is_empty() {
            self.summary.invoices_without_article += 1;
            return Ok(Vec::new());
        }
        let order = id(OrderId::new(&invoice.number), "InvoiceNo")?;
        let mut lines = Vec::with_capacity(articles.len());
        for (i, item) in articles.iter().enumerate() {
            lines.push(line(i as u32 + 1, item, item.pieces())?);
        }
        let paid = invoice.items.iter().filter(|item| matches!(item.kind, Kind::Article | Kind::Charge));
        let total = sum(paid.map(|item| item.money(item.quantity)))?;
        if let Some(customer) = &invoice.customer {
            self.open.add(customer, &order, &articles);
        }
        self.summary.orders += 1;
        self.summary.orders_without_customer += u64::from(invoice.customer.is_none());
        self.summary.order_lines += lines.len() as u64;
        let country = AttributeValue::Text(invoice.country.as_str().into());
        let body = OrderPlaced {
            order,
            account: account(invoice)?,
            lines,
            total,
            address: None,
            payment: None,
            device: None,
            ip: None,
            seller: None,
            warehouse: None,
            promised_by: None,
            attributes: Some(BTreeMap::from([("country".to_owned(), country)])),
        };
        Ok(vec![event(&format!("order-{}", invoice.number), invoice.time, Body::OrderPlaced(body))?])
    }

    fn cancellation(&mut self, invoice: &Invoice) -> Result<Vec<Event>, Refusal> {
        let mut by_order: Vec<(Option<OrderId>, Cancelled<'_>)> = Vec::new();
        for item in invoice.items.iter().filter(|item| item.kind == Kind::Article) {
            for portion in self.matched(invoice, item) {
                match by_order.iter_mut().find(|(order, _)| *order == portion.order) {
                    Some((_, portions)) => portions.push((portion, item)),
                    None => by_order.push((portion.order.clone(), vec![(portion, item)])),
                }
            }
        }
        let mut events = Vec::with_capacity(2 * by_order.len());
        for (order, portions) in &by_order {
            self.summary.refunds += 1;
            self.summary.refunds_unmatched += u64::from(order.is_none());
            events.extend(refund(invoice, order.as_ref(), portions)?);
        }
        Ok(events)
    }

    /// The purchases that one cancelled row takes back; the last portion is without an order where none is left.
    fn matched(&mut self, invoice: &Invoice, item: &Item) -> Vec<Portion> {
        let s = &mut self.summary;
        let Some(customer) = &invoice.customer else {
            s.cancelled_lines_without_customer += 1;
            return vec![Portion::unmatched(item.pieces())];
        };
        let portions = self.open.take(customer, &item.article, item.pieces());
        let open_left = portions.iter().any(|portion| portion.order.is_none());
        match (portions.len(), open_left) {
            (1, true) => s.cancelled_lines_unmatched += 1,
            (_, true) => s.cancelled_lines_matched_partly += 1,
            (_, false) => s.cancelled_lines_matched += 1,
        }
        portions
    }
}

/// What one cancellation takes back from one order.
type Cancelled<'i> = Vec<(Portion, &'i Item)>;

/// The return and the refund request of one cancellation on one order.
fn refund(
    invoice: &Invoice,
    order: Option<&OrderId>,
    portions: &[(Portion, &Item)],
) -> Result<[Event; 2], Refusal> {
    let number = &invoice.number;
    let order = match order {
        Some(order) => order.clone(),
        None => id(OrderId::new(&format!("unknown-{number}")), "InvoiceNo")?,
    };
    let refund_id = format!("{number}-{order}");
    let refund = id(RefundId::new(&refund_id), "InvoiceNo")?;
    let mut lines = Vec::with_capacity(portions.len());
    for (i, (portion, item)) in portions.iter().enumerate() {
        lines.push(line(portion.line.unwrap_or(i as u32 + 1), item, portion.pieces)?);
    }
    let whole = portions.iter().all(|(portion, _)| portion.whole);
    let received = ReturnReceived {
        order: order.clone(),
        lines: lines.clone(),
        staff: StaffId::new(STAFF).expect("the constant keeps the rules of identifiers"),
        refund: Some(refund.clone()),
        parcel: None,
        station: None,
        lane: None,
        weight_g: None,
        serial_match: None,
        attributes: None,
    };
    let requested = RefundRequested {
        refund,
        order,
        account: account(invoice)?,
        lines,
        amount: sum(portions.iter().map(|(portion, item)| item.money(i64::from(portion.pieces))))?,
        reason: if whole { ClaimReason::ChangedMind } else { ClaimReason::Other },
        channel: RequestChannel::SelfService,
        contact: None,
        staff: None,
        device: None,
        ip: None,
        instrument: None,
        documents: None,
        attributes: None,
    };
    Ok([
        event(&format!("return-{refund_id}"), invoice.time, Body::ReturnReceived(received))?,
        event(&format!("request-{refund_id}"), invoice.time, Body::RefundRequested(requested))?,
    ])
}

fn account(invoice: &Invoice) -> Result<AccountId, Refusal> {
    match &invoice.customer {
        Some(customer) => Ok(customer.clone()),
        None => id(AccountId::new(&format!("guest-{}", invoice.number)), "InvoiceNo"),
    }
}

fn line(number: u32, item: &Item, pieces: u32) -> Result<Line, Refusal> {
    Ok(Line {
        line: number,
        sku: Some(item.article.clone()),
        category: None,
        quantity: pieces,
        unit_price: Some(item.money(1).map_err(|e| too_much(&e))?),
    })
}

fn sum(amounts: impl Iterator<Item = Result<Money, MoneyError>>) -> Result<Money, Refusal> {
    let mut total = Money { amount: 0, currency: Currency::GBP };
    for amount in amounts {
        total = amount.and_then(|amount| total.checked_add(amount)).map_err(|e| too_much(&e))?;
    }
    Ok(total)
}

fn too_much(e: &MoneyError) -> Refusal {
    let message = e.to_string();
    let (reason, _) = message.split_once("; ").unwrap_or((&message, ""));
    Refusal::new("/UnitPrice", reason, "check quantity and price")
}

fn id<T>(id: Result<T, ringfence_domain::id::IdError>, column: &str) -> Result<T, Refusal> {
    id.map_err(|e| {
        let message = e.to_string();
        let (reason, remedy) = message.split_once("; ").unwrap_or((&message, "mend the row"));
        Refusal::new(format!("/{column}"), reason, remedy)
    })
}

fn event(event_id: &str, time: Timestamp, body: Body) -> Result<Event, Refusal> {
    Ok(Event {
        id: id(EventId::new(event_id), "InvoiceNo")?,
        source: Source::new(SOURCE).expect("the constant keeps the rules of identifiers"),
        time,
        recorded: None,
        body,
    })
}
