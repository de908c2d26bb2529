//! What was refunded, and what was posted? Gathered from events in the order of the log.
//!
//! Of messages only the words are kept that a customer wrote, each once an order: what was ordered is often said there alone.

use crate::numbers::Numbers;
use crate::parcels::moved;
use crate::posts::text::{Kind, pieces};
use ringfence_domain::event::{AttributeValue, ItemListed, MessagePosted, PostCollected, RefundRequested};
use ringfence_domain::words::{Author, ClaimReason, Direction, Platform};
use ringfence_domain::{Body, Currency, DecisionKind, Event, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Words of one order's messages that are kept.
const ORDER_WORDS_MAX: usize = 120;
/// Bytes of one message that are looked at.
const MESSAGE_BYTES_MAX: usize = 2_048;

/// A refund request, and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Refund {
    pub(crate) id: u32,
    pub(crate) account: u32,
    pub(crate) order: u32,
    /// Minor units asked for.
    pub(crate) asked: i64,
    /// Minor units paid, where that is known.
    pub(crate) paid: Option<i64>,
    pub(crate) currency: Currency,
    pub(crate) reason: ClaimReason,
    pub(crate) lines: Vec<u32>,
    pub(crate) device: Option<u32>,
    pub(crate) asked_at: Timestamp,
    /// When it was paid, or decided in the customer's favour where no payment was seen.
    pub(crate) granted_at: Option<Timestamp>,
    paid_seen: bool,
}

/// An order, as far as it matters for its refunds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    pub(crate) placed_at: Option<Timestamp>,
    /// Line and category.
    pub(crate) lines: Vec<(u32, u32)>,
    /// A carrier moved a parcel back.
    pub(crate) came_back: bool,
    /// What the customer wrote about it.
    pub(crate) words: BTreeSet<u32>,
}

/// A public post.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) id: String,
    pub(crate) platform: Platform,
    pub(crate) channel: String,
    pub(crate) author: String,
    pub(crate) text: String,
    pub(crate) at: Timestamp,
    pub(crate) images: Vec<String>,
}

/// Refunds and posts up to a moment.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub(crate) refund_ids: Numbers,
    orders: Numbers,
    accounts: Numbers,
    devices: Numbers,
    contacts: Numbers,
    skus: Numbers,
    pub(crate) categories: Numbers,
    pub(crate) words: Numbers,
    countries: BTreeMap<u32, String>,
    category_of_sku: BTreeMap<u32, u32>,
    /// Words by which a category is called in the catalogue: its own name, names of its articles.
    pub(crate) catalogue_words: BTreeSet<(u32, u32)>,
    pub(crate) order_facts: BTreeMap<u32, Order>,
    order_of_contact: BTreeMap<u32, u32>,
    /// Words of contacts whose order is not known yet.
    waiting_words: BTreeMap<u32, BTreeSet<u32>>,
    refund_at: BTreeMap<u32, usize>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) accounts_of_device: BTreeMap<u32, BTreeSet<u32>>,
    pub(crate) posts: Vec<Post>,
    post_ids: BTreeSet<String>,
}

impl Record {
    /// Notes what an event says; call it for every event in the order of the log, up to the moment of interest.
    pub fn see(&mut self, event: &Event) {
        match &event.body {
            Body::AccountOpened(e) => {
                if let Some(country) = &e.country {
                    let account = self.accounts.of(e.account.as_str());
                    self.countries.insert(account, country.as_str().to_owned());
                }
            }
            Body::ItemListed(e) => self.listed(e),
            Body::OrderPlaced(e) => {
                let order = self.orders.of(e.order.as_str());
                let lines = e.lines.iter().filter_map(|l| {
                    let named = l.category.as_ref().map(|c| self.categories.of(c.as_str()));
                    let sku = l.sku.as_ref().map(|s| self.skus.of(s.as_str()));
                    Some((l.line, named.or_else(|| self.category_of_sku.get(&sku?).copied())?))
                });
                let lines = lines.collect();
                let facts = self.order_facts.entry(order).or_default();
                (facts.placed_at, facts.lines) = (Some(event.time), lines);
            }
            Body::ContactOpened(e) => {
                if let Some(order) = &e.order {
                    let (contact, order) =
                        (self.contacts.of(e.contact.as_str()), self.orders.of(order.as_str()));
                    self.contact_is_about(contact, order);
                }
            }
            Body::MessagePosted(e) if e.author == Author::Customer => self.said(e),
            Body::ParcelScanned(e) if e.direction == Direction::Return && moved(e.status) => {
                let order = self.orders.of(e.order.as_str());
                self.order_facts.entry(order).or_default().came_back = true;
            }
            Body::RefundRequested(e) => self.asked(e, event.time),
            Body::RefundDecided(e) => {
                let granted = grants(e.decision);
                self.settle(e.refund.as_str(), |refund| {
                    if !refund.paid_seen {
                        refund.granted_at = granted.then_some(event.time);
                    }
                });
            }
            Body::RefundPaid(e) => self.settle(e.refund.as_str(), |refund| {
                if !refund.paid_seen {
                    refund.granted_at = Some(event.time);
                    refund.paid_seen = true;
                    refund.paid = (e.amount.currency == refund.currency).then_some(e.amount.amount);
                }
            }),
            Body::PostCollected(e) => self.posted(e, event.time),
            _ => {}
        }
    }

    fn listed(&mut self, e: &ItemListed) {
        let Some(category) = &e.category else { return };
        let category_number = self.categories.of(category.as_str());
        let sku = self.skus.of(e.sku.as_str());
        self.category_of_sku.insert(sku, category_number);
        let names = e.attributes.iter().flatten().filter_map(|(_, value)| match value {
            AttributeValue::Text(text) => Some(text.as_str()),
            AttributeValue::Bool(_) | AttributeValue::Number(_) => None,
        });
        for text in names.chain([category.as_str()]) {
            for word in words_of(text) {
                let word = self.words.of(&word);
                self.catalogue_words.insert((word, category_number));
                // "laptops" is what a category is called, "laptop" what people write.
                let text = self.words.text(word).to_owned();
                if let Some(singular) = text.strip_suffix('s').filter(|s| s.len() >= 3) {
                    let singular = self.words.of(singular);
                    self.catalogue_words.insert((singular, category_number));
                }
            }
        }
    }

    fn contact_is_about(&mut self, contact: u32, order: u32) {
        self.order_of_contact.insert(contact, order);
        if let Some(words) = self.waiting_words.remove(&contact) {
            self.add_words(order, words);
        }
    }

    fn add_words(&mut self, order: u32, words: impl IntoIterator<Item = u32>) {
        let known = &mut self.order_facts.entry(order).or_default().words;
        for word in words {
            if known.len() < ORDER_WORDS_MAX {
                known.insert(word);
            }
        }
    }

    fn said(&mut self, e: &MessagePosted) {
        let contact = self.contacts.of(e.contact.as_str());
        let text = &e.text[..e.text.floor_char_boundary(MESSAGE_BYTES_MAX)];
        let words: Vec<u32> = words_of(text).iter().map(|w| self.words.of(w)).collect();
        match self.order_of_contact.get(&contact) {
            Some(&order) => self.add_words(order, words),
            None => self.waiting_words.entry(contact).or_default().extend(words),
        }
    }

    fn asked(&mut self, e: &RefundRequested, at: Timestamp) {
        let (refund, order) = (self.refund_ids.of(e.refund.as_str()), self.orders.of(e.order.as_str()));
        let account = self.accounts.of(e.account.as_str());
        let device = e.device.as_ref().map(|d| self.devices.of(d.as_str()));
        if let Some(device) = device {
            self.accounts_of_device.entry(device).or_default().insert(account);
        }
        if let Some(contact) = &e.contact {
            let contact = self.contacts.of(contact.as_str());
            self.contact_is_about(contact, order);
        }
        self.refund_at.insert(refund, self.refunds.len());
        self.refunds.push(Refund {
            id: refund,
            account,
            order,
            asked: e.amount.amount,
            paid: None,
            currency: e.amount.currency,
            reason: e.reason,
            lines: e.lines.iter().map(|l| l.line).collect(),
            device,
            asked_at: at,
            granted_at: None,
            paid_seen: false,
        });
    }

    fn settle(&mut self, refund: &str, change: impl FnOnce(&mut Refund)) {
        let refund = self.refund_ids.of(refund);
        if let Some(&at) = self.refund_at.get(&refund) {
            change(&mut self.refunds[at]);
        }
    }

    fn posted(&mut self, e: &PostCollected, at: Timestamp) {
        if !self.post_ids.insert(e.post.as_str().to_owned()) {
            return;
        }
        self.posts.push(Post {
            id: e.post.as_str().to_owned(),
            platform: e.platform,
            channel: e.channel.as_str().to_owned(),
            author: e.author.as_str().to_owned(),
            text: e.text.clone(),
            at: e.posted_at.unwrap_or(at),
            images: e.images.iter().flatten().map(|i| i.as_str().to_owned()).collect(),
        });
    }

    /// The order of a refund.
    pub(crate) fn order(&self, refund: &Refund) -> Option<&Order> {
        self.order_facts.get(&refund.order)
    }
    /// The categories of the lines that were asked for.
    pub(crate) fn categories_of(&self, refund: &Refund) -> Vec<u32> {
        let lines = self.order(refund).map_or(&[][..], |o| &o.lines);
        let mut found: Vec<u32> = lines.iter().filter(|l| refund.lines.contains(&l.0)).map(|l| l.1).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
    /// The country of the account, in capitals.
    pub(crate) fn country(&self, refund: &Refund) -> Option<&str> {
        self.countries.get(&refund.account).map(String::as_str)
    }
    /// How many accounts asked for money from the device of this request.
    pub(crate) fn accounts_on_device(&self, refund: &Refund) -> usize {
        refund.device.and_then(|d| self.accounts_of_device.get(&d)).map_or(1, BTreeSet::len)
    }
}

/// Whether a decision gives money, now or as soon as the goods are on their way.
fn grants(decision: DecisionKind) -> bool {
    match decision {
        DecisionKind::InstantRefund
        | DecisionKind::RefundOnScan
        | DecisionKind::RefundOnReceipt
        | DecisionKind::RefundAfterInspection
        | DecisionKind::KeepItem
        | DecisionKind::Replace
        | DecisionKind::StoreCredit
        | DecisionKind::PartialRefund => true,
        DecisionKind::CarrierTrace | DecisionKind::StepUp | DecisionKind::Review | DecisionKind::Deny => {
            false
        }
    }
}

fn words_of(text: &str) -> BTreeSet<String> {
    pieces(text)
        .into_iter()
        .filter(|p| p.kind == Kind::Word && p.plain.chars().count() >= 3)
        .map(|p| p.plain)
        .collect()
}
