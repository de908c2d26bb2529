//! What does one row of the shop's invoices say?

use crate::decimal::Decimal;
use crate::rows::Row;
use ringfence_domain::id::{AccountId, Sku};
use ringfence_domain::money::MoneyError;
use ringfence_domain::{Currency, Money, Refusal, Timestamp};

/// Codes of what is paid on an invoice and is no article: postage, carriage, manual entries, discounts, samples.
const CHARGES: [&str; 6] = ["POST", "DOT", "C2", "M", "D", "S"];
/// Codes of the shop's own costs: bad debt, a marketplace's fee, bank charges, a charity.
const FEES: [&str; 4] = ["B", "AMAZONFEE", "BANK CHARGES", "CRUK"];

/// What a row is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Article,
    Charge,
    Fee,
    StockCorrection,
}

/// Rows with one invoice number.
#[derive(Debug)]
pub(super) struct Invoice {
    pub(super) number: String,
    pub(super) line: u64,
    pub(super) cancels: bool,
    pub(super) time: Timestamp,
    pub(super) customer: Option<AccountId>,
    pub(super) country: String,
    pub(super) items: Vec<Item>,
}

/// One row of an invoice.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) article: Sku,
    /// As in the file: below 0 on a cancellation.
    pub(super) quantity: i64,
    pub(super) price: Decimal,
}

impl Item {
    /// Reads a row: its invoice (without rows yet) and itself.
    pub(super) fn read(row: Row<'_>, columns: [usize; 7]) -> Result<(Invoice, Item), Refusal> {
        let [number, article, quantity, time, price, customer, country] =
            columns.map(|column| row.get(column));
        if number.is_empty() {
            return Err(refuse("InvoiceNo", "the invoice has no number", "mend the row"));
        }
        let customer = match customer {
            "" => None,
            id => Some(AccountId::new(id).map_err(|e| refuse("CustomerID", &e.to_string(), "mend the row"))?),
        };
        let cancels = number.starts_with(['C', 'c']);
        let item = Item {
            article: Sku::new(article).map_err(|e| refuse("StockCode", &e.to_string(), "mend the row"))?,
            quantity: quantity.parse::<i32>().map(i64::from).map_err(|_| {
                refuse("Quantity", &format!("`{quantity}` is not a whole number"), "mend the row")
            })?,
            price: Decimal::parse(price, '.').ok_or_else(|| {
                refuse("UnitPrice", &format!("`{price}` is not a price"), "write it as in 2.55")
            })?,
            kind: Kind::Article,
        };
        let kind = item.classified(number, cancels, customer.is_some())?;
        let time = Timestamp::parse(time).map_err(|e| {
            let message = e.to_string();
            let (reason, remedy) = message.split_once("; ").unwrap_or((&message, "mend the row"));
            refuse("InvoiceDate", reason, remedy)
        })?;
        let invoice = Invoice {
            number: number.to_owned(),
            line: row.line,
            cancels,
            time,
            customer,
            country: country.to_owned(),
            items: Vec::new(),
        };
        Ok((invoice, Item { kind, ..item }))
    }

    fn classified(&self, number: &str, cancels: bool, has_customer: bool) -> Result<Kind, Refusal> {
        let code = self.article.as_str().to_ascii_uppercase();
        if number.starts_with(['A', 'a']) || FEES.contains(&code.as_str()) {
            return Ok(Kind::Fee);
        }
        if CHARGES.contains(&code.as_str()) {
            return Ok(Kind::Charge);
        }
        if self.price.digits == 0 && !has_customer {
            return Ok(Kind::StockCorrection);
        }
        match (cancels, self.quantity.signum()) {
            (false, 1) | (true, -1) => Ok(Kind::Article),
            (false, _) => Err(refuse(
                "Quantity",
                &format!("a purchase of {} pieces", self.quantity),
                "write cancellations under a number that begins with C",
            )),
            (true, _) => Err(refuse(
                "Quantity",
                &format!("a cancellation of {} pieces", self.quantity),
                "write cancelled pieces as a quantity below 0",
            )),
        }
    }

    /// Pieces, whichever way they go.
    pub(super) fn pieces(&self) -> u32 {
        u32::try_from(self.quantity.unsigned_abs()).expect("a quantity is read as 32 bits")
    }

    /// The price of `count` pieces.
    pub(super) fn money(&self, count: i64) -> Result<Money, MoneyError> {
        // What does not fit into 64 bits is far beyond the bound of money, whatever its last digits.
        let (amount, _) = self.price.minor_units(count, Currency::GBP).unwrap_or((i64::MAX, false));
        Money::new(amount, Currency::GBP)
    }
}

fn refuse(column: &str, reason: &str, remedy: &str) -> Refusal {
    Refusal::new(format!("/{column}"), reason, remedy)
}
