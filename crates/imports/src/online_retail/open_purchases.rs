//! Which purchase does a cancelled piece come from? The customer's latest one of the article that is still open.

use super::invoice::Item;
use ringfence_domain::id::{AccountId, OrderId, Sku};
use std::collections::{BTreeMap, HashMap};

/// Pieces that one cancelled row takes back from one purchase, or from none that is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Portion {
    pub(super) order: Option<OrderId>,
    /// The line of that order.
    pub(super) line: Option<u32>,
    pub(super) pieces: u32,
    /// Whether these are all pieces that the line ever had.
    pub(super) whole: bool,
}

impl Portion {
    pub(super) fn unmatched(pieces: u32) -> Portion {
        Portion { order: None, line: None, pieces, whole: false }
    }
}

/// One line of one order, as far as it is not cancelled.
struct Open {
    order: OrderId,
    line: u32,
    bought: u32,
    left: u32,
}

/// Lines by customer and article, the latest last. Looked up only, never walked in hash order.
#[derive(Default)]
pub(super) struct OpenPurchases {
    by_customer: HashMap<AccountId, BTreeMap<Sku, Vec<Open>>>,
}

impl OpenPurchases {
    /// How many customers have bought.
    pub(super) fn customers(&self) -> u64 {
        self.by_customer.len() as u64
    }

    /// Notes the lines of an order, numbered from 1.
    pub(super) fn add(&mut self, customer: &AccountId, order: &OrderId, articles: &[&Item]) {
        let bought = self.by_customer.entry(customer.clone()).or_default();
        for (i, item) in articles.iter().enumerate() {
            let pieces = item.pieces();
            let open = Open { order: order.clone(), line: i as u32 + 1, bought: pieces, left: pieces };
            bought.entry(item.article.clone()).or_default().push(open);
        }
    }

    /// Takes pieces back, latest purchase first; what no open purchase covers is the last portion.
    pub(super) fn take(&mut self, customer: &AccountId, article: &Sku, pieces: u32) -> Vec<Portion> {
        let mut portions = Vec::with_capacity(1);
        let mut wanted = pieces;
        let purchases = self.by_customer.get_mut(customer).and_then(|bought| bought.get_mut(article));
        if let Some(purchases) = purchases {
            while let (true, Some(open)) = (wanted > 0, purchases.last_mut()) {
                let taken = wanted.min(open.left);
                wanted -= taken;
                open.left -= taken;
                portions.push(Portion {
                    order: Some(open.order.clone()),
                    line: Some(open.line),
                    pieces: taken,
                    whole: taken == open.bought,
                });
                if open.left == 0 {
                    purchases.pop();
                }
            }
        }
        if wanted > 0 {
            portions.push(Portion::unmatched(wanted));
        }
        portions
    }
}
