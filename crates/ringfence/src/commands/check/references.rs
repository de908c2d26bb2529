//! Which orders, accounts and people are named without having been announced?

use ringfence_domain::Body;
use ringfence_domain::event::{
    AccountClosed, AccountOpened, AppealOpened, AppealResolved, ChargebackOpened, ContactOpened,
    IdentifierSeen, ItemRestocked, MessagePosted, OrderPlaced, ParcelScanned, RefundRequested,
    ReturnAuthorised, ReturnInspected, ReturnReceived, SessionStarted, StaffActed, StaffJoined,
    TestPurchaseRegistered,
};
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// References to the three kinds of things that have an event of their own.
#[derive(Serialize, Debug, Default)]
pub(crate) struct References {
    orders: Dangling,
    accounts: Dangling,
    staff: Dangling,
}

/// References of one kind that found nothing.
#[derive(Serialize, Debug, Default)]
pub(crate) struct Dangling {
    /// References to ids that no event announced.
    pub(crate) never: u64,
    /// Those ids.
    pub(crate) never_ids: u64,
    /// References to ids that were announced only afterwards.
    pub(crate) later: u64,
    #[serde(skip)]
    announced: HashSet<Box<str>>,
    #[serde(skip)]
    open: HashMap<Box<str>, u64>,
}

impl Dangling {
    fn announce(&mut self, id: &str) {
        if let Some(count) = self.open.remove(id) {
            self.later += count;
        }
        if !self.announced.contains(id) {
            self.announced.insert(id.into());
        }
    }
    fn name(&mut self, id: &str) {
        if !self.announced.contains(id) {
            *self.open.entry(id.into()).or_default() += 1;
        }
    }
    fn settle(&mut self) {
        self.never = self.open.values().sum();
        self.never_ids = self.open.len() as u64;
        self.announced = HashSet::new();
    }
}

impl References {
    /// The kinds with their names.
    pub(crate) fn kinds(&self) -> [(&'static str, &Dangling); 3] {
        [("orders", &self.orders), ("accounts", &self.accounts), ("staff", &self.staff)]
    }

    /// Counts what is still open as never announced.
    pub(super) fn settle(&mut self) {
        self.orders.settle();
        self.accounts.settle();
        self.staff.settle();
    }

    /// Notes what an event announces and names.
    pub(super) fn take(&mut self, body: &Body) {
        match body {
            Body::AccountOpened(AccountOpened { account, .. }) => self.accounts.announce(account.as_str()),
            Body::OrderPlaced(OrderPlaced { order, account, .. }) => {
                self.orders.announce(order.as_str());
                self.accounts.name(account.as_str());
            }
            Body::StaffJoined(StaffJoined { staff, .. }) => self.staff.announce(staff.as_str()),
            Body::AccountClosed(AccountClosed { account, .. })
            | Body::IdentifierSeen(IdentifierSeen { account, .. })
            | Body::AppealOpened(AppealOpened { account, .. })
            | Body::AppealResolved(AppealResolved { account, .. }) => self.accounts.name(account.as_str()),
            Body::SessionStarted(SessionStarted { account, staff, .. }) => {
                self.named(
                    None::<&str>,
                    account.as_ref().map(|a| a.as_str()),
                    staff.as_ref().map(|s| s.as_str()),
                );
            }
            Body::ParcelScanned(ParcelScanned { order, .. })
            | Body::ReturnAuthorised(ReturnAuthorised { order, .. })
            | Body::ChargebackOpened(ChargebackOpened { order, .. })
            | Body::TestPurchaseRegistered(TestPurchaseRegistered { order, .. }) => {
                self.orders.name(order.as_str())
            }
            Body::ReturnReceived(ReturnReceived { order, staff, .. }) => {
                self.named(Some(order.as_str()), None, Some(staff.as_str()));
            }
            Body::ReturnInspected(ReturnInspected { order, staff, .. })
            | Body::ItemRestocked(ItemRestocked { order, staff, .. }) => {
                self.named(Some(order.as_str()), None, staff.as_ref().map(|s| s.as_str()));
            }
            Body::ContactOpened(ContactOpened { account, order, staff, .. }) => self.named(
                order.as_ref().map(|o| o.as_str()),
                Some(account.as_str()),
                staff.as_ref().map(|s| s.as_str()),
            ),
            Body::MessagePosted(MessagePosted { staff, .. }) => {
                self.named(None, None, staff.as_ref().map(|s| s.as_str()))
            }
            Body::StaffActed(StaffActed { staff, order, account, .. }) => self.named(
                order.as_ref().map(|o| o.as_str()),
                account.as_ref().map(|a| a.as_str()),
                Some(staff.as_str()),
            ),
            Body::RefundRequested(RefundRequested { order, account, staff, .. }) => {
                self.named(Some(order.as_str()), Some(account.as_str()), staff.as_ref().map(|s| s.as_str()));
            }
            Body::ItemListed(_)
            | Body::ContactClosed(_)
            | Body::RefundDecided(_)
            | Body::RefundPaid(_)
            | Body::VerdictRecorded(_)
            | Body::PostCollected(_)
            | Body::LeadRaised(_)
            | Body::LeadWithdrawn(_)
            | Body::Unknown { .. } => {}
        }
    }

    fn named(&mut self, order: Option<&str>, account: Option<&str>, staff: Option<&str>) {
        if let Some(order) = order {
            self.orders.name(order);
        }
        if let Some(account) = account {
            self.accounts.name(account);
        }
        if let Some(staff) = staff {
            self.staff.name(staff);
        }
    }
}
