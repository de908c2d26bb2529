//! What may an expression ask of leads? Those on the request's account, on what it is made with, on who handled it.

use crate::fact::SlotType;
use crate::kind::Kind;
use crate::leads::Strongest;
use crate::path::{KeyPath, Keys};
use crate::state::State;

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $slot_type:ident;)*) => {
        /// What is known of the open leads that a request leads to.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        #[repr(u8)]
        pub(crate) enum LeadField { $($(#[$doc])* $name,)* }
        /// By name.
        pub(crate) const LEAD_FIELDS: &[(&str, LeadField, SlotType)] =
            &[$(($text, LeadField::$name, SlotType::$slot_type)),*];
    };
}

fields! {
    /// Of the strongest lead on the account, its cluster, or what the request is made with: its probability.
    Probability = "probability", Number;
    /// Since when it has been raised.
    Since = "since", Time;
    /// Its accounts.
    Accounts = "accounts", Number;
    /// Those of them of whom people found abuse.
    Confirmed = "confirmed", Number;
    /// The sum of its refunds.
    Amount = "money", Money;
    /// The probability that the account belongs to a lead.
    Account = "account_probability", Number;
    /// Since when.
    AccountSince = "account_since", Time;
    /// Whether a lead on the account stopped.
    AccountStopped = "account_stopped", Flag;
    /// The same of the other accounts of its cluster.
    Cluster = "cluster_probability", Number;
    /// Of the device of the request.
    Device = "device_probability", Number;
    /// Of its IP address.
    Ip = "ip_probability", Number;
    /// Of the delivery address.
    Address = "address_probability", Number;
    /// Of the means of payment or of pay-out.
    Payment = "payment_probability", Number;
    /// Of the first document.
    Document = "document_probability", Number;
    /// Of the member of staff who handles the request, or who recorded its return.
    Staff = "staff_probability", Number;
    /// Of the driver who delivered.
    Driver = "driver_probability", Number;
}

/// The ways to whatever may have a lead.
pub(crate) const LEAD_PATHS: &[KeyPath] = &[
    KeyPath::Account,
    KeyPath::Cluster,
    KeyPath::Device,
    KeyPath::Ip,
    KeyPath::Address,
    KeyPath::Payment,
    KeyPath::Document,
    KeyPath::Staff,
    KeyPath::Receiver,
    KeyPath::Driver,
];
/// Those of them that lead to the customer's side: a lead on staff or on a driver is one of many requests of others.
const OWN_PATHS: &[KeyPath] = &[
    KeyPath::Account,
    KeyPath::Cluster,
    KeyPath::Device,
    KeyPath::Ip,
    KeyPath::Address,
    KeyPath::Payment,
    KeyPath::Document,
];

/// The strongest lead at the end of some paths.
fn strongest<'a>(state: &'a State, keys: &Keys, paths: &[KeyPath]) -> Option<Strongest<'a>> {
    let at = |path: &KeyPath| -> Option<Strongest<'a>> {
        let id = keys.id(*path);
        if *path == KeyPath::Cluster {
            let others = state.clusters.members(id).iter().filter(|other| **other != id);
            return others.filter_map(|a| state.leads.on(Kind::Account, *a)).reduce(Strongest::stronger);
        }
        state.leads.on(path.kind(), id)
    };
    paths.iter().filter_map(at).reduce(Strongest::stronger)
}

/// The lead that a field tells of.
pub(crate) fn lead_of<'a>(state: &'a State, keys: &Keys, field: LeadField) -> Option<Strongest<'a>> {
    if state.leads.is_empty() {
        return None;
    }
    let paths: &[KeyPath] = match field {
        LeadField::Probability
        | LeadField::Since
        | LeadField::Accounts
        | LeadField::Confirmed
        | LeadField::Amount => OWN_PATHS,
        LeadField::Account | LeadField::AccountSince | LeadField::AccountStopped => &[KeyPath::Account],
        LeadField::Cluster => &[KeyPath::Cluster],
        LeadField::Device => &[KeyPath::Device],
        LeadField::Ip => &[KeyPath::Ip],
        LeadField::Address => &[KeyPath::Address],
        LeadField::Payment => &[KeyPath::Payment],
        LeadField::Document => &[KeyPath::Document],
        LeadField::Staff => &[KeyPath::Staff, KeyPath::Receiver],
        LeadField::Driver => &[KeyPath::Driver],
    };
    strongest(state, keys, paths)
}

/// The value of a field; NaN where there is no lead.
pub(crate) fn value(state: &State, keys: &Keys, field: LeadField) -> f64 {
    if state.leads.is_empty() {
        return f64::NAN;
    }
    if field == LeadField::AccountStopped {
        let stopped = state.leads.stopped(Kind::Account, keys.id(KeyPath::Account));
        return if stopped { 1.0 } else { f64::NAN };
    }
    let Some(Strongest { probability, lead }) = lead_of(state, keys, field) else { return f64::NAN };
    match field {
        LeadField::Since | LeadField::AccountSince => lead.raised_at as f64,
        LeadField::Accounts => f64::from(lead.accounts),
        LeadField::Confirmed => lead.confirmed,
        LeadField::Amount => lead.money,
        LeadField::Probability
        | LeadField::Account
        | LeadField::AccountStopped
        | LeadField::Cluster
        | LeadField::Device
        | LeadField::Ip
        | LeadField::Address
        | LeadField::Payment
        | LeadField::Document
        | LeadField::Staff
        | LeadField::Driver => probability,
    }
}
