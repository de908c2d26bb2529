//! What did the staff do? Gathered from events in the order of the log; a person is a number from here on.

use crate::numbers::Numbers;
use crate::parcels::moved;
use crate::sets::Members;
use ringfence_domain::event::SessionStarted;
use ringfence_domain::rates::Rates;
use ringfence_domain::words::{Action, Assigned, ClaimReason, DecidedBy, Direction, Lane, Role};
use ringfence_domain::{Body, DecisionKind, Duration, Event, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// For so long a network that came with a new machine is not the person's own yet.
const STRANGE: Duration = Duration::days(14);
/// Where at least one in so many of a person's sessions were is where the person works; a new machine there is a new machine.
const AT_WORK: u32 = 5;

/// A network as one person used it.
#[derive(Clone, Copy, Debug, Default)]
struct Network {
    sessions: u32,
    /// When a new machine last came from it though it was not where the person works.
    strange_since: Option<Timestamp>,
}

/// A member of staff as announced; the latest announcement stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Person {
    pub(crate) role: Option<Role>,
    /// Number of the queue.
    pub(crate) queue: Option<u32>,
    /// Minor units of the reporting currency.
    pub(crate) limit: Option<i64>,
}

/// A record that a return came in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receipt {
    pub(crate) staff: u32,
    pub(crate) order: u32,
    pub(crate) lane: Option<Lane>,
    pub(crate) at: Timestamp,
}

/// A contact that somebody took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Talk {
    pub(crate) staff: u32,
    pub(crate) at: Timestamp,
    pub(crate) account: u32,
    pub(crate) order: Option<u32>,
    pub(crate) queue: Option<u32>,
    pub(crate) searched: bool,
}

/// A decision that somebody took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) staff: u32,
    pub(crate) refund: u32,
    pub(crate) paid: bool,
    pub(crate) at: Timestamp,
    pub(crate) overridden: bool,
}

/// A refund request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) account: u32,
    /// Minor units of the reporting currency.
    pub(crate) amount: i64,
    pub(crate) reason: ClaimReason,
    /// Whether a conversation was the occasion.
    pub(crate) in_contact: bool,
    pub(crate) at: Timestamp,
}

/// Something that somebody did in a session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act {
    pub(crate) staff: u32,
    pub(crate) action: Action,
    pub(crate) order: Option<u32>,
    /// Whether a conversation was the occasion.
    pub(crate) asked_for: bool,
    /// Whether the session was in a network that came with a new machine not long ago, away from where the person works.
    pub(crate) odd_session: bool,
    pub(crate) session: Option<u32>,
    pub(crate) at: Timestamp,
}

/// What the staff did up to a moment.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub(crate) staff: Numbers,
    pub(crate) orders: Numbers,
    pub(crate) accounts: Numbers,
    pub(crate) refunds: Numbers,
    words: Numbers,
    pub(crate) people: BTreeMap<u32, Person>,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) talks: Vec<Talk>,
    pub(crate) taken: Vec<Taken>,
    pub(crate) asked: BTreeMap<u32, Asked>,
    pub(crate) acts: Vec<Act>,
    /// Orders of which a carrier scanned a return.
    pub(crate) return_scanned: BTreeSet<u32>,
    /// Accounts by rare identifier.
    pub(crate) shared: BTreeMap<u32, Members>,
    /// Refund by order, the latest.
    pub(crate) refund_of: BTreeMap<u32, u32>,
    /// By person and network.
    networks: BTreeMap<(u32, u32), Network>,
    /// By person.
    sessions: BTreeMap<u32, u32>,
    odd_sessions: BTreeSet<u32>,
    /// Refund requests passed over for want of a rate.
    pub without_rate: u64,
}

impl Record {
    /// Notes what an event says; call it for every event in the order of the log, up to the moment of interest.
    pub fn see(&mut self, event: &Event, rates: &Rates) {
        let money = |money| rates.convert(money, event.time);
        match &event.body {
            Body::StaffJoined(e) => {
                let person = Person {
                    role: Some(e.role),
                    queue: e.queue.as_ref().map(|q| self.words.of(q.as_str())),
                    limit: e.approval_limit.and_then(money),
                };
                let staff = self.staff.of(e.staff.as_str());
                self.people.insert(staff, person);
            }
            Body::SessionStarted(e) => self.session(e, event.time),
            Body::OrderPlaced(e) => {
                let account = self.accounts.of(e.account.as_str());
                let mut share = |kind: char, value: Option<&str>| {
                    if let Some(value) = value {
                        let identifier = self.words.of(&format!("{kind}{value}"));
                        self.shared.entry(identifier).or_default().insert(account);
                    }
                };
                share('d', e.device.as_ref().map(|d| d.as_str()));
                share('a', e.address.as_ref().map(|a| a.as_str()));
                share('p', e.payment.as_ref().map(|p| p.as_str()));
            }
            Body::ParcelScanned(e) if e.direction == Direction::Return && moved(e.status) => {
                let order = self.orders.of(e.order.as_str());
                self.return_scanned.insert(order);
            }
            Body::ReturnReceived(e) => self.receipts.push(Receipt {
                staff: self.staff.of(e.staff.as_str()),
                order: self.orders.of(e.order.as_str()),
                lane: e.lane,
                at: event.time,
            }),
            Body::ContactOpened(e) => {
                if let Some(staff) = &e.staff {
                    self.talks.push(Talk {
                        staff: self.staff.of(staff.as_str()),
                        account: self.accounts.of(e.account.as_str()),
                        order: e.order.as_ref().map(|o| self.orders.of(o.as_str())),
                        queue: e.queue.as_ref().map(|q| self.words.of(q.as_str())),
                        at: event.time,
                        searched: e.assigned == Some(Assigned::Searched),
                    });
                }
            }
            Body::RefundRequested(e) => {
                let Some(amount) = money(e.amount) else {
                    self.without_rate += 1;
                    return;
                };
                let (refund, order) = (self.refunds.of(e.refund.as_str()), self.orders.of(e.order.as_str()));
                let account = self.accounts.of(e.account.as_str());
                let in_contact = e.contact.is_some();
                self.asked
                    .insert(refund, Asked { account, amount, reason: e.reason, in_contact, at: event.time });
                self.refund_of.insert(order, refund);
                if let Some(device) = &e.device {
                    let identifier = self.words.of(&format!("d{}", device.as_str()));
                    self.shared.entry(identifier).or_default().insert(account);
                }
            }
            Body::RefundDecided(e) => {
                if let DecidedBy::Staff(staff) = &e.by {
                    self.taken.push(Taken {
                        staff: self.staff.of(staff.as_str()),
                        refund: self.refunds.of(e.refund.as_str()),
                        at: event.time,
                        paid: !matches!(e.decision, DecisionKind::Deny | DecisionKind::Review),
                        overridden: e.overridden == Some(true),
                    });
                }
            }
            Body::StaffActed(e) => {
                let session = e.session.as_ref().map(|s| self.words.of(&format!("s{}", s.as_str())));
                self.acts.push(Act {
                    staff: self.staff.of(e.staff.as_str()),
                    action: e.action,
                    order: e.order.as_ref().map(|o| self.orders.of(o.as_str())),
                    asked_for: e.contact.is_some(),
                    odd_session: session.is_some_and(|s| self.odd_sessions.contains(&s)),
                    session,
                    at: event.time,
                });
            }
            _ => {}
        }
    }
    fn session(&mut self, e: &SessionStarted, at: Timestamp) {
        let Some(staff) = &e.staff else { return };
        let staff = self.staff.of(staff.as_str());
        let Some(network) = &e.asn else { return };
        let network = self.words.of(&format!("n{}", network.as_str()));
        let new_machine = e.new_device == Some(true);
        let all = self.sessions.entry(staff).or_default();
        let seen = self.networks.entry((staff, network)).or_default();
        let at_work = seen.sessions * AT_WORK >= *all;
        (*all, seen.sessions) = (*all + 1, seen.sessions + 1);
        if new_machine && !at_work {
            seen.strange_since = Some(at);
        }
        if !at_work && seen.strange_since.is_some_and(|since| at.since(since).0 <= STRANGE.0) {
            let session = self.words.of(&format!("s{}", e.session.as_str()));
            self.odd_sessions.insert(session);
        }
    }
    /// The announced facts of a person.
    pub(crate) fn person(&self, staff: u32) -> Person {
        self.people.get(&staff).copied().unwrap_or_default()
    }
}
